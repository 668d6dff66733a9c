"""BGP sessions as our routers tell of them: FRR in JSON, BIRD in its own words."""

from __future__ import annotations

import json
import re
from typing import Any, Final

from foundation import reach
from foundation.errors import Unavailable
from foundation.speech import Phrase

_FRR: Final = "timeout 10 vtysh -d bgpd -c 'show bgp summary json'"
_BIRD: Final = "timeout 10 birdc show protocols all"
COMMANDS: Final = {"frr": _FRR, "debian-bird": _BIRD}
"""What is asked of a router, by its platform."""
_NEIGHBOUR: Final = re.compile(r"^\s+Neighbor address:\s+(\S+)$", re.MULTILINE)
_STATE: Final = re.compile(r"^\s+BGP state:\s+(\S+)", re.MULTILINE)


class UnreadableBgp(Unavailable):
    """What a router says of its sessions is not what it should be."""

    kind = "unreadable-bgp"
    phrase = Phrase(
        "{machine} dit de ses sessions BGP ce que l'on ne sait pas lire.",
        "{machine} says of its BGP sessions what cannot be read.",
    )


def read_sessions(means: reach.Means, machine: reach.Machine, platform: str) -> dict[str, bool]:
    """Each neighbour's address, and whether the session with it is established.

    Raises MachineUnreachable, CommandFailed (where no daemon answers), UnreadableBgp.
    """
    said = reach.run(means, machine, COMMANDS[platform], timeout=15)
    return parse_bird(said) if platform == "debian-bird" else parse_frr(machine.name, said)


def parse_frr(machine: str, text: str) -> dict[str, bool]:
    """Read FRR's summary of all families; a session counts where one of them has it established."""
    try:
        families = json.loads(text or "{}")
        peers = [peer for family in families.values() for peer in family.get("peers", {}).items()]
        found: dict[str, bool] = {}
        for address, one in peers:
            found[str(address)] = found.get(str(address), False) or _established(one)
    except (ValueError, AttributeError, RecursionError) as wrong:
        raise UnreadableBgp(machine=machine) from wrong
    return found


def parse_bird(text: str) -> dict[str, bool]:
    """Read BIRD's protocols: those with a neighbour's address are of BGP."""
    blocks = re.split(r"^(?=\S)", text, flags=re.MULTILINE)
    found = {}
    for block in blocks:
        address, state = _NEIGHBOUR.search(block), _STATE.search(block)
        if address is not None and state is not None:
            found[address[1].partition("%")[0]] = state[1] == "Established"
    return found


def _established(peer: dict[str, Any]) -> bool:
    return peer.get("state") == "Established"
