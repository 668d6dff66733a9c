"""`essaim line closing`: the lines that copper's closure reaches."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli import screen
from cli.door import Json, Why, help_of, looking, writing
from foundation.speech import Phrase


def closing(
    within: Annotated[
        str, typer.Option(metavar="1y", help=help_of("d'ici là : 90d, 6m, 1y", "by then: 90d, 6m, 1y"))
    ] = "1y",
    file: Annotated[
        Path | None,
        typer.Option("--import", metavar="FILE", help=help_of("reprendre un CSV de fermetures", "take over a CSV")),
    ] = None,
    after: Annotated[
        str | None, typer.Option(metavar="L0042", help=help_of("après cette ligne", "after this line"))
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help=help_of("au plus", "at most"))] = 200,
    why: Why = "",
    as_json: Json = False,
) -> None:
    """Lines whose copper closes soon, the soonest first, and what comes next for each."""
    from foundation import clock
    from inventory import closures
    from inventory.views.wholesale import view_closing

    if file is not None:
        return _import(file, why, as_json=as_json)
    until = closures.within(clock.today(clock.now()), within)
    with looking() as session:
        found = [view_closing(one) for one in closures.closing(session, until, after=after, limit=limit)]
    screen.listing(
        found,
        {
            "line": Phrase("ligne", "line"),
            "offer": Phrase("offre", "offer"),
            "insee": Phrase("commune", "municipality"),
            "commercial": Phrase("fermeture commerciale", "commercial closure"),
            "technical": Phrase("fermeture technique", "technical closure"),
            "then": Phrase("ensuite", "next"),
        },
        as_json=as_json,
        empty=Phrase(
            "Aucune ligne dont le cuivre ferme d'ici le {until}. Les dates par commune : essaim line closing "
            "--import FICHIER.csv",
            "No line whose copper closes by {until}. The dates by municipality: essaim line closing --import FILE.csv",
        ),
        then=Phrase(
            "Lignes dont le cuivre ferme d'ici le {until} : {count}. La suite est dans la dernière colonne.",
            "Lines whose copper closes by {until}: {count}. What comes next is in the last column.",
        ),
        until=until,
    )
    if not as_json and len(found) == limit:
        screen.say(
            Phrase("La suite : {command} --after {last}", "More: {command} --after {last}"),
            command=f"essaim line closing --within {within}",
            last=found[-1].line,
        )
    return None


def _import(file: Path, why: str, *, as_json: bool) -> None:
    from inventory import closures

    read = closures.read_closures(file.read_bytes())
    with writing(why) as (session, act):
        done = closures.import_closures(session, act, read)
    if as_json:
        return screen.give(done)
    return screen.say(
        Phrase(
            "Communes : {new} nouvelles, {changed} changées, {same} inchangées. Les lignes concernées : essaim line "
            "closing --within 1y",
            "Municipalities: {new} new, {changed} changed, {same} as before. The lines that this reaches: essaim line "
            "closing --within 1y",
        ),
        new=done.new,
        changed=done.changed,
        same=done.same,
    )
