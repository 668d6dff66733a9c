"""Network namespaces, cables and addresses, by pyroute2. The one place that speaks netlink.

Each LAN is a bridge in a namespace of its own, `switches`, and each port of a machine is a cable to
it. Pulling a cable takes down the far end: the machine sees its carrier go and keeps its addresses.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address, ip_interface
from pathlib import Path
from typing import Any, Final

from pyroute2 import IPRoute, netns

from foundation.reach import inside
from lab.topology import Machine, Topology

SWITCHES: Final = "switches"

_HOST: Final = {
    "ipv4/conf/all/rp_filter": 0,
    "ipv4/conf/default/rp_filter": 0,
    "ipv6/conf/all/accept_dad": 0,
    "ipv6/conf/default/accept_dad": 0,
    "ipv6/conf/all/accept_ra": 0,
    "ipv6/conf/default/accept_ra": 0,
    "ipv6/conf/all/disable_ipv6": 0,
    "ipv6/conf/default/disable_ipv6": 0,
}
_ROUTER: Final = {"ipv4/ip_forward": 1, "ipv6/conf/all/forwarding": 1, "ipv6/conf/default/forwarding": 1}
_SWITCH: Final = {"ipv6/conf/all/disable_ipv6": 1, "ipv6/conf/default/disable_ipv6": 1}
_ROUTERS: Final = frozenset({"edge", "router", "transit", "lns", "vpn", "bng"})


def name_namespace(place: Path) -> None:
    """Keep the calling thread's network namespace at `place`, in a folder made for that."""
    netns.attach(os.fspath(place), "thread-self")


def forget_namespace(place: Path) -> None:
    """Take the name away; the namespace goes with its last process."""
    netns.remove(os.fspath(place))


def furnish_switches(lans: tuple[str, ...]) -> None:
    """One bridge a LAN, in the calling thread's namespace."""
    _set(_SWITCH)
    with IPRoute() as link:
        for lan in lans:
            link.link("add", ifname=_bridge(lan), kind="bridge", state="up")


def settle(machine: Machine) -> None:
    """Kernel settings of the calling thread's namespace, before any of its links exist."""
    _set(_HOST | (_ROUTER if machine.kind in _ROUTERS else {}))
    with IPRoute() as link:
        link.link("set", index=1, state="up")


def connect(topology: Topology, namespaces: Path) -> None:
    """Run every cable, then give every port its addresses and every machine its gateways."""
    with _in(namespaces / SWITCHES) as switches:
        for machine in topology.machines:
            for port in machine.ports:
                far = _far_end(topology, machine.name, port.name)
                peer = {"ifname": port.name, "net_ns_fd": os.fspath(namespaces / machine.name)}
                switches.link("add", ifname=far, kind="veth", peer=peer)
                bridge = _index(switches, _bridge(port.lan))
                switches.link("set", index=_index(switches, far), master=bridge, state="up")
    for machine in topology.machines:
        with _in(namespaces / machine.name) as kernel:
            _address(kernel, machine)


def readdress(topology: Topology, namespaces: Path, name: str) -> None:
    """Give a machine the addresses and gateways that it starts with, and no others."""
    machine = topology.machine(name)
    with _in(namespaces / name) as kernel:
        for port in machine.ports:
            index = _index(kernel, port.name)
            kernel.link("set", index=index, state="down")
            kernel.flush_addr(index=index)
        kernel.flush_routes(table=254)
        _address(kernel, machine)


def disconnect(topology: Topology) -> None:
    """Take away the cables of the operation centre: its namespace stays when all the others go."""
    with IPRoute() as kernel:
        for machine in topology.machines:
            if machine.kind == "noc":
                for port in machine.ports:
                    kernel.link("del", index=_index(kernel, port.name))


def pull(topology: Topology, namespaces: Path, machine: str, port: str, *, plugged: bool) -> None:
    """Pull the cable of a port, or plug it in again."""
    with _in(namespaces / SWITCHES) as switches:
        far = _index(switches, _far_end(topology, machine, port))
        switches.link("set", index=far, state="up" if plugged else "down")


@contextmanager
def lengthened(topology: Topology, namespaces: Path, machine: str, port: str) -> Iterator[tuple[str, str]]:
    """Cut the cable of a port in two: inside, the caller is where both ends are, and joins them."""
    far = _far_end(topology, machine, port)
    ends = far, f"{far}a"
    with _in(namespaces / SWITCHES) as switches:
        bridge = _index(switches, _bridge(_lan(topology, machine, port)))
        switches.link("set", index=_index(switches, far), master=0)
        switches.link("add", ifname=ends[1], kind="veth", peer={"ifname": f"{far}b"}, state="up")
        switches.link("set", index=_index(switches, f"{far}b"), master=bridge, state="up")
        yield ends


def shorten(topology: Topology, namespaces: Path, machine: str, port: str) -> None:
    """Make the cable of a port whole again."""
    far = _far_end(topology, machine, port)
    with _in(namespaces / SWITCHES) as switches:
        switches.link("del", index=_index(switches, f"{far}a"))
        bridge = _index(switches, _bridge(_lan(topology, machine, port)))
        switches.link("set", index=_index(switches, far), master=bridge)


def _lan(topology: Topology, machine: str, port: str) -> str:
    return next(each.lan for each in topology.machine(machine).ports if each.name == port)


def _address(kernel: Any, machine: Machine) -> None:
    for port in machine.ports:
        index = _index(kernel, port.name)
        for text in port.addresses:
            address = ip_interface(text)
            kernel.addr("add", index=index, address=str(address.ip), prefixlen=address.network.prefixlen)
        kernel.link("set", index=index, state="up")
    for gateway in machine.gateways:
        version6 = ip_address(gateway).version == 6
        kernel.route("add", dst="::/0" if version6 else "0.0.0.0/0", gateway=gateway)


@contextmanager
def _in(place: Path) -> Iterator[Any]:
    descriptor = os.open(place, os.O_RDONLY)
    try:
        with inside(descriptor), IPRoute() as kernel:
            yield kernel
    finally:
        os.close(descriptor)


def _index(kernel: Any, name: str) -> int:
    found: list[int] = kernel.link_lookup(ifname=name)
    return found[0]


def _bridge(lan: str) -> str:
    return f"b-{lan}"[:15]


def _far_end(topology: Topology, machine: str, port: str) -> str:
    """A name the kernel takes (15 characters) whatever the machine is called: its rank and its port's."""
    for rank, each in enumerate(topology.machines):
        for position, its in enumerate(each.ports):
            if (each.name, its.name) == (machine, port):
                return f"m{rank}p{position}"
    raise LookupError(f"{machine} {port}")


def _set(settings: dict[str, int]) -> None:
    for name, value in settings.items():
        Path("/proc/sys/net", name).write_text(str(value))
