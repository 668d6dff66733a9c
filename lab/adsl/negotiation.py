"""How two ends of PPP agree on options (RFC 1661, 4): the same automaton for LCP, IPCP and IPV6CP."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum
from typing import Final, TypeAlias

from lab.adsl.ppp import Code, Option, Packet, decode_options, encode_options

RESTART: Final = 1.0
MAX_REQUESTS: Final = 10
MAX_NAKS: Final = 5


class Verdict(Enum):
    """What we think of an option of the peer."""

    ACCEPT = "accept"
    REJECT = "reject"


Judge: TypeAlias = Callable[[int, bytes], Verdict | bytes]
"""Judges an option by kind and value: a verdict, or the value that we would accept."""


class Negotiation:
    """One protocol's options, ours (`wanted`, amended by the peer) and theirs.

    `opened` once both ends have agreed; `failed` when they cannot.
    """

    def __init__(self, wanted: Mapping[int, bytes], judge: Judge) -> None:
        self.wanted = dict(wanted)
        self.theirs: dict[int, bytes] = {}
        self.outbox: list[Packet] = []
        self.deadline: float | None = None
        self.failed = False
        self._judge = judge
        self._identifier = 0
        self._requests = 0
        self._naks = 0
        self._ours_agreed = False
        self._theirs_agreed = False

    @property
    def opened(self) -> bool:
        """Whether both ends agree."""
        return self._ours_agreed and self._theirs_agreed

    @property
    def started(self) -> bool:
        """Whether we have asked for anything yet."""
        return self._requests > 0

    def start(self, now: float) -> None:
        """Send our first request, or begin all over again."""
        self.down()
        self._request(now)

    def down(self) -> None:
        """The layer below is gone: nothing is agreed any more, and nothing asked until `start` (RFC 1661, 4.3)."""
        self.failed = self._ours_agreed = self._theirs_agreed = False
        self._requests = 0
        self.deadline = None

    def receive(self, now: float, packet: Packet) -> None:
        """Take one of the four Configure packets. Raises Malformed."""
        options = decode_options(packet.data)
        if packet.code == Code.CONFIGURE_REQUEST:
            self._answer(now, packet, options)
        elif packet.identifier == self._identifier and not self._ours_agreed and self.started:
            self._answered(now, packet.code, options)

    def tick(self, now: float) -> None:
        """Ask again when an answer is late, or when the peer agreed and then asked nothing itself."""
        if self.deadline is None or now < self.deadline:
            return
        if self._ours_agreed:
            self._ours_agreed = False
            self._request(now)
        else:
            self._emit(now)

    def stop(self) -> None:
        """Give up: nothing more is asked."""
        self.failed = True
        self.deadline = None

    def _answered(self, now: float, code: int, options: tuple[Option, ...]) -> None:
        if code == Code.CONFIGURE_ACK:
            self._ours_agreed = True
            self.deadline = None if self.opened else now + RESTART
            return
        for option in options:
            if code == Code.CONFIGURE_REJECT:
                self.wanted.pop(option.kind, None)
            elif option.kind in self.wanted and len(option.value) == len(self.wanted[option.kind]):
                self.wanted[option.kind] = option.value
        self._request(now)

    def _answer(self, now: float, packet: Packet, options: tuple[Option, ...]) -> None:
        if self.opened:
            self._ours_agreed = False
            self._requests = 0
            self._request(now)
        rejected, suggested = [], []
        for option in options:
            verdict = self._judge(option.kind, option.value)
            if verdict is Verdict.REJECT or (isinstance(verdict, bytes) and self._naks >= MAX_NAKS):
                rejected.append(option)
            elif isinstance(verdict, bytes):
                suggested.append(Option(option.kind, verdict))
        if rejected:
            code, said = Code.CONFIGURE_REJECT, encode_options(rejected)
        elif suggested:
            code, said = Code.CONFIGURE_NAK, encode_options(suggested)
            self._naks += 1
        else:
            code, said = Code.CONFIGURE_ACK, packet.data
            self.theirs = {option.kind: option.value for option in options}
            self._naks = 0
        self._theirs_agreed = code == Code.CONFIGURE_ACK
        if self.opened:
            self.deadline = None
        self.outbox.append(Packet(code, packet.identifier, said))

    def _request(self, now: float) -> None:
        """Ask under a new identifier: an answer to what was asked before no longer counts."""
        self._identifier = (self._identifier + 1) % 256
        self._emit(now)

    def _emit(self, now: float) -> None:
        """Send the request. Sent again it keeps its identifier, so that a late answer counts (RFC 1661, 5.1)."""
        if self._requests >= MAX_REQUESTS:
            self.stop()
            return
        self._requests += 1
        options = encode_options(Option(kind, value) for kind, value in self.wanted.items())
        self.outbox.append(Packet(Code.CONFIGURE_REQUEST, self._identifier, options))
        self.deadline = now + RESTART
