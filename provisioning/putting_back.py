"""A text that a machine held before, put back: by a change that is planned, read, approved and applied as any other."""

from __future__ import annotations

from foundation.acts import Act
from foundation.database import Store, reading, transaction
from foundation.errors import Refused
from foundation.settings import Settings
from foundation.speech import Phrase
from inventory import announced, rights
from inventory.models.mandates import Task
from provisioning import changes, releases, targets
from provisioning.artifacts import openvpn_found
from provisioning.artifacts.openvpn import OPENVPN
from provisioning.changes import Wanted
from provisioning.drivers.protocol import Seen
from provisioning.lock import locked
from provisioning.models import ChangeState, Purpose
from provisioning.plan import Planned, shown


class NotApplied(Refused):
    """A change that no machine took: there is nothing to put back."""

    kind = "not-applied"
    phrase = Phrase(
        "{change} est « {state} » : il n'a rien changé, il n'y a rien à remettre. "
        "Ceux qui ont été appliqués : essaim change list",
        "{change} is “{state}”: it changed nothing, there is nothing to put back. "
        "Those that were applied: essaim change list",
    )


class NothingBefore(Refused):
    """A change before which the machine held nothing."""

    kind = "nothing-before"
    phrase = Phrase(
        "Avant {change}, {target} n'avait aucune configuration : il n'y a rien à remettre. Rien n'a été changé.",
        "Before {change}, {target} had no configuration at all: there is nothing to put back. Nothing was changed.",
    )


class MadeByHand(Refused):
    """A change before which somebody else's server ran, of which we have no files."""

    kind = "made-by-hand"
    phrase = Phrase(
        "Avant {change}, {target} était un serveur fait à la main : Essaim n'a pas ses fichiers, qui sont toujours sur "
        "la machine. Rien n'a été changé. Y revenir : l'y relancer après avoir arrêté celui d'Essaim.",
        "Before {change}, {target} was a server made by hand: Essaim does not have its files, which are on the machine "
        "still. Nothing was changed. To go back to it: start it there once that of Essaim is stopped.",
    )


class CutShort(Refused):
    """A target on which an apply was cut short."""

    kind = "cut-short"
    phrase = Phrase(
        "{change} a été interrompu sur {target}. Voir d'abord ce que la machine tient : essaim change plan",
        "{change} was cut short on {target}. First see what the machine holds: essaim change plan",
    )


def revert(store: Store, settings: Settings, act: Act, number: str) -> Planned:
    """Plan a change that puts back what a machine held before the change of that number; touch nothing.

    No change where the machine holds it already. Raises NoSuchChange, NoTarget, NotApplied, NothingBefore, MadeByHand,
    CutShort, TargetBusy, what the driver raises, and what rights raise.
    """
    with reading(store) as session:
        former = changes.find_change(session, number)
        device, target = targets.target_of(session, former)
        rights.demand(session, act, Task.CHANGES_PROPOSE, device)
        if former.state != ChangeState.APPLIED:
            raise NotApplied(change=str(former), state=ChangeState(former.state))
        held = releases.unnoted(changes.before_of(session, former))
        if not held:
            raise NothingBefore(change=str(former), target=str(target))
        if target.artifact is OPENVPN and openvpn_found.only_meant(held):
            raise MadeByHand(change=str(former), target=str(target))
        wanted = Wanted(device.id, target, held, Purpose.REVERT, former.id)
        works = announced.of_device(session, device, act.at)
    seen = look(store, settings, wanted)
    with transaction(store) as session:
        change = changes.propose(session, act, wanted, seen)
        return Planned(str(target), works=works) if change is None else shown(str(target), change, works)


def look(store: Store, settings: Settings, wanted: Wanted) -> Seen:
    """What a target runs, against a former text. Raises CutShort, TargetBusy, and what the driver raises."""
    with locked(settings, wanted.target):
        with reading(store) as session:
            unsettled = changes.in_hand(session, wanted.device_id, wanted.target.artifact.name)
            if unsettled is not None:
                # Only what that change itself was to bring tells what became of it.
                raise CutShort(change=str(unsettled), target=str(wanted.target))
        return targets.driver_for(settings, wanted.target).look(wanted.target, wanted.desired)
