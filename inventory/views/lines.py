"""A line from outside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from inventory import closures, shares
from inventory.models.access import Copper, Fibre, LineMigration, VlanPair
from inventory.models.lines import Delivery, Line, LineState, Share, Technology


@dataclass(frozen=True, slots=True)
class ShareView:
    """A member's part, half-open: what it weighs (on the day asked about), the prefixes and the names of the
    credentials that it has now. `holds`: they answer for the line.
    """

    member: str
    weight: int
    since: date
    until: date | None
    holds: bool
    prefixes: tuple[str, ...]
    credentials: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MigrationView:
    """Where the line is going, since when, with what the new access will have."""

    offer: str
    device: str | None
    since: datetime
    nd: str | None
    insee: str | None
    pto: str | None
    building: str | None
    operator: str | None
    vlan: str | None
    mtu: int
    place: str | None


@dataclass(frozen=True, slots=True)
class LineView:
    """A line: its offer; the state it is in, and since when; the machine that serves it; what identifies its access
    where it was bought (`copper_closes`: the day on which copper ends there); who shares it; its migration.

    `mtu` in octets, the line's own or its offer's. `operator` is the building operator's four letters.
    """

    number: str
    offer: str
    title: str
    technology: Technology
    delivery: Delivery
    state: LineState
    since: datetime | None
    device: str | None
    mtu: int
    place: str
    nd: str | None
    insee: str | None
    copper_closes: date | None
    pto: str | None
    building: str | None
    operator: str | None
    vlan: str | None
    members: tuple[str, ...]
    prefixes: tuple[str, ...]
    shares: tuple[ShareView, ...]
    migration: MigrationView | None


def view(session: Session, line: Line, day: date) -> LineView:
    """One line, as `find_line` loads it."""
    return views_of(session, [line], day)[0]


def views_of(session: Session, lines: Sequence[Line], day: date) -> list[LineView]:
    """Lines, as `list_lines` loads them."""
    closing = closures.technical_of(session, lines)
    return [_view(line, closing.get(line.number), day) for line in lines]


def _view(line: Line, closes: date | None, day: date) -> LineView:
    parts = tuple(_share(share, line, day) for share in line.shares)
    access = _access(line, None)
    return LineView(
        number=str(line),
        offer=line.offer.name,
        title=line.offer.title,
        technology=Technology(line.offer.technology),
        delivery=Delivery(line.offer.delivery),
        state=LineState(line.state),
        since=line.events[-1].at if line.events else None,
        device=line.device.name if line.device else None,
        mtu=line.mtu or line.offer.mtu,
        place=line.place,
        copper_closes=closes,
        members=tuple(one.member for one in parts if one.until is None),
        prefixes=tuple(prefix for one in parts for prefix in one.prefixes),
        shares=parts,
        migration=None if line.migration is None else _migration(line, line.migration),
        **access,
    )


def _share(share: Share, line: Line, day: date) -> ShareView:
    held = sorted((one for one in share.assignments if one.until is None), key=lambda one: (one.family, one.first))
    return ShareView(
        member=str(share.member),
        weight=share.weight_on(day),
        since=share.since,
        until=share.until,
        holds=share.until is None and shares.holder(line.shares, day) is share,
        prefixes=tuple(str(one.prefix) for one in held),
        credentials=tuple(one.name for one in share.credentials if one.until is None),
    )


def _migration(line: Line, migration: LineMigration) -> MigrationView:
    return MigrationView(
        offer=migration.to_offer.name,
        device=migration.to_device.name if migration.to_device else None,
        since=migration.since,
        mtu=migration.to_mtu or migration.to_offer.mtu,
        place=migration.to_place,
        **_access(line, migration),
    )


def _access(line: Line, migration: LineMigration | None) -> dict[str, str | None]:
    """What identifies the line's own access, or the one that a migration brings."""
    brings = None if migration is None else migration.id

    def mine(part: Copper | Fibre | VlanPair) -> bool:
        return part.until is None and part.migration_id == brings

    copper = next((one for one in line.coppers if mine(one)), None)
    fibre = next((one for one in line.fibres if mine(one)), None)
    vlan = next((one for one in line.vlans if mine(one)), None)
    return {
        "nd": copper.nd if copper else None,
        "insee": copper.insee if copper else None,
        "pto": fibre.pto if fibre else None,
        "building": fibre.building if fibre else None,
        "operator": fibre.operator if fibre else None,
        "vlan": str(vlan) if vlan else None,
    }
