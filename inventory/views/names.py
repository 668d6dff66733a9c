"""Reverse names and delegations, as every door shows them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from inventory.models.names import ReverseDelegation, ReverseName
from inventory.reverse import zones_of


@dataclass(frozen=True, slots=True)
class ReverseNameView:
    """What an address is called (PTR), since when."""

    address: str
    name: str
    since: datetime


@dataclass(frozen=True, slots=True)
class ReverseDelegationView:
    """A prefix whose names are served elsewhere (NS): by whom, in which zones, since when."""

    prefix: str
    servers: tuple[str, ...]
    zones: tuple[str, ...]
    since: datetime


def view(named: ReverseName) -> ReverseNameView:
    """A name's plain values."""
    return ReverseNameView(address=str(named.address), name=named.name, since=named.since)


def view_of_delegation(given: ReverseDelegation) -> ReverseDelegationView:
    """A delegation's plain values; its assignment is loaded."""
    prefix = given.assignment.prefix
    return ReverseDelegationView(
        prefix=str(prefix), servers=tuple(given.servers.split()), zones=zones_of(prefix), since=given.since
    )
