"""What frr-reload 8.4.4 printed on a real router, and what a person is shown of it."""

from __future__ import annotations

import pytest

from provisioning.drivers.frr_reload import (
    Difference,
    expanded,
    merged,
    parse,
    render,
    says_nothing,
    tidied,
    without_secrets,
)

CHANGED = """
Lines To Delete
===============
router bgp 64496
 no neighbor 192.0.2.128 description transit v4
router bgp 64496
 bgp default ipv4-unicast

Lines To Add
============
no ip route 203.0.113.0/25 192.0.2.2
no ip router-id 192.0.2.1
no ipv6 prefix-list OURS-V6 seq 5 permit 2001:db8::/32 le 48
router bgp 64496
 neighbor 192.0.2.128 description transit, four
router bgp 64496
 address-family ipv4 unicast
  network 203.0.113.0/24 
router bgp 64496
 address-family ipv4 unicast
  no neighbor 2001:db8::2 activate
no ipv6 forwarding
"""  # noqa: W291 - frr-reload leaves that space
BLOCK_GONE = """
Lines To Delete
===============
no router bgp 64496
"""
BLOCK_NEW = """
Lines To Add
============
route-map TRANSIT-IN permit 10
route-map TRANSIT-IN permit 10
 description everything but ours
route-map TRANSIT-IN permit 10
 set local-preference 100
"""
RUNNING = """\
hostname edge
!
ip route 203.0.113.0/25 192.0.2.2
!
router bgp 64496
 neighbor 192.0.2.128 remote-as 64500
 !
 address-family ipv4 unicast
  network 198.51.100.0/24
 exit-address-family
exit
!
route-map OTHER permit 10
exit
!
end
"""


def test_each_line_is_read_with_its_sign_and_its_blocks() -> None:
    bgp = "router bgp 64496"
    assert parse(CHANGED) == (
        Difference("-", "neighbor 192.0.2.128 description transit v4", (bgp,)),
        Difference("-", "no bgp default ipv4-unicast", (bgp,)),
        Difference("-", "ip route 203.0.113.0/25 192.0.2.2"),
        Difference("-", "ip router-id 192.0.2.1"),
        Difference("-", "ipv6 prefix-list OURS-V6 seq 5 permit 2001:db8::/32 le 48"),
        Difference("+", "neighbor 192.0.2.128 description transit, four", (bgp,)),
        Difference("+", "network 203.0.113.0/24", (bgp, "address-family ipv4 unicast")),
        Difference("+", "no neighbor 2001:db8::2 activate", (bgp, "address-family ipv4 unicast")),
        Difference("+", "no ipv6 forwarding"),
    )


def test_a_line_is_shown_under_its_blocks_and_these_once() -> None:
    assert render(parse(CHANGED)).splitlines() == [
        "-ip route 203.0.113.0/25 192.0.2.2",
        "-ip router-id 192.0.2.1",
        "-ipv6 prefix-list OURS-V6 seq 5 permit 2001:db8::/32 le 48",
        "+no ipv6 forwarding",
        " router bgp 64496",
        "- neighbor 192.0.2.128 description transit v4",
        "- no bgp default ipv4-unicast",
        "+ neighbor 192.0.2.128 description transit, four",
        "  address-family ipv4 unicast",
        "+  network 203.0.113.0/24",
        "+  no neighbor 2001:db8::2 activate",
    ]


def test_a_new_block_is_added_with_its_header() -> None:
    assert render(parse(BLOCK_NEW)).splitlines() == [
        "+route-map TRANSIT-IN permit 10",
        "+ description everything but ours",
        "+ set local-preference 100",
    ]


def test_a_block_that_goes_takes_its_lines_and_no_others() -> None:
    assert render(expanded(parse(BLOCK_GONE), RUNNING)).splitlines() == [
        "-router bgp 64496",
        "- neighbor 192.0.2.128 remote-as 64500",
        "- address-family ipv4 unicast",
        "-  network 198.51.100.0/24",
    ]


@pytest.mark.parametrize("nothing", ["", "\n", "\nLines To Add\n============\n"])
def test_no_difference_is_shown_as_nothing(nothing: str) -> None:
    assert render(parse(nothing)) == ""


def test_a_merge_takes_away_only_what_it_names_and_is_there() -> None:
    candidate = "no ip route 203.0.113.0/25 192.0.2.2\nno ip route 203.0.113.128/25 192.0.2.2\n"
    printed = f"""
Lines To Delete
===============
no hostname edge

Lines To Add
============
no ip route 198.51.100.0/24 blackhole
{candidate}router bgp 64496
 no neighbor 192.0.2.128 remote-as 64500
"""
    assert merged(parse(printed), candidate, RUNNING) == (
        Difference("-", "ip route 203.0.113.0/25 192.0.2.2"),
        Difference("-", "neighbor 192.0.2.128 remote-as 64500", ("router bgp 64496",)),
    )


def test_what_frr_never_gives_back_is_left_out_of_a_candidate() -> None:
    candidate = (
        "frr version 8.4\nservice integrated-vtysh-config\nhostname edge\n"
        "interface core0\n ! nothing yet\nexit\n"
        "interface core1\n description kept\nexit\n"
        "router bgp 64496\n address-family ipv6 unicast\n exit-address-family\nexit"
    )
    assert tidied(candidate) == ("hostname edge\ninterface core1\n description kept\nexit\nrouter bgp 64496\nexit\n")


def test_a_running_configuration_is_already_tidy() -> None:
    assert tidied(RUNNING) == RUNNING


@pytest.mark.parametrize(("config", "empty"), [("!\n# words\n\nend\n", True), ("", True), ("hostname edge", False)])
def test_a_text_without_a_line_of_configuration_says_nothing(config: str, empty: bool) -> None:
    assert says_nothing(config) is empty


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (" neighbor 192.0.2.128 password two words", " neighbor 192.0.2.128 password <removed>"),
        (" ip ospf message-digest-key 1 md5 oyster", " ip ospf message-digest-key 1 md5 <removed>"),
        (" key-string oyster", " key-string <removed>"),
        (" neighbor 192.0.2.128 description no secret", " neighbor 192.0.2.128 description no secret"),
    ],
)
def test_passwords_and_keys_are_hidden_in_messages(line: str, shown: str) -> None:
    assert without_secrets(line) == shown
