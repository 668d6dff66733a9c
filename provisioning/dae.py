"""Disconnect-Request (RFC 5176): the one place that knows pyrad. An LNS is told to end the session of a login.

No Message-Authenticator is asked for: l2tpns 2.4.1 sends none. The answer is still proved by the shared secret.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address
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
_FRAMED_ADDRESS: Final = 8
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


def disconnect(means: Means, lns: Lns, login: str, addresses: Sequence[str] = ()) -> int:
    """End every session of a login on an LNS: how many there were, as far as the LNS tells them apart.

    The sessions that have these IPv4 addresses are asked for by them first. By a login alone l2tpns finds the first of
    its table, and one that is over stays there for a quarter of a minute: it would be ended over and over, and one that
    was opened since would stand. Raises LnsSilent, LnsUnwilling; LabDown where the lab takes the place of machines.
    """
    with reach.network(means):
        client = Client(lns.host, coaport=PORT, secret=lns.secret.encode(), retries=TRIES, timeout=SECONDS)
        try:
            ended = sum(_end_all(client, lns, login, address) for address in addresses)
            others = _end_all(client, lns, login, None)
        finally:
            client._CloseSocket()  # pyrad has no other name for it
    return ended + others if others < MOST else max(ended, 1)


def _end_all(client: Client, lns: Lns, login: str, address: str | None) -> int:
    for ended in range(MOST):
        cause = _ask(client, lns, login, address)
        if cause == _NO_SUCH_SESSION or (cause != _ENDED and address is not None):
            return ended  # an LNS that takes no address is asked by the login alone
        if cause != _ENDED:
            raise LnsUnwilling(lns=lns.name, login=login, cause=cause)
    return MOST


def _ask(client: Client, lns: Lns, login: str, address: str | None) -> int:
    request = client.CreateCoAPacket(code=packet.DisconnectRequest)
    request[_USER_NAME] = [login.encode()]
    if address is not None:
        request[_FRAMED_ADDRESS] = [IPv4Address(address).packed]
    try:
        reply = client.SendPacket(request)
    except (Timeout, OSError) as lost:
        raise LnsSilent(lns=lns.name, port=PORT) from lost
    if reply.code == packet.DisconnectACK:
        return _ENDED
    return int.from_bytes(reply.get(_ERROR_CAUSE, [b""])[0]) or _NO_SUCH_SESSION
