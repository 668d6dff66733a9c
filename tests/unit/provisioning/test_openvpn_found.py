"""A hand-made OpenVPN server against the inventory: what means the same is no difference, what would go is said."""

from __future__ import annotations

import json
from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization

from foundation import clock
from inventory import signing
from provisioning.adopting import gathering
from provisioning.adopting.found import Unreadable
from provisioning.artifact import Effect, Impact
from provisioning.artifacts import openvpn_found
from provisioning.artifacts.openvpn import OPENVPN
from provisioning.releases import Illegible

NOW = clock.now() - timedelta(days=1)
SIGNER, _ = signing.found("Chez nous", NOW, timedelta(days=100))
AUTHORITY = SIGNER.certificate.public_bytes(serialization.Encoding.PEM).decode()
KEY = "0a" * 256
DIGEST = sha256(KEY.encode()).hexdigest()
CRL = signing.list_revoked(SIGNER, 1, NOW, NOW + timedelta(days=90), [("abc", NOW, "")])
MEMBER = "ifconfig-push 198.51.100.7 255.255.255.0\niroute-ipv6 2001:db8:100:700::/56\n"
DESIRED = {
    "server.conf": "mode server\nport 1194\nifconfig 198.51.100.1 255.255.255.0\nifconfig-noexec\n"
    "tls-auth /var/lib/essaim/openvpn/current/static.key 0\n",
    "routes": "",
    "ca.crt": AUTHORITY,
    "static.key": f"-----BEGIN OpenVPN Static key V1-----\n{KEY}\n-----END OpenVPN Static key V1-----\n",
    "tls-crypt-v2.key": f"-----BEGIN x-----\n{'A' * 172}\n-----END x-----\n",
    "crl.pem": f"# revoked abc parti\n{CRL}",
    "ccd/.keep": "# essaim\n",
    "ccd/l0007": f"# L0007\n{MEMBER}",
}


def found(**other: Any) -> dict[str, Any]:
    one = {
        "path": "/etc/openvpn/server/server.conf",
        "said": {"port": ["1194"], "proto": ["udp4"], "server": ["198.51.100.0", "255.255.255.0"]},
        "ca": AUTHORITY,
        "crl": CRL,
        "ccd": {"l0007": f"# Camille\n{MEMBER}iroute 198.51.100.7\npush \"dhcp-option DNS 192.0.2.53\"\n"},
        "keys": {"tls-auth": DIGEST, "tls-crypt": "", "tls-crypt-v2": ""},
        "pool": [],
    }  # fmt: skip
    return {**one, **other}


def running(**other: Any) -> Any:
    return OPENVPN.recognised(openvpn_found.observed(json.dumps([found(**other)])), DESIRED)


def test_a_server_that_means_the_same_is_no_difference() -> None:
    assert running() == DESIRED
    assert openvpn_found.observed("[]") == {}


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"said": {**found()["said"], "port": ["1195"]}}, ("udp 1195",)),
        ({"said": {**found()["said"], "proto": ["tcp-server"]}}, ("tcp 1194",)),
        ({"keys": {"tls-crypt": DIGEST}}, ("tls-crypt",)),
        ({"keys": {}}, ("tls-crypt",)),
        ({"ccd": {"l0007": MEMBER, "inconnu": "ifconfig-push 198.51.100.8 255.255.255.0\n"}}, ("inconnu",)),
        ({"ccd": {"l0007": f"{MEMBER}iroute 192.0.2.0 255.255.255.0\n"}}, ("l0007",)),
        ({"pool": ["l0007", "sans-fichier"]}, ("sans-fichier",)),
    ],
)
def test_what_members_rest_on_and_would_go_is_said(other: dict[str, Any], said: tuple[str, ...]) -> None:
    assert OPENVPN.strangers(running(**other), DESIRED) == said
    assert openvpn_found.only_meant(running(**other)) == ("ccd" not in other)


def test_another_authority_and_whoever_it_revoked_are_said() -> None:
    other, _ = signing.found("Ailleurs", NOW, timedelta(days=100))
    text = other.certificate.public_bytes(serialization.Encoding.PEM).decode()
    listed = signing.list_revoked(SIGNER, 2, NOW, NOW + timedelta(days=90), [("abc", NOW, ""), ("def", NOW, "")])
    authority, revoked = OPENVPN.strangers(running(ca=AUTHORITY + text, crl=listed), DESIRED)
    assert authority.startswith("ca ")
    assert revoked == "crl def"


def test_a_difference_that_takes_nothing_away_is_shown_and_cuts_everyone() -> None:
    desired = {**DESIRED, "ccd/l0008": "# L0008\nifconfig-push 198.51.100.8 255.255.255.0\n"}
    seen = OPENVPN.recognised(openvpn_found.observed(json.dumps([found()])), desired)
    assert {name for name in desired if seen.get(name) != desired[name]} == {"server.conf", "ccd/l0008"}
    assert OPENVPN.strangers(seen, desired) == ()
    assert OPENVPN.effect(seen, desired) == Effect(Impact.CUTS, 1)


def test_whoever_is_cut_off_there_is_not_served() -> None:
    held = {"l0007": MEMBER, "puni": "disable\nifconfig-push 198.51.100.9 255.255.255.0\n"}
    assert running(ccd=held) == DESIRED


def test_nothing_of_a_file_but_addresses_is_shown() -> None:
    seen = running(
        ccd={"l0007": f"iroute ici la\n# Camille, 05 56 00 00 00\n{MEMBER}setenv-safe MOT secret\niroute 192.0.2.0\n"}
    )
    assert "Camille" not in str(seen["ccd/l0007"])
    assert "secret" not in str(seen["ccd/l0007"])


@pytest.mark.parametrize(
    "text", ["{", '{"a": 1}', "[1]", '[{"said": {"port": ["x"]}}]', json.dumps([found(ca="-----BEGIN")])]
)
def test_an_answer_that_is_none_is_refused_by_name(text: str) -> None:
    with pytest.raises(Illegible):
        openvpn_found.observed(text)


def test_adopting_reads_the_servers_own_addresses() -> None:
    text = "server 198.51.100.0 255.255.255.0 # ici\nserver-ipv6 2001:db8:100::/64\nport 1195\n"
    read = gathering.read({"openvpn/server/server.conf": text, "openvpn/client.conf": "client\nremote x\n"})
    (own,) = read.own
    assert (own.interface, [str(one) for one in own.addresses]) == ("ovpn0", ["198.51.100.1/24", "2001:db8:100::1/64"])
    assert "udp 1195" in str(read.told[0].sentence("fr"))
    with pytest.raises(Unreadable):
        gathering.read({"openvpn/server.conf": "mode server\nifconfig ici\n"})
    inside = (
        "ifconfig-push 198.51.100.7 255.255.255.0\nifconfig-ipv6-push 2001:db8:1::1/64\niroute-ipv6 2001:db8:1::/56\n"
    )
    (way,) = gathering.read({"openvpn/ccd/ada": inside}).ways
    assert [str(prefix) for prefix, _ in way.prefixes] == ["198.51.100.7/32", "2001:db8:1::/56"]
