"""Apply: claim the work in one short transaction, talk to the machine with none open, note what happened in another.

Killed at any instant, the next look at the target (`settle`) finds the change still marked as being applied,
sees what the machine holds, and writes down what really happened.
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
from provisioning import changes, targets, texts
from provisioning.artifact import Target
from provisioning.drivers.protocol import Seen, Stale
from provisioning.lock import locked
from provisioning.models import ChangeState

AT_ONCE = 4
"""Machines spoken to at a time."""

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


def apply(
    store: Store, settings: Settings, act: Act, numbers: Sequence[str], told: Callable[[str], None]
) -> list[Applied]:
    """Apply approved changes, several machines at once; one that fails leaves its machine as it was.

    Raises NoSuchChange or NotApproved before anything is done.
    """
    with reading(store) as session:
        place = {(device.id, target.artifact.name): target for device, target in targets.every_target(session)}
        work = []
        for number in numbers:
            change = changes.find_change(session, number)
            changes.check_approved(change)
            work.append((str(change), place[change.device_id, change.artifact]))

    def one(each: tuple[str, Target]) -> Applied:
        number, target = each
        try:
            _apply(store, settings, act, number, target)
            return Applied(number, str(target))
        except EssaimError as problem:
            return Applied(number, str(target), problem)
        finally:
            told(str(target))

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(one, work))


def settle(store: Store, act: Act, device_id: int, target: Target, seen: Seen) -> None:
    """Write down what became of a change whose applying was cut short. The caller holds the target's lock."""
    with reading(store) as session:
        cut_short = changes.in_hand(session, device_id, target.artifact.name)
        if cut_short is None:
            return
        number, held = str(cut_short), texts.digest(seen.texts)
        if held == cut_short.wanted or not seen.diff:
            state, reason = ChangeState.APPLIED, ""
        else:
            state = ChangeState.FAILED
            reason = (_BEFORE if held == cut_short.seen else _HALFWAY).say("fr")
    with transaction(store) as session:
        changes.record_end(session, act, changes.find_change(session, number), state, reason)


def _apply(store: Store, settings: Settings, act: Act, number: str, target: Target) -> None:
    with locked(settings, target):
        with transaction(store) as session:
            change = changes.find_change(session, number)
            changes.claim(session, act, change)
            desired, expected = changes.desired_of(session, change), change.seen
        try:
            targets.driver_for(settings, target).apply(target, desired, expected)
        except EssaimError as problem:
            state = ChangeState.STALE if isinstance(problem, Stale) else ChangeState.FAILED
            shown = _without_secrets(store.vault, target, problem)
            _end(store, act, number, state, shown.sentence("fr"))
            raise shown from None
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
