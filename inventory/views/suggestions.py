"""Suggestions, as every door shows them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from inventory import suggestions
from inventory.models.suggestions import Deed, Suggestion, SuggestionState


@dataclass(frozen=True, slots=True)
class SuggestionView:
    """A suggestion: what would be done, to what, with which arguments; what it would change (`diff`, - what goes and
    + what comes; once decided, what it was to change); who suggested it and why; who decided, and why it was refused.
    """

    number: str
    deed: Deed
    subject: str
    arguments: Mapping[str, str]
    diff: str
    state: SuggestionState
    why: str
    proposed_by: str
    proposed_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    reason: str


def view(session: Session, one: Suggestion, at: datetime) -> SuggestionView:
    """A suggestion's plain values at that instant."""
    return SuggestionView(
        number=str(one),
        deed=Deed(one.deed),
        subject=one.subject,
        arguments=json.loads(one.arguments),
        diff=suggestions.preview(session, one, at),
        state=SuggestionState(one.state),
        why=one.why,
        proposed_by=one.proposed_by,
        proposed_at=one.proposed_at,
        decided_by=one.decided_by,
        decided_at=one.decided_at,
        reason=one.reason,
    )
