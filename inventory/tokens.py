"""Tokens: a program acts for a member, in some of their tasks, until a day. Shown once; only the SHA-256 is kept.

A token never makes another: whoever steals one has it until it ends, and no longer.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.orm import Session, contains_eager, joinedload

from foundation import journal
from foundation.acts import Act
from foundation.errors import Forbidden, Invalid, NotFound, Refused
from foundation.speech import Phrase
from foundation.vault import vault_of
from inventory import numbers, rights
from inventory.models.mandates import Task
from inventory.models.people import Member, MemberStatus
from inventory.models.tokens import Answered, Token
from inventory.rights import asks
from inventory.scopes import owners_of

PREFIX: Final = "essaim_"
"""How every token begins, so that those who look for leaked secrets know it for one."""
LONGEST_DAYS: Final = 366
ANSWERS_LIFE: Final = timedelta(days=1)
_KEY: Final = re.compile(r"[ -~]{1,255}")
_SHAPE: Final = re.compile(rf"{PREFIX}[A-Za-z0-9_-]{{43}}")


class NoSuchToken(NotFound):
    """No token of that number."""

    kind = "no-such-token"
    phrase = Phrase(
        "Aucun jeton {token}. Les trouver : essaim token list",
        "There is no token {token}. To find them: essaim token list",
    )


class TokenEnded(Refused):
    """The token ended before."""

    kind = "token-ended"
    phrase = Phrase(
        "Le jeton {token} a déjà pris fin. Rien n'a été changé.", "Token {token} ended before. Nothing was changed."
    )


class TaskNotHeld(Refused):
    """A token has the tasks of its owner, or fewer."""

    kind = "task-not-held"
    phrase = Phrase(
        "{member} n'a pas le mandat {task} : un jeton ne peut pas l'avoir non plus. Rien n'a été changé. "
        "Ses mandats : essaim mandate list --member {member}",
        "{member} does not hold the mandate {task}: neither can a token of theirs. Nothing was changed. "
        "Their mandates: essaim mandate list --member {member}",
    )


class BadToken(Invalid):
    """A token that cannot be made so."""

    kind = "bad-token"
    phrase = Phrase(
        "Un jeton a un nom de 1 à 64 signes visibles et vit de 1 à {days} jours. Rien n'a été changé.",
        "A token has a name of 1 to 64 visible characters and lives 1 to {days} days. Nothing was changed.",
    )


class NotYours(Forbidden):
    """A token acts for its owner, who alone makes it."""

    kind = "not-yours"
    phrase = Phrase(
        "Un jeton agit au nom de {member}, qui seul·e peut le créer, et pas avec un autre jeton. Rien n'a été changé.",
        "A token acts for {member}, who alone may make it, and not with another token. Nothing was changed.",
    )


class LeftBefore(Refused):
    """Whoever has left acts no more."""

    kind = "left-before"
    phrase = Phrase(
        "{member} n'est plus membre : pas de jeton. Rien n'a été changé.",
        "{member} is no longer a member: no token. Nothing was changed.",
    )


@owners_of.register
def _(subject: Token, session: Session) -> frozenset[int]:
    del session
    return frozenset({subject.member_id})


@asks(Task.KEYS_KEEP, "member", own=True)
def create_token(
    session: Session, act: Act, member: Member, name: str, tasks: Collection[str] = (), *, days: int = 90
) -> tuple[Token, str]:
    """Let a program of `member`'s act for them, and give the token that it shows. Nobody can read it again.

    Without `rights.OWN` among its tasks it writes nothing of what is theirs without a mandate.

    Raises BadToken, LeftBefore, TaskNotHeld, and NotYours for another member or another token.
    """
    plain = name.strip()
    if not (0 < len(plain) <= 64 and plain.isprintable() and 0 < days <= LONGEST_DAYS):
        raise BadToken(days=LONGEST_DAYS)
    foreign = not act.actor.startswith(rights.MACHINE) and not act.emergency and act.actor != str(member)
    if foreign or act.within is not None:
        raise NotYours(member=str(member))
    if member.status == MemberStatus.LEFT:
        raise LeftBefore(member=str(member))
    held = rights.tasks_of(session, replace(act, actor=str(member), within=None))
    for task in sorted(set(tasks)):
        if task not in held and task != rights.OWN:
            raise TaskNotHeld(member=str(member), task=task[:40])
    shown = PREFIX + secrets.token_urlsafe(32)
    token = Token(
        number=numbers.following(session, Token.number),
        member=member,
        name=plain,
        digest=_digest(shown),
        tasks=" ".join(sorted(set(tasks))),
        since=act.at,
        until=act.at + timedelta(days=days),
    )
    session.add(token)
    session.flush()
    journal.record(
        session, act, "token.create", str(token), member=str(member), name=plain, tasks=token.tasks, until=token.until
    )
    return token, shown


@asks(Task.KEYS_KEEP, "token", own=True)
def end_token(session: Session, act: Act, token: Token) -> None:
    """The token serves no more, from now on. Raises TokenEnded."""
    if token.ended_at is not None or token.until <= act.at:
        raise TokenEnded(token=str(token))
    token.ended_at = act.at
    journal.record(session, act, "token.end", str(token), member=str(token.member), name=token.name)
    session.flush()


def find_token(session: Session, text: str) -> Token:
    """The token of that number (`J0003`), with its owner. Raises BadNumber, NoSuchToken."""
    number = numbers.parse("J", text)
    token = session.scalar(select(Token).where(Token.number == number).options(joinedload(Token.member)))
    if token is None:
        raise NoSuchToken(token=numbers.shown("J", number))
    return token


def list_tokens(
    session: Session,
    at: datetime,
    *,
    member: Member | None = None,
    ended: bool = False,
    after: int = 0,
    limit: int = 100,
) -> Sequence[Token]:
    """Tokens by number with their owners, a page at a time; those that serve no more only where asked."""
    query = select(Token).where(Token.number > after).order_by(Token.number).limit(limit)
    if member is not None:
        query = query.where(Token.member_id == member.id)
    if not ended:
        query = query.where(Token.ended_at.is_(None), Token.until > at)
    return session.scalars(query.options(joinedload(Token.member))).all()


def bearer(session: Session, shown: str, at: datetime) -> Token | None:
    """The token of which a program shows this text, with its owner; None where it serves no more, or never did.

    Asks for no right: this is how one is known. Whoever has left acts no more.
    """
    if _SHAPE.fullmatch(shown) is None:
        return None
    return session.scalar(
        select(Token)
        .join(Token.member)
        .where(Token.digest == _digest(shown), Token.until > at, Token.ended_at.is_(None), Member.left.is_(None))
        .options(contains_eager(Token.member))
    )


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request was answered, to be said again."""

    status: int
    location: str
    body: str


class BadKey(Invalid):
    """An Idempotency-Key that would not arrive as it was sent."""

    kind = "bad-idempotency-key"
    http_status = 400
    phrase = Phrase(
        "Une Idempotency-Key a de 1 à 255 signes ASCII visibles. Rien n'a été changé.",
        "An Idempotency-Key has 1 to 255 visible ASCII characters. Nothing was changed.",
    )


class KeyUsedOtherwise(Invalid):
    """One Idempotency-Key, two different requests."""

    kind = "key-used-otherwise"
    phrase = Phrase(
        "Cette Idempotency-Key a déjà servi pour une autre demande. Rien n'a été changé.",
        "This Idempotency-Key served for another request before. Nothing was changed.",
    )


def answered(session: Session, member_id: int, key: str, request: bytes, at: datetime) -> Answer | None:
    """What this very request was answered within a day, if it was; whoever asks it at the same time waits.

    Asks for no right: it is the owner's own answer. Raises BadKey, KeyUsedOtherwise.
    """
    if _KEY.fullmatch(key) is None:
        raise BadKey
    # On PostgreSQL two may come at once; SQLite has one writer.
    session.execute(select(Member.id).where(Member.id == member_id).with_for_update(key_share=True))
    session.execute(delete(Answered).where(Answered.at <= at - ANSWERS_LIFE))
    before = session.scalar(select(Answered).where(Answered.member_id == member_id, Answered.key == _named(key)))
    if before is None:
        return None
    asked, _, body = vault_of(session).open(before.said).partition("\n")
    if asked != sha256(request).hexdigest():
        raise KeyUsedOtherwise
    return Answer(before.status, before.location, body)


def keep_answer(session: Session, member_id: int, key: str, request: bytes, answer: Answer, at: datetime) -> None:
    """Remember what a request was answered, in the same transaction as what it did."""
    session.add(
        Answered(
            member_id=member_id,
            key=_named(key),
            status=answer.status,
            location=answer.location,
            said=vault_of(session).seal(f"{sha256(request).hexdigest()}\n{answer.body}"),
            at=at,
        )
    )


def _named(key: str) -> str:
    """A key as it is kept: as long as any other, and as hard to guess as it was."""
    return sha256(key.encode()).hexdigest()


def _digest(shown: str) -> bytes:
    return sha256(shown.encode()).digest()
