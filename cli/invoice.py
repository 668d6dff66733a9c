"""`essaim invoice`: what wholesalers bill, weighed against what is bought."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import typer

from cli import screen
from cli.door import After, Json, Why, act, help_of, noun, settings, store, writing
from foundation.speech import Phrase

if TYPE_CHECKING:
    from billing.invoices.facts import Statement
    from billing.invoices.findings import Finding
    from billing.invoices.importing import Weighed
    from billing.invoices.mapping import Mapping
    from foundation.acts import Act
    from foundation.database import EssaimSession

commands = noun("Les factures des opérateurs de gros", "Wholesalers' invoices")

SHOWN: Final = 50
"""Findings that are told one by one; `--json` gives all."""

Number = Annotated[str, typer.Argument(metavar="F0001")]
Whose = Annotated[str, typer.Option("--wholesaler", metavar="NAME", help=help_of("de qui", "whose"))]


@commands.command(
    help=help_of(
        "Voir ce qui cloche, puis --apply : essaim invoice read nov.csv --wholesaler collecte --month 2026-11",
        "See what is amiss, then --apply: essaim invoice read nov.csv --wholesaler collecte --month 2026-11",
    )
)
def read(
    file: Annotated[Path, typer.Argument(metavar="FILE", help=help_of("le CSV reçu", "the CSV received"))],
    wholesaler: Whose,
    mapping: Annotated[
        Path | None, typer.Option(metavar="FILE.toml", help=help_of("comment elle est écrite", "how it is written"))
    ] = None,
    number: Annotated[str | None, typer.Option(help=help_of("le numéro qu'elle porte", "the number it bears"))] = None,
    on: Annotated[str | None, typer.Option(metavar="2026-11-30", help=help_of("sa date", "its date"))] = None,
    month: Annotated[str | None, typer.Option(metavar="2026-11", help=help_of("le mois facturé", "what month"))] = None,
    total: Annotated[
        str | None, typer.Option(metavar="1234,56", help=help_of("son total hors taxes", "its total without tax"))
    ] = None,
    dates: Annotated[
        Literal["dmy", "mdy"] | None,
        typer.Option(metavar="dmy|mdy", help=help_of("ordre des dates 03/04/2026", "order of dates 03/04/2026")),
    ] = None,
    apply: Annotated[
        bool, typer.Option("--apply", help=help_of("la garder, et pas seulement la voir", "keep it, not only see it"))
    ] = False,
    why: Why = "",
    as_json: Json = False,
) -> None:
    """What an invoice says and what is amiss with it; kept only with `--apply`."""
    from billing.invoices import importing, reading
    from billing.invoices.amounts import amount_of
    from foundation import clock
    from foundation.clock import Month
    from inventory import wholesalers
    from inventory.exchange import files

    told = reading.Told(
        number,
        None if on is None else clock.today(clock.parse(on)),
        None if month is None else Month.parse(month),
        None if total is None else amount_of(total),
        dates,
    )
    ((name, data),) = files.contents([file]).items()
    how = _mapping(wholesaler, mapping)
    statement, remarks = reading.read(name, data, how, told)
    with writing(why) if apply else _seeing() as (session, deed):
        whose = wholesalers.find_wholesaler(session, wholesaler)
        weigh = importing.keep if apply else importing.weigh
        weighed = weigh(session, deed, whose, statement)
        kept = str(weighed.kept) if weighed.kept is not None else None
    if as_json:
        return screen.give(_document(weighed, kept))
    for remark in remarks:
        screen.line(remark.sentence(screen.language()))
    _tell(statement)
    _tell_findings(weighed.findings)
    return _tell_next(weighed, kept)


@commands.command("list", help=help_of("Les factures gardées", "Invoices that are kept"))
def list_(
    wholesaler: Annotated[
        str | None, typer.Option(metavar="NAME", help=help_of("d'un seul opérateur", "of one wholesaler"))
    ] = None,
    after: After = 0,
    limit: Annotated[int, typer.Option(min=1, max=1000, help=help_of("au plus", "at most"))] = 200,
    as_json: Json = False,
) -> None:
    """Invoices by number."""
    from billing.invoices import importing
    from billing.invoices.views import view
    from foundation.money import Euros
    from inventory import wholesalers

    with _seeing() as (session, deed):
        whose = wholesalers.find_wholesaler(session, wholesaler) if wholesaler is not None else None
        found = [view(one) for one in importing.look(session, deed, wholesaler=whose, after=after, limit=limit)]
    if as_json:
        return screen.give(found)
    if not found:
        return screen.say(
            Phrase(
                "Aucune facture. En lire une : essaim invoice read novembre.csv --wholesaler NOM",
                "No invoice. To read one: essaim invoice read november.csv --wholesaler NAME",
            )
        )
    columns = (
        Phrase("numéro", "number"), Phrase("opérateur", "wholesaler"), Phrase("référence", "reference"),
        Phrase("date", "date"), Phrase("hors taxes", "without tax"), Phrase("TVA", "VAT"), Phrase("rangées", "rows"),
    )  # fmt: skip
    rows = [(one.number, one.wholesaler, one.reference, one.day, Euros(one.cents), Euros(one.vat_cents), len(one.lines))
            for one in found]  # fmt: skip
    screen.table(columns, rows)
    screen.more("essaim invoice list", [one.number for one in found], limit)
    return screen.say(
        Phrase(
            "Ce qui cloche dans l'une : essaim invoice check {first}",
            "What is amiss: essaim invoice check {first}",
        ),
        first=found[0].number,
    )


@commands.command(help=help_of("Une facture : essaim invoice show F0001", "One invoice: essaim invoice show F0001"))
def show(number: Number, as_json: Json = False) -> None:
    """One invoice, row by row."""
    from billing.invoices import importing
    from billing.invoices.views import view

    with _seeing() as (session, deed):
        invoice = importing.open_invoice(session, deed, number)
        found, statement = view(invoice), importing.statement_of(invoice)
    if as_json:
        return screen.give(found)
    _tell(statement)
    columns = (
        Phrase("rangée", "row"), Phrase("référence", "reference"), Phrase("quoi", "what"), Phrase("du", "from"),
        Phrase("au", "to"), Phrase("hors taxes", "without tax"), Phrase("TVA", "VAT"),
    )  # fmt: skip
    rows = [(one.rank, one.reference, one.what, one.since, one.period.last, one.cents, one.vat or None)
            for one in statement.lines]  # fmt: skip
    screen.table(columns, rows)
    return screen.say(
        Phrase("Ce qui cloche : essaim invoice check {number}", "What is amiss: essaim invoice check {number}"),
        number=found.number,
    )


@commands.command(
    help=help_of("Ce qui cloche aujourd'hui : essaim invoice check F0001", "What is amiss: essaim invoice check F0001")
)
def check(number: Number, as_json: Json = False) -> None:
    """What is amiss with an invoice that is kept, by what the inventory says today."""
    from billing.invoices import importing
    from billing.invoices.views import view_finding

    with _seeing() as (session, deed):
        invoice = importing.open_invoice(session, deed, number)
        found, statement = importing.recheck(session, deed, invoice), importing.statement_of(invoice)
    if as_json:
        return screen.give([view_finding(one, screen.language()) for one in found])
    _tell(statement)
    return _tell_findings(found)


@commands.command(
    help=help_of(
        'La retirer : essaim invoice strike F0001 --why "remplacée"',
        'Strike it out: essaim invoice strike F0001 --why "replaced"',
    )
)
def strike(number: Number, why: Why = "") -> None:
    """Take out an invoice that should not have been kept."""
    from billing.invoices import importing

    with writing(why) as (session, deed):
        invoice = importing.find_invoice(session, number)
        name, whose = str(invoice), invoice.wholesaler.name
        importing.strike(session, deed, invoice)
    screen.say(
        Phrase(
            "{name} est retirée ; le journal garde ce qu'elle était. La relire : essaim invoice read … --wholesaler "
            "{whose}",
            "{name} is struck out; the journal keeps what it was. To read it again: essaim invoice read … "
            "--wholesaler {whose}",
        ),
        name=name,
        whose=whose,
    )


@contextmanager
def _seeing() -> Iterator[tuple[EssaimSession, Act]]:
    """One consistent state, and who asks to see it."""
    from foundation.database import reading

    opened = store()
    deed = act(opened)
    with reading(opened) as session:
        yield session, deed


def _mapping(wholesaler: str, named: Path | None) -> Mapping:
    """The mapping file that is named, else the association's own for that wholesaler, else the usual headings."""
    from billing.invoices import mapping
    from inventory import texts
    from inventory.exchange import files

    own = settings().var / "invoices" / f"{texts.code(wholesaler)}.toml"
    chosen = named or (own if own.exists() else None)
    if chosen is None:
        return mapping.Mapping()
    ((name, data),) = files.contents([chosen]).items()
    return mapping.parse(name, data)


def _document(weighed: Weighed, kept: str | None) -> dict[str, Any]:
    """A weighed invoice as programs read it."""
    from billing.invoices.checking import at_stake
    from billing.invoices.views import view_finding, view_lines

    statement = weighed.statement
    return {
        "number": kept,
        "applied": weighed.new,
        "reference": statement.reference,
        "day": statement.day,
        "since": statement.period.since,
        "until": statement.period.until,
        "cents": statement.cents,
        "vat_cents": statement.vat,
        "at_stake_cents": at_stake(weighed.findings),
        "findings": [view_finding(one, screen.language()) for one in weighed.findings],
        "lines": view_lines(statement),
    }


def _tell(statement: Statement) -> None:
    screen.say(
        Phrase(
            "Facture {reference} du {day}, pour {since} – {last} : {cents} hors taxes, TVA {vat}, rangées : {count}.",
            "Invoice {reference} of {day}, for {since} – {last}: {cents} without tax, VAT {vat}, rows: {count}.",
        ),
        reference=statement.reference,
        day=statement.day,
        since=statement.period.since,
        last=statement.period.last,
        cents=statement.cents,
        vat=statement.vat,
        count=len(statement.lines),
    )
    if not statement.stated:
        screen.say(
            Phrase(
                "Ce fichier n'annonce pas son total : comparez-le au papier, ou dites-le, --total 1234,56",
                "This file does not state its total: compare it with the paper, or tell it, --total 1234.56",
            )
        )


def _tell_findings(found: tuple[Finding, ...]) -> None:
    from billing.invoices.checking import at_stake

    if not found:
        return screen.say(
            Phrase(
                "Rien ne cloche : chaque rangée est ce que dit l'inventaire. Elle peut être payée.",
                "Nothing is amiss: each row is what the inventory says. It may be paid.",
            )
        )
    for one in found[:SHOWN]:
        screen.line(f"- {one.sentence(screen.language())}")
    if len(found) > SHOWN:
        screen.say(
            Phrase("… et {count} de plus (tout voir : --json).", "… and {count} more (to see all: --json)."),
            count=len(found) - SHOWN,
        )
    return screen.say(
        Phrase("À regarder : {count}. En jeu : {cents}.", "To look at: {count}. At stake: {cents}."),
        count=len(found),
        cents=at_stake(found),
    )


def _tell_next(weighed: Weighed, kept: str | None) -> None:
    if weighed.new:
        said = Phrase(
            "Gardée : {kept}. La repeser quand l'inventaire aura changé : essaim invoice check {kept}",
            "Kept: {kept}. To weigh it again once the inventory has changed: essaim invoice check {kept}",
        )
    elif kept is not None:
        said = Phrase(
            "Elle était déjà là ({kept}) : rien n'a changé.",
            "It was there already ({kept}): nothing changed.",
        )
    else:
        said = Phrase(
            "Rien n'est encore gardé. Pour la garder : la même commande avec --apply",
            "Nothing is kept yet. To keep it: the same command with --apply",
        )
    screen.say(said, kept=kept)
