"""What one cell says: days, instants, numbers, yes or no. What cannot be read is a problem, never a guess.

Days are ISO (`2026-04-03`) or written with `/`, `.` or `-` (`03/04/2026`); which of the two comes first is told by the
file itself, by any day beyond the twelfth, or by whoever imports it (`--dates`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from ipaddress import ip_interface
from typing import Final, Literal, TypeAlias, TypeVar

from foundation import clock
from foundation.errors import Invalid
from foundation.speech import Phrase
from inventory import numbers
from inventory.exchange.records import Place, Reading, Ref
from inventory.exchange.tables import Row, Table, harmless, plain
from inventory.models.addresses import IPNetwork

T = TypeVar("T")
Order: TypeAlias = Literal["dmy", "mdy"]
_WRITTEN: Final = re.compile(r"([0-9]{1,2})([/.-])([0-9]{1,2})\2([0-9]{4})")
_ISO: Final = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})(?:[T ][0-9:.+Z-]*)?")
_YEARS: Final = range(1900, 2200)
_YES: Final = frozenset({"oui", "o", "yes", "y", "true", "vrai", "1", "x", "✔", "t"})
_NO: Final = frozenset({"non", "n", "no", "false", "faux", "0", "✘", "f"})
_AT: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ].+")

_BETWEEN: Final = re.compile(r"[,;\n]")

_BAD: Final = Phrase("« {text} » (colonne {column}) : {why}", "“{text}” (column {column}): {why}")
_NO_DAY: Final = Phrase("ce n'est pas une date.", "this is no date.")
_WHICH: Final = Phrase(
    "jour ou mois d'abord ? Rien dans ce fichier ne le dit : --dates dmy ou --dates mdy.",
    "day or month first? Nothing in this file tells: --dates dmy or --dates mdy.",
)
_BOTH: Final = Phrase(
    "ce fichier a des dates jour d'abord et d'autres mois d'abord : écrivez-les AAAA-MM-JJ.",
    "this file has dates with the day first and others with the month first: write them YYYY-MM-DD.",
)
_FAR: Final = Phrase("cette année n'est pas plausible.", "this year is not plausible.")
_NO_NUMBER: Final = Phrase("ce n'est pas un nombre entier.", "this is no whole number.")
_NO_TRUTH: Final = Phrase("il faut oui ou non.", "yes or no is needed.")
_NO_PREFIX: Final = Phrase("ce n'est ni une adresse ni un préfixe.", "this is neither an address nor a prefix.")
_LONG: Final = Phrase("plus de {most} caractères.", "more than {most} characters.")
_MISSING: Final = Phrase("il manque la colonne {column}.", "column {column} is missing.")
_NO_PERIOD: Final = Phrase(
    "cette période finit avant de commencer, ou le jour même.",
    "this period ends before it begins, or on the same day.",
)


class BadCell(Invalid):
    """A cell that cannot be read: `why`."""

    kind = "bad-cell"
    phrase = Phrase("{why}", "{why}")


@dataclass(frozen=True, slots=True)
class Dates:
    """How a file writes its days: which comes first, if that is known, or whether it does both."""

    order: Order | None = None
    both: bool = False

    @classmethod
    def of(cls, texts: Iterable[str], forced: Order | None = None) -> Dates:
        """What the days of a file tell by themselves; `forced` is what whoever imports it says."""
        if forced is not None:
            return cls(forced)
        found = [one for text in texts if (one := _WRITTEN.fullmatch(text))]
        day_first = any(int(one[1]) > 12 for one in found)
        month_first = any(int(one[3]) > 12 for one in found)
        if day_first and month_first:
            return cls(None, both=True)
        return cls("dmy" if day_first else "mdy" if month_first else None)

    def day(self, text: str) -> date:
        """Read a day. Raises BadCell without its column."""
        iso, local = _ISO.fullmatch(text), _WRITTEN.fullmatch(text)
        if iso:
            return _day(int(iso[1]), int(iso[2]), int(iso[3]))
        if not local:
            raise BadCell(why=_NO_DAY)
        first, second, year = int(local[1]), int(local[3]), int(local[4])
        if first == second:
            return _day(year, second, first)
        if self.order is None:
            raise BadCell(why=_BOTH if self.both else _WHICH)
        return _day(year, second, first) if self.order == "dmy" else _day(year, first, second)


def _day(year: int, month: int, day: int) -> date:
    if year not in _YEARS:
        raise BadCell(why=_FAR)
    try:
        return date(year, month, day)
    except ValueError as wrong:
        raise BadCell(why=_NO_DAY) from wrong


@dataclass(frozen=True, slots=True)
class Cells:
    """A row by fields: what it says in each, as what it is. What cannot be read goes to the reading as a problem.

    `columns` gives the normalised heading that holds a field.
    """

    reading: Reading
    row: Row
    columns: dict[str, str]
    headings: dict[str, str]
    dates: Dates

    @property
    def place(self) -> Place:
        """Where the row stands."""
        return self.row.place

    def raw(self, field: str) -> str | None:
        """The cell as it is written; None where it is empty or there is no such column."""
        return self.row.cells.get(self.columns.get(field, ""))

    def text(self, field: str, most: int = 200) -> str | None:
        """The cell as text of at most so many characters."""

        def short(text: str) -> str:
            if len(text) > most:
                raise BadCell(why=Phrase.said(_LONG.say("fr", most=most), _LONG.say("en", most=most)))
            return text

        return self._read(field, short)

    def needed(self, field: str, most: int = 200) -> str:
        """The same, where the row says nothing without it; else empty, and a problem."""
        if self.raw(field) is None:
            self.wrong(_MISSING, column=self.headings.get(self.columns.get(field, ""), field))
        return self.text(field, most) or ""

    def day(self, field: str) -> date | None:
        """The cell as a day."""
        return self._read(field, self.dates.day)

    def last_day(self, field: str) -> date | None:
        """The cell as a day that is still within the period: the day after, as ends of periods are."""
        found = self.day(field)
        return None if found is None else found + timedelta(days=1)

    def instant(self, field: str) -> datetime | None:
        """The cell as an instant; a day alone is its midnight in Paris."""
        return self._read(field, self.moment)

    def moment(self, text: str) -> datetime:
        """Read an instant. Raises BadCell, BadMoment, AmbiguousMoment."""
        if not _AT.fullmatch(text):
            return clock.midnight(self.dates.day(text))
        found = clock.parse(text)
        if found.year not in _YEARS:
            raise BadCell(why=_FAR)
        return found

    def number(self, field: str, digits: int = 9) -> int | None:
        """The cell as a whole number of at most so many digits."""

        def whole(text: str) -> int:
            if len(text) > digits or not re.fullmatch(r"[0-9]+", text):
                raise BadCell(why=_NO_NUMBER)
            return int(text)

        return self._read(field, whole)

    def several(self, field: str, read: Callable[[str], T]) -> list[T]:
        """The cell as a list with commas, semicolons or line ends between."""

        def each(text: str) -> list[T]:
            return [read(one) for part in _BETWEEN.split(text) if (one := part.strip())]

        return self._read(field, each) or []

    def truth(self, field: str) -> bool | None:
        """The cell as yes or no."""

        def sided(text: str) -> bool:
            said = text.casefold()
            if said not in _YES | _NO:
                raise BadCell(why=_NO_TRUTH)
            return said in _YES

        return self._read(field, sided)

    def prefix(self, field: str, *, host: bool = False) -> IPNetwork | None:
        """The cell as a prefix; an address alone is its /32 or /128. With `host`, whatever length follows it."""
        return self._read(field, lambda text: prefix_of(text, host=host))

    def ours(self, field: str, letter: str) -> int | None:
        """The cell as a number of ours, such as `M0042`."""
        return self._read(field, lambda text: numbers.parse(letter, text))

    def ref(self, field: str, letter: str) -> Ref | None:
        """The cell as a reference to something of ours by its number."""
        found = self.ours(field, letter)
        return None if found is None else Ref(number=found)

    def period(self, since: date | datetime | None, until: date | datetime | None, *, empty: bool = False) -> bool:
        """Whether a period has a length, or none where `empty` will do; a problem where it has not."""
        if since is not None and until is not None and not (since < until or (empty and since == until)):
            self.wrong(_NO_PERIOD)
            return False
        return True

    def wrong(self, phrase: Phrase, **facts: object) -> None:
        """Note what is wrong with the row."""
        self.reading.wrong(self.place, phrase, **facts)

    def _read(self, field: str, read: Callable[[str], T]) -> T | None:
        text = self.raw(field)
        if text is None:
            return None
        try:
            return read(text)
        except Invalid as unreadable:
            heading = harmless(self.headings.get(self.columns[field], field))
            why = unreadable.facts.get("why") or Phrase.said(unreadable.sentence("fr"), unreadable.sentence("en"))
            self.wrong(_BAD, text=harmless(text), column=heading, why=why)
            return None


def prefix_of(text: str, *, host: bool = False) -> IPNetwork:
    """Read a prefix; with `host`, the address alone of `192.0.2.7/24`. Raises BadCell."""
    try:
        found = ip_interface(text)
    except ValueError as wrong:
        raise BadCell(why=_NO_PREFIX) from wrong
    if getattr(found, "scope_id", None):
        raise BadCell(why=_NO_PREFIX)
    if not host and found.ip != found.network.network_address:
        raise BadCell(why=_NO_PREFIX)
    return type(found)(found.ip).network if host else found.network


def wordings(text: str) -> tuple[str, str]:
    """A word as files may write it: with its feminine, `adhérent·e` is `adherente`; and without, `adherent`."""
    return plain(text), plain(re.split(r"[·.⋅•(/-]", text, maxsplit=1)[0])


def columns_of(reading: Reading, table: Table, file: str, known: dict[str, str]) -> dict[str, str] | None:
    """Which normalised heading holds which field. `known` gives the field of each; what is not there is named aloud.

    None, and a problem, where two columns hold one field.
    """
    columns: dict[str, str] = {}
    strange = []
    for heading in table.headings:
        field = known.get(heading)
        if field is None:
            strange.append(harmless(table.headings[heading]))
        elif field in columns:
            both = f"{harmless(table.headings[columns[field]])} / {harmless(table.headings[heading])}"
            reading.wrong(Place(file, 1), _SAME, columns=both)
            return None
        else:
            columns[field] = heading
    if strange:
        reading.remark(Place(file, 1), _STRANGE, columns=strange)
    return columns


_SAME: Final = Phrase(
    "ces deux colonnes disent la même chose : {columns}.", "these two columns say the same: {columns}."
)
_STRANGE: Final = Phrase("colonnes laissées de côté : {columns}.", "columns left aside: {columns}.")


def synonyms(fields: dict[str, str]) -> dict[str, str]:
    """Headings by field, written with `|` between them, as a table from normalised heading to field."""
    return {plain(heading): field for field, headings in fields.items() for heading in (field, *headings.split("|"))}


def rows_of(
    reading: Reading,
    table: Table,
    columns: dict[str, str],
    days: Iterable[str],
    order: Order | None,
) -> Iterable[Cells]:
    """The rows of a table, field by field; `days` are the fields that hold days, which tell the file's order."""
    held = [columns[field] for field in days if field in columns]
    dates = Dates.of((text for row in table.rows for name in held if (text := row.cells.get(name))), order)
    headings = dict(table.headings)
    return (Cells(reading, row, columns, headings, dates) for row in table.rows)
