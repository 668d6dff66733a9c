"""Neighbours behind one line's router: each with prefixes of their own, handed on over a cable of the house.

The router keeps nothing of them for itself: an IPv4 prefix is routed onto the cable, where whoever has the address says
so (ARP), and an IPv6 one to the neighbour's own router. No address is lost to a network or a gateway, as each is routed
alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from pathlib import Path
from typing import Any, Final, Literal

from lab.interface import configure

ROUTER: Final = IPv6Address("fe80::1")
"""Where the line's router is met on the cable."""
_FORWARDING: Final = ("ipv4/ip_forward", "ipv6/conf/all/forwarding")


@dataclass(frozen=True, slots=True)
class Neighbour:
    """What is one neighbour's, and the address of their router on the cable."""

    ipv4: tuple[IPv4Network, ...]
    ipv6: tuple[IPv6Network, ...]
    router: IPv6Address

    @classmethod
    def read(cls, given: Mapping[str, Any]) -> Neighbour:
        """From plain values. Raises KeyError, ValueError, TypeError."""
        return cls(
            tuple(IPv4Network(each) for each in given["ipv4"]),
            tuple(IPv6Network(each) for each in given["ipv6"]),
            IPv6Address(given["router"]),
        )

    def plain(self) -> dict[str, object]:
        """As values that JSON can hold: the reverse of `read`."""
        return {
            "ipv4": [str(each) for each in self.ipv4],
            "ipv6": [str(each) for each in self.ipv6],
            "router": str(self.router),
        }


def hand_on(interface: str, neighbours: Iterable[Neighbour]) -> None:
    """Be the router of those who are behind an interface. Raises NoInterface, OSError."""
    for name in _FORWARDING:
        Path("/proc/sys/net", name).write_text("1")
    four: list[str] = []
    six = [f"address replace {ROUTER}/64 dev {interface} nodad"]
    for each in neighbours:
        four += [f"route replace {prefix} dev {interface}" for prefix in each.ipv4]
        six += [f"route replace {prefix} via {each.router} dev {interface}" for prefix in each.ipv6]
    if four:
        configure(interface, 4, *four)
    configure(interface, 6, *six)


def home(interface: str, neighbour: Neighbour, gateway: IPv4Address, mtu: int) -> Mapping[Literal[4, 6], Sequence[str]]:
    """The `ip` commands, by family, of a neighbour's own machine: the first address of each prefix, and the way out.

    `gateway` is any IPv4 address of the line's router, `mtu` what fits the line.
    """
    four = [
        f"link set dev {interface} mtu {mtu} up",
        *(f"address replace {prefix[0]}/32 dev {interface}" for prefix in neighbour.ipv4),
        f"route replace {gateway} dev {interface}",
        f"route replace default via {gateway} dev {interface}",
    ]
    six = [
        f"address replace {neighbour.router}/64 dev {interface} nodad",
        *(f"address replace {prefix[1]}/128 dev {interface} nodad" for prefix in neighbour.ipv6),
        f"route replace default via {ROUTER} dev {interface}",
    ]
    return {4: four, 6: six}
