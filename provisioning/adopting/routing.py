"""FRR's and BIRD 2's configurations: static routes, announced prefixes, neighbours. Told, never taken.

Who speaks with whom is agreed between people: `essaim device peer add` and `essaim aggregate add` say it.
"""

from __future__ import annotations

import re
from typing import Final

from foundation.speech import Phrase
from inventory.exchange.tables import harmless
from provisioning.adopting.found import Found

_NEIGHBOUR: Final = Phrase(
    "un voisin, {address} (AS {asn}) ; le dire à l'inventaire : essaim device peer add",
    "a neighbour, {address} (AS {asn}); to tell the inventory: essaim device peer add",
)
_ANNOUNCED: Final = Phrase(
    "annoncé : {prefix} ; le dire à l'inventaire : essaim aggregate add {prefix}",
    "announced: {prefix}; to tell the inventory: essaim aggregate add {prefix}",
)
_ROUTE: Final = Phrase("une route statique : {route}", "a static route: {route}")

_FRR: Final = (
    (re.compile(r"\s*neighbor\s+(?P<address>[0-9a-fA-F.:]+)\s+remote-as\s+(?P<asn>\d+)\s*$"), _NEIGHBOUR),
    (re.compile(r"\s+network\s+(?P<prefix>[0-9a-fA-F.:]+/\d+)"), _ANNOUNCED),
    (re.compile(r"(?P<route>ip(?:v6)? route .+)$"), _ROUTE),
)
_BIRD: Final = (
    (re.compile(r"\s*neighbor\s+(?P<address>[0-9a-fA-F.:]+)(?:\s+port\s+\d+)?\s+as\s+(?P<asn>\d+)\s*;"), _NEIGHBOUR),
    (re.compile(r"\s*(?P<route>route\s+[0-9a-fA-F.:]+/\d+\s+.+?)\s*;"), _ROUTE),
)


def read_frr(file: str, text: str) -> Found:
    """What an `frr.conf` says."""
    return _read(file, text, _FRR, "!")


def read_bird(file: str, text: str) -> Found:
    """What a `bird.conf` says."""
    return _read(file, text, _BIRD, "#")


def _read(file: str, text: str, known: tuple[tuple[re.Pattern[str], Phrase], ...], comment: str) -> Found:
    found = Found()
    for number, row in enumerate(text.splitlines(), start=1):
        for pattern, phrase in known:
            match = pattern.match(row.partition(comment)[0])
            if match:
                found.tell(file, number, phrase, **{name: harmless(said) for name, said in match.groupdict().items()})
                break
    return found
