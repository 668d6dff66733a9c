"""Verbs on orders at wholesalers: placed, followed in their words or ours, with what that does to the line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, joinedload, selectinload

from foundation import clock, journal
from foundation.acts import Act
from foundation.errors import Invalid, NotFound, Refused
from foundation.speech import Phrase
from inventory import lines, numbers, texts
from inventory.dialect import dialect
from inventory.models.access import LineMigration
from inventory.models.lines import Delivery, Line, LineState, Offer
from inventory.models.mandates import Task
from inventory.models.wholesale import Order, OrderEvent, OrderKind, OrderState, Wholesaler
from inventory.ordering import ENDED, FIRST, effect, legal
from inventory.rights import asks
from inventory.scopes import scopes_of
from inventory.words import with_code

_SETTLED: Final = ENDED | {OrderState.ACTIVE}
_NOT_BOUGHT: Final = frozenset({Delivery.TUNNEL, Delivery.SWITCH_PORT, Delivery.NONE})


class NoSuchOrder(NotFound):
    """No order of that number."""

    kind = "no-such-order"
    phrase = Phrase(
        "Aucune commande {order}. Les trouver : essaim order list --all",
        "There is no order {order}. To find them: essaim order list --all",
    )


class IllegalOrderState(Refused):
    """An order cannot go from this state to that one."""

    kind = "illegal-order-state"
    phrase = Phrase(
        "{order} est « {state} » et ne peut pas devenir « {wanted} ». Rien n'a été changé. Possible : {legal}.",
        "{order} is “{state}” and cannot become “{wanted}”. Nothing was changed. Possible: {legal}.",
    )


class BadOrderState(Invalid):
    """A word that is no state of an order."""

    kind = "bad-order-state"
    phrase = Phrase(
        "« {value} » n'est pas un état de commande. Possible : {choices}.",
        "“{value}” is no state of an order. Possible: {choices}.",
    )


class BadOrderKind(Invalid):
    """A word that is no kind of order."""

    kind = "bad-order-kind"
    phrase = Phrase("« {value} » : choisir parmi {choices}.", "“{value}”: choose among {choices}.")


class ReferenceTaken(Refused):
    """The wholesaler's reference is that of another order or ticket."""

    kind = "reference-taken"
    phrase = Phrase(
        "La référence « {reference} » est déjà celle de {other}. Rien n'a été changé.",
        "The reference “{reference}” is that of {other} already. Nothing was changed.",
    )


class NothingToOrder(Refused):
    """A line that nobody sells us: a tunnel, a hosted machine, or one that is over."""

    kind = "nothing-to-order"
    phrase = Phrase(
        "{line} ({offer}, {state}) ne se commande pas chez un opérateur de gros. Rien n'a été changé.",
        "{line} ({offer}, {state}) is not ordered from a wholesaler. Nothing was changed.",
    )


class WhichOrder(Refused):
    """Several orders of the line could be meant."""

    kind = "which-order"
    phrase = Phrase(
        "{line} a plusieurs commandes en cours chez {wholesaler}. Rien n'a été changé. Dites laquelle : "
        "--about parmi {orders}.",
        "{line} has several living orders at {wholesaler}. Nothing was changed. Say which: --about, among {orders}.",
    )


class NotAbout(Invalid):
    """An order cannot be about that one."""

    kind = "not-about"
    phrase = Phrase(
        "{about} n'est pas un accès de {line} chez {wholesaler}, ou celle-ci n'en modifie aucun. Rien n'a été changé.",
        "{about} is no access of {line} at {wholesaler}, or this order changes none. Nothing was changed.",
    )


class NothingSaid(Invalid):
    """A note without anything in it."""

    kind = "nothing-said"
    phrase = Phrase(
        'Rien à noter : dites --their "leur mot", --words "les vôtres", --reference ou --appointment.',
        'Nothing to note: say --their "their word", --words "yours", --reference or --appointment.',
    )


@dataclass(frozen=True, slots=True)
class News:
    """What is told of an order besides its state: `word` is the wholesaler's own, `words` the teller's."""

    word: str = ""
    words: str = ""
    reference: str | None = None
    appointment: date | None = None


@dataclass(frozen=True, slots=True)
class Moved:
    """What one deed did: to the order, to the line, and to the order that it ended."""

    order: Order
    before: OrderState
    line_before: LineState
    line_after: LineState
    ended: str | None = None


@scopes_of.register
def _(subject: Order, session: Session) -> frozenset[str]:
    return scopes_of(session.get_one(Line, subject.line_id), session)


@asks(Task.LINES_WRITE, "line")
def place_order(
    session: Session,
    act: Act,
    line: Line,
    wholesaler: Wholesaler,
    *,
    kind: OrderKind = OrderKind.NEW,
    about: Order | None = None,
    draft: bool = False,
    options: str = "",
    news: News | None = None,
) -> Moved:
    """Order a line, a change of it or its end; a `draft` waits to be placed.

    Raises NothingToOrder, WhichOrder, NotAbout, BadText, ReferenceTaken.
    """
    over = line.state in (LineState.CLOSED, LineState.CANCELLED) and kind != OrderKind.TERMINATE
    if over or not _is_bought(session, line):
        raise NothingToOrder(line=str(line), offer=line.offer.name, state=LineState(line.state))
    order = Order(
        number=numbers.following(session, Order.number),
        line=line,
        wholesaler=wholesaler,
        kind=kind,
        state=OrderState.DRAFT,
        about=_about(session, line, wholesaler, kind, about),
        options=texts.checked(options, 300, empty=True),
        events=[],
    )
    session.add(order)
    session.flush()
    facts = {"wholesaler": wholesaler.name, "kind": kind}
    journal.record(session, act, "order.place", str(order), member=_whose(session, act, line), line=str(line), **facts)
    return _come(session, act, order, OrderState.DRAFT if draft else FIRST[kind], news or News())


@asks(Task.LINES_WRITE, "order")
def move_order(session: Session, act: Act, order: Order, state: OrderState, news: News | None = None) -> Moved:
    """Bring an order into another state, and its line with it.

    Raises IllegalOrderState with the list of legal ones, BadText, ReferenceTaken.
    """
    before = OrderState(order.state)
    if state not in legal(OrderKind(order.kind), before):
        raise _illegal(order, state)
    return _come(session, act, order, state, news or News())


@asks(Task.LINES_WRITE, "order")
def note_order(session: Session, act: Act, order: Order, news: News) -> Moved:
    """Note what was heard. A word of theirs brings the order, and its line, into the state that it means; several may
    mean the same one.

    Raises NothingSaid, UnknownWord, TwofoldWord, IllegalOrderState, BadText, ReferenceTaken.
    """
    now, state = OrderState(order.state), OrderState(order.state)
    if news == News():
        raise NothingSaid
    if news.word:
        able = legal(OrderKind(order.kind), now)
        state = dialect(order.wholesaler.mapping).means(news.word.strip(), now, able)
        if state != now and state not in able:
            raise _illegal(order, state)
    return _come(session, act, order, state, news)


def kind_of(text: str) -> OrderKind:
    """The kind of that code. Raises BadOrderKind."""
    try:
        return OrderKind(text.strip())
    except ValueError as unknown:
        raise BadOrderKind(value=text[:40], choices=[one.value for one in OrderKind]) from unknown


def state_of(text: str) -> OrderState:
    """The state of that code. Raises BadOrderState."""
    try:
        return OrderState(text.strip().replace("-", "_"))
    except ValueError as unknown:
        raise BadOrderState(value=text[:40], choices=[with_code(one) for one in OrderState]) from unknown


def find_order(session: Session, text: str) -> Order:
    """The order of that number (`O0012`), with its line and events. Raises BadNumber, NoSuchOrder."""
    number = numbers.parse("O", text)
    order = session.scalar(_whole().where(Order.number == number))
    if order is None:
        raise NoSuchOrder(order=numbers.shown("O", number))
    return order


def list_orders(
    session: Session,
    *,
    line: Line | None = None,
    wholesaler: Wholesaler | None = None,
    settled: bool = False,
    after: int = 0,
    limit: int = 100,
) -> Sequence[Order]:
    """Orders by number, a page at a time: those that something is awaited of; where asked, settled ones too."""
    query = _whole().where(Order.number > after).order_by(Order.number).limit(limit)
    if not settled:
        query = query.where(Order.state.not_in(_SETTLED))
    if line is not None:
        query = query.where(Order.line_id == line.id)
    if wholesaler is not None:
        query = query.where(Order.wholesaler_id == wholesaler.id)
    return session.scalars(query).all()


def _whole() -> Select[Order]:
    return select(Order).options(
        joinedload(Order.line).joinedload(Line.offer),
        joinedload(Order.wholesaler),
        joinedload(Order.about),
        selectinload(Order.events),
    )


def _come(session: Session, act: Act, order: Order, state: OrderState, news: News) -> Moved:
    """The one place where an order changes: its event, its line, and what it ends, in one deed."""
    word, words = texts.checked(news.word, 100, empty=True), texts.checked(news.words, 1000, empty=True, rows=True)
    if news.reference is not None:
        order.reference = _free_reference(session, order, news.reference)
    if news.appointment is not None:
        order.appointment = news.appointment
    before, order.state = OrderState(order.state), state
    order.events.append(OrderEvent(at=act.at, by=act.actor, state=state, word=word, words=words))
    line = lines.find_line(session, str(order.line))
    journal.record(
        session, act, "order.state" if state != before else "order.note", str(order), member=_whose(session, act, line),
        line=str(line), before=before, after=state, word=word, reference=order.reference, appointment=order.appointment,
    )  # fmt: skip
    ended = _end_what_it_is_about(session, act, order) if state == OrderState.TERMINATED else None
    line_before = LineState(line.state)
    if state != before:
        _bring_line(session, act, order, line)
    session.flush()
    return Moved(order, before, line_before, LineState(line.state), ended)


def _bring_line(session: Session, act: Act, order: Order, line: Line) -> None:
    others = session.scalars(
        select(Order.state).where(
            Order.line_id == line.id, Order.id != order.id, Order.kind == OrderKind.NEW, Order.state.not_in(ENDED)
        )
    )
    wanted = effect(
        OrderKind(order.kind), OrderState(order.state), LineState(line.state), {OrderState(one) for one in others}
    )
    if wanted == LineState.CLOSED:
        lines.close_line(session, act, line)
    elif wanted is not None:
        lines.move(session, act, line, wanted)


def _end_what_it_is_about(session: Session, act: Act, order: Order) -> str | None:
    about = order.about
    if about is None or about.state in ENDED:
        return None
    before, about.state = about.state, OrderState.TERMINATED
    session.add(OrderEvent(order_id=about.id, at=act.at, by=act.actor, state=about.state, words=str(order)))
    journal.record(session, act, "order.state", str(about), before=before, after=about.state, by=str(order))
    session.flush()
    return str(about)


def _is_bought(session: Session, line: Line) -> bool:
    """Whether somebody sells us this access, or the one that the line goes over to."""
    if line.offer.delivery not in _NOT_BOUGHT:
        return True
    coming = select(Offer.delivery).join(LineMigration, LineMigration.to_offer_id == Offer.id)
    found = session.scalar(coming.where(LineMigration.line_id == line.id, LineMigration.ended.is_(None)))
    return found is not None and found not in _NOT_BOUGHT


def _about(session: Session, line: Line, wholesaler: Wholesaler, kind: OrderKind, said: Order | None) -> Order | None:
    """What a change or a termination is about; where nobody says, the line's one living order at that wholesaler."""
    living = session.scalars(
        select(Order)
        .where(Order.line_id == line.id, Order.wholesaler_id == wholesaler.id, Order.kind == OrderKind.NEW)
        .where(Order.state.not_in(ENDED))
        .order_by(Order.number)
    ).all()
    if kind == OrderKind.NEW:
        living = []
    if said is not None:
        if said not in living:
            raise NotAbout(about=str(said), line=str(line), wholesaler=wholesaler.name)
        return said
    if len(living) > 1:
        raise WhichOrder(line=str(line), wholesaler=wholesaler.name, orders=[str(one) for one in living])
    return living[0] if living else None


def _free_reference(session: Session, order: Order, text: str) -> str | None:
    reference = texts.checked(text, 100, empty=True) or None
    other = session.scalar(
        select(Order).where(
            Order.wholesaler_id == order.wholesaler_id,
            Order.kind == order.kind,
            Order.reference == reference,
            Order.id != order.id,
        )
    )
    if other is not None:
        raise ReferenceTaken(reference=reference, other=str(other))
    return reference


def _illegal(order: Order, wanted: OrderState) -> IllegalOrderState:
    able = sorted(legal(OrderKind(order.kind), OrderState(order.state)))
    return IllegalOrderState(
        order=str(order), state=OrderState(order.state), wanted=wanted, legal=[with_code(one) for one in able] or "—"
    )


def _whose(session: Session, act: Act, line: Line) -> str:
    """Whose file it is: of whoever answers for the line."""
    return str(lines.holder(lines.find_line(session, str(line)), clock.today(act.at)).member)
