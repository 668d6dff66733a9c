"""What other programs call what is ours."""

from __future__ import annotations

from sqlalchemy import String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from foundation.database import Base, RowId, kept


class ForeignId(Base):
    """What was imported: the key that its program (`source`) knows it by, and what it is here (`M0042`, a name).

    This is how a second import of the same finds what the first one made.
    """

    __tablename__ = "foreign_id"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, info=kept("technical"))
    source: Mapped[str] = mapped_column(String(16), info=kept("technical"))
    kind: Mapped[str] = mapped_column(String(16), info=kept("technical"))
    key: Mapped[str] = mapped_column(String(500), info=kept("identity"))
    subject: Mapped[str] = mapped_column(String(64), index=True, info=kept("identity"))

    __table_args__ = (UniqueConstraint("source", "kind", "key"),)
