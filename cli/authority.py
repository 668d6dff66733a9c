"""`essaim ca`: the association's certificate authority, what it signed, and what it took back."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict
from getpass import getpass
from pathlib import Path
from typing import Annotated

import typer

from cli import screen
from cli.door import Json, Why, help_of, looking, noun, settings, writing
from foundation.speech import Phrase

commands = noun("L'autorité de certification (OpenVPN)", "The certificate authority (OpenVPN)")

Name = Annotated[
    str | None, typer.Option(metavar="NAME", help=help_of("son nom, visible des membres", "its name, seen by members"))
]


@commands.command(help=help_of("Créer l'autorité : essaim ca create", "Make the authority: essaim ca create"))
def create(name: Name = None, why: Why = "") -> None:
    """The first authority; its key goes to the vault."""
    from inventory import authority

    with writing(why) as (session, act):
        made = str(authority.create_authority(session, act, name or settings().name))
    screen.say(
        Phrase(
            "L'autorité {name} est créée, sa clé au coffre. Ensuite, par serveur : essaim device secret vpn openvpn "
            "--generate",
            "The authority {name} is made, its key in the vault. Next, for each server: essaim device secret vpn "
            "openvpn --generate",
        ),
        name=made,
    )


@commands.command(
    "import",
    help=help_of(
        "Reprendre la vôtre : essaim ca import pki/ca.crt pki/private/ca.key",
        "Bring yours along: essaim ca import pki/ca.crt pki/private/ca.key",
    ),
)
def import_(
    certificate: Annotated[Path, typer.Argument(metavar="CERT")],
    key: Annotated[Path, typer.Argument(metavar="KEY")],
    index: Annotated[
        Path | None,
        typer.Option(help=help_of("l'index.txt ; sinon à côté de CERT", "the index.txt; else the one beside CERT")),
    ] = None,
    why: Why = "",
) -> None:
    """An authority that exists, with what it signed and revoked (the layout of easy-rsa)."""
    from inventory import authority, easy_rsa, signing

    held, secret = read_text(certificate), read_text(key)
    beside = index or certificate.parent / "index.txt"
    issued = easy_rsa.read_index(read_text(beside)) if index or beside.exists() else ()
    passphrase = _passphrase() if signing.encrypted(secret) else None
    with writing(why) as (session, act):
        made = authority.import_authority(session, act, held, secret, passphrase=passphrase, issued=issued)
        name, until = str(made), made.not_after
    screen.say(
        Phrase(
            "L'autorité {name} signe ici jusqu'au {until}, sa clé est au coffre ; certificats repris : {count}. "
            "Effacer la clé d'où elle vient, puis : essaim ca show",
            "The authority {name} signs here until {until}, its key is in the vault; certificates brought along: "
            "{count}. Delete the key where it came from, then: essaim ca show",
        ),
        name=name,
        until=until.date(),
        count=len(issued),
    )
    if not issued:
        screen.say(
            Phrase(
                "Sans son index.txt, ce qu'elle avait révoqué n'est pas connu ici et ne serait plus refusé.",
                "Without its index.txt, what it had revoked is not known here and would be refused no more.",
            )
        )


@commands.command(help=help_of("Une nouvelle, à côté : essaim ca rotate", "A new one, beside: essaim ca rotate"))
def rotate(name: Name = None, why: Why = "") -> None:
    """A new authority beside the former one, which stays in force until its last certificate is over."""
    from inventory import authority

    with writing(why) as (session, act):
        made = str(authority.rotate_authority(session, act, name))
    screen.say(
        Phrase(
            "L'autorité {name} signe désormais ; l'ancienne vaut encore. Le dire aux serveurs : essaim change plan",
            "The authority {name} signs from here on; the former one still counts. To tell the servers: "
            "essaim change plan",
        ),
        name=made,
    )


@commands.command(help=help_of("L'autorité et ses listes : essaim ca show", "The authority, its lists: essaim ca show"))
def show(
    certificates: Annotated[
        bool, typer.Option("--certificates", help=help_of("ce qu'elle a signé", "what it signed"))
    ] = False,
    as_json: Json = False,
) -> None:
    """Every authority and until when it lasts, or every certificate."""
    from foundation import clock
    from inventory.views import authority as views

    with looking() as session:
        if certificates:
            return _certificates(views.certificates_of(session), as_json=as_json)
        found = views.views_of(session, clock.now())
    shown = [{**asdict(one), "signs": _sign(one.signs), "in_force": _sign(one.in_force)} for one in found]
    return screen.listing(
        found if as_json else shown,
        {
            "name": Phrase("autorité", "authority"),
            "signs": Phrase("signe", "signs"),
            "in_force": Phrase("en vigueur", "in force"),
            "not_after": Phrase("jusqu'au", "until"),
            "certificates": Phrase("certificats", "certificates"),
            "list_number": Phrase("liste", "list"),
            "list_until": Phrase("liste jusqu'au", "list until"),
        },
        as_json=as_json,
        empty=Phrase(
            "Pas encore d'autorité. En créer une : essaim ca create", "No authority yet. To make one: essaim ca create"
        ),
        then=Phrase(
            "Autorités : {count}. Leurs certificats : essaim ca show --certificates",
            "Authorities: {count}. Their certificates: essaim ca show --certificates",
        ),
    )


@commands.command(
    help=help_of(
        "Reprendre un certificat perdu : essaim ca revoke 5f3a… --reason stolen",
        "Take a lost certificate back: essaim ca revoke 5f3a… --reason stolen",
    )
)
def revoke(
    serial: Annotated[str, typer.Argument(metavar="SERIAL")],
    reason: Annotated[str, typer.Option(help="stolen | replaced | ended")] = "stolen",
    why: Why = "",
) -> None:
    """One certificate opens nothing any more; others of its name still do."""
    from inventory import certificates

    with writing(why) as (session, act):
        found = certificates.find_certificate(session, serial)
        certificates.revoke(session, act, found, reason)
        name = found.name
    screen.say(
        Phrase(
            "Le certificat {serial} de {name} est révoqué. Le dire aux serveurs, qui le coupent : essaim change plan",
            "The certificate {serial} of {name} is revoked. To tell the servers, which cut it: essaim change plan",
        ),
        serial=serial,
        name=name,
    )


def read_text(path: Path) -> str:
    """A file that holds text, as it is. Raises NoSuchFile, NotAFile."""
    from inventory.exchange import files

    (octets,) = files.contents([path], ()).values()
    return octets.decode(encoding="utf-8", errors="replace")


def _sign(yes: bool) -> str:
    return "✓" if yes else "—"


def _certificates(found: Sequence[object], *, as_json: bool) -> None:
    screen.listing(
        found,
        {
            "serial": Phrase("numéro", "serial"),
            "name": Phrase("nom", "name"),
            "line": Phrase("ligne", "line"),
            "authority": Phrase("autorité", "authority"),
            "not_after": Phrase("jusqu'au", "until"),
            "revoked_at": Phrase("révoqué le", "revoked on"),
            "reason": Phrase("parce que", "because"),
        },
        as_json=as_json,
        empty=Phrase(
            "Pas encore de certificat. En donner un : essaim line handout L0042 --as ovpn",
            "No certificate yet. To give one: essaim line handout L0042 --as ovpn",
        ),
        then=Phrase(
            "Certificats : {count}. En reprendre un : essaim ca revoke {first}",
            "Certificates: {count}. To take one back: essaim ca revoke {first}",
        ),
    )


def _passphrase() -> str:
    if sys.stdin.isatty():
        return getpass(Phrase("Phrase de cette clé : ", "This key's passphrase: ").say(screen.language()))
    return sys.stdin.readline().rstrip("\n")
