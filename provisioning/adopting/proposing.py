"""What was found on a machine, as records of an import: lines, parts, what opens them, addresses; and what is left.

The import weighs them against the inventory (`inventory/exchange/planning.py`): a preview first, all or nothing, and a
second time changes nothing. Two things no import brings, and they go with it: secrets of machines, and reverse names.
"""

from __future__ import annotations

import base64
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from typing import Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from foundation.speech import Phrase
from foundation.vault import vault_of
from inventory import credentials, device_facts, devices
from inventory.exchange.records import (
    OURS,
    AddressRecord,
    CredentialRecord,
    DeviceRecord,
    LineRecord,
    Place,
    PrefixRecord,
    Reading,
    Record,
    Ref,
    ShareRecord,
)
from inventory.models.addresses import Assignment, IPNetwork, Pool, Role
from inventory.models.devices import Device, DeviceRole, DeviceSecret, Interface
from inventory.models.lines import Credential, CredentialKind, LineState, Offer
from inventory.models.names import ReverseName
from provisioning.adopting.found import Found, Named, Own, Way
from provisioning.adopting.matching import Owner, known_people, owner_of

_TWICE: Final = Phrase(
    "{name} est déjà dans {file}, autrement : seul le premier compte.",
    "{name} is in {file} already, otherwise: the first alone counts.",
)
_REVOKED: Final = Phrase(
    "le certificat {name} est révoqué : il n'est pas proposé.", "certificate {name} is revoked: it is not proposed."
)
_WHICH_OFFER: Final = Phrase(
    "par quelle offre ? Il faut en nommer une qui s'ouvre ainsi ({kind}) : --offer. Il y a : {offers}. "
    "En créer une : essaim offer add",
    "by which offer? Name one that is opened so ({kind}): --offer. There are: {offers}. To make one: essaim offer add",
)
_OTHER_KEY: Final = Phrase(
    "la clé privée de {interface} n'est pas celle que l'inventaire garde pour {device} : elle n'est pas reprise.",
    "the private key of {interface} is not the one that the inventory keeps for {device}: it is not adopted.",
)
_OTHER_SECRET: Final = Phrase(
    "le secret de {client} n'est pas celui que l'inventaire garde : il n'est pas repris.",
    "the secret of {client} is not the one that the inventory keeps: it is not adopted.",
)
_OTHER_PASSWORD: Final = Phrase(
    "{login} a ici un autre mot de passe que dans l'inventaire, qui reste : le prochain changement couperait qui "
    "emploie celui-ci.",
    "{login} has another password here than in the inventory, which stays: the next change would cut whoever uses this "
    "one.",
)
_UNKNOWN_CLIENT: Final = Phrase(
    "{client} ({address}) n'est aucune machine de l'inventaire : son secret n'est pas repris.",
    "{client} ({address}) is no machine of the inventory: its secret is not adopted.",
)
_ENDPOINT: Final = Phrase(
    "{interface} écoute sur le port {port} ; l'inventaire dit {endpoint} : essaim device change {device} --endpoint",
    "{interface} listens on port {port}; the inventory says {endpoint}: essaim device change {device} --endpoint",
)
_NOT_HELD: Final = Phrase(
    "{address} s'appelle {name}, mais personne ne la tient : ce nom n'est pas repris.",
    "{address} is called {name}, but nobody holds it: this name is not adopted.",
)


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret that a machine's service has, to be sealed."""

    device: str
    name: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Stranger:
    """A way in that is proposed to nobody, and why."""

    way: Way
    why: Phrase


@dataclass(frozen=True, slots=True)
class Proposal:
    """What to adopt. `reading` goes to the import; `secrets` and `names` go with it; `strangers` stay as they are."""

    device: str
    reading: Reading
    secrets: tuple[Secret, ...]
    names: tuple[Named, ...]
    strangers: tuple[Stranger, ...]
    owned: tuple[tuple[Way, Owner], ...]
    offers: Mapping[CredentialKind, str]


def propose(session: Session, device: Device, found: Found, chosen: Sequence[Offer]) -> Proposal:
    """Make records of what was found on a machine; `chosen` are the offers of lines that are new."""
    reading = Reading(OURS, remarks=list(found.told))
    people, offers = known_people(session), _offers(session, device, chosen)
    owned: list[tuple[Way, Owner]] = []
    strangers: list[Stranger] = []
    for way in _once(reading, found):
        whose = owner_of(people, way)
        if isinstance(whose, Owner):
            owned.append((way, whose))
        else:
            strangers.append(Stranger(way, whose))
    asked = set[CredentialKind]()
    for way, owner in owned:
        if owner.line is None and way.kind not in offers and way.kind not in asked:
            asked.add(way.kind)
            _ask_offer(session, reading, way)
        reading.records += _records(device, way, owner, offers.get(way.kind))
    _tell_passwords(session, reading, owned)
    secrets = [*_own(session, reading, device, found.own), *_clients(session, reading, device, found)]
    names = list(_names(session, reading, found.names, [way for way, _ in owned]))
    return Proposal(
        device.name, reading, tuple(secrets), tuple(names), tuple(strangers), tuple(owned),
        {kind: one.name for kind, one in offers.items()},
    )  # fmt: skip


def reference(way: Way) -> str:
    """By which key the import remembers a way in."""
    return f"{way.kind} {way.name}"


def _once(reading: Reading, found: Found) -> Iterator[Way]:
    """Each way in once, but for those whose certificate is revoked."""
    revoked = {one.name for one in found.certificates if one.revoked} - {
        one.name for one in found.certificates if not one.revoked
    }
    seen: dict[tuple[CredentialKind, str], Way] = {}
    for way in found.ways:
        first = seen.setdefault((way.kind, way.name), way)
        if first is not way:
            if (first.prefixes, first.secret) != (way.prefixes, way.secret):
                reading.remark(way.place, _TWICE, name=way.name, file=first.place.file)
        elif way.kind is CredentialKind.OPENVPN and way.name in revoked:
            reading.remark(way.place, _REVOKED, name=way.name)
        else:
            yield way


def _offers(session: Session, device: Device, chosen: Sequence[Offer]) -> dict[CredentialKind, Offer]:
    """The offer by which each kind of way in is sold: the one that was chosen, else the only one there is."""
    found = {kind: one for one in chosen if (kind := credentials.kind_of(one)) is not None}
    every = session.scalars(select(Offer).where(Offer.retired.is_(None)).order_by(Offer.name)).all()
    for kind in CredentialKind:
        fits = [one for one in every if credentials.kind_of(one) is kind and _serves(one, device, kind)]
        if len(fits) == 1:
            found.setdefault(kind, fits[0])
    return found


def _serves(offer: Offer, device: Device, kind: CredentialKind) -> bool:
    return kind is CredentialKind.PPP or offer.device_id in (None, device.id)


def _ask_offer(session: Session, reading: Reading, way: Way) -> None:
    every = session.scalars(select(Offer).where(Offer.retired.is_(None)).order_by(Offer.name))
    fits = [one.name for one in every if credentials.kind_of(one) is way.kind]
    reading.wrong(way.place, _WHICH_OFFER, kind=str(way.kind), offers=fits or "—")


def _records(device: Device, way: Way, owner: Owner, offer: Offer | None) -> Iterator[Record]:
    member = Ref(number=owner.member)
    line = Ref(key=reference(way)) if owner.line is None else Ref(number=owner.line)
    if owner.line is None:
        if offer is None:
            return
        served = device.name if way.kind is not CredentialKind.PPP else None
        yield LineRecord(way.place, line, offer.name, str(LineState.ACTIVE), served)
        yield ShareRecord(way.place, line, member)
    if not owner.known:
        yield CredentialRecord(way.place, line, member, str(way.kind), way.name, way.secret)
    for prefix, role in way.prefixes:
        yield AddressRecord(way.place, prefix, str(role), line=line, member=member)


def _tell_passwords(session: Session, reading: Reading, owned: Iterable[tuple[Way, Owner]]) -> None:
    """Say which logins the inventory has with another password: what it keeps is what machines shall have."""
    known = {way.name: way for way, owner in owned if owner.known and way.kind is CredentialKind.PPP}
    living = (Credential.kind == CredentialKind.PPP, Credential.until.is_(None), Credential.secret.is_not(None))
    for name, sealed in session.execute(select(Credential.name, Credential.secret).where(*living)):
        if sealed is not None and name in known and known[name].secret != vault_of(session).open(sealed):
            reading.remark(known[name].place, _OTHER_PASSWORD, login=name)


def _own(session: Session, reading: Reading, device: Device, every: Iterable[Own]) -> Iterator[Secret]:
    """The machine's own interface towards its members, the pools behind its addresses, and its key."""
    pools = {one.prefix: one.name for one in session.scalars(select(Pool).where(Pool.closed_at.is_(None)))}
    for own in every:
        kept = _kept(session, device, "wireguard")
        public = _public(own.private_key) if own.private_key else None
        if own.private_key and kept is None:
            yield Secret(device.name, "wireguard", own.private_key)
        elif public is not None and kept is not None and _public(kept) != public:
            reading.remark(own.place, _OTHER_KEY, interface=own.interface, device=device.name)
            public = None
        _has(reading, DeviceRecord(own.place, device.name, public_key=public, interfaces=(own.interface,)))
        for address in own.addresses:
            if not any(_within(address.network, pool) or _within(pool, address.network) for pool in pools):
                made = _pool(own.place, device, address.network, pools.values())
                pools[address.network] = made.name
                reading.records.append(made)
            held = type(address.network)(address.ip)
            role = Role.LINK if address.network in pools and held != address.network else Role.LOOPBACK
            reading.records.append(
                AddressRecord(own.place, held, str(role), device=device.name, interface=own.interface)
            )
        if own.port is not None and not (device.endpoint or "").endswith(f":{own.port}"):
            facts = {"interface": own.interface, "port": own.port, "endpoint": device.endpoint or "—"}
            reading.remark(own.place, _ENDPOINT, device=device.name, **facts)


def _has(reading: Reading, said: DeviceRecord) -> None:
    """A machine's interface, beside its others: a machine is one record."""
    for rank, one in enumerate(reading.records):
        if isinstance(one, DeviceRecord) and one.name == said.name:
            ports = tuple(dict.fromkeys((*one.interfaces, *said.interfaces)))
            reading.records[rank] = replace(one, interfaces=ports, public_key=one.public_key or said.public_key)
            return
    reading.records.append(said)


def _pool(place: Place, device: Device, prefix: IPNetwork, taken: Collection[str]) -> PrefixRecord:
    """A pool for what lies behind an interface, under a name that none has. A router serves no pool: it is on a LAN."""
    handed = prefix.max_prefixlen if prefix.version == 4 else max(prefix.prefixlen, 56)
    names = (f"{device.name}-v{prefix.version}{more}" for more in ("", *(f"-{rank}" for rank in range(2, 100))))
    name = next(one for one in names if one not in taken)
    if device.role == DeviceRole.ROUTER:
        return PrefixRecord(place, name, prefix, handed=prefix.max_prefixlen)
    return PrefixRecord(place, name, prefix, handed=handed, device=device.name)


def _within(part: IPNetwork, whole: IPNetwork) -> bool:
    return part.version == whole.version and part.subnet_of(whole)  # type: ignore[arg-type]


def _clients(session: Session, reading: Reading, device: Device, found: Found) -> Iterator[Secret]:
    """Secrets between this RADIUS server and who asks it: its own, and those of our machines by their addresses."""
    if not found.ways or device.role != "radius":
        return
    at = _machines(session)
    for client in found.clients:
        try:
            address = ip_address(client.address)
        except ValueError:
            asking = None
        else:
            asking = device if address.is_loopback else at.get(str(address))
        if asking is None:
            reading.remark(client.place, _UNKNOWN_CLIENT, client=client.name, address=client.address)
            continue
        kept = _kept(session, asking, "radius")
        if kept is None:
            yield Secret(asking.name, "radius", client.secret)
        elif kept != client.secret:
            reading.remark(client.place, _OTHER_SECRET, client=client.name)


def _machines(session: Session) -> dict[str, Device]:
    """Our machines by the addresses of their interfaces."""
    query = (
        select(Assignment, Device)
        .join(Interface, Assignment.interface_id == Interface.id)
        .join(Device, Device.id == Interface.device_id)
        .where(Assignment.until.is_(None), Device.until.is_(None))
    )
    return {str(held.prefix.network_address): device for held, device in session.execute(query)}


def _names(session: Session, reading: Reading, every: Iterable[Named], ways: Iterable[Way]) -> Iterator[Named]:
    """Names of addresses that somebody holds now, or is about to, where they are called otherwise."""
    held = [one.prefix for one in session.scalars(select(Assignment).where(Assignment.until.is_(None)))]
    held += [prefix for way in ways for prefix, _ in way.prefixes]
    parts = _Parts(held)
    living = select(ReverseName).where(ReverseName.until.is_(None)).options(joinedload(ReverseName.assignment))
    here = {str(one.address): one.name for one in session.scalars(living)}
    for named in every:
        if here.get(str(named.address)) == named.name:
            continue
        if parts.hold(named):
            yield named
        else:
            reading.remark(named.place, _NOT_HELD, address=str(named.address), name=named.name)


class _Parts:
    """Prefixes, to ask whether one of them holds an address."""

    def __init__(self, prefixes: Iterable[IPNetwork]) -> None:
        self._held = {(one.version, one.prefixlen, int(one.network_address)) for one in prefixes}
        self._lengths = sorted({(version, length) for version, length, _ in self._held})

    def hold(self, named: Named) -> bool:
        """Whether somebody holds the address."""
        width, number = named.address.max_prefixlen, int(named.address)
        return any(
            (version, length, number >> (width - length) << (width - length)) in self._held
            for version, length in self._lengths
            if version == named.address.version
        )


def _kept(session: Session, device: Device, name: str) -> str | None:
    """A machine's secret, where the inventory has one."""
    there = session.scalar(
        select(DeviceSecret.id).where(DeviceSecret.device_id == device.id, DeviceSecret.name == name)
    )
    return None if there is None else devices.secret_of(session, device, name)


def _public(private: str) -> str:
    raw = serialization.Encoding.Raw, serialization.PublicFormat.Raw
    key = X25519PrivateKey.from_private_bytes(base64.b64decode(device_facts.wireguard_key(private)))
    return base64.b64encode(key.public_key().public_bytes(*raw)).decode()
