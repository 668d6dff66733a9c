"""The schema of money, one subject a file. Amounts are whole cents."""

from billing.models import kept_whole as kept_whole
from billing.models.bank import BankAccount, BankEntry, BankFile, Filing, Holding
from billing.models.books import FiscalYear, MovedMoney, Regime, VatRegime
from billing.models.columns import EurosColumn
from billing.models.costs import Cost, CostKind, CostPage, CostPart, SharingKey
from billing.models.debits import Collection, CollectionItem, DebitMandate, ItemState, SequenceType
from billing.models.dues import Cause, Correction, Due, DueKind
from billing.models.invoices import WholesaleInvoice, WholesaleInvoiceLine
from billing.models.payments import Allocation, Means, Payment, Reversal
from billing.models.reminders import GiftReceipt, Reminder, ReminderHold, Tone
from billing.models.tariffs import MEMBERSHIP, Asked, Pause, Per, Pledge, Tariff

__all__ = [
    "MEMBERSHIP",
    "Allocation",
    "Asked",
    "BankAccount",
    "BankEntry",
    "BankFile",
    "Cause",
    "Collection",
    "CollectionItem",
    "Correction",
    "Cost",
    "CostKind",
    "CostPage",
    "CostPart",
    "DebitMandate",
    "Due",
    "DueKind",
    "EurosColumn",
    "Filing",
    "FiscalYear",
    "GiftReceipt",
    "Holding",
    "ItemState",
    "Means",
    "MovedMoney",
    "Pause",
    "Payment",
    "Per",
    "Pledge",
    "Regime",
    "Reminder",
    "ReminderHold",
    "Reversal",
    "SequenceType",
    "SharingKey",
    "Tariff",
    "Tone",
    "VatRegime",
    "WholesaleInvoice",
    "WholesaleInvoiceLine",
]
