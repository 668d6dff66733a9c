"""Who is who: what stands beside a way in, against the members that we have. What is not certain is said, not guessed.

A way in is somebody's where the inventory has it already; else where one of the words beside it is exactly a member's
number, e-mail or name (without case or accents), or its login is their e-mail; and where no word says somebody else.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from foundation.speech import Phrase
from inventory import credentials, numbers
from inventory.models.lines import Credential, CredentialKind, Line, LineState, Share
from inventory.models.people import Member, MemberStatus
from inventory.words import fold
from provisioning.adopting.found import Way, said_of

_ENDED: Final = (LineState.CLOSED, LineState.CANCELLED)
_NUMBER: Final = re.compile(r"([ML])(\d{1,9})")

_NOBODY: Final = Phrase(
    "rien à côté ne dit à qui c'est (« {words} »)", "nothing beside it says whose it is (“{words}”)"
)
_NAMELESS: Final = Phrase("aucun commentaire ne dit à qui c'est", "no comment says whose it is")
_SEVERAL: Final = Phrase("cela peut être {members}", "it may be {members}")
_LEFT: Final = Phrase("{members} n'est plus membre", "{members} is a member no more")


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose a way in is: a member, and the line that it opens already or is to open, where there is one."""

    member: int
    line: int | None = None
    known: bool = False
    """Whether the inventory has this very way in."""


@dataclass(frozen=True, slots=True)
class People:
    """The members and lines that a way in may be of, by what may stand beside it."""

    by_word: dict[str, set[int]]
    gone: frozenset[int]
    open: dict[tuple[str, str], Owner]
    """By kind and name, what opens a line now."""
    holders: dict[int, set[int]]
    """Who has a living part of each line."""
    waiting: dict[tuple[str, int], list[int]]
    """By kind and member, their lines that nothing opens yet."""


def known_people(session: Session) -> People:
    """Load them, in three queries."""
    by_word: dict[str, set[int]] = defaultdict(set)
    gone = set()
    rows = select(Member.number, Member.name, Member.email, Member.status).where(Member.merged_into_id.is_(None))
    for number, name, email, status in session.execute(rows):
        for word in (numbers.shown("M", number), name, email):
            if word:
                by_word[fold(word)].add(number)
        if status == MemberStatus.LEFT:
            gone.add(number)
    opened = {
        (kind, name): Owner(member, line, known=True)
        for kind, name, line, member in session.execute(
            select(Credential.kind, Credential.name, Line.number, Member.number)
            .join(Share, Credential.share_id == Share.id)
            .join(Line, Share.line_id == Line.id)
            .join(Member, Share.member_id == Member.id)
            .where(Credential.until.is_(None))
        )
    }
    holders: dict[int, set[int]] = defaultdict(set)
    waiting: dict[tuple[str, int], list[int]] = defaultdict(list)
    taken = {(kind, owner.line, owner.member) for (kind, _), owner in opened.items()}
    parts = (
        select(Line, Member.number)
        .join(Share, Share.line_id == Line.id)
        .join(Member, Share.member_id == Member.id)
        .where(Share.until.is_(None), Line.state.not_in(_ENDED))
        .options(joinedload(Line.offer))
        .order_by(Line.number)
    )
    for line, member in session.execute(parts):
        holders[line.number].add(member)
        kind = credentials.kind_of(line.offer)
        if kind is not None and (str(kind), line.number, member) not in taken:
            waiting[str(kind), member].append(line.number)
    return People(by_word, frozenset(gone), opened, holders, waiting)


def owner_of(people: People, way: Way) -> Owner | Phrase:
    """Whose a way in is, or why nobody can tell."""
    known = people.open.get((str(way.kind), way.name))
    if known is not None:
        return known
    words = [*way.called, *([way.name] if way.kind is not CredentialKind.WIREGUARD else [])]
    lines = {int(found[2]) for word in words if (found := _NUMBER.fullmatch(word)) and found[1] == "L"}
    of_lines = {member for line in lines for member in people.holders.get(line, ())}
    meant = {member for word in words for member in people.by_word.get(_spelled(word), ())} | of_lines
    there = meant - people.gone
    if len(there) == 1 and len(lines) <= 1:
        (member,) = there
        return Owner(member, _line(people, way, member, lines))
    if there:
        return said_of(_SEVERAL, members=[numbers.shown("M", one) for one in sorted(there)])
    if meant:
        return said_of(_LEFT, members=[numbers.shown("M", one) for one in sorted(meant)])
    return said_of(_NOBODY, words=", ".join(way.called)[:80]) if way.called else _NAMELESS


def _spelled(word: str) -> str:
    """A word as `by_word` has it: `m42` and `M0042` are one number."""
    found = _NUMBER.fullmatch(word.upper())
    return fold(numbers.shown(found[1], int(found[2]))) if found else fold(word)


def _line(people: People, way: Way, member: int, lines: set[int]) -> int | None:
    """The line that a way in is to open: the one that is named beside it, else the only one that nothing opens yet."""
    if lines:
        return min(lines)
    waiting = people.waiting.get((str(way.kind), member), [])
    return waiting[0] if len(waiting) == 1 else None
