"""What is weighed: what an invoice says, and what the inventory says is bought. Plain values, half-open periods."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final, NamedTuple

from foundation.money import Euros

BETWEEN: Final = " / "
"""Between the several names that one row gives of one line."""


class Period(NamedTuple):
    """From a day to a day that is no longer in it."""

    since: date
    until: date

    @property
    def days(self) -> int:
        """How many days it has; none where it ends before it begins."""
        return max((self.until - self.since).days, 0)

    @property
    def last(self) -> date:
        """The last day that is in it."""
        return self.until - timedelta(days=1)

    def within(self, other: Period) -> Period:
        """What both have in common, which may be nothing."""
        return Period(max(self.since, other.since), min(self.until, other.until))


@dataclass(frozen=True, slots=True)
class Billed:
    """One line of an invoice, as `WholesaleInvoiceLine` keeps it."""

    rank: int
    reference: str
    item: str
    label: str
    since: date
    until: date
    cents: Euros
    vat: Euros = Euros(0)  # noqa: RUF009 - immutable
    agreed: Euros | None = None
    once: bool = False
    common: bool = False
    offer: str = ""
    technology: str = ""
    guarantee: str = ""
    rate: str = ""

    @property
    def period(self) -> Period:
        """What it is for."""
        return Period(self.since, self.until)

    @property
    def what(self) -> str:
        """What is billed, as it is written."""
        return self.item or self.label


@dataclass(frozen=True, slots=True)
class Statement:
    """An invoice: the number that it bears, its day, what it is mostly for, its totals, its lines.

    `stated` is whether its total was said, by the file or by whoever read it, besides being added up.
    """

    reference: str
    day: date
    period: Period
    cents: Euros
    vat: Euros
    lines: tuple[Billed, ...]
    stated: bool = True

    @property
    def digest(self) -> bytes:
        """The same for two files that say the same, whatever their encoding or order of columns.

        What a mapping makes of an item is not in it: a mapping may be mended.
        """
        said = [self.reference, self.day, self.cents, self.vat]
        for one in self.lines:
            said += [one.reference, one.item, one.label, one.since, one.until, one.cents, one.vat]
        return hashlib.blake2b("\x1f".join(map(_plain, said)).encode(), digest_size=32).digest()


@dataclass(frozen=True, slots=True)
class Terms:
    """What is bought of one access from a day on: repair time and rate, None where nothing says."""

    since: date
    guarantee: str | None = None
    rate: str | None = None


@dataclass(frozen=True, slots=True)
class Access:
    """One access that is or was bought for a line: while `period` lasts, on what `terms`, the first first.

    A living one ends on `date.max`. `ordered`: an order says so, and not only the line's offer.
    """

    period: Period
    terms: tuple[Terms, ...] = ()
    ordered: bool = True


@dataclass(frozen=True, slots=True)
class Carried:
    """What a line was, while `period` lasted: the offer, and what carries it."""

    period: Period
    offer: str
    technology: str


@dataclass(frozen=True, slots=True)
class Bought:
    """What is bought for one line from the wholesaler. `over`: the line is closed since that day.

    `living` are orders that are not over at the wholesaler's.
    """

    line: str
    accesses: tuple[Access, ...]
    carried: tuple[Carried, ...]
    over: date | None = None
    living: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Stock:
    """What the inventory says of one wholesaler: lines by every name they have, and what is bought for them."""

    wholesaler: str
    names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    bought: Mapping[str, Bought] = field(default_factory=dict)

    def lines_of(self, reference: str) -> tuple[str, ...]:
        """The lines that a reference may mean: none, mostly one, several where a number was given again."""
        for name in (reference, *reference.split(BETWEEN)):
            found = self.names.get(bare(name)) or self.names.get(_with_its_zero(name))
            if found:
                return found
        return ()


def bare(name: str) -> str:
    """A reference without spaces, signs, capitals and accents: `OO-ABCD-1234` and `oo abcd 1234` are one."""
    text = unicodedata.normalize("NFKD", name).casefold()
    return "".join(sign for sign in text if sign.isalnum())


def _with_its_zero(name: str) -> str:
    """A telephone number as it is without the zero that a spreadsheet dropped, or with the country's code."""
    digits = bare(name)
    national = digits.removeprefix("33") if len(digits) == 11 else digits
    return f"0{national}" if re.fullmatch(r"[1-9][0-9]{8}", national) else ""


def _plain(value: object) -> str:
    return str(int(value)) if isinstance(value, int) else str(value)
