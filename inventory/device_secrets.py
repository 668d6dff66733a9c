"""The secrets that machines' services need: given by hand or drawn here, sealed at once, shown to nobody."""

from __future__ import annotations

import base64
import re
import secrets
from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from sqlalchemy import select
from sqlalchemy.orm import Session

from foundation import journal
from foundation.acts import Act
from foundation.errors import Invalid, Refused
from foundation.speech import Phrase
from foundation.vault import vault_of
from inventory import certificates, tls_crypt
from inventory.device_facts import wireguard_key
from inventory.devices import present, set_secret
from inventory.models.devices import Device, DeviceSecret
from inventory.models.lines import Credential
from inventory.models.mandates import Task
from inventory.rights import asks
from inventory.snmp_users import SnmpUser, snmp_user

PLAIN: Final = re.compile(r"[A-Za-z0-9._~+/=-]{1,63}")
"""What every configuration takes for one word."""
_TSIG: Final = re.compile(r"hmac-sha(?:256|384|512):[a-z0-9][a-z0-9._-]{0,60}:[A-Za-z0-9+/]{20,100}={0,2}")


class Purpose(StrEnum):
    """What a machine's secret is for."""

    WIREGUARD = "wireguard"
    OPENVPN = "openvpn"
    OPENVPN_STATIC = "openvpn-static"
    RADIUS = "radius"
    L2TP = "l2tp"
    SNMP = "snmp"
    TSIG = "tsig"
    SNMP3 = "snmp3"
    SNMP_WRITE = "snmp-write"
    LOGIN = "login"

    @property
    def phrase(self) -> Phrase:
        """What it is for, as people read it."""
        return _PURPOSES[self]


_PURPOSES: Final = {
    Purpose.WIREGUARD: Phrase("clé privée WireGuard", "WireGuard private key"),
    Purpose.OPENVPN: Phrase("clé tls-crypt-v2 et certificat OpenVPN", "OpenVPN tls-crypt-v2 key and certificate"),
    Purpose.OPENVPN_STATIC: Phrase("clé statique des anciens fichiers OpenVPN", "static key of former OpenVPN files"),
    Purpose.RADIUS: Phrase("secret partagé RADIUS", "RADIUS shared secret"),
    Purpose.L2TP: Phrase("secret des tunnels L2TP", "L2TP tunnel secret"),
    Purpose.SNMP: Phrase("communauté SNMP", "SNMP community"),
    Purpose.SNMP3: Phrase("compte SNMPv3", "SNMPv3 user"),
    Purpose.SNMP_WRITE: Phrase("communauté SNMP qui écrit", "SNMP community that writes"),
    Purpose.LOGIN: Phrase("mot de passe d'Essaim sur la machine", "Essaim's password on the machine"),
    Purpose.TSIG: Phrase("clé TSIG des mises à jour DNS", "TSIG key of DNS updates"),
}


class BadPurpose(Invalid):
    """A purpose outside the list."""

    kind = "bad-purpose"
    phrase = Phrase("« {text} » : choisir parmi {purposes}.", "“{text}”: choose among {purposes}.")


class BadSecret(Invalid):
    """A secret that cannot stand in a configuration. It is not repeated."""

    kind = "bad-secret"
    phrase = Phrase(
        "Ce secret ne convient pas : 1 à 63 lettres sans accent, chiffres ou signes parmi . _ ~ + / = - "
        "Rien n'a été changé.",
        "This secret will not do: 1 to 63 plain letters, digits or signs among . _ ~ + / = - Nothing was changed.",
    )


class BadPrivateKey(Invalid):
    """A text that is no WireGuard private key. It is not repeated."""

    kind = "bad-private-key"
    phrase = Phrase(
        "Ce n'est pas une clé privée WireGuard : 32 octets en base64, comme en donne « wg genkey ». "
        "Rien n'a été changé.",
        "This is not a WireGuard private key: 32 octets in base64, as `wg genkey` gives. Nothing was changed.",
    )


class BadTsig(Invalid):
    """A text that is no TSIG key. It is not repeated."""

    kind = "bad-tsig"
    phrase = Phrase(
        "Ce n'est pas une clé TSIG : hmac-sha256:nom:base64, comme en donne « keymgr -t nom hmac-sha256 », ou le "
        "base64 seul. Rien n'a été changé.",
        "This is not a TSIG key: hmac-sha256:name:base64, as `keymgr -t name hmac-sha256` gives, or the base64 alone. "
        "Nothing was changed.",
    )


class BadWrappingKey(Invalid):
    """A text that is no tls-crypt-v2 server key. It is not repeated."""

    kind = "bad-wrapping-key"
    phrase = Phrase(
        "Ce n'est pas une clé tls-crypt-v2 de serveur : 128 octets en base64, sur une seule ligne. "
        "Rien n'a été changé.",
        "This is not a tls-crypt-v2 server key: 128 octets in base64, on a single row. Nothing was changed.",
    )


class BadStaticKey(Invalid):
    """A text that is no static key of OpenVPN's, or none at all: only those who wrote the files have it."""

    kind = "bad-static-key"
    phrase = Phrase(
        "Il faut la clé statique de vos anciens fichiers, sur une seule ligne : tls-auth: ou tls-crypt:, puis ses 512 "
        "chiffres hexadécimaux. Rien n'a été changé.",
        "This takes the static key of your former files, on a single row: tls-auth: or tls-crypt:, then its 512 "
        "hexadecimal digits. Nothing was changed.",
    )


class KeyOfMember(Refused):
    """A member's line opens with the same key."""

    kind = "key-of-member"
    phrase = Phrase(
        "Cette clé est déjà celle d'une ligne ou d'une autre machine. Rien n'a été changé.",
        "This key already is a line's or another machine's. Nothing was changed.",
    )


@asks(Task.DEVICES_WRITE, "device")
def entrust(session: Session, act: Act, device: Device, purpose: str, secret: str | None = None) -> None:
    """Seal a machine's secret, or draw one where none is given. A WireGuard key brings its public key along,
    OpenVPN's a certificate for the machine.

    Raises BadPurpose, BadSecret, BadPrivateKey, BadWrappingKey, BadStaticKey, NoAuthority, BadTsig, BadSnmpUser,
    KeyOfMember, Retired.
    """
    present(device)
    if purpose not in set(Purpose):
        raise BadPurpose(text=purpose[:32], purposes=[str(one) for one in Purpose])
    if purpose == Purpose.WIREGUARD:
        private, public = _pair(secret)
        _ours_alone(session, device, public)
        device.public_key = public
        set_secret(session, act, device, purpose, private)
        journal.record(session, act, "device.public-key", device.name, public_key=public)
        session.flush()
        return
    if purpose == Purpose.OPENVPN_STATIC:
        if not tls_crypt.is_static_key((secret or "").strip()):
            raise BadStaticKey
        set_secret(session, act, device, purpose, (secret or "").strip())
        return
    if purpose == Purpose.OPENVPN:
        wrapping = tls_crypt.new_server_key() if secret is None else secret.strip()
        if not tls_crypt.is_server_key(wrapping):
            raise BadWrappingKey
        set_secret(session, act, device, purpose, wrapping)
        if certificates.of_server(session, device, act.at) is None:
            certificates.certify_server(session, act, device)
        return
    if purpose == Purpose.TSIG:
        drawn = base64.b64encode(secrets.token_bytes(32)).decode()
        set_secret(session, act, device, purpose, tsig(drawn if secret is None else secret))
        return
    given = secrets.token_urlsafe(24) if secret is None else secret.strip()
    _fit_for(purpose, given)
    set_secret(session, act, device, purpose, given)


def _fit_for(purpose: str, given: str) -> None:
    if purpose == Purpose.SNMP3:
        snmp_user(given)
    elif not PLAIN.fullmatch(given):
        raise BadSecret


def snmp_secrets(session: Session) -> Mapping[str, str | SnmpUser]:
    """As whom each machine is read over SNMP, by its name: a user (SNMPv3) where it has one, else a community."""
    held = select(Device.name, DeviceSecret.name, DeviceSecret.secret).join(Device)
    rows = session.execute(held.where(DeviceSecret.name.in_(("snmp", "snmp3"))).order_by(DeviceSecret.name))
    opened = ((device, purpose, vault_of(session).open(sealed)) for device, purpose, sealed in rows)
    return {device: snmp_user(text) if purpose == Purpose.SNMP3 else text for device, purpose, text in opened}


def snmp_writer(session: Session, device: Device) -> str | None:
    """The community that a machine is written to with, where it has one."""
    held = select(DeviceSecret.secret).where(DeviceSecret.device_id == device.id, DeviceSecret.name == "snmp-write")
    sealed = session.scalar(held)
    return None if sealed is None else vault_of(session).open(sealed)


def tsig(text: str) -> str:
    """A TSIG key (RFC 8945) as `algorithm:name:base64`; base64 alone is of the key `essaim`. Raises BadTsig."""
    plain = text.strip()
    whole = plain if ":" in plain else f"hmac-sha256:essaim:{plain}"
    try:
        base64.b64decode(whole.rpartition(":")[2], validate=True)
    except ValueError as wrong:
        raise BadTsig from wrong
    if not _TSIG.fullmatch(whole):
        raise BadTsig
    return whole


def _pair(private: str | None) -> tuple[str, str]:
    """A WireGuard key pair (X25519), in base64: fresh, or of this private key."""
    key = X25519PrivateKey.generate()
    if private is not None:
        try:
            key = X25519PrivateKey.from_private_bytes(base64.b64decode(wireguard_key(private)))
        except Invalid:
            raise BadPrivateKey from None
    raw = serialization.Encoding.Raw, serialization.PrivateFormat.Raw, serialization.NoEncryption()
    public = key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    kept = base64.b64encode(key.private_bytes(*raw)).decode() if private is None else private.strip()
    return kept, base64.b64encode(public).decode()


def _ours_alone(session: Session, device: Device, public: str) -> None:
    other = select(Device.id).where(Device.public_key == public, Device.id != device.id)
    line = select(Credential.id).where(
        Credential.kind == "wireguard", Credential.name == public, Credential.until.is_(None)
    )
    if session.scalar(other.limit(1)) is not None or session.scalar(line.limit(1)) is not None:
        raise KeyOfMember
