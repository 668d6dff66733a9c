"""What things cost in a year that is made up: on the first of January, and dearer from the first of July on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from billing.models import Asked, Per
from desk.simulation_life import ADSL, HOSTING, VPN


@dataclass(frozen=True, slots=True)
class Price:
    """A tariff, of an offer or a kind of membership; amounts in cents."""

    of: str
    asked: Asked
    per: Per
    cents: int
    floor: int | None = None
    solidarity: int | None = None


JANUARY: Final = (
    Price(VPN, Asked.REGULAR, Per.MONTH, 500, floor=300, solidarity=100),
    Price(ADSL, Asked.REGULAR, Per.MONTH, 3500, solidarity=2000),
    Price(HOSTING, Asked.REGULAR, Per.YEAR, 12005, floor=6000),
    Price("adherent", Asked.REGULAR, Per.YEAR, 1500, floor=500, solidarity=0),
    Price("affiliate", Asked.REGULAR, Per.MONTH, 150, floor=50),
    Price("adherent", Asked.ENTRY, Per.ONCE, 1000, floor=200),
)
DEPOSIT: Final = Price(ADSL, Asked.DEPOSIT, Per.ONCE, 5000)
JULY: Final = (
    Price(VPN, Asked.REGULAR, Per.MONTH, 590, floor=400, solidarity=150),
    Price(ADSL, Asked.REGULAR, Per.MONTH, 3790, solidarity=2200),
    Price(HOSTING, Asked.REGULAR, Per.YEAR, 13001, floor=7000),
    Price("adherent", Asked.REGULAR, Per.YEAR, 1800, floor=500, solidarity=0),
)
