"""What is written on machines: rendered, planned, applied, compared. Machines are folders (the console's driver)."""

from __future__ import annotations

import difflib
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import provider
from jinja2 import Environment, PackageLoader, StrictUndefined
from measured import ROUNDS, Measured, against, alternating
from provider import Provider

from foundation import clock, text
from foundation.acts import Act
from foundation.database import reading, transaction
from foundation.settings import read_settings
from inventory import lines, members, offers
from inventory.lines import Ordering
from provisioning import apply, changes, differences, plan, targets

Call = tuple[str, Mapping[str, object]]
UNCHANGED = 12_000
ORDERS = 1000
FEW = 20_000
"""Lines of small associations that are rendered in one round: a few milliseconds alone say little."""


def measure(folder: Path, size: int) -> Iterator[Measured]:
    """Every bench of changes; `size` is how many lines many are."""
    yield _compared()
    for count in (1000, size):
        made = _made(folder / f"{count}", count)
        yield from _rendered(made)
        made.store.engine.dispose()
    made = _made(folder / "unchanged", UNCHANGED * size // 100_000)
    yield from _planned(made)
    yield from _ordered(made, ORDERS * size // 100_000)
    made.store.engine.dispose()


def _made(folder: Path, count: int) -> Provider:
    began = time.monotonic()
    made = provider.build(read_settings(var=folder, driver="console"), count)
    sys.stderr.write(f"a provider of {count:,} lines made in {time.monotonic() - began:.0f} s\n")
    return made


def _act() -> Act:
    return Act("machine:bench", clock.now(), "bench")


def _rendered(made: Provider) -> Iterator[Measured]:
    """All texts of all machines: from facts in memory, beside plain Jinja on the same ones; then from the database."""
    with _noted() as calls:
        _everything(made)
    plain = Environment(
        loader=PackageLoader("provisioning", "templates"), undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True, keep_trailing_newline=True, autoescape=False,
    )  # fmt: skip
    ours, least = alternating(
        max(1, FEW // made.lines),
        lambda _: [text.render("provisioning", template, facts) for template, facts in calls],
        lambda _: [plain.get_template(template).render(facts) for template, facts in calls],
    )
    (whole,) = alternating(1, lambda _: _everything(made))
    what = f"render everything for {made.lines:,} lines"
    yield against(f"{what}, from facts, peer plain Jinja", ours, least, 1.5)
    yield Measured(f"{what}, from the database, peer plain Jinja", round(whole), "ms", None, None, round(least),
                   round(whole / least, 2))  # fmt: skip


def _everything(made: Provider) -> list[Mapping[str, str]]:
    at = clock.now()
    with reading(made.store) as session:
        return [targets.wanted(session, device, target, at).desired for device, target in targets.every_target(session)]


@contextmanager
def _noted() -> Iterator[list[Call]]:
    """What templates are filled in with meanwhile."""
    calls: list[Call] = []
    plain = text.render
    rooms = [room for name, room in sys.modules.items()
             if name.startswith("provisioning.") and getattr(room, "render", None) is plain]  # fmt: skip

    def noting(package: str, template: str, facts: Mapping[str, object]) -> str:
        calls.append((template, facts))
        return plain(package, template, facts)

    for room in rooms:
        room.render = noting  # type: ignore[attr-defined]
    try:
        yield calls
    finally:
        for room in rooms:
            room.render = plain  # type: ignore[attr-defined]


def _plan(made: Provider, *of: str) -> list[plan.Planned]:
    found = plan.plan(made.store, made.settings, _act(), lambda _: None, of=of)
    problem = plan.worst(found)
    if problem is not None:
        raise problem
    return found


def _bring(made: Provider) -> tuple[float, float]:
    """Plan, approve and apply all there is to do: seconds of the plan, and of the apply."""
    began = time.perf_counter()
    numbers = [one.change for one in _plan(made) if one.change]
    planned = time.perf_counter()
    with transaction(made.store) as session:
        for number in numbers:
            changes.approve(session, _act(), changes.find_change(session, number))
    approved = time.perf_counter()
    for one in apply.apply(made.store, made.settings, _act(), numbers, lambda _: None):
        if one.problem is not None:
            raise one.problem
    return planned - began, time.perf_counter() - approved


def _planned(made: Provider) -> Iterator[Measured]:
    _bring(made)

    def unchanged(*of: str) -> Callable[[int], object]:
        def deed(_: int) -> None:
            if [one for one in _plan(made, *of) if one.change]:
                raise RuntimeError("something changed")

        return deed

    with reading(made.store) as session:
        line = str(lines.list_lines(session, offer="many-vpn", limit=1)[0])
    value, one = alternating(1, unchanged(), unchanged(line))
    yield _told(f"plan of an unchanged association of {made.lines:,} lines", value)
    yield _told(f"plan of one unchanged line among {made.lines:,}", one)


def _ordered(made: Provider, count: int) -> Iterator[Measured]:
    """Tunnels ordered, planned and applied together, in each round as many more."""
    ordered: list[float] = []
    planned: list[float] = []
    applied: list[float] = []
    for turn in range(ROUNDS):
        began = time.perf_counter()
        with transaction(made.store) as session:
            member, offer = members.find_member(session, "M0001"), offers.find_offer(session, "many-vpn")
            for rank in range(count):
                key = provider.key(-1 - turn * count - rank)
                lines.order_line(session, _act(), member, offer, Ordering(public_key=key))
        ordered.append(time.perf_counter() - began)
        for each, taken in zip((planned, applied), _bring(made), strict=True):
            each.append(taken)
    what = f"{count:,} orders among {made.lines:,} lines"
    for said, taken in ((f"{what}, ordered", ordered), (f"{what}, planned", planned), (f"{what}, applied", applied)):
        yield _told(said, statistics.median(taken) * 1000)


def _told(bench: str, value: float) -> Measured:
    """A figure without a goal."""
    return Measured(bench, round(value, 1), "ms", None, None)


def _compared() -> Measured:
    """Two configurations of 50,000 lines, 50 of which were edited, taken away or put in."""
    draw = random.Random(2026)
    old = [row for rank in range(10_000) for row in _peer(rank)]
    new = list(old)
    for place in sorted(draw.sample(range(len(old)), 50), reverse=True):
        new[place : place + 1] = draw.choice([[], ["AllowedIPs = 198.51.100.7/32"], [new[place], "# more"]])
    texts = ["\n".join(each) + "\n" for each in (old, new)]

    def by(unified: Callable[[list[str], list[str]], Any]) -> Callable[[int], object]:
        return lambda _: list(unified(*(each.splitlines() for each in texts)))

    ours, theirs = alternating(
        1,
        by(lambda before, after: differences.unified("wg0.conf", before, after)),
        by(lambda before, after: difflib.unified_diff(before, after, "wg0.conf", "wg0.conf", lineterm="")),
    )
    return against("diff of two texts of 50,000 lines with 50 edits, peer difflib", ours, theirs, 0.1)


def _peer(rank: int) -> tuple[str, ...]:
    v6 = f"3fff:{rank >> 8:x}:{rank & 255:x}00::/56"
    return "", "[Peer]", f"# L{rank:04d}", f"PublicKey = {provider.key(rank)}", f"AllowedIPs = 100.96.0.{rank}, {v6}"
