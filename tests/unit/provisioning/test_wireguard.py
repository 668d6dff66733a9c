"""WireGuard's text: from the inventory, and back from what a machine runs."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from inventory import devices, lines, places
from inventory.models.lines import Credential, LineState
from provisioning import releases
from provisioning.artifact import Effect, Impact
from provisioning.artifacts.wireguard import WIREGUARD
from provisioning.facts import Unwritable
from provisioning.texts import redacted

ADDRESSES = [
    {"family": "inet", "local": "198.51.100.1", "prefixlen": 32, "scope": "global"},
    {"family": "inet6", "local": "2001:db8:100::1", "prefixlen": 128, "scope": "global"},
    {"family": "inet6", "local": "fe80::1", "prefixlen": 64, "scope": "link"},
]


@pytest.fixture
def text(association: Any) -> str:
    return WIREGUARD.desired(association.session, association.vpn, association.later)["wg0.conf"]


def running(text: str, *, routes: tuple[str, ...] = ("198.51.100.0/24",), peers: str = "") -> dict[str, str]:
    """What `wg` and `ip` say on a machine that runs this text; `peers` replaces its own."""
    secret = text.split("PrivateKey = ")[1].split("\n")[0]
    rows = [
        "\t".join(
            (block.split("PublicKey = ")[1].split("\n")[0], "(none)", "192.0.2.234:4242", allowed, "0", "1", "2", "off")
        )
        for block in text.split("[Peer]")[1:]
        for allowed in [",".join(reversed(block.split("AllowedIPs = ")[1].split("\n")[0].split(", ")))]
    ]
    dump = "\n".join((f"{secret}\tpublic\t51820\toff", *reversed(rows))) + "\n"
    return {
        "dump": dump + peers,
        "link": json.dumps([{"mtu": 1420, "addr_info": ADDRESSES}]),
        "routes": json.dumps([{"dst": route} for route in routes]),
        "routes6": json.dumps([{"dst": "2001:db8:100::/40"}, {"dst": "fe80::/64", "protocol": "kernel"}]),
    }


def test_each_line_of_the_server_is_a_peer(text: str, golden: Callable[..., None]) -> None:
    golden("wireguard", "debian", {"wg0.conf": text})


def test_no_member_is_named_on_the_machine(text: str) -> None:
    assert "Camille" not in text
    assert "membres" not in text


@pytest.mark.parametrize("state", [LineState.SUSPENDED, LineState.CLOSED])
def test_a_line_that_no_longer_serves_is_no_peer(association: Any, state: LineState) -> None:
    line = association.line("L0002")
    if state is LineState.CLOSED:
        lines.close_line(association.session, association.act, line)
    else:
        lines.move(association.session, association.act, line, state)
    text = WIREGUARD.desired(association.session, association.vpn, association.later)["wg0.conf"]
    assert "L0002" not in text
    assert "L0001" in text


def test_a_key_that_is_no_key_is_never_written(association: Any) -> None:
    credential = association.session.scalars(select(Credential).where(Credential.kind == "wireguard")).first()
    credential.name = "x\nPostUp = reboot"
    with pytest.raises(Unwritable):
        WIREGUARD.desired(association.session, association.vpn, association.later)


def test_a_server_without_its_key_says_so(association: Any) -> None:
    session, act = association.session, association.act
    site = places.add_site(session, act, "clocher")
    other = devices.add_device(session, act, "vpn2", role="vpn", platform="debian", site=site)
    with pytest.raises(devices.NoSuchSecret):
        WIREGUARD.desired(session, other, association.later)


def test_what_runs_is_read_back_in_the_same_words(text: str, answer: Callable[..., str]) -> None:
    assert WIREGUARD.observed(answer(WIREGUARD, {"wg0.conf": text}, running(text))) == {"wg0.conf": text}


def test_a_machine_never_configured_holds_nothing() -> None:
    assert WIREGUARD.observed("") == {}


def test_a_peer_that_nobody_knows_is_seen(text: str, answer: Callable[..., str]) -> None:
    peer = f"{'A' * 43}=\t(none)\t(none)\t203.0.113.9/32\t0\t0\t0\t25\n"
    seen = WIREGUARD.observed(answer(WIREGUARD, {"wg0.conf": text}, running(text, peers=peer)))["wg0.conf"]
    assert seen.removeprefix(text) == (
        f"\n[Peer]\n# ?\nPublicKey = {'A' * 43}=\nAllowedIPs = 203.0.113.9/32\nPersistentKeepalive = 25\n"
    )


def test_a_route_added_by_hand_is_seen(text: str, answer: Callable[..., str]) -> None:
    said = running(text, routes=("198.51.100.0/24", "192.0.2.99"))
    assert (
        "PostUp = ip route replace 192.0.2.99/32 dev wg0"
        in WIREGUARD.observed(answer(WIREGUARD, {"wg0.conf": text}, said))["wg0.conf"]
    )


def test_a_file_edited_by_hand_is_seen(text: str, answer: Callable[..., str]) -> None:
    said = answer(WIREGUARD, {"wg0.conf": text}, running(text) | {"file:wg0.conf": text + "\n# mine\n"})
    assert WIREGUARD.observed(said)["wg0.conf"] == text + "\n# wg0.conf was edited by hand\n"


@pytest.mark.parametrize("dump", ["", "one word\n", "a\tb\tport\toff\n", "a\tb\t1\toff\nk\t(none)\n"])
def test_an_answer_that_makes_no_sense_is_never_taken_for_a_configuration(
    text: str, answer: Callable[..., str], dump: str
) -> None:
    with pytest.raises(releases.Illegible):
        WIREGUARD.observed(answer(WIREGUARD, {"wg0.conf": text}, running(text) | {"dump": dump}))


def test_what_is_not_base64_is_illegible() -> None:
    with pytest.raises(releases.Illegible):
        WIREGUARD.observed("dump *not base64*\n")


def peer(text: str, number: int) -> str:
    return "\n[Peer]" + text.split("\n[Peer]")[number]


def test_a_new_line_cuts_nobody(text: str) -> None:
    before = {"wg0.conf": text.replace(peer(text, 2), "")}
    assert WIREGUARD.effect(before, {"wg0.conf": text}) == Effect(Impact.HITLESS, 1)
    assert WIREGUARD.lines(before, {"wg0.conf": text}) == ("L0002",)


def test_a_line_that_goes_is_cut(text: str) -> None:
    after = {"wg0.conf": text.replace(peer(text, 3), "")}
    assert WIREGUARD.effect({"wg0.conf": text}, after) == Effect(Impact.CUTS, 1)
    assert WIREGUARD.lines({"wg0.conf": text}, after) == ("L0003",)


def test_a_line_with_another_address_is_cut(text: str) -> None:
    after = {"wg0.conf": text.replace("198.51.100.2/32", "198.51.100.77/32")}
    assert WIREGUARD.effect({"wg0.conf": text}, after) == Effect(Impact.CUTS, 1)


def test_another_key_of_the_server_cuts_everyone(text: str) -> None:
    after = {"wg0.conf": text.replace("PrivateKey = yM", "PrivateKey = wM")}
    assert WIREGUARD.effect({"wg0.conf": text}, after) == Effect(Impact.CUTS, 3)
    assert WIREGUARD.lines({"wg0.conf": text}, after) == ("L0001", "L0002", "L0003")


def test_a_route_that_goes_cuts_those_behind_it(text: str) -> None:
    route = "PostUp = ip route replace 198.51.100.0/24 dev wg0\n"
    assert WIREGUARD.effect({"wg0.conf": text}, {"wg0.conf": text.replace(route, "")}) == Effect(Impact.CUTS, 3)
    stray = {"wg0.conf": text.replace(route, route + "PostUp = ip route replace 192.0.2.99/32 dev wg0\n")}
    assert WIREGUARD.effect(stray, {"wg0.conf": text}) == Effect(Impact.HITLESS)


def test_nothing_changed_has_no_effect(text: str) -> None:
    assert WIREGUARD.effect({"wg0.conf": text}, {"wg0.conf": text}) == Effect(Impact.NONE)


def test_the_first_configuration_cuts_nobody(text: str) -> None:
    assert WIREGUARD.effect({}, {"wg0.conf": text}) == Effect(Impact.HITLESS, 3)


def test_the_private_key_is_never_shown(text: str) -> None:
    shown = redacted(f"+{text}", WIREGUARD.secrets, lambda _: "‹secret›")
    assert "PrivateKey = ‹secret›\n" in shown
    assert text.split("PrivateKey = ")[1].split("\n")[0] not in shown
