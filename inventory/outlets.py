"""Whether an outlet may be switched off and on again, by whom, and that it was: noted before anything is done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from foundation import journal
from foundation.acts import Act
from foundation.errors import Invalid, Refused
from foundation.journal import Entry
from foundation.speech import Phrase
from inventory.devices import present
from inventory.models.devices import Device
from inventory.models.mandates import Task
from inventory.models.power import Outlet, Plug
from inventory.power import outlet_path
from inventory.rights import asks

APART: Final = timedelta(minutes=1)
"""Between two reboots of an outlet: a second click, or a page sent twice, is not a second reboot."""
_REBOOT: Final = "outlet.reboot"


class EmptyOutlet(Refused):
    """Nothing is plugged in there."""

    kind = "empty-outlet"
    phrase = Phrase(
        "Rien n'est branché sur {outlet}, d'après l'inventaire. Rien n'a été fait.",
        "Nothing is plugged into {outlet}, as the inventory has it. Nothing was done.",
    )


class NotConfirmed(Invalid):
    """What was typed is not the name of the machine that would be cut."""

    kind = "reboot-not-confirmed"
    phrase = Phrase(
        "Pour couper le courant de {machine}, il faut en taper le nom : « {machine} ». Rien n'a été fait.",
        "To cut the power of {machine}, its name must be typed: “{machine}”. Nothing was done.",
    )


class RebootedJustNow(Refused):
    """The same outlet was rebooted a moment ago."""

    kind = "rebooted-just-now"
    phrase = Phrase(
        "{outlet} vient d'être redémarrée, à {at}. Rien n'a été fait. Attendre une minute, puis recommencer.",
        "{outlet} was rebooted just now, at {at}. Nothing was done. Wait for a minute, then begin again.",
    )


@dataclass(frozen=True, slots=True)
class Occupied:
    """An outlet, the machine that is in it, its owner's number, and the power strip's own name for it."""

    path: str
    giver: str
    outlet: str
    machine: str
    owner: str | None


def occupant(session: Session, outlet: Outlet) -> Occupied:
    """What is in an outlet. Raises EmptyOutlet."""
    held = select(Device).join(Plug, Plug.device_id == Device.id).options(joinedload(Device.owner))
    machine = session.scalar(held.where(Plug.outlet_id == outlet.id, Plug.until.is_(None)))
    if machine is None:
        raise EmptyOutlet(outlet=outlet_path(outlet))
    owner = None if machine.owner is None else str(machine.owner)
    return Occupied(outlet_path(outlet), outlet.device.name, outlet.name, machine.name, owner)


def outlets_of(session: Session, device: Device) -> list[Outlet]:
    """The outlets that a machine is plugged into now."""
    asked = select(Outlet).join(Plug, Plug.outlet_id == Outlet.id).options(joinedload(Outlet.device))
    found = session.scalars(asked.where(Plug.device_id == device.id, Plug.until.is_(None)))
    return sorted(found, key=outlet_path)


@asks(Task.DEVICES_WRITE, "outlet", own=True)
def order_reboot(session: Session, act: Act, outlet: Outlet, typed: str) -> Occupied:
    """Note that an outlet is being rebooted: by who looks after machines, or by the owner of what is plugged in.

    `typed` is the machine's name, typed a second time by whoever asks. Raises EmptyOutlet, NotConfirmed,
    RebootedJustNow, Retired.
    """
    found = occupant(session, outlet)
    present(outlet.device)
    if typed.strip() != found.machine:
        raise NotConfirmed(machine=found.machine)
    session.scalars(select(Outlet.id).where(Outlet.id == outlet.id).with_for_update()).one()
    latest = select(Entry.at).where(Entry.verb == _REBOOT, Entry.subject == found.path)
    before = session.scalar(latest.order_by(Entry.id.desc()).limit(1))
    if before is not None and act.at - before < APART:
        raise RebootedJustNow(outlet=found.path, at=before)
    journal.record(session, act, _REBOOT, found.path, member=found.owner, machine=found.machine)
    session.flush()
    return found


def note_failure(session: Session, act: Act, found: Occupied, reason: str) -> None:
    """Note that the power strip did not obey. What was asked is noted already; no right is asked twice."""
    journal.record(session, act, "outlet.failed", found.path, member=found.owner, reason=reason)
