"""What every door shows of wholesalers, orders, tickets, and the lines that copper's closure reaches."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from inventory.closures import Closing
from inventory.models.wholesale import (
    Collection,
    Order,
    OrderEvent,
    OrderKind,
    OrderState,
    PppEnd,
    Ticket,
    TicketEvent,
    TicketState,
    Wholesaler,
)
from inventory.tickets import is_late


@dataclass(frozen=True, slots=True)
class WholesalerView:
    """A wholesaler: how what we buy is handed over, and what that needs; the mapping of its words; the repair time
    promised (`4h`, `8ho`, `j+1`); whom to call; the addresses from which its RADIUS asks ours, whether their secret is
    in the vault, who ends PPP; the largest packet between its LAC and our LNS, in octets.
    """

    name: str
    title: str
    collection: Collection
    realm: str | None
    tunnel_endpoint: str | None
    enni: str | None
    vlan_first: int | None
    vlan_last: int | None
    sister: str | None
    mapping: str
    guarantee: str | None
    contact: str
    radius_from: tuple[str, ...]
    radius_secret: bool
    ppp_end: PppEnd
    path_mtu: int


@dataclass(frozen=True, slots=True)
class OrderEventView:
    """What was heard or done: when, by whom, the state then, the wholesaler's own word, a person's words."""

    at: datetime
    by: str
    state: OrderState
    word: str
    words: str


@dataclass(frozen=True, slots=True)
class OrderView:
    """An order: for which line, where, of what kind, how it stands; the wholesaler's reference, the appointment, and
    the order that it changes or ends.
    """

    number: str
    line: str
    wholesaler: str
    kind: OrderKind
    state: OrderState
    since: datetime
    placed: datetime
    reference: str | None
    appointment: date | None
    options: str
    about: str | None
    events: tuple[OrderEventView, ...]


@dataclass(frozen=True, slots=True)
class TicketEventView:
    """What was heard or done: when, by whom, the state then, the wholesaler's own word, a person's words."""

    at: datetime
    by: str
    state: TicketState
    word: str
    words: str


@dataclass(frozen=True, slots=True)
class TicketView:
    """A ticket: for which line, where, since when, how it stands; the repair time promised, its end, and whether the
    promise was broken at the instant of the view.
    """

    number: str
    line: str
    wholesaler: str
    state: TicketState
    opened: datetime
    reference: str | None
    guarantee: str | None
    deadline: datetime | None
    late: bool
    appointment: date | None
    resolved: datetime | None
    events: tuple[TicketEventView, ...]


@dataclass(frozen=True, slots=True)
class ClosingView:
    """A line that copper's closure reaches: where, when, the order that follows it, and the command that comes next."""

    line: str
    offer: str
    insee: str
    commercial: date | None
    technical: date
    migrating: bool
    order: str | None
    then: str


def view(one: Wholesaler) -> WholesalerView:
    """A wholesaler."""
    return WholesalerView(
        name=one.name,
        title=one.title,
        collection=Collection(one.collection),
        realm=one.realm,
        tunnel_endpoint=one.tunnel_endpoint,
        enni=one.enni,
        vlan_first=one.vlan_first,
        vlan_last=one.vlan_last,
        sister=one.sister,
        mapping=one.mapping,
        guarantee=one.guarantee,
        contact=one.contact,
        radius_from=tuple((one.radius_from or "").split()),
        radius_secret=one.radius_secret is not None,
        ppp_end=PppEnd(one.ppp_end),
        path_mtu=one.path_mtu,
    )


def view_order(one: Order) -> OrderView:
    """An order, loaded as `orders.find_order` loads it."""
    events = tuple(_order_event(each) for each in one.events)
    state = OrderState(one.state)
    entered = [each for rank, each in enumerate(events) if rank == 0 or events[rank - 1].state != each.state]
    return OrderView(
        number=str(one),
        line=str(one.line),
        wholesaler=one.wholesaler.name,
        kind=OrderKind(one.kind),
        state=state,
        since=entered[-1].at,
        placed=events[0].at,
        reference=one.reference,
        appointment=one.appointment,
        options=one.options,
        about=str(one.about) if one.about is not None else None,
        events=events,
    )


def view_ticket(one: Ticket, at: datetime) -> TicketView:
    """A ticket, loaded as `tickets.find_ticket` loads it, as it is at that instant."""
    return TicketView(
        number=str(one),
        line=str(one.line),
        wholesaler=one.wholesaler.name,
        state=TicketState(one.state),
        opened=one.opened,
        reference=one.reference,
        guarantee=one.guarantee,
        deadline=one.deadline,
        late=is_late(one, at),
        appointment=one.appointment,
        resolved=one.resolved,
        events=tuple(_ticket_event(each) for each in one.events),
    )


def view_closing(one: Closing) -> ClosingView:
    """A line that copper's closure reaches."""
    return ClosingView(
        line=one.line,
        offer=one.offer,
        insee=one.insee,
        commercial=one.commercial,
        technical=one.technical,
        migrating=one.migrating,
        order=one.order,
        then=one.then,
    )


def _order_event(one: OrderEvent) -> OrderEventView:
    return OrderEventView(one.at, one.by, OrderState(one.state), one.word, one.words)


def _ticket_event(one: TicketEvent) -> TicketEventView:
    return TicketEventView(one.at, one.by, TicketState(one.state), one.word, one.words)
