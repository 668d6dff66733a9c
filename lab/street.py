"""Neighbours of a lab's home on ADSL: two behind its router, and one on the same copper with a login of their own."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from lab.topology import Machine, Port, Topology

SHARED: Final = "home-adsl"
"""The home whose line is shared."""
CABLE: Final = "lan0"
"""The port of its router towards the neighbours."""
NEIGHBOURS: Final = ("home-next1", "home-next2")
"""The machines of those who are behind it, on `eth0`."""
BESIDE: Final = "home-beside"
"""Whoever has a session of their own on the line."""


def with_street(topology: Topology) -> Topology:
    """The lab with those neighbours. Raises LookupError where it has no home on ADSL."""
    topology.machine(SHARED)
    cable = "street"
    machines = tuple(
        replace(each, ports=(*each.ports, Port(CABLE, cable))) if each.name == SHARED else each
        for each in topology.machines
    )
    street = tuple(Machine(name, "home", (Port("eth0", cable),)) for name in NEIGHBOURS)
    beside = Machine(BESIDE, "home", (Port("coll0", "collection", ("100.64.2.5/24",)),))
    return replace(topology, machines=(*machines, *street, beside))
