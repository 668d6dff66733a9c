"""Why a line does not work: everything is asked once, in bounded time, then the questions are asked of what was seen.

Nothing is changed on any machine, nothing is written of the member but what a poll writes, and nobody's journal says
that it was asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final, TypeVar

from desk import diagnosis_facts, quality
from desk.diagnosis_facts import Known
from foundation.acts import Act
from foundation.database import Store, reading
from foundation.errors import EssaimError
from foundation.reach import Machine, Means
from foundation.settings import Settings
from foundation.speech import Phrase
from inventory import lines, rights
from inventory.models.lines import Technology
from inventory.models.mandates import Task
from monitoring import poll as rounds
from monitoring import tunnels
from monitoring.connections import last_connection
from monitoring.diagnosis import looks, roads
from monitoring.diagnosis.finding import Diagnosis, Told
from monitoring.diagnosis.others import others
from monitoring.diagnosis.questions import diagnose as judged
from monitoring.diagnosis.roads import Roads
from monitoring.diagnosis.seen import Complaint, Health, Part, Peer, Reach, Refusal, Running, Seen

T = TypeVar("T")
U = TypeVar("U")

REFUSED_WITHIN: Final = timedelta(days=1)
AT_ONCE: Final = 8

_NOT_LOOKED: Final = Phrase("Pas regardé sur {machine} : {reason}", "Not looked at on {machine}: {reason}")
_NO_WAY: Final = Phrase("on ne sait pas l'interroger d'ici.", "there is no way to ask it from here.")
_AS_OF: Final = Phrase(
    "L'état de la connexion est celui de la dernière mesure : sa machine n'a pas répondu.",
    "The connection's state is the one last measured: its machine did not answer.",
)


@dataclass(slots=True)
class _Looking:
    """One round of looking: what could not be looked at gathers in `unseen`."""

    means: Means
    lanes: ThreadPoolExecutor
    unseen: list[Told] = field(default_factory=list)

    def begin(self, machine: Machine, ask: Callable[..., T], *asked: object) -> tuple[Machine, Future[T]]:
        """Ask a machine, beside the others."""
        return machine, self.lanes.submit(ask, self.means, *asked)

    def heard(self, asked: tuple[Machine, Future[T]], otherwise: U) -> T | U:
        """What it said; `otherwise` where it said nothing, which is noted."""
        machine, answer = asked
        try:
            return answer.result()
        except EssaimError as failed:
            said = Phrase.said(failed.sentence("fr"), failed.sentence("en"))
            self.unseen.append(Told(_NOT_LOOKED, {"machine": machine.name, "reason": said}, inside=True))
            return otherwise


def diagnose(
    store: Store, samples: Store, settings: Settings, act: Act, number: str, complaint: Complaint | None = None
) -> Diagnosis:
    """What is the matter with a line: all of it for whoever watches the network, its member's part for its member.

    Raises BadNumber, NoSuchLine, NotMandated, WhoAreYou.
    """
    with reading(store) as session:
        line = lines.find_line(session, number)
        whole = rights.may(session, act, Task.MONITORING_READ, line)
        if not whole and not rights.is_own(session, act, line):
            rights.demand(session, act, Task.MONITORING_READ, line)
        known = diagnosis_facts.known(session, line, act.at, complaint)
        echoes = quality.lately(session, settings, act, line)
    known = replace(known, seen=replace(known.seen, echoes=tuple(echoes)))
    found = judged(_looked(known, samples, settings.means(), act.at))
    return found if whole else found.for_member()


def _looked(known: Known, samples: Store, means: Means, at: datetime) -> Seen:
    """Everything that the machines say of it, added to what was known."""
    with ThreadPoolExecutor(AT_ONCE) as lanes:
        looking = _Looking(means, lanes)
        looking.unseen += [Told(_NOT_LOOKED, {"machine": name, "reason": _NO_WAY}, inside=True) for name in known.mute]
        seen = _first(known, looking, samples, at)
        seen = _then(known, looking, seen)
        return replace(seen, unseen=tuple(looking.unseen))


def _first(known: Known, looking: _Looking, samples: Store, at: datetime) -> Seen:
    """Who is connected, whether our machines do their part, the roads to the Internet, whom RADIUS refused."""
    told = lambda _: None  # noqa: E731
    polled = looking.lanes.submit(rounds.poll_connections, looking.means, samples, known.servers, at, told)
    doors = [looking.begin(machine, looks.parts, machine, parts) for machine, parts in known.doors]
    asked = [looking.begin(router.machine, roads.look, router) for router in known.routers]
    refused = [looking.begin(one, looks.refusals, one, at - REFUSED_WITHIN) for one in known.radius]
    lists = None
    if known.seen.technology == Technology.OPENVPN and known.home is not None:
        lists = looking.begin(known.home, looks.list_ends, known.home)
    running = _running([(machine, door.result()) for machine, door in doors])
    met = [one for one in (looking.heard(each, Roads((), frozenset())) for each in asked) if one.transits]
    nobody: list[tuple[Refusal, str]] = []
    refusals = [one for each in refused for one in looking.heard(each, nobody)]
    silent = _silent(polled, looking)
    with reading(samples) as session:
        last = last_connection(session, known.number)
        bought, served = (others(session, each, at) for each in (known.around.bought, known.around.served))
    if silent and last is not None:
        looking.unseen.append(Told(_AS_OF, at=last.last_seen))
    callers = known.callers | ({last.remote} if last is not None and last.remote else set())
    return replace(
        known.seen,
        running=running,
        transits=tuple(one for each in met for one in each.transits),
        announced=roads.announced(met, known.aggregates, known.held),
        refusals=looks.of_line(refusals, known.seen.logins, callers, known.elsewhere),
        list_ends=None if lists is None else looking.heard(lists, None),
        bought=bought,
        beside=served,
        last=last,
    )


def _then(known: Known, looking: _Looking, seen: Seen) -> Seen:
    """What is asked only of a line that is up, or only of one that is down."""
    if known.home is None or any(one.health is not Health.UP for one in seen.running if one.part is not Part.RADIUS):
        return seen
    home = known.home
    if seen.up:
        asked = looking.begin(home, looks.answers, home, known.four, known.six, seen.mtu, known.routed)
        seen = replace(seen, running=(*seen.running, *_resolvers(known, looking, home)))
        seen = replace(seen, reach=looking.heard(asked, Reach()))
    if known.key is None or not seen.quiet:
        return seen
    peers = looking.begin(home, tunnels.read_tunnels, home)
    near = seen.last.remote if seen.last is not None else None
    door = looking.begin(home, looks.knocks, home, near)
    met = looking.heard(peers, None)
    if met is None:
        return seen
    peer = next((one for one in met if one.public_key == known.key), None)
    held = Peer(peer is not None, None if peer is None else peer.handshake)
    return replace(seen, peer=held, knocks=looking.heard(door, None))


def _running(doors: list[tuple[Machine, dict[Part, Health]]]) -> tuple[Running, ...]:
    """What each machine does. Of several RADIUS servers one that answers is enough for a line."""
    every = [Running(machine.name, part, health) for machine, found in doors for part, health in found.items()]
    radius = any(one.part is Part.RADIUS and one.health is Health.UP for one in every)
    return tuple(one for one in every if one.health is Health.UP or not (radius and one.part is Part.RADIUS))


def _resolvers(known: Known, looking: _Looking, home: Machine) -> Iterator[Running]:
    if not known.resolvers:
        return
    answering = looking.heard(looking.begin(home, looks.resolving, home, known.resolvers), None)
    if answering is not None:
        name = ", ".join(known.resolvers)
        yield Running(name, Part.RESOLVER, Health.UP if answering else Health.DOWN)


def _silent(polled: Future[rounds.Report], looking: _Looking) -> bool:
    """Whether a server that tells who is connected did not."""
    try:
        unanswered = polled.result().unanswered
    except EssaimError as failed:
        said = Phrase.said(failed.sentence("fr"), failed.sentence("en"))
        looking.unseen.append(Told(_NOT_LOOKED, {"machine": "samples", "reason": said}, inside=True))
        return True
    for one in unanswered:
        said = Phrase.said(one.error.sentence("fr"), one.error.sentence("en"))
        looking.unseen.append(Told(_NOT_LOOKED, {"machine": one.machine, "reason": said}, inside=True))
    return bool(unanswered)
