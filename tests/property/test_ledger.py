"""The address ledger under any sequence of deeds: it always adds up, and always remembers who had what."""

from __future__ import annotations

import shutil
import tempfile
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Network, IPv6Network, ip_network
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import select

from foundation.acts import Act
from foundation.database import Store, engine_of
from foundation.vault import Vault
from inventory import addresses, blocks, devices
from inventory.addresses import NobodyHad, PoolExhausted, PrefixTaken
from inventory.blocks import Prefix
from inventory.models.addresses import Assignment, Block, BlockState, Pool, Role
from inventory.models.devices import Interface

BITS = 6
"""Both pools of the model hold 64 addresses: small enough to be full, and to be looked at one by one."""

POOLS: dict[int, IPv4Network | IPv6Network] = {
    4: IPv4Network("198.51.100.64/26"),
    6: IPv6Network("2001:db8:0:1::ffc0/122"),
}
QUARANTINE = 10
EXAMPLES = settings(
    max_examples=25,
    stateful_step_count=30,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # thirty steps are read sooner than shrunk
)
BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)
TICK = timedelta(microseconds=1)


class Held(NamedTuple):
    """What the model remembers of one assignment: a range of places in the pool, and a half-open period."""

    places: range
    holder: str
    since: datetime
    until: datetime | None


class Ledger(RuleBasedStateMachine):
    """The ledger beside a model of it: 64 places, and a list of who held which."""

    template: Path

    @initialize(family=st.sampled_from([4, 6]))
    def open(self, family: int) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="essaim-ledger-"))
        shutil.copy(self.template, self.folder / "essaim.sqlite")
        store = Store(engine_of(f"sqlite:///{self.folder}/essaim.sqlite"), Vault.create(self.folder / "vault.key"))
        self.engine, self.session = store.engine, store.session()
        self.now = self.last = BEGINNING
        self.network, act = POOLS[family], self.act()
        self.base = int(self.network.network_address)
        self.width = self.network.max_prefixlen
        site = devices.add_site(self.session, act, "cave")
        self.holders: list[Interface] = []
        for name in ("edge", "vpn", "lns"):
            device = devices.add_device(self.session, act, name, role="router", platform="frr", site=site)
            self.holders.append(devices.add_interface(self.session, act, device, "eth0"))
        self.pool: Pool = addresses.create_pool(
            self.session, act, "pool", self.network, handed=self.width, quarantine_days=QUARANTINE
        )
        self.living: dict[int, tuple[Assignment, Held]] = {}
        self.past: list[Held] = []
        self.waiting: dict[int, datetime] = {}
        self.reserved: set[int] = set()
        self.moments = {BEGINNING}

    def teardown(self) -> None:
        if not hasattr(self, "session"):
            return
        try:
            self._history_agrees()
        finally:
            self.session.close()
            self.engine.dispose()
            shutil.rmtree(self.folder)

    def act(self) -> Act:
        return Act("M0001", self.now)

    @rule(hours=st.one_of(st.integers(-48, 48), st.just(24 * QUARANTINE)))
    def time_passes_or_a_clock_goes_back(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @rule(bits=st.integers(0, BITS), holder=st.integers(0, 2))
    def allocate(self, bits: int, holder: int) -> None:
        free = self._free_at(max(self.now, self.last))
        room = any(self._block(place, bits) <= free for place in range(0, 64, 1 << bits))
        try:
            given = addresses.allocate(
                self.session, self.act(), self.pool, self.holders[holder], Role.LINK, length=self.width - bits
            )
        except PoolExhausted:
            assert not room
            return
        assert room
        self._took(given, bits, holder, free)

    @rule(place=st.integers(0, 63), bits=st.integers(0, BITS), holder=st.integers(0, 2))
    def allocate_exactly(self, place: int, bits: int, holder: int) -> None:
        place = place >> bits << bits
        free = self._free_at(max(self.now, self.last))
        wanted = ip_network((self.base + place, self.width - bits))
        try:
            given = addresses.allocate(
                self.session, self.act(), self.pool, self.holders[holder], Role.LINK, exactly=wanted
            )
        except PrefixTaken:
            assert not self._block(place, bits) <= free
            return
        assert given.prefix == wanted
        self._took(given, bits, holder, free)

    @rule(place=st.integers(0, 63), bits=st.integers(0, 2))
    def reserve(self, place: int, bits: int) -> None:
        place = place >> bits << bits
        at = max(self.now, self.last)
        free = self._free_at(at)
        wanted = self._block(place, bits)
        try:
            addresses.reserve(self.session, self.act(), self.pool, ip_network((self.base + place, self.width - bits)))
        except PrefixTaken:
            assert not wanted <= free
            self._quarantines_end(at)
            self.last = at
            return
        assert wanted <= free
        self._quarantines_end(at)
        self.last = at
        self.reserved |= wanted

    @precondition(lambda self: getattr(self, "living", None))
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(sorted(self.living)))
        given, held = self.living.pop(key)
        addresses.release(self.session, self.act(), given)
        at = max(self.now, self.last, held.since + TICK)
        assert given.until == at
        self.last = at
        self.past.append(held._replace(until=at))
        self.moments.add(at)
        self.waiting |= dict.fromkeys(held.places, at + timedelta(days=QUARANTINE))

    @invariant()
    def the_blocks_are_the_pool(self) -> None:
        if not hasattr(self, "session"):
            return
        found = self.session.scalars(select(Block).where(Block.pool_id == self.pool.id).order_by(Block.first)).all()
        expected = self.base
        for block in found:
            size = 1 << (self.width - block.length)
            assert block.first == expected
            assert block.last == block.first + size - 1
            assert block.first % size == 0
            expected = block.last + 1
        assert expected == self.base + 64
        free = {(block.first, block.length) for block in found if block.state == BlockState.FREE}
        halves = {blocks.buddy(Prefix(first, length, self.width)) for first, length in free}
        assert not free & {(half.first, half.length) for half in halves if half.length > self.network.prefixlen}

    @invariant()
    def the_census_adds_up(self) -> None:
        if not hasattr(self, "session"):
            return
        counted = addresses.census(self.session, self.pool)
        assert sum(counted.values()) == 64
        assert counted[BlockState.ASSIGNED] == sum(len(held.places) for _, held in self.living.values())
        assert counted[BlockState.RESERVED] == len(self.reserved)

    @precondition(lambda self: hasattr(self, "session"))
    @rule(place=st.integers(0, 63), hours=st.integers(-100, 1000))
    def who_had_agrees(self, place: int, hours: int) -> None:
        self._agrees(place, BEGINNING + timedelta(hours=hours))

    def _history_agrees(self) -> None:
        places = {place for held in self._all() for place in (held.places[0], held.places[-1])} | {0, 63}
        for moment in sorted(self.moments)[-8:]:
            for at in (moment - TICK, moment):
                for place in sorted(places)[:8]:
                    self._agrees(place, at)

    def _agrees(self, place: int, at: datetime) -> None:
        address = self.network.network_address + place
        expected = [
            held
            for held in self._all()
            if place in held.places and held.since <= at and (held.until is None or at < held.until)
        ]
        assert len(expected) <= 1
        if not expected:
            with pytest.raises(NobodyHad):
                addresses.who_had(self.session, address, at)
            return
        found = addresses.who_had(self.session, address, at)
        assert (found.device, found.since, found.until) == (expected[0].holder, expected[0].since, expected[0].until)
        assert address in found.prefix

    def _all(self) -> list[Held]:
        return [*self.past, *(held for _, held in self.living.values())]

    def _block(self, place: int, bits: int) -> set[int]:
        return set(range(place, place + (1 << bits)))

    def _free_at(self, at: datetime) -> set[int]:
        held = {place for _, one in self.living.values() for place in one.places}
        waiting = {place for place, until in self.waiting.items() if until > at}
        return set(range(64)) - held - waiting - self.reserved

    def _quarantines_end(self, at: datetime) -> None:
        self.waiting = {place: until for place, until in self.waiting.items() if until > at}

    def _took(self, given: Assignment, bits: int, holder: int, free: set[int]) -> None:
        at = max(self.now, self.last)
        first = given.first - self.base
        places = range(first, first + (1 << bits))
        assert first % (1 << bits) == 0
        assert set(places) <= free
        assert given.since == at
        self._quarantines_end(at)
        self.last = at
        self.moments.add(at)
        self.living[given.id] = (given, Held(places, ("edge", "vpn", "lns")[holder], at, None))


def test_the_ledger_always_adds_up_and_never_forgets(empty_database: Path) -> None:
    from hypothesis.stateful import run_state_machine_as_test

    machine = type("Opened", (Ledger,), {"template": empty_database})
    run_state_machine_as_test(machine, settings=EXAMPLES)


prefixes = st.sampled_from([32, 128]).flatmap(
    lambda width: st.integers(0, width).flatmap(
        lambda length: st.integers(0, (1 << length) - 1).map(
            lambda network: Prefix(network << (width - length), length, width)
        )
    )
)


@given(prefixes, st.data())
def test_what_is_cut_and_what_is_left_make_the_whole(free: Prefix, data: st.DataObject) -> None:
    length = data.draw(st.integers(free.length, free.width))
    inside = data.draw(st.integers(0, (1 << (length - free.length)) - 1))
    wanted = Prefix(free.first + (inside << (free.width - length)), length, free.width)
    taken, rest = blocks.carve(free, wanted)
    assert taken == wanted
    parts = sorted([taken, *rest])
    assert parts[0].first == free.first
    assert parts[-1].last == free.last
    assert all(one.last + 1 == other.first for one, other in pairwise(parts))
    assert all(one.first % one.size == 0 for one in parts)
    assert sorted(one.length for one in rest) == list(range(free.length + 1, length + 1))


@given(prefixes, st.data())
def test_what_was_cut_joins_again_into_what_it_was(free: Prefix, data: st.DataObject) -> None:
    taken, rest = blocks.take(free, data.draw(st.integers(free.length, free.width)))
    while taken.length > free.length:
        assert blocks.buddy(taken) in rest
        assert blocks.buddy(blocks.buddy(taken)) == taken
        taken = blocks.merged(taken)
    assert taken == free


@given(prefixes, prefixes)
def test_only_a_part_can_be_cut_out(free: Prefix, wanted: Prefix) -> None:
    inside = free.first <= wanted.first and wanted.last <= free.last and wanted.width == free.width
    if wanted.width == free.width and not inside:
        with pytest.raises(ValueError, match="not inside"):
            blocks.carve(free, wanted)


@given(prefixes, st.data())
def test_whatever_holds_an_address_is_among_its_ancestors(block: Prefix, data: st.DataObject) -> None:
    address = data.draw(st.integers(block.first, block.last))
    found = blocks.ancestors(address, block.width)
    assert block.first in found
    assert len(found) <= block.width + 1
    assert all(first <= address for first in found)
