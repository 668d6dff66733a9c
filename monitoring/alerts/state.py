"""How alerts are remembered: from what was evaluated to rows, and back."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from foundation.errors import NotFound, Refused
from foundation.speech import Phrase
from inventory import numbers
from monitoring.alerts.evaluation import Judged, Standing, What
from monitoring.alerts.models import Alert, AlertChannel, AlertEvent, AlertStanding, Met, Round, RoundLate
from monitoring.alerts.reading import Key
from monitoring.alerts.rules import Rule, Severity
from monitoring.alerts.seen import Answer, Cycle

KEPT: Final = timedelta(days=366)
"""An alert is forgotten a year after its end."""
ROUNDS_KEPT: Final = timedelta(days=2)
_MS: Final = timedelta(milliseconds=1)
_WIDE: Final = 400


class NoSuchAlert(NotFound):
    """No alert of that number."""

    kind = "no-such-alert"
    phrase = Phrase(
        "Il n'y a pas d'alerte {number}. Les voir : essaim alert list --all",
        "There is no alert {number}. To see them: essaim alert list --all",
    )


class AlertOver(Refused):
    """An alert that is over needs nobody any more."""

    kind = "alert-over"
    phrase = Phrase(
        "{number} est finie depuis le {until}. Rien n'a été changé.",
        "{number} has been over since {until}. Nothing was changed.",
    )


@dataclass(frozen=True, slots=True)
class AlertView:
    """An alert as people and programs see it. `behind` is the number of the alert that explains it.

    `works` are those that silence it; `told_at` is when people were told of it, `taken_*` who took charge, and why.
    """

    number: str
    rule: str
    subject: str
    severity: Severity
    words: Phrase
    since: datetime
    until: datetime | None
    told_at: datetime | None
    behind: str
    works: str
    taken_by: str
    taken_at: datetime | None
    taken_why: str
    scopes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Told:
    """Something to be told: of which alert, what became of it, in which words, and whom it concerns."""

    id: int
    number: str
    what: What
    severity: Severity
    words: Phrase
    at: datetime
    scopes: frozenset[str]
    rule: str = ""
    subject: str = ""


def note_round(
    session: Session, cycle: Cycle, answers: Mapping[str, Answer], beside: Mapping[str, Answer] | None = None
) -> None:
    """Write down a round, and how each machine that was asked met it; those no longer asked are forgotten.

    `beside` is who was asked for something else meanwhile: they count among those who answered, or did not.
    """
    asked = answers.keys() | (beside or {}).keys()
    heard = len({name for each in (answers, beside or {}) for name, one in each.items() if one.heard})
    made = Round(began=cycle.began, took=cycle.took // _MS, answered=heard, unanswered=len(asked) - heard)
    session.add(made)
    session.flush()
    if cycle.late is not None:
        session.add(RoundLate(round_id=made.id, late=cycle.late // _MS))
    old = select(Round.id).where(Round.began < cycle.began - ROUNDS_KEPT)
    session.execute(delete(RoundLate).where(RoundLate.round_id.in_(old)))
    session.execute(delete(Round).where(Round.began < cycle.began - ROUNDS_KEPT))
    session.execute(delete(Met))
    for device, one in answers.items():
        amiss = one.amiss or Phrase("", "")
        session.add(
            Met(
                device=device,
                at=cycle.began,
                heard=one.heard,
                amiss_fr=amiss.say("fr")[:_WIDE],
                amiss_en=amiss.say("en")[:_WIDE],
            )
        )


def last_round(session: Session) -> Cycle | None:
    """The latest round; None where there never was one."""
    row = session.scalar(select(Round).order_by(Round.began.desc(), Round.id.desc()).limit(1))
    if row is None:
        return None
    late = session.get(RoundLate, row.id)
    return Cycle(
        row.began,
        row.took * _MS,
        blind=row.unanswered > 0 and not row.answered,
        late=None if late is None else late.late * _MS,
    )


def answers(session: Session) -> dict[str, Answer]:
    """How each machine met the latest round."""
    return {
        row.device: Answer(row.heard, Phrase.said(row.amiss_fr, row.amiss_en) if row.amiss_fr else None)
        for row in session.scalars(select(Met).order_by(Met.device))
    }


def standings(session: Session) -> dict[Key, Standing]:
    """How everything stood after the cycle before."""
    return {(row.rule, row.subject): _opened(row.body) for row in session.scalars(select(AlertStanding))}


def keep(session: Session, judged: Judged, rules: Mapping[str, Rule], at: datetime) -> None:
    """Write down a cycle: alerts that begin and end, what is to be told, and how everything stands."""
    open_ = {(row.rule, row.subject): row for row in session.scalars(select(Alert).where(Alert.until.is_(None)))}
    for key in judged.opened:
        if key not in open_:
            severity = rules[key[0]].severity if key[0] in rules else Severity.WARNING
            open_[key] = Alert(
                rule=key[0], subject=key[1], severity=severity, since=at, words_fr="", words_en="", taken_by="",
                taken_why="",
            )  # fmt: skip
            session.add(open_[key])
    for key, stands in judged.standings.items():
        if key in open_ and stands.opened is not None:
            _tell_row(open_[key], stands)
    session.flush()
    for event in judged.events:
        row = open_.get(event.key)
        if row is None:
            continue
        row.told_at = row.told_at or at
        words_fr, words_en = event.words.say("fr")[:_WIDE], event.words.say("en")[:_WIDE]
        session.add(AlertEvent(alert_id=row.id, at=at, what=event.what, words_fr=words_fr, words_en=words_en))
    for key in judged.closed:
        if key in open_:
            open_[key].until = max(at, open_[key].since)
    session.flush()
    _put_standings(session, judged.standings)
    _forget(session, at)


def find_alert(session: Session, text: str) -> AlertView:
    """The alert of that number. Raises BadNumber, NoSuchAlert."""
    row = _row(session, text)
    return _views(session, [row])[0]


def list_alerts(session: Session, *, ended: bool = False, after: int = 0, limit: int = 200) -> list[AlertView]:
    """Open alerts by number; where asked, those that are over too."""
    query = select(Alert).where(Alert.id > after).order_by(Alert.id).limit(limit)
    if not ended:
        query = query.where(Alert.until.is_(None))
    return _views(session, session.scalars(query).all())


def ended_since(session: Session, since: datetime, limit: int = 50) -> list[AlertView]:
    """Alerts that ended after that instant, the latest first."""
    query = select(Alert).where(Alert.until > since).order_by(Alert.until.desc(), Alert.id.desc()).limit(limit)
    return _views(session, session.scalars(query).all())


def note_taken(session: Session, text: str, by: str, why: str, at: datetime) -> None:
    """Someone takes charge. Raises BadNumber, NoSuchAlert, AlertOver."""
    row = _row(session, text)
    if row.until is not None:
        raise AlertOver(number=str(row), until=row.until)
    row.taken_at, row.taken_by, row.taken_why = at, by, why


def events_after(session: Session, number: int, limit: int = 500) -> list[Told]:
    """What there was to tell after the event of that number, in order."""
    rows = session.execute(
        select(AlertEvent, Alert)
        .join(Alert, Alert.id == AlertEvent.alert_id)
        .where(AlertEvent.id > number)
        .order_by(AlertEvent.id)
        .limit(limit)
    )
    return [
        Told(
            event.id,
            str(alert),
            What(event.what),
            Severity(alert.severity),
            Phrase.said(event.words_fr, event.words_en),
            event.at,
            frozenset(alert.scopes.splitlines()),
            alert.rule,
            alert.subject,
        )
        for event, alert in rows
    ]


def channels(session: Session, names: Iterable[str]) -> dict[str, AlertChannel]:
    """The ways by which people are told; a new one begins with what happens from now on."""
    wanted = set(names)
    known = {row.name: row for row in session.scalars(select(AlertChannel))}
    for name in known.keys() - wanted:
        session.delete(known[name])
    newest = session.scalar(select(func.max(AlertEvent.id))) or 0
    for name in sorted(wanted - known.keys()):
        known[name] = AlertChannel(name=name, sent_id=newest, reason="")
        session.add(known[name])
    session.flush()
    return {name: known[name] for name in sorted(wanted)}


def failing(session: Session) -> list[AlertChannel]:
    """The ways by which nobody can be told at present."""
    query = select(AlertChannel).where(AlertChannel.failing_since.is_not(None)).order_by(AlertChannel.name)
    return list(session.scalars(query))


def _row(session: Session, text: str) -> Alert:
    number = numbers.parse("A", text)
    row = session.get(Alert, number)
    if row is None:
        raise NoSuchAlert(number=numbers.shown("A", number))
    return row


def _views(session: Session, rows: Sequence[Alert]) -> list[AlertView]:
    causes = {row.behind for row in rows if row.behind}
    known = {
        f"{row.rule} {row.subject}": str(row)
        for row in session.scalars(select(Alert).where(Alert.until.is_(None)))
        if f"{row.rule} {row.subject}" in causes
    }
    return [
        AlertView(
            number=str(row),
            rule=row.rule,
            subject=row.subject,
            severity=Severity(row.severity),
            words=Phrase.said(row.words_fr, row.words_en),
            since=row.since,
            until=row.until,
            told_at=row.told_at,
            behind=known.get(row.behind, ""),
            works=row.works,
            taken_by=row.taken_by,
            taken_at=row.taken_at,
            taken_why=row.taken_why,
            scopes=tuple(row.scopes.splitlines()),
        )
        for row in rows
    ]


def _tell_row(row: Alert, stands: Standing) -> None:
    row.words_fr, row.words_en = stands.words.say("fr")[:_WIDE], stands.words.say("en")[:_WIDE]
    row.scopes = "\n".join(sorted(stands.scopes))[:_WIDE]
    row.behind = " ".join(stands.behind)[:300] if stands.behind else ""
    row.works = stands.works


def _put_standings(session: Session, standings: Mapping[Key, Standing]) -> None:
    known = {(row.rule, row.subject): row for row in session.scalars(select(AlertStanding))}
    for key, row in known.items():
        if key not in standings:
            session.delete(row)
    for (rule, subject), stands in standings.items():
        body = _packed(stands)
        if (rule, subject) in known:
            known[rule, subject].body = body
        else:
            session.add(AlertStanding(rule=rule, subject=subject, body=body))
    session.flush()


def _forget(session: Session, at: datetime) -> None:
    gone = select(Alert.id).where(Alert.until < at - KEPT)
    session.execute(delete(AlertEvent).where(AlertEvent.alert_id.in_(gone)))
    session.execute(delete(Alert).where(Alert.until < at - KEPT))


def _packed(stands: Standing) -> str:
    said: dict[str, Any] = {
        "bad": stands.bad,
        "alone": stands.alone,
        "good": stands.good,
        "good_since": stands.good_since.isoformat() if stands.good_since else None,
        "opened": stands.opened.isoformat() if stands.opened else None,
        "told": stands.told,
        "restless": stands.restless,
        "behind": list(stands.behind) if stands.behind else None,
        "works": stands.works,
        "words": [stands.words.say("fr"), stands.words.say("en")],
        "scopes": sorted(stands.scopes),
        "recent": [one.isoformat() for one in stands.recent],
    }
    return json.dumps(said, ensure_ascii=False, separators=(",", ":"))


def _opened(body: str) -> Standing:
    said = json.loads(body)
    return Standing(
        bad=said["bad"],
        alone=said["alone"],
        good=said["good"],
        good_since=datetime.fromisoformat(said["good_since"]) if said["good_since"] else None,
        opened=datetime.fromisoformat(said["opened"]) if said["opened"] else None,
        told=said["told"],
        restless=said["restless"],
        behind=(said["behind"][0], said["behind"][1]) if said["behind"] else None,
        works=said["works"],
        words=Phrase.said(*said["words"]),
        scopes=frozenset(said["scopes"]),
        recent=tuple(datetime.fromisoformat(one) for one in said["recent"]),
    )
