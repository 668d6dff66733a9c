"""From bytes to words, amounts and days: what every format needs, and where each of its traps is refused."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from typing import Final

from billing.statements.refusals import (
    BadStatementAmount,
    BadStatementDay,
    MalformedStatement,
    UndecodableStatement,
    WrongCurrency,
)
from foundation.money import Euros
from foundation.speech import Phrase

LABEL: Final = 500
"""The longest label that is kept; 140 characters of a transfer and what a bank writes around them fit well within."""
NAME: Final = 140
REFERENCE: Final = 64
MOST: Final = Euros(999_999_999_99)
EARLIEST: Final = date(1990, 1, 1)
LATEST: Final = date(2099, 12, 31)
EUR: Final = "EUR"

CHARSETS: Final = {
    "ascii": "ascii",
    "us-ascii": "ascii",
    "usascii": "ascii",
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "utf-16": "utf-16",
    "latin-1": "latin-1",
    "latin1": "latin-1",
    "iso-8859-1": "latin-1",
    "8859-1": "latin-1",
    "iso-8859-15": "iso-8859-15",
    "latin-9": "iso-8859-15",
    "windows-1252": "cp1252",
    "cp1252": "cp1252",
    "1252": "cp1252",
}
"""What banks call their charsets, in lower case, and Python's names for them."""
_MARKS: Final = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_NOTHING: Final = frozenset({"NOTPROVIDED", "NONREF", "NONE", "NULL", "N/A", "NA", "SANS REFERENCE"})
_NO_WORD: Final = re.compile(r"[0\W_]*")
_AMOUNT: Final = re.compile(r"([+-]?)([0-9]{0,15})(?:[.,]([0-9]{1,2}))?")
_ISO_DAY: Final = re.compile(r"([0-9]{4})-?([0-9]{2})-?([0-9]{2})(?![0-9])")


def decoded(data: bytes, charset: str, *, or_utf8: bool = False) -> str:
    """The text of a file, its line ends all as one; a byte order mark goes before what is said of the charset.

    `or_utf8`: where what is said is a charset of single bytes, bytes that are UTF-8 are read as that, since they hardly
    ever are by chance. Raises UndecodableStatement; MalformedStatement for a NUL, which no text has.
    """
    known = CHARSETS.get(charset.lower())
    marked = next((name for mark, name in _MARKS if data.startswith(mark)), None)
    if marked is None and known in (None, "utf-16"):
        raise UndecodableStatement(charset=plain(charset, 20) or "?")
    attempts = [marked] if marked else ["utf-8", known] if or_utf8 else [known]
    for name in attempts:
        try:
            text = data.decode(str(name))
        except UnicodeError:
            continue
        break
    else:
        raise UndecodableStatement(
            charset=plain(charset, 20) if marked is None else marked.upper().removesuffix("-SIG")
        )
    if "\0" in text:
        raise MalformedStatement(where=Phrase("octets nuls", "NUL bytes"))
    return text.replace("\r\n", "\n").replace("\r", "\n")


def plain(text: str | None, most: int = LABEL) -> str:
    """One line of at most `most` visible characters, one space between words (Unicode NFC)."""
    if not text:
        return ""
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    if not text.isprintable():
        text = "".join(sign if sign.isprintable() else " " for sign in text)
    return " ".join(text.split())[:most].rstrip()


def meant(text: str, most: int = REFERENCE) -> str:
    """A reference; empty where the bank's word for it means that there is none, as `NOTPROVIDED` or zeros."""
    words = plain(text, most)
    return "" if words.upper() in _NOTHING or _NO_WORD.fullmatch(words) else words


def joined(*parts: str) -> str:
    """The words of several fields as one label; what another of them says already is not said twice."""
    said = ""
    for part in parts:
        words = plain(part)
        if words and words not in said:
            said = f"{said} {words}" if said else words
    return plain(said)


def euros_of(text: str, where: Phrase) -> Euros:
    """`12`, `-12.5`, `+12,50`: two decimals at most and no sign between thousands. Raises BadStatementAmount."""
    found = _AMOUNT.fullmatch(text.strip())
    if found is None or not (found[2] or found[3]):
        raise BadStatementAmount(text=plain(text, 30), where=where)
    return in_bounds(signed(found[1], found[2], found[3] or ""), text, where)


def signed(sign: str, whole: str, cents: str) -> Euros:
    """The amount that a sign, whole euros and none to two digits of cents write."""
    value = int(whole or "0") * 100 + int(cents.ljust(2, "0"))
    return Euros(-value if sign == "-" else value)


def in_bounds(cents: Euros, text: str, where: Phrase) -> Euros:
    """The amount itself. Raises BadStatementAmount where no association has so much."""
    if abs(cents) > MOST:
        raise BadStatementAmount(text=plain(text, 30), where=where)
    return cents


def day_of(text: str, where: Phrase) -> date:
    """The day with which a text begins, `2026-11-23` or `20261123`, as it is written there, whatever the hour and zone.

    Raises BadStatementDay.
    """
    found = _ISO_DAY.match(text.strip())
    if found is None:
        # OFX writes the time of day right behind (`20261123101500`).
        found = re.match(r"([0-9]{4})([0-9]{2})([0-9]{2})(?=[0-9]{2,6}(?![0-9]))", text.strip())
    return a_day(found.groups() if found else None, text, where)


def a_day(parts: tuple[str, ...] | None, text: str, where: Phrase) -> date:
    """The day of that year, month and day. Raises BadStatementDay, and where it is no day of an account of ours."""
    try:
        day = date(*(int(part) for part in parts or ()))
    except (TypeError, ValueError):
        day = date.min
    if not EARLIEST <= day <= LATEST:
        raise BadStatementDay(text=plain(text, 30), where=where)
    return day


def only_euros(currency: str, where: Phrase) -> None:
    """Raises WrongCurrency unless this is the euro's code (ISO 4217)."""
    if currency.strip().upper() != EUR:
        raise WrongCurrency(currency=plain(currency, 10) or "?", where=where)
