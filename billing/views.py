"""Money from outside: tariffs, dues, payments, choices and balances, of one shape at every door. Amounts in cents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from billing import choices
from billing.balance import Balance, balances_of
from billing.choices import Choosable
from billing.dues import Difference
from billing.history import Settled, corrections_of, reversals_of, settled_of, spent_of
from billing.lists import Late
from billing.models import Asked, Cause, Due, DueKind, Means, Pause, Payment, Per, Pledge, Tariff
from billing.words import due_phrase, due_words
from foundation.clock import Month
from foundation.money import Euros
from foundation.speech import LANGUAGES, Phrase
from inventory.models.lines import Offer
from inventory.models.people import Member
from inventory.numbers import shown


@dataclass(frozen=True, slots=True)
class TariffView:
    """What `of` (an offer or a kind of membership, `offer:vpn`, `kind:adherent`) costs from a day on.

    Free where there is a `floor_cents`: `cents` is then what is suggested. `until` is when the next one begins.
    """

    name: str
    of: str
    asked: Asked
    per: Per
    cents: Euros
    floor_cents: Euros | None
    solidarity_cents: Euros | None
    label: str
    since: date
    until: date | None


@dataclass(frozen=True, slots=True)
class CorrectionView:
    """A counter-entry: so many cents more, or less, and why."""

    day: date
    cents: Euros
    cause: Cause
    reason: str


@dataclass(frozen=True, slots=True)
class DueView:
    """What a member owes for one thing and one period: as it was issued, what it is now, what is open of it."""

    number: str
    member: str
    kind: DueKind
    what: str
    words: Phrase
    period: date
    per: Per
    day: date
    cents: Euros
    net_cents: Euros
    open_cents: Euros
    corrections: tuple[CorrectionView, ...]
    settled: tuple[Settled, ...]


@dataclass(frozen=True, slots=True)
class DifferenceView:
    """Where a month that was issued is no longer what it asks: so many cents more or less, of a due or of a new one."""

    member: str
    due: str | None
    kind: DueKind
    what: str
    words: Phrase
    cents: Euros


@dataclass(frozen=True, slots=True)
class PaymentView:
    """What a member paid, which dues it settles, and since when and why it counts no more."""

    number: str
    member: str
    day: date
    cents: Euros
    means: Means
    reference: str
    source: str
    credit_cents: Euros
    settled: tuple[Settled, ...]
    reversed: date | None
    reversed_why: str


@dataclass(frozen=True, slots=True)
class ChoiceView:
    """What a member gives for a thing from a day on; null: what the tariff suggests."""

    what: str
    cents: Euros | None
    since: date


@dataclass(frozen=True, slots=True)
class PauseView:
    """From a day to a day nothing is asked for this."""

    what: str
    since: date
    until: date


@dataclass(frozen=True, slots=True)
class AccountView:
    """A member's account today: what was paid minus what is due, what is open, what they may choose, what is paused."""

    member: str
    name: str
    balance: Euros
    owed_cents: Euros
    credit_cents: Euros
    reference: str
    open: tuple[OpenView, ...]
    choices: tuple[Choosable, ...]
    pauses: tuple[PauseView, ...]


@dataclass(frozen=True, slots=True)
class BalanceView:
    """What a member owes today: what was paid minus what is due, what is open, since when, and how to pay it.

    `reference` is to quote with every payment (ISO 11649).
    """

    member: str
    name: str
    balance: Euros
    owed_cents: Euros
    credit_cents: Euros
    since: date | None
    reference: str
    open: tuple[OpenView, ...]


@dataclass(frozen=True, slots=True)
class OpenView:
    """A due that is not wholly paid, and what is left of it."""

    number: str
    words: Phrase
    period: date
    cents: Euros
    open_cents: Euros


@dataclass(frozen=True, slots=True)
class LateView:
    """Who is late, since when, with how much for how many dues."""

    member: str
    name: str
    since: date
    cents: Euros
    dues: int


def tariff_name(of: str, asked: str, since: date) -> str:
    """The public name of a tariff: `offer:vpn:regular:2026-11-01`."""
    return f"{of}:{asked}:{since}"


def tariff_views(session: Session, found: Sequence[Tariff]) -> list[TariffView]:
    """Tariffs in the order given, each until the next of the same."""
    offers = {row: str(name) for row, name in session.execute(select(Offer.id, Offer.name))}
    begins: dict[tuple[str, str], list[date]] = {}
    every = select(Tariff.offer_id, Tariff.membership, Tariff.asked, Tariff.since).order_by(Tariff.since)
    for offer, kind, asked, since in session.execute(every):
        begins.setdefault((_of(offers, offer, kind), asked), []).append(since)
    views = []
    for one in found:
        of = _of(offers, one.offer_id, one.membership)
        until = next((day for day in begins[of, one.asked] if day > one.since), None)
        views.append(
            TariffView(
                name=tariff_name(of, one.asked, one.since),
                of=of,
                asked=Asked(one.asked),
                per=Per(one.per),
                cents=one.cents,
                floor_cents=one.floor,
                solidarity_cents=one.solidarity,
                label=one.label,
                since=one.since,
                until=until,
            )
        )
    return views


def _of(offers: dict[int, str], offer: int | None, kind: str | None) -> str:
    return f"kind:{kind}" if offer is None else f"offer:{offers[offer]}"


def due_views(session: Session, found: Sequence[Due]) -> list[DueView]:
    """Dues in the order given."""
    corrections, settled = corrections_of(session, found), settled_of(session, found)
    whose = _numbers(session, {one.member_id for one in found})
    views = []
    for one in found:
        net = one.cents + sum(each.cents for each in corrections[one.id])
        views.append(
            DueView(
                number=str(one),
                member=whose[one.member_id],
                kind=DueKind(one.kind),
                what=one.what,
                words=due_phrase(one),
                period=one.period,
                per=Per(one.per),
                day=one.day,
                cents=one.cents,
                net_cents=net,
                open_cents=net - sum(each.cents for each in settled[one.id]),
                corrections=tuple(
                    CorrectionView(each.day, each.cents, Cause(each.cause), each.reason) for each in corrections[one.id]
                ),
                settled=tuple(settled[one.id]),
            )
        )
    return views


def difference_views(session: Session, found: Sequence[Difference], month: Month) -> list[DifferenceView]:
    """What a month's regularisation changes, in the order given."""
    whose = _numbers(session, {one.planned.member for one in found})
    views = []
    for one in found:
        plan = one.planned
        said = (due_words(plan.kind, plan.label, plan.what, plan.per, month.first, each) for each in LANGUAGES)
        number = None if one.due is None else str(one.due)
        views.append(DifferenceView(whose[plan.member], number, plan.kind, plan.what, Phrase.said(*said), one.cents))
    return views


def payment_views(session: Session, found: Sequence[Payment]) -> list[PaymentView]:
    """Payments in the order given."""
    spent, reversals = spent_of(session, found), reversals_of(session, found)
    whose = _numbers(session, {one.member_id for one in found})
    views = []
    for one in found:
        back = reversals.get(one.id)
        left = Euros(0) if back else one.cents - sum(each.cents for each in spent[one.id])
        views.append(
            PaymentView(
                number=str(one),
                member=whose[one.member_id],
                day=one.day,
                cents=one.cents,
                means=Means(one.means),
                reference=one.reference,
                source=one.source,
                credit_cents=left,
                settled=tuple(spent[one.id]),
                reversed=back.day if back else None,
                reversed_why=back.reason if back else "",
            )
        )
    return views


def account_view(session: Session, member: Member, held: Balance, day: date) -> AccountView:
    """A member's account on that day, whose balance is known."""
    return AccountView(
        member=str(member),
        name=member.name,
        balance=held.amount,
        owed_cents=held.owed,
        credit_cents=held.credit,
        reference=held.reference,
        open=_open(held),
        choices=tuple(choices.choosable(session, member, day)),
        pauses=tuple(pause_view(one) for one in choices.pauses(session, member, day)),
    )


def balance_views(session: Session, found: Sequence[Member], day: date) -> list[BalanceView]:
    """What each of them owes on that day."""
    held = balances_of(session, found, day)
    return [
        BalanceView(
            member=str(one),
            name=one.name,
            balance=held[one.id].amount,
            owed_cents=held[one.id].owed,
            credit_cents=held[one.id].credit,
            since=held[one.id].dues[0].period if held[one.id].dues else None,
            reference=held[one.id].reference,
            open=_open(held[one.id]),
        )
        for one in found
    ]


def _open(held: Balance) -> tuple[OpenView, ...]:
    return tuple(
        OpenView(one.number, Phrase.said(one.words("fr"), one.words("en")), one.period, one.cents, one.open)
        for one in held.dues
    )


def choice_view(one: Pledge) -> ChoiceView:
    """A choice."""
    return ChoiceView(one.what, one.cents, one.since)


def pause_view(one: Pause) -> PauseView:
    """A pause."""
    return PauseView(one.what, one.since, one.until)


def late_view(one: Late) -> LateView:
    """Someone who is late."""
    return LateView(str(one.member), one.member.name, one.since, one.cents, one.dues)


def _numbers(session: Session, rows: set[int]) -> dict[int, str]:
    found = session.execute(select(Member.id, Member.number).where(Member.id.in_(rows)))
    return {row: shown("M", number) for row, number in found}
