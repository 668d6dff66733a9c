"""Suggestions: what someone has no mandate for, made, read, accepted and refused."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import Field
from sqlalchemy.orm import Session

from api.rest.noun import Body, Noun
from desk import suggesting
from foundation.acts import Act
from inventory import members, rights, suggested, suggestions
from inventory.models.mandates import Task
from inventory.models.suggestions import Deed, Suggestion
from inventory.views.suggestions import SuggestionView, view

READERS = frozenset({Task.LINES_WRITE, Task.ADDRESSES_WRITE})


class Arguments(Body):
    """What the deed takes: `address.name` an address and its name, `line.change` a line and what is said of its access,
    `line.order` a member, an offer and the same.
    """

    address: str = Field("", max_length=64)
    name: str = Field("", max_length=253)
    line: str = Field("", max_length=16, examples=["L0042"])
    member: str = Field("", max_length=16)
    offer: str = Field("", max_length=32)
    public_key: str = Field("", max_length=60)
    place: str = Field("", max_length=200, examples=["12 rue de l'Exemple"])
    nd: str = Field("", max_length=20)
    pto: str = Field("", max_length=40)
    building: str = Field("", max_length=40)


class NewSuggestion(Body):
    """A deed and its arguments, as a suggestion shows them; `Essaim-Why` says why."""

    deed: Deed = Field(examples=["line.change"])
    arguments: Arguments


def listed(
    session: Session, *, decided: bool = False, by: str | None = None, after: int = 0, limit: int = 100
) -> Sequence[Suggestion]:
    """Suggestions by number: those that wait, with `decided` the others too; all, or one person's."""
    whose = str(members.find_member(session, by)) if by is not None else ""
    return suggestions.list_suggestions(session, decided=decided, by=whose, after=after, limit=limit)


def suggest(session: Session, act: Act, body: NewSuggestion) -> Suggestion:
    """Suggest a deed: it waits for someone who may do it."""
    wanted = suggested.said(body.deed, body.arguments.given())
    # What one suggests is one's own: a program that may write nothing of its owner's suggests nothing either.
    rights.demand(session, act, wanted.task, members.find_member(session, act.actor), own=True)
    return suggestions.suggest(session, act, wanted)


def accept(session: Session, act: Act, suggestion: Suggestion) -> None:
    """Do what was suggested, as the one who accepts."""
    suggestions.accept(session, act, suggestion)


def refuse(session: Session, act: Act, suggestion: Suggestion) -> None:
    """Say that it shall not be done: `Essaim-Why` says why. One's own is taken back."""
    suggestions.refuse(session, act, suggestion)


SUGGESTIONS = Noun(
    path="suggestions",
    about="Suggestions, by number",
    view=SuggestionView,
    views=lambda session, act, rows: [view(session, one, act.at) for one in rows],
    find=suggestions.find_suggestion,
    listed=listed,
    readers=READERS,
    create=suggest,
    verbs={"accept": accept, "refuse": refuse},
    told=suggesting.tell,
    example={
        "number": "G0001",
        "deed": "line.change",
        "subject": "L0042",
        "arguments": {"line": "L0042", "place": "12 rue de l'Exemple"},
        "diff": "+place: 12 rue de l'Exemple\n",
        "state": "waiting",
        "why": "",
        "proposed_by": "M0042",
        "proposed_at": "2026-11-22T13:02:00+00:00",
        "decided_by": None,
        "decided_at": None,
        "reason": "",
    },
)
