"""The table of members' addresses: from the inventory, and back from what a kernel lists."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from inventory import addresses, lines, offers
from inventory.models.addresses import Role
from provisioning import handouts
from provisioning.artifact import Effect, Impact
from provisioning.artifacts.antispoofing import ANTISPOOFING_LNS, ANTISPOOFING_VPN, EDITED, FILE
from provisioning.handouts import Form


@pytest.fixture
def vpn(association: Any) -> Mapping[str, str]:
    return ANTISPOOFING_VPN.desired(association.session, association.vpn, association.later)


@pytest.fixture
def lns(association: Any) -> Mapping[str, str]:
    return ANTISPOOFING_LNS.desired(association.session, association.lns, association.later)


def listed(texts: Mapping[str, str]) -> str:
    """As nft lists it: several elements a line, in its own order, without a last comma."""
    text = texts[FILE].split("essaim\n")[-1].replace("elements = {\n\t\t\t", "elements = { ").replace(",\n\t\t}", " }")
    return text.replace(",\n\t\t\t", ",\n\t\t\t     ")


def test_members_of_a_vpn_server_send_from_their_own_addresses(
    vpn: Mapping[str, str], golden: Callable[..., None]
) -> None:
    golden("antispoofing", "debian", vpn)


def test_each_members_prefix_of_either_family_is_there_with_its_line(association: Any, lns: Mapping[str, str]) -> None:
    for number in ("L0004", "L0005"):
        for share in association.line(number).shares:
            for held in share.assignments:
                wanted = str(held.prefix).removesuffix("/32")
                assert f'{wanted} comment "{number}",\n' in lns[FILE]
    assert "Camille" not in lns[FILE]


def test_the_boxes_of_an_lns_may_use_their_own_end_of_the_link(vpn: Mapping[str, str], lns: Mapping[str, str]) -> None:
    assert "ip6 saddr 2001:db8:200::/64 return" in lns[FILE]
    assert vpn[FILE].count("return") == 3


def test_segments_fit_the_lines_of_each_size(association: Any) -> None:
    line = association.line("L0005")
    line.mtu = 1456
    text = ANTISPOOFING_LNS.desired(association.session, association.lns, association.later)[FILE]
    assert "ip saddr @tun0_v4_1456 tcp flags syn / syn,rst tcp option maxseg size > 1416" in text
    assert "ip6 daddr @tun0_v6_1460 tcp flags syn / syn,rst tcp option maxseg size > 1400" in text


def test_segments_fit_the_tunnel_even_where_an_offer_promises_more(association: Any, vpn: Mapping[str, str]) -> None:
    offers.find_offer(association.session, "vpn").mtu = 1500
    assert ANTISPOOFING_VPN.desired(association.session, association.vpn, association.later) == vpn
    association.vpn.public_key = "A" * 43 + "="
    line = association.line("L0001")
    handed, _ = handouts.hand_out(association.session, association.act, line, line.shares[0], "wireguard")
    assert "MTU = 1420\n" in handouts.written(handed, Form.WIREGUARD, "fr")


def test_what_the_kernel_lists_is_read_back(vpn: Mapping[str, str], answer: Callable[..., str]) -> None:
    assert ANTISPOOFING_VPN.observed(answer(ANTISPOOFING_VPN, vpn, {"table": listed(vpn)})) == vpn


def test_an_address_added_by_hand_is_seen(vpn: Mapping[str, str], answer: Callable[..., str]) -> None:
    by_hand = listed(vpn).replace("elements = { 198", "elements = { 198.51.100.99,\n\t\t\t     198")
    seen = ANTISPOOFING_VPN.observed(answer(ANTISPOOFING_VPN, vpn, {"table": by_hand}))
    assert seen[FILE].splitlines() != vpn[FILE].splitlines()
    assert "\t\t\t198.51.100.99," in seen[FILE].splitlines()


def test_a_table_that_the_next_start_would_not_bring_back_is_seen(
    vpn: Mapping[str, str], answer: Callable[..., str]
) -> None:
    seen = ANTISPOOFING_VPN.observed(answer(ANTISPOOFING_VPN, {}, {"table": listed(vpn)}))
    assert seen[FILE] == vpn[FILE] + f"# {EDITED}\n"


def test_a_machine_without_the_table_holds_nothing(answer: Callable[..., str]) -> None:
    assert ANTISPOOFING_VPN.observed(answer(ANTISPOOFING_VPN, {}, {})) == {}


def test_a_machine_without_members_lets_nobody_through(association: Any) -> None:
    for number in ("L0001", "L0002", "L0003"):
        lines.close_line(association.session, association.act, association.line(number))
    text = ANTISPOOFING_VPN.desired(association.session, association.vpn, association.later)[FILE]
    assert "set " not in text.partition("chain")[0]
    assert "counter drop" in text


def test_who_loses_an_address_behind_an_lns_is_cut_and_nobody_else(association: Any, lns: Mapping[str, str]) -> None:
    lines.close_line(association.session, association.act, association.line("L0004"))
    after = ANTISPOOFING_LNS.desired(association.session, association.lns, association.later)
    assert ANTISPOOFING_LNS.effect(lns, after) == Effect(Impact.CUTS, 1)
    assert ANTISPOOFING_LNS.effect(after, lns) == Effect(Impact.HITLESS, 1)
    assert ANTISPOOFING_VPN.effect(lns, after) == Effect(Impact.HITLESS, 0)
    assert ANTISPOOFING_LNS.effect(lns, lns) == Effect(Impact.NONE)
    assert ANTISPOOFING_LNS.lines(lns, after) == ("L0004",)


def test_a_prefix_more_touches_its_line_alone(association: Any, lns: Mapping[str, str]) -> None:
    line, pool = association.line("L0005"), offers.find_offer(association.session, "adsl").pool_v4
    addresses.allocate(association.session, association.act, pool, line.shares[0], Role.ROUTED)
    after = ANTISPOOFING_LNS.desired(association.session, association.lns, association.later)
    assert ANTISPOOFING_LNS.lines(lns, after) == ("L0005",)
    assert ANTISPOOFING_LNS.effect(lns, after).impact is Impact.HITLESS
