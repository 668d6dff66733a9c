"""Verbs on lines: ordered, delivered, shared, closed."""

from __future__ import annotations

import base64
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, joinedload, selectinload

from foundation import clock, journal
from foundation.acts import Act
from foundation.errors import Invalid, NotFound, Refused
from foundation.speech import Phrase
from foundation.vault import vault_of
from inventory import addresses, numbers
from inventory.models.addresses import Role
from inventory.models.devices import Device
from inventory.models.lines import Credential, Line, LineEvent, LineState, Offer, Share, Technology
from inventory.models.people import Member, MemberStatus

S = LineState
_ENDED = frozenset({S.CLOSED, S.CANCELLED})
_NEXT: dict[LineState, frozenset[LineState]] = {
    S.REQUESTED: frozenset({S.ORDERED, S.ACTIVE, S.CANCELLED}),
    S.ORDERED: frozenset({S.DELIVERED, S.CANCELLED}),
    S.DELIVERED: frozenset({S.ACTIVE, S.CLOSING, S.CLOSED}),
    S.ACTIVE: frozenset({S.SUSPENDED, S.CLOSING, S.CLOSED}),
    S.SUSPENDED: frozenset({S.ACTIVE, S.CLOSING, S.CLOSED}),
    S.CLOSING: frozenset({S.CLOSED}),
    S.CLOSED: frozenset(),
    S.CANCELLED: frozenset(),
}

RENDERED = frozenset({S.DELIVERED, S.ACTIVE, S.CLOSING})
"""States in which a line is on the machines."""


class NoSuchLine(NotFound):
    """No line of that number."""

    kind = "no-such-line"
    phrase = Phrase(
        "Aucune ligne {line}. Les trouver : essaim line list",
        "There is no line {line}. To find them: essaim line list",
    )


class IllegalTransition(Refused):
    """A line cannot go from this state to that one."""

    kind = "illegal-transition"
    phrase = Phrase(
        "{line} est « {state} » et ne peut pas devenir « {wanted} » (possible : {legal}). Rien n'a été changé.",
        "{line} is “{state}” and cannot become “{wanted}” (possible: {legal}). Nothing was changed.",
    )


class AlreadySo(IllegalTransition):
    """A line is in the wanted state already."""

    kind = "already-so"
    phrase = Phrase("{line} est déjà {state}. Rien n'a été changé.", "{line} is {state} already. Nothing was changed.")


class NotAMember(Refused):
    """Whoever orders has left."""

    kind = "not-a-member"
    phrase = Phrase(
        "{member} n'est plus membre : pas de nouvelle ligne. Rien n'a été changé.",
        "{member} is no longer a member: no new line. Nothing was changed.",
    )


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


class BadND(Invalid):
    """A French copper line's number is ten digits."""

    kind = "bad-nd"
    phrase = Phrase(
        "« {nd} » n'est pas un numéro de désignation (dix chiffres).",
        "“{nd}” is not a line designation number (ten digits).",
    )


class CredentialTaken(Refused):
    """Another living line uses this key or login."""

    kind = "credential-taken"
    phrase = Phrase(
        "Cette clé sert déjà pour {line}. Une clé par ligne ; rien n'a été changé.",
        "This key already serves {line}. One key a line; nothing was changed.",
    )


class KeyOfOurs(Refused):
    """A member's key must be their own: WireGuard drops, without a word, a peer that has its own key."""

    kind = "key-of-ours"
    phrase = Phrase(
        "Cette clé est celle de {machine} : il faut celle du membre. Rien n'a été changé.",
        "This key is that of {machine}: the member's own is needed. Nothing was changed.",
    )


class AlreadyShares(Refused):
    """The member already has a part of the line."""

    kind = "already-shares"
    phrase = Phrase(
        "{member} partage déjà {line}. Rien n'a été changé.",
        "{member} already shares {line}. Nothing was changed.",
    )


class LineEnded(Refused):
    """Nobody comes into a line that is over."""

    kind = "line-ended"
    phrase = Phrase(
        "{line} est {state} : on ne peut plus la partager. Rien n'a été changé.",
        "{line} is {state}: it can no longer be shared. Nothing was changed.",
    )


@dataclass(frozen=True, slots=True)
class Ordering:
    """What an order says besides who and what."""

    public_key: str | None = None
    nd: str | None = None


def order_line(session: Session, act: Act, member: Member, offer: Offer, ordering: Ordering) -> Line:
    """Order a line: its first share, addresses and credential. A tunnel is active at once.

    Raises NotAMember, KeyMissing, BadKey, BadND, CredentialTaken, KeyOfOurs, PoolExhausted.
    """
    if member.status == MemberStatus.LEFT:
        raise NotAMember(member=str(member))
    line = Line(
        number=numbers.following(session, Line.number),
        offer_id=offer.id,
        state=S.REQUESTED,
        device_id=offer.device_id,
        nd=_checked_nd(ordering.nd),
    )
    session.add(line)
    session.flush()
    session.add(LineEvent(line_id=line.id, state=S.REQUESTED, at=act.at))
    share = _new_share(session, act, line, member, weight=1)
    journal.record(session, act, "line.order", str(line), member=str(member), offer=offer.name)
    _give_credential(session, act, line, share, offer, ordering)
    if offer.pool_v4 is not None:
        addresses.allocate(session, act, offer.pool_v4, share, Role.WAN)
    if offer.pool_v6 is not None:
        addresses.allocate(session, act, offer.pool_v6, share, Role.DELEGATED)
    if offer.delivery == "tunnel":
        move(session, act, line, S.ACTIVE)
    return line


def move(session: Session, act: Act, line: Line, state: LineState) -> None:
    """Bring a line into another state. Raises AlreadySo, IllegalTransition with the list of legal ones."""
    legal = _NEXT[LineState(line.state)]
    if line.state == state:
        raise AlreadySo(line=str(line), state=state)
    if state not in legal:
        raise IllegalTransition(
            line=str(line),
            state=LineState(line.state),
            wanted=state,
            legal=sorted(legal) or "—",
        )
    before, line.state = line.state, state
    session.add(LineEvent(line_id=line.id, state=state, at=act.at))
    journal.record(session, act, "line.state", str(line), before=before, after=state)
    session.flush()


def add_share(session: Session, act: Act, line: Line, member: Member, offer: Offer, *, weight: int = 1) -> Share:
    """A neighbour shares the line from today, with an address of their own routed over it.

    Raises AlreadyShares, LineEnded, NotAMember, PoolExhausted.
    """
    if line.state in _ENDED:
        raise LineEnded(line=str(line), state=LineState(line.state))
    if member.status == MemberStatus.LEFT:
        raise NotAMember(member=str(member))
    if any(share.member_id == member.id and share.until is None for share in shares_of(session, line)):
        raise AlreadyShares(member=str(member), line=str(line))
    share = _new_share(session, act, line, member, weight=weight)
    if offer.pool_v4 is not None:
        addresses.allocate(session, act, offer.pool_v4, share, Role.ROUTED)
    return share


def end_share(session: Session, act: Act, line: Line, member: Member) -> None:
    """A neighbour's part ends today: their addresses go to quarantine, their credentials end."""
    for share in shares_of(session, line):
        if share.member_id == member.id and share.until is None:
            _end(session, act, line, share)


def close_line(session: Session, act: Act, line: Line) -> None:
    """Close a line: every part of it ends; addresses go to quarantine. One never delivered is cancelled.

    Raises IllegalTransition.
    """
    undelivered = line.state in (S.REQUESTED, S.ORDERED)
    move(session, act, line, S.CANCELLED if undelivered else S.CLOSED)
    for share in shares_of(session, line):
        if share.until is None:
            _end(session, act, line, share)


def find_line(session: Session, text: str) -> Line:
    """The line of that number (`L0042`) with its shares. Raises BadNumber, NoSuchLine."""
    number = numbers.parse("L", text)
    line = session.scalar(_with_shares().where(Line.number == number))
    if line is None:
        raise NoSuchLine(line=numbers.shown("L", number))
    return line


def list_lines(session: Session, *, ended: bool = False, after: int = 0, limit: int = 100) -> Sequence[Line]:
    """Lines by number, a page at a time; those that ended only where asked."""
    query = _with_shares().where(Line.number > after).order_by(Line.number).limit(limit)
    if not ended:
        query = query.where(Line.state.not_in(_ENDED))
    return session.scalars(query).all()


def lines_of(session: Session, member: Member) -> Sequence[Line]:
    """Lines of which the member has a living part."""
    mine = select(Share.line_id).where(Share.member_id == member.id, Share.until.is_(None))
    return session.scalars(_with_shares().where(Line.id.in_(mine)).order_by(Line.number)).all()


def shares_of(session: Session, line: Line) -> Sequence[Share]:
    """All parts of a line, past ones too, the first first."""
    return session.scalars(
        select(Share)
        .where(Share.line_id == line.id)
        .options(joinedload(Share.member), selectinload(Share.credentials), selectinload(Share.assignments))
        .order_by(Share.id)
        .execution_options(populate_existing=True)
    ).all()


def opened_by(session: Session) -> dict[str, dict[str, int]]:
    """The line that each living credential opens: kind -> key or login -> line number."""
    opened: dict[str, dict[str, int]] = {"wireguard": {}, "ppp": {}}
    query = (
        select(Credential.kind, Credential.name, Line.number).join(Share, Share.id == Credential.share_id).join(Line)
    )
    for kind, name, number in session.execute(query.where(Credential.until.is_(None))):
        opened[kind][name] = number
    return opened


def prefixes(session: Session, line: Line) -> list[str]:
    """The prefixes that the line's parts hold now."""
    held = [one for share in shares_of(session, line) for one in share.assignments if one.until is None]
    return [str(one.prefix) for one in held]


def holder(line: Line, day: date) -> Share:
    """The share of whoever answers for the line: the earliest one in force, else the last that was."""
    present = [share for share in line.shares if share.since <= day and (share.until is None or day < share.until)]
    return present[0] if present else line.shares[-1]


def since(line: Line, state: LineState) -> datetime | None:
    """When the line last came into a state."""
    moments = [event.at for event in line.events if event.state == state]
    return moments[-1] if moments else None


def _with_shares() -> Select[Line]:
    shares = selectinload(Line.shares)
    return select(Line).options(
        joinedload(Line.offer),
        joinedload(Line.device),
        selectinload(Line.events),
        shares.joinedload(Share.member),
        shares.selectinload(Share.credentials),
        shares.selectinload(Share.assignments),
    )


def _new_share(session: Session, act: Act, line: Line, member: Member, *, weight: int) -> Share:
    share = Share(line_id=line.id, member_id=member.id, weight=weight, since=clock.today(act.at))
    session.add(share)
    session.flush()
    journal.record(session, act, "share.begin", str(line), member=str(member), weight=weight)
    return share


def _end(session: Session, act: Act, line: Line, share: Share) -> None:
    share.until = clock.today(act.at)
    for credential in share.credentials:
        if credential.until is None:
            credential.until = clock.ends_after(credential.since, act.at)
    for assignment in share.assignments:
        if assignment.until is None:
            addresses.release(session, act, assignment)
    journal.record(session, act, "share.end", str(line), member=str(share.member))
    session.flush()


def _give_credential(session: Session, act: Act, line: Line, share: Share, offer: Offer, ordering: Ordering) -> None:
    if offer.technology == Technology.WIREGUARD:
        key = _checked_key(ordering.public_key)
        taken = session.scalar(
            select(Line)
            .join(Share)
            .join(Credential)
            .where(Credential.kind == "wireguard", Credential.name == key, Credential.until.is_(None))
        )
        if taken is not None:
            raise CredentialTaken(line=str(taken))
        ours = session.scalar(select(Device.name).where(Device.public_key == key))
        if ours is not None:
            raise KeyOfOurs(machine=ours)
        session.add(Credential(share_id=share.id, kind="wireguard", name=key, since=act.at))
    elif offer.technology == Technology.ADSL:
        password = vault_of(session).seal(secrets.token_urlsafe(12))
        login = f"{str(line).lower()}@{offer.name}"
        session.add(Credential(share_id=share.id, kind="ppp", name=login, secret=password, since=act.at))
    session.flush()


def _checked_key(key: str | None) -> str:
    if key is None:
        raise KeyMissing
    plain = key.strip()
    try:
        octets = base64.b64decode(plain, validate=True)
    except ValueError as wrong:
        raise BadKey(key=plain[:50]) from wrong
    # A key has one spelling: `wg` refuses any other, and would refuse the whole file with it. Zeros are nobody's key.
    if len(octets) != 32 or not any(octets) or base64.b64encode(octets).decode() != plain:
        raise BadKey(key=plain[:50])
    return plain


def _checked_nd(nd: str | None) -> str | None:
    if nd is None:
        return None
    digits = re.sub(r"[ .]", "", nd)
    if not re.fullmatch(r"0[1-9][0-9]{8}", digits):
        raise BadND(nd=nd)
    return digits
