"""What is held now, or ever was: the list, a page at a time, and one prefix."""

from __future__ import annotations

from datetime import UTC, datetime
from socket import AF_INET, AF_INET6, inet_ntop
from typing import Any, Final

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    LargeBinary,
    Select,
    bindparam,
    column,
    literal,
    or_,
    select,
    table,
    tuple_,
    type_coerce,
)
from sqlalchemy.orm import Session

from foundation.errors import NotFound
from foundation.speech import Phrase
from inventory import numbers
from inventory.models.addresses import Assignment, IPNetwork, Pool, Role
from inventory.models.devices import Device, Interface
from inventory.models.lines import Line, Share
from inventory.models.people import Member

_PAGE: Final = select(
    Assignment.family,
    # Sixteen bytes, as they are kept: a number would be made of them only to be taken apart again.
    type_coerce(Assignment.first, LargeBinary).label("first"),
    Assignment.length,
    Assignment.role,
    Assignment.pool_id,
    Assignment.share_id,
    Assignment.interface_id,
    Assignment.peer_id,
    Assignment.since,
    Assignment.until,
).order_by(Assignment.family, Assignment.first, Assignment.since)
_ON_PAGE: Final = table("page", *(column(one.name, one.type) for one in _PAGE.selected_columns)).c
# The page first, then who holds it: joined before it is cut, all that is held would be. Made once: by the rows' own
# columns, SQLAlchemy would make its ten columns anew each time, which takes as long as asking PostgreSQL for two rows.
_WITH_HOLDERS: Final = (
    select(
        _ON_PAGE.family,
        _ON_PAGE.first,
        _ON_PAGE.length,
        _ON_PAGE.role,
        Pool.name,
        Member.number,
        Line.number,
        _ON_PAGE.interface_id,
        _ON_PAGE.peer_id,
        _ON_PAGE.since,
        _ON_PAGE.until,
    )
    .join(Pool, _ON_PAGE.pool_id == Pool.id)
    .outerjoin(Share, _ON_PAGE.share_id == Share.id)
    .outerjoin(Line, Share.line_id == Line.id)
    .outerjoin(Member, Share.member_id == Member.id)
    .order_by(_ON_PAGE.family, _ON_PAGE.first, _ON_PAGE.since)
)
_INTERFACES: Final = select(Interface.id, (Device.name + "/" + Interface.name).label("name")).join(
    Device, Interface.device_id == Device.id
)
_BINARY: Final = {"essaim_binary": True}
"""A page is read in two thirds of the time."""
_ROLES: Final = {role.value: role for role in Role}


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
    query = _PAGE.limit(_literal(limit))
    if not ended:
        query = query.where(Assignment.until.is_(None))
    if pool is not None:
        last = int(pool.prefix.broadcast_address)
        query = query.where(Assignment.family == pool.family, Assignment.first.between(pool.first, last))
    if line is not None:
        query = query.where(_held_by(Line.number == numbers.parse("L", line)))
    if member is not None:
        query = query.where(_held_by(Member.number == numbers.parse("M", member)))
    if device is not None:
        ours = select(Interface.id).join(Device, Interface.device_id == Device.id).where(Device.name == device)
        query = query.where(or_(Assignment.interface_id.in_(ours), Assignment.peer_id.in_(ours)))
    if role is not None:
        query = query.where(Assignment.role == role)
    if family is not None:
        query = query.where(Assignment.family == family)
    if after is not None:
        columns = Assignment.family, Assignment.first, Assignment.since
        place = after[0].version, int(after[0].network_address), after[1] or datetime.max.replace(tzinfo=UTC)
        there = [literal(value, column.type) for value, column in zip(place, columns, strict=True)]
        query = query.where(tuple_(*columns) > tuple_(*there))
    return _read(session, query)


def row(session: Session, held: Assignment) -> dict[str, Any]:
    """One assignment as a row of the list."""
    return _read(session, _PAGE.where(Assignment.id == held.id))[0]


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


def _held_by(holder: ColumnElement[bool]) -> ColumnElement[bool]:
    shares = select(Share.id).join(Line, Share.line_id == Line.id).outerjoin(Member, Share.member_id == Member.id)
    return Assignment.share_id.in_(shares.where(holder))


def _literal(limit: int) -> BindParameter[int]:
    # In the text of the statement: PostgreSQL plans for a tenth of the table where it does not know how few are asked.
    return bindparam("limit", limit, literal_execute=True)


def _read(session: Session, query: Select[*tuple[Any, ...]]) -> list[dict[str, Any]]:
    session.flush()
    # Past the ORM, which would take as long again for rows that are no objects.
    page = query.cte("page").prefix_with("MATERIALIZED")
    found = session.connection().execute(_WITH_HOLDERS.add_cte(page), execution_options=_BINARY).all()
    asked = {number for *_, interface, peer, _, _ in found for number in (interface, peer) if number is not None}
    names: dict[int | None, str] = {}
    if asked:
        names.update((row.id, row.name) for row in session.execute(_INTERFACES.where(Interface.id.in_(asked))))
    held = []
    # In the loop itself, for a page has a thousand: a function for each row would take half as long again.
    for family, first, length, role, pool, member, line, interface, peer, since, until in found:
        # The standard library's address objects would take as long as all the rest.
        address = inet_ntop(AF_INET, first[-4:]) if family == 4 else inet_ntop(AF_INET6, first)
        held.append(
            {
                "prefix": f"{address}/{length}",
                "role": _ROLES[role],
                "pool": pool,
                "member": None if member is None else numbers.shown("M", member),
                "line": None if line is None else numbers.shown("L", line),
                "interface": names.get(interface),
                "peer": names.get(peer),
                "since": since,
                "until": until,
            }
        )
    return held
