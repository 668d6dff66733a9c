"""A home that connects: sockets, a TUN interface, and the protocols between them.

Reads one JSON object from standard input, so that no secret is ever an argument or a variable:

    {"lns": "100.64.2.1", "secret": "…", "login": "…", "password": "…",
     "interface": "adsl0", "routed": ["203.0.113.64/29"], "connect_within": 15, "caller": "0199001234",
     "behind": {"interface": "lan0", "neighbours": [{"ipv4": […], "ipv6": […], "router": "fe80::a"}]}}

`routed` is what the box has for itself; what is of neighbours behind it is handed on to them.

Writes one JSON object a line to standard output: `connected` with the addresses, `prefix` when the
delegated prefix comes late or changes, then `refused` or `closed`. Ends as `ending.Cause` says.
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import socket
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Address
from typing import Final

from foundation.errors import EssaimError, Invalid, Unavailable
from foundation.speech import Phrase, language_of_environment
from lab.adsl import dhcpv6, l2tp
from lab.adsl.behind import Neighbour, hand_on
from lab.adsl.ending import Cause, Ending
from lab.adsl.link import Arrived, Event, Ipv4Up, Ipv6Up
from lab.adsl.octets import Malformed
from lab.adsl.session import Session
from lab.adsl.tun import Tun
from lab.program import announce, stop_signal

PREFIX_SECONDS: Final = 3.0
GOODBYE_SECONDS: Final = 1.0
BATCH: Final = 64
LARGEST_DATAGRAM: Final = 65536
USAGE: Final = 2


class BadSettings(Invalid):
    """What came on standard input does not describe a home."""

    kind = "bad-home"
    phrase = Phrase(
        "La description du foyer n'est pas lisible ({reason}). Rien n'a été lancé.",
        "The description of the home cannot be read ({reason}). Nothing was started.",
    )


class NoCollection(Unavailable):
    """This machine cannot speak L2TP to the LNS at all."""

    kind = "no-collection"
    phrase = Phrase(
        "Impossible de joindre le LNS {lns} depuis ici ({reason}). Vérifier le lien de collecte, "
        "et qu'aucun autre foyer n'est déjà lancé.",
        "The LNS {lns} cannot be reached from here ({reason}). Check the collection link, "
        "and that no other home is already running.",
    )


@dataclass(frozen=True, slots=True)
class Settings:
    """What a home needs to connect; the two secrets never show."""

    lns: IPv4Address
    login: str
    secret: str = field(repr=False)
    password: str = field(repr=False)
    interface: str = "adsl0"
    routed: tuple[IPv4Network, ...] = ()
    connect_within: float = 15
    caller: str = ""
    lan: str = ""
    neighbours: tuple[Neighbour, ...] = ()

    @classmethod
    def read(cls, text: str) -> Settings:
        """From JSON. Raises BadSettings."""
        try:
            given = json.loads(text)
            behind = given.get("behind") or {"interface": "", "neighbours": ()}
            return cls(
                lns=IPv4Address(given["lns"]),
                login=str(given["login"]),
                secret=str(given["secret"]),
                password=str(given["password"]),
                interface=str(given.get("interface", "adsl0")),
                routed=tuple(IPv4Network(network) for network in given.get("routed", ())),
                connect_within=float(given.get("connect_within", 15)),
                caller=str(given.get("caller", "")),
                lan=str(behind["interface"]),
                neighbours=tuple(Neighbour.read(each) for each in behind["neighbours"]),
            )
        except KeyError as absent:
            raise BadSettings(reason=absent) from absent
        except (ValueError, TypeError, AttributeError) as unreadable:
            # The text may hold a password: only the kind of error is said.
            raise BadSettings(reason=type(unreadable).__name__) from None


class Home:
    """One home, from its first datagram to its last."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._began = time.monotonic()
        self._session = Session(
            settings.secret.encode(),
            settings.login.encode(),
            settings.password.encode(),
            os.urandom,
            settings.connect_within,
            settings.caller.encode(),
        )
        self._prefixes = dhcpv6.PrefixClient(os.urandom)
        self._tun = Tun(settings.interface)
        self._collection = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._dhcp: socket.socket | None = None
        self._selector = selectors.DefaultSelector()
        self._ipv4: Ipv4Up | None = None
        self._ipv6: IPv6Address | None = None
        self._lease: dhcpv6.Lease | None = None
        self._connected = False
        self._say_by: float | None = None
        self._ending: Ending | None = None

    def run(self, asked_to_stop: socket.socket) -> Ending:
        """Connect and carry packets until the end; `asked_to_stop` becomes readable on a signal."""
        with contextlib.ExitStack() as stack:
            stack.callback(self._tun.close)
            stack.callback(self._give_prefix_up)
            stack.enter_context(self._collection)
            stack.enter_context(self._selector)
            self._open_collection()
            self._selector.register(self._collection, selectors.EVENT_READ, self._on_collection)
            self._selector.register(self._tun.descriptor, selectors.EVENT_READ, self._on_tun)
            self._selector.register(asked_to_stop, selectors.EVENT_READ, self._on_stop)
            stack.callback(self._say_goodbye)
            self._session.start(time.monotonic())
            while self._ending is None:
                self._turn()
        return self._ending

    def _open_collection(self) -> None:
        self._collection.setblocking(False)
        try:
            self._collection.bind(("", l2tp.PORT))
            self._collection.connect((str(self._settings.lns), l2tp.PORT))
        except OSError as refused:
            raise NoCollection(lns=self._settings.lns, reason=refused.strerror) from refused

    def _turn(self) -> None:
        self._send()
        for key, _ in self._selector.select(self._wait()):
            key.data()
        now = time.monotonic()
        self._handle(self._session.tick(now))
        if self._dhcp is not None:
            self._handle_prefix(self._prefixes.tick(now))
        self._maybe_connected(now)

    def _wait(self) -> float | None:
        times = [self._session.deadline, self._prefixes.deadline if self._dhcp else None, self._say_by]
        due = min((time for time in times if time is not None), default=None)
        return None if due is None else max(0.0, due - time.monotonic())

    def _send(self) -> None:
        for datagram in self._session.outbox:
            # An LNS that is not there answers with ICMP: the protocols' own timers decide what it means.
            with contextlib.suppress(OSError):
                self._collection.send(datagram)
        self._session.outbox.clear()
        for message in self._prefixes.outbox:
            if self._dhcp is not None:
                with contextlib.suppress(OSError):
                    self._dhcp.sendto(message, (dhcpv6.SERVERS, dhcpv6.SERVER_PORT))
        self._prefixes.outbox.clear()

    def _on_collection(self) -> None:
        for _ in range(BATCH):
            try:
                datagram = self._collection.recv(LARGEST_DATAGRAM)
            except BlockingIOError:
                return
            except ConnectionError:
                continue
            self._handle(self._session.receive(time.monotonic(), datagram))

    def _on_tun(self) -> None:
        for _ in range(BATCH):
            packet = self._tun.read()
            if packet is None:
                return
            self._session.send(packet)

    def _on_dhcp(self) -> None:
        if self._dhcp is None:
            return
        with contextlib.suppress(BlockingIOError, Malformed):
            message = self._dhcp.recv(LARGEST_DATAGRAM)
            self._handle_prefix(self._prefixes.receive(time.monotonic(), message))

    def _on_stop(self) -> None:
        self._ending = Ending(Cause.HUNG_UP)

    def _handle(self, events: list[Event]) -> None:
        for event in events:
            match event:
                case Arrived(octets):
                    self._tun.write(octets)
                case Ipv4Up():
                    self._ipv4 = event
                    self._tun.up(self._session.mtu)
                    self._tun.carry_ipv4(event.address, event.peer, self._settings.routed)
                    if self._settings.lan:
                        hand_on(self._settings.lan, self._settings.neighbours)
                    self._say_by = None if self._connected else time.monotonic() + PREFIX_SECONDS
                case Ipv6Up(address):
                    self._ask_for_prefix(address)
                case Ending():
                    self._ending = self._ending or event

    def _ask_for_prefix(self, address: IPv6Address) -> None:
        self._tun.up(self._session.mtu)
        self._tun.carry_ipv6(address)
        self._ipv6 = address
        if self._dhcp is None:
            self._dhcp = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
            self._dhcp.setblocking(False)
            index = socket.if_nametoindex(self._settings.interface)
            self._dhcp.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, index)
            self._dhcp.bind((str(address), dhcpv6.CLIENT_PORT, 0, index))
            self._selector.register(self._dhcp, selectors.EVENT_READ, self._on_dhcp)
            self._prefixes.start(time.monotonic())

    def _handle_prefix(self, events: list[dhcpv6.Event]) -> None:
        for event in events:
            match event:
                case dhcpv6.Delegated(lease):
                    known, self._lease = self._lease, lease
                    self._tun.delegate(lease.prefix)
                    if self._connected and (known is None or known.prefix != lease.prefix):
                        announce("prefix", **self._prefix())
                case dhcpv6.Withdrawn(prefix):
                    self._lease = None
                    self._tun.withdraw(prefix)
                    announce("prefix", **self._prefix())

    def _maybe_connected(self, now: float) -> None:
        """Say once that the home is connected: IPv4 is up, and the prefix is here or has had its time."""
        if self._ipv4 is None or self._connected or self._ending is not None:
            return
        late = self._say_by is not None and now >= self._say_by
        without = self._session.ipv6_settled and self._ipv6 is None
        if not (self._lease or late or without):
            return
        self._connected = True
        self._say_by = None
        announce(
            "connected",
            ipv4=str(self._ipv4.address),
            routed=[str(network) for network in self._settings.routed],
            resolvers=[str(address) for address in self._ipv4.resolvers],
            ipv6_link_local=str(self._ipv6) if self._ipv6 else None,
            **self._prefix(),
            interface=self._settings.interface,
            mtu=self._session.mtu,
            seconds=round(now - self._began, 3),
        )

    def _prefix(self) -> Mapping[str, str | None]:
        prefix = self._lease.prefix if self._lease else None
        return {"prefix": str(prefix) if prefix else None, "ipv6": str(prefix[1]) if prefix else None}

    def _give_prefix_up(self) -> None:
        if self._lease is not None:
            self._tun.withdraw(self._lease.prefix)

    def _say_goodbye(self) -> None:
        """Hang up, and give the LNS a moment to hear it."""
        if self._dhcp is not None:
            self._dhcp.close()
            self._dhcp = None
        now = time.monotonic()
        until = now + GOODBYE_SECONDS
        self._session.hang_up(now)
        while True:
            self._send()
            if self._session.settled or now >= until:
                return
            due = min(until, self._session.deadline or until)
            self._collection.settimeout(max(0.001, due - now))
            with contextlib.suppress(OSError):
                self._session.receive(now, self._collection.recv(LARGEST_DATAGRAM))
            now = time.monotonic()
            self._session.tick(now)


def main() -> int:
    """Read a home from standard input and run it until its end."""
    told = stop_signal()
    language = language_of_environment()
    try:
        ending = Home(Settings.read(sys.stdin.read())).run(told)
    except EssaimError as refused:
        announce("closed", reason=refused.kind, detail=refused.sentence("en"))
        sys.stderr.write(refused.sentence(language) + "\n")
        return USAGE if isinstance(refused, Invalid) else refused.exit_status
    event = "refused" if ending.cause is Cause.REFUSED else "closed"
    announce(event, reason=ending.cause.name.lower().replace("_", "-"), detail=ending.detail)
    if ending.cause is not Cause.HUNG_UP:
        sys.stderr.write(ending.phrase.say(language, detail=ending.detail) + "\n")
    return int(ending.cause)
