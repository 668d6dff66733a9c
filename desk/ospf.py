"""Whether routers are ready for the next step of a new key: each was given all that the inventory wants of it today."""

from __future__ import annotations

from foundation import clock
from foundation.database import Store, reading
from foundation.errors import EssaimError, Refused
from foundation.speech import Phrase
from provisioning import changes, targets


class RoutersLag(Refused):
    """A router was not given the former step yet: the next one would part it from the others."""

    kind = "routers-lag"
    phrase = Phrase(
        "{targets} : l'étape précédente n'y est pas encore. Rien n'a été changé. L'y apporter : essaim change plan, "
        "puis apply. Passer outre, en coupant ces routeurs des autres : --anyway",
        "{targets}: the former step is not there yet. Nothing was changed. To bring it there: essaim change plan, "
        "then apply. To go on all the same, and part these routers from the others: --anyway",
    )


def lagging(store: Store) -> list[str]:
    """The routers that were last given something else than what is wanted of them, by target.

    One to which Essaim never brought anything is among them where keys are wanted of it.
    """
    found = []
    with reading(store) as session:
        for device, target in targets.every_target(session):
            if target.artifact.role != "router" or target.artifact.name == "carrier":
                continue
            try:
                desired = targets.wanted(session, device, target, clock.now()).desired
            except EssaimError:
                continue  # nothing can be brought there at all
            last = changes.last_applied(session, device.id, target.artifact.name)
            if last is None or changes.desired_of(session, last) != dict(desired):
                found.append(str(target))
    return found


def check_ready(store: Store) -> None:
    """Raises RoutersLag."""
    late = lagging(store)
    if late:
        raise RoutersLag(targets=late)
