"""What always holds of orders: they end, what they do to a line a line may do, and every word of theirs is a state."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from inventory import lines
from inventory.dialect import TwofoldWord, UnknownWord, dialects
from inventory.models.lines import LineState
from inventory.models.wholesale import OrderKind, OrderState
from inventory.ordering import ENDED, FIRST, NEXT, PLACED, effect, legal

kinds, states = st.sampled_from(OrderKind), st.sampled_from(OrderState)
others = st.frozensets(st.sampled_from(sorted(set(OrderState) - ENDED)))
spoken = st.sampled_from(sorted(dialects()))
known = sorted({word for one in dialects().values() for word in one.known()})
words = st.sampled_from(known) | st.text(max_size=30)


def reachable(kind: OrderKind, start: OrderState) -> set[OrderState]:
    found, waiting = {start}, [start]
    while waiting:
        waiting += [one for one in legal(kind, waiting.pop()) if one not in found and not found.add(one)]  # type: ignore[func-returns-value]
    return found


@given(kinds)
def test_every_state_of_a_kind_is_reached_from_a_draft_and_may_come_to_an_end(kind: OrderKind) -> None:
    assert reachable(kind, OrderState.DRAFT) >= set(NEXT[kind])
    for state in NEXT[kind]:
        over = ENDED if kind is not OrderKind.CHANGE else ENDED | {OrderState.ACTIVE}
        assert reachable(kind, state) & over
    assert FIRST[kind] in legal(kind, OrderState.DRAFT)


@given(kinds, states)
def test_what_has_ended_stays_so_and_nothing_becomes_what_it_is(kind: OrderKind, state: OrderState) -> None:
    assert state not in legal(kind, state)
    if state in ENDED:
        assert not legal(kind, state)


@given(kinds, states, st.sampled_from(LineState), others)
def test_what_an_order_does_to_a_line_is_something_a_line_may_do(
    kind: OrderKind, state: OrderState, line: LineState, besides: frozenset[OrderState]
) -> None:
    after = effect(kind, state, line, besides)
    if after is LineState.CLOSED:
        assert not besides
        assert line not in lines.ENDED
    elif after is not None:
        assert after in lines.NEXT[line]
        assert after is not LineState.SUSPENDED
    if after is LineState.REQUESTED:
        assert not besides & PLACED


@given(spoken, words, kinds, states)
def test_whatever_they_say_is_understood_or_refused(name: str, word: str, kind: OrderKind, now: OrderState) -> None:
    dialect, able = dialects()[name], legal(kind, now)
    try:
        meant = dialect.means(word, now, able)
    except TwofoldWord:
        assert word not in dialect.known()
        return
    except UnknownWord:
        assert word not in {each[1] for each in dialect.words}
        return
    fitting = {state for each, state in dialect.words.items() if word in (each[1], "/".join(each))}
    assert meant in fitting
    if fitting & (able | {now}):
        assert meant in able | {now}
