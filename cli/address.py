"""`essaim address`."""

from __future__ import annotations

from typing import Annotated

import typer

from cli import screen
from cli.door import Json, help_of, looking, noun
from foundation.speech import Phrase

commands = noun("Les adresses", "Addresses")


@commands.command(
    "who-had",
    help=help_of(
        "Qui avait cette adresse : essaim address who-had 198.51.100.7 --at 2026-11-22T14:02",
        "Who had this address: essaim address who-had 198.51.100.7 --at 2026-11-22T14:02",
    ),
)
def who_had(
    address: Annotated[str, typer.Argument(metavar="ADDRESS")],
    at: Annotated[
        str | None,
        typer.Option(
            help=help_of(
                "le moment, à l'heure de Paris sans décalage ; sinon maintenant",
                "when, Paris time without an offset; else now",
            )
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Who held an address at a moment."""
    from foundation import clock
    from inventory import addresses

    moment = clock.now() if at is None else clock.parse(at)
    with looking() as session:
        held = addresses.who_had(session, addresses.parse_address(address), moment)
    if as_json:
        return screen.give({**screen.plain(held), "ambiguous": held.ambiguous, "at": moment})
    facts = {"prefix": held.prefix, "since": held.since, "proof": held.proof, "line": held.line, "device": held.device}
    if held.device is not None:
        screen.say(
            Phrase(
                "{device}, une machine à nous : {prefix} depuis le {since}.",
                "{device}, a machine of ours: {prefix} since {since}.",
            ),
            **facts,
        )
    elif held.ambiguous:
        screen.say(
            Phrase(
                "Ambigu : {line} est partagée sans adresse à chacun. L'un·e de {members} : {prefix} depuis le {since}.",
                "Ambiguous: {line} is shared without an address each. One of {members}: {prefix} since {since}.",
            ),
            members=held.members,
            **facts,
        )
    else:
        screen.say(
            Phrase(
                "{members}, ligne {line} : {prefix} depuis le {since}.",
                "{members}, line {line}: {prefix} since {since}.",
            ),
            members=held.members,
            **facts,
        )
    screen.say(Phrase("Preuve : {proof}.", "Proof: {proof}."), proof=held.proof)
    return None
