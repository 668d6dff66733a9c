"""Sessions of BGP over IPv4 (BGP4-MIB, RFC 4273), under their neighbour's address."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from foundation.speech import Phrase
from monitoring.series import Measure
from monitoring.snmp.answers import Answers, Module, Quantity, oids, table

_PEER: Final = "1.3.6.1.2.1.15.3.1"
PEERS: Final = (
    # From idle, 1, to established, 6.
    Quantity("bgpPeerState", f"{_PEER}.2", "state", 1, 1),
    # Stopped by hand, 1, or started, 2.
    Quantity("bgpPeerAdminStatus", f"{_PEER}.3", "state", 1, 1),
    Quantity("bgpPeerRemoteAs", f"{_PEER}.9", "number"),
    Quantity("bgpPeerInUpdates", f"{_PEER}.10", "messages"),
    Quantity("bgpPeerOutUpdates", f"{_PEER}.11", "messages"),
    Quantity("bgpPeerTransitions", f"{_PEER}.15", "count"),
    Quantity("bgpPeerEstablishedTime", f"{_PEER}.16", "seconds"),
)


def read(answers: Answers) -> Sequence[Measure]:
    """Each session: whether it is up, since when, and how often it has come up."""
    return list(table(answers, PEERS))


BGP = Module(
    name="bgp",
    phrase=Phrase("ses sessions BGP", "its BGP sessions"),
    probe=f"{_PEER}.2",
    columns=oids(*PEERS),
    read=read,
)
