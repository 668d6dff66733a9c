"""The schema of money, one subject a file. Amounts are whole cents."""

from billing.models import kept_whole as kept_whole
from billing.models.bank import BankAccount, BankEntry, BankFile, Filing, Holding
from billing.models.columns import EurosColumn
from billing.models.dues import Cause, Correction, Due, DueKind
from billing.models.invoices import WholesaleInvoice, WholesaleInvoiceLine
from billing.models.payments import Allocation, Means, Payment, Reversal
from billing.models.tariffs import MEMBERSHIP, Asked, Pause, Per, Pledge, Tariff

__all__ = [
    "MEMBERSHIP",
    "Allocation",
    "Asked",
    "BankAccount",
    "BankEntry",
    "BankFile",
    "Cause",
    "Correction",
    "Due",
    "DueKind",
    "EurosColumn",
    "Filing",
    "Holding",
    "Means",
    "Pause",
    "Payment",
    "Per",
    "Pledge",
    "Reversal",
    "Tariff",
    "WholesaleInvoice",
    "WholesaleInvoiceLine",
]
