"""WireGuard tunnels as the VPN server sees them (wg(8)): who spoke last and when, and how much."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Final

from foundation import reach
from foundation.errors import Unavailable
from foundation.speech import Phrase
from monitoring.models import LARGEST

INTERFACE: Final = "wg0"

# The dump also holds the server's private key and the peers' preshared keys: they stay on the machine.
_COMMAND: Final = f"dump=$(wg show {INTERFACE} dump) && printf '%s\\n' \"$dump\" | tail -n +2 | cut -f 1,3,5,6,7"


class UnreadableTunnels(Unavailable):
    """What `wg` says is not what it should be."""

    kind = "unreadable-tunnels"
    phrase = Phrase(
        "{machine} dit de ses tunnels ce que l'on ne sait pas lire. Rien n'a été enregistré pour elle.",
        "{machine} says of its tunnels what cannot be read. Nothing was recorded for it.",
    )


@dataclass(frozen=True, slots=True)
class Tunnel:
    """One peer: the address it last spoke from, its last handshake, octets since the interface came up.

    `received` and `sent` are the member's: what the server sent, the member received.
    """

    public_key: str
    endpoint: str | None = field(repr=False)
    handshake: datetime | None
    received: int
    sent: int


def read_tunnels(means: reach.Means, machine: reach.Machine) -> list[Tunnel]:
    """The peers of a VPN server. Raises MachineUnreachable, CommandFailed, UnreadableTunnels."""
    return parse(machine.name, reach.run(means, machine, _COMMAND, timeout=20))


def parse(machine: str, text: str) -> list[Tunnel]:
    """Read lines of: public key, endpoint, latest handshake (Unix time, 0 for never), octets in, octets out.

    Raises UnreadableTunnels for any other text.
    """
    try:
        return [_tunnel(line) for line in text.split("\n") if line]
    except (ValueError, OverflowError, OSError) as wrong:
        raise UnreadableTunnels(machine=machine) from wrong


def _tunnel(line: str) -> Tunnel:
    public_key, endpoint, handshake, rx, tx = line.split("\t")
    shaken = _count(handshake)
    return Tunnel(
        public_key=public_key,
        endpoint=None if endpoint == "(none)" else _address(endpoint),
        handshake=datetime.fromtimestamp(shaken, UTC) if shaken else None,
        received=_count(tx),
        sent=_count(rx),
    )


def _count(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 20) or int(text) > LARGEST:
        raise ValueError(text)
    return int(text)


def _address(endpoint: str) -> str:
    host, _, _ = endpoint.rpartition(":")
    return str(ip_address(host.removeprefix("[").removesuffix("]").partition("%")[0]))
