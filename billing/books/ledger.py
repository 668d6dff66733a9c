"""The double-entry journal, read from what happened: nothing of it is kept, and none of it ever changes.

Rows of money only grow, so that the entries made of them, in the order in which they were recorded, do too: whoever
asks again finds the same ones with the same numbers, and perhaps more at the end (docs/decisions/0047).
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from billing.books import recorded
from billing.books.bookings import Book, Bookkeeper, Draft, Posting
from billing.books.chart import Account, Chart, Plan
from billing.books.lettering import Letter, Thread, letters
from billing.books.years import Year, Years
from billing.models import Allocation, Due, Payment
from foundation import clock
from foundation.errors import Refused
from foundation.money import Euros
from foundation.speech import Phrase
from inventory.models.people import Member
from inventory.numbers import shown

_RESULT: Final = ("6", "7")
"""The classes of accounts that a year begins anew: its costs and its income."""


class Unbalanced(Refused):
    """Debits and credits differ: the program is wrong, not whoever asked."""

    kind = "unbalanced-books"
    phrase = Phrase(
        "L'écriture {entry} n'est pas équilibrée. Rien n'a été écrit. C'est une erreur d'Essaim : signalez-la.",
        "The entry {entry} does not balance. Nothing was written. It is a mistake of Essaim's: report it.",
    )


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of the journal. Its number counts those of its book in its fiscal year, from 1 on."""

    number: int
    draft: Draft

    @property
    def name(self) -> str:
        """`VE00012`: its book and its number."""
        return f"{self.draft.book}{self.number:05d}"


class Line(NamedTuple):
    """What an account has at the beginning of a year, what came to it and went, and what it has at the end."""

    account: Account
    opening: Euros
    debit: Euros
    credit: Euros

    @property
    def closing(self) -> Euros:
        """A debit where positive."""
        return self.opening + self.debit - self.credit


@dataclass(frozen=True, slots=True)
class Ledger:
    """The books of a fiscal year: what its accounts had before, and its entries in the order they were recorded.

    `letters` are by member and thread (see `Posting`); `names` who the members are.
    """

    year: Year
    plan: Plan
    opening: tuple[Posting, ...]
    entries: tuple[Entry, ...]
    letters: Mapping[tuple[int, str], Letter]
    names: Mapping[int, str]

    @property
    def opened(self) -> Entry | None:
        """The entry of what the accounts had before; none in a first year."""
        if not self.opening:
            return None
        day, label = self.year.since, Book.OPENING.phrase
        draft = Draft(Book.OPENING, day, clock.midnight(day), f"AN{self.year}", day, label, self.opening)
        return Entry(1, draft)

    def balance(self) -> list[Line]:
        """Every account that has or had something, by number [balance générale]; members' accounts as one."""
        accounts: dict[str, Account] = {}
        before, debit, credit = Counter[str](), Counter[str](), Counter[str]()
        for posting in self.opening:
            account = self.plan.account(posting.account)
            accounts.setdefault(account.code, account)
            before[account.code] += posting.cents
        for entry in self.entries:
            for posting in entry.draft.postings:
                account = self.plan.account(posting.account)
                accounts.setdefault(account.code, account)
                (debit if posting.cents > 0 else credit)[account.code] += abs(posting.cents)
        return [
            Line(account, Euros(before[code]), Euros(debit[code]), Euros(credit[code]))
            for code, account in sorted(accounts.items())
        ]

    def of_members(self) -> dict[int, Euros]:
        """What each member's account has at the end: a debit, what they owe, where positive."""
        found = Counter[int]()
        for posting in self.postings():
            if posting.member:
                found[posting.member] += posting.cents
        return {member: Euros(cents) for member, cents in found.items()}

    def postings(self) -> Iterator[Posting]:
        """Those of the opening, then of every entry."""
        yield from self.opening
        for entry in self.entries:
            yield from entry.draft.postings

    def checked(self) -> Ledger:
        """The same. Raises Unbalanced."""
        for entry in (self.opened, *self.entries):
            if entry is not None and sum(posting.cents for posting in entry.draft.postings) != 0:
                raise Unbalanced(entry=entry.name)
        return self

    def digest(self) -> bytes:
        """32 bytes (BLAKE2b) of what the entries say in numbers: the same as long as none of them changes."""
        whole = hashlib.blake2b(digest_size=32)
        for entry in self.entries:
            draft = entry.draft
            whole.update(f"{entry.name} {draft.day} {draft.piece}\n".encode())
            for one in draft.postings:
                whole.update(f"{self.plan.account(one.account).code} {one.member} {int(one.cents)}\n".encode())
        return whole.digest()


def read(session: Session, year: Year, years: Years, chart: Chart) -> Ledger:
    """The books of a fiscal year; `chart` says how its accounts are numbered. Who may read is asked by `books`."""
    plan, merged = Plan(chart, recorded.held(session)), recorded.merges(session)
    keeper = Bookkeeper(recorded.rates(session), recorded.first_owners(merged))
    reader = _Reader(year, years, plan)
    for fact in recorded.facts(session, merged):
        reader.take(keeper.book(fact))
    pairs = select(Due.number, Payment.number).select_from(Allocation)
    pairs = pairs.join(Due, Due.id == Allocation.due_id).join(Payment, Payment.id == Allocation.payment_id)
    allocated = ((shown("D", due), shown("P", payment)) for due, payment in session.execute(pairs))
    threads = {key: Thread(cents, reader.last[key]) for key, cents in reader.threads.items()}
    names = {row.number: row.name for row in session.execute(select(Member.number, Member.name))}
    return Ledger(year, plan, reader.opening(), tuple(reader.entries), letters(threads, allocated), names)


class _Reader:
    """Goes through all that was ever booked, once: counts, keeps one year's entries, and adds up what was before."""

    def __init__(self, year: Year, years: Years, plan: Plan) -> None:
        self._year, self._years, self._plan = year, years, plan
        self._counted = Counter[tuple[date, Book]]()
        self._before, self._results = Counter[tuple[str, int]](), Counter[date]()
        self._of_day: dict[date, date] = {}
        self.entries: list[Entry] = []
        self.threads, self.last = Counter[tuple[int, str]](), defaultdict[tuple[int, str], date](lambda: date.min)

    def take(self, draft: Draft) -> None:
        if not draft.postings:  # a merge that moved nothing
            return
        if draft.day not in self._of_day:
            self._of_day[draft.day] = self._years.of(draft.day).since
        of = self._of_day[draft.day]
        self._counted[of, draft.book] += 1
        if of == self._year.since:
            self.entries.append(Entry(self._counted[of, draft.book], draft))
        for posting in draft.postings:
            if posting.member:
                key = posting.member, posting.thread
                self.threads[key] += posting.cents
                self.last[key] = max(self.last[key], draft.day)
            if of < self._year.since:
                if self._plan.account(posting.account).code.startswith(_RESULT):
                    self._results[of] += posting.cents
                else:
                    self._before[posting.account, posting.member] += posting.cents

    def opening(self) -> tuple[Posting, ...]:
        """What the accounts had; the result of the year before apart from what was carried forward until then."""
        found = [Posting(key, Euros(cents), member) for (key, member), cents in sorted(self._before.items()) if cents]
        last = self._years.of(self._year.since - timedelta(days=1)).since
        earlier = sum(cents for since, cents in self._results.items() if since != last)
        for cents, gain, loss in (
            (self._results[last], "surplus", "deficit"),
            (earlier, "carried-surplus", "carried-deficit"),
        ):
            if cents:
                found.append(Posting(gain if cents < 0 else loss, Euros(cents)))
        return tuple(found)
