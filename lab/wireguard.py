"""A home behind WireGuard: brings up the configuration file that a member was given.

`python -m lab.wireguard` reads one JSON object from standard input, so that the private key is never an
argument, a variable or a file:

    {"configuration": "…", "interface": "wg0"}

The configuration is a member's, as for wg-quick, with an address for its endpoint. The program starts
wireguard-go, sets addresses, MTU and routes, says `up`, then `connected` at the first handshake, and runs
until SIGTERM, when it takes all of it down again. It ends with 0 when told to, 4 where wireguard-go fails.
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from ipaddress import (
    IPv4Address,
    IPv4Interface,
    IPv4Network,
    IPv6Address,
    IPv6Interface,
    IPv6Network,
    ip_address,
    ip_interface,
    ip_network,
)
from pathlib import Path
from typing import Final, Literal, TypeAlias

from foundation.errors import EssaimError, Invalid, Unavailable
from foundation.speech import Phrase, language_of_environment
from lab.interface import configure
from lab.program import announce, stop_signal

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network

MTU: Final = 1420
START_SECONDS: Final = 5.0
LOOK_EVERY: Final = 0.1
LOOK_AT_MOST_EVERY: Final = 2.0
SOCKETS: Final = Path("/var/run/wireguard")
USAGE: Final = 2
# What wg itself does not know: wg-quick's own words.
_WG_QUICK: Final = frozenset({"address", "mtu", "dns", "table", "saveconfig", "preup", "postup", "predown", "postdown"})


class BadConfiguration(Invalid):
    """The text is not a member's WireGuard configuration."""

    kind = "bad-wireguard-configuration"
    phrase = Phrase(
        "La configuration WireGuard n'est pas lisible ({reason}). Rien n'a été lancé.",
        "The WireGuard configuration cannot be read ({reason}). Nothing was started.",
    )


class WireGuardFailed(Unavailable):
    """wireguard-go or wg said no."""

    kind = "wireguard-failed"
    phrase = Phrase(
        "WireGuard ne démarre pas sur {interface} ({reason}). Rien n'est resté en place.",
        "WireGuard does not start on {interface} ({reason}). Nothing was left in place.",
    )


@dataclass(frozen=True, slots=True)
class Configuration:
    """A member's configuration: what wg takes as it is, and what the home sets around it."""

    wg: str = field(repr=False)
    addresses: tuple[IPv4Interface | IPv6Interface, ...]
    endpoint: Address
    routes: tuple[Network, ...]
    mtu: int = MTU

    @classmethod
    def read(cls, text: str) -> Configuration:
        """From the text of a wg-quick file with one peer. Raises BadConfiguration."""
        kept: list[str] = []
        said: dict[str, list[str]] = {}
        for line in text.splitlines():
            key, _, value = line.partition("#")[0].partition("=")
            name = key.strip().lower()
            if value:
                said.setdefault(name, []).extend(part.strip() for part in value.split(","))
            if name and name not in _WG_QUICK:
                kept.append(line)
        try:
            return cls(
                wg="\n".join(kept) + "\n",
                addresses=tuple(ip_interface(address) for address in said["address"]),
                endpoint=ip_address(said["endpoint"][0].rpartition(":")[0].strip("[]")),
                routes=tuple(ip_network(network) for network in said["allowedips"]),
                mtu=int(said.get("mtu", [str(MTU)])[0]),
            )
        except KeyError as absent:
            raise BadConfiguration(reason=absent) from absent
        except ValueError as unreadable:
            raise BadConfiguration(reason=unreadable) from unreadable


def steps(configuration: Configuration, interface: str) -> dict[Literal[4, 6], list[str]]:
    """The `ip` commands, by family, that bring the interface up and send everything through it.

    A default route is laid as two halves, so that the one in force before comes back by itself.
    """
    commands: dict[Literal[4, 6], list[str]] = {4: [f"link set dev {interface} mtu {configuration.mtu} up"], 6: []}
    for address in configuration.addresses:
        nodad = " nodad" if address.version == 6 else ""
        commands[_family(address)].append(f"address add {address} dev {interface}{nodad}")
    for route in configuration.routes:
        halves = route.subnets() if route.prefixlen == 0 else iter([route])
        commands[_family(route)] += [f"route replace {half} dev {interface}" for half in halves]
    return commands


def _family(
    value: IPv4Interface | IPv6Interface | IPv4Network | IPv6Network | IPv4Address | IPv6Address,
) -> Literal[4, 6]:
    return 4 if value.version == 4 else 6


@contextlib.contextmanager
def tunnel(configuration: Configuration, interface: str) -> Iterator[subprocess.Popen[bytes]]:
    """While inside, the tunnel is up and carries the home's traffic. Raises WireGuardFailed or NoInterface."""
    environment = {**os.environ, "WG_I_PREFER_BUGGY_USERSPACE_TO_POLISHED_KMOD": "1", "LOG_LEVEL": "error"}
    # Whatever kills this program, wireguard-go goes with it, and the interface with wireguard-go.
    argv = ["setpriv", "--pdeathsig", "KILL", "wireguard-go", "--foreground", interface]
    with contextlib.ExitStack() as stack:
        daemon = subprocess.Popen(argv, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        stack.callback(_stop, daemon)
        _await_socket(daemon, interface)
        _wg("setconf", interface, "/dev/stdin", stdin=configuration.wg)
        stack.enter_context(_endpoint_kept_outside(configuration, interface))
        for family, commands in steps(configuration, interface).items():
            if commands:
                configure(interface, family, *commands)
        yield daemon


@contextlib.contextmanager
def _endpoint_kept_outside(configuration: Configuration, interface: str) -> Iterator[None]:
    """The endpoint keeps the way it has now, or the tunnel would run through itself."""
    family = _family(configuration.endpoint)
    found = subprocess.run(
        ["ip", "-j", f"-{family}", "route", "get", str(configuration.endpoint)],
        capture_output=True,
        text=True,
        timeout=START_SECONDS,
        check=False,
    )
    if found.returncode:
        raise WireGuardFailed(interface=interface, reason=found.stderr.strip())
    way = json.loads(found.stdout)[0]
    via = f"via {way['gateway']} " if "gateway" in way else ""
    configure(interface, family, f"route replace {configuration.endpoint} {via}dev {way['dev']}")
    try:
        yield
    finally:
        configure(interface, family, f"route del {configuration.endpoint} dev {way['dev']}")


def _await_socket(daemon: subprocess.Popen[bytes], interface: str) -> None:
    until = time.monotonic() + START_SECONDS
    while not (SOCKETS / f"{interface}.sock").exists():
        if daemon.poll() is not None or time.monotonic() > until:
            raise WireGuardFailed(interface=interface, reason="wireguard-go")
        time.sleep(0.01)


def _wg(verb: str, interface: str, *argv: str, stdin: str = "") -> str:
    done = subprocess.run(
        ["wg", verb, interface, *argv], input=stdin, capture_output=True, text=True, timeout=START_SECONDS, check=False
    )
    if done.returncode:
        raise WireGuardFailed(interface=interface, reason=(done.stderr.strip().splitlines() or ["wg"])[-1])
    return done.stdout


def _stop(daemon: subprocess.Popen[bytes]) -> None:
    daemon.terminate()
    try:
        daemon.wait(2)
    except subprocess.TimeoutExpired:
        daemon.kill()
        daemon.wait()


def _greeted(interface: str) -> bool:
    """Whether the other end has answered a handshake."""
    return any(line.split()[-1] != "0" for line in _wg("show", interface, "latest-handshakes").splitlines())


def _watch(daemon: subprocess.Popen[bytes], configuration: Configuration, interface: str, told: socket.socket) -> bool:
    """Say when the first handshake is done, then wait: True when told to stop, False when the daemon died."""
    began = time.monotonic()
    facts: dict[str, object] = {
        "interface": interface,
        "addresses": [str(address) for address in configuration.addresses],
        "endpoint": str(configuration.endpoint),
        "mtu": configuration.mtu,
    }
    announce("up", **facts)
    pause, connected = LOOK_EVERY, False
    with selectors.DefaultSelector() as selector:
        selector.register(told, selectors.EVENT_READ)
        while daemon.poll() is None:
            if not connected and _greeted(interface):
                connected = True
                announce("connected", **facts, seconds=round(time.monotonic() - began, 3))
            if selector.select(LOOK_AT_MOST_EVERY if connected else pause):
                return True
            pause = min(pause * 1.5, LOOK_AT_MOST_EVERY)
    return False


def main() -> int:
    """Read a member's configuration from standard input and hold its tunnel until told to stop."""
    told = stop_signal()
    try:
        try:
            given = json.loads(sys.stdin.read())
            text, interface = str(given["configuration"]), str(given.get("interface", "wg0"))
        except (ValueError, KeyError, TypeError, AttributeError) as unreadable:
            # What was given may hold a key: only the kind of error is said.
            raise BadConfiguration(reason=type(unreadable).__name__) from None
        configuration = Configuration.read(text)
        with tunnel(configuration, interface) as daemon:
            asked = _watch(daemon, configuration, interface, told)
    except EssaimError as refused:
        announce("closed", reason=refused.kind, detail=refused.sentence("en"))
        sys.stderr.write(refused.sentence(language_of_environment()) + "\n")
        return USAGE if isinstance(refused, Invalid) else refused.exit_status
    announce("closed", reason="hung-up" if asked else "wireguard-failed", detail="")
    return 0 if asked else WireGuardFailed.exit_status


if __name__ == "__main__":
    sys.exit(main())
