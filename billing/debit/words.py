"""What banks take and say: the letters they can write, the identifiers of ours, and why they give a debit back."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from foundation.speech import Phrase

LONGEST: Final = 35
"""Of an identifier, in every message of ISO 20022."""

_TAKEN: Final = re.compile(r"[A-Za-z0-9+?/:().,' -]*")
_OTHER: Final = re.compile(r"[^A-Za-z0-9+?/:().,' -]+")
_APART: Final = str.maketrans(
    {
        "Æ": "AE", "æ": "ae", "Œ": "OE", "œ": "oe", "ß": "ss", "Ø": "O", "ø": "o", "Ł": "L", "ł": "l", "Đ": "D",
        "đ": "d", "Ð": "D", "ð": "d", "Þ": "TH", "þ": "th", "ı": "i", "’": "'", "‘": "'", "‐": "-", "–": "-", "&": "+",
    }
)  # fmt: skip
"""What decomposing a letter (NFKD) does not turn into one that banks take."""

REASONS: Final = {
    "AC01": Phrase("numéro de compte faux", "wrong account number"),
    "AC04": Phrase("compte clos", "account closed"),
    "AC06": Phrase("compte bloqué", "account blocked"),
    "AC13": Phrase("le compte n'est pas celui d'un particulier", "not a consumer's account"),
    "AG01": Phrase("ce compte n'accepte pas de prélèvement", "this account takes no direct debits"),
    "AG02": Phrase("code d'opération refusé par la banque", "operation code refused by the bank"),
    "AM04": Phrase("pas assez d'argent sur le compte", "not enough money on the account"),
    "AM05": Phrase("prélèvement en double", "duplicate collection"),
    "BE05": Phrase("identifiant de créancier inconnu", "unknown creditor identifier"),
    "CNOR": Phrase("banque du créancier injoignable", "creditor's bank cannot be reached"),
    "DNOR": Phrase("banque du membre injoignable", "the member's bank cannot be reached"),
    "FF01": Phrase("fichier refusé par la banque", "file refused by the bank"),
    "MD01": Phrase("la banque ne connaît pas de mandat, ou il est révoqué", "no mandate, or it was revoked"),
    "MD02": Phrase("des données du mandat manquent", "data of the mandate are missing"),
    "MD06": Phrase("remboursement demandé par le membre", "refund asked for by the member"),
    "MD07": Phrase("titulaire du compte décédé", "the account's holder has died"),
    "MS02": Phrase("refusé par le membre", "refused by the member"),
    "MS03": Phrase("la banque ne dit pas pourquoi", "the bank does not say why"),
    "RC01": Phrase("BIC faux", "wrong BIC"),
    "RR01": Phrase("obligation légale : compte ou identité du membre", "legal duty: the member's account or identity"),
    "RR02": Phrase("obligation légale : nom ou adresse du membre", "legal duty: the member's name or address"),
    "RR03": Phrase("obligation légale : nom ou adresse du créancier", "legal duty: the creditor's name or address"),
    "RR04": Phrase("obligation légale", "legal duty"),
    "SL01": Phrase("le membre a limité les prélèvements de son compte", "the member limited debits of their account"),
}
"""Why a bank gives a direct debit back (ISO 20022 external codes, those of the SEPA core scheme), in words."""

UNSAID: Final = "MS03"
_CODE: Final = re.compile(r"(?<![A-Z0-9])(" + "|".join(REASONS) + r")(?![A-Z0-9])")


def code_in(text: str) -> str:
    """The reason that a bank's words hold; the one for "not said" where they hold none."""
    found = _CODE.search(text.upper())
    return found[1] if found else UNSAID


def bank_letters(text: str, most: int) -> str:
    """A text in the letters that every bank of SEPA takes (EPC217-08), at most so many; empty where none is left."""
    plain = unicodedata.normalize("NFKD", text.translate(_APART)).translate(_APART)
    kept = "".join(sign for sign in plain if not unicodedata.combining(sign))
    return " ".join(_OTHER.sub(" ", kept).split())[:most].strip()


def identifies(text: str) -> bool:
    """Whether banks take this text as an identifier: 1 to 35 of their letters, no slash at an end, nor two together."""
    bounded = 0 < len(text) <= LONGEST and text == text.strip()
    slashes = text.startswith("/") or text.endswith("/") or "//" in text
    return bounded and not slashes and _TAKEN.fullmatch(text) is not None
