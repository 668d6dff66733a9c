"""What things cost from a day on, what members chose to give instead, and what is paused for a while."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Final

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from billing.models.columns import EurosColumn
from foundation.database import Base, RowId, kept
from foundation.money import Euros
from foundation.speech import Phrase
from inventory.models.people import Member

MEMBERSHIP = "membership"
"""What a due, a chosen amount or a pause is for when it is not for a line."""


class Per(StrEnum):
    """What a tariff's amount is for."""

    MONTH = "month"
    YEAR = "year"
    ONCE = "once"

    @property
    def phrase(self) -> Phrase:
        """The time as people read it."""
        return _PERS[self]


_PERS: Final = {
    Per.MONTH: Phrase("par mois", "a month"),
    Per.YEAR: Phrase("par an", "a year"),
    Per.ONCE: Phrase("une fois", "once"),
}


class Asked(StrEnum):
    """What a tariff asks for: the thing itself, the right of entry of whoever joins, or a deposit given back."""

    REGULAR = "regular"
    ENTRY = "entry"
    DEPOSIT = "deposit"

    @property
    def phrase(self) -> Phrase:
        """What is asked for as people read it."""
        return _ASKED[self]


_ASKED: Final = {
    Asked.REGULAR: Phrase("la chose même", "the thing itself"),
    Asked.ENTRY: Phrase("droit d'entrée", "right of entry"),
    Asked.DEPOSIT: Phrase("dépôt de garantie", "deposit"),
}


class Tariff(Base):
    """What an offer or a kind of membership costs from a day on, until the next tariff of the same begins.

    Where the price is free (*prix libre*), `cents` is what is suggested and `floor` the least one may choose. The
    solidarity amount may be chosen without a reason, whatever the tariff.
    """

    __tablename__ = "tariff"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, info=kept("payment"))
    offer_id: Mapped[int | None] = mapped_column(ForeignKey("offer.id"), info=kept("payment"))
    membership: Mapped[str | None] = mapped_column(String(32), info=kept("payment"))
    asked: Mapped[str] = mapped_column(String(8), default=Asked.REGULAR, info=kept("payment"))
    per: Mapped[str] = mapped_column(String(8), info=kept("payment"))
    cents: Mapped[Euros] = mapped_column(EurosColumn, info=kept("payment"))
    floor: Mapped[Euros | None] = mapped_column(EurosColumn, info=kept("payment"))
    solidarity: Mapped[Euros | None] = mapped_column(EurosColumn, info=kept("payment"))
    label: Mapped[str] = mapped_column(String(100), info=kept("payment"))
    since: Mapped[date] = mapped_column(info=kept("payment"))

    __table_args__ = (
        CheckConstraint("cents >= 0", name="not_negative"),
        CheckConstraint("floor IS NULL OR (floor >= 0 AND floor <= cents)", name="floor_below"),
        CheckConstraint("solidarity IS NULL OR (solidarity >= 0 AND solidarity <= cents)", name="solidarity_below"),
        CheckConstraint("(asked = 'regular') <> (per = 'once')", name="once_or_again"),
        CheckConstraint("(offer_id IS NULL) <> (membership IS NULL)", name="of_one_thing"),
        UniqueConstraint("offer_id", "asked", "since"),
        UniqueConstraint("membership", "asked", "since"),
    )

    @property
    def free(self) -> bool:
        """Whether whoever pays chooses how much."""
        return self.floor is not None


class Pledge(Base):
    """What a member chose to give for their membership, their entry or a line, from a day on, until they choose anew.

    `cents` is for the same time as the tariff's amount; none goes back to what the tariff suggests.
    """

    __tablename__ = "pledge"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, info=kept("payment"))
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), info=kept("payment"))
    what: Mapped[str] = mapped_column(String(16), info=kept("payment"))
    cents: Mapped[Euros | None] = mapped_column(EurosColumn, info=kept("payment"))
    since: Mapped[date] = mapped_column(info=kept("payment"))

    __table_args__ = (
        CheckConstraint("cents IS NULL OR cents >= 0", name="not_negative"),
        UniqueConstraint("member_id", "what", "since"),
    )


class Pause(Base):
    """From a day to a day a member owes nothing for their membership or for a line: someone decided so."""

    __tablename__ = "pause"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, info=kept("payment"))
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), index=True, info=kept("payment"))
    what: Mapped[str] = mapped_column(String(16), info=kept("payment"))
    since: Mapped[date] = mapped_column(info=kept("payment"))
    until: Mapped[date] = mapped_column(info=kept("payment"))

    member: Mapped[Member] = relationship(lazy="raise")

    __table_args__ = (CheckConstraint("until > since", name="period"),)
