"""Two files of one person become one: both numbers stay findable, and nothing that happened is lost.

Only people say that two files are one person's: couples share an e-mail address, and namesakes a name.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, Table, delete, or_, select, update
from sqlalchemy.orm import Session, aliased

from foundation import clock, journal
from foundation.acts import Act
from foundation.database import Base
from foundation.errors import Invalid, Refused
from foundation.speech import Phrase
from inventory import kinds, members, memberships
from inventory.models.devices import Device
from inventory.models.equipment import Loan
from inventory.models.lines import Line, Share
from inventory.models.mandates import Mandate, Task
from inventory.models.people import (
    Contact,
    ContactKind,
    Member,
    Membership,
    MemberStatus,
    Proxy,
    Purpose,
    SignIn,
    SignInLink,
)
from inventory.models.tokens import Answered, Token
from inventory.rights import asks, demand

_STANDS = (MemberStatus.LEFT, MemberStatus.APPLICANT, MemberStatus.MEMBER)
"""Of two files, the one that stands further right says how both stand."""


class SameFile(Invalid):
    """A file is not merged into itself."""

    kind = "same-file"
    phrase = Phrase(
        "{one} et {other} sont la même fiche. Rien n'a été changé.",
        "{one} and {other} are the same file. Nothing was changed.",
    )


class MergedBefore(SameFile):
    """Both numbers find one file already."""

    kind = "merged-before"
    phrase = Phrase(
        "C'est déjà une seule fiche, {one}, que ses anciens numéros trouvent aussi ({former}). Rien n'a été changé. "
        "La voir : essaim member show {one}",
        "They are one file already, {one}, which its former numbers find too ({former}). Nothing was changed. "
        "To see it: essaim member show {one}",
    )


class MergedMeanwhile(Refused):
    """Someone merged one of the two at the same moment."""

    kind = "merged-meanwhile"
    phrase = Phrase(
        "Quelqu'un vient de réunir {one} à une autre fiche. Rien n'a été changé de plus. "
        "Voir ce qu'elle est devenue : essaim member show {one}",
        "Someone has just merged {one} into another file. Nothing more was changed. "
        "To see what became of it: essaim member show {one}",
    )


class NotAlike(Refused):
    """A person and an organisation are not one."""

    kind = "not-alike"
    phrase = Phrase(
        "L'une de {one} et {other} est une personne, l'autre une organisation. Rien n'a été changé.",
        "Of {one} and {other}, one is a person and the other an organisation. Nothing was changed.",
    )


class ShareALine(Refused):
    """Two who share a line now would have two parts of it."""

    kind = "share-a-line"
    phrase = Phrase(
        "{one} et {other} ont chacun une part de {lines}. Rien n'a été changé. Mettez d'abord fin à l'une des deux : "
        "essaim line share end {first} {one}",
        "{one} and {other} each have a part of {lines}. Nothing was changed. End one of the two first: "
        "essaim line share end {first} {one}",
    )


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """A membership about to be kept: from a day to a day (half-open), of one kind."""

    since: date
    until: date | None
    kind: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class Moves:
    """What merging one file into another moves. `memberships` are those that the file will then have.

    `mandates` counts those in force apart: they move only by someone who may give them.
    """

    number: str
    name: str
    into: str
    into_name: str
    memberships: tuple[Period, ...]
    lines: tuple[str, ...]
    contacts: tuple[str, ...]
    mandates: tuple[str, ...]
    mandates_in_force: tuple[str, ...]
    machines: tuple[str, ...]
    loans: int
    proxies_cancelled: int


def foresee(session: Session, absorbed: Member, into: Member, day: date) -> Moves:
    """What would move on that day. Raises SameFile, MergedBefore, NotAlike, ShareALine."""
    if absorbed.id == into.id:
        if former := members.former_numbers(session, into):
            raise MergedBefore(one=str(into), former=list(former))
        raise SameFile(one=str(absorbed), other=str(into))
    if absorbed.organisation != into.organisation:
        raise NotAlike(one=str(absorbed), other=str(into))
    if both := _shared(session, absorbed, into, day):
        raise ShareALine(one=str(absorbed), other=str(into), lines=both, first=both[0])
    words = kinds.words(session)
    kept, added = (_periods(memberships.periods_of(session, one)) for one in (into, absorbed))
    after = sorted([*kept, *(piece for one in added for piece in beside(one, kept))])
    mandates = session.scalars(select(Mandate).where(Mandate.member_id == absorbed.id).order_by(Mandate.number)).all()
    lines = select(Line).join(Share).where(Share.member_id == absorbed.id).order_by(Line.number).distinct()
    machines = select(Device.name).where(Device.owner_id == absorbed.id).order_by(Device.name)
    loans = session.scalars(select(Loan.id).where(Loan.member_id == absorbed.id)).all()
    return Moves(
        number=str(absorbed),
        name=absorbed.name,
        into=str(into),
        into_name=into.name,
        memberships=tuple(Period(one.since, one.until, words[one.kind], one.why) for one in after),
        lines=tuple(str(line) for line in session.scalars(lines)),
        contacts=tuple(value for _, value, _ in _contacts(session, absorbed, into)),
        mandates=tuple(str(one) for one in mandates),
        mandates_in_force=tuple(str(one) for one in mandates if one.until is None or one.until > day),
        machines=tuple(session.scalars(machines)),
        loans=len(loans),
        proxies_cancelled=len(session.scalars(select(Proxy.id).where(_of_proxy(absorbed))).all()),
    )


@asks(Task.MEMBERS_WRITE, "into")
def absorb(session: Session, act: Act, absorbed: Member, into: Member) -> Moves:
    """All that the inventory has on `absorbed` is `into`'s; the number of the one finds the other from now on.

    Where both were members, what `into` says stands. Whoever was signed in, or a program, with the absorbed file no
    longer is. Raises what `foresee` raises, MergedMeanwhile; NotMandated where mandates in force would move.
    """
    locked = select(Member.id).where(Member.id.in_([absorbed.id, into.id])).order_by(Member.id)
    session.execute(locked.with_for_update()).all()
    for one in (absorbed, into):  # on PostgreSQL someone may have been before us
        session.refresh(one, ["status", "merged_into_id"])
        if one.status == MemberStatus.MERGED:
            raise MergedMeanwhile(one=str(one))
    moves = foresee(session, absorbed, into, clock.today(act.at))
    if moves.mandates_in_force:
        demand(session, act, Task.MANDATES_GIVE)
    _move_contacts(session, act, absorbed, into)
    _move_memberships(session, absorbed, into)
    session.execute(delete(Proxy).where(_of_proxy(absorbed)))
    for table in (SignIn, SignInLink, Answered):
        session.execute(delete(table).where(table.member_id == absorbed.id))
    session.execute(
        update(Token).where(Token.member_id == absorbed.id, Token.ended_at.is_(None)).values(ended_at=act.at)
    )
    for owned, column in _tables_that_name_members():
        where = owned.c[column] == absorbed.id
        session.execute(owned.update().where(where).values({column: into.id}))
    _stand(absorbed, into)
    absorbed.email, absorbed.postal, absorbed.sought = None, "", ""
    absorbed.status, absorbed.merged_into_id = MemberStatus.MERGED, into.id
    absorbed.left = absorbed.left or clock.today(act.at)
    session.flush()
    session.expire(into)
    members.note_sought(session, into)
    journal.record(session, act, "member.merge", str(into), member=str(into), absorbed=str(absorbed),
                   lines=moves.lines, mandates=moves.mandates, machines=moves.machines)  # fmt: skip
    journal.record(session, act, "member.merged", str(absorbed), member=str(into), into=str(into))
    return moves


def beside(one: Period, kept: Iterable[Period]) -> list[Period]:
    """The parts of a period that no kept one covers, in their order."""
    pieces, since = [], one.since
    for other in sorted(kept):
        if other.until is not None and other.until <= since:
            continue
        if one.until is not None and other.since >= one.until:
            break
        if since < other.since:
            pieces.append(Period(since, other.since, one.kind, one.why))
        if other.until is None:
            return pieces
        since = other.until
    if one.until is None or since < one.until:
        pieces.append(Period(since, one.until, one.kind, one.why))
    return pieces


def _periods(rows: Sequence[Membership]) -> list[Period]:
    """Memberships that have a length."""
    return [Period(one.since, one.until, one.kind, one.why) for one in rows if one.since != one.until]


def _shared(session: Session, one: Member, other: Member, day: date) -> list[str]:
    """The lines of which both have a part on that day or later."""
    theirs = aliased(Share)
    query = (
        select(Line)
        .join(Share, Share.line_id == Line.id)
        .join(theirs, theirs.line_id == Line.id)
        .where(Share.member_id == one.id, theirs.member_id == other.id)
        .where(*(or_(part.until.is_(None), part.until > day) for part in (Share, theirs)))
    )
    return [str(line) for line in session.scalars(query.order_by(Line.number))]


def _contacts(session: Session, absorbed: Member, into: Member) -> list[tuple[str, str, str]]:
    """The living contacts that `into` does not have yet (kind, value, purpose), main addresses among them."""
    found, there = (_living(session, one) for one in (absorbed, into))
    if absorbed.email and into.email and absorbed.email != into.email:
        found.append((ContactKind.EMAIL, absorbed.email, Purpose.GENERAL))
    if absorbed.postal and into.postal and absorbed.postal != into.postal:
        found.append((ContactKind.POSTAL, absorbed.postal, Purpose.GENERAL))
    return [one for one in dict.fromkeys(found) if one not in there]


def _living(session: Session, member: Member) -> list[tuple[str, str, str]]:
    query = select(Contact.kind, Contact.value, Contact.purpose).where(
        Contact.member_id == member.id, Contact.until.is_(None)
    )
    return [(kind, value, purpose) for kind, value, purpose in session.execute(query.order_by(Contact.id))]


def _move_contacts(session: Session, act: Act, absorbed: Member, into: Member) -> None:
    added = _contacts(session, absorbed, into)
    session.execute(delete(Contact).where(Contact.member_id == absorbed.id, Contact.until.is_(None)))
    day = clock.today(act.at)
    session.add_all(Contact(member_id=into.id, kind=kind, value=value, purpose=purpose, since=day)
                    for kind, value, purpose in added)  # fmt: skip
    into.email, into.postal = into.email or absorbed.email, into.postal or absorbed.postal
    session.flush()


def _move_memberships(session: Session, absorbed: Member, into: Member) -> None:
    kept, added = (_periods(memberships.periods_of(session, one)) for one in (into, absorbed))
    # One that ended on the day it began has no length, and would stand in the way of one that begins then.
    session.execute(
        delete(Membership)
        .where(
            or_(
                Membership.member_id == absorbed.id,
                (Membership.member_id == into.id) & (Membership.since == Membership.until),
            )
        )
        .execution_options(synchronize_session="fetch")
    )
    session.add_all(
        Membership(member_id=into.id, kind=piece.kind, since=piece.since, until=piece.until, why=piece.why)
        for one in added
        for piece in beside(one, kept)
    )
    session.flush()


def _of_proxy(member: Member) -> ColumnElement[bool]:
    return or_(Proxy.giver_id == member.id, Proxy.holder_id == member.id)


def _tables_that_name_members() -> list[tuple[Table, str]]:
    """Every column of the inventory that names a member: nouns that come later move too."""
    ours = {one.local_table for one in Base.registry.mappers if one.class_.__module__.startswith("inventory.")}
    return [
        (table, column.name)
        for table in Base.metadata.sorted_tables
        if table in ours
        for column in table.columns
        if any(key.column.table is Member.__table__ for key in column.foreign_keys)
    ]


def _stand(absorbed: Member, into: Member) -> None:
    last = max(into, absorbed, key=lambda one: (_STANDS.index(MemberStatus(one.status)), one.left or date.min))
    into.joined = min(absorbed.joined, into.joined)
    into.status, into.left, into.left_why = last.status, last.left, last.left_why
