"""PPP in numbers, and a copper line that neighbours share in each of the three ways, on real daemons."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv6Address, ip_network
from typing import Any

import pytest

from desk import association, homes, laboratory
from desk.sample import key_pair
from desk.sample_lns import add_second_lns
from foundation import clock, reach
from foundation.acts import Act
from foundation.database import Store, open_store, reading, transaction
from foundation.settings import Settings, read_settings
from foundation.vault import vault_of
from inventory import addresses, devices, lines, members, offers, wholesalers
from inventory.credentials import Opening
from inventory.lines import Ordering
from inventory.models.addresses import Role
from inventory.models.devices import RADIUS_ACCOUNTING
from inventory.models.lines import Line, LineState, Share, Technology
from inventory.wholesalers import Terms
from lab import attach, down, traffic, up, why_not
from lab.adsl import behind
from lab.adsl.behind import Neighbour
from lab.attach import Lab
from lab.street import BESIDE, CABLE, NEIGHBOURS, SHARED, with_street
from lab.topology import second_lns
from provisioning import targets
from provisioning.artifact import Target
from provisioning.artifacts import antispoofing, l2tp, radius, wireguard

INTERNET = laboratory.INTERNET
FILES: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "router": ("frr", {"frr.conf": "/etc/frr/frr.conf"}),
    "radius": ("freeradius", radius.PATHS),
    "l2tp": ("l2tpns", l2tp.PATHS),
    "antispoofing": ("essaim-antispoofing", {antispoofing.FILE: antispoofing.PATH}),
    "wireguard": ("wg-quick@wg0", {wireguard.FILE: wireguard.PATH}),
}
"""By artifact, the unit that reads its files, and where they lie."""
PUT = 'install -d "$(dirname "$1")" && cat >"$1"; [ "$2" != radius ] || chgrp freerad "$1"'
ASK = """
import socket
cli = socket.create_connection(("127.0.0.1", 23), 3)
cli.settimeout(5)
cli.sendall(b"enable\\r\\nshow session\\r\\nshow version\\r\\n")
said = b""
while b"L2TPNS" not in said.upper().partition(b"SHOW VERSION")[2]:
    said += cli.recv(65536) or b"show version L2TPNS"
print(said.decode("latin-1"))
"""
LNS = {"lns": "100.64.2.1", "lns2": "100.64.2.3"}
SESSIONS = 25
MANY = 500
HELD = 45
"""Seconds for which the many are held, the last time."""


@dataclass(frozen=True)
class Isp:
    """The demonstration's association, in a lab of its own with neighbours in its street."""

    settings: Settings
    store: Store
    lab: Lab

    def act(self) -> Act:
        return Act("M0001", clock.now(), "test")

    def bring(self, *artifacts: str) -> None:
        """Put what the inventory wants on the machines, as a release would, and start what reads it anew."""
        for machine, target in self.targets():
            if target.artifact.name in artifacts:
                unit, paths = FILES[target.artifact.name]
                with reading(self.store) as session:
                    device = devices.find_device(session, machine)
                    texts = targets.wanted(session, device, target, clock.now()).desired
                for name, path in paths.items():
                    self.on(machine, "sh", "-c", PUT, "put", path, target.artifact.name, stdin=texts[name])
                self.on(machine, "systemctl", "reload" if unit == "frr" else "restart", unit)

    def on(self, machine: str, *argv: str, stdin: str = "") -> str:
        """What a program says on a machine; it must succeed."""
        ran = self.lab.run(machine, argv, stdin=stdin)
        assert ran.status == 0, (argv, ran.stdout[-2000:], ran.stderr[-2000:])
        return ran.stdout

    def way(self, name: str = "lns") -> dict[str, str]:
        """An LNS and its secret."""
        with reading(self.store) as session:
            lns = devices.find_device(session, name)
            return {"address": LNS[name], "secret": devices.secret_of(session, lns, "l2tp")}

    def targets(self) -> list[tuple[str, Target]]:
        with reading(self.store) as session:
            return [(device.name, target) for device, target in targets.every_target(session)]


@pytest.fixture(scope="module")
def isp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Isp]:
    """Its edge, LNS, RADIUS and VPN servers hold what the inventory wants."""
    impossible = why_not()
    if impossible is not None:
        pytest.skip(f"no lab here: {impossible.say('en')}")
    var = tmp_path_factory.mktemp("ppp") / "var"
    association.create_demo(read_settings(var=var))
    settings = read_settings(var=var)
    store = open_store(settings)
    drawn = with_street(laboratory.drawn(store, settings))
    up(replace(drawn, machines=(*drawn.machines, second_lns())), settings.lab_folder, lambda _: None)
    running = attach(settings.lab_folder)
    with running.held():
        made = Isp(settings, store, running)
        _grow(made)
        made.on("radius", "install", "-d", "-o", "freerad", "-g", "freerad", "-m", "0750", "/var/lib/freeradius")
        made.bring("router", "radius", "antispoofing", "wireguard")
        for host in INTERNET:
            made.on("edge", "sh", "-c", f"for _ in $(seq 100); do ip route get {host} && exit; sleep 0.1; done; exit 1")
        made.bring("l2tp")  # once BGP is up: l2tpns waits for a minute after a router that did not want it
        yield made
        down(settings.lab_folder)


@dataclass(frozen=True)
class Street:
    """Lines that are shared: by one login, by a login each, and by a tunnel over the line."""

    together: str
    apart: str
    tunnel: str


STREET: list[Street] = []


def _grow(isp: Isp) -> None:
    """A line of three neighbours by one login, a line of two with a login each, a tunnel for one of the three."""
    private, public = key_pair()
    with transaction(isp.store) as session:
        add_second_lns(session, isp.act(), devices.find_device(session, "edge"))
        people = [one for one in members.list_members(session, limit=1000) if not lines.lines_of(session, one)][-6:]
        copper, tunnels = offers.find_offer(session, "adsl"), offers.find_offer(session, "vpn")
        together, apart = (_copper(session, isp.act(), one, copper) for one in people[:2])
        for one in people[2:4]:
            share = lines.add_share(session, isp.act(), together, one, copper)
            addresses.allocate(session, isp.act(), addresses.find_pool(session, "adsl-v6"), share, Role.DELEGATED)
        lines.add_share(session, isp.act(), apart, people[4], copper, opening=Opening(login="voisin@adsl"))
        over = lines.order_line(session, isp.act(), people[3], tunnels, Ordering(public_key=public, mtu=1380))
        STREET[:] = [Street(str(together), str(apart), str(over))]
    homes.keep_key(isp.settings, STREET[0].tunnel, private)


def _copper(session: Any, act: Act, who: Any, offer: Any) -> Line:
    line = lines.order_line(session, act, who, offer, Ordering())
    for state in (LineState.ORDERED, LineState.DELIVERED, LineState.ACTIVE):
        lines.move(session, act, line, state)
    return line


@dataclass(frozen=True)
class Wanted:
    """What the inventory says of a login: its password, its address and its prefix."""

    password: str
    ipv4: str
    prefix: str


def logins(isp: Isp, many: int, offer: str = "adsl") -> dict[str, Wanted]:
    """The first copper lines' logins, with what each should be given."""
    with reading(isp.store) as session:
        found: dict[str, Wanted] = {}
        for line in lines.list_lines(session, technology=Technology.ADSL, offer=offer, limit=many):
            share = line.shares[0]
            (opens,) = [one for one in share.credentials if one.until is None]
            assert opens.secret is not None
            found[opens.name] = Wanted(vault_of(session).open(opens.secret), *_given(share))
        return found


def _given(share: Share) -> tuple[str, str]:
    by = {one.role: one.prefix for one in share.assignments if one.until is None}
    return str(by[Role.WAN].network_address), str(by[Role.DELEGATED])


@contextmanager
def program(isp: Isp, home: str, module: str, given: object) -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """A program of a home while inside: what it has said until now."""
    name = module.rpartition(".")[2]
    log = isp.lab.start(home, name, [sys.executable, "-m", module], stdin=json.dumps(given))
    try:
        yield lambda: [json.loads(row) for row in log.read_text().splitlines() if row.startswith("{")]
    finally:
        isp.lab.stop(home, name)


def awaited(said: Callable[[], list[dict[str, Any]]], event: str, seconds: float) -> dict[str, Any]:
    """The first event of that name. Fails when another ends it, or nothing comes."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        for one in said():
            if one["event"] == event:
                return one
        time.sleep(0.05)
    raise AssertionError(f"no {event} in {seconds} s: {said()[-3:]}")


@contextmanager
def subscribers(isp: Isp, held: Mapping[str, Wanted], seconds: float, **more: Any) -> Iterator[tuple[Any, Any]]:
    """While inside, those logins are connected: the program's summary, and what it says."""
    given: dict[str, Any] = {"lns": [isp.way()], "logins": [[name, one.password] for name, one in held.items()]}
    with program(isp, SHARED, "lab.adsl.wholesaler", given | more) as said:
        yield awaited(said, "all", seconds), said


def talk(isp: Isp, home: str, sources: Sequence[str]) -> list[str]:
    """Who the Internet's host sees when each of these addresses speaks to it from a home."""
    there = isp.lab.namespace(home)
    try:
        hosts = [INTERNET[1] if ":" in source else INTERNET[0] for source in sources]
        pairs = zip(sources, hosts, strict=True)
        return [str(traffic.exchange(there, host, 20_000, source=one).seen_address) for one, host in pairs]
    finally:
        os.close(there)


def on_the_lns(isp: Isp) -> int:
    """How many PPP sessions have an address, as l2tpns itself says: one that is over stays in its table for a while."""
    rows = [row.split() for row in isp.on("lns", "python3", "-c", ASK).splitlines()]
    return sum(1 for row in rows if len(row) > 4 and "@" in row[3] and row[4] != "0.0.0.0")


def first(prefix: str) -> str:
    return str(ip_network(prefix)[1])


def test_twenty_five_subscribers_have_each_their_own_addresses_and_hold(isp: Isp) -> None:
    wanted = logins(isp, SESSIONS)
    wrong = next(iter(wanted))
    held = wanted | {wrong: replace(wanted[wrong], password="not this one")}
    with subscribers(isp, held, 30, echo_every=0.5) as (summary, said):
        assert (summary["connected"], summary["refused"]) == (SESSIONS - 1, [wrong])
        given = {one["login"]: (one["ipv4"], one["prefix"]) for one in said() if one["event"] == "connected"}
        assert given == {name: (one.ipv4, one.prefix) for name, one in wanted.items() if name != wrong}
        last = wanted[list(wanted)[-1]]
        asking = [last.ipv4, first(last.prefix)]
        assert talk(isp, SHARED, asking) == asking
        time.sleep(2)  # four keepalives, of which three unanswered would end a session
        assert [one for one in said() if one["event"] == "closed" and one["login"] != wrong] == []
        assert on_the_lns(isp) == SESSIONS - 1


def _neighbours(line: Line) -> list[Neighbour]:
    """Those who go by the holder's login, each with what is theirs."""
    found = []
    for rank, share in enumerate([one for one in line.shares if not one.credentials], start=10):
        held = [one.prefix for one in share.assignments if one.until is None]
        four, six = [one for one in held if one.version == 4], [one for one in held if one.version == 6]
        found.append(Neighbour(tuple(four), tuple(six), IPv6Address(f"fe80::{rank}")))
    return found


def _box(isp: Isp, number: str, rank: int, *, cable: bool = False) -> dict[str, Any]:
    """What the box of a share is set to: its own login, and whom it hands prefixes on to."""
    way = isp.way()
    with reading(isp.store) as session:
        line = lines.find_line(session, number)
        (opens,) = line.shares[rank].credentials
        assert opens.secret is not None
        given = {"lns": way["address"], "secret": way["secret"], "login": opens.name}
        given["password"] = vault_of(session).open(opens.secret)
        beside = [one.plain() for one in _neighbours(line)]
    return given | ({"behind": {"interface": CABLE, "neighbours": beside}} if cable else {})


@contextmanager
def shared_line(isp: Isp) -> Iterator[tuple[dict[str, Any], list[Neighbour]]]:
    """While inside, the line's router is connected by its one login, and each neighbour's machine is behind it."""
    with reading(isp.store) as session:
        neighbours = _neighbours(lines.find_line(session, STREET[0].together))
    with program(isp, SHARED, "lab.adsl", _box(isp, STREET[0].together, 0, cable=True)) as said:
        up_with = awaited(said, "connected", 15)
        for machine, one in zip(NEIGHBOURS, neighbours, strict=True):
            commands = behind.home("eth0", one, IPv4Address(up_with["ipv4"]), up_with["mtu"])
            for family, rows in commands.items():
                isp.on(machine, "ip", f"-{family}", "-batch", "-", stdin="\n".join(rows) + "\n")
        yield up_with, neighbours


def own(neighbour: Neighbour) -> list[str]:
    """A neighbour's own addresses, one of each family."""
    return [str(neighbour.ipv4[0][0]), str(neighbour.ipv6[0][1])]


def largest(isp: Isp, home: str) -> list[int]:
    """The largest packet that goes to the Internet and back in one piece, in each family."""
    there = isp.lab.namespace(home)
    try:
        return [traffic.largest_packet(there, host) for host in INTERNET]
    finally:
        os.close(there)


def fragments(isp: Isp, home: str) -> list[str]:
    """How many fragments a machine has made of packets that did not fit, in each family."""
    counted = isp.on(home, "cat", "/proc/net/snmp", "/proc/net/snmp6").splitlines()
    names, values = (row.split() for row in counted if row.startswith("Ip:"))
    six = next(row.split()[1] for row in counted if row.startswith("Ip6FragCreates"))
    return [values[names.index("FragCreates")], six]


def test_neighbours_behind_one_login_have_each_their_own_prefixes_and_one_a_tunnel_over_the_line(isp: Isp) -> None:
    with shared_line(isp) as (up_with, neighbours):
        holder = [up_with["ipv4"], up_with["ipv6"]]
        assert talk(isp, SHARED, holder) == holder
        for machine, one in zip(NEIGHBOURS, neighbours, strict=True):
            assert talk(isp, machine, own(one)) == own(one)
        assert largest(isp, NEIGHBOURS[0]) == [up_with["mtu"]] * 2 == [1460] * 2

        tunnel = homes.access(isp.store, isp.settings, STREET[0].tunnel)
        before = [fragments(isp, each) for each in (NEIGHBOURS[1], SHARED)]
        with program(isp, NEIGHBOURS[1], "lab.wireguard", json.loads(tunnel.secrets)) as said:
            assert awaited(said, "connected", 10)["mtu"] == tunnel.mtu == 1380
            theirs = [str(tunnel.wan.network_address), first(str(tunnel.delegated))]
            assert talk(isp, NEIGHBOURS[1], theirs) == theirs
            assert largest(isp, NEIGHBOURS[1]) == [1380, 1380]
        assert [fragments(isp, each) for each in (NEIGHBOURS[1], SHARED)] == before
        assert talk(isp, NEIGHBOURS[1], own(neighbours[1])) == own(neighbours[1])


def widen(isp: Isp, octets: int) -> None:
    """The collection carries packets so large, the inventory says so, and the machines follow."""
    with transaction(isp.store) as session:
        seller = wholesalers.find_wholesaler(session, "collecte")
        wholesalers.change_wholesaler(session, isp.act(), seller, Terms(path_mtu=str(octets)))
        offers.change_offer(session, isp.act(), offers.find_offer(session, "adsl"), offers.Offering(wholesaler=seller))
    for machine in ("lns", SHARED):
        isp.on(machine, "ip", "link", "set", "dev", "coll0", "mtu", str(octets))
    isp.bring("radius", "antispoofing", "l2tp")


def test_over_a_narrower_path_sessions_carry_what_is_left_of_it_and_nothing_goes_in_pieces(isp: Isp) -> None:
    try:
        widen(isp, 1400)
        with shared_line(isp) as (up_with, neighbours):
            machines = (NEIGHBOURS[0], SHARED, "lns")
            before = [fragments(isp, each) for each in machines]
            assert largest(isp, NEIGHBOURS[0]) == [up_with["mtu"]] * 2 == [1360] * 2
            assert talk(isp, NEIGHBOURS[0], own(neighbours[0])) == own(neighbours[0])
            assert [fragments(isp, each) for each in machines] == before
    finally:
        widen(isp, 1500)


def test_two_logins_on_one_line_are_two_sessions_each_with_their_own_addresses(isp: Isp) -> None:
    number = STREET[0].apart
    with reading(isp.store) as session:
        wanted = [_given(share) for share in lines.find_line(session, number).shares]
    with (
        program(isp, SHARED, "lab.adsl", _box(isp, number, 0)) as said,
        program(isp, BESIDE, "lab.adsl", _box(isp, number, 1)) as said_beside,
    ):
        for home, heard, (ipv4, prefix) in zip((SHARED, BESIDE), (said, said_beside), wanted, strict=True):
            connected = awaited(heard, "connected", 15)
            assert (connected["ipv4"], connected["prefix"]) == (ipv4, prefix)
            assert talk(isp, home, [ipv4, first(prefix)]) == [ipv4, first(prefix)]
        assert on_the_lns(isp) == 2


def ways_to(isp: Isp, addresses: Sequence[str]) -> set[str]:
    """By which machines the edge reaches these addresses, as it heard by BGP."""
    asked = [
        f"ip -6 route show {one}/56 proto bgp" if ":" in one else f"ip route show {one} proto bgp" for one in addresses
    ]
    rows = isp.on("edge", "sh", "-c", "; ".join(asked)).splitlines()
    return {row.split(" via ")[1].split()[0] for row in rows if " via " in row}


def test_where_the_first_lns_dies_members_come_back_by_the_second_and_their_packets_with_them(isp: Isp) -> None:
    wanted = logins(isp, 5)
    asking = [value for one in wanted.values() for value in (one.ipv4, first(one.prefix))]
    heard = [value for one in wanted.values() for value in (one.ipv4, one.prefix.partition("/")[0])]
    both = {"lns": [isp.way("lns"), isp.way("lns2")], "echo_every": 0.5}
    with subscribers(isp, wanted, 20, **both) as (summary, said):
        assert (summary["lns"], summary["connected"]) == (LNS["lns"], 5)
        assert talk(isp, SHARED, asking) == asking
        assert eventually(lambda: ways_to(isp, heard), {"192.0.2.2", "2001:db8::2"})
        shown = isp.on("lns", "systemctl", "show", "l2tpns")
        isp.on("lns", "kill", "-KILL", shown.split("MainPID=")[1].split()[0])
        try:
            assert eventually(lambda: [one["lns"] for one in said() if one["event"] == "all"], list(LNS.values()))
            assert [one["connected"] for one in said() if one["event"] == "all"] == [5, 5]
            assert eventually(lambda: ways_to(isp, heard), {"192.0.2.9", "2001:db8::9"})
            assert talk(isp, SHARED, asking) == asking
        finally:
            isp.on("lns", "systemctl", "restart", "l2tpns")


def test_what_the_edge_and_both_lns_run_is_what_the_inventory_wants(isp: Isp) -> None:
    reach.trust(isp.settings.means(), isp.lab.endpoints().host_keys())
    looked = {}
    for machine, target in isp.targets():
        if target.artifact.name in ("router", "l2tp"):
            with reading(isp.store) as session:
                wanted = targets.wanted(session, devices.find_device(session, machine), target, clock.now())
            looked[str(target)] = targets.driver_for(isp.settings, target).look(target, wanted.desired).diff
    assert looked == {"edge/router": "", "lns/l2tp": "", "lns2/l2tp": ""}


def eventually(look: Callable[[], object], wanted: object, seconds: float = 15) -> bool:
    """Whether something comes to be so in time."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if look() == wanted:
            return True
        time.sleep(0.2)
    raise AssertionError(f"{look()} is not {wanted}")


@pytest.mark.soak
@pytest.mark.timeout(400)
def test_five_hundred_subscribers_at_once_and_how_long_that_takes(isp: Isp, capsys: pytest.CaptureFixture[str]) -> None:
    _subscribe(isp, MANY)
    isp.bring("router", "radius", "l2tp", "antispoofing")
    # What is not ours to announce is known to the transit by hand: the pool is of shared space (RFC 6598).
    isp.on("transit", "ip", "route", "replace", POOL, "via", "192.0.2.129")
    wanted = logins(isp, MANY, "mass")
    assert len(wanted) == MANY
    rows = []
    for held in (1, 1, HELD):
        with subscribers(isp, wanted, 120, at_once=32, echo_every=10) as (summary, said):
            given = {one["login"]: (one["ipv4"], one["prefix"]) for one in said() if one["event"] == "connected"}
            assert given == {name: (one.ipv4, one.prefix) for name, one in wanted.items()}
            asking = [value for one in list(wanted.values())[:: MANY // 4] for value in (one.ipv4, first(one.prefix))]
            assert talk(isp, SHARED, asking) == asking
            time.sleep(held)  # the last time, each is asked four times whether it lives
            assert [one for one in said() if one["event"] == "closed"] == []
            assert on_the_lns(isp) == MANY
            if held == HELD:  # a start that was lost in the burst is made good by the report of each minute
                assert eventually(lambda: counted(isp), MANY, 80)
            slowest = max(one["seconds"] for one in said() if one["event"] == "connected")
            rows.append((summary["seconds"], slowest, _memory(isp, SHARED, "lab.adsl"), _memory(isp, "lns", "l2tpns")))
    with capsys.disabled():
        sys.stdout.write(f"\nseconds, slowest login, KiB of the subscribers, KiB of l2tpns: {rows}\n")
    assert max(seconds for seconds, *_ in rows) < 60
    assert max(kilobytes for *_, kilobytes, _ in rows) < 100_000
    until = time.monotonic() + 20
    while on_the_lns(isp) and time.monotonic() < until:
        time.sleep(0.5)
    assert on_the_lns(isp) == 0


POOL = "100.64.128.0/22"


def _subscribe(isp: Isp, many: int) -> None:
    with transaction(isp.store) as session:
        act, lns = isp.act(), devices.find_device(session, "lns")
        pool = addresses.create_pool(session, act, "mass-v4", ip_network(POOL), handed=32, device=lns)
        copper = offers.find_offer(session, "adsl")
        mass = offers.add_offer(
            session, act, "mass", "ADSL en nombre", Technology.ADSL, "l2tp", mtu=1460, device=lns,
            pool_v4=pool, pool_v6=copper.pool_v6,
        )  # fmt: skip
        people = members.list_members(session, limit=1000)
        for rank in range(many):
            _copper(session, act, people[rank % len(people)], mass)


def counted(isp: Isp) -> int:
    """How many sessions RADIUS counts as up, of those logins that are now."""
    asked = (
        "SELECT count(DISTINCT username) FROM radacct WHERE acctstoptime IS NULL AND framedipaddress LIKE '100.64.%'"
    )
    program = f"import sqlite3; print(*sqlite3.connect({RADIUS_ACCOUNTING!r}).execute({asked!r}).fetchone())"
    return int(isp.on("radius", "python3", "-c", program))


def _memory(isp: Isp, machine: str, program: str) -> int:
    """The most memory that a program has had, in KiB."""
    asked = f"for pid in $(pgrep -f {program}); do grep VmHWM /proc/$pid/status; done"
    return max(int(row.split()[1]) for row in isp.on(machine, "sh", "-c", asked).splitlines())
