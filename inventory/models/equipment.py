"""What the association lends to its members: boxes, ONTs, antennas, small computers."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Final

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from foundation.database import Base, RowId, kept
from foundation.speech import Phrase
from inventory.models.people import Member
from inventory.numbers import shown


class EquipmentKind(StrEnum):
    """What is lent."""

    BOX = "box"
    ONT = "ont"
    MODEM = "modem"
    ANTENNA = "antenna"
    PI = "pi"
    SWITCH = "switch"
    OTHER = "other"

    @property
    def phrase(self) -> Phrase:
        """The kind as people read it."""
        return _KINDS[self]


_KINDS: Final = {
    EquipmentKind.BOX: Phrase("box", "box"),
    EquipmentKind.ONT: Phrase("boîtier fibre (ONT)", "fibre terminal (ONT)"),
    EquipmentKind.MODEM: Phrase("modem", "modem"),
    EquipmentKind.ANTENNA: Phrase("antenne", "antenna"),
    EquipmentKind.PI: Phrase("petit ordinateur", "small computer"),
    EquipmentKind.SWITCH: Phrase("commutateur", "switch"),
    EquipmentKind.OTHER: Phrase("autre", "other"),
}


class Equipment(Base):
    """One thing that may be lent, `Q0007`, until the day it is retired."""

    __tablename__ = "equipment"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, info=kept("technical"))
    number: Mapped[int] = mapped_column(unique=True, info=kept("technical"))
    kind: Mapped[str] = mapped_column(String(16), info=kept("technical"))
    model: Mapped[str] = mapped_column(String(100), default="", info=kept("technical"))
    serial: Mapped[str | None] = mapped_column(String(64), index=True, info=kept("technical"))
    mac: Mapped[str | None] = mapped_column(String(17), unique=True, info=kept("technical"))
    since: Mapped[date] = mapped_column(info=kept("technical"))
    until: Mapped[date | None] = mapped_column(info=kept("technical"))

    __table_args__ = (
        Index("uq_equipment_serial", "model", "serial", unique=True),
        CheckConstraint("until IS NULL OR until >= since", name="period"),
    )

    def __str__(self) -> str:
        return shown("Q", self.number)


class Loan(Base):
    """Something lent to a member, from a day to a day (half-open), and the deposit in cents that they left for it."""

    __tablename__ = "loan"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, info=kept("contract"))
    equipment_id: Mapped[int] = mapped_column(ForeignKey("equipment.id"), info=kept("contract"))
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), index=True, info=kept("contract"))
    since: Mapped[date] = mapped_column(info=kept("contract"))
    until: Mapped[date | None] = mapped_column(info=kept("contract"))
    deposit: Mapped[int] = mapped_column(BigInteger, default=0, info=kept("contract"))
    refund: Mapped[int | None] = mapped_column(BigInteger, info=kept("contract"))
    refunded: Mapped[date | None] = mapped_column(info=kept("contract"))

    equipment: Mapped[Equipment] = relationship(lazy="raise")
    member: Mapped[Member] = relationship(lazy="raise")

    __table_args__ = (
        Index("ix_loan_equipment", "equipment_id", "since"),
        Index(
            "uq_loan_living",
            "equipment_id",
            unique=True,
            sqlite_where=text("until IS NULL"),
            postgresql_where=text("until IS NULL"),
        ),
        CheckConstraint("deposit >= 0 AND refund BETWEEN 0 AND deposit", name="amounts"),
        CheckConstraint("(refund IS NULL) = (refunded IS NULL)", name="refund"),
        CheckConstraint("until IS NULL OR until >= since", name="period"),
    )
