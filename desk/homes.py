"""What a lab member has at home to connect with: by the inventory, and the private key that only they hold."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from foundation import clock
from foundation.database import Store, reading
from foundation.errors import NotFound, Refused
from foundation.settings import Settings
from foundation.speech import Phrase
from foundation.vault import vault_of
from inventory import collecting, devices, lines, rules
from inventory.models.access import VlanPair
from inventory.models.addresses import Assignment, IPNetwork, Role
from inventory.models.lines import Line, LineState, Technology
from provisioning import facts
from provisioning.handouts import WireGuardHandout, own_address

_RADIO: Final = "lab.ipoe"
_ANY: Final = 65_535
"""As much as any packet."""


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
    """One line as a lab's home and the checks need it; `secrets` is what the member's own box is given.

    `met` is whether some machine of ours says that the line is connected: nobody does of one that is known by its wire.
    `asks` is a name server of ours, a name and its address, where the association has one.
    """

    line: str
    home: str
    program: str
    secrets: str = field(repr=False)
    mtu: int
    wan: IPNetwork
    delegated: IPNetwork
    routed: tuple[IPNetwork, ...]
    met: bool = True
    asks: tuple[str, str, str] | None = None


def access(store: Store, settings: Settings, number: str) -> Access:
    """What the home of a line connects with. Raises NoSuchLine, NotLive, KeyNotHere."""
    with reading(store) as session:
        line = lines.find_line(session, number)
        if line.state not in lines.RENDERED:
            raise NotLive(line=str(line), state=LineState(line.state))
        held = _held(line)
        home, program, secrets = _box(session, settings, line)
        return Access(
            line=str(line),
            home=home,
            program=program,
            secrets=secrets,
            mtu=min(line.mtu or line.offer.mtu, collecting.carried(session).get(line.device_id or 0, _ANY)),
            wan=next(one.prefix for one in held if one.role == Role.WAN),
            delegated=next(one.prefix for one in held if one.role == Role.DELEGATED),
            routed=tuple(one.prefix for one in held if one.role == Role.ROUTED),
            met=program != _RADIO,
            asks=_asked(session),
        )


def of_lab(store: Store, settings: Settings) -> list[str]:
    """The lines that have a home in the lab: tunnels whose key is here, the first copper line that is shared, radio."""
    with reading(store) as session:
        live = [line for line in lines.list_lines(session, limit=1000) if line.state in lines.RENDERED]
        tunnels = [str(line) for line in live if any(file.exists() for file in _files(settings, str(line)))]
        radio = [str(line) for line in live if line.offer.technology == Technology.RADIO]
        shared = [str(line) for line in live if line.offer.technology == Technology.ADSL and len(line.shares) > 1]
        return tunnels + shared[:1] + radio


def keep_key(settings: Settings, line: str, private_key: str) -> None:
    """Put a private key on the disk of a lab's member: the association itself never keeps one."""
    _keep(_key_file(settings, line), private_key + "\n")


def keep_file(settings: Settings, line: str, text: str) -> None:
    """Put an `.ovpn` that was handed out on the disk of a lab's member."""
    _keep(_ovpn_file(settings, line), text)


def _keep(path: Path, text: str) -> None:
    path.parent.mkdir(mode=0o700, exist_ok=True)
    path.touch(mode=0o600)
    path.write_text(text)


def _box(session: Session, settings: Settings, line: Line) -> tuple[str, str, str]:
    """Where the home of a line is in the lab, the program that plays its box, and what that is given."""
    match line.offer.technology:
        case Technology.WIREGUARD:
            return "home-wireguard", "lab.wireguard", _wireguard(settings, line)
        case Technology.OPENVPN:
            return "home-openvpn", "lab.openvpn", _openvpn(settings, line)
        case Technology.RADIO:
            return f"home-radio{_tag(session, line)}", _RADIO, json.dumps({"interface": "wan0"})
        case _:
            return "home-adsl", "lab.adsl", _adsl(session, line)


def _asked(session: Session) -> tuple[str, str, str] | None:
    """The first name server of ours, and what it says of itself."""
    zone, servers = rules.value(session, "dns.zone"), devices.list_devices(session, role="dns", limit=1)
    if not zone or not servers:
        return None
    address = str(facts.core_address(session, servers[0], 4, clock.now()))
    return address, f"{servers[0].name}.{zone}", address


def _tag(session: Session, line: Line) -> int:
    """The VLAN by which a line arrives. Raises KeyNotHere where none is said."""
    pair = session.scalar(select(VlanPair).where(VlanPair.line_id == line.id, VlanPair.until.is_(None)))
    if pair is None:
        raise KeyNotHere(line=str(line))
    return pair.outer_tag


def _openvpn(settings: Settings, line: Line) -> str:
    file = _ovpn_file(settings, str(line))
    if not file.exists():
        raise KeyNotHere(line=str(line))
    return json.dumps({"configuration": file.read_text()})


def _files(settings: Settings, line: str) -> tuple[Path, ...]:
    return _key_file(settings, line), _ovpn_file(settings, line)


def _ovpn_file(settings: Settings, line: str) -> Path:
    return settings.var / "homes" / f"{line}.ovpn"


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
        mtu=line.mtu or line.offer.mtu,
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
