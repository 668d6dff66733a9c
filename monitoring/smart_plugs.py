"""Smart plugs beside power strips: Shelly's first devices and its later ones, and Tasmota, over their JSON.

What they say becomes the same series as a power strip's, an outlet by its number. Shelly's first count in watt-minutes,
the later ones in watt-hours, Tasmota in kilowatt-hours.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from math import isfinite
from typing import Any, Final
from urllib.parse import quote

from foundation import reach
from foundation.errors import EssaimError
from monitoring.poll import Answered, Report, Unanswered
from monitoring.series import Heard, Measure, SeriesStore
from monitoring.small_http import UNLIKE, USER, PlugGarbled, get_json

AT_ONCE: Final = 16
OFF_SECONDS: Final = 5
"""How long a plug that is rebooted stays off; it comes back on by itself, even if we are behind it."""
_MOST: Final = 10**12


@dataclass(frozen=True, slots=True)
class SmartPlug:
    """Where a plug is asked, its make, and its password where it has one."""

    device: str
    address: str
    make: str
    password: str | None = field(default=None, repr=False)
    port: int = 80


@dataclass(frozen=True, slots=True)
class Make:
    """What a make is asked, what its answer means, and what reboots outlet `number`, which counts from 1."""

    status: str
    read: Callable[[Any], Iterator[Measure]]
    reboot: Callable[[int], str]
    password_in_path: bool = False


def poll_plugs(means: reach.Means, series: SeriesStore, plugs: Sequence[SmartPlug], at: datetime) -> Report:
    """Ask smart plugs, side by side, and append what they say at `at`.

    Raises LabDown, DatabaseBusy, DatabaseUnreadable; a plug's own silence is in the report.
    """
    if not plugs:
        return Report((), ())
    with ThreadPoolExecutor(AT_ONCE) as lanes:
        waiting = [(one.device, lanes.submit(ask, means, one)) for one in plugs]
    answered, unanswered, heard = [], [], []
    for device, done in waiting:
        try:
            measures = done.result()
        except reach.LabDown:
            raise
        except EssaimError as failed:
            unanswered.append(Unanswered(device, failed))
        else:
            answered.append(Answered(device, device, len(measures)))
            heard.append(Heard(device, at, measures))
    series.append(heard)
    return Report(tuple(answered), tuple(unanswered))


def ask(means: reach.Means, plug: SmartPlug) -> list[Measure]:
    """What a plug says now. Raises PlugSilent, PlugGarbled, PlugDenied, LabDown, KeyError for a make unknown."""
    make = MAKES[plug.make]
    with reach.network(means):
        said = _get(plug, make, make.status)
    try:
        found = list(make.read(said))
    except (LookupError, TypeError, ValueError, AttributeError) as unlike:
        raise PlugGarbled(device=plug.device, reason=UNLIKE) from unlike
    if not found:
        raise PlugGarbled(device=plug.device, reason=UNLIKE)
    return found


def reboot(means: reach.Means, plug: SmartPlug, number: int) -> None:
    """Switch an outlet off and, some seconds later, on again: the plug does both by itself, being told once.

    Raises PlugSilent, PlugGarbled, PlugDenied, LabDown, KeyError.
    """
    make = MAKES[plug.make]
    with reach.network(means):
        _get(plug, make, make.reboot(number))


def _get(plug: SmartPlug, make: Make, path: str) -> Any:
    if plug.password is None or not make.password_in_path:
        return get_json(plug.device, plug.address, path, plug.password, plug.port)
    whole = f"{path}&user={USER}&password={quote(plug.password, safe='')}"
    return get_json(plug.device, plug.address, whole, None, plug.port)


def _first_shelly(said: Any) -> Iterator[Measure]:
    relays, meters = said["relays"], said.get("meters", [])
    for number, relay in enumerate(relays, 1):
        yield Measure("outletOn", str(number), "state", int(relay["ison"] is True))
    for number, meter in enumerate(meters, 1):
        if meter.get("is_valid", True) is True:
            yield from _scaled("outletPower", number, "milliwatts", meter.get("power"), 1000)
            yield from _scaled("outletEnergy", number, "watthours", meter.get("total"), 1 / 60)


def _later_shelly(said: Any) -> Iterator[Measure]:
    for key, switch in said.items():
        part, _, place = key.partition(":")
        if part == "switch" and place.isdecimal() and len(place) < 4:
            number = int(place) + 1
            yield Measure("outletOn", str(number), "state", int(switch["output"] is True))
            yield from _scaled("outletPower", number, "milliwatts", switch.get("apower"), 1000)
            yield from _scaled("outletEnergy", number, "watthours", switch.get("aenergy", {}).get("total"), 1)
            yield from _scaled("outletVoltage", number, "millivolts", switch.get("voltage"), 1000)


def _tasmota(said: Any) -> Iterator[Measure]:
    state, energy = said["StatusSTS"], said["StatusSNS"]["ENERGY"]
    yield Measure("outletOn", "1", "state", int((state.get("POWER") or state["POWER1"]) == "ON"))
    yield from _scaled("outletPower", 1, "milliwatts", energy.get("Power"), 1000)
    yield from _scaled("outletEnergy", 1, "watthours", energy.get("Total"), 1000)
    yield from _scaled("outletVoltage", 1, "millivolts", energy.get("Voltage"), 1000)


def _scaled(metric: str, number: int, unit: str, value: object, times: float) -> Iterator[Measure]:
    """A figure of a plug's, in our unit; what is no number is not said at all."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        return
    if 0 <= value * times < _MOST:
        yield Measure(metric, str(number), unit, round(value * times))


MAKES: Final[Mapping[str, Make]] = {
    "shelly-gen1": Make("/status", _first_shelly, lambda number: f"/relay/{number - 1}?turn=off&timer={OFF_SECONDS}"),
    "shelly": Make(
        "/rpc/Shelly.GetStatus",
        _later_shelly,
        lambda number: f"/rpc/Switch.Set?id={number - 1}&on=false&toggle_after={OFF_SECONDS}",
    ),
    "tasmota": Make(
        "/cm?cmnd=Status%200",
        _tasmota,
        lambda number: f"/cm?cmnd=Backlog%20Power{number}%200%3BDelay%20{OFF_SECONDS * 10}%3BPower{number}%201",
        password_in_path=True,
    ),
}
"""By the platform of the machine in the inventory; its role is `pdu`."""
