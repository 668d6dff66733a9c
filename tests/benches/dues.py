"""A month's dues of a large association, and one member's balance in it."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import association
from association import BEGINNING, Large, add
from measured import ROUNDS, Measured, alternating, within
from sqlalchemy import select

from billing import balance, dues
from billing.models import MEMBERSHIP, Allocation, Means, Pause, Payment, Per, Pledge
from billing.tariffs import set_tariff
from foundation import clock
from foundation.acts import Act
from foundation.clock import Month
from foundation.database import EssaimSession, reading, transaction
from foundation.money import Euros
from foundation.settings import read_settings
from inventory import mandates, members, offers
from inventory.models import Share

YEAR = 2025
SHARED = 10
"""One line in so many is shared by two."""


def measure(folder: Path, people: int) -> Iterator[Measured]:
    """The dues of months of an association of so many members, a line each, of which some chose, share or pause."""
    made = association.build(read_settings(var=folder, driver="console"), people=people, lines=people, held=100)
    with transaction(made.store) as session:
        _priced(session)
        _lives(session, people)
    taken = [_issued(made, Month(YEAR, number), people) for number in range(1, ROUNDS + 1)]
    yield within(f"issue a month's dues for {people:,} members with a line", statistics.median(taken), 5000)
    draw = random.Random(2026)
    with reading(made.store) as session:
        who = [members.find_member(session, f"M{draw.randint(1, people):04d}") for _ in range(50)]
        day = Month(YEAR, ROUNDS).first
        value = alternating(50, lambda call: balance.balance(session, who[call], day))[0]
    yield within(f"a balance among {2 * ROUNDS * people:,} dues", value, 5)
    made.store.engine.dispose()


def _priced(session: EssaimSession) -> None:
    act, since = Act("M0001", clock.now(), "bench"), BEGINNING.date()
    mandates.give(session, act, members.find_member(session, "M0001"), "dues.write")
    offer = offers.find_offer(session, "vpn")
    set_tariff(session, act, offer, Euros(601), per=Per.MONTH, label="VPN", since=since, floor=Euros(100))
    set_tariff(session, act, "adherent", Euros(200), per=Per.MONTH, label="Cotisation", since=since, floor=Euros(0))


def _lives(session: EssaimSession, people: int) -> None:
    """One in ten shares a line, chose an amount, is paused for some days, or is ahead by a hundred euros."""
    since = BEGINNING.date()
    ranks = range(1, people + 1, SHARED)
    lines = session.scalars(select(Share.line_id).order_by(Share.line_id)).all()
    add(session, Share, (
        {"line_id": lines[rank - 1], "member_id": rank % people + 1, "since": since, "weight": 2} for rank in ranks
    ))  # fmt: skip
    add(session, Pledge, ({"member_id": rank, "what": MEMBERSHIP, "cents": 500, "since": since} for rank in ranks))
    add(session, Pledge, (
        {"member_id": rank + 1, "what": f"L{rank + 1:04d}", "cents": 450, "since": since} for rank in ranks
    ))  # fmt: skip
    add(session, Pause, (
        {"member_id": rank + 2, "what": f"L{rank + 2:04d}", "since": date(YEAR, 1, 9), "until": date(YEAR, 9, 9)}
        for rank in ranks
    ))  # fmt: skip
    add(session, Payment, (
        {"number": rank, "member_id": rank, "day": since, "cents": 10_000, "means": Means.TRANSFER, "reference": "",
         "source": "hand", "at": BEGINNING}
        for rank in ranks
    ))  # fmt: skip


def _issued(made: Large, month: Month, people: int) -> float:
    """Milliseconds that a month takes, until it is kept; the credit of those ahead settles theirs."""
    act = Act("M0001", clock.now(), "bench")
    began = time.perf_counter()
    with transaction(made.store) as session:
        issued = dues.issue(session, act, month)
    taken = (time.perf_counter() - began) * 1000
    with reading(made.store) as session:
        settled = session.scalars(select(Allocation.id).limit(1)).first()
    if issued.count < 2 * people - people // SHARED or settled is None:
        raise RuntimeError(f"{issued.count} dues alone")
    return taken
