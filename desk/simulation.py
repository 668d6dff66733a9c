"""A whole year of an association that does not exist, day by day, through the verbs that volunteers use.

Deterministic from its seed; what happened is told raw beside it (docs/reference/simulation.md), so that who owes what
can be computed again by others.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from contextlib import closing
from datetime import date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Final

from billing import dues
from billing.models import Asked
from billing.tariffs import set_tariff
from desk import association, simulation_figures
from desk.simulation_bank import Bank
from desk.simulation_facts import VERSION, Facts
from desk.simulation_figures import Figures
from desk.simulation_life import ADSL, HOSTING, VPN, Life, Moment, shared
from desk.simulation_paying import Money
from desk.simulation_people import Habit, Person, joined_before
from desk.simulation_prices import DEPOSIT, JANUARY, JULY, Price
from desk.simulation_treasurer import Treasurer
from foundation import clock
from foundation.acts import Act
from foundation.clock import Month
from foundation.database import Store, transaction
from foundation.errors import Invalid, Refused
from foundation.money import Euros
from foundation.settings import Settings, read_settings
from foundation.speech import Phrase
from inventory import offers
from inventory.models.lines import Technology

MEMBERS: Final = 150
NAME: Final = "Les Abeilles de papier"
ACTOR: Final = "machine:simulation"
YEARS: Final = range(2001, 2100)
ENDS: Final = 10
"""The day of the January after at which the simulation ends: December is regularised by then."""

FEWEST, MOST = 20, 1000
_LINES: Final = ((VPN, 74), (ADSL, 40), (HOSTING, 6))
_SHARED: Final = 9
_AHEAD, _BACK = 3, 12
"""Of the people in order, who pays ahead and leaves, and who leaves and comes back."""
_TOGETHER: Final = 25
"""How many members are written down in one transaction at the beginning."""

Deed = Callable[[Moment], object]


class SimulationFolderTaken(Refused):
    """A year that is made up goes nowhere near an association."""

    kind = "simulation-folder-taken"
    phrase = Phrase(
        "{folder} existe déjà et n'est pas vide : une simulation n'entre dans aucune association. Rien n'a été "
        "changé. Nommez un dossier nouveau : --in simulation-{year}",
        "{folder} is there already and is not empty: a simulation enters no association. Nothing was changed. Name a "
        "new folder: --in simulation-{year}",
    )


class TooFewToSimulate(Invalid):
    """So few members that nobody would share anything."""

    kind = "too-few-to-simulate"
    phrase = Phrase(
        "On simule de {least} à {most} membres : pas {members}. Rien n'a été changé.",
        "From {least} to {most} members are simulated: not {members}. Nothing was changed.",
    )


class BadSimulationYear(Invalid):
    """A year of which no calendar is kept here."""

    kind = "bad-simulation-year"
    phrase = Phrase(
        "On simule une année de {first} à {last} : pas {year}. Rien n'a été changé.",
        "A year from {first} to {last} is simulated: not {year}. Nothing was changed.",
    )


def simulate(
    folder: Path, *, seed: int, year: int, members: int = MEMBERS, told: Callable[[Month], None] = lambda _: None
) -> Figures:
    """Make an association in a new folder and let a year go by in it; give what became of it.

    `members` are there when it begins. `told` hears of each month that begins. When it fails the folder is as it was.
    Raises BadSimulationYear, TooFewToSimulate, SimulationFolderTaken, CannotCreate.
    """
    if year not in YEARS:
        raise BadSimulationYear(first=YEARS[0], last=YEARS[-1], year=year)
    if not FEWEST <= members <= MOST:
        raise TooFewToSimulate(least=FEWEST, most=MOST, members=members)
    here = _settings(folder)
    try:
        with association.cradle(here):
            store = association.furnish(here)
            (folder / "essaim.toml").write_text(f'name = "{NAME}"\ndriver = "console"\n')
            try:
                with closing(Facts(folder / "facts.jsonl")) as facts:
                    return _Year(store, facts, folder / "bank", seed, year, members).go_by(told)
            finally:
                store.engine.dispose()
    except association.FolderTaken as taken:
        raise SimulationFolderTaken(folder=folder, year=year) from taken


def _settings(folder: Path) -> Settings:
    """Those of the folder alone: a database or a key that this terminal's settings name are an association's."""
    return read_settings(var=folder, database_url="", key_file=None, ssh_key_file=None)


class _Year:
    """The year as it goes by: what is planned for which day, and what comes each month."""

    def __init__(self, store: Store, facts: Facts, bank: Path, seed: int, year: int, members: int) -> None:
        self._store, self._seed, self._year, self._members = store, seed, year, members
        self._draw = Random(seed)  # noqa: S311 - names and dates, no secrets
        self._facts = facts
        self._bank = Bank()
        self._life = Life(self._draw, self._facts)
        self._money = Money(self._draw, self._bank, self._facts, self._life.people)
        self._treasurer = Treasurer(self._bank, self._facts, bank)
        self._kept = set[str]()
        self._planned: defaultdict[date, list[Deed]] = defaultdict(list)

    def go_by(self, told: Callable[[Month], None]) -> Figures:
        """Live through all of it."""
        first, last = date(self._year, 1, 1), date(self._year + 1, 1, ENDS)
        told(Month(self._year, 1))
        self._begin(first)
        self._plan()
        day = first
        while day <= last:
            if day.day == 1 and first < day < date(self._year + 1, 1, 1):
                told(Month(day.year, day.month))
            deeds = self._deeds(day)
            if deeds:
                with transaction(self._store) as session:
                    for rank, deed in enumerate(deeds):
                        deed(Moment(session, self._act(day, rank)))
            day += timedelta(days=1)
        self._facts.note("end", last, day=last)
        return simulation_figures.of(
            self._store, self._act(last, 0), self._seed, self._year, self._life, self._treasurer
        )

    def _act(self, day: date, rank: int) -> Act:
        """In the evening, when volunteers have time: one deed a minute."""
        return Act(ACTOR, _evening(day) + timedelta(minutes=rank), "simulation")

    def _deeds(self, day: date) -> list[Deed]:
        """What is done that day: the month's round first, then what was planned, then who pays."""
        money = [] if day.year > self._year else self._of_money(day)
        return [*self._of_month(day), *self._planned.pop(day, []), *money]

    def _of_month(self, day: date) -> list[Deed]:
        this = Month(day.year, day.month)
        before = _month_of(this.first - timedelta(days=1))
        deeds: list[Deed] = []
        if day.day == 1 and day.year == self._year:
            deeds.append(lambda now: dues.issue(now.session, now.act, this))
        if before.year < self._year:
            return deeds
        match day.day:
            case 2:
                deeds.append(lambda now: self._treasurer.read(now.session, now.act, before))
                if before.number == 6:
                    deeds.append(lambda now: self._treasurer.read_again(now.session, now.act, before))
            case 3:
                deeds += [lambda now: self._treasurer.mend(now.session, now.act), self._money.reverse_bounced]
            case 4:
                deeds.append(lambda now: dues.issue(now.session, now.act, before))
            case 5:
                deeds.append(lambda now: dues.regularise(now.session, now.act, before, "le mois est fini"))
        return deeds

    def _of_money(self, day: date) -> list[Deed]:
        self._money.expenses(day, self._scaled)
        deeds: list[Deed] = [self._money.round] if 6 <= day.day <= 27 else []
        if day.day == 20:
            if day.month == 4:
                self._money.bounce(day + timedelta(days=7))
            self._money.carry_cheques(day)
        if day.day == 25 and day.month % 2 == 0:
            self._money.carry_cash(day)
        return deeds

    # The first of January

    def _begin(self, day: date) -> None:
        self._facts.note("begin", day, seed=self._seed, year=self._year, version=VERSION, members=self._members)
        with transaction(self._store) as session:
            now = Moment(session, self._act(day - timedelta(days=1), 0))
            self._offers(now)
        with transaction(self._store) as session:
            now = Moment(session, self._act(day, 0))
            self._treasurer.open_account(session, now.act, NAME)
            for price in JANUARY:
                self._price(now, price, day)
            self._price(now, DEPOSIT, day + timedelta(days=1))
        for start in range(0, self._members, _TOGETHER):
            with transaction(self._store) as session:
                now = Moment(session, self._act(day, 1))
                for rank in range(start, min(start + _TOGETHER, self._members)):
                    self._life.join(now, joined_before(self._draw, self._year, rank))
        self._life.people[_AHEAD].habit = Habit.AHEAD
        self._lines(day)
        self._share_and_choose(day)

    def _offers(self, now: Moment) -> None:
        for name, title, technology in (
            (VPN, "VPN", Technology.WIREGUARD),
            (ADSL, "ADSL", Technology.ADSL),
            (HOSTING, "Hébergement", Technology.COLOCATION),
        ):
            offers.add_offer(now.session, now.act, name, title, technology)

    def _price(self, now: Moment, price: Price, since: date) -> None:
        offered = price.of in (VPN, ADSL, HOSTING)
        of = offers.find_offer(now.session, price.of) if offered else price.of
        floor, solidarity = (None if cents is None else Euros(cents) for cents in (price.floor, price.solidarity))
        label = {VPN: "VPN", ADSL: "ADSL", HOSTING: "Hébergement"}.get(price.of, "Cotisation")
        if price.asked != Asked.REGULAR:
            label = f"{price.asked.phrase.fr} {label}"
        set_tariff(
            now.session, now.act, of, Euros(price.cents), per=price.per, label=label, since=since, asked=price.asked,
            floor=floor, solidarity=solidarity,
        )  # fmt: skip
        self._facts.note(
            "tariff", now.day, of=f"{'offer' if offered else 'kind'}:{price.of}", asked=price.asked, per=price.per,
            cents=price.cents, floor=price.floor, solidarity=price.solidarity, since=since,
        )  # fmt: skip

    def _lines(self, day: date) -> None:
        wanted = [offer for offer, count in _LINES for _ in range(self._scaled(count))]
        self._draw.shuffle(wanted)
        wanted.insert(_AHEAD, VPN)
        people = self._life.people[: len(wanted)]
        for start in range(0, len(wanted), _TOGETHER):
            with transaction(self._store) as session:
                now = Moment(session, self._act(day, 2))
                for person, offer in zip(people[start : start + _TOGETHER], wanted[start:], strict=False):
                    line = self._life.order(now, person, offer)
                    if offer != VPN:
                        self._life.deliver(now, line)

    def _scaled(self, count: int) -> int:
        """What a hundred and fifty members do so many times, as often as these members do; once at least."""
        return max(1, count * self._members // MEMBERS)

    def _share_and_choose(self, day: date) -> None:
        copper = self._life.of_offer(ADSL)
        with transaction(self._store) as session:
            now = Moment(session, self._act(day, 3))
            for rank, line in enumerate(copper[: self._scaled(_SHARED)]):
                for _ in range(1 + rank % 3):
                    self._life.share(now, line)
        with transaction(self._store) as session:
            now = Moment(session, self._act(day, 4))
            for person in self._life.people:
                if self._draw.random() < 0.4:
                    self._life.choose(now, person, day)

    # What will happen, and when

    def _on(self, month: int, day: int, deed: Deed) -> None:
        self._planned[date(self._year, month, day)].append(deed)

    def _some(self, count: int, deed: Deed, *, since: int = 6, until: int = 28) -> None:
        """So many times in the year, on days that are drawn."""
        for _ in range(max(2, self._scaled(count))):
            self._on(self._draw.randrange(1, 13), self._draw.randrange(since, until + 1), deed)

    def _plan(self) -> None:
        life, money = self._life, self._money
        for price in JULY:
            self._on(6, 15, self._dearer(price))
        copper = self._life.of_offer(ADSL)[: self._scaled(_SHARED) + 4]
        draw = self._draw.choice
        self._some(14, self._arrive)
        self._some(8, self._depart)
        self._some(16, lambda now: life.share(now, draw(copper), late=self._draw.choice((0, 0, 1, 4))))
        self._some(12, lambda now: life.unshare(now, draw(copper), late=self._draw.choice((0, 0, 2))))
        self._some(7, lambda now: life.weigh(now, draw(shared(life, copper) or copper)))
        self._some(2, lambda now: life.hand(now, draw(shared(life, copper) or copper)))
        self._some(4, self._interrupt)
        self._some(5, life.become)
        self._some(45, lambda now: life.choose(now, self._somebody(), self._from_when(now)))
        self._some(12, lambda now: life.pause(now, self._somebody()))
        self._some(12, lambda now: life.charge(now, self._somebody()))
        self._some(6, self._let_off)
        self._some(9, lambda now: money.give(now, self._somebody()))
        self._some(3, lambda now: money.from_nobody(now.day))
        self._special()

    def _special(self) -> None:
        """What every year has: who paid ahead and leaves, who gets their deposit and credit back, who comes back."""
        ahead, back = self._life.people[_AHEAD], self._life.people[_BACK]
        self._kept |= {ahead.shown, back.shown}
        self._on(5, 20, lambda now: self._life.leave(now, ahead) if ahead.left is None else None)
        self._on(6, 8, lambda now: self._money.refund(now, ahead))
        self._on(3, 12, lambda now: self._life.leave(now, back) if back.left is None else None)
        self._on(10, 9, lambda now: self._life.rejoin(now, back) if back.left is not None else None)
        self._on(2, 10, self._arrive_for_a_while)

    def _arrive_for_a_while(self, now: Moment) -> None:
        person = self._life.join(now, now.day)
        person.habit, person.mark = Habit.OWED, "exact"
        self._life.joined += 1
        line = self._life.order(now, person, ADSL)
        self._kept.add(person.shown)
        self._on(2, 20, lambda then: self._life.deliver(then, line, late=2))
        self._on(7, 14, lambda then: self._life.leave(then, person) if person.left is None else None)
        self._on(8, 12, lambda then: self._life.give_deposits_back(then, person))
        self._on(8, 13, lambda then: self._money.refund(then, person))

    def _arrive(self, now: Moment) -> None:
        person = self._life.join(now, now.day)
        self._life.joined += 1
        if self._draw.random() < 0.5:
            self._life.choose(now, person, now.day)
        offer = self._draw.choice((VPN, VPN, ADSL, HOSTING, ""))
        if not offer:
            return
        line = self._life.order(now, person, offer)
        then = now.day + timedelta(days=12)
        if offer != VPN and then.year == self._year:
            late = self._draw.choice((0, 0, 2))
            self._planned[then].append(lambda later: self._life.deliver(later, line, late=late))

    def _depart(self, now: Moment) -> None:
        able = [
            one
            for one in self._life.here()
            if one.shown not in self._kept and one.joined < now.day - timedelta(days=40)
        ]
        self._life.leave(now, self._draw.choice(able))

    def _interrupt(self, now: Moment) -> None:
        line = self._draw.choice([line for one in self._life.here() for line in one.lines])
        if self._life.interrupt(now, line):
            then = now.day + timedelta(days=self._draw.randrange(1, 25))
            if then.year == self._year:
                self._planned[then].append(lambda later: self._life.resume(later, line))

    def _dearer(self, price: Price) -> Deed:
        return lambda now: self._price(now, price, date(self._year, 7, 1))

    def _let_off(self, now: Moment) -> None:
        """Of the month before, which is regularised by now."""
        if now.day.month > 1:
            self._life.let_off(now, _month_of(now.day.replace(day=1) - timedelta(days=1)))

    def _somebody(self) -> Person:
        able = [one for one in self._life.here() if one.shown not in self._money.refunded]
        return self._draw.choice(able)

    def _from_when(self, now: Moment) -> date:
        """From next month on, or from some day to come."""
        if self._draw.random() < 0.6:
            return _month_of(now.day).after
        return now.day + timedelta(days=self._draw.randrange(20))


def _month_of(day: date) -> Month:
    return Month(day.year, day.month)


def _evening(day: date) -> datetime:
    return clock.midnight(day) + timedelta(hours=19)
