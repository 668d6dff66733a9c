"""Whose transfer may be waiting in the inbox of the bank: nobody is asked for what they have paid already."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from billing.allocations import stands
from billing.debit.movements import cents_came_back
from billing.models import BankEntry, Filing, Payment
from billing.reference import reference_of
from inventory.models.people import Member

Waiting = Callable[[Member], bool]
"""Whether a transfer that nobody has matched yet may be this member's."""

_WORD: Final = re.compile(r"[A-Z0-9]+")


def transfers_waiting(session: Session) -> Waiting:
    """Of every member: did money come that is nobody's yet, from an account that paid for them, or in their name?

    An entry counts until it is a payment or is filed; a label that holds the member's reference, number or whole name
    is theirs as far as this goes. Rather too many than one too few: it only means that no mail is sent.
    """
    entries = _unmatched(session)
    accounts = {one.payer_account for one in entries if one.payer_account}
    paid = select(Payment.member_id).join(BankEntry, BankEntry.id == Payment.entry_id)
    known = set(session.scalars(paid.where(BankEntry.payer_account.in_(accounts), stands()))) if accounts else set()
    labels = [_words(" ".join((one.label, one.payer, one.end_to_end, one.reference))) for one in entries]
    joined = ["".join(words) for words in labels]
    sets = [frozenset(words) for words in labels]

    def waits(member: Member) -> bool:
        if member.id in known:
            return True
        number, name = reference_of(member.number), frozenset(_words(member.name))
        if any(number in whole for whole in joined):
            return True
        return any(str(member) in words or (name and name <= words) for words in sets)

    return waits


def _unmatched(session: Session) -> Sequence[BankEntry]:
    """Money that came in and is neither a payment nor filed."""
    paid = select(Payment.id).where(Payment.entry_id == BankEntry.id, stands()).correlate(BankEntry).exists()
    filed = select(Filing.id).where(Filing.entry_id == BankEntry.id, Filing.undone.is_(None))
    waits = BankEntry.cents > cents_came_back()
    query = select(BankEntry).where(BankEntry.cents > 0, waits, ~paid, ~filed.correlate(BankEntry).exists())
    return session.scalars(query.order_by(BankEntry.id)).all()


def _words(text: str) -> list[str]:
    """The words of a text as banks write them: capitals without accents."""
    plain = unicodedata.normalize("NFKD", text.upper())
    return _WORD.findall("".join(sign for sign in plain if not unicodedata.combining(sign)))
