"""Words of what no member owes: payouts, grants, refunds, interest, cheques paid in; and the account they go to."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from billing.matching.words import Said, folded
from foundation.speech import Phrase


class Told(NamedTuple):
    """What a movement is by its words: points, why, the word of an account of the plan (empty: to be chosen)."""

    points: int
    phrase: Phrase
    account: str
    words: str


Row = tuple[str, int, str, str, Phrase]
"""A pattern of folded words, points, an account's word, what is kept as words, and the reason."""

_BACK: Final = r"\bREJETE?\b|\bRETOUR (?:DE )?VIR|\bANNULATION VIR|\bVIR(?:EMENT)? EMIS\b|\bIMPAYE\b"
_WORDS: Final[tuple[Row, ...]] = (
    (r"\bHELLOASSO\b|^HA [0-9]{5,}", 130, "helloasso", "versement HelloAsso",
     Phrase("versement de HelloAsso", "payout of HelloAsso")),
    (r"\bREMISE (?:DE )?(?:CB|CARTES?|TPE)\b|\bCONTRAT [0-9]{6,}|\bTPE\b", 140, "transfers", "terminal de carte",
     Phrase("versement d'un terminal de carte", "payout of a card terminal")),
    (r"\bREMISE (?:DE )?CH(?:E)?Q|\bCHEQUES?\b.*\bCHQ\b", 140, "cheques", "remise de chèques",
     Phrase("chèques remis à la banque", "cheques paid in")),
    (r"\bVERSEMENT (?:D )?ESPECES\b|\bDEPOT ESPECES\b", 140, "cash", "versement d'espèces",
     Phrase("espèces versées à la banque", "cash paid in")),
    (r"\bINTERETS?\b.*\b(?:CREDITEURS?|LIVRET|[0-9]{4})|^INTERETS?\b", 140, "interest", "intérêts",
     Phrase("intérêts de la banque", "the bank's interest")),
    (r"\bSUBVENTIONS?\b|\bFDVA\b|\bCONVENTION [0-9]{4}|\bFONDATION\b|\bDRFIP\b|\bDDFIP\b", 130, "grants", "subvention",
     Phrase("subvention", "grant")),
    (r"\bAVOIR (?:F|N )?[0-9]{4,}|\bREMB(?:OURSEMENT)? TROP PERCU|\bTROP PERCU\b", 120, "suppliers",
     "remboursement d'un fournisseur", Phrase("remboursement d'un fournisseur", "refund of a supplier")),
    (_BACK, 170, "",
     "virement revenu", Phrase("virement de l'association qui revient", "a transfer of ours that comes back")),
    (r"\bVIR(?:EMENT)? (?:DU|DE|DEPUIS) (?:LE )?LIVRET\b|\bEPARGNE\b", 140, "transfers", "virement interne",
     Phrase("virement entre nos comptes", "transfer between our accounts")),
    (r"\bPARTAGE TRANSIT\b|\bQUOTE PART\b|\bFACTURE [0-9]{4} [0-9]{2,}|\bREMB TRAIN\b", 80, "",
     "autre association", Phrase("paiement d'une autre association", "payment of another association")),
    (r"\bLOYER(?! INTERNET)(?: APPARTEMENT)?$|\bGARDE D ENFANT|\bCADEAU\b|\bREMB RESTO", 75, "",
     "envoyé par erreur", Phrase("sans doute envoyé par erreur", "probably sent by mistake")),
    (r"\b(?:DON|DONS|DON LIBRE|DON MENSUEL|DON PONCTUEL|POUR VOUS AIDER|BRAVO|SOUTIEN AU FAI)$", 62, "gifts", "don",
     Phrase("un don, d'après ses mots", "a gift, by its words")),
)  # fmt: skip
_GOING: Final[tuple[Row, ...]] = (
    (r"\b(?:FRAIS|COTISATION CARTE|COMMISSION|TENUE DE COMPTE|ABONNEMENT BANQUE)\b", 80, "fees", "frais bancaires",
     Phrase("frais de la banque", "the bank's fees")),
    (r"\b(?:ASSURANCE|MAIF|MACIF)\b", 70, "insurance", "assurance", Phrase("une assurance", "an insurance")),
    (r"\b(?:ELECTRICITE|ENERGIE|EDF|ENERCOOP)\b", 70, "energy", "électricité",
     Phrase("de l'électricité", "electricity")),
    (r"\b(?:LOYER|HEBERGEMENT|BAIL)\b", 60, "rent", "loyer", Phrase("un loyer", "a rent")),
    (r"\b(?:LIVRET|EPARGNE)\b", 90, "transfers", "virement interne",
     Phrase("virement entre nos comptes", "transfer between our accounts")),
)  # fmt: skip
_READ: Final = {
    coming: tuple(
        (re.compile(pattern), Told(points, phrase, account, words)) for pattern, points, account, words, phrase in table
    )
    for coming, table in ((True, _WORDS), (False, _GOING))
}


def read(said: Said, *, coming: bool = True) -> Told | None:
    """What the words of a movement say it is, where it is no member's payment; the surest of them."""
    texts = (said.whole, said.motif, said.holder)
    found = [told for pattern, told in _READ[coming] if any(map(pattern.search, texts))]
    return max(found, key=lambda one: one.points, default=None)


def comes_back(label: str) -> bool:
    """Whether a label says that a transfer of ours was sent back."""
    return re.search(_BACK, folded(label)) is not None
