"""Many lines at once, with their parts, what opens them and what they hold, written as an import found them."""

from __future__ import annotations

import secrets
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import insert, select

from foundation import journal
from foundation.vault import vault_of
from inventory import line_parts, lines, numbers
from inventory.exchange.access import ChangedLine, NewCredential, NewLine, NewShare
from inventory.exchange.doing import Doing, refusing
from inventory.exchange.history import Holder, NewHolding
from inventory.exchange.plans import Step
from inventory.ledger import Ledger, open_ledger
from inventory.models.addresses import Assignment, BlockState, Pool
from inventory.models.devices import Device, Interface
from inventory.models.lines import (
    Credential,
    CredentialKind,
    Line,
    LineEvent,
    Offer,
    Share,
    ShareWeight,
)
from inventory.models.people import Member


def add_lines(doing: Doing, new: Sequence[NewLine]) -> None:
    """Write lines with the states that they came through."""
    session, act = doing.session, doing.act
    if new:
        following = max([numbers.following(session, Line.number), *(one.handle + 1 for one in new)])
        offers = {one.name: one for one in session.scalars(select(Offer))}
        devices = dict(session.execute(select(Device.name, Device.id)).all())
        made, rows = {}, []
        for one in new:
            made[one.handle] = one.handle if one.handle > 0 else following
            following += one.handle <= 0
            offer = offers[one.offer]
            rows.append(
                {
                    "number": made[one.handle],
                    "offer_id": offer.id,
                    "state": one.state,
                    "device_id": devices[one.device] if one.device else offer.device_id,
                    "mtu": one.details.mtu,
                    "place": one.details.place or "",
                }
            )
        session.execute(insert(Line), rows)
    found = {number: (row, number) for number, row in session.execute(select(Line.number, Line.id))}
    doing.lines = found
    if not new:
        return
    found |= {handle: found[number] for handle, number in made.items()}
    events = [{"line_id": found[one.handle][0], "state": state, "at": at} for one in new for state, at in one.events]
    session.execute(insert(LineEvent), events)
    for one in new:
        shown = numbers.shown("L", found[one.handle][1])
        facts: dict[str, Any] = one.details.said
        journal.record(session, act, "line.import", shown, offer=one.offer, state=one.state, **facts)


def write_details(doing: Doing, steps: Iterable[Step]) -> None:
    """Write what identifies the access of each new line, from when the line began."""
    session, rows = doing.session, doing.lines

    def write(one: NewLine) -> None:
        line = session.get_one(Line, rows[one.handle][0])
        line_parts.write(session, line, one.details, session.get_one(Offer, line.offer_id), one.events[0][1])
        if one.state in lines.ENDED:
            line_parts.end_all(session, line, one.events[-1][1])

    for step in steps:
        one: Any = step.work
        if one.details.said.keys() - {"mtu", "place"}:
            refusing(step, write)


def change_line(doing: Doing, one: ChangedLine) -> None:
    """Write what a file says otherwise of a line."""
    line = lines.find_line(doing.session, numbers.shown("L", one.number))
    lines.change_line(doing.session, doing.act, line, one.details)


def add_shares(doing: Doing, new: Sequence[NewShare]) -> None:
    """Write parts of lines."""
    session, act, rows, people = doing.session, doing.act, doing.lines, doing.members
    if new:
        session.execute(
            insert(Share),
            [
                {
                    "line_id": rows[one.line][0],
                    "member_id": people[one.member][0],
                    "weight": one.weight,
                    "since": one.since,
                    "until": one.until,
                    "holds_since": one.holds_since,
                }
                for one in new
            ],
        )
    query = (
        select(Line.number, Member.number, Share.since, Share.id)
        .join(Line, Share.line_id == Line.id)
        .join(Member, Share.member_id == Member.id)
    )
    found = {(line, member, since): row for line, member, since, row in session.execute(query)}
    doing.shares = found
    weights = [
        {"share_id": found[rows[one.line][1], people[one.member][1], one.since], "since": day, "weight": weight}
        for one in new
        for weight, day in one.weights
    ]
    if weights:
        session.execute(insert(ShareWeight), weights)
    for one in new:
        line, member = numbers.shown("L", rows[one.line][1]), numbers.shown("M", people[one.member][1])
        facts = {"weight": one.weight, "since": one.since, "until": one.until}
        journal.record(session, act, "share.import", line, member=member, sharer=member, **facts)


def add_credentials(doing: Doing, new: Sequence[NewCredential]) -> None:
    """Write what opens lines, with its secret; a living PPP login without a password gets one."""
    session, act, rows, people, shares = doing.session, doing.act, doing.lines, doing.members, doing.shares
    if not new:
        return
    vault, sealed = vault_of(session), []
    for one in new:
        ppp = one.kind == CredentialKind.PPP
        made = secrets.token_urlsafe(12) if ppp and one.until is None else None
        secret = one.secret or made
        sealed.append(vault.seal(secret) if secret else None)
    session.execute(
        insert(Credential),
        [
            {
                "share_id": shares[rows[one.line][1], people[one.member][1], one.of],
                "kind": one.kind,
                "name": one.name,
                "secret": secret,
                "since": one.since,
                "until": one.until,
            }
            for one, secret in zip(new, sealed, strict=True)
        ],
    )
    for one in new:
        line, member = numbers.shown("L", rows[one.line][1]), numbers.shown("M", people[one.member][1])
        facts = {"kind": one.kind, "name": one.name, "since": one.since, "until": one.until}
        journal.record(session, act, "credential.import", line, member=member, **facts)


def hold(doing: Doing, steps: Sequence[Step]) -> None:
    """Write who holds and held what: the living first, so that what is over goes to quarantine only where free."""
    session, act, rows, people, shares = doing.session, doing.act, doing.lines, doing.members, doing.shares
    by_pool: dict[str, list[Step]] = defaultdict(list)
    for step in steps:
        work: Any = step.work
        by_pool[work.pool].append(step)
    interfaces = {
        (device, name): row
        for row, device, name in session.execute(
            select(Interface.id, Device.name, Interface.name).join(Device, Interface.device_id == Device.id)
        )
    }

    def held_by(holder: Holder) -> dict[str, int | None]:
        if holder.interface is not None:
            peer = None if holder.peer is None else interfaces[holder.peer]
            return {"share_id": None, "interface_id": interfaces[holder.interface], "peer_id": peer}
        key: Any = (rows[holder.line or 0][1], people[holder.member or 0][1], holder.of)
        return {"share_id": shares[key], "interface_id": None, "peer_id": None}

    for name in sorted(by_pool):
        pool = session.scalars(select(Pool).where(Pool.name == name, Pool.closed_at.is_(None))).one()
        ledger = open_ledger(session, pool, act.at)
        written = []
        for step in sorted(by_pool[name], key=lambda step: step.work.until is not None):  # type: ignore[attr-defined]
            block = refusing(step, partial(_block, ledger))
            one: Any = step.work
            if one.holder != Holder():
                written.append(_row(ledger, one, block) | held_by(one.holder))
            _note(doing, one, ledger)
        if written:
            session.execute(insert(Assignment), written)


def _block(ledger: Ledger, one: NewHolding) -> int | None:
    """The block that a holding takes: none for what is over, which may leave one in quarantine."""
    around = ledger.around(one.prefix)
    if one.until is None:
        aside = one.holder == Holder()
        state = BlockState.RESERVED if aside else BlockState.ASSIGNED
        if around is not None and around.state == BlockState.RESERVED and around.length == one.prefix.length:
            ledger.become(around.id, one.prefix, state, note=one.note)
            return int(around.id)
        return ledger.cut(one.prefix, state, one.note)
    ends = one.until + timedelta(days=ledger.pool.quarantine_days)
    if ends > ledger.at and around is not None and around.state == BlockState.FREE:
        block = ledger.cut(one.prefix, BlockState.RESERVED)  # a quarantine is never without its end
        ledger.become(block, one.prefix, BlockState.QUARANTINED, until=ends)
    return None


def _row(ledger: Ledger, one: NewHolding, block: int | None) -> dict[str, Any]:
    return {
        "pool_id": ledger.pool.id,
        "block_id": block,
        "family": ledger.pool.family,
        "first": one.prefix.first,
        "last": one.prefix.last,
        "length": one.prefix.length,
        "role": one.role,
        "since": one.since,
        "until": one.until,
    }


def _note(doing: Doing, one: NewHolding, ledger: Ledger) -> None:
    verb = "address.reserve" if one.holder == Holder() else "address.import"
    facts: dict[str, datetime | str | None] = {"since": one.since, "until": one.until}
    member = None
    if one.holder.interface is not None:
        facts["interface"] = "/".join(one.holder.interface)
    elif one.holder.line is not None:
        facts["line"] = numbers.shown("L", doing.lines[one.holder.line][1])
        member = numbers.shown("M", doing.members[one.holder.member or 0][1])
    prefix = str(ledger.named(one.prefix))
    journal.record(doing.session, doing.act, verb, prefix, member=member, pool=one.pool, role=one.role, **facts)
