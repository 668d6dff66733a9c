"""BIRD 2 at the edge of a Debian router: the way to each pool's machine, and what we tell our peers.

The same facts as FRR's (`edge.py`). BIRD sets no address: the machine's interfaces are its own, as Debian has them.
A volunteer's `bird.conf` stays theirs, with the kernel and device protocols that Debian puts there: ours comes in by
one line, and every name in it begins with `essaim_`.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from foundation.text import render
from inventory.models.devices import Device
from provisioning import releases
from provisioning.artifact import Effect, Observation
from provisioning.artifacts.edge import edge, effect
from provisioning.texts import Texts

FILE: Final = "essaim.conf"
PATH: Final = "/etc/bird/essaim.conf"
EDITED: Final = f"{FILE} was edited by hand"
_CARRYING: Final = re.compile(
    r"route \S+ via |protocol (?:bgp|ospf) |local .*as |neighbor |interface "
    r"|if net = \S+ (?:then accept|&& )|if proto = "
)
_LOOK: Final = """\
if [ -e /var/lib/essaim/bird/told ]; then section told cat /var/lib/essaim/bird/told; fi
if systemctl is-active --quiet bird; then section running echo yes; fi
"""


class Bird:
    """The artifact."""

    name = "bird"
    role = "router"
    platform = "debian-bird"
    secrets = re.compile(r"\b(?:password|secret|key-string) (?:\d )?(?P<secret>\S+)")
    observation = Observation(releases.looking("bird", {FILE: PATH}, _LOOK))

    def desired(self, session: Session, device: Device, at: datetime) -> Texts:
        """The edge as the inventory has it. Raises MachineIncomplete, Unwritable."""
        return {FILE: render("provisioning", "bird/debian.j2", {"router": edge(session, device, at)})}

    def observed(self, output: str) -> Texts:
        """The file that BIRD reads, and what is amiss with it."""
        found = releases.sections(output)
        if "release" not in found:
            return {}
        return {FILE: releases.files(found).get(FILE, "") + releases.amiss(found, EDITED)}

    def effect(self, before: Texts, after: Texts) -> Effect:
        """A road or a peer that goes cuts whoever goes by it; the texts do not say how many."""
        return effect(before.get(FILE, ""), after.get(FILE, ""), _carries)

    def lines(self, before: Texts, after: Texts) -> tuple[str, ...]:  # noqa: ARG002 - the protocol's signature
        """None: a router knows pools, not lines."""
        return ()


def _carries(row: str) -> bool:
    """Whether traffic goes by what this line says."""
    return bool(_CARRYING.match(row))


BIRD: Final = Bird()
