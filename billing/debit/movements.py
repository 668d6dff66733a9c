"""What direct debits that came back account for of the bank's movements: they came and went, and wait for nobody."""

from __future__ import annotations

from sqlalchemy import ColumnElement, func, select

from billing.models import BankEntry, CollectionItem, Payment


def cents_came_back() -> ColumnElement[int]:
    """The cents of a movement that another one undid, beside the table `bank_entry`; negative of the one that undid."""
    total = select(func.coalesce(func.sum(CollectionItem.cents), 0))
    brought = total.join(Payment, Payment.id == CollectionItem.payment_id).where(
        Payment.entry_id == BankEntry.id, CollectionItem.entry_id.is_not(None)
    )
    taken = total.where(CollectionItem.entry_id == BankEntry.id)
    return brought.correlate(BankEntry).scalar_subquery() - taken.correlate(BankEntry).scalar_subquery()
