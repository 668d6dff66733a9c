"""Name servers on Debian: knot, nsd and bind say the same zones, from the same facts.

A zone's file holds no number that counts: the machine decides the serial. knot numbers what differs by itself
(`zonefile-load: difference-no-serial`); for nsd and bind the role writes the file that they read, with a serial that
rises when the zone changed. A volunteer's own zones stand in files that we never touch: ours come in by one line.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from foundation.text import render
from inventory import device_secrets, devices, rules
from inventory.models.devices import Device
from provisioning import facts, releases
from provisioning.artifact import Effect, Impact, Observation
from provisioning.artifacts import zones
from provisioning.texts import Texts

CONFIGURATION: Final = "essaim.conf"
ACCESS: Final = "update.conf"
PORT: Final = 53
EDITED: Final = f"{CONFIGURATION} was edited by hand"

_LABEL: Final = re.compile(r" ; (L\d+)$")
_SERIAL: Final = re.compile(r"^(@ SOA \S+ \S+) \d+ ", re.MULTILINE)
# `told` is what the role writes once the server has read the release.
_LOOK: Final = """\
if [ -e /var/lib/essaim/{name}/told ]; then section told cat /var/lib/essaim/{name}/told; fi
for file in /var/lib/essaim/{name}/current/*.zone; do
  if [ -e "$file" ]; then section "file:${{file##*/}}" cat "$file"; fi
done
for file in {served}/*.zone; do
  if [ -e "$file" ]; then section "served:${{file##*/}}" cat "$file"; fi
done
if systemctl is-active --quiet {unit}; then section running echo yes; fi
"""


class Zones:
    """What artifacts for name servers have in common."""

    role = "dns"

    def effect(self, before: Texts, after: Texts) -> Effect:
        """Zones are read again while the old ones are served; connections know nothing of it."""
        return Effect(Impact.NONE if dict(before) == dict(after) else Impact.HITLESS)

    def lines(self, before: Texts, after: Texts) -> tuple[str, ...]:
        """Lines whose names or delegations come, go or change."""
        differing = _rows(before) ^ _rows(after)
        labels = {found.group(1) for _, row in differing if (found := _LABEL.search(row))}
        return tuple(sorted(labels, key=lambda label: (len(label), label)))


class Dns(Zones):
    """The artifact, for one server: `served` is the folder of the files that it reads, where that is not ours."""

    secrets = re.compile(r"(?!)(?P<secret>)")

    def __init__(self, name: str, platform: str, *, path: str, served: str = "") -> None:
        self.name = name
        self.platform = platform
        self._copied = bool(served)
        look = _LOOK.format(name=name, served=served or "/nonexistent", unit="named" if name == "bind" else name)
        self.observation = Observation(releases.looking(name, {CONFIGURATION: path}, look))

    def desired(self, session: Session, device: Device, at: datetime) -> Texts:
        """Every zone of ours, and what tells the server of them. Raises MachineIncomplete, Unwritable."""
        held = zones.by_name(zones.zones(session, device, at))
        known = {"zones": [zone.name for zone in held.values()], "secondaries": _secondaries(session)}
        texts = {name: render("provisioning", "dns/zone.j2", {"zone": zone}) for name, zone in held.items()}
        return {CONFIGURATION: render("provisioning", f"dns/{self.name}.j2", known), **texts}

    def observed(self, output: str) -> Texts:
        """The files that the server reads, and what is amiss with it."""
        found = releases.sections(output)
        if "release" not in found:
            return {}
        texts = releases.files(found)
        if self._copied:
            texts = {name: text for name, text in texts.items() if name == CONFIGURATION} | _served(found)
        return {**texts, CONFIGURATION: texts.get(CONFIGURATION, "") + releases.amiss(found, EDITED)}


class DnsUpdate(Zones):
    """The same zones for a server that takes them over the wire (RFC 2136). It has them already, however empty."""

    name = "zones"
    platform = "rfc2136"
    secrets = re.compile(r"\bkey [\w-]+:[\w.-]+:(?P<secret>\S+)")

    def desired(self, session: Session, device: Device, at: datetime) -> Texts:
        """Every zone of ours, and what opens the server. Raises MachineIncomplete, NoSuchSecret, Unwritable."""
        held = zones.by_name(zones.zones(session, device, at))
        port = facts.service(device)[1] if device.endpoint else PORT
        access = {"port": port, "key": device_secrets.tsig(devices.secret_of(session, device, "tsig"))}
        texts = {name: render("provisioning", "dns/zone.j2", {"zone": zone}) for name, zone in held.items()}
        return {ACCESS: render("provisioning", "dns/update.j2", access), **texts}

    def recognised(self, running: Texts, desired: Texts) -> Texts:  # noqa: ARG002 - the protocol's signature
        """Records have one spelling, whoever made them."""
        return running

    def strangers(self, running: Texts, desired: Texts) -> tuple[str, ...]:
        """Names that would be taken away from a zone that others filled; what the zone says of itself is not one."""
        gone = _rows(running) - _rows(desired)
        return tuple(sorted(f"{row} ({name})" for name, row in gone if not row.startswith(("@ ", "port ", "key "))))


def _secondaries(session: Session) -> list[str]:
    """Addresses of other people's servers that copy our zones."""
    return rules.value(session, "dns.secondaries").split()


def _served(found: Mapping[str, str]) -> dict[str, str]:
    """The zones that the server reads, with the serial that our texts have."""
    return {
        name.removeprefix("served:"): _SERIAL.sub(r"\1 1 ", text)
        for name, text in found.items()
        if name.startswith("served:")
    }


def _rows(texts: Texts) -> set[tuple[str, str]]:
    return {(name, row) for name, text in texts.items() for row in text.splitlines()}


KNOT: Final = Dns("knot", "debian", path="/etc/knot/essaim.conf")
NSD: Final = Dns("nsd", "debian-nsd", path="/etc/nsd/nsd.conf.d/essaim.conf", served="/var/lib/nsd/essaim")
BIND: Final = Dns("bind", "debian-bind", path="/var/lib/bind/essaim/essaim.conf", served="/var/lib/bind/essaim")
UPDATE: Final = DnsUpdate()
