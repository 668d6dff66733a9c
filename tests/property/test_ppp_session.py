"""A home and an LNS over a network that loses, doubles and delays; and a home before an LNS gone mad."""

from __future__ import annotations

import heapq
import itertools
import random
from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from lab.adsl import l2tp, ppp
from lab.adsl.ending import Cause, Ending
from lab.adsl.l2tp import Attribute, Avp, Control, Data, MessageType
from lab.adsl.lac import Delivery
from lab.adsl.link import Arrived, Event, Ipv4Up, Ipv6Up
from lab.adsl.negotiation import Negotiation, Verdict
from lab.adsl.ppp import Challenge, Code, Packet, Protocol
from lab.adsl.session import Session

SECRET, LOGIN, PASSWORD = b"tunsecret", b"alice@fai.example", b"s3cret-pw"
ADDRESS = bytes([203, 0, 113, 17])
IDENTIFIER = bytes([0x02, 0, 0, 0xFF, 0xFE, 0, 0, 0x09])
CHALLENGE = b"a challenge"


class Lns:
    """A small LNS that speaks properly: one tunnel, one call, CHAP, one address."""

    tunnel, session = 7, 8

    def __init__(self) -> None:
        self.outbox: list[bytes] = []
        self._delivery = Delivery()
        self._peer_session = 0
        self._lcp = Negotiation({ppp.LcpOption.AUTHENTICATION: ppp.CHAP_MD5}, lambda *_: Verdict.ACCEPT)
        self._ipcp = Negotiation({ppp.IpcpOption.ADDRESS: bytes([203, 0, 113, 1])}, self._judge_address)
        self._ipv6cp = Negotiation({ppp.INTERFACE_IDENTIFIER: bytes(7) + b"\x01"}, self._judge_identifier)
        self._protocols = {Protocol.LCP: self._lcp, Protocol.IPCP: self._ipcp, Protocol.IPV6CP: self._ipv6cp}
        self._authenticated = False
        self._login = 0
        self._challenge_at: float | None = None

    @staticmethod
    def _judge_address(kind: int, value: bytes) -> Verdict | bytes:
        if kind != ppp.IpcpOption.ADDRESS:
            return Verdict.REJECT
        return Verdict.ACCEPT if value == ADDRESS else ADDRESS

    @staticmethod
    def _judge_identifier(_: int, value: bytes) -> Verdict | bytes:
        return Verdict.ACCEPT if value == IDENTIFIER else IDENTIFIER

    def tick(self, now: float) -> None:
        self._delivery.tick(now)
        for negotiation in self._protocols.values():
            negotiation.tick(now)
        if not self._lcp.opened:
            self._forget_login()
        elif not self._authenticated:
            self._ask_for_login(now)
        self._flush()

    def _forget_login(self) -> None:
        """LCP is not open, or no longer: what stood on it falls (RFC 1661, 3.4)."""
        self._authenticated, self._challenge_at = False, None
        self._ipcp.down()
        self._ipv6cp.down()

    def _ask_for_login(self, now: float) -> None:
        """Under a number of its own each time that LCP opens (RFC 1994, 4.1), then again until it is answered."""
        if self._challenge_at is None:
            self._login += 1
        if self._challenge_at is None or now >= self._challenge_at:
            challenge = bytes([len(CHALLENGE)]) + CHALLENGE + b"lns"
            self._put(Protocol.CHAP, Packet(Challenge.CHALLENGE, self._login, challenge))
            self._challenge_at = now + 1

    def receive(self, now: float, datagram: bytes) -> None:
        message = l2tp.decode(datagram)
        if isinstance(message, Control):
            self._on_control(now, message)
        elif message.session == self.session:
            self._on_frame(now, message)
        self.tick(now)

    def _on_control(self, now: float, message: Control) -> None:
        if message.type == MessageType.SCCRQ:
            self._delivery.tunnel = message.number(Attribute.ASSIGNED_TUNNEL) or 0
        if not self._delivery.receive(now, message):
            return
        match message.type:
            case MessageType.SCCRQ:
                proof = l2tp.proof(MessageType.SCCRP, SECRET, message.value(Attribute.CHALLENGE) or b"")
                self._say(
                    now,
                    MessageType.SCCRP,
                    l2tp.number(Attribute.ASSIGNED_TUNNEL, self.tunnel),
                    Avp(Attribute.CHALLENGE_RESPONSE, proof),
                    Avp(Attribute.CHALLENGE, CHALLENGE),
                )
            case MessageType.SCCCN:
                assert message.value(Attribute.CHALLENGE_RESPONSE) == l2tp.proof(MessageType.SCCCN, SECRET, CHALLENGE)
            case MessageType.ICRQ:
                self._peer_session = message.number(Attribute.ASSIGNED_SESSION) or 0
                self._say(now, MessageType.ICRP, l2tp.number(Attribute.ASSIGNED_SESSION, self.session))
            case MessageType.ICCN:
                self._lcp.start(now)

    def _on_frame(self, now: float, message: Data) -> None:
        protocol, payload = ppp.unframe(message.frame)
        packet = Packet.decode(payload)
        match protocol:
            case Protocol.LCP if packet.code <= Code.CONFIGURE_REJECT and self._lcp.started:
                self._lcp.receive(now, packet)
            case Protocol.LCP if packet.code == Code.ECHO_REQUEST and self._lcp.opened:
                self._put(Protocol.LCP, Packet(Code.ECHO_REPLY, packet.identifier, bytes(4)))
            case Protocol.CHAP if packet.code == Challenge.RESPONSE and packet.identifier == self._login:
                assert packet.data == ppp.chap_response(self._login, PASSWORD, CHALLENGE, LOGIN)
                self._put(Protocol.CHAP, Packet(Challenge.SUCCESS, packet.identifier, b"welcome"))
                if not self._authenticated:
                    self._authenticated = True
                    self._ipcp.start(now)
            case Protocol.IPCP if self._authenticated and packet.code <= Code.CONFIGURE_REJECT:
                self._ipcp.receive(now, packet)
            case Protocol.IPV6CP if self._authenticated and packet.code <= Code.CONFIGURE_REJECT:
                if not self._ipv6cp.started:
                    self._ipv6cp.start(now)
                self._ipv6cp.receive(now, packet)

    def _say(self, now: float, kind: MessageType, *avps: Avp) -> None:
        self._delivery.send(now, self._peer_session, l2tp.number(Attribute.MESSAGE_TYPE, kind), *avps)

    def _put(self, protocol: int, packet: Packet) -> None:
        self._flush()
        self._frame(protocol, packet)

    def _frame(self, protocol: int, packet: Packet) -> None:
        frame = ppp.frame(protocol, packet.encode())
        self.outbox.append(Data(self._delivery.tunnel, self._peer_session, frame).encode())

    def _flush(self) -> None:
        self.outbox += self._delivery.outbox
        self._delivery.outbox.clear()
        for protocol, negotiation in self._protocols.items():
            for packet in negotiation.outbox:
                self._frame(protocol, packet)
            negotiation.outbox.clear()


DELAYS = {"arrives": (0.01,), "late": (1.3,), "twice": (0.01, 0.4), "lost": ()}


def live(home: Session, seconds: float, fate: Callable[[int, bool], str]) -> tuple[list[Event], int]:
    """What happens to a home within `seconds` of simulated time, and how many datagrams were sent.

    `fate` decides on each datagram from its number, and from whether the home has been connected by then.
    """
    lns = Lns()
    order = itertools.count()
    flying: list[tuple[float, int, str, bytes]] = []
    events: list[Event] = []
    sent = 0

    def take_off(now: float, to: str, outbox: list[bytes]) -> None:
        nonlocal sent
        connected = {Ipv4Up, Ipv6Up} <= {type(event) for event in events}
        for datagram in outbox:
            for delay in DELAYS[fate(sent, connected)]:
                heapq.heappush(flying, (now + delay, next(order), to, datagram))
            sent += 1
        outbox.clear()

    now = 0.0
    home.start(now)
    while now < seconds and not any(isinstance(event, Ending) for event in events):
        take_off(now, "lns", home.outbox)
        take_off(now, "home", lns.outbox)
        soonest = flying[0][0] if flying else seconds
        now = max(now, min(soonest, home.deadline or seconds, now + 0.25))
        if flying and flying[0][0] <= now:
            _, _, to, datagram = heapq.heappop(flying)
            if to == "home":
                events += home.receive(now, datagram)
            else:
                lns.receive(now, datagram)
        events += home.tick(now)
        lns.tick(now)
    return events, sent


FATES = st.lists(st.sampled_from(["arrives", "late", "twice"]), max_size=40)


@settings(deadline=None, max_examples=60)
@given(FATES, st.sets(st.integers(0, 39), max_size=3))
def test_a_home_connects_though_datagrams_are_lost_doubled_and_late(fates, lost):
    def fate(number: int, connected: bool) -> str:
        if connected:  # three echoes lost in a row rightly end a line
            return "arrives"
        if number in lost:
            return "lost"
        return fates[number] if number < len(fates) else "arrives"

    home = Session(SECRET, LOGIN, PASSWORD, random.Random(3).randbytes, connect_within=30)
    events, sent = live(home, 30, fate)
    up = {type(event): event for event in events}
    assert up.keys() == {Ipv4Up, Ipv6Up}
    assert up[Ipv4Up].address.packed == ADDRESS
    assert up[Ipv6Up].address.packed[8:] == IDENTIFIER
    assert sent < 400
    home.outbox.clear()
    for packet in (b"\x45", b"\x60"):
        home.send(packet)
    assert len(home.outbox) == 2


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 60))
def test_a_line_that_goes_dead_at_any_moment_ends_as_silence(alive):
    home = Session(SECRET, LOGIN, PASSWORD, random.Random(3).randbytes)
    events, sent = live(home, 60, lambda number, _: "arrives" if number < alive else "lost")
    assert isinstance(events[-1], Ending)
    assert events[-1].cause is Cause.SILENT
    assert sent < 100


FRAMES = st.one_of(
    st.binary(max_size=60),
    st.builds(
        lambda protocol, code, identifier, data: ppp.frame(protocol, Packet(code, identifier, data).encode()),
        st.sampled_from([int(protocol) for protocol in Protocol]),
        st.integers(0, 12),
        st.integers(0, 3),
        st.one_of(
            st.binary(max_size=20),
            st.lists(st.builds(ppp.Option, st.integers(0, 8), st.binary(max_size=8)), max_size=4).map(
                ppp.encode_options
            ),
        ),
    ),
)


@settings(deadline=None)
@given(st.integers(0, 12), st.lists(FRAMES, max_size=30), st.lists(st.binary(max_size=80), max_size=5))
def test_no_lns_however_mad_makes_a_home_fall_or_babble(sane, frames, datagrams):
    home = Session(SECRET, LOGIN, PASSWORD, random.Random(3).randbytes)
    lns = Lns()
    home.start(0.0)
    up: list[Event] = []
    for _ in range(sane):
        for datagram in home.outbox:
            lns.receive(0.0, datagram)
        home.outbox.clear()
        for datagram in lns.outbox:
            up += home.receive(0.0, datagram)
        lns.outbox.clear()
    home.outbox.clear()
    assert sane < 12 or len(up) == 2
    ours = random.Random(3)
    ours.randbytes(16)
    tunnel, session = (int.from_bytes(ours.randbytes(2), "big") for _ in range(2))
    mad = [Data(tunnel, session, frame).encode() for frame in frames] + datagrams
    for number, datagram in enumerate(mad):
        for event in home.receive(number / 10, datagram):
            assert isinstance(event, Ipv4Up | Ipv6Up | Arrived | Ending)
        home.tick(number / 10)
    assert len(home.outbox) <= 5 * len(mad) + 5
