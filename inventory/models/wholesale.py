"""What is bought from wholesalers: how it is collected, orders, tickets, and where copper closes."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from foundation.database import Base, RowId, kept
from foundation.speech import Phrase
from foundation.vault import Sealed, SealedColumn
from inventory.models.lines import Line
from inventory.numbers import shown
from inventory.path_mtu import PATHS, USUAL_PATH


class Collection(StrEnum):
    """How a wholesaler hands our members' traffic over, as it was bought."""

    REALM_PROXY = "realm-proxy"
    TUNNEL_STEERING = "tunnel-steering"
    VLAN_HANDOFF = "vlan-handoff"
    WHITE_LABEL = "white-label"

    @property
    def phrase(self) -> Phrase:
        """The collection as people read it."""
        return _COLLECTIONS[self]


_COLLECTIONS: Final = {
    Collection.REALM_PROXY: Phrase("RADIUS mandaté par realm", "RADIUS proxied by realm"),
    Collection.TUNNEL_STEERING: Phrase("tunnel désigné par notre RADIUS", "tunnel named by our RADIUS"),
    Collection.VLAN_HANDOFF: Phrase("VLAN sur une porte de collecte", "VLANs on a handover port"),
    Collection.WHITE_LABEL: Phrase("marque blanche d'une association sœur", "white label of a sister association"),
}


class PppEnd(StrEnum):
    """Who ends members' PPP sessions, where a wholesaler asks our RADIUS for them."""

    US = "us"
    WHOLESALER = "wholesaler"

    @property
    def phrase(self) -> Phrase:
        """The end as people read it."""
        return _PPP_ENDS[self]


_PPP_ENDS: Final = {
    PppEnd.US: Phrase("notre LNS", "our LNS"),
    PppEnd.WHOLESALER: Phrase("chez l'opérateur de gros", "the wholesaler"),
}


class Wholesaler(Base):
    """Who sells us lines. `guarantee` is the repair time promised where nothing else is said: `4h`, `8ho`, `j+1`.

    Its RADIUS asks ours from the addresses `radius_from`, by the secret that it shares with us. `tunnel_endpoint` names
    LNS of ours in the order in which it tries them. `path_mtu` is the largest IP packet, in octets, between its
    LAC and our LNS.
    """

    __tablename__ = "wholesaler"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, info=kept("technical"))
    name: Mapped[str] = mapped_column(String(32), unique=True, info=kept("technical"))
    title: Mapped[str] = mapped_column(String(100), info=kept("technical"))
    collection: Mapped[str] = mapped_column(String(16), info=kept("technical"))
    realm: Mapped[str | None] = mapped_column(String(100), info=kept("technical"))
    tunnel_endpoint: Mapped[str | None] = mapped_column(String(100), info=kept("technical"))
    enni: Mapped[str | None] = mapped_column(String(100), info=kept("technical"))
    vlan_first: Mapped[int | None] = mapped_column(info=kept("technical"))
    vlan_last: Mapped[int | None] = mapped_column(info=kept("technical"))
    sister: Mapped[str | None] = mapped_column(String(100), info=kept("technical"))
    mapping: Mapped[str] = mapped_column(String(40), default="manual", info=kept("technical"))
    guarantee: Mapped[str | None] = mapped_column(String(8), info=kept("technical"))
    contact: Mapped[str] = mapped_column(String(200), default="", info=kept("technical"))
    radius_from: Mapped[str | None] = mapped_column(String(400), info=kept("technical"))
    radius_secret: Mapped[Sealed | None] = mapped_column(SealedColumn, info=kept("secret"))
    ppp_end: Mapped[str] = mapped_column(
        String(16), default=PppEnd.US, server_default=PppEnd.US, info=kept("technical")
    )
    path_mtu: Mapped[int] = mapped_column(
        default=USUAL_PATH, server_default=text(str(USUAL_PATH)), info=kept("technical")
    )

    __table_args__ = (
        CheckConstraint("collection <> 'realm-proxy' OR realm IS NOT NULL", name="realm"),
        CheckConstraint("collection <> 'tunnel-steering' OR tunnel_endpoint IS NOT NULL", name="tunnel"),
        CheckConstraint("collection <> 'vlan-handoff' OR (enni IS NOT NULL AND vlan_first IS NOT NULL)", name="vlan"),
        CheckConstraint("collection <> 'white-label' OR sister IS NOT NULL", name="sister"),
        CheckConstraint("(vlan_first IS NULL) = (vlan_last IS NULL)", name="vlan_range"),
        CheckConstraint("vlan_first IS NULL OR (vlan_first BETWEEN 1 AND vlan_last AND vlan_last <= 4094)", name="vid"),
        CheckConstraint("ppp_end = 'us' OR collection = 'realm-proxy'", name="ppp_end"),
        CheckConstraint(f"path_mtu BETWEEN {PATHS[0]} AND {PATHS[-1]}", name="path_mtu"),
    )


class OrderKind(StrEnum):
    """What an order asks for."""

    NEW = "new"
    CHANGE = "change"
    TERMINATE = "terminate"

    @property
    def phrase(self) -> Phrase:
        """The kind as people read it."""
        return _KINDS[self]


_KINDS: Final = {
    OrderKind.NEW: Phrase("nouvel accès", "new access"),
    OrderKind.CHANGE: Phrase("modification", "change"),
    OrderKind.TERMINATE: Phrase("résiliation", "termination"),
}


class OrderState(StrEnum):
    """Where an order stands, in our words, whichever the wholesaler."""

    DRAFT = "draft"
    ELIGIBILITY_REQUESTED = "eligibility_requested"
    ELIGIBLE = "eligible"
    INELIGIBLE = "ineligible"
    QUOTED = "quoted"
    ORDERED = "ordered"
    ACKNOWLEDGED = "acknowledged"
    IN_PRODUCTION = "in_production"
    APPOINTMENT_PLANNED = "appointment_planned"
    DELIVERED = "delivered"
    ACTIVE = "active"
    CHANGE_IN_PROGRESS = "change_in_progress"
    SUSPENDED = "suspended"
    TERMINATION_REQUESTED = "termination_requested"
    TERMINATED = "terminated"
    REJECTED = "rejected"
    CANCELLED = "cancelled"

    @property
    def phrase(self) -> Phrase:
        """The state as people read it."""
        return _ORDER_STATES[self]


_ORDER_STATES: Final = {
    OrderState.DRAFT: Phrase("brouillon", "draft"),
    OrderState.ELIGIBILITY_REQUESTED: Phrase("éligibilité demandée", "eligibility requested"),
    OrderState.ELIGIBLE: Phrase("éligible", "eligible"),
    OrderState.INELIGIBLE: Phrase("non éligible", "not eligible"),
    OrderState.QUOTED: Phrase("devis reçu", "quoted"),
    OrderState.ORDERED: Phrase("commandée", "ordered"),
    OrderState.ACKNOWLEDGED: Phrase("prise en compte", "acknowledged"),
    OrderState.IN_PRODUCTION: Phrase("en production", "in production"),
    OrderState.APPOINTMENT_PLANNED: Phrase("rendez-vous fixé", "appointment planned"),
    OrderState.DELIVERED: Phrase("livrée", "delivered"),
    OrderState.ACTIVE: Phrase("active", "active"),
    OrderState.CHANGE_IN_PROGRESS: Phrase("modification en cours", "change in progress"),
    OrderState.SUSPENDED: Phrase("suspendue", "suspended"),
    OrderState.TERMINATION_REQUESTED: Phrase("résiliation demandée", "termination requested"),
    OrderState.TERMINATED: Phrase("résiliée", "terminated"),
    OrderState.REJECTED: Phrase("rejetée", "rejected"),
    OrderState.CANCELLED: Phrase("annulée", "cancelled"),
}


class Order(Base):
    """One thing asked of a wholesaler for a line. `reference` is the wholesaler's; `about` the order that this one
    changes or ends.
    """

    __tablename__ = "wholesale_order"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, info=kept("contract"))
    number: Mapped[int] = mapped_column(unique=True, info=kept("contract"))
    line_id: Mapped[int] = mapped_column(ForeignKey("line.id"), index=True, info=kept("contract"))
    wholesaler_id: Mapped[int] = mapped_column(ForeignKey("wholesaler.id"), info=kept("contract"))
    about_id: Mapped[int | None] = mapped_column(ForeignKey("wholesale_order.id"), info=kept("contract"))
    kind: Mapped[str] = mapped_column(String(16), info=kept("contract"))
    state: Mapped[str] = mapped_column(String(24), info=kept("contract"))
    reference: Mapped[str | None] = mapped_column(String(100), info=kept("contract"))
    appointment: Mapped[date | None] = mapped_column(info=kept("contract"))
    options: Mapped[str] = mapped_column(String(300), default="", info=kept("contract"))

    line: Mapped[Line] = relationship(lazy="raise")
    wholesaler: Mapped[Wholesaler] = relationship(lazy="raise")
    about: Mapped[Order | None] = relationship(lazy="raise", remote_side="Order.id")
    events: Mapped[list[OrderEvent]] = relationship(lazy="raise", order_by="OrderEvent.id")

    __table_args__ = (
        # A termination may bear the reference of what it ends; two orders of a kind may not.
        UniqueConstraint("wholesaler_id", "kind", "reference"),
        Index("ix_wholesale_order_state", "state", "number"),
        CheckConstraint("about_id IS NULL OR kind <> 'new'", name="about"),
    )

    def __str__(self) -> str:
        return shown("O", self.number)


class OrderEvent(Base):
    """What was heard or done about an order; `word` is the wholesaler's own, `state` ours, `words` a person's."""

    __tablename__ = "wholesale_order_event"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, info=kept("contract"))
    order_id: Mapped[int] = mapped_column(ForeignKey("wholesale_order.id"), index=True, info=kept("contract"))
    at: Mapped[datetime] = mapped_column(info=kept("contract"))
    by: Mapped[str] = mapped_column(String(64), info=kept("contract"))
    state: Mapped[str] = mapped_column(String(24), info=kept("contract"))
    word: Mapped[str] = mapped_column(String(100), default="", info=kept("contract"))
    words: Mapped[str] = mapped_column(String(1000), default="", info=kept("contract"))


class TicketState(StrEnum):
    """Where a ticket stands."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    DIAGNOSING = "diagnosing"
    APPOINTMENT_PLANNED = "appointment_planned"
    WAITING_FOR_US = "waiting_for_us"
    RESOLVED = "resolved"
    CLOSED = "closed"
    CANCELLED = "cancelled"

    @property
    def phrase(self) -> Phrase:
        """The state as people read it."""
        return _TICKET_STATES[self]


_TICKET_STATES: Final = {
    TicketState.OPEN: Phrase("ouvert", "open"),
    TicketState.ACKNOWLEDGED: Phrase("pris en compte", "acknowledged"),
    TicketState.DIAGNOSING: Phrase("en diagnostic", "being diagnosed"),
    TicketState.APPOINTMENT_PLANNED: Phrase("rendez-vous fixé", "appointment planned"),
    TicketState.WAITING_FOR_US: Phrase("en attente de notre réponse", "waiting for our answer"),
    TicketState.RESOLVED: Phrase("résolu", "resolved"),
    TicketState.CLOSED: Phrase("clos", "closed"),
    TicketState.CANCELLED: Phrase("annulé", "cancelled"),
}


class Ticket(Base):
    """A fault told to a wholesaler. `guarantee` is the repair time that was promised then, `deadline` its end."""

    __tablename__ = "ticket"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, info=kept("contract"))
    number: Mapped[int] = mapped_column(unique=True, info=kept("contract"))
    line_id: Mapped[int] = mapped_column(ForeignKey("line.id"), index=True, info=kept("contract"))
    wholesaler_id: Mapped[int] = mapped_column(ForeignKey("wholesaler.id"), info=kept("contract"))
    opened: Mapped[datetime] = mapped_column(info=kept("contract"))
    reference: Mapped[str | None] = mapped_column(String(100), info=kept("contract"))
    state: Mapped[str] = mapped_column(String(24), info=kept("contract"))
    guarantee: Mapped[str | None] = mapped_column(String(8), info=kept("contract"))
    deadline: Mapped[datetime | None] = mapped_column(info=kept("contract"))
    appointment: Mapped[date | None] = mapped_column(info=kept("contract"))
    resolved: Mapped[datetime | None] = mapped_column(info=kept("contract"))

    line: Mapped[Line] = relationship(lazy="raise")
    wholesaler: Mapped[Wholesaler] = relationship(lazy="raise")
    events: Mapped[list[TicketEvent]] = relationship(lazy="raise", order_by="TicketEvent.id")

    __table_args__ = (
        UniqueConstraint("wholesaler_id", "reference"),
        Index("ix_ticket_state", "state", "number"),
        CheckConstraint("(guarantee IS NULL) = (deadline IS NULL)", name="deadline"),
        CheckConstraint("(state IN ('resolved', 'closed')) = (resolved IS NOT NULL)", name="resolved"),
    )

    def __str__(self) -> str:
        return shown("K", self.number)


class TicketEvent(Base):
    """What was heard or done about a ticket; `word` is the wholesaler's own, `words` a person's."""

    __tablename__ = "ticket_event"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, info=kept("contract"))
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), index=True, info=kept("contract"))
    at: Mapped[datetime] = mapped_column(info=kept("contract"))
    by: Mapped[str] = mapped_column(String(64), info=kept("contract"))
    state: Mapped[str] = mapped_column(String(24), info=kept("contract"))
    word: Mapped[str] = mapped_column(String(100), default="", info=kept("contract"))
    words: Mapped[str] = mapped_column(String(1000), default="", info=kept("contract"))


class CopperClosure(Base):
    """When copper closes in a municipality (INSEE code): no more orders from `commercial`, no more lines from
    `technical`.
    """

    __tablename__ = "copper_closure"

    insee: Mapped[str] = mapped_column(String(5), primary_key=True, info=kept("technical"))
    commercial: Mapped[date | None] = mapped_column(info=kept("technical"))
    technical: Mapped[date | None] = mapped_column(info=kept("technical"))

    __table_args__ = (
        CheckConstraint("commercial IS NULL OR technical IS NULL OR technical >= commercial", name="order"),
        CheckConstraint("commercial IS NOT NULL OR technical IS NOT NULL", name="dated"),
    )
