"""What became of a year that was made up: its figures, and whether its books agree with all else."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from billing.balance import Balance, balances
from billing.bank import inbox
from billing.books import keeping as books
from billing.books.chart import Chart
from billing.books.ledger import Ledger
from billing.lists import late
from desk.simulation_life import Life
from desk.simulation_treasurer import Treasurer
from foundation import clock, journal
from foundation.acts import Act
from foundation.clock import Month
from foundation.database import Store, reading
from foundation.money import Euros
from inventory.numbers import shown

_PAGE = 500


@dataclass(frozen=True, slots=True)
class Agreement:
    """Whether the books agree, each with one thing: entries balance, 411 is what members owe and are ahead, 471 is what
    waits in the inbox, 512 is what the bank says, and the journal of deeds is whole.
    """

    entries: bool
    members: bool
    waiting: bool
    bank: bool
    journal: bool

    @property
    def whole(self) -> bool:
        """Whether all of it does."""
        return self.entries and self.members and self.waiting and self.bank and self.journal


@dataclass(frozen=True, slots=True)
class Figures:
    """The year in figures. `facts_digest` and `balances_digest` are the same for the same seed and year."""

    seed: int
    year: int
    members: int
    joined: int
    left: int
    due_cents: Euros
    paid_cents: Euros
    owed_cents: Euros
    ahead_cents: Euros
    late_members: int
    late_cents: Euros
    files: int
    movements: int
    by_reference: int
    by_click: int
    suggested_right: int
    waiting: int
    waiting_cents: Euros
    bank_cents: Euros
    entries: int
    agreement: Agreement
    facts: int
    facts_digest: str
    balances_digest: str


def of(store: Store, act: Act, seed: int, year: int, life: Life, treasurer: Treasurer) -> Figures:
    """Read the year's end, on the day of the act. Raises Unbalanced."""
    day = clock.today(act.at)
    with reading(store) as session:
        held = list(_balances(session, day))
        waiting = inbox.waiting(session, act, limit=_PAGE)
        overdue = list(_late(session, day))
        ledgers = [books.journal_of(session, act, Chart(), str(one)) for one in (year, year + 1)]
        last = _last_closing(ledgers[-1])
        left = Euros(sum(one.left for one in waiting))
        bank = treasurer.bank.balance(date(year + 1, 1, 1))
        agreement = Agreement(
            entries=all(sum(line.closing for line in one.balance()) == 0 for one in ledgers),
            members=_members_agree(held, ledgers[-1]),
            waiting=last.get("471", Euros(0)) == -left,
            bank=_of_bank(last) == bank == treasurer.stated(Month(year, 12)),
            journal=journal.verify(session)[0] > 0,
        )
    balances_text = "".join(f"{shown('M', number)} {int(one.amount)}\n" for number, one in held)
    return Figures(
        seed=seed,
        year=year,
        members=len(life.here()),
        joined=life.joined,
        left=life.left,
        due_cents=Euros(sum(one.due for _, one in held)),
        paid_cents=Euros(sum(one.paid for _, one in held)),
        owed_cents=Euros(-sum(min(one.amount, 0) for _, one in held)),
        ahead_cents=Euros(sum(max(one.amount, 0) for _, one in held)),
        late_members=len(overdue),
        late_cents=Euros(sum(overdue)),
        files=treasurer.files,
        movements=len(treasurer.bank.moves),
        by_reference=treasurer.by_reference,
        by_click=treasurer.by_click,
        suggested_right=treasurer.suggested,
        waiting=len(waiting),
        waiting_cents=left,
        bank_cents=bank,
        entries=sum(len(one.entries) for one in ledgers),
        agreement=agreement,
        facts=life.facts.count,
        facts_digest=life.facts.digest,
        balances_digest=hashlib.blake2b(balances_text.encode(), digest_size=32).hexdigest(),
    )


def _balances(session: Session, day: date) -> Iterator[tuple[int, Balance]]:
    after = 0
    while page := balances(session, day, after=after, limit=_PAGE):
        yield from ((member.number, found) for member, found in page)
        after = page[-1][0].number


def _late(session: Session, day: date) -> Iterator[Euros]:
    after = 0
    while page := late(session, day, after=after, limit=_PAGE):
        yield from (one.cents for one in page)
        after = page[-1].member.number


def _last_closing(ledger: Ledger) -> dict[str, Euros]:
    return {line.account.code: line.closing for line in ledger.balance()}


def _of_bank(closing: dict[str, Euros]) -> Euros:
    return Euros(sum(cents for code, cents in closing.items() if code.startswith("512")))


def _members_agree(held: list[tuple[int, Balance]], ledger: Ledger) -> bool:
    of_members = ledger.of_members()
    told = {number: -one.amount for number, one in held if one.amount}
    return told == {number: cents for number, cents in of_members.items() if cents}
