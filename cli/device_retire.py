"""`essaim device retire`: a machine leaves for good."""

from __future__ import annotations

from typing import Annotated

import typer

from cli import screen
from cli.door import Json, Why, Yes, help_of, writing
from cli.joining import day_of
from foundation.speech import Phrase

Name = Annotated[str, typer.Argument(metavar="NAME")]
Until = Annotated[str | None, typer.Option(metavar="2026-11-22", help=help_of("quel jour", "which day"))]


def register(commands: typer.Typer) -> None:
    """Put this verb among those on machines."""
    commands.command(
        help=help_of(
            "Une machine s'en va : essaim device retire hosted1", "A machine leaves: essaim device retire hosted1"
        )
    )(retire)


def retire(name: Name, until: Until = None, yes: Yes = False, why: Why = "", as_json: Json = False) -> None:
    """What it gives back is shown, then asked, then done."""
    from inventory import devices, retirement

    day = day_of(until)
    with writing(why, keep=False) as (session, act):
        left = retirement.retire(session, act, devices.find_device(session, name), until=day)
    given = [one for one in (left.rack, *left.outlets, *left.prefixes) if one] or "—"
    asked = Phrase(
        "{name} s'en va pour de bon, et rend : {given}. Continuer ?",
        "{name} leaves for good, and gives back: {given}. Go on?",
    )
    if not screen.confirm(asked, yes=yes, name=name, given=given):
        return None
    with writing(why) as (session, act):
        left = retirement.retire(session, act, devices.find_device(session, name), until=day)
    if as_json:
        return screen.give(left)
    return screen.say(
        Phrase(
            "{name} est partie ; son nom lui reste. Rendu : {given}. Celles qui restent : essaim device list",
            "{name} has left; its name stays its own. Given back: {given}. Those that remain: essaim device list",
        ),
        name=name,
        given=given,
    )
