"""Lines of a file, their parts and what opens them, weighed against those we have."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import pairwise
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from foundation import clock
from foundation.errors import EssaimError
from foundation.speech import Phrase
from inventory import credentials, line_parts, lines, numbers, shares
from inventory.exchange.network import Network
from inventory.exchange.people import People
from inventory.exchange.periods import meet
from inventory.exchange.plans import Action, Change, Draft
from inventory.exchange.records import CredentialRecord, LineRecord, Noun, Place, Ref, ShareRecord, refusal
from inventory.exchange.timelines import where
from inventory.line_parts import Details
from inventory.models.exchange import ForeignId
from inventory.models.lines import Credential, CredentialKind, Line, LineState, Offer, Share
from inventory.models.people import MemberStatus

ENDED: Final = (LineState.CLOSED, LineState.CANCELLED)
_NO_OFFER: Final = Phrase("une nouvelle ligne a une offre.", "a new line has an offer.")
_UNKNOWN_OFFER: Final = Phrase(
    "pas d'offre « {name} », ni ici ni dans ce fichier. Il y a : {offers}.",
    "there is no offer “{name}”, here or in this file. There are: {offers}.",
)
_UNKNOWN: Final = Phrase(
    "pas de {noun} « {name} », ni ici ni dans ce fichier.", "there is no {noun} “{name}”, here or in this file."
)
_NOBODY: Final = Phrase(
    "personne n'a de part de cette ligne : à qui est-elle ?", "nobody shares this line: whose is it?"
)
_OVER: Final = Phrase(
    "la ligne est finie, mais la part de {who} ne l'est pas.", "the line is over, but the part of {who} is not."
)
_LEFT: Final = Phrase("{who} est parti·e et a encore une part.", "{who} has left and still has a part.")
_OVERLAP: Final = Phrase(
    "{who} a déjà une part de cette ligne du {since} au {until} ({where}).",
    "{who} has a part of this line already from {since} to {until} ({where}).",
)
_WEIGHTS: Final = Phrase(
    "les poids successifs commencent après la part, l'un après l'autre.",
    "successive weights begin after the part, one after another.",
)
_FUTURE: Final = Phrase("une part ne commence pas dans l'avenir.", "a part does not begin in the future.")
_ORDER: Final = Phrase("les états ne sont pas dans l'ordre du temps.", "the states are not in the order of time.")
_TAKEN: Final = Phrase("{name} ouvre déjà une autre ligne.", "{name} opens another line already.")
_NO_PART: Final = Phrase("{who} n'a pas de part de cette ligne.", "{who} has no part of this line.")
_PRESHARED: Final = re.compile(r"[A-Za-z0-9+/]{43}=")
_NOT_PRESHARED: Final = Phrase("la clé partagée n'est pas une clé WireGuard.", "the preshared key is no WireGuard key.")
_NO_LOGIN: Final = Phrase(
    "l'offre {offer} ne s'ouvre pas avec un identifiant.", "offer {offer} is not opened with a login."
)
_STAYS: Final = Phrase.said(
    "l'offre, la machine ou l'état diffère ici, et le reste ; les changer : essaim line",
    "the offer, machine or state is another here, and stays so; to change them: essaim line",
)
_ENDS: Final = Phrase.said(
    "cette part dure encore ici ; y mettre fin : essaim line unshare",
    "this part still runs here; to end it: essaim line unshare",
)


@dataclass(frozen=True, slots=True)
class NewLine:
    """A line to write. `handle` is its number where the file gives it, else a negative rank."""

    handle: int
    offer: str
    device: str | None
    state: str
    events: tuple[tuple[str, datetime], ...]
    details: Details
    key: str | None


@dataclass(frozen=True, slots=True)
class ChangedLine:
    """A line whose details the file says otherwise."""

    number: int
    details: Details


@dataclass(frozen=True, slots=True)
class NewShare:
    """A part to write."""

    line: int
    member: int
    weight: int
    weights: tuple[tuple[int, date], ...]
    since: date
    until: date | None
    holds_since: date | None


@dataclass(frozen=True, slots=True)
class NewCredential:
    """What opens a line for a part, which began on `of`. Without a secret, one is made up where it takes one."""

    line: int
    member: int
    of: date
    kind: str
    name: str
    secret: str | None = field(repr=False)
    since: datetime
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Part:
    """A share, here (with its row) or in the file (at its place)."""

    member: int
    since: date
    until: date | None
    row: int | None = None
    place: Place | None = None


@dataclass(slots=True)
class Access:
    """The lines that we have and those that the file brings."""

    now: dict[int, Line]
    parts: dict[int, list[Part]]
    keys: dict[str, int]
    living: dict[tuple[str, str], tuple[int, int]]
    past: set[tuple[str, str, datetime]]
    offers: dict[int, Offer] = field(default_factory=dict)
    ended: dict[int, bool] = field(default_factory=dict)
    seen: dict[int, Place] = field(default_factory=dict)
    refused: set[Ref] = field(default_factory=set)
    _lines_of: dict[int, list[int]] = field(default_factory=dict)

    def which(self, ref: Ref) -> int | None:
        """The handle of the line that a record means."""
        if ref.number is not None:
            return ref.number if ref.number in self.now or ref.number in self.offers else None
        return self.keys.get(ref.key or "")

    def only_line(self, member: int) -> int | None:
        """The one line of which a member has a living part; None where there is none, or several."""
        if not self._lines_of:
            for number, parts in self.parts.items():
                for one in parts:
                    if one.until is None:
                        self._lines_of.setdefault(one.member, []).append(number)
        theirs = self._lines_of.get(member, [])
        return theirs[0] if len(theirs) == 1 else None

    def part(self, line: int, member: int, day: date) -> Part | None:
        """A member's part of a line on a day, else the last that they had."""
        theirs = [one for one in self.parts[line] if one.member == member]
        on_day = [one for one in theirs if one.since <= day and (one.until is None or day < one.until)]
        return (on_day or theirs)[-1] if theirs else None


def known_access(session: Session, source: str) -> Access:
    """Load every line with its parts and living credentials."""
    query = select(Line).options(
        selectinload(Line.offer), selectinload(Line.device), selectinload(Line.coppers), selectinload(Line.fibres),
        selectinload(Line.vlans), selectinload(Line.shares).selectinload(Share.member),
    )  # fmt: skip
    now = {one.number: one for one in session.scalars(query)}
    parts: dict[int, list[Part]] = defaultdict(list)
    for number, line in now.items():
        parts[number] = [Part(one.member.number, one.since, one.until, one.id) for one in line.shares]
    living, past = {}, set()
    opened = select(Credential.kind, Credential.name, Credential.since, Credential.until, Share.id, Line.number)
    for kind, name, since, until, share, number in session.execute(
        opened.join(Share, Credential.share_id == Share.id).join(Line)
    ):
        past.add((kind, name, since))
        if until is None:
            living[kind, name] = (number, share)
    keys = session.execute(
        select(ForeignId.key, ForeignId.subject).where(ForeignId.source == source, ForeignId.kind == Noun.LINE)
    )
    return Access(now, parts, {key: int(subject[1:]) for key, subject in keys}, living, past)


def weigh_lines(
    draft: Draft,
    access: Access,
    network: Network,
    people: People,
    records: Iterable[LineRecord | ShareRecord | CredentialRecord],
) -> None:
    """Say of each line, part and credential what would become of it."""
    every = list(records)
    told: dict[Ref, list[ShareRecord]] = defaultdict(list)
    for record in every:
        if isinstance(record, ShareRecord):
            told[record.line].append(record)
    for record in every:
        if isinstance(record, LineRecord):
            try:
                _line(draft, access, network, record, told[record.ref])
            except EssaimError as wrong:
                draft.reading.problems.append(refusal(record.place, wrong))
    access.refused = {one.ref for one in every if isinstance(one, LineRecord) and access.which(one.ref) is None}
    for record in every:
        if isinstance(record, ShareRecord):
            _share(draft, access, people, record)
    for record in every:
        if isinstance(record, CredentialRecord):
            _credential(draft, access, people, record)


def _line(draft: Draft, access: Access, network: Network, record: LineRecord, told: list[ShareRecord]) -> None:
    handle = access.which(record.ref)
    if handle in access.seen:
        return None  # a further part of the same line
    if handle in access.now:
        access.seen[handle] = record.place
        return _known(draft, access.now[handle], record)
    if record.offer is None:
        return draft.wrong(record.place, _NO_OFFER)
    offer = network.offer(record.offer)
    if offer is None:
        known = sorted({*network.offers, *network.drawn})
        return draft.wrong(record.place, _UNKNOWN_OFFER, name=record.offer, offers=known or "—")
    if record.device is not None and not network.has(Noun.DEVICE, record.device):
        return draft.wrong(record.place, _UNKNOWN, noun=Noun.DEVICE, name=record.device)
    if not told:
        return draft.wrong(record.place, _NOBODY)
    work = _new_line(draft, access, record, offer, told)
    if work is None:
        return None
    access.offers[work.handle], access.seen[work.handle] = offer, record.place
    access.ended[work.handle] = work.state in ENDED
    if record.ref.key is not None:
        access.keys[record.ref.key] = work.handle
    shown = f"{numbers.shown('L', work.handle)} ({offer.name})" if work.handle > 0 else offer.name
    return draft.add(record.place, Action.CREATE, Noun.LINE, shown, work)


def _new_line(
    draft: Draft, access: Access, record: LineRecord, offer: Offer, told: list[ShareRecord]
) -> NewLine | None:
    over = all(one.until is not None for one in told)
    state = lines.parse_state(record.state) if record.state else LineState.CLOSED if over else LineState.ACTIVE
    first = min((one.since for one in told if one.since is not None), default=clock.today(draft.at))
    events = tuple((str(lines.parse_state(said)), at) for said, at in record.events)
    if not events:
        events = ((str(LineState.ACTIVE if state in ENDED else state), min(clock.midnight(first), draft.at)),)
        if state in ENDED:
            last = max((one.until for one in told if one.until is not None), default=first)
            events += ((str(state), max(clock.midnight(last), events[0][1])),)
    if list(events) != sorted(events, key=lambda one: one[1]):
        draft.wrong(record.place, _ORDER)
        return None
    handle = record.ref.number or -len(access.offers) - 1
    details = line_parts.checked(record.details, offer)
    return NewLine(handle, offer.name, record.device, str(state), events, details, record.ref.key)


def _known(draft: Draft, line: Line, record: LineRecord) -> None:
    details = line_parts.checked(record.details, line.offer)
    said: dict[str, Any] = {name: value for name, value in details.said.items() if value != _detail(line, name)}
    shown = str(line)
    if said:
        changes = tuple(Change(name, _detail(line, name), value) for name, value in said.items())
        draft.add(
            record.place, Action.CHANGE, Noun.LINE, shown, ChangedLine(line.number, Details(**said)), changes=changes
        )
        return
    device = line.device.name if line.device else None
    state = lines.parse_state(record.state) if record.state else line.state
    other = record.offer not in (None, line.offer.name) or record.device not in (None, device) or state != line.state
    if other:
        draft.add(record.place, Action.SKIP, Noun.LINE, shown, why=_STAYS)
    else:
        draft.add(record.place, Action.NOTHING, Noun.LINE, shown)


def _detail(line: Line, name: str) -> object:
    """What a line's own living part says."""
    if name in ("mtu", "place"):
        return getattr(line, name)
    parts: list[Any] = [*line.coppers, *line.fibres, *line.vlans]
    own = [one for one in parts if one.until is None and one.migration_id is None]
    if name == "vlan":
        return next((str(one) for one in own if hasattr(one, "outer_tag")), None)
    return next((getattr(one, name) for one in own if hasattr(one, name)), None)


def _share(draft: Draft, access: Access, people: People, record: ShareRecord) -> None:
    line, member = access.which(record.line), people.who(record.member)
    if member is None:
        return draft.wrong(record.place, _UNKNOWN, noun=Noun.MEMBER, name=record.member.shown("M"))
    if line is None:
        return None  # said of the line
    today = clock.today(draft.at)
    theirs = [one for one in access.parts[line] if one.member == member]
    shown = f"{_called(line)} {people.called(member)}"
    same = next((one for one in theirs if record.since in (None, one.since) and one.row is not None), None)
    if same is not None:
        ends = record.until is not None and same.until is None
        return draft.add(
            record.place, Action.SKIP if ends else Action.NOTHING, Noun.SHARE, shown, why=_ENDS if ends else None
        )
    since = record.since or min(today, record.until or today)
    wrong = _in_the_way(draft, access, people, record, Part(member, since, record.until), line)
    if wrong is not None:
        return draft.wrong(record.place, wrong[0], **wrong[1])
    try:
        weight = shares.checked_weight(1 if record.weight is None else record.weight)
        for later, _ in record.weights:
            shares.checked_weight(later)
    except EssaimError as refused:
        return draft.reading.problems.append(refusal(record.place, refused))
    access.parts[line].append(Part(member, since, record.until, place=record.place))
    work = NewShare(line, member, weight, record.weights, since, record.until, record.holds_since)
    return draft.add(record.place, Action.CREATE, Noun.SHARE, shown, work)


def _in_the_way(
    draft: Draft, access: Access, people: People, record: ShareRecord, part: Part, line: int
) -> tuple[Phrase, dict[str, object]] | None:
    """Why there can be no such part of a line."""
    who = people.called(part.member)
    met = next(
        (
            one
            for one in access.parts[line]
            if one.member == part.member and meet(one.since, one.until, part.since, part.until)
        ),
        None,
    )
    over = access.ended.get(line, line in access.now and access.now[line].state in ENDED)
    status = people.status.get(part.member) or people.now[part.member].status
    if met is not None:
        found = where(met.place, record.place)
        return _OVERLAP, {"who": who, "since": met.since, "until": met.until or "…", "where": found}
    if record.until is None and over:
        return _OVER, {"who": who}
    if record.until is None and status == MemberStatus.LEFT:
        return _LEFT, {"who": who}
    days = [part.since, *(day for _, day in record.weights)]
    if any(day >= after for day, after in pairwise(days)):
        return _WEIGHTS, {}
    return (_FUTURE, {}) if part.since > clock.today(draft.at) else None


def _credential(draft: Draft, access: Access, people: People, record: CredentialRecord) -> None:
    line, member = access.which(record.line), people.who(record.member)
    if line is None or member is None:
        return None  # said of the line, or of the part
    offer = access.offers.get(line) or access.now[line].offer
    kind = credentials.kind_of(offer) if record.kind == "login" else CredentialKind(record.kind)
    if kind is None:
        return draft.wrong(record.place, _NO_LOGIN, offer=offer.name)
    try:
        name = credentials.checked_name(kind, record.name)
    except EssaimError as wrong:
        return draft.reading.problems.append(refusal(record.place, wrong))
    if kind is CredentialKind.WIREGUARD and record.secret and not _PRESHARED.fullmatch(record.secret):
        return draft.wrong(record.place, _NOT_PRESHARED)
    day = clock.today(record.since or draft.at)
    part = access.part(line, member, day)
    if part is None:
        return draft.wrong(record.place, _NO_PART, who=people.called(member))
    shown = f"{_called(line)} {name}"
    if (kind, name) in access.living and record.until is None:
        held_line, _ = access.living[kind, name]
        if held_line != line:
            return draft.wrong(record.place, _TAKEN, name=name)
        return draft.add(record.place, Action.NOTHING, Noun.CREDENTIAL, shown)
    since = record.since or min(clock.midnight(part.since), draft.at)
    if (kind, name, since) in access.past:
        return draft.add(record.place, Action.NOTHING, Noun.CREDENTIAL, shown)
    until = record.until or (clock.ends_after(since, clock.midnight(part.until)) if part.until else None)
    access.past.add((kind, name, since))
    if until is None:
        access.living[kind, name] = (line, 0)
    work = NewCredential(line, member, part.since, str(kind), name, record.secret, since, until)
    return draft.add(record.place, Action.CREATE, Noun.CREDENTIAL, shown, work)


def _called(line: int) -> str:
    return numbers.shown("L", line) if line > 0 else "L…"
