"""Who had an address at a moment: the answer, and the sealed register of those who asked.

A requisition is never in the journal, since members read their own file there and must not learn of it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from functools import cache
from typing import Any, Final

from sqlalchemy import ARRAY, ColumnElement, Select, and_, any_, bindparam, exists, or_, select
from sqlalchemy.orm import Session, aliased

from foundation import clock, journal
from foundation.acts import Act
from foundation.errors import Invalid, NotFound
from foundation.speech import Phrase
from foundation.vault import vault_of
from inventory import blocks, numbers
from inventory.ledger import Found
from inventory.models.addresses import WIDTH, Assignment, IPAddress, IPNetwork, Pool, Question, network
from inventory.models.devices import Device, Interface
from inventory.models.lines import Line, Share
from inventory.models.mandates import Task
from inventory.models.people import Member
from inventory.rights import asks

PORTS: Final = range(1, 65536)
_HELD: Final = Assignment.metadata.tables["assignment"].c
_AT: Final = bindparam("at", type_=_HELD.since.type)
_DAY: Final = bindparam("day", type_=Share.__table__.c.since.type)
_OWN = aliased(Assignment)
_MINE = aliased(Share)
_SHARERS: Final = (
    select(
        Share.id,
        Share.since,
        Share.until,
        Line.number.label("line"),
        Member.number.label("member"),
        and_(Share.since <= _DAY, or_(Share.until.is_(None), Share.until > _DAY)).label("present"),
        exists()
        .where(_OWN.share_id == Share.id, _OWN.since <= _AT, or_(_OWN.until.is_(None), _OWN.until > _AT))
        .label("has_own"),
    )
    .select_from(_MINE)
    .join(Share, Share.line_id == _MINE.line_id)
    .join(Line, Share.line_id == Line.id)
    .join(Member, Share.member_id == Member.id)
    .where(_MINE.id == bindparam("share"))
    .order_by(Share.id)
)
_END: Final = (
    select(Device.name.label("device"), Interface.name.label("interface"))
    .join(Interface, Interface.device_id == Device.id)
    .where(Interface.id == bindparam("interface"))
)


class NobodyHad(NotFound):
    """No member and no machine of ours held that address then."""

    kind = "nobody-had"
    phrase = Phrase("Personne n'avait {address} le {at}.", "Nobody had {address} on {at}.")


class BadPort(Invalid):
    """A number that is no TCP or UDP port."""

    kind = "bad-port"
    phrase = Phrase("{port} n'est pas un port (de 1 à 65535).", "{port} is not a port (1 to 65535).")


@dataclass(frozen=True, slots=True)
class Candidate:
    """Someone who may have been the one: a member, and from when to when they have their part of the line."""

    member: str
    since: date
    until: date | None


@dataclass(frozen=True, slots=True)
class Holding:
    """Who held a prefix: a share of a line, or a machine of ours. `candidates` is everyone it may have been.

    `proof` names the record of the ledger by what is public of it: that it is an assignment, its prefix, from when to
    when. No two have the same: an address is in one assignment at a time. `pool` is the one that it was given from.
    """

    prefix: IPNetwork
    role: str
    since: datetime
    until: datetime | None
    line: str | None
    members: tuple[str, ...]
    device: str | None
    proof: str
    pool: str = ""
    interface: str | None = None
    candidates: tuple[Candidate, ...] = ()

    @property
    def ambiguous(self) -> bool:
        """Whether the ledger alone cannot tell who it was."""
        return len(self.members) > 1


@dataclass(frozen=True, slots=True)
class Asked:
    """A question of the register, opened: what was asked, and what was answered (None: nobody had it)."""

    number: str
    at: datetime
    actor: str
    why: str
    address: str
    moment: datetime
    port: int | None
    answer: dict[str, Any] | None

    @property
    def members(self) -> list[str]:
        """Who was named: members, or the machine of ours."""
        if self.answer is None:
            return []
        return list(self.answer["members"]) or [str(self.answer["device"])]


def who_had(session: Session, address: IPAddress, at: datetime) -> Holding:
    """Who held `address` at that instant, with the record that proves it.

    A line shared by members without an address of their own names them all. Raises NobodyHad.
    """
    number, family = int(address), address.version
    connection = session.connection()
    places: dict[str, Any] = {"places": sorted(set(blocks.ancestors(number, WIDTH[family])))}
    statement = _ON_POSTGRESQL
    if connection.dialect.name != "postgresql":  # which alone knows arrays
        places = {f"a{rank}": first for rank, first in enumerate(blocks.ancestors(number, WIDTH[family]))}
        statement = _holding_among(family)
    asked = {"family": family, "number": number, "at": at, **places}
    found = connection.execute(statement, asked).one_or_none()
    if found is None:
        raise NobodyHad(address=address, at=at)
    sharers: Sequence[Found] = ()
    if found.share_id is not None:
        shared = {"share": found.share_id, "at": at, "day": clock.today(at)}
        sharers = connection.execute(_SHARERS, shared).all()
    meant = [one for one in sharers if one.id == found.share_id]
    meant += [one for one in sharers if one.present and not one.has_own and one.id != found.share_id]
    machine = _machine(session, found, number, family)
    prefix = network(family, found.first, found.length)
    return Holding(
        prefix=prefix,
        role=found.role,
        since=found.since,
        until=found.until,
        line=numbers.shown("L", meant[0].line) if meant else None,
        members=tuple(numbers.shown("M", one.member) for one in meant),
        device=machine.device if machine else None,
        proof=_proof(found, prefix),
        pool=found.pool,
        interface=machine.interface if machine else None,
        candidates=tuple(Candidate(numbers.shown("M", one.member), one.since, one.until) for one in meant),
    )


@asks(Task.REQUISITION_OPEN)
def ask(
    session: Session, act: Act, address: IPAddress, at: datetime, port: int | None = None
) -> tuple[str, Holding | None]:
    """Answer who had an address, and note in the sealed register that this was asked: its number, and the answer.

    Asked twice, it is noted twice. The port changes nothing: the ledger shares no address by ports. Raises BadPort.
    """
    if port is not None and port not in PORTS:
        raise BadPort(port=port)
    try:
        held = who_had(session, address, at)
    except NobodyHad:
        held = None
    told = {
        "why": act.why,
        "address": str(address),
        "moment": at,
        "port": port,
        "answer": None if held is None else _told(held),
    }
    question = Question(
        number=numbers.following(session, Question.number),
        at=act.at,
        actor=act.actor,
        sealed=vault_of(session).seal(journal.canonical(told)),
    )
    session.add(question)
    session.flush()
    return str(question), held


@asks(Task.REQUISITION_OPEN)
def list_questions(session: Session, act: Act, *, after: int = 0, limit: int = 100) -> list[Asked]:
    """The register, opened, a page at a time: the oldest first."""
    del act
    vault = vault_of(session)
    query = select(Question).where(Question.number > after).order_by(Question.number).limit(limit)
    found = [(one, json.loads(vault.open(one.sealed))) for one in session.scalars(query)]
    return [
        Asked(str(one), one.at, one.actor, **{**told, "moment": datetime.fromisoformat(told["moment"])})
        for one, told in found
    ]


def _holding(among: ColumnElement[bool]) -> Select[Any]:
    """The statement that finds a holding, where `among` says which prefixes are around the address that is sought."""
    return (
        select(
            *(_HELD.id, _HELD.first, _HELD.length, _HELD.role, _HELD.since, _HELD.until),
            *(_HELD.share_id, _HELD.interface_id, _HELD.peer_id),
            Pool.name.label("pool"),
        )
        .join(Pool, _HELD.pool_id == Pool.id)
        .where(
            _HELD.family == bindparam("family"),
            among,
            _HELD.last >= bindparam("number"),
            _HELD.since <= _AT,
            or_(_HELD.until.is_(None), _HELD.until > _AT),
        )
    )


_ON_POSTGRESQL: Final = _holding(_HELD.first == any_(bindparam("places", type_=ARRAY(_HELD.first.type))))


@cache
def _holding_among(family: int) -> Select[Any]:
    """The same with a parameter for each length: `a0`, `a1`… are where the prefixes around an address begin."""
    around = [bindparam(f"a{rank}", type_=_HELD.first.type) for rank in range(WIDTH[family] + 1)]
    return _holding(_HELD.first.in_(around))


def _machine(session: Session, found: Found, number: int, family: int) -> Found | None:
    """The machine of ours that held it; on a link, the one at that end of it."""
    if found.interface_id is None:
        return None
    higher = number >= found.first + (1 << (WIDTH[family] - found.length)) // 2
    end = found.peer_id if found.peer_id is not None and higher else found.interface_id
    return session.connection().execute(_END, {"interface": end}).one()


def _proof(found: Found, prefix: IPNetwork) -> str:
    """The record that proves it, in the notation of ISO 8601 intervals: `assignment 198.51.100.7/32 since/until`."""
    until = ".." if found.until is None else found.until.isoformat()
    return f"assignment {prefix} {found.since.isoformat()}/{until}"


def _told(held: Holding) -> dict[str, Any]:
    """An answer as the register keeps it."""
    return {**asdict(held), "prefix": str(held.prefix)}
