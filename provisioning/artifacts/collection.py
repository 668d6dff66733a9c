"""Wholesalers whose RADIUS asks ours: whom each may ask about, and what it is answered (RFC 2865, RFC 2868).

A wholesaler is known by the address that it asks from and by the secret that it shares with us. It learns of the lines
that are bought from it and of no other: that a password is right; where the tunnel goes, if it lets us say so; and
a member's addresses where it ends PPP itself, for nobody else needs them there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Final

from sqlalchemy.orm import Session

from foundation.speech import Phrase
from foundation.vault import vault_of
from inventory import collecting
from inventory.models.devices import Device
from inventory.models.wholesale import Collection, PppEnd, Wholesaler
from provisioning import facts
from provisioning.served import Credential, Line

_REALM: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_APART: Final = 10
"""How far apart preferences are: there is room to put one between by hand, at the wholesaler's."""


@dataclass(frozen=True, slots=True)
class Client:
    """Who may ask: an LNS, or the machine itself; with `server`, a wholesaler, which that server answers."""

    name: str
    address: str
    secret: str = field(repr=False)
    server: str = ""

    @property
    def version(self) -> int:
        """Of the Internet protocol; 4 where somebody else's configuration has a name in place of an address."""
        return 6 if ":" in self.address else 4


@dataclass(frozen=True, slots=True)
class Tunnel:
    """Attributes of one tunnel, under one tag (RFC 2868, 3); the lowest preference is tried first."""

    tag: int
    lns: str
    medium: str
    address: str
    password: str = field(repr=False)
    preference: int


@dataclass(frozen=True, slots=True)
class Way:
    """The tunnels that bring members of an LNS to it, or to another that tells whom it holds."""

    lns: str
    tunnels: tuple[Tunnel, ...]


@dataclass(frozen=True, slots=True)
class Collector:
    """One wholesaler: `realm` as a regular expression, `addresses` whether it is told members' own.

    `ways` are none where it knows by itself where tunnels go; the first is for whoever asks of the realm alone.
    """

    id: int
    name: str
    realm: str
    addresses: bool
    ways: tuple[Way, ...]
    clients: tuple[Client, ...]

    @property
    def server(self) -> str:
        """The virtual server that answers it."""
        return f"wholesale-{self.name}"

    @property
    def ipv6(self) -> bool:
        """Whether it asks over IPv6."""
        return any(one.version == 6 for one in self.clients)


@dataclass(frozen=True, slots=True)
class Bought:
    """From whom lines are bought, among those whose RADIUS asks ours, and on which LNS lines are."""

    collectors: tuple[Collector, ...]
    sellers: Mapping[int, frozenset[int]]
    names: Mapping[int, str]

    def asked_by(self, line: Line, opens: Credential) -> tuple[str, str]:
        """The wholesalers that may ask of a login, with blanks between, and the LNS whose way it goes; or nothing."""
        migrating = line.migration is not None and opens.migration_id == line.migration.id
        at = line.migration.to_device_id if migrating and line.migration is not None else line.device_id
        lns, selling = self.names.get(at or 0, ""), self.sellers.get(line.id, frozenset())
        realm = opens.name.rpartition("@")[2]
        names = [
            one.name
            for one in self.collectors
            if one.id in selling
            and re.fullmatch(one.realm, realm)
            and (not one.ways or any(way.lns == lns for way in one.ways))
        ]
        steered = any(one.ways for one in self.collectors if one.name in names)
        return " ".join(names), lns if steered else ""


NOTHING: Final = Bought((), {}, {})
"""Where no wholesaler asks our RADIUS."""


def bought(session: Session) -> Bought:
    """Raises MachineIncomplete, NoSuchSecret and Unwritable of an LNS or a wholesaler that cannot be written."""
    asking = collecting.by_radius(session)
    if not asking:
        return NOTHING
    names = {device.id: device.name for one in asking for device in _ends(session, one)}
    return Bought(tuple(_collector(session, one) for one in asking), collecting.sellers(session), names)


def _collector(session: Session, wholesaler: Wholesaler) -> Collector:
    realm = (wholesaler.realm or "").lstrip("@")
    if not _REALM.fullmatch(realm):
        raise facts.Unwritable(what=Phrase("Le realm", "The realm"), owner=wholesaler.name)
    steers = wholesaler.collection == Collection.TUNNEL_STEERING
    ways = tuple(_ways(session, wholesaler)) if steers else ()
    if steers and not ways:
        what = Phrase("un LNS où finissent ses tunnels", "an LNS where its tunnels end")
        raise facts.MachineIncomplete(device=wholesaler.name, what=what)
    return Collector(
        id=wholesaler.id,
        name=wholesaler.name,
        realm=realm.replace(".", r"\."),
        addresses=wholesaler.ppp_end == PppEnd.WHOLESALER,
        ways=ways,
        clients=tuple(_clients(session, wholesaler)),
    )


def _clients(session: Session, wholesaler: Wholesaler) -> Iterator[Client]:
    if wholesaler.radius_secret is None or wholesaler.radius_from is None:
        return
    secret, name = vault_of(session).open(wholesaler.radius_secret), f"wholesale-{wholesaler.name}"
    for number, address in enumerate(wholesaler.radius_from.split(), start=1):
        yield Client(f"{name}-{number}", address, secret, name)


def _ends(session: Session, wholesaler: Wholesaler) -> Sequence[Device]:
    return collecting.ends(session, wholesaler) if wholesaler.collection == Collection.TUNNEL_STEERING else ()


def _ways(session: Session, wholesaler: Wholesaler) -> Iterator[Way]:
    """By LNS, its own tunnel first; then, where each tells routers whom it holds, the others in the order given."""
    ends = _ends(session, wholesaler)
    told = [one for one in ends if facts.tells(session, one)]
    for first in ends:
        others = [one for one in told if one is not first] if first in told else []
        every = enumerate((first, *others), start=1)
        yield Way(first.name, tuple(_tunnel(session, tag, lns) for tag, lns in every))


def _tunnel(session: Session, tag: int, lns: Device) -> Tunnel:
    try:
        address = ip_address(facts.service(lns)[0])
    except ValueError as name:
        raise facts.MachineIncomplete(device=lns.name, what=facts.ENDPOINT) from name
    return Tunnel(
        tag=tag,
        lns=lns.name,
        medium=f"IPv{address.version}",
        address=str(address),
        password=facts.service_secret(session, lns, "l2tp"),
        preference=tag * _APART,
    )
