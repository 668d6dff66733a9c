"""The inventory written out in the shapes that an import reads: members, machines, pools, offers, lines, addresses…

No secret is in it. CSV cells that a spreadsheet would take for a formula get an apostrophe before them, which an import
takes away again. What is not exported: files merged into others, contacts other than telephones, what interfaces are
told apart by and the links between them, tickets, what closed pools held, migrations and what they bring.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, TypeAlias

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased, joinedload, selectinload

from foundation import journal
from foundation.acts import Act
from inventory import lines, numbers
from inventory.exchange import announcing, belonging, buying, electricity, lending, standing
from inventory.exchange.forms import FORMS
from inventory.exchange.network import FACTS
from inventory.exchange.tables import compact
from inventory.models.addresses import Assignment, Block, BlockState, Pool, network
from inventory.models.devices import Device, Interface
from inventory.models.lines import Credential, Line, Offer, Share
from inventory.models.mandates import Task
from inventory.models.people import Contact, ContactKind, Member, Membership
from inventory.models.places import Site
from inventory.rights import asks

_PEER, _THERE = aliased(Interface), aliased(Device)
Thing: TypeAlias = dict[str, Any]
_FORMULA: Final = re.compile(r"'*[=+\-@\t\r]")


@asks(Task.MEMBERS_READ)
def note_export(session: Session, act: Act, what: str) -> None:
    """Note that someone took members' data out of here, before they do. Who does may read members' files."""
    journal.record(session, act, "export", what)


def things(session: Session, noun: str) -> list[Thing]:
    """Everything of one noun (`members`, `lines`…), in order, as plain values by column."""
    return _THINGS[noun](session)


def as_json(found: Any) -> str:
    """Things as JSON: a list of one noun, or an object of several."""
    return json.dumps(found, ensure_ascii=False, indent=1, default=_plain) + "\n"


def as_csv(noun: str, found: Iterable[Thing]) -> str:
    """Things of one noun as CSV: a header, commas, quotes where needed."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    columns = FORMS[noun].columns
    writer.writerow(columns)
    for one in found:
        writer.writerow([guarded(compact(one[name])) for name in columns])
    return out.getvalue()


def guarded(text: str) -> str:
    """A cell that no spreadsheet takes for a formula: what begins like one gets an apostrophe before it."""
    return f"'{text}" if _FORMULA.match(text) else text


def _plain(value: object) -> str:
    return compact(value)


def _members(session: Session) -> list[Thing]:
    periods: dict[int, list[Thing]] = defaultdict(list)
    phones: dict[int, list[str]] = defaultdict(list)
    for one in session.scalars(select(Membership).order_by(Membership.since)):
        if one.until is None or one.since < one.until:
            periods[one.member_id].append({"kind": one.kind, "since": one.since, "until": one.until})
    living = select(Contact).where(Contact.kind == ContactKind.PHONE, Contact.until.is_(None)).order_by(Contact.id)
    for contact in session.scalars(living):
        if contact.value not in phones[contact.member_id]:
            phones[contact.member_id].append(contact.value)
    return [
        {
            "number": str(one),
            "name": one.name,
            "organisation": one.organisation,
            "email": one.email,
            "language": one.language,
            "status": one.status,
            "joined": one.joined,
            "left": one.left,
            "left_why": one.left_why,
            "postal": one.postal,
            "phones": phones[one.id],
            "memberships": periods[one.id],
        }
        for one in session.scalars(select(Member).where(Member.merged_into_id.is_(None)).order_by(Member.number))
    ]


def _sites(session: Session) -> list[Thing]:
    every = session.scalars(select(Site).order_by(Site.name))
    return [{"name": one.name, "description": one.description, "address": one.address} for one in every]


def _devices(session: Session) -> list[Thing]:
    query = select(Device).options(joinedload(Device.site), joinedload(Device.owner), selectinload(Device.interfaces))
    return [
        {
            "name": one.name,
            **{name: getattr(one, name) for name in FACTS},
            "site": one.site.name,
            "owner": None if one.owner is None else str(one.owner),
            "since": one.since,
            "until": one.until,
            "interfaces": [interface.name for interface in one.interfaces],
        }
        for one in session.scalars(query.order_by(Device.name))
    ]


def _pools(session: Session) -> list[Thing]:
    fields = ("name", "handed", "purpose", "note", "automatic", "quarantine_days")
    query = select(Pool).where(Pool.closed_at.is_(None)).options(joinedload(Pool.device), joinedload(Pool.site))
    return [
        {
            **{name: getattr(one, name) for name in fields},
            "prefix": str(one.prefix),
            "device": one.device.name if one.device else None,
            "site": one.site.name if one.site else None,
        }
        for one in session.scalars(query.order_by(Pool.name))
    ]


def _offers(session: Session) -> list[Thing]:
    fields = ("name", "title", "technology", "delivery", "mtu", "realm", "retired")
    query = select(Offer).options(joinedload(Offer.device), joinedload(Offer.pool_v4), joinedload(Offer.pool_v6))
    query = query.options(joinedload(Offer.wholesaler))
    return [
        {
            **{name: getattr(one, name) for name in fields},
            **{
                name: thing.name if (thing := getattr(one, name)) else None
                for name in ("device", "pool_v4", "pool_v6", "wholesaler")
            },
        }
        for one in session.scalars(query.order_by(Offer.name))
    ]


def _lines(session: Session) -> list[Thing]:
    found: list[Thing] = []
    after, step = 0, 1000
    while page := lines.list_lines(session, ended=True, after=after, limit=step):
        for line in page:
            found += [_part(line, share, first=rank == 0) for rank, share in enumerate(line.shares)]
        after = page[-1].number
        session.expunge_all()
    return found


def _part(line: Line, share: Share, *, first: bool) -> Thing:
    """One part of a line; what is the line's own stands with the first."""
    parts: Sequence[Any] = [one for kind in (line.coppers, line.fibres, line.vlans) for one in kind]
    own = [one for one in parts if one.migration_id is None and (one.until is None or line.state in lines.ENDED)]
    details = {
        name: next((getattr(one, name) for one in own if hasattr(one, name)), None)
        for name in ("nd", "insee", "pto", "building", "operator")
    }
    details["vlan"] = next((str(one) for one in own if hasattr(one, "outer_tag")), None)
    of_line = {
        "offer": line.offer.name,
        "state": line.state,
        "device": line.device.name if line.device else None,
        **details,
        "mtu": line.mtu,
        "place": line.place,
        "states": [{"state": one.state, "at": one.at} for one in line.events],
    }
    return {
        "number": str(line),
        **(of_line if first else {**dict.fromkeys(of_line), "states": []}),
        "member": str(share.member),
        "weight": share.weight,
        "weights": [{"weight": one.weight, "since": one.since, "until": None} for one in share.weights],
        "since": share.since,
        "until": share.until,
        "holds_since": share.holds_since,
        "credentials": [_credential(one) for one in share.credentials if one.migration_id is None],
    }


def _credential(one: Credential) -> Thing:
    return {"kind": one.kind, "name": one.name, "since": one.since, "until": one.until}


def _addresses(session: Session) -> list[Thing]:
    query = (
        select(
            Assignment.family, Assignment.first, Assignment.length, Assignment.role, Line.number, Member.number,
            Device.name, Interface.name, _THERE.name + "/" + _PEER.name, Assignment.since, Assignment.until,
        )
        .join(Pool, Assignment.pool_id == Pool.id)
        .outerjoin(Share, Assignment.share_id == Share.id)
        .outerjoin(Line, Share.line_id == Line.id)
        .outerjoin(Member, Share.member_id == Member.id)
        .outerjoin(Interface, Assignment.interface_id == Interface.id)
        .outerjoin(Device, Interface.device_id == Device.id)
        .outerjoin(_PEER, Assignment.peer_id == _PEER.id)
        .outerjoin(_THERE, _PEER.device_id == _THERE.id)
        .where(Pool.closed_at.is_(None))
        .order_by(Assignment.family, Assignment.first, Assignment.since)
    )  # fmt: skip
    found = [
        {
            "prefix": str(network(family, first, length)),
            "role": role,
            "line": None if line is None else numbers.shown("L", line),
            "member": None if member is None else numbers.shown("M", member),
            "device": device,
            "interface": interface,
            "peer": peer,
            "note": None,
            "since": since,
            "until": until,
        }
        for family, first, length, role, line, member, device, interface, peer, since, until in session.execute(query)
    ]
    aside = select(Block).where(Block.state == BlockState.RESERVED).order_by(Block.family, Block.first)
    empty = dict.fromkeys(FORMS["addresses"].columns)
    found += [
        {**empty, "prefix": str(one.prefix), "role": str(BlockState.RESERVED), "note": one.note}
        for one in session.scalars(aside)
    ]
    return found


_THINGS: Final[dict[str, Callable[[Session], list[Thing]]]] = {
    "members": _members,
    "sites": _sites,
    "devices": _devices,
    "pools": _pools,
    "offers": _offers,
    "lines": _lines,
    "addresses": _addresses,
    **belonging.THINGS,
    **standing.THINGS,
    **electricity.THINGS,
    **buying.THINGS,
    **lending.THINGS,
    **announcing.THINGS,
}
