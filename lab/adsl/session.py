"""A PPP link in an L2TP call, as one thing: datagrams on one side, IP packets on the other. No sockets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from lab.adsl import l2tp, ppp
from lab.adsl.ending import Cause, Ending
from lab.adsl.lac import CallEnded, CallOpen, Frame, Lac
from lab.adsl.link import Event, Ipv4Up, Link
from lab.adsl.octets import Malformed

COLLECTION_MTU: Final = 1500
OVERHEAD: Final = 20 + 8 + l2tp.DATA_HEADER + ppp.FRAME_HEADER
"""Octets that IPv4, UDP, L2TP and PPP add to each packet of the home."""


class Session:
    """From the first datagram to the Ending; `connect_within` bounds the time until IPv4 is up, in seconds.

    `caller` is the number that the collection says it calls from.
    """

    def __init__(
        self,
        secret: bytes,
        login: bytes,
        password: bytes,
        random: Callable[[int], bytes],
        connect_within: float = 15,
        caller: bytes = b"",
    ) -> None:
        self.outbox: list[bytes] = []
        self._lac = Lac(secret, random, caller=caller)
        self._call = self._lac.dial(0)  # placed once the tunnel stands
        self._link = Link(login, password, COLLECTION_MTU - OVERHEAD, random)
        self._connect_within = connect_within
        self._give_up_at: float | None = None
        self._ended = False

    @property
    def mtu(self) -> int:
        """The largest IP packet of the home that needs no fragment anywhere on the collection link."""
        return self._link.mtu

    @property
    def ipv6_settled(self) -> bool:
        """Whether IPv6 is open, or known not to come."""
        return self._link.ipv6_settled

    @property
    def settled(self) -> bool:
        """Whether the LNS has heard all that we said."""
        return self._lac.settled

    @property
    def deadline(self) -> float | None:
        """When `tick` has something to do, or None."""
        times = [self._lac.deadline, None if self._ended else self._link.deadline, self._give_up_at]
        return min((time for time in times if time is not None), default=None)

    def start(self, now: float) -> None:
        """Call the LNS."""
        self._give_up_at = now + self._connect_within
        self._lac.start(now)
        self._flush()

    def receive(self, now: float, datagram: bytes) -> list[Event]:
        """Take one datagram from the LNS; one that cannot be read is ignored, as its RFC asks."""
        events: list[Event] = []
        try:
            for event in self._lac.receive(now, datagram):
                match event:
                    case CallOpen():
                        self._link.start(now)
                    case Frame(_, octets):
                        events += self._link.receive(now, octets)
                    case CallEnded(_, ending):
                        self._lac.hang_up(now)
                        events.append(self._link.said_of(ending))
                    case Ending():
                        events.append(self._link.said_of(event))
        except Malformed:
            events = []
        return self._watched(events)

    def send(self, packet: bytes) -> None:
        """An IP packet of the home."""
        self._link.send(packet)
        self._flush()

    def tick(self, now: float) -> list[Event]:
        """Do what is due."""
        events: list[Event] = [*self._lac.tick(now)]
        if not self._ended:
            events += self._link.tick(now)
        if self._give_up_at is not None and now >= self._give_up_at:
            self._give_up_at = None
            events.append(Ending(Cause.SILENT, f"{self._connect_within:.0f} s"))
        return self._watched(events)

    def hang_up(self, now: float) -> None:
        """Say goodbye in every protocol that is open."""
        if not self._ended:
            self._link.hang_up()
            self._flush()
        self._ended = True
        self._give_up_at = None
        self._lac.end(now, self._call)
        self._lac.hang_up(now)
        self._flush()

    def _watched(self, events: list[Event]) -> list[Event]:
        """Events up to the first Ending: nothing comes after it."""
        self._flush()
        kept: list[Event] = []
        for event in events:
            if self._ended:
                break
            kept.append(event)
            if isinstance(event, Ipv4Up):
                self._give_up_at = None
            if isinstance(event, Ending):
                self._ended = True
                self._give_up_at = None
        return kept

    def _flush(self) -> None:
        for frame in self._link.outbox:
            self._lac.carry(self._call, frame)
        self._link.outbox.clear()
        self.outbox += self._lac.outbox
        self._lac.outbox.clear()
