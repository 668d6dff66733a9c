"""Ten thousand transfers, as French banks print them: read from one file, booked where a reference says whose they are,
and the others suggested to somebody. People and labels are those of the frozen corpus (tests/corpus)."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from measured import Measured, within

from billing.bank import accounts as bank
from billing.bank import files as bank_files
from billing.bank import inbox
from billing.models import Due, DueKind, Per
from desk import association as desk
from foundation.acts import Act
from foundation.database import Store, reading, transaction
from foundation.money import Euros
from foundation.settings import read_settings
from inventory.models.people import Member

if TYPE_CHECKING:
    from transfers import Corpus

ACT = Act("machine:bench", datetime(2028, 1, 2, 12, tzinfo=UTC))
ROUNDS = 3
IBAN = "FR7630006000011234567890189"
sys.path[:0] = [str(Path(__file__).parents[1] / folder) for folder in ("corpus", "statements")]


def measure(folder: Path, size: int) -> Iterator[Measured]:
    """Every bench of matching; `size` is how many transfers come."""
    from statement_files import Move, camt
    from transfers import corpus

    made = corpus(seed=2026, size=size)
    moves = [
        Move(one.day, one.cents, one.label, payer=one.payer_name, iban=one.payer_iban or "",
             end_to_end=one.end_to_end or "", own=f"N{rank}")
        for rank, one in enumerate(made.transfers)
    ]  # fmt: skip
    data = camt(moves)
    taken: dict[str, list[float]] = {"read": [], "suggested": []}
    for rank in range(ROUNDS):
        store = _association(folder / f"{rank}", made)
        began = time.perf_counter()
        with transaction(store) as session:
            found = bank_files.read_file(session, ACT, bank.find_account(session), data, "all.xml")
        taken["read"].append(time.perf_counter() - began)
        began = time.perf_counter()
        with reading(store) as session:
            waits = inbox.waiting(session, ACT, limit=size)
        taken["suggested"].append(time.perf_counter() - began)
        assert len(waits) == found.waiting == size - len(found.booked)
        store.engine.dispose()
    read, suggested = (statistics.median(each) * 1000 for each in taken.values())
    what = f"{size:,} transfers: {len(found.booked):,} booked by their reference"
    yield within(f"SQLite: {what}, the others suggested to somebody", read + suggested, 10_000)
    yield Measured("of which reading the file and booking", round(read), "ms", None, None)


def _association(folder: Path, made: Corpus) -> Store:
    """The corpus's members, with what was open on its last day."""
    store = desk.create(read_settings(var=folder))
    last = made.transfers[-1].day
    with transaction(store) as session:
        rows = {
            one.number: Member(
                number=one.number, name=one.name, organisation=one.kind == "organisation", email=one.email,
                status="member", joined=last.replace(year=2024), sought=one.name.lower(),
            )
            for one in made.people
        }  # fmt: skip
        session.add_all(rows.values())
        session.flush()
        session.add_all(
            Due(number=rank, member_id=rows[due.member].id, kind=DueKind.WORK, what="work", period=due.since,
                per=Per.ONCE, cents=Euros(due.cents), label=due.label, day=due.since, issued=ACT.at)
            for rank, due in enumerate(made.owed_at(last), start=1)
        )  # fmt: skip
        bank.add_account(session, ACT, "courant", IBAN)
    return store
