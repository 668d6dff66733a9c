"""A hosted machine: what its owner puts on it so that we may look inside, and what the port it is on is told.

Both are texts to hand over: a member's machine is theirs, and nothing of ours is pushed there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sqlalchemy.orm import Session

from foundation import journal
from foundation.acts import Act
from foundation.errors import Invalid, Refused
from foundation.speech import Phrase
from foundation.text import render
from inventory import cabling, routing
from inventory.devices import NoSuchSecret
from inventory.models.devices import Device, DeviceRole, Interface, Link
from inventory.models.mandates import Task
from inventory.rights import asks
from inventory.snmp_users import SnmpUser, snmp_user
from provisioning.artifacts.edge import word
from provisioning.facts import MachineIncomplete, Unwritable, service_secret

SECRETS: Final = ("snmp3", "snmp")
"""The user of SNMPv3, and the community of SNMPv2c: whichever the machine has."""

_PORT: Final = Phrase("un port de commutateur", "a switch port")
_SECRET: Final = Phrase("le secret « snmp3 »", "the “snmp3” secret")
_INTERFACE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_./:-]*")


class Form(StrEnum):
    """What is handed over, and to whom."""

    SNMPD = "snmpd"
    SWITCH_PORT = "switch-port"


class NoSuchForm(Invalid):
    """A form that says nothing of a hosted machine."""

    kind = "no-such-form"
    phrase = Phrase("« {form} » : choisir parmi {forms}.", "“{form}”: choose among {forms}.")


class SnmpNotAgreed(Refused):
    """The owner of a machine lets nobody look inside."""

    kind = "snmp-not-agreed"
    phrase = Phrase(
        "Le ou la propriétaire de {device} n'a pas donné son accord pour SNMP. Rien n'a été écrit. "
        "Avec son accord : essaim device change {device} --snmp",
        "Whoever owns {device} did not agree to SNMP. Nothing was written. "
        "With their agreement: essaim device change {device} --snmp",
    )


@dataclass(frozen=True, slots=True)
class Watched:
    """What snmpd is told: its name, whom to call, who may ask, and for SNMPv2c from where."""

    name: str
    contact: str
    user: SnmpUser | None
    community: str
    sources: tuple[str, ...]
    sources6: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SwitchPort:
    """One port of a switch, and the machine on it; `mac` is empty where it is not known."""

    port: str
    description: str
    mac: str
    enabled: bool

    @property
    def dotted(self) -> str:
        """The station as Cisco writes it."""
        plain = self.mac.replace(":", "")
        return ".".join(plain[start : start + 4] for start in range(0, len(plain), 4))


@asks(Task.DEVICES_WRITE, "device", own=True)
def hand_out(session: Session, act: Act, device: Device, form: str) -> str:
    """The text of one form for a machine; that it was handed out is journaled.

    Raises NoSuchForm, SnmpNotAgreed, MachineIncomplete, Unwritable.
    """
    if form not in set(Form):
        raise NoSuchForm(form=form[:20], forms=[str(one) for one in Form])
    text = _snmpd(session, device) if form == Form.SNMPD else _switch_ports(session, device)
    journal.record(session, act, "device.handout", device.name, form=form)
    return text


def _snmpd(session: Session, device: Device) -> str:
    if device.owner_id is not None and not device.snmp_agreed:
        raise SnmpNotAgreed(device=device.name)
    passphrase, community = (_held(session, device, name) for name in SECRETS)
    if not passphrase and not community:
        raise MachineIncomplete(device=device.name, what=_SECRET)
    ours = routing.list_aggregates(session)
    watched = Watched(
        word(device.name, device.name),
        _line(device.contact, device.name),
        snmp_user(passphrase) if passphrase else None,
        community,
        tuple(str(one) for one in ours if one.version == 4),
        tuple(str(one) for one in ours if one.version == 6),
    )
    return render("provisioning", "handout/snmpd.j2", {"watched": watched})


def _held(session: Session, device: Device, name: str) -> str:
    try:
        return service_secret(session, device, name)
    except NoSuchSecret:
        return ""


def _switch_ports(session: Session, device: Device) -> str:
    found = [text for link in cabling.links_of(session, [device]) for text in _told(device, link)]
    if not found:
        raise MachineIncomplete(device=device.name, what=_PORT)
    return "".join(found)


def _told(device: Device, link: Link) -> Iterator[str]:
    """What the switch at the other end is told, in the words of its platform."""
    near, far = (link.near, link.far) if link.near.device_id == device.id else (link.far, link.near)
    if near is None or far is None or far.device.role != DeviceRole.SWITCH:
        return
    language = "routeros" if far.device.platform.startswith("routeros") else "ios"
    port = SwitchPort(_name(far), f"{word(device.name, device.name)} {_name(near)}", near.mac or "", far.enabled)
    yield render("provisioning", f"handout/switch-port.{language}.j2", {"port": port, "switch": far.device.name})


def _name(interface: Interface) -> str:
    if not _INTERFACE.fullmatch(interface.name):
        name = Phrase(f"Le nom « {interface.name!r} »", f"The name {interface.name!r}")
        raise Unwritable(what=name, owner=interface.device.name)
    return interface.name


def _line(text: str, owner: str) -> str:
    """A text that ends no line and no quotes."""
    if not text.isprintable():
        raise Unwritable(what=Phrase("Le contact", "The contact"), owner=owner)
    return re.sub(r'["\\#]', "", text).strip()
