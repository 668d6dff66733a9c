"""`essaim books year`, `essaim books vat`: closing a fiscal year, and saying from when on which VAT."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Final, Literal

import typer

from cli import screen
from cli.door import Json, Why, Yes, act, help_of, noun, settings, store, writing
from foundation.speech import Phrase

if TYPE_CHECKING:
    from billing.books.chart import Chart
    from foundation.acts import Act
    from foundation.database import EssaimSession

years = noun("Les exercices", "Fiscal years")
vat = noun("La TVA", "VAT")


@contextmanager
def seen() -> Iterator[tuple[EssaimSession, Act]]:
    """One consistent state of the association, and who reads it: the books are many rows, and nobody waits for them."""
    from foundation.database import reading

    opened = store()
    deed = act(opened)
    with reading(opened) as session:
        yield session, deed


def chart_here() -> Chart:
    """The plan of accounts of this command's association. Raises BadChart."""
    from billing.books import chart

    return chart.read(settings().var / chart.FILE)


@years.callback()
def of_years() -> None:
    """Keep `close` a verb of its own."""


@years.command(
    help=help_of(
        "Clore un exercice : essaim books year close 2026", "Close a fiscal year: essaim books year close 2026"
    )
)
def close(
    year: Annotated[str, typer.Argument(metavar="2026")], yes: Yes = False, why: Why = "", as_json: Json = False
) -> None:
    """Close a year, for good, after showing what is in it."""
    from billing.books import keeping as books

    chart = chart_here()
    with seen() as (session, deed):
        found = books.foresee(session, deed, chart, year)
    if not as_json:
        screen.say(_IN_IT, **_facts(found))
        for cents, said in ((found.waiting, _WAITING), (found.by_hand, _BY_HAND)):
            if cents:
                screen.say(said, cents=cents)
    question = Phrase("Clore l'exercice {year}, pour de bon ?", "Close fiscal year {year}, for good?")
    if not screen.confirm(question, yes=yes or as_json, year=year):
        return screen.say(Phrase("Rien n'a été changé.", "Nothing was changed."))
    with writing(why) as (session, deed):
        done = books.close_year(session, deed, chart, year)
    if as_json:
        return screen.give(done)
    return screen.say(
        Phrase(
            "L'exercice {year} est clos. Le donner à qui tient les comptes : essaim books export --year {year} "
            "--format fec --to .",
            "Fiscal year {year} is closed. To hand it to whoever keeps the accounts: essaim books export --year {year} "
            "--format fec --to .",
        ),
        year=done.year,
    )


_IN_IT: Final = Phrase(
    "Exercice {year}, du {since} au {last} : écritures : {entries}, total {total}, résultat {result}.",
    "Fiscal year {year}, from {since} to {last}: entries: {entries}, total {total}, result {result}.",
)
_WAITING: Final = Phrase(
    "Attention : {cents} attendent encore au compte 471 que quelqu'un dise ce que c'est.",
    "Careful: {cents} still wait in account 471 for someone to say what they are.",
)
_BY_HAND: Final = Phrase(
    "Attention : {cents} notés à la main (512) n'ont été vus sur aucun relevé de banque.",
    "Careful: {cents} noted by hand (512) were seen on no bank statement.",
)


def _facts(found: object) -> dict[str, object]:
    return {name: getattr(found, name) for name in ("year", "since", "last", "entries", "total", "result")}


@vat.callback()
def of_vat() -> None:
    """Keep `set` a verb of its own."""


@vat.command(
    "set",
    help=help_of(
        "Dire le régime de TVA : essaim books vat set franchise --since 2027-01-01",
        "Say the regime of VAT: essaim books vat set franchise --since 2027-01-01",
    ),
)
def set_vat(
    regime: Annotated[Literal["none", "franchise", "taxed"], typer.Argument(metavar="none|franchise|taxed")],
    since: Annotated[str, typer.Option(metavar="2027-01-01", help=help_of("à partir de ce jour", "from this day on"))],
    rate: Annotated[str, typer.Option(metavar="20", help=help_of("taux en %", "rate in %"))] = "0",
    why: Why = "",
    as_json: Json = False,
) -> None:
    """Say under which regime of VAT the association is, from a day on."""
    from billing.books import keeping as books
    from billing.models import Regime
    from foundation import clock
    from foundation.money import Euros

    chosen = Regime(regime)
    try:
        points = int(Euros.parse(rate.removesuffix("%")))  # hundredths of a percent, as cents are of a euro
    except ValueError:
        points = -1
    day = clock.today(clock.parse(since))
    with writing(why) as (session, deed):
        books.set_vat(session, deed, chosen, since=day, rate=points)
    if as_json:
        return screen.give({"regime": regime, "since": day, "rate": points, "mention": books.MENTIONS[chosen]})
    return screen.say(
        Phrase(
            "Régime à partir du {since} : {regime}. Les dus déjà émis restent comme ils sont. Voir : essaim books show",
            "Regime from {since} on: {regime}. Dues issued before stay as they are. To see it: essaim books show",
        ),
        since=day,
        regime=chosen,
    )
