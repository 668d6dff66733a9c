"""Lines as machines know them: plain rows of what is in force, a hundred thousand of them in seconds.

They bear the names and fields of the inventory's own rows (`inventory/models/`), so that what reads either reads both;
they belong to no session, and nothing of them can be written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from foundation.vault import Sealed
from inventory import lines
from inventory.models import access, addresses
from inventory.models import lines as rows
from inventory.models.addresses import IPNetwork, network
from inventory.models.devices import Device
from inventory.numbers import shown

T = TypeVar("T")


@dataclass(slots=True, eq=False)
class Assignment:
    """A prefix of a share's."""

    share_id: int
    id: int
    pool_id: int
    family: int
    first: int
    length: int
    role: str
    since: datetime
    until: datetime | None

    @property
    def prefix(self) -> IPNetwork:
        """The prefix as the standard library has it."""
        return network(self.family, self.first, self.length)


@dataclass(slots=True, eq=False)
class Credential:
    """What opens a line for a share; its password stays sealed."""

    share_id: int
    id: int
    kind: str
    name: str
    secret: Sealed | None
    migration_id: int | None
    since: datetime
    until: datetime | None


@dataclass(slots=True, eq=False)
class Share:
    """One member's part of a line."""

    line_id: int
    id: int
    credentials: list[Credential] = field(default_factory=list)
    assignments: list[Assignment] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Offer:
    """What a line is."""

    id: int
    technology: str
    delivery: str
    mtu: int


@dataclass(slots=True, eq=False)
class Migration:
    """A line's going over to another access."""

    line_id: int
    id: int
    from_device_id: int | None
    to_device_id: int | None
    to_mtu: int | None
    to_offer: Offer


@dataclass(slots=True, eq=False)
class Line:
    """One access; `mtu` where it is not its offer's, `migration` the one under way."""

    id: int
    number: int
    device_id: int | None
    mtu: int | None
    offer: Offer
    shares: list[Share] = field(default_factory=list)
    migration: Migration | None = None

    def __str__(self) -> str:
        return shown("L", self.number)


def served(session: Session, device: Device | None = None) -> Sequence[Line]:
    """Lines that are on the machines, by number, with what their shares hold; those of one machine where given.

    A line that is going over to a machine is on that one too.
    """
    offers = {one.id: one for one in _of(Offer, session, select(*_columns(rows.Offer, "id technology delivery mtu")))}
    columns = _columns(rows.Line, "id number device_id mtu offer_id")
    found = session.execute(_within(select(*columns), device).order_by(rows.Line.number))
    every = {one: Line(one, number, at, mtu, offers[offer]) for one, number, at, mtu, offer in found}
    here = _within(select(rows.Line.id), device).scalar_subquery()
    _migrations(session, every, here, offers)
    _shares(session, every, here)
    return list(every.values())


def _within(query: Select[Any], device: Device | None) -> Select[Any]:
    query = query.where(rows.Line.state.in_(lines.RENDERED))
    if device is None:
        return query
    return query.where(or_(rows.Line.device_id == device.id, rows.Line.id.in_(lines.going_to(device.id))))


def _migrations(session: Session, every: Mapping[int, Line], here: Any, offers: Mapping[int, Offer]) -> None:
    columns = _columns(access.LineMigration, "line_id id from_device_id to_device_id to_mtu to_offer_id")
    living = select(*columns).where(access.LineMigration.ended.is_(None), access.LineMigration.line_id.in_(here))
    for line, number, start, end, mtu, offer in session.execute(living):
        every[line].migration = Migration(line, number, start, end, mtu, offers[offer])


def _shares(session: Session, every: Mapping[int, Line], here: Any) -> None:
    parts: dict[int, Share] = {}
    of_lines = rows.Share.line_id.in_(here)
    found = select(*_columns(rows.Share, "line_id id")).where(of_lines).order_by(rows.Share.id)
    for share in _of(Share, session, found):
        parts[share.id] = share
        every[share.line_id].shares.append(share)
    columns = _columns(rows.Credential, "share_id id kind name secret migration_id since until")
    opens = select(*columns).join(rows.Share).where(of_lines).order_by(rows.Credential.id)
    for credential in _of(Credential, session, opens):
        parts[credential.share_id].credentials.append(credential)
    columns = _columns(addresses.Assignment, "share_id id pool_id family first length role since until")
    held = select(*columns).join(rows.Share).where(of_lines).order_by(addresses.Assignment.id)
    for assignment in _of(Assignment, session, held):
        parts[assignment.share_id].assignments.append(assignment)


def _columns(table: Any, names: str) -> list[Any]:
    return [getattr(table, name) for name in names.split()]


def _of(kind: Callable[..., T], session: Session, query: Select[Any]) -> Iterator[T]:
    return (kind(*row) for row in session.execute(query))
