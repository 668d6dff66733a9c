"""Whatever is done to lines and their parts, in whatever order: states stay in the graph, days are cut once."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from ipaddress import ip_network
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from foundation.acts import Act
from foundation.database import Store, engine_of, transaction
from foundation.errors import Refused
from foundation.vault import Vault
from inventory import addresses, handing, lines, members, moving, offers, shares
from inventory.lines import ENDED, NEXT, Ordering
from inventory.models.addresses import Assignment
from inventory.models.lines import Credential, Line, LineEvent, LineState, Offer, Share, ShareWeight
from inventory.models.people import Member

START = datetime(2026, 1, 5, 12, tzinfo=UTC)
FIRST = date(2026, 1, 1)
days = st.integers(0, 60).map(lambda number: FIRST + timedelta(days=number))


@given(days, st.none() | days, st.dictionaries(days, st.integers(1, 9)), st.integers(1, 9))
def test_what_a_part_weighs_cuts_its_days_once(
    since: date, until: date | None, changes: dict[date, int], weight: int
) -> None:
    until = None if until is None else max(until, since)
    part = Share(weight=weight, since=since, until=until)
    part.weights = [ShareWeight(since=day, weight=changes[day]) for day in sorted(changes)]
    cut = list(shares.periods(part))
    end = FIRST + timedelta(days=90)
    for day in (FIRST + timedelta(days=number) for number in range(90)):
        here = [one for one in cut if one[0] <= day and (one[1] is None or day < one[1])]
        assert len(here) == int(shares.in_force(part, day))
        if here:
            assert here[0][2] == part.weight_on(day)
    assert [one[0] for one in cut[1:]] == [one[1] for one in cut[:-1]]
    assert all(one[0] < (one[1] or end) for one in cut)


@pytest.fixture(scope="module")
def association(empty_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """Three members, copper and fibre; the first member has a copper line in service."""
    folder = tmp_path_factory.mktemp("lines")
    shutil.copy(empty_database, folder / "essaim.sqlite")
    store = Store(engine_of(f"sqlite:///{folder / 'essaim.sqlite'}"), Vault.create(folder / "vault.key"))
    act = Act("machine:test", START, "test")
    with transaction(store) as session:
        v4 = addresses.create_pool(session, act, "v4", ip_network("198.51.100.0/24"), handed=32)
        v6 = addresses.create_pool(session, act, "v6", ip_network("2001:db8::/48"), handed=56)
        for name, technology in (("adsl", "adsl"), ("fibre", "ftth")):
            offers.add_offer(session, act, name, name, technology, "l2tp", pool_v4=v4, pool_v6=v6)
        people = [members.add_member(session, act, name) for name in ("Ada", "Béa", "Cléo")]
        line = lines.order_line(session, act, people[0], offers.find_offer(session, "adsl"), Ordering())
        for state in (LineState.ORDERED, LineState.DELIVERED, LineState.ACTIVE):
            lines.move(session, act, line, state)
    yield store
    store.engine.dispose()


steps = st.one_of(
    st.tuples(st.just("move"), st.sampled_from(LineState)),
    st.tuples(st.sampled_from(["add", "end", "hand", "weigh"]), st.integers(1, 3)),
    st.tuples(st.just("migrate"), st.sampled_from(["adsl", "fibre"])),
    st.tuples(st.sampled_from(["done", "undo"]), st.none()),
)


def do(session: Session, act: Act, line: Line, step: tuple[str, Any]) -> None:
    verb, what = step
    who = session.scalars(select(Member).where(Member.number == what)).one() if isinstance(what, int) else None
    offer = session.get_one(Offer, line.offer_id)
    match verb:
        case "move":
            lines.move(session, act, line, what)
        case "add":
            lines.add_share(session, act, line, who, offer)  # type: ignore[arg-type]
        case "end":
            lines.end_share(session, act, line, who)  # type: ignore[arg-type]
        case "hand":
            handing.hand_line(session, act, line, who)  # type: ignore[arg-type]
        case "weigh":
            handing.weigh_share(session, act, line, who, 2)  # type: ignore[arg-type]
        case "migrate":
            moving.migrate_line(session, act, line, offers.find_offer(session, what), Ordering(place="là"))
        case "done":
            moving.complete_migration(session, act, line)
        case _:
            moving.undo_migration(session, act, line)


@settings(max_examples=40, deadline=None)
@given(st.lists(steps, max_size=12))
def test_any_sequence_of_deeds_leaves_a_line_that_makes_sense(association: Store, deeds: list[tuple[str, Any]]) -> None:
    with association.session() as session:
        line = lines.find_line(session, "L0001")
        for rank, step in enumerate(deeds, start=1):
            act = Act("machine:test", START + timedelta(days=rank), "essai")
            held = living(session)
            done = True
            try:
                do(session, act, line, step)
            except Refused:
                done = False
            if step[0] in ("migrate", "done", "undo", "weigh") or not done:
                assert living(session) == held  # addresses are as they were, row for row
            makes_sense(session, line)
        session.rollback()


def living(session: Session) -> list[tuple[int, str, int | None]]:
    rows = session.scalars(select(Assignment).where(Assignment.until.is_(None)).order_by(Assignment.id))
    return [(row.id, str(row.prefix), row.share_id) for row in rows]


def makes_sense(session: Session, line: Line) -> None:
    states = [LineState(one) for one in session.scalars(select(LineEvent.state).order_by(LineEvent.id))]
    assert all(after in NEXT[before] for before, after in pairwise(states))
    assert states[-1] == line.state
    parts = shares.of_line(session, line)
    alive = [one for one in parts if one.until is None]
    assert len({one.member_id for one in alive}) == len(alive)
    of_parts = {one.id for one in alive}
    assert {one[2] for one in living(session)} <= of_parts
    opens = session.scalars(select(Credential).where(Credential.until.is_(None))).all()
    assert {one.share_id for one in opens} <= of_parts
    assert bool(alive) == (line.state not in ENDED)
    by_member: dict[int, list[Share]] = {}
    for one in sorted(parts, key=lambda one: (one.since, one.id)):
        before = by_member.setdefault(one.member_id, [])
        assert all(past.until is not None and past.until <= one.since for past in before)
        before.append(one)
