"""A transfer as a QR code that banks' applications read (EPC069-12, version 002 of the European Payments Council)."""

from __future__ import annotations

import io
import unicodedata
from typing import Final

import segno

from foundation.errors import Invalid
from foundation.money import Euros
from foundation.speech import Phrase

MOST: Final = 99_999_999_999
"""Cents: the format has nine figures before the comma."""

_LONGEST: Final = 331
"""Octets that the format allows at most."""


class NotPayableByCode(Invalid):
    """Something that the format cannot hold: no amount, one beyond its figures, nobody to pay."""

    kind = "not-payable-by-code"
    phrase = Phrase(
        "Pas de QR code possible pour {cents} à « {holder} ». Payer par virement avec la référence suffit.",
        "No QR code can be made for {cents} to “{holder}”. A transfer with the reference is enough.",
    )


def payload(holder: str, iban: str, cents: Euros, reference: str, *, bic: str = "") -> str:
    """The rows of the code: who is paid, where, how much, with which ISO 11649 reference.

    `holder` is cut at 70 characters, as the format asks. Raises NotPayableByCode.
    """
    name = " ".join("".join(_plain(sign) for sign in holder).split())[:70].strip()
    account, structured = "".join(iban.split()).upper(), "".join(reference.split()).upper()
    fits = account.isascii() and account.isalnum() and structured.isascii() and structured.isalnum()
    if not name or not fits or not 0 < cents <= MOST or len(structured) > 25 or len(account) > 34:
        raise NotPayableByCode(cents=cents, holder=holder[:70])
    rows = ("BCD", "002", "1", "SCT", bic.strip().upper(), name, account, f"EUR{cents.decimal()}", "", structured)
    text = "\n".join(rows)
    if len(text.encode()) > _LONGEST:
        raise NotPayableByCode(cents=cents, holder=holder[:70])
    return text


def svg(text: str) -> str:
    """The code as a picture: error correction M, as the format asks, and a quiet zone of four modules."""
    drawn = io.BytesIO()
    code = segno.make(text, error="m", micro=False, boost_error=False, encoding="utf-8", mode="byte", eci=False)
    code.save(drawn, kind="svg", border=4, xmldecl=False, omitsize=True, light="#fff", svgclass=None, lineclass=None)
    return drawn.getvalue().decode()


def _plain(sign: str) -> str:
    """A sign that stands in one row: what moves a cursor would begin another."""
    return " " if unicodedata.category(sign) in ("Cc", "Zl", "Zp", "Cs") else sign
