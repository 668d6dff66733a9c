"""Two people do the same at once: one is done, the others are told; above all on PostgreSQL, which has many writers."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from desk import merging
from foundation import journal
from foundation.acts import Act
from foundation.database import EssaimSession, Store, engine_of, reading, transaction
from foundation.errors import EssaimError
from foundation.vault import Vault
from inventory import addresses, devices, lines, mandates, members, moving, offers, places, pools, renumbering, rules
from inventory.lines import Ordering
from inventory.models.mandates import MandateState, Task

ACT = Act("machine:test", datetime(2026, 11, 22, 13, 2, tzinfo=UTC), "test")
KEYS = ("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", "BAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")


def done_at_once(store: Store, *deeds: Callable[[EssaimSession], object], refused: list[str] | None = None) -> int:
    """How many of these, begun together, were done; the others were refused in our words, by these kinds."""
    done, together = [], threading.Barrier(len(deeds))

    def one(deed: Callable[[EssaimSession], object]) -> None:
        together.wait()
        try:
            with transaction(store) as session:
                deed(session)
            done.append(deed)
        except EssaimError as error:
            if refused is not None:
                refused.append(error.kind)

    threads = [threading.Thread(target=one, args=(deed,)) for deed in deeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return len(done)


def test_what_several_do_at_once_is_done_once(pg_store: Store) -> None:
    store = pg_store
    with transaction(store) as session:
        ada = members.add_member(session, ACT, "Ada Exemple")
        vpn = devices.add_device(
            session, ACT, "vpn", role="vpn", platform="debian", site=places.add_site(session, ACT, "cave")
        )
        old, _ = (addresses.create_pool(session, ACT, name, ip_network(prefix), handed=32, device=vpn)
                  for name, prefix in (("old", "198.51.100.0/24"), ("new", "203.0.113.0/24")))  # fmt: skip
        offer = offers.add_offer(session, ACT, "vpn", "VPN", "wireguard", device=vpn, pool_v4=old)
        for key in KEYS:
            lines.order_line(session, ACT, ada, offer, Ordering(public_key=key))

    def close(session: EssaimSession) -> None:
        lines.close_line(session, ACT, lines.find_line(session, "L0001"))

    def migrate(session: EssaimSession) -> None:
        line = lines.find_line(session, "L0002")
        moving.migrate_line(session, ACT, line, offers.find_offer(session, "vpn"), Ordering(place="grenier"))

    def renumber(session: EssaimSession) -> None:
        renumbering.begin(session, ACT, pools.find_pool(session, "old"), pools.find_pool(session, "new"), 1)

    def give(session: EssaimSession) -> None:
        mandates.give(session, ACT, members.find_member(session, "M0001"), Task.MANDATES_GIVE)

    assert [done_at_once(store, deed, deed, deed) for deed in (close, migrate, renumber, give)] == [1, 1, 1, 1]


@pytest.fixture(params=["sqlite", "postgresql"])
def either(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """An association of three members on each engine: M0001 and M0002 may do all there is to do here."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("empty_database"), tmp_path / "essaim.sqlite")
        engine = engine_of(f"sqlite:///{tmp_path / 'essaim.sqlite'}")
    else:
        empty = request.getfixturevalue("empty_postgresql")
        engine = engine_of(request.getfixturevalue("postgresql")(empty))
    store = Store(engine, Vault.create(tmp_path / "vault.key"))
    with transaction(store) as session:
        people = [members.add_member(session, ACT, name) for name in ("Ada", "Béa", "Cléo", "Dan")]
        mandates.give(session, ACT, people[0], Task.MANDATES_GIVE)
        for member in people[:3]:
            for task in (Task.MANDATES_GIVE, Task.RULES_SET, Task.MEMBERS_WRITE):
                if (str(member), task) != ("M0001", Task.MANDATES_GIVE):
                    mandates.give(session, by(1), member, task)
        rules.set_rule(session, by(1), "mandates.quorum", "2")
    yield store
    engine.dispose()


def by(number: int) -> Act:
    return replace(ACT, actor=f"M{number:04d}")


def deed_on(number: str, verb: Callable[..., object], who: int) -> Callable[[EssaimSession], object]:
    """A verb on the mandate of that number, by that member, who read it before."""
    return lambda session: verb(session, by(who), mandates.find_mandate(session, number))


def test_a_mandate_is_seconded_once_and_ended_once(either: Store) -> None:
    for rank in range(4):
        with transaction(either) as session:
            waits = str(mandates.give(session, by(1), members.find_member(session, "M0004"), list(Task)[rank]))
        refused: list[str] = []
        seconds = [deed_on(waits, mandates.second, who) for who in (2, 3)]
        assert done_at_once(either, *seconds, refused=refused) == 1
        ends = [deed_on(waits, mandates.end, who) for who in (1, 2, 3)]
        assert done_at_once(either, *ends, refused=refused) == 1
        assert refused == ["nothing-to-second", "mandate-ended", "mandate-ended"]
        with transaction(either) as session:
            told = [deed.verb for deed in journal.show(session, subject=waits)]
        assert told == ["mandate.end", "mandate.second", "mandate.give"]


def test_a_mandate_that_ends_while_it_is_seconded_is_over(either: Store) -> None:
    for rank in range(4):
        with transaction(either) as session:
            waits = str(mandates.give(session, by(1), members.find_member(session, "M0004"), list(Task)[rank]))
        refused: list[str] = []
        done_at_once(either, deed_on(waits, mandates.second, 2), deed_on(waits, mandates.end, 3), refused=refused)
        assert refused in ([], ["nothing-to-second"])
        with reading(either) as session:
            assert mandates.find_mandate(session, waits).state_on(ACT.at.date()) == MandateState.ENDED


def test_the_last_who_give_mandates_do_not_all_lay_it_down_at_once(either: Store) -> None:
    with reading(either) as session:
        givers = [str(one) for one in mandates.list_mandates(session, on=ACT.at.date(), task=Task.MANDATES_GIVE)]
    refused: list[str] = []
    ends = [deed_on(one, mandates.end, who) for who, one in enumerate(givers, start=1)]
    assert (len(ends), done_at_once(either, *ends, refused=refused), refused) == (3, 2, ["last-giver"])


def test_a_lower_quorum_takes_two_people_who_may_come_at_once(either: Store) -> None:
    lower = [lambda session, who=who: rules.set_rule(session, by(who), "mandates.quorum", "1") for who in (1, 2)]
    assert done_at_once(either, *lower) == 2
    with reading(either) as session:
        assert rules.value(session, "mandates.quorum") == "1"


def test_two_files_merged_into_one_another_at_once_are_one_file(either: Store) -> None:
    def merge(absorbed: str, into: str) -> Callable[[EssaimSession], object]:
        def deed(session: EssaimSession) -> object:
            both = members.find_member(session, absorbed), members.find_member(session, into)
            return merging.merge(session, by(1), *both)

        return deed

    refused: list[str] = []
    assert done_at_once(either, merge("M0003", "M0004"), merge("M0004", "M0003"), refused=refused) == 1
    assert refused[0] in ("merged-before", "merged-meanwhile")
    with reading(either) as session:
        assert members.find_member(session, "M0003") is members.find_member(session, "M0004")


def test_a_wave_begins_once_and_is_finished_once(either: Store) -> None:
    deed = replace(ACT, actor="M0001")
    with transaction(either) as session:
        for task in (Task.ADDRESSES_WRITE, Task.LINES_WRITE, Task.DEVICES_WRITE):
            mandates.second(session, by(2), mandates.give(session, by(1), members.find_member(session, "M0001"), task))
        old, new = (
            addresses.create_pool(session, deed, name, ip_network(prefix), handed=32)
            for name, prefix in (("old", "198.51.100.0/24"), ("new", "203.0.113.0/24"))
        )
        offer = offers.add_offer(session, deed, "vpn", "VPN", "wireguard", pool_v4=old)
        for key in KEYS:
            lines.order_line(session, deed, members.find_member(session, "M0001"), offer, Ordering(public_key=key))
        renumbering.begin(session, deed, old, new, 2)

    def begin(session: EssaimSession) -> None:
        found = renumbering.find_renumbering(session, "R0001")
        renumbering.next_wave(session, deed, found, found.to_pool)

    def finish(session: EssaimSession) -> None:
        found = renumbering.find_renumbering(session, "R0001")
        renumbering.finish_wave(session, deed, found, found.from_pool)

    refused: list[str] = []
    assert done_at_once(either, begin, begin, begin, refused=refused) == 1
    assert done_at_once(either, finish, finish, finish, refused=refused) == 1
    assert refused == ["no-wave"] * 4
