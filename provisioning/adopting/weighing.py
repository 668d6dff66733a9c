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
from provisioning import targets
from provisioning.adopting import gathering
from provisioning.adopting.proposing import Proposal, propose
from provisioning.drivers.protocol import Showing


def files_of(store: Store, settings: Settings, act: Act, host: str, copy: Path | None) -> dict[str, str]:
    """The files of a machine, or of a copy of its /etc, with no transaction open; of a router without a shell, what it
    runs. There are secrets in them.

    Who reads them may plan its changes. Raises NoSuchDevice, NotMandated, WhoAreYou, NoSuchCopy, TooMuch,
    MachineUnreachable, CommandFailed, Illegible.
    """
    with reading(store) as session:
        device = devices.find_device(session, host)
        rights.demand(session, act, Task.CHANGES_PROPOSE, device)
        machine = devices.machine(device)
        asked = next((target for one, target in targets.every_target(session) if one.id == device.id), None)
    if copy is None and asked is not None and not asked.artifact.platform.startswith(("debian", "frr", "rfc")):
        driver = targets.driver_for(settings, asked)
        if isinstance(driver, Showing):  # it has no /etc
            return dict(driver.shown(asked))
    return gathering.of_machine(settings.means(), machine) if copy is None else gathering.of_folder(copy)


def weigh(
    session: Session, act: Act, host: str, files: Mapping[str, str], chosen: Sequence[str]
) -> tuple[Proposal, Plan]:
    """What to adopt, and the import that it would be. Raises Unreadable, BadIndex, NoSuchDevice, NoSuchOffer."""
    device = devices.find_device(session, host)
    found = gathering.read(files)
    proposal = propose(session, device, found, [offers.find_offer(session, name) for name in chosen])
    return proposal, planning.plan(session, proposal.reading, act.at)
