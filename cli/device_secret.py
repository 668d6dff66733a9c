"""`essaim device secret`: what a machine's service keeps to itself. It never stands on a command line."""

from __future__ import annotations

import sys
from getpass import getpass
from typing import Annotated

import typer

from cli import screen
from cli.door import Why, help_of, writing
from foundation.speech import Phrase

Name = Annotated[str, typer.Argument(metavar="NAME")]


def register(commands: typer.Typer) -> None:
    """Put this verb among those on machines."""
    commands.command(
        help=help_of(
            "Donner un secret, lu au clavier : essaim device secret vpn wireguard --generate",
            "Give a secret, typed in: essaim device secret vpn wireguard --generate",
        )
    )(secret)


def secret(
    name: Name,
    purpose: Annotated[
        str,
        typer.Argument(
            metavar="PURPOSE",
            help="wireguard | openvpn | openvpn-static | radius | l2tp | snmp | snmp3 | snmp-write | tsig | login",
        ),
    ],
    generate: Annotated[
        bool, typer.Option("--generate", help=help_of("le tirer au hasard ici", "draw it at random here"))
    ] = False,
    why: Why = "",
) -> None:
    """Seal a secret: typed without echo, or read from standard input; never on the command line."""
    from inventory import device_secrets, devices

    given = None if generate else typed()
    with writing(why) as (session, act):
        device = devices.find_device(session, name)
        device_secrets.entrust(session, act, device, purpose, given)
        public = device.public_key if purpose == device_secrets.Purpose.WIREGUARD else None
    if public:
        screen.say(Phrase("Clé publique : {key}", "Public key: {key}"), key=public)
    screen.say(
        Phrase(
            "Le secret « {purpose} » de {name} est au coffre. Ensuite : essaim change plan",
            "The “{purpose}” secret of {name} is in the vault. Next: essaim change plan",
        ),
        name=name,
        purpose=purpose,
    )


def typed() -> str:
    """A secret: typed without echo, or the first row of standard input."""
    if sys.stdin.isatty():
        return getpass(
            Phrase("Le secret (rien ne s'affiche) : ", "The secret (nothing shows): ").say(screen.language())
        )
    return sys.stdin.readline()
