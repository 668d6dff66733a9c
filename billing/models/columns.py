"""How amounts are kept."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Dialect
from sqlalchemy.types import TypeDecorator

from foundation.money import Euros


class EurosColumn(TypeDecorator[Euros]):
    """Whole cents: BIGINT in the database, `Euros` in the program."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: int | None, dialect: Dialect) -> int | None:  # noqa: ARG002
        """The cents."""
        return None if value is None else int(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Euros | None:  # noqa: ARG002
        """The amount; PostgreSQL sums BIGINT into a Decimal without a fraction."""
        return None if value is None else Euros(value)
