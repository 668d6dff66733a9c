"""accel-ppp on a Debian LNS, where the kernel carries PPP: the same facts as l2tpns', in its words.

Debian does not package it: whoever chooses it builds it, and no daemon of that name ever read a text of ours
(docs/reference/lns.md). So the text is read back by our own reader of its form (provisioning/accel_conf.py) before it
leaves, and must say what it was told and nothing else. What it runs is its file: it tells of its settings nowhere.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from foundation.speech import Phrase
from foundation.text import render
from inventory.models.devices import Device
from provisioning import accel_conf, facts, releases
from provisioning.artifact import Effect, Impact, Observation
from provisioning.artifacts.l2tp import lns
from provisioning.texts import Texts

FILE: Final = "accel-ppp.conf"
PATH: Final = "/etc/accel-ppp.conf"
EDITED: Final = f"{FILE} was edited by hand"

_EVERYWHERE: Final = ("", "0.0.0.0")  # noqa: S104 - as facts name it; L2TP comes by the collection link
_WORD: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
_SECRET: Final = re.compile(r"[A-Za-z0-9._~+/-]{1,63}")
"""Not `=`: within `server=` it would make an option of a secret."""
_LOOK: Final = """\
if [ -e /var/lib/essaim/accel/told ]; then section told cat /var/lib/essaim/accel/told; fi
if systemctl is-active --quiet accel-ppp; then section running echo yes; fi
"""


@dataclass(frozen=True, slots=True)
class Told:
    """What one LNS is told; `core` is where RADIUS meets it, `gateway` the members' other end."""

    hostname: str
    bind: str
    core: str
    gateway: str
    ipv6: bool
    mtu: int
    l2tp_secret: str
    radius: str
    radius_port: int
    radius_secret: str
    interim: int


class Accel:
    """The artifact."""

    name = "accel"
    role = "lns"
    platform = "debian-accel"
    secrets = re.compile(r"^(?:secret=|(?:dae-)?server=[^,\n]+,)(?P<secret>[^,\n]+)", re.MULTILINE)
    observation = Observation(releases.looking("accel", {FILE: PATH}, _LOOK))

    def desired(self, session: Session, device: Device, at: datetime) -> Texts:
        """The LNS with its RADIUS server. Raises MachineIncomplete, NoSuchSecret, Unwritable."""
        said = lns(session, device, at)
        told = Told(
            hostname=said.hostname,
            bind="" if said.bind_address in _EVERYWHERE else said.bind_address,
            core=str(facts.core_address(session, device, 4, at)),
            gateway=said.address,
            ipv6=said.ipv6_prefix != "::",
            mtu=said.mtu,
            l2tp_secret=said.l2tp_secret,
            radius=said.radius,
            radius_port=said.radius_port,
            radius_secret=said.radius_secret,
            interim=said.interim,
        )
        return {FILE: written(told, device.name)}

    def observed(self, output: str) -> Texts:
        """The file that it reads, and what is amiss with it."""
        found = releases.sections(output)
        if "release" not in found:
            return {}
        return {FILE: releases.files(found).get(FILE, "") + releases.amiss(found, EDITED)}

    def effect(self, before: Texts, after: Texts) -> Effect:
        """Another text takes a restart, which cuts every session of the LNS: the texts do not say how many."""
        if dict(before) == dict(after):
            return Effect(Impact.NONE)
        return Effect(Impact.CUTS if before else Impact.HITLESS)

    def lines(self, before: Texts, after: Texts) -> tuple[str, ...]:  # noqa: ARG002 - the protocol's signature
        """None: an LNS is not told of lines, it asks RADIUS."""
        return ()


def written(told: Told, owner: str) -> str:
    """The text, once it has been read back as its daemon reads it. Raises Unwritable, naming `owner`."""
    names = _WORD.fullmatch(told.hostname)
    if not names or not all(_SECRET.fullmatch(each) for each in (told.l2tp_secret, told.radius_secret)):
        raise facts.Unwritable(what=Phrase("Un nom ou un secret", "A name or a secret"), owner=owner)
    text = render("provisioning", "l2tp/debian-accel.conf.j2", {"told": told})
    try:
        read = accel_conf.read(text)
        good = all(read[section][name] == value for section, name, value in _meant(told))
    except (accel_conf.NotPlain, KeyError):
        good = False
    if not good:  # an association's own template, for none of ours does
        raise facts.Unwritable(what=Phrase(f"Le texte de {FILE}", f"The text of {FILE}"), owner=owner)
    return text


def _meant(told: Told) -> tuple[tuple[str, str, str], ...]:
    """What the text must say, wherever it says it."""
    return (
        ("l2tp", "host-name", told.hostname),
        ("l2tp", "secret", told.l2tp_secret),
        ("ppp", "mru", str(told.mtu)),
        ("radius", "gw-ip-address", told.gateway),
        ("radius", "dae-server", f"{told.core}:3799,{told.radius_secret}"),
        ("radius", "acct-interim-interval", str(told.interim)),
        *((("l2tp", "bind", told.bind),) if told.bind else ()),
    )


ACCEL: Final = Accel()
