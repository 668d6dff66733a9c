"""Apply: claim the work in one short transaction, talk to the machine with none open, note what happened in another.

Killed at any instant, the next look at the target (`look`) finds the change still marked as being applied, has the
machine undo it if it waits for a confirmation, sees what the machine holds, and writes down what really happened.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from foundation.acts import Act
from foundation.database import Store, reading, transaction
from foundation.errors import EssaimError
from foundation.settings import Settings
from foundation.speech import Phrase
from foundation.vault import Vault
from inventory.models.devices import Device
from provisioning import changes, commit, ending, probes, targets, texts
from provisioning.artifact import Target
from provisioning.commit import Step
from provisioning.drivers.protocol import ConnectionLost, Driver, Seen, Stale, Stand, Standing, Undone
from provisioning.lock import locked
from provisioning.models import ChangeState
from provisioning.texts import Texts

AT_ONCE = 10
"""Targets in hand at a time. All may have the same machine look at them (probes), and OpenSSH lets ten knock at once
(MaxStartups)."""

_HALFWAY = Phrase(
    "interrompu ; la machine ne tient ni l'ancien texte ni le nouveau",
    "interrupted; the machine holds neither the old text nor the new",
)
_BEFORE = Phrase(
    "interrompu avant d'agir ; la machine est comme avant",
    "interrupted before it acted; the machine is as it was",
)


@dataclass(frozen=True, slots=True)
class Applied:
    """What became of one change; no problem means that the machine now runs it."""

    change: str
    target: str
    problem: EssaimError | None = None


def _silent(_target: str, _step: Step) -> None:
    """Nobody follows the steps."""


def apply(
    store: Store,
    settings: Settings,
    act: Act,
    numbers: Sequence[str],
    told: Callable[[str], None],
    passed: Callable[[str, Step], None] = _silent,
    ended: Callable[[Applied], None] = lambda _: None,
) -> list[Applied]:
    """Apply approved changes, several machines at once; one that fails leaves its machine as it was.

    `told` is called with a target's name as it is done, `passed` with each step on the way, `ended` with what became
    of each.
    Raises NoSuchChange, NotApproved, NotToApply or NoTarget before anything is done.
    """
    with reading(store) as session:
        work = []
        for number in numbers:
            change = changes.find_change(session, number)
            changes.check_approved(change)
            work.append((str(change), targets.target_of(session, change)[1]))

    drivers = targets.Drivers(settings)

    def one(each: tuple[str, Target]) -> Applied:
        try:
            done = tried(*each)
            ended(done)
            return done
        finally:
            told(str(each[1]))

    def tried(number: str, target: Target) -> Applied:
        try:
            with drivers.expecting(target) as driver:
                _apply(store, settings, driver, act, number, target, lambda step: passed(str(target), step))
            return Applied(number, str(target))
        except EssaimError as problem:
            return Applied(number, str(target), problem)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(one, work))


def look(store: Store, settings: Settings, act: Act, device_id: int, target: Target, desired: Texts) -> Seen:
    """What a target runs, once it is written down what became of a change that was cut short on it.

    The caller holds the target's lock. Raises what the driver raises, and StillConnected.
    """
    driver = targets.driver_for(settings, target)
    with reading(store) as session:
        cut_short = changes.in_hand(session, device_id, target.artifact.name)
        wanted = cut_short.wanted if cut_short else ""
    stands = commit.undo_cut_short(driver, target, wanted) if wanted else Standing(Stand.NONE)
    seen = driver.look(target, desired)
    if wanted:
        settle(store, settings, act, device_id, target, seen, stands)
    return seen


def settle(
    store: Store, settings: Settings, act: Act, device_id: int, target: Target, seen: Seen, stands: Standing
) -> None:
    """Write down what became of a change whose applying was cut short, by what the machine holds and says of it.

    Where the machine holds it, the connections that it was to end are ended now. Raises StillConnected.
    """
    with reading(store) as session:
        cut_short = changes.in_hand(session, device_id, target.artifact.name)
        if cut_short is None:
            return
        number, held, wanted = str(cut_short), texts.digest(seen.texts), cut_short.wanted
        undone = stands.stand is Stand.UNDONE and stands.wanted == wanted
        in_force = held == wanted or (not seen.diff and not undone)
        reason = (_BEFORE if held == cut_short.seen else _HALFWAY).say("fr")
    if in_force:
        _finish(store, settings, act, number, target)
    elif undone:
        _end(store, act, number, ChangeState.REVERTED, commit.CUT_SHORT.say("fr"))
    else:
        _end(store, act, number, ChangeState.FAILED, reason)


def _apply(
    store: Store,
    settings: Settings,
    driver: Driver,
    act: Act,
    number: str,
    target: Target,
    passed: Callable[[Step], None],
) -> None:
    with locked(settings, target):
        desired, expected, asked = _claim(store, settings, act, number, target)
        passed(Step.CLAIMED)
        try:
            commit.commit(settings, driver, target, desired, expected, asked, passed)
        except ConnectionLost as problem:
            raise _without_secrets(store.vault, target, problem) from None  # the next look says what became of it
        except EssaimError as problem:
            shown = _without_secrets(store.vault, target, problem)
            _end(store, act, number, _state_after(problem), shown.sentence("fr"))
            raise shown from None
        _finish(store, settings, act, number, target)
        passed(Step.RECORDED)


def _state_after(problem: EssaimError) -> ChangeState:
    match problem:
        case Stale():
            return ChangeState.STALE
        case Undone() | probes.ProbeFailed():
            return ChangeState.REVERTED
        case _:
            return ChangeState.FAILED


def _claim(
    store: Store, settings: Settings, act: Act, number: str, target: Target
) -> tuple[Texts, str, tuple[probes.Probe, ...]]:
    """Take a change in hand: what it brings, the digest of what it was planned upon, and what must stay well."""
    try:
        with transaction(store) as session:
            change = changes.find_change(session, number)
            changes.claim(session, act, change)
            desired, device = changes.desired_of(session, change), session.get_one(Device, change.device_id)
            asked = probes.of_target(
                session, device, target, desired, changes.effect_of(change), act.at, settings.confirm_seconds
            )
            return desired, change.seen, asked
    except changes.ApprovalExpired:
        with transaction(store) as session:
            changes.expire(session, act, changes.find_change(session, number))
        raise


def _finish(store: Store, settings: Settings, act: Act, number: str, target: Target) -> None:
    """The machine holds the change: end the connections that it takes away, and note it. Raises StillConnected."""
    with reading(store) as session:
        change = changes.find_change(session, number)
        before, desired = changes.before_of(session, change), changes.desired_of(session, change)
    try:
        ending.after(store, settings, target, before, desired)
    except EssaimError as standing:
        _end(store, act, number, ChangeState.APPLIED, standing.sentence("fr"))
        raise
    _end(store, act, number, ChangeState.APPLIED, "")


def _end(store: Store, act: Act, number: str, state: ChangeState, reason: str) -> None:
    with transaction(store) as session:
        changes.record_end(session, act, changes.find_change(session, number), state, reason)


def _without_secrets(vault: Vault, target: Target, problem: EssaimError) -> EssaimError:
    # A daemon that refuses a text may quote the line it stumbled on, secret and all.
    facts = {
        name: texts.redacted(fact, target.artifact.secrets, vault.fingerprint) if isinstance(fact, str) else fact
        for name, fact in problem.facts.items()
    }
    return type(problem)(**facts)
