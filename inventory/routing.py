"""Verbs on what we announce, and to whom."""

from __future__ import annotations

from sqlalchemy.orm import Session

from foundation import journal
from foundation.acts import Act
from inventory.models.addresses import IPAddress, IPNetwork
from inventory.models.devices import Device
from inventory.models.routing import Aggregate, BgpPeer


def add_aggregate(session: Session, act: Act, prefix: IPNetwork) -> None:
    """A prefix of ours that the Internet is to see."""
    session.add(Aggregate(prefix=str(prefix)))
    journal.record(session, act, "aggregate.add", str(prefix))
    session.flush()


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
    """A BGP session of one of our routers."""
    session.add(
        BgpPeer(
            device_id=device.id,
            address=str(address),
            remote_as=remote_as,
            description=description,
            max_prefix=max_prefix,
            fast=fast,
        )
    )
    journal.record(session, act, "bgp-peer.add", device.name, address=str(address), remote_as=remote_as)
    session.flush()
