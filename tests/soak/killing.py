"""Applies that are killed, at each named step and at random instants: afterwards the next plan knows the truth.

`killing.py VAR ROUNDS TARGET…`: on the association in VAR, whose machines are those of its lab or its console's folder,
each round changes a target in the inventory, plans, approves, and kills whoever applies. Prints what became of them.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from sqlalchemy import select

from desk import visit
from foundation import clock
from foundation.acts import Act
from foundation.database import Store, open_store, reading, transaction
from foundation.settings import Settings, read_settings
from inventory import devices
from inventory.models.devices import Interface
from provisioning import apply as applying
from provisioning import changes, plan, targets, texts
from provisioning.artifact import Target
from provisioning.commit import Step
from provisioning.drivers.protocol import Stand
from provisioning.lock import locked

LONGEST = 60.0
"""Seconds within which a machine whose change nobody confirms must be quiet again."""
ENDS = {"applied", "failed", "reverted"}


@contextmanager
def association(settings: Settings) -> Iterator[Store]:
    """The store, closed afterwards: whoever forks holds no connection."""
    store = open_store(settings)
    try:
        yield store
    finally:
        store.engine.dispose()


def act() -> Act:
    return Act("M0001", clock.now(), "x")


def alter(store: Store, settings: Settings, name: str, number: int) -> None:
    """Have the inventory want something else of a target: another tunnel, or another word on an interface."""
    if name == "vpn/wireguard":
        visit.order_tunnel(store, settings, act())
        return
    with transaction(store) as session:
        device = devices.find_device(session, name.partition("/")[0])
        port = session.scalars(select(Interface).where(Interface.device_id == device.id).order_by(Interface.name))
        next(one for one in port if one.description).description = f"round {number} {random.random()}"


def planned(store: Store, settings: Settings, name: str) -> str | None:
    """Plan; the change of that target, if there is one. Nothing else may be wrong."""
    found = {one.target: one for one in plan.plan(store, settings, act(), lambda _: None)}
    assert found[name].problem is None, found[name].problem
    return found[name].change


def approved(store: Store, settings: Settings, name: str, number: int) -> str:
    alter(store, settings, name, number)
    change = planned(store, settings, name)
    assert change is not None
    with transaction(store) as session:
        changes.approve(session, act(), changes.find_change(session, change))
    return change


def killed(settings: Settings, change: str, when: Step | float) -> None:
    """Apply in a process of its own that dies at a step, or after so many seconds, with all its children."""
    child = os.fork()
    if child == 0:
        try:
            os.setsid()
            store = open_store(settings)

            def passed(_target: str, step: Step) -> None:
                if step == when:
                    os.killpg(0, signal.SIGKILL)

            applying.apply(store, settings, act(), [change], lambda _: None, passed)
        finally:
            os._exit(0)
    if isinstance(when, float):
        time.sleep(when)
        try:
            os.killpg(child, signal.SIGKILL)
        except ProcessLookupError:
            os.kill(child, signal.SIGKILL)  # it is not yet the head of its own group
    os.waitpid(child, 0)


def until(true: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + LONGEST
    while not true():
        assert time.monotonic() < end, what
        time.sleep(0.1)


def judged(store: Store, settings: Settings, change: str, target: Target) -> str:
    """The state of the change, once it is sure that it is the truth, and that nothing stays behind."""
    planned(store, settings, str(target))
    with reading(store) as session:
        one = changes.find_change(session, change)
        state, before, wanted, desired = one.state, one.seen, one.wanted, changes.desired_of(session, one)
        device = one.device_id
        assert changes.in_hand(session, device, target.artifact.name) is None
    if state not in ENDS:
        assert state in ("approved", "superseded"), state  # killed before it was taken in hand
    expected = wanted if state == "applied" else before
    driver = targets.driver_for(settings, target)

    def quiet() -> bool:
        # What was on its way to the machine when its sender died may still arrive: it is undone there.
        return driver.standing(target).stand is not Stand.WAITING

    until(
        lambda: quiet() and texts.digest(driver.look(target, desired).texts) == expected,
        f"{change} is {state}, and {target} holds something else",
    )
    with locked(settings, target):
        pass
    return state


def lead(settings: Settings, rounds: int, names: list[str]) -> Counter[tuple[str, str, str]]:
    """So many rounds, first each step on each target, then random instants."""
    draw, seen = random.Random(), Counter[tuple[str, str, str]]()
    with association(settings) as store, reading(store) as session:
        places = {str(target): target for _, target in targets.every_target(session)}
    longest = 0.2
    turns: Iterator[tuple[str, Step | None]] = iter(
        [*((name, step) for step in Step for name in names)] + [(draw.choice(names), None) for _ in range(rounds)]
    )
    for number, (name, step) in zip(count(), turns, strict=False):
        if number >= rounds:
            break
        with association(settings) as store:
            change = approved(store, settings, name, number)
        began = time.monotonic()
        killed(settings, change, step or draw.uniform(0.0, longest * 1.1))
        if step is Step.RECORDED:
            longest = max(longest, time.monotonic() - began)
        with association(settings) as store:
            seen[name, step or "at random", judged(store, settings, change, places[name])] += 1
    return seen


def main() -> None:
    """Lead, and print the histogram."""
    var, rounds, *names = sys.argv[1:]
    seen = lead(read_settings(var=Path(var)), int(rounds), names)
    for (name, when, state), times in sorted(seen.items()):
        print(f"{name:<16} {when:<10} {state:<12} {times:4d} {'#' * times}")  # noqa: T201 - a program of its own


if __name__ == "__main__":
    main()
