"""The dead man's switch of a Linux machine, from afar: `playbooks/machine/essaim_undo.py` is the other half."""

from __future__ import annotations

import importlib.resources
import json
import shlex
from typing import Any, Final

from foundation import reach
from foundation.reach import Means
from foundation.speech import Phrase
from provisioning.artifact import Target
from provisioning.drivers.protocol import NotWhole, Stand, Standing, Undone, Unsettled
from provisioning.releases import Illegible

PROGRAM: Final = "/usr/local/sbin/essaim-undo"
SECONDS: Final = 900.0
"""An undo may have to wait for a commit that is under way, then restart a daemon."""

REVERTED: Final = "essaim asked for it"
_UNKNOWN: Final = Phrase("sans raison donnée", "without a reason")
_REASONS: Final = {
    REVERTED: Phrase("Essaim l'a demandé", "Essaim asked for it"),
    "nobody confirmed it in time": Phrase("personne ne l'a confirmé à temps", "nobody confirmed it in time"),
    "the daemon refused it": Phrase("le démon l'a refusé", "the daemon refused it"),
    "the machine stopped before anyone confirmed it": Phrase(
        "la machine s'est arrêtée avant qu'il soit confirmé", "the machine stopped before it was confirmed"
    ),
}


def source() -> str:
    """The program, as it is shipped to machines."""
    return (importlib.resources.files("playbooks") / "machine" / "essaim_undo.py").read_text(encoding="utf-8")


def standing(means: Means, target: Target) -> Standing:
    """Where the last change of the target stands. Raises MachineUnreachable, CommandFailed, Illegible."""
    found = _ask(means, target, "state", timeout=60)
    if found.get("pending"):
        return Standing(Stand.WAITING, str(found["pending"]["wanted"]), float(found["pending"]["left"]))
    return _ended(found.get("last", {}))


def check_free(means: Means, target: Target) -> None:
    """Raises Unsettled when a change of the target waits."""
    now = standing(means, target)
    if now.stand is Stand.WAITING:
        raise Unsettled(target=str(target), seconds=round(now.seconds))


def confirm(means: Means, target: Target, wanted: str) -> None:
    """Keep the change. Raises Undone, and what `standing` raises."""
    ended = _ended(_ask(means, target, "confirm", wanted))
    if ended.stand is Stand.UNDONE and ended.wanted == wanted:
        raise Undone(target=str(target), reason=ended.reason)


def revert(means: Means, target: Target, wanted: str) -> None:
    """Undo the change at once. Raises NotWhole, and what `standing` raises."""
    ended = _ended(_ask(means, target, "now", wanted, REVERTED))
    if ended.stand is Stand.UNDONE and ended.wanted == wanted and not ended.whole:
        raise NotWhole(target=str(target), reason=ended.reason)


def _ended(last: dict[str, Any]) -> Standing:
    match last.get("end"):
        case "confirmed":
            return Standing(Stand.CONFIRMED, str(last["wanted"]))
        case "undone":
            why, said = _REASONS.get(str(last.get("why")), _UNKNOWN), str(last.get("said", ""))
            reason = Phrase(f"{why.fr} ; {said}", f"{why.en}; {said}") if said else why
            return Standing(Stand.UNDONE, str(last["wanted"]), reason=reason, whole=bool(last["whole"]))
        case _:
            return Standing(Stand.NONE)


def _ask(means: Means, target: Target, verb: str, *words: str, timeout: float = SECONDS) -> dict[str, Any]:
    asked = shlex.join([PROGRAM, verb, target.artifact.name, *words])
    # A machine that was never changed by us has no switch.
    said = reach.run(means, target.machine, f"[ -x {PROGRAM} ] || {{ echo '{{}}'; exit 0; }}; {asked}", timeout=timeout)
    try:
        answer: dict[str, Any] = json.loads(said)
    except ValueError as unread:
        raise Illegible(what=f"essaim-undo {verb}") from unread
    return answer
