"""Verbs on lines: ordered, changed, shared, brought from state to state, closed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from foundation import clock, journal
from foundation.acts import Act
from foundation.errors import Invalid, NotFound, Refused
from foundation.speech import Phrase
from inventory import addresses, credentials, line_parts, numbers, offers, shares
from inventory.credentials import Opening
from inventory.line_parts import Details
from inventory.models.access import LineMigration, Outcome
from inventory.models.addresses import Pool, Role
from inventory.models.devices import Device
from inventory.models.lines import Delivery, Line, LineEvent, LineState, Offer, Share
from inventory.models.mandates import Task
from inventory.models.people import Member
from inventory.rights import asks
from inventory.words import with_code

S = LineState
ENDED = frozenset({S.CLOSED, S.CANCELLED})
"""States after which nothing comes."""

NEXT: dict[LineState, frozenset[LineState]] = {
    S.REQUESTED: frozenset({S.ORDERED, S.ACTIVE, S.CANCELLED}),
    # Back to `requested`: the wholesaler turned the order down.
    S.ORDERED: frozenset({S.DELIVERED, S.REQUESTED, S.CANCELLED}),
    S.DELIVERED: frozenset({S.ACTIVE, S.CLOSING, S.CLOSED}),
    S.ACTIVE: frozenset({S.SUSPENDED, S.CLOSING, S.CLOSED}),
    S.SUSPENDED: frozenset({S.ACTIVE, S.CLOSING, S.CLOSED}),
    S.CLOSING: frozenset({S.CLOSED}),
    S.CLOSED: frozenset(),
    S.CANCELLED: frozenset(),
}
"""Where a line may go from each state."""

RENDERED = frozenset({S.DELIVERED, S.ACTIVE, S.CLOSING})
"""States in which a line is on the machines."""


class NoSuchLine(NotFound):
    """No line of that number."""

    kind = "no-such-line"
    phrase = Phrase(
        "Aucune ligne {line}. Les trouver : essaim line list",
        "There is no line {line}. To find them: essaim line list",
    )


class IllegalTransition(Refused):
    """A line cannot go from this state to that one."""

    kind = "illegal-transition"
    phrase = Phrase(
        "{line} est « {state} » et ne peut pas devenir « {wanted} » (possible : {legal}). Rien n'a été changé.",
        "{line} is “{state}” and cannot become “{wanted}” (possible: {legal}). Nothing was changed.",
    )


class AlreadySo(IllegalTransition):
    """A line is in the wanted state already."""

    kind = "already-so"
    phrase = Phrase("{line} est déjà {state}. Rien n'a été changé.", "{line} is {state} already. Nothing was changed.")


class BadLineState(Invalid):
    """A word that is no state of a line."""

    kind = "bad-line-state"
    phrase = Phrase(
        "« {value} » n'est pas un état de ligne : choisir parmi {choices}.",
        "“{value}” is no state of a line: choose among {choices}.",
    )


class WhyNeeded(Invalid):
    """Someone suspends a line without a word of why."""

    kind = "why-needed"
    phrase = Phrase(
        'Suspendre {line} coupe des gens : dites pourquoi, --why "…". Rien n\'a été changé.',
        'To suspend {line} cuts people off: say why, --why "…". Nothing was changed.',
    )


class OutOfOrder(Invalid):
    """A day before what came before it, or one that has not come."""

    kind = "out-of-order"
    phrase = Phrase(
        "Ce moment ({at}) est avant le dernier changement de {line} ({since}) ou pas encore venu. Rien n'a été changé.",
        "That moment ({at}) is before the last change of {line} ({since}) or has not come yet. Nothing was changed.",
    )


class LineEnded(Refused):
    """Nobody comes into a line that is over."""

    kind = "line-ended"
    phrase = Phrase(
        "{line} est {state} : on ne peut plus la partager ni la changer. Rien n'a été changé.",
        "{line} is {state}: it can no longer be shared or changed. Nothing was changed.",
    )


@dataclass(frozen=True)
class Ordering(Opening, Details):
    """What an order says besides who and what: details of the access, and what the member opens it with."""


@asks(Task.LINES_WRITE, "offer")
def order_line(session: Session, act: Act, member: Member, offer: Offer, ordering: Ordering) -> Line:
    """Order a line: its first share, addresses and credential. A tunnel is active at once.

    Raises NotAMember, OfferRetired, PoolExhausted, what `line_parts.checked` raises of details and
    `credentials.give` of what opens it.
    """
    shares.demand_member(member)
    offers.demand_offered(offer)
    details = line_parts.checked(ordering, offer)
    line = Line(
        number=numbers.following(session, Line.number),
        offer_id=offer.id,
        state=S.REQUESTED,
        device_id=offer.device_id,
        mtu=details.mtu,
        place=details.place or "",
    )
    session.add(line)
    session.flush()
    session.add(LineEvent(line_id=line.id, state=S.REQUESTED, at=act.at))
    share = shares.begin(session, act, line, member, weight=1, day=clock.today(act.at))
    journal.record(session, act, "line.order", str(line), member=str(member), offer=offer.name, details=details.said)
    line_parts.write(session, line, details, offer, act.at)
    credentials.give(session, line, share, offer, ordering, act.at)
    equip(session, act, share, offer)
    if offer.delivery == Delivery.TUNNEL:
        _enter(session, act, line, S.ACTIVE, act.at)
    return line


@asks(Task.LINES_WRITE, "line")
def change_line(session: Session, act: Act, line: Line, details: Details) -> tuple[str, ...]:
    """Correct what is said of a line's access; an empty text takes away. Gives the names of what was said.

    Raises LineEnded, and what `line_parts.checked` and `line_parts.write` raise.
    """
    alone(session, line)
    demand_living(line)
    offer = session.get_one(Offer, line.offer_id)
    plain = line_parts.checked(details, offer)
    if plain.mtu is not None:
        line.mtu = plain.mtu
    if plain.place is not None:
        line.place = plain.place
    line_parts.write(session, line, plain, offer, act.at)
    whose = shares.whose(session, line)
    journal.record(session, act, "line.change", str(line), member=whose, details=plain.said)
    session.flush()
    return tuple(plain.said)


@asks(Task.LINES_WRITE, "line")
def move(session: Session, act: Act, line: Line, state: LineState, *, at: datetime | None = None) -> None:
    """Bring a line into another state, as of `at` or now. What ends with it ends now.

    Raises AlreadySo, IllegalTransition with the legal ones, WhyNeeded for a suspension without a word, OutOfOrder.
    """
    alone(session, line)
    legal = NEXT[LineState(line.state)]
    if line.state == state:
        raise AlreadySo(line=str(line), state=state)
    if state not in legal:
        able = [with_code(one) for one in sorted(legal)] or "—"
        raise IllegalTransition(line=str(line), state=LineState(line.state), wanted=state, legal=able)
    if state == S.SUSPENDED and not act.why.strip():
        raise WhyNeeded(line=str(line))
    if at is not None:
        _demand_order(session, act, line, at)
    _enter(session, act, line, state, at or act.at)
    if state in ENDED:
        _end_all(session, act, line)


@asks(Task.LINES_WRITE, "line")
def close_line(session: Session, act: Act, line: Line) -> None:
    """Close a line: every part of it ends; addresses go to quarantine. One never delivered is cancelled.

    Raises IllegalTransition.
    """
    alone(session, line)
    move(session, act, line, end_of(line))


def end_of(line: Line) -> LineState:
    """The state in which a line ends: cancelled where it was never delivered, else closed."""
    return S.CANCELLED if line.state in (S.REQUESTED, S.ORDERED) else S.CLOSED


@asks(Task.LINES_WRITE, "line")
def add_share(
    session: Session,
    act: Act,
    line: Line,
    member: Member,
    offer: Offer,
    *,
    weight: int = 1,
    day: date | None = None,
    opening: Opening | None = None,
) -> Share:
    """A neighbour shares the line from `day`, or today, with an address of their own routed over it.

    In a tunnel they open it for themselves: with a certificate, or a key if they bring one. With a PPP login that the
    wholesaler gave for them they have a session of their own, with addresses as the holder has.
    Raises AlreadyShares, LineEnded, NotAMember, BadDay, BadWeight, PoolExhausted, and what `credentials.give` raises.
    """
    alone(session, line)
    demand_living(line)
    share = shares.begin(session, act, line, member, weight=weight, day=day or clock.today(act.at))
    own = credentials.give_neighbour(session, line, share, offer, opening or Opening(), act.at)
    if own is not None and not credentials.personal(offer):
        equip(session, act, share, offer)
    elif offer.pool_v4_id is not None:
        addresses.allocate(session, act, session.get_one(Pool, offer.pool_v4_id), share, Role.ROUTED)
    return share


@asks(Task.LINES_WRITE, "line")
def end_share(session: Session, act: Act, line: Line, member: Member, *, day: date | None = None) -> None:
    """A neighbour's part ends on `day`, past or today: their addresses go to quarantine, their credentials end.

    Raises DoesNotShare, HoldsTheLine, BadDay.
    """
    alone(session, line)
    share, today = shares.of_member(session, line, member), clock.today(act.at)
    if shares.holder(shares.of_line(session, line), today) is share:
        raise shares.HoldsTheLine(member=str(member), line=str(line))
    if day is not None and not share.since <= day <= today:
        raise shares.BadDay(day=day, first=share.since, last=today)
    shares.finish(session, act, line, share, day or max(today, share.since))


def alone(session: Session, line: Line) -> None:
    """Let nobody else bring a line elsewhere until the transaction ends, and see its state as it now is."""
    session.execute(select(Line.id).where(Line.id == line.id).with_for_update(key_share=True))
    session.refresh(line, ["state"])


def find_line(session: Session, text: str) -> Line:
    """The line of that number (`L0042`) with its shares. Raises BadNumber, NoSuchLine."""
    number = numbers.parse("L", text)
    line = session.scalar(_whole().where(Line.number == number))
    if line is None:
        raise NoSuchLine(line=numbers.shown("L", number))
    return line


def list_lines(
    session: Session,
    *,
    ended: bool = False,
    state: str | None = None,
    offer: str | None = None,
    device: str | None = None,
    technology: str | None = None,
    member: Member | None = None,
    after: int = 0,
    limit: int = 100,
) -> Sequence[Line]:
    """Lines by number, a page at a time; those that ended only where asked, by `ended` or by their `state`.

    `device` also finds lines that are going over to that machine; `member` those of which they have or had a part.
    Raises BadLineState.
    """
    query = _whole().where(Line.number > after).order_by(Line.number).limit(limit)
    if state is not None:
        query = query.where(Line.state == parse_state(state))
    elif not ended:
        query = query.where(Line.state.not_in(ENDED))
    if offer is not None or technology is not None:
        wanted = select(Offer.id).where(
            *(column == value for column, value in ((Offer.name, offer), (Offer.technology, technology)) if value)
        )
        query = query.where(Line.offer_id.in_(wanted))
    if device is not None:
        machine = select(Device.id).where(Device.name == device).scalar_subquery()
        query = query.where(or_(Line.device_id == machine, Line.id.in_(going_to(machine))))
    if member is not None:
        query = query.where(Line.id.in_(select(Share.line_id).where(Share.member_id == member.id)))
    return session.scalars(query).all()


def lines_of(session: Session, member: Member) -> Sequence[Line]:
    """Lines of which the member has a living part."""
    mine = select(Share.line_id).where(Share.member_id == member.id, Share.until.is_(None))
    return session.scalars(_whole().where(Line.id.in_(mine)).order_by(Line.number)).all()


def shares_of(session: Session, line: Line) -> Sequence[Share]:
    """All parts of a line, past ones too, the first first."""
    return shares.of_line(session, line)


def holder(line: Line, day: date) -> Share:
    """The share of whoever answers for the line on that day, else the last who did."""
    return shares.holder(line.shares, day)


def prefixes(session: Session, line: Line) -> list[str]:
    """The prefixes that the line's parts hold now."""
    held = [one for share in shares_of(session, line) for one in share.assignments if one.until is None]
    return [str(one.prefix) for one in held]


def since(line: Line, state: LineState) -> datetime | None:
    """When the line last came into a state."""
    moments = [event.at for event in line.events if event.state == state]
    return moments[-1] if moments else None


def parse_state(text: str) -> LineState:
    """A state by its code, or by its word in either language. Raises BadLineState."""
    plain = text.strip().lower()
    for state in LineState:
        if plain in (state.value, state.phrase.fr, state.phrase.en):
            return state
    raise BadLineState(value=text[:40], choices=[with_code(one) for one in LineState])


def going_to(device: object) -> Select[int]:
    """Rows of the lines that are going over to a machine."""
    return select(LineMigration.line_id).where(LineMigration.to_device_id == device, LineMigration.ended.is_(None))


def equip(session: Session, act: Act, share: Share, offer: Offer) -> None:
    """Give a line's holder the addresses of its offer. Raises PoolExhausted."""
    for pool, role in ((offer.pool_v4_id, Role.WAN), (offer.pool_v6_id, Role.DELEGATED)):
        if pool is not None:
            addresses.allocate(session, act, session.get_one(Pool, pool), share, role)


def demand_living(line: Line) -> None:
    """Raises LineEnded where it is closed or cancelled."""
    if line.state in ENDED:
        raise LineEnded(line=str(line), state=LineState(line.state))


def _demand_order(session: Session, act: Act, line: Line, at: datetime) -> None:
    last = session.scalar(select(func.max(LineEvent.at)).where(LineEvent.line_id == line.id))
    if at > act.at or (last is not None and at < last):
        raise OutOfOrder(line=str(line), at=at, since=last)


def _enter(session: Session, act: Act, line: Line, state: LineState, at: datetime) -> None:
    before, line.state = line.state, state
    session.add(LineEvent(line_id=line.id, state=state, at=at))
    whose = shares.whose(session, line)
    journal.record(session, act, "line.state", str(line), member=whose, before=before, after=state, at=at)
    session.flush()


def _end_all(session: Session, act: Act, line: Line) -> None:
    for migration in session.scalars(
        select(LineMigration).where(LineMigration.line_id == line.id, LineMigration.ended.is_(None))
    ):
        migration.ended, migration.outcome = clock.ends_after(migration.since, act.at), Outcome.UNDONE
    line_parts.end_all(session, line, act.at)
    for share in shares_of(session, line):
        if share.until is None:
            shares.finish(session, act, line, share, max(clock.today(act.at), share.since))


def _whole() -> Select[Line]:
    parts = selectinload(Line.shares)
    to = selectinload(Line.migrations)
    return select(Line).options(
        joinedload(Line.offer),
        joinedload(Line.device),
        selectinload(Line.events),
        selectinload(Line.coppers),
        selectinload(Line.fibres),
        selectinload(Line.vlans),
        to.joinedload(LineMigration.to_offer),
        to.joinedload(LineMigration.to_device),
        parts.joinedload(Share.member),
        parts.selectinload(Share.weights),
        parts.selectinload(Share.credentials),
        parts.selectinload(Share.assignments),
    )
