"""The roads to the Internet as our routers say: which transits are open, and which prefixes they are told (FRR)."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Any, Final

from foundation import reach
from inventory.models.addresses import IPNetwork
from monitoring.diagnosis.looks import ANSWER_SECONDS, UnreadableLook
from monitoring.diagnosis.seen import Announcement, Transit

_END: Final = "/end"


@dataclass(frozen=True, slots=True)
class Router:
    """A router of ours that meets transits: each one's address and name."""

    machine: reach.Machine
    transits: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Roads:
    """What one router said: its transits, and the prefixes that it tells those that are open."""

    transits: tuple[Transit, ...]
    told: frozenset[str]


def look(means: reach.Means, router: Router) -> Roads:
    """Ask a router for its sessions and what it announces. Raises MachineUnreachable, CommandFailed, UnreadableLook."""
    script = [f"vtysh -c 'show bgp summary json'; echo {_END}"]
    for address in router.transits:
        family = "ipv6" if ":" in address else "ipv4"
        said = f"show bgp {family} unicast neighbors {address} advertised-routes json"
        script.append(f"vtysh -c {shlex.quote(said)}; echo {_END}")
    answer = reach.run(means, router.machine, f"{'; '.join(script)}; true", timeout=ANSWER_SECONDS)
    try:
        summary, *told = (json.loads(one) if one.strip() else {} for one in answer.split(_END + "\n")[:-1])
        return parse(router, summary, told)
    except (ValueError, AttributeError, TypeError, RecursionError) as wrong:
        raise UnreadableLook(machine=router.machine.name, what="vtysh") from wrong


def parse(router: Router, summary: Mapping[str, Any], told: Sequence[Mapping[str, Any]]) -> Roads:
    """What those answers mean. Pure."""
    peers = {name: one for family in summary.values() for name, one in family.get("peers", {}).items()}
    transits = tuple(
        Transit(
            router.machine.name,
            name or address,
            ip_address(address).version,
            up=peers.get(address, {}).get("state") == "Established",
        )
        for address, name in router.transits.items()
    )
    open_now = [said for said, one in zip(told, transits, strict=True) if one.up]
    return Roads(transits, frozenset(prefix for said in open_now for prefix in said.get("advertisedRoutes", {})))


def announced(
    roads: Sequence[Roads], aggregates: Sequence[IPNetwork], held: Sequence[IPNetwork]
) -> tuple[Announcement, ...]:
    """For each aggregate that holds an address of the line's, whether some router tells it to an open transit.

    Of a family that no open transit speaks, nothing is said: that is the transits' own finding. Pure.
    """
    spoken = {one.version for each in roads for one in each.transits if one.up}
    told = {ip_network(prefix) for each in roads for prefix in each.told}
    found = []
    for prefix in aggregates:
        ours = [one for one in held if one.version == prefix.version and one.subnet_of(prefix)]  # type: ignore[arg-type]
        if ours and prefix.version in spoken:
            found.append(Announcement(str(prefix), told=prefix in told))
    return tuple(found)
