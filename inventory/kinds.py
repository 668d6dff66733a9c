"""Verbs on the kinds of membership: data of the association, each with its words and whether it votes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from foundation import clock, journal
from foundation.acts import Act
from foundation.errors import Invalid, Refused
from foundation.speech import Phrase
from inventory.models.mandates import Task
from inventory.models.people import MembershipKind, MemberStatus
from inventory.rights import asks
from inventory.words import Coded

LAPSED: Final = Coded("lapsed", Phrase("adhésion échue", "membership lapsed"))
"""How someone stands whose last membership has ended, and who has not left."""

_NAME: Final = re.compile(r"[a-z][a-z0-9-]{0,31}")
_TAKEN: Final = frozenset({*MemberStatus, LAPSED})


class NoSuchKind(Invalid):
    """No membership of that kind."""

    kind = "no-such-kind"
    phrase = Phrase(
        "Pas d'adhésion de type « {wanted} » : choisir parmi {kinds}.",
        "There is no membership of kind “{wanted}”: choose among {kinds}.",
    )


class BadKindName(Invalid):
    """A name that no kind can have."""

    kind = "bad-kind-name"
    phrase = Phrase(
        "« {name} » ne peut pas nommer un type d'adhésion : des minuscules, chiffres et tirets, 32 au plus, "
        "et aucun des mots {taken}.",
        "“{name}” cannot name a kind of membership: lower case letters, digits and dashes, 32 at most, "
        "and none of the words {taken}.",
    )


class BadKindLabel(Invalid):
    """Words that cannot stand for a kind."""

    kind = "bad-kind-label"
    phrase = Phrase(
        "Les mots d'un type d'adhésion ont de 1 à 60 caractères visibles. Rien n'a été changé.",
        "The words of a kind of membership have 1 to 60 visible characters. Nothing was changed.",
    )


class KindThere(Refused):
    """A kind of that name exists."""

    kind = "kind-there"
    phrase = Phrase(
        "Le type d'adhésion « {name} » existe déjà. Le changer : essaim kind change {name}",
        "The kind of membership “{name}” exists already. To change it: essaim kind change {name}",
    )


class LastKind(Refused):
    """Nobody could join any more."""

    kind = "last-kind"
    phrase = Phrase(
        "« {name} » est le dernier type d'adhésion : plus personne ne pourrait adhérer. Rien n'a été changé.",
        "“{name}” is the last kind of membership: nobody could join any more. Nothing was changed.",
    )


@asks(Task.RULES_SET)
def add_kind(session: Session, act: Act, name: str, *, french: str, english: str, votes: bool) -> MembershipKind:
    """One more way of being a member. Raises BadKindName, BadKindLabel, KindThere."""
    if not _NAME.fullmatch(name) or name in _TAKEN:
        raise BadKindName(name=name[:40], taken=sorted(_TAKEN))
    if session.scalar(select(MembershipKind.id).where(MembershipKind.name == name)) is not None:
        raise KindThere(name=name)
    kind = MembershipKind(name=name, label_fr=_label(french), label_en=_label(english), votes=votes)
    session.add(kind)
    session.flush()
    journal.record(session, act, "kind.add", name, french=kind.label_fr, english=kind.label_en, votes=votes)
    return kind


@asks(Task.RULES_SET)
def change_kind(
    session: Session,
    act: Act,
    kind: MembershipKind,
    *,
    french: str | None = None,
    english: str | None = None,
    votes: bool | None = None,
    retired: bool | None = None,
) -> None:
    """Other words, another right to vote, or nobody joins with it any more; who has it keeps it.

    Raises BadKindLabel, LastKind.
    """
    before = _said(kind)
    if french is not None:
        kind.label_fr = _label(french)
    if english is not None:
        kind.label_en = _label(english)
    if votes is not None:
        kind.votes = votes
    if retired is False:
        kind.retired = None
    elif retired and kind.retired is None:
        if [one.name for one in list_kinds(session)] == [kind.name]:
            raise LastKind(name=kind.name)
        kind.retired = clock.today(act.at)
    session.flush()
    if _said(kind) != before:
        journal.record(session, act, "kind.change", kind.name, before=before, after=_said(kind))


def find_kind(session: Session, name: str) -> MembershipKind:
    """The kind of that name, a retired one too. Raises NoSuchKind with the list."""
    kind = session.scalar(select(MembershipKind).where(MembershipKind.name == name))
    if kind is None:
        raise NoSuchKind(wanted=name[:40], kinds=[one.name for one in list_kinds(session)])
    return kind


def joinable(session: Session, name: str | None) -> MembershipKind:
    """The kind that someone may join with: the association's first one where none is named.

    Raises NoSuchKind, for a retired one too.
    """
    living = list_kinds(session)
    for kind in living:
        if name in (None, kind.name):
            return kind
    raise NoSuchKind(wanted=(name or "")[:40], kinds=[one.name for one in living])


def list_kinds(session: Session, *, retired: bool = False) -> Sequence[MembershipKind]:
    """The kinds in the order in which they came, those that nobody may join with any more only where asked."""
    query = select(MembershipKind).order_by(MembershipKind.id)
    return session.scalars(query if retired else query.where(MembershipKind.retired.is_(None))).all()


def words(session: Session) -> dict[str, Coded]:
    """Every kind's name, read as its words."""
    return {one.name: one.word for one in list_kinds(session, retired=True)}


def _label(text: str) -> str:
    plain = text.strip()
    if not 1 <= len(plain) <= 60 or not plain.isprintable():
        raise BadKindLabel
    return plain


def _said(kind: MembershipKind) -> dict[str, object]:
    return {"french": kind.label_fr, "english": kind.label_en, "votes": kind.votes, "retired": kind.retired}
