"""What a member would try: get and send a megabyte, and see how large a packet may be.

`python -m lab.traffic serve PORT` answers on TCP and UDP, IPv4 and IPv6, for the lab's Internet host.
`exchange` and `largest_packet` ask it from inside any machine's network namespace.

Over TCP the client says `essaim 1 WANTED SENT`, the server answers with the address that it sees, takes
SENT octets and gives their SHA-256, then gives WANTED octets and their SHA-256. Over UDP it is an echo.
"""

from __future__ import annotations

import errno
import hashlib
import os
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final

from foundation.errors import Unavailable
from foundation.reach import inside
from foundation.speech import Phrase

PORT: Final = 4242
MEGABYTE: Final = 1_000_000
LARGEST_EXCHANGE: Final = 16 * MEGABYTE
SERVER_SECONDS: Final = 20.0
CLIENTS: Final = 32
LARGEST_PACKET: Final = 1500
SMALLEST_PACKET: Final = {4: 576, 6: 1280}
HEADERS: Final = {4: 20 + 8, 6: 40 + 8}

_CHUNK: Final = 65536
_LONGEST_LINE: Final = 200
# Names that the standard library does not have (linux/in.h, linux/in6.h). PROBE sets "don't fragment"
# and ignores what the kernel learned of the path before.
_IP_MTU_DISCOVER: Final = 10
_IPV6_MTU_DISCOVER: Final = 23
_PMTUDISC_PROBE: Final = 3

NO_ANSWER: Final = Phrase("pas de réponse", "no answer")
NO_ROUTE: Final = Phrase("aucune route n'y mène", "no route leads there")
CLOSED: Final = Phrase("la connexion est refusée ou coupée", "the connection is refused or cut")
DAMAGED: Final = Phrase("les données arrivent abîmées", "the data arrives damaged")


class NoTraffic(Unavailable):
    """The path from a machine to a host carries nothing, or not what was sent."""

    kind = "no-traffic"
    phrase = Phrase(
        "Rien ne passe jusqu'à {host} : {reason}.",
        "Nothing gets through to {host}: {reason}.",
    )


@dataclass(frozen=True, slots=True)
class Exchange:
    """One exchange: the address the host saw, octets each way, and how long all of it took in seconds."""

    seen_address: IPv4Address | IPv6Address
    sent: int
    received: int
    seconds: float


def exchange(
    namespace: int,
    host: str,
    octets: int = MEGABYTE,
    *,
    source: str | None = None,
    port: int = PORT,
    seconds: float = 3,
) -> Exchange:
    """Send `octets` to `host` and get as many back, from inside the network namespace of a machine.

    Both digests are checked. `source` is the machine's address to speak from, where it has several.
    Raises NoTraffic within `seconds` (and a little) when the path is dead or damages what it carries.
    """
    began = time.monotonic()
    with inside(namespace), _sentences(host):
        conversation = _Conversation(_connect(host, port, source, seconds), began + seconds)
        with conversation:
            conversation.say(f"essaim 1 {octets} {octets}")
            seen = ip_address(conversation.line())
            payload = os.urandom(octets)
            conversation.send(payload)
            intact = conversation.line() == hashlib.sha256(payload).hexdigest()
            received, digest = conversation.receive(octets)
            intact &= conversation.line() == digest
    if not intact:
        raise NoTraffic(host=host, reason=DAMAGED)
    return Exchange(seen, octets, received, time.monotonic() - began)


def largest_packet(namespace: int, host: str, *, port: int = PORT, seconds: float = 3) -> int:
    """The largest IP packet, in octets with its headers, that goes to `host` and back in one piece.

    Raises NoTraffic within `seconds` (and a little) when not even the smallest comes back.
    """
    until = time.monotonic() + seconds
    version = ip_address(host).version
    low, high = SMALLEST_PACKET[version], LARGEST_PACKET
    with inside(namespace), _sentences(host):
        began = time.monotonic()
        if not _echoed(host, port, low, until):
            raise TimeoutError
        # An echo that takes many times longer than the first is not coming.
        patience = min(max(0.1, 20 * (time.monotonic() - began)), seconds / 12)
        while low < high:
            middle = (low + high + 1) // 2
            if _echoed(host, port, middle, time.monotonic() + patience):
                low = middle
            else:
                high = middle - 1
    return low


def serve(port: int) -> None:
    """Answer until killed. Bounded: 32 clients at once, 16 MB and 20 s each."""
    with socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True) as listener:
        threading.Thread(target=_echo, args=(port,), daemon=True).start()
        places = threading.BoundedSemaphore(CLIENTS)
        while True:
            client, address = listener.accept()
            if places.acquire(blocking=False):
                threading.Thread(target=_attend, args=(client, address[0], places), daemon=True).start()
            else:
                client.close()


class _Conversation:
    """A TCP connection with lines and counted octets, all before `until`. Raises OSError."""

    def __init__(self, connection: socket.socket, until: float) -> None:
        self._connection = connection
        self._until = until
        self._read = b""

    def __enter__(self) -> _Conversation:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def say(self, text: str) -> None:
        self.send(text.encode() + b"\n")

    def send(self, octets: bytes) -> None:
        view = memoryview(octets)
        while view:
            self._hurry()
            view = view[self._connection.send(view[:_CHUNK]) :]

    def line(self) -> str:
        while b"\n" not in self._read:
            if len(self._read) > _LONGEST_LINE:
                raise ConnectionError(errno.EPROTO, "line")
            self._read += self._some()
        line, _, self._read = self._read.partition(b"\n")
        return line.decode(errors="replace")

    def receive(self, count: int) -> tuple[int, str]:
        """Take `count` octets: how many came, and their digest."""
        digest = hashlib.sha256()
        left = count
        while left:
            piece = self._read or self._some()
            self._read = piece[left:]
            piece = piece[:left]
            digest.update(piece)
            left -= len(piece)
        return count - left, digest.hexdigest()

    def _some(self) -> bytes:
        self._hurry()
        octets = self._connection.recv(_CHUNK)
        if not octets:
            raise ConnectionResetError(errno.ECONNRESET, "closed")
        return octets

    def _hurry(self) -> None:
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._connection.settimeout(left)


def _connect(host: str, port: int, source: str | None, seconds: float) -> socket.socket:
    return socket.create_connection((host, port), seconds, (source, 0) if source else None)


@contextmanager
def _sentences(host: str) -> Iterator[None]:
    """Say as NoTraffic what the kernel says as OSError."""
    try:
        yield
    except TimeoutError as late:
        raise NoTraffic(host=host, reason=NO_ANSWER) from late
    except ConnectionError as closed:
        raise NoTraffic(host=host, reason=CLOSED) from closed
    except OSError as lost:
        if lost.errno not in (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EADDRNOTAVAIL, errno.EACCES):
            raise
        raise NoTraffic(host=host, reason=NO_ROUTE) from lost


def _echoed(host: str, port: int, size: int, until: float) -> bool:
    """Whether a packet of `size` octets comes back before `until`. A socket each: an ICMP error of one
    probe must not be taken for the answer to the next.
    """
    version = ip_address(host).version
    family = socket.AF_INET if version == 4 else socket.AF_INET6
    payload = os.urandom(size - HEADERS[version])
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        _never_fragment(probe)
        probe.connect((host, port))
        while (left := until - time.monotonic()) > 0:
            probe.settimeout(min(left, 0.5))
            try:
                probe.send(payload)
                if probe.recv(LARGEST_PACKET) == payload:
                    return True
            except TimeoutError:
                continue
            except OSError as refused:
                if refused.errno == errno.EMSGSIZE:
                    return False
                raise
    return False


def _never_fragment(sock: socket.socket) -> None:
    if sock.family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, _IPV6_MTU_DISCOVER, _PMTUDISC_PROBE)
    sock.setsockopt(socket.IPPROTO_IP, _IP_MTU_DISCOVER, _PMTUDISC_PROBE)


def _attend(connection: socket.socket, address: str, places: threading.BoundedSemaphore) -> None:
    try:
        with _Conversation(connection, time.monotonic() + SERVER_SECONDS) as conversation:
            hello, version, wanted, sent = conversation.line().split()
            sizes = int(wanted), int(sent)
            if (hello, version) != ("essaim", "1") or not 0 <= min(sizes) <= max(sizes) <= LARGEST_EXCHANGE:
                return
            conversation.say(address.removeprefix("::ffff:"))
            _, digest = conversation.receive(sizes[1])
            conversation.say(digest)
            payload = os.urandom(sizes[0])
            conversation.send(payload)
            conversation.say(hashlib.sha256(payload).hexdigest())
    except (OSError, ValueError):
        return  # a client that goes away or speaks something else is its own affair
    finally:
        places.release()


def _echo(port: int) -> None:
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as echo:
        echo.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        echo.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
        _never_fragment(echo)
        echo.bind(("::", port))
        while True:
            try:
                payload, ancillary, _, client = echo.recvmsg(LARGEST_PACKET, 256)
                # The answer leaves from the address that was asked.
                echo.sendmsg([payload], ancillary, 0, client)
            except OSError:
                continue  # an answer too large for the way back is the finding, not a fault


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] != "serve":
        sys.exit("python -m lab.traffic serve PORT")
    serve(int(sys.argv[2]))
