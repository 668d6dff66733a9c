"""An invoice's CSV into what it says. Pure: octets in, a `Statement` out, or one sentence for all that is wrong.

Amounts are whole cents as they are written, without tax; tax stands apart. Nothing is rounded, and no total is made up.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Final, Literal

from billing.invoices.amounts import cents_of
from billing.invoices.facts import BETWEEN, Billed, Period, Statement
from billing.invoices.mapping import Item, Mapping
from foundation.clock import BadMonth, Month
from foundation.errors import Invalid, Refused
from foundation.money import Euros
from foundation.speech import Phrase
from inventory import texts
from inventory.deadlines import BadGuarantee, Guarantee
from inventory.exchange.cells import Cells, columns_of, rows_of
from inventory.exchange.records import Place, Reading, Said
from inventory.exchange.tables import Table, harmless, plain, read_csv
from inventory.models.lines import Technology

_TOLD: Final = 10
_MONTHS: Final = (re.compile(r"([0-9]{4})[-/.]([0-9]{1,2})"), re.compile(r"([0-9]{1,2})[-/.]([0-9]{4})"))

_NO_AMOUNT: Final = Phrase(
    "« {text} » (colonne {column}) n'est pas un montant en centimes entiers.",
    "“{text}” (column {column}) is no amount in whole cents.",
)
_NO_MONTH: Final = Phrase("« {text} » n'est pas un mois : 2026-11 ou 11/2026.", "“{text}” is no month: 2026-11.")
_NO_PERIOD: Final = Phrase(
    "rien ne dit pour quels jours : ajoutez --month 2026-11.", "nothing says for which days: add --month 2026-11."
)
_NO_WORD: Final = Phrase(
    "« {text} » n'est pas une technologie ; le traduire dans le fichier de correspondance, [words].",
    "“{text}” is no technology; translate it in the mapping file, [words].",
)
_NO_WHAT: Final = Phrase("rien ne dit ce qui est facturé.", "nothing says what is billed.")
_NO_COLUMN: Final = Phrase("il n'y a pas de colonne « {column} ».", "there is no column “{column}”.")
_NO_AMOUNTS: Final = Phrase(
    "aucune colonne de montants n'est reconnue. Dites laquelle dans un fichier de correspondance : --mapping",
    "no column of amounts is recognised. Say which one in a mapping file: --mapping",
)
_NO_ROWS: Final = Phrase("aucune ligne de facture.", "no line of an invoice.")
_NO_NUMBER: Final = Phrase(
    "le numéro de la facture n'est dit nulle part : ajoutez --number …",
    "the invoice's number is said nowhere: add --number …",
)
_NO_DAY: Final = Phrase(
    "la date de la facture n'est dite nulle part : ajoutez --on 2026-11-30.",
    "the invoice's date is said nowhere: add --on 2026-11-30.",
)
_SEVERAL: Final = Phrase(
    "plusieurs factures dans ce fichier ({numbers}) : dites laquelle, --number.",
    "several invoices in this file ({numbers}): say which, --number.",
)
_NOT_ALONE: Final = Phrase(
    "« {column} » n'a pas la même valeur partout : {values}.", "“{column}” is not the same everywhere: {values}."
)


class InvoiceUnreadable(Invalid):
    """A file that is no invoice, or one with something wrong in it."""

    kind = "invoice-unreadable"
    phrase = Phrase(
        "Cette facture ne se lit pas ; rien n'a été gardé.\n{problems}",
        "This invoice cannot be read; nothing was kept.\n{problems}",
    )


class InvoiceTotalDiffers(Refused):
    """The lines of an invoice do not add up to what it states."""

    kind = "invoice-total-differs"
    phrase = Phrase(
        "Les lignes de la facture {invoice} font {added} ({what}), elle annonce {stated}. Rien n'a été gardé : un "
        "fichier tronqué ? Redemandez-le ; si le total dit par vous est faux, corrigez --total.",
        "The lines of invoice {invoice} make {added} ({what}), it states {stated}. Nothing was kept: a file cut "
        "short? Ask for it again; if the total that you told is wrong, correct --total.",
    )


@dataclass(frozen=True, slots=True)
class Told:
    """What whoever reads the invoice says of it, from the paper: None where the file is to say it."""

    reference: str | None = None
    day: date | None = None
    month: Month | None = None
    total: Euros | None = None
    dates: Literal["dmy", "mdy"] | None = None


@dataclass(slots=True)
class _Sheet:
    """A file while it is read: its rows, and what they say of the whole invoice."""

    mapping: Mapping
    told: Told
    reading: Reading
    whole: Place
    found: dict[str, dict[str, object]] = field(default_factory=dict)

    def wrong(self, phrase: Phrase, **facts: object) -> None:
        """Note what is wrong with the whole."""
        self.reading.wrong(self.whole, phrase, **facts)


def read(file: str, data: bytes, mapping: Mapping, told: Told) -> tuple[Statement, tuple[Said, ...]]:
    """What an invoice says, and what to know of the file. Raises BadText, InvoiceUnreadable, InvoiceTotalDiffers."""
    sheet = _Sheet(mapping, told, Reading("invoice"), Place(file, 0))
    table = read_csv(sheet.reading, file, data.split(b"\n", mapping.skip)[-1])
    columns = None if table is None else _columns(sheet, table)
    lines: list[Billed] = []
    stated: list[Euros] = []
    if table is not None and columns is not None:
        wanted = _chosen(sheet, table, columns)
        for cells in rows_of(
            sheet.reading, table, columns, ("day", "since", "until"), told.dates or mapping.dates or "dmy"
        ):
            if wanted is not None and cells.text("invoice", 64) != wanted and not _is_total(sheet, cells):
                continue
            _row(sheet, cells, lines, stated)
        if not lines and not sheet.reading.problems:
            sheet.wrong(_NO_ROWS)
    statement = _whole(sheet, lines, bool(stated))
    if sheet.reading.problems or statement is None:
        raise InvoiceUnreadable(problems=_sentences(sheet))
    _add_up(sheet, statement, stated)
    return statement, tuple(_moved(sheet, each) for each in sheet.reading.remarks)


def _columns(sheet: _Sheet, table: Table) -> dict[str, str] | None:
    for heading in sheet.mapping.demanded:
        if plain(heading) not in table.headings:
            sheet.wrong(_NO_COLUMN, column=harmless(heading))
    columns = columns_of(sheet.reading, table, sheet.whole.file, dict(sheet.mapping.known))
    if columns is not None and "amount" not in columns:
        sheet.wrong(_NO_AMOUNTS)
    return None if sheet.reading.problems else columns


def _chosen(sheet: _Sheet, table: Table, columns: dict[str, str]) -> str | None:
    """The number of the invoice that is read, where the file has a column for it; a problem where it has several."""
    heading = columns.get("invoice")
    numbers = dict.fromkeys(number for row in table.rows if (number := row.cells.get(heading or "")))
    numbers.pop(next((each for each in numbers if plain(each) == sheet.mapping.total_row), ""), None)
    if not numbers or sheet.told.reference in numbers:
        return sheet.told.reference if numbers else None
    if len(numbers) > 1:
        sheet.wrong(_SEVERAL, numbers=[harmless(each) for each in [*numbers][:5]])
        return None
    (number,) = numbers
    if sheet.told.reference is not None:
        sheet.wrong(_NOT_ALONE, column="--number", values=[harmless(number), harmless(sheet.told.reference)])
    return str(number)


def _is_total(sheet: _Sheet, cells: Cells) -> bool:
    """Whether a row states the total instead of billing something."""
    said = {plain(cells.raw(each) or "") for each in ("invoice", "reference", "item", "label")}
    return bool(sheet.mapping.total_row) and sheet.mapping.total_row in said


def _row(sheet: _Sheet, cells: Cells, lines: list[Billed], stated: list[Euros]) -> None:
    amount, vat = _amount(cells, "amount"), _amount(cells, "vat")
    if _is_total(sheet, cells):
        stated += [amount] if amount is not None else []
        if vat is not None:
            sheet.found.setdefault("total_vat", {})[str(int(vat))] = vat
        return
    _of_the_whole(sheet, cells)
    if cells.raw("amount") is None:
        cells.wrong(_NO_AMOUNT, text="", column=harmless(cells.headings[cells.columns["amount"]]))
    code, label = cells.text("item", 100) or "", cells.text("label") or ""
    if not code and not label:
        cells.wrong(_NO_WHAT)
    item = _item(sheet, cells, sheet.mapping.item(code, label))
    period = _period(sheet, cells, item)
    references = [text for each in sheet.mapping.references if (text := cells.text(each, 60))]
    if amount is None or period is None:
        return
    rank, reference = cells.place.line + sheet.mapping.skip, BETWEEN.join(references)[:200]
    lines.append(
        Billed(
            rank, reference, code, label, *period, amount, vat or Euros(0), item.agreed, item.once, item.common,
            item.offer, item.technology, item.guarantee, item.rate,
        )
    )  # fmt: skip


def _of_the_whole(sheet: _Sheet, cells: Cells) -> None:
    """What a row says of the whole invoice; each says it again."""
    for name in ("total", "total_vat", "total_with_tax"):
        if (said := _amount(cells, name)) is not None:
            sheet.found.setdefault(name, {})[str(int(said))] = said
    for name, value in (("invoice", cells.text("invoice", 64)), ("day", cells.day("day"))):
        if value is not None:
            sheet.found.setdefault(name, {})[str(value)] = value


def _item(sheet: _Sheet, cells: Cells, item: Item) -> Item:
    """What the mapping knows of the item, and what the row says itself."""
    ours = sheet.mapping.ours
    technology = ours(cells.text("technology", 40) or "").casefold()
    if technology and technology not in set(Technology):
        cells.wrong(_NO_WORD, text=harmless(technology))
        technology = ""
    guarantee = ours(cells.text("guarantee", 40) or "")
    if guarantee:
        try:
            guarantee = str(Guarantee.parse(guarantee))
        except BadGuarantee as wrong:
            cells.wrong(wrong.phrase, **wrong.facts)
    rate, offer = ours(cells.text("rate", 40) or "")[:40], ours(cells.text("offer", 32) or "")[:32]
    return replace(
        item,
        offer=offer or item.offer,
        technology=technology or item.technology,
        guarantee=guarantee or item.guarantee,
        rate=rate or item.rate,
    )


def _period(sheet: _Sheet, cells: Cells, item: Item) -> Period | None:
    """The days that a row bills: its own, or its month's, or the month's that was told; of what comes once, its day."""
    if (month := cells.raw("month")) is not None:
        return _month(cells, month)
    since = cells.day("since")
    until = cells.day("until") if sheet.mapping.until_after else cells.last_day("until")
    day = since or sheet.told.day or cells.day("day")
    if since is not None and until is not None:
        return Period(since, until) if cells.period(since, until) else None
    if (item.once or since is not None) and day is not None:
        return Period(day, day + timedelta(days=1))
    if sheet.told.month is not None:
        return Period(sheet.told.month.first, sheet.told.month.after)
    if not any(said.place == cells.place for said in sheet.reading.problems):
        cells.wrong(_NO_PERIOD)
    return None


def _month(cells: Cells, text: str) -> Period | None:
    found = next((one for one in (pattern.fullmatch(text) for pattern in _MONTHS) if one), None)
    try:
        year, number = sorted((found[1], found[2]), key=len, reverse=True) if found else ("", "")
        month = Month.parse(f"{year}-{number}")
    except BadMonth:
        cells.wrong(_NO_MONTH, text=harmless(text))
        return None
    return Period(month.first, month.after)


def _amount(cells: Cells, name: str) -> Euros | None:
    text = cells.raw(name)
    if text is None:
        return None
    try:
        return cents_of(text)
    except ValueError:
        cells.wrong(_NO_AMOUNT, text=harmless(text), column=harmless(cells.headings[cells.columns[name]]))
        return None


def _whole(sheet: _Sheet, lines: list[Billed], stated: bool) -> Statement | None:
    number, day = sheet.told.reference or _only(sheet, "invoice"), sheet.told.day or _only(sheet, "day")
    if lines and number is None:
        sheet.wrong(_NO_NUMBER)
    if lines and day is None:
        sheet.wrong(_NO_DAY)
    if not (lines and isinstance(number, str) and isinstance(day, date)):
        return None
    number = texts.checked(number, 64)
    vat = Euros(sum(one.vat for one in lines))
    whole_vat = _only(sheet, "total_vat")
    if not vat and isinstance(whole_vat, Euros):
        vat = whole_vat
    period = next(_mostly(sheet, lines, day))
    stated = stated or "total" in sheet.found or sheet.told.total is not None
    return Statement(number, day, period, Euros(sum(one.cents for one in lines)), vat, tuple(lines), stated)


def _only(sheet: _Sheet, name: str) -> object:
    """What all rows say of the whole invoice; None where they say nothing, and a problem where they differ."""
    values = sheet.found.get(name, {})
    if len(values) > 1:
        sheet.wrong(_NOT_ALONE, column=name, values=[harmless(each) for each in [*values][:5]])
    return next(iter(values.values()), None)


def _mostly(sheet: _Sheet, lines: list[Billed], day: date) -> Iterator[Period]:
    if sheet.told.month is not None:
        yield Period(sheet.told.month.first, sheet.told.month.after)
    counted = Counter(one.period for one in lines if not one.once and one.cents >= 0)
    if counted:
        yield max(counted, key=lambda each: (counted[each], each))
    yield Period(Month(day.year, day.month).first, Month(day.year, day.month).after)


def _add_up(sheet: _Sheet, statement: Statement, stated: list[Euros]) -> None:
    without, vat = Phrase("hors taxes", "without tax"), Phrase("TVA", "VAT")
    with_tax = Phrase("toutes taxes comprises", "with tax")
    checks: list[tuple[object, Euros, Phrase]] = [(each, statement.cents, without) for each in stated]
    checks.append((sheet.told.total, statement.cents, without))
    for name, added, what in (
        ("total", statement.cents, without),
        ("total_vat", statement.vat, vat),
        ("total_with_tax", statement.cents + statement.vat, with_tax),
    ):
        checks += [(each, added, what) for each in sheet.found.get(name, {}).values()]
    for said, added, what in checks:
        if said is not None and said != added:
            raise InvoiceTotalDiffers(invoice=harmless(statement.reference), added=added, stated=said, what=what)


def _sentences(sheet: _Sheet) -> Phrase:
    """The first of what is wrong, a sentence a row."""
    problems = [_moved(sheet, each) for each in sheet.reading.problems]
    told = ["\n".join(each.sentence(language) for each in problems[:_TOLD]) for language in ("fr", "en")]
    more = f"\n… + {len(problems) - _TOLD}" if len(problems) > _TOLD else ""
    return Phrase.said(told[0] + more, told[1] + more)


def _moved(sheet: _Sheet, said: Said) -> Said:
    """The same, of the row of the file as it was given: some stand before the header."""
    line = said.place.line + sheet.mapping.skip if said.place.line else 0
    return replace(said, place=Place(said.place.file, line))
