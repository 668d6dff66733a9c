"""What the inventory says is bought from a wholesaler: lines by all their names, with when and on what terms.

Orders say it best: an access is bought from the day on which it was delivered to the day on which it was terminated, or
on which its line was closed. A line without any order is bought as its offer says, from its delivery to its closure.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from billing.invoices.facts import Access, Bought, Carried, Period, Stock, Terms, bare
from billing.invoices.rates import SPOKEN
from foundation import clock
from inventory.deadlines import BadGuarantee, Guarantee
from inventory.dialect import dialect
from inventory.models.access import Copper, Fibre, LineMigration, Outcome
from inventory.models.lines import Credential, CredentialKind, Line, LineEvent, LineState, Offer, Share
from inventory.models.wholesale import Order, OrderEvent, OrderKind, OrderState, Wholesaler
from inventory.numbers import shown
from inventory.ordering import PLACED

_SERVED: Final = (OrderState.DELIVERED, OrderState.ACTIVE)
_IN_SERVICE: Final = (LineState.DELIVERED, LineState.ACTIVE)
_OVER: Final = (LineState.CLOSED, LineState.CANCELLED)
_GUARANTEE: Final = re.compile(r"\bgtr\b[\s:=_-]*(\S+)", re.IGNORECASE)


@dataclass(slots=True)
class _Line:
    """A line as it is read, by its row."""

    name: str
    carried: list[tuple[Carried, int | None]] = field(default_factory=list)
    served: date | None = None
    over: date | None = None
    orders: list[Any] = field(default_factory=list)


def stock(session: Session, wholesaler: Wholesaler) -> Stock:
    """What is and was bought from that wholesaler; the names are those of all lines, whoever sells them."""
    lines = _lines(session)
    _orders(session, lines)
    happened = _happened(session)
    bought = {}
    for one in lines.values():
        found = _bought(one, wholesaler, happened)
        if found is not None:
            bought[one.name] = found
    return Stock(wholesaler.name, _names(session, lines), bought)


def _lines(session: Session) -> dict[int, _Line]:
    offers = {one.id: one for one in session.scalars(select(Offer))}
    moves: defaultdict[int, list[LineMigration]] = defaultdict(list)
    for move in session.scalars(select(LineMigration).order_by(LineMigration.id)):
        moves[move.line_id].append(move)
    lines = {}
    for row, number, offer, state in session.execute(select(Line.id, Line.number, Line.offer_id, Line.state)):
        one = lines[row] = _Line(shown("L", number))
        one.carried = [
            (Carried(period, offers[each].name, offers[each].technology), offers[each].wholesaler_id)
            for period, each in _offers(offer, moves[row])
        ]
        if state in _IN_SERVICE or state in (LineState.SUSPENDED, LineState.CLOSING):
            one.served = date.min  # unless an event says since when
    events = select(LineEvent.line_id, LineEvent.state, LineEvent.at).order_by(LineEvent.id.desc())
    for row, state, at in session.execute(events):
        if state in _IN_SERVICE:
            lines[row].served = clock.today(at)  # the earliest comes last
        elif state in _OVER and lines[row].over is None:
            lines[row].over = clock.today(at)
    return lines


def _offers(now: int, moves: Iterable[LineMigration]) -> Iterator[tuple[Period, int]]:
    """Which offer a line had when: the old one until a migration is done, the new one since it began."""
    since, held = date.min, None
    for move in moves:
        held = move.from_offer_id if held is None else held
        until = date.max if move.ended is None else clock.today(move.ended)
        if move.outcome == Outcome.DONE:
            yield Period(since, until), held
            since, held = clock.today(move.since), move.to_offer_id
        elif move.to_offer_id != held:
            yield Period(clock.today(move.since), until), move.to_offer_id
    yield Period(since, date.max), now if held is None else held


def _orders(session: Session, lines: dict[int, _Line]) -> None:
    for one in session.scalars(select(Order).order_by(Order.number)):
        lines[one.line_id].orders.append(one)


def _happened(session: Session) -> dict[tuple[int, str], list[date]]:
    """The days on which each order came into each state, in their order."""
    found: defaultdict[tuple[int, str], list[date]] = defaultdict(list)
    events = select(OrderEvent.order_id, OrderEvent.state, OrderEvent.at).order_by(OrderEvent.id)
    for order, state, at in session.execute(events):
        found[order, state].append(clock.today(at))
    return found


def _bought(one: _Line, wholesaler: Wholesaler, happened: dict[tuple[int, str], list[date]]) -> Bought | None:
    here = [each for each in one.orders if each.wholesaler_id == wholesaler.id]
    placed = [each for each in here if each.kind == OrderKind.NEW]
    elsewhere = any(each.kind == OrderKind.NEW for each in one.orders) and not placed
    if placed:
        found = [_of_order(one, each, here, wholesaler, happened) for each in placed]
        accesses = [each for each in found if each is not None]
    elif elsewhere and len(one.carried) == 1:
        return None
    else:
        accesses = list(_of_offer(one, wholesaler))
    living = tuple(str(each) for each in placed if each.state in PLACED)
    if not accesses and not living:
        return None
    return Bought(one.name, tuple(accesses), tuple(each for each, _ in one.carried), one.over, living)


def _of_order(
    one: _Line, order: Order, here: list[Order], wholesaler: Wholesaler, happened: dict[tuple[int, str], list[date]]
) -> Access | None:
    served = [day for state in _SERVED for day in happened.get((order.id, state), [])]
    if not served:
        return None
    ends = [*happened.get((order.id, OrderState.TERMINATED), []), *([one.over] if one.over else [])]
    since, until = min(served), min(ends, default=date.max)
    terms = [_terms(since, order.options, wholesaler, Terms(since, wholesaler.guarantee))]
    changes = [
        (max(days[0], since), change.options)
        for change in here
        if change.kind == OrderKind.CHANGE and change.about_id in (None, order.id)
        if (days := happened.get((change.id, OrderState.ACTIVE)))
    ]
    for day, options in sorted(changes):
        terms.append(_terms(day, options, wholesaler, terms[-1]))
    return Access(Period(since, max(since, until)), tuple(terms))


def _of_offer(one: _Line, wholesaler: Wholesaler) -> Iterator[Access]:
    life = Period(one.served or date.max, one.over or date.max)
    for carried, sold_by in one.carried:
        period = carried.period.within(life)
        if sold_by == wholesaler.id and period.days:
            yield Access(period, (Terms(period.since, wholesaler.guarantee),), ordered=False)


def _terms(since: date, options: str, wholesaler: Wholesaler, before: Terms) -> Terms:
    """What the words of an order's options say of repair time and rate; what they do not say stays as it was."""
    guarantee, rate = before.guarantee, before.rate
    spoken = dialect(wholesaler.mapping).guarantees
    for words in re.split(r"[,;\n]", options):
        named = _GUARANTEE.search(words)
        text = named[1] if named else words.strip()
        try:
            guarantee = str(Guarantee.parse(spoken.get(text, text)))
            continue
        except BadGuarantee:
            pass
        found = SPOKEN.search(words)
        rate = found[0].strip() if found else rate
    return Terms(since, guarantee, rate)


def _names(session: Session, lines: dict[int, _Line]) -> dict[str, tuple[str, ...]]:
    """Every line by whatever a wholesaler may call it: our numbers, its references, ND, PTO, PPP logins."""
    found: defaultdict[str, dict[str, None]] = defaultdict(dict)
    logins = select(Share.line_id, Credential.name).join(Credential, Credential.share_id == Share.id)
    for query in (
        select(Copper.line_id, Copper.nd).order_by(Copper.id.desc()),
        select(Fibre.line_id, Fibre.pto).order_by(Fibre.id.desc()),
        logins.where(Credential.kind == CredentialKind.PPP).order_by(Credential.id.desc()),
    ):
        for row, name in session.execute(query):
            if name and bare(name):
                found[bare(name)][lines[row].name] = None
    for one in lines.values():
        found[bare(one.name)][one.name] = None
        for order in one.orders:
            for name in (str(order), order.reference or ""):
                if bare(name):
                    found[bare(name)][one.name] = None
    return {name: tuple(several) for name, several in found.items()}
