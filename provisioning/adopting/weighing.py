"""A machine read, and what it serves weighed against the inventory. Nothing is changed, here or there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from sqlalchemy.orm import Session

from foundation.acts import Act
from foundation.database import Store, reading
from foundation.settings import Settings
from inventory import devices, offers, rights
from inventory.exchange import planning
from inventory.exchange.plans import Plan
from inventory.models.mandates import Task
from provisioning.adopting import gathering
from provisioning.adopting.proposing import Proposal, propose


def files_of(store: Store, settings: Settings, act: Act, host: str, copy: Path | None) -> dict[str, str]:
    """The files of a machine, or of a copy of its /etc, with no transaction open. There are secrets in them.

    Who reads them may plan its changes. Raises NoSuchDevice, NotMandated, WhoAreYou, NoSuchCopy, TooMuch,
    MachineUnreachable, CommandFailed, Illegible.
    """
    with reading(store) as session:
        device = devices.find_device(session, host)
        rights.demand(session, act, Task.CHANGES_PROPOSE, device)
        machine = devices.machine(device)
    return gathering.of_machine(settings.means(), machine) if copy is None else gathering.of_folder(copy)


def weigh(
    session: Session, act: Act, host: str, files: Mapping[str, str], chosen: Sequence[str]
) -> tuple[Proposal, Plan]:
    """What to adopt, and the import that it would be. Raises Unreadable, BadIndex, NoSuchDevice, NoSuchOffer."""
    device = devices.find_device(session, host)
    found = gathering.read(files)
    proposal = propose(session, device, found, [offers.find_offer(session, name) for name in chosen])
    return proposal, planning.plan(session, proposal.reading, act.at)
