"""A home whose box arrives by its VLAN alone: DHCP for its address (RFC 2131) and its prefix (RFC 8415), no login.

`python -m lab.ipoe` reads one JSON object from standard input:

    {"interface": "wan0"}

It says `up`, then `connected` once the interface has an address, a prefix and a way out in both families, and runs
until SIGTERM, when it takes all of it away again. It ends with 0 when told to, 4 where the interface cannot be set.
"""

from __future__ import annotations

import json
import os
import selectors
import socket
import subprocess
import sys
import time
from contextlib import closing
from ipaddress import IPv6Network
from pathlib import Path
from typing import Final

from foundation.errors import EssaimError, Invalid
from foundation.speech import Phrase, language_of_environment
from lab import dhcp
from lab.adsl import dhcpv6
from lab.adsl.octets import Malformed
from lab.interface import configure
from lab.program import announce, stop_signal

LOOK_EVERY: Final = 0.2
ASK_EVERY: Final = 1.0
USAGE: Final = 2

_KERNEL: Final = "/proc/sys/net/ipv6/conf/{interface}/{name}"


class BadInterface(Invalid):
    """What was given names no interface."""

    kind = "bad-home-interface"
    phrase = Phrase(
        "L'interface de la box n'est pas lisible ({reason}). Rien n'a été lancé.",
        "The box's interface cannot be read ({reason}). Nothing was started.",
    )


class Box:
    """A member's router on one interface, until `close`.

    It routes, listens to our router's word, and asks it for an address and a prefix. Raises NoInterface, OSError.
    """

    def __init__(self, interface: str) -> None:
        self.interface = interface
        _kernel("all", "forwarding", 1)
        _kernel(interface, "accept_ra", 2)  # although it routes itself
        configure(interface, 6, f"link set dev {interface} down", f"link set dev {interface} up")
        self._four = dhcp.Client(interface, os.urandom)
        self._six = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        self._six.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, interface.encode())
        self._six.bind(("::", dhcpv6.CLIENT_PORT))
        self._six.setblocking(False)
        self._prefixes = dhcpv6.PrefixClient(os.urandom, self._four.hardware)
        self._prefixes.start(time.monotonic())
        self._lease: dhcp.Lease | None = None
        self._prefix: IPv6Network | None = None
        self._due = 0.0
        self._connected = False

    def close(self) -> None:
        """Have nothing any more."""
        _kernel(self.interface, "accept_ra", 0)
        for family in ("-4", "-6"):
            for what in ("route", "addr"):
                scope = ["scope", "global"] if what == "addr" else []
                argv = ["ip", family, what, "flush", "dev", self.interface, *scope]
                subprocess.run(argv, capture_output=True, timeout=5, check=False)
        self._four.close()
        self._six.close()

    def hear(self, heard: selectors.BaseSelector) -> None:
        """Be told when something comes."""
        for each in (self._four.socket, self._six):
            heard.register(each, selectors.EVENT_READ)

    def step(self, now: float) -> None:
        """Take what came, ask for what is due, and say once that all is there. Raises NoInterface."""
        if now >= self._due:
            self._four.ask()
            self._due = now + ASK_EVERY
        lease = self._four.take()
        if lease is not None:
            self._due = now + lease.seconds / 2
            self._lease = self._addressed(lease)
        self._delegate(now)
        if not self._connected and self._lease and self._prefix and _way_out(self.interface):
            self._connected = True
            announce("connected", address=str(self._lease.address), delegated=str(self._prefix), mtu=self._lease.mtu)

    def _addressed(self, lease: dhcp.Lease) -> dhcp.Lease:
        if lease != self._lease:
            configure(
                self.interface,
                4,
                f"link set dev {self.interface} mtu {lease.mtu}",
                f"address replace {lease.address}/32 dev {self.interface}",
                *(
                    f"route replace {way} dev {self.interface}" + (f" via {by} onlink" if by else "")
                    for way, by in lease.ways
                ),
            )
        return lease

    def _delegate(self, now: float) -> None:
        events = self._prefixes.tick(now)
        while (message := _received(self._six)) is not None:
            try:
                events += self._prefixes.receive(now, message)
            except Malformed:
                continue
        for event in events:
            match event:
                case dhcpv6.Delegated(lease) if lease.prefix != self._prefix:
                    own = f"{lease.prefix.network_address + 1}/128"
                    configure(self.interface, 6, f"address replace {own} dev {self.interface} nodad")
                    self._prefix = lease.prefix
                case dhcpv6.Withdrawn(prefix):
                    own = f"{prefix.network_address + 1}/128"
                    configure(self.interface, 6, f"address del {own} dev {self.interface}")
                    self._prefix = None
        index = socket.if_nametoindex(self.interface)
        for octets in self._prefixes.outbox:
            self._six.sendto(octets, (dhcpv6.SERVERS, dhcpv6.SERVER_PORT, 0, index))
        self._prefixes.outbox.clear()


def _received(six: socket.socket) -> bytes | None:
    try:
        return six.recv(4096)
    except BlockingIOError:
        return None


def _way_out(interface: str) -> bool:
    """Whether a router said that the Internet is by it."""
    said = subprocess.run(
        ["ip", "-6", "route", "show", "default", "dev", interface], capture_output=True, text=True, check=False
    )
    return bool(said.stdout.strip())


def _kernel(interface: str, name: str, value: int) -> None:
    Path(_KERNEL.format(interface=interface, name=name)).write_text(str(value))


def main() -> int:
    """Read which interface, and be a member's box on it until told to stop."""
    told = stop_signal()
    try:
        try:
            interface = str(json.loads(sys.stdin.read())["interface"])
            socket.if_nametoindex(interface)
        except (ValueError, KeyError, TypeError, OSError) as unreadable:
            raise BadInterface(reason=type(unreadable).__name__) from unreadable
        _hold(Box(interface), told)
    except EssaimError as refused:
        announce("closed", reason=refused.kind, detail=refused.sentence("en"))
        sys.stderr.write(refused.sentence(language_of_environment()) + "\n")
        return USAGE if isinstance(refused, Invalid) else refused.exit_status
    announce("closed", reason="hung-up", detail="")
    return 0


def _hold(box: Box, told: socket.socket) -> None:
    announce("up", interface=box.interface)
    with closing(box), selectors.DefaultSelector() as heard:
        box.hear(heard)
        heard.register(told, selectors.EVENT_READ)
        while not any(key.fileobj is told for key, _ in heard.select(LOOK_EVERY)):
            box.step(time.monotonic())


if __name__ == "__main__":
    sys.exit(main())
