"""Everyone moves from one pool to another, a wave at a time, and works all along."""

from __future__ import annotations

from datetime import date, timedelta
from ipaddress import ip_address, ip_network

import pytest

from foundation.acts import Act
from foundation.database import EssaimSession
from inventory import addresses, lines, pools, renumbering, reverse
from inventory.models.addresses import BlockState, Pool
from inventory.models.renumbering import StepState
from inventory.renumbering import BadWave, BeingRenumbered, NothingToRenumber, NoWave, SamePool


@pytest.fixture
def new(session: EssaimSession, act: Act) -> Pool:
    return addresses.create_pool(session, act, "neuf", ip_network("203.0.113.0/28"), handed=32, quarantine_days=10)


def later(act: Act, days: int) -> Act:
    return Act(act.actor, act.at + timedelta(days=days))


def test_in_waves_old_and_new_work_side_by_side_then_the_old_are_taken_back(
    session: EssaimSession, act: Act, small, order, new: Pool
) -> None:
    first, second = order(small.ada), order(small.bea)
    made = renumbering.begin(session, act, small.v4, new, 1)
    plan = renumbering.moves(session, made)
    assert [(one.wave, one.old, one.new, one.line, one.state) for one in plan] == [
        (1, "198.51.100.0/32", "203.0.113.0/32", str(first), StepState.PROPOSED),
        (2, "198.51.100.1/32", "203.0.113.1/32", str(second), StepState.PROPOSED),
    ]
    assert pools.census(session, new)[BlockState.RESERVED] == 2

    renumbering.next_wave(session, later(act, 1), made, new)
    assert set(lines.prefixes(session, first)) >= {"198.51.100.0/32", "203.0.113.0/32"}
    assert "203.0.113.1/32" not in lines.prefixes(session, second)

    renumbering.finish_wave(session, later(act, 30), made, small.v4)
    assert "198.51.100.0/32" not in lines.prefixes(session, first)
    assert made.ended is None
    renumbering.next_wave(session, later(act, 31), made, new)
    renumbering.finish_wave(session, later(act, 60), made, small.v4)
    assert made.ended == later(act, 60).at
    assert pools.census(session, new)[BlockState.ASSIGNED] == 2
    assert pools.census(session, small.v4)[BlockState.ASSIGNED] == 0


def test_reverse_names_are_carried_over(session: EssaimSession, act: Act, small, order, new: Pool) -> None:
    order(small.ada)
    held = reverse.holding(session, ip_network("198.51.100.0/32"))
    reverse.set_name(session, act, held, ip_address("198.51.100.0"), "ada.example")
    made = renumbering.begin(session, act, small.v4, new, 20)
    renumbering.next_wave(session, later(act, 1), made, new)
    named = reverse.names_of(session, reverse.holding(session, ip_network("203.0.113.0/32")))
    assert [(str(one.address), one.name) for one in named] == [("203.0.113.0", "ada.example")]


def test_who_leaves_between_two_waves_is_passed_over(session: EssaimSession, act: Act, small, order, new: Pool) -> None:
    line = order(small.ada)
    order(small.bea)
    made = renumbering.begin(session, act, small.v4, new, 1)
    lines.close_line(session, later(act, 1), line)
    renumbering.next_wave(session, later(act, 2), made, new)
    assert [one.state for one in renumbering.moves(session, made)] == [StepState.DONE, StepState.PROPOSED]
    assert pools.census(session, new)[BlockState.ASSIGNED] == 0
    with pytest.raises(NoWave, match="finish"):
        renumbering.finish_wave(session, later(act, 3), made, small.v4)


def test_a_pool_is_left_once_at_a_time_for_another_of_its_family(
    session: EssaimSession, act: Act, small, order, new: Pool
) -> None:
    with pytest.raises(NothingToRenumber):
        renumbering.begin(session, act, small.v4, new, 20)
    order(small.ada)
    for other in (small.v4, small.v6):
        with pytest.raises(SamePool):
            renumbering.begin(session, act, small.v4, other, 20)
    with pytest.raises(BadWave):
        renumbering.begin(session, act, small.v4, new, 0)
    made = renumbering.begin(session, act, small.v4, new, 20)
    with pytest.raises(BeingRenumbered, match=str(made)):
        renumbering.begin(session, act, small.v4, new, 20)


def test_a_letter_says_what_changes_and_until_when(session: EssaimSession, act: Act, small, order, new: Pool) -> None:
    order(small.ada)
    made = renumbering.begin(session, act, small.v4, new, 20)
    text = renumbering.letter(renumbering.moves(session, made)[0], date(2026, 12, 22), "fr")
    assert "198.51.100.0/32 devient 203.0.113.0/32" in text
    assert "22 déc. 2026" in text
