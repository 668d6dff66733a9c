"""FRRouting at the edge: our interfaces, the way to each pool's machine, and what we tell our peers."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from foundation.text import render
from inventory.models.devices import Device
from provisioning.artifact import Effect
from provisioning.artifacts.edge import edge, effect
from provisioning.texts import Texts

FILE: Final = "frr.conf"

_CARRYING: Final = re.compile(
    r"(?:ip|ipv6) address |bgp router-id |router (?:bgp|ospf)|network |"
    r"neighbor \S+ (?:remote-as|activate|update-source|next-hop-self)|"
    r"(?:ip ospf|ipv6 ospf6) area |redistribute |default-information "
)


class Routing:
    """The artifact."""

    name = "router"
    role = "router"
    platform = "frr"
    secrets = re.compile(r"\b(?:(?:password|secret|key-string) (?:\d )?|key \d+ md5 )(?P<secret>\S+)")

    def desired(self, session: Session, device: Device, at: datetime) -> Texts:
        """The edge as the inventory has it. Raises MachineIncomplete, Unwritable."""
        return {FILE: render("provisioning", "router/frr.j2", {"router": edge(session, device, at)})}

    def effect(self, before: Texts, after: Texts) -> Effect:
        """A road, a peer or an address that goes cuts whoever goes by it; the texts do not say how many."""
        return effect(before.get(FILE, ""), after.get(FILE, ""), _carries)

    def lines(self, before: Texts, after: Texts) -> tuple[str, ...]:  # noqa: ARG002 - the protocol's signature
        """None: a router knows pools, not lines."""
        return ()


def _carries(row: str) -> bool:
    """Whether traffic goes by what this line says."""
    if re.match(r"(?:ip|ipv6) route ", row):
        return not re.search(r" (?:Null0|blackhole|reject)\b", row)
    return bool(_CARRYING.match(row))


ROUTER: Final = Routing()
