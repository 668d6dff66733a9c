"""What a cycle of alerts is judged by: the inventory's machines and cables, and what machines said."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from desk.declared import drawn_by
from foundation import reach
from foundation.errors import EssaimError
from foundation.settings import Settings
from foundation.speech import Phrase
from inventory import announced, devices, lapsing
from inventory.models.addresses import Assignment, IPNetwork, Pool, Role
from inventory.models.devices import Device, Interface, Link
from inventory.models.places import Site
from inventory.models.power import Feed, Plug
from inventory.models.routing import BgpPeer
from inventory.models.works import WorksState
from inventory.plugged import Declared
from monitoring import bgp
from monitoring.alerts.seen import Answer, Cycle, End, Lapse, Seen, Supply, Works
from monitoring.alerts.seen import Session as BgpSession
from monitoring.poll import Report
from monitoring.series import Latest, Measure, Point, SeriesStore, Wanted

ROUTERS_AT_ONCE: Final = 8
UNHEARD: Final = frozenset({"snmp-no-answer", "snmp-still-silent", "machine-unreachable"})
"""Errors that say that nobody is there; any other comes from someone who is."""
_POWER: Final = ("inletPower", "upsInputPower", "phasePower", "outletPower", "upsOutputPower")
"""What says how much a PDU or a UPS draws, the best first; in milliwatts."""
_UNTOLD: Final = Phrase("ce qu'elle sert n'a pas pu être lu ({reason})", "what it serves could not be read ({reason})")
_NOW: Final = timedelta(0)


@dataclass(frozen=True, slots=True)
class Router:
    """A router of ours to be asked for its sessions."""

    machine: reach.Machine
    platform: str


def answers_of(report: Report) -> dict[str, Answer]:
    """How each machine met a round."""
    heard = {one.machine for one in report.answered}
    found = {name: Answer(heard=True) for name in heard}
    for one in report.unanswered:
        silent = one.error.kind in UNHEARD
        if silent and one.machine not in heard:
            found.setdefault(one.machine, Answer(heard=False))
        else:
            found[one.machine] = Answer(heard=True, amiss=_words(one.error))
    return found


def routers(session: Session, settings: Settings) -> list[Router]:
    """The routers of ours that can say how their sessions are; none where texts go to a folder and to no machine."""
    if settings.driver == "console":
        return []
    found = devices.list_devices(session, role="router", limit=1000)
    spoken = set(session.scalars(select(BgpPeer.device_id)))
    return [
        Router(devices.machine(one), one.platform)
        for one in found
        if one.platform in bgp.COMMANDS and one.id in spoken and one.until is None and one.management
    ]


def ask_routers(means: reach.Means, asked: Sequence[Router]) -> tuple[dict[str, Mapping[str, bool]], dict[str, Answer]]:
    """Which neighbours each router has its session with, and how each met the question, side by side.

    Raises LabDown.
    """
    told: dict[str, Mapping[str, bool]] = {}
    met: dict[str, Answer] = {}
    with ThreadPoolExecutor(ROUTERS_AT_ONCE) as lanes:
        waiting = {one.machine.name: lanes.submit(bgp.read_sessions, means, one.machine, one.platform) for one in asked}
        for name, done in waiting.items():
            try:
                told[name] = done.result()
                met[name] = Answer(heard=True)
            except reach.LabDown:
                raise
            except EssaimError as failed:
                unheard = failed.kind in UNHEARD
                met[name] = Answer(heard=not unheard, amiss=None if unheard else _words(failed))
    return told, met


def together(one: Mapping[str, Answer], other: Mapping[str, Answer]) -> dict[str, Answer]:
    """Two rounds as one: heard where either was, and what either could not tell."""
    found = dict(one)
    for name, answer in other.items():
        here = found.get(name)
        if here is None:
            found[name] = answer
        else:
            found[name] = Answer(here.heard or answer.heard, here.amiss or answer.amiss)
    return found


def facts(session: Session, settings: Settings, at: datetime) -> Seen:
    """What the inventory says, as it is at that instant; what machines said is put in afterwards."""
    present = {row.id: row for row in session.scalars(select(Device).where(Device.until.is_(None)))}
    names = {row.id: row.name for row in session.scalars(select(Site))}
    cables = _cables(session)
    return Seen(
        at=at,
        interval=timedelta(seconds=settings.poll_seconds),
        cycle=None,
        sites={one.name: names[one.site_id] for one in present.values()},
        ports=_ports(session, cables),
        cables=cables,
        sessions=_sessions(session),
        lapses=[
            Lapse(one.kind, one.name, one.ends) for one in lapsing.list_credentials(session, at) if one.ends is not None
        ],
        works=[
            Works(one.number, one.subjects)
            for one in announced.told(session, at, _NOW)
            if one.state == WorksState.UNDER_WAY
        ],
    )


def with_said(
    seen: Seen,
    series: SeriesStore,
    cycle: Cycle | None,
    answers: Mapping[str, Answer],
    told: Mapping[str, Mapping[str, bool]],
    feeds: Sequence[tuple[Supply, Sequence[str]]],
    declared: Sequence[Declared],
    wanted: Wanted,
) -> Seen:
    """The same with what machines said, of the series that are wanted."""
    known = {name: one for name, one in answers.items() if name in seen.sites}
    latest = series.latest(known, lambda metric, unit: metric in _POWER or wanted(metric, unit))
    samples = {name: one.said for name, one in latest.items()}
    return replace(
        seen,
        cycle=cycle,
        answers=known,
        samples={name: _current(one, known[name]) for name, one in latest.items()},
        sessions=[replace(one, up=told[one.device].get(one.peer, False)) if one.device in told else one
                  for one in seen.sessions],
        supplies=[replace(one, drawn=_drawn(samples, givers)) for one, givers in feeds],
        draws=[drawn_by(one, samples, seen.stale) for one in declared],
    )  # fmt: skip


def feeds(session: Session) -> list[tuple[Supply, list[str]]]:
    """Each feed in use, with the machines that are plugged straight into it."""
    rows = session.execute(
        select(Feed, Site.name, Device.name)
        .join(Site, Site.id == Feed.site_id)
        .outerjoin(Plug, (Plug.feed_id == Feed.id) & Plug.until.is_(None))
        .outerjoin(Device, Device.id == Plug.device_id)
        .where(Feed.until.is_(None))
        .order_by(Site.name, Feed.name, Device.name)
    )
    found: dict[str, tuple[Supply, list[str]]] = {}
    for feed, site, device in rows:
        name = f"{site}/{feed.name}"
        supply = found.setdefault(name, (Supply(name, site, float(feed.volts * feed.amps), None), []))
        if device is not None:
            supply[1].append(device)
    return list(found.values())


def _current(told: Latest, answer: Answer) -> Sequence[tuple[Point, Measure]]:
    """Of a machine that answers, what it told last: a series that it no longer tells of is there no more."""
    return [one for one in told.said if one[0].at == told.at] if answer.heard else told.said


def _drawn(samples: Mapping[str, Sequence[tuple[Point, Measure]]], givers: Sequence[str]) -> float | None:
    found = [watts for one in givers if (watts := _watts(samples.get(one, ()))) is not None]
    return sum(found) if found else None


def _watts(said: Sequence[tuple[Point, Measure]]) -> float | None:
    for metric in _POWER:
        values = [one.value for _, one in said if one.metric == metric]
        if values:
            return sum(values) / 1000
    return None


def _cables(session: Session) -> list[tuple[End, End]]:
    near, far = aliased(Interface), aliased(Interface)
    one, other = aliased(Device), aliased(Device)
    rows = session.execute(
        select(one.name, near.name, other.name, far.name)
        .select_from(Link)
        .join(near, near.id == Link.near_id)
        .join(one, one.id == near.device_id)
        .join(far, far.id == Link.far_id)
        .join(other, other.id == far.device_id)
        .where(Link.until.is_(None))
        .order_by(Link.id)
    )
    return [((a, b), (c, d)) for a, b, c, d in rows]


def _ports(session: Session, cables: Sequence[tuple[End, End]]) -> frozenset[End]:
    """Interfaces in use: enabled, and cabled, with a provider's circuit, or with an address of ours."""
    held = select(Assignment.interface_id).where(Assignment.until.is_(None), Assignment.interface_id.is_not(None))
    other_end = select(Assignment.peer_id).where(Assignment.until.is_(None), Assignment.peer_id.is_not(None))
    circuits = select(Link.near_id).where(Link.until.is_(None))
    rows = session.execute(
        select(Device.name, Interface.name)
        .join(Device, Device.id == Interface.device_id)
        .where(Interface.id.in_(held) | Interface.id.in_(other_end) | Interface.id.in_(circuits))
    ).all()
    unused = session.execute(
        select(Device.name, Interface.name)
        .join(Device, Device.id == Interface.device_id)
        .where(Interface.enabled.is_(False))
    )
    off = {(device, name) for device, name in unused}
    cabled = {end for pair in cables for end in pair}
    return frozenset(({(device, name) for device, name in rows} | cabled) - off)


def _sessions(session: Session) -> list[BgpSession]:
    rows = session.execute(
        select(BgpPeer, Device)
        .join(Device, Device.id == BgpPeer.device_id)
        .where(Device.until.is_(None))
        .order_by(Device.name, BgpPeer.address)
    ).all()
    holders, nets = _holders(session), _nets(session)
    found = []
    for peer, device in rows:
        address = ip_address(peer.address)
        far = holders.get(address)
        ways = [(-net.prefixlen, port) for port, net in nets.get(device.name, ()) if address in net]
        port = min(ways)[1] if ways else None
        far = None if far == device.name else far
        found.append(BgpSession(device.name, str(address), peer.description, None, port, far))
    return found


def _held(session: Session) -> Iterator[tuple[str, str, Assignment, Pool, str | None]]:
    other, far = aliased(Interface), aliased(Device)
    rows = session.execute(
        select(Device.name, Interface.name, Assignment, Pool, far.name)
        .select_from(Assignment)
        .join(Interface, Interface.id == Assignment.interface_id)
        .join(Device, Device.id == Interface.device_id)
        .join(Pool, Pool.id == Assignment.pool_id)
        .outerjoin(other, other.id == Assignment.peer_id)
        .outerjoin(far, far.id == other.device_id)
        .where(Assignment.until.is_(None))
    )
    for device, interface, assignment, pool, peer in rows:  # noqa: UP028 - of rows, plain tuples
        yield device, interface, assignment, pool, peer


def _holders(session: Session) -> dict[object, str]:
    """The machine of ours that has each address."""
    found: dict[object, str] = {}
    for device, _, held, _, peer in _held(session):
        found[held.prefix.network_address] = device
        if peer is not None:
            found[held.prefix.broadcast_address] = peer
    return found


def _nets(session: Session) -> dict[str, list[tuple[str, IPNetwork]]]:
    """Of each machine, the networks that its ports are in: a link's own, or the pool that a link's address is of."""
    found: dict[str, list[tuple[str, IPNetwork]]] = {}
    for device, interface, held, pool, _ in _held(session):
        if held.role == Role.LINK:
            wide = pool.prefix if held.prefix.prefixlen == held.prefix.max_prefixlen else held.prefix
            found.setdefault(device, []).append((interface, wide))
    return found


def _words(failed: EssaimError) -> Phrase:
    if failed.kind == reach.CommandFailed.kind:
        return _said(_UNTOLD, reason=str(failed.facts.get("reason", ""))[:120])
    return Phrase.said(failed.sentence("fr"), failed.sentence("en"))


def _said(phrase: Phrase, **values: object) -> Phrase:
    return Phrase.said(phrase.say("fr", **values), phrase.say("en", **values))
