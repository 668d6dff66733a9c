"""Verbs on what we announce, and to whom."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address, ip_network
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from foundation import journal
from foundation.acts import Act
from foundation.errors import NotFound, Refused
from foundation.speech import Phrase
from inventory import names
from inventory.models.addresses import IPAddress, IPNetwork
from inventory.models.devices import Device
from inventory.models.mandates import Task
from inventory.models.routing import Aggregate, BgpPeer
from inventory.rights import asks

_ASN: Final = Phrase("un numéro d'AS", "an AS number")
_PREFIXES: Final = Phrase("un nombre de préfixes", "a number of prefixes")


class AggregateExists(Refused):
    """We announce that prefix already."""

    kind = "aggregate-exists"
    phrase = Phrase(
        "{prefix} est déjà annoncé. Rien n'a été changé.", "{prefix} is already announced. Nothing was changed."
    )


class NoSuchAggregate(NotFound):
    """We do not announce that prefix."""

    kind = "no-such-aggregate"
    phrase = Phrase(
        "{prefix} n'est pas annoncé. Ce qui l'est : essaim aggregate list",
        "{prefix} is not announced. What is: essaim aggregate list",
    )


class PeerExists(Refused):
    """The router speaks with that peer already."""

    kind = "peer-exists"
    phrase = Phrase(
        "{device} a déjà un voisin BGP {address}. Rien n'a été changé.",
        "{device} already has a BGP peer {address}. Nothing was changed.",
    )


class NoSuchPeer(NotFound):
    """The router does not speak with that peer."""

    kind = "no-such-peer"
    phrase = Phrase(
        "{device} n'a pas de voisin BGP {address}. Les voir : essaim device peer list {device}",
        "{device} has no BGP peer {address}. To see them: essaim device peer list {device}",
    )


@asks(Task.ADDRESSES_WRITE)
def add_aggregate(session: Session, act: Act, prefix: IPNetwork) -> None:
    """A prefix of ours that the Internet is to see. Raises AggregateExists."""
    if session.scalar(select(Aggregate.id).where(Aggregate.prefix == str(prefix))) is not None:
        raise AggregateExists(prefix=prefix)
    session.add(Aggregate(prefix=str(prefix)))
    journal.record(session, act, "aggregate.add", str(prefix))
    session.flush()


@asks(Task.ADDRESSES_WRITE)
def remove_aggregate(session: Session, act: Act, prefix: IPNetwork) -> None:
    """A prefix of ours that the Internet is to see no longer. Raises NoSuchAggregate."""
    held = session.scalar(select(Aggregate).where(Aggregate.prefix == str(prefix)))
    if held is None:
        raise NoSuchAggregate(prefix=prefix)
    session.delete(held)
    journal.record(session, act, "aggregate.remove", str(prefix))
    session.flush()


def list_aggregates(session: Session) -> list[IPNetwork]:
    """The prefixes that the Internet is to see, IPv4 before IPv6, in order."""
    held = (ip_network(text) for text in session.scalars(select(Aggregate.prefix)))
    return sorted(held, key=lambda one: (one.version, int(one.network_address), one.prefixlen))


@asks(Task.DEVICES_WRITE, "device")
def add_peer(
    session: Session,
    act: Act,
    device: Device,
    address: IPAddress,
    remote_as: int,
    description: str,
    *,
    max_prefix: int,
    fast: bool = False,
) -> None:
    """A BGP session of one of our routers. Raises OutOfRange, BadText, PeerExists."""
    names.within(remote_as, _ASN, 1, 2**32 - 2)
    names.within(max_prefix, _PREFIXES, 1, 10_000_000)
    said = names.sentence(description, 80)
    if _peer(session, device, address) is not None:
        raise PeerExists(device=device.name, address=address)
    session.add(
        BgpPeer(
            device_id=device.id,
            address=str(address),
            remote_as=remote_as,
            description=said,
            max_prefix=max_prefix,
            fast=fast,
        )
    )
    journal.record(session, act, "bgp-peer.add", device.name, address=str(address), remote_as=remote_as)
    session.flush()


@asks(Task.DEVICES_WRITE, "device")
def remove_peer(session: Session, act: Act, device: Device, address: IPAddress) -> None:
    """A BGP session ends. Raises NoSuchPeer."""
    held = _peer(session, device, address)
    if held is None:
        raise NoSuchPeer(device=device.name, address=address)
    session.delete(held)
    journal.record(session, act, "bgp-peer.remove", device.name, address=str(address), remote_as=held.remote_as)
    session.flush()


def list_peers(session: Session, device: Device) -> Sequence[BgpPeer]:
    """Whom a router speaks BGP with, IPv4 before IPv6."""
    held = session.scalars(select(BgpPeer).where(BgpPeer.device_id == device.id))
    return sorted(held, key=lambda one: (ip_address(one.address).version, int(ip_address(one.address))))


def _peer(session: Session, device: Device, address: IPAddress) -> BgpPeer | None:
    return session.scalar(select(BgpPeer).where(BgpPeer.device_id == device.id, BgpPeer.address == str(address)))
