"""Authorities and certificates from outside: never a key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from inventory import authority, certificates, credentials, numbers
from inventory.models.authority import Authority, Certificate, Revoked
from inventory.models.lines import CredentialKind


@dataclass(frozen=True, slots=True)
class AuthorityView:
    """Its name, until when it lasts, and what recognises it (SHA-256).

    `signs`: certificates are given by it from here on. `in_force`: machines believe what it signed. `certificates`:
    those of members that are in force. `list_number`, `list_until`: the list of what it took back, and until when
    machines believe that.
    """

    name: str
    not_before: datetime
    not_after: datetime
    fingerprint: str
    signs: bool
    in_force: bool
    certificates: int
    list_number: int | None
    list_until: datetime | None


@dataclass(frozen=True, slots=True)
class CertificateView:
    """A member's certificate: serial (hexadecimal), common name, the line that it opens now, its time, its end."""

    serial: str
    name: str
    line: str | None
    authority: str
    not_before: datetime | None
    not_after: datetime
    revoked_at: datetime | None
    reason: Revoked | None


def views_of(session: Session, at: datetime) -> list[AuthorityView]:
    """Every authority, the newest last."""
    believed = {one.id for one in authority.in_force(session, at)}
    every = authority.list_authorities(session)
    held = certificates.in_force(session, at)
    return [_view(session, one, held, signs=one is every[-1], believed=one.id in believed) for one in every]


def certificates_of(session: Session) -> list[CertificateView]:
    """Every certificate of members, the newest last."""
    opened = credentials.opened_by(session).get(CredentialKind.OPENVPN, {})
    return [
        CertificateView(
            serial=one.serial,
            name=one.name,
            line=numbers.shown("L", opened[one.name]) if one.name in opened else None,
            authority=one.authority.name,
            not_before=one.not_before,
            not_after=one.not_after,
            revoked_at=one.revoked_at,
            reason=None if one.reason is None else Revoked(one.reason),
        )
        for one in certificates.list_certificates(session)
    ]


def _view(
    session: Session, one: Authority, held: Sequence[Certificate], *, signs: bool, believed: bool
) -> AuthorityView:
    latest = authority.latest_list(session, one)
    return AuthorityView(
        name=one.name,
        not_before=one.not_before,
        not_after=one.not_after,
        fingerprint=one.fingerprint,
        signs=signs,
        in_force=believed,
        certificates=sum(1 for each in held if each.authority_id == one.id),
        list_number=None if latest is None else latest.number,
        list_until=None if latest is None else latest.next_update,
    )
