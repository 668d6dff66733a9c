"""Verbs on tickets: a fault told to a wholesaler, and the instant by which they promised to repair it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final

from sqlalchemy import Select, and_, or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from foundation import clock, journal
from foundation.acts import Act
from foundation.errors import Invalid, NotFound, Refused
from foundation.speech import Phrase
from inventory import lines, numbers, texts, wholesalers
from inventory.deadlines import deadline
from inventory.models.lines import Line
from inventory.models.mandates import Task
from inventory.models.wholesale import Ticket, TicketEvent, TicketState, Wholesaler
from inventory.orders import News, NothingSaid, ReferenceTaken
from inventory.rights import asks
from inventory.scopes import scopes_of
from inventory.words import with_code

S = TicketState
ENDED: Final = frozenset({S.CLOSED, S.CANCELLED})
"""Nothing comes after these."""

_REPAIRED: Final = frozenset({S.RESOLVED, S.CLOSED})
_UNDER_WAY: Final = frozenset(
    {S.ACKNOWLEDGED, S.DIAGNOSING, S.APPOINTMENT_PLANNED, S.WAITING_FOR_US, S.RESOLVED, S.CLOSED, S.CANCELLED}
)
NEXT: Final[dict[TicketState, frozenset[TicketState]]] = {
    S.OPEN: _UNDER_WAY,
    S.ACKNOWLEDGED: _UNDER_WAY - {S.ACKNOWLEDGED},
    S.DIAGNOSING: _UNDER_WAY - {S.DIAGNOSING, S.ACKNOWLEDGED},
    S.APPOINTMENT_PLANNED: _UNDER_WAY - {S.APPOINTMENT_PLANNED, S.ACKNOWLEDGED},
    S.WAITING_FOR_US: _UNDER_WAY - {S.WAITING_FOR_US, S.ACKNOWLEDGED},
    # What is said to be repaired may not be.
    S.RESOLVED: frozenset({S.CLOSED, S.DIAGNOSING}),
    S.CLOSED: frozenset(),
    S.CANCELLED: frozenset(),
}
"""How a ticket may go."""


class NoSuchTicket(NotFound):
    """No ticket of that number."""

    kind = "no-such-ticket"
    phrase = Phrase(
        "Aucun ticket {ticket}. Les trouver : essaim ticket list --all",
        "There is no ticket {ticket}. To find them: essaim ticket list --all",
    )


class IllegalTicketState(Refused):
    """A ticket cannot go from this state to that one."""

    kind = "illegal-ticket-state"
    phrase = Phrase(
        "{ticket} est « {state} » et ne peut pas devenir « {wanted} ». Rien n'a été changé. Possible : {legal}.",
        "{ticket} is “{state}” and cannot become “{wanted}”. Nothing was changed. Possible: {legal}.",
    )


class BadTicketState(Invalid):
    """A word that is no state of a ticket."""

    kind = "bad-ticket-state"
    phrase = Phrase(
        "« {value} » n'est pas un état de ticket. Possible : {choices}.",
        "“{value}” is no state of a ticket. Possible: {choices}.",
    )


class TicketAhead(Invalid):
    """A fault that would be told in the future."""

    kind = "ticket-ahead"
    phrase = Phrase(
        "Un ticket s'ouvre maintenant ou s'est ouvert avant, pas le {opened}. Rien n'a été changé.",
        "A ticket is opened now or was before, not on {opened}. Nothing was changed.",
    )


@scopes_of.register
def _(subject: Ticket, session: Session) -> frozenset[str]:
    return scopes_of(session.get_one(Line, subject.line_id), session)


@asks(Task.LINES_WRITE, "line")
def open_ticket(
    session: Session,
    act: Act,
    line: Line,
    wholesaler: Wholesaler,
    *,
    opened: datetime | None = None,
    guarantee: str | None = None,
    news: News | None = None,
) -> Ticket:
    """Note that a fault was told to the wholesaler, now or at an earlier instant (`opened`).

    The repair time promised is `guarantee` (an empty text for none), else the wholesaler's.
    Raises TicketAhead, BadGuarantee, BadText, ReferenceTaken.
    """
    news, at = news or News(), opened or act.at
    if at > act.at:
        raise TicketAhead(opened=at)
    promised = wholesaler.guarantee if guarantee is None else guarantee.strip()
    read = wholesalers.guarantee_of(wholesaler, promised) if promised else None
    ticket = Ticket(
        number=numbers.following(session, Ticket.number),
        line=line,
        wholesaler=wholesaler,
        opened=at,
        state=S.OPEN,
        guarantee=str(read) if read else None,
        deadline=deadline(at, read) if read else None,
        events=[],
    )
    session.add(ticket)
    session.flush()
    _note(session, act, ticket, S.OPEN, news, "ticket.open")
    return ticket


@asks(Task.LINES_WRITE, "ticket")
def move_ticket(session: Session, act: Act, ticket: Ticket, state: TicketState, news: News | None = None) -> None:
    """Bring a ticket into another state. Raises IllegalTicketState with the legal ones, BadText, ReferenceTaken."""
    legal = NEXT[TicketState(ticket.state)]
    if state not in legal:
        able = [with_code(one) for one in sorted(legal)] or "—"
        raise IllegalTicketState(ticket=str(ticket), state=TicketState(ticket.state), wanted=state, legal=able)
    _note(session, act, ticket, state, news or News(), "ticket.state")


@asks(Task.LINES_WRITE, "ticket")
def note_ticket(session: Session, act: Act, ticket: Ticket, news: News) -> None:
    """Note what was heard, the state staying as it is. Raises NothingSaid, BadText, ReferenceTaken."""
    if news == News():
        raise NothingSaid
    _note(session, act, ticket, TicketState(ticket.state), news, "ticket.note")


def is_late(ticket: Ticket, at: datetime) -> bool:
    """Whether the promise was broken: not repaired by then, or repaired too late."""
    if ticket.deadline is None or ticket.state == S.CANCELLED:
        return False
    return ticket.deadline < (ticket.resolved or at)


def state_of(text: str) -> TicketState:
    """The state of that code. Raises BadTicketState."""
    try:
        return TicketState(text.strip().replace("-", "_"))
    except ValueError as unknown:
        raise BadTicketState(value=text[:40], choices=[with_code(one) for one in TicketState]) from unknown


def find_ticket(session: Session, text: str) -> Ticket:
    """The ticket of that number (`K0012`), with its line and events. Raises BadNumber, NoSuchTicket."""
    number = numbers.parse("K", text)
    ticket = session.scalar(_whole().where(Ticket.number == number))
    if ticket is None:
        raise NoSuchTicket(ticket=numbers.shown("K", number))
    return ticket


def list_tickets(
    session: Session,
    *,
    line: Line | None = None,
    wholesaler: Wholesaler | None = None,
    late_at: datetime | None = None,
    ended: bool = False,
    after: int = 0,
    limit: int = 100,
) -> Sequence[Ticket]:
    """Tickets by number, a page at a time: those that are not over; where asked, only what is late at that instant."""
    query = _whole().where(Ticket.number > after).order_by(Ticket.number).limit(limit)
    if not ended:
        query = query.where(Ticket.state.not_in(ENDED))
    if late_at is not None:
        unrepaired = and_(Ticket.resolved.is_(None), Ticket.deadline < late_at)
        query = query.where(Ticket.state != S.CANCELLED, or_(Ticket.deadline < Ticket.resolved, unrepaired))
    if line is not None:
        query = query.where(Ticket.line_id == line.id)
    if wholesaler is not None:
        query = query.where(Ticket.wholesaler_id == wholesaler.id)
    return session.scalars(query).all()


def _whole() -> Select[Ticket]:
    return select(Ticket).options(joinedload(Ticket.line), joinedload(Ticket.wholesaler), selectinload(Ticket.events))


def _note(session: Session, act: Act, ticket: Ticket, state: TicketState, news: News, verb: str) -> None:
    word, words = texts.checked(news.word, 100, empty=True), texts.checked(news.words, 1000, empty=True, rows=True)
    if news.reference is not None:
        ticket.reference = _free_reference(session, ticket, news.reference)
    if news.appointment is not None:
        ticket.appointment = news.appointment
    ticket.state = state
    ticket.resolved = (ticket.resolved or act.at) if state in _REPAIRED else None
    ticket.events.append(TicketEvent(at=act.at, by=act.actor, state=state, word=word, words=words))
    line = lines.find_line(session, str(ticket.line))
    whose = str(lines.holder(line, clock.today(act.at)).member)
    appointment: date | None = ticket.appointment
    journal.record(
        session, act, verb, str(ticket), member=whose, line=str(line), wholesaler=ticket.wholesaler.name, state=state,
        word=word, reference=ticket.reference, appointment=appointment,
    )  # fmt: skip
    session.flush()


def _free_reference(session: Session, ticket: Ticket, text: str) -> str | None:
    reference = texts.checked(text, 100, empty=True) or None
    other = session.scalar(
        select(Ticket).where(
            Ticket.wholesaler_id == ticket.wholesaler_id, Ticket.reference == reference, Ticket.id != ticket.id
        )
    )
    if other is not None:
        raise ReferenceTaken(reference=reference, other=str(other))
    return reference
