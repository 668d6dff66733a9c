"""The quality of lines whose members agreed: measured while a service runs, shown, and deleted with the agreement."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import Final

from sqlalchemy.orm import Session

from desk.graphs import lasting
from foundation import clock, reach
from foundation.acts import Act
from foundation.database import Store, reading, transaction
from foundation.settings import Settings
from inventory import hosting, lines, quality, rights
from inventory.models.addresses import Role
from inventory.models.lines import Line
from inventory.models.mandates import Task
from inventory.models.people import Member
from inventory.quality import Measured
from monitoring import pinging
from monitoring import quality as figures
from monitoring.echo import Echoes, NoEchoes, Version, open_echoes
from monitoring.embedded import open_series
from monitoring.graphs import Picture, floor
from monitoring.pinging import Echoed, Home
from monitoring.quality import Family
from monitoring.series import SeriesStore
from provisioning.handouts import own_address

SHORTEST: Final = 15.0
"""Seconds that are worth listening for before five minutes are over."""


@dataclass(frozen=True, slots=True)
class QualityView:
    """A line's quality since `since`: who agreed to its being measured and when, and how each family was.

    Percent and milliseconds; `agreed` is none where the holder has not agreed, and then there is nothing else.
    """

    line: str
    member: str
    agreed: datetime | None
    since: datetime
    families: tuple[Family, ...]


@dataclass(frozen=True, slots=True)
class Listened:
    """What five minutes brought: how many lines were asked and how many answered; echoes that could not leave.

    `deaf` says why echoes of a family cannot be sent from here at all.
    """

    at: datetime
    lines: int
    answered: int
    unsent: int
    deaf: NoEchoes | None


def view(store: Store, series: SeriesStore, act: Act, number: str, period: str) -> QualityView:
    """How a line carried over a time like `24h`, for its holder, or whoever watches the network.

    Raises BadPeriod, BadNumber, NoSuchLine, NotMandated, WhoAreYou.
    """
    since = act.at - lasting(period)
    with reading(store) as session:
        line = lines.find_line(session, number)
        part = lines.holder(line, clock.today(act.at))
        if not rights.is_own(session, act, part):
            rights.demand(session, act, Task.MONITORING_READ, line)
        given = quality.agreed(session, line, act.at)
        name, member = str(line), str(part.member)
    known = [] if given is None else figures.families(series, name, since, act.at)
    return QualityView(name, member, given.since if given else None, since, tuple(known))


def agree(store: Store, act: Act, number: str) -> str:
    """The holder lets their line be measured: its number.

    Raises BadNumber, NoSuchLine, LineEnded, AlreadyAgreed, AgreementUnworded, and what asking for rights raises.
    """
    with transaction(store) as session:
        line = lines.find_line(session, number)
        lines.demand_living(line)
        quality.agree(session, act, lines.holder(line, clock.today(act.at)))
        return str(line)


def withdraw(store: Store, series: SeriesStore, act: Act, number: str) -> str:
    """The holder takes their word back, and all that was measured is deleted: the line's number.

    Raises BadNumber, NoSuchLine, NotAgreed, and what asking for rights raises.
    """
    with transaction(store) as session:
        line = lines.find_line(session, number)
        quality.withdraw(session, act, lines.holder(line, clock.today(act.at)))
        name = str(line)
    series.forget(name)
    return name


def is_agreed(session: Session, member: Member, number: str, at: datetime) -> bool | None:
    """Whether a line is measured, for its holder; None for anybody else. Raises BadNumber, NoSuchLine."""
    line = lines.find_line(session, number)
    if lines.holder(line, clock.today(at)).member_id != member.id:
        return None
    return quality.agreed(session, line, at) is not None


def pictures(
    session: Session, series: SeriesStore, act: Act, line: Line, period: timedelta, width: int
) -> list[Picture]:
    """A line's latency and losses until `act.at`, for its holder or whoever watches the network; none for others."""
    if not _may_see(session, act, line):
        return []
    return figures.pictures(series, str(line), act.at - period, act.at, width)


def lately(session: Session, settings: Settings, act: Act, line: Line) -> list[Family]:
    """What was measured of a line in the last hour, for its holder or whoever watches the network; nothing for others.

    Raises DatabaseBusy, DatabaseUnreadable.
    """
    if not _may_see(session, act, line):
        return []
    with closing(open_series(settings)) as series:
        return figures.families(series, str(line), act.at - timedelta(hours=1), act.at)


def sweep(store: Store, series: SeriesStore, at: datetime) -> list[str]:
    """Delete what was measured of lines whose member does not agree any more: those lines.

    An agreement ends with its word, and with its line or its holder too; and whoever took a word back may have been
    cut off before the series was gone.
    """
    with reading(store) as session:
        agreed = {one.line for one in quality.measured(session, at)}
    found = [device for device in series.devices() if figures.is_line(device) and device not in agreed]
    for line in found:
        series.forget(line)
    return found


def keep_measuring(
    store: Store,
    settings: Settings,
    told: Callable[[Listened], None],
    *,
    minutes: float = 0,
    every: float = pinging.EVERY,
    patience: float = pinging.PATIENCE,
) -> None:
    """Listen to the lines whose members agree, five minutes after five minutes, until Ctrl-C or for so many minutes.

    Where nobody agrees, those minutes are not waited for.
    Raises LabDown, NoEchoes where none can be sent in any family, DatabaseBusy, DatabaseUnreadable.
    """
    ends = time.monotonic() + minutes * 60 if minutes else None
    try:
        with closing(open_series(settings)) as series:
            while ends is None or time.monotonic() < ends:
                at = clock.now()
                seconds = (floor(at, figures.WHILE) + figures.WHILE - at).total_seconds()
                if seconds < SHORTEST:
                    seconds += figures.WHILE.total_seconds()
                if ends is not None:
                    if not _homes(store, at):
                        return told(Listened(at, 0, 0, 0, None))
                    seconds = min(seconds, max(ends - time.monotonic(), 0.0))
                told(listen(store, series, settings.means(), at, seconds, every=every, patience=patience))
    except KeyboardInterrupt:
        return None
    return None


def listen(
    store: Store,
    series: SeriesStore,
    means: reach.Means,
    at: datetime,
    seconds: float,
    *,
    every: float = pinging.EVERY,
    patience: float = pinging.PATIENCE,
) -> Listened:
    """Listen to all of them for so many seconds from `at` on, and keep what there is to keep.

    Raises LabDown, NoEchoes, DatabaseBusy, DatabaseUnreadable.
    """
    homes = _homes(store, at)
    sockets, deaf = _sockets(means)
    try:
        echoed = asyncio.run(
            pinging.listen(
                sockets, homes, seconds, every=every, patience=patience, agreed=lambda: _agreed(store, clock.now())
            )
        )
    finally:
        for each in sockets.values():
            each.close()
    agreed = _agreed(store, clock.now())
    kept = [each for each in echoed if each.home.line in agreed]
    series.append(figures.heard(kept, at))
    sweep(store, series, clock.now())
    return _told(at, kept, deaf)


def homes_of(one: Measured) -> list[Home]:
    """The addresses at which a line's box answers: its own IPv4 one, and the first of its IPv6 prefix."""
    four, six = one.first(Role.WAN, 4), one.first(Role.DELEGATED, 6) or one.first(Role.WAN, 6)
    found = [four.prefix] if four is not None and four.prefix.num_addresses == 1 else []
    said = [str(prefix.network_address) for prefix in found]
    if six is not None:
        own = six.prefix.network_address if six.prefix.num_addresses == 1 else None
        said.append(str(own) if own is not None else own_address(six.prefix).partition("/")[0])
    return [Home(one.line, ip_address(text)) for text in said]


def _may_see(session: Session, act: Act, line: Line) -> bool:
    """Whether its holder agreed, and whoever asks is the holder or watches the network."""
    own = rights.is_own(session, act, lines.holder(line, clock.today(act.at)))
    may = own or rights.may(session, act, Task.MONITORING_READ, line)
    return may and quality.agreed(session, line, act.at) is not None


def _homes(store: Store, at: datetime) -> list[Home]:
    """Lines by their members' word, and hosted machines, which are met from outside: their owners see it too."""
    with reading(store) as session:
        homes = [home for one in quality.measured(session, at) if one.served for home in homes_of(one)]
        hosted = hosting.addresses_of_hosted(session)
    return [*homes, *(Home(name, address) for name, known in hosted.items() for address in known)]


def _agreed(store: Store, at: datetime) -> frozenset[str]:
    with reading(store) as session:
        lines_agreed = {one.line for one in quality.measured(session, at) if one.served}
        return frozenset(lines_agreed | hosting.addresses_of_hosted(session).keys())


def _sockets(means: reach.Means) -> tuple[dict[Version, Echoes], NoEchoes | None]:
    """What echoes leave by, of the families in which they may; and why not in one."""
    found: dict[Version, Echoes] = {}
    deaf: NoEchoes | None = None
    families: tuple[Version, ...] = (4, 6)
    with reach.network(means):
        for version in families:
            try:
                found[version] = open_echoes(version)
            except NoEchoes as no:
                deaf = no
    if not found and deaf is not None:
        raise deaf
    return found, deaf


def _told(at: datetime, echoed: list[Echoed], deaf: NoEchoes | None) -> Listened:
    asked = {each.home.line for each in echoed}
    answered = {each.home.line for each in echoed if each.times}
    return Listened(at, len(asked), len(answered), sum(each.unsent for each in echoed), deaf)
