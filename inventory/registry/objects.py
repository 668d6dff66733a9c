"""Our registry objects: what we hold as the RIPE database describes it, with nobody's name in it.

Members' prefixes are registered together, one object a pool, as AGGREGATED-BY-LIR with the association's own contacts
(RIPE policy 2023-04): a person's address is no public matter.
"""

from __future__ import annotations

from ipaddress import ip_network
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from foundation.errors import Refused
from foundation.speech import Phrase
from inventory import rules
from inventory.models.addresses import IPNetwork, Pool
from inventory.models.devices import Device
from inventory.models.routing import Aggregate
from inventory.registry.rpsl import Attribute, Object

SOURCE: Final = "RIPE"
NEEDED: Final = ("ripe.maintainer", "ripe.contact", "ripe.country")


class RegistryUnknown(Refused):
    """The association has not said under whose names it is registered."""

    kind = "registry-unknown"
    phrase = Phrase(
        "Il manque {missing} pour écrire les objets. Par exemple : essaim rule set {first} ASSO-MNT",
        "{missing} is missing to write the objects. For example: essaim rule set {first} ASSO-MNT",
    )


class OriginUnknown(Refused):
    """No router of ours has an AS number, or several have different ones."""

    kind = "origin-unknown"
    phrase = Phrase(
        "Le numéro d'AS qui annonce nos préfixes n'est pas sûr ({found}). Le dire : essaim rule set ripe.origin 64496",
        "The AS number announcing our prefixes is uncertain ({found}). To say it: essaim rule set ripe.origin 64496",
    )


def objects(session: Session) -> list[Object]:
    """One inetnum or inet6num a pool, one route or route6 an aggregate, in order of address.

    Raises RegistryUnknown, OriginUnknown.
    """
    said = {name: rules.value(session, name) for name in NEEDED}
    missing = [name for name, value in said.items() if not value]
    if missing:
        raise RegistryUnknown(missing=missing, first=missing[0])
    pools = session.scalars(select(Pool).where(Pool.closed_at.is_(None)).order_by(Pool.family, Pool.first)).all()
    held = [_assigned(pool, said) for pool in pools]
    announced = aggregates(session)
    if not announced:
        return held
    number = origin(session)
    return held + [_route(prefix, number, said["ripe.maintainer"]) for prefix in announced]


def aggregates(session: Session) -> list[IPNetwork]:
    """The prefixes that we announce, IPv4 first, in order."""
    found = [ip_network(text) for text in session.scalars(select(Aggregate.prefix))]
    return sorted(found, key=lambda prefix: (prefix.version, int(prefix.network_address), prefix.prefixlen))


def origin(session: Session) -> int:
    """The AS number that announces our prefixes: the rule's, else that of our routers. Raises OriginUnknown."""
    said = rules.value(session, "ripe.origin")
    if said:
        return int(said)
    routers = session.scalars(select(Device.asn).where(Device.role == "router"))
    found = sorted({number for number in routers if number is not None})
    if len(found) != 1:
        raise OriginUnknown(found=found or "—")
    return found[0]


def _assigned(pool: Pool, said: dict[str, str]) -> Object:
    prefix = pool.prefix
    name = "".join(sign if sign.isalnum() else "-" for sign in pool.name).upper()
    if prefix.version == 4:
        head = [Attribute("inetnum", f"{prefix.network_address} - {prefix.broadcast_address}")]
    else:
        head = [Attribute("inet6num", str(prefix))]
    body = [
        Attribute("netname", name),
        Attribute("country", said["ripe.country"]),
        Attribute("admin-c", said["ripe.contact"]),
        Attribute("tech-c", said["ripe.contact"]),
        Attribute("status", "AGGREGATED-BY-LIR"),
    ]
    if prefix.version == 6:  # needed there, and optional for IPv4
        body.append(Attribute("assignment-size", str(pool.handed)))
    return (*head, *body, Attribute("mnt-by", said["ripe.maintainer"]), Attribute("source", SOURCE))


def _route(prefix: IPNetwork, number: int, maintainer: str) -> Object:
    return (
        Attribute("route" if prefix.version == 4 else "route6", str(prefix)),
        Attribute("origin", f"AS{number}"),
        Attribute("mnt-by", maintainer),
        Attribute("source", SOURCE),
    )
