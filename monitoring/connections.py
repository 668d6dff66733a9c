"""Connections of lines: opened, followed and closed from what the VPN and RADIUS machines say.

Each is told whole every time, so that a poll that was missed, or made twice, costs nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from sqlalchemy import CursorResult, and_, delete, func, select
from sqlalchemy.orm import Session

from foundation.clock import ends_after
from monitoring import accounting, openvpn, tunnels
from monitoring.models import LARGEST, Connection

TUNNEL_LIFE: Final = timedelta(seconds=180)
"""A WireGuard session is over this long after its handshake (REJECT_AFTER_TIME, WireGuard's paper, 6.1)."""

NEWS_LIFE: Final = timedelta(minutes=30)
"""A PPP session whose access server brought news, and then none for this long, is over: three times the
interval that RFC 2869 advises (5.16)."""

KEPT: Final = timedelta(days=365)
"""A year after their end connections are forgotten: what the law has access providers keep, and no more."""

_LOOK_BACK: Final = timedelta(days=1)
_CERTIFIED: Final = "openvpn "
"""How the keys of OpenVPN's connections begin: the machine may have WireGuard's too."""

# Why a connection ended, where the machine did not say it in RADIUS' own words (RFC 2866, 5.10).
SILENT: Final = "silent"
REPLACED: Final = "replaced"
GONE: Final = "gone"


@dataclass(frozen=True, slots=True)
class LastConnection:
    """The latest connection of a line, as plain values. Octets are the member's; `until` is none while it lasts."""

    since: datetime
    last_seen: datetime
    until: datetime | None
    remote: str | None = field(repr=False)
    received: int
    sent: int
    cause: str


@dataclass(frozen=True, slots=True)
class _Teller:
    """A machine that tells of all its connections of one kind, and of no others."""

    device: str
    certified: bool = False

    def tells(self, row: Connection) -> bool:
        """Whether a connection is one of those."""
        return row.device == self.device and row.key.startswith(_CERTIFIED) == self.certified


@dataclass(frozen=True, slots=True)
class _Stay:
    """A connection as its machine tells it now."""

    line: int
    key: str
    since: datetime
    until: datetime | None
    remote: str | None
    received: int
    sent: int
    counted: tuple[int, int]
    cause: str = ""
    seen: datetime | None = None
    """When it was last told of, where that is not when its machine was asked."""


def record_tunnels(
    session: Session, device: str, at: datetime, seen: Iterable[tunnels.Tunnel], lines: Mapping[str, int]
) -> None:
    """Record the tunnels of a VPN server; `lines` gives the line of each public key, others are passed over.

    A line that has several keys is where the latest handshake was.
    """
    latest: dict[int, tunnels.Tunnel] = {}
    for tunnel in seen:
        line = lines.get(tunnel.public_key)
        if line is not None and tunnel.handshake is not None:
            other = latest.get(line)
            if other is None or other.handshake is None or other.handshake < tunnel.handshake:
                latest[line] = tunnel
    before = _latest_of(session, device)
    stays = (_stay_of_tunnel(line, tunnel, before.get(line), at) for line, tunnel in latest.items())
    _record(session, _Teller(device), at, [stay for stay in stays if stay is not None])


def record_sessions(
    session: Session, device: str, at: datetime, seen: Iterable[accounting.Session], lines: Mapping[str, int]
) -> None:
    """Record the PPP sessions of a RADIUS server; `lines` gives the line of each login, others are passed over."""
    _record(
        session,
        _Teller(device),
        at,
        [_stay_of_session(lines[each.login], each, at) for each in seen if each.login in lines],
    )


def record_openvpn(
    session: Session, device: str, at: datetime, seen: Iterable[openvpn.Session], lines: Mapping[str, int]
) -> None:
    """Record the sessions of an OpenVPN server; `lines` gives the line of each certificate's name, others are passed
    over.
    """
    _record(
        session,
        _Teller(device, certified=True),
        at,
        [_stay_of_openvpn(lines[each.name], each) for each in seen if each.name in lines],
    )


def record_dumps(
    session: Session, device: str, at: datetime, seen: Iterable[accounting.Dump], lines: Mapping[str, int]
) -> None:
    """Record what an LNS that keeps accounts of traffic alone has told of; `lines` gives the line of each login.

    Such an LNS says neither when a session begins nor when it ends: a line is connected while it carries something, and
    no more once it carried nothing for `NEWS_LIFE`. What was told of before is passed over.
    """
    told: dict[int, list[accounting.Dump]] = defaultdict(list)
    for each in seen:
        if each.login in lines and each.at <= at:
            told[lines[each.login]].append(each)
    before = _latest_of(session, device)
    living = {line for line, row in before.items() if row.until is None}
    stays = (_stays_of_dumps(line, told[line], before.get(line), at) for line in sorted(living | set(told)))
    _record(session, _Teller(device), at, [stay for each in stays for stay in each])


def ask_since(session: Session, device: str, at: datetime, back: timedelta = _LOOK_BACK) -> datetime:
    """From when a machine must tell of connections that ended, so that none is missed."""
    told = session.scalar(select(func.max(Connection.last_seen)).where(Connection.device == device))
    return min(told or at, at) - back


def last_connection(session: Session, line: int) -> LastConnection | None:
    """The connection that lasts, else the one that ended last; nothing for a line never seen connected."""
    row = session.scalar(
        select(Connection)
        .where(Connection.line == line)
        .order_by(Connection.until.is_not(None), Connection.since.desc(), Connection.id.desc())
        .limit(1)
    )
    if row is None:
        return None
    return LastConnection(row.since, row.last_seen, row.until, row.remote, row.received, row.sent, row.cause)


def connected_after(
    session: Session, line: int, instant: datetime, *, device: str | None = None, certified: bool = False
) -> datetime | None:
    """When a line first connected after that instant, on that machine where one is named; None if it did not.

    On a machine, OpenVPN's connections are looked at where `certified`, and the others where not.
    """
    query = select(func.min(Connection.since)).where(Connection.line == line, Connection.since >= instant)
    if device is not None:
        query = query.where(Connection.device == device, Connection.key.startswith(_CERTIFIED) == certified)
    return session.scalar(query)


def forget(session: Session, at: datetime, kept: timedelta = KEPT) -> int:
    """Delete the connections that ended longer than `kept` before `at`, with where they came from: how many."""
    gone = session.execute(delete(Connection).where(Connection.until < at - min(kept, KEPT)))
    return gone.rowcount if isinstance(gone, CursorResult) else 0


def _stay_of_session(line: int, seen: accounting.Session, at: datetime) -> _Stay:
    until, cause = seen.until, seen.cause
    # No Stop ever comes from an access server that lost power: missing news are what shows it.
    if until is None and seen.reports and at - seen.updated > NEWS_LIFE:
        until, cause = seen.updated, SILENT
    return _Stay(
        line=line,
        key=seen.key,
        since=seen.since,
        until=until,
        remote=seen.caller,
        received=seen.received,
        sent=seen.sent,
        counted=(seen.received, seen.sent),
        cause=cause if until is not None else "",
    )


def _stay_of_openvpn(line: int, seen: openvpn.Session) -> _Stay:
    counted = (seen.received, seen.sent)
    return _Stay(line, f"{_CERTIFIED}{seen.key}", seen.since, None, seen.remote, *counted, counted)


def _stay_of_tunnel(line: int, tunnel: tunnels.Tunnel, before: Connection | None, at: datetime) -> _Stay | None:
    handshake = min(tunnel.handshake or at, at)
    alive = at - handshake < TUNNEL_LIFE
    counted = (tunnel.received, tunnel.sent)
    base = (before.counted_received, before.counted_sent) if before is not None else (0, 0)
    received, sent = (_grown(old, new) for old, new in zip(base, counted, strict=True))
    if before is not None and before.until is None:
        return _Stay(
            line=line,
            key=before.key,
            since=before.since,
            until=None if alive else max(before.last_seen, handshake),
            remote=tunnel.endpoint or before.remote,
            received=min(before.received + received, LARGEST),
            sent=min(before.sent + sent, LARGEST),
            counted=counted,
            cause="" if alive else SILENT,
        )
    if not alive:
        return None
    since = handshake if before is None or before.until is None else max(handshake, before.until)
    return _Stay(line, since.isoformat(), since, None, tunnel.endpoint, received, sent, counted)


def _stays_of_dumps(
    line: int, dumps: Iterable[accounting.Dump], before: Connection | None, at: datetime
) -> list[_Stay]:
    stays: list[_Stay] = []
    now, known = None, None if before is None else before.last_seen
    if before is not None and before.until is None:
        carried = (before.received, before.sent)
        now = _Stay(line, before.key, before.since, None, None, *carried, carried, seen=before.last_seen)
    for dump in sorted(dumps, key=lambda one: one.at):
        if known is not None and dump.at <= known:
            continue
        if now is not None and _silent(now, dump.at):
            stays.append(replace(now, until=now.seen, cause=SILENT))
            now = None
        now = now or _Stay(line, dump.at.isoformat(), dump.at, None, None, 0, 0, (0, 0))
        received, sent = min(now.received + dump.received, LARGEST), min(now.sent + dump.sent, LARGEST)
        now = replace(now, seen=dump.at, received=received, sent=sent, counted=(received, sent))
    if now is not None:
        stays.append(replace(now, until=now.seen, cause=SILENT) if _silent(now, at) else now)
    return stays


def _silent(stay: _Stay, at: datetime) -> bool:
    return stay.seen is not None and at - stay.seen > NEWS_LIFE


def _grown(old: int, new: int) -> int:
    """How much a counter counted; one that is lower than before began again from zero."""
    return new - old if new >= old else new


def _record(session: Session, teller: _Teller, at: datetime, stays: Sequence[_Stay]) -> None:
    told: dict[int, list[_Stay]] = defaultdict(list)
    for stay in {(stay.line, stay.key): stay for stay in stays}.values():
        told[stay.line].append(stay)
    living = {row.line: row for row in session.scalars(select(Connection).where(Connection.until.is_(None)))}
    known = _known(session, teller.device, [stay.key for stay in stays])
    for line, row in living.items():
        if teller.tells(row) and line not in told:
            _end(row, row.last_seen, GONE)
    for line, each in told.items():
        current = living.get(line)
        settled = _settled(each, current if current is not None and not teller.tells(current) else None, at)
        if current is not None and not _goes_on(current, teller, settled):
            lasts = any(stay.until is None for stay in settled)
            if teller.tells(current) or lasts:
                _end(current, current.last_seen, REPLACED if lasts else GONE)
        session.flush()  # what ended must be off the line before another may be on it
        for stay in sorted(settled, key=lambda stay: stay.until is None):
            _write(session, known, teller.device, at, stay)
    session.flush()


def _goes_on(row: Connection, teller: _Teller, settled: Sequence[_Stay]) -> bool:
    return teller.tells(row) and any(stay.key == row.key for stay in settled)


def _settled(stays: Sequence[_Stay], elsewhere: Connection | None, at: datetime) -> list[_Stay]:
    """The stays of one line in order, of which the last alone may still be open: the newest wins."""
    ordered = sorted(
        (replace(stay, since=min(stay.since, at), until=_before(stay.until, at)) for stay in stays),
        key=lambda stay: (stay.since, stay.key),
    )
    ends = [later.since for _, later in pairwise(ordered)]
    overtaken = elsewhere is not None and elsewhere.since > ordered[-1].since
    last = elsewhere.since if elsewhere is not None and overtaken else None
    return [
        replace(stay, until=end, cause=REPLACED) if stay.until is None and end is not None else stay
        for stay, end in zip(ordered, [*ends, last], strict=True)
    ]


def _before(instant: datetime | None, at: datetime) -> datetime | None:
    return None if instant is None else min(instant, at)


def _write(session: Session, known: dict[tuple[int, str], Connection], device: str, at: datetime, stay: _Stay) -> None:
    row = known.get((stay.line, stay.key))
    if row is None:
        row = Connection(
            line=stay.line,
            device=device,
            key=stay.key,
            since=stay.since,
            last_seen=(stay.seen or at) if stay.until is None else stay.until,
            received=0,
            sent=0,
        )
        session.add(row)
    row.remote = stay.remote
    row.received, row.sent = max(row.received, stay.received), max(row.sent, stay.sent)
    row.counted_received, row.counted_sent = stay.counted
    if stay.until is None:
        row.until, row.cause, row.last_seen = None, "", max(row.last_seen, stay.seen or at)
    else:
        _end(row, stay.until, stay.cause)
        row.last_seen = max(row.last_seen, stay.seen or row.last_seen)
    session.flush()


def _end(row: Connection, until: datetime, cause: str) -> None:
    row.until = ends_after(row.since, until)
    row.cause = cause


def _known(session: Session, device: str, keys: Sequence[str]) -> dict[tuple[int, str], Connection]:
    rows = session.scalars(select(Connection).where(Connection.device == device, Connection.key.in_(keys)))
    return {(row.line, row.key): row for row in rows}


def _latest_of(session: Session, device: str) -> dict[int, Connection]:
    """The latest tunnel of each line on this machine."""
    tunnel = (Connection.device == device, Connection.key.not_like(f"{_CERTIFIED}%"))
    latest = (
        select(Connection.line, func.max(Connection.since).label("since"))
        .where(*tunnel)
        .group_by(Connection.line)
        .subquery()
    )
    rows = session.scalars(
        select(Connection)
        .join(latest, and_(latest.c.line == Connection.line, latest.c.since == Connection.since))
        .where(*tunnel)
    )
    return {row.line: row for row in rows}
