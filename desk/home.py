"""What a member sees of the association: their lines and what they owe, read in three rooms, and nothing else's."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy.orm import Session

from billing.balance import Balance, balance
from desk import alert_board, status
from foundation import clock
from foundation.acts import Act
from foundation.database import Store
from foundation.speech import Language, Phrase
from inventory import announced, closures, devices, emergencies, lines, rights
from inventory.announced import Announced
from inventory.models.lines import Line, Share, Technology
from inventory.models.people import Member
from inventory.views.mandates import EmergencyView, view_emergency
from monitoring.status import State, Status

_UP: Final = Phrase("Votre ligne est en service.", "Your line is in service.")
_ALL_UP: Final = Phrase("Vos {count} lignes sont en service.", "Your {count} lines are in service.")
_NOT_UP: Final = Phrase("Votre ligne n'est pas en service en ce moment.", "Your line is not in service at the moment.")
_SOME_UP: Final = Phrase(
    "{up} de vos {count} lignes en service.",
    "{up} of your {count} lines in service.",
)
_NO_LINE: Final = Phrase("Vous n'avez pas de ligne pour l'instant.", "You have no line yet.")
_EVEN: Final = Phrase("Vous ne devez rien.", "You owe nothing.")
_OWES: Final = Phrase("Vous devez {amount}.", "You owe {amount}.")


@dataclass(frozen=True, slots=True)
class Address:
    """A prefix of the member's own share, as people write it: a lone address without its length."""

    text: str
    role: str


@dataclass(frozen=True, slots=True)
class LineCard:
    """One line as one of those who share it sees it: how it is, and the addresses that are their own."""

    number: str
    title: str
    technology: Technology
    status: Status
    addresses: tuple[Address, ...]
    sharers: int
    closing: tuple[Phrase, date] | None = None
    """What there is to say of copper's closure, from a year ahead, and its day."""


@dataclass(frozen=True, slots=True)
class Home:
    """One member's home."""

    name: str
    lines: tuple[LineCard, ...]
    balance: Balance
    emergencies: tuple[EmergencyView, ...] = ()
    """Those that nobody has read over yet, for whoever holds a mandate."""
    works: tuple[Announced, ...] = ()
    """Works and incidents that concern the member, and no others."""
    alerts: alert_board.Count | None = None
    """What burns, for whoever may read alerts."""
    machines: tuple[str, ...] = ()
    """The names of the member's machines that we host."""

    def sentence(self, language: Language) -> str:
        """The whole of it at one glance."""
        owed = -self.balance.amount
        money = _OWES.say(language, amount=owed) if owed > 0 else _EVEN.say(language)
        return f"{self._lines().say(language, **self._counts())} {money}"

    def _lines(self) -> Phrase:
        up, count = self._counts().values()
        match count:
            case 0:
                return _NO_LINE
            case 1:
                return _UP if up else _NOT_UP
            case _:
                return _ALL_UP if up == count else _SOME_UP

    def _counts(self) -> dict[str, int]:
        states = Counter(line.status.state for line in self.lines)
        return {"up": states[State.UP], "count": len(self.lines)}


def home_of(session: Session, samples: Store, member: Member, at: datetime) -> Home:
    """What `member` sees at that instant: only lines they have a part of, only their own part's addresses."""
    mine = lines.lines_of(session, member)
    states = status.of_lines(samples, mine, at, reader=member)
    ends = closures.technical_of(session, mine)
    cards = tuple(_card(line, member, states[line.number], at, ends.get(line.number)) for line in mine)
    return Home(
        member.name,
        cards,
        balance(session, member, clock.today(at)),
        _emergencies(session, member, at),
        announced.of_member(session, member, at),
        alert_board.count(session, samples, Act(str(member), at)),
        tuple(one.name for one in devices.list_devices(session, owner=member, limit=1000)),
    )


def _emergencies(session: Session, member: Member, at: datetime) -> tuple[EmergencyView, ...]:
    if not rights.tasks_of(session, Act(str(member), at)):
        return ()
    return tuple(view_emergency(one) for one in emergencies.list_emergencies(session, reviewed=False))


def line_of(session: Session, samples: Store, member: Member, text: str, at: datetime) -> LineCard:
    """One line of the member's own. Raises BadNumber, and NoSuchLine for someone else's as for none."""
    line = lines.find_line(session, text)
    if not any(share.member_id == member.id and share.until is None for share in line.shares):
        raise lines.NoSuchLine(line=str(line))
    ends = closures.technical_of(session, [line])
    state = status.of_lines(samples, [line], at, reader=member)[line.number]
    return _card(line, member, state, at, ends.get(line.number))


def _card(line: Line, member: Member, state: Status, at: datetime, copper_ends: date | None) -> LineCard:
    day = clock.today(at)
    present = [share for share in line.shares if share.since <= day and share.until is None]
    own = [share for share in present if share.member_id == member.id]
    return LineCard(
        number=str(line),
        title=line.offer.title,
        technology=Technology(line.offer.technology),
        status=state,
        addresses=tuple(address for share in own for address in _addresses(share)),
        sharers=len(present),
        closing=closures.warning(copper_ends, day),
    )


def _addresses(share: Share) -> list[Address]:
    living = sorted((held for held in share.assignments if held.until is None), key=lambda held: held.family)
    return [
        Address(str(prefix.network_address if prefix.num_addresses == 1 else prefix), held.role)
        for held in living
        for prefix in [held.prefix]
    ]
