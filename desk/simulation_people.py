"""Who lives in a year that is made up: names, how each pays and how they mark it, drawn from the seed alone."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from random import Random
from typing import Final

from billing.matching.words import exact_references
from billing.reference import reference_of
from desk.simulation_bank import iban

# fmt: off
_GIVEN = (
    "Abel", "Apolline", "Basile", "Cassandre", "Célestin", "Diane", "Emmy", "Félicité", "Gaspard", "Hermine", "Isée",
    "Joachim", "Khadija", "Léonie", "Marius", "Nadège", "Octave", "Perrine", "Quentin", "Roxane", "Salomé", "Tristan",
    "Ulysse", "Violette", "Wassim", "Yolande", "Zacharie", "Amadou", "Benoîte", "Côme",
)
_FAMILY = (
    "Aubin", "Barrère", "Caussade", "Darrieu", "Esquirol", "Fourcade", "Guiraud", "Hourcade", "Isard", "Jourdan",
    "Kone", "Labadie", "Maurel", "Nogaro", "Ousset", "Pradel", "Queille", "Rigal", "Soulages", "Tardieu", "Uzan",
    "Verdier", "Wagner", "Yvon", "Zabala", "Belmas", "Cabrol", "Delpech", "Espinasse", "Ferrand",
)
_ORGANISATIONS = ("La Grande Ourse", "Fournil des Trois Ponts", "Radio Garenne", "Le Filament", "Chorale du Faubourg")
# fmt: on


class Habit(StrEnum):
    """How someone pays: by transfer what they owe, always the same, when they think of it, by hand, or not at all."""

    OWED = "owed"
    STANDING = "standing"
    QUARTERLY = "quarterly"
    LATE = "late"
    AHEAD = "ahead"
    CASH = "cash"
    CHEQUE = "cheque"
    NEVER = "never"


BY_HAND: Final = (Habit.CASH, Habit.CHEQUE)
_HABITS: Final = (
    [Habit.OWED] * 52 + [Habit.STANDING] * 16 + [Habit.QUARTERLY] * 10 + [Habit.LATE] * 10 + [Habit.CHEQUE] * 6
    + [Habit.CASH] * 4 + [Habit.NEVER] * 2
)  # fmt: skip
_MARKS: Final = ["exact"] * 80 + ["none"] * 8 + ["damaged"] * 4 + ["cut"] * 3 + ["other"] * 5
_WORDS: Final = ("COTIS", "COTISATION ET INTERNET", "VPN", "ABONNEMENT", "ASSO INTERNET", "INTERNET", "")


@dataclass
class Person:
    """A member: their number, and what they do with money. `joined` and `left` are the last of each, `past`
    the lines they had a part of, until which day.
    """

    number: int
    name: str
    organisation: bool
    kind: str
    joined: date
    habit: Habit
    mark: str
    day: int
    left: date | None = None
    lines: list[str] = field(default_factory=list)
    past: dict[str, date] = field(default_factory=dict)
    standing: int = 0
    spouse: str = ""

    @property
    def shown(self) -> str:
        """The number as it is written."""
        return f"M{self.number:04d}"

    @property
    def reference(self) -> str:
        """What marks a payment as theirs."""
        return reference_of(self.number)

    @property
    def iban(self) -> str:
        """The account they pay from."""
        return iban(self.number)

    def payer(self) -> str:
        """The name as their bank writes it."""
        return plain(self.name if not self.spouse else self.spouse)


def born(draw: Random, number: int, joined: date) -> Person:
    """A member to be, as the seed wants them."""
    organisation = number % 30 == 0 and number // 30 <= len(_ORGANISATIONS)
    given, family = draw.choice(_GIVEN), draw.choice(_FAMILY)
    habit, mark = draw.choice(_HABITS), draw.choice(_MARKS)
    name = _ORGANISATIONS[number // 30 - 1] if organisation else f"{given} {family}"
    person = Person(
        number, name, organisation, "affiliate" if draw.random() < 0.2 else "adherent", joined, habit, mark,
        draw.randrange(6, 28),
    )  # fmt: skip
    if mark == "other":
        person.spouse = f"{draw.choice(_GIVEN)} {draw.choice(_FAMILY)}"
    return person


def joined_before(draw: Random, year: int, rank: int) -> date:
    """When someone joined who was there when the year began; one of them on a 29 February."""
    if rank == 7:
        leap = year - 1 - (year - 1) % 4
        return date(leap, 2, 29) if leap % 100 or leap % 400 == 0 else date(leap, 2, 28)
    return date(year, 1, 1) - timedelta(days=draw.randrange(5, 5000))


def label(draw: Random, payer: str, written: str) -> str:
    """The words of a transfer, as French banks write them; `written` is what the payer wrote of a reference."""
    begins = draw.choice(("VIR ", "VIR INST ", "VIREMENT ", "VIR SEPA RECU "))
    words = draw.choice(_WORDS)
    return " ".join(f"{begins}DE {payer} {words} {written}".split())


def spaced(draw: Random, reference: str) -> str:
    """A reference as people write it: in one piece, in fours, or in lower case."""
    way = draw.randrange(4)
    if way == 1:
        return " ".join(reference[start : start + 4] for start in range(0, len(reference), 4))
    return reference.lower() if way == 2 else reference


def damaged(draw: Random, reference: str) -> str:
    """A reference with a sign wrong: it is nobody's."""
    while True:
        place = draw.randrange(2, len(reference))
        wrong = reference[:place] + draw.choice("0123456789") + reference[place + 1 :]
        if wrong != reference and not exact_references([wrong]):
            return wrong


def cut(reference: str) -> str:
    """A reference that the payer's bank cut off."""
    return reference[:-2]


def plain(text: str) -> str:
    """Capitals without accents."""
    apart = unicodedata.normalize("NFKD", text.upper())
    return "".join(sign for sign in apart if not unicodedata.combining(sign))
