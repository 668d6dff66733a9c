"""What happens to money, as double entries: pure, one rule a kind of row.

A posting's cents are a debit where positive, a credit where negative; those of one entry add up to nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from fractions import Fraction
from typing import Final, NamedTuple

from billing.books.chart import WORDS
from billing.models import DueKind, Means, Regime
from billing.reckoning import rounded
from foundation.money import Euros
from foundation.speech import LANGUAGES, Phrase
from inventory.numbers import shown

WHOLE: Final = 10_000
"""A rate of VAT of 100 %, in basis points."""


class Book(StrEnum):
    """The journals in which entries stand, by their codes."""

    OPENING = "AN"
    DUES = "VE"
    PAYMENTS = "RG"
    BANK = "BQ"
    OTHER = "OD"

    @property
    def phrase(self) -> Phrase:
        """The journal's name."""
        return _BOOKS[self]


_BOOKS: Final = {
    Book.OPENING: Phrase("À-nouveaux", "Opening balances"),
    Book.DUES: Phrase("Dus des membres", "Members' dues"),
    Book.PAYMENTS: Phrase("Règlements des membres", "Members' payments"),
    Book.BANK: Phrase("Banque", "Bank"),
    Book.OTHER: Phrase("Opérations diverses", "Other operations"),
}

_INCOME: Final[Mapping[str, str]] = {
    DueKind.MEMBERSHIP: "membership",
    DueKind.ENTRY: "entry",
    DueKind.LINE: "lines",
    DueKind.DEPOSIT: "deposits",
    DueKind.WORK: "work",
    DueKind.GIFT: "gifts",
}
_BY_HAND: Final[Mapping[str, str]] = {
    Means.CASH: "cash",
    Means.CHEQUE: "cheques",
    Means.HELLOASSO: "helloasso",
    Means.G1: "g1",
    Means.OFFSET: "offsets",
}
_TAXABLE: Final = (DueKind.LINE, DueKind.WORK)

# No word that a person wrote: a bank's label, a reason or the words of a visit may name a member.
_LABELS: Final[Mapping[str, Phrase]] = {
    DueKind.MEMBERSHIP: Phrase("Cotisation {period}", "Membership {period}"),
    DueKind.ENTRY: Phrase("Droit d'entrée", "Right of entry"),
    DueKind.LINE: Phrase("Ligne {what} {period}", "Line {what} {period}"),
    DueKind.DEPOSIT: Phrase("Dépôt de garantie {what}", "Deposit {what}"),
    DueKind.WORK: Phrase("Travaux", "Work"),
    DueKind.GIFT: Phrase("Don", "Gift"),
    DueKind.REFUND: Phrase("Remboursement", "Refund"),
}
_CORRECTED: Final = Phrase("Correction : {what}", "Correction: {what}")
_PAID: Final = Phrase("Règlement {piece}", "Payment {piece}")
_REVERSED: Final = Phrase("Extourne de {piece}", "Reversal of {piece}")
_MOVEMENT: Final = Phrase("Mouvement bancaire {piece}", "Bank movement {piece}")
_FILED: Final = Phrase("Classement de {piece} {words}", "Filing of {piece} {words}")
_UNFILED: Final = Phrase("Classement annulé : {piece}", "Filing undone: {piece}")
_MERGED: Final = Phrase("Fiche {absorbed} réunie à {into}", "File {absorbed} merged into {into}")


class Posting(NamedTuple):
    """One line of an entry. `account` is a key of `chart.Plan`; `member` whose account of 411 it is, or 0.

    `thread` is the due (`D0042`) or the payment (`P0042`) that a line of 411 belongs to: what is settled is lettered.
    """

    account: str
    cents: Euros
    member: int = 0
    thread: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """An entry without its number. `piece` is what it is proved by, `recorded` when that was written down."""

    book: Book
    day: date
    recorded: datetime
    piece: str
    piece_day: date
    label: Phrase
    postings: tuple[Posting, ...]


class DueFact(NamedTuple):
    """A due, as it was issued. `entry` says whether a bank's movement is known for a refund."""

    number: int
    member: int
    kind: str
    what: str
    period: date
    cents: Euros
    day: date
    issued: datetime
    entry: bool


class CorrectionFact(NamedTuple):
    """A counter-entry of a due."""

    due: DueFact
    cents: Euros
    day: date
    at: datetime


class PaymentFact(NamedTuple):
    """A payment, as it was recorded."""

    number: int
    member: int
    cents: Euros
    means: str
    day: date
    at: datetime
    entry: bool


class ReversalFact(NamedTuple):
    """A payment that counts no more."""

    payment: PaymentFact
    day: date
    at: datetime


class BankFact(NamedTuple):
    """A movement of an account of ours, by its row."""

    number: int
    account: int
    cents: Euros
    day: date
    at: datetime


class FilingFact(NamedTuple):
    """A movement that was filed under an account, or is there no longer (`undone`)."""

    entry: int
    account: str
    cents: Euros
    words: str
    day: date
    at: datetime
    undone: bool


class MergeFact(NamedTuple):
    """A file that was merged into another, with the threads that moved."""

    absorbed: int
    into: int
    threads: tuple[str, ...]
    day: date
    at: datetime


Fact = DueFact | CorrectionFact | PaymentFact | ReversalFact | BankFact | FilingFact | MergeFact


class Rate(NamedTuple):
    """A regime of VAT: from which day, said when, and the rate that dues then hold, in basis points."""

    since: date
    at: datetime
    regime: str
    rate: int


def rate_of(rates: Sequence[Rate], day: date, at: datetime) -> Rate | None:
    """The regime that holds for what is dated that day and written at that instant; None where nothing was said."""
    said = [one for one in rates if one.since <= day and one.at <= at]
    return max(said, key=lambda one: (one.since, one.at), default=None)


def vat_within(cents: int, rate: int) -> Euros:
    """The tax that an amount holds, at a rate in basis points: to the nearest cent."""
    return rounded(Fraction(cents * rate, WHOLE + rate))


class Bookkeeper:
    """Books one fact after another, in the order in which they were recorded.

    `owners` says whose a due or a payment was at first, where a merge moved it since.
    """

    def __init__(self, rates: Sequence[Rate] = (), owners: Mapping[str, int] | None = None) -> None:
        self._rates = rates
        self._owners = dict(owners or {})
        self._corrected, self._moving = Counter[str](), Counter[str]()

    def book(self, fact: Fact) -> Draft:
        """The entry that a fact makes."""
        match fact:
            case DueFact():
                return self._due(fact, fact.cents, fact.day, fact.issued)
            case CorrectionFact():
                return self._due(fact.due, fact.cents, fact.day, fact.at, corrects=True)
            case PaymentFact():
                return self._payment(fact, -fact.cents, fact.day, fact.at, _PAID)
            case ReversalFact(payment=payment):
                return self._payment(payment, payment.cents, fact.day, fact.at, _REVERSED)
            case BankFact():
                return self._bank(fact)
            case FilingFact():
                return self._filing(fact)
            case MergeFact():
                return self._merge(fact)

    def _members(self, thread: str, member: int, cents: Euros) -> Posting:
        self._moving[thread] += cents
        return Posting("members", cents, self._owners.get(thread, member), thread)

    def _due(self, due: DueFact, cents: Euros, day: date, at: datetime, *, corrects: bool = False) -> Draft:
        piece = shown("D", due.number)
        if due.kind == DueKind.REFUND:
            other, tax = ("waiting" if due.entry else "bank"), Euros(0)
        else:
            other, tax = _INCOME[due.kind], self._tax(due, piece, cents if corrects else Euros(0))
        label = _said(_LABELS[due.kind], what=due.what, period=f"{due.period:%Y-%m}")
        if corrects:
            label = _said(_CORRECTED, what=label)
        postings = (self._members(piece, due.member, cents), Posting(other, -(cents - tax)), Posting("vat", -tax))
        return Draft(Book.DUES, day, at, piece, due.day, label, _that_count(postings))

    def _tax(self, due: DueFact, piece: str, correction: Euros) -> Euros:
        """The tax of a due; of a correction, what it changes in the tax of the whole, so that nothing is left over."""
        said = rate_of(self._rates, due.day, due.issued) if due.kind in _TAXABLE else None
        if said is None or said.regime != Regime.TAXED:
            return Euros(0)
        if not correction:
            return vat_within(due.cents, said.rate)
        before = due.cents + self._corrected[piece]
        self._corrected[piece] += correction
        return vat_within(before + correction, said.rate) - vat_within(before, said.rate)

    def _payment(self, payment: PaymentFact, cents: Euros, day: date, at: datetime, words: Phrase) -> Draft:
        piece = shown("P", payment.number)
        where = "waiting" if payment.entry else _BY_HAND.get(payment.means, "bank")
        postings = (Posting(where, -cents), self._members(piece, payment.member, cents))
        return Draft(Book.PAYMENTS, day, at, piece, payment.day, _said(words, piece=piece), postings)

    def _bank(self, fact: BankFact) -> Draft:
        piece = shown("B", fact.number)
        postings = (Posting(f"@{fact.account}", fact.cents), Posting("waiting", -fact.cents))
        return Draft(Book.BANK, fact.day, fact.at, piece, fact.day, _said(_MOVEMENT, piece=piece), postings)

    def _filing(self, fact: FilingFact) -> Draft:
        piece, account = shown("B", fact.entry), fact.account if fact.account in WORDS else f"={fact.account}"
        cents = -fact.cents if fact.undone else fact.cents
        words = _said(_UNFILED if fact.undone else _FILED, piece=piece, words=fact.words)
        postings = (Posting("waiting", cents), Posting(account, -cents))
        return Draft(Book.OTHER, fact.day, fact.at, piece, fact.day, words, postings)

    def _merge(self, fact: MergeFact) -> Draft:
        absorbed, into = shown("M", fact.absorbed), shown("M", fact.into)
        postings: list[Posting] = []
        for thread in fact.threads:
            cents = Euros(self._moving[thread])
            postings += (
                Posting("members", -cents, fact.absorbed, thread),
                Posting("members", cents, fact.into, thread),
            )
            self._owners[thread] = fact.into
        label = _said(_MERGED, absorbed=absorbed, into=into)
        return Draft(Book.OTHER, fact.day, fact.at, absorbed, fact.day, label, _that_count(postings))


def _that_count(postings: Sequence[Posting]) -> tuple[Posting, ...]:
    return tuple(one for one in postings if one.cents)


def _said(phrase: Phrase, /, **values: object) -> Phrase:
    return Phrase.said(*(phrase.say(language, **values).rstrip() for language in LANGUAGES))
