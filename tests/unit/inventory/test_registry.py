"""What the world is told: registry objects, geofeed, ROAs; and how they differ from what it was told before."""

from __future__ import annotations

from datetime import date
from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foundation.acts import Act
from foundation.database import EssaimSession
from inventory import forecast, routing, rules
from inventory.registry import lists, objects, rpsl
from inventory.registry.lists import CountryUnknown
from inventory.registry.objects import OriginUnknown, RegistryUnknown
from inventory.registry.rpsl import Attribute, BadObject

RIPE = """
% This is a comment of the server

inetnum:        198.51.100.0 - 198.51.100.7
netname:        V4
country:        FR
admin-c:        ASSO1-RIPE # who
tech-c:         ASSO1-RIPE
status:         AGGREGATED-BY-LIR
mnt-by:         ASSO-MNT
created:        2020-01-01T00:00:00Z
source:         RIPE

inet6num:       2001:db8::/48
netname:        OLD
country:        FR
admin-c:        ASSO1-RIPE
tech-c:         ASSO1-RIPE
status:         AGGREGATED-BY-LIR
assignment-size: 56
mnt-by:         ASSO-MNT
source:         RIPE

person:         Someone
nic-hdl:        SO1-RIPE
source:         RIPE
"""


@pytest.fixture
def registered(session: EssaimSession, act: Act, small) -> EssaimSession:
    for name, value in (("ripe.maintainer", "ASSO-MNT"), ("ripe.contact", "ASSO1-RIPE"), ("ripe.country", "FR")):
        rules.set_rule(session, act, name, value)
    return session


def test_members_prefixes_are_registered_together_without_anyones_name(registered: EssaimSession) -> None:
    text = rpsl.written(objects.objects(registered))
    assert "inetnum:        198.51.100.0 - 198.51.100.7\n" in text
    assert "assignment-size:56\n" in text
    assert text.count("AGGREGATED-BY-LIR") == 2
    assert "Exemple" not in text


def test_what_is_missing_is_named(session: EssaimSession, small) -> None:
    with pytest.raises(RegistryUnknown, match=r"ripe\.maintainer, ripe\.contact, ripe\.country"):
        objects.objects(session)


def test_only_what_differs_from_the_registry_is_shown(registered: EssaimSession) -> None:
    found = rpsl.difference(rpsl.read(RIPE), objects.objects(registered))
    assert [row for row in found.splitlines() if row[:1] in "+-" and row[:3] not in ("+++", "---")] == [
        "-netname: OLD",
        "+netname: V6",
    ]


def test_a_registry_that_agrees_has_no_difference(registered: EssaimSession) -> None:
    ours = objects.objects(registered)
    assert rpsl.difference(rpsl.read(rpsl.written(ours)), ours) == ""


def test_a_text_that_is_no_object_is_refused_with_its_line() -> None:
    with pytest.raises(BadObject) as found:
        rpsl.read("inetnum: 192.0.2.0/24\n<html>\n")
    assert found.value.facts == {"row": 2}


def test_a_continued_line_is_one_attribute() -> None:
    assert rpsl.read("descr: one\n+two\n three\n") == [(Attribute("descr", "one two three"),)]


words = st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="#%+"), min_size=1, max_size=20)
attributes = st.builds(Attribute, st.sampled_from(["descr", "mnt-by", "remarks"]), words)


@given(st.lists(st.lists(attributes, min_size=1, max_size=5).map(tuple), max_size=5))
def test_what_is_written_is_read_back(objects: list[rpsl.Object]) -> None:
    assert rpsl.read(rpsl.written(objects)) == objects


@given(st.text())
def test_any_text_is_objects_or_a_refusal(text: str) -> None:
    try:
        rpsl.read(text)
    except BadObject:
        return


def test_routes_and_roas_need_to_know_who_announces(registered: EssaimSession, act: Act) -> None:
    assert lists.roas(registered) == [lists.ROA_HEADER]
    routing.add_aggregate(registered, act, ip_network("2001:db8::/32"))
    with pytest.raises(OriginUnknown):
        lists.roas(registered)
    rules.set_rule(registered, act, "ripe.origin", "64496")
    routing.add_aggregate(registered, act, ip_network("198.51.100.0/24"))
    assert lists.roas(registered)[1:] == ["AS64496,198.51.100.0/24,24", "AS64496,2001:db8::/32,32"]
    assert [one[0] for one in objects.objects(registered)][-2:] == [
        Attribute("route", "198.51.100.0/24"),
        Attribute("route6", "2001:db8::/32"),
    ]


def test_the_geofeed_places_everyone_where_the_association_is(session: EssaimSession, act: Act, small) -> None:
    with pytest.raises(CountryUnknown):
        lists.geofeed(session)
    rules.set_rule(session, act, "place.country", "FR")
    rules.set_rule(session, act, "place.city", "Bordeaux")
    assert lists.geofeed(session) == ["198.51.100.0/29,FR,,Bordeaux,", "2001:db8::/48,FR,,Bordeaux,"]


def test_a_published_list_is_compared_without_its_comments() -> None:
    theirs = "# ours\n198.51.100.0/29, FR ,,Bordeaux,\n\n192.0.2.0/24,FR,,,\n"
    found = lists.difference(theirs, ["198.51.100.0/29,FR,,Bordeaux,"], "geofeed")
    assert [row for row in found.splitlines() if row.startswith("-1")] == ["-192.0.2.0/24,FR,,,"]
    assert lists.difference("198.51.100.0/29,FR,,Bordeaux,", ["198.51.100.0/29,FR,,Bordeaux,"], "geofeed") == ""


def test_a_pool_that_grows_by_ten_a_year_and_has_twenty_left_lasts_two_years() -> None:
    assert forecast.exhaustion(20, 10, date(2026, 11, 22)) == date(2028, 11, 21)


@pytest.mark.parametrize(("left", "grown"), [(20, 0), (20, -3), (2**64, 1)])
def test_a_pool_that_does_not_fill_has_no_end(left: int, grown: int) -> None:
    assert forecast.exhaustion(left, grown, date(2026, 11, 22)) is None


def test_the_report_counts_what_the_pool_hands_out(session: EssaimSession, act: Act, small, order) -> None:
    order(small.ada)
    order(small.bea)
    fills = {one.name: one for one in forecast.report(session, act.at)}
    assert (fills["v4"].places, fills["v4"].free, fills["v4"].assigned, fills["v4"].grown) == (8, 6, 2, 2)
    assert (fills["v6"].places, fills["v6"].free, fills["v6"].assigned) == (256, 254, 2)
    assert fills["v4"].exhausted == date(2029, 11, 21)
    assert fills["v6"].exhausted is None
