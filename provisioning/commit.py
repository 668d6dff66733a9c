"""A text put in force under the machine's own switch, probed, then kept; or undone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum

from foundation.errors import EssaimError
from foundation.reach import MachineUnreachable
from foundation.settings import Settings
from foundation.speech import Phrase
from provisioning import probes, texts
from provisioning.artifact import Target
from provisioning.drivers.kept_switch import KeptSwitch
from provisioning.drivers.protocol import ConnectionLost, ConnectionLostUnwatched, Driver, Stand, Standing, Undone
from provisioning.probes import Probe
from provisioning.texts import Texts

CUT_SHORT = Phrase(
    "interrompu avant d'être confirmé ; défait, la machine est comme avant",
    "interrupted before it was confirmed; undone, the machine is as it was",
)


class Step(StrEnum):
    """What an apply has gone past."""

    CLAIMED = "claimed"
    LOOKED = "looked"
    IN_FORCE = "in force"
    PROBED = "probed"
    CONFIRMED = "confirmed"
    RECORDED = "recorded"


Passed = Callable[[Step], None]


def commit(
    settings: Settings,
    driver: Driver,
    target: Target,
    desired: Texts,
    expected: str,
    asked: Sequence[Probe],
    passed: Passed,
) -> None:
    """Put it in force, ask the probes, keep it.

    Raises what the driver's `apply` raises, with the machine as it was; ProbeFailed and Undone when it was undone;
    ConnectionLost when nobody knows yet: the machine undoes it by itself, or keeps it if it heard the confirmation;
    ConnectionLostUnwatched where it is we who undo it, as the target is next looked at.
    """
    wanted, means = texts.digest(desired), settings.means()
    known = () if settings.driver == "console" else probes.before(means, asked, driver)
    passed(Step.LOOKED)
    try:
        driver.apply(target, desired, expected)
    except ConnectionLost as lost:
        _after_a_loss(driver, target, wanted, lost)
    passed(Step.IN_FORCE)
    try:
        probes.after(means, target, known, driver)
        passed(Step.PROBED)
        driver.confirm(target, wanted)
    except probes.ProbeFailed:
        _undo(settings, driver, target, wanted)
        raise
    except MachineUnreachable as lost:
        raise _lost(settings, driver, target, lost) from lost
    passed(Step.CONFIRMED)


def undo_cut_short(driver: Driver, target: Target, wanted: str) -> Standing:
    """Undo a change whose applying died, if it waits still: nobody is left to confirm it. Gives where it stands."""
    stands = driver.standing(target)
    if stands.stand is Stand.WAITING and stands.wanted == wanted:
        driver.revert(target, wanted)
        return driver.standing(target)
    return stands


def _after_a_loss(driver: Driver, target: Target, wanted: str, lost: ConnectionLost) -> None:
    """The connection broke somewhere in the middle. If the machine answers again, undo at once and say so."""
    try:
        stands = undo_cut_short(driver, target, wanted)
    except EssaimError:
        raise lost from None
    if stands.stand is Stand.UNDONE and stands.wanted == wanted:
        raise Undone(target=str(target), reason=lost.facts["reason"]) from lost
    raise lost


def _undo(settings: Settings, driver: Driver, target: Target, wanted: str) -> None:
    try:
        driver.revert(target, wanted)
    except MachineUnreachable as lost:
        raise _lost(settings, driver, target, lost) from lost


def _lost(settings: Settings, driver: Driver, target: Target, lost: MachineUnreachable) -> ConnectionLost:
    kind = ConnectionLostUnwatched if isinstance(driver, KeptSwitch) else ConnectionLost
    return kind(target=str(target), reason=lost.facts["reason"], seconds=settings.confirm_seconds)
