"""Parts of lines: who comes and goes when, for how much, and who holds the line."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import date, timedelta
from ipaddress import ip_address
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from foundation import clock
from foundation.acts import Act
from foundation.database import EssaimSession
from inventory import credentials, handing, lines, members, shares
from inventory.addresses import NobodyHad, who_had
from inventory.credentials import Opening
from inventory.handing import hand_line, weigh_share
from inventory.lines import Ordering
from inventory.models.addresses import Role
from inventory.models.lines import Line, Share

TODAY = date(2026, 11, 22)
KEYS = [base64.b64encode(bytes([rank]) * 32).decode() for rank in range(200, 204)]


def after(act: Act, **delta: float) -> Act:
    return replace(act, at=act.at + timedelta(**delta))


def copper(session: EssaimSession, act: Act, small: Any) -> Line:
    """A copper line of Ada's with its own day of birth two weeks ago, shared with Béa."""
    line = lines.order_line(session, after(act, days=-14), small.ada, small.adsl, Ordering(nd="0556000001"))
    lines.add_share(session, act, line, small.bea, small.adsl)
    return line


def held(session: EssaimSession, line: Line) -> dict[str, list[tuple[str, str]]]:
    return {
        str(share.member): [(str(one.prefix), one.role) for one in share.assignments if one.until is None]
        for share in shares.of_line(session, line)
    }


def test_a_neighbour_arrives_and_leaves_on_a_day(session: EssaimSession, act: Act, small: Any) -> None:
    line = lines.order_line(session, after(act, days=-14), small.ada, small.adsl, Ordering())
    part = lines.add_share(session, act, line, small.bea, small.adsl, day=date(2026, 11, 10), weight=2)
    assert (part.since, part.weight) == (date(2026, 11, 10), 2)
    lines.end_share(session, act, line, small.bea, day=date(2026, 11, 15))
    assert part.until == date(2026, 11, 15)
    assert held(session, line)["M0002"] == []


def test_a_neighbour_with_a_login_of_their_own_has_what_a_holder_has(
    session: EssaimSession, act: Act, small: Any
) -> None:
    line = lines.order_line(session, act, small.ada, small.adsl, Ordering())
    part = lines.add_share(session, act, line, small.bea, small.adsl, opening=Opening(login="voisine@isp.example"))
    session.refresh(part, ["credentials", "assignments"])
    assert [one.name for one in part.credentials] == ["voisine@isp.example"]
    assert {one.role for one in part.assignments} >= {Role.WAN}
    assert Role.ROUTED not in {one.role for one in part.assignments}
    cleo = members.add_member(session, act, "Cléo Exemple")
    with pytest.raises(credentials.CredentialTaken):
        lines.add_share(session, act, line, cleo, small.adsl, opening=Opening(login="voisine@isp.example"))


def test_a_neighbour_may_be_awaited(session: EssaimSession, act: Act, small: Any) -> None:
    line = lines.order_line(session, act, small.ada, small.adsl, Ordering())
    part = lines.add_share(session, act, line, small.bea, small.adsl, day=date(2026, 12, 1))
    assert not shares.in_force(part, TODAY)
    lines.end_share(session, act, line, small.bea)
    assert part.until == part.since


def test_the_holders_part_does_not_end_alone(session: EssaimSession, act: Act, small: Any) -> None:
    line = copper(session, act, small)
    with pytest.raises(shares.HoldsTheLine) as refused:
        lines.end_share(session, act, line, small.ada)
    assert "essaim line hand L0001" in refused.value.sentence("fr")


def test_days_outside_of_the_line_are_refused(session: EssaimSession, act: Act, small: Any) -> None:
    line = copper(session, act, small)
    with pytest.raises(shares.BadDay):
        lines.end_share(session, act, line, small.bea, day=TODAY + timedelta(days=1))
    with pytest.raises(shares.BadDay):
        lines.end_share(session, act, line, small.bea, day=TODAY - timedelta(days=1))
    lines.end_share(session, act, line, small.bea)
    with pytest.raises(shares.BadDay):
        lines.add_share(session, act, line, small.bea, small.adsl, day=date(2026, 11, 1))
    with pytest.raises(shares.DoesNotShare):
        lines.end_share(session, act, line, small.bea)


@pytest.mark.parametrize("weight", [0, -1, 1001])
def test_a_weight_that_makes_no_sense_is_refused(session: EssaimSession, act: Act, small: Any, weight: int) -> None:
    line = copper(session, act, small)
    with pytest.raises(shares.BadWeight):
        weigh_share(session, act, line, small.bea, weight)
    lines.end_share(session, act, line, small.bea)
    with pytest.raises(shares.BadWeight):
        lines.add_share(session, after(act, days=1), line, small.bea, small.adsl, weight=weight)


def test_nobody_has_two_parts_at_a_time(session: EssaimSession, act: Act, small: Any) -> None:
    line = copper(session, act, small)
    lines.end_share(session, after(act, days=3), line, small.bea)
    with pytest.raises(shares.AlreadyShares):
        lines.add_share(session, after(act, days=3), line, small.bea, small.adsl, day=TODAY + timedelta(days=2))
    lines.add_share(session, after(act, days=3), line, small.bea, small.adsl, day=TODAY + timedelta(days=3))
    with pytest.raises(IntegrityError), session.begin_nested():
        session.add(Share(line_id=line.id, member_id=small.bea.id, weight=1, since=TODAY))


def test_a_weight_changes_in_the_middle_and_nothing_else_does(session: EssaimSession, act: Act, small: Any) -> None:
    line = copper(session, act, small)
    before = held(session, line)
    weigh_share(session, act, line, small.bea, 3, day=date(2026, 12, 10))
    weigh_share(session, act, line, small.bea, 2, day=date(2026, 11, 30))
    weigh_share(session, act, line, small.bea, 5, day=date(2026, 11, 30))
    weigh_share(session, act, line, small.bea, 4)
    part = shares.of_member(session, line, small.bea)
    assert list(shares.periods(part)) == [
        (TODAY, date(2026, 11, 30), 4),
        (date(2026, 11, 30), date(2026, 12, 10), 5),
        (date(2026, 12, 10), None, 3),
    ]
    assert held(session, line) == before
    with pytest.raises(shares.BadDay):
        weigh_share(session, act, line, small.bea, 4, day=TODAY - timedelta(days=1))


def test_a_neighbour_of_a_tunnel_may_open_it_with_a_key_of_their_own(
    session: EssaimSession, act: Act, small: Any, order: Any
) -> None:
    line = order(small.ada)
    part = lines.add_share(session, act, line, small.bea, small.vpn, opening=Opening(public_key=KEYS[0]))
    assert [one.name for one in credentials.own(session, [part.id])] == [KEYS[0]]


def test_handing_a_copper_line_over_cuts_nobody(session: EssaimSession, act: Act, small: Any) -> None:
    line = copper(session, act, small)
    own = held(session, line)
    secret = credentials.own(session, [one.id for one in shares.of_line(session, line)])[0].secret
    gone = after(act, days=2)
    hand_line(session, gone, line, small.bea)
    assert held(session, line) == {
        "M0001": [],
        "M0002": sorted(own["M0002"] + own["M0001"], key=lambda one: one[1] != "routed"),
    }
    (kept,) = credentials.own(session, [shares.of_member(session, line, small.bea).id])
    assert (kept.name, kept.secret, kept.since) == ("l0001@adsl", secret, gone.at)
    assert lines.holder(lines.find_line(session, str(line)), clock.today(gone.at)).member_id == small.bea.id
    wan = ip_address("198.51.100.0")
    assert who_had(session, wan, gone.at - timedelta(microseconds=1)).members == ("M0001",)
    assert who_had(session, wan, gone.at).members == ("M0002",)
    with pytest.raises(handing.AlreadyHolds):
        hand_line(session, gone, line, small.bea)


def test_a_line_may_go_on_with_someone_new(session: EssaimSession, act: Act, small: Any) -> None:
    line = lines.order_line(session, act, small.ada, small.adsl, Ordering())
    own = held(session, line)["M0001"]
    weigh_share(session, act, line, small.ada, 7)
    part = hand_line(session, after(act, days=1), line, small.bea)
    assert held(session, line) == {"M0001": [], "M0002": own}
    assert part.weight == 7


def test_a_tunnel_goes_on_with_a_key_of_the_newcomers_own(
    session: EssaimSession, act: Act, small: Any, order: Any
) -> None:
    line = order(small.ada)
    with pytest.raises(credentials.KeyMissing):
        hand_line(session, act, line, small.bea)
    session.rollback()


def test_a_tunnels_newcomer_gets_addresses_of_their_own(
    session: EssaimSession, act: Act, small: Any, order: Any
) -> None:
    line = order(small.ada)
    hand_line(session, after(act, days=1), line, small.bea, opening=Opening(public_key=KEYS[1]))
    assert held(session, line) == {
        "M0001": [],
        "M0002": [("198.51.100.1/32", Role.WAN), ("2001:db8:0:100::/56", Role.DELEGATED)],
    }
    with pytest.raises(NobodyHad):
        who_had(session, ip_address("198.51.100.0"), after(act, days=1).at)


def test_the_line_goes_to_whoever_it_was_handed_to_even_if_others_came_before(
    session: EssaimSession, act: Act, small: Any
) -> None:
    line = copper(session, act, small)
    cleo = members.add_member(session, act, "Cléo Exemple")
    lines.add_share(session, act, line, cleo, small.adsl)
    hand_line(session, after(act, days=1), line, cleo)
    day = clock.today(after(act, days=1).at)
    assert lines.holder(lines.find_line(session, str(line)), day).member_id == cleo.id
    assert handing.foreseen(session, line, cleo, day).to == "M0002"
    assert handing.foreseen(session, line, small.bea, day).phrase.fr == "L0001 (part rendue)"


def test_the_last_one_to_leave_closes_the_line(session: EssaimSession, act: Act, small: Any) -> None:
    line = copper(session, act, small)
    later = after(act, days=1)
    assert handing.part_with(session, later, line, small.ada).to == "M0002"
    parting = handing.part_with(session, later, line, small.bea)
    assert (parting.closed, parting.state, parting.phrase.en) == (True, "cancelled", "L0001 (cancelled)")
    assert line.state == "cancelled"
    assert lines.prefixes(session, line) == []


def test_whoever_left_takes_no_line_over(session: EssaimSession, act: Act, small: Any) -> None:
    line = lines.order_line(session, act, small.ada, small.adsl, Ordering())
    members.leave(session, act, small.bea)
    with pytest.raises(shares.NotAMember):
        hand_line(session, act, line, small.bea)
