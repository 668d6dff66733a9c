"""One subscriber among many: a PPP link, and the prefix that is delegated over it. No sockets.

Frames for the LNS gather in `outbox`. Its DHCPv6 runs inside the link itself, from its own link-local address: hundreds
of subscribers share one interface, where a kernel could not tell them apart.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import IPv6Address
from typing import Final

from lab.adsl import dhcpv6
from lab.adsl.datagram import Datagram
from lab.adsl.ending import Cause, Ending
from lab.adsl.link import Arrived, Event, Ipv4Up, Ipv6Up, Link

PREFIX_SECONDS: Final = 5.0
"""How long a delegated prefix may take once IPv4 is up: after that the line counts as connected without."""
_SERVERS: Final = IPv6Address(dhcpv6.SERVERS)


@dataclass(frozen=True, slots=True)
class Login:
    """A login and its password, which never shows."""

    name: str
    password: str = field(repr=False)


class Subscriber:
    """From its call's opening to its Ending; `connect_within` bounds the time until it is connected, in seconds."""

    def __init__(
        self, login: Login, mru: int, random: Callable[[int], bytes], *, echo_every: float, connect_within: float
    ) -> None:
        self.login = login.name
        self.ipv4: Ipv4Up | None = None
        self.lease: dhcpv6.Lease | None = None
        self.connected_at: float | None = None
        self.ending: Ending | None = None
        self.dialled_at = 0.0
        self._link = Link(login.name.encode(), login.password.encode(), mru, random, echo_every)
        self._prefixes = dhcpv6.PrefixClient(random)
        self._own: IPv6Address | None = None
        self._say_by: float | None = None
        self._give_up_at: float | None = None
        self._connect_within = connect_within

    @property
    def outbox(self) -> list[bytes]:
        """PPP frames to send, in order; the caller empties it."""
        return self._link.outbox

    @property
    def deadline(self) -> float | None:
        """When `tick` has something to do, or None."""
        if self.ending is not None:
            return None
        times = (self._link.deadline, self._prefixes.deadline, self._say_by, self._give_up_at)
        return min((time for time in times if time is not None), default=None)

    @property
    def mtu(self) -> int:
        """The largest IP packet of its link, in octets."""
        return self._link.mtu

    def dialled(self, now: float) -> None:
        """Its call was placed: its time runs."""
        self.dialled_at = now
        self._give_up_at = now + self._connect_within

    def start(self, now: float) -> None:
        """Its call is open."""
        self._link.start(now)

    def receive(self, now: float, frame: bytes) -> list[bytes]:
        """Take a frame from the LNS; gives the IP packets for the home. Raises Malformed."""
        return self._handled(now, self._link.receive(now, frame))

    def tick(self, now: float) -> None:
        """Do what is due."""
        self._handled(now, self._link.tick(now))
        for event in self._prefixes.tick(now):
            self._leased(event)
        if self._give_up_at is not None and now >= self._give_up_at and self.connected_at is None:
            self.ending = self.ending or Ending(Cause.SILENT, f"{self._connect_within:.0f} s")
        self._settle(now)

    def send(self, packet: bytes) -> None:
        """An IP packet of the home."""
        self._link.send(packet)

    def ended(self, ending: Ending) -> None:
        """The LNS, or the tunnel, ended the call."""
        self.ending = self.ending or self._link.said_of(ending)

    def _handled(self, now: float, events: list[Event]) -> list[bytes]:
        packets: list[bytes] = []
        for event in events:
            match event:
                case Arrived(octets) if self._own is not None and self._is_ours(now, octets):
                    pass
                case Arrived(octets):
                    packets.append(octets)
                case Ipv4Up():
                    self.ipv4 = event
                    self._say_by = now + PREFIX_SECONDS
                case Ipv6Up(address):
                    if self._own is None:
                        self._prefixes.start(now)
                    self._own = address
                case Ending():
                    self.ending = self.ending or event
        self._settle(now)
        return packets

    def _is_ours(self, now: float, octets: bytes) -> bool:
        """Whether a packet is an answer to our DHCPv6, which is then taken."""
        datagram = Datagram.decode(octets)
        if datagram is None or datagram.destination_port != dhcpv6.CLIENT_PORT or datagram.destination != self._own:
            return False
        for event in self._prefixes.receive(now, datagram.payload):
            self._leased(event)
        return True

    def _leased(self, event: dhcpv6.Event) -> None:
        self.lease = event.lease if isinstance(event, dhcpv6.Delegated) else None

    def _settle(self, now: float) -> None:
        """Ask for the prefix what is due, and see whether all that was wanted is here."""
        for message in self._prefixes.outbox:
            if self._own is not None:
                asked = Datagram(self._own, _SERVERS, dhcpv6.CLIENT_PORT, dhcpv6.SERVER_PORT, message)
                self._link.send(asked.encode())
        self._prefixes.outbox.clear()
        if self.connected_at is None and self.ipv4 is not None:
            late = self._say_by is not None and now >= self._say_by
            without = self._link.ipv6_settled and self._own is None
            if self.lease is not None or late or without:
                self.connected_at, self._say_by, self._give_up_at = now, None, None
