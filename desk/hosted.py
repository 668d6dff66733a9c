"""A hosted machine, for its owner: its outlet and its switch port, which are ours to look at; inside only as agreed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from desk import power_sheets
from desk.graphs import page_of_machine
from desk.power_sheets import PowerView, Sheet
from foundation import clock
from foundation.acts import Act
from foundation.clock import Month
from foundation.settings import Settings
from inventory import cabling, devices, outlets, plugged, power, rights
from inventory.models.devices import Device
from inventory.models.mandates import Task
from inventory.models.people import Member
from inventory.models.power import Outlet
from monitoring import meters, quality
from monitoring.graphs import Graph, Picture, graphs_of, picture
from monitoring.series import Measure, Point, SeriesStore

_UP: Final = 1
_TRAFFIC: Final = ("ifHCInOctets", "ifHCOutOctets")


@dataclass(frozen=True, slots=True)
class OutletState:
    """An outlet that a machine is in: whether it is on, and what it gives; none where its strip does not tell."""

    path: str
    on: bool | None
    watts: float | None


@dataclass(frozen=True, slots=True)
class PortState:
    """The switch port that a machine is on: whether it is up, none where its switch does not tell."""

    path: str
    up: bool | None


@dataclass(frozen=True, slots=True)
class Hosted:
    """What its owner, and who looks after machines, see of a hosted machine from outside."""

    name: str
    outlets: tuple[OutletState, ...]
    ports: tuple[PortState, ...]
    now: PowerView
    sheet: Sheet
    before: str
    """The month before this one: `2026-10`."""
    may_reboot: bool


@dataclass(frozen=True, slots=True)
class MachinePage:
    """A machine's page: its graphs, those that there were too many of, and what it is from outside where it is hosted.

    `inside` is whether what the machine says of itself may be shown to whoever looks.
    """

    name: str
    pictures: tuple[Picture, ...]
    more: tuple[Graph, ...]
    hosted: Hosted | None
    owned: bool


@dataclass(frozen=True, slots=True)
class Looking:
    """With what a page is made: where series are kept, over what time, how wide, and how many graphs at most."""

    series: SeriesStore
    settings: Settings
    period: timedelta
    width: int
    most: int


def page(session: Session, act: Act, member: Member, name: str, by: Looking) -> MachinePage:
    """A machine's page, for whoever may look at machines, and for its owner.

    Raises NotMandated for anyone else, before it says whether there is such a machine; NoSuchDevice.
    """
    device = _own(session, member, name)
    if device is not None and not rights.may(session, act, Task.MONITORING_READ, device):
        drawn = _outside(session, act, device, by)
        return MachinePage(name, tuple(drawn), (), hosted(session, act, device, by), owned=True)
    pictures, more = page_of_machine(session, by.series, act, name, by.period, by.width, by.most)
    found = devices.find_device(session, name)
    outside = hosted(session, act, found, by) if found.owner_id is not None else None
    if outside is not None:
        echoes = quality.pictures(by.series, name, act.at - by.period, act.at, by.width)
        pictures = [*echoes, *(one for one in pictures if one.graph.key.partition(":")[0] not in quality.METRICS)]
    return MachinePage(name, tuple(pictures), tuple(more), outside, owned=device is not None)


def hosted(session: Session, act: Act, device: Device, by: Looking) -> Hosted:
    """A hosted machine from outside, now and this month."""
    month = Month.parse(f"{clock.today(act.at):%Y-%m}")
    known = power_sheets.books(session, by.series, by.settings, month, act.at)
    stale = act.at - timedelta(seconds=by.settings.poll_seconds * 2.5)
    fed = outlets.outlets_of(session, device)
    may = bool(fed) and all(rights.may(session, act, Task.DEVICES_WRITE, one, own=True) for one in fed)
    [now] = power_sheets.of_machine(known, session, device.name)
    last = {one: by.series.last(one) for one in {outlet.device.name for outlet in fed}}
    return Hosted(
        device.name,
        tuple(_outlet_state(one, last[one.device.name], stale) for one in fed),
        tuple(_port_state(by.series, switch, port, stale) for switch, port in _ports(session, device)),
        now,
        power_sheets.sheet(known, device, month),
        f"{month.first - timedelta(days=1):%Y-%m}",
        may,
    )


def month_of(session: Session, act: Act, member: Member, name: str, month: Month, by: Looking) -> Sheet:
    """A machine's sheet of a month, for its owner and for whoever may look at machines.

    Raises NotMandated before it says whether there is such a machine; NoSuchDevice.
    """
    device = _own(session, member, name)
    if device is None:
        if Task.MONITORING_READ not in rights.tasks_of(session, act):
            rights.demand(session, act, Task.MONITORING_READ)
        device = devices.find_device(session, name)
        rights.demand(session, act, Task.MONITORING_READ, device)
    return power_sheets.sheet(power_sheets.books(session, by.series, by.settings, month, act.at), device, month)


def to_reboot(session: Session, act: Act, member: Member, name: str) -> list[str]:
    """The outlets that would be switched off and on again, for whoever may.

    Raises NotMandated before it says whether there is such a machine; NoSuchDevice, NotPlugged.
    """
    own = _own(session, member, name) is not None
    if not own and Task.DEVICES_WRITE not in rights.tasks_of(session, act):
        rights.demand(session, act, Task.DEVICES_WRITE)
    device = devices.find_device(session, name)
    fed = outlets.outlets_of(session, device)
    if not fed:
        raise power.NotPlugged(device=name)
    for one in fed:
        rights.demand(session, act, Task.DEVICES_WRITE, one, own=True)
    return [power.outlet_path(one) for one in fed]


def _own(session: Session, member: Member, name: str) -> Device | None:
    """A member's own machine of that name, and nobody else's."""
    return next((one for one in devices.list_devices(session, owner=member, limit=1000) if one.name == name), None)


def _outside(session: Session, act: Act, device: Device, by: Looking) -> list[Picture]:
    """The graphs of its outlets and of its switch ports, then those of what it says of itself, if it was agreed."""
    found: list[Graph] = []
    for one in outlets.outlets_of(session, device):
        part = str(plugged.number_of(one.name))
        found += _some(by.series, one.device.name, (meters.OUTLET_POWER,), part)
    for switch, port in _ports(session, device):
        found += _some(by.series, switch, _TRAFFIC, port)
    said = [measure for _, measure in by.series.last(device.name)]
    found += graphs_of(device.name, [one for one in said if one.metric not in quality.METRICS])
    since = act.at - by.period
    echoes = quality.pictures(by.series, device.name, since, act.at, by.width)
    return [*echoes, *(picture(by.series, graph, since, act.at, by.width) for graph in found[: by.most])]


def _some(series: SeriesStore, device: str, metrics: Sequence[str], part: str) -> list[Graph]:
    told: list[Measure] = [one for _, one in series.last(device) if one.metric in metrics and one.instance == part]
    return graphs_of(device, told)


def _ports(session: Session, device: Device) -> list[tuple[str, str]]:
    """What a machine's interfaces are cabled to."""
    found = []
    for link in cabling.links_of(session, [device]):
        far = link.far if link.near.device_id == device.id else link.near
        if far is not None:
            found.append((far.device.name, far.name))
    return found


def _outlet_state(outlet: Outlet, said: Sequence[tuple[Point, Measure]], stale: datetime) -> OutletState:
    number, path = plugged.number_of(outlet.name), power.outlet_path(outlet)
    if number is None:
        return OutletState(path, None, None)
    return OutletState(path, meters.is_on(said, number, stale), meters.watts_of_outlet(said, number, stale))


def _port_state(series: SeriesStore, switch: str, port: str, stale: datetime) -> PortState:
    told = [
        one.value
        for point, one in series.last(switch)
        if one.metric == "ifOperStatus" and one.instance == port and point.at >= stale
    ]
    return PortState(f"{switch}/{port}", told[0] == _UP if told else None)
