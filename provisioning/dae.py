"""Disconnect-Request (RFC 5176): the one place that knows pyrad. An LNS is told to end the session of a login.

No Message-Authenticator is asked for: l2tpns 2.4.1 sends none. The answer is still proved by the shared secret.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from pyrad import packet
from pyrad.client import Client, Timeout

from foundation import reach
from foundation.errors import Unavailable
from foundation.reach import Means
from foundation.speech import Phrase

PORT: Final = 3799
SECONDS: Final = 1.0
TRIES: Final = 3
MOST: Final = 8
"""Sessions of one login that one LNS is asked to end: a server that says yes for ever is not believed."""

_USER_NAME: Final = 1
_ERROR_CAUSE: Final = 101
_NO_SUCH_SESSION: Final = 503
_ENDED: Final = 0


class LnsSilent(Unavailable):
    """An LNS was told to end a session and answered nothing that its secret proves."""

    kind = "lns-silent"
    phrase = Phrase(
        "{lns} ne répond pas aux demandes de coupure (RADIUS, UDP {port}).",
        "{lns} does not answer requests to disconnect (RADIUS, UDP {port}).",
    )


class LnsUnwilling(Unavailable):
    """An LNS says that it will not end a session that it has."""

    kind = "lns-unwilling"
    permanent = True
    phrase = Phrase(
        "{lns} refuse de couper {login} (Error-Cause {cause}, RFC 5176).",
        "{lns} refuses to disconnect {login} (Error-Cause {cause}, RFC 5176).",
    )


@dataclass(frozen=True, slots=True)
class Lns:
    """Where an LNS listens, and the secret that it shares with RADIUS."""

    name: str
    host: str
    secret: str = field(repr=False)


def disconnect(means: Means, lns: Lns, login: str) -> int:
    """End every session of a login on an LNS: how many there were.

    Raises LnsSilent, LnsUnwilling; LabDown where the lab takes the place of machines.
    """
    with reach.network(means):
        client = Client(lns.host, coaport=PORT, secret=lns.secret.encode(), retries=TRIES, timeout=SECONDS)
        try:
            for ended in range(MOST):
                cause = _ask(client, lns, login)
                if cause == _NO_SUCH_SESSION:
                    return ended
                if cause != _ENDED:
                    raise LnsUnwilling(lns=lns.name, login=login, cause=cause)
        finally:
            client._CloseSocket()  # pyrad has no other name for it
    return MOST


def _ask(client: Client, lns: Lns, login: str) -> int:
    request = client.CreateCoAPacket(code=packet.DisconnectRequest)
    request[_USER_NAME] = [login.encode()]
    try:
        reply = client.SendPacket(request)
    except (Timeout, OSError) as lost:
        raise LnsSilent(lns=lns.name, port=PORT) from lost
    if reply.code == packet.DisconnectACK:
        return _ENDED
    return int.from_bytes(reply.get(_ERROR_CAUSE, [b""])[0]) or _NO_SUCH_SESSION
