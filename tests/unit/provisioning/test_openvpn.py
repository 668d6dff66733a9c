"""OpenVPN's texts: from the inventory, back from what a machine runs, and what going from one to the other does."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_network
from typing import Any

import pytest

from foundation.acts import Act
from inventory import addresses, authority, certificates, device_secrets, devices, lines, offers, signing
from inventory.device_secrets import BadStaticKey
from inventory.lines import Ordering
from inventory.models.addresses import Role
from inventory.models.lines import Credential, LineState, Offer, Technology
from inventory.models.places import Site
from provisioning import handouts, releases, targets
from provisioning.artifact import Effect, Impact
from provisioning.artifacts import openvpn_members
from provisioning.artifacts.antispoofing import ANTISPOOFING_VPN
from provisioning.artifacts.openvpn import OPENVPN
from provisioning.artifacts.wireguard import WIREGUARD
from provisioning.facts import MachineIncomplete, Unwritable
from provisioning.handouts import Form, NotForThisLine
from provisioning.openvpn_handouts import KeyBesideCube
from provisioning.texts import digest, redacted

Texts = Mapping[str, str]
_BODY = re.compile(r"(-----BEGIN [^\n]*-----\n).*?(?=-----END)", re.DOTALL)


@dataclass(frozen=True)
class Tunnels:
    """The small association with an OpenVPN offer on its VPN server, and L0006 and L0007 who have it."""

    whole: Any
    offer: Offer

    @property
    def texts(self) -> Texts:
        return OPENVPN.desired(self.whole.session, self.whole.vpn, self.whole.later)

    def hand_out(self, number: str, form: str = "ovpn", **more: Any) -> Any:
        line = self.whole.line(number)
        return handouts.hand_out(self.whole.session, self.whole.act, line, line.shares[0], form, **more)[0]

    def serial(self, name: str) -> str:
        return certificates.in_force(self.whole.session, self.whole.act.at, name)[-1].serial


@pytest.fixture
def tunnels(association: Any) -> Tunnels:
    session, act, vpn = association.session, association.act, association.vpn
    port = devices.add_interface(session, act, vpn, "ovpn0")
    pools = []
    for prefix, handed, role in (("192.0.2.64/27", 32, Role.LOOPBACK), ("2001:db8:300::/40", 56, Role.LOOPBACK)):
        network = ip_network(prefix)
        pool = addresses.create_pool(session, act, f"ovpn-v{network.version}", network, handed=handed, device=vpn)
        addresses.allocate(session, act, pool, port, role, exactly=ip_network(network[1]))
        pools.append(pool)
    offer = offers.add_offer(
        session, act, "ovpn", "OpenVPN", Technology.OPENVPN, "tunnel", mtu=1420, device=vpn, pool_v4=pools[0],
        pool_v6=pools[1],
    )  # fmt: skip
    authority.create_authority(session, act, "Essaim")
    device_secrets.entrust(session, act, vpn, "openvpn")
    for rank in (0, 1):
        lines.order_line(session, act, association.people[rank], offer, Ordering())
    return Tunnels(association, offer)


def masked(texts: Texts) -> dict[str, str]:
    """As a golden file holds them: keys and signatures are drawn afresh each time."""
    return {name.replace("/", "@"): _BODY.sub(r"\1…\n", text) for name, text in texts.items()}


def running(texts: Texts, **more: str) -> dict[str, str]:
    """What a machine says that runs these texts."""
    rows = [row.split() for row in texts["routes"].splitlines()]
    held = [row[2].split("/") for row in rows if row[0] == "address"]
    link = [
        {"family": "inet6" if ":" in one else "inet", "local": one, "prefixlen": int(length), "scope": "global"}
        for one, length in held
    ]
    link.append({"family": "inet6", "local": "fe80::1", "prefixlen": 64, "scope": "link"})
    routes = [{"dst": row[2].removesuffix("/32"), "metric": 4096} for row in rows if row[0] == "route"]
    own = {"dst": "fe80::/64", "protocol": "kernel", "metric": 256}
    return {
        "told": f"{digest(texts)}\n",
        "running": "yes\n",
        "link": json.dumps([{"mtu": 1420, "addr_info": link}]),
        "routes4": json.dumps([one for one in routes if ":" not in str(one["dst"])]),
        "routes6": json.dumps([*(one for one in routes if ":" in str(one["dst"])), own]),
        **more,
    }


def test_each_line_has_a_file_of_its_own_beside_the_server(tunnels: Tunnels, golden: Callable[..., None]) -> None:
    golden("openvpn", "debian", masked(tunnels.texts))


def test_no_member_is_named_on_the_machine(tunnels: Tunnels) -> None:
    whole = "".join(tunnels.texts.values())
    assert "Camille" not in whole
    assert "membres" not in whole


def test_wireguard_and_the_filter_on_its_interface_know_nothing_of_these_lines(tunnels: Tunnels) -> None:
    for artifact in (WIREGUARD, ANTISPOOFING_VPN):
        text = "".join(artifact.desired(tunnels.whole.session, tunnels.whole.vpn, tunnels.whole.later).values())
        assert "192.0.2.64" not in text
        assert "L0006" not in text
        assert "L0001" in text


def test_a_server_carries_what_it_was_given_the_secrets_of(tunnels: Tunnels, association: Any) -> None:
    named = [str(target) for _, target in targets.every_target(association.session)]
    assert "vpn/openvpn" in named
    assert "vpn/wireguard" in named
    bare = devices.add_device(
        association.session,
        association.act,
        "vpn2",
        role="vpn",
        platform="debian",
        site=association.session.get_one(Site, association.vpn.site_id),
    )
    named = [str(target) for _, target in targets.every_target(association.session)]
    assert [one for one in named if one.startswith("vpn2/")] == ["vpn2/antispoofing", "vpn2/wireguard"]
    device_secrets.entrust(association.session, association.act, bare, "openvpn")
    named = [str(target) for _, target in targets.every_target(association.session)]
    assert [one for one in named if one.startswith("vpn2/")] == ["vpn2/antispoofing", "vpn2/openvpn"]


@pytest.mark.parametrize("state", [LineState.SUSPENDED, LineState.CLOSED])
def test_a_line_that_no_longer_serves_has_no_file_and_is_cut(tunnels: Tunnels, state: LineState) -> None:
    before, line = tunnels.texts, tunnels.whole.line("L0007")
    if state is LineState.CLOSED:
        lines.close_line(tunnels.whole.session, tunnels.whole.act, line)
    else:
        lines.move(tunnels.whole.session, tunnels.whole.act, line, state)
    after = tunnels.texts
    assert "ccd/l0006" in after
    assert "ccd/l0007" not in after
    assert OPENVPN.effect(before, after) == Effect(Impact.CUTS, 1)
    assert OPENVPN.lines(before, after) == ("L0007",)


def test_one_more_member_cuts_nobody(tunnels: Tunnels) -> None:
    before = tunnels.texts
    lines.order_line(tunnels.whole.session, tunnels.whole.act, tunnels.whole.people[2], tunnels.offer, Ordering())
    after = tunnels.texts
    assert OPENVPN.effect(before, after) == Effect(Impact.HITLESS, 1)
    assert OPENVPN.lines(before, after) == ("L0008",)
    assert {name for name in after if after[name] != before.get(name)} == {"ccd/l0008"}
    assert OPENVPN.effect({}, after) == Effect(Impact.HITLESS, 3)


def test_a_certificate_taken_back_cuts_who_bears_its_name_and_only_them(tunnels: Tunnels) -> None:
    tunnels.hand_out("L0006")
    tunnels.hand_out("L0007")
    before, session, act = tunnels.texts, tunnels.whole.session, tunnels.whole.act
    lost = tunnels.serial("l0006")
    certificates.revoke(session, act, certificates.find_certificate(session, lost))
    after = tunnels.texts
    assert f"# revoked {lost} l0006\n" in after["crl.pem"]
    assert OPENVPN.effect(before, after) == Effect(Impact.CUTS, 1)
    assert OPENVPN.lines(before, after) == ("L0006",)


def test_a_list_that_is_only_signed_again_cuts_nobody(tunnels: Tunnels) -> None:
    before, act = tunnels.texts, tunnels.whole.act
    certificates.keep(tunnels.whole.session, Act(act.actor, act.at + timedelta(days=100), "test"))
    after = tunnels.texts
    assert before["crl.pem"] != after["crl.pem"]
    assert OPENVPN.effect(before, after) == Effect(Impact.HITLESS, 0)
    assert OPENVPN.lines(before, after) == ()


def test_both_authorities_are_believed_after_a_rotation_which_takes_a_restart(tunnels: Tunnels) -> None:
    tunnels.hand_out("L0006")
    before = tunnels.texts
    authority.rotate_authority(tunnels.whole.session, tunnels.whole.act)
    after = tunnels.texts
    assert (after["ca.crt"].count("BEGIN CERTIFICATE"), after["crl.pem"].count("BEGIN X509 CRL")) == (2, 2)
    assert after["server.crt"] == before["server.crt"]
    assert OPENVPN.effect(before, after) == Effect(Impact.CUTS, 2)
    assert OPENVPN.lines(before, after) == ("L0006", "L0007")


def test_what_runs_comes_back_as_it_was_wanted(tunnels: Tunnels, answer: Callable[..., str]) -> None:
    texts = tunnels.texts
    assert OPENVPN.observed(answer(OPENVPN, texts, running(texts))) == texts
    assert OPENVPN.observed("") == {}


def test_what_was_done_by_hand_or_does_not_run_is_said(tunnels: Tunnels, answer: Callable[..., str]) -> None:
    texts = tunnels.texts
    fewer = json.dumps([])
    seen = OPENVPN.observed(answer(OPENVPN, texts, running(texts, routes6=fewer)))
    assert "2001:db8:300::/40" not in seen["routes"]
    still = OPENVPN.observed(answer(OPENVPN, texts, {}))
    assert still["server.conf"].endswith("# the server does not run\n")
    assert OPENVPN.effect(still, texts).impact is Impact.HITLESS
    untold = OPENVPN.observed(answer(OPENVPN, texts, running(texts, told="")))
    assert OPENVPN.effect(untold, texts) == Effect(Impact.CUTS, 2)
    assert releases.unnoted(untold) == texts


def test_files_of_before_go_on_where_the_server_knows_their_key(tunnels: Tunnels) -> None:
    session, act, vpn = tunnels.whole.session, tunnels.whole.act, tunnels.whole.vpn
    before = tunnels.texts
    for wrong in (None, "", "ab" * 256, "tls-auth:" + "ab" * 255, "tls-auth:" + "AB\n" * 256):
        with pytest.raises(BadStaticKey):
            device_secrets.entrust(session, act, vpn, "openvpn-static", wrong)
    device_secrets.entrust(session, act, vpn, "openvpn-static", "tls-auth:" + "0a" * 256)
    after = tunnels.texts
    assert "\ntls-auth /var/lib/essaim/openvpn/current/static.key 0\n" in after["server.conf"]
    assert "0a0a" not in redacted(after["static.key"], OPENVPN.secrets, lambda _: "‹secret›")
    assert OPENVPN.effect(before, after) == Effect(Impact.CUTS, 2)
    device_secrets.entrust(session, act, vpn, "openvpn-static", "tls-crypt:" + "0a" * 256)
    assert "\ntls-crypt /var/lib/essaim/openvpn/current/static.key\n" in tunnels.texts["server.conf"]


def test_no_key_is_shown_and_certificates_are(tunnels: Tunnels) -> None:
    texts = tunnels.texts
    for name, hidden in (("server.key", 1), ("tls-crypt-v2.key", 1), ("ca.crt", 0), ("crl.pem", 0), ("server.conf", 0)):
        for mark in ("", "+", "-", " "):
            shown = "".join(f"{mark}{row}\n" for row in texts[name].splitlines())
            assert redacted(shown, OPENVPN.secrets, lambda _: "‹secret›").count("‹secret›") == hidden, name


@pytest.mark.parametrize(
    "name", ["l0006\nifconfig-push 192.0.2.65", "../l0007", "DEFAULT", ".keep", "a b", "x" * 65, "é"]
)
def test_a_name_that_would_be_more_than_a_file_is_not_written(tunnels: Tunnels, name: str) -> None:
    line = tunnels.whole.line("L0006")
    tunnels.whole.session.get_one(Credential, line.shares[0].credentials[0].id).name = name
    tunnels.whole.session.flush()
    with pytest.raises(Unwritable):
        _ = tunnels.texts


@pytest.mark.parametrize(
    "row",
    [
        "iroute 192.0.2.0",
        "iroute 192.0.2.1 255.255.255.0",
        "iroute-ipv6 2001:db8::1/56",
        "ifconfig-push 192.0.2.9",
        "ifconfig-push 192.0.2.999 255.255.255.0",
        'push "redirect-gateway"',
        "disable",
        "# L1\nplugin x",
        " # L1",
    ],
)
def test_a_setting_that_openvpn_would_only_log_is_refused_by_us(row: str) -> None:
    with pytest.raises(Unwritable):
        openvpn_members.check(f"# L0001\n{row}\n", "L0001")


def test_a_server_without_an_address_of_its_own_says_so(tunnels: Tunnels, association: Any) -> None:
    bare = devices.add_device(
        association.session,
        association.act,
        "vpn2",
        role="vpn",
        platform="debian",
        site=association.session.get_one(Site, association.vpn.site_id),
    )
    with pytest.raises(MachineIncomplete):
        OPENVPN.desired(association.session, bare, association.later)


def test_a_neighbour_beyond_the_pool_has_a_gateway_that_they_can_reach(tunnels: Tunnels) -> None:
    whole = tunnels.whole
    network = ip_network("192.0.2.160/28")
    pool = addresses.create_pool(whole.session, whole.act, "autre-v4", network, handed=29)
    line = whole.line("L0006")
    addresses.release(whole.session, whole.act, next(one for one in line.shares[0].assignments if one.family == 4))
    given = addresses.allocate(whole.session, whole.act, pool, line.shares[0], Role.ROUTED)
    text = tunnels.texts["ccd/l0006"]
    first = given.prefix[1]
    assert f"ifconfig-push {first} 255.255.255.240\n" in text
    gateway = re.search(r'route-gateway (\S+)"', text)
    assert gateway is not None
    assert gateway[1] != str(first)
    assert f"iroute {given.prefix[0]} 255.255.255.248\n" in text
    assert f"route replace {given.prefix} dev ovpn0 metric 4096\n" in tunnels.texts["routes"]


def test_each_handout_is_a_certificate_of_its_own_and_its_key_is_nowhere(tunnels: Tunnels) -> None:
    first, second = tunnels.hand_out("L0006"), tunnels.hand_out("L0006")
    assert first.private_key != second.private_key
    text = handouts.written(first, Form.OVPN, "fr")
    assert text.count("BEGIN PRIVATE KEY") == 1
    assert "remote 192.0.2.4 1194\n" in text
    assert "verify-x509-name vpn name\n" in text
    held = certificates.in_force(tunnels.whole.session, tunnels.whole.act.at, "l0006")
    assert [(one.key, one.text) for one in held] == [(None, None), (None, None)]


def test_with_a_request_the_key_never_was_here(tunnels: Tunnels) -> None:
    public = signing.new_key()[0].public_key()
    text = public.public_bytes(
        signing.serialization.Encoding.PEM, signing.serialization.PublicFormat.SubjectPublicKeyInfo
    ).decode()
    made = tunnels.hand_out("L0006", request=text)
    written = handouts.written(made, Form.OVPN, "en")
    assert "PRIVATE KEY" not in written
    assert "\nkey l0006.key\n" in written
    with pytest.raises(KeyBesideCube):
        handouts.written(made, Form.CUBE, "en")


def test_a_cube_is_what_the_brique_reads(tunnels: Tunnels) -> None:
    cube = json.loads(handouts.written(tunnels.hand_out("L0006", "cube"), Form.CUBE, "fr"))
    assert {name: cube[name] for name in ("server_name", "server_port", "server_proto", "dns0", "dns1")} == {
        "server_name": "192.0.2.4", "server_port": "1194", "server_proto": "udp", "dns0": "", "dns1": "",
    }  # fmt: skip
    assert (cube["ip4_addr"], cube["ip6_net"]) == ("192.0.2.64", "2001:db8:300:100::")
    assert all(isinstance(one, str) for name, one in cube.items() if not name.startswith("openvpn_"))
    for name in ("crt_server_ca", "crt_client"):
        assert signing.read_certificate(cube[name].replace("|", "\n"))
        assert "\n" not in cube[name]
    assert "<tls-crypt-v2>" in cube["openvpn_add"]
    assert all("\n" not in one for one in (*cube["openvpn_add"], *cube["openvpn_rm"]))


def test_a_form_of_another_kind_of_line_is_refused(tunnels: Tunnels) -> None:
    with pytest.raises(NotForThisLine):
        tunnels.hand_out("L0006", "wireguard")
    tunnels.whole.vpn.public_key = "aEVuUmVn4xMkUP6IcQ1AhjA7Ix3FXyDQ+Vt7OCgK2iA="
    with pytest.raises(NotForThisLine):
        tunnels.hand_out("L0001", "cube")
