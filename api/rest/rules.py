"""Rules: what the association decided for itself, and what holds where it decided nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import Field
from sqlalchemy.orm import Session

from api.rest.noun import Body, Noun, paged
from foundation.acts import Act
from inventory import rules
from inventory.rules import Known


@dataclass(frozen=True, slots=True)
class RuleView:
    """A rule: its value now, the one it has until someone sets it, and one that waits for someone else to agree."""

    name: str
    value: str
    default: str
    proposed: str | None
    proposed_by: str | None
    about_fr: str
    about_en: str


class RuleChange(Body):
    """What the rule is from now on."""

    value: str = Field(max_length=200, examples=["2"])


def views(session: Session, _act: Act, rows: Sequence[Known]) -> list[RuleView]:
    """Rules with their values."""
    held = {one.known.name: one for one in rules.list_rules(session)}
    return [
        RuleView(
            known.name,
            held[known.name].value,
            known.default,
            held[known.name].proposed,
            held[known.name].proposed_by,
            known.phrase.fr,
            known.phrase.en,
        )
        for known in rows
    ]


def listed(session: Session, *, after: str = "", limit: int = 100) -> Sequence[Known]:
    """Every rule, by name."""
    return paged((one.known for one in rules.list_rules(session)), lambda known: known.name, after, limit)


def change(session: Session, act: Act, rule: Known, body: RuleChange) -> None:
    """The association decides otherwise; to lower what takes two waits for someone else to do the same."""
    rules.set_rule(session, act, rule.name, body.value)


RULES = Noun(
    path="rules",
    about="The association's rules, by name",
    view=RuleView,
    views=views,
    find=lambda _session, name: rules.find_rule(name),
    named=lambda rule: rule.name,
    listed=listed,
    readers=None,
    change=change,
    example={
        "name": "mandates.quorum",
        "value": "2",
        "default": "1",
        "proposed": None,
        "proposed_by": None,
        "about_fr": "personnes qu'il faut pour donner un mandat",
        "about_en": "people it takes to give a mandate",
    },
)
