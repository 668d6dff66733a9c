"""RouterOS 7 at the edge and as an LNS: the same facts as FRR's and l2tpns', in RouterOS' words.

The text is a script of rows that bear our mark, and of the settings that we need; what else the machine holds is
neither compared nor typed at (provisioning/routeros.py). No such machine was ever pushed to: docs/reference/routers.md.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from foundation.text import render
from inventory.models.addresses import IPNetwork
from inventory.models.devices import Device
from provisioning import facts, routeros
from provisioning.artifact import Effect, Impact
from provisioning.artifacts.edge import Router, edge, word
from provisioning.artifacts.l2tp import Lns, lns
from provisioning.artifacts.vendor import VendorRouter
from provisioning.routeros import Row
from provisioning.texts import Texts

FILE: Final = "routeros.rsc"

_ROADS: Final = frozenset({
    "/ip address", "/ipv6 address", "/ip route", "/ipv6 route", "/routing bgp connection", "/routing bgp instance",
    "/routing ospf interface-template", "/routing ospf instance", "/routing ospf area", "/ip firewall address-list",
    "/ipv6 firewall address-list", "/ppp profile", "/ppp l2tp-secret", "/interface l2tp-server server",
})  # fmt: skip
"""Menus whose rows traffic goes by, or by whose words sessions come in."""
_HARMLESS: Final = frozenset({"comment", "input.limit-process-routes-ipv4", "input.limit-process-routes-ipv6"})


class RouterOs(VendorRouter):
    """What edges and LNS of this platform have in common."""

    name: str
    role: str
    platform = "routeros"
    secrets = re.compile(r'\b(?:secret|auth-key)=(?P<secret>"(?:[^"\\]|\\.)*"|\S+)')
    file = FILE

    def strangers(self, running: Texts, desired: Texts) -> tuple[str, ...]:
        """Rows under our mark that would go, and settings that would change."""
        typed = _typed(running, desired)
        return tuple(f"{row.menu} {' '.join((row.where or row.settings).values())}" for row in typed if _cuts(row))

    def effect(self, before: Texts, after: Texts) -> Effect:
        """A row that traffic goes by and that goes or changes cuts whoever goes by it; the texts say not how many."""
        if dict(before) == dict(after):
            return Effect(Impact.NONE)
        cuts = bool(before) and any(_cuts(row) for row in _typed(before, after))
        return Effect(Impact.CUTS if cuts else Impact.HITLESS)


class RouterOsEdge(RouterOs):
    """The edge."""

    name = "edge-routeros"
    role = "router"

    def desired(self, session: Session, device: Device, at: datetime) -> Texts:
        """The edge as the inventory has it. Raises MachineIncomplete, Unwritable."""
        return edge_text(edge(session, device, at))


class RouterOsLns(RouterOs):
    """The LNS."""

    name = "lns-routeros"
    role = "lns"

    def desired(self, session: Session, device: Device, at: datetime) -> Texts:
        """The LNS with its RADIUS server. Raises MachineIncomplete, NoSuchSecret, Unwritable."""
        word(device.name, device.name)
        return lns_text(lns(session, device, at), facts.served_pools(session, device))


def edge_text(router: Router) -> Texts:
    """An edge's text from its facts."""
    known = {"router": router, "quoted": routeros.quoted}
    return {FILE: render("provisioning", "router/routeros.j2", known)}


def lns_text(told: Lns, pools: Sequence[IPNetwork]) -> Texts:
    """An LNS' text from its facts, and the pools that it serves."""
    known = {"lns": told, "pools": pools, "mtu": told.mtu, "interim": _lasting(told.interim), "quoted": routeros.quoted}
    return {FILE: render("provisioning", "l2tp/routeros.j2", known)}


def _lasting(seconds: int) -> str:
    """A duration as RouterOS shows it."""
    minutes, rest = divmod(seconds, 60)
    return f"{f'{minutes}m' if minutes else ''}{f'{rest}s' if rest or not minutes else ''}"


def _typed(before: Texts, after: Texts) -> list[Row]:
    return routeros.remediation(*(routeros.read(texts.get(FILE, "")) for texts in (before, after)))


def _cuts(row: Row) -> bool:
    if row.menu not in _ROADS or (row.verb == "remove" and (row.where or {}).get("distance") == "254"):
        return False
    return row.verb == "remove" or (row.verb == "set" and bool(row.settings.keys() - _HARMLESS))


ROUTEROS_EDGE: Final = RouterOsEdge()
ROUTEROS_LNS: Final = RouterOsLns()
