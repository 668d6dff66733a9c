"""The home's network interface: a TUN device and what `ip` (iproute2) sets on it.

The device, its addresses and the routes through it vanish with the program, whatever its end.
"""

from __future__ import annotations

import fcntl
import os
import struct
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from pathlib import Path
from typing import Final

from lab.interface import NoInterface, configure

_DEVICE: Final = Path("/dev/net/tun")
_TUNSETIFF: Final = 0x400454CA
_IFF_TUN: Final = 0x0001
_IFF_NO_PI: Final = 0x1000
LARGEST_READ: Final = 65536


class Tun:
    """An open TUN device. Every verb raises NoInterface when the kernel says no."""

    def __init__(self, name: str) -> None:
        self.name = name
        try:
            self.descriptor = os.open(_DEVICE, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
            fcntl.ioctl(self.descriptor, _TUNSETIFF, struct.pack("16sH22x", name.encode(), _IFF_TUN | _IFF_NO_PI))
        except (OSError, struct.error) as refused:
            raise NoInterface(interface=name, reason=refused) from refused

    def close(self) -> None:
        """Give the device back; the kernel removes its addresses and routes."""
        os.close(self.descriptor)

    def read(self) -> bytes | None:
        """The next IP packet that the home sends, or None when there is none now."""
        try:
            return os.read(self.descriptor, LARGEST_READ)
        except BlockingIOError:
            return None

    def write(self, packet: bytes) -> None:
        """Hand an IP packet to the home; one that the kernel does not want is lost, as on any wire."""
        try:
            os.write(self.descriptor, packet)
        except OSError:
            return

    def up(self, mtu: int) -> None:
        """Bring the interface up, for packets of at most `mtu` octets (TCP takes its MSS from it)."""
        # No address is made up by the kernel: the LNS and we agree on the only link-local one.
        configure(
            self.name,
            6,
            f"link set dev {self.name} addrgenmode none",
            f"link set dev {self.name} mtu {mtu} up",
        )

    def carry_ipv4(self, address: IPv4Address, peer: IPv4Address, routed: Sequence[IPv4Network]) -> None:
        """Everything goes through the line; of each routed network the first usable address is ours."""
        far = f"peer {peer}" if int(peer) else ""
        lines = [
            f"address flush dev {self.name}",
            f"address add {address} {far} dev {self.name}",
            f"route replace default dev {self.name} src {address}",
        ]
        boxes = [f"address replace {first_host(network)}/32 dev {self.name}" for network in routed]
        configure(self.name, 4, *lines, *boxes)

    def carry_ipv6(self, link_local: IPv6Address) -> None:
        """Everything goes through the line. No duplicate can exist on it: the address is usable at once."""
        configure(
            self.name,
            6,
            f"address replace {link_local}/64 dev {self.name} nodad",
            f"route replace default dev {self.name}",
        )

    def delegate(self, prefix: IPv6Network) -> IPv6Address:
        """Take the first address of a delegated prefix, and refuse what is not in use in it (RFC 7084, WPD-5)."""
        address = prefix[1]
        configure(
            self.name,
            6,
            f"address replace {address}/128 dev {self.name} nodad",
            f"route replace unreachable {prefix}",
        )
        return address

    def carry_many(self, addresses: Sequence[IPv4Address], prefixes: Sequence[IPv6Network]) -> None:
        """Hold the addresses of many homes, and the first of each delegated prefix; everything goes through here."""
        if addresses:
            given = [f"address replace {address}/32 dev {self.name}" for address in addresses]
            configure(self.name, 4, *given, f"route replace default dev {self.name} src {addresses[0]}")
        if prefixes:
            given = [f"address replace {prefix[1]}/128 dev {self.name} nodad" for prefix in prefixes]
            configure(self.name, 6, *given, f"route replace default dev {self.name} src {prefixes[0][1]}")

    def withdraw(self, prefix: IPv6Network) -> None:
        """Undo `delegate`."""
        configure(
            self.name,
            6,
            f"address del {prefix[1]}/128 dev {self.name}",
            f"route del unreachable {prefix}",
        )


def first_host(network: IPv4Network) -> IPv4Address:
    """The address a box takes for itself in a routed network: the first after the network's own."""
    return network[0] if network.prefixlen >= 31 else network[1]
