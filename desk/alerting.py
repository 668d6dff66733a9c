"""A cycle of alerts: what the machines said is judged, written down, and told."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy.orm import Session

from desk import alert_facts, notifying, vanished
from desk.taken_back import let_in
from foundation import clock
from foundation.acts import Act
from foundation.database import Store, reading, transaction
from foundation.settings import Settings
from inventory import plugged
from monitoring.alerts import hints, state, taking
from monitoring.alerts.evaluation import What, evaluate
from monitoring.alerts.reading import Reading
from monitoring.alerts.readings import looked_at, read
from monitoring.alerts.rules import BadRules, Rules, default_rules, read_rules
from monitoring.alerts.seen import Answer, Cycle, Seen
from monitoring.alerts.state import AlertView
from monitoring.embedded import open_series
from monitoring.models import open_samples
from monitoring.poll import Report
from monitoring.series import Measure, Point, Wanted


@dataclass(frozen=True, slots=True)
class Watched:
    """What a cycle leaves open, how many alerts it told of and saw mended, and what is wrong with the rules, if any."""

    open: tuple[AlertView, ...]
    told: int
    mended: int
    bad_rules: BadRules | None


@dataclass(frozen=True, slots=True)
class Failing:
    """A way by which people cannot be told: since when, and why."""

    way: str
    since: datetime
    reason: str


def watch(
    store: Store,
    settings: Settings,
    at: datetime,
    report: Report | None = None,
    *,
    ended: datetime | None = None,
    late: timedelta | None = None,
) -> Watched:
    """Judge how everything is at `at`, by the latest round; `report` is of one that began then, and ended now.

    `late` is by how much it began after its turn, where it had one.

    Raises LabDown, DatabaseBusy, DatabaseUnreadable. Rules that cannot be read are said, and the defaults count.
    """
    rules, wrong = _rules(settings)
    samples = open_samples(settings)
    try:
        made = None if report is None else (report, Cycle(at, (ended or clock.now()) - at, late=late))
        seen = _look(store, samples, settings, at, made, looked_at(rules))
        known = notifying.ways(store, at)
        told = _judge(samples, rules, seen, known.names, at)
        saw = report is not None and not (seen.cycle is not None and seen.cycle.blind)
        notifying.notify(samples, settings, known, rules, at, round_made=saw)
        with reading(samples) as session:
            left = state.list_alerts(session)
    finally:
        samples.engine.dispose()
    return Watched(tuple(left), *told, wrong)


def look(
    store: Store, settings: Settings, at: datetime, report: Report, told: Mapping[str, Sequence[Measure]]
) -> Watched:
    """Judge the machines of a report alone, by what they told between two rounds; all else is left as it was.

    Raises DatabaseBusy, DatabaseUnreadable.
    """
    rules, wrong = _rules(settings)
    samples, met = open_samples(settings), alert_facts.answers_of(report)
    try:
        with reading(store) as session:
            seen = alert_facts.facts(session, settings, at)
        with transaction(samples) as session:
            hints.note_met(session, met, at)
            cycle, answers = state.last_round(session), state.answers(session)
            seen = replace(seen, traps=hints.lately(session, at))
        with closing(open_series(settings)) as series:
            seen = alert_facts.with_said(seen, series, cycle, answers, {}, [], [], looked_at(rules))
        now = {name: [(Point(at, one.value), one) for one in said] for name, said in told.items() if name in seen.sites}
        seen = replace(seen, samples={**seen.samples, **now})
        known = notifying.ways(store, at)
        judged = _judge(samples, rules, seen, known.names, at, partial(hints.is_about, devices=met.keys()))
        notifying.notify(samples, settings, known, rules, at, round_made=False)
        with reading(samples) as session:
            left = state.list_alerts(session)
    finally:
        samples.engine.dispose()
    return Watched(tuple(left), *judged, wrong)


def take(store: Store, settings: Settings, act: Act, number: str) -> AlertView:
    """Take charge of an alert, in the words of the act.

    Raises BadNumber, NoSuchAlert, AlertOver, NotMandated, WhoAreYou, WordsWanted.
    """
    samples = open_samples(settings)
    try:
        with reading(samples) as session:
            found = state.find_alert(session, number)
        with transaction(store) as session:
            taking.take(session, act, found)
        with transaction(samples) as session:
            state.note_taken(session, number, act.actor, act.why, act.at)
            return state.find_alert(session, number)
    finally:
        samples.engine.dispose()


def listed(settings: Settings, *, ended: bool = False, after: int = 0, limit: int = 200) -> list[AlertView]:
    """Alerts by number: those open, where asked all."""
    with _samples(settings) as session:
        return state.list_alerts(session, ended=ended, after=after, limit=limit)


def failing(settings: Settings) -> list[Failing]:
    """The ways by which people cannot be told at present."""
    with _samples(settings) as session:
        return [Failing(one.name, one.failing_since, one.reason) for one in state.failing(session) if one.failing_since]


@contextmanager
def _samples(settings: Settings) -> Iterator[Session]:
    samples = open_samples(settings)
    try:
        with reading(samples) as session:
            yield session
    finally:
        samples.engine.dispose()


def _rules(settings: Settings) -> tuple[Rules, BadRules | None]:
    try:
        return read_rules(settings.var), None
    except BadRules as wrong:
        return default_rules(), wrong


def _look(
    store: Store,
    samples: Store,
    settings: Settings,
    at: datetime,
    made: tuple[Report, Cycle] | None,
    wanted: Wanted,
) -> Seen:
    with reading(store) as session:
        seen = alert_facts.facts(session, settings, at)
        asked = alert_facts.routers(session, settings)
        feeds, declared = alert_facts.feeds(session), plugged.list_declared(session)
        gone, refusing = vanished.vanished_lines(session, samples, at), vanished.doors(session)
        seen = replace(seen, let_in=let_in(session, samples, at))
    told, met = alert_facts.ask_routers(settings.means(), asked)
    if settings.driver != "console":
        gone = vanished.unheard(settings.means(), refusing, gone)
    seen = replace(seen, vanished=[one.line for one in gone])
    with transaction(samples) as session:
        cycle, answers = _round(session, made, met)
        hints.forget(session, at)
        seen = replace(seen, traps=hints.lately(session, at))
    answers = alert_facts.together(answers, met)
    with closing(open_series(settings)) as series:
        return alert_facts.with_said(seen, series, cycle, answers, told, feeds, declared, wanted)


def _round(
    session: Session, made: tuple[Report, Cycle] | None, met: Mapping[str, Answer]
) -> tuple[Cycle | None, dict[str, Answer]]:
    """The latest round, written down where it ends now, and how each machine met it."""
    if made is not None:
        report, cycle = made
        state.note_round(session, cycle, alert_facts.answers_of(report), met)
        session.flush()
    return state.last_round(session), state.answers(session)


def _judge(
    samples: Store,
    rules: Rules,
    seen: Seen,
    ways: list[str],
    at: datetime,
    only: Callable[[Reading], bool] | None = None,
) -> tuple[int, int]:
    """Evaluate and write down, in one transaction: two who do so at once do it one after the other."""
    with transaction(samples) as session:
        state.channels(session, ways)  # a new one is to know what begins now
        judged = evaluate(rules.named(), read(rules, seen), state.standings(session), seen.works, at, only)
        state.keep(session, judged, rules.named(), at)
    mended = sum(event.what is What.MENDED for event in judged.events)
    return len(judged.events) - mended, mended
