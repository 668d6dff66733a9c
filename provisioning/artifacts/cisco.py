"""Cisco IOS at the edge and as an LNS: the same facts as FRR's and l2tpns', in IOS' words.

A router of this kind has much that is not ours (users, lines, management): the text holds what is ours alone, and
nothing else is compared or typed (provisioning/ios.py). No such machine was ever pushed to: docs/reference/routers.md.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from foundation.text import render
from inventory.models.devices import Device
from provisioning import ios
from provisioning.artifact import Effect
from provisioning.artifacts.edge import Router, edge, effect, word
from provisioning.artifacts.l2tp import Lns, lns
from provisioning.artifacts.vendor import VendorRouter
from provisioning.texts import Texts

FILE: Final = "ios.cfg"

_CARRIES: Final = re.compile(
    r"(?:ip|ipv6) route (?!.* Null0 )|(?:ip|ipv6) address |router (?:bgp|ospf)|ipv6 router ospf|network |redistribute |"
    r"neighbor \S+ (?:remote-as|activate|update-source|next-hop-self)|(?:ip|ipv6) ospf \d+ area |default-information |"
    r"bgp router-id |vpdn-group |protocol l2tp|virtual-template |local name |source-ip |l2tp tunnel password |mtu |"
    r"ip unnumbered |ipv6 (?:unnumbered|enable|dhcp)|ppp authentication |ppp authorization "
)


class Ios(VendorRouter):
    """What edges and LNS of this platform have in common."""

    name: str
    role: str
    platform = "ios"
    secrets = re.compile(
        r"\b(?:key|key-string|server-key|password|secret)(?: \d)? (?P<secret>(?!\d{1,3}$)\S+)$", re.MULTILINE
    )
    """`key 2` in a chain is the number of one."""
    file = FILE

    def strangers(self, running: Texts, desired: Texts) -> tuple[str, ...]:
        """Addresses, neighbours and prefixes that would go from a router that somebody set up by hand."""
        kept = set(ios.paths(ios.read(desired.get(FILE, ""))))
        gone = (path for path in ios.paths(ios.read(running.get(FILE, ""))) if path not in kept)
        return tuple(" / ".join(path) for path in gone if _CARRIES.match(path[-1]))

    def effect(self, before: Texts, after: Texts) -> Effect:
        """A road, a peer, an address or a way in that goes cuts whoever goes by it; the texts say not how many."""
        return effect(before.get(FILE, ""), after.get(FILE, ""), lambda row: _CARRIES.match(row) is not None)


class IosEdge(Ios):
    """The edge."""

    name = "edge-ios"
    role = "router"

    def desired(self, session: Session, device: Device, at: datetime) -> Texts:
        """The edge as the inventory has it. Raises MachineIncomplete, Unwritable."""
        return edge_text(edge(session, device, at))


class IosLns(Ios):
    """The LNS."""

    name = "lns-ios"
    role = "lns"

    def desired(self, session: Session, device: Device, at: datetime) -> Texts:
        """The LNS with its RADIUS server. Raises MachineIncomplete, NoSuchSecret, Unwritable."""
        word(device.name, device.name)
        return lns_text(lns(session, device, at))


def edge_text(router: Router) -> Texts:
    """An edge's text from its facts."""
    return {FILE: render("provisioning", "router/ios.j2", {"router": router, **ios.FORMS})}


def lns_text(told: Lns) -> Texts:
    """An LNS' text from its facts. IOS counts what RADIUS is told meanwhile in minutes."""
    facts = {"lns": told, "mtu": told.mtu, "minutes": max(1, round(told.interim / 60))}
    return {FILE: render("provisioning", "l2tp/ios.j2", facts)}


IOS_EDGE: Final = IosEdge()
IOS_LNS: Final = IosLns()
