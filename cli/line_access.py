"""`essaim line handout`, `essaim line disconnect`: what a member is given to connect with, and sessions ended."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from cli import screen
from cli.authority import read_text
from cli.door import Why, help_of, settings, writing
from foundation.speech import Phrase

Number = Annotated[str, typer.Argument(metavar="L0042")]


def register(commands: typer.Typer) -> None:
    """Put both among the verbs on lines."""
    commands.command(
        help=help_of(
            "Remettre les réglages : essaim line handout L0101 --as sheet",
            "Hand the settings out: essaim line handout L0101 --as sheet",
        )
    )(handout)
    commands.command(
        help=help_of(
            "Couper ses sessions PPP ou OpenVPN : essaim line disconnect L0101",
            "End its PPP or OpenVPN sessions: essaim line disconnect L0101",
        )
    )(disconnect)


def handout(
    number: Number,
    form: Annotated[
        str, typer.Option("--as", metavar="sheet", help="sheet | routeros | openwrt | wireguard | ovpn | cube")
    ],
    member: Annotated[
        str | None, typer.Option(metavar="M0116", help=help_of("sinon le ou la titulaire", "else the holder"))
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option("--file", help=help_of("écrire là, pour vous seul·e", "write it there, for you alone")),
    ] = None,
    request: Annotated[
        Path | None,
        typer.Option(
            "--request",
            help=help_of("demande de certificat ou clé publique", "certificate request or public key"),
        ),
    ] = None,
    why: Why = "",
) -> None:
    """The settings of a line, as a sheet or for a router."""
    from foundation import clock
    from foundation.speech import LANGUAGES
    from foundation.text import overriding
    from inventory import lines, members, shares
    from provisioning import handouts

    asked = "" if request is None else read_text(request)
    with writing(why) as (session, act):
        line = lines.find_line(session, number)
        part = (
            lines.holder(line, clock.today(act.at))
            if member is None
            else shares.of_member(session, line, members.find_member(session, member))
        )
        made, wanted = handouts.hand_out(session, act, line, part, form, request=asked)
        whose = next(one.member for one in line.shares if one.id == part.id)
        language = next((one for one in LANGUAGES if one == whose.language), LANGUAGES[0])
        with overriding(settings().own_templates):
            text = handouts.written(made, wanted, language)
        name, who = str(line), str(whose)
    if file is None:
        return screen.line(text.rstrip("\n"))
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as opened:
        opened.write(text)
    return screen.say(
        Phrase(
            "Les réglages de {line} pour {member} sont dans {file}, que vous seul·e lisez. Les remettre, puis effacer "
            "le fichier.",
            "The settings of {line} for {member} are in {file}, which you alone read. Hand them over, then delete the "
            "file.",
        ),
        line=name,
        member=who,
        file=file,
    )


def disconnect(number: Number, why: Why = "") -> None:
    """The PPP and OpenVPN sessions of a line end; with a credential in force they come back."""
    from inventory import lines
    from provisioning import ending

    with writing(why) as (session, act):
        what = ending.of_line(session, act, lines.find_line(session, number))
    ended = ending.end(settings(), what)
    screen.say(
        Phrase(
            "{line} : {count} session(s) coupée(s). Avec un accès en vigueur, elle revient d'elle-même : "
            "essaim line status {line}",
            "{line}: {count} session(s) ended. With a credential in force it comes back by itself: "
            "essaim line status {line}",
        ),
        line=what.line,
        count=ended,
    )
