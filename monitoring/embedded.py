"""The series' store that comes with Essaim: one SQLite file, as fast as machines are polled.

A cycle is written to a journal in one transaction. What is older than the present hour is packed, a few machines
after each cycle, so that no cycle waits for an hour's work; with the samples go their roll-ups. A reader sees the
journal and what is packed as one.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from itertools import groupby
from math import isnan
from typing import Final, TypeAlias

from sqlalchemy import ColumnElement, and_, delete, exists, func, insert, or_, select, update
from sqlalchemy.dialects.sqlite import insert as insert_or_nothing
from sqlalchemy.orm import Session

from foundation.database import DatabaseUnreadable, Store, reading, transaction
from foundation.settings import Settings
from monitoring import packing
from monitoring.bringing_over import bring_over
from monitoring.rates import COUNTERS, DISCONTINUITY, LONGEST, UPTIME
from monitoring.rollups import FIVE_MINUTES, HOUR, Rolled, Whiles
from monitoring.rows import SIGNED, Row, Rows, meant, milliseconds, moment
from monitoring.series import Band, Heard, Latest, Measure, Name, Point, Resolution, Wanted
from monitoring.series_names import Listed, Names
from monitoring.series_tables import Chunk, FiveMinutes, Hourly, Keeping, Machine, Told, open_file
from monitoring.sidebyside import Part, Samples, side_by_side

RollUp: TypeAlias = type[FiveMinutes] | type[Hourly]

_ROLLED: Final[Mapping[Resolution, tuple[RollUp, int]]] = {
    Resolution.FIVE_MINUTES: (FiveMinutes, FIVE_MINUTES),
    Resolution.HOUR: (Hourly, HOUR),
}
_LEAST_AT_ONCE: Final = 16
_CYCLES_OF_PACKING: Final = 45
"""Of what waits to be packed a forty-fifth goes after each cycle; where that is little, sixteen hours of a machine."""
_MILLISECOND: Final = timedelta(milliseconds=1)


class EmbeddedStore:
    """A `monitoring.series.SeriesStore` in one file."""

    def __init__(self, store: Store, keeping: Keeping) -> None:
        self._store = store
        self._keeping = keeping
        self._names = Names()

    def close(self) -> None:
        """Let go of the file."""
        self._store.engine.dispose()

    def append(self, heard: Iterable[Heard]) -> None:
        """Write a cycle to the journal, pack a little of what is old, forget what was kept long enough."""
        make = Rows()
        rows = [row for row in map(make.row, heard) if row is not None]
        if not rows:
            return
        try:
            with transaction(self._store) as session:
                machines = self._names.machines(session, {row.device for row in rows})
                told = [self._told(session, machines[row.device], row) for row in rows]
                session.execute(insert_or_nothing(Told).on_conflict_do_nothing(), told)
                now = max(row.at for row in rows)
                pending = self._pending(session, now)
                for machine, hour in pending[: max(_LEAST_AT_ONCE, len(pending) // _CYCLES_OF_PACKING)]:
                    self._pack_hour(session, machine, hour)
                self._forget(session, now)
        except BaseException:
            self._names.forget()  # numbers that were given in a transaction now undone
            raise

    def pack(self, until: datetime) -> None:
        """Pack every hour that is over by then, however long that takes."""
        with transaction(self._store) as session:
            for machine, hour in self._pending(session, milliseconds(until)):
                self._pack_hour(session, machine, hour)

    def forget(self, device: str, before: datetime | None = None) -> None:
        """Delete what a machine said, all or what is old. Its number stays its own: others may hold it in memory."""
        with transaction(self._store) as session:
            number = session.scalar(select(Machine.id).where(Machine.name == device))
            for table in (Told, Chunk, FiveMinutes, Hourly):
                old = () if before is None else (table.hour < milliseconds(before) // HOUR,)
                session.execute(delete(table).where(table.machine_id == number, *old))

    def devices(self) -> Sequence[str]:
        """The machines of which something is kept, by name."""
        kept = [exists().where(table.machine_id == Machine.id) for table in (Told, Chunk, FiveMinutes, Hourly)]
        with reading(self._store) as session:
            return session.scalars(select(Machine.name).where(or_(*kept)).order_by(Machine.name)).all()

    def last(self, device: str) -> Sequence[tuple[Point, Measure]]:
        """The latest sample of each series of a machine, by metric and instance."""
        found = self.latest([device])
        return found[device].said if found else []

    def latest(self, devices: Collection[str], wanted: Wanted | None = None) -> Mapping[str, Latest]:
        """The same of each of these machines that ever said anything; of those series alone that are wanted."""
        wanted = cache(wanted or _whatever)
        newest = (
            select(Told.machine_id, Told.layout_id, func.max(Told.at).label("at"))
            .where(Told.machine_id.in_(select(Machine.id).where(Machine.name.in_(devices))))
            .group_by(Told.machine_id, Told.layout_id)
            .subquery()
        )
        same = (Told.machine_id == newest.c.machine_id, Told.layout_id == newest.c.layout_id, Told.at == newest.c.at)
        query = select(Machine.name, Told.at, Told.layout_id, Told.row).join(newest, and_(*same))
        found: dict[str, Latest] = {}
        with reading(self._store) as session:
            rows = session.execute(
                query.join(Machine, Machine.id == Told.machine_id).order_by(Machine.name, Told.at.desc())
            )
            for device, told in groupby(rows, key=lambda row: row[0]):
                parts = [(at, self._names.listed(session, number), row) for _, at, number, row in told]
                found[device] = Latest(moment(parts[0][0]), _newest(parts, wanted))
        return found

    def between(self, series: Name, since: datetime, until: datetime) -> Sequence[Point]:
        """The samples of one series from `since` to `until` (half-open), the oldest first."""
        with reading(self._store) as session:
            machine = self._names.machine(session, series.device)
            samples = self._samples(session, machine, series, milliseconds(since), milliseconds(until))
        column = samples.column(series.metric, series.instance)
        return [
            Point(moment(at), meant(series.metric, word))
            for at, word in zip(samples.instants, column, strict=True)
            if word is not None
        ]

    def bands(self, series: Name, since: datetime, until: datetime, resolution: Resolution) -> Sequence[Band]:
        """One series from `since` to `until` (half-open), the oldest first; what is not known is absent."""
        first, last = milliseconds(since), milliseconds(until)
        with reading(self._store) as session:
            machine = self._names.machine(session, series.device)
            if resolution is Resolution.RAW:
                samples = self._samples(session, machine, series, first, last, early=True)
                return _rates(samples, series)
            found = self._rolled(session, machine, series, resolution, first, last)
        return [band for at, band in sorted(found.items()) if first <= at < last]

    # What is written

    def _told(self, session: Session, machine: int, row: Row) -> dict[str, object]:
        """The journal's row of what a machine said."""
        listed = self._names.latest(machine)
        if listed is None or listed.names != row.names:
            listed = self._names.list_of(session, machine, row.names)
        return {
            "machine_id": machine,
            "at": row.at,
            "hour": row.at // HOUR,
            "packed": False,
            "layout_id": listed.id,
            "row": row.octets,
        }

    def _pending(self, session: Session, now: int) -> list[tuple[int, int]]:
        """The hours of machines that are over and not packed, the oldest first."""
        rows = session.execute(
            select(Told.machine_id, Told.hour)
            .where(Told.packed.is_(False), Told.hour < now // HOUR)
            .distinct()
            .order_by(Told.hour, Told.machine_id)
        )
        return [(machine, hour) for machine, hour in rows]

    def _pack_hour(self, session: Session, machine: int, hour: int) -> None:
        """Pack an hour of a machine with its roll-ups; what came late is packed once more with what was."""
        samples = self._samples(session, machine, None, hour * HOUR, (hour + 1) * HOUR, early=True)
        here = [column[samples.before :] for column in samples.columns.values()]
        five, hourly = _roll_ups(samples, hour)
        chunk = packing.pack(samples.instants[samples.before :], here)
        bodies: dict[type[Chunk] | RollUp, bytes] = {Chunk: chunk, FiveMinutes: five, Hourly: hourly}
        listed = self._names.list_of(session, machine, list(samples.columns))
        for table, body in bodies.items():
            session.execute(delete(table).where(table.machine_id == machine, table.hour == hour))
            row = {"machine_id": machine, "hour": hour, "layout_id": listed.id, "body": body}
            session.execute(insert(table), [row])
        own = Told.machine_id == machine
        newest = select(Told.id, func.max(Told.at)).where(own, Told.hour == hour).group_by(Told.layout_id)
        stay = [row.id for row in session.execute(newest)]
        gone: ColumnElement[bool] = (Told.hour == hour) | (Told.packed.is_(True) & (Told.hour < hour))
        session.execute(delete(Told).where(own, gone, Told.id.not_in(stay)))
        session.execute(update(Told).where(Told.id.in_(stay)).values(packed=True))

    def _forget(self, session: Session, now: int) -> None:
        for table, long in (
            (Chunk, self._keeping.raw),
            (FiveMinutes, self._keeping.five),
            (Hourly, self._keeping.hour),
        ):
            session.execute(delete(table).where(table.hour < (now - long // _MILLISECOND) // HOUR))

    # What is read

    def _samples(
        self, session: Session, machine: int, wanted: Name | None, since: int, until: int, *, early: bool = False
    ) -> Samples:
        """Samples of a machine: of one series (and its uptime), or of all. `early`: those just before, too.

        What is packed comes before what is in the journal: said first, it stays.
        """
        first = since - LONGEST * 1000 if early else since
        parts = [
            *self._packed(session, machine, wanted, first if wanted else since, until),
            *self._journaled(session, machine, wanted, first, until),
        ]
        return side_by_side(parts, since)

    def _packed(self, session: Session, machine: int, wanted: Name | None, since: int, until: int) -> Iterator[Part]:
        rows = session.execute(
            select(Chunk.layout_id, Chunk.body)
            .where(Chunk.machine_id == machine, Chunk.hour >= since // HOUR, Chunk.hour <= (until - 1) // HOUR)
            .order_by(Chunk.hour)
        )
        for number, body in rows:
            listed = self._names.listed(session, number)
            ranks = _ranks(listed, wanted)
            try:
                instants, columns = packing.unpack(body, ranks)
            except packing.Garbled as garbled:
                raise DatabaseUnreadable(reason=Chunk.__tablename__) from garbled
            begin, end = bisect_left(instants, since), bisect_left(instants, until)
            yield instants[begin:end], {listed.names[rank]: columns[rank][begin:end] for rank in ranks}

    def _journaled(self, session: Session, machine: int, wanted: Name | None, since: int, until: int) -> Iterator[Part]:
        rows = session.execute(
            select(Told.layout_id, Told.at, Told.row)
            .where(Told.machine_id == machine, Told.at >= since, Told.at < until)
            .order_by(Told.id)
        ).all()
        for number, told in groupby(rows, key=lambda row: row[0]):
            listed = self._names.listed(session, number)
            width, instants, words = len(listed.names), [], array("Q")
            for _, at, row in told:
                instants.append(at)
                words.extend(_opened(row, width))
            yield instants, {listed.names[rank]: list(words[rank::width]) for rank in _ranks(listed, wanted)}

    def _rolled(
        self, session: Session, machine: int, series: Name, resolution: Resolution, first: int, last: int
    ) -> dict[int, Band]:
        """What is rolled up, and what is not packed yet rolled up now."""
        table, lasting = _ROLLED[resolution]
        hours = range(first // HOUR, (last - 1) // HOUR + 1)
        rows = session.execute(
            select(table.hour, table.layout_id, table.body)
            .where(table.machine_id == machine, table.hour.between(hours.start, hours.stop - 1))
            .order_by(table.hour)
        )
        found: dict[int, Band] = {}
        for hour, number, body in rows:
            rank = self._names.listed(session, number).ranks.get((series.metric, series.instance))
            if rank is not None:
                try:
                    rolled = Rolled(*packing.unpack_floats(body, rank, 3))
                except packing.Garbled as garbled:
                    raise DatabaseUnreadable(reason=table.__tablename__) from garbled
                found |= _banded(rolled, hour * HOUR, lasting)
        waiting = session.scalars(
            select(Told.hour)
            .where(Told.machine_id == machine, Told.packed.is_(False))
            .where(Told.hour.between(hours.start, hours.stop - 1))
            .distinct()
        )
        for hour in waiting:
            samples = self._samples(session, machine, series, hour * HOUR, (hour + 1) * HOUR, early=True)
            whiles, counts = samples.whiles(), series.metric in COUNTERS
            edges = whiles.edges(hour * HOUR, (hour + 1) * HOUR, lasting)
            rates = _rates_of(samples, whiles, series.metric, series.instance)
            found |= _banded(whiles.roll(rates, edges, counts=counts), hour * HOUR, lasting)
        return found


def open_series(settings: Settings) -> EmbeddedStore:
    """The series of this association; what an earlier version kept elsewhere is brought over, once.

    Raises NotInitialised, KeyMissing, DatabaseBusy, DatabaseUnreadable.
    """
    kept = EmbeddedStore(open_file(settings), Keeping.told_by(settings))
    bring_over(settings, kept)
    return kept


def _whatever(_metric: str, _unit: str) -> bool:
    return True


def _newest(parts: Iterable[tuple[int, Listed, bytes]], wanted: Wanted) -> list[tuple[Point, Measure]]:
    """What the rows of one machine say, the latest first: each series as the first of them has it."""
    found: dict[tuple[str, str], tuple[Point, Measure]] = {}
    for at, listed, row in parts:
        when, words = moment(at), _opened(row, len(listed.names))
        for (metric, instance, unit), word in zip(listed.names, words, strict=True):
            if wanted(metric, unit) and (metric, instance) not in found:
                value = meant(metric, word)
                found[metric, instance] = Point(when, value), Measure(metric, instance, unit, value)
    return [found[name] for name in sorted(found)]


def _ranks(listed: Listed, wanted: Name | None) -> list[int]:
    if wanted is None:
        return list(range(len(listed.names)))
    names = (wanted.metric, wanted.instance), (DISCONTINUITY, wanted.instance), (UPTIME, "")
    return sorted({listed.ranks[name] for name in names if name in listed.ranks})


def _roll_ups(samples: Samples, hour: int) -> tuple[bytes, bytes]:
    """Five minutes and the hour, of every series."""
    whiles, since, until = samples.whiles(), hour * HOUR, (hour + 1) * HOUR
    five, whole = (whiles.edges(since, until, lasting) for lasting in (FIVE_MINUTES, HOUR))
    found: tuple[list[Rolled], list[Rolled]] = ([], [])
    for metric, instance, _ in samples.columns:
        rates = _rates_of(samples, whiles, metric, instance)
        for rolled, edges in zip(found, (five, whole), strict=True):
            rolled.append(whiles.roll(rates, edges, counts=metric in COUNTERS))
    fives, hourly = (packing.pack_floats(list(zip(*rolled, strict=True)), len(rolled[0].low)) for rolled in found)
    return fives, hourly


def _rates_of(samples: Samples, whiles: Whiles, metric: str, instance: str) -> list[float | None]:
    """The rate, or the value, of one series at each sample."""
    if not samples.instants:
        return []
    column = samples.column(metric, instance)
    if metric in COUNTERS:
        return whiles.rates(column, COUNTERS[metric], samples.column(DISCONTINUITY, instance))
    if max((word for word in column if word is not None), default=0) >= SIGNED:
        column = [None if word is None else meant(metric, word) for word in column]
    return whiles.rates(column, None)


def _rates(samples: Samples, series: Name) -> list[Band]:
    rates = _rates_of(samples, samples.whiles(), series.metric, series.instance)
    instants = samples.instants[samples.before :]
    return [Band(moment(at), rate, rate, rate) for at, rate in zip(instants, rates, strict=True) if rate is not None]


def _banded(rolled: Rolled, since: int, lasting: int) -> dict[int, Band]:
    return {
        since + place * lasting: Band(moment(since + place * lasting), low, mean, high)
        for place, (low, mean, high) in enumerate(zip(*rolled, strict=True))
        if not isnan(mean)
    }


def _opened(row: bytes, width: int) -> list[int]:
    try:
        return packing.unpack_row(row, width)
    except packing.Garbled as garbled:
        raise DatabaseUnreadable(reason=Told.__tablename__) from garbled
