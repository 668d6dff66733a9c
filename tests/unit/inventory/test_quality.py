"""Whose line may be measured: the holder's word, dated, and how it ends."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from foundation.acts import Act
from foundation.database import EssaimSession
from inventory import handing, lines, quality
from inventory.lines import LineEnded, Ordering
from inventory.models.addresses import Role
from inventory.models.lines import Line, LineState, Share
from inventory.models.quality import QualityAgreement


def after(act: Act, **delta: float) -> Act:
    return replace(act, at=act.at + timedelta(**delta))


def holder(session: EssaimSession, act: Act, line: Line) -> Share:
    return lines.holder(found(session, line), act.at.date())


def found(session: EssaimSession, line: Line) -> Line:
    session.expire_all()
    return lines.find_line(session, str(line))


def measured(session: EssaimSession, act: Act) -> list[str]:
    session.expire_all()
    return [one.line for one in quality.measured(session, act.at)]


@pytest.fixture
def line(session: EssaimSession, act: Act, small: Any) -> Line:
    return lines.order_line(session, after(act, days=-14), small.ada, small.adsl, Ordering(nd="0556000001"))


def test_a_word_is_given_once_dated_and_taken_back(session: EssaimSession, act: Act, line: Line) -> None:
    assert quality.agreed(session, found(session, line), act.at) is None
    spoken = replace(act, why="au téléphone")
    quality.agree(session, spoken, holder(session, act, line))
    given = quality.agreed(session, found(session, line), act.at)
    assert given is not None
    assert (given.member, given.since, given.given_by) == ("M0001", act.at, "machine:test")
    assert measured(session, act) == [str(line)]
    with pytest.raises(quality.AlreadyAgreed):
        quality.agree(session, spoken, holder(session, act, line))
    quality.withdraw(session, after(act, days=1), holder(session, act, line))
    assert measured(session, act) == []
    with pytest.raises(quality.NotAgreed):
        quality.withdraw(session, act, holder(session, act, line))
    quality.agree(session, after(spoken, days=2), holder(session, act, line))
    kept = session.scalars(select(QualityAgreement).order_by(QualityAgreement.id)).all()
    assert [(one.since, one.until, one.words) for one in kept] == [
        (act.at, after(act, days=1).at, "au téléphone"),
        (after(act, days=2).at, None, "au téléphone"),
    ]


def test_whoever_writes_it_down_for_somebody_says_how_they_know(session: EssaimSession, act: Act, line: Line) -> None:
    with pytest.raises(quality.AgreementUnworded):
        quality.agree(session, replace(act, why="  "), holder(session, act, line))
    quality.agree(session, replace(act, actor="M0001", why=""), holder(session, act, line))


def test_a_word_ends_with_the_line(session: EssaimSession, act: Act, line: Line) -> None:
    part = holder(session, act, line)
    quality.agree(session, replace(act, why="oui"), part)
    lines.close_line(session, act, line)
    assert measured(session, act) == []
    session.refresh(part)
    with pytest.raises(LineEnded):
        quality.agree(session, replace(act, why="oui"), part)


def test_whoever_takes_the_line_over_is_asked_anew(session: EssaimSession, act: Act, small: Any, line: Line) -> None:
    lines.add_share(session, act, line, small.bea, small.adsl)
    quality.agree(session, replace(act, why="oui"), holder(session, act, line))
    assert measured(session, act) == [str(line)]
    handing.hand_line(session, act, found(session, line), small.bea)
    assert measured(session, act) == []
    assert quality.agreed(session, found(session, line), act.at) is None
    quality.agree(session, replace(act, why="oui"), holder(session, act, line))
    assert measured(session, act) == [str(line)]


def test_only_the_holders_addresses_are_asked_and_only_of_what_is_on_the_machines(
    session: EssaimSession, act: Act, small: Any, line: Line
) -> None:
    lines.add_share(session, act, line, small.bea, small.adsl)
    quality.agree(session, replace(act, why="oui"), holder(session, act, line))
    session.expire_all()
    [one] = quality.measured(session, act.at)
    part = holder(session, act, line)
    assert one.served == (line.state in lines.RENDERED)
    assert {each.id for each in one.held} == {each.id for each in part.assignments}
    assert one.first(Role.WAN, 4) is not None
    assert one.first(Role.ROUTED, 6) is None
    if LineState.SUSPENDED in lines.NEXT[LineState(line.state)]:
        lines.move(session, replace(act, why="impayé"), line, LineState.SUSPENDED)
        session.expire_all()
        [one] = quality.measured(session, act.at)
        assert not one.served
