"""A wholesaler's LAC with its subscribers: hundreds of PPP sessions in one program (`python -m lab.adsl.wholesaler`).

Reads one JSON object from standard input, so that no secret is ever an argument or a variable:

    {"lns": [{"address": "100.64.2.1", "secret": "…"}, …], "logins": [["l0001@fai.example", "…"], …],
     "interface": "adsl0", "at_once": 32, "connect_within": 30, "echo_every": 10}

The subscribers go to the first LNS; where it does not answer, or answers no more, all go to the next, as a
wholesaler's steering has them. Writes one JSON object a line to standard output: `connected` for each subscriber with
the addresses, `all` once each is connected or will not be, `closed` for one that ends later, `tunnel` when a tunnel is
lost. Ends with `refused` or `closed`, and as `ending.Cause` says.
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import socket
import sys
import time
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from typing import Final

from foundation.errors import EssaimError, Invalid
from foundation.speech import language_of_environment
from lab.adsl import l2tp
from lab.adsl.client import BATCH, GOODBYE_SECONDS, LARGEST_DATAGRAM, USAGE, BadSettings, NoCollection
from lab.adsl.collection import AT_ONCE, CONNECT_SECONDS, ECHO_SECONDS, Collection
from lab.adsl.ending import Cause, Ending
from lab.adsl.subscriber import Login, Subscriber
from lab.adsl.tun import Tun
from lab.program import announce, stop_signal

MOST: Final = 4096
"""Subscribers of one program."""
BUFFER: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Way:
    """An LNS, and the secret that its tunnel takes, which never shows."""

    lns: IPv4Address
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Settings:
    """Who connects, to which LNS first, and how gently."""

    ways: tuple[Way, ...]
    logins: tuple[Login, ...]
    interface: str = "adsl0"
    at_once: int = AT_ONCE
    connect_within: float = CONNECT_SECONDS
    echo_every: float = ECHO_SECONDS

    @classmethod
    def read(cls, text: str) -> Settings:
        """From JSON. Raises BadSettings."""
        try:
            given = json.loads(text)
            ways = tuple(Way(IPv4Address(each["address"]), str(each["secret"])) for each in given["lns"])
            logins = tuple(Login(str(name), str(password)) for name, password in given["logins"])
            if not ways or not 0 < len(logins) <= MOST:
                raise ValueError("nobody")
            return cls(
                ways,
                logins,
                interface=str(given.get("interface", "adsl0")),
                at_once=max(1, int(given.get("at_once", AT_ONCE))),
                connect_within=float(given.get("connect_within", CONNECT_SECONDS)),
                echo_every=max(0.1, float(given.get("echo_every", ECHO_SECONDS))),
            )
        except KeyError as absent:
            raise BadSettings(reason=absent) from absent
        except (ValueError, TypeError, AttributeError) as unreadable:
            # The text may hold passwords: only the kind of error is said.
            raise BadSettings(reason=type(unreadable).__name__) from None


class Wholesaler:
    """The whole of it, from the first datagram to the last."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._tun = Tun(settings.interface)

    def run(self, asked_to_stop: socket.socket) -> Ending:
        """Connect and carry packets until told to stop, or until no LNS takes anybody."""
        ending, fruitless, turn = Ending(Cause.SILENT), 0, 0
        with contextlib.closing(self._tun):
            while fruitless < len(self._settings.ways):
                way = self._settings.ways[turn % len(self._settings.ways)]
                with contextlib.closing(_Tunnel(self._settings, way, self._tun)) as tunnel:
                    ending = tunnel.run(asked_to_stop)
                if ending.cause in (Cause.HUNG_UP, Cause.REFUSED):
                    return ending
                announce("tunnel", lns=str(way.lns), reason=_word(ending), detail=ending.detail)
                fruitless, turn = 0 if tunnel.anybody else fruitless + 1, turn + 1
        return ending


class _Tunnel:
    """One tunnel to one LNS, on a socket of its own."""

    def __init__(self, settings: Settings, way: Way, tun: Tun) -> None:
        self.anybody = False
        self._way, self._tun = way, tun
        self._began = time.monotonic()
        self._decided = False
        self._told_to_stop = False
        self._collection = Collection(
            way.secret.encode(),
            settings.logins,
            os.urandom,
            at_once=settings.at_once,
            connect_within=settings.connect_within,
            echo_every=settings.echo_every,
        )
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        # A burst of hundreds of sessions must fit; the kernel grants what it will.
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)

    def close(self) -> None:
        """Give the socket back."""
        self._socket.close()

    def run(self, asked_to_stop: socket.socket) -> Ending:
        """Until told to stop, or until the tunnel is gone. Raises NoCollection, NoInterface."""
        try:
            self._socket.bind(("", l2tp.PORT))
            self._socket.connect((str(self._way.lns), l2tp.PORT))
        except OSError as refused:
            raise NoCollection(lns=self._way.lns, reason=refused.strerror) from refused
        with selectors.DefaultSelector() as selector:
            selector.register(self._socket, selectors.EVENT_READ, self._on_datagrams)
            selector.register(self._tun.descriptor, selectors.EVENT_READ, self._on_packets)
            selector.register(asked_to_stop, selectors.EVENT_READ, self._on_stop)
            self._collection.start(time.monotonic())
            while self._collection.ending is None and not self._told_to_stop:
                self._turn(selector)
        ending = self._collection.ending or Ending(Cause.HUNG_UP)
        self._say_goodbye()
        return ending

    def _turn(self, selector: selectors.BaseSelector) -> None:
        self._send()
        due = self._collection.deadline
        for key, _ in selector.select(None if due is None else max(0.0, due - time.monotonic())):
            key.data()
        self._collection.tick(time.monotonic())
        for each in self._collection.told:
            self._tell(each)
        self._collection.told.clear()
        if self._collection.decided and not self._decided and self._collection.ending is None:
            self._all_decided()

    def _send(self) -> None:
        for datagram in self._collection.outbox:
            # An LNS that is not there answers with ICMP: the protocols' own timers decide what it means.
            with contextlib.suppress(OSError):
                self._socket.send(datagram)
        self._collection.outbox.clear()

    def _on_datagrams(self) -> None:
        for _ in range(BATCH):
            try:
                datagram = self._socket.recv(LARGEST_DATAGRAM)
            except BlockingIOError:
                return
            except ConnectionError:
                continue
            for packet in self._collection.receive(time.monotonic(), datagram):
                self._tun.write(packet)

    def _on_packets(self) -> None:
        for _ in range(BATCH):
            packet = self._tun.read()
            if packet is None:
                return
            self._collection.send(packet)

    def _on_stop(self) -> None:
        self._told_to_stop = True

    def _tell(self, each: Subscriber) -> None:
        if each.ending is not None:
            announce("closed", login=each.login, reason=_word(each.ending), detail=each.ending.detail)
        elif each.ipv4 is not None and each.connected_at is not None:
            self.anybody = True
            announce(
                "connected",
                login=each.login,
                ipv4=str(each.ipv4.address),
                prefix=str(each.lease.prefix) if each.lease else None,
                mtu=each.mtu,
                seconds=round(each.connected_at - each.dialled_at, 3),
            )

    def _all_decided(self) -> None:
        self._decided = True
        up = [each for each in self._collection.subscribers if each.connected_at is not None and each.ending is None]
        self._tun.up(min((each.mtu for each in up), default=1280))
        self._tun.carry_many(
            [each.ipv4.address for each in up if each.ipv4], [each.lease.prefix for each in up if each.lease]
        )
        announce(
            "all",
            lns=str(self._way.lns),
            connected=len(up),
            refused=[each.login for each in self._collection.subscribers if each not in up],
            seconds=round(time.monotonic() - self._began, 3),
        )

    def _say_goodbye(self) -> None:
        """Hang up, and give the LNS a moment to hear it."""
        now = time.monotonic()
        until = now + GOODBYE_SECONDS
        self._collection.hang_up(now)
        while True:
            self._send()
            if self._collection.settled or now >= until:
                return
            self._socket.settimeout(max(0.001, min(until, self._collection.deadline or until) - now))
            with contextlib.suppress(OSError):
                self._collection.receive(now, self._socket.recv(LARGEST_DATAGRAM))
            now = time.monotonic()
            self._collection.tick(now)


def _word(ending: Ending) -> str:
    return ending.cause.name.lower().replace("_", "-")


def main() -> int:
    """Read who connects from standard input and hold their sessions until told to stop."""
    told = stop_signal()
    language = language_of_environment()
    try:
        ending = Wholesaler(Settings.read(sys.stdin.read())).run(told)
    except EssaimError as refused:
        announce("closed", reason=refused.kind, detail=refused.sentence("en"))
        sys.stderr.write(refused.sentence(language) + "\n")
        return USAGE if isinstance(refused, Invalid) else refused.exit_status
    event = "refused" if ending.cause is Cause.REFUSED else "closed"
    announce(event, reason=_word(ending), detail=ending.detail)
    if ending.cause is not Cause.HUNG_UP:
        sys.stderr.write(ending.phrase.say(language, detail=ending.detail) + "\n")
    return int(ending.cause)


if __name__ == "__main__":
    sys.exit(main())
