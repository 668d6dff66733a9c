"""Kinds of membership: data of the association."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import Field
from sqlalchemy.orm import Session

from api.rest.noun import Absent, Body, Noun, paged
from foundation.acts import Act
from inventory import kinds
from inventory.models.people import MembershipKind
from inventory.views.members import KindView, kind_view


class NewKind(Body):
    """One more way of being a member."""

    name: str = Field(max_length=32, examples=["benefactor"])
    french: str = Field(max_length=60, examples=["bienfaiteur·rice"])
    english: str = Field(max_length=60, examples=["benefactor"])
    votes: bool = False


class KindChange(Body):
    """Other words, another right to vote; `retired` for nobody to join with it any more."""

    french: str = Field("", max_length=60)
    english: str = Field("", max_length=60)
    votes: bool = False
    retired: bool = False


def find(session: Session, name: str) -> MembershipKind:
    """The kind of that name. Raises Absent."""
    try:
        return kinds.find_kind(session, name)
    except kinds.NoSuchKind:
        raise Absent(name=name[:80]) from None


def listed(session: Session, *, retired: bool = False, after: str = "", limit: int = 100) -> Sequence[MembershipKind]:
    """Kinds by name; those that nobody may join with any more only with `retired`."""
    return paged(kinds.list_kinds(session, retired=retired), lambda kind: kind.name, after, limit)


def create(session: Session, act: Act, body: NewKind) -> MembershipKind:
    """One more way of being a member."""
    return kinds.add_kind(session, act, **body.given() | {"votes": body.votes})


def change(session: Session, act: Act, kind: MembershipKind, body: KindChange) -> None:
    """Other words for a kind, another right to vote, or its retirement."""
    kinds.change_kind(session, act, kind, **body.given())


KINDS = Noun(
    path="kinds",
    about="Kinds of membership, by name",
    view=KindView,
    views=lambda _session, _act, rows: [kind_view(one) for one in rows],
    find=find,
    named=lambda kind: kind.name,
    listed=listed,
    readers=None,
    create=create,
    change=change,
    example={
        "name": "adherent",
        "label_fr": "adhérent·e",
        "label_en": "member",
        "votes": True,
        "retired": None,
    },
)
