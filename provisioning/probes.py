"""Probes: what was well before a change is well after it, or the change is undone.

A probe is plain data: a script that lists what is well on a machine, looked at before and asked again after the change,
before it is confirmed. What it may lose is what the change was to take away, and as many as its effect announced.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from foundation import reach
from foundation.errors import EssaimError, Unavailable
from foundation.reach import Machine, Means
from foundation.speech import Phrase
from inventory import devices
from inventory.models.devices import Device, Interface
from provisioning import facts
from provisioning.artifact import Effect, Impact, Target
from provisioning.drivers.protocol import Neighbouring
from provisioning.texts import Texts

SOON: Final = 10.0
"""Seconds that a daemon has to serve again; BGP has three quarters of the time until the machine undoes."""
BETWEEN: Final = 0.5
SHOWN: Final = 4

_WITH_ADDRESSES: Final = ("frr.conf", "ios.cfg", "routeros.rsc")
"""The texts of routers that say what addresses their interfaces have."""
_WATCHERS: Final = ("router", "vpn", "lns", "radius")
_SERVES: Final = "serves"
_NOTHING: Final = Phrase("rien", "nothing")
_OPENVPN: Final = """
python3 -c '
import socket
with socket.socket(socket.AF_UNIX) as daemon:
    daemon.settimeout(5)
    daemon.connect("/run/openvpn-server/essaim.sock")
    daemon.sendall(b"status 3\\n")
    for row in daemon.makefile("r", encoding="utf-8", errors="replace"):
        columns = row.rstrip("\\r\\n").split("\\t")
        if columns[0] == "CLIENT_LIST" and (columns[3] or columns[4]):
            print(columns[1])
        if columns[0] == "END":
            print("/serves")
            break
' 2>/dev/null || true
"""
"""The names that are connected, which have an address inside; and `/serves`, which no certificate can be called."""

_BGP: Final = "timeout 20 vtysh -c 'show bgp summary json'"
_OSPF: Final = "timeout 20 vtysh -c 'show ip ospf neighbor' -c 'show ipv6 ospf6 neighbor' 2>/dev/null || true"
_BIRD: Final = "timeout 20 birdc show protocols 2>/dev/null || true"
_IOS_PEER: Final = re.compile(r"^ neighbor (\S+) remote-as ", re.MULTILINE)
_ROUTEROS_PEER: Final = re.compile(r"^/routing bgp connection add .*remote\.address=([^/ ]+)", re.MULTILINE)
_TUNNELS: Final = "wg show wg0 latest-handshakes 2>/dev/null || true"
_WIREGUARD: Final = f"wg show wg0 >/dev/null 2>&1 && echo {_SERVES} || true"
# radclient takes the secret from a descriptor: an argument would show in the list of processes.
_RADIUS: Final = f"""
sed -n "s/^\\tsecret = '\\(.*\\)'/\\1/p" /etc/freeradius/3.0/clients.conf 2>/dev/null | head -n 1 |
  radclient -f /dev/fd/3 -S /dev/stdin -x -t 1 -r 2 127.0.0.1:1812 status 3<<'ASKED' 2>&1 | grep -q Received &&
Message-Authenticator = 0x00
ASKED
  echo {_SERVES} || true
"""
_PPP: Final = """
bash -c 'exec 4<>/dev/tcp/127.0.0.1/23 || exit 0
  printf "enable\\r\\nshow session\\r\\nexit\\r\\n" >&4
  timeout 3 cat <&4' 2>/dev/null || true
"""


class ProbeFailed(Unavailable):
    """Something that was well is no more: the change was undone."""

    kind = "probe-failed"
    permanent = True
    phrase = Phrase(
        "{target} : après le changement, {what}. Attendu : {expected}. Vu : {seen}. "
        "Le changement a été défait, la machine est comme avant.",
        "{target}: after the change, {what}. Expected: {expected}. Seen: {seen}. "
        "The change was undone, the machine is as it was.",
    )


@dataclass(frozen=True, slots=True)
class Probe:
    """`script` runs on `machine`; `read` makes of what it says the names of all that is well.

    `wrong` says in words what is not so when it fails. `always` must be well afterwards whatever was before. Of what
    was well before, `may_go` names what the change takes away and `may_fall` how many more may be missing (None: any
    number), for `within` seconds at most.
    """

    wrong: Phrase
    machine: Machine
    script: str
    read: Callable[[str], frozenset[str]]
    within: float = SOON
    always: frozenset[str] = frozenset()
    may_go: frozenset[str] = frozenset()
    may_fall: int | None = 0

    def ask(self, means: Means, driver: object = None) -> frozenset[str]:  # noqa: ARG002 - those without a shell do
        """What is well now. Raises MachineUnreachable, CommandFailed."""
        return self.read(reach.run(means, self.machine, self.script, timeout=30))

    def missing(self, before: frozenset[str], now: frozenset[str]) -> frozenset[str]:
        """What should be well and is not; empty when the probe is content."""
        fallen = before - now - self.may_go
        enough = self.may_fall is None or len(fallen) <= self.may_fall
        return (self.always - now) | (frozenset() if enough else fallen)


@dataclass(frozen=True, slots=True)
class SessionProbe(Probe):
    """BGP neighbours of a router that has no shell: its driver asks it. `kept` are those that the text wants."""

    target: Target | None = None
    kept: frozenset[str] = frozenset()

    def ask(self, means: Means, driver: object = None) -> frozenset[str]:  # noqa: ARG002 - the driver has its own
        """Whose sessions are up. Raises MachineUnreachable, CommandFailed."""
        if self.target is None or not isinstance(driver, Neighbouring):
            return frozenset()
        return driver.neighbours(self.target) & self.kept


def before(means: Means, asked: Iterable[Probe], driver: object = None) -> tuple[tuple[Probe, frozenset[str]], ...]:
    """Each probe with what is well now. One to which nothing is well now has nothing to lose, and is left out.

    `driver` is the target's, for what no shell says.
    """
    known = []
    for probe in asked:
        held = _asked(means, probe, driver)
        if held or probe.always:
            known.append((probe, held))
    return tuple(known)


def after(means: Means, target: Target, known: Sequence[tuple[Probe, frozenset[str]]], driver: object = None) -> None:
    """Ask each again until it is content or its time is over. Raises ProbeFailed with the first that is not."""
    for probe, held in known:
        end = time.monotonic() + probe.within
        while missing := probe.missing(held, now := _asked(means, probe, driver)):
            if time.monotonic() > end:
                raise ProbeFailed(
                    target=str(target), what=probe.wrong, expected=_some(held | probe.always), seen=_some(now, missing)
                )
            time.sleep(BETWEEN)


def of_target(
    session: Session, device: Device, target: Target, desired: Texts, effect: Effect, at: datetime, seconds: float
) -> tuple[Probe, ...]:
    """What must stay well on a target, for a change of this effect that is undone unless confirmed in `seconds`."""
    own = _OF.get(target.artifact.name)
    probes = list(own(target, desired, effect, seconds)) if own else []
    watcher = _watcher(session, device)
    addresses = frozenset(_addresses(session, device, at))
    if watcher is not None and addresses:
        probes.append(answering(watcher, addresses, desired if target.artifact.role == "router" else {}))
    return tuple(probes)


def answering(watcher: Machine, addresses: frozenset[str], desired: Texts) -> Probe:
    """Addresses that answer a ping from another machine; one that the router's text takes away may go."""
    pings = "".join(f"(ping -n -q -c 1 -W 1 {one} >/dev/null 2>&1 && echo {one}) &\n" for one in sorted(addresses))
    texts = [desired[name] for name in _WITH_ADDRESSES if name in desired]
    said = {one for one in addresses for text in texts if re.search(rf"[ =]{re.escape(one)}[/ ]", text)}
    gone = addresses - said if texts else frozenset()
    wrong = Phrase(f"une adresse ne répond plus à {watcher.name}", f"an address no longer answers {watcher.name}")
    return Probe(wrong, watcher, f"{pings}wait; true", lambda said: frozenset(said.split()), may_go=gone)


def neighbours(target: Target, desired: Texts, effect: Effect, seconds: float) -> Iterator[Probe]:  # noqa: ARG001
    """BGP neighbours that were up are up, but for those that are to go."""
    kept = frozenset(re.findall(r"^ neighbor (\S+) remote-as ", "\n".join(desired.values()), re.MULTILINE))

    def established(said: str) -> frozenset[str]:
        families = json.loads(said or "{}")
        peers = {name: one for family in families.values() for name, one in family.get("peers", {}).items()}
        return frozenset(name for name, one in peers.items() if one.get("state") == "Established" and name in kept)

    wrong = Phrase("un voisin BGP n'est plus là", "a BGP neighbour is no longer there")
    yield Probe(wrong, target.machine, _BGP, established, within=max(1.0, seconds * 3 / 4))
    met = spoken(desired)
    if met:
        lost = Phrase("un routeur à nous n'est plus entendu", "a router of ours is no longer heard")
        read = partial(_heard, among=met)
        yield Probe(lost, target.machine, _OSPF, read, within=max(1.0, seconds * 3 / 4))


def sessions_of(target: Target, desired: Texts, effect: Effect, seconds: float) -> Iterator[Probe]:  # noqa: ARG001
    """BGP neighbours of a Cisco or a MikroTik that were up are up, but for those that are to go."""
    ((name, text),) = desired.items()
    kept = _IOS_PEER.findall(text) if name == "ios.cfg" else _ROUTEROS_PEER.findall(text)
    wrong = Phrase("un voisin BGP n'est plus là", "a BGP neighbour is no longer there")
    within = max(1.0, seconds * 3 / 4)
    yield SessionProbe(wrong, target.machine, "", _words, within=within, target=target, kept=frozenset(kept))


def spoken(desired: Texts) -> frozenset[str]:
    """The interfaces on which the text of an FRR router speaks OSPF, by the words that it says so with."""
    blocks = re.findall(r"^interface (\S+)\n((?: .*\n)*)", "\n".join(desired.values()), re.MULTILINE)
    return frozenset(
        f"{words} {name}"
        for name, said in blocks
        for words in ("ip ospf", "ipv6 ospf6")
        if f" {words} area " in said and f" {words} passive\n" not in said
    )


def _heard(said: str, among: frozenset[str]) -> frozenset[str]:
    """Routers that are heard in full, with how and where: rows of FRR's two tables, of which only one has addresses."""
    found = set()
    for row in said.splitlines():
        four = re.match(r"([\d.]+) +\d+ Full/\S+ .* (\S+):[\d.]+ ", row)
        six = re.match(r"([\d.]+) +\d+ +[\d:]+ +Full/\S+ +\S+ (\S+)\[", row)
        for words, one in (("ip ospf", four), ("ipv6 ospf6", six)):
            if one is not None and f"{words} {one[2]}" in among:
                found.add(f"{words} {one[2]} {one[1]}")
    return frozenset(found)


def bird(target: Target, desired: Texts, effect: Effect, seconds: float) -> Iterator[Probe]:  # noqa: ARG001
    """BIRD's neighbours that were up are up, but for those that are to go."""
    kept = frozenset(re.findall(r"^protocol bgp (\S+)", "\n".join(desired.values()), re.MULTILINE))

    def established(said: str) -> frozenset[str]:
        rows = (row.split() for row in said.splitlines())
        return frozenset(row[0] for row in rows if "BGP" in row and "Established" in row) & kept

    wrong = Phrase("un voisin BGP n'est plus là", "a BGP neighbour is no longer there")
    yield Probe(wrong, target.machine, _BIRD, established, within=max(1.0, seconds * 3 / 4))


def tunnels(target: Target, desired: Texts, effect: Effect, seconds: float) -> Iterator[Probe]:  # noqa: ARG001
    """The interface is there, and no more tunnels fall than was announced."""
    wrong = Phrase("WireGuard ne sert plus", "WireGuard no longer serves")
    yield Probe(wrong, target.machine, _WIREGUARD, _words, always=frozenset({_SERVES}))
    fallen = Phrase("plus de tunnels sont tombés qu'annoncé", "more tunnels fell than was announced")
    yield Probe(fallen, target.machine, _TUNNELS, handshaken, may_fall=_announced(effect))


def logins(target: Target, desired: Texts, effect: Effect, seconds: float) -> Iterator[Probe]:  # noqa: ARG001
    """FreeRADIUS answers (Status-Server, RFC 5997)."""
    wrong = Phrase("FreeRADIUS ne répond plus", "FreeRADIUS no longer answers")
    yield Probe(wrong, target.machine, _RADIUS, _words, always=frozenset({_SERVES}))


def certified(target: Target, desired: Texts, effect: Effect, seconds: float) -> Iterator[Probe]:  # noqa: ARG001
    """OpenVPN answers, and no more of its sessions fall than was announced."""
    wrong = Phrase("OpenVPN ne sert plus", "OpenVPN no longer serves")
    yield Probe(wrong, target.machine, _OPENVPN, lambda said: _words(said) & {"/serves"}, always=frozenset({"/serves"}))
    fallen = Phrase("plus de sessions OpenVPN sont tombées qu'annoncé", "more OpenVPN sessions fell than was announced")
    yield Probe(fallen, target.machine, _OPENVPN, lambda said: _words(said) - {"/serves"}, may_fall=_announced(effect))


def ppp(target: Target, desired: Texts, effect: Effect, seconds: float) -> Iterator[Probe]:  # noqa: ARG001
    """No more PPP sessions fall than was announced."""
    wrong = Phrase("plus de sessions PPP sont tombées qu'annoncé", "more PPP sessions fell than was announced")
    yield Probe(wrong, target.machine, _PPP, sessions, may_fall=_announced(effect))


def handshaken(said: str) -> frozenset[str]:
    """Peers that WireGuard has met since its interface is up: another change of it forgets none of them."""
    rows = (row.split() for row in said.splitlines())
    return frozenset(row[0] for row in rows if len(row) == 2 and row[1] != "0")


def sessions(said: str) -> frozenset[str]:
    """The logins of l2tpns' sessions, from what its command line says to `show session`."""
    rows = (row.split() for row in said.splitlines())
    return frozenset(
        row[2] for row in rows if len(row) > 4 and row[0].isdecimal() and row[1].isdecimal() and row[2] != "*"
    )


_OF: Final[Mapping[str, Callable[[Target, Texts, Effect, float], Iterator[Probe]]]] = {
    "router": neighbours,
    "bird": bird,
    "edge-ios": sessions_of,
    "edge-routeros": sessions_of,
    "wireguard": tunnels,
    "openvpn": certified,
    "radius": logins,
    "l2tp": ppp,
}


def _announced(effect: Effect) -> int | None:
    if effect.impact is not Impact.CUTS:
        return 0
    return effect.count or None


def _watcher(session: Session, device: Device) -> Machine | None:
    """Another machine of ours with a shell, a router if there is one."""
    others = session.scalars(
        select(Device)
        .where(Device.id != device.id, Device.until.is_(None), Device.role.in_(_WATCHERS))
        .order_by(Device.name)
    )
    able = [one for one in others if one.platform.startswith(("debian", "frr"))]
    able.sort(key=lambda one: _WATCHERS.index(one.role))
    return devices.machine(able[0]) if able else None


def _addresses(session: Session, device: Device, at: datetime) -> Iterator[str]:
    for name in session.scalars(
        select(Interface.name).where(Interface.device_id == device.id).order_by(Interface.name)
    ):
        for one in facts.interface_addresses(session, device, name, at):
            yield str(one.ip)


def _asked(means: Means, probe: Probe, driver: object) -> frozenset[str]:
    try:
        return probe.ask(means, driver)
    except EssaimError:
        return frozenset()  # a machine that no longer answers is as ill as can be


def _words(said: str) -> frozenset[str]:
    return frozenset(said.split())


def _some(names: frozenset[str], without: frozenset[str] = frozenset()) -> object:
    shown = sorted(names)
    listed = ", ".join(shown[:SHOWN]) + (f" … ({len(shown)})" if len(shown) > SHOWN else "")
    if not without:
        return listed or _NOTHING
    lost = sorted(without)
    gone = ", ".join(lost[:SHOWN]) + (f" … ({len(lost)})" if len(lost) > SHOWN else "")
    return Phrase(f"{listed or _NOTHING.fr} (il manque {gone})", f"{listed or _NOTHING.en} (missing: {gone})")
