"""From any edge to any other: what would be typed leads there, is refused nowhere, and touches nothing of others.

The stand-ins of the contract suite (`ios_router.py` and `routeros_router.py` there) read it with grammars of their own.
"""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from ipaddress import ip_address, ip_interface, ip_network
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from provisioning import ios, routeros
from provisioning.artifacts import cisco, mikrotik
from provisioning.artifacts.edge import LAST_RESORT, Cache, Peer, Port, Route, Router, _members, _rules
from provisioning.artifacts.inside import Key, Way
from provisioning.artifacts.l2tp import Lns

THEIRS_IOS = """\
hostname router
username them privilege 15 secret 9 $9$abc
interface GigabitEthernet9
 ip address 198.51.100.129 255.255.255.0
 negotiation auto
ip route 0.0.0.0 0.0.0.0 198.51.100.254
ip prefix-list THEIRS seq 5 permit 0.0.0.0/0
router bgp 64496
 bgp log-neighbor-changes
 neighbor 203.0.113.9 remote-as 64999
 neighbor 203.0.113.9 description essaim
line vty 0 4
 transport input ssh
"""
THEIRS_ROUTEROS = """\
/user add name=them group=full comment="a; \\"b\\" \\$c"
/ip address add address=198.51.100.129/24 interface=ether9
/ip route add dst-address=0.0.0.0/0 gateway=198.51.100.254 distance=1 comment=essaimage
/routing filter rule add chain=theirs rule="accept;"
"""
OTHERS = (
    "ip route 0.0.0.0",
    "THEIRS",
    "198.51.100.129",
    "neighbor 203.0.113.9",
    "username",
    "GigabitEthernet9",
    "line vty",
    "log-neighbor",
)


def stand_in(name: str) -> Any:
    path = Path(__file__).parents[1] / "contract" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


IOS_ROUTER, ROUTEROS_ROUTER = stand_in("ios_router"), stand_in("routeros_router")
SAID = st.text(max_size=40).map(str.strip).filter(str.isprintable)
NASTY = st.sampled_from(
    ['"; /user add name=x', "$[/system reboot]", "a\\", "! no router bgp 1", "x ^C y", "éà ‮", "end"]
)
ADDRESSES = [ip_interface(one) for one in ("192.0.2.1/28", "192.0.2.9/28", "203.0.113.1/32", "2001:db8::1/64")]
AGGREGATES = [ip_network(one) for one in ("192.0.2.0/25", "198.51.100.0/24", "2001:db8::/32", "3fff::/20")]
KEYS = [
    (), (Key(1, "a" * 16, "b" * 32),), (Key(1, "a" * 16, "b" * 32), Key(2, "c" * 16, "d" * 32, sent=False)),
    (Key(2, "c" * 16, "d" * 32), Key(1, "a" * 16, "b" * 32, sent=False)), (Key(2, "c" * 16, "d" * 32),),
]  # fmt: skip
"""How a key takes the place of another."""
DROPPED = [ip_network(one) for one in ("203.0.113.7/32", "2001:db8:200::7/128")]


@st.composite
def edges(draw: st.DrawFn) -> Router:
    """An edge of any kind."""
    names = draw(st.lists(st.sampled_from(["core0", "transit0", "GigabitEthernet0/0/1", "lo"]), unique=True))
    free = draw(st.permutations(ADDRESSES))
    ports = tuple(
        Port(name, draw(SAID | NASTY), tuple(sorted(free[rank : rank + 1], key=str))) for rank, name in enumerate(names)
    )
    aggregates = tuple(draw(st.lists(st.sampled_from(AGGREGATES), unique=True)))
    dropped = tuple(draw(st.lists(st.sampled_from(DROPPED), unique=True)))
    roads = tuple(
        Route(prefix, str(ip_address(prefix.network_address) + draw(st.integers(2, 5))))
        for prefix in draw(st.lists(st.sampled_from(AGGREGATES), unique=True))
    )
    peers = tuple(
        Peer(ip_address(address), asn, draw(SAID | NASTY), draw(st.integers(1, 9)), draw(st.booleans()), asn == 64496,
             ip_address("2001:db8::1") if ":" in address and asn == 64496 else None,
             asn == 64496 and address == "192.0.2.130")
        for address in draw(st.lists(st.sampled_from(["192.0.2.128", "192.0.2.130", "3fff::1"]), unique=True))
        for asn in [draw(st.sampled_from([64496, 64500, 65550]))]
    )  # fmt: skip
    ways = tuple(
        Way(name, draw(st.sampled_from([(4,), (4, 6)])), draw(st.booleans()), draw(st.booleans()), 10) for name in names
    )
    return Router(
        "edge", 64496, "192.0.2.1", ports, (*roads, *(Route(one, LAST_RESORT) for one in (*aggregates, *dropped))),
        aggregates, dropped, tuple(_rules(aggregates, dropped)) if draw(st.booleans()) else (), peers,
        tuple(Cache(ip_address("192.0.2.10"), 3323, rank) for rank in range(draw(st.integers(0, 1)))),
        ways if draw(st.booleans()) else (), tuple(_members(aggregates)) if any(peer.lns for peer in peers) else (),
        keys=draw(st.sampled_from(KEYS)), digest=draw(st.sampled_from(["md5", "hmac-sha-256"])),
    )  # fmt: skip


@st.composite
def lns(draw: st.DrawFn) -> Lns:
    """An LNS of any kind."""
    word = st.from_regex(r"[A-Za-z0-9._~+/=-]{1,40}", fullmatch=True)
    return Lns(
        hostname=draw(st.sampled_from(["lns", "lns2"])), bind_address=draw(st.sampled_from(["0.0.0.0", "100.64.2.1"])),
        address="203.0.113.1", ipv6_prefix=draw(st.sampled_from(["::", "2001:db8:200::"])), mtu=1460,
        l2tp_secret=draw(word), radius=draw(st.sampled_from(["192.0.2.3", "192.0.2.4"])), radius_port=1812,
        radius_secret=draw(word), interim=draw(st.sampled_from([60, 300])), cluster_interface="core0",
    )  # fmt: skip


def of_ios(one: Router | Lns) -> str:
    return (cisco.lns_text(one) if isinstance(one, Lns) else cisco.edge_text(one))[cisco.FILE]


def of_routeros(one: Router | Lns) -> str:
    texts = mikrotik.lns_text(one, AGGREGATES[2:]) if isinstance(one, Lns) else mikrotik.edge_text(one)
    return texts[mikrotik.FILE]


def type_into_ios(router: Any, desired: str) -> None:
    """Type what differs: nothing is refused, and then nothing differs, by what is shown and on paper."""
    running, wanted = ios.read(router.shown()), ios.read(desired)
    typed = ios.remediation(running, wanted)
    assert not ios.remediation(ios.applied(running, typed), wanted).children
    assert router.typed(ios.written(typed)) == []
    assert ios.written(ios.remediation(ios.read(router.shown()), wanted)) == ""


def type_into_routeros(router: Any, desired: str) -> None:
    running, wanted = routeros.read(router.export()), routeros.read(desired, strict=True)
    typed = routeros.remediation(running, wanted)
    assert routeros.remediation(routeros.applied(running, typed), wanted) == []
    router.run(routeros.written(typed))
    assert routeros.remediation(routeros.read(router.export()), wanted) == []


@settings(max_examples=40)
@given(st.lists(edges(), min_size=1, max_size=3) | st.lists(lns(), min_size=1, max_size=3), st.booleans())
def test_ios_goes_from_any_to_any_other_and_back(several: list[Router | Lns], hides: bool) -> None:
    router = IOS_ROUTER.Router("essaim", "-", THEIRS_IOS + ("service password-encryption\n" if hides else ""))
    theirs = {row for row in router.shown().splitlines() if any(one in row for one in OTHERS)}
    for one in (*several, several[0]):
        type_into_ios(router, of_ios(one))
        assert theirs <= set(router.shown().splitlines())


@settings(max_examples=40)
@given(st.lists(edges(), min_size=1, max_size=3) | st.lists(lns(), min_size=1, max_size=3))
def test_routeros_goes_from_any_to_any_other_and_back(several: list[Router | Lns]) -> None:
    router = ROUTEROS_ROUTER.Router("essaim", "-", THEIRS_ROUTEROS)
    theirs = [row for row in router.export().splitlines() if "essaim" not in row or "essaimage" in row]
    theirs = [row for row in theirs if " add " in row]
    for one in (*several, several[0]):
        type_into_routeros(router, of_routeros(one))
        assert set(theirs) <= set(router.export().splitlines())


@given(edges(), SAID | NASTY)
def test_no_description_breaks_out(edge: Router, said: str) -> None:
    peer = Peer(ip_address("192.0.2.130"), 65550, said, 9, fast=False)
    port = Port("GigabitEthernet0/0/1", said, (ADDRESSES[0],))
    plain, told = (replace(edge, peers=(replace(peer, description=one),), interfaces=(replace(port, description=one),))
                   for one in ("x", said))  # fmt: skip
    paths = [set(ios.paths(ios.read(of_ios(one)))) for one in (plain, told)]
    shown = ios.shown(said)
    expected = {("interface GigabitEthernet0/0/1", f"description {shown}"),
                ("router bgp 64496", f"neighbor 192.0.2.130 description {shown}")} if shown else set()  # fmt: skip
    assert paths[1] - paths[0] == expected - paths[0]
    assert len(paths[0] - paths[1]) in (0, 2)
    rows = [routeros.read(of_routeros(one), strict=True) for one in (plain, told)]
    assert len(rows[0]) == len(rows[1])
    comments = {new.settings.get("comment") for old, new in zip(*rows, strict=True) if old != new}
    assert comments == ({f"essaim: {said}" if said else "essaim"} if said != "x" else set())
