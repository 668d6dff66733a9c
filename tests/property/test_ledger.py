"""The address ledger under any sequence of deeds: it always adds up, and always remembers who had what."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Network, IPv6Network, ip_network
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple, TypeVar

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import func, select

from foundation.acts import Act
from foundation.database import Store, engine_of
from foundation.errors import EssaimError, Refused
from foundation.vault import Vault
from inventory import addresses, blocks, devices, places, reshaping
from inventory.addresses import (
    BadLength,
    NobodyHad,
    NotAssigned,
    NotReserved,
    PoolClosed,
    PoolExhausted,
    PoolOverlaps,
    PrefixTaken,
)
from inventory.blocks import Prefix
from inventory.models.addresses import Assignment, Block, BlockState, Pool, Role
from inventory.models.devices import Interface
from inventory.pools import PoolNamed
from inventory.reshaping import Indivisible, NotAround, StillUsed

T = TypeVar("T")

BITS = 6
"""Pools come and go within 64 addresses: few enough to be full, and to be looked at one by one."""

SPACES: dict[int, IPv4Network | IPv6Network] = {
    4: IPv4Network("198.51.100.64/26"),
    6: IPv6Network("2001:db8:0:1::ffc0/122"),
}
QUARANTINE = 10
EXAMPLES = settings(
    max_examples=30,
    stateful_step_count=40,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # forty steps are read sooner than shrunk
)
BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)
TICK = timedelta(microseconds=1)
NAMES = ("a", "b", "c", "d")


class Held(NamedTuple):
    """What the model remembers of one assignment: a range of places, and a half-open period."""

    places: range
    holder: str
    since: datetime
    until: datetime | None


@dataclass
class Piece:
    """What the model knows of a living pool: its row, its places, and when something last happened in it."""

    pool: Pool
    places: range
    last: datetime


names, anywhere, sizes, holders = st.sampled_from(NAMES), st.integers(0, 63), st.integers(0, BITS), st.integers(0, 2)


class Ledger(RuleBasedStateMachine):
    """The ledger beside a model of it: 64 places, the pools that have them, and who held which."""

    template: Path

    @initialize(family=st.sampled_from([4, 6]))
    def begin(self, family: int) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="essaim-ledger-"))
        shutil.copy(self.template, self.folder / "essaim.sqlite")
        store = Store(engine_of(f"sqlite:///{self.folder}/essaim.sqlite"), Vault.create(self.folder / "vault.key"))
        self.engine, self.session = store.engine, store.session()
        self.now = BEGINNING
        self.space = SPACES[family]
        self.base = int(self.space.network_address)
        self.width = self.space.max_prefixlen
        self.pieces: dict[str, Piece] = {}
        self.living: dict[int, tuple[Assignment, Held]] = {}
        self.past: list[Held] = []
        self.waiting: dict[range, datetime] = {}
        self.reserved: set[range] = set()
        self.moments = {BEGINNING}
        site = places.add_site(self.session, self.act(), "cave")
        self.holders: list[Interface] = []
        for name in ("edge", "vpn", "lns"):
            device = devices.add_device(self.session, self.act(), name, role="router", platform="frr", site=site)
            self.holders.append(devices.add_interface(self.session, self.act(), device, "eth0"))
        self.open_a_pool("a", 0, BITS)

    def teardown(self) -> None:
        if not hasattr(self, "moments"):
            return
        try:
            self._history_agrees()
        finally:
            self.session.close()
            self.engine.dispose()
            shutil.rmtree(self.folder)

    def act(self) -> Act:
        return Act("machine:test", self.now)

    @rule(hours=st.one_of(st.integers(-48, 48), st.just(24 * QUARANTINE)))
    def time_passes_or_a_clock_goes_back(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @rule(name=names, bits=sizes, holder=holders, count=st.sampled_from([1, 1, 1, 2, 3, 9]))
    def allocate(self, name: str, bits: int, holder: int, count: int) -> None:
        piece = self.pieces.get(name)
        if piece is None:
            return
        free = self._free(piece)
        length, who = self.width - bits, self.holders[holder]

        def deed() -> list[Assignment]:
            if count > 1:
                return addresses.allocate_many(
                    self.session, self.act(), piece.pool, who, Role.LINK, count, length=length
                )
            return [addresses.allocate(self.session, self.act(), piece.pool, who, Role.LINK, length=length)]

        refusal: type[Refused] | None = None
        if 1 << bits > len(piece.places):
            refusal = BadLength
        elif sum(free.issuperset(block(place, bits)) for place in range(0, 64, 1 << bits)) < count:
            refusal = PoolExhausted
        for one in self._does(deed, refusal) or ():
            self._took(piece, one, bits, holder, free)

    @rule(name=names, place=anywhere, bits=sizes, holder=holders)
    def allocate_exactly(self, name: str, place: int, bits: int, holder: int) -> None:
        piece = self.pieces.get(name)
        if piece is None:
            return
        free, wanted = self._free(piece), block(place, bits)
        given = self._does(
            lambda: addresses.allocate(
                self.session, self.act(), piece.pool, self.holders[holder], Role.LINK, exactly=self._prefix(wanted)
            ),
            None if free.issuperset(wanted) else PrefixTaken,
        )
        if given is not None:
            assert given.prefix == self._prefix(wanted)
            self._took(piece, given, bits, holder, free)

    @rule(name=names, place=anywhere, bits=st.integers(0, 2))
    def reserve(self, name: str, place: int, bits: int) -> None:
        piece = self.pieces.get(name)
        if piece is None:
            return
        wanted = block(place, bits)
        refusal = None if self._free(piece).issuperset(wanted) else PrefixTaken
        self._does(
            lambda: addresses.reserve(self.session, self.act(), piece.pool, self._prefix(wanted), note="x"), refusal
        )
        if refusal is None:
            self._happened(piece)
            self.reserved.add(wanted)

    @precondition(lambda self: getattr(self, "reserved", None))
    @rule(data=st.data(), half=st.sampled_from([False, False, True]))
    def unreserve(self, data: st.DataObject, half: bool) -> None:
        wanted = data.draw(st.sampled_from(sorted(self.reserved, key=lambda one: one[0])))
        piece = self._around(wanted[0])
        asked = wanted[: len(wanted) // 2] if half and len(wanted) > 1 else wanted
        refusal = None if asked == wanted else NotReserved
        self._does(lambda: addresses.unreserve(self.session, self.act(), piece.pool, self._prefix(asked)), refusal)
        if refusal is None:
            self._happened(piece)
            self.reserved.remove(wanted)

    @precondition(lambda self: getattr(self, "living", None))
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(sorted(self.living)))
        given, held = self.living.pop(key)
        piece = self._around(held.places[0])
        self._does(lambda: addresses.release(self.session, self.act(), given))
        self._happened(piece, held.since + TICK)
        assert given.until == piece.last
        self.past.append(held._replace(until=piece.last))
        self.waiting[held.places] = piece.last + timedelta(days=QUARANTINE)
        self._does(lambda: addresses.release(self.session, self.act(), given), NotAssigned)

    @rule(name=names, place=anywhere, bits=sizes)
    def open_a_pool(self, name: str, place: int, bits: int) -> None:
        places = block(place, bits)
        refusal: type[Refused] | None = None
        if name in self.pieces:
            refusal = PoolNamed
        elif any(meet(places, piece.places) for piece in self.pieces.values()):
            refusal = PoolOverlaps
        made = self._does(
            lambda: addresses.create_pool(
                self.session, self.act(), name, self._prefix(places), handed=self.width, quarantine_days=QUARANTINE
            ),
            refusal,
        )
        if made is not None:
            self.pieces[name] = Piece(made, places, self.now)
            self._happened(self.pieces[name], self._last_held(places))

    @rule(name=names, more=st.integers(0, 3))
    def grow(self, name: str, more: int) -> None:
        piece = self.pieces.get(name)
        if piece is None or len(piece.places) << more > 64:
            return
        places = block(piece.places[0], (len(piece.places) << more).bit_length() - 1)
        refusal: type[EssaimError] | None = None
        if more == 0:
            refusal = NotAround
        elif any(meet(places, other.places) for other in self.pieces.values() if other is not piece):
            refusal = PoolOverlaps
        self._does(lambda: reshaping.grow_pool(self.session, self.act(), piece.pool, self._prefix(places)), refusal)
        if refusal is None:
            self._happened(piece, self._last_held(places))
            piece.places = places

    @rule(name=names, into=names)
    def split(self, name: str, into: str) -> None:
        piece = self.pieces.get(name)
        if piece is None:
            return
        half = len(piece.places) // 2
        refusal: type[Refused] | None = None
        if into in self.pieces:
            refusal = PoolNamed
        elif not half or piece.places in self._busy(piece):
            refusal = Indivisible
        made = self._does(lambda: reshaping.split_pool(self.session, self.act(), piece.pool, into), refusal)
        if made is not None:
            self._happened(piece)
            self.pieces[into] = Piece(made, piece.places[half:], piece.last)
            piece.places = piece.places[:half]

    @rule(name=names, place=anywhere, bits=sizes)
    def shrink(self, name: str, place: int, bits: int) -> None:
        piece, kept = self.pieces.get(name), block(place, bits)
        if piece is None:
            return
        refusal: type[Refused] | None = None
        if kept == piece.places or not set(kept) <= set(piece.places):
            refusal = NotAround
        elif any(not set(one) <= set(kept) for one in self._busy(piece)):
            refusal = StillUsed
        self._does(lambda: reshaping.shrink_pool(self.session, self.act(), piece.pool, self._prefix(kept)), refusal)
        if refusal is None:
            self._happened(piece)
            piece.places = kept

    @rule(name=names)
    def close(self, name: str) -> None:
        piece = self.pieces.get(name)
        if piece is None:
            return
        refusal = StillUsed if self._busy(piece) else None
        self._does(lambda: reshaping.close_pool(self.session, self.act(), piece.pool), refusal)
        if refusal is None:
            self._happened(piece)
            del self.pieces[name]
            wanted = self._prefix(piece.places)
            self._does(lambda: addresses.reserve(self.session, self.act(), piece.pool, wanted), PoolClosed)

    @invariant()
    def the_blocks_are_the_pools(self) -> None:
        if not hasattr(self, "moments"):
            return
        covered = 0
        for piece in self.pieces.values():
            found = self.session.scalars(
                select(Block)
                .where(Block.pool_id == piece.pool.id)
                .order_by(Block.first)
                .execution_options(populate_existing=True)
            ).all()
            covered += len(found)
            expected = self.base + piece.places[0]
            for one in found:
                size = 1 << (self.width - one.length)
                assert one.first == expected
                assert one.last == one.first + size - 1
                assert one.first % size == 0
                expected = one.last + 1
            assert expected == self.base + piece.places[-1] + 1
            assert piece.pool.prefix == self._prefix(piece.places)
            free = {Prefix(one.first, one.length, self.width) for one in found if one.state == BlockState.FREE}
            assert not [one for one in free if one.length > piece.pool.length and blocks.buddy(one) in free]
        assert covered == self.session.scalar(select(func.count(Block.id)))

    @invariant()
    def the_census_adds_up(self) -> None:
        if not hasattr(self, "moments"):
            return
        for piece in self.pieces.values():
            counted = addresses.census(self.session, piece.pool)
            living = [held.places for _, held in self.living.values() if meet(held.places, piece.places)]
            aside = [places for places in self.reserved if meet(places, piece.places)]
            assert sum(counted.values()) == len(piece.places)
            assert counted[BlockState.ASSIGNED] == sum(map(len, living))
            assert counted[BlockState.RESERVED] == sum(map(len, aside))
            waits = [places for places in self.waiting if meet(places, piece.places)]
            assert counted[BlockState.QUARANTINED] == sum(map(len, waits))

    @precondition(lambda self: hasattr(self, "moments"))
    @rule(place=anywhere, hours=st.integers(-100, 1000))
    def who_had_agrees(self, place: int, hours: int) -> None:
        self._agrees(place, BEGINNING + timedelta(hours=hours))

    @precondition(lambda self: hasattr(self, "moments"))
    @rule(ended=st.booleans(), limit=st.integers(1, 5))
    def the_list_agrees(self, ended: bool, limit: int) -> None:
        listed: list[tuple[str, datetime]] = []
        while True:
            after = (ip_network(listed[-1][0]), listed[-1][1]) if listed else None
            page = addresses.rows(self.session, ended=ended, after=after, limit=limit)
            if not page:
                break
            listed += [(row["prefix"], row["since"]) for row in page]
        known = self._all() if ended else [held for _, held in self.living.values()]
        order = sorted((held.places[0], held.since, str(self._prefix(held.places))) for held in known)
        assert listed == [(prefix, since) for _, since, prefix in order]

    def _history_agrees(self) -> None:
        places = {place for held in self._all() for place in (held.places[0], held.places[-1])} | {0, 63}
        for moment in sorted(self.moments)[-8:]:
            for at in (moment - TICK, moment):
                for place in sorted(places)[:8]:
                    self._agrees(place, at)

    def _agrees(self, place: int, at: datetime) -> None:
        address = self.space.network_address + place
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

    def _does(self, deed: Callable[[], T], refusal: type[EssaimError] | None = None) -> T | None:
        """Do a deed, or see it refused and nothing changed."""
        if refusal is None:
            return deed()
        with pytest.raises(refusal), self.session.begin_nested():
            deed()
        return None

    def _all(self) -> list[Held]:
        return [*self.past, *(held for _, held in self.living.values())]

    def _around(self, place: int) -> Piece:
        return next(piece for piece in self.pieces.values() if place in piece.places)

    def _busy(self, piece: Piece) -> list[range]:
        """What is not free of a pool, if something happened in it now."""
        at = max(self.now, piece.last)
        held = [one.places for _, one in self.living.values()]
        waits = [places for places, until in self.waiting.items() if until > at]
        return [places for places in (*held, *waits, *self.reserved) if meet(places, piece.places)]

    def _free(self, piece: Piece) -> set[int]:
        return set(piece.places) - {place for places in self._busy(piece) for place in places}

    def _happened(self, piece: Piece, earliest: datetime = BEGINNING) -> None:
        """Something happens in a pool: never before what happened last, and what has waited long enough is free."""
        piece.last = max(self.now, piece.last, earliest)
        self.moments.add(piece.last)
        over = [one for one, until in self.waiting.items() if until <= piece.last and meet(one, piece.places)]
        for spot in over:
            del self.waiting[spot]

    def _last_held(self, places: range) -> datetime:
        return max((held.until for held in self.past if held.until and meet(held.places, places)), default=BEGINNING)

    def _prefix(self, places: range) -> IPv4Network | IPv6Network:
        return ip_network((self.base + places[0], self.width - len(places).bit_length() + 1))

    def _took(self, piece: Piece, given: Assignment, bits: int, holder: int, free: set[int]) -> None:
        places = block(given.first - self.base, bits)
        self._happened(piece)
        assert given.first == self.base + places[0]
        assert free.issuperset(places)
        assert given.since == piece.last
        free.difference_update(places)
        self.living[given.id] = (given, Held(places, ("edge", "vpn", "lns")[holder], piece.last, None))


def block(place: int, bits: int) -> range:
    """The aligned places around a place, as many as so many bits count."""
    first = place >> bits << bits
    return range(first, first + (1 << bits))


def meet(one: range, other: range) -> bool:
    """Whether two ranges have a place in common."""
    return one[0] <= other[-1] and other[0] <= one[-1]


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
