"""The association's certificate authority: made here or brought along, renewed beside itself, its lists signed ahead.

Its key is in the vault and signs here alone. The newest authority signs; a former one stays in force until the last
certificate that it gave a member is over. One of which we do not know what it signed stays so until its own end.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from cryptography.x509.oid import NameOID
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from foundation import journal
from foundation.acts import Act
from foundation.errors import Invalid, Refused
from foundation.speech import Phrase
from foundation.vault import vault_of
from inventory import signing
from inventory.easy_rsa import Issued
from inventory.models.authority import Authority, Certificate, RevocationList, Revoked
from inventory.models.mandates import Task
from inventory.rights import asks
from inventory.signing import Signer, Unusable

LASTS: Final = timedelta(days=3653)
LIST_LASTS: Final = timedelta(days=180)
AHEAD: Final = timedelta(days=90)
"""How long before its end a list is signed again, and a server's certificate renewed."""

_NAME: Final = re.compile(r"\w[\w .'-]{0,63}")
_REASONS: Final = {
    "certificate": Phrase("ce n'est pas un certificat (PEM)", "this is no certificate (PEM)"),
    "key": Phrase("sa clé privée ne s'ouvre pas", "its private key does not open"),
    "pair": Phrase("la clé n'est pas celle du certificat", "the key is not that of the certificate"),
    "authority": Phrase("ce certificat ne peut pas en signer d'autres", "this certificate cannot sign others"),
    "weak": Phrase("sa clé est trop faible", "its key is too weak"),
    "request": Phrase("sa clé est d'une sorte que nous ne connaissons pas", "its key is of a kind that we do not know"),
}


class NoAuthority(Refused):
    """Nothing can be signed: there is no authority yet."""

    kind = "no-authority"
    phrase = Phrase(
        "L'association n'a pas encore d'autorité de certification. Rien n'a été changé. En créer une : "
        "essaim ca create",
        "The association has no certificate authority yet. Nothing was changed. To make one: essaim ca create",
    )


class AuthorityThere(Refused):
    """There is one already: another comes beside it, not in its place."""

    kind = "authority-there"
    phrase = Phrase(
        "Il y a déjà une autorité, {name}. Rien n'a été changé. En mettre une nouvelle à côté : essaim ca rotate",
        "There already is an authority, {name}. Nothing was changed. To put a new one beside it: essaim ca rotate",
    )


class AuthorityKnown(Refused):
    """This very authority, or another of its name, is here already."""

    kind = "authority-known"
    phrase = Phrase(
        "L'autorité {name} est déjà là. Rien n'a été changé. La voir : essaim ca show",
        "The authority {name} is here already. Nothing was changed. To see it: essaim ca show",
    )


class BadAuthorityName(Invalid):
    """A text that names no authority."""

    kind = "bad-authority-name"
    phrase = Phrase(
        "« {name} » ne peut pas nommer une autorité : au plus 64 lettres, chiffres, espaces, points et tirets. "
        "Rien n'a été changé.",
        "“{name}” cannot name an authority: at most 64 letters, digits, spaces, dots and hyphens. Nothing was changed.",
    )


class BadAuthority(Invalid):
    """A certificate and key with which nothing can be signed."""

    kind = "bad-authority"
    phrase = Phrase(
        "Cette autorité ne convient pas : {reason}. Rien n'a été changé.",
        "This authority will not do: {reason}. Nothing was changed.",
    )


@asks(Task.KEYS_KEEP)
def create_authority(session: Session, act: Act, name: str) -> Authority:
    """The association's first authority. Raises AuthorityThere, BadAuthorityName."""
    there = list_authorities(session)
    if there:
        raise AuthorityThere(name=str(there[-1]))
    return _made(session, act, name, "ca.create")


@asks(Task.KEYS_KEEP)
def rotate_authority(session: Session, act: Act, name: str | None = None) -> Authority:
    """A new authority beside the former one: it signs from here on, and both are in force.

    Raises NoAuthority, AuthorityKnown, BadAuthorityName.
    """
    former = newest(session)
    return _made(session, act, name or _next_name(session, former.name), "ca.rotate")


@asks(Task.KEYS_KEEP)
def import_authority(
    session: Session,
    act: Act,
    certificate: str,
    key: str,
    *,
    passphrase: str | None = None,
    issued: Iterable[Issued] = (),
) -> Authority:
    """An authority that the association already has, with what it signed; it signs here from now on.

    What it had revoked stays revoked. Raises BadAuthority, AuthorityKnown.
    """
    try:
        signer = Signer.read(certificate, key, passphrase)
    except Unusable as wrong:
        raise BadAuthority(reason=_REASONS[str(wrong)]) from wrong
    if signer.facts.not_after <= act.at:
        raise BadAuthority(reason=Phrase("elle n'est plus valable", "its time is over"))
    names = [str(one.value) for one in signer.certificate.subject if one.oid == NameOID.COMMON_NAME]
    name = next((one for one in names if _NAME.fullmatch(one) and one.isprintable()), signer.facts.serial[:16])
    authority = _kept(session, signer, name, signing.key_text(signer.key))
    known = list(issued)
    for one in known:
        session.add(
            Certificate(
                authority_id=authority.id,
                serial=one.serial,
                name=one.name,
                not_after=one.not_after,
                revoked_at=one.revoked_at,
                reason=Revoked.BEFORE if one.revoked_at else None,
            )
        )
    session.flush()
    sign_list(session, act.at, authority)
    journal.record(
        session, act, "ca.import", authority.name, fingerprint=authority.fingerprint, certificates=len(known)
    )
    return authority


def list_authorities(session: Session) -> Sequence[Authority]:
    """Every authority, the newest last."""
    return session.scalars(select(Authority).order_by(Authority.id)).all()


def newest(session: Session) -> Authority:
    """The one that signs. Raises NoAuthority."""
    found = session.scalar(select(Authority).order_by(Authority.id.desc()).limit(1))
    if found is None:
        raise NoAuthority
    return found


def in_force(session: Session, at: datetime) -> list[Authority]:
    """Those whose certificates machines believe, the oldest first."""
    every = list_authorities(session)
    return [one for one in every if one.not_after > at and (one is every[-1] or _still_needed(session, one, at))]


def signer_of(session: Session, authority: Authority) -> Signer:
    """The authority with its key, to sign with."""
    return Signer.read(authority.certificate, vault_of(session).open(authority.key))


def latest_list(session: Session, authority: Authority) -> RevocationList | None:
    """The list that counts: the last that was signed."""
    return session.scalar(
        select(RevocationList)
        .where(RevocationList.authority_id == authority.id)
        .order_by(RevocationList.number.desc())
        .limit(1)
    )


def revoked_by(session: Session, authority: Authority, at: datetime) -> Sequence[Certificate]:
    """What it took back, by when; what is over by itself needs no list."""
    return session.scalars(
        select(Certificate)
        .where(
            Certificate.authority_id == authority.id, Certificate.revoked_at.is_not(None), Certificate.not_after > at
        )
        .order_by(Certificate.revoked_at, Certificate.serial)
    ).all()


def sign_list(session: Session, at: datetime, authority: Authority) -> RevocationList:
    """Sign a new list of what it took back. Asks for no right: what is revoked was decided before."""
    before = latest_list(session, authority)
    number = 1 if before is None else before.number + 1
    revoked = [
        (one.serial, one.revoked_at, one.reason or "")
        for one in revoked_by(session, authority, at)
        if one.revoked_at is not None
    ]
    until = at + LIST_LASTS
    made = RevocationList(
        authority_id=authority.id,
        number=number,
        this_update=at,
        next_update=until,
        text=signing.list_revoked(signer_of(session, authority), number, at, until, revoked),
    )
    session.add(made)
    session.flush()
    return made


def lists_due(session: Session, at: datetime) -> list[Authority]:
    """Authorities in force whose list ends soon: machines that have only an ended one believe nobody."""
    due = []
    for one in in_force(session, at):
        held = latest_list(session, one)
        if held is None or held.next_update <= at + AHEAD:
            due.append(one)
    return due


def _still_needed(session: Session, authority: Authority, at: datetime) -> bool:
    mine = select(func.count()).select_from(Certificate).where(
        Certificate.authority_id == authority.id, Certificate.device_id.is_(None)
    )  # fmt: skip
    living = mine.where(Certificate.revoked_at.is_(None), Certificate.not_after > at)
    return bool(session.scalar(living)) or not session.scalar(mine)


def _made(session: Session, act: Act, name: str, deed: str) -> Authority:
    plain = name.strip()
    if not _NAME.fullmatch(plain):
        raise BadAuthorityName(name=name[:80])
    signer, key = signing.found(plain, act.at, LASTS)
    authority = _kept(session, signer, plain, key)
    sign_list(session, act.at, authority)
    journal.record(session, act, deed, authority.name, fingerprint=authority.fingerprint)
    return authority


def _kept(session: Session, signer: Signer, name: str, key: str) -> Authority:
    facts = signer.facts
    for one in list_authorities(session):
        if one.name == name or one.fingerprint == facts.fingerprint:
            raise AuthorityKnown(name=name)
    authority = Authority(
        name=name,
        certificate=facts.text,
        key=vault_of(session).seal(key),
        not_before=facts.not_before,
        not_after=facts.not_after,
        fingerprint=facts.fingerprint,
    )
    session.add(authority)
    session.flush()
    return authority


def _next_name(session: Session, name: str) -> str:
    """`Essaim 2` after `Essaim`."""
    stem = re.sub(r" \d+$", "", name)[:60]
    return f"{stem} {len(list_authorities(session)) + 1}"
