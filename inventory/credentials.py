"""What opens a line: given, renewed, ended. What ended stays, dated."""

from __future__ import annotations

import base64
import re
import secrets
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from foundation import clock, journal
from foundation.acts import Act
from foundation.errors import Invalid, Refused
from foundation.speech import Phrase
from foundation.vault import vault_of
from inventory import certificates
from inventory.models.access import LineMigration
from inventory.models.authority import Revoked
from inventory.models.devices import Device
from inventory.models.lines import Credential, CredentialKind, Delivery, Line, Offer, Share, Technology
from inventory.models.mandates import Task
from inventory.models.people import Member
from inventory.rights import asks

_LOGIN: Final = re.compile(r"[a-z0-9][a-z0-9._+-]{0,62}@[a-z0-9][a-z0-9.-]{0,62}")
_COMMON_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")


class BadKey(Invalid):
    """A text that is no WireGuard public key."""

    kind = "bad-key"
    phrase = Phrase(
        "Ce n'est pas une clé publique WireGuard (44 caractères, 32 octets en base64) : « {key} ».",
        "This is not a WireGuard public key (44 characters, 32 bytes in base64): “{key}”.",
    )


class KeyMissing(Invalid):
    """A WireGuard line needs its member's public key."""

    kind = "key-needed"
    phrase = Phrase(
        "Il faut la clé publique WireGuard du membre : --key (umask 077; wg genkey | tee privee | wg pubkey).",
        "The member's WireGuard public key is needed: --key (umask 077; wg genkey | tee private | wg pubkey).",
    )


class KeyOfOurs(Refused):
    """A member's key must be their own: WireGuard drops, without a word, a peer that has its own key."""

    kind = "key-of-ours"
    phrase = Phrase(
        "Cette clé est celle de {machine} : il faut celle du membre. Rien n'a été changé.",
        "This key is that of {machine}: the member's own is needed. Nothing was changed.",
    )


class BadLogin(Invalid):
    """A text that no PPP login can be."""

    kind = "bad-login"
    phrase = Phrase(
        "« {login} » n'est pas un identifiant PPP (nom@domaine, en minuscules, sans accent ni espace).",
        "“{login}” is not a PPP login (name@realm, in lower case, without accents or spaces).",
    )


class BadCommonName(Invalid):
    """A text that no certificate of ours bears."""

    kind = "bad-common-name"
    phrase = Phrase(
        "« {name} » n'est pas le nom d'un certificat (au plus 64 lettres, chiffres, points et tirets).",
        "“{name}” is not a certificate's name (at most 64 letters, digits, dots and hyphens).",
    )


class CredentialTaken(Refused):
    """Another living line uses this key, login or name."""

    kind = "credential-taken"
    phrase = Phrase(
        "{what} sert déjà pour {line}. Chaque accès a le sien ; rien n'a été changé.",
        "{what} already serves {line}. Each access has its own; nothing was changed.",
    )


class NothingToRenew(Refused):
    """The member's part has no credential of its own."""

    kind = "nothing-to-renew"
    phrase = Phrase(
        "La part de {member} sur {line} n'a pas d'accès propre à renouveler. Rien n'a été changé.",
        "The part of {member} in {line} has no credential of its own to renew. Nothing was changed.",
    )


class NewNameNeeded(Invalid):
    """A certificate is renewed under a name that it never had."""

    kind = "new-name-needed"
    phrase = Phrase(
        "Il faut le nom du nouveau certificat : --certificate {example}.",
        "The new certificate's name is needed: --certificate {example}.",
    )


@dataclass(frozen=True)  # without slots: an order is this and what is said of the access
class Opening:
    """What a member brings to open a line with: a WireGuard public key, a certificate's name, a login given to us.

    What is not said is made up, but for a key, which is the member's own.
    """

    public_key: str | None = None
    certificate: str | None = None
    login: str | None = None


def kind_of(offer: Offer) -> CredentialKind | None:
    """What opens the lines of an offer; nothing where the wire itself does."""
    if offer.technology == Technology.WIREGUARD:
        return CredentialKind.WIREGUARD
    if offer.technology == Technology.OPENVPN:
        return CredentialKind.OPENVPN
    return CredentialKind.PPP if offer.delivery in (Delivery.L2TP, Delivery.PPPOE) else None


def personal(offer: Offer) -> bool:
    """Whether each who shares a line opens it for themselves, as in tunnels; else one opens it for all."""
    return offer.delivery == Delivery.TUNNEL


def give(
    session: Session,
    line: Line,
    share: Share,
    offer: Offer,
    opening: Opening,
    since: datetime,
    *,
    migration: LineMigration | None = None,
) -> Credential | None:
    """Give a share what opens its line by that offer.

    Raises KeyMissing, BadKey, KeyOfOurs, BadLogin, BadCommonName, CredentialTaken.
    """
    kind, sealed = kind_of(offer), None
    if kind is None:
        return None
    if kind == CredentialKind.WIREGUARD:
        name = _checked_key(session, opening.public_key)
    elif kind == CredentialKind.OPENVPN:
        name = _checked_common_name(opening.certificate or _name(session, line, share))
    else:
        name = _checked_login(opening.login or f"{_name(session, line, share)}@{offer.realm or offer.name}")
        sealed = vault_of(session).seal(fresh_password())
    _demand_free(session, kind, name)
    given = Credential(
        share_id=share.id,
        kind=kind,
        name=name,
        secret=sealed,
        since=since,
        migration_id=migration.id if migration else None,
    )
    session.add(given)
    session.flush()
    return given


def fresh_password() -> str:
    """A PPP password of 96 bits, of characters that a phone keyboard and every box can type."""
    return secrets.token_urlsafe(12)


def give_neighbour(
    session: Session, line: Line, share: Share, offer: Offer, opening: Opening, since: datetime
) -> Credential | None:
    """Give who comes into a line what is theirs to open it with: a certificate, a key if they bring one, or the login
    that the wholesaler gave for them.

    Where one login opens the line for all, and without a key, they go by the holder's. Raises what `give` raises.
    """
    kind = kind_of(offer)
    if kind == CredentialKind.OPENVPN or (kind == CredentialKind.WIREGUARD and opening.public_key):
        return give(session, line, share, offer, opening, since)
    return give(session, line, share, offer, opening, since) if kind == CredentialKind.PPP and opening.login else None


@asks(Task.LINES_WRITE, "share", own=True)
def renew_credential(session: Session, act: Act, share: Share, opening: Opening) -> str | None:
    """A share gets a new PPP password, WireGuard key or certificate; the old one ends. Gives the new password.

    Raises NothingToRenew, NewNameNeeded, and what `give` raises.
    """
    line, member = session.get_one(Line, share.line_id), session.get_one(Member, share.member_id)
    offer = session.get_one(Offer, line.offer_id)
    held = own(session, [share.id])
    if not held:
        raise NothingToRenew(member=str(member), line=str(line))
    before = held[0]
    if before.kind == CredentialKind.OPENVPN and opening.certificate in (None, before.name):
        raise NewNameNeeded(example=f"{before.name}-2")
    if before.kind == CredentialKind.PPP:
        opening = Opening(login=opening.login or before.name)
    over = [before, *former(session, [share.id], act.at)]
    end(over, act.at)
    certificates.revoke_of(session, act, over, Revoked.REPLACED)
    renewed = give(session, line, share, offer, opening, before.until or act.at)
    if renewed is None:
        raise NothingToRenew(member=str(member), line=str(line))
    journal.record(
        session, act, "credential.renew", str(line), member=str(member), kind=renewed.kind, name=renewed.name
    )
    return vault_of(session).open(renewed.secret) if renewed.secret is not None else None


def own(session: Session, shares: Iterable[int]) -> list[Credential]:
    """The living credentials of those shares, but for what a migration brings."""
    return [one for one in living(session, shares) if one.migration_id is None]


def living(session: Session, shares: Iterable[int]) -> list[Credential]:
    """The living credentials of those shares, by row."""
    query = select(Credential).where(Credential.share_id.in_(list(shares)), Credential.until.is_(None))
    return list(session.scalars(query.order_by(Credential.id)))


def former(session: Session, shares: Iterable[int], at: datetime) -> list[Credential]:
    """The passwords of those shares that are in force until a day, beside those that take their place."""
    query = select(Credential).where(Credential.share_id.in_(list(shares)), Credential.until > at)
    return list(session.scalars(query.order_by(Credential.id)))


def end(credentials: Iterable[Credential], at: datetime) -> None:
    """They open nothing any more."""
    for credential in credentials:
        credential.until = clock.ends_after(credential.since, at)


def pass_on(session: Session, credentials: Iterable[Credential], share: Share, at: datetime) -> None:
    """From now on they are another share's: the same login with the same passwords goes on, each to its own end."""
    passed = [(one, one.until) for one in credentials]
    end((one for one, _ in passed), at)
    session.flush()
    for one, until in passed:
        since = one.until or at
        session.add(
            Credential(
                share_id=share.id,
                kind=one.kind,
                name=one.name,
                secret=one.secret,
                migration_id=one.migration_id,
                since=since if until is None else clock.ends_after(since, since),  # no two of a login at one instant
                until=until,
                told_at=one.told_at,
            )
        )
    session.flush()


def opened_by(session: Session) -> dict[str, dict[str, int]]:
    """The line that each living credential opens: kind -> key, login or name -> line number."""
    opened: dict[str, dict[str, int]] = defaultdict(dict)
    query = (
        select(Credential.kind, Credential.name, Line.number).join(Share, Share.id == Credential.share_id).join(Line)
    )
    for kind, name, number in session.execute(query.where(Credential.until.is_(None))):
        opened[kind][name] = number
    return opened


def _name(session: Session, line: Line, share: Share) -> str:
    """`l0042` for whoever is alone or first on a line, `l0042-m0007` for a neighbour."""
    first = session.scalar(select(Share.id).where(Share.line_id == line.id).order_by(Share.id).limit(1))
    member = session.get_one(Member, share.member_id)
    return (str(line) if first == share.id else f"{line}-{member}").lower()


def _demand_free(session: Session, kind: CredentialKind, name: str) -> None:
    taken = session.scalar(
        select(Line)
        .join(Share)
        .join(Credential)
        .where(Credential.kind == kind, Credential.name == name, Credential.until.is_(None))
    )
    if taken is not None:
        what = Phrase("Cette clé", "This key") if kind == CredentialKind.WIREGUARD else Phrase.said(name, name)
        raise CredentialTaken(what=what, line=str(taken))


def checked_name(kind: CredentialKind, name: str) -> str:
    """A key, login or certificate's name as it is kept. Raises BadKey, BadLogin, BadCommonName."""
    if kind == CredentialKind.WIREGUARD:
        return _spelled_key(name)
    return _checked_login(name) if kind == CredentialKind.PPP else _checked_common_name(name)


def _spelled_key(key: str) -> str:
    plain = key.strip()
    try:
        octets = base64.b64decode(plain, validate=True)
    except ValueError as wrong:
        raise BadKey(key=plain[:50]) from wrong
    # A key has one spelling: `wg` refuses any other, and would refuse the whole file with it. Zeros are nobody's key.
    if len(octets) != 32 or not any(octets) or base64.b64encode(octets).decode() != plain:
        raise BadKey(key=plain[:50])
    return plain


def _checked_key(session: Session, key: str | None) -> str:
    if key is None:
        raise KeyMissing
    plain = _spelled_key(key)
    ours = session.scalar(select(Device.name).where(Device.public_key == plain))
    if ours is not None:
        raise KeyOfOurs(machine=ours)
    return plain


def _checked_login(login: str) -> str:
    plain = login.strip().lower()
    if not _LOGIN.fullmatch(plain) or len(plain) > 100:
        raise BadLogin(login=login[:50])
    return plain


def _checked_common_name(name: str) -> str:
    plain = name.strip()
    if not _COMMON_NAME.fullmatch(plain):
        raise BadCommonName(name=name[:50])
    return plain
