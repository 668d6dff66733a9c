"""Verbs on members: they join, they leave, they are found."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from foundation import clock, journal
from foundation.acts import Act
from foundation.errors import Invalid, NotFound, Refused
from foundation.speech import LANGUAGES, Phrase
from inventory import lines, numbers
from inventory.models.lines import LineState
from inventory.models.people import Member, Membership, MemberStatus

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


class BadChoice(Invalid):
    """A value outside the list."""

    kind = "bad-choice"
    phrase = Phrase("« {value} » : choisir parmi {choices}.", "“{value}”: choose among {choices}.")


def add_member(
    session: Session,
    act: Act,
    name: str,
    *,
    email: str | None = None,
    status: str = MemberStatus.ADHERENT,
    language: str = "fr",
    organisation: bool = False,
) -> Member:
    """Someone joins: the next number, a membership that begins today.

    Raises BadName, BadEmail, BadChoice.
    """
    joining = (MemberStatus.ADHERENT, MemberStatus.AFFILIATE, MemberStatus.APPLICANT)
    if status not in joining:
        raise BadChoice(value=status, choices=[str(one) for one in joining])
    if language not in LANGUAGES:
        raise BadChoice(value=language, choices=list(LANGUAGES))
    day = clock.today(act.at)
    member = Member(
        number=numbers.following(session, Member.number),
        name=_checked_name(name),
        email=_checked_email(email),
        organisation=organisation,
        language=language,
        status=status,
        joined=day,
    )
    session.add(member)
    session.flush()
    if status != MemberStatus.APPLICANT:
        session.add(Membership(member_id=member.id, kind=status, since=day))
    journal.record(session, act, "member.add", str(member), member=str(member), name=member.name, status=status)
    session.flush()
    return member


def find_member(session: Session, text: str) -> Member:
    """The member of that number (`M0042`). Raises BadNumber, NoSuchMember."""
    number = numbers.parse("M", text)
    query = select(Member).where(Member.number == number).options(selectinload(Member.memberships))
    member = session.scalar(query)
    if member is None:
        raise NoSuchMember(member=numbers.shown("M", number))
    return member


def list_members(session: Session, *, left: bool = False, after: int = 0, limit: int = 100) -> Sequence[Member]:
    """Members by number, a page at a time; those who left only where asked."""
    query = select(Member).where(Member.number > after).order_by(Member.number).limit(limit)
    if not left:
        query = query.where(Member.status != MemberStatus.LEFT)
    return session.scalars(query).all()


def leave(session: Session, act: Act, member: Member) -> list[str]:
    """Someone leaves: their lines are closed, their parts of others' lines end, their memberships too.

    Gives the numbers of the lines that this touches. Raises AlreadyLeft.
    """
    if member.status == MemberStatus.LEFT:
        raise AlreadyLeft(member=str(member), left=member.left)
    day = clock.today(act.at)
    touched = []
    for line in lines.lines_of(session, member):
        if line.state in (LineState.CLOSED, LineState.CANCELLED):
            continue
        touched.append(str(line))
        if lines.holder(line, day).member_id == member.id:
            lines.close_line(session, act, line)
        else:
            lines.end_share(session, act, line, member)
    for membership in session.scalars(
        select(Membership).where(Membership.member_id == member.id, Membership.until.is_(None))
    ):
        membership.until = day
    member.status, member.left, member.left_why = MemberStatus.LEFT, day, act.why
    journal.record(session, act, "member.leave", str(member), member=str(member), lines=touched)
    session.flush()
    return touched


def _checked_name(name: str) -> str:
    plain = unicodedata.normalize("NFC", name).strip()
    if not plain or len(plain) > 200 or any(_invisible(sign) for sign in plain):
        raise BadName(name="".join(sign if sign.isprintable() else "\ufffd" for sign in plain[:50]))
    return plain


def _checked_email(email: str | None) -> str | None:
    if email is None:
        return None
    plain = email.strip()
    if not _EMAIL.fullmatch(plain) or len(plain) > 254 or not plain.isprintable():
        raise BadEmail(email=plain[:254])
    return plain


def _invisible(sign: str) -> bool:
    return unicodedata.category(sign)[0] == "C" or unicodedata.category(sign) in ("Zl", "Zp")
