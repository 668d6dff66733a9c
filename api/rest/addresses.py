"""Addresses: who holds which prefix, given and taken back; what they are called."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from ipaddress import ip_network
from typing import Any, Literal

from pydantic import Field
from sqlalchemy.orm import Session

from api.rest.answers import BadCursor
from api.rest.noun import MOST_AT_ONCE, Absent, Body, Noun, paged
from foundation.acts import Act
from inventory import addresses, assigned, holders, pools, reverse
from inventory.holders import Holder
from inventory.models.addresses import Assignment, Role
from inventory.models.mandates import Task
from inventory.models.names import ReverseDelegation, ReverseName
from inventory.views import names
from inventory.views.addresses import AddressView, address_view

READERS = frozenset({Task.ADDRESSES_WRITE, Task.LINES_WRITE})


@dataclass(frozen=True, slots=True)
class Allocated:
    """What was given, in the order of the addresses."""

    items: tuple[AddressView, ...]


class Allocation(Body):
    """To a line (`member` where several share it) or to an interface of ours (`peer` for the other end of a link)."""

    pool: str = Field(max_length=32, examples=["vpn-v4"])
    role: Role = Field(examples=["routed"])
    line: str | None = Field(None, max_length=16, examples=["L0042"])
    member: str | None = Field(None, max_length=16)
    interface: str | None = Field(None, max_length=113)
    peer: str | None = Field(None, max_length=113)
    length: int | None = Field(None, ge=0, le=128)
    exactly: str | None = Field(None, max_length=43)
    count: int = Field(1, ge=1, le=MOST_AT_ONCE)


class Names(Body):
    """What an address of the prefix is called."""

    address: str = Field(max_length=39, examples=["198.51.100.7"])
    name: str = Field(max_length=253, examples=["serveur.camille.example"])


class NoName(Body):
    """The address that is called nothing any more."""

    address: str = Field(max_length=39, examples=["198.51.100.7"])


class Servers(Body):
    """Whose servers say the names of the prefix."""

    servers: list[str] = Field(min_length=1, max_length=8, examples=[["ns1.camille.example", "ns2.camille.example"]])


def listed(
    session: Session,
    *,
    pool: str | None = None,
    line: str | None = None,
    member: str | None = None,
    device: str | None = None,
    role: Role | None = None,
    family: Literal["4", "6"] | None = None,
    ended: bool = False,
    after: str = "",
    limit: int = 100,
) -> Sequence[Mapping[str, Any]]:
    """What is held, by prefix; with `ended`, what ever was."""
    return addresses.rows(
        session,
        pool=pools.find_pool(session, pool) if pool is not None else None,
        line=line,
        member=member,
        device=device,
        role=role,
        family=int(family) if family is not None else None,
        ended=ended,
        after=_place(after) if after else None,
        limit=limit,
    )


def views(session: Session, _act: Act, rows: Sequence[Mapping[str, Any] | Assignment]) -> Sequence[Mapping[str, Any]]:
    """Rows of the list have the fields of an AddressView and stay as they are; an assignment is looked up there."""
    return [assigned.row(session, one) if isinstance(one, Assignment) else one for one in rows]


def allocate(session: Session, act: Act, body: Allocation) -> Allocated:
    """Give prefixes: the best fitting free ones, or `exactly` one."""
    pool, holder = pools.find_pool(session, body.pool), _holder(session, body)
    if holder.peer_id is not None:
        made = [addresses.allocate_link(session, act, pool, holder, length=body.length)]
    elif body.count > 1:
        made = addresses.allocate_many(session, act, pool, holder, body.role, body.count, length=body.length)
    else:
        exactly = addresses.parse_prefix(body.exactly) if body.exactly is not None else None
        made = [addresses.allocate(session, act, pool, holder, body.role, length=body.length, exactly=exactly)]
    return Allocated(
        tuple(
            AddressView(
                prefix=str(one.prefix),
                role=Role(one.role),
                pool=body.pool,
                member=holder.member,
                line=holder.line,
                interface=holder.interface,
                peer=holder.peer,
                since=one.since,
                until=None,
            )
            for one in made
        )
    )


def release(session: Session, act: Act, held: Assignment) -> AddressView:
    """Take a prefix back: it waits in quarantine before anyone else may have it."""
    before = address_view(session, held)
    addresses.release(session, act, held)
    return replace(before, until=held.until)


def set_name(session: Session, act: Act, held: Assignment, body: Names) -> names.ReverseNameView:
    """What an address of the prefix is called. One's own one may name."""
    named = reverse.set_name(session, act, held, addresses.parse_address(body.address), body.name)
    return names.view(named)


def clear_name(session: Session, act: Act, held: Assignment, body: NoName) -> None:
    """An address of the prefix is called nothing any more."""
    reverse.clear_name(session, act, held, addresses.parse_address(body.address))


def delegate(session: Session, act: Act, held: Assignment, body: Servers) -> None:
    """Other servers say the names of the prefix. One's own one may delegate."""
    reverse.delegate(session, act, held, held.prefix, body.servers)


def undelegate(session: Session, act: Act, held: Assignment) -> None:
    """The names of the prefix are said here again."""
    reverse.undelegate(session, act, held)


def _holder(session: Session, body: Allocation) -> Holder:
    if body.interface is None:
        return holders.on_line(session, body.line or "", body.member)
    near = holders.at_interface(session, body.interface)
    return near if body.peer is None else holders.between(near, holders.at_interface(session, body.peer))


def _place(cursor: str) -> tuple[Any, datetime]:
    prefix, _, since = cursor.partition(" ")
    try:
        return ip_network(prefix), datetime.fromisoformat(since)
    except ValueError as wrong:
        raise BadCursor from wrong


ADDRESSES: Noun[Any, Any] = Noun(
    path="addresses",
    about="Prefixes held, in their order",
    view=AddressView,
    views=views,
    find=lambda session, name: addresses.find_assignment(session, addresses.parse_prefix(name)),
    named=lambda held: str(held.prefix),
    place=lambda row: f"{row['prefix']} {row['since'].isoformat()}",
    listed=listed,
    readers=READERS,
    acts={"allocate": allocate},
    verbs={
        "release": release,
        "name": set_name,
        "name/clear": clear_name,
        "delegate": delegate,
        "undelegate": undelegate,
    },
    slashed=True,
    example={
        "prefix": "198.51.100.7/32",
        "role": "wan",
        "pool": "vpn-v4",
        "member": "M0042",
        "line": "L0042",
        "interface": None,
        "peer": None,
        "since": "2026-01-15T13:02:00+00:00",
        "until": None,
    },
)


def find_name(session: Session, text: str) -> ReverseName:
    """The name of that address. Raises BadAddress, NobodyHolds, Absent."""
    address = addresses.parse_address(text)
    held = reverse.holding(session, ip_network(address))
    for named in reverse.names_of(session, held):
        if named.address == address:
            return named
    raise Absent(name=text[:80])


def names_listed(
    session: Session, *, family: Literal["4", "6"] = "4", after: str = "", limit: int = 100
) -> Sequence[ReverseName]:
    """Names of one family, by address."""
    last = int(addresses.parse_address(after)) if after else -1
    return reverse.list_names(session, family=int(family), after=last, limit=limit)


REVERSE_NAMES = Noun(
    path="reverse-names",
    about="What addresses are called, by address (they are named at `/addresses/{prefix}/name`)",
    view=names.ReverseNameView,
    views=lambda _session, _act, rows: [names.view(one) for one in rows],
    find=find_name,
    named=lambda named: str(named.address),
    listed=names_listed,
    readers=READERS,
    example={"address": "198.51.100.7", "name": "serveur.camille.example", "since": "2026-01-15T13:02:00+00:00"},
)


def find_delegation(session: Session, text: str) -> ReverseDelegation:
    """The delegation of that prefix. Raises BadAddress, Absent."""
    prefix = addresses.parse_prefix(text)
    for given in reverse.list_delegations(session):
        if given.assignment.prefix == prefix:
            return given
    raise Absent(name=text[:80])


def delegations_listed(session: Session, *, after: str = "", limit: int = 100) -> Sequence[ReverseDelegation]:
    """Every delegation, by prefix."""
    return paged(reverse.list_delegations(session), lambda given: str(given.assignment.prefix), after, limit)


DELEGATIONS = Noun(
    path="delegations",
    about="Prefixes whose names other servers say (they are delegated at `/addresses/{prefix}/delegate`)",
    view=names.ReverseDelegationView,
    views=lambda _session, _act, rows: [names.view_of_delegation(one) for one in rows],
    find=find_delegation,
    named=lambda given: str(given.assignment.prefix),
    listed=delegations_listed,
    readers=READERS,
    slashed=True,
    example={
        "prefix": "2001:db8:42::/56",
        "servers": ["ns1.camille.example", "ns2.camille.example"],
        "zones": ["0.0.2.4.0.0.8.b.d.0.1.0.0.2.ip6.arpa"],
        "since": "2026-01-15T13:02:00+00:00",
    },
)
