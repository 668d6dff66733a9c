"""Plan: look at every machine with no transaction open, and note what must change in short ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from foundation.acts import Act
from foundation.database import Store, reading, transaction
from foundation.errors import EssaimError
from foundation.settings import Settings
from inventory import announced, rights
from inventory.announced import Announced
from inventory.models.mandates import Task
from provisioning import changes, targets
from provisioning.apply import AT_ONCE, settle
from provisioning.artifact import Effect, Impact, Target
from provisioning.changes import Wanted
from provisioning.lock import locked

NOTHING = Effect(Impact.NONE)


@dataclass(frozen=True, slots=True)
class Planned:
    """What a plan found for one target: nothing to do, a change, or why it could not look.

    `diff` is fit to be shown: secrets stand in it as fingerprints. `works` are those announced on the machine, and the
    incidents there.
    """

    target: str
    change: str | None = None
    diff: str = ""
    effect: Effect = NOTHING
    lines: tuple[str, ...] = ()
    problem: EssaimError | None = None
    works: tuple[Announced, ...] = ()


def plan(store: Store, settings: Settings, act: Act, told: Callable[[str], None]) -> list[Planned]:
    """Look at every target against what the inventory wants, several at once; change nothing on any of them.

    `told` is called with a target's name as it is done. A target that cannot be rendered or seen, or that is not
    the actor's to plan, is said to be so, and the others go on.
    """
    with reading(store) as session:
        work: list[tuple[Target, Wanted | EssaimError]] = []
        works: dict[str, tuple[Announced, ...]] = {}
        for device, target in targets.every_target(session):
            works[str(target)] = announced.of_device(session, device, act.at)
            try:
                rights.demand(session, act, Task.CHANGES_PROPOSE, device)
                work.append((target, targets.wanted(session, device, target, act.at)))
            except EssaimError as refused:
                work.append((target, refused))

    def one(each: tuple[Target, Wanted | EssaimError]) -> Planned:
        target, wanted = each
        try:
            if isinstance(wanted, EssaimError):
                raise wanted
            return _look(store, settings, act, wanted)
        except EssaimError as problem:
            return Planned(str(target), problem=problem)
        finally:
            told(str(target))

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return [replace(planned, works=works[planned.target]) for planned in pool.map(one, work)]


def worst(planned: Sequence[Planned]) -> EssaimError | None:
    """The first reason for which a target could not be planned."""
    return next((one.problem for one in planned if one.problem), None)


def _look(store: Store, settings: Settings, act: Act, wanted: Wanted) -> Planned:
    target = wanted.target
    driver = targets.driver_for(settings, target)
    with locked(settings, target):
        seen = driver.look(target, wanted.desired)
        settle(store, act, wanted.device_id, target, seen)
    with transaction(store) as session:
        change = changes.propose(session, act, wanted, seen)
        if change is None:
            return Planned(str(target))
        effect, lines = changes.effect_of(change), tuple(change.lines.split())
        return Planned(str(target), str(change), change.diff, effect, lines)
