"""One question to one name server, as anybody's machine asks it."""

from __future__ import annotations

from typing import Final

import dns.exception
import dns.message
import dns.query
import dns.rdatatype

from foundation.errors import Unavailable
from foundation.speech import Phrase

SECONDS: Final = 2.0


class NoName(Unavailable):
    """A name server says nothing, or nothing that can be read."""

    kind = "no-name"
    phrase = Phrase(
        "Le serveur DNS {server} ne répond pas pour {name} : {reason}.",
        "Name server {server} does not answer for {name}: {reason}.",
    )


def ask(server: str, name: str, kind: str, seconds: float = SECONDS) -> frozenset[str]:
    """What a server says a name is, as texts; nothing where it knows none. Raises NoName."""
    question = dns.message.make_query(name, kind)
    try:
        said = dns.query.udp(question, server, timeout=seconds)
    except (dns.exception.DNSException, OSError) as silent:
        raise NoName(server=server, name=name, reason=type(silent).__name__) from silent
    wanted = dns.rdatatype.from_text(kind)
    return frozenset(str(one) for held in said.answer if held.rdtype == wanted for one in held)
