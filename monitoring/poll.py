"""A round of questions to machines: SNMP devices, VPN and RADIUS servers.

Everything is asked first, side by side and in bounded time; what was heard is then written in one short
transaction. A machine that does not answer leaves what is known of it as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Final, TypeAlias

from sqlalchemy.orm import Session

from foundation import reach
from foundation.database import Store, reading, transaction
from foundation.errors import EssaimError
from monitoring import accounting, connections, openvpn, tunnels
from monitoring.series import Heard, Measure, SeriesStore
from monitoring.snmp.agents import Agent
from monitoring.snmp.engine import Poller, Said
from monitoring.snmp.modules import system
from monitoring.snmp.refusals import Refusal

SERVERS_AT_ONCE: Final = 8


@dataclass(frozen=True, slots=True)
class Answered:
    """A machine answered: the name it gives itself, how many values it gave."""

    machine: str
    name: str
    values: int


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A machine did not answer, or wrongly; the error has the sentence."""

    machine: str
    error: EssaimError


@dataclass(frozen=True, slots=True)
class Report:
    """Who answered and who did not, by name."""

    answered: tuple[Answered, ...]
    unanswered: tuple[Unanswered, ...]


Progress = Callable[[Answered | Unanswered], None]
"""Called in the calling thread each time a machine has answered or has not."""


@dataclass(frozen=True, slots=True)
class VpnServer:
    """A WireGuard server, and the line of each public key."""

    machine: reach.Machine
    lines: Mapping[str, int] = field(repr=False)


@dataclass(frozen=True, slots=True)
class OpenVpnServer:
    """An OpenVPN server, and the line of each certificate's name."""

    machine: reach.Machine
    lines: Mapping[str, int] = field(repr=False)


@dataclass(frozen=True, slots=True)
class RadiusServer:
    """A RADIUS server, and the line of each login; `detail` where its accounting is in detail files."""

    machine: reach.Machine
    lines: Mapping[str, int] = field(repr=False)
    detail: bool = False


@dataclass(frozen=True, slots=True)
class L2tpnsServer:
    """An l2tpns that keeps accounts of its own, and the line of each login."""

    machine: reach.Machine
    lines: Mapping[str, int] = field(repr=False)


Server: TypeAlias = VpnServer | OpenVpnServer | RadiusServer | L2tpnsServer


def poll(
    means: reach.Means,
    series: SeriesStore,
    agents: Sequence[Agent],
    at: datetime,
    progress: Progress,
    *,
    poller: Poller | None = None,
    interval: float = 0.0,
) -> Report:
    """Ask devices over SNMP and append what they say at `at`.

    A `poller` that is kept remembers from round to round what it learned of each device, and leaves alone for a while
    those that are silent; without one, all are asked. Over an `interval` of seconds, starts are spread.

    Raises LabDown, DatabaseBusy, DatabaseUnreadable; a device's own silence is in the report.
    """
    heard, outcomes = _ask(
        means, poller or Poller(), agents, at, progress, interval=interval, patient=poller is not None
    )
    series.append(Heard(device, at, measures) for device, measures in sorted(heard.items()))
    return _report(outcomes)


def look(means: reach.Means, agents: Sequence[Agent], at: datetime) -> tuple[Report, dict[str, Sequence[Measure]]]:
    """Ask devices over SNMP between two rounds, each once: who answered, and what they say, which is not recorded.

    A series is told on the beat of the rounds: what comes between would make rates that never were. Raises LabDown.
    """
    heard, outcomes = _ask(means, Poller(), agents, at, lambda _: None)
    return _report(outcomes), heard


def _ask(
    means: reach.Means,
    poller: Poller,
    agents: Sequence[Agent],
    at: datetime,
    progress: Progress,
    *,
    interval: float = 0.0,
    patient: bool = False,
) -> tuple[dict[str, Sequence[Measure]], list[Answered | Unanswered]]:
    heard: dict[str, Sequence[Measure]] = {}
    outcomes: list[Answered | Unanswered] = []

    def listen(agent: Agent, said: Said | Refusal) -> None:
        if isinstance(said, EssaimError):
            outcomes.append(Unanswered(agent.device, said))
        else:
            heard[agent.device] = [each for module in said.fitting for each in module.read(said.answers)]
            outcomes.append(Answered(agent.device, system.name(said.answers), len(said.answers)))
        progress(outcomes[-1])

    with reach.network(means):
        poller.ask(agents, at, listen, interval=interval, patient=patient)
    return heard, outcomes


def poll_connections(
    means: reach.Means,
    samples: Store,
    servers: Sequence[Server],
    at: datetime,
    progress: Progress,
    *,
    rates: Callable[[int, tuple[tuple[str, int], ...]], None] | None = None,
) -> Report:
    """Ask servers who is connected, record it as of `at`, and forget the connections kept long enough.

    `rates` is called with the line, and what an access server told of its copper, where one that is connected has some.
    Raises DatabaseBusy, DatabaseUnreadable; a server's own silence is in the report.
    """
    with reading(samples) as session:
        since = {server.machine.name: _since(session, server, at) for server in servers}
    heard: list[Callable[[Session], None]] = []
    outcomes: list[Answered | Unanswered] = []
    with ThreadPoolExecutor(SERVERS_AT_ONCE) as lanes:
        asked = {
            lanes.submit(_look, means, server, since[server.machine.name], at, rates or (lambda *_: None)): server
            for server in servers
        }
        for done in as_completed(asked):
            name = asked[done].machine.name
            try:
                found, record = done.result()
            except EssaimError as failed:
                outcomes.append(Unanswered(name, failed))
            else:
                outcomes.append(Answered(name, name, found))
                heard.append(record)
            progress(outcomes[-1])
    with transaction(samples) as session:
        for record in heard:
            record(session)
        connections.forget(session, at)
    return _report(outcomes)


def _since(session: Session, server: Server, at: datetime) -> datetime:
    if isinstance(server, L2tpnsServer):  # what was told of before is passed over: there is no need to look far back
        return connections.ask_since(session, server.machine.name, at, timedelta(hours=1))
    return connections.ask_since(session, server.machine.name, at)


def _look(
    means: reach.Means,
    server: Server,
    since: datetime,
    at: datetime,
    rates: Callable[[int, tuple[tuple[str, int], ...]], None],
) -> tuple[int, Callable[[Session], None]]:
    """How many connections a server tells of, and how to record them."""
    name, lines = server.machine.name, server.lines
    if isinstance(server, VpnServer):
        peers = tunnels.read_tunnels(means, server.machine)
        return len(peers), partial(connections.record_tunnels, device=name, at=at, seen=peers, lines=lines)
    if isinstance(server, OpenVpnServer):
        opened = openvpn.read_sessions(means, server.machine)
        return len(opened), partial(connections.record_openvpn, device=name, at=at, seen=opened, lines=lines)
    if isinstance(server, L2tpnsServer):
        dumped = accounting.read_dumps(means, server.machine, since)
        return len(dumped), partial(connections.record_dumps, device=name, at=at, seen=dumped, lines=lines)
    read = accounting.read_details if server.detail else accounting.read_sessions
    sessions = read(means, server.machine, since)
    for one in sessions:
        if one.rates and one.until is None and one.login in lines:
            rates(lines[one.login], one.rates)
    return len(sessions), partial(connections.record_sessions, device=name, at=at, seen=sessions, lines=lines)


def _report(outcomes: Sequence[Answered | Unanswered]) -> Report:
    ordered = sorted(outcomes, key=lambda outcome: outcome.machine)
    return Report(
        answered=tuple(each for each in ordered if isinstance(each, Answered)),
        unanswered=tuple(each for each in ordered if isinstance(each, Unanswered)),
    )
