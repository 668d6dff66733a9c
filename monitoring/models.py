"""What was seen, in a database file of its own: pollers never write where the truth is.

The file can be thrown away: it is created when absent, and the association's migrations do not know it.
What it says about people is `Connection` alone, and that is kept as long as connections are and no longer.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar, Final

from sqlalchemy import CheckConstraint, Dialect, Index, Integer, MetaData, String, UniqueConstraint, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

from foundation.database import Base, Instant, Store, kept, open_apart
from foundation.settings import Settings

LARGEST: Final = 2**64 - 1
"""The largest value of a counter (Counter64, RFC 2578)."""


class Unsigned64(TypeDecorator[int]):
    """An integer from 0 to 2^64 - 1, as two's complement in SQLite's signed 64 bits."""

    impl = Integer
    cache_ok = True

    def process_bind_param(self, value: int | None, dialect: Dialect) -> int | None:  # noqa: ARG002
        """Refuse what is no unsigned 64-bit number."""
        if value is None:
            return None
        if not 0 <= value <= LARGEST:
            raise ValueError("a counter is between 0 and 2^64 - 1")
        return value - 2**64 if value >= 2**63 else value

    def process_result_value(self, value: Any, dialect: Dialect) -> int | None:  # noqa: ARG002
        """The number as it was given."""
        return None if value is None else int(value) % 2**64


class Seen(DeclarativeBase):
    """Every table of the samples' file. Each column says why it is kept, as in the association's database."""

    metadata = MetaData(naming_convention=Base.metadata.naming_convention)
    type_annotation_map: ClassVar[dict[Any, Any]] = {datetime: Instant()}


class Connection(Seen):
    """One stay of a line on the network: since when, from where, how much, and why it ended.

    `remote` is where the member came from (a tunnel's outer address, a caller's number). It is what tells
    the member that someone else uses their key, and a volunteer whether the access network is at fault;
    it says where people are, so it is never written anywhere else and goes with the row.
    `received` and `sent` are octets as the member counts them. `counted_*` is what the machine's own counters
    said last: a tunnel's go on from one connection to the next.
    """

    __tablename__ = "connection"

    id: Mapped[int] = mapped_column(primary_key=True, info=kept("connection"))
    line: Mapped[int] = mapped_column(info=kept("connection"))
    device: Mapped[str] = mapped_column(String(64), info=kept("connection"))
    key: Mapped[str] = mapped_column(String(64), info=kept("connection"))
    since: Mapped[datetime] = mapped_column(info=kept("connection"))
    last_seen: Mapped[datetime] = mapped_column(info=kept("connection"))
    until: Mapped[datetime | None] = mapped_column(info=kept("connection"))
    remote: Mapped[str | None] = mapped_column(String(64), info=kept("connection"))
    received: Mapped[int] = mapped_column(Unsigned64, info=kept("connection"))
    sent: Mapped[int] = mapped_column(Unsigned64, info=kept("connection"))
    counted_received: Mapped[int] = mapped_column(Unsigned64, info=kept("connection"))
    counted_sent: Mapped[int] = mapped_column(Unsigned64, info=kept("connection"))
    cause: Mapped[str] = mapped_column(String(32), default="", info=kept("connection"))

    __table_args__ = (
        UniqueConstraint("device", "line", "key"),
        Index("ix_connection_line", "line", "since"),
        Index("uq_connection_living", "line", unique=True, sqlite_where=text("until IS NULL")),
        CheckConstraint("until IS NULL OR until > since", name="period"),
    )


def open_samples(settings: Settings) -> Store:
    """Open the samples' file of this association; make it, readable by its owner alone, where there is none.

    Raises NotInitialised, KeyMissing, DatabaseBusy, DatabaseUnreadable.
    """
    return open_apart(settings, settings.samples, Seen.metadata)
