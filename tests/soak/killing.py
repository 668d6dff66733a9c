"""Applies that are killed, at each named step and at random instants: afterwards the next plan knows the truth.

`killing.py VAR ROUNDS TARGET…`: on the association in VAR, whose machines are those of its lab, its console's folder or
a database of rows, each round changes a target in the inventory, plans, approves, and kills whoever applies. Prints
what became of them.
Targets that one deed changes and that are applied together are joined: `vpn/antispoofing+vpn/wireguard`.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from desk import visit
from foundation import clock
from foundation.acts import Act
from foundation.database import Store, open_store, reading, transaction
from foundation.settings import Settings, read_settings
from inventory import credentials, devices, lines, members, offers
from inventory.models.devices import Interface
from inventory.models.lines import LineState
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
    """Have the inventory want something else of a target: a tunnel, a login, or another word on an interface."""
    if name.startswith("vpn/"):
        with transaction(store) as session:
            members.add_member(session, act(), f"Voisin {number}")
        visit.order_tunnel(store, settings, act())
        return
    if name.startswith("radius/"):
        with transaction(store) as session:
            _alter_logins(session, number)
        return
    with transaction(store) as session:
        device = devices.find_device(session, name.partition("/")[0])
        port = session.scalars(select(Interface).where(Interface.device_id == device.id).order_by(Interface.name))
        next(one for one in port if one.description).description = f"round {number} {random.random()}"


def _alter_logins(session: Session, number: int) -> None:
    """A login comes, opens with another password, or goes: rows are added, exchanged or taken away."""
    served = lines.list_lines(session, offer="adsl", state=LineState.ACTIVE, limit=1000)
    if number % 3 == 1:
        credentials.renew_credential(session, act(), random.choice(served).shares[0], credentials.Opening())
    elif number % 3 == 2:
        lines.close_line(session, act(), random.choice(served))
    else:
        newcomer = members.add_member(session, act(), f"Voisin {number}")
        copper = offers.find_offer(session, "adsl")
        line = lines.order_line(session, act(), newcomer, copper, lines.Ordering(nd=f"04{number:08d}"))
        for state in (LineState.ORDERED, LineState.DELIVERED, LineState.ACTIVE):
            lines.move(session, act(), line, state)


def planned(store: Store, settings: Settings, name: str) -> dict[str, str]:
    """Plan; the change of each of these targets that has one. Nothing else may be wrong."""
    found = {one.target: one for one in plan.plan(store, settings, act(), lambda _: None)}
    of = name.split("+")
    assert [found[one].problem for one in of if found[one].problem] == []
    return {one: change for one in of if (change := found[one].change) is not None}


def approved(store: Store, settings: Settings, name: str, number: int) -> dict[str, str]:
    alter(store, settings, name, number)
    found = planned(store, settings, name)
    assert sorted(found) == sorted(name.split("+"))
    with transaction(store) as session:
        for change in found.values():
            changes.approve(session, act(), changes.find_change(session, change))
    return found


def killed(settings: Settings, numbers: Collection[str], when: Step | float) -> None:
    """Apply in a process of its own that dies at a step, or after so many seconds, with all its children."""
    child = os.fork()
    if child == 0:
        try:
            os.setsid()
            store = open_store(settings)

            def passed(_target: str, step: Step) -> None:
                if step == when:
                    os.killpg(0, signal.SIGKILL)

            applying.apply(store, settings, act(), [*numbers], lambda _: None, passed)
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
        state, before, desired = one.state, one.seen, changes.desired_of(session, one)
        device = one.device_id
        assert changes.in_hand(session, device, target.artifact.name) is None
    if state not in ENDS:
        assert state in ("approved", "superseded"), state  # killed before it was taken in hand
    driver = targets.driver_for(settings, target)

    def quiet() -> bool:
        # What was on its way to the machine when its sender died may still arrive: it is undone there.
        return driver.standing(target).stand is not Stand.WAITING

    def held() -> bool:
        seen = driver.look(target, desired)
        # A router spells what it runs in its own words: whether that is what was wanted is for the driver to say.
        return not seen.diff if state == "applied" else texts.digest(seen.texts) == before

    until(lambda: quiet() and held(), f"{change} is {state}, and {target} holds something else")
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
            found = approved(store, settings, name, number)
        began = time.monotonic()
        killed(settings, found.values(), step or draw.uniform(0.0, longest * 1.1))
        if step is Step.RECORDED:
            longest = max(longest, time.monotonic() - began)
        with association(settings) as store:
            for target, change in found.items():
                seen[target, step or "at random", judged(store, settings, change, places[target])] += 1
    return seen


def main() -> None:
    """Lead, and print the histogram."""
    var, rounds, *names = sys.argv[1:]
    seen = lead(read_settings(var=Path(var)), int(rounds), names)
    for (name, when, state), times in sorted(seen.items()):
        print(f"{name:<16} {when:<10} {state:<12} {times:4d} {'#' * times}")  # noqa: T201 - a program of its own


if __name__ == "__main__":
    main()
