"""`essaim journal`."""

from __future__ import annotations

import shlex
from typing import Annotated

import typer

from cli import screen
from cli.door import Json, help_of, looking, noun
from foundation.speech import Phrase

commands = noun("Le journal : qui a fait quoi, et pourquoi", "The journal: who did what, and why")


@commands.command(help=help_of("Les derniers actes", "The latest deeds"))
def show(
    member: Annotated[
        str | None, typer.Option(metavar="M0042", help=help_of("ceux de sa fiche", "those of their file"))
    ] = None,
    line: Annotated[
        str | None, typer.Option(metavar="L0042", help=help_of("ceux d'une ligne", "those of a line"))
    ] = None,
    actor: Annotated[
        str | None,
        typer.Option("--by", metavar="M0042", help=help_of("ceux de cette personne", "those of this person")),
    ] = None,
    since: Annotated[
        str | None, typer.Option(metavar="DAY", help=help_of("depuis ce jour ou ce moment", "since this day or moment"))
    ] = None,
    before: Annotated[
        int | None, typer.Option(min=1, max=999_999_999, help=help_of("avant ce numéro", "before this number"))
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help=help_of("au plus", "at most"))] = 30,
    as_json: Json = False,
) -> None:
    """The latest deeds, the newest first."""
    from foundation import clock, journal
    from inventory import numbers
    from inventory.deeds import word

    moment = None if since is None else clock.parse(since)
    with looking() as session:
        deeds = journal.show(
            session,
            actor=actor,
            since=moment,
            before=before,
            subject=numbers.shown("L", numbers.parse("L", line)) if line is not None else None,
            member=numbers.shown("M", numbers.parse("M", member)) if member is not None else None,
            limit=limit,
        )
    if as_json:
        return screen.give(deeds)
    columns = (
        Phrase("n°", "no."),
        Phrase("quand", "when"),
        Phrase("qui", "who"),
        Phrase("acte", "deed"),
        Phrase("sur", "on"),
        Phrase("pourquoi", "why"),
    )
    screen.table(columns, [(one.number, one.at, one.actor, word(one.verb), one.subject, one.why) for one in deeds])
    if len(deeds) == limit:
        kept = {"--member": member, "--line": line, "--by": actor, "--since": since}
        screen.say(
            Phrase("La suite : {command} --before {number}", "More: {command} --before {number}"),
            command=shlex.join(
                ["essaim", "journal", "show", *(f"{name}={said}" for name, said in kept.items() if said)]
            ),
            number=deeds[-1].number,
        )
    return screen.say(Phrase("Le vérifier : essaim journal verify", "To verify it: essaim journal verify"))


@commands.command(help=help_of("Le journal est-il intact ?", "Is the journal whole?"))
def verify(as_json: Json = False) -> None:
    """Read the whole chain."""
    from foundation import journal

    with looking() as session:
        count, head = journal.verify(session)
    if as_json:
        return screen.give({"entries": count, "head": head})
    return screen.say(
        Phrase("Journal intact : {count} entrées, tête {head}.", "The journal is whole: {count} entries, head {head}."),
        count=count,
        head=head[:16],
    )
