"""Tickets at wholesalers: told, followed, late or not, closed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest

from foundation.acts import Act
from foundation.database import EssaimSession
from inventory import lines, tickets, wholesalers
from inventory.deadlines import BadGuarantee
from inventory.models.lines import Line
from inventory.models.wholesale import Ticket, TicketState, Wholesaler
from inventory.orders import News, NothingSaid, ReferenceTaken
from inventory.views.wholesale import view_ticket
from inventory.wholesalers import Terms

S = TicketState
HOUR = timedelta(hours=1)


@pytest.fixture
def kosc(session: EssaimSession, act: Act) -> Wholesaler:
    terms = Terms(collection="realm-proxy", realm="a.example", mapping="kosc-v2", guarantee="4h")
    return wholesalers.add_wholesaler(session, act, "kosc", terms)


@pytest.fixture
def line(session: EssaimSession, small: object, order: Callable[..., Line]) -> Line:
    return lines.find_line(session, str(order(small.ada, small.adsl)))  # type: ignore[attr-defined]


@pytest.fixture
def ticket(session: EssaimSession, act: Act, line: Line, kosc: Wholesaler) -> Ticket:
    return tickets.open_ticket(session, act, line, kosc)


def after(act: Act, hours: float) -> Act:
    return replace(act, at=act.at + hours * HOUR)


def test_a_fault_is_to_be_repaired_in_the_time_promised(ticket: Ticket, act: Act) -> None:
    assert (str(ticket), ticket.state, ticket.guarantee) == ("K0001", S.OPEN, "4h")
    assert ticket.deadline == act.at + 4 * HOUR


def test_another_time_may_be_promised_or_none(session: EssaimSession, act: Act, line: Line, kosc: Wholesaler) -> None:
    assert tickets.open_ticket(session, act, line, kosc, guarantee="d_plus_1").guarantee == "j+1"
    unpromised = tickets.open_ticket(session, act, line, kosc, guarantee="")
    assert (unpromised.guarantee, unpromised.deadline) == (None, None)
    assert not tickets.is_late(unpromised, act.at + 1000 * HOUR)
    with pytest.raises(BadGuarantee):
        tickets.open_ticket(session, act, line, kosc, guarantee="soon")


def test_a_ticket_keeps_the_promise_it_began_with(
    session: EssaimSession, act: Act, ticket: Ticket, kosc: Wholesaler
) -> None:
    wholesalers.change_wholesaler(session, act, kosc, Terms(guarantee="8h"))
    assert ticket.guarantee == "4h"


def test_a_ticket_may_have_been_opened_before_but_not_after_now(
    session: EssaimSession, act: Act, line: Line, kosc: Wholesaler
) -> None:
    earlier = tickets.open_ticket(session, act, line, kosc, opened=act.at - 5 * HOUR)
    assert tickets.is_late(earlier, act.at)
    with pytest.raises(tickets.TicketAhead):
        tickets.open_ticket(session, act, line, kosc, opened=act.at + HOUR)


def test_a_ticket_is_late_when_its_deadline_passed_before_the_repair(
    session: EssaimSession, act: Act, ticket: Ticket
) -> None:
    assert [tickets.is_late(ticket, act.at + hours * HOUR) for hours in (3.9, 4, 4.1)] == [False, False, True]
    tickets.move_ticket(session, after(act, 3), ticket, S.RESOLVED)
    assert not tickets.is_late(ticket, act.at + 100 * HOUR)
    tickets.move_ticket(session, after(act, 5), ticket, S.DIAGNOSING)  # it was not repaired after all
    assert tickets.is_late(ticket, act.at + 5 * HOUR)
    tickets.move_ticket(session, after(act, 6), ticket, S.RESOLVED)
    tickets.move_ticket(session, after(act, 50), ticket, S.CLOSED)
    assert ticket.resolved == act.at + 6 * HOUR
    assert tickets.is_late(ticket, act.at + 50 * HOUR)


def test_what_was_cancelled_is_never_late(session: EssaimSession, act: Act, ticket: Ticket) -> None:
    tickets.move_ticket(session, act, ticket, S.CANCELLED)
    assert not tickets.is_late(ticket, act.at + 100 * HOUR)
    assert list(tickets.list_tickets(session, ended=True, late_at=act.at + 100 * HOUR)) == []


@pytest.mark.parametrize("state", list(TicketState))
def test_every_state_says_where_it_may_go(state: TicketState) -> None:
    assert state not in tickets.NEXT[state]
    assert (not tickets.NEXT[state]) == (state in tickets.ENDED)


def test_an_illegal_state_is_refused_with_the_legal_ones(session: EssaimSession, act: Act, ticket: Ticket) -> None:
    tickets.move_ticket(session, act, ticket, S.RESOLVED)
    with pytest.raises(tickets.IllegalTicketState, match=r"closed, being diagnosed \(diagnosing\)"):
        tickets.move_ticket(session, act, ticket, S.OPEN)
    tickets.move_ticket(session, act, ticket, S.CLOSED)
    with pytest.raises(tickets.IllegalTicketState, match="—"):
        tickets.move_ticket(session, act, ticket, S.DIAGNOSING)


def test_what_is_heard_is_kept_in_their_words_and_ours(session: EssaimSession, act: Act, ticket: Ticket) -> None:
    tickets.note_ticket(session, after(act, 1), ticket, News(word="Prise en charge UI", words="ils rappellent"))
    news = News(appointment=date(2026, 11, 24), reference="INC1")
    tickets.move_ticket(session, after(act, 2), ticket, S.APPOINTMENT_PLANNED, news)
    found = view_ticket(tickets.find_ticket(session, "k1"), act.at)
    assert [(one.state, one.word, one.words) for one in found.events] == [
        (S.OPEN, "", ""),
        (S.OPEN, "Prise en charge UI", "ils rappellent"),
        (S.APPOINTMENT_PLANNED, "", ""),
    ]
    assert (found.appointment, found.reference, found.late) == (date(2026, 11, 24), "INC1", False)
    with pytest.raises(NothingSaid):
        tickets.note_ticket(session, act, ticket, News())


def test_a_reference_is_that_of_one_ticket(
    session: EssaimSession, act: Act, line: Line, kosc: Wholesaler, ticket: Ticket
) -> None:
    tickets.note_ticket(session, act, ticket, News(reference="INC1"))
    tickets.note_ticket(session, act, ticket, News(reference="INC1"))
    with pytest.raises(ReferenceTaken, match="K0001"):
        tickets.open_ticket(session, act, line, kosc, news=News(reference="INC1"))


def test_tickets_are_listed_by_number_and_late_ones_alone_where_asked(
    session: EssaimSession, act: Act, line: Line, kosc: Wholesaler
) -> None:
    for hours in (9, 1, 9, 9):
        tickets.open_ticket(session, act, line, kosc, opened=act.at - hours * HOUR)
    tickets.move_ticket(session, act, tickets.find_ticket(session, "3"), S.RESOLVED)
    tickets.move_ticket(session, act, tickets.find_ticket(session, "4"), S.CLOSED)
    assert [one.number for one in tickets.list_tickets(session)] == [1, 2, 3]
    assert [one.number for one in tickets.list_tickets(session, late_at=act.at)] == [1, 3]
    assert [one.number for one in tickets.list_tickets(session, late_at=act.at, ended=True, after=1, limit=9)] == [3, 4]
    assert [one.number for one in tickets.list_tickets(session, line=line, wholesaler=kosc, limit=1)] == [1]


def test_an_unknown_ticket_or_state_is_refused(session: EssaimSession) -> None:
    with pytest.raises(tickets.NoSuchTicket, match="K0007"):
        tickets.find_ticket(session, "7")
    with pytest.raises(tickets.BadTicketState, match="waiting_for_us"):
        tickets.state_of("fini")
    assert tickets.state_of("waiting-for-us") == S.WAITING_FOR_US
