"""Pools, addresses and answers from outside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_network

from sqlalchemy import select
from sqlalchemy.orm import Session

from inventory import addresses, assigned, pools
from inventory.models.addresses import Assignment, BlockState, IPAddress, IPNetwork, Pool, Role
from inventory.models.devices import Device
from inventory.models.places import Site
from inventory.questions import Candidate, Holding


@dataclass(frozen=True, slots=True)
class PoolView:
    """A pool: its prefix, what it is for, the prefix length it hands out, and by itself (`automatic`) or by hand.

    `quarantine_days` is how long an address waits before someone else may have it. `size` is how many addresses there
    are; `free`, `assigned`, `quarantined` and `reserved` add up to it. `closed_at` is when it was given back.
    """

    name: str
    prefix: str
    purpose: str
    note: str
    site: str | None
    device: str | None
    handed: int
    automatic: bool
    quarantine_days: int
    size: int
    free: int
    assigned: int
    quarantined: int
    reserved: int
    closed_at: datetime | None

    @property
    def free_prefixes(self) -> int:
        """How many prefixes of the length handed out the free addresses would make."""
        return self.free >> self._wider

    @property
    def places(self) -> int:
        """How many prefixes of the length handed out the pool has room for."""
        return self.size >> self._wider

    @property
    def _wider(self) -> int:
        return ip_network(self.prefix).max_prefixlen - self.handed

    def taken(self, addresses: int) -> int:
        """How many prefixes of the length handed out these addresses are in, at the least."""
        return -(-addresses >> self._wider)


@dataclass(frozen=True, slots=True)
class AddressView:
    """A prefix that someone holds or held: a member by their line, or an interface of ours (`peer`: a link's other).

    Half-open, from `since` to `until`.
    """

    prefix: str
    role: Role
    pool: str
    member: str | None
    line: str | None
    interface: str | None
    peer: str | None
    since: datetime
    until: datetime | None


@dataclass(frozen=True, slots=True)
class PlaceView:
    """What a prefix of ours is used for now: the block that holds it, in which state, until when and why.

    Where it is assigned, `held` says by whom.
    """

    prefix: str
    pool: str
    state: BlockState
    until: datetime | None
    note: str
    held: AddressView | None


@dataclass(frozen=True, slots=True)
class AnswerView:
    """Who had an address at a moment: a question of the register, and its answer.

    `members` are all who may have been the one; several where the answer is `ambiguous`, none for a machine of ours
    or where nobody had it. `proof` names the record of the ledger by its prefix and its period.
    """

    number: str
    address: str
    at: datetime
    port: int | None
    prefix: str | None
    role: Role | None
    since: datetime | None
    until: datetime | None
    pool: str | None
    line: str | None
    members: tuple[str, ...]
    candidates: tuple[Candidate, ...]
    device: str | None
    interface: str | None
    ambiguous: bool
    proof: str | None


def pool_view(session: Session, pool: Pool) -> PoolView:
    """A pool, counted."""
    return pool_views(session, [pool])[0]


def pool_views(session: Session, found: Sequence[Pool]) -> list[PoolView]:
    """Several pools, counted with one question."""
    counted = pools.censuses(session, found)
    sites = _names(session, Site, {pool.site_id for pool in found})
    devices = _names(session, Device, {pool.device_id for pool in found})
    return [
        PoolView(
            name=pool.name,
            prefix=str(pool.prefix),
            purpose=pool.purpose,
            note=pool.note,
            site=sites.get(pool.site_id),
            device=devices.get(pool.device_id),
            handed=pool.handed,
            automatic=pool.automatic,
            quarantine_days=pool.quarantine_days,
            size=pool.prefix.num_addresses,
            **{state.value: counted[pool.id][state] for state in BlockState},
            closed_at=pool.closed_at,
        )
        for pool in found
    ]


def address_view(session: Session, held: Assignment) -> AddressView:
    """One assignment."""
    return AddressView(**assigned.row(session, held))


def place_view(session: Session, prefix: IPNetwork) -> PlaceView:
    """What a prefix of ours is used for. Raises NotOurs."""
    block, pool = addresses.block_of(session, prefix)
    held = session.scalar(select(Assignment).where(Assignment.block_id == block.id))
    return PlaceView(
        prefix=str(block.prefix),
        pool=pool,
        state=BlockState(block.state),
        until=block.until,
        note=block.note,
        held=None if held is None else address_view(session, held),
    )


def answer_view(number: str, address: IPAddress, at: datetime, port: int | None, held: Holding | None) -> AnswerView:
    """An answer, with the question's number in the register."""
    return AnswerView(
        number=number,
        address=str(address),
        at=at,
        port=port,
        prefix=str(held.prefix) if held else None,
        role=Role(held.role) if held else None,
        since=held.since if held else None,
        until=held.until if held else None,
        pool=held.pool if held else None,
        line=held.line if held else None,
        members=held.members if held else (),
        candidates=held.candidates if held else (),
        device=held.device if held else None,
        interface=held.interface if held else None,
        ambiguous=held.ambiguous if held else False,
        proof=held.proof if held else None,
    )


def _names(session: Session, of: type[Site] | type[Device], ids: set[int | None]) -> dict[int | None, str]:
    wanted = ids - {None}
    if not wanted:
        return {}
    found = session.execute(select(of.id, of.name).where(of.id.in_(wanted)))
    return {row.id: row.name for row in found}
