"""An outlet switched off and on again: the right to it, the journal, and then the power strip."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from desk import polling
from foundation.acts import Act
from foundation.database import Store, reading, transaction
from foundation.errors import EssaimError, Refused
from foundation.reach import Means
from foundation.settings import Settings
from foundation.speech import Phrase
from inventory import device_secrets, devices, outlets, plugged, power
from inventory.outlets import Occupied
from monitoring import smart_plugs
from monitoring.smart_plugs import SmartPlug
from monitoring.snmp.agents import Agent, Community
from monitoring.snmp.outlets import Switch, find_strip, set_outlet


class NobodyToTell(Refused):
    """A power strip that cannot be spoken to: it has no address or no secret, or its outlet no number."""

    kind = "outlet-beyond-reach"
    phrase = Phrase(
        "{device} ne peut pas être commandée d'ici : il lui faut une adresse d'administration, un secret "
        "« snmp-write » ou « snmp3 », et un numéro à la prise. Rien n'a été fait. Voir : essaim device show {device}",
        "{device} cannot be commanded from here: it takes a management address, a secret “snmp-write” or “snmp3”, and "
        "a number for the outlet. Nothing was done. See: essaim device show {device}",
    )


@dataclass(frozen=True, slots=True)
class Rebooted:
    """What was switched off and on again: the outlet, and the machine in it."""

    outlet: str
    machine: str


@dataclass(frozen=True, slots=True)
class _Strip:
    """A power strip, spoken to over SNMP or as a smart plug, and an outlet's number there."""

    spoken_to: Agent | SmartPlug
    outlet: int

    def reboot(self, means: Means, at: datetime) -> None:
        if isinstance(self.spoken_to, SmartPlug):
            smart_plugs.reboot(means, self.spoken_to, self.outlet)
        else:
            module = find_strip(means, self.spoken_to, at)
            set_outlet(means, self.spoken_to, module, self.outlet, Switch.REBOOT)


def preview(store: Store, path: str) -> Occupied:
    """What would be cut. Raises NoSuchDevice, NoSuchOutlet, EmptyOutlet."""
    with reading(store) as session:
        return outlets.occupant(session, power.find_outlet(session, path))


def reboot(store: Store, settings: Settings, act: Act, path: str, typed: str) -> Rebooted:
    """Switch an outlet off and on again; `typed` is the name of the machine in it, typed by whoever asks.

    It is noted first, and that it failed too. Raises NoSuchDevice, NoSuchOutlet, what `outlets.order_reboot` raises,
    NobodyToTell, NoAnswer, Denied, BadAnswer, SwitchesNothing, NotSwitched, PlugSilent, PlugGarbled, PlugDenied,
    LabDown.
    """
    with transaction(store) as session:
        outlet = power.find_outlet(session, path)
        found = outlets.order_reboot(session, act, outlet, typed)
        strip = _strip(session, found)
    try:
        strip.reboot(settings.means(), act.at)
    except EssaimError as failed:
        with transaction(store) as session:
            outlets.note_failure(session, act, found, failed.kind)
        raise
    return Rebooted(found.path, found.machine)


def reboot_machine(store: Store, settings: Settings, act: Act, name: str, typed: str) -> list[Rebooted]:
    """The same with each outlet that a machine is plugged into, one right after another.

    Raises NoSuchDevice, NotPlugged, and what `reboot` raises.
    """
    with reading(store) as session:
        device = devices.find_device(session, name)
        paths = [power.outlet_path(one) for one in outlets.outlets_of(session, device)]
    if not paths:
        raise power.NotPlugged(device=device.name)
    return [reboot(store, settings, act, path, typed) for path in paths]


def _strip(session: Session, found: Occupied) -> _Strip:
    """The power strip as it is written to: by its own community for that, else as it is read. Raises NobodyToTell."""
    number = plugged.number_of(found.outlet)
    plug = next((one for one in polling.http_plugs(session) if one.device == found.giver), None)
    if plug is not None and number is not None:
        return _Strip(plug, number)
    device = devices.find_device(session, found.giver)
    agent = next((one for one in polling.snmp_agents(session) if one.device == found.giver), None)
    writes = device_secrets.snmp_writer(session, device)
    if agent is None and writes is not None and device.management:
        agent = Agent(device.name, device.management, Community(writes))
    if agent is None or number is None:
        raise NobodyToTell(device=found.giver)
    return _Strip(agent if writes is None else replace(agent, credential=Community(writes)), number)
