"""Wholesalers, and what was ordered from them with all that was heard: read, weighed, written, and written out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any, ClassVar, Final

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased, joinedload

from foundation import journal
from foundation.errors import EssaimError
from foundation.speech import Phrase
from inventory import collecting, numbers, orders, texts, wholesalers
from inventory.exchange.access import Access
from inventory.exchange.cells import Cells
from inventory.exchange.doing import Doing
from inventory.exchange.plans import Action, Change, Draft
from inventory.exchange.records import Noun, Place, Record, Ref, refusal
from inventory.models.lines import Line
from inventory.models.wholesale import Order, OrderEvent, OrderKind, Wholesaler
from inventory.wholesalers import Terms

_TERMS: Final = tuple(one.name for one in fields(Terms))
_ABOUT: Final = Phrase(
    "une commande n'en modifie ou n'en résilie qu'une de nouvel accès, de la même ligne.",
    "an order changes or ends only one of a new access, of the same line.",
)
_REFERENCE: Final = Phrase(
    "{other} a déjà la référence « {reference} » chez {wholesaler}.",
    "{other} has the reference “{reference}” at {wholesaler} already.",
)


@dataclass(frozen=True, slots=True)
class WholesalerRecord:
    """Who sells us lines."""

    noun: ClassVar[Noun] = Noun.WHOLESALER
    place: Place
    name: str
    terms: Terms


@dataclass(frozen=True, slots=True)
class ChangedWholesaler:
    """What a file says otherwise of a wholesaler."""

    name: str
    terms: Terms


@dataclass(frozen=True, slots=True)
class OrderRecord:
    """An order, by its number, and how it stands."""

    noun: ClassVar[Noun] = Noun.ORDER
    place: Place
    number: int
    line: Ref
    wholesaler: str
    about: int | None
    kind: str
    state: str
    reference: str | None = None
    appointment: date | None = None
    options: str = ""


@dataclass(frozen=True, slots=True)
class NewChange:
    """An order that changes or ends another one, which is written before it."""

    record: OrderRecord


@dataclass(frozen=True, slots=True)
class OrderEventRecord:
    """What was heard or done about an order, when and by whom."""

    noun: ClassVar[Noun] = Noun.ORDER_EVENT
    place: Place
    order: int
    at: datetime
    by: str
    state: str
    word: str = ""
    words: str = ""


def read_wholesaler(cells: Cells) -> Iterator[Record]:
    """A row of `wholesalers`."""
    said = {name: cells.text(name) for name in _TERMS}
    yield WholesalerRecord(cells.place, cells.needed("name", 32), Terms(**said))


def read_order(cells: Cells) -> Iterator[Record]:
    """A row of `orders`."""
    for name in ("number", "line", "wholesaler"):
        cells.needed(name)
    number, line = cells.ours("number", "O"), cells.ref("line", "L")
    if number is not None and line is not None:
        yield OrderRecord(
            place=cells.place,
            number=number,
            line=line,
            wholesaler=cells.text("wholesaler", 32) or "",
            about=cells.ours("about", "O"),
            kind=cells.text("kind", 16) or str(OrderKind.NEW),
            state=cells.needed("state", 24),
            reference=cells.text("reference", 100),
            appointment=cells.day("appointment"),
            options=cells.text("options", 300) or "",
        )


def read_order_event(cells: Cells) -> Iterator[Record]:
    """A row of `order_events`."""
    for name in ("order", "at"):
        cells.needed(name)
    number, at = cells.ours("order", "O"), cells.instant("at")
    if number is not None and at is not None:
        yield OrderEventRecord(
            place=cells.place,
            order=number,
            at=at,
            by=cells.needed("by", 64),
            state=cells.needed("state", 24),
            word=cells.text("word", 100) or "",
            words=cells.text("words", 1000) or "",
        )


def weigh_wholesalers(draft: Draft, session: Session, records: Iterable[WholesalerRecord]) -> frozenset[str]:
    """Say of each wholesaler what would become of them; the names of all that there will be."""
    here = {one.name: one for one in session.scalars(select(Wholesaler))}
    known = set(here)
    for record in records:
        if not draft.once(record.place, Noun.WHOLESALER, record.name):
            continue
        known.add(record.name)
        if record.name not in here:
            draft.add(record.place, Action.CREATE, Noun.WHOLESALER, record.name, record)
            continue
        try:
            changes = _differences(here[record.name], record.terms)
        except EssaimError as wrong:
            draft.reading.problems.append(refusal(record.place, wrong))
            continue
        if changes:
            work = ChangedWholesaler(record.name, Terms(**{one.field: one.after for one in changes}))  # type: ignore[arg-type]
            draft.add(record.place, Action.CHANGE, Noun.WHOLESALER, record.name, work, changes=changes)
        else:
            draft.here(record.place, Noun.WHOLESALER, record.name, same=True)
    return frozenset(known)


def _differences(here: Wholesaler, terms: Terms) -> tuple[Change, ...]:
    now = _terms(here)
    said = {name: texts.checked(text, 400, empty=True) for name in _TERMS if (text := getattr(terms, name))}
    if "vlans" in said:
        first, _, last = said["vlans"].replace(" ", "").partition("-")
        said["vlans"] = f"{first}-{last or first}"
    if "radius_from" in said:
        said["radius_from"] = " ".join(collecting.sources(said["radius_from"]))
    if "guarantee" in said:
        said["guarantee"] = str(wholesalers.guarantee_of(here, said["guarantee"]))
    return tuple(Change(name, now[name], text) for name, text in said.items() if text != now[name])


@dataclass(slots=True)
class _Orders:
    """The orders that are here, and those of the file: their line, wholesaler and kind, by number."""

    here: dict[int, dict[str, Any]]
    known: dict[int, tuple[int, str, str]]
    references: dict[tuple[str, str, str], int]
    events: set[tuple[object, ...]]


def weigh_orders(
    draft: Draft,
    session: Session,
    access: Access,
    known: frozenset[str],
    records: Iterable[OrderRecord | OrderEventRecord],
) -> None:
    """Say of each order, then of each of their events, what would become of it. `known`: the wholesalers there are."""
    every = list(records)
    if not every:
        return
    found = _known(session)
    told = {one.number: one for one in every if isinstance(one, OrderRecord)}
    for record in every:
        if isinstance(record, OrderEventRecord):
            _event(draft, found, record)
        elif record.line not in access.refused:  # else said of the line
            line = access.which(record.line)
            if line is None:
                draft.unknown(record.place, Noun.LINE, record.line.shown("L"))
            elif record.wholesaler not in known:
                draft.unknown(record.place, Noun.WHOLESALER, record.wholesaler)
            elif draft.once(record.place, Noun.ORDER, numbers.shown("O", record.number)):
                try:
                    _order(draft, found, told, line, record)
                except EssaimError as wrong:
                    draft.reading.problems.append(refusal(record.place, wrong))


def _known(session: Session) -> _Orders:
    found = _Orders({}, {}, {}, {tuple(one.values()) for one in _events(session)})
    for one in _orders(session):
        number, wholesaler, kind = numbers.parse("O", one["number"]), one["wholesaler"], str(one["kind"])
        found.here[number] = one
        found.known[number] = (numbers.parse("L", one["line"]), wholesaler, kind)
        if one["reference"]:
            found.references[wholesaler, kind, one["reference"]] = number
    return found


def _order(draft: Draft, found: _Orders, told: dict[int, OrderRecord], line: int, record: OrderRecord) -> None:
    shown, kind, state = numbers.shown("O", record.number), orders.kind_of(record.kind), orders.state_of(record.state)
    here = found.here.get(record.number)
    if here is not None:
        about = None if record.about is None else numbers.shown("O", record.about)
        said = {
            "line": numbers.shown("L", line), "wholesaler": record.wholesaler, "about": about, "kind": kind,
            "state": state, "reference": record.reference, "appointment": record.appointment,
            "options": record.options,
        }  # fmt: skip
        same = all(value in (None, "", here[name]) for name, value in said.items())
        return draft.here(record.place, Noun.ORDER, shown, same=same)
    if record.about is not None:
        other = told.get(record.about)
        of = found.known.get(record.about) or (other and (other.line.number, other.wholesaler, other.kind))
        if kind == OrderKind.NEW or of != (line, record.wholesaler, OrderKind.NEW):
            return draft.wrong(record.place, _ABOUT)
    if record.reference is not None:
        key = (record.wholesaler, str(kind), record.reference)
        taken = found.references.setdefault(key, record.number)
        if taken != record.number:
            facts = {"other": numbers.shown("O", taken), "reference": record.reference}
            return draft.wrong(record.place, _REFERENCE, wholesaler=record.wholesaler, **facts)
    found.known[record.number] = (line, record.wholesaler, str(kind))
    work = record if record.about is None else NewChange(record)
    return draft.add(record.place, Action.CREATE, Noun.ORDER, shown, work)


def _event(draft: Draft, found: _Orders, record: OrderEventRecord) -> None:
    shown = numbers.shown("O", record.order)
    if record.order not in found.known:
        return draft.unknown(record.place, Noun.ORDER, shown)
    if record.order in found.here:
        said = (shown, record.at, record.by, record.state, record.word, record.words)
        return draft.here(record.place, Noun.ORDER_EVENT, shown, same=said in found.events)
    try:
        orders.state_of(record.state)
        texts.checked(record.by, 64)
        texts.checked(record.word, 100, empty=True)
        texts.checked(record.words, 1000, empty=True, rows=True)
    except EssaimError as wrong:
        return draft.reading.problems.append(refusal(record.place, wrong))
    return draft.add(record.place, Action.CREATE, Noun.ORDER_EVENT, f"{shown} {record.state}", record)


def add_wholesaler(doing: Doing, record: WholesalerRecord) -> None:
    """Write a wholesaler."""
    wholesalers.add_wholesaler(doing.session, doing.act, record.name, record.terms)


def change_wholesaler(doing: Doing, changed: ChangedWholesaler) -> None:
    """Write what a file says otherwise of a wholesaler."""
    here = wholesalers.find_wholesaler(doing.session, changed.name)
    wholesalers.change_wholesaler(doing.session, doing.act, here, changed.terms)


def add_order(doing: Doing, record: OrderRecord) -> None:
    """Write an order as it stands: the state of its line is the line's own, and is not touched."""
    session = doing.session
    row, number = doing.lines[record.line.number or 0]
    order, line = numbers.shown("O", record.number), numbers.shown("L", number)
    about = None if record.about is None else orders.find_order(session, numbers.shown("O", record.about))
    session.add(
        Order(
            number=record.number,
            line_id=row,
            wholesaler_id=wholesalers.find_wholesaler(session, record.wholesaler).id,
            about_id=None if about is None else about.id,
            kind=orders.kind_of(record.kind),
            state=orders.state_of(record.state),
            reference=None if record.reference is None else texts.checked(record.reference, 100),
            appointment=record.appointment,
            options=texts.checked(record.options, 300, empty=True),
        )
    )
    facts = {"wholesaler": record.wholesaler, "kind": record.kind, "state": record.state}
    journal.record(session, doing.act, "order.import", order, line=line, **facts)
    session.flush()


def add_change(doing: Doing, new: NewChange) -> None:
    """Write an order that changes or ends another."""
    add_order(doing, new.record)


def add_event(doing: Doing, record: OrderEventRecord) -> None:
    """Write what was heard about an order, which the same file brings."""
    order = orders.find_order(doing.session, numbers.shown("O", record.order))
    said = {name: getattr(record, name) for name in ("at", "by", "word", "words")}
    doing.session.add(OrderEvent(order_id=order.id, state=orders.state_of(record.state), **said))
    doing.session.flush()


def _terms(one: Wholesaler) -> dict[str, Any]:
    said = {name: getattr(one, name) for name in _TERMS if name != "vlans"} | {"path_mtu": str(one.path_mtu)}
    vlans = None if one.vlan_first is None else f"{one.vlan_first}-{one.vlan_last}"
    return {name: vlans if name == "vlans" else said[name] for name in _TERMS}


def _wholesalers(session: Session) -> list[dict[str, Any]]:
    every = session.scalars(select(Wholesaler).order_by(Wholesaler.name))
    return [{"name": one.name, **_terms(one)} for one in every]


def _orders(session: Session) -> list[dict[str, Any]]:
    about, fields = aliased(Order), ("kind", "state", "reference", "appointment", "options")
    query = (
        select(Order, Line.number, about.number)
        .join(Line, Order.line_id == Line.id)
        .outerjoin(about, Order.about_id == about.id)
        .options(joinedload(Order.wholesaler))
        .order_by(Order.number)
    )
    return [
        {
            "number": str(one),
            "line": numbers.shown("L", line),
            "wholesaler": one.wholesaler.name,
            "about": None if of is None else numbers.shown("O", of),
            **{name: getattr(one, name) for name in fields},
        }
        for one, line, of in session.execute(query)
    ]


def _events(session: Session) -> list[dict[str, Any]]:
    query = select(OrderEvent, Order.number).join(Order).order_by(Order.number, OrderEvent.id)
    return [
        {"order": numbers.shown("O", number), **{name: getattr(one, name) for name in _EVENT}}
        for one, number in session.execute(query)
    ]


_EVENT: Final = ("at", "by", "state", "word", "words")

THINGS: Final = {"wholesalers": _wholesalers, "orders": _orders, "order_events": _events}
