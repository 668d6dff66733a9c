"""An agent of SNMPv2c on loopback that says what it is told to say, lies included (BER: ITU-T X.690, RFC 3416)."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

GET, NEXT, RESPONSE, BULK = 0xA0, 0xA1, 0xA2, 0xA5
END_OF_VIEW = (0x82, b"")
NOTHING = (0x05, b"")


def tlv(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 128:
        return bytes([tag, size]) + content
    digits = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(digits)]) + digits + content


def integer(value: int, tag: int = 0x02) -> bytes:
    return tlv(tag, value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True))


def oid(name: str) -> bytes:
    first, second, *rest = map(int, name.split("."))
    out = bytearray([first * 40 + second])
    for arc in rest:
        digits = [arc & 0x7F]
        while arc := arc >> 7:
            digits.append(arc & 0x7F | 0x80)
        out += bytes(reversed(digits))
    return tlv(0x06, bytes(out))


def parts(data: bytes) -> list[tuple[int, bytes]]:
    """The values that follow one another."""
    found = []
    while data:
        tag, size, head = data[0], data[1], 2
        if size & 0x80:
            head += size & 0x7F
            size = int.from_bytes(data[2:head], "big")
        found.append((tag, data[head : head + size]))
        data = data[head + size :]
    return found


def dotted(content: bytes) -> str:
    arcs, value = [content[0] // 40, content[0] % 40], 0
    for octet in content[1:]:
        value = value << 7 | octet & 0x7F
        if not octet & 0x80:
            arcs.append(value)
            value = 0
    return ".".join(map(str, arcs))


class Asked(NamedTuple):
    """A request, as it came."""

    community: bytes
    kind: int
    number: int
    repetitions: int
    names: list[str]
    values: list[bytes]


Value = tuple[int, bytes]
Said = Sequence[tuple[str, Value]]


def request(data: bytes) -> Asked:
    _, community, pdu = parts(parts(data)[0][1])
    number, _, third, binds = parts(pdu[1])
    pairs = [parts(content) for _, content in parts(binds[1])]
    names, values = [dotted(pair[0][1]) for pair in pairs], [pair[1][1] for pair in pairs]
    return Asked(community[1], pdu[0], int.from_bytes(number[1], "big"), int.from_bytes(third[1], "big"), names, values)


def reply(asked: Asked, said: Said, *, error: int = 0, number: int | None = None, version: int = 1) -> bytes:
    binds = b"".join(tlv(0x30, oid(name) + tlv(*value)) for name, value in said)
    body = integer(asked.number if number is None else number) + integer(error) + integer(0) + tlv(0x30, binds)
    return tlv(0x30, integer(version) + tlv(0x04, asked.community) + tlv(RESPONSE, body))


class Table:
    """Objects that are answered as RFC 3416 has it; what a liar does differently is up to the liar."""

    def __init__(self, objects: dict[str, Value]) -> None:
        self.order = sorted(objects, key=lambda name: tuple(map(int, name.split("."))))
        self.objects = objects

    def after(self, name: str, count: int) -> Said:
        key = tuple(map(int, name.split(".")))
        left = [one for one in self.order if tuple(map(int, one.split("."))) > key][:count]
        found = [(one, self.objects[one]) for one in left]
        return [*found, ((left or [name])[-1], END_OF_VIEW)] if len(found) < count else found

    def answer(self, asked: Asked) -> Said:
        if asked.kind == GET:
            return [(name, self.objects.get(name, (0x80, b""))) for name in asked.names]
        return self.after(asked.names[0], asked.repetitions if asked.kind == BULK else 1)


Behaviour = Callable[[Asked], "bytes | list[bytes]"]


class Agent:
    """Answers on a port of its own until it is closed, or at `place`; `requests` counts what it was asked."""

    def __init__(
        self, behaviour: Behaviour, family: int = socket.AF_INET, *, place: tuple[str, int] | None = None
    ) -> None:
        self.requests = 0
        self.seen: list[Asked] = []
        self._behaviour = behaviour
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        try:
            self._socket.bind(place or ("::1" if family == socket.AF_INET6 else "127.0.0.1", 0))
        except OSError:
            self._socket.close()
            raise
        self._socket.settimeout(0.05)
        self._other = socket.socket(family, socket.SOCK_DGRAM)
        self.from_elsewhere = False
        self.port: int = self._socket.getsockname()[1]
        self._going = True
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while self._going:
            try:
                data, whom = self._socket.recvfrom(65_535)
            except TimeoutError:
                continue
            self.requests += 1
            asked = request(data)
            self.seen.append(asked)
            said = self._behaviour(asked)
            for one in [said] if isinstance(said, bytes) else said:
                (self._other if self.from_elsewhere else self._socket).sendto(one, whom)

    def __enter__(self) -> Agent:
        return self

    def __exit__(self, *_: Any) -> None:
        self._going = False
        self._thread.join(5)
        self._socket.close()
        self._other.close()
