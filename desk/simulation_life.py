"""What members do in a year that is made up: they come and go, share lines, choose, pause; and what is decided."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from random import Random
from typing import Final

from sqlalchemy.orm import Session

from billing import choices, dues
from billing.lists import list_dues
from billing.models import MEMBERSHIP, Due, DueKind
from desk.simulation_facts import Facts
from desk.simulation_people import Person, born
from foundation import clock
from foundation.acts import Act
from foundation.clock import Month
from foundation.money import Euros
from inventory import handing, lines, members, memberships, offers
from inventory.lines import Ordering
from inventory.models.lines import Line, LineState, Technology
from inventory.models.people import Member

VPN, ADSL, HOSTING = "vpn", "adsl", "hosting"
_REASONS: Final = (
    "déménagement", "la fibre d'un autre est arrivée", "ne s'en sert plus", "part à l'étranger",
    "préfère soutenir de loin",
)  # fmt: skip
_WORK: Final = ("déplacement chez le membre", "box rendue cassée", "câble refait au grenier", "réglage du pare-feu")
_BREAKS: Final = ("sous-répartiteur inondé", "câble arraché", "travaux dans la rue")


@dataclass(frozen=True, slots=True)
class Moment:
    """A day's session, and the act of whoever is at work."""

    session: Session
    act: Act

    @property
    def day(self) -> date:
        """The day it is."""
        return clock.today(self.act.at)

    def why(self, words: str) -> Act:
        """The act, with why."""
        return replace(self.act, why=words)

    def member(self, number: str) -> Member:
        """The member of that number."""
        return members.find_member(self.session, number)

    def line(self, number: str) -> Line:
        """The line of that number."""
        return lines.find_line(self.session, number)


@dataclass
class Life:
    """The people of the year, and the deeds that change what they owe; each is told as a fact."""

    draw: Random
    facts: Facts
    people: list[Person] = field(default_factory=list)
    left: int = 0
    joined: int = 0
    offers: dict[str, str] = field(default_factory=dict)

    def here(self) -> list[Person]:
        """Who is a member now."""
        return [one for one in self.people if one.left is None]

    # Coming and going

    def join(self, now: Moment, since: date) -> Person:
        """Someone joins: the founding ones as of long ago."""
        person = born(self.draw, len(self.people) + 1, since)
        made = members.add_member(
            now.session, now.act, person.name, email=f"m{person.number}@membres.example", status=person.kind,
            organisation=person.organisation, since=since,
        )  # fmt: skip
        person.number = made.number
        self.people.append(person)
        self.facts.note("join", now.day, member=person.shown, kind=person.kind, since=since)
        return person

    def leave(self, now: Moment, person: Person) -> None:
        """Someone leaves: what they share goes on without them, what was theirs alone is closed."""
        reason = self.draw.choice(_REASONS)
        partings = members.leave(now.session, now.why(reason), now.member(person.shown))
        self.facts.note("leave", now.day, member=person.shown, until=now.day, reason=reason)
        for parting in partings:
            self.facts.note("unshare", now.day, line=parting.line, member=person.shown, until=now.day)
            if parting.closed:
                self.facts.note("service", now.day, line=parting.line, serves=False, day=now.day)
        person.left, person.lines = now.day, []
        self.left += 1

    def rejoin(self, now: Moment, person: Person) -> None:
        """Someone who had left comes back."""
        memberships.rejoin(now.session, now.act, now.member(person.shown), person.kind)
        self.facts.note("join", now.day, member=person.shown, kind=person.kind, since=now.day)
        person.left, person.joined = None, now.day
        self.joined += 1

    def become(self, now: Moment) -> None:
        """A member is of the other kind from now on."""
        person = self.draw.choice([one for one in self.here() if one.joined < now.day])
        person.kind = "adherent" if person.kind == "affiliate" else "affiliate"
        memberships.become(now.session, now.act, now.member(person.shown), person.kind)
        self.facts.note("become", now.day, member=person.shown, kind=person.kind, since=now.day)

    # Lines

    def order(self, now: Moment, person: Person, offer: str) -> str:
        """A line is ordered; a tunnel serves at once."""
        found = offers.find_offer(now.session, offer)
        wanted = Ordering()
        if found.technology == Technology.WIREGUARD:
            wanted = Ordering(public_key=base64.b64encode(self.draw.randbytes(32)).decode())
        elif offer == ADSL:
            wanted = Ordering(nd=f"05{len(self.offers):08d}")
        line = str(lines.order_line(now.session, now.act, now.member(person.shown), found, wanted))
        self.offers[line] = offer
        person.lines.append(line)
        self.facts.note("line", now.day, line=line, offer=offer)
        self.facts.note("share", now.day, line=line, member=person.shown, weight=1, since=now.day)
        if found.delivery == "tunnel":
            self.facts.note("service", now.day, line=line, serves=True, day=now.day)
        return line

    def deliver(self, now: Moment, line: str, *, late: int = 0) -> None:
        """The line that was ordered serves from now on, or since so many days ago, said late."""
        day = now.day - timedelta(days=late)
        if day.month != now.day.month:
            day = now.day
        at = now.act.at - (now.day - day)
        found = now.line(line)
        if found.state in lines.ENDED:
            return
        first = LineState.ACTIVE if found.state == LineState.REQUESTED and found.offer.name == HOSTING else None
        steps = (first,) if first else (LineState.ORDERED, LineState.DELIVERED, LineState.ACTIVE)
        for rank, state in enumerate(steps):
            lines.move(now.session, now.act, found, state, at=_after(at, rank, now))
        self.facts.note("service", now.day, line=line, serves=True, day=day)

    def interrupt(self, now: Moment, line: str) -> bool:
        """Something broke: someone suspends the line until it is mended. Gives whether there was such a line."""
        found = now.line(line)
        if found.state != LineState.ACTIVE:
            return False
        lines.move(now.session, now.why(self.draw.choice(_BREAKS)), found, LineState.SUSPENDED)
        self.facts.note("service", now.day, line=line, serves=False, day=now.day)
        return True

    def resume(self, now: Moment, line: str) -> None:
        """What was broken is mended."""
        found = now.line(line)
        if found.state == LineState.SUSPENDED:
            lines.move(now.session, now.act, found, LineState.ACTIVE)
            self.facts.note("service", now.day, line=line, serves=True, day=now.day)

    def of_offer(self, offer: str) -> list[str]:
        """Every line that was ordered of that offer, by number."""
        return [line for line, of in self.offers.items() if of == offer]

    def sharers(self, line: str) -> list[Person]:
        """Who has a part of the line, the holder first."""
        return [one for one in self.people if line in one.lines]

    def share(self, now: Moment, line: str, *, late: int = 0) -> None:
        """A neighbour comes into a line, today or, said late, some days ago."""
        month = now.day.replace(day=1)
        free = [
            one for one in self.here()
            if not one.lines and one.joined < month and one.past.get(line, date.min) <= month
        ]  # fmt: skip
        found = now.line(line)
        if not free or found.state in lines.ENDED:
            return
        person, weight = self.draw.choice(free), self.draw.choice((1, 1, 1, 2, 3))
        first = max(month, _ordered(found))
        since = max(first, now.day - timedelta(days=late))
        lines.add_share(
            now.session, now.act, found, now.member(person.shown), offers.find_offer(now.session, found.offer.name),
            weight=weight, day=since,
        )  # fmt: skip
        person.lines.append(line)
        self.facts.note("share", now.day, line=line, member=person.shown, weight=weight, since=since)

    def unshare(self, now: Moment, line: str, *, late: int = 0) -> None:
        """A neighbour goes out of a line, today or, said late, some days ago."""
        found = now.line(line)
        if found.state in lines.ENDED:
            return
        holder = lines.holder(found, now.day).member_id
        parts = [one for one in found.shares if one.until is None and one.member_id != holder]
        if not parts:
            return
        part = self.draw.choice(parts)
        until = max(part.since + timedelta(days=1), now.day.replace(day=1), now.day - timedelta(days=late))
        if until > now.day:
            return
        lines.end_share(now.session, now.act, found, part.member, day=until)
        number = str(part.member)
        self._part(number, line, until)
        self.facts.note("unshare", now.day, line=line, member=number, until=until)

    def weigh(self, now: Moment, line: str) -> None:
        """A part counts for more or less from now on."""
        found = now.line(line)
        parts = [one for one in found.shares if one.until is None and one.since < now.day]
        if found.state in lines.ENDED or len(parts) < 2:
            return
        part, weight = self.draw.choice(parts), self.draw.randrange(1, 5)
        handing.weigh_share(now.session, now.act, found, part.member, weight)
        self.facts.note("weigh", now.day, line=line, member=str(part.member), weight=weight, since=now.day)

    def hand(self, now: Moment, line: str) -> None:
        """The holder goes and a neighbour holds the line."""
        found = now.line(line)
        parts = [one for one in found.shares if one.until is None]
        if found.state in lines.ENDED or len(parts) < 2:
            return
        old = lines.holder(found, now.day)
        new = next(one for one in parts if one.id != old.id)
        number = str(old.member)
        handing.hand_line(now.session, now.act, found, new.member)
        self._part(number, line, now.day)
        self.facts.note("unshare", now.day, line=line, member=number, until=now.day)

    def _part(self, number: str, line: str, until: date) -> None:
        person = next(one for one in self.people if one.shown == number)
        person.lines.remove(line)
        person.past[line] = until

    # Amounts

    def choose(self, now: Moment, person: Person, since: date) -> None:
        """A member chooses what they give for one of the things whose amount is theirs to choose."""
        able = choices.choosable(now.session, now.member(person.shown), since)
        if not able:
            return
        one = self.draw.choice(able)
        cents = self._chosen(one)
        choices.choose(now.session, now.act, now.member(person.shown), one.what, cents, since=since)
        self.facts.note("choose", now.day, member=person.shown, what=one.what, cents=cents, since=since)

    def _chosen(self, one: choices.Choosable) -> Euros | None:
        ways: list[Euros | None] = [None, one.suggested_cents]
        if one.solidarity_cents is not None:
            ways += [one.solidarity_cents] * 3
        if one.floor_cents is not None:
            ways += [one.floor_cents, one.floor_cents + 50, one.suggested_cents + 137, one.suggested_cents + 500]
        return self.draw.choice(ways)

    def pause(self, now: Moment, person: Person) -> None:
        """Nothing is asked of someone for a while: of their membership, or of a line."""
        what = self.draw.choice([MEMBERSHIP, *person.lines, *person.lines])
        since = now.day + timedelta(days=self.draw.randrange(25))
        until = since + timedelta(days=self.draw.randrange(6, 90))
        choices.pause(now.session, now.act, now.member(person.shown), what, since=since, until=until)
        self.facts.note("pause", now.day, member=person.shown, what=what, since=since, until=until)

    def charge(self, now: Moment, person: Person) -> None:
        """Someone is charged for one-off work."""
        cents, words = Euros(self.draw.randrange(800, 6500)), self.draw.choice(_WORK)
        dues.charge(now.session, now.act, now.member(person.shown), cents, words)
        self.facts.note("charge", now.day, member=person.shown, cents=cents, day=now.day, label=words)

    def let_off(self, now: Moment, month: Month) -> None:
        """A line did not do its work: a part of what a month asked is taken back, or a little is added by mistake."""
        found = list_dues(now.session, month=month, kind=DueKind.LINE, limit=1000)
        able = [one for one in found if dues.net(now.session, one) > 300]
        if able:
            due = self.draw.choice(able)
            part = dues.net(now.session, due) // self.draw.randrange(2, 6)
            self._correct(now, due, Euros(-part), "la ligne a mal marché")

    def give_deposits_back(self, now: Moment, person: Person) -> None:
        """What someone left as a deposit is theirs again: it becomes credit."""
        own = list_dues(now.session, member=now.member(person.shown), kind=DueKind.DEPOSIT)
        for due in own:
            left = dues.net(now.session, due)
            if left:
                self._correct(now, due, -left, "matériel rendu")

    def _correct(self, now: Moment, due: Due, cents: Euros, reason: str) -> None:
        dues.correct(now.session, now.act, due, cents, reason)
        self.facts.note(
            "correct", now.day, member=str(due.member), kind=due.kind, what=due.what, period=due.period,
            cents=cents, day=now.day, reason=reason,
        )  # fmt: skip


def shared(life: Life, found: Sequence[str]) -> list[str]:
    """Those of these lines that several share."""
    return [line for line in found if len(life.sharers(line)) > 1]


def _after(at: datetime, rank: int, now: Moment) -> datetime:
    return min(at + timedelta(minutes=rank), now.act.at)


def _ordered(line: Line) -> date:
    return min(clock.today(event.at) for event in line.events)
