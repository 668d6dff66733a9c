"""Plan: look at every machine with no transaction open, and note what must change in short ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from foundation.acts import Act
from foundation.database import Store, reading, transaction
from foundation.errors import EssaimError
from foundation.settings import Settings
from foundation.speech import Phrase
from inventory import announced, certificates, rights
from inventory.announced import Announced
from inventory.models.devices import Device
from inventory.models.mandates import Task
from provisioning import changes, ownership, promises, targets
from provisioning.apply import AT_ONCE, look
from provisioning.artifact import Effect, Impact, Target
from provisioning.changes import Wanted
from provisioning.drivers.protocol import Seen
from provisioning.lock import locked
from provisioning.models import Change, ChangeState

NOTHING = Effect(Impact.NONE)


@dataclass(frozen=True, slots=True)
class Planned:
    """What a plan found for one target: nothing to do, a change, or why it could not look.

    `diff` is fit to be shown: secrets stand in it as fingerprints. `works` are those announced on the machine, and the
    incidents there. `approved`: the association's rule let the change pass, and it may be applied. `remarks` are
    what the machine will not do, whatever its text.
    """

    target: str
    change: str | None = None
    diff: str = ""
    effect: Effect = NOTHING
    lines: tuple[str, ...] = ()
    problem: EssaimError | None = None
    works: tuple[Announced, ...] = ()
    approved: bool = False
    remarks: tuple[Phrase, ...] = ()


def plan(
    store: Store,
    settings: Settings,
    act: Act,
    told: Callable[[str], None],
    *,
    of: Sequence[str] = (),
    taking_over: Sequence[str] = (),
) -> list[Planned]:
    """Look at every target against what the inventory wants, several at once; change nothing on any of them.

    With `of`, lines (`L0042`) or members (`M0042`), only those on which these leave a mark are rendered and looked at.
    `taking_over` are targets never configured by us from which a plan may take away what the inventory does not know.
    `told` is called with a target's name as it is done. A target that cannot be rendered or seen, or that is not
    the actor's to plan, is said to be so, and the others go on. Changes are numbered in the order of the targets,
    whichever machine answers first. Raises BadNumber, NoSuchLine and NoSuchMember of what `of` names.
    """
    with reading(store) as session:
        due = certificates.due(session, act.at)
    if due:
        with transaction(store) as session:
            certificates.keep(session, act)
    with reading(store) as session:
        touched = targets.touched(session, of)
        work = [
            _wanted(session, act, device, target)
            for device, target in targets.every_target(session)
            if not of or str(target) in touched
        ]
    found = []
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for each, seen in zip(work, pool.map(lambda each: _look(store, settings, act, each), work), strict=True):
            planned = _propose(store, act, each, seen, over=str(each.target) in taking_over)
            still = seen.still & each.carried if isinstance(seen, Seen) else frozenset()
            found.append(replace(planned, remarks=(*each.remarks, *promises.unmoving(still))))
            told(str(each.target))
    return found


def shown(target: str, change: Change, works: tuple[Announced, ...] = ()) -> Planned:
    """A change that was just planned, as it is shown."""
    effect, lines = changes.effect_of(change), tuple(change.lines.split())
    passed = change.state == ChangeState.APPROVED
    return Planned(target, str(change), change.diff, effect, lines, works=works, approved=passed)


def worst(planned: Sequence[Planned]) -> EssaimError | None:
    """The first reason for which a target could not be planned."""
    return next((one.problem for one in planned if one.problem), None)


@dataclass(frozen=True, slots=True)
class _Work:
    """One target to look at: what it should hold, or why that cannot be said; which versions of IP are carried."""

    target: Target
    wanted: Wanted | EssaimError
    works: tuple[Announced, ...]
    remarks: tuple[Phrase, ...] = ()
    carried: frozenset[int] = frozenset()


def _wanted(session: Session, act: Act, device: Device, target: Target) -> _Work:
    works, remarks = announced.of_device(session, device, act.at), tuple[Phrase, ...]()
    try:
        rights.demand(session, act, Task.CHANGES_PROPOSE, device)
        remarks = promises.broken(session, device, target.artifact)
        carried = promises.carried(session, device, target.artifact)
        return _Work(target, targets.wanted(session, device, target, act.at), works, remarks, carried)
    except EssaimError as refused:
        return _Work(target, refused, works, remarks)


def _look(store: Store, settings: Settings, act: Act, work: _Work) -> Seen | EssaimError:
    if isinstance(work.wanted, EssaimError):
        return work.wanted
    try:
        with locked(settings, work.target):
            return look(store, settings, act, work.wanted.device_id, work.target, work.wanted.desired)
    except EssaimError as problem:
        return problem


def _propose(store: Store, act: Act, work: _Work, seen: Seen | EssaimError, *, over: bool) -> Planned:
    name = str(work.target)
    if isinstance(work.wanted, EssaimError):
        return Planned(name, problem=work.wanted, works=work.works)
    if isinstance(seen, EssaimError):
        return Planned(name, problem=seen, works=work.works)
    try:
        with transaction(store) as session:
            if not over:
                ownership.check(session, work.wanted, seen)
            change = changes.propose(session, act, work.wanted, seen)
            return Planned(name, works=work.works) if change is None else shown(name, change, work.works)
    except EssaimError as problem:
        return Planned(name, problem=problem, works=work.works)
