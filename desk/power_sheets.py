"""What is drawn and used, as people read it: a room, a feed, a machine, a member; and a machine's sheet of a month."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy.orm import Session

from desk.power import Books, Day, days_of, whole
from foundation import clock
from foundation.clock import Month
from foundation.errors import NotFound
from foundation.settings import Settings
from foundation.speech import Phrase
from inventory import devices, members, plugged
from inventory.models.devices import Device
from inventory.models.people import Member
from inventory.power import NoSuchFeed
from monitoring.power import Energy
from monitoring.series import SeriesStore

TOTAL: Final = Phrase("en tout", "in all")
REST: Final = Phrase("le reste", "the rest")
_GAP: Final = Phrase(
    "{hours} h dont on ne sait rien : rien n'y est compté.", "{hours} h of which nothing is known: nothing is counted."
)
_SPREAD: Final = Phrase(
    "{hours} h sans relevé, dont le compteur de la prise donne l'énergie en tout.",
    "{hours} h without a reading, for which the outlet's counter gives the energy in all.",
)
_UNPLUGGED: Final = Phrase("{days} jours où elle n'était branchée nulle part.", "{days} days plugged in nowhere.")
_UNMIXED: Final = Phrase(
    "La part renouvelable n'est pas connue : le fournisseur d'une arrivée n'est pas dit.",
    "The renewable share is not known: what a feed's supplier gives was not said.",
)
_MOVED: Final = Phrase("Elle a changé de prise : {outlets}.", "It changed outlets: {outlets}.")


class NoSuchRoomFed(NotFound):
    """No feed is in that room."""

    kind = "no-feed-in-room"
    phrase = Phrase(
        "Aucune arrivée électrique dans {room}. Les voir : essaim feed list",
        "There is no feed in {room}. To see them: essaim feed list",
    )


@dataclass(frozen=True, slots=True)
class PowerView:
    """What something draws and has used: watts now, kWh of the time, hours unknown, percent renewable.

    `declared` are the watts that a hosted machine's owner declared; None is: not known.
    """

    name: str | Phrase
    watts: float | None
    kwh: float
    unknown_hours: float
    renewable: float | None
    declared: int | None = None


@dataclass(frozen=True, slots=True)
class DayView:
    """A day of a sheet."""

    day: date
    kwh: float
    mean_watts: float | None
    peak_watts: float | None
    unknown_hours: float
    renewable: float | None


@dataclass(frozen=True, slots=True)
class Sheet:
    """A machine's month: what it used, the mean of the time that is known, the highest watts seen, what is amiss.

    `peak_watts` of several outlets is the sum of theirs, which it cannot have passed. `until` is the first day that
    is not in it: a month that is not over ends today.
    """

    machine: str
    owner: str | None
    month: str
    until: date
    outlets: tuple[str, ...]
    kwh: float
    mean_watts: float | None
    peak_watts: float | None
    declared_watts: int | None
    renewable: float | None
    unknown_hours: float
    spread_hours: float
    notes: tuple[Phrase, ...]
    days: tuple[DayView, ...]


def books(
    session: Session, series: SeriesStore, settings: Settings, month: Month, at: datetime, *, fine: bool = True
) -> Books:
    """What is known of a month, until `at`; `fine` is as `Books` has it."""
    return Books(session, series, settings, days_of(month), at, fine=fine)


def of_feeds(known: Books, session: Session, room: str | None = None) -> list[PowerView]:
    """Each feed, and all of them together first; of one room, where it is given. Raises NoSuchRoomFed."""
    found = [one.name for one in plugged.sources(session) if room is None or one.room == room]
    if not found and room is not None:
        raise NoSuchRoomFed(room=room[:97])
    rows = [(name, known.feed(name), known.watts_of_feed(name)) for name in found]
    rows = [one for one in rows if _in_use(known, one[0])]
    views = [_of_feed(known, name, parts, watts) for name, parts, watts in rows]
    return [_together(room or TOTAL, views), *views] if len(views) > 1 else views


def of_feed(known: Books, session: Session, path: str) -> list[PowerView]:
    """A feed, then the machines that live on it, and what none of them accounts for. Raises NoSuchFeed."""
    if path not in {one.name for one in plugged.sources(session)}:
        raise NoSuchFeed(feed=path[:97])
    parts, watts = known.feed(path), known.watts_of_feed(path)
    total = _of_feed(known, path, parts, watts)
    # What only passes electricity on is counted in those that it passes it to, and nobody twice.
    passing = {cord.giver for cord in known.cords} | {cord.device for cord in known.cords if cord.feed is not None}
    views = []
    for device in dict.fromkeys(cord.device for cord in known.cords if cord.device not in passing):
        days = known.machine(device)
        own = [Day(one.day, one.energy.part(known.share_of(device, path, one.day)), one.renewable) for one in days
               if known.share_of(device, path, one.day)]  # fmt: skip
        if own:
            views.append(_view(device, own, known.watts(device)))
    used = sum(one.kwh for one in views)
    if views and total.kwh > used:
        views.append(PowerView(REST, None, round(total.kwh - used, 3), 0.0, total.renewable))
    return [total, *views]


def of_machine(known: Books, session: Session, name: str) -> list[PowerView]:
    """A machine. Raises NoSuchDevice."""
    device = devices.find_device(session, name)
    return [_view(device.name, known.machine(device.name), known.watts(device.name), device.watts)]


def of_member(known: Books, session: Session, who: str) -> list[PowerView]:
    """A member's machines, and all of them together first. Raises BadNumber, NoSuchMember."""
    member = members.find_member(session, who)
    views = [one for device in hosted_by(session, member, known.days)
             for one in of_machine(known, session, device.name)]  # fmt: skip
    return [_together(str(member), views), *views] if len(views) > 1 else views


def sheets(known: Books, session: Session, what: str, month: Month) -> list[Sheet]:
    """The sheets of a month: of each machine of a member (`M0042`), or of one machine, by its name.

    Raises NoSuchDevice, NoSuchMember.
    """
    if what[:1] in "Mm" and what[1:].isdecimal():
        member = members.find_member(session, what)
        return [sheet(known, one, month) for one in hosted_by(session, member, known.days)]
    return [sheet(known, devices.find_device(session, what), month)]


def sheet(known: Books, device: Device, month: Month) -> Sheet:
    """A machine's month."""
    days = known.machine(device.name)
    energy, renewable = whole(days)
    cords = [cord for cord in known.cords if cord.device == device.name]
    absent = len(known.days) - len(days)
    notes = [
        _said(phrase, **values)
        for phrase, wanted, values in (
            (_GAP, energy.gap >= 360, {"hours": energy.gap / 3600}),
            (_SPREAD, energy.spread >= 360, {"hours": energy.spread / 3600}),
            (_UNPLUGGED, absent > 0, {"days": absent}),
            (_UNMIXED, bool(energy.watthours) and renewable is None, {}),
            (_MOVED, len({cord.source for cord in cords if cord.until}) > 0, {"outlets": _path_of(cords)}),
        )
        if wanted
    ]
    return Sheet(
        machine=device.name,
        owner=next((cord.owner for cord in cords), None),
        month=str(month),
        until=min(month.after, clock.today(known.at)),
        outlets=tuple(dict.fromkeys(cord.source for cord in cords)),
        kwh=_kwh(energy),
        mean_watts=_rounded(energy.mean),
        peak_watts=_rounded(energy.peak),
        declared_watts=device.watts,
        renewable=_rounded(renewable),
        unknown_hours=_hours(energy.gap),
        spread_hours=_hours(energy.spread),
        notes=tuple(notes),
        days=tuple(_day(one) for one in days),
    )


def hosted_by(session: Session, member: Member, days: Sequence[date]) -> list[Device]:
    """The machines of a member that were here on one of these days, by name."""
    found = devices.list_devices(session, owner=member, retired=True, limit=1000)
    return [one for one in found if one.until is None or (days and one.until > days[0])]


def _in_use(known: Books, feed: str) -> bool:
    return any(cord.feed == feed for cord in known.cords)


def _of_feed(known: Books, feed: str, parts: Sequence[Energy], watts: float | None) -> PowerView:
    days = [Day(day, energy, known.percent(feed, day)) for day, energy in zip(known.days, parts, strict=True)]
    return _view(feed, days, watts)


def _view(name: str, days: Sequence[Day], watts: float | None, declared: int | None = None) -> PowerView:
    energy, renewable = whole(days)
    return PowerView(name, _rounded(watts), _kwh(energy), _hours(energy.gap), _rounded(renewable), declared)


def _together(name: str | Phrase, views: Sequence[PowerView]) -> PowerView:
    watts = [one.watts for one in views]
    used = [(one.kwh, one.renewable) for one in views if one.kwh]
    mixed = bool(used) and all(percent is not None for _, percent in used)
    declared = [one.declared for one in views if one.declared is not None]
    return PowerView(
        name,
        round(sum(one or 0.0 for one in watts), 1) if all(one is not None for one in watts) else None,
        round(sum(one.kwh for one in views), 3),
        max(one.unknown_hours for one in views),
        _rounded(sum(kwh * (one or 0.0) for kwh, one in used) / sum(kwh for kwh, _ in used)) if mixed else None,
        sum(declared) if declared else None,
    )


def _day(one: Day) -> DayView:
    energy = one.energy
    peak, mean = _rounded(energy.peak), _rounded(energy.mean)
    return DayView(one.day, _kwh(energy), mean, peak, _hours(energy.gap), _rounded(one.renewable))


def _path_of(cords: Iterable[plugged.Cord]) -> str:
    ordered = sorted(cords, key=lambda cord: cord.since)
    return ", ".join(f"{cord.source} ({cord.since.isoformat()})" for cord in ordered)


def _kwh(energy: Energy) -> float:
    return round(energy.watthours / 1000, 3)


def _hours(seconds: float) -> float:
    return round(seconds / 3600, 1)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


def _said(phrase: Phrase, **values: object) -> Phrase:
    french, english = ({name: _written(value, comma) for name, value in values.items()} for comma in (",", "."))
    return Phrase.said(phrase.say("fr", **french), phrase.say("en", **english))


def _written(value: object, comma: str) -> object:
    """A figure with one digit after the comma, if that is not nought."""
    return f"{value:.1f}".removesuffix(".0").replace(".", comma) if isinstance(value, float) else value
