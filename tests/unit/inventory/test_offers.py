"""Offers: what can be ordered, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from foundation import clock
from foundation.acts import Act
from foundation.database import EssaimSession
from inventory import line_parts, lines, offers
from inventory.lines import Ordering
from inventory.models.lines import Delivery, Technology
from inventory.offers import Offering
from inventory.views.offers import view


@pytest.mark.parametrize("technology", list(Technology))
def test_each_technology_has_its_usual_delivery_and_mtu(
    session: EssaimSession, act: Act, technology: Technology
) -> None:
    offer = offers.add_offer(session, act, "x", "X", technology)
    assert offer.delivery == technology.deliveries[0]
    assert offer.mtu == offers.USUAL_MTU.get(Delivery(offer.delivery), 1500)
    assert technology.phrase.fr
    assert Delivery(offer.delivery).phrase.en


@pytest.mark.parametrize(
    ("technology", "delivery"),
    [
        ("adsl", "tunnel"),
        ("wireguard", "l2tp"),
        ("colocation", "pppoe"),
        ("vm", "tunnel"),
        ("ftth", "none"),
        ("adsl", "x"),
    ],
)
def test_a_pair_that_makes_no_sense_is_refused_with_those_that_do(
    session: EssaimSession, act: Act, technology: str, delivery: str
) -> None:
    with pytest.raises(offers.BadDelivery) as refused:
        offers.add_offer(session, act, "x", "X", technology, delivery)
    assert Technology(technology).deliveries[0] in refused.value.sentence("fr")


@pytest.mark.parametrize(
    ("said", "refusal"),
    [
        ({"name": "Vpn"}, offers.BadOfferName),
        ({"name": "é"}, offers.BadOfferName),
        ({"name": "x" * 33}, offers.BadOfferName),
        ({"name": "vpn"}, offers.OfferExists),
        ({"title": " "}, offers.BadTitle),
        ({"title": "a\x1bb"}, offers.BadTitle),
        ({"technology": "pigeon"}, offers.NoSuchTechnology),
        ({"mtu": 1279}, line_parts.BadMTU),
        ({"mtu": 9217}, line_parts.BadMTU),
        ({"realm": "a b"}, offers.BadRealm),
        ({"realm": "@x"}, offers.BadRealm),
    ],
)
def test_an_offer_that_cannot_be_is_refused(
    session: EssaimSession, act: Act, small: Any, said: dict[str, Any], refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        offers.add_offer(session, act, **({"name": "x", "title": "X", "technology": "adsl"} | said))


def test_a_pool_of_the_other_family_is_refused(session: EssaimSession, act: Act, small: Any) -> None:
    with pytest.raises(offers.WrongFamily):
        offers.add_offer(session, act, "x", "X", "adsl", pool_v4=small.v6)


def test_an_offer_changes_for_what_is_ordered_next(session: EssaimSession, act: Act, small: Any) -> None:
    before = lines.order_line(session, act, small.ada, small.adsl, Ordering())
    changed = offers.change_offer(
        session, act, small.adsl, Offering(device=small.server, realm="Isp.example", mtu=1400)
    )
    assert sorted(changed) == ["device", "mtu", "realm"]
    after = lines.order_line(session, act, small.bea, small.adsl, Ordering())
    assert (before.device_id, after.device_id) == (None, small.server.id)
    assert lines.find_line(session, str(after)).shares[0].credentials[0].name == "l0002@isp.example"
    with pytest.raises(offers.NothingSaid):
        offers.change_offer(session, act, small.adsl, Offering())


def test_a_retired_offer_is_ordered_no_more_and_lines_keep_it(
    session: EssaimSession, act: Act, small: Any, order: Any
) -> None:
    order(small.ada)
    assert offers.retire_offer(session, act, small.vpn) == 1
    with pytest.raises(offers.OfferRetired):
        order(small.bea)
    with pytest.raises(offers.AlreadyRetired):
        offers.retire_offer(session, act, small.vpn)
    assert [one.name for one in offers.list_offers(session)] == ["adsl"]
    assert [one.name for one in offers.list_offers(session, retired=True)] == ["adsl", "vpn"]
    seen = view(session, offers.find_offer(session, "vpn"))
    assert (seen.lines, seen.retired, seen.pool_v4, seen.device) == (1, clock.today(act.at), "v4", "vpn")


def test_offers_are_listed_by_name_a_page_at_a_time(session: EssaimSession, act: Act, small: Any) -> None:
    assert [one.name for one in offers.list_offers(session, limit=1)] == ["adsl"]
    assert [one.name for one in offers.list_offers(session, after="adsl")] == ["vpn"]
    assert [one.name for one in offers.list_offers(session, technology="wireguard")] == ["vpn"]


def test_without_any_offer_the_command_is_told(session: EssaimSession) -> None:
    with pytest.raises(offers.NoOffers) as missing:
        offers.find_offer(session, "vpn")
    assert "essaim offer add" in missing.value.sentence("fr")
