"""What is held now, or ever was: the list, a page at a time, and one prefix."""

from __future__ import annotations

from datetime import UTC, datetime
from socket import AF_INET, AF_INET6, inet_ntop
from typing import Any, Final

from sqlalchemy import literal, or_, select, tuple_
from sqlalchemy.orm import Session, aliased

from foundation.errors import NotFound
from foundation.speech import Phrase
from inventory import numbers
from inventory.models.addresses import Assignment, IPNetwork, Pool, Role
from inventory.models.devices import Device, Interface
from inventory.models.lines import Line, Share
from inventory.models.people import Member

_PEER, _PEERS_DEVICE = aliased(Interface), aliased(Device)
_ROWS: Final = (
    select(
        Assignment.family,
        Assignment.first,
        Assignment.length,
        Assignment.role,
        Pool.name,
        Member.number,
        Line.number,
        Device.name + "/" + Interface.name,
        _PEERS_DEVICE.name + "/" + _PEER.name,
        Assignment.since,
        Assignment.until,
    )
    .select_from(Assignment)
    .join(Pool, Assignment.pool_id == Pool.id)
    .outerjoin(Share, Assignment.share_id == Share.id)
    .outerjoin(Line, Share.line_id == Line.id)
    .outerjoin(Member, Share.member_id == Member.id)
    .outerjoin(Interface, Assignment.interface_id == Interface.id)
    .outerjoin(Device, Interface.device_id == Device.id)
    .outerjoin(_PEER, Assignment.peer_id == _PEER.id)
    .outerjoin(_PEERS_DEVICE, _PEER.device_id == _PEERS_DEVICE.id)
    .order_by(Assignment.family, Assignment.first, Assignment.since)
)


class NotAssigned(NotFound):
    """Nobody holds exactly this prefix now."""

    kind = "not-assigned"
    phrase = Phrase(
        "Personne n'a {prefix} en ce moment. Ce qui est attribué : essaim address list",
        "Nobody has {prefix} now. What is held: essaim address list",
    )


def rows(
    session: Session,
    *,
    pool: Pool | None = None,
    line: str | None = None,
    member: str | None = None,
    device: str | None = None,
    role: Role | None = None,
    family: int | None = None,
    ended: bool = False,
    after: tuple[IPNetwork, datetime | None] | None = None,
    limit: int = 100,
) -> list[dict[str, Any]]:
    """What is held, in the order of addresses, as the fields of an `AddressView`; with `ended`, what was held too.

    `pool` gives all that was ever held of its prefix. `after` is the prefix and `since` of the last row of the page
    before; without `since`, all that was held from there is left behind. Raises BadNumber.
    """
    query = _ROWS.limit(limit)
    if not ended:
        query = query.where(Assignment.until.is_(None))
    if pool is not None:
        last = int(pool.prefix.broadcast_address)
        query = query.where(Assignment.family == pool.family, Assignment.first.between(pool.first, last))
    if line is not None:
        query = query.where(Line.number == numbers.parse("L", line))
    if member is not None:
        query = query.where(Member.number == numbers.parse("M", member))
    if device is not None:
        query = query.where(or_(Device.name == device, _PEERS_DEVICE.name == device))
    if role is not None:
        query = query.where(Assignment.role == role)
    if family is not None:
        query = query.where(Assignment.family == family)
    if after is not None:
        columns = Assignment.family, Assignment.first, Assignment.since
        place = after[0].version, int(after[0].network_address), after[1] or datetime.max.replace(tzinfo=UTC)
        there = [literal(value, column.type) for value, column in zip(place, columns, strict=True)]
        query = query.where(tuple_(*columns) > tuple_(*there))
    return [_fields(*found) for found in session.execute(query)]


def row(session: Session, held: Assignment) -> dict[str, Any]:
    """One assignment as a row of the list."""
    return _fields(*session.execute(_ROWS.where(Assignment.id == held.id)).one())


def find_assignment(session: Session, prefix: IPNetwork) -> Assignment:
    """Who holds exactly this prefix now. Raises NotAssigned."""
    found = session.scalar(
        select(Assignment).where(
            Assignment.family == prefix.version,
            Assignment.first == int(prefix.network_address),
            Assignment.length == prefix.prefixlen,
            Assignment.until.is_(None),
        )
    )
    if found is None:
        raise NotAssigned(prefix=prefix)
    return found


def _fields(
    family: int,
    first: int,
    length: int,
    role: str,
    pool: str,
    member: int | None,
    line: int | None,
    interface: str | None,
    peer: str | None,
    since: datetime,
    until: datetime | None,
) -> dict[str, Any]:
    # The standard library's address objects would take as long as all the rest.
    text = inet_ntop(AF_INET, first.to_bytes(4)) if family == 4 else inet_ntop(AF_INET6, first.to_bytes(16))
    return {
        "prefix": f"{text}/{length}",
        "role": Role(role),
        "pool": pool,
        "member": None if member is None else numbers.shown("M", member),
        "line": None if line is None else numbers.shown("L", line),
        "interface": interface,
        "peer": peer,
        "since": since,
        "until": until,
    }
