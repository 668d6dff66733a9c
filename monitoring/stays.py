"""What is known of a line's traffic: its connections, and how much each carried in all. Nothing else is kept of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Final

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from foundation.speech import Phrase
from monitoring.graphs import Curve, Drawn, Graph, Picture
from monitoring.models import Connection
from monitoring.series import Band, Name
from monitoring.units import BITS

MOST: Final = 500
"""Connections of one line that are looked at, the latest: a box that reconnects each minute has more."""


@dataclass(frozen=True, slots=True)
class Stay:
    """A connection: when, and how much the member received and sent, in octets. `until` is none while it lasts."""

    since: datetime
    until: datetime | None
    last_seen: datetime
    received: int
    sent: int

    @property
    def end(self) -> datetime:
        """When it was last known to be there."""
        return self.until or self.last_seen


def stays_of(session: Session, line: int, since: datetime, until: datetime) -> list[Stay]:
    """The connections of a line that touch a period, the latest first, and at most `MOST`."""
    rows = session.scalars(
        select(Connection)
        .where(Connection.line == line, Connection.since < until)
        .where(or_(Connection.until.is_(None), Connection.until > since))
        .order_by(Connection.since.desc(), Connection.id.desc())
        .limit(MOST)
    )
    return [Stay(row.since, row.until, row.last_seen, row.received, row.sent) for row in rows]


def picture_of(number: str, stays: Sequence[Stay], since: datetime, until: datetime, width: int) -> Picture:
    """The mean traffic of each connection, while it lasted; nothing where the line was not connected."""
    step = max((until - since) / max(width, 1), timedelta(seconds=1))
    graph = Graph(
        "connections",
        Phrase.said(
            f"Trafic de {number}, moyenne de chaque connexion", f"Traffic of {number}, mean of each connection"
        ),
        BITS,
        (
            Curve(Phrase("reçu", "received"), Name(number, "received")),
            Curve(Phrase("envoyé", "sent"), Name(number, "sent")),
        ),
    )
    curves = tuple(
        _drawn(curve.title, [(each, getattr(each, curve.series.metric)) for each in stays], since, until, step)
        for curve in graph.curves
    )
    return Picture(graph, since, until, step, curves)


def _drawn(
    title: Phrase, carried: Sequence[tuple[Stay, int]], since: datetime, until: datetime, step: timedelta
) -> Drawn:
    columns: list[Band | None] = []
    for place in range(ceil((until - since) / step)):
        begin = since + place * step
        shares = [(_overlap(stay, begin, begin + step), _rate(stay, octets)) for stay, octets in carried]
        there = [(share, rate) for share, rate in shares if share > 0]
        if there:
            mean = sum(share * rate for share, rate in there) / max(sum(share for share, _ in there), 1e-9)
            columns.append(Band(begin, min(rate for _, rate in there), mean, max(rate for _, rate in there)))
        else:
            columns.append(None)
    whole = [(_overlap(stay, since, until), _rate(stay, octets)) for stay, octets in carried]
    known = [(share, rate) for share, rate in whole if share > 0]
    if not known:
        return Drawn(title, tuple(columns), 0.0, 0.0, 0.0, None)
    rates = [rate for _, rate in known]
    mean = sum(share * rate for share, rate in known) / sum(share for share, _ in known)
    return Drawn(title, tuple(columns), min(rates), mean, max(rates), None)


def _overlap(stay: Stay, since: datetime, until: datetime) -> float:
    return (min(stay.end, until) - max(stay.since, since)).total_seconds()


def _rate(stay: Stay, octets: int) -> float:
    return octets / max((stay.end - stay.since).total_seconds(), 1.0)
