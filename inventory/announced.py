"""Which works and incidents concern a line, a machine or a member. The one place where anybody asks.

What a line hangs on is a set of names (`offer:adsl`, `device:lns`, `site:mezzanine`, `pool:v4`, `wholesaler:covage`,
`line:L0042`); works concern it where one of them is among their subjects.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from foundation.speech import PARIS, Language, Phrase
from inventory import lines
from inventory.models.access import LineMigration
from inventory.models.addresses import Assignment, Pool
from inventory.models.devices import Device
from inventory.models.lines import Line, Offer, Share
from inventory.models.people import Member
from inventory.models.places import Site
from inventory.models.wholesale import Order, OrderKind, Wholesaler
from inventory.models.works import Works, WorksKind, WorksState
from inventory.ordering import PLACED
from inventory.works import spelled, whole

AHEAD: Final = timedelta(days=7)
"""How long before they begin works are told to whom they concern."""

_SENTENCES: Final = {
    (WorksKind.WORKS, WorksState.PLANNED): Phrase(
        "Travaux annoncés, du {since} au {until} : {title}.", "Works announced, from {since} to {until}: {title}."
    ),
    (WorksKind.WORKS, WorksState.UNDER_WAY): Phrase(
        "Travaux en cours jusqu'au {until} : {title}.", "Works under way until {until}: {title}."
    ),
    (WorksKind.INCIDENT, WorksState.UNDER_WAY): Phrase(
        "Incident en cours depuis le {since} : {title}.", "Incident since {since}: {title}."
    ),
}
_ONE_DAY: Final = Phrase(
    "Travaux annoncés, le {day} de {since} à {until} : {title}.",
    "Works announced, on {day} from {since} to {until}: {title}.",
)


@dataclass(frozen=True, slots=True)
class Announced:
    """Works or an incident as they stand at an instant; `news` is what was told last, `subjects` what they touch."""

    number: str
    kind: WorksKind
    state: WorksState
    since: datetime
    until: datetime | None
    title: Phrase
    words: Phrase
    news: Phrase | None
    subjects: frozenset[str]

    def say(self, language: Language) -> str:
        """One sentence: what, and when."""
        title = self.title.say(language).rstrip(".")
        if self.state == WorksState.PLANNED and self.until is not None:
            since, until = self.since.astimezone(PARIS), self.until.astimezone(PARIS)
            if since.date() == until.date():
                return _ONE_DAY.say(
                    language, day=since.date(), since=f"{since:%H:%M}", until=f"{until:%H:%M}", title=title
                )
        return _SENTENCES[self.kind, self.state].say(language, since=self.since, until=self.until, title=title)


def concerns(hangs_on: AbstractSet[str], told: Iterable[Announced]) -> tuple[Announced, ...]:
    """Those of the works told that concern what hangs on these names. Pure."""
    return tuple(one for one in told if one.subjects & hangs_on)


def tellable(found: Iterable[Works], at: datetime, ahead: timedelta = AHEAD) -> tuple[Announced, ...]:
    """Works and incidents in force at an instant or beginning within `ahead`, the first to begin first. Pure."""
    there = (WorksState.PLANNED, WorksState.UNDER_WAY)
    chosen = [one for one in found if one.state_at(at) in there and one.since <= at + ahead]
    return tuple(_announced(one, at) for one in sorted(chosen, key=lambda one: (one.since, str(one))))


def told(session: Session, at: datetime, ahead: timedelta = AHEAD) -> tuple[Announced, ...]:
    """All works and incidents in force at an instant or beginning within `ahead`."""
    query = whole().where(Works.cancelled_at.is_(None), Works.since <= at + ahead)
    return tellable(session.scalars(query.where(or_(Works.until.is_(None), Works.until > at))), at, ahead)


def of_lines(session: Session, wanted: Sequence[Line], at: datetime) -> dict[int, tuple[Announced, ...]]:
    """What concerns each of these lines at that instant, by line number."""
    every = told(session, at)
    if not every:
        return {line.number: () for line in wanted}
    names = hanging(session, wanted)
    return {line.number: concerns(names[line.id], every) for line in wanted}


def of_device(session: Session, device: Device, at: datetime) -> tuple[Announced, ...]:
    """What concerns a machine at that instant."""
    every = told(session, at)
    return concerns(_of_devices(session, [device.id]).get(device.id, frozenset()), every) if every else ()


def of_member(session: Session, member: Member, at: datetime) -> tuple[Announced, ...]:
    """What concerns a member at that instant: by a line that they have a part of, or a machine of theirs at ours."""
    every = told(session, at)
    if not every:
        return ()
    lived = hanging(session, lines.lines_of(session, member)).values()
    owned = session.scalars(select(Device.id).where(Device.owner_id == member.id, Device.until.is_(None))).all()
    return concerns(frozenset().union(*lived, *_of_devices(session, owned).values()), every)


def hanging(session: Session, wanted: Sequence[Line]) -> dict[int, frozenset[str]]:
    """The names that each line hangs on, by its row: during a migration those of both sides."""
    rows = [line.id for line in wanted]
    names: dict[int, set[str]] = {line.id: {f"line:{line}"} for line in wanted}
    machines: dict[int, set[int]] = defaultdict(set)
    offered = select(Line.id, Line.device_id, Offer.name, Wholesaler.name).join(Offer, Offer.id == Line.offer_id)
    coming = select(LineMigration.line_id, LineMigration.to_device_id, Offer.name, Wholesaler.name).join(
        Offer, Offer.id == LineMigration.to_offer_id
    )
    for query in (
        offered.where(Line.id.in_(rows)),
        coming.where(LineMigration.line_id.in_(rows), LineMigration.ended.is_(None)),
    ):
        joined = query.outerjoin(Wholesaler, Wholesaler.id == Offer.wholesaler_id)
        for row, machine, offer, wholesaler in session.execute(joined):
            names[row].add(f"offer:{offer}")
            names[row] |= {f"wholesaler:{wholesaler}"} if wholesaler else set()
            if machine is not None:
                machines[machine].add(row)
    for machine, each in _of_devices(session, list(machines)).items():
        for row in machines[machine]:
            names[row] |= each
    for row, pool in session.execute(
        select(Share.line_id, Pool.name)
        .join(Assignment, Assignment.share_id == Share.id)
        .join(Pool, Pool.id == Assignment.pool_id)
        .where(Share.line_id.in_(rows), Assignment.until.is_(None))
    ):
        names[row].add(f"pool:{pool}")
    for row, wholesaler in session.execute(
        select(Order.line_id, Wholesaler.name)
        .join(Wholesaler, Wholesaler.id == Order.wholesaler_id)
        .where(Order.line_id.in_(rows), Order.kind == OrderKind.NEW, Order.state.in_(PLACED))
    ):
        names[row].add(f"wholesaler:{wholesaler}")
    return {row: frozenset(each) for row, each in names.items()}


def _of_devices(session: Session, rows: Sequence[int]) -> dict[int, frozenset[str]]:
    if not rows:
        return {}
    query = select(Device.id, Device.name, Site.name).join(Site, Site.id == Device.site_id)
    return {
        row: frozenset({f"device:{name}", f"site:{site}"})
        for row, name, site in session.execute(query.where(Device.id.in_(rows)))
    }


def _announced(one: Works, at: datetime) -> Announced:
    last = one.notes[-1] if one.notes else None
    return Announced(
        number=str(one),
        kind=WorksKind(one.kind),
        state=one.state_at(at),
        since=one.since,
        until=one.until,
        title=Phrase.said(one.title_fr, one.title_en or one.title_fr),
        words=Phrase.said(one.words_fr, one.words_en or one.words_fr),
        news=Phrase.said(last.words_fr, last.words_en or last.words_fr) if last else None,
        subjects=frozenset(spelled(subject) for subject in one.subjects),
    )
