"""Wholesalers: how what we buy is handed over, and what that needs."""

from __future__ import annotations

import pytest

from foundation.acts import Act
from foundation.database import EssaimSession
from foundation.errors import EssaimError
from inventory import lines, orders, wholesalers
from inventory.deadlines import BadGuarantee
from inventory.dialect import NoSuchMapping
from inventory.models.wholesale import Collection, OrderKind
from inventory.texts import BadCode, BadText, EmptyText
from inventory.views.wholesale import view
from inventory.wholesalers import Terms

WHITE = Terms(collection="white-label", sister="FAI d'à côté")


@pytest.mark.parametrize(
    ("terms", "missing"),
    [
        (Terms(collection="realm-proxy"), "--realm"),
        (Terms(collection="realm-proxy", realm=" "), "--realm"),
        (Terms(collection="tunnel-steering", realm="a.example"), "--tunnel-endpoint"),
        (Terms(collection="vlan-handoff"), "--enni, --vlans"),
        (Terms(collection="vlan-handoff", enni="PC-1"), "--vlans"),
        (Terms(collection="white-label"), "--sister"),
    ],
)
def test_a_collection_says_what_it_needs(session: EssaimSession, act: Act, terms: Terms, missing: str) -> None:
    with pytest.raises(wholesalers.CollectionNeeds) as refused:
        wholesalers.add_wholesaler(session, act, "covage", terms)
    assert missing in refused.value.sentence("fr")


@pytest.mark.parametrize(
    "terms",
    [
        Terms(collection="realm-proxy", realm="a.example"),
        Terms(collection="tunnel-steering", tunnel_endpoint="192.0.2.7"),
        Terms(collection="vlan-handoff", enni="PC-1", vlans="100"),
        WHITE,
    ],
)
def test_each_collection_is_kept_with_what_it_needs(session: EssaimSession, act: Act, terms: Terms) -> None:
    made = view(wholesalers.add_wholesaler(session, act, "covage", terms))
    assert (made.collection, made.title, made.mapping) == (Collection(str(terms.collection)), "covage", "manual")


@pytest.mark.parametrize(("vlans", "first", "last"), [("100-199", 100, 199), ("7", 7, 7), (" 1 - 4094 ", 1, 4094)])
def test_vlans_are_a_range(session: EssaimSession, act: Act, vlans: str, first: int, last: int) -> None:
    made = wholesalers.add_wholesaler(session, act, "c", Terms(collection="vlan-handoff", enni="P", vlans=vlans))
    assert (made.vlan_first, made.vlan_last) == (first, last)


@pytest.mark.parametrize("vlans", ["0", "4095", "5-4", "a", "1-2-3", "-", "１-２", "99999999999"])
def test_what_is_no_range_of_vlans_is_refused(session: EssaimSession, act: Act, vlans: str) -> None:
    with pytest.raises(wholesalers.BadVlans):
        wholesalers.add_wholesaler(session, act, "c", Terms(collection="vlan-handoff", enni="P", vlans=vlans))


@pytest.mark.parametrize(
    ("terms", "error"),
    [
        (Terms(), wholesalers.BadCollection),
        (Terms(collection="pigeon"), wholesalers.BadCollection),
        (Terms(collection="white-label", sister="x" * 101), BadText),
        (Terms(collection="white-label", sister="a", title=""), EmptyText),
        (Terms(collection="white-label", sister="a", contact="a\nb"), BadText),
        (Terms(collection="white-label", sister="a", mapping="nope"), NoSuchMapping),
        (Terms(collection="white-label", sister="a", guarantee="soon"), BadGuarantee),
    ],
)
def test_what_cannot_be_is_refused(session: EssaimSession, act: Act, terms: Terms, error: type[EssaimError]) -> None:
    with pytest.raises(error):
        wholesalers.add_wholesaler(session, act, "covage", terms)
    assert list(wholesalers.list_wholesalers(session)) == []


@pytest.mark.parametrize("name", ["", "Covage", "é", "a b", "-a", "a/b", "x" * 33, "a\n"])
def test_a_name_is_short_and_plain(session: EssaimSession, act: Act, name: str) -> None:
    if name == "a\n":
        assert wholesalers.add_wholesaler(session, act, name, WHITE).name == "a"
        return
    with pytest.raises(BadCode):
        wholesalers.add_wholesaler(session, act, name, WHITE)


def test_a_name_is_that_of_one_wholesaler(session: EssaimSession, act: Act) -> None:
    wholesalers.add_wholesaler(session, act, "covage", WHITE)
    with pytest.raises(wholesalers.WholesalerThere):
        wholesalers.add_wholesaler(session, act, "covage", WHITE)
    with pytest.raises(wholesalers.NoSuchWholesaler):
        wholesalers.find_wholesaler(session, "kosc")


def test_a_change_says_what_it_changed_and_takes_away_what_is_empty(session: EssaimSession, act: Act) -> None:
    made = wholesalers.add_wholesaler(session, act, "kosc", Terms(collection="realm-proxy", realm="a.example"))
    changed = wholesalers.change_wholesaler(
        session, act, made, Terms(guarantee="d+1", contact="noc", realm="a.example")
    )
    assert changed == {"guarantee": "j+1", "contact": "noc"}
    assert wholesalers.change_wholesaler(session, act, made, Terms(guarantee="")) == {"guarantee": None}
    assert wholesalers.change_wholesaler(session, act, made, Terms()) == {}


def test_a_change_that_takes_away_what_is_needed_changes_nothing(session: EssaimSession, act: Act) -> None:
    made = wholesalers.add_wholesaler(session, act, "kosc", Terms(collection="realm-proxy", realm="a.example"))
    with pytest.raises(wholesalers.CollectionNeeds):
        wholesalers.change_wholesaler(session, act, made, Terms(realm="", title="Kosc"))
    assert (made.realm, made.title) == ("a.example", "kosc")


def test_their_own_spelling_of_a_repair_time_is_read(session: EssaimSession, act: Act) -> None:
    terms = Terms(collection="white-label", sister="a", mapping="kosc-v2", guarantee="d_plus_1")
    assert wholesalers.add_wholesaler(session, act, "kosc", terms).guarantee == "j+1"


def test_wholesalers_are_listed_by_name_a_page_at_a_time(session: EssaimSession, act: Act) -> None:
    for name in ("c", "a", "b"):
        wholesalers.add_wholesaler(session, act, name, WHITE)
    assert [one.name for one in wholesalers.list_wholesalers(session, limit=2)] == ["a", "b"]
    assert [one.name for one in wholesalers.list_wholesalers(session, after="b")] == ["c"]


def test_a_line_is_bought_where_it_was_ordered_last_or_where_its_offer_is(
    session: EssaimSession, act: Act, small: object, order: object
) -> None:
    line = lines.find_line(session, str(order(small.ada, small.adsl)))  # type: ignore[attr-defined, operator]
    with pytest.raises(wholesalers.WhichWholesaler):
        wholesalers.for_line(session, line, None)
    offered = wholesalers.add_wholesaler(session, act, "offered", WHITE)
    line.offer.wholesaler_id = offered.id
    assert wholesalers.for_line(session, line, None) is offered
    other = wholesalers.add_wholesaler(session, act, "other", WHITE)
    orders.place_order(session, act, line, other)
    assert wholesalers.for_line(session, line, None) is other
    assert wholesalers.for_line(session, line, "offered") is offered
    orders.place_order(session, act, line, offered)
    with pytest.raises(wholesalers.SeveralWholesalers, match="offered, other"):
        wholesalers.for_line(session, line, None)


def test_a_change_under_way_says_where_a_line_is_bought(
    session: EssaimSession, act: Act, small: object, order: object
) -> None:
    line = lines.find_line(session, str(order(small.ada, small.adsl)))  # type: ignore[attr-defined, operator]
    other = wholesalers.add_wholesaler(session, act, "other", WHITE)
    orders.place_order(session, act, line, other, kind=OrderKind.CHANGE)
    assert wholesalers.for_line(session, line, None) is other
