"""Certificates: signed for who asks with a key of theirs, renewed for servers, taken back when an access is over.

A member's private key is never here. Of one name several certificates may be in force: the next is given ahead of the
end of the one before.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from foundation import journal
from foundation.acts import Act
from foundation.errors import Invalid, NotFound, Refused
from foundation.speech import Phrase
from foundation.vault import vault_of
from inventory import authority, signing
from inventory.models.authority import Authority, Certificate, Revoked
from inventory.models.devices import Device, DeviceSecret
from inventory.models.lines import Credential, CredentialKind, Line, Share
from inventory.models.mandates import Task
from inventory.rights import asks
from inventory.scopes import owners_of, scopes_of
from inventory.signing import PublicKey, Signed

MEMBER_LASTS: Final = timedelta(days=730)
SERVER_LASTS: Final = timedelta(days=1096)
SERVICE: Final = "openvpn"
"""The secret of a server by which it is known to serve OpenVPN."""
STATIC: Final = "openvpn-static"
"""The static key of the files that were handed out before us, where there are any."""


class NoSuchCertificate(NotFound):
    """No certificate of that serial number."""

    kind = "no-such-certificate"
    phrase = Phrase(
        "Pas de certificat numéro {serial}. Les voir : essaim ca show --certificates",
        "There is no certificate of serial number {serial}. To see them: essaim ca show --certificates",
    )


class RevokedAlready(Refused):
    """A certificate that was taken back before, or is over."""

    kind = "revoked-already"
    phrase = Phrase(
        "Le certificat {serial} n'est déjà plus valable. Rien n'a été changé.",
        "The certificate {serial} is not valid any more already. Nothing was changed.",
    )


class BadRequest(Invalid):
    """A text that holds no public key that we sign for."""

    kind = "bad-certificate-request"
    phrase = Phrase(
        "Ce n'est ni une demande de certificat ni une clé publique qui convienne (PEM ; ECDSA, Ed25519, RSA d'au "
        "moins 2048 bits). Rien n'a été changé.",
        "This is neither a certificate request nor a public key that will do (PEM; ECDSA, Ed25519, RSA of 2048 bits "
        "or more). Nothing was changed.",
    )


class BadReason(Invalid):
    """A reason outside the list."""

    kind = "bad-revocation-reason"
    phrase = Phrase("« {text} » : choisir parmi {reasons}.", "“{text}”: choose among {reasons}.")


@scopes_of.register
def _(subject: Certificate, session: Session) -> frozenset[str]:
    share = _share_of(session, subject)
    return frozenset() if share is None else scopes_of(share, session)


@owners_of.register
def _(subject: Certificate, session: Session) -> frozenset[int]:
    share = _share_of(session, subject)
    return frozenset() if share is None else owners_of(share, session)


@asks(Task.LINES_WRITE, "share", own=True)
def issue(session: Session, act: Act, share: Share, name: str, key: PublicKey) -> Signed:
    """A certificate of that name, a living one of the share's, for a key of its member's. Raises NoAuthority."""
    signed = _issued(session, act, authority.newest(session), name, key)
    line = session.get_one(Line, share.line_id)
    journal.record(
        session, act, "certificate.issue", str(line), name=name, serial=signed.serial, until=signed.not_after
    )
    return signed


@asks(Task.LINES_WRITE, "certificate", own=True)
def revoke(session: Session, act: Act, certificate: Certificate, reason: str = Revoked.STOLEN) -> None:
    """It opens nothing any more, and its authority says so. Raises RevokedAlready, BadReason."""
    reasons = (Revoked.STOLEN, Revoked.REPLACED, Revoked.ENDED)
    if reason not in reasons:
        raise BadReason(text=reason[:32], reasons=[str(one) for one in reasons])
    if certificate.revoked_at is not None or certificate.not_after <= act.at:
        raise RevokedAlready(serial=certificate.serial)
    _take_back(session, act, [certificate], Revoked(reason))


def revoke_of(session: Session, act: Act, ended: Iterable[Credential], reason: Revoked = Revoked.ENDED) -> None:
    """Take back the certificates of credentials that are over. Asks for no right: who ended them had it.

    A name that opens something still keeps its own: the line was handed on.
    """
    session.flush()
    names = {one.name for one in ended if one.kind == CredentialKind.OPENVPN}
    if not names:
        return
    living = select(Credential.name).where(
        Credential.kind == CredentialKind.OPENVPN, Credential.name.in_(names), Credential.until.is_(None)
    )
    names -= set(session.scalars(living))
    _take_back(session, act, [one for name in sorted(names) for one in in_force(session, act.at, name)], reason)


def in_force(session: Session, at: datetime, name: str | None = None) -> Sequence[Certificate]:
    """Members' certificates that open something, or those of one name; what ends first comes first."""
    query = select(Certificate).where(
        Certificate.device_id.is_(None), Certificate.revoked_at.is_(None), Certificate.not_after > at
    )
    if name is not None:
        query = query.where(Certificate.name == name)
    return session.scalars(query.order_by(Certificate.not_after, Certificate.id)).all()


def taken_back(session: Session, at: datetime) -> list[str]:
    """Names of which a certificate was revoked before its end, and none is in force, in order."""
    query = select(Certificate.name).where(
        Certificate.device_id.is_(None), Certificate.revoked_at.is_not(None), Certificate.not_after > at
    )
    return sorted(set(session.scalars(query)) - {one.name for one in in_force(session, at)})


def find_certificate(session: Session, serial: str) -> Certificate:
    """The certificate of that serial number, with or without colons. Raises NoSuchCertificate."""
    plain = serial.strip().replace(":", "").lower().lstrip("0")
    found = session.scalar(
        select(Certificate).where(Certificate.serial == plain, Certificate.device_id.is_(None)).order_by(Certificate.id)
    )
    if found is None:
        raise NoSuchCertificate(serial=serial[:48])
    return found


def list_certificates(session: Session, *, name: str | None = None) -> Sequence[Certificate]:
    """Every certificate of members, those of one name where given, the newest last, with their authorities."""
    query = select(Certificate).where(Certificate.device_id.is_(None)).options(joinedload(Certificate.authority))
    if name is not None:
        query = query.where(Certificate.name == name)
    return session.scalars(query.order_by(Certificate.id)).all()


def of_server(session: Session, device: Device, at: datetime) -> Certificate | None:
    """The newest certificate of a server."""
    return session.scalar(
        select(Certificate)
        .where(Certificate.device_id == device.id, Certificate.revoked_at.is_(None), Certificate.not_after > at)
        .options(joinedload(Certificate.authority))
        .order_by(Certificate.id.desc())
        .limit(1)
    )


def certify_server(session: Session, act: Act, device: Device) -> None:
    """A server gets a key and a certificate of the oldest authority in force, which every member knows.

    Asks for no right of its own: who gives a machine its secrets has it. Raises NoAuthority.
    """
    believed = authority.in_force(session, act.at)
    signs = believed[0] if believed else authority.newest(session)
    key, text = signing.new_key()
    signed = signing.sign(
        authority.signer_of(session, signs), device.name, key.public_key(), act.at, SERVER_LASTS, server=True
    )
    made = _row(signs, device.name, signed)
    made.device_id, made.text, made.key = device.id, signed.text, vault_of(session).seal(text)
    session.add(made)
    session.flush()
    journal.record(session, act, "certificate.issue", device.name, serial=signed.serial, until=signed.not_after)


def servers(session: Session) -> Sequence[Device]:
    """Servers of ours that serve OpenVPN, by name."""
    return session.scalars(
        select(Device)
        .join(DeviceSecret, DeviceSecret.device_id == Device.id)
        .where(DeviceSecret.name == SERVICE, Device.until.is_(None))
        .order_by(Device.name)
    ).all()


def of_servers(session: Session, at: datetime) -> list[tuple[Device, Certificate]]:
    """Those servers, each with its newest certificate."""
    each = [(device, of_server(session, device, at)) for device in servers(session)]
    return [(device, held) for device, held in each if held is not None]


def servers_due(session: Session, at: datetime) -> list[Device]:
    """Servers of ours whose certificate ends soon, or is of an authority that is over."""
    believed = {one.id for one in authority.in_force(session, at)}
    due = []
    for device in servers(session) if believed else ():
        held = of_server(session, device, at)
        if held is None or held.not_after <= at + authority.AHEAD or held.authority_id not in believed:
            due.append(device)
    return due


def due(session: Session, at: datetime) -> bool:
    """Whether something is to be signed ahead of its end."""
    return bool(authority.lists_due(session, at)) or bool(servers_due(session, at))


def keep(session: Session, act: Act) -> None:
    """Sign ahead of their end the lists and the servers' certificates. Asks for no right: it grants nobody anything."""
    for one in authority.lists_due(session, act.at):
        made = authority.sign_list(session, act.at, one)
        journal.record(session, act, "ca.sign-list", one.name, number=made.number, until=made.next_update)
    for device in servers_due(session, act.at):
        certify_server(session, act, device)


def public_key(text: str) -> PublicKey:
    """The public key of a signing request, or a public key as it is (PEM). Raises BadRequest."""
    try:
        return signing.requested(text)
    except signing.Unusable as wrong:
        raise BadRequest from wrong


def _issued(session: Session, act: Act, by: Authority, name: str, key: PublicKey) -> Signed:
    signed = signing.sign(authority.signer_of(session, by), name, key, act.at, MEMBER_LASTS)
    session.add(_row(by, name, signed))
    session.flush()
    return signed


def _row(by: Authority, name: str, signed: Signed) -> Certificate:
    return Certificate(
        authority_id=by.id,
        serial=signed.serial,
        name=name,
        not_before=signed.not_before,
        not_after=signed.not_after,
        fingerprint=signed.fingerprint,
    )


def _take_back(session: Session, act: Act, certificates: Sequence[Certificate], reason: Revoked) -> None:
    for one in certificates:
        one.revoked_at, one.reason = act.at, reason
        journal.record(session, act, "certificate.revoke", one.name, serial=one.serial, reason=reason)
    session.flush()
    for row in sorted({one.authority_id for one in certificates}):
        authority.sign_list(session, act.at, session.get_one(Authority, row))


def _share_of(session: Session, certificate: Certificate) -> Share | None:
    """Whose access it opens, while it does."""
    return session.scalar(
        select(Share)
        .join(Credential, Credential.share_id == Share.id)
        .where(
            Credential.kind == CredentialKind.OPENVPN,
            Credential.name == certificate.name,
            Credential.until.is_(None),
        )
    )
