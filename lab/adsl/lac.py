"""The wholesaler's side of L2TP: one tunnel to the LNS and the calls in it (RFC 2661). No sockets.

Octets for the LNS gather in `outbox`; what happens comes back as events. Time is passed in, in seconds
of a clock that never goes back.
"""

from __future__ import annotations

import hmac
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from lab.adsl import l2tp
from lab.adsl.ending import Cause, Ending
from lab.adsl.l2tp import Attribute, Avp, Control, Data, MessageType

FIRST_RETRANSMISSION: Final = 1.0
LONGEST_RETRANSMISSION: Final = 8.0
TRANSMISSIONS: Final = 6
DEFAULT_WINDOW: Final = 4
OUR_WINDOW: Final = 8
CLEAR: Final = 1
ADMINISTRATIVE: Final = 3
NOT_AUTHORIZED: Final = 4
_MODULO: Final = 1 << 16


@dataclass(frozen=True, slots=True)
class CallOpen:
    """PPP may begin in a call, known by our number of it."""

    call: int


@dataclass(frozen=True, slots=True)
class Frame:
    """A PPP frame from the LNS."""

    call: int
    octets: bytes


@dataclass(frozen=True, slots=True)
class CallEnded:
    """The LNS ended one call; the tunnel and its other calls stand."""

    call: int
    ending: Ending


Event: TypeAlias = CallOpen | Frame | CallEnded | Ending
"""An Ending is the tunnel's, and that of every call in it."""


class Delivery:
    """Reliable, ordered delivery of control messages (RFC 2661, 5.8)."""

    def __init__(self) -> None:
        self.outbox: list[bytes] = []
        self.tunnel = 0
        self.window = DEFAULT_WINDOW
        self.deadline: float | None = None
        self._next = 0
        self._expected = 0
        self._unacknowledged: deque[tuple[int, int, tuple[Avp, ...]]] = deque()
        self._waiting: deque[tuple[int, tuple[Avp, ...]]] = deque()
        self._transmissions = 0

    def send(self, now: float, session: int, *avps: Avp) -> None:
        """Send now, or as soon as the peer's window allows."""
        self._waiting.append((session, avps))
        self._fill(now)

    def receive(self, now: float, message: Control) -> bool:
        """Whether `message` is the next one, not a repetition, a gap or an acknowledgement alone."""
        self._acknowledged(now, message.nr)
        if not message.avps:
            return False
        age = (self._expected - message.ns) % _MODULO
        if age == 0:
            self._expected = (self._expected + 1) % _MODULO
        if age < _MODULO // 2:
            self.outbox.append(Control(self.tunnel, 0, self._next, self._expected).encode())
        return age == 0

    def tick(self, now: float) -> bool:
        """Send again what is due; False once the peer has left the same message unanswered too often."""
        if self.deadline is None or now < self.deadline:
            return True
        if self._transmissions >= TRANSMISSIONS:
            self.deadline = None
            return False
        for ns, session, avps in self._unacknowledged:
            self._emit(ns, session, avps)
        self.deadline = now + min(FIRST_RETRANSMISSION * 2**self._transmissions, LONGEST_RETRANSMISSION)
        self._transmissions += 1
        return True

    @property
    def roomy(self) -> bool:
        """Whether half of the peer's window is free, so that an answer need not wait for a question."""
        return len(self._unacknowledged) + len(self._waiting) < max(1, self.window // 2)

    @property
    def settled(self) -> bool:
        """Whether the peer has acknowledged all that was sent."""
        return not self._unacknowledged and not self._waiting

    def _acknowledged(self, now: float, nr: int) -> None:
        if (self._next - nr) % _MODULO > len(self._unacknowledged):
            return
        while self._unacknowledged and self._unacknowledged[0][0] != nr:
            self._unacknowledged.popleft()
            self._transmissions = 0
            self.deadline = None
        self._fill(now)
        if self._unacknowledged and self.deadline is None:
            self._start_timer(now)

    def _fill(self, now: float) -> None:
        while self._waiting and len(self._unacknowledged) < self.window:
            session, avps = self._waiting.popleft()
            self._unacknowledged.append((self._next, session, avps))
            self._emit(self._next, session, avps)
            self._next = (self._next + 1) % _MODULO
            if self.deadline is None:
                self._start_timer(now)

    def _start_timer(self, now: float) -> None:
        self.deadline = now + FIRST_RETRANSMISSION
        self._transmissions = 1

    def _emit(self, ns: int, session: int, avps: tuple[Avp, ...]) -> None:
        self.outbox.append(Control(self.tunnel, session, ns, self._expected, avps).encode())


@dataclass(slots=True)
class _Call:
    serial: int
    theirs: int = 0
    state: Literal["waiting", "asked", "open"] = "waiting"


class Lac:
    """One tunnel and the incoming calls in it: `dial`, `start`, then `receive` and `tick` until an Ending."""

    def __init__(self, secret: bytes, random: Callable[[int], bytes], name: str = "lac", caller: bytes = b"") -> None:
        self._secret = secret
        self._caller = caller
        self._random = random
        self._challenge = random(16)
        self._name = name
        self._delivery = Delivery()
        self._our_tunnel = int.from_bytes(random(2), "big") or 1
        self._calls: dict[int, _Call] = {}
        self._to_ask: deque[int] = deque()
        self._dialled = 0
        self._state: Literal["idle", "tunnel", "open", "ended"] = "idle"

    @property
    def outbox(self) -> list[bytes]:
        """Datagrams to send, in order; the caller empties it."""
        return self._delivery.outbox

    @property
    def deadline(self) -> float | None:
        """When `tick` has something to do, or None."""
        return self._delivery.deadline

    @property
    def settled(self) -> bool:
        """Whether the LNS has heard all that we said."""
        return self._delivery.settled

    def dial(self, now: float) -> int:
        """Place a call, now or as soon as the tunnel stands; gives our number of it."""
        number = 0
        while number == 0 or number in self._calls:
            number = int.from_bytes(self._random(2), "big")
        self._dialled += 1
        self._calls[number] = _Call(self._dialled)
        self._to_ask.append(number)
        self._ask_next(now)
        return number

    def start(self, now: float) -> None:
        """Ask for a tunnel, proving that we know the secret and asking the same of the LNS."""
        self._state = "tunnel"
        self._delivery.send(
            now,
            0,
            l2tp.number(Attribute.MESSAGE_TYPE, MessageType.SCCRQ),
            Avp(Attribute.PROTOCOL_VERSION, b"\x01\x00"),
            l2tp.number(Attribute.FRAMING_CAPABILITIES, 3, 4),
            Avp(Attribute.HOST_NAME, self._name.encode()),
            l2tp.number(Attribute.ASSIGNED_TUNNEL, self._our_tunnel),
            l2tp.number(Attribute.RECEIVE_WINDOW, OUR_WINDOW),
            Avp(Attribute.CHALLENGE, self._challenge),
        )

    def receive(self, now: float, datagram: bytes) -> list[Event]:
        """Take one datagram from the LNS. Raises Malformed, having changed nothing that matters."""
        message = l2tp.decode(datagram)
        if message.tunnel != self._our_tunnel:
            return []
        if isinstance(message, Data):
            call = self._calls.get(message.session)
            ours = call is not None and call.state == "open"
            return [Frame(message.session, message.frame)] if ours else []
        if message.type == MessageType.SCCRP and self._state == "tunnel":
            self._delivery.tunnel = message.number(Attribute.ASSIGNED_TUNNEL) or 0
            self._delivery.window = max(1, message.number(Attribute.RECEIVE_WINDOW) or DEFAULT_WINDOW)
        events = self._act(now, message) if self._delivery.receive(now, message) else []
        self._ask_next(now)
        return events

    def tick(self, now: float) -> list[Ending]:
        """Do what is due."""
        if self._delivery.tick(now) or self._state == "ended":
            return []
        self._state = "ended"
        return [Ending(Cause.SILENT, "L2TP")]

    def carry(self, number: int, frame: bytes) -> None:
        """Send a PPP frame of a call to the LNS; one of a call that is not open is lost, as on any wire."""
        call = self._calls.get(number)
        if call is not None and call.state == "open":
            self.outbox.append(Data(self._delivery.tunnel, call.theirs, frame).encode())

    def end(self, now: float, number: int) -> None:
        """Hang one call up (CDN); the tunnel and its other calls stand."""
        call = self._calls.pop(number, None)
        if call is not None and call.state == "open":
            self._delivery.send(
                now,
                call.theirs,
                l2tp.number(Attribute.MESSAGE_TYPE, MessageType.CDN),
                l2tp.number(Attribute.RESULT_CODE, ADMINISTRATIVE),
                l2tp.number(Attribute.ASSIGNED_SESSION, number),
            )

    def hang_up(self, now: float) -> None:
        """Say goodbye to the tunnel, which ends every call in it (StopCCN); `settled` tells when the LNS has heard."""
        if self._state != "ended":
            self._stop(now, CLEAR)

    def _act(self, now: float, message: Control) -> list[Event]:
        match (message.type, self._state):
            case (MessageType.SCCRP, "tunnel"):
                return self._tunnel_answered(now, message)
            case (MessageType.STOP_CCN, _) if self._state != "ended":
                code, said = l2tp.result(message.avps)
                refused = code == NOT_AUTHORIZED and not any(call.state == "open" for call in self._calls.values())
                self._state = "ended"
                self._calls.clear()
                return [Ending(Cause.REFUSED if refused else Cause.CUT, f"L2TP StopCCN {said}".strip())]
            case (MessageType.ICRP, "open"):
                return self._call_answered(now, message)
            case (MessageType.CDN, "open") if self._calls.pop(message.session, None) is not None:
                _, said = l2tp.result(message.avps)
                return [CallEnded(message.session, Ending(Cause.CUT, f"L2TP CDN {said}".strip()))]
            case _:
                return []  # HELLO is answered by its acknowledgement; the rest does not concern a LAC

    def _tunnel_answered(self, now: float, message: Control) -> list[Event]:
        expected = l2tp.proof(MessageType.SCCRP, self._secret, self._challenge)
        if not hmac.compare_digest(message.value(Attribute.CHALLENGE_RESPONSE) or b"", expected):
            self._stop(now, NOT_AUTHORIZED)
            return [Ending(Cause.REFUSED, "L2TP secret")]
        answer = [l2tp.number(Attribute.MESSAGE_TYPE, MessageType.SCCCN)]
        challenge = message.value(Attribute.CHALLENGE)
        if challenge is not None:
            response = l2tp.proof(MessageType.SCCCN, self._secret, challenge)
            answer.append(Avp(Attribute.CHALLENGE_RESPONSE, response))
        self._delivery.send(now, 0, *answer)
        self._state = "open"
        return []

    def _ask_next(self, now: float) -> None:
        """Ask for calls as the window allows: an LNS that hears PPP before ICCN begins the call all over again."""
        while self._state == "open" and self._to_ask and self._delivery.roomy:
            number = self._to_ask.popleft()
            if number in self._calls:
                self._ask(now, number)

    def _ask(self, now: float, number: int) -> None:
        call = self._calls[number]
        asked = [
            l2tp.number(Attribute.MESSAGE_TYPE, MessageType.ICRQ),
            l2tp.number(Attribute.ASSIGNED_SESSION, number),
            l2tp.number(Attribute.CALL_SERIAL_NUMBER, call.serial, 4),
        ]
        if self._caller:
            asked.append(Avp(Attribute.CALLING_NUMBER, self._caller))
        self._delivery.send(now, 0, *asked)
        call.state = "asked"

    def _call_answered(self, now: float, message: Control) -> list[Event]:
        call = self._calls.get(message.session)
        if call is None or call.state != "asked":
            return []
        call.theirs = message.number(Attribute.ASSIGNED_SESSION) or 0
        self._delivery.send(
            now,
            call.theirs,
            l2tp.number(Attribute.MESSAGE_TYPE, MessageType.ICCN),
            l2tp.number(Attribute.CONNECT_SPEED, 18_000_000, 4),
            l2tp.number(Attribute.FRAMING_TYPE, 1, 4),
        )
        call.state = "open"
        return [CallOpen(message.session)]

    def _stop(self, now: float, code: int) -> None:
        if self._delivery.tunnel:
            self._delivery.send(
                now,
                0,
                l2tp.number(Attribute.MESSAGE_TYPE, MessageType.STOP_CCN),
                l2tp.number(Attribute.ASSIGNED_TUNNEL, self._our_tunnel),
                l2tp.number(Attribute.RESULT_CODE, code),
            )
        self._state = "ended"
        self._calls.clear()
