"""Wholesalers, what we order from them, the faults we tell them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from datetime import date, datetime

from pydantic import AwareDatetime, Field
from sqlalchemy.orm import Session

from api.rest.noun import Body, Noun
from foundation.acts import Act
from inventory import collecting, lines, orders, tickets, wholesalers
from inventory.models.mandates import Task
from inventory.models.wholesale import Collection, Order, OrderKind, OrderState, PppEnd, Ticket, TicketState, Wholesaler
from inventory.orders import News
from inventory.path_mtu import PATHS, USUAL_PATH
from inventory.views.wholesale import OrderView, TicketView, WholesalerView, view, view_order, view_ticket
from inventory.wholesalers import Terms

READERS = frozenset({Task.LINES_WRITE, Task.MONITORING_READ})


class Said(Body):
    """What is said of a wholesaler; an empty text takes it away."""

    title: str = Field("", max_length=100, examples=["Grossiste d'exemple"])
    collection: Collection | None = None
    realm: str = Field("", max_length=100)
    tunnel_endpoint: str = Field("", max_length=100)
    enni: str = Field("", max_length=100)
    vlans: str = Field("", max_length=20, examples=["100-199"])
    sister: str = Field("", max_length=100)
    mapping: str = Field("", max_length=40)
    guarantee: str = Field("", max_length=8, examples=["4h"])
    contact: str = Field("", max_length=200)
    radius_from: str = Field("", max_length=400, examples=["198.51.100.10 2001:db8::10"])
    ppp_end: PppEnd = PppEnd.US
    path_mtu: int = Field(USUAL_PATH, ge=PATHS[0], le=PATHS[-1])

    def terms(self) -> Terms:
        """What was said, and no more."""
        names = {field.name for field in fields(Terms)}
        said = {name: value for name, value in self.given().items() if name in names}
        return Terms(**{name: str(value) if isinstance(value, int) else value for name, value in said.items()})


class NewWholesaler(Said):
    """Someone sells us lines."""

    name: str = Field(max_length=32, examples=["exemple-gros"])


class SharedSecret(Body):
    """What a wholesaler's RADIUS proves itself to ours with. It is never shown again."""

    secret: str = Field(min_length=1, max_length=63)


class Told(Body):
    """What is told of an order or ticket: the wholesaler's own word, one's own words."""

    word: str = Field("", max_length=100)
    words: str = Field("", max_length=1000)
    reference: str | None = Field(None, max_length=100, examples=["EX-12345"])
    appointment: date | None = None

    def news(self) -> News:
        """What was told."""
        return News(self.word, self.words, self.reference, self.appointment)


class NewOrder(Told):
    """A line, a change of it or its end, ordered from a wholesaler; a `draft` waits to be placed."""

    line: str = Field(max_length=16, examples=["L0042"])
    wholesaler: str = Field(max_length=32, examples=["exemple-gros"])
    kind: OrderKind = OrderKind.NEW
    about: str | None = Field(None, max_length=16)
    draft: bool = False
    options: str = Field("", max_length=300)


class OrderMove(Told):
    """The state that the order comes into."""

    to: OrderState


class NewTicket(Told):
    """A fault told to a wholesaler; `guarantee` is the repair time promised, else the wholesaler's."""

    line: str = Field(max_length=16, examples=["L0042"])
    wholesaler: str = Field(max_length=32, examples=["exemple-gros"])
    opened: AwareDatetime | None = None
    guarantee: str | None = Field(None, max_length=8, examples=["4h"])


class TicketMove(Told):
    """The state that the ticket comes into."""

    to: TicketState


def create_wholesaler(session: Session, act: Act, body: NewWholesaler) -> Wholesaler:
    """Someone sells us lines from now on."""
    return wholesalers.add_wholesaler(session, act, body.name, body.terms())


def change_wholesaler(session: Session, act: Act, wholesaler: Wholesaler, body: Said) -> None:
    """What is said of a wholesaler changes."""
    wholesalers.change_wholesaler(session, act, wholesaler, body.terms())


def share_secret(session: Session, act: Act, wholesaler: Wholesaler, body: SharedSecret) -> None:
    """Seal what a wholesaler's RADIUS proves itself to ours with."""
    collecting.share_secret(session, act, wholesaler, body.secret)


WHOLESALERS = Noun(
    path="wholesalers",
    about="Wholesalers, by name",
    view=WholesalerView,
    views=lambda _session, _act, rows: [view(one) for one in rows],
    find=wholesalers.find_wholesaler,
    named=lambda wholesaler: wholesaler.name,
    listed=wholesalers.list_wholesalers,
    readers=READERS,
    create=create_wholesaler,
    change=change_wholesaler,
    verbs={"secrets": share_secret},
    example={
        "name": "exemple-gros",
        "title": "Grossiste d'exemple",
        "collection": "realm-proxy",
        "realm": "abeilles.example",
        "tunnel_endpoint": None,
        "enni": None,
        "vlan_first": None,
        "vlan_last": None,
        "sister": None,
        "mapping": "manual",
        "guarantee": "4h",
        "contact": "",
        "radius_from": ["198.51.100.10"],
        "radius_secret": True,
        "ppp_end": "us",
        "path_mtu": 1500,
    },
)


def orders_listed(
    session: Session,
    *,
    line: str | None = None,
    wholesaler: str | None = None,
    settled: bool = False,
    after: int = 0,
    limit: int = 100,
) -> Sequence[Order]:
    """Orders by number that something is awaited of; with `settled`, the others too."""
    return orders.list_orders(
        session,
        line=lines.find_line(session, line) if line is not None else None,
        wholesaler=wholesalers.find_wholesaler(session, wholesaler) if wholesaler is not None else None,
        settled=settled,
        after=after,
        limit=limit,
    )


def place_order(session: Session, act: Act, body: NewOrder) -> Order:
    """Order a line, a change of it or its end."""
    return orders.place_order(
        session,
        act,
        lines.find_line(session, body.line),
        wholesalers.find_wholesaler(session, body.wholesaler),
        kind=body.kind,
        about=orders.find_order(session, body.about) if body.about is not None else None,
        draft=body.draft,
        options=body.options,
        news=body.news(),
    ).order


def move_order(session: Session, act: Act, order: Order, body: OrderMove) -> None:
    """Bring an order into another state, and its line with it."""
    orders.move_order(session, act, order, body.to, body.news())


def note_order(session: Session, act: Act, order: Order, body: Told) -> None:
    """Note what was heard; a word of theirs may bring the order into another state."""
    orders.note_order(session, act, order, body.news())


_EVENT = {
    "at": "2026-11-22T13:02:00+00:00",
    "by": "M0007",
    "state": "ordered",
    "word": "",
    "words": "",
}

ORDERS = Noun(
    path="orders",
    about="Orders from wholesalers, by number",
    view=OrderView,
    views=lambda _session, _act, rows: [view_order(one) for one in rows],
    find=orders.find_order,
    listed=orders_listed,
    readers=READERS,
    create=place_order,
    verbs={"transitions": move_order, "notes": note_order},
    example={
        "number": "O0012",
        "line": "L0042",
        "wholesaler": "exemple-gros",
        "kind": "new",
        "state": "ordered",
        "since": "2026-11-22T13:02:00+00:00",
        "placed": "2026-11-22T13:02:00+00:00",
        "reference": "EX-12345",
        "appointment": None,
        "options": "",
        "about": None,
        "events": [_EVENT],
    },
)


def tickets_listed(
    session: Session,
    at: datetime,
    *,
    line: str | None = None,
    wholesaler: str | None = None,
    late: bool = False,
    ended: bool = False,
    after: int = 0,
    limit: int = 100,
) -> Sequence[Ticket]:
    """Tickets by number that are not over; with `late`, those whose promise was broken."""
    return tickets.list_tickets(
        session,
        line=lines.find_line(session, line) if line is not None else None,
        wholesaler=wholesalers.find_wholesaler(session, wholesaler) if wholesaler is not None else None,
        late_at=at if late else None,
        ended=ended,
        after=after,
        limit=limit,
    )


def open_ticket(session: Session, act: Act, body: NewTicket) -> Ticket:
    """Note that a fault was told to a wholesaler."""
    return tickets.open_ticket(
        session,
        act,
        lines.find_line(session, body.line),
        wholesalers.find_wholesaler(session, body.wholesaler),
        opened=body.opened,
        guarantee=body.guarantee,
        news=body.news(),
    )


def move_ticket(session: Session, act: Act, ticket: Ticket, body: TicketMove) -> None:
    """Bring a ticket into another state."""
    tickets.move_ticket(session, act, ticket, body.to, body.news())


def note_ticket(session: Session, act: Act, ticket: Ticket, body: Told) -> None:
    """Note what was heard."""
    tickets.note_ticket(session, act, ticket, body.news())


TICKETS = Noun(
    path="tickets",
    about="Tickets at wholesalers, by number",
    view=TicketView,
    views=lambda _session, act, rows: [view_ticket(one, act.at) for one in rows],
    find=tickets.find_ticket,
    listed=tickets_listed,
    readers=READERS,
    create=open_ticket,
    verbs={"transitions": move_ticket, "notes": note_ticket},
    example={
        "number": "K0003",
        "line": "L0042",
        "wholesaler": "exemple-gros",
        "state": "open",
        "opened": "2026-11-22T13:02:00+00:00",
        "reference": None,
        "guarantee": "4h",
        "deadline": "2026-11-22T17:02:00+00:00",
        "late": False,
        "appointment": None,
        "resolved": None,
        "events": [_EVENT | {"state": "open"}],
    },
)
