"""What the kernel of a Debian machine of ours holds beside its daemons: addresses, last resorts, ways out, rates.

The text is a JSON document; the program `essaim-carrier` (playbooks/machine/) brings the machine's kernel to it at boot
and after each release, and reads it back from the kernel. It goes to the machines that the rule `carrier.machines`
names. Interfaces that a daemon's own artifact sets up (`wg0`, `ovpn0`, `tun0`, the VLANs) and the routes of BIRD and
FRR are left to these (docs/decisions/0031).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from ipaddress import ip_interface, ip_network
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from foundation.speech import Phrase
from inventory import rules
from inventory.models.addresses import IPNetwork
from inventory.models.devices import Device, Interface
from inventory.models.lines import CredentialKind, Offer
from provisioning import facts, releases
from provisioning.artifact import Effect, Impact, Observation
from provisioning.artifacts import antispoofing, ipoe, l2tp, openvpn
from provisioning.served import Line
from provisioning.texts import Texts

FILE: Final = "carrier.json"
PATH: Final = f"{releases.FOLDER}/carrier/current/{FILE}"
PROGRAM: Final = "/usr/local/sbin/essaim-carrier"
MAIN: Final = 254
"""The kernel's own table, where daemons put their routes."""
MEMBERS: Final = 22900
"""The table by which members' packets leave, and the first priority of the rules that lead there."""
LAST_RESORT: Final = 65535
"""A metric that gives way to any daemon's route."""
STEP: Final = 10
EDITED: Final = f"{FILE} was edited by hand"

_VERSION: Final = 1
_LAST_LINE: Final = 0xFFFE
"""Queues are numbered as lines are, in 16 bits."""
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,14}")
_ANYWHERE: Final = {4: ip_network("0.0.0.0/0"), 6: ip_network("::/0")}
_TUNNELS: Final = {
    CredentialKind.WIREGUARD: antispoofing.WIREGUARD_INTERFACE,
    CredentialKind.OPENVPN: openvpn.INTERFACE,
    CredentialKind.PPP: l2tp.TUNNEL,
}
"""The interface behind which a line's router is, by what opens the line."""
_RATES_TAKE: Final = frozenset({"htb", "nft"})
_LOOK: Final = f"""\
if systemctl is-active --quiet essaim-carrier; then section running echo yes; fi
if [ -x {PROGRAM} ]; then section state {PROGRAM} show; fi
"""


@dataclass(frozen=True, slots=True)
class Address:
    """An address of an interface of ours, with its length."""

    interface: str
    address: str


@dataclass(frozen=True, slots=True)
class Route:
    """A route of ours. `via` and `interface` are for a `unicast` one alone."""

    to: str
    kind: str
    table: int
    metric: int
    via: str = ""
    interface: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """What comes from a prefix looks into a table; `but_default`: at anything there but a default route."""

    priority: int
    source: str
    table: int
    but_default: bool


@dataclass(frozen=True, slots=True)
class Rate:
    """What leaves by an interface from or to a line (`match`), in kbit/s. `line` is its number, never a name."""

    interface: str
    line: str
    kbit: int
    match: str
    prefixes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Kernel:
    """All of it. `absent` is what a machine lacks of what was wanted there: an interface, or a part of its kernel."""

    addresses: tuple[Address, ...] = ()
    routes: tuple[Route, ...] = ()
    rules: tuple[Rule, ...] = ()
    rates: tuple[Rate, ...] = ()
    absent: tuple[str, ...] = ()

    @classmethod
    def read(cls, text: str) -> Kernel:
        """From the document, whether we wrote it or the machine did. Raises ValueError, LookupError, TypeError."""
        said = json.loads(text.partition("\n# ")[0] or "{}")
        rates = tuple(Rate(**{**one, "prefixes": tuple(one["prefixes"])}) for one in said.get("rates", ()))
        return cls(
            tuple(Address(**one) for one in said.get("addresses", ())),
            tuple(Route(**one) for one in said.get("routes", ())),
            tuple(Rule(**one) for one in said.get("rules", ())),
            rates,
            tuple(said.get("absent", ())),
        )

    @property
    def text(self) -> str:
        """The document: one thing a row, always in the same order."""
        parts = [f' "version": {_VERSION}']
        for name, key in _ORDERS.items():
            each = (asdict(one) for one in sorted(getattr(self, name), key=key))
            rows = [f"  {json.dumps({k: v for k, v in one.items() if v != ''})}" for one in each]
            parts.append(f' "{name}": [\n' + ",\n".join(rows) + "\n ]" if rows else f' "{name}": []')
        if self.absent:
            parts.append(f' "absent": {json.dumps(sorted(self.absent))}')
        return "{\n" + ",\n".join(parts) + "\n}\n"


def _by_address(one: Address) -> Any:
    here = ip_interface(one.address)
    return one.interface, here.version, int(here.ip), here.network.prefixlen


_ORDERS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "addresses": _by_address,
    "routes": lambda one: (one.table, facts.order(ip_network(one.to)), one.metric),
    "rules": lambda one: (one.priority, facts.order(ip_network(one.source)), one.table),
    "rates": lambda one: (one.interface, len(one.line), one.line),
}


class Carrier:
    """The artifact, for one role and platform; `others` are interfaces that other artifacts set up."""

    name = "carrier"
    secrets = re.compile(r"(?!)(?P<secret>)")
    observation = Observation(releases.looking("carrier", {FILE: PATH}, _LOOK))

    def __init__(self, role: str, platform: str, *others: str) -> None:
        self.role = role
        self.platform = platform
        self._others = frozenset(others)

    def desired(self, session: Session, device: Device, at: datetime) -> Texts:
        """What the machine's kernel should hold. Raises MachineIncomplete, Unwritable."""
        addresses = tuple(_addresses(session, device, self._others, at))
        if self.role == "router":
            return {FILE: Kernel(addresses).text}
        routes, ways = _ways(session, device, at)
        held = tuple(_rates(session, device, self._others, at))
        return {FILE: Kernel(addresses, routes, ways, held).text}

    def observed(self, output: str) -> Texts:
        """What the kernel holds of ours; nothing where no release was ever put in force."""
        found = releases.sections(output)
        if releases.by_hand(found):
            return {}
        try:
            held = Kernel.read(found.get("state", "")).text
        except (ValueError, LookupError, TypeError) as wrong:
            raise releases.Illegible(what=f"{PROGRAM} show") from wrong
        notes = [EDITED] if releases.edited(found) else []
        notes += [] if "running" in found else [releases.NOT_RUNNING]
        return {FILE: held + "".join(f"# {note}\n" for note in notes)}

    def recognised(self, running: Texts, desired: Texts) -> Texts:
        """Rates that the machine cannot have, as desired: it says so itself, and there is nothing more to do there."""
        if FILE not in running:
            return running
        held, wanted = Kernel.read(running[FILE]), Kernel.read(desired.get(FILE, ""))
        if not held.absent:
            return running
        without = {one.removeprefix("interface ") for one in held.absent if one.startswith("interface ")}
        lacks = bool(_RATES_TAKE & set(held.absent))
        excused = tuple(one for one in wanted.rates if lacks or one.interface in without)
        others = tuple(one for one in held.rates if one not in excused)
        _, mark, notes = running[FILE].partition("\n# ")
        text = Kernel(held.addresses, held.routes, held.rules, others + excused).text
        return {FILE: text + (f"# {notes}" if mark else "")}

    def strangers(self, running: Texts, desired: Texts) -> tuple[str, ...]:  # noqa: ARG002 - the protocol's signature
        """None: what others put there stays."""
        return ()

    def effect(self, before: Texts, after: Texts) -> Effect:
        """An address or a way that goes cuts whoever goes by it, and the texts do not say how many; a rate nobody."""
        if dict(before) == dict(after):
            return Effect(Impact.NONE)
        old, new = _of(before), _of(after)
        ways = {one for one in old.routes if one.kind == "unicast"} - set(new.routes)
        if ways or set(old.addresses) - set(new.addresses) or set(old.rules) - set(new.rules):
            return Effect(Impact.CUTS)
        return Effect(Impact.HITLESS, len({one.line for one in new.rates} - {one.line for one in old.rates}))

    def lines(self, before: Texts, after: Texts) -> tuple[str, ...]:
        """Lines whose rate comes, goes or changes, or whose packets are told by other prefixes."""
        changed = set(_of(before).rates) ^ set(_of(after).rates)
        return tuple(sorted({one.line for one in changed}, key=lambda label: (len(label), label)))


def kept(session: Session, device: Device) -> bool:
    """Whether the association has Essaim keep this machine's kernel."""
    return device.name in rules.value(session, "carrier.machines").split()


def _of(texts: Texts) -> Kernel:
    return Kernel.read(texts.get(FILE, ""))


def _addresses(session: Session, device: Device, others: frozenset[str], at: datetime) -> Iterator[Address]:
    ports = select(Interface).where(Interface.device_id == device.id, Interface.enabled).order_by(Interface.name)
    for port in session.scalars(ports):
        held = () if port.name in others else facts.interface_addresses(session, device, port.name, at)
        for one in held:
            yield Address(_named(port.name, device), str(one))


def _named(name: str, device: Device) -> str:
    """A name that the kernel takes, and that nobody takes for anything else. Raises Unwritable."""
    if not _NAME.fullmatch(name):
        raise facts.Unwritable(
            what=Phrase(f"Le nom d'interface {name!r}", f"The interface name {name!r}"), owner=device.name
        )
    return name


def _ways(session: Session, device: Device, at: datetime) -> tuple[tuple[Route, ...], tuple[Rule, ...]]:
    """A packet to nobody ends here; one of a member's leaves by our routers, whatever way the machine's own go.

    Of two LNS that hold each other's members, neither knows who is nobody: the routers do.
    """
    pools = facts.served_pools(session, device)
    strayed = [prefix for prefix, server in facts.strayed(session, at) if server.id == device.id]
    routes = [Route(str(each), "unreachable", MAIN, LAST_RESORT) for each in pools]
    others = facts.held_elsewhere(session, device)
    if others:
        pools, routes = tuple(sorted({*pools, *others}, key=facts.order)), []
    ways: list[Rule] = []
    for version in (4, 6):
        gateways = list(_gateways(session, device, version, at))
        sources = [str(each) for each in (*pools, *sorted(strayed, key=facts.order)) if each.version == version]
        if not gateways or not sources:
            continue
        routes += [
            Route(str(_ANYWHERE[version]), "unicast", MEMBERS, rank * STEP, via, facts.CORE)
            for rank, via in enumerate(gateways, start=1)
        ]
        for source in sources:
            ways += [Rule(MEMBERS, source, MAIN, True), Rule(MEMBERS + 1, source, MEMBERS, False)]
    return tuple(routes), tuple(ways)


def _gateways(session: Session, device: Device, version: int, at: datetime) -> Iterator[str]:
    """Our routers on the LAN that joins our machines, by name; none where the machine is not on it."""
    own = [one for one in facts.interface_addresses(session, device, facts.CORE, at) if one.version == version]
    routers = select(Device).where(Device.role == "router", Device.until.is_(None), Device.id != device.id)
    for router in session.scalars(routers.order_by(Device.name)):
        for one in facts.interface_addresses(session, router, facts.CORE, at):
            if any(one.ip in mine.network for mine in own):
                yield str(one.ip)
                break


def _rates(session: Session, device: Device, tunnels: frozenset[str], at: datetime) -> Iterator[Rate]:
    kbit = _by_offer(session)
    if not kbit:
        return
    vlans = ipoe.interfaces(session, device, at)
    towards_us = bool(facts.interface_addresses(session, device, facts.CORE, at))
    for line in facts.lines_behind(session, device):
        every = _prefixes(line, at)
        if line.offer.id not in kbit or not every:
            continue
        if line.number > _LAST_LINE:
            raise facts.Unwritable(what=Phrase("Le numéro", "The number"), owner=str(line))
        down, up = kbit[line.offer.id]
        vlan = {vlans[line.id]: every} if line.id in vlans else {}
        for interface, held in sorted({**_behind(line, tunnels, at), **vlan}.items()):
            yield Rate(interface, str(line), down, "destination", held)
        if towards_us:
            yield Rate(facts.CORE, str(line), up, "source", every)


def _by_offer(session: Session) -> Mapping[int, tuple[int, int]]:
    """By offer's row, what its lines may take and send, in kbit/s."""
    said = dict(each.split("=") for each in rules.value(session, "carrier.rates").split())
    found = {}
    for row, name in session.execute(select(Offer.id, Offer.name).where(Offer.name.in_(said))):
        down, up = said[name].split("/")
        found[row] = int(Decimal(down) * 1000), int(Decimal(up) * 1000)
    return found


def _behind(line: Line, tunnels: frozenset[str], at: datetime) -> Mapping[str, tuple[str, ...]]:
    """The tunnels behind which the line's routers are, each with the prefixes that are there.

    A neighbour without a login or a key of their own is behind those of the line's others.
    """
    opened = [{_TUNNELS[CredentialKind(one.kind)] for one in share.credentials if facts.living(one, at)} & tunnels
              for share in line.shares]  # fmt: skip
    every = set().union(*opened)
    found: dict[str, list[IPNetwork]] = {}
    for share, own in zip(line.shares, opened, strict=True):
        for one in own or every:
            found.setdefault(one, []).extend(facts.prefixes(share.assignments, at))
    return {name: _spelled(held) for name, held in found.items() if held}


def _prefixes(line: Line, at: datetime) -> tuple[str, ...]:
    return _spelled(each for share in line.shares for each in facts.prefixes(share.assignments, at))


def _spelled(held: Iterable[IPNetwork]) -> tuple[str, ...]:
    return tuple(str(one) for one in sorted(held, key=facts.order))


CARRIER_ROUTER: Final = Carrier("router", "debian-bird")
CARRIER_LNS: Final = Carrier("lns", "debian", l2tp.TUNNEL)
CARRIER_BNG: Final = Carrier("bng", "debian", ipoe.ACCESS)
CARRIER_VPN: Final = Carrier("vpn", "debian", antispoofing.WIREGUARD_INTERFACE, openvpn.INTERFACE)
