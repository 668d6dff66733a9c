"""Which artifacts go on which machines, and which driver brings them there."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from importlib.metadata import entry_points
from threading import Lock

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from foundation.errors import NotFound
from foundation.settings import Settings
from foundation.speech import Phrase
from inventory import devices
from inventory.models.devices import Device
from inventory.models.lines import Delivery, Line
from provisioning.artifact import Artifact, Target
from provisioning.artifacts.antispoofing import ANTISPOOFING_LNS, ANTISPOOFING_VPN
from provisioning.artifacts.dns import BIND, KNOT, NSD
from provisioning.artifacts.l2tp import L2TP
from provisioning.artifacts.radius import RADIUS
from provisioning.artifacts.router import ROUTER
from provisioning.artifacts.wireguard import WIREGUARD
from provisioning.changes import Wanted
from provisioning.drivers.protocol import Driver
from provisioning.models import Change

ARTIFACTS: tuple[Artifact, ...] = (ROUTER, RADIUS, ANTISPOOFING_LNS, L2TP, ANTISPOOFING_VPN, WIREGUARD, KNOT, NSD, BIND)
"""In the order in which a new association is brought up: roads first, doors last."""


class NoTarget(NotFound):
    """A change for a machine that is ours no more, or that carries this artifact no more."""

    kind = "no-target"
    phrase = Phrase(
        "{change} était pour {artifact} sur une machine retirée ou qui a changé de rôle. Rien n'a été changé. "
        "Ce qu'il y a à faire aujourd'hui : essaim change plan",
        "{change} was for {artifact} on a machine that is retired or has another role. Nothing was changed. "
        "What there is to do today: essaim change plan",
    )


_PPP = frozenset({"lns", "radius"})
_ROLES = {Delivery.TUNNEL: frozenset({"vpn"}), Delivery.L2TP: _PPP, Delivery.PPPOE: _PPP}
"""Roles of the machines that know of a line, by how it arrives."""

_LOADING = Lock()
"""Two threads that import one library at once may each see half of it (yaml's modules)."""

_DRIVER_OF = {"frr": "napalm", "debian": "ansible", "debian-nsd": "ansible", "debian-bind": "ansible"}


def every_target(session: Session) -> Iterator[tuple[Device, Target]]:
    """Every machine of ours with each artifact that it carries."""
    for artifact in ARTIFACTS:
        query = select(Device).where(
            Device.role == artifact.role, Device.platform == artifact.platform, Device.until.is_(None)
        )
        for device in session.scalars(query.options(selectinload(Device.interfaces)).order_by(Device.name)):
            yield device, Target(devices.machine(device), artifact)


def targets_of_line(session: Session, line: Line) -> list[str]:
    """The targets on which a line leaves its mark, by name: its own machine, and RADIUS for a PPP line.

    A line that is going over leaves it at both ends.
    """
    ends = {(line.offer.delivery, line.device_id)}
    if line.migration is not None:
        ends.add((line.migration.to_offer.delivery, line.migration.to_device_id))
    return [
        str(target)
        for device, target in every_target(session)
        if any(
            target.artifact.role in _ROLES.get(Delivery(delivery), frozenset())
            and (device.id == served_by or target.artifact.role == "radius")
            for delivery, served_by in ends
        )
    ]


def target_of(session: Session, change: Change) -> tuple[Device, Target]:
    """The machine of a change, and the target on it. Raises NoTarget."""
    for device, target in every_target(session):
        if device.id == change.device_id and target.artifact.name == change.artifact:
            return device, target
    raise NoTarget(change=str(change), artifact=change.artifact)


def wanted(session: Session, device: Device, target: Target, at: datetime) -> Wanted:
    """What the inventory wants on a target. Raises TemplateFailed and whatever the artifact refuses."""
    return Wanted(device.id, target, target.artifact.desired(session, device, at))


def driver_for(settings: Settings, target: Target) -> Driver:
    """The driver that speaks to the target's platform, or the console's where the settings say so."""
    name = settings.driver or _DRIVER_OF[target.artifact.platform]
    (found,) = entry_points(group="essaim.drivers", name=name)
    with _LOADING:
        kind: type[Driver] = found.load()
    return kind(settings)
