"""Orders at wholesalers: how they go, in whose words, and what that does to their line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest

from foundation import journal
from foundation.acts import Act
from foundation.database import EssaimSession, Store, transaction
from inventory import lines, mandates, members, offers, orders, wholesalers
from inventory.dialect import TwofoldWord, UnknownWord
from inventory.models.lines import Delivery, Line, LineState, Technology
from inventory.models.mandates import Task
from inventory.models.wholesale import Order, OrderKind, OrderState, Wholesaler
from inventory.orders import News
from inventory.rights import NotMandated
from inventory.texts import BadText
from inventory.views.wholesale import view_order
from inventory.wholesalers import Terms

S = OrderState
Make = Callable[..., Line]


@pytest.fixture
def covage(session: EssaimSession, act: Act) -> Wholesaler:
    terms = Terms(collection="vlan-handoff", enni="PC-1", vlans="100-199", mapping="covage-fttx-v1", guarantee="j+1")
    return wholesalers.add_wholesaler(session, act, "covage", terms)


@pytest.fixture
def kosc(session: EssaimSession, act: Act) -> Wholesaler:
    return wholesalers.add_wholesaler(session, act, "kosc", Terms(collection="realm-proxy", realm="a.example"))


@pytest.fixture
def line(session: EssaimSession, small: object, order: Make) -> Line:
    made = order(small.ada, small.adsl)  # type: ignore[attr-defined]
    return lines.find_line(session, str(made))


def go(session: EssaimSession, act: Act, one: Order, *states: OrderState) -> Order:
    for state in states:
        orders.move_order(session, act, one, state)
    return one


def state(line: Line) -> LineState:
    return LineState(line.state)


def test_a_draft_asks_nothing_of_anybody(session: EssaimSession, act: Act, line: Line, covage: Wholesaler) -> None:
    moved = orders.place_order(session, act, line, covage, draft=True)
    assert (str(moved.order), moved.order.state, state(line)) == ("O0001", S.DRAFT, LineState.REQUESTED)


def test_a_line_follows_its_order(session: EssaimSession, act: Act, line: Line, covage: Wholesaler) -> None:
    moved = orders.place_order(session, act, line, covage)
    assert (moved.line_before, moved.line_after) == (LineState.REQUESTED, LineState.ORDERED)
    go(session, act, moved.order, S.ACKNOWLEDGED, S.IN_PRODUCTION, S.APPOINTMENT_PLANNED)
    assert state(line) == LineState.ORDERED
    moved = orders.move_order(session, act, moved.order, S.DELIVERED)
    assert (moved.line_before, moved.line_after) == (LineState.ORDERED, LineState.DELIVERED)
    assert orders.move_order(session, act, moved.order, S.ACTIVE).line_after == LineState.DELIVERED
    lines.move(session, act, line, LineState.ACTIVE)
    go(session, act, moved.order, S.SUSPENDED)
    assert state(line) == LineState.ACTIVE  # only a person suspends a member's line
    go(session, act, moved.order, S.TERMINATION_REQUESTED)
    moved = orders.move_order(session, act, moved.order, S.TERMINATED)
    assert (moved.line_before, moved.line_after) == (LineState.ACTIVE, LineState.CLOSED)
    assert all(share.until is not None for share in lines.shares_of(session, line))


def test_a_wholesaler_that_says_active_has_delivered(
    session: EssaimSession, act: Act, line: Line, covage: Wholesaler
) -> None:
    placed = orders.place_order(session, act, line, covage)
    assert orders.move_order(session, act, placed.order, S.ACTIVE).line_after == LineState.DELIVERED


@pytest.mark.parametrize("end", [S.REJECTED, S.CANCELLED])
def test_a_line_whose_order_is_turned_down_is_requested_again(
    session: EssaimSession, act: Act, line: Line, covage: Wholesaler, end: OrderState
) -> None:
    placed = orders.place_order(session, act, line, covage)
    assert orders.move_order(session, act, placed.order, end).line_after == LineState.REQUESTED
    again = orders.place_order(session, act, line, covage)
    assert again.line_after == LineState.ORDERED


def test_a_line_ordered_twice_stays_ordered_when_one_is_turned_down(
    session: EssaimSession, act: Act, line: Line, covage: Wholesaler, kosc: Wholesaler
) -> None:
    first = orders.place_order(session, act, line, covage)
    orders.place_order(session, act, line, kosc)
    assert orders.move_order(session, act, first.order, S.REJECTED).line_after == LineState.ORDERED


def test_the_end_of_copper_does_not_close_a_line_that_went_over_to_fibre(
    session: EssaimSession, act: Act, line: Line, covage: Wholesaler, kosc: Wholesaler
) -> None:
    copper = orders.place_order(session, act, line, kosc).order
    go(session, act, copper, S.ACTIVE)
    lines.move(session, act, line, LineState.ACTIVE)
    fibre = orders.place_order(session, act, line, covage)
    assert fibre.line_after == LineState.ACTIVE
    go(session, act, fibre.order, S.ACTIVE)
    ending = orders.place_order(session, act, line, kosc, kind=OrderKind.TERMINATE)
    done = orders.move_order(session, act, ending.order, S.TERMINATED)
    assert (done.ended, copper.state, done.line_after) == (str(copper), S.TERMINATED, LineState.ACTIVE)
    last = orders.place_order(session, act, line, covage, kind=OrderKind.TERMINATE)
    assert orders.move_order(session, act, last.order, S.TERMINATED).line_after == LineState.CLOSED


def test_a_closed_line_may_still_be_terminated_where_it_was_bought(
    session: EssaimSession, act: Act, line: Line, covage: Wholesaler
) -> None:
    placed = orders.place_order(session, act, line, covage)
    go(session, act, placed.order, S.ACTIVE)
    lines.close_line(session, act, line)
    ending = orders.place_order(session, act, line, covage, kind=OrderKind.TERMINATE)
    assert orders.move_order(session, act, ending.order, S.TERMINATED).ended == "O0001"
    with pytest.raises(orders.NothingToOrder):
        orders.place_order(session, act, line, covage)


def test_a_change_of_the_order_leaves_the_line_alone(
    session: EssaimSession, act: Act, line: Line, covage: Wholesaler
) -> None:
    go(session, act, orders.place_order(session, act, line, covage).order, S.ACTIVE)
    change = orders.place_order(session, act, line, covage, kind=OrderKind.CHANGE, options="GTR-4H")
    assert (change.order.state, str(change.order.about)) == (S.CHANGE_IN_PROGRESS, "O0001")
    assert orders.move_order(session, act, change.order, S.REJECTED).line_after == LineState.DELIVERED


def test_which_of_two_orders_ends_must_be_said(
    session: EssaimSession, act: Act, line: Line, covage: Wholesaler
) -> None:
    one, other = (orders.place_order(session, act, line, covage).order for _ in range(2))
    with pytest.raises(orders.WhichOrder, match="O0001, O0002"):
        orders.place_order(session, act, line, covage, kind=OrderKind.TERMINATE)
    ending = orders.place_order(session, act, line, covage, kind=OrderKind.TERMINATE, about=other)
    assert ending.order.about is other
    with pytest.raises(orders.NotAbout):
        orders.place_order(session, act, line, covage, about=one)


def test_nobody_sells_us_a_tunnel(
    session: EssaimSession, act: Act, small: object, order: Make, covage: Wholesaler
) -> None:
    tunnel = lines.find_line(session, str(order(small.bea)))  # type: ignore[attr-defined]
    with pytest.raises(orders.NothingToOrder):
        orders.place_order(session, act, tunnel, covage)


def test_their_words_move_the_order_and_are_kept(
    session: EssaimSession, act: Act, line: Line, covage: Wholesaler
) -> None:
    one = orders.place_order(session, act, line, covage, draft=True).order
    for word in ("eligibility/acknowledged", "in_progress.elig", "in_progress.price", "done.ready"):
        orders.note_order(session, act, one, News(word=word))
    assert one.state == S.ELIGIBLE
    view = view_order(orders.find_order(session, "o1"))
    assert [(event.word, event.state) for event in view.events] == [
        ("", S.DRAFT),
        ("eligibility/acknowledged", S.ELIGIBILITY_REQUESTED),
        ("in_progress.elig", S.ELIGIBILITY_REQUESTED),
        ("in_progress.price", S.ELIGIBILITY_REQUESTED),
        ("done.ready", S.ELIGIBLE),
    ]
    moved = orders.move_order(session, act, one, S.ORDERED)
    assert moved.line_after == LineState.ORDERED
    assert orders.note_order(session, act, one, News(word="active")).line_after == LineState.DELIVERED


def test_a_step_says_since_when_its_state_lasts(
    session: EssaimSession, act: Act, line: Line, covage: Wholesaler
) -> None:
    one = orders.place_order(session, act, line, covage).order
    later = replace(act, at=act.at.replace(hour=15))
    orders.note_order(session, later, one, News(words="rien de neuf"))
    assert view_order(one).since == act.at


def test_words_that_are_unknown_or_say_two_things_change_nothing(
    session: EssaimSession, act: Act, line: Line, covage: Wholesaler
) -> None:
    one = orders.place_order(session, act, line, covage).order
    with pytest.raises(UnknownWord):
        orders.note_order(session, act, one, News(word="bla"))
    with pytest.raises(TwofoldWord):
        orders.note_order(session, act, one, News(word="in_progress"))
    with pytest.raises(orders.IllegalOrderState):
        orders.note_order(session, act, one, News(word="terminated"))
    with pytest.raises(orders.NothingSaid):
        orders.note_order(session, act, one, News())
    assert (one.state, len(one.events)) == (S.ORDERED, 1)


def test_an_illegal_state_is_refused_with_the_legal_ones(
    session: EssaimSession, act: Act, line: Line, covage: Wholesaler
) -> None:
    one = orders.place_order(session, act, line, covage, draft=True).order
    with pytest.raises(orders.IllegalOrderState) as refused:
        orders.move_order(session, act, one, S.ACTIVE)
    assert "annulée (cancelled), éligibilité demandée (eligibility_requested)" in refused.value.sentence("fr")
    go(session, act, one, S.CANCELLED)
    with pytest.raises(orders.IllegalOrderState, match="—"):
        orders.move_order(session, act, one, S.ORDERED)


def test_what_is_known_of_it_is_kept_with_it(session: EssaimSession, act: Act, line: Line, covage: Wholesaler) -> None:
    news = News(words="deux lignes\nde mots", reference="S26_1", appointment=date(2026, 12, 3))
    one = orders.place_order(session, act, line, covage, news=news).order
    found = view_order(orders.find_order(session, str(one)))
    assert (found.reference, found.appointment, found.events[0].words) == (
        "S26_1",
        date(2026, 12, 3),
        "deux lignes\nde mots",
    )
    orders.note_order(session, act, one, News(reference=""))
    assert one.reference is None


def test_a_reference_is_that_of_one_order(session: EssaimSession, act: Act, line: Line, covage: Wholesaler) -> None:
    orders.place_order(session, act, line, covage, news=News(reference="S1"))
    other = orders.place_order(session, act, line, covage).order
    with pytest.raises(orders.ReferenceTaken, match="O0001"):
        orders.note_order(session, act, other, News(reference="S1"))
    ending = orders.place_order(
        session, act, line, covage, kind=OrderKind.TERMINATE, about=other, news=News(reference="S1")
    )
    assert ending.order.reference == "S1"


@pytest.mark.parametrize(
    "news", [News(word="x" * 101), News(words="x" * 1001), News(words="a\x00b"), News(reference="\u202e")]
)
def test_what_cannot_be_shown_is_not_kept(
    session: EssaimSession, act: Act, line: Line, covage: Wholesaler, news: News
) -> None:
    with pytest.raises(BadText):
        orders.place_order(session, act, line, covage, news=news)


def test_orders_are_listed_by_number_and_settled_ones_where_asked(
    session: EssaimSession, act: Act, line: Line, covage: Wholesaler, kosc: Wholesaler
) -> None:
    for place in (covage, kosc, covage, kosc):
        orders.place_order(session, act, line, place)
    go(session, act, orders.find_order(session, "1"), S.ACTIVE)
    assert [one.number for one in orders.list_orders(session)] == [2, 3, 4]
    assert [one.number for one in orders.list_orders(session, settled=True, after=1, limit=2)] == [2, 3]
    assert [one.number for one in orders.list_orders(session, wholesaler=kosc, line=line)] == [2, 4]


def test_an_unknown_order_or_state_is_refused(session: EssaimSession) -> None:
    with pytest.raises(orders.NoSuchOrder, match="O0099"):
        orders.find_order(session, "99")
    with pytest.raises(orders.BadOrderState, match="in_production"):
        orders.state_of("livré")
    with pytest.raises(orders.BadOrderKind, match="terminate"):
        orders.kind_of("end")
    assert orders.state_of("in-production") == S.IN_PRODUCTION


def test_every_deed_is_in_the_file_of_whose_line_it_is(store: Store, act: Act) -> None:
    with transaction(store) as session:
        ada = members.add_member(session, act, "Ada")
        offer = offers.add_offer(session, act, "adsl", "ADSL", Technology.ADSL, Delivery.L2TP, mtu=1460)
        line = lines.find_line(session, str(lines.order_line(session, act, ada, offer, lines.Ordering())))
        at = wholesalers.add_wholesaler(session, act, "kosc", Terms(collection="white-label", sister="FAI d'à côté"))
        one = orders.place_order(session, act, line, at).order
        orders.note_order(session, act, one, News(words="patience"))
    with transaction(store) as session:
        deeds = [deed for deed in journal.show(session, member="M0001", limit=20) if deed.subject == "O0001"]
        assert [deed.verb for deed in reversed(deeds)] == ["order.place", "order.state", "order.note"]


def test_whoever_follows_adsl_lines_follows_their_orders_and_no_others(
    session: EssaimSession, act: Act, small: object, order: Make, line: Line, covage: Wholesaler
) -> None:
    cleo = members.add_member(session, act, "Cléo")
    mandates.give(session, act, small.ada, Task.MANDATES_GIVE)  # type: ignore[attr-defined]
    giver, follower = replace(act, actor="M0001"), replace(act, actor=str(cleo))
    with pytest.raises(NotMandated, match="offer:adsl"):
        orders.place_order(session, follower, line, covage)
    mandates.give(session, giver, cleo, Task.LINES_WRITE, scope="offer:adsl")
    one = orders.place_order(session, follower, line, covage).order
    assert orders.move_order(session, follower, one, S.DELIVERED).line_after == LineState.DELIVERED
    with pytest.raises(NotMandated):
        wholesalers.change_wholesaler(session, follower, covage, Terms(guarantee="4h"))
    other = mandates.give(session, giver, cleo, Task.LINES_WRITE, scope="offer:vpn")
    mandates.end(session, giver, mandates.find_mandate(session, "T0002"))
    assert other.scope == "offer:vpn"
    with pytest.raises(NotMandated):
        orders.note_order(session, follower, one, News(words="…"))
