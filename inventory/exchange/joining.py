"""Many members at once, with their memberships, written in as few statements as can be."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from foundation import clock, journal
from inventory import members, numbers
from inventory.exchange.doing import Doing
from inventory.exchange.people import ChangedMember, NewMember, NewSpell
from inventory.models.people import Contact, ContactKind, Member, Membership, Purpose


def add_members(doing: Doing, newcomers: Sequence[NewMember]) -> None:
    """Add people already checked. A number that the file gives is kept; the others follow the highest."""
    session, act = doing.session, doing.act
    made = _numbered(session, newcomers)
    if newcomers:
        rows = [{"number": made[one.handle], **dict(one.values), "sought": _sought(one)} for one in newcomers]
        session.execute(insert(Member), rows)
    ids = dict(session.execute(select(Member.number, Member.id)).all())
    doing.members = {number: (row, number) for number, row in ids.items()}
    doing.members |= {handle: (ids[number], number) for handle, number in made.items()}
    day = clock.today(act.at)
    phones = [_phone(ids[made[one.handle]], phone, day) for one in newcomers for phone in one.phones]
    if phones:
        session.execute(insert(Contact), phones)
    for one in newcomers:
        values, shown = dict(one.values), numbers.shown("M", made[one.handle])
        facts = {name: values[name] for name in ("name", "status")} | {
            "since": values["joined"],
            "until": values["left"],
        }
        journal.record(session, act, "member.add", shown, member=shown, **facts)


def _numbered(session: Session, newcomers: Sequence[NewMember]) -> dict[int, int]:
    """The number of each newcomer, by handle."""
    if not newcomers:
        return {}
    following = max([numbers.following(session, Member.number), *(one.handle + 1 for one in newcomers)])
    made: dict[int, int] = {}
    for one in newcomers:
        made[one.handle] = one.handle if one.handle > 0 else following
        following += one.handle <= 0
    return made


def change_members(doing: Doing, changed: Iterable[ChangedMember]) -> None:
    """Write what a file says otherwise of people who are here."""
    session, act = doing.session, doing.act
    day = clock.today(act.at)
    for one in changed:
        member = members.find_member(session, numbers.shown("M", one.number))
        news: dict[str, Any] = dict(one.values)
        before = {name: getattr(member, name) for name in news}
        for name, value in news.items():
            setattr(member, name, value)
        session.add_all(Contact(**_phone(member.id, phone, day)) for phone in one.phones)
        members.note_sought(session, member)
        after = {**news, "phone": list(one.phones)} if one.phones else news
        journal.record(session, act, "member.change", str(member), member=str(member), before=before, after=after)


def add_spells(doing: Doing, spells: Sequence[NewSpell]) -> None:
    """Write memberships that overlap nothing."""
    session, act, rows = doing.session, doing.act, doing.members
    for one in spells:
        if one.extends:
            member, _ = rows[one.member]
            found = select(Membership).where(Membership.member_id == member, Membership.since == one.spell.since)
            session.scalars(found).one().until = one.spell.until
    session.flush()
    new = [one for one in spells if not one.extends]
    if new:
        session.execute(
            insert(Membership),
            [
                {
                    "member_id": rows[one.member][0],
                    "kind": one.spell.kind,
                    "since": one.spell.since,
                    "until": one.spell.until,
                }
                for one in new
            ],
        )
    for one in spells:
        shown = numbers.shown("M", rows[one.member][1])
        verb = "membership.change" if one.extends else "membership.add"
        journal.record(
            session,
            act,
            verb,
            shown,
            member=shown,
            kind=one.spell.kind,
            since=one.spell.since,
            until=one.spell.until,
        )


def _sought(one: NewMember) -> str:
    values = dict(one.values)
    return members.sought_of(
        Member(name=values["name"], email=values["email"], postal=values["postal"]), one.phones, ()
    )


def _phone(member: int, phone: str, day: Any) -> dict[str, Any]:
    return {
        "member_id": member,
        "kind": str(ContactKind.PHONE),
        "value": phone,
        "purpose": str(Purpose.GENERAL),
        "since": day,
    }
