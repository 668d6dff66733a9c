"""Whom an OpenVPN server believes, and what it shows of itself: authorities, their lists, its certificate and keys.

Above each text that only machines read stand rows that people can.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from foundation import clock
from foundation.speech import Phrase
from foundation.vault import vault_of
from inventory import authority, certificates, devices, tls_crypt
from inventory.authority import NoAuthority
from inventory.models.authority import Authority, Certificate
from inventory.models.devices import Device, DeviceSecret
from provisioning.facts import MachineIncomplete, Unwritable

AUTHORITIES: Final = "ca.crt"
CERTIFICATE: Final = "server.crt"
KEY: Final = "server.key"
WRAPPING: Final = "tls-crypt-v2.key"
STATIC: Final = "static.key"
FILES: Final = (AUTHORITIES, CERTIFICATE, KEY, WRAPPING, STATIC)

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")
_UNKNOWN: Final = "?"


def texts(session: Session, device: Device, at: datetime) -> dict[str, str]:
    """What the server starts with. Raises NoAuthority, MachineIncomplete, NoSuchSecret, Unwritable."""
    believed = authority.in_force(session, at)
    if not believed:
        raise NoAuthority
    own = certificates.of_server(session, device, at)
    if own is None or own.text is None or own.key is None:
        what = Phrase("un certificat de serveur OpenVPN", "a certificate for an OpenVPN server")
        raise MachineIncomplete(device=device.name, what=what)
    wrapping = devices.secret_of(session, device, certificates.SERVICE)
    if not tls_crypt.is_server_key(wrapping):
        raise Unwritable(what=Phrase("La clé tls-crypt-v2", "The tls-crypt-v2 key"), owner=device.name)
    return {
        AUTHORITIES: "".join(f"{_about(one)}{one.certificate}" for one in believed),
        CERTIFICATE: f"{_of(own)}{own.text}",
        KEY: vault_of(session).open(own.key),
        WRAPPING: tls_crypt.server_text(wrapping),
    }


def static(session: Session, device: Device) -> tuple[str, str]:
    """What files that were handed out before us are recognised by, and its key; both empty where there are none."""
    held = session.scalar(
        select(DeviceSecret.secret).where(DeviceSecret.device_id == device.id, DeviceSecret.name == certificates.STATIC)
    )
    if held is None:
        return "", ""
    key = vault_of(session).open(held)
    if not tls_crypt.is_static_key(key):
        raise Unwritable(what=Phrase("La clé statique OpenVPN", "The OpenVPN static key"), owner=device.name)
    return tls_crypt.static_text(key)


def revoked(session: Session, at: datetime) -> str:
    """The lists of all authorities in force, one after the other, with what each says. Raises NoAuthority."""
    parts = []
    for one in authority.in_force(session, at):
        held = authority.latest_list(session, one)
        if held is None:
            raise NoAuthority
        until = clock.today(held.next_update)
        rows = [f"# essaim list {held.number} of {one.name}, until {until}"]
        gone = authority.revoked_by(session, one, held.this_update)
        rows += [f"# revoked {each.serial} {shown(each.name)}" for each in gone]
        parts.append("\n".join(rows) + f"\n{held.text}")
    return "".join(parts)


def _about(one: Authority) -> str:
    return f"# essaim authority {one.name}, until {clock.today(one.not_after)}\n"


def _of(own: Certificate) -> str:
    return f"# essaim certificate of {own.name}, until {clock.today(own.not_after)}\n"


def shown(name: str) -> str:
    """A name that was signed before us may hold anything."""
    return name if _NAME.fullmatch(name) else _UNKNOWN
