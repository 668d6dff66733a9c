"""A second LNS in the demonstration's association: the wholesaler goes to it where the first does not answer."""

from __future__ import annotations

import secrets
from ipaddress import ip_address, ip_network
from typing import Final

from sqlalchemy.orm import Session

from foundation.acts import Act
from inventory import addresses, devices, places, routing
from inventory.device_facts import Facts
from inventory.models.addresses import Role
from inventory.models.devices import Device

NAME: Final = "lns2"

_ASN: Final = 64496
_CORE: Final = {"lns": "192.0.2.2", NAME: "192.0.2.9"}
_ROUTER: Final = "192.0.2.1"
_MOST: Final = 10_000


def add_second_lns(session: Session, act: Act, router: Device) -> Device:
    """Add it, and have both tell the router beside them whom they hold."""
    other = devices.add_device(
        session, act, NAME, role="lns", platform="debian", site=places.find_site(session, "colo"), shape="serveur 1U",
        management="100.64.0.9", endpoint="100.64.2.3:1701", asn=_ASN,
    )  # fmt: skip
    for name in ("radius", "l2tp"):
        devices.set_secret(session, act, other, name, secrets.token_urlsafe(18))
    core = devices.add_interface(session, act, other, "core0", "coeur")
    members = devices.add_interface(session, act, other, "tun0", "membres")
    for interface, role, pool, address in (
        (core, Role.LINK, "coeur-v4", _CORE[NAME]),
        (core, Role.LINK, "coeur-v6", "2001:db8::9"),
        (members, Role.LOOPBACK, "adsl-v4", "203.0.113.254"),
        (members, Role.LOOPBACK, "adsl-v6", "2001:db8:200::2"),
    ):
        held = addresses.find_pool(session, pool)
        addresses.allocate(session, act, held, interface, role, exactly=ip_network(address))
    first = devices.find_device(session, "lns")
    devices.change_device(session, act, first, Facts(asn=_ASN))
    for lns in (first, other):
        routing.add_peer(session, act, lns, ip_address(_ROUTER), _ASN, router.name, max_prefix=_MOST, fast=True)
        at = ip_address(_CORE[lns.name])
        routing.add_peer(session, act, router, at, _ASN, lns.name, max_prefix=_MOST, fast=True)
    return other
