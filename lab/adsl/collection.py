"""Many subscribers behind one LAC: one tunnel to the LNS, a call for each. No sockets.

Datagrams for the LNS gather in `outbox`. At most `at_once` subscribers connect at a time, as a wholesaler's LAC would
after a cut: an LNS that is asked for all at once answers none in time.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from ipaddress import IPv4Address, IPv6Address
from typing import Final

from lab.adsl.ending import Cause, Ending
from lab.adsl.lac import CallEnded, CallOpen, Frame, Lac
from lab.adsl.octets import Malformed
from lab.adsl.session import COLLECTION_MTU, OVERHEAD
from lab.adsl.subscriber import Login, Subscriber

ECHO_SECONDS: Final = 10.0
AT_ONCE: Final = 32
CONNECT_SECONDS: Final = 30.0


class Collection:
    """From the first datagram to an Ending of the tunnel; `subscribers` are in the order of their logins."""

    def __init__(
        self,
        secret: bytes,
        logins: Sequence[Login],
        random: Callable[[int], bytes],
        *,
        at_once: int = AT_ONCE,
        connect_within: float = CONNECT_SECONDS,
        echo_every: float = ECHO_SECONDS,
    ) -> None:
        self.outbox: list[bytes] = []
        self.ending: Ending | None = None
        self.subscribers = [
            Subscriber(each, COLLECTION_MTU - OVERHEAD, random, echo_every=echo_every, connect_within=connect_within)
            for each in logins
        ]
        self.told: list[Subscriber] = []
        """Those that have connected or ended since the caller last emptied it."""
        self._lac = Lac(secret, random)
        self._waiting = list(reversed(self.subscribers))
        self._connecting: set[int] = set()
        self._at_once = at_once
        self._calls: dict[int, Subscriber] = {}
        self._due: list[tuple[float, int]] = []
        self._queued: dict[int, float] = {}
        self._by_ipv4: dict[IPv4Address, int] = {}
        self._by_prefix: dict[tuple[int, int], int] = {}
        self._lengths: tuple[int, ...] = ()

    @property
    def settled(self) -> bool:
        """Whether the LNS has heard all that we said."""
        return self._lac.settled

    @property
    def decided(self) -> bool:
        """Whether every subscriber has connected, or will not."""
        return not self._waiting and not self._connecting

    @property
    def deadline(self) -> float | None:
        """When `tick` has something to do, or None."""
        times = [self._lac.deadline, self._due[0][0] if self._due else None]
        return min((time for time in times if time is not None), default=None)

    def start(self, now: float) -> None:
        """Ask for the tunnel, and for the first calls in it."""
        self._fill(now)
        self._lac.start(now)
        self._flush()

    def receive(self, now: float, datagram: bytes) -> list[bytes]:
        """Take one datagram of the LNS; gives IP packets for homes. One that cannot be read is ignored."""
        packets: list[bytes] = []
        try:
            for event in self._lac.receive(now, datagram):
                match event:
                    case CallOpen(call):
                        self._calls[call].start(now)
                        self._look(now, call)
                    case Frame(call, octets) if call in self._calls:
                        packets += self._calls[call].receive(now, octets)
                        self._look(now, call)
                    case CallEnded(call, ending):
                        self._calls[call].ended(ending)
                        self._look(now, call)
                    case Ending():
                        self._all_ended(now, event)
        except Malformed:
            pass
        self._flush()
        return packets

    def send(self, packet: bytes) -> None:
        """An IP packet of a home, which its source tells; one of nobody's is dropped."""
        call = self._of(packet)
        if call is not None:
            self._calls[call].send(packet)
            self._carry(call)
            self._flush()

    def tick(self, now: float) -> None:
        """Do what is due."""
        for ending in self._lac.tick(now):
            self._all_ended(now, ending)
        for call in self._those_due(now):
            if call in self._calls:
                self._calls[call].tick(now)
                self._look(now, call)
        self._flush()

    def hang_up(self, now: float) -> None:
        """Say goodbye to the tunnel: hundreds of calls that say it one by one would outlast anyone's patience."""
        self._calls.clear()
        self._due.clear()
        self._waiting.clear()
        self._lac.hang_up(now)
        self._flush()

    def _those_due(self, now: float) -> list[int]:
        found = []
        while self._due and self._due[0][0] <= now:
            queued, call = heapq.heappop(self._due)
            if self._queued.get(call) == queued:
                del self._queued[call]
                found.append(call)
        return found

    def _fill(self, now: float) -> None:
        while self._waiting and len(self._connecting) < self._at_once:
            each = self._waiting.pop()
            call = self._lac.dial(now)
            self._calls[call] = each
            self._connecting.add(call)
            each.dialled(now)
            self._queue(call)

    def _look(self, now: float, call: int) -> None:
        """After something happened to a subscriber: what it says goes out, and whoever waits may come in its place."""
        each = self._calls[call]
        self._carry(call)
        if each.connected_at is not None:
            self._answer_for(call, each)
        if each.ending is not None:
            self._lac.end(now, call)
            del self._calls[call]
            self._queued.pop(call, None)
        else:
            self._queue(call)
        if call in self._connecting and (each.connected_at is not None or each.ending is not None):
            self._connecting.discard(call)
            self.told.append(each)
            self._fill(now)
        elif each.ending is not None:
            self.told.append(each)
        if each.ending is not None and self.decided and not self._calls:
            # Nobody is left in the tunnel: as the last of them went, so does it.
            self.ending = self.ending or each.ending
            self._lac.hang_up(now)

    def _answer_for(self, call: int, each: Subscriber) -> None:
        """Packets of these addresses are this subscriber's."""
        if each.ipv4 is not None:
            self._by_ipv4[each.ipv4.address] = call
        if each.lease is not None:
            prefix = each.lease.prefix
            self._by_prefix[int(prefix.network_address) >> (128 - prefix.prefixlen), prefix.prefixlen] = call
            self._lengths = tuple({length for _, length in self._by_prefix})

    def _of(self, packet: bytes) -> int | None:
        found: int | None = None
        if packet[:1] and packet[0] >> 4 == 4 and len(packet) >= 20:
            found = self._by_ipv4.get(IPv4Address(packet[12:16]))
        elif packet[:1] and packet[0] >> 4 == 6 and len(packet) >= 40:
            source = int(IPv6Address(packet[8:24]))
            within = (self._by_prefix.get((source >> (128 - length), length)) for length in self._lengths)
            found = next((call for call in within if call is not None), None)
        return found if found in self._calls else None

    def _queue(self, call: int) -> None:
        due = self._calls[call].deadline
        known = self._queued.get(call)
        if due is not None and (known is None or due < known):
            self._queued[call] = due
            heapq.heappush(self._due, (due, call))

    def _carry(self, call: int) -> None:
        outbox = self._calls[call].outbox
        for frame in outbox:
            self._lac.carry(call, frame)
        outbox.clear()

    def _all_ended(self, now: float, ending: Ending) -> None:
        self.ending = self.ending or ending
        self._waiting.clear()
        for call, each in list(self._calls.items()):
            each.ended(Ending(ending.cause if ending.cause is not Cause.HUNG_UP else Cause.CUT, ending.detail))
            self._look(now, call)

    def _flush(self) -> None:
        self.outbox += self._lac.outbox
        self._lac.outbox.clear()
