"""What opens something, on one calendar: logins, keys, certificates and tokens, and when each of them ends.

So are what certificates rest on: authorities, their lists, servers' own. A password is renewed ahead: the new one and
the former are both in force until a day, of which the member is told twice; so is a certificate. Nobody is cut in
silence.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from foundation import clock, journal
from foundation.acts import Act
from foundation.errors import Invalid, NotFound, Refused
from foundation.speech import Phrase
from foundation.vault import vault_of
from inventory import authority, certificates, credentials, numbers
from inventory.credentials import NothingToRenew
from inventory.models.authority import Certificate
from inventory.models.lines import Credential, CredentialKind, Line, LineState, Share
from inventory.models.mandates import Task
from inventory.models.people import Member
from inventory.models.tokens import Token
from inventory.rights import asks
from inventory.scopes import owners_of

TOKEN: Final = "token"  # noqa: S105 - a kind, no secret
AUTHORITY, LIST, SERVER = "ca", "crl", "server"
"""An authority, what it took back, a server's certificate: nobody's own, and signed again ahead by `essaim ca`."""
KINDS: Final = (*(str(kind) for kind in CredentialKind), TOKEN, AUTHORITY, LIST, SERVER)
KEPT_DAYS: Final = 60
FEWEST_DAYS, MOST_DAYS = 14, 366
FIRST, LAST = timedelta(days=30), timedelta(days=7)
"""How long before its end a member is told, and told again."""
_OVER: Final = (LineState.CLOSED, LineState.CANCELLED)


class RenewedAlready(Refused):
    """A password that is being renewed is not renewed again: a third would put out of force the one in use."""

    kind = "renewed-already"
    phrase = Phrase(
        "{name} a déjà un nouveau mot de passe ; l'ancien vaut aussi jusqu'au {until}. Rien n'a été changé. "
        "Pour y mettre fin tout de suite : essaim line credential renew {line}",
        "{name} has a new password already; the former one counts too until {until}. Nothing was changed. "
        "To end it at once: essaim line credential renew {line}",
    )


class NotAhead(Refused):
    """A key: its member makes the new one, and brings it."""

    kind = "not-ahead"
    phrase = Phrase(
        "{line} ne s'ouvre pas avec un mot de passe : son membre apporte la nouvelle clé. "
        "Rien n'a été changé. essaim line credential renew {line} --key …",
        "{line} is not opened with a password: its member brings the new key. Nothing was changed. "
        "essaim line credential renew {line} --key …",
    )


class HandedOutAhead(Refused):
    """A certificate: the next one is a hand-out like the first, and the former stays in force until its own end."""

    kind = "handed-out-ahead"
    phrase = Phrase(
        "{line} s'ouvre avec un certificat. Rien n'a été changé. En donner un nouveau, l'ancien restant valable "
        "jusqu'à sa fin : essaim line handout {line} --as ovpn",
        "{line} is opened with a certificate. Nothing was changed. To give a new one, the former staying valid until "
        "its own end: essaim line handout {line} --as ovpn",
    )


class BadKeeping(Invalid):
    """Too few days for anyone to be told, or too many."""

    kind = "bad-keeping"
    phrase = Phrase(
        "L'ancien mot de passe reste en vigueur de {fewest} à {most} jours. Rien n'a été changé.",
        "The former password stays in force {fewest} to {most} days. Nothing was changed.",
    )


class NoSuchCredential(NotFound):
    """Nothing in force of that name."""

    kind = "no-such-credential"
    phrase = Phrase(
        "Rien n'est en vigueur sous le nom {name}. Tout voir : essaim credential list",
        "Nothing is in force under the name {name}. To see all: essaim credential list",
    )


@dataclass(frozen=True, slots=True)
class Lapsing:
    """Something that opens: its kind and name, of which line if any, whose (None for what is the association's).

    `until` is when it ends, None where nothing ends it. `former_until` is until when the password or certificate
    before it is in force too. `row` is what is written down of it.
    """

    kind: str
    name: str
    line: str | None
    member: Member | None
    since: datetime
    until: datetime | None
    former_until: datetime | None
    row: Credential | Token | Certificate | None

    @property
    def ends(self) -> datetime | None:
        """When something of it ends next."""
        return self.until or self.former_until

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}"


@owners_of.register
def _(subject: Lapsing, session: Session) -> frozenset[int]:
    del session
    return frozenset() if subject.member is None else frozenset({subject.member.id})


@asks(Task.LINES_WRITE, "share", own=True)
def renew_ahead(session: Session, act: Act, share: Share, *, days: int = KEPT_DAYS) -> Lapsing:
    """A share's PPP login gets a new password; the former one is in force beside it for so many days.

    Raises NothingToRenew, NotAhead, HandedOutAhead, RenewedAlready, BadKeeping.
    """
    line, member = session.get_one(Line, share.line_id), session.get_one(Member, share.member_id)
    held = credentials.own(session, [share.id])
    if not held:
        raise NothingToRenew(member=str(member), line=str(line))
    if held[0].kind == CredentialKind.OPENVPN:
        raise HandedOutAhead(line=str(line))
    if held[0].kind != CredentialKind.PPP or held[0].secret is None:
        raise NotAhead(line=str(line))
    if not FEWEST_DAYS <= days <= MOST_DAYS:
        raise BadKeeping(fewest=FEWEST_DAYS, most=MOST_DAYS)
    for former in credentials.former(session, [share.id], act.at):
        raise RenewedAlready(name=former.name, until=former.until, line=str(line))
    before, until = held[0], act.at + timedelta(days=days)
    before.until, before.told_at = until, None
    session.flush()
    new = Credential(
        share_id=share.id,
        kind=before.kind,
        name=before.name,
        secret=vault_of(session).seal(credentials.fresh_password()),
        since=clock.ends_after(before.since, act.at),
    )
    session.add(new)
    session.flush()
    journal.record(
        session,
        act,
        "credential.renew",
        str(line),
        member=str(member),
        kind=new.kind,
        name=new.name,
        former_until=until,
    )
    return Lapsing(new.kind, new.name, str(line), member, new.since, None, until, before)


def list_credentials(
    session: Session,
    at: datetime,
    *,
    kind: str | None = None,
    member: Member | None = None,
    within: timedelta | None = None,
) -> list[Lapsing]:
    """Whatever opens something now, what ends first in front and what nothing ends last.

    With `within`, only what ends, or whose former password does, in so long a time.
    """
    found = [*_of_lines(session, at), *_tokens(session, at), *_signed(session, at)]
    wanted = [
        one
        for one in found
        if (kind is None or one.kind == kind)
        and (member is None or (one.member is not None and one.member.id == member.id))
        and (within is None or (one.ends is not None and one.ends <= at + within))
    ]
    return sorted(wanted, key=lambda one: (one.ends is None, one.ends or one.since, str(one)))


def find_credential(session: Session, at: datetime, text: str) -> Lapsing:
    """What is in force under that name (`ppp:l0042@adsl`, `token:J0003`). Raises NoSuchCredential."""
    for one in list_credentials(session, at):
        if str(one) == text.strip():
            return one
    raise NoSuchCredential(name=text[:80])


def to_tell(session: Session, at: datetime) -> list[Lapsing]:
    """What ends soon and whose member is to be told now: thirty days before, and again seven days before."""
    return [one for one in list_credentials(session, at, within=FIRST) if _untold(one, at)]


def note_told(session: Session, act: Act, told: Sequence[Lapsing]) -> None:
    """Write down that their members were told. Asks for no right: the mail has gone, whoever had it sent."""
    for one in told:
        if one.row is None:
            continue
        one.row.told_at = act.at
        journal.record(session, act, "credential.tell", one.line or one.name, member=str(one.member), kind=one.kind)
    session.flush()


def _untold(one: Lapsing, at: datetime) -> bool:
    told, ends = None if one.row is None else one.row.told_at, one.ends
    if ends is None or ends <= at or one.member is None:
        return False
    return told is None or (ends - at <= LAST and told < ends - LAST)


def _of_lines(session: Session, at: datetime) -> Iterator[Lapsing]:
    rows = session.execute(
        select(Credential, Line.number, Member)
        .join(Share, Share.id == Credential.share_id)
        .join(Line, Line.id == Share.line_id)
        .join(Member, Member.id == Share.member_id)
        .where((Credential.until.is_(None)) | (Credential.until > at), Line.state.not_in(_OVER))
        .order_by(Credential.id)
    ).all()
    former = {(one.kind, one.name): one for one, _, _ in rows if one.until is not None}
    signed: dict[str, list[Certificate]] = defaultdict(list)
    for certificate in certificates.in_force(session, at):
        signed[certificate.name].append(certificate)
    for one, number, member in rows:
        if one.until is None:
            line = numbers.shown("L", number)
            if one.kind == CredentialKind.OPENVPN and (held := signed.get(one.name)):
                until = held[0].not_after if len(held) > 1 else None
                since = held[-1].not_before or one.since
                yield Lapsing(one.kind, one.name, line, member, since, held[-1].not_after, until, held[-1])
                continue
            before = former.get((one.kind, one.name))
            until = None if before is None else before.until
            yield Lapsing(one.kind, one.name, line, member, one.since, None, until, before or one)


def _tokens(session: Session, at: datetime) -> Iterator[Lapsing]:
    query = select(Token).where(Token.ended_at.is_(None), Token.until > at).options(joinedload(Token.member))
    for one in session.scalars(query.order_by(Token.number)):
        yield Lapsing(TOKEN, str(one), None, one.member, one.since, one.until, None, one)


def _signed(session: Session, at: datetime) -> Iterator[Lapsing]:
    """What members' certificates rest on."""
    for one in authority.in_force(session, at):
        yield Lapsing(AUTHORITY, one.name, None, None, one.not_before, one.not_after, None, None)
        held = authority.latest_list(session, one)
        if held is not None:
            yield Lapsing(LIST, one.name, None, None, held.this_update, held.next_update, None, None)
    for device, certificate in certificates.of_servers(session, at):
        since = certificate.not_before or certificate.not_after
        yield Lapsing(SERVER, device.name, None, None, since, certificate.not_after, None, certificate)
