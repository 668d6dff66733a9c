"""Search: one word, wherever it may be. A number, an address, a name, an e-mail, a login, a line's number, a serial.

What is a public number or an address is looked up as such; the rest is any part of what is written, without case or
accents where people wrote it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_network
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, func, literal, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from foundation.errors import Invalid
from foundation.speech import Phrase
from inventory import blocks, numbers
from inventory.models.access import Copper, Fibre
from inventory.models.addresses import WIDTH, Assignment, IPNetwork, Pool
from inventory.models.devices import Device, Interface
from inventory.models.equipment import Equipment
from inventory.models.lines import Credential, Line, Share
from inventory.models.names import ReverseName
from inventory.models.people import Member
from inventory.models.wholesale import Order, Ticket
from inventory.words import fold

SHORTEST: Final = 2
LONGEST: Final = 200
_NUMBER: Final = re.compile(r"([A-Za-z])([0-9]{1,9})")
_MAC: Final = re.compile(r"(?:[0-9A-Fa-f]{2}[:.-]?){5}[0-9A-Fa-f]{2}")


class TooShort(Invalid):
    """A word that would find everything, or that is a whole page."""

    kind = "search-word"
    phrase = Phrase(
        "Cherchez un mot de {shortest} à {longest} caractères.", "Search a word of {shortest} to {longest} characters."
    )


class Kind(StrEnum):
    """What was found."""

    MEMBER = "member"
    LINE = "line"
    ADDRESS = "address"
    DEVICE = "device"
    EQUIPMENT = "equipment"
    ORDER = "order"
    TICKET = "ticket"
    POOL = "pool"

    @property
    def phrase(self) -> Phrase:
        """The kind as people read it."""
        return _KINDS[self]


_KINDS: Final = {
    Kind.MEMBER: Phrase("membre", "member"),
    Kind.LINE: Phrase("ligne", "line"),
    Kind.ADDRESS: Phrase("adresse", "address"),
    Kind.DEVICE: Phrase("machine", "machine"),
    Kind.EQUIPMENT: Phrase("matériel", "equipment"),
    Kind.ORDER: Phrase("commande", "order"),
    Kind.TICKET: Phrase("ticket", "ticket"),
    Kind.POOL: Phrase("pool", "pool"),
}


@dataclass(frozen=True, slots=True)
class Found:
    """Something that the word led to: its public name, and what matched."""

    kind: Kind
    name: str
    matched: str


def search(session: Session, word: str, *, limit: int = 20) -> list[Found]:
    """What a word leads to, at most `limit` of each sort, the surest first. Raises TooShort."""
    plain = " ".join(word.split())
    if not SHORTEST <= len(plain) <= LONGEST:
        raise TooShort(shortest=SHORTEST, longest=LONGEST)
    found: dict[tuple[Kind, str], Found] = {}
    for one in (*_numbered(session, plain), *_addressed(session, plain, limit), *_written(session, plain, limit)):
        found.setdefault((one.kind, one.name), one)
    return list(found.values())


def _numbered(session: Session, word: str) -> Iterator[Found]:
    read = _NUMBER.fullmatch(word)
    nouns: dict[str, tuple[Kind, InstrumentedAttribute[int]]] = {
        "M": (Kind.MEMBER, Member.number),
        "L": (Kind.LINE, Line.number),
        "O": (Kind.ORDER, Order.number),
        "K": (Kind.TICKET, Ticket.number),
        "Q": (Kind.EQUIPMENT, Equipment.number),
    }
    if read is None or read[1].upper() not in nouns:
        return
    letter = read[1].upper()
    kind, column = nouns[letter]
    if session.scalar(select(column).where(column == int(read[2]))) is not None:
        name = numbers.shown(letter, int(read[2]))
        yield Found(kind, name, name)


def _addressed(session: Session, word: str, limit: int) -> Iterator[Found]:
    try:
        wanted = ip_network(word, strict=False)
    except ValueError:
        return
    held = (
        select(Assignment)
        .where(Assignment.until.is_(None), Assignment.family == wanted.version, _touches(wanted))
        .order_by(Assignment.first)
        .limit(limit)
    )
    for assignment in session.scalars(held):
        yield Found(Kind.ADDRESS, str(assignment.prefix), _holder(session, assignment))
    management = select(Device.name).where(Device.management == str(wanted.network_address)).order_by(Device.name)
    for name in session.scalars(management.limit(limit)):
        yield Found(Kind.DEVICE, name, str(wanted.network_address))


def _touches(wanted: IPNetwork) -> ColumnElement[bool]:
    """Assignments around the prefix or inside it."""
    first, last = int(wanted.network_address), int(wanted.broadcast_address)
    around = Assignment.first.in_(blocks.ancestors(first, WIDTH[wanted.version])) & (Assignment.last >= last)
    return or_(around, Assignment.first.between(first, last))


def _holder(session: Session, held: Assignment) -> str:
    if held.share_id is not None:
        query = select(Line.number, Member.number).join(Share, Share.line_id == Line.id)
        mine = session.execute(query.join(Member, Member.id == Share.member_id).where(Share.id == held.share_id)).one()
        return f"{numbers.shown('L', mine[0])} {numbers.shown('M', mine[1])}"
    device, interface = session.execute(
        select(Device.name, Interface.name).join(Interface).where(Interface.id == held.interface_id)
    ).one()
    return f"{device}/{interface}"


def _written(session: Session, word: str, limit: int) -> Iterator[Found]:
    for kind, letter, query in _looks(word):
        for name, matched in session.execute(query.limit(limit)):
            yield Found(kind, numbers.shown(letter, name) if letter else name, matched)


def _looks(word: str) -> Iterator[tuple[Kind, str, Select[*tuple[Any, ...]]]]:
    """Everywhere that a word may be written: the sort of thing, its number's letter, and how to look."""
    digits = re.sub(r"[ .]", "", word)
    mac = re.sub(r"[:.-]", "", word).lower() if _MAC.fullmatch(word) else ""
    mac = ":".join(mac[at : at + 2] for at in range(0, len(mac), 2))
    yield Kind.MEMBER, "M", _part(Member.number, Member.name, Member.sought, fold(word))
    of_line = select(Line.number, Credential.name).join(Share, Share.line_id == Line.id)
    yield Kind.LINE, "L", of_line.join(Credential).where(_has(Credential.name, word)).order_by(Line.number)
    for part, column, sought in ((Copper, Copper.nd, digits), (Fibre, Fibre.pto, word.upper())):
        parted = select(Line.number, column).join(part, part.line_id == Line.id)
        yield Kind.LINE, "L", parted.where(_has(column, sought)).order_by(Line.number)
    yield Kind.LINE, "L", _part(Line.number, Line.place, func.lower(Line.place), word.lower())
    named = select(Device.name, Device.name).where(_has(func.lower(Device.name), word.lower()))
    yield Kind.DEVICE, "", named.order_by(Device.name)
    yield Kind.DEVICE, "", _part(Device.name, Device.serial, func.lower(Device.serial), word.lower())
    if mac:
        machines = select(Device.name, Interface.mac).join(Interface).where(Interface.mac == mac)
        yield Kind.DEVICE, "", machines.order_by(Device.name)
        lent = select(Equipment.number, Equipment.mac).where(Equipment.mac == mac)
        yield Kind.EQUIPMENT, "Q", lent.order_by(Equipment.number)
    yield Kind.EQUIPMENT, "Q", _part(Equipment.number, Equipment.serial, func.lower(Equipment.serial), word.lower())
    yield Kind.ORDER, "O", _part(Order.number, Order.reference, func.lower(Order.reference), word.lower())
    yield Kind.TICKET, "K", _part(Ticket.number, Ticket.reference, func.lower(Ticket.reference), word.lower())
    names = select(ReverseName.name, literal("PTR")).where(ReverseName.until.is_(None))
    yield Kind.ADDRESS, "", names.where(_has(ReverseName.name, word.lower())).order_by(ReverseName.name)
    pools = select(Pool.name, Pool.name).where(Pool.closed_at.is_(None), _has(func.lower(Pool.name), word.lower()))
    yield Kind.POOL, "", pools.order_by(Pool.name)


def _part(name: Any, matched: Any, column: Any, word: str) -> Select[*tuple[Any, ...]]:
    return select(name, matched).where(_has(column, word)).order_by(name)


def _has(column: Any, word: str) -> ColumnElement[bool]:
    """The column holds the word anywhere; `%` and `_` in it are only signs."""
    found: ColumnElement[bool] = column.contains(word, autoescape=True)
    return found
