"""What a machine served before we ever wrote there: the first plan takes none of it away unasked.

Each artifact owns its file, folder or table, and what others put beside is theirs. Where a whole file becomes ours, as
with WireGuard's and FreeRADIUS', whoever is in it and unknown to the inventory would be cut without a word.
"""

from __future__ import annotations

import re
from typing import Final

from sqlalchemy.orm import Session

from foundation.errors import Refused
from foundation.speech import Phrase
from provisioning import changes
from provisioning.artifact import Recognising
from provisioning.changes import Wanted
from provisioning.drivers.protocol import Seen

SHOWN: Final = 8
_ROUTING: Final = re.compile(r"^-\s*((?:ip(?:v6)? route|neighbor \S+ remote-as|network) .*)$", re.MULTILINE)


class FoundBeside(Refused):
    """A machine that was never configured by us serves what the inventory does not know."""

    kind = "found-beside"
    phrase = Phrase(
        "{target} sert déjà ce que l'inventaire ne connaît pas ({count}) : {what}. Ce plan l'enlèverait ; rien n'est "
        "proposé. Le reprendre : essaim adopt {machine}. L'enlever : essaim change plan --take-over {target}",
        "{target} serves already what the inventory does not know ({count}): {what}. This plan would take it away; "
        "nothing is proposed. To adopt it: essaim adopt {machine}. To take it away: essaim change plan --take-over "
        "{target}",
    )


def check(session: Session, wanted: Wanted, seen: Seen) -> None:
    """Raises FoundBeside where nothing of ours was ever applied, and something that is served there would go."""
    target = wanted.target
    if not seen.diff or changes.last_applied(session, wanted.device_id, target.artifact.name) is not None:
        return
    if isinstance(target.artifact, Recognising):
        beside = target.artifact.strangers(seen.texts, wanted.desired)
    else:
        beside = tuple(_ROUTING.findall(seen.diff))
    if beside:
        what = ", ".join(beside[:SHOWN]) + (" …" if len(beside) > SHOWN else "")
        raise FoundBeside(target=str(target), machine=target.machine.name, count=len(beside), what=what)
