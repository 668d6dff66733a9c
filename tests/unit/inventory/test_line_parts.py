"""What identifies a line's access: read however people write it, kept in one spelling."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from foundation import clock
from foundation.acts import Act
from foundation.database import EssaimSession
from inventory import line_parts, lines, offers
from inventory.line_parts import Details
from inventory.lines import Ordering
from inventory.models.access import Copper, VlanPair
from inventory.models.lines import LineState, Technology
from inventory.views.lines import view


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("FI-1234-5678", "FI-1234-5678"),
        ("fi12345678", "FI-1234-5678"),
        (" AB-C1D2-E3F4 ", "AB-C1D2-E3F4"),
        ("PTO-000123", "PTO-000123"),
        ("sfra/12/0456_x", "SFRA/12/0456_X"),
        ("0123456", "0123456"),
    ],
)
def test_a_socket_has_one_spelling_and_older_forms_are_kept(given: str, kept: str) -> None:
    assert line_parts.checked_pto(given) == kept


@pytest.mark.parametrize("given", ["FI-1", "abcde", "x" * 31, "FI-1234-567é", "1234;5678"])
def test_what_names_no_socket_is_refused(given: str) -> None:
    with pytest.raises(line_parts.BadPTO):
        line_parts.checked_pto(given)


@pytest.mark.parametrize(
    ("given", "pair"), [("1", (1, 0)), ("4094", (4094, 0)), ("100.2", (100, 2)), (" 7.4094 ", (7, 4094))]
)
def test_vlans_are_read_alone_or_in_pairs(given: str, pair: tuple[int, int]) -> None:
    assert line_parts.tags(given) == pair


@pytest.mark.parametrize("given", ["0", "4095", "100.0", "100.4095", "1.2.3", "a", "-1", "01"])
def test_what_is_no_vlan_is_refused(given: str) -> None:
    with pytest.raises(line_parts.BadVLAN):
        line_parts.tags(given)


@pytest.mark.parametrize(
    ("details", "refusal"),
    [
        (Details(nd="1"), line_parts.BadND),
        (Details(insee="330633"), line_parts.BadINSEE),
        (Details(insee="3C063"), line_parts.BadINSEE),
        (Details(mtu=1279), line_parts.BadMTU),
        (Details(mtu=9217), line_parts.BadMTU),
        (Details(place="x" * 301), line_parts.BadPlace),
        (Details(place="a\nb"), line_parts.BadPlace),
        (Details(building="IMB"), line_parts.BadBuilding),
        (Details(operator="ABC"), line_parts.BadOperator),
        (Details(pto="FI-1234-5678"), line_parts.NotOfThis),
        (Details(vlan="100"), line_parts.NotOfThis),
    ],
)
def test_a_copper_line_takes_only_what_is_copper_and_well_written(
    session: EssaimSession, act: Act, small: Any, details: Details, refusal: type[Exception]
) -> None:
    line = lines.order_line(session, act, small.ada, small.adsl, Ordering(nd="0556000001"))
    with pytest.raises(refusal):
        lines.change_line(session, act, line, details)


def test_a_part_of_another_technology_is_named(session: EssaimSession, act: Act, small: Any) -> None:
    with pytest.raises(line_parts.NotOfThis) as refused:
        lines.order_line(session, act, small.ada, small.adsl, Ordering(pto="FI-1234-5678", vlan="12"))
    assert refused.value.sentence("fr") == (
        "L'offre adsl (ADSL, PPP par L2TP) ne prend pas --pto, --vlan. Rien n'a été changé."
    )


def test_what_is_said_of_a_line_may_be_corrected_and_taken_away(session: EssaimSession, act: Act, small: Any) -> None:
    line = lines.order_line(session, act, small.ada, small.adsl, Ordering(nd="0556000001", insee="2a004"))
    changed = lines.change_line(session, act, line, Details(nd="05 56 00 00 02", insee="", mtu=1400, place="Ici"))
    assert changed == ("nd", "insee", "mtu", "place")
    seen = view(session, lines.find_line(session, str(line)), clock.today(act.at))
    assert (seen.nd, seen.insee, seen.mtu, seen.place) == ("0556000002", None, 1400, "Ici")


def fibre(session: EssaimSession, act: Act, small: Any) -> Any:
    return offers.add_offer(
        session, act, "fibre", "Fibre", Technology.FTTH, "ipoe-vlan", device=small.server, pool_v4=small.v4
    )


def test_a_fibre_line_keeps_its_socket_its_building_and_its_vlan(session: EssaimSession, act: Act, small: Any) -> None:
    said = Ordering(pto="fi12345678", building="imb/33063/x/00ab", operator="abcd", vlan="100.2")
    line = lines.order_line(session, act, small.ada, fibre(session, act, small), said)
    seen = view(session, lines.find_line(session, str(line)), clock.today(act.at))
    assert (seen.pto, seen.building, seen.operator, seen.vlan) == ("FI-1234-5678", "IMB/33063/X/00AB", "ABCD", "100.2")
    assert seen.shares[0].credentials == ()


def test_a_vlan_of_a_machine_is_one_lines_until_it_ends(session: EssaimSession, act: Act, small: Any) -> None:
    offer = fibre(session, act, small)
    first = lines.order_line(session, act, small.ada, offer, Ordering(vlan="100.2"))
    with pytest.raises(line_parts.VLANTaken) as refused:
        lines.order_line(session, act, small.bea, offer, Ordering(vlan="100.2"))
    assert refused.value.sentence("en") == "VLAN 100.2 of vpn is that of L0001. Nothing was changed."
    lines.close_line(session, act, first)
    later = replace(act, at=act.at + timedelta(minutes=1))
    again = lines.order_line(session, later, small.bea, offer, Ordering(vlan="100.2"))
    lines.change_line(session, later, again, Details(vlan="100.2"))
    lines.change_line(session, later, again, Details(vlan=""))
    assert session.scalars(select(VlanPair).where(VlanPair.until.is_(None))).all() == []


def test_the_database_itself_refuses_a_vlan_twice_and_two_copper_parts(
    session: EssaimSession, act: Act, small: Any
) -> None:
    offer = fibre(session, act, small)
    line = lines.order_line(session, act, small.ada, offer, Ordering(vlan="100"))
    other = lines.order_line(session, act, small.bea, small.adsl, Ordering(nd="0556000001"))
    twin = VlanPair(
        line_id=other.id, device_id=small.server.id, delivery=offer.delivery, outer_tag=100, inner_tag=0, since=act.at
    )
    with pytest.raises(IntegrityError), session.begin_nested():
        session.add(twin)
    with pytest.raises(IntegrityError), session.begin_nested():
        session.add(Copper(line_id=other.id, nd="0556000002", since=act.at))
    assert str(line) != str(other)


def test_a_closed_line_is_changed_no_more(session: EssaimSession, act: Act, small: Any) -> None:
    line = lines.order_line(session, act, small.ada, small.adsl, Ordering(nd="0556000001"))
    lines.move(session, act, line, LineState.CANCELLED)
    with pytest.raises(lines.LineEnded):
        lines.change_line(session, act, line, Details(place="là"))
    assert all(part.until is not None for part in session.scalars(select(Copper)))
