"""The key by which our routers know each other inside (OSPF), and how another takes its place.

Three steps, each brought to every router before the next: all accept a second key beside the first; all send by the
second, and accept the first still; the first goes. At no moment does one send what its neighbour does not believe.
"""

from __future__ import annotations

import secrets
import string
from collections.abc import Sequence
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from foundation import journal
from foundation.acts import Act
from foundation.errors import Refused
from foundation.speech import Phrase
from foundation.vault import vault_of
from inventory.models.mandates import Task
from inventory.models.routing import KeyState, OspfKey
from inventory.rights import asks

FOUR: Final = 16
"""Characters of the key for IPv4: keyed MD5 takes no more (RFC 2328, D.3)."""
SIX: Final = 32
"""Characters of the key for IPv6: as long as what HMAC-SHA-256 gives (RFC 7166)."""
_NUMBERS: Final = 255
_SIGNS: Final = string.ascii_letters + string.digits


class NoOspfKey(Refused):
    """Routers know each other by no key."""

    kind = "no-ospf-key"
    phrase = Phrase(
        "Les routeurs n'ont pas de clé entre eux. Rien n'a été changé. En tirer une : essaim ospf rotate",
        "Routers have no key between them. Nothing was changed. To draw one: essaim ospf rotate",
    )


@asks(Task.DEVICES_WRITE)
def rotate(session: Session, act: Act) -> KeyState | None:
    """Go one step further, and say what came: a first or a second key, the second one in use, or the first one gone.

    `SENT` is said of a first key and of a second one put in use, `WAITING` of a second one drawn, None of a first one
    that went.
    """
    held = {KeyState(one.state): one for one in list_keys(session)}
    if KeyState.FORMER in held:
        step, came = "end", None
        session.delete(held[KeyState.FORMER])
    elif KeyState.WAITING in held:
        step, came = "use", KeyState.SENT
        held[KeyState.SENT].state = KeyState.FORMER
        session.flush()  # there is one of each state, at every moment
        held[KeyState.WAITING].state = KeyState.SENT
        for one in held.values():
            one.since = act.at
    else:
        step = "add"
        came = KeyState.WAITING if KeyState.SENT in held else KeyState.SENT
        _draw(session, act, came, after=held[KeyState.SENT].number if held else 0)
    session.flush()
    journal.record(
        session, act, f"ospf-key.{step}", "ospf", keys=[f"{one.number} {one.state}" for one in list_keys(session)]
    )
    return came


@asks(Task.DEVICES_WRITE)
def stop(session: Session, act: Act) -> None:
    """Routers know each other by no key any more. Raises NoOspfKey."""
    held = list_keys(session)
    if not held:
        raise NoOspfKey
    for one in held:
        session.delete(one)
    session.flush()
    journal.record(session, act, "ospf-key.remove", "ospf", keys=[one.number for one in held])


def list_keys(session: Session) -> Sequence[OspfKey]:
    """The keys in force, in the order of their numbers."""
    return session.scalars(select(OspfKey).order_by(OspfKey.number)).all()


def opened(session: Session, key: OspfKey) -> tuple[str, str]:
    """A key as it stands in configurations: for IPv4, and for IPv6."""
    secret = vault_of(session).open(key.secret)
    return secret[:FOUR], secret[FOUR:]


def _draw(session: Session, act: Act, state: KeyState, *, after: int) -> None:
    drawn = "".join(secrets.choice(_SIGNS) for _ in range(FOUR + SIX))
    sealed = vault_of(session).seal(drawn)
    session.add(OspfKey(number=after % _NUMBERS + 1, state=state, since=act.at, secret=sealed))
