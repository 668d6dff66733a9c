"""`essaim line share`, `essaim line hand`, `essaim line credential`: who shares a line, and what opens it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cli import screen
from cli.door import Why, Yes, help_of, looking, noun, writing
from foundation.speech import Phrase

if TYPE_CHECKING:
    from datetime import date

share = noun("Qui partage une ligne", "Who shares a line")
credential = noun("Ce qui ouvre une ligne", "What opens a line")

Number = Annotated[str, typer.Argument(metavar="L0042")]
Member = Annotated[str, typer.Argument(metavar="M0042")]
Day = Annotated[
    str | None, typer.Option("--on", metavar="2026-11-22", help=help_of("ce jour-là ; sinon aujourd'hui", "else today"))
]
Key = Annotated[
    str | None, typer.Option(help=help_of("clé publique WireGuard du membre", "the member's WireGuard public key"))
]
Certificate = Annotated[
    str | None, typer.Option(help=help_of("nom du certificat (OpenVPN)", "the certificate's name (OpenVPN)"))
]
Login = Annotated[
    str | None,
    typer.Option(
        metavar="voisin@fai.example",
        help=help_of("identifiant PPP que l'opérateur lui donne", "the PPP login that the wholesaler gives them"),
    ),
]


def register(commands: typer.Typer) -> None:
    """Put `hand` among the verbs on lines."""
    said = help_of("Passer la main : essaim line hand L0101 --to M0116", "Hand over: essaim line hand L0101 --to M0116")
    commands.command(help=said)(hand)


@share.command(
    help=help_of(
        "Un voisin arrive : essaim line share add L0101 M0120 --weight 2",
        "A neighbour arrives: essaim line share add L0101 M0120 --weight 2",
    )
)
def add(
    number: Number,
    member: Member,
    weight: Annotated[int, typer.Option(help=help_of("pour combien dans le coût", "for how much of the cost"))] = 1,
    on: Day = None,
    key: Key = None,
    certificate: Certificate = None,
    login: Login = None,
    why: Why = "",
) -> None:
    """A neighbour shares a line, with an address of their own."""
    from inventory import lines, members
    from inventory.credentials import Opening

    opening = Opening(public_key=key, certificate=certificate, login=login)
    with writing(why) as (session, act):
        line, who = lines.find_line(session, number), members.find_member(session, member)
        part = lines.add_share(session, act, line, who, line.offer, weight=weight, day=_day(on), opening=opening)
        session.refresh(part, ["assignments"])
        said = {"member": str(who), "line": str(line), "since": part.since}
        prefixes = [str(one.prefix) for one in part.assignments]
    screen.say(
        Phrase(
            "{member} partage {line} à partir du {since}, avec {prefixes}. "
            "Le mettre sur les machines : essaim change plan",
            "{member} shares {line} from {since} on, with {prefixes}. To bring it to the machines: essaim change plan",
        ),
        prefixes=prefixes or "—",
        **said,
    )


@share.command(
    help=help_of("Un voisin s'en va : essaim line share end L0101 M0116", "Leaves: essaim line share end L0101 M0116")
)
def end(number: Number, member: Member, on: Day = None, why: Why = "") -> None:
    """A neighbour's part ends; their addresses go to quarantine."""
    from inventory import lines, members

    with writing(why) as (session, act):
        line, who = lines.find_line(session, number), members.find_member(session, member)
        lines.end_share(session, act, line, who, day=_day(on))
        said = {"member": str(who), "line": str(line)}
    screen.say(
        Phrase(
            "{member} ne partage plus {line}. Ses adresses sont en quarantaine. "
            "Mettre les machines d'accord : essaim change plan",
            "{member} shares {line} no more. Their addresses are in quarantine. "
            "To bring the machines along: essaim change plan",
        ),
        **said,
    )


@share.command(
    help=help_of(
        "Changer de poids : essaim line share weight L0101 M0116 --to 2 --on 2026-11-15",
        "Weigh otherwise: essaim line share weight L0101 M0116 --to 2 --on 2026-11-15",
    )
)
def weight(
    number: Number,
    member: Member,
    to: Annotated[int, typer.Option(help=help_of("le nouveau poids", "the new weight"))],
    on: Day = None,
    why: Why = "",
) -> None:
    """A part weighs otherwise in what the line costs, from a day on."""
    from foundation import clock
    from inventory import handing, lines, members

    with writing(why) as (session, act):
        line, who = lines.find_line(session, number), members.find_member(session, member)
        handing.weigh_share(session, act, line, who, to, day=_day(on))
        said = {"member": str(who), "line": str(line), "day": _day(on) or clock.today(act.at)}
    screen.say(
        Phrase(
            "{member} compte pour {weight} dans {line} à partir du {day}. Rien d'autre ne change. "
            "Qui la partage : essaim line show {line}",
            "{member} counts for {weight} in {line} from {day} on. Nothing else changes. "
            "Who shares it: essaim line show {line}",
        ),
        weight=to,
        **said,
    )


def hand(
    number: Number,
    to: Annotated[str, typer.Option(metavar="M0116", help=help_of("qui la reprend", "who takes it over"))],
    key: Key = None,
    certificate: Certificate = None,
    yes: Yes = False,
    why: Why = "",
) -> None:
    """The holder leaves a line, which goes on with another member."""
    from foundation import clock
    from inventory import handing, lines, members
    from inventory.credentials import Opening, kind_of
    from inventory.models.lines import CredentialKind

    with looking() as session:
        line, who = lines.find_line(session, number), members.find_member(session, to)
        old = lines.holder(line, clock.today(clock.now())).member
        name, before, after = str(line), str(old), str(who)
        ppp = kind_of(line.offer) == CredentialKind.PPP
    question = Phrase(
        "La part de {before} sur {line} s'arrête aujourd'hui et la ligne continue avec {after}. Continuer ?",
        "The part of {before} in {line} ends today and the line goes on with {after}. Go on?",
    )
    if not screen.confirm(question, yes=yes, before=before, line=name, after=after):
        return
    with writing(why) as (session, act):
        line, who = lines.find_line(session, number), members.find_member(session, to)
        handing.hand_line(session, act, line, who, opening=Opening(public_key=key, certificate=certificate))
    screen.say(
        Phrase(
            "{line} continue avec {after} ; {before} n'y a plus de part. "
            "Mettre les machines d'accord : essaim change plan",
            "{line} goes on with {after}; {before} has no part in it any more. "
            "To bring the machines along: essaim change plan",
        )
        if not ppp
        else Phrase(
            "{line} continue avec {after}, sans coupure : mêmes adresses, même identifiant. {before} n'y a plus de "
            "part mais connaît le mot de passe ; le changer : essaim line credential renew {line} --show",
            "{line} goes on with {after}, uncut: same addresses, same login. {before} has no part in it any more "
            "but knows the password; to change it: essaim line credential renew {line} --show",
        ),
        line=name,
        after=after,
        before=before,
    )


@credential.command(
    help=help_of(
        "Nouveau mot de passe ou clé : essaim line credential renew L0101 --show",
        "A new password or key: essaim line credential renew L0101 --show",
    )
)
def renew(
    number: Number,
    member: Annotated[
        str | None, typer.Option(metavar="M0116", help=help_of("sinon le ou la titulaire", "else the holder"))
    ] = None,
    key: Key = None,
    certificate: Certificate = None,
    show: Annotated[
        bool, typer.Option("--show", help=help_of("montrer le mot de passe, une fois", "show the password, once"))
    ] = False,
    why: Why = "",
) -> None:
    """A share gets a new password, key or certificate; the old one opens nothing any more."""
    from foundation import clock
    from inventory import credentials, lines, members, shares

    with writing(why) as (session, act):
        line = lines.find_line(session, number)
        part = (
            lines.holder(line, clock.today(act.at))
            if member is None
            else shares.of_member(session, line, members.find_member(session, member))
        )
        password = credentials.renew_credential(
            session, act, part, credentials.Opening(public_key=key, certificate=certificate)
        )
        name = str(line)
    if password is not None and show:
        screen.say(Phrase("Mot de passe, montré une fois : {password}", "Password, shown once: {password}"),
                   password=password)  # fmt: skip
    screen.say(
        Phrase(
            "{line} : accès renouvelé, l'ancien n'ouvre plus rien. Le mettre sur les machines : essaim change plan",
            "{line}: credential renewed, the old one opens nothing. To bring it to the machines: essaim change plan",
        ),
        line=name,
    )


def _day(text: str | None) -> date | None:
    from foundation import clock

    return None if text is None else clock.today(clock.parse(text))
