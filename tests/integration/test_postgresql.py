"""The same association on PostgreSQL: the same rules, kept by the other engine."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from billing import dues
from billing.models import Due, Per
from billing.tariffs import set_tariff
from desk import association, sample
from foundation import clock, journal
from foundation.acts import Act
from foundation.clock import Month
from foundation.database import DatabaseUnreadable, Store, engine_of, open_store, reading, transaction
from foundation.money import Euros
from foundation.settings import read_settings
from foundation.vault import Vault
from inventory import addresses, devices, lines, members, offers, places
from inventory.models.addresses import Assignment, Block, BlockState, Role
from migrations import upgrade

pytestmark = [pytest.mark.postgresql, pytest.mark.sqlite]  # they bring an engine of their own

NOW = datetime(2026, 11, 22, 13, 2, tzinfo=UTC)


@pytest.fixture(scope="module")
def template(postgresql: Callable[..., str], tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """The demonstration's association, made once: its database and its key."""
    key = tmp_path_factory.mktemp("pg") / "vault.key"
    engine = engine_of(postgresql())
    upgrade(engine)
    with transaction(Store(engine, Vault.create(key))) as session:
        sample.populate(session)
    engine.dispose()
    return str(engine.url.database), key


@pytest.fixture
def full(postgresql: Callable[..., str], template: tuple[str, Path]) -> Iterator[Store]:
    """The demonstration's association, on PostgreSQL."""
    database, key = template
    engine = engine_of(postgresql(database))
    yield Store(engine, Vault.read(key))
    engine.dispose()


@pytest.fixture
def embedded(demonstration: Any, tmp_path: Path) -> Iterator[Store]:
    """The demonstration's association, on SQLite."""
    shutil.copytree(demonstration.folder, tmp_path / "var")
    opened = open_store(read_settings(var=tmp_path / "var"))
    yield opened
    opened.engine.dispose()


def test_the_demonstrations_association_lives_there_too(full: Store) -> None:
    with reading(full) as session:
        assert len(members.list_members(session, limit=1000)) == 150
        assert journal.verify(session)[0] > 500
        pool = addresses.find_pool(session, "vpn-v4")
        assert sum(addresses.census(session, pool).values()) == 256
        held = addresses.who_had(session, ip_address("198.51.100.7"), NOW)
        assert held.line is not None
        assert str(held.prefix) == "198.51.100.7/32"
        assert held.since.tzinfo is UTC


def test_an_overlapping_block_is_refused_by_the_database(full: Store) -> None:
    insert = (
        "INSERT INTO block (pool_id, family, first, last, length, state) "
        "SELECT pool_id, family, first, last, length, 'free' FROM block WHERE family = 6 LIMIT 1"
    )
    inside = insert.replace("first, last, length, 'free'", "last, last, length, 'free'").replace(
        "LIMIT 1", "AND last > first LIMIT 1"
    )
    for statement in (insert, inside):
        with pytest.raises(IntegrityError), transaction(full) as session:
            session.execute(text(statement))


def test_what_is_over_is_never_rewritten(full: Store) -> None:
    with transaction(full) as session:
        lines.close_line(session, Act("machine:test", NOW), lines.find_line(session, "L0042"))
    for statement in (
        "UPDATE assignment SET role = 'wan' WHERE until IS NOT NULL",
        "DELETE FROM assignment WHERE until IS NULL",
        "UPDATE journal SET actor = 'M0666'",
        "DELETE FROM journal",
        "UPDATE journal_payload SET body = ''",
    ):
        with pytest.raises(DBAPIError), transaction(full) as session:
            session.execute(text(statement))
    with reading(full) as session:
        journal.verify(session)


def test_two_who_allocate_at_once_never_collide(pg_store: Store) -> None:
    act = Act("machine:test", NOW)
    with transaction(pg_store) as session:
        site = places.add_site(session, act, "cave")
        server = devices.add_device(session, act, "vpn", role="vpn", platform="debian", site=site)
        devices.add_interface(session, act, server, "eth0")
        addresses.create_pool(session, act, "v4", ip_network("198.51.100.0/26"), handed=32)
    begin = threading.Barrier(4)

    def take(rank: int) -> int:
        begin.wait()
        taken = 0
        with suppress(addresses.PoolExhausted):
            for step in range(100):
                with transaction(pg_store) as session:
                    eth0 = devices.find_device(session, "vpn").interfaces[0]
                    pool = addresses.find_pool(session, "v4")
                    addresses.allocate(
                        session, Act(f"machine:{rank}", NOW + timedelta(seconds=step)), pool, eth0, Role.LINK
                    )
                    taken += 1
        return taken

    with ThreadPoolExecutor(4) as threads:
        taken = list(threads.map(take, range(4)))
    assert sum(taken) == 64
    with reading(pg_store) as session:
        given = session.scalars(select(Assignment.first)).all()
        assert len(set(given)) == 64
        assert addresses.census(session, addresses.find_pool(session, "v4"))[BlockState.ASSIGNED] == 64
        assert journal.verify(session)[0] == 64 + 4


def test_two_who_join_at_once_get_two_numbers(pg_store: Store) -> None:
    def join(rank: int) -> str:
        with transaction(pg_store) as session:
            return str(members.add_member(session, Act("machine:test", NOW), f"Personne {rank}"))

    with ThreadPoolExecutor(4) as threads:
        assert sorted(threads.map(join, range(12))) == [f"M{number:04d}" for number in range(1, 13)]
    with reading(pg_store) as session:
        assert journal.verify(session)[0] == 12


def test_a_reader_sees_one_state_from_beginning_to_end(pg_store: Store) -> None:
    with reading(pg_store) as session:
        assert members.list_members(session) == []
        with transaction(pg_store) as other:
            members.add_member(other, Act("machine:test", NOW), "Ada")
        assert members.list_members(session) == []
    with reading(pg_store) as session:
        assert len(members.list_members(session)) == 1


def test_a_months_dues_are_the_same_as_on_sqlite(full: Store, embedded: Store) -> None:
    since = clock.today(sample.BEGINNING)
    with transaction(full) as session:
        for offer, cents in (("vpn", 500), ("adsl", 3500)):
            found = offers.find_offer(session, offer)
            set_tariff(session, Act("machine:test", NOW), found, Euros(cents), per=Per.MONTH, label=offer, since=since)
        for kind in ("adherent", "affiliate"):
            set_tariff(
                session, Act("machine:test", NOW), kind, Euros(1500), per=Per.YEAR, label="Cotisation", since=since
            )
    issued = []
    for one, actor in ((full, "machine:test"), (embedded, "M0001")):  # people hold mandates in the demonstration
        with transaction(one) as session:
            done = dues.issue(session, Act(actor, NOW), Month(2026, 11))
            assert done.total == session.scalars(select(func.sum(Due.cents))).one()
            issued.append((done.count, done.total, done.skipped))
    assert issued[0] == issued[1]
    assert issued[0][0] > 100


def test_addresses_are_the_same_and_in_the_same_order_on_both_engines(full: Store, embedded: Store) -> None:
    orders = []
    for one in (full, embedded):
        with reading(one) as session:
            found = session.execute(select(Block.family, Block.first, Block.state).order_by(Block.family, Block.first))
            orders.append([tuple(row) for row in found])
    assert orders[0] == orders[1]


def test_a_database_without_an_association_says_so(postgresql: Callable[..., str], tmp_path: Path) -> None:
    engine = engine_of(postgresql())
    empty = Store(engine, Vault.create(tmp_path / "vault.key"))
    with pytest.raises(DatabaseUnreadable), reading(empty) as session:
        members.list_members(session)
    engine.dispose()


def test_an_association_is_created_there_once(
    postgresql: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ESSAIM_DATABASE_URL", postgresql())
    made = association.create(read_settings(var=tmp_path / "one"))
    made.engine.dispose()
    with pytest.raises(association.DatabaseTaken):
        association.create(read_settings(var=tmp_path / "two"))
    assert not list((tmp_path / "two").glob("*"))
