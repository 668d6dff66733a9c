"""What explains what: a cable, a machine or a daemon that is down, and all that is wrong because of it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from monitoring.alerts.reading import EVERYTHING, Matter, Reading, Verdict
from monitoring.alerts.rules import Watch
from monitoring.alerts.seen import End, Seen, Session
from monitoring.alerts.silence import Silence


def with_causes(found: Sequence[Reading], seen: Seen, silence: Silence) -> list[Reading]:
    """Each wrong thing with what explains it, where something that is wrong too does."""
    bad = {one.matter for one in found if one.verdict is Verdict.BAD}
    causes = {one: cause for one, cause in _causes(seen, silence, bad).items() if cause in bad}
    return [
        replace(one, hidden_by=causes[one.matter]) if one.verdict is Verdict.BAD and one.matter in causes else one
        for one in found
    ]


def root_of(matter: Matter, causes: Mapping[Matter, Matter]) -> Matter | None:
    """What is behind it all, following causes up; None where nothing is."""
    found, here, passed = None, matter, {matter}
    while here in causes and causes[here] not in passed:
        here = found = causes[here]
        passed.add(here)
    return found


def _causes(seen: Seen, silence: Silence, bad: set[Matter]) -> dict[Matter, Matter]:
    if silence.all:
        everything = Watch.SILENCE, EVERYTHING
        return {one: everything for one in bad if one[0] in (Watch.SILENCE, Watch.BGP) and one != everything}
    causes: dict[Matter, Matter] = {(Watch.SILENCE, one): (Watch.SILENCE, root) for one, root in silence.behind.items()}
    _of_cables(seen, bad, causes)
    for session in seen.sessions:
        cause = next((one for one in _over(seen, session) if one in bad), None)
        if cause is not None:
            causes[_matter(session)] = cause
    _of_twins(seen, bad, causes)
    return causes


def _both_ways(seen: Seen) -> Iterator[tuple[End, End]]:
    for near, far in seen.cables:
        yield near, far
        yield far, near


def _of_cables(seen: Seen, bad: set[Matter], causes: dict[Matter, Matter]) -> None:
    """A silent machine is behind its cables where all that lead to it from those who answer are down.

    Else it is what explains that some of them are. Of a cable's two ends that tell the same, the first is told.
    """
    ways: dict[str, list[Matter]] = {}
    for near, far in _both_ways(seen):
        answer = seen.answers.get(near[0])
        if (Watch.SILENCE, far[0]) in bad and answer is not None and answer.heard:
            ways.setdefault(far[0], []).append(_port(near))
    for device, ports in ways.items():
        silent = Watch.SILENCE, device
        if silent not in causes and all(port in bad for port in ports):
            causes[silent] = min(ports)
        else:
            causes.update(dict.fromkeys((port for port in ports if port in bad), silent))
    for near, far in seen.cables:
        one, other = sorted([_port(near), _port(far)])
        if one in bad and other in bad:
            causes.setdefault(other, one)


def _over(seen: Seen, session: Session) -> Iterator[Matter]:
    """What a BGP session goes over, and whom with."""
    if session.port is not None:
        yield _port((session.device, session.port))
    if session.far is not None:
        for near, far in _both_ways(seen):
            if near[0] == session.device and far[0] == session.far and session.port in (None, near[1]):
                yield _port(far)
        yield Watch.SILENCE, session.far
        yield Watch.DAEMON, session.far


def _of_twins(seen: Seen, bad: set[Matter], causes: dict[Matter, Matter]) -> None:
    """Two routers of ours each tell of the sessions between them: of all those the first is told."""
    between: dict[frozenset[str], list[Matter]] = {}
    for one in seen.sessions:
        matter = _matter(one)
        if one.far is not None and matter in bad and matter not in causes:
            between.setdefault(frozenset({one.device, one.far}), []).append(matter)
    for matters in between.values():
        first, *others = sorted(matters)
        causes.update(dict.fromkeys(others, first))


def _matter(session: Session) -> Matter:
    return Watch.BGP, f"{session.device}/{session.peer}"


def _port(end: End) -> Matter:
    return Watch.LINK, "/".join(end)
