"""How routers of ours tell each other what they know: OSPF (RFC 2328 for IPv4, 5340 for IPv6), in one area.

Two routers of ours that have addresses in one network speak to each other there: no more has to be said. What else
stands on their interfaces is told of and not spoken to, but for networks where a router of somebody else's is a peer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from foundation import clock
from inventory import ospf_keys
from inventory.models.addresses import IPAddress
from inventory.models.devices import DRIVEN, Device, Interface, Link, LinkKind
from inventory.models.routing import KeyState
from provisioning import facts
from provisioning.facts import IPInterface

LOOPBACK: Final = "lo"
"""Where a router is met by whichever of its links stands."""
SPEAKERS: Final = DRIVEN["router"]
"""The platforms of routers whose texts say all this; another's is told nothing of it."""
CABLE: Final = 10
RADIO: Final = 100
"""Costs: a radio link is gone by where there is no other."""


@dataclass(frozen=True, slots=True)
class Way:
    """An interface of a router of ours. `quiet` is where no other router of ours stands: told of, not spoken to.

    `two` is where no third could: its networks have two addresses each.
    """

    interface: str
    versions: tuple[int, ...]
    quiet: bool
    two: bool
    cost: int


def ways(session: Session, device: Device, outside: Iterable[IPAddress], at: datetime) -> tuple[Way, ...]:
    """The interfaces of a router by which ours meet, and those told of beside; none where it meets no other of ours.

    `outside` are the peers of other networks.
    """
    if device.platform not in SPEAKERS:
        return ()
    others = [address for each in _others(session, device) for _, address in _held(session, each, at)]
    strangers = tuple(outside)
    found = []
    for name, addresses in _by_name(_held(session, device, at)).items():
        if any(peer in one.network for one in addresses for peer in strangers):
            continue
        met = [one for one in addresses if any(other.ip in one.network for other in others)]
        found.append(
            Way(
                interface=name,
                versions=tuple(sorted({one.version for one in met or addresses})),
                quiet=not met,
                two=bool(met) and all(one.network.num_addresses == 2 for one in met),
                cost=RADIO if _by_radio(session, device, name, at) else CABLE,
            )
        )
    return tuple(found) if any(not way.quiet for way in found) else ()


@dataclass(frozen=True, slots=True)
class Key:
    """A key by which routers know each other: `number` as packets name it, its text for each family.

    The one that is `sent` is what a router speaks by; it believes what comes by any.
    """

    number: int
    four: str = field(repr=False)
    six: str = field(repr=False)
    sent: bool = True

    def of(self, version: int) -> str:
        """Its text for a family."""
        return self.four if version == 4 else self.six


def speakers(session: Session) -> list[Device]:
    """The routers that we have speak it, by name."""
    ours = Device.platform.in_(SPEAKERS), Device.owner_id.is_(None), Device.until.is_(None)
    return list(session.scalars(select(Device).where(Device.role == "router", *ours).order_by(Device.name)))


def keys(session: Session) -> tuple[Key, ...]:
    """The keys in force inside, the one that is sent first; none where routers take anybody at their word."""
    held = [
        Key(one.number, *ospf_keys.opened(session, one), sent=one.state == KeyState.SENT)
        for one in ospf_keys.list_keys(session)
    ]
    return tuple(sorted(held, key=lambda one: not one.sent))


def digest(session: Session) -> str:
    """How a key signs over IPv4: HMAC-SHA-256 (RFC 5709), or keyed MD5 (RFC 2328) where one of us can do no better.

    FRR has had HMAC-SHA for OSPFv2 since release 9, and Debian 12 has 8.4.
    """
    return "md5" if any(one.platform == "frr" for one in speakers(session)) else "hmac-sha-256"


def signed(session: Session) -> tuple[int, ...]:
    """In which families routers sign.

    Over IPv6 (RFC 7166) FRR 8.4 believes FRR alone: of one packet and one key, BIRD 2.0 makes another digest. So where
    an FRR meets routers of another make, IPv6 inside goes without a key.
    """
    makes = {one.platform for one in speakers(session)}
    return (4,) if "frr" in makes and len(makes) > 1 else (4, 6)


def loopback(session: Session, device: Device, version: int, at: datetime) -> IPAddress | None:
    """Where a router is met whichever link stands, if it has such an address."""
    held = facts.interface_addresses(session, device, LOOPBACK, at)
    return next((one.ip for one in held if one.version == version), None)


def _others(session: Session, device: Device) -> Iterator[Device]:
    """The other routers that we have speak it."""
    return (one for one in speakers(session) if one.id != device.id)


def _held(session: Session, device: Device, at: datetime) -> Iterator[tuple[str, IPInterface]]:
    names = select(Interface.name).where(Interface.device_id == device.id).order_by(Interface.name)
    for name in session.scalars(names):
        for address in facts.interface_addresses(session, device, name, at):
            yield name, address


def _by_name(held: Iterable[tuple[str, IPInterface]]) -> Mapping[str, list[IPInterface]]:
    found: dict[str, list[IPInterface]] = {}
    for name, address in held:
        found.setdefault(name, []).append(address)
    return found


def _by_radio(session: Session, device: Device, name: str, at: datetime) -> bool:
    day = clock.today(at)
    query = (
        select(Link.id)
        .join(Interface, or_(Link.near_id == Interface.id, Link.far_id == Interface.id))
        .where(Interface.device_id == device.id, Interface.name == name, Link.kind == LinkKind.RADIO)
        .where(Link.since <= day, or_(Link.until.is_(None), Link.until > day))
    )
    return session.scalar(query.limit(1)) is not None
