"""What is typed on the page of movements: whose one is, and how much of it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from billing import payments
from billing.bank.inbox import Part
from billing.models import BankEntry
from billing.payments import BadAmount
from billing.tariffs import MOST
from foundation.errors import Invalid
from foundation.money import Euros
from foundation.speech import Phrase

_GIFT = frozenset({"don", "gift"})


class NoSuchPart(Invalid):
    """A part that names neither a member nor an amount."""

    kind = "no-such-part"
    phrase = Phrase(
        "« {part} » ne se comprend pas, pour {entry}. Rien n'a été changé. Écrire le numéro de chaque membre et ce qui "
        "lui revient : M0042=12,50 M0043",
        "“{part}” is not understood, for {entry}. Nothing was changed. Write the number of each member and what is "
        "theirs: M0042=12.50 M0043",
    )


@dataclass(frozen=True, slots=True)
class Said:
    """What was typed in which form of a movement, given back where it was refused."""

    way: str = ""
    text: str = ""
    account: str = ""

    def typed(self, way: str) -> str:
        """What stands in a form's field."""
        return self.text if self.way == way else ""


def parts_of(session: Session, entry: BankEntry, text: str) -> list[Part]:
    """`M0042=12,50 M0043`, `M0042=5,00:don`: whose, how much, whether it is a gift.

    Raises NoSuchPart, BadAmount, BadNumber, BadReference, NoSuchMember.
    """
    told = text.replace(";", " ").replace("€", "").split()
    if not told:
        raise NoSuchPart(part=text.strip()[:40], entry=str(entry))
    return [_part(session, entry, one) for one in told]


def _part(session: Session, entry: BankEntry, text: str) -> Part:
    named, _, sort = text.partition(":")
    whose, _, amount = named.partition("=")
    if (sort and sort not in _GIFT) or not whose or ("=" in named and not amount):
        raise NoSuchPart(part=text[:40], entry=str(entry))
    return Part(payments.payer(session, whose), _cents(amount) if amount else None, bool(sort))


def _cents(text: str) -> Euros:
    try:
        cents = Euros.parse(text)
    except ValueError as unreadable:
        raise BadAmount(cents=text[:40], most=MOST) from unreadable
    if not 0 < cents <= MOST:
        raise BadAmount(cents=text[:40], most=MOST)
    return cents
