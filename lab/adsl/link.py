"""The box's end of a PPP link: LCP, then a login by CHAP or PAP, then IPv4 and IPv6 side by side. No sockets.

Frames for the LNS gather in `outbox`; what happens comes back as events.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import Final, TypeAlias

from lab.adsl import ppp
from lab.adsl.ending import Cause, Ending
from lab.adsl.negotiation import Negotiation, Verdict
from lab.adsl.ppp import Challenge, Code, IpcpOption, LcpOption, Packet, Protocol

ECHO_INTERVAL: Final = 2.0
ECHOES_LOST: Final = 3
LOGIN_SECONDS: Final = 3.0
LOGIN_TRIES: Final = 4
_NOWHERE: Final = bytes(4)


@dataclass(frozen=True, slots=True)
class Ipv4Up:
    """The addresses of a link, ours and the LNS's, and the resolvers it named."""

    address: IPv4Address
    peer: IPv4Address
    resolvers: tuple[IPv4Address, ...]


@dataclass(frozen=True, slots=True)
class Ipv6Up:
    """IPv6 is open on the link, with this link-local address of ours."""

    address: IPv6Address


@dataclass(frozen=True, slots=True)
class Arrived:
    """An IP packet for the home."""

    octets: bytes


Event: TypeAlias = Ipv4Up | Ipv6Up | Arrived | Ending


class Link:
    """One PPP link over a channel of frames of at most `mru` octets of payload.

    Every `echo_every` seconds the other end is asked whether it lives.
    """

    def __init__(
        self,
        login: bytes,
        password: bytes,
        mru: int,
        random: Callable[[int], bytes],
        echo_every: float = ECHO_INTERVAL,
    ) -> None:
        self.outbox: list[bytes] = []
        self._login = login
        self._password = password
        self._mru = mru
        self._echo_every = echo_every
        magic = random(4)
        self._lcp = Negotiation({LcpOption.MRU: mru.to_bytes(2, "big"), LcpOption.MAGIC: magic}, _judge_lcp)
        asked = (IpcpOption.ADDRESS, IpcpOption.PRIMARY_DNS, IpcpOption.SECONDARY_DNS)
        self._ipcp = Negotiation(dict.fromkeys(asked, _NOWHERE), _judge_ipcp)
        # The "u" bit is clear: an identifier made up here is not worldwide (RFC 5072, 4.1).
        self._ipv6cp = Negotiation({ppp.INTERFACE_IDENTIFIER: b"\x00" + random(7)}, _judge_ipv6cp)
        self._protocols = {Protocol.LCP: self._lcp, Protocol.IPCP: self._ipcp, Protocol.IPV6CP: self._ipv6cp}
        self._phase = "establish"
        self._up: set[Protocol] = set()
        self._echo_at: float | None = None
        self._login_at: float | None = None
        self._login_tries = 0
        self._answers: dict[int, bytes] = {}
        self._unanswered = 0
        self._identifier = 0

    @property
    def mtu(self) -> int:
        """The largest IP packet that both ends take, in octets."""
        said = self._lcp.theirs.get(LcpOption.MRU)
        theirs = int.from_bytes(said, "big") if said else ppp.LARGEST_PACKET
        return min(self._mru, theirs)

    @property
    def logging_in(self) -> bool:
        """Whether the LNS has our login and has not answered yet."""
        return self._phase == "login" and bool(self._answers)

    def said_of(self, ending: Ending) -> Ending:
        """What the end of the call means: some, l2tpns among them, refuse a login by that and nothing else."""
        return Ending(Cause.REFUSED, ending.detail) if ending.cause is Cause.CUT and self.logging_in else ending

    @property
    def ipv6_settled(self) -> bool:
        """Whether IPv6 is open, or known not to come."""
        return Protocol.IPV6CP in self._up or self._ipv6cp.failed

    @property
    def deadline(self) -> float | None:
        """When `tick` has something to do, or None."""
        times = [self._echo_at, self._login_at, *(negotiation.deadline for negotiation in self._protocols.values())]
        return min((time for time in times if time is not None), default=None)

    def start(self, now: float) -> None:
        """The channel is open: begin with LCP."""
        self._lcp.start(now)
        self._flush()

    def send(self, packet: bytes) -> None:
        """An IP packet of the home, dropped while its protocol is not open."""
        version = packet[0] >> 4 if packet else 0
        if version == 4 and Protocol.IPCP in self._up:
            self.outbox.append(ppp.frame(Protocol.IPV4, packet))
        elif version == 6 and Protocol.IPV6CP in self._up:
            self.outbox.append(ppp.frame(Protocol.IPV6, packet))

    def receive(self, now: float, frame: bytes) -> list[Event]:
        """Take one frame from the LNS. Raises Malformed."""
        protocol, payload = ppp.unframe(frame)
        self._unanswered = 0
        events: list[Event] = []
        match protocol:
            case Protocol.IPV4 | Protocol.IPV6:
                control = Protocol.IPCP if protocol == Protocol.IPV4 else Protocol.IPV6CP
                return [Arrived(payload)] if control in self._up else []
            case Protocol.LCP:
                events = self._on_lcp(now, Packet.decode(payload))
            case Protocol.CHAP | Protocol.PAP:
                events = self._on_login(now, protocol, Packet.decode(payload))
            case Protocol.IPCP:
                self._on_network(now, protocol, self._ipcp, Packet.decode(payload))
            case Protocol.IPV6CP:
                self._on_network(now, protocol, self._ipv6cp, Packet.decode(payload))
            case _:
                if self._phase != "establish":
                    self._say(Code.PROTOCOL_REJECT, protocol.to_bytes(2, "big") + payload[: self._mru - 6])
        return events or self._progress(now)

    def tick(self, now: float) -> list[Event]:
        """Do what is due."""
        for negotiation in self._protocols.values():
            negotiation.tick(now)
        if self._login_at is not None and now >= self._login_at:
            self._log_in_again(now)
        if self._echo_at is not None and now >= self._echo_at:
            if self._unanswered >= ECHOES_LOST:
                return [Ending(Cause.SILENT, "PPP echo")]
            self._unanswered += 1
            self._say(Code.ECHO_REQUEST, self._magic())
            self._echo_at = now + self._echo_every
        return self._progress(now)

    def hang_up(self) -> None:
        """Tell the other end that the link goes (RFC 1661, 5.5)."""
        self._say(Code.TERMINATE_REQUEST, b"")

    def _on_lcp(self, now: float, packet: Packet) -> list[Event]:
        match packet.code:
            case Code.CONFIGURE_REQUEST | Code.CONFIGURE_ACK | Code.CONFIGURE_NAK | Code.CONFIGURE_REJECT:
                self._lcp.receive(now, packet)
            case Code.TERMINATE_REQUEST:
                self._put(Protocol.LCP, Packet(Code.TERMINATE_ACK, packet.identifier))
                return [Ending(Cause.CUT, "PPP Terminate")]
            case Code.PROTOCOL_REJECT if packet.data[:2] == Protocol.IPV6CP.to_bytes(2, "big"):
                self._ipv6cp.stop()
            case Code.PROTOCOL_REJECT if packet.data[:2] == Protocol.IPCP.to_bytes(2, "big"):
                self._ipcp.stop()
            case Code.ECHO_REQUEST if self._lcp.opened:
                reply = Packet(Code.ECHO_REPLY, packet.identifier, self._magic() + packet.data[4:])
                self._put(Protocol.LCP, reply)
            case code if code == 0 or code > Code.DISCARD_REQUEST:
                self._say(Code.CODE_REJECT, packet.encode()[: self._mru - 4])
        return []

    def _on_login(self, now: float, protocol: int, packet: Packet) -> list[Event]:
        """A challenge may come at any time, also once the network is up (RFC 1994, 4.1)."""
        if self._phase == "establish" or protocol != self._login_protocol():
            return []
        succeeded, failed = (Challenge.SUCCESS, Challenge.FAILURE) if protocol == Protocol.CHAP else (2, 3)
        if packet.code == Challenge.CHALLENGE and protocol == Protocol.CHAP:
            challenge = ppp.chap_challenge(packet.data)
            response = ppp.chap_response(packet.identifier, self._password, challenge, self._login)
            self._log_in(now, protocol, Packet(Challenge.RESPONSE, packet.identifier, response))
        elif packet.identifier not in self._answers:
            return []
        elif packet.code == failed:
            said = packet.data if protocol == Protocol.CHAP else packet.data[1:]
            return [Ending(Cause.REFUSED, said.decode(errors="replace"))]
        elif packet.code == succeeded:
            self._answers.clear()
            self._login_at = None
            if self._phase == "login":
                self._begin_network(now)
        return []

    def _on_network(self, now: float, protocol: int, negotiation: Negotiation, packet: Packet) -> None:
        if self._phase != "network" or negotiation.failed:
            return
        if Code.CONFIGURE_REQUEST <= packet.code <= Code.CONFIGURE_REJECT:
            negotiation.receive(now, packet)
        elif packet.code == Code.TERMINATE_REQUEST:
            self._put(protocol, Packet(Code.TERMINATE_ACK, packet.identifier))
            negotiation.stop()

    def _progress(self, now: float) -> list[Event]:
        """Move on where a protocol has opened, and say so once."""
        events: list[Event] = []
        if self._lcp.failed:
            events.append(Ending(Cause.SILENT, "PPP LCP"))
        elif self._phase != "establish" and not self._lcp.opened:
            self._begin_again()
        elif self._phase == "establish" and self._lcp.opened:
            self._echo_at = now + self._echo_every
            self._phase = "login"
            self._ask_in(now)
        self._up = {protocol for protocol in self._up if self._protocols[protocol].opened}
        if self._ipcp.failed:
            events.append(Ending(Cause.CUT, "PPP IPCP"))
        elif self._ipcp.opened and Protocol.IPCP not in self._up:
            events.append(self._ipv4_up())
        if self._ipv6cp.opened and Protocol.IPV6CP not in self._up:
            self._up.add(Protocol.IPV6CP)
            identifier = self._ipv6cp.wanted.get(ppp.INTERFACE_IDENTIFIER, bytes(8))
            events.append(Ipv6Up(IPv6Address(b"\xfe\x80" + bytes(6) + identifier)))
        self._flush()
        return events

    def _ipv4_up(self) -> Event:
        address = self._ipcp.wanted.get(IpcpOption.ADDRESS, _NOWHERE)
        if address == _NOWHERE:
            return Ending(Cause.CUT, "PPP IPCP")
        self._up.add(Protocol.IPCP)
        asked = (self._ipcp.wanted.get(kind) for kind in (IpcpOption.PRIMARY_DNS, IpcpOption.SECONDARY_DNS))
        peer = self._ipcp.theirs.get(IpcpOption.ADDRESS, _NOWHERE)
        resolvers = tuple(IPv4Address(octets) for octets in asked if octets and octets != _NOWHERE)
        return Ipv4Up(IPv4Address(address), IPv4Address(peer), resolvers)

    def _login_protocol(self) -> int | None:
        asked = self._lcp.theirs.get(LcpOption.AUTHENTICATION)
        return int.from_bytes(asked[:2], "big") if asked else None

    def _ask_in(self, now: float) -> None:
        """Begin the login: with CHAP the LNS speaks first, with PAP we do; without either, there is none."""
        protocol = self._login_protocol()
        if protocol is None:
            self._begin_network(now)
        elif protocol == Protocol.PAP:
            self._log_in(now, protocol, Packet(1, 1, ppp.pap_request(self._login, self._password)))

    def _log_in(self, now: float, protocol: int, answer: Packet) -> None:
        frame = ppp.frame(protocol, answer.encode())
        self._answers[answer.identifier] = frame
        self._flush()
        self.outbox.append(frame)
        self._login_tries = 1
        self._login_at = now + LOGIN_SECONDS

    def _log_in_again(self, now: float) -> None:
        """Repeat our answers: what the LNS thinks of them may have been lost (RFC 1994, 4.2).

        There are several after a challenge that came late, and the LNS stands by one of them only.
        """
        self._flush()
        self.outbox += self._answers.values()
        self._login_tries += 1
        self._login_at = now + LOGIN_SECONDS if self._login_tries < LOGIN_TRIES else None

    def _begin_again(self) -> None:
        """LCP is no longer open, and all that stood on it falls, the login too (RFC 1661, 3.4)."""
        self._phase = "establish"
        self._answers.clear()
        self._login_at = self._echo_at = None
        self._ipcp.down()
        self._ipv6cp.down()

    def _begin_network(self, now: float) -> None:
        self._phase = "network"
        self._ipcp.start(now)
        self._ipv6cp.start(now)

    def _magic(self) -> bytes:
        return self._lcp.wanted.get(LcpOption.MAGIC, bytes(4))

    def _say(self, code: int, data: bytes) -> None:
        self._identifier = (self._identifier + 1) % 256
        self._put(Protocol.LCP, Packet(code, self._identifier, data))

    def _put(self, protocol: int, packet: Packet) -> None:
        self._flush()
        self.outbox.append(ppp.frame(protocol, packet.encode()))

    def _flush(self) -> None:
        for protocol, negotiation in self._protocols.items():
            self.outbox += [ppp.frame(protocol, packet.encode()) for packet in negotiation.outbox]
            negotiation.outbox.clear()


def _judge_lcp(kind: int, value: bytes) -> Verdict | bytes:
    match kind:
        case LcpOption.MRU if len(value) == 2:
            enough = int.from_bytes(value, "big") >= ppp.SMALLEST_PACKET
            return Verdict.ACCEPT if enough else ppp.SMALLEST_PACKET.to_bytes(2, "big")
        case LcpOption.AUTHENTICATION:
            return Verdict.ACCEPT if value in (ppp.CHAP_MD5, ppp.PAP) else ppp.CHAP_MD5
        case LcpOption.MAGIC | LcpOption.ASYNC_MAP if len(value) == 4:
            return Verdict.ACCEPT
        case LcpOption.PROTOCOL_COMPRESSION | LcpOption.ADDRESS_COMPRESSION if not value:
            return Verdict.ACCEPT
        case _:
            return Verdict.REJECT


def _judge_ipcp(kind: int, value: bytes) -> Verdict | bytes:
    return Verdict.ACCEPT if kind == IpcpOption.ADDRESS and len(value) == 4 else Verdict.REJECT


def _judge_ipv6cp(kind: int, value: bytes) -> Verdict | bytes:
    known = kind == ppp.INTERFACE_IDENTIFIER and len(value) == 8 and value != bytes(8)
    return Verdict.ACCEPT if known else Verdict.REJECT
