"""Thirty members whom somebody set up by hand, on real daemons: adopted, they are left in peace."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from desk import homes, laboratory
from desk.sample import key_pair
from foundation import clock
from foundation.acts import Act
from foundation.database import Store, open_store, reading, transaction
from foundation.settings import Settings, read_settings
from inventory import addresses, devices, lines, members, offers, places
from inventory.lines import Ordering
from inventory.models.addresses import Role
from inventory.models.lines import LineState, Technology
from lab import traffic
from provisioning import apply as applying
from provisioning import changes
from provisioning import plan as planning
from provisioning.adopting import taking, weighing
from provisioning.artifact import Impact, Target
from provisioning.artifacts.router import ROUTER
from provisioning.drivers.napalm import NapalmDriver
from provisioning.plan import Planned
from provisioning.texts import digest

COUNT = 30
WG = "/etc/wireguard/wg0.conf"
USERS = "/etc/freeradius/3.0/mods-config/files/authorize"


@dataclass
class ByHand:
    """An association that knows its members, and two machines that somebody else configured."""

    lab: Any
    settings: Settings
    store: Store
    privates: list[str]
    """The members' own keys, the first member's first."""

    def act(self) -> Act:
        return Act("machine:test", clock.now(), "test")

    def adopt(self, host: str) -> tuple[int, int]:
        """How many steps it took, and who was not matched."""
        deed = self.act()
        files = weighing.files_of(self.store, self.settings, deed, host, None)
        with transaction(self.store) as session:
            proposal, plan = weighing.weigh(session, deed, host, files, ())
            assert [one.sentence("en") for one in plan.problems] == []
            taking.take(session, deed, proposal, plan)
            return len(plan.doing) + len(proposal.secrets), len(proposal.strangers)

    def plan(self, *over: str) -> dict[str, Planned]:
        found = planning.plan(self.store, self.settings, self.act(), lambda _: None, taking_over=over)
        return {one.target: one for one in found}

    def bring(self, one: Planned) -> None:
        number = str(one.change)
        with transaction(self.store) as session:
            changes.approve(session, self.act(), changes.find_change(session, number))
        (done,) = applying.apply(self.store, self.settings, self.act(), [number], lambda _: None)
        assert done.problem is None

    def peers(self) -> dict[str, set[str]]:
        """The addresses that the kernel sends to each peer."""
        said = self.lab.shell("vpn", "wg show wg0 allowed-ips").splitlines()
        return {row.split()[0]: set(row.split()[1:]) for row in said}

    def runs(self) -> str:
        """What the kernel has of every peer, and the process that holds the tunnels."""
        return str(self.lab.shell("vpn", "pgrep -x wireguard-go; wg show wg0 allowed-ips | sort; cat " + WG))


@pytest.fixture
def by_hand(lab: Any, tmp_path: Path) -> Iterator[ByHand]:
    from desk import association

    var = tmp_path / "var"
    association.create(read_settings(var=var)).engine.dispose()
    settings = read_settings(var=var, lab=True, ssh_key_file=lab.means.key_file)
    settings.lab_folder.symlink_to(lab.folder)
    (var / "ssh").mkdir(exist_ok=True)
    shutil.copy(lab.means.known_hosts, settings.means().known_hosts)
    store, act = open_store(settings), Act("machine:test", clock.now() - timedelta(minutes=5), "test")
    with transaction(store) as session:
        site = places.add_site(session, act, "colo")
        core = addresses.create_pool(session, act, "core", ip_network("192.0.2.0/28"), handed=32)
        made = {}
        for rank, (name, endpoint) in enumerate(
            (("lns", "100.64.2.1:1701"), ("radius", None), ("vpn", "192.0.2.4:51820")), start=2
        ):
            machine = lab.machine(name)
            made[name] = devices.add_device(
                session, act, name, role=name, platform="debian", site=site, endpoint=endpoint, management=machine.host
            )
            port = devices.add_interface(session, act, made[name], "core0")
            addresses.allocate(session, act, core, port, Role.LINK, exactly=ip_network(f"192.0.2.{rank}"))
        pools = [
            addresses.create_pool(session, act, name, ip_network(prefix), handed=handed, device=made["lns"])
            for name, prefix, handed in (("adsl-v4", "203.0.113.0/24", 32), ("adsl-v6", "2001:db8:200::/40", 56))
        ]
        addresses.create_pool(session, act, "vpn-v6", ip_network("2001:db8:100::/40"), handed=56, device=made["vpn"])
        offers.add_offer(session, act, "vpn", "VPN", Technology.WIREGUARD, "tunnel", mtu=1420, device=made["vpn"])
        offers.add_offer(session, act, "adsl", "ADSL", Technology.ADSL, "l2tp", mtu=1460, device=made["lns"],
                         pool_v4=pools[0], pool_v6=pools[1])  # fmt: skip
        for rank in range(1, COUNT + 1):
            members.add_member(session, act, f"Camille Escande {rank}", email=f"m{rank}@membres.example")
    yield ByHand(lab, settings, store, set_up(lab))
    store.engine.dispose()


def set_up(lab: Any) -> list[str]:
    """What a volunteer typed on both machines; gives the members' private keys."""
    private, _ = key_pair()
    keys = [key_pair() for _ in range(COUNT)]
    rows = [
        f"[Interface]\nAddress = 198.51.100.1/24\nAddress = 2001:db8:100::1/64\nListenPort = 51820\n"
        f"PrivateKey = {private}\nMTU = 1420\n"
    ]
    users = ["DEFAULT Framed-Protocol == PPP\n\tFramed-Protocol = PPP\n"]
    for rank, (_, public) in enumerate(keys, start=1):
        note = (f"Camille Escande {rank}", f"<m{rank}@membres.example>", f"M{rank:04d}, portable")[rank % 3]
        shared = f"PresharedKey = {key_pair()[1]}\n" if rank % 2 else ""
        rows.append(
            f"# {note}\n[Peer]\nPublicKey={public}\n{shared}"
            + f"AllowedIPs=2001:db8:100:{rank:x}00::/56, 198.51.100.{rank + 1}/32\n"
        )
        users.append(
            f'# {note}\nm{rank}@adsl.example Cleartext-Password := "mot-{rank}"\n\tService-Type = Framed-User,\n'
            f"\tFramed-IP-Address = 203.0.113.{rank + 1},\n\tDelegated-IPv6-Prefix = 2001:db8:200:{rank:x}00::/56\n"
        )
    lab.shell("vpn", f"umask 077; cat >{WG} && systemctl start wg-quick@wg0", stdin="\n".join(rows))
    client = "client lns {\n\tipaddr = 192.0.2.2\n\tsecret = entre-lns-et-radius\n}\n"
    lab.shell("radius", f"cat >{USERS}", stdin="\n".join(users))
    lab.shell("radius", "cat >>/etc/freeradius/3.0/clients.conf && systemctl start freeradius", stdin=client)
    return [own for own, _ in keys]


@contextmanager
def talking(by_hand: ByHand, line: str, private: str) -> Iterator[list[str]]:
    """While inside, a member's home speaks with the Internet through its tunnel; what failed is noted."""
    homes.keep_key(by_hand.settings, line, private)
    at_home = homes.access(by_hand.store, by_hand.settings, line)
    over, noted, good = threading.Event(), [], []
    with laboratory.connected(by_hand.settings, at_home) as running:
        there = running.namespace(at_home.home)

        def talk() -> None:
            while not over.is_set():
                try:
                    good.append(traffic.exchange(there, laboratory.INTERNET[0], 20_000).seen_address)
                except traffic.NoTraffic as cut:
                    noted.append(str(cut))

        thread = threading.Thread(target=talk)
        thread.start()
        try:
            yield noted
        finally:
            over.set()
            thread.join()
            os.close(there)
    assert len(good) > 3
    assert set(good) == {at_home.wan.network_address}


def open_roads(by_hand: ByHand) -> None:
    """The edge speaks with its transit, so that homes reach the machines."""
    driver, target = NapalmDriver(by_hand.settings), Target(by_hand.lab.machine("edge"), ROUTER)
    text = {"frr.conf": (Path(__file__).parents[1] / "golden" / "router" / "frr" / "frr.conf").read_text()}
    driver.apply(target, text, digest(driver.look(target, text).texts))
    driver.confirm(target, digest(text))


def rows_of(diff: str) -> list[str]:
    return [row for row in diff.splitlines() if row[0] in "+-" and row[:3] not in ("+++", "---")]


def test_an_adopted_machine_shows_an_empty_plan_and_goes_on_as_it_was(by_hand: ByHand) -> None:
    before, logins = by_hand.runs(), by_hand.lab.shell("radius", f"cat {USERS}; pidof freeradius")
    unknown = by_hand.plan()
    assert (unknown["vpn/wireguard"].change, unknown["radius/radius"].change) == (None, None)

    assert by_hand.adopt("vpn")[1] == 0
    assert by_hand.adopt("radius")[1] == 0
    assert (by_hand.adopt("vpn"), by_hand.adopt("radius")) == ((0, 0), (0, 0))
    with reading(by_hand.store) as session:
        found = lines.list_lines(session, limit=1000)
        assert len(found) == 2 * COUNT
    planned = by_hand.plan()
    for target in ("vpn/wireguard", "radius/radius"):
        assert (planned[target].problem, planned[target].change) == (None, None), target
    assert by_hand.runs() == before
    assert by_hand.lab.shell("radius", f"cat {USERS}; pidof freeradius") == logins


@pytest.mark.soak
def test_the_first_change_on_an_adopted_machine_cuts_nobody(by_hand: ByHand) -> None:
    by_hand.adopt("vpn")
    held = by_hand.peers()
    process = by_hand.lab.shell("vpn", "pgrep -x wireguard-go")
    _, public = key_pair()
    with transaction(by_hand.store) as session:
        offer = offers.find_offer(session, "vpn")
        offer.pool_v4_id = addresses.find_pool(session, "vpn-v4").id
    with transaction(by_hand.store) as session:
        person, offer = members.find_member(session, "M0030"), offers.find_offer(session, "vpn")
        line = lines.order_line(session, by_hand.act(), person, offer, Ordering(public_key=public))
        number = str(line)
    one = by_hand.plan()["vpn/wireguard"]
    assert (one.problem, one.effect.impact, one.lines) == (None, Impact.HITLESS, (number,))
    assert [row for row in rows_of(one.diff) if row[0] == "-"] == ["-# not written by Essaim"]
    open_roads(by_hand)
    with reading(by_hand.store) as session:
        second = str(lines.list_lines(session, limit=1000)[1])
    with talking(by_hand, second, by_hand.privates[1]) as failures:
        by_hand.bring(one)
    assert failures == []
    assert {key: served for key, served in by_hand.peers().items() if key != public} == held
    assert public in by_hand.peers()
    assert "inet 198.51.100.1/24" in by_hand.lab.shell("vpn", "ip -o addr show dev wg0")
    assert "inet6 2001:db8:100::1/" in by_hand.lab.shell("vpn", "ip -o addr show dev wg0")
    assert by_hand.lab.shell("vpn", "pgrep -x wireguard-go") == process
    kept = by_hand.lab.shell("vpn", "cat /var/lib/essaim/wireguard/before/wg0.conf")
    assert "Camille Escande 3" in kept
    assert by_hand.plan()["vpn/wireguard"].change is None
    assert by_hand.adopt("vpn") == (0, 0)  # what Essaim wrote there is no news


def log_in(by_hand: ByHand, login: str, password: str) -> str:
    """What RADIUS says to the LNS."""
    asked = f'User-Name = "{login}"\nUser-Password = "{password}"\n'
    return str(
        by_hand.lab.shell("lns", "radclient -x -r 3 -t 2 192.0.2.3 auth entre-lns-et-radius || true", stdin=asked)
    )


def test_the_first_change_of_adopted_logins_leaves_everyone_theirs(by_hand: ByHand) -> None:
    by_hand.adopt("radius")
    assert "Framed-IP-Address = 203.0.113.8\n" in log_in(by_hand, "m7@adsl.example", "mot-7")
    with transaction(by_hand.store) as session:
        person, offer = members.find_member(session, "M0030"), offers.find_offer(session, "adsl")
        line = lines.order_line(session, by_hand.act(), person, offer, Ordering(nd="0556000001"))
        for state in (LineState.ORDERED, LineState.DELIVERED, LineState.ACTIVE):
            lines.move(session, by_hand.act(), line, state)
        number = str(line)
    one = by_hand.plan()["radius/radius"]
    assert (one.problem, one.effect.impact) == (None, Impact.HITLESS)
    assert number in one.lines
    assert "mot-7" not in one.diff
    by_hand.bring(one)
    for rank in (1, 7, COUNT):
        said = log_in(by_hand, f"m{rank}@adsl.example", f"mot-{rank}")
        assert f"Framed-IP-Address = 203.0.113.{rank + 1}\n" in said
        assert f"Delegated-IPv6-Prefix = 2001:db8:200:{rank:x}00::/56\n" in said
    assert "Access-Reject" in log_in(by_hand, "m7@adsl.example", "mot-8")
    assert by_hand.plan()["radius/radius"].change is None


def test_a_member_whom_the_inventory_does_not_know_is_not_cut_unasked(by_hand: ByHand) -> None:
    _, public = key_pair()
    peer = f"\n[Peer]\nPublicKey = {public}\nAllowedIPs = 198.51.100.200/32\n"
    by_hand.lab.shell("vpn", f"cat >>{WG} && systemctl reload wg-quick@wg0", stdin=peer)
    assert by_hand.adopt("vpn")[1] == 1
    found = by_hand.plan()["vpn/wireguard"]
    assert (found.problem and found.problem.kind, found.change) == ("found-beside", None)
    assert public in str(found.problem)
    taken = by_hand.plan("vpn/wireguard")["vpn/wireguard"]
    assert (taken.effect.impact, taken.effect.count) == (Impact.CUTS, 1)
