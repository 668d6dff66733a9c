"""Numbers of accounts: IBAN (ISO 13616), the French RIB, and whether two of them name the same account."""

from __future__ import annotations

import re
from typing import Final

from billing.statements.entries import Statement
from billing.statements.refusals import WrongAccount

_IBAN: Final = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}")
_RIB: Final = re.compile(r"[0-9]{5}[0-9]{5}[0-9A-Z]{11}")
_DIGITS_OF_RIB: Final = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "12345678912345678923456789")
_DIGITS: Final = str.maketrans({chr(ord("A") + rank): str(10 + rank) for rank in range(26)})
_SHORTEST: Final = 7
"""Of a bank's own number, the least signs that are found in an IBAN and no chance."""


def number_of(text: str) -> str:
    """An account's number as it is compared: letters and digits alone, upper case, at most 34 (the longest IBAN)."""
    return "".join(sign for sign in text.upper() if sign.isascii() and sign.isalnum())[:34]


def iban_of(text: str) -> str:
    """The IBAN that this text is, without spaces; empty where it is none or its check digits are wrong."""
    number = "".join(text.split()).upper()
    good = _IBAN.fullmatch(number) is not None and _remainder(number[4:] + number[:4]) == 1
    return number if good else ""


def iban_of_rib(bank: str, branch: str, account: str) -> str:
    """The French IBAN of five digits, five digits and eleven signs; empty where they are no RIB.

    The key of a RIB makes the whole of it, letters turned to digits, divisible by 97.
    """
    number = bank + branch + account.upper()
    if not _RIB.fullmatch(number):
        return ""
    key = 97 - int(number.translate(_DIGITS_OF_RIB) + "00") % 97
    bban = f"{number}{key:02d}"
    return f"FR{98 - _remainder(bban + 'FR00'):02d}{bban}"


def same_account(one: str, other: str) -> bool:
    """Whether both name one account; a bank's own number is found within the IBAN."""
    short, long = sorted((number_of(one), number_of(other)), key=len)
    if short == long:
        return True
    return not iban_of(short) and len(short) >= _SHORTEST and bool(iban_of(long)) and short in long[4:]


def expect_account(statement: Statement, expected: str) -> None:
    """Raises WrongAccount where a statement names another account than `expected`, an IBAN or the bank's own number.

    A statement that names none (some CSV) is taken for the one expected.
    """
    if statement.account and not same_account(statement.account, expected):
        raise WrongAccount(found=statement.account, expected=number_of(expected))


def _remainder(text: str) -> int:
    return int(text.translate(_DIGITS)) % 97
