"""Two lists for the world: where our prefixes are used (geofeed, RFC 8805) and who may announce them (ROAs)."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import unified_diff
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from foundation.errors import Refused
from foundation.speech import Phrase
from inventory import rules
from inventory.models.addresses import Pool
from inventory.registry.objects import aggregates, origin

ROA_HEADER: Final = "ASN,IP Prefix,Max Length"


class CountryUnknown(Refused):
    """The association has not said in which country its members are."""

    kind = "country-unknown"
    phrase = Phrase(
        "Il faut au moins le pays : essaim rule set place.country FR (et place.region FR-NAQ, place.city Bordeaux)",
        "The country is needed: essaim rule set place.country FR (then place.region FR-NAQ, place.city Bordeaux)",
    )


def geofeed(session: Session) -> list[str]:
    """One row a pool: prefix, country (ISO 3166-1), region (ISO 3166-2), city, and the postal code left empty.

    Nobody is placed more precisely than the association says of itself. Raises CountryUnknown.
    """
    country, region, city = (rules.value(session, f"place.{name}") for name in ("country", "region", "city"))
    if not country:
        raise CountryUnknown
    pools = session.scalars(select(Pool).where(Pool.closed_at.is_(None)).order_by(Pool.family, Pool.first))
    return [f"{pool.prefix},{country},{region},{city}," for pool in pools]


def roas(session: Session) -> list[str]:
    """One row an aggregate: who may announce it, at no other length than its own (RFC 9319). Raises OriginUnknown."""
    announced = aggregates(session)
    if not announced:
        return [ROA_HEADER]
    number = origin(session)
    return [ROA_HEADER, *(f"AS{number},{prefix},{prefix.prefixlen}" for prefix in announced)]


def difference(theirs: str, ours: Iterable[str], name: str) -> str:
    """What must change in a published list for it to say what ours says; order, comments and blanks say nothing."""
    before = {plain for row in theirs.splitlines() if (plain := _plain(row))}
    after = {_plain(row) for row in ours}
    return "\n".join(
        unified_diff(sorted(before), sorted(after), f"{name} (published)", f"{name} (essaim)", lineterm="", n=0)
    )


def _plain(row: str) -> str:
    return ",".join(cell.strip() for cell in row.partition("#")[0].split(",")).strip()
