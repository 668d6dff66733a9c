"""Where machines stand."""

from __future__ import annotations

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from foundation.database import Base, RowId, kept


class Site(Base):
    """A datacentre, a shelf in a bookshop, a roof."""

    __tablename__ = "site"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, info=kept("technical"))
    name: Mapped[str] = mapped_column(String(64), unique=True, info=kept("technical"))
    description: Mapped[str] = mapped_column(String(200), default="", info=kept("technical"))
