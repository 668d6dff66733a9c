"""The embedded store's own file: a journal of what was heard, and hours of it packed and rolled up.

Instants are whole milliseconds since 1970, hours whole hours since then.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, MetaData, String, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from foundation.database import Base, Store, kept, open_apart
from foundation.settings import Settings


class Held(DeclarativeBase):
    """Every table of the series' file. None of them says anything of a person."""

    metadata = MetaData(naming_convention=Base.metadata.naming_convention)


class Machine(Held):
    """A machine that has said something."""

    __tablename__ = "machine"

    id: Mapped[int] = mapped_column(primary_key=True, info=kept("technical"))
    name: Mapped[str] = mapped_column(String(64), unique=True, info=kept("technical"))


class Layout(Held):
    """What a machine tells of and in what order: metric, instance and unit, as compressed JSON. It never changes."""

    __tablename__ = "layout"

    id: Mapped[int] = mapped_column(primary_key=True, info=kept("technical"))
    machine_id: Mapped[int] = mapped_column(ForeignKey("machine.id"), index=True, info=kept("technical"))
    names: Mapped[bytes] = mapped_column(LargeBinary, info=kept("technical"))


class Told(Held):
    """The journal: what a machine said at an instant, until its hour is packed.

    The last word of a packed hour stays until the next: rates of the next hour count from it.
    """

    __tablename__ = "told"

    id: Mapped[int] = mapped_column(primary_key=True, info=kept("technical"))
    machine_id: Mapped[int] = mapped_column(ForeignKey("machine.id"), info=kept("technical"))
    at: Mapped[int] = mapped_column(BigInteger, info=kept("technical"))
    hour: Mapped[int] = mapped_column(info=kept("technical"))
    packed: Mapped[bool] = mapped_column(default=False, info=kept("technical"))
    layout_id: Mapped[int] = mapped_column(ForeignKey("layout.id"), info=kept("technical"))
    row: Mapped[bytes] = mapped_column(LargeBinary, info=kept("technical"))

    __table_args__ = (
        UniqueConstraint("machine_id", "at", "layout_id"),
        Index("ix_told_pending", "packed", "hour", "machine_id"),
    )


class Hour:
    """One hour of one machine, compressed in the order of a layout."""

    machine_id: Mapped[int] = mapped_column(ForeignKey("machine.id"), primary_key=True, info=kept("technical"))
    hour: Mapped[int] = mapped_column(primary_key=True, index=True, info=kept("technical"))
    layout_id: Mapped[int] = mapped_column(ForeignKey("layout.id"), info=kept("technical"))
    body: Mapped[bytes] = mapped_column(LargeBinary, info=kept("technical"))


class Chunk(Hour, Held):
    """Every sample of a machine in an hour (`monitoring/packing.py`)."""

    __tablename__ = "chunk"


class FiveMinutes(Hour, Held):
    """The twelve times five minutes of an hour: least, mean and most of each series (`monitoring/rollups.py`)."""

    __tablename__ = "five_minutes"


class Hourly(Hour, Held):
    """A whole hour: least, mean and most of each series."""

    __tablename__ = "hourly"


@dataclass(frozen=True, slots=True)
class Keeping:
    """How long each is kept: every sample, five minutes, hours."""

    raw: timedelta = timedelta(days=14)
    five: timedelta = timedelta(days=90)
    hour: timedelta = timedelta(days=1096)

    @classmethod
    def told_by(cls, settings: Settings) -> Keeping:
        """As the association's settings have it."""
        return cls(
            timedelta(days=settings.series_raw_days),
            timedelta(days=settings.series_five_days),
            timedelta(days=settings.series_hour_days),
        )


def open_file(settings: Settings) -> Store:
    """Open the series' file of this association; make it, readable by its owner alone, where there is none.

    Raises NotInitialised, KeyMissing, DatabaseBusy, DatabaseUnreadable.
    """
    return open_apart(settings, settings.series, Held.metadata)
