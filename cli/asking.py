"""`essaim address who-had` and `questions`: who had an address, and the sealed register of who asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import typer

from cli import screen
from cli.door import After, Json, help_of, noun, writing
from foundation.speech import Phrase

if TYPE_CHECKING:
    from inventory.views.addresses import AnswerView

commands = noun("Les adresses", "Addresses")

Limit = Annotated[int, typer.Option(min=1, max=1000, help=help_of("au plus", "at most"))]


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
    port: Annotated[
        int | None,
        typer.Option(help=help_of("le port demandé, gardé au registre", "the port asked about, kept on record")),
    ] = None,
    why: Annotated[
        str, typer.Option("--why", help=help_of("la référence de la demande", "the reference of the request"))
    ] = "",
    as_json: Json = False,
) -> None:
    """Who held an address at a moment; the question is kept in the sealed register."""
    from foundation import clock
    from inventory import addresses, questions
    from inventory.views.addresses import answer_view

    sought = addresses.parse_address(address)
    moment = clock.now() if at is None else clock.parse(at)
    with writing(why) as (session, act):
        number, held = questions.ask(session, act, sought, moment, port)
    seen = answer_view(number, sought, moment, port, held)
    if held is None:
        screen.complain(_KEPT.say(screen.language(), number=number))
        raise questions.NobodyHad(address=sought, at=moment)
    return screen.give(seen) if as_json else _answer(seen)


@commands.command(
    "questions",
    help=help_of("Le registre scellé des questions posées", "The sealed register of the questions asked"),
)
def questions_(after: After = 0, limit: Limit = 100, as_json: Json = False) -> None:
    """What was asked, by whom, and what was answered."""
    from inventory import questions

    with writing() as (session, act):
        found = questions.list_questions(session, act, after=after, limit=limit)
    screen.listing(
        found,
        {
            "number": Phrase("question", "question"),
            "at": Phrase("posée", "asked"),
            "actor": Phrase("par", "by"),
            "why": Phrase("pourquoi", "why"),
            "address": Phrase("adresse", "address"),
            "moment": Phrase("moment", "moment"),
            "port": Phrase("port", "port"),
            "members": Phrase("réponse", "answer"),
        },
        as_json=as_json,
        empty=Phrase(
            "Aucune question n'a été posée. En poser une : essaim address who-had ADRESSE --at MOMENT",
            "No question was asked. To ask one: essaim address who-had ADDRESS --at MOMENT",
        ),
        then=Phrase(
            "Questions : {count}. La réponse entière : essaim address questions --json",
            "Questions: {count}. The whole answer: essaim address questions --json",
        ),
    )
    if not as_json:
        screen.more("essaim address questions", [one.number for one in found], limit)


_PROOF: Final = Phrase(
    "Preuve : l'attribution de {prefix} (pool {pool}) à {holder}, inscrite depuis le {since} et toujours en cours.",
    "Proof: the assignment of {prefix} (pool {pool}) to {holder}, on record since {since} and still in force.",
)
_PROOF_ENDED: Final = Phrase(
    "Preuve : l'attribution de {prefix} (pool {pool}) à {holder}, inscrite du {since} au {until}.",
    "Proof: the assignment of {prefix} (pool {pool}) to {holder}, on record from {since} to {until}.",
)
_KEPT: Final = Phrase("Question {number} au registre.", "Question {number} in the register.")


def _answer(seen: AnswerView) -> None:
    """Who had an address, in one sentence, and what proves it."""
    facts = {"prefix": seen.prefix, "since": seen.since, "line": seen.line, "device": seen.device}
    if seen.device is not None:
        screen.say(
            Phrase(
                "{device}, une machine à nous : {prefix} depuis le {since}.",
                "{device}, a machine of ours: {prefix} since {since}.",
            ),
            **facts,
        )
    elif seen.ambiguous:
        screen.say(
            Phrase(
                "Ambigu : {line} est partagée sans adresse à chacun. L'un·e de {members} : {prefix} depuis le {since}.",
                "Ambiguous: {line} is shared without an address each. One of {members}: {prefix} since {since}.",
            ),
            members=seen.members,
            **facts,
        )
    else:
        screen.say(
            Phrase(
                "{members}, ligne {line} : {prefix} depuis le {since}.",
                "{members}, line {line}: {prefix} since {since}.",
            ),
            members=seen.members,
            **facts,
        )
    screen.say(
        _PROOF_ENDED if seen.until else _PROOF,
        prefix=seen.prefix,
        holder=seen.line or f"{seen.device}/{seen.interface}",
        since=seen.since,
        until=seen.until,
        pool=seen.pool,
    )
    screen.say(
        Phrase(
            "Question {number} au registre : essaim address questions",
            "Question {number} in the register: essaim address questions",
        ),
        number=seen.number,
    )
