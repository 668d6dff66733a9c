"""Which artifacts go on which machines, and which driver brings them there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from functools import cache
from importlib.metadata import entry_points
from threading import Lock

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from foundation import text
from foundation.errors import NotFound, Unavailable
from foundation.reach import Machine
from foundation.settings import Settings
from foundation.speech import Phrase
from inventory import devices, lines, members
from inventory.models.access import LineMigration, Outcome
from inventory.models.addresses import Assignment, Pool
from inventory.models.devices import Device, DeviceSecret
from inventory.models.lines import Delivery, Line, Share
from inventory.models.names import ReverseDelegation, ReverseName
from provisioning import facts
from provisioning.artifact import Artifact, Target
from provisioning.artifacts.accel import ACCEL
from provisioning.artifacts.antispoofing import ANTISPOOFING_LNS, ANTISPOOFING_VPN
from provisioning.artifacts.bird import BIRD
from provisioning.artifacts.carrier import CARRIER_BNG, CARRIER_LNS, CARRIER_ROUTER, CARRIER_VPN, Carrier, kept
from provisioning.artifacts.cisco import IOS_EDGE, IOS_LNS
from provisioning.artifacts.dns import BIND, KNOT, NSD, UPDATE
from provisioning.artifacts.ipoe import IPOE
from provisioning.artifacts.l2tp import L2TP
from provisioning.artifacts.mikrotik import ROUTEROS_EDGE, ROUTEROS_LNS
from provisioning.artifacts.openvpn import OPENVPN
from provisioning.artifacts.radius import RADIUS
from provisioning.artifacts.radius_sql import PORT, RADIUS_SQL
from provisioning.artifacts.router import ROUTER
from provisioning.artifacts.wireguard import WIREGUARD
from provisioning.changes import Wanted
from provisioning.drivers.protocol import Driver, Gathering
from provisioning.models import Change

ARTIFACTS: tuple[Artifact, ...] = (
    ROUTER, CARRIER_ROUTER, BIRD, IOS_EDGE, ROUTEROS_EDGE, RADIUS, RADIUS_SQL, ANTISPOOFING_LNS, L2TP, ACCEL, IOS_LNS,
    ROUTEROS_LNS, CARRIER_LNS, IPOE, CARRIER_BNG,
    ANTISPOOFING_VPN, WIREGUARD, OPENVPN, CARRIER_VPN, KNOT, NSD, BIND, UPDATE,
)  # fmt: skip
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


class NoDriver(Unavailable):
    """Nothing installed here speaks to a platform."""

    kind = "no-driver"
    permanent = True
    phrase = Phrase(
        "Aucun pilote « {name} » n'est installé ici pour {target}. Rien n'a été changé. "
        "En écrire un, ou installer le sien : docs/howto/write-a-driver.md",
        "No driver “{name}” is installed here for {target}. Nothing was changed. "
        "To write one, or install somebody's: docs/howto/write-a-driver.md",
    )


MOST_LINES = 1000
"""Lines of one member, an organisation say."""
_PPP = frozenset({"lns", "radius"})
_ROLES = {
    Delivery.TUNNEL: frozenset({"vpn"}),
    Delivery.L2TP: _PPP,
    Delivery.PPPOE: _PPP,
    Delivery.IPOE_VLAN: frozenset({"bng"}),
}
"""Roles of the machines that know of a line, by how it arrives."""

_ANY_LNS = (ANTISPOOFING_LNS, CARRIER_LNS)
"""What an LNS has of lines that another serves, where they hold each other's members."""

_VENDORS = frozenset({"ios", "routeros", RADIUS_SQL.platform})
"""Systems without a shell, which know us by a name of our own."""

_LOADING = Lock()
"""Two threads that import one library at once may each see half of it (yaml's modules)."""

_DRIVER_OF = {
    "frr": "napalm",
    "debian": "ansible",
    "debian-accel": "ansible",
    "debian-nsd": "ansible",
    "debian-bind": "ansible",
    "debian-bird": "ansible",
    "rfc2136": "dns-update",
}
"""By platform; any other is driven by the driver of its own name, ours or somebody else's."""


@cache
def artifacts() -> tuple[Artifact, ...]:
    """Every artifact: ours, then those that other packages bring by the entry points `essaim.artifacts`, by name."""
    theirs = sorted(entry_points(group="essaim.artifacts"), key=lambda one: one.name)
    return (*ARTIFACTS, *(one.load() for one in theirs))


def every_target(session: Session) -> Iterator[tuple[Device, Target]]:
    """Every machine of ours with each artifact that it carries."""
    for artifact in artifacts():
        query = select(Device).where(
            Device.role == artifact.role, Device.platform == artifact.platform, Device.until.is_(None)
        )
        for device in session.scalars(query.options(selectinload(Device.interfaces)).order_by(Device.name)):
            if _carries(session, device, artifact):
                yield device, Target(_machine(session, device), artifact)


def targets_of_line(session: Session, line: Line) -> list[str]:
    """The targets on which a line leaves its mark, by name: its own machine, and RADIUS for a PPP line.

    A line that is going over leaves it at both ends; one whose addresses were ever named, on the name servers; one
    that another machine serves than its addresses' pool, or that ever went over to another, on the routers.
    """
    ends = {(line.offer.delivery, line.device_id)}
    if line.migration is not None:
        ends.add((line.migration.to_offer.delivery, line.migration.to_device_id))
    known = {"dns"} if _ever_named(session, line) else set()
    known |= {"router"} if _strayed(session, line) else set()
    return [
        str(target)
        for device, target in every_target(session)
        if target.artifact.role in known
        or any(
            target.artifact.role in _ROLES.get(Delivery(delivery), frozenset())
            and (device.id == served_by or target.artifact.role == "radius" or target.artifact in _ANY_LNS)
            for delivery, served_by in ends
        )
    ]


def touched(session: Session, names: Iterable[str]) -> frozenset[str]:
    """The targets on which lines leave their mark: those named (`L0042`), and all that a member has or had (`M0042`).

    Raises BadNumber, NoSuchLine, NoSuchMember.
    """
    found: set[str] = set()
    for name in names:
        if name[:1] in "Mm":
            member = members.find_member(session, name)
            every = lines.list_lines(session, ended=True, member=member, limit=MOST_LINES)
        else:
            every = [lines.find_line(session, name)]
        found.update(target for line in every for target in targets_of_line(session, line))
    return frozenset(found)


def target_of(session: Session, change: Change) -> tuple[Device, Target]:
    """The machine of a change, and the target on it. Raises NoTarget."""
    for device, target in every_target(session):
        if device.id == change.device_id and target.artifact.name == change.artifact:
            return device, target
    raise NoTarget(change=str(change), artifact=change.artifact)


def wanted(session: Session, device: Device, target: Target, at: datetime) -> Wanted:
    """What the inventory wants on a target. Raises TemplateFailed and whatever the artifact refuses."""
    with text.overriding(session.info.get("templates")):
        return Wanted(device.id, target, target.artifact.desired(session, device, at))


class Drivers:
    """One driver of each kind, made when it is first asked for: the threads of an apply share them."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._made: dict[str, Driver] = {}

    def of(self, target: Target) -> Driver:
        """The driver that speaks to the target's platform, or the console's if the settings say so. Raises NoDriver."""
        platform = target.artifact.platform
        name = self._settings.driver or _DRIVER_OF.get(platform, platform)
        with _LOADING:
            if name not in self._made:
                found = next(iter(entry_points(group="essaim.drivers", name=name)), None)
                if found is None:
                    raise NoDriver(target=str(target), name=name)
                kind: type[Driver] = found.load()
                self._made[name] = kind(self._settings)
            return self._made[name]

    @contextmanager
    def expecting(self, target: Target) -> Iterator[Driver]:
        """The driver; while inside, one that gathers knows that the calling thread is on its way."""
        driver = self.of(target)
        if isinstance(driver, Gathering):
            with driver.expecting():
                yield driver
        else:
            yield driver


def driver_for(settings: Settings, target: Target) -> Driver:
    """The driver that speaks to the target's platform, for one deed alone."""
    return Drivers(settings).of(target)


def _machine(session: Session, device: Device) -> Machine:
    """Where a machine is met; on a vendor's system, or in a database, as `essaim` by the password that it was given."""
    met = devices.machine(device)
    if device.platform not in _VENDORS:
        return met
    if device.platform == RADIUS_SQL.platform:
        met = replace(met, port=facts.service(device)[1] if device.endpoint else PORT)
    try:
        return replace(met, user="essaim", password=devices.secret_of(session, device, "login"))
    except devices.NoSuchSecret:
        return replace(met, user="essaim")


def _carries(session: Session, device: Device, artifact: Artifact) -> bool:
    """A VPN server is WireGuard's, unless it was given what OpenVPN alone takes; given both, it serves both.

    The kernel is kept where the association says so.
    """
    if isinstance(artifact, Carrier):
        return kept(session, device)
    if artifact not in (WIREGUARD, OPENVPN):
        return True
    held = set(session.scalars(select(DeviceSecret.name).where(DeviceSecret.device_id == device.id)))
    return artifact.name in held or (artifact is WIREGUARD and OPENVPN.name not in held)


def _ever_named(session: Session, line: Line) -> bool:
    held = select(Assignment.id).join(Share, Share.id == Assignment.share_id).where(Share.line_id == line.id)
    named = (
        select(table.id).where(table.assignment_id.in_(held)).limit(1) for table in (ReverseName, ReverseDelegation)
    )
    return any(session.scalar(query) is not None for query in named)


def _strayed(session: Session, line: Line) -> bool:
    away = (
        select(Assignment.id)
        .join(Share, Share.id == Assignment.share_id)
        .join(Pool, Pool.id == Assignment.pool_id)
        .where(Share.line_id == line.id, Assignment.until.is_(None))
        .where(Pool.device_id.is_not(None), Pool.device_id != line.device_id)
    )
    went = select(LineMigration.id).where(
        LineMigration.line_id == line.id,
        LineMigration.outcome == Outcome.DONE,
        LineMigration.from_device_id != LineMigration.to_device_id,
    )
    return any(session.scalar(query.limit(1)) is not None for query in (away, went))
