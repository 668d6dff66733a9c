"""Verbs on members: they join, change, leave, and are found."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Final

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session, selectinload

from foundation import clock, journal
from foundation.acts import Act
from foundation.errors import Invalid, NotFound, Refused
from foundation.speech import LANGUAGES, Phrase
from inventory import handing, kinds, lines, mandates, memberships, numbers
from inventory.handing import Parting
from inventory.models.mandates import Task
from inventory.models.people import Contact, ContactKind, Member, Membership, MemberStatus, Referent
from inventory.rights import asks
from inventory.words import fold

_EMAIL: Final = re.compile(r"[^\s@<>]+@[^\s@<>.]+(\.[^\s@<>.]+)+")


class NoSuchMember(NotFound):
    """No member of that number."""

    kind = "no-such-member"
    phrase = Phrase(
        "Aucun membre {member}. Les trouver : essaim member list",
        "There is no member {member}. To find them: essaim member list",
    )


class AlreadyLeft(Refused):
    """The person left before."""

    kind = "already-left"
    phrase = Phrase(
        "{member} est déjà parti·e, le {left}. Rien n'a été changé.",
        "{member} already left, on {left}. Nothing was changed.",
    )


class BadName(Invalid):
    """A name that cannot be written."""

    kind = "bad-name"
    phrase = Phrase(
        "Ce nom est vide ou contient des caractères invisibles : « {name} ».",
        "This name is empty or holds invisible characters: “{name}”.",
    )


class BadEmail(Invalid):
    """A text that is no e-mail address."""

    kind = "bad-email"
    phrase = Phrase("« {email} » n'est pas une adresse e-mail.", "“{email}” is not an e-mail address.")


class BadPostal(Invalid):
    """A postal address that cannot be written on an envelope."""

    kind = "bad-postal"
    phrase = Phrase(
        "Une adresse postale a 500 caractères visibles au plus, sur autant de lignes qu'il faut.",
        "A postal address has at most 500 visible characters, on as many lines as needed.",
    )


class BadChoice(Invalid):
    """A value outside the list."""

    kind = "bad-choice"
    phrase = Phrase("« {value} » : choisir parmi {choices}.", "“{value}”: choose among {choices}.")


@asks(Task.MEMBERS_WRITE)
def add_member(
    session: Session,
    act: Act,
    name: str,
    *,
    email: str | None = None,
    status: str | None = None,
    language: str = "fr",
    organisation: bool = False,
    postal: str = "",
    since: date | None = None,
    until: date | None = None,
    left_why: str = "",
) -> Member:
    """Someone joins: the next number, a membership from `since`, or today.

    `status` is the kind of membership (the association's first where none is given), or `applicant`. With `until`
    it is someone who was a member once: their file is that of one who left then.
    Raises BadName, BadEmail, BadPostal, BadChoice, BadPeriod.
    """
    if language not in LANGUAGES:
        raise BadChoice(value=language, choices=list(LANGUAGES))
    applies, day = status == MemberStatus.APPLICANT, clock.today(act.at)
    kind = None if applies else _kind(session, status)
    if until is not None and (applies or until > day):
        raise memberships.BadPeriod(earliest=memberships.EARLIEST, since=since or day, until=until)
    member = Member(
        number=numbers.following(session, Member.number),
        name=checked_name(name),
        email=None if email is None else checked_email(email),
        postal=checked_postal(postal),
        organisation=organisation,
        language=language,
        status=MemberStatus.APPLICANT if applies else MemberStatus.MEMBER if until is None else MemberStatus.LEFT,
        joined=since or day,
        left=until,
        left_why=left_why,
    )
    member.sought = sought_of(member, [], [])
    session.add(member)
    session.flush()
    if kind is not None:
        memberships.begin(session, act, member, kind, since=since or day, until=until, why=left_why)
    journal.record(
        session,
        act,
        "member.add",
        str(member),
        member=str(member),
        name=member.name,
        status=kind or member.status,
        since=member.joined,
        until=until,
    )
    session.flush()
    return member


@asks(Task.MEMBERS_WRITE, "member", own=True)
def change_member(
    session: Session,
    act: Act,
    member: Member,
    *,
    name: str | None = None,
    email: str | None = None,
    language: str | None = None,
    postal: str | None = None,
) -> tuple[str, ...]:
    """Change what a file says; None leaves it, an empty e-mail or postal address takes it away.

    Gives the names of what changed. Raises BadName, BadEmail, BadPostal, BadChoice.
    """
    if language is not None and language not in LANGUAGES:
        raise BadChoice(value=language, choices=list(LANGUAGES))
    wanted: dict[str, object] = {}
    if name is not None:
        wanted["name"] = checked_name(name)
    if email is not None:
        wanted["email"] = checked_email(email) if email.strip() else None
    if language is not None:
        wanted["language"] = language
    if postal is not None:
        wanted["postal"] = checked_postal(postal)
    before = {field: getattr(member, field) for field in wanted if getattr(member, field) != wanted[field]}
    for field in before:
        setattr(member, field, wanted[field])
    if before:
        after = {field: wanted[field] for field in before}
        journal.record(session, act, "member.change", str(member), member=str(member), before=before, after=after)
        note_sought(session, member)
    return tuple(before)


@asks(Task.MEMBERS_WRITE, "member")
def leave(session: Session, act: Act, member: Member) -> list[Parting]:
    """Someone leaves: their parts of lines end, their memberships too. Nobody else is cut: a line that others share
    goes on with them, one of theirs alone is closed.

    Their mandates end with it. Says what becomes of each of their lines. Raises AlreadyLeft, LastGiver.
    """
    if member.status == MemberStatus.LEFT:
        raise AlreadyLeft(member=str(member), left=member.left)
    day = clock.today(act.at)
    partings = [
        handing.part_with(session, act, line, member)
        for line in lines.lines_of(session, member)
        if line.state not in lines.ENDED
    ]
    memberships.end_all(session, member, day, act.why)
    mandates.end_all(session, act, member)
    member.status, member.left, member.left_why = MemberStatus.LEFT, day, act.why
    journal.record(session, act, "member.leave", str(member), member=str(member), lines=[one.line for one in partings])
    session.flush()
    return partings


def find_member(session: Session, text: str) -> Member:
    """The member of that number (`M0042`), or whose file it was merged into. Raises BadNumber, NoSuchMember."""
    number = numbers.parse("M", text)
    merged = select(Member.merged_into_id).where(Member.number == number).scalar_subquery()
    whose = or_((Member.number == number) & Member.merged_into_id.is_(None), Member.id == merged)
    member = session.scalar(select(Member).where(whose).options(selectinload(Member.memberships)))
    if member is None:
        raise NoSuchMember(member=numbers.shown("M", number))
    return member


def list_members(
    session: Session,
    *,
    left: bool = False,
    kind: str | None = None,
    day: date | None = None,
    word: str = "",
    after: int = 0,
    limit: int = 100,
) -> Sequence[Member]:
    """Members by number, a page at a time; those who left only where asked.

    `kind`: those whose membership on `day` is of that kind. `word`: those in whose name, e-mails or contacts
    each of its words is, whatever the case and accents.
    """
    query = select(Member).where(Member.number > after, Member.merged_into_id.is_(None))
    if not left:
        query = query.where(Member.status != MemberStatus.LEFT)
    if kind is not None and day is not None:
        query = query.where(Member.id.in_(select(Membership.member_id).where(Membership.kind == kind, runs_on(day))))
    for part in fold(word).split():
        query = query.where(Member.sought.contains(part, autoescape=True))
    return session.scalars(query.order_by(Member.number).limit(limit)).all()


def runs_on(day: date) -> ColumnElement[bool]:
    """The condition of a membership in force on that day."""
    return (Membership.since <= day) & or_(Membership.until.is_(None), Membership.until > day)


def written_by(session: Session, email: str) -> Sequence[Member]:
    """Those who can be reached at that e-mail address, by number: a couple may share one.

    Case is nothing in it: mail programs do not keep it.
    """
    plain = email.strip().lower()
    contact = select(Contact.member_id).where(
        Contact.kind == ContactKind.EMAIL, func.lower(Contact.value) == plain, Contact.until.is_(None)
    )
    query = select(Member).where(or_(func.lower(Member.email) == plain, Member.id.in_(contact)))
    return session.scalars(query.where(Member.merged_into_id.is_(None)).order_by(Member.number)).all()


def former_numbers(session: Session, member: Member) -> tuple[str, ...]:
    """The numbers of the files that were merged into this one."""
    merged = select(Member.number).where(Member.merged_into_id == member.id).order_by(Member.number)
    return tuple(numbers.shown("M", number) for number in session.scalars(merged))


def note_sought(session: Session, member: Member) -> None:
    """Write down anew what whoever searches may find a member by."""
    session.flush()
    living = select(Contact.value).where(Contact.member_id == member.id, Contact.until.is_(None))
    theirs = select(Referent.name, Referent.contact).where(
        Referent.organisation_id == member.id, Referent.until.is_(None)
    )
    referents = [word for row in session.execute(theirs) for word in row]
    member.sought = sought_of(member, session.scalars(living.order_by(Contact.id)), referents)
    session.flush()


def checked_name(name: str) -> str:
    """A name as it is kept. Raises BadName."""
    plain = unicodedata.normalize("NFC", name).strip()
    if not plain or len(plain) > 200 or any(_invisible(sign) for sign in plain):
        raise BadName(name="".join(sign if sign.isprintable() else "\ufffd" for sign in plain[:50]))
    return plain


def checked_email(email: str) -> str:
    """An e-mail address as it is kept: its domain in lower case, its local part as its owner writes it.

    Raises BadEmail.
    """
    plain = email.strip()
    if not _EMAIL.fullmatch(plain) or len(plain) > 254 or not plain.isprintable():
        raise BadEmail(email=plain[:254])
    local, _, domain = plain.rpartition("@")
    return f"{local}@{domain.lower()}"


def checked_postal(postal: str) -> str:
    """A postal address as it is kept: lines without blanks around them. Raises BadPostal."""
    rows = [row.strip() for row in unicodedata.normalize("NFC", postal).strip().splitlines()]
    plain = "\n".join(row for row in rows if row)
    if len(plain) > 500 or any(_invisible(sign) for sign in plain if sign != "\n"):
        raise BadPostal
    return plain


def _kind(session: Session, status: str | None) -> str:
    try:
        return kinds.joinable(session, status).name
    except kinds.NoSuchKind as unknown:
        choices = [*(one.name for one in kinds.list_kinds(session)), MemberStatus.APPLICANT.value]
        raise BadChoice(value=status, choices=choices) from unknown


def sought_of(member: Member, contacts: Iterable[str], more: Iterable[str]) -> str:
    """What whoever searches may find a member by, folded."""
    values = list(contacts)
    numbers_alone = [re.sub(r"[ .()/-]", "", value) for value in values if re.fullmatch(r"\+?[0-9 .()/-]+", value)]
    words = (member.name, member.email or "", member.postal, *values, *numbers_alone, *more)
    return fold(" ".join(words))


def _invisible(sign: str) -> bool:
    return unicodedata.category(sign)[0] == "C" or unicodedata.category(sign) in ("Zl", "Zp")
