"""`essaim dues simulate`: a year that is made up, in a folder of its own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from cli import screen
from cli.door import Json, help_of, noun
from foundation.speech import Phrase

if TYPE_CHECKING:
    from desk.simulation_figures import Figures

commands = noun("Essayer sur une année inventée", "Try it on a year that is made up")

_YEAR: Final = Phrase("l'année {year}", "the year {year}")
_ROWS: Final = {
    "members": Phrase("membres à la fin", "members at the end"),
    "joined": Phrase("arrivées", "arrivals"),
    "left": Phrase("départs", "departures"),
    "due_cents": Phrase("dus", "dues"),
    "paid_cents": Phrase("payé", "paid"),
    "owed_cents": Phrase("encore dû", "still owed"),
    "ahead_cents": Phrase("d'avance", "ahead"),
    "late_members": Phrase("membres en retard", "members who are late"),
    "late_cents": Phrase("en retard", "late"),
    "files": Phrase("relevés lus", "statements read"),
    "movements": Phrase("mouvements du compte", "movements of the account"),
    "by_reference": Phrase("rapprochés par leur référence", "matched by their reference"),
    "by_click": Phrase("rapprochés à la main", "matched by hand"),
    "suggested_right": Phrase("… dont la première suggestion était juste", "… where the first suggestion was right"),
    "waiting": Phrase("mouvements qui attendent encore", "movements that still wait"),
    "bank_cents": Phrase("sur le compte (512)", "on the account (512)"),
    "entries": Phrase("écritures des comptes", "entries in the books"),
}
_YES: Final = Phrase("oui", "yes")
_NO: Final = Phrase("non", "no")
_AGREE: Final = {
    "entries": Phrase("comptes équilibrés, au centime", "books balanced, to the cent"),
    "members": Phrase("411 est ce que doivent les membres", "411 is what members owe"),
    "waiting": Phrase("471 est ce qui attend", "471 is what waits"),
    "bank": Phrase("512 est ce que dit la banque", "512 is what the bank says"),
    "journal": Phrase("journal des actes entier", "journal of deeds whole"),
}


@commands.command(
    help=help_of(
        "Vivre une année inventée : essaim dues simulate --seed 1 --year 2026",
        "Live a year that is made up: essaim dues simulate --seed 1 --year 2026",
    )
)
def simulate(
    seed: Annotated[
        int,
        typer.Option(
            min=0,
            max=2**32 - 1,
            metavar="1",
            help=help_of("le même redonne la même année", "the same gives the same year"),
        ),
    ] = 1,
    year: Annotated[int, typer.Option(metavar="2026", help=help_of("l'année", "the year"))] = 2026,
    members: Annotated[
        int, typer.Option(metavar="150", help=help_of("membres le 1er janvier", "members on 1 January"))
    ] = 150,
    folder: Annotated[
        Path | None,
        typer.Option("--in", metavar="FOLDER", help=help_of("un dossier nouveau", "a new folder")),
    ] = None,
    as_json: Json = False,
) -> None:
    """A year of members who do not exist; no association is touched."""
    from desk.simulation import simulate as live

    where = folder or Path(f"simulation-{year}-{seed}")
    with screen.progress(Phrase("Une année passe", "A year goes by"), total=12) as bar:
        found = live(where, seed=seed, year=year, members=members, told=lambda _: bar.advance(bar.task_ids[0]))
    if as_json:
        screen.give(found)
    else:
        report(found, where)
    if not found.agreement.whole:
        raise typer.Exit(1)


def report(found: Figures, where: Path) -> None:
    """The page of figures at the end of a year, and where to look further."""
    from desk.simulation import ENDS

    _show(found)
    screen.say(
        Phrase(
            "Les faits bruts : {folder}/facts.jsonl (empreinte {facts}) ; soldes : {balances}. Y regarder : "
            "ESSAIM_VAR={folder} essaim dues balance --on {day}",
            "The raw facts: {folder}/facts.jsonl (digest {facts}); balances: {balances}. To look at it: "
            "ESSAIM_VAR={folder} essaim dues balance --on {day}",
        ),
        folder=where,
        day=f"{found.year + 1}-01-{ENDS}",
        facts=found.facts_digest[:16],
        balances=found.balances_digest[:16],
    )


def _show(found: Figures) -> None:
    said = screen.language()
    rows: list[tuple[object, object]] = [(phrase.say(said), getattr(found, field)) for field, phrase in _ROWS.items()]
    rows += [
        (phrase.say(said), (_YES if getattr(found.agreement, field) else _NO).say(said))
        for field, phrase in _AGREE.items()
    ]
    heading = _YEAR.say(said, year=found.year)
    screen.table([Phrase.said(heading, heading), Phrase.said("", "")], rows)
