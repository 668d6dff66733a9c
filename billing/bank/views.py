"""Accounts and movements as every door shows them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from billing.bank.inbox import Waiting
from billing.matching.suggesting import Suggestion
from billing.models import BankAccount, BankEntry, BankFile, Holding
from foundation.money import Euros
from foundation.speech import Phrase
from inventory.models.people import Member
from inventory.numbers import shown


@dataclass(frozen=True, slots=True)
class BankAccountView:
    """An account of the association; `until` is the last day of which a statement was read."""

    name: str
    kind: Holding
    iban: str
    bic: str
    holder: str
    since: date
    until: date | None
    movements: int


@dataclass(frozen=True, slots=True)
class PartView:
    """What of a movement may be a member's."""

    member: str
    name: str
    cents: Euros


@dataclass(frozen=True, slots=True)
class SuggestionView:
    """What a movement may be: parts that add up to it, or an account of the books; why; in points, how surely."""

    parts: tuple[PartView, ...]
    account: str
    words: str
    reasons: tuple[Phrase, ...]
    certainty: int


@dataclass(frozen=True, slots=True)
class WaitingView:
    """A movement that waits until someone says what it is; `left_cents` of it are not said yet."""

    number: str
    account: str
    day: date
    cents: Euros
    left_cents: Euros
    label: str
    payer: str
    suggestions: tuple[SuggestionView, ...]


def account_views(session: Session, accounts: Sequence[BankAccount]) -> list[BankAccountView]:
    """Accounts, in the order given."""
    until = dict(
        session.execute(select(BankFile.account_id, func.max(BankFile.until)).group_by(BankFile.account_id)).all()
    )
    count = dict(
        session.execute(select(BankEntry.account_id, func.count(BankEntry.id)).group_by(BankEntry.account_id)).all()
    )
    return [
        BankAccountView(
            one.name, Holding(one.kind), one.iban, one.bic, one.holder, one.since, until.get(one.id),
            count.get(one.id, 0),
        )
        for one in accounts
    ]  # fmt: skip


def waiting_views(session: Session, found: Sequence[Waiting]) -> list[WaitingView]:
    """Movements that wait, in the order given."""
    wanted = {number for one in found for each in one.suggestions for number, _ in each.parts}
    names = dict(session.execute(select(Member.number, Member.name).where(Member.number.in_(wanted))).all())
    return [
        WaitingView(
            str(one.entry),
            one.account,
            one.entry.day,
            one.entry.cents,
            one.left,
            one.entry.label,
            one.entry.payer,
            tuple(suggestion_view(each, names) for each in one.suggestions),
        )
        for one in found
    ]


def suggestion_view(one: Suggestion, names: dict[int, str]) -> SuggestionView:
    """A suggestion, with the names of members by their numbers."""
    parts = tuple(PartView(shown("M", number), names.get(number, ""), cents) for number, cents in one.parts)
    return SuggestionView(parts, one.account, one.words, one.reasons, one.certainty)
