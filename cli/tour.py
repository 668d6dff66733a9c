"""The guided tour: an associative provider comes to life, step by step, then opens its portal.

With `--check` it waits for nobody, also sees a member leave and another arrive, and ends with a table of what it
checked. Whatever happens, it takes down what it brought up.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeVar

import lab
from cli import screen
from cli.change import show_planned
from cli.lab import show_check, show_checks
from cli.portal import open_portal
from desk import association, checks, handiwork, homes, laboratory, polling, visit
from desk.checks import Check
from foundation import clock, journal
from foundation.acts import Act
from foundation.database import Store, open_store, reading, transaction
from foundation.errors import EssaimError
from foundation.money import Euros
from foundation.settings import Settings, read_settings
from foundation.speech import Phrase
from inventory.models.addresses import BlockState
from provisioning import apply as applying
from provisioning import changes
from provisioning import plan as planning
from provisioning.artifact import Impact

if TYPE_CHECKING:
    from provisioning.plan import Planned

SHOWN_ROWS: Final = 12
"""Rows of a diff that the tour shows; the rest is a command away."""
T = TypeVar("T")
TARGETS: Final = 6
LINE_PRICE: Final = Euros(3500)


@dataclass
class Tour:
    """What the tour has in hand. Without a lab there are no machines to speak to: texts go to a folder."""

    settings: Settings
    store: Store
    until_the_end: ExitStack
    done: list[Check] = field(default_factory=list)

    def act(self, why: str = "visite guidée") -> Act:
        """The tour acts as whom the demonstration's settings name."""
        return Act(association.actor(self.store, self.settings.acting_as or None), clock.now(), why)

    def note(self, what: Phrase, expected: object, seen: object, *, good: bool) -> None:
        """One more thing that was checked."""
        self.done.append(Check(what, expected, seen, good))
        show_check(self.done[-1])


def run(settings: Settings, *, check: bool) -> int:
    """Walk through it all: 0 when everything was as the inventory says, 1 when something was not."""
    on_machines = (
        (step_lab, step_plan, step_handiwork, step_members, step_poll)
        if lab.why_not() is None
        else (step_no_lab, step_plan, step_handiwork)
    )
    last = (step_dues, step_departure, step_arrival, step_portal) if check else (step_dues, step_open)
    with ExitStack() as until_the_end:
        try:
            tour = step_birth(settings, until_the_end)
            if not check:
                until_the_end.callback(farewell, settings)
            for step in (*on_machines, *last):
                step(tour)
        except EssaimError as failed:
            screen.complain(failed.sentence(screen.language()))
            return failed.exit_status
    if not check:
        return 0
    title("Ce qui a été vérifié", "What was checked")
    show_checks(tour.done)
    bad = sum(1 for one in tour.done if not one.good)
    screen.say(
        Phrase("{all} vérifications, {bad} en défaut.", "{all} checks, {bad} failed."), all=len(tour.done), bad=bad
    )
    return int(bad > 0)


def step_birth(settings: Settings, until_the_end: ExitStack) -> Tour:
    """The association is born."""
    title("Une association", "An association")
    with timed(
        "150 membres, 115 lignes, 20 machines hébergées, 3 lieux", "150 members, 115 lines, 20 hosted machines, 3 sites"
    ):
        association.create_demo(settings)
    here = read_settings(var=settings.var)
    return Tour(here, open_store(here), until_the_end)


def step_lab(tour: Tour) -> None:
    """The lab takes the place of its machines."""
    title("Le labo : ses machines, dans celle-ci", "The lab: its machines, inside this one")
    with timed("Le labo est allumé", "The lab is up"):
        laboratory.up(tour.store, tour.settings, tour.act(), told)
        tour.until_the_end.enter_context(laboratory.held(tour.settings))


def step_no_lab(tour: Tour) -> None:
    """Why there are no machines, and where their texts go instead."""
    screen.say(
        Phrase(
            "Pas de labo ici : {why} Personne ne pourra se connecter ; les textes des machines iront dans {folder}.",
            "No lab here: {why} Nobody can connect; the machines' texts will go to {folder}.",
        ),
        why=lab.why_not(),
        folder=tour.settings.var / "console",
    )


def step_plan(tour: Tour) -> None:
    """The first plan, applied; the second finds nothing."""
    title(
        "Le plan : ce que les machines ont, contre l'inventaire", "The plan: what machines hold against the inventory"
    )
    with timed("Premier plan et application", "First plan and apply"):
        found = plan(tour)
        to_do = [one.target for one in found if one.change]
        bring(tour, found)
    what = Phrase("premier plan : machines à configurer", "first plan: machines to configure")
    tour.note(what, TARGETS, len(to_do), good=len(to_do) == TARGETS)
    agree(tour, Phrase("second plan : rien à changer", "second plan: nothing to change"))


def step_handiwork(tour: Tour) -> None:
    """Someone edits each machine by hand; the plan shows exactly that and puts it right."""
    title("Quelqu'un y touche à la main", "Someone edits by hand")
    done = list(handiwork.deeds(tour.store))
    for deed in done:
        handiwork.do(tour.store, tour.settings, deed)
        told(deed.words)
    found = plan(tour)
    diffs = {one.target: edits(one) for one in found}
    for deed in done:
        rows = diffs[deed.target]
        good = 0 < len(rows) <= handiwork.MOST_ROWS and any(deed.trace in row for row in rows)
        what = Phrase(f"le plan montre : {deed.words.fr}", f"the plan shows: {deed.words.en}")
        tour.note(what, deed.trace, " ".join(rows[:2]), good=good)
    bring(tour, found)
    agree(tour, Phrase("remis en ordre : rien à changer", "put right: nothing to change"))


def step_members(tour: Tour) -> None:
    """Two members connect with what the inventory gave them."""
    title("Deux membres se connectent", "Two members connect")
    for line in homes.of_lab(tour.store, tour.settings):
        tour.done += checks.line_works(tour.store, tour.settings, line, show_check)


def step_poll(tour: Tour) -> None:
    """What the machines say, and how the two lines are."""
    title("Ce que disent les machines", "What the machines say")
    at = clock.now()
    heard = sorted(one.machine for one in polling.poll(tour.store, tour.settings, at).answered)
    wanted = ["hosted1", "radius", "vpn"]
    tour.note(Phrase("machines relevées", "machines polled"), wanted, heard, good=heard == wanted)
    for line in homes.of_lab(tour.store, tour.settings):
        now = polling.line_status(tour.store, tour.settings, line, at)
        screen.line(f"  {now.shape} {line} {now.say(screen.language())}")


def step_dues(tour: Tour) -> None:
    """The month's dues, a payment, two balances."""
    title("Les dus du mois, au centime", "The month's dues, to the cent")
    counted = visit.count_dues(tour.store, tour.act(), homes.of_lab(tour.store, tour.settings)[1])
    screen.line("  " + counted.issued.sentence(screen.language()))
    payer = counted.balances[0][0]
    screen.say(Phrase("  {payer} paie {paid}.", "  {payer} pays {paid}."), payer=payer, paid=counted.paid)
    for who, held in counted.balances:
        screen.line(f"  {held.sentence_about(who, screen.language())}")
    what = Phrase("les parts d'une ligne partagée", "the parts of a shared line")
    tour.note(what, LINE_PRICE, counted.line_total, good=counted.line_total == LINE_PRICE)


def step_departure(tour: Tour) -> None:
    """A member leaves: exactly their line goes."""
    title("Un membre s'en va", "A member leaves")
    line = homes.of_lab(tour.store, tour.settings)[0]
    had = homes.access(tour.store, tour.settings, line)
    visit.depart(tour.store, tour.act("déménagement"), line)
    only_on_vpn(tour, line, Impact.CUTS)
    if tour.settings.lab:
        tour.done.append(checks.line_is_dead(tour.settings, had))
        show_check(tour.done[-1])
    state = visit.state_of(tour.store, had.wan)
    tour.note(
        Phrase("son adresse", "their address"), BlockState.QUARANTINED, state, good=state == BlockState.QUARANTINED
    )


def step_arrival(tour: Tour) -> None:
    """Another member orders a tunnel and uses it."""
    title("Une autre personne commande un VPN", "Someone else orders a VPN")
    began = time.monotonic()
    line = visit.order_tunnel(tour.store, tour.settings, tour.act())
    only_on_vpn(tour, line, Impact.HITLESS)
    if not tour.settings.lab:
        return
    first: list[float] = []

    def tried(one: Check) -> None:
        first.append(time.monotonic() - began)
        show_check(one)

    tour.done += checks.line_works(tour.store, tour.settings, line, tried)
    screen.say(
        Phrase("  De la commande au premier Mo : {it} s", "  From order to first MB: {it} s"),
        it=screen.figure(first[0]),
    )


def step_portal(tour: Tour) -> None:
    """The portal shows a member their line; the journal of all this is whole."""
    title("Le portail et le journal", "The portal and the journal")
    tour.done.append(
        visit.look_at_portal(tour.store, tour.settings, tour.act(), homes.of_lab(tour.store, tour.settings)[1])
    )
    show_check(tour.done[-1])
    with reading(tour.store) as session:
        count, _ = journal.verify(session)
    tour.note(
        Phrase("journal intact", "journal whole"),
        Phrase("oui", "yes"),
        Phrase(f"{count} entrées", f"{count} entries"),
        good=True,
    )


def step_open(tour: Tour) -> None:
    """The portal, until Ctrl-C."""
    title("Le portail des membres", "The members' portal")
    for line in homes.of_lab(tour.store, tour.settings):
        who, url = visit.link(tour.store, tour.settings, tour.act(), line)
        screen.say(
            Phrase("  Se connecter comme {who} ({line}) :\n    {url}", "  To sign in as {who} ({line}):\n    {url}"),
            who=who,
            line=line,
            url=url,
        )
    open_portal(tour.settings)


def farewell(settings: Settings) -> None:
    """The last word, once all is down: where the association is, to go on by hand."""
    screen.say(
        Phrase(
            "\nTout est éteint. L'association reste : ESSAIM_VAR={folder} .venv/bin/essaim member list",
            "\nAll is down. The association stays: ESSAIM_VAR={folder} .venv/bin/essaim member list",
        ),
        folder=settings.var,
    )


def title(french: str, english: str) -> None:
    """The heading of a step."""
    screen.say(Phrase(f"\n── {french}", f"\n── {english}"))


def told(step: Phrase) -> None:
    """One line inside a step."""
    screen.say(Phrase("  {step}", "  {step}"), step=step)


@contextmanager
def timed(french: str, english: str) -> Iterator[None]:
    """Say how long something took."""
    began = time.monotonic()
    yield
    screen.say(
        Phrase(f"  {french} ({{took}} s)", f"  {english} ({{took}} s)"), took=screen.figure(time.monotonic() - began)
    )


def plan(tour: Tour) -> list[Planned]:
    """Plan and show it, long diffs cut short."""
    found = _with_bar(
        Phrase("Les machines sont lues", "Reading the machines"),
        TARGETS,
        lambda step: planning.plan(tour.store, tour.settings, tour.act(), step),
    )
    for one in found:
        show_planned(one, most=SHOWN_ROWS)
    return found


def bring(tour: Tour, found: Sequence[Planned]) -> None:
    """Approve and apply what a plan found; what fails is noted."""
    numbers = [one.change for one in found if one.change]
    with transaction(tour.store) as session:
        for number in numbers:
            changes.approve(session, tour.act(), changes.find_change(session, number))
    done = _with_bar(
        Phrase("Les changements s'appliquent", "Applying the changes"),
        len(numbers),
        lambda step: applying.apply(tour.store, tour.settings, tour.act(), numbers, step),
    )
    for one in done:
        what = Phrase(f"{one.change} appliqué sur {one.target}", f"{one.change} applied on {one.target}")
        seen = one.problem.sentence(screen.language()) if one.problem else Phrase("oui", "yes")
        tour.note(what, Phrase("oui", "yes"), seen, good=one.problem is None)


def agree(tour: Tour, what: Phrase) -> None:
    """Plan again: every machine must agree."""
    found = plan(tour)
    differ = [one.target for one in found if one.change or one.problem]
    tour.note(what, Phrase("accord", "agreed"), differ or Phrase("accord", "agreed"), good=not differ)


def only_on_vpn(tour: Tour, line: str, impact: Impact) -> None:
    """The plan must touch this one line on the VPN server and nothing else, with this effect; it is applied."""
    found = plan(tour)
    touched = [(one.target, one.lines, one.effect.impact) for one in found if one.change]
    seen = [f"{target} : {', '.join(lines)}" for target, lines, _ in touched]
    what = Phrase("seul change, avec l'effet annoncé", "all that changes, with the effect announced")
    wanted = [("vpn/antispoofing", (line,), Impact.HITLESS), ("vpn/wireguard", (line,), impact)]
    tour.note(what, [f"{target} : {line}" for target, _, _ in wanted], seen, good=touched == wanted)
    bring(tour, found)


def edits(one: Planned) -> list[str]:
    """The rows of a diff that change something."""
    return [row for row in one.diff.splitlines() if row[:1] in ("+", "-") and row[:3] not in ("+++", "---")]


def _with_bar(title: Phrase, total: int, work: Callable[[Callable[[str], None]], T]) -> T:
    with screen.progress(title, total) as bar:
        return work(lambda _: bar.advance(bar.task_ids[0]))
