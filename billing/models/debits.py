"""SEPA direct debits: the mandates that members signed, what is collected with them, and what became of each."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from billing.models.bank import BankAccount, BankEntry
from billing.models.columns import EurosColumn
from billing.models.payments import Payment
from foundation.database import GUARDS, Base, Guard, RowId, kept
from foundation.money import Euros
from foundation.speech import Phrase
from foundation.vault import Sealed, SealedColumn
from inventory.models.people import Member
from inventory.numbers import shown


class DebitMandate(Base):
    """What a member signed [mandat de prélèvement]: the association may debit this account, until it ends or lapses.

    `rum` [référence unique de mandat] names it to banks; `digest` is a keyed one of the IBAN, by which the same account
    is found again; `last_collected` the day of the last collection that was handed to the bank with it, whatever became
    of it.
    """

    __tablename__ = "debit_mandate"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, info=kept("payment"))
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), index=True, info=kept("payment"))
    rum: Mapped[str] = mapped_column(String(35), unique=True, info=kept("payment"))
    holder: Mapped[str] = mapped_column(String(70), info=kept("payment"))
    iban: Mapped[Sealed] = mapped_column(SealedColumn, info=kept("payment"))
    digest: Mapped[bytes] = mapped_column(LargeBinary(32), index=True, info=kept("payment"))
    last_four: Mapped[str] = mapped_column(String(4), info=kept("payment"))
    bic: Mapped[str] = mapped_column(String(11), default="", info=kept("payment"))
    signed: Mapped[date] = mapped_column(info=kept("payment"))
    ended: Mapped[date | None] = mapped_column(info=kept("payment"))
    last_collected: Mapped[date | None] = mapped_column(info=kept("payment"))
    at: Mapped[datetime] = mapped_column(info=kept("payment"))

    member: Mapped[Member] = relationship(lazy="raise")

    __table_args__ = (
        CheckConstraint("ended IS NULL OR ended >= signed", name="period"),
        Index(
            "uq_debit_mandate_living",
            "member_id",
            unique=True,
            sqlite_where=text("ended IS NULL"),
            postgresql_where=text("ended IS NULL"),
        ),
    )

    def __str__(self) -> str:
        return self.rum


class SequenceType(StrEnum):
    """Whether an item is the first of its mandate or one more of them (ISO 20022, SequenceType)."""

    FIRST = "FRST"
    RECURRENT = "RCUR"


class ItemState(StrEnum):
    """Where an item is.

    `planned`: to be asked for; `sent`: in a file for the bank; `paid`: the bank's statement shows it; `returned`: the
    bank gave it back, or never took it; `withdrawn`: never asked for.
    """

    PLANNED = "planned"
    SENT = "sent"
    PAID = "paid"
    RETURNED = "returned"
    WITHDRAWN = "withdrawn"

    @property
    def phrase(self) -> Phrase:
        """The state as people read it."""
        return _STATES[self]


_STATES: Final = {
    ItemState.PLANNED: Phrase("prévu", "planned"),
    ItemState.SENT: Phrase("remis à la banque", "handed to the bank"),
    ItemState.PAID: Phrase("payé", "paid"),
    ItemState.RETURNED: Phrase("rejeté", "returned"),
    ItemState.WITHDRAWN: Phrase("retiré", "withdrawn"),
}

_ALIVE: Final = text("state IN ('planned', 'sent')")


class Collection(Base):
    """Direct debits of one day [remise]: planned, announced, then written to a file for the bank.

    `day` is when accounts are debited. `message_id` names the file to the bank; `written` is when its content was
    settled, for `account` and under `ics` (the creditor's identifier): from then on it is always the same file.
    """

    __tablename__ = "collection"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, info=kept("payment"))
    number: Mapped[int] = mapped_column(unique=True, info=kept("payment"))
    day: Mapped[date] = mapped_column(index=True, info=kept("payment"))
    created: Mapped[datetime] = mapped_column(info=kept("payment"))
    message_id: Mapped[str] = mapped_column(String(35), unique=True, info=kept("payment"))
    written: Mapped[datetime | None] = mapped_column(info=kept("payment"))
    account_id: Mapped[int | None] = mapped_column(ForeignKey("bank_account.id"), info=kept("payment"))
    creditor: Mapped[str] = mapped_column(String(70), default="", info=kept("payment"))
    ics: Mapped[str] = mapped_column(String(35), default="", info=kept("payment"))

    account: Mapped[BankAccount | None] = relationship(lazy="raise")
    items: Mapped[list[CollectionItem]] = relationship(
        lazy="raise", order_by="CollectionItem.id", back_populates="collection"
    )

    __table_args__ = (CheckConstraint("(written IS NULL) = (account_id IS NULL)", name="written"),)

    def __str__(self) -> str:
        return shown("V", self.number)


class CollectionItem(Base):
    """What one collection asks of one mandate. `end_to_end` comes back in the bank's statements.

    `announced` is the day its member was told of it; `code` why the bank gave it back (ISO 20022);
    `entry` the bank's movement that gave it back.
    """

    __tablename__ = "collection_item"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, info=kept("payment"))
    collection_id: Mapped[int] = mapped_column(ForeignKey("collection.id"), info=kept("payment"))
    mandate_id: Mapped[int] = mapped_column(ForeignKey("debit_mandate.id"), index=True, info=kept("payment"))
    cents: Mapped[Euros] = mapped_column(EurosColumn, info=kept("payment"))
    end_to_end: Mapped[str] = mapped_column(String(35), unique=True, info=kept("payment"))
    sequence: Mapped[str] = mapped_column(String(4), info=kept("payment"))
    state: Mapped[str] = mapped_column(String(12), default=ItemState.PLANNED, info=kept("payment"))
    announced: Mapped[date | None] = mapped_column(info=kept("payment"))
    code: Mapped[str] = mapped_column(String(4), default="", info=kept("payment"))
    payment_id: Mapped[int | None] = mapped_column(ForeignKey("payment.id"), unique=True, info=kept("payment"))
    entry_id: Mapped[int | None] = mapped_column(ForeignKey("bank_entry.id"), index=True, info=kept("payment"))

    collection: Mapped[Collection] = relationship(lazy="raise", back_populates="items")
    mandate: Mapped[DebitMandate] = relationship(lazy="raise")
    payment: Mapped[Payment | None] = relationship(lazy="raise")
    entry: Mapped[BankEntry | None] = relationship(lazy="raise")

    __table_args__ = (
        CheckConstraint("cents > 0", name="positive"),
        CheckConstraint("state <> 'paid' OR payment_id IS NOT NULL", name="paid"),
        CheckConstraint("entry_id IS NULL OR state = 'returned'", name="given_back"),
        UniqueConstraint("collection_id", "mandate_id"),
        Index("uq_collection_item_living", "mandate_id", unique=True, sqlite_where=_ALIVE, postgresql_where=_ALIVE),
    )

    def __str__(self) -> str:
        return self.end_to_end


_WRITTEN: Final = "what a bank was asked for stays as it was asked"


def _asked_once(verb: str, condition: str) -> tuple[str, ...]:
    return (
        f"CREATE TRIGGER IF NOT EXISTS collection_item_asked_{verb.split()[0].lower()} BEFORE {verb} "
        f"ON collection_item WHEN {condition} BEGIN SELECT raise(ABORT, '{_WRITTEN}'); END",
    )


GUARDS.append(
    Guard(
        "what a bank was asked for is never edited",
        sqlite=(
            *_asked_once(
                "UPDATE OF cents, collection_id, mandate_id, end_to_end, sequence", "OLD.state IN ('sent', 'paid')"
            ),
            *_asked_once("DELETE", "OLD.state IN ('sent', 'paid', 'returned')"),
        ),
        postgresql=(
            "CREATE OR REPLACE FUNCTION essaim_collection_item_asked() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"RAISE check_violation USING MESSAGE = '{_WRITTEN}'; END $$",
            "CREATE OR REPLACE TRIGGER collection_item_asked_update "
            "BEFORE UPDATE OF cents, collection_id, mandate_id, end_to_end, sequence ON collection_item FOR EACH ROW "
            "WHEN (OLD.state IN ('sent', 'paid')) EXECUTE FUNCTION essaim_collection_item_asked()",
            "CREATE OR REPLACE TRIGGER collection_item_asked_delete BEFORE DELETE ON collection_item FOR EACH ROW "
            "WHEN (OLD.state IN ('sent', 'paid', 'returned')) EXECUTE FUNCTION essaim_collection_item_asked()",
        ),
    )
)
