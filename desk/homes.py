"""What a lab member has at home to connect with: by the inventory, and the private key that only they hold."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy.orm import Session

from foundation.database import Store, reading
from foundation.errors import NotFound, Refused
from foundation.settings import Settings
from foundation.speech import Phrase
from foundation.vault import vault_of
from inventory import devices, lines
from inventory.models.addresses import Assignment, IPNetwork, Role
from inventory.models.lines import Line, LineState, Technology
from provisioning.handouts import WireGuardHandout, own_address


class KeyNotHere(NotFound):
    """The member's private key is not on this machine, as it should be everywhere but in a lab."""

    kind = "key-not-here"
    phrase = Phrase(
        "La clé privée de {line} est chez son membre, pas ici.",
        "The private key of {line} is at its member's, not here.",
    )


class NotLive(Refused):
    """A line that is not on the machines."""

    kind = "not-live"
    phrase = Phrase(
        "{line} est « {state} » : rien ne peut s'y connecter.",
        "{line} is “{state}”: nothing can connect to it.",
    )


@dataclass(frozen=True, slots=True)
class Access:
    """One line as a lab's home and the checks need it; `secrets` is what the member's own box is given."""

    line: str
    home: str
    program: str
    secrets: str = field(repr=False)
    mtu: int
    wan: IPNetwork
    delegated: IPNetwork
    routed: tuple[IPNetwork, ...]


def access(store: Store, settings: Settings, number: str) -> Access:
    """What the home of a line connects with. Raises NoSuchLine, NotLive, KeyNotHere."""
    with reading(store) as session:
        line = lines.find_line(session, number)
        if line.state not in lines.RENDERED:
            raise NotLive(line=str(line), state=LineState(line.state))
        held = _held(line)
        tunnel = line.offer.technology == Technology.WIREGUARD
        return Access(
            line=str(line),
            home="home-wireguard" if tunnel else "home-adsl",
            program="lab.wireguard" if tunnel else "lab.adsl",
            secrets=_wireguard(settings, line) if tunnel else _adsl(session, line),
            mtu=line.offer.mtu,
            wan=next(one.prefix for one in held if one.role == Role.WAN),
            delegated=next(one.prefix for one in held if one.role == Role.DELEGATED),
            routed=tuple(one.prefix for one in held if one.role == Role.ROUTED),
        )


def of_lab(store: Store, settings: Settings) -> list[str]:
    """The lines that have a home in the lab: tunnels whose key is here, and the first copper line that is shared."""
    with reading(store) as session:
        live = [line for line in lines.list_lines(session, limit=1000) if line.state in lines.RENDERED]
        tunnels = [str(line) for line in live if _key_file(settings, str(line)).exists()]
        shared = [str(line) for line in live if line.offer.technology == Technology.ADSL and len(line.shares) > 1]
        return tunnels + shared[:1]


def keep_key(settings: Settings, line: str, private_key: str) -> None:
    """Put a private key on the disk of a lab's member: the association itself never keeps one."""
    path = _key_file(settings, line)
    path.parent.mkdir(mode=0o700, exist_ok=True)
    path.touch(mode=0o600)
    path.write_text(private_key + "\n")


def _key_file(settings: Settings, line: str) -> Path:
    return settings.var / "homes" / f"{line}.key"


def _held(line: Line) -> list[Assignment]:
    return [one for share in line.shares for one in share.assignments if one.until is None]


def _wireguard(settings: Settings, line: Line) -> str:
    key = _key_file(settings, str(line))
    if line.device is None or not key.exists():
        raise KeyNotHere(line=str(line))
    handout = WireGuardHandout(
        private_key=key.read_text().strip(),
        addresses=tuple(own_address(one.prefix) for one in _held(line)),
        mtu=line.offer.mtu,
        server_key=line.device.public_key or "",
        endpoint=line.device.endpoint or "",
    )
    return json.dumps({"configuration": handout.text()})


def _adsl(session: Session, line: Line) -> str:
    logins = [one for share in line.shares for one in share.credentials if one.until is None and one.secret is not None]
    if line.device is None or not logins or logins[0].secret is None:
        raise KeyNotHere(line=str(line))
    return json.dumps(
        {
            "lns": (line.device.endpoint or "").rpartition(":")[0],
            "secret": devices.secret_of(session, line.device, "l2tp"),
            "login": logins[0].name,
            "password": vault_of(session).open(logins[0].secret),
            "routed": [str(one.prefix) for one in _held(line) if one.role == Role.ROUTED],
        }
    )
