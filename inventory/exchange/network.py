"""Sites, machines, pools and offers of a file, weighed against those we have."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from foundation.errors import EssaimError
from foundation.speech import Phrase
from inventory import device_facts, names, offers
from inventory.device_facts import Facts
from inventory.exchange.people import People
from inventory.exchange.periods import Held, conflicts
from inventory.exchange.plans import Action, Change, Draft
from inventory.exchange.records import DeviceRecord, Noun, OfferRecord, Place, PrefixRecord, SiteRecord, refusal
from inventory.models.addresses import IPNetwork, Pool
from inventory.models.devices import Device, Interface
from inventory.models.lines import Offer
from inventory.models.places import Site

FACTS: Final = (
    "role", "platform", "shape", "description", "serial", "management", "endpoint", "public_key", "asn", "contact",
    "watts", "snmp_agreed",
)  # fmt: skip
_TWICE: Final = Phrase("« {name} » est déjà à la ligne {line}.", "“{name}” is in line {line} already.")
_UNKNOWN: Final = Phrase(
    "pas de {noun} « {name} », ni ici ni dans ce fichier.", "there is no {noun} “{name}”, here or in this file."
)
_NOT_KNOWN: Final = Phrase(
    "la machine « {name} » n'est pas connue : ses adresses sont mises de côté.",
    "machine “{name}” is not known: its addresses are put aside.",
)
_NO_SITE: Final = Phrase("dans quel lieu est cette machine ? (colonne site)", "where does it stand? (column site)")
_NO_TECHNOLOGY: Final = Phrase("une nouvelle offre a une technologie.", "a new offer has a technology.")
_OVERLAPS: Final = Phrase("{prefix} empiète sur le pool {pool}.", "{prefix} overlaps pool {pool}.")
_MOVED: Final = Phrase(
    "le pool « {name} » est {here} ici, et {there} dans ce fichier.",
    "pool “{name}” is {here} here, and {there} in this file.",
)
_OTHER_KIND: Final = Phrase.said(
    "sa technologie ou sa livraison est autre ici, et le reste",
    "its technology or delivery is another here, and stays so",
)


@dataclass(frozen=True, slots=True)
class NewDevice:
    """A machine to add, and the handle of whose it is."""

    record: DeviceRecord
    owner: int | None


@dataclass(frozen=True, slots=True)
class NewInterfaces:
    """Interfaces that a machine lacks."""

    device: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ChangedThing:
    """What a file says otherwise of something of a name."""

    name: str
    values: tuple[tuple[str, Any], ...]


@dataclass(slots=True)
class Network:
    """The places, machines, pools and offers that we have, by name, and those that the file brings."""

    sites: dict[str, Site]
    devices: dict[str, Device]
    interfaces: dict[tuple[str, str], int]
    pools: dict[str, Pool]
    offers: dict[str, Offer]
    new: dict[tuple[Noun, str], Place] = field(default_factory=dict)
    brought: list[tuple[str, IPNetwork]] = field(default_factory=list)
    drawn: dict[str, OfferRecord] = field(default_factory=dict)
    wholesalers: frozenset[str] = frozenset()

    def has(self, noun: Noun, name: str) -> bool:
        """Whether there is such a thing, here or in the file."""
        here: dict[Noun, dict[str, Any]] = {
            Noun.SITE: self.sites,
            Noun.DEVICE: self.devices,
            Noun.POOL: self.pools,
            Noun.OFFER: self.offers,
        }
        return name in here[noun] or (noun, name) in self.new

    def offer(self, name: str) -> Offer | None:
        """An offer that is here, or one that the file draws (not of the session)."""
        record = self.drawn.get(name)
        if name in self.offers or record is None:
            return self.offers.get(name)
        carried = offers.parse_technology(record.technology or "")
        return Offer(name=name, technology=carried, delivery=record.delivery or carried.deliveries[0])


def known_network(session: Session) -> Network:
    """Load all of them: there are few."""
    devices = {one.id: one for one in session.scalars(select(Device))}
    interfaces = {
        (devices[device].name, name): row
        for row, device, name in session.execute(select(Interface.id, Interface.device_id, Interface.name))
    }
    return Network(
        {one.name: one for one in session.scalars(select(Site))},
        {one.name: one for one in devices.values()},
        interfaces,
        {one.name: one for one in session.scalars(select(Pool).where(Pool.closed_at.is_(None)))},
        {one.name: one for one in session.scalars(select(Offer))},
    )


def weigh_network(
    draft: Draft,
    network: Network,
    people: People,
    records: Iterable[SiteRecord | DeviceRecord | PrefixRecord | OfferRecord],
) -> None:
    """Say of each what would become of it. They come in the order in which they need one another."""
    for record in records:
        key = (record.noun, record.name)
        if key in network.new:
            draft.wrong(record.place, _TWICE, name=record.name, line=network.new[key].line)
            continue
        network.new[key] = record.place
        try:
            match record:
                case SiteRecord():
                    _site(draft, network, record)
                case DeviceRecord():
                    _device(draft, network, people, record)
                case PrefixRecord():
                    _pool(draft, network, record)
                case OfferRecord():
                    _offer(draft, network, record)
        except EssaimError as wrong:
            draft.reading.problems.append(refusal(record.place, wrong))
    _pools_apart(draft, network)


def _site(draft: Draft, network: Network, record: SiteRecord) -> None:
    here = network.sites.get(record.name)
    if here is not None:
        return _compared(draft, record, record.name, _differences(here, record, ("description", "address")))
    names.label(record.name, 64)
    return draft.add(record.place, Action.CREATE, Noun.SITE, record.name, record)


def _device(draft: Draft, network: Network, people: People, record: DeviceRecord) -> None:
    facts = device_facts.checked(Facts(**{name: getattr(record, name) for name in FACTS}))
    owner = None if record.owner is None else people.who(record.owner)
    if record.owner is not None and owner is None:
        return draft.wrong(record.place, _UNKNOWN, noun=Noun.MEMBER, name=record.owner.shown("M"))
    here = network.devices.get(record.name)
    if here is not None:
        changes = tuple(
            Change(name, getattr(here, name), value) for name, value in facts.items() if getattr(here, name) != value
        )
        _compared(draft, record, record.name, changes)
    else:
        names.host(record.name)
        if record.site is None and record.role is None:
            return draft.reading.remark(record.place, _NOT_KNOWN, name=record.name)
        if record.site is None or not _there(draft, network, record.place, Noun.SITE, record.site):
            return draft.wrong(record.place, _NO_SITE) if record.site is None else None
        draft.add(record.place, Action.CREATE, Noun.DEVICE, record.name, NewDevice(record, owner))
    lacking = tuple(one for one in record.interfaces if (record.name, one) not in network.interfaces)
    network.interfaces.update({(record.name, one): 0 for one in lacking})
    if here is not None and lacking:
        shown = f"{record.name} ({', '.join(lacking)})"
        draft.add(record.place, Action.CREATE, Noun.DEVICE, shown, NewInterfaces(record.name, lacking))
    return None


def _pool(draft: Draft, network: Network, record: PrefixRecord) -> None:
    same = next((one for one in network.pools.values() if one.prefix == record.prefix), None)
    here = network.pools.get(record.name) or same
    if here is None:
        for noun, name in ((Noun.DEVICE, record.device), (Noun.SITE, record.site)):
            if name is not None and not _there(draft, network, record.place, noun, name):
                return
        network.brought.append((record.name, record.prefix))
        draft.add(record.place, Action.CREATE, Noun.POOL, f"{record.name} {record.prefix}", record)
    elif here.name != record.name:
        draft.add(record.place, Action.NOTHING, Noun.POOL, f"{here.name} {record.prefix}")
    elif here.prefix != record.prefix:
        draft.wrong(record.place, _MOVED, name=record.name, here=here.prefix, there=record.prefix)
    else:
        fields = ("purpose", "note", "handed", "quarantine_days", "automatic")
        _compared(draft, record, record.name, _differences(here, record, fields))


def _offer(draft: Draft, network: Network, record: OfferRecord) -> None:
    here = network.offers.get(record.name)
    if here is not None:
        other = record.technology not in (None, here.technology) or record.delivery not in (None, here.delivery)
        if other:
            return draft.add(record.place, Action.SKIP, Noun.OFFER, record.name, why=_OTHER_KIND)
        return _compared(draft, record, record.name, _differences(here, record, ("title", "mtu", "realm")))
    if record.technology is None:
        return draft.wrong(record.place, _NO_TECHNOLOGY)
    offers.parse_technology(record.technology)
    needed = ((Noun.DEVICE, record.device), (Noun.POOL, record.pool_v4), (Noun.POOL, record.pool_v6))
    for noun, name in needed:
        if name is not None and not _there(draft, network, record.place, noun, name):
            return None
    if record.wholesaler is not None and record.wholesaler not in network.wholesalers:
        return draft.unknown(record.place, Noun.WHOLESALER, record.wholesaler)
    network.drawn[record.name] = record
    return draft.add(record.place, Action.CREATE, Noun.OFFER, record.name, record)


def _pools_apart(draft: Draft, network: Network) -> None:
    """New pools overlap neither those we have nor one another."""
    every = [(name, one.prefix) for name, one in network.pools.items()] + network.brought
    held = [
        Held(prefix.version, int(prefix.network_address), int(prefix.broadcast_address), 0, None, rank)
        for rank, (_, prefix) in enumerate(every)
    ]
    for one, other in conflicts(held):
        later, earlier = max(one, other), min(one, other)
        name, prefix = every[later]
        draft.wrong(network.new[Noun.POOL, name], _OVERLAPS, prefix=prefix, pool=every[earlier][0])


def _there(draft: Draft, network: Network, place: Place, noun: Noun, name: str) -> bool:
    found = network.has(noun, name)
    if not found:
        draft.wrong(place, _UNKNOWN, noun=noun, name=name)
    return found


def _compared(draft: Draft, record: Any, name: str, changes: tuple[Change, ...]) -> None:
    if changes:
        work = ChangedThing(name, tuple((one.field, one.after) for one in changes))
        draft.add(record.place, Action.CHANGE, record.noun, name, work, changes=changes)
    else:
        draft.add(record.place, Action.NOTHING, record.noun, name)


def _differences(here: object, record: object, fields: tuple[str, ...]) -> tuple[Change, ...]:
    said = ((name, getattr(record, name)) for name in fields)
    return tuple(
        Change(name, getattr(here, name), value)
        for name, value in said
        if value is not None and value != getattr(here, name)
    )
