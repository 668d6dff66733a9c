"""A member's box by its wire, or with an `.ovpn`: what servers say is read, and nothing else is."""

from __future__ import annotations

import contextlib
import io
import json
import sys
from ipaddress import IPv4Address, IPv4Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab import Topology, dhcp, ipoe, openvpn, whole_isp
from lab.adsl.octets import Malformed
from lab.daemons import files
from lab.dhcp import Code, Kind

WAN = IPv4Address("192.0.2.98")


def offered(kind: Kind = Kind.ACK, port: int = dhcp.CLIENT_PORT, *more: tuple[int, bytes]) -> bytes:
    """An IPv4 packet with a server's answer."""
    body = b"\x02\x01\x06\x00" + b"abcd" + bytes(8) + WAN.packed + bytes(216) + b"\x63\x82\x53\x63"
    for code, value in ((Code.KIND, bytes([kind])), *more):
        body += bytes((code, len(value))) + value
    datagram = dhcp.SERVER_PORT.to_bytes(2, "big") + port.to_bytes(2, "big") + bytes(4) + body + b"\xff"
    return b"\x45" + bytes(8) + b"\x11" + bytes(10) + datagram


def test_a_lease_has_its_address_its_size_and_its_ways() -> None:
    ways = bytes.fromhex("20c0000261" + "00000000" + "00" + "c0000261")
    packet = offered(
        Kind.ACK, dhcp.CLIENT_PORT, (Code.MTU, b"\x05\xd4"), (Code.WAYS, ways), (Code.LEASE, b"\0\0\2\x58")
    )
    message = dhcp.message_in(packet)
    assert message is not None
    lease = dhcp.lease_of(IPv4Address(message[16:20]), dict(dhcp.options(message[240:])))
    router = IPv4Address("192.0.2.97")
    assert lease == dhcp.Lease(
        WAN, 600, 1492, ((IPv4Network("192.0.2.97/32"), None), (IPv4Network("0.0.0.0/0"), router))
    )


def test_a_server_that_knows_no_routes_names_a_router() -> None:
    said: dict[int, bytes] = {Code.ROUTER: bytes((192, 0, 2, 97, 192, 0, 2, 99))}
    assert dhcp.lease_of(WAN, said).ways == ((IPv4Network("0.0.0.0/0"), IPv4Address("192.0.2.97")),)
    assert dhcp.lease_of(WAN, {}).ways == ()


@pytest.mark.parametrize("packet", [b"", b"\x60" + bytes(400), offered(port=53), offered()[:200]])
def test_what_is_not_for_a_client_is_passed_over(packet: bytes) -> None:
    assert dhcp.message_in(packet) is None


@given(st.binary(max_size=600))
def test_octets_of_any_kind_are_read_or_refused(octets: bytes) -> None:
    dhcp.message_in(octets)
    with contextlib.suppress(Malformed):
        dhcp.lease_of(WAN, dict(dhcp.options(octets)))


@pytest.mark.parametrize("program", [openvpn, ipoe])
@pytest.mark.parametrize("given_text", ["", "[]", "{}", '{"interface": "nowhere0"'])
def test_what_is_no_order_is_refused_without_a_word_of_it(
    program: object, given_text: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(given_text))
    monkeypatch.setattr(f"{program.__name__}.stop_signal", lambda: None)  # type: ignore[attr-defined]
    assert program.main() == 2  # type: ignore[attr-defined]
    said = capfd.readouterr()
    assert json.loads(said.out)["event"] == "closed"
    assert "nowhere0" not in said.out + said.err


def test_a_whole_topology_goes_through_json_unchanged_and_each_transit_knows_the_other() -> None:
    whole = whole_isp("ssh-ed25519 AAAA someone")
    assert Topology.of_plain(json.loads(json.dumps(whole.plain()))) == whole
    for name, other in (("transit", 64501), ("transit2", 64500)):
        text = files.frr_of_transit(whole.machine(name), whole.peering(name))
        assert text.count(f"remote-as {other}\n") == 2
        assert "redistribute connected" in text
    with pytest.raises(LookupError):
        whole.peering("nobody")


def test_every_port_of_a_machine_has_its_own_name_and_every_address_is_once() -> None:
    machines = whole_isp("").machines
    held = [address.partition("/")[0] for one in machines for port in one.ports for address in port.addresses]
    assert len(held) == len(set(held))
    for one in machines:
        assert len({port.name for port in one.ports}) == len(one.ports)
