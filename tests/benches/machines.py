"""Many machines over SSH: real sshd, real Ansible, real nftables, each machine in namespaces of its own."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from itertools import count
from pathlib import Path

import provider
from measured import ROUNDS, Measured, against

import lab
from desk import association
from desk.sample import key_pair
from foundation import clock, reach
from foundation.acts import Act
from foundation.database import EssaimSession, Store, open_store, transaction
from foundation.settings import Settings, read_settings
from inventory import addresses, devices, lines, members, offers, places, pools
from inventory.line_parts import Details
from inventory.lines import Ordering
from inventory.models.addresses import Role
from inventory.models.places import Site
from lab.topology import MANAGEMENT, Kind, Machine, Port, SnmpAccess, Topology
from provisioning import apply, changes, plan

MACHINES, FEW = 50, 8
FORMERLY = 4
"""Machines spoken to at a time when each had a run of its own."""


@dataclass(frozen=True)
class Fleet:
    """VPN servers in a lab, one line on each."""

    settings: Settings
    store: Store
    lines: tuple[str, ...]


def measure(folder: Path, size: int) -> Iterator[Measured]:
    """Plan and apply a small release on each of 50 machines (10 where little is measured), five times."""
    why = lab.why_not()
    if why is not None:
        sys.stderr.write(f"machines over SSH: left out, no lab here: {why.say('en')}\n")
        return
    many, few = (MACHINES, FEW) if size == 100_000 else (MACHINES // 5, FEW // 2)
    with _fleet(folder, many) as fleet:
        _bring(fleet, _planned(fleet))
        yield from _measured(fleet, few)


def _measured(fleet: Fleet, few: int) -> Iterator[Measured]:
    planned: list[float] = []
    applied: list[float] = []
    together: list[float] = []
    apart: list[float] = []
    sizes = count(1300)
    for _ in range(ROUNDS):
        for some, taken, bring in (
            (fleet.lines, applied, _bring),
            (fleet.lines[:few], together, _bring),
            (fleet.lines[:few], apart, _bring_each),
        ):
            _alter(fleet, some, next(sizes))
            began = time.perf_counter()
            numbers = _planned(fleet, of=() if taken is applied else some)
            between = time.perf_counter()
            if len(numbers) != len(some):
                raise RuntimeError(f"{len(numbers)} changes for {len(some)} machines")
            bring(fleet, numbers)
            taken.append(time.perf_counter() - between)
            if taken is applied:
                planned.append(between - began)
    what = f"{len(fleet.lines)} machines over SSH"
    for said, each in ((f"{what}, {len(fleet.lines) * 2} targets planned", planned), (f"{what}, applied", applied)):
        yield Measured(said, round(statistics.median(each) * 1000), "ms", None, None)
    ours, theirs = (statistics.median(each) * 1000 for each in (together, apart))
    yield against(f"{few} machines over SSH, applied, peer a run of Ansible for each", ours, theirs, 0.75)


def _act() -> Act:
    return Act("machine:bench", clock.now(), "bench")


def _alter(fleet: Fleet, some: Sequence[str], mtu: int) -> None:
    """Another largest packet on these lines: their servers' filters change, their tunnels do not."""
    with transaction(fleet.store) as session:
        for line in some:
            lines.change_line(session, _act(), lines.find_line(session, line), Details(mtu=mtu))


def _planned(fleet: Fleet, of: Sequence[str] = ()) -> list[str]:
    """Every target looked at, or those of some lines; the changes, approved."""
    found = plan.plan(fleet.store, fleet.settings, _act(), lambda _: None, of=of)
    problem = plan.worst(found)
    if problem is not None:
        raise problem
    numbers = [one.change for one in found if one.change]
    with transaction(fleet.store) as session:
        for number in numbers:
            changes.approve(session, _act(), changes.find_change(session, number))
    return numbers


def _bring(fleet: Fleet, numbers: Sequence[str]) -> None:
    for one in apply.apply(fleet.store, fleet.settings, _act(), numbers, lambda _: None):
        if one.problem is not None:
            raise one.problem


def _bring_each(fleet: Fleet, numbers: Sequence[str]) -> None:
    with ThreadPoolExecutor(FORMERLY) as pool:
        list(pool.map(lambda number: _bring(fleet, [number]), numbers))


@contextmanager
def _fleet(folder: Path, many: int) -> Iterator[Fleet]:
    settings = read_settings(var=folder, lab=True)
    association.create(settings).engine.dispose()
    store = open_store(settings)
    with transaction(store) as session:
        act = _act()
        site = places.add_site(session, act, "bench", "bench")
        members.add_member(session, act, "Camille Exemple")
        ordered = tuple(_server(session, act, site, rank) for rank in range(1, many + 1))
    began = time.monotonic()
    endpoints = lab.up(_topology(settings, many), settings.lab_folder, lambda _: None)
    try:
        reach.trust(settings.means(), endpoints.host_keys())
        sys.stderr.write(f"{many} machines made in {time.monotonic() - began:.0f} s\n")
        yield Fleet(settings, store, ordered)
    finally:
        lab.down(settings.lab_folder)
        store.engine.dispose()


def _server(session: EssaimSession, act: Act, site: Site, rank: int) -> str:
    """A VPN server with its pool and one line: the line's number."""
    private, public = key_pair()
    server = devices.add_device(
        session, act, f"v{rank:02d}", role="vpn", platform="debian", site=site, management=f"100.64.0.{rank}",
        endpoint=f"192.0.2.{rank}:51820", public_key=public,
    )  # fmt: skip
    devices.set_secret(session, act, server, "wireguard", private)
    pool = pools.create_pool(session, act, f"p{rank:02d}", ip_network(f"100.96.{rank}.0/28"), handed=32, device=server)
    own = ip_network(ip_address(f"100.96.{rank}.1"))
    addresses.allocate(
        session, act, pool, devices.add_interface(session, act, server, "wg0", "members"), Role.LOOPBACK, exactly=own
    )
    offer = offers.add_offer(
        session, act, f"vpn{rank:02d}", "VPN", "wireguard", "tunnel", mtu=1420, device=server, pool_v4=pool
    )
    member = members.find_member(session, "M0001")
    return str(lines.order_line(session, act, member, offer, Ordering(public_key=provider.key(rank))))


def _topology(settings: Settings, many: int) -> Topology:
    def one(name: str, kind: Kind, number: int) -> Machine:
        return Machine(name, kind, (Port("mgmt0", MANAGEMENT, (f"100.64.0.{number}/24",)),))

    key = settings.means().key_file.with_suffix(".pub").read_text().strip()
    servers = (one(f"v{rank:02d}", "vpn", rank) for rank in range(1, many + 1))
    return Topology(key, (one("noc", "noc", 254), *servers), (), SnmpAccess("public"))
