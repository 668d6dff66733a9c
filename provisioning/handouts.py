"""What a member is given to connect with."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import IPv6Network

from foundation.text import render
from inventory.models.addresses import IPNetwork


@dataclass(frozen=True, slots=True)
class WireGuardHandout:
    """A member's side of a WireGuard line. The private key is theirs: it exists here only while it is written down."""

    private_key: str = field(repr=False)
    addresses: tuple[str, ...]
    mtu: int
    server_key: str
    endpoint: str

    def text(self) -> str:
        """The wg-quick(8) file."""
        return render("provisioning", "handout/wireguard.j2", {"handout": self})


def own_address(prefix: IPNetwork) -> str:
    """The address that a home takes of a prefix of its own: all of an IPv4 one, the first of a delegated IPv6 one."""
    if isinstance(prefix, IPv6Network):
        return f"{prefix.network_address + 1}/128"
    return str(prefix)
