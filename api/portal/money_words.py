"""What the page « Mes dus » says, in both languages."""

from __future__ import annotations

from typing import Final

from foundation.speech import Phrase

TITLE: Final = Phrase("Mes dus", "My dues")
SEE: Final = Phrase("Le détail de mes dus, payer, choisir un montant", "My dues in detail, paying, choosing an amount")

PAY: Final = Phrase("Comment payer", "How to pay")
DEBITED: Final = Phrase(
    "Vous avez signé le mandat de prélèvement {rum} le {signed}, pour le compte qui finit par {account} : ce que vous "
    "devez peut y être prélevé, et vous êtes prévenu·e avant. Pour y mettre fin, répondez à n'importe quel message de "
    "l'association.",
    "You signed the direct debit mandate {rum} on {signed}, for the account that ends in {account}: what you owe may "
    "be debited there, and you are told ahead. To end it, answer any message of the association's.",
)
PAY_AHEAD: Final = Phrase(
    "Rien à payer aujourd'hui. Un virement fait maintenant restera d'avance, pour la suite.",
    "Nothing to pay today. A transfer made now will stay ahead, for what comes.",
)
HOLDER: Final = Phrase("À l'ordre de", "To")
IBAN: Final = Phrase("IBAN", "IBAN")
REFERENCE: Final = Phrase("Référence à recopier dans le libellé", "Reference to copy into the label")
AMOUNT: Final = Phrase("Montant", "Amount")
NO_IBAN: Final = Phrase(
    "L'IBAN de l'association n'est pas encore ici : demandez-le à une personne bénévole. "
    "Un chèque ou des espèces vont bien aussi.",
    "The association's IBAN is not here yet: ask a volunteer for it. A cheque or cash will do as well.",
)
CODE: Final = Phrase(
    "À lire avec l'application de votre banque : le virement se remplit seul.",
    "To be read by your bank's application: the transfer fills itself in.",
)
CODE_IS: Final = Phrase("Code du virement", "Code of the transfer")

OWED: Final = Phrase("Ce qui reste à payer", "What remains to be paid")
FOR: Final = Phrase("Pour", "For")
SINCE: Final = Phrase("Depuis le", "Since")
LEFT: Final = Phrase("Reste", "Left")
OF_WHICH: Final = Phrase("sur {cents}", "of {cents}")
NOTHING_OWED: Final = Phrase("Rien : vous êtes à jour.", "Nothing: you are up to date.")

PAID: Final = Phrase("Ce que vous avez payé", "What you have paid")
DAY: Final = Phrase("Le", "On")
BY: Final = Phrase("Par", "By")
PAID_FOR: Final = Phrase("A réglé", "It settled")
AHEAD: Final = Phrase("{cents} d'avance", "{cents} ahead")
REVERSED: Final = Phrase("annulé : {reason}", "reversed: {reason}")
RECEIPT: Final = Phrase("reçu", "receipt")
KEEP_PAPERS: Final = Phrase("À garder (PDF) :", "To keep (PDF):")
STATEMENT: Final = Phrase("Le relevé de votre compte", "The statement of your account")
YEAR: Final = Phrase("Le récapitulatif de {year}", "The summary of {year}")
NOTHING_PAID: Final = Phrase("Aucun paiement noté pour l'instant.", "No payment noted yet.")

ALL: Final = Phrase("Toutes les écritures de votre compte", "Every entry of your account")
WHAT: Final = Phrase("Quoi", "What")
BALANCE: Final = Phrase("Solde", "Balance")
BECAUSE: Final = Phrase("parce que : {reason}", "because: {reason}")

CHOOSE: Final = Phrase("Choisir ce que vous donnez", "Choosing what you give")
CHOOSE_WHY: Final = Phrase(
    "Vous choisissez pour la suite, à tout moment, et personne ne demande pourquoi.",
    "You choose for the future, at any time, and nobody asks why.",
)
NOW_GIVEN: Final = Phrase("Aujourd'hui : {cents} {per}.", "Today: {cents} {per}.")
NEXT_GIVEN: Final = Phrase("À partir du {since} : {cents}.", "From {since} on: {cents}.")
SUGGESTED: Final = Phrase("Le montant proposé : {cents}", "The amount suggested: {cents}")
SOLIDARITY: Final = Phrase("Le montant solidaire : {cents}", "The solidarity amount: {cents}")
OTHER: Final = Phrase("Un autre montant, à partir de {floor}", "Another amount, from {floor} on")
EUROS: Final = Phrase("Combien d'euros", "How many euros")
KEEP: Final = Phrase("Choisir à partir du {since}", "Choose from {since} on")
FIXED: Final = Phrase(
    "Rien à choisir pour l'instant : vos tarifs sont les mêmes pour tout le monde, ou votre ligne est partagée.",
    "Nothing to choose for now: your tariffs are the same for everyone, or your line is shared.",
)
PAUSED: Final = Phrase(
    "{what} : rien ne vous est demandé du {since} au {until}.",
    "{what}: nothing is asked of you from {since} to {until}.",
)
MEMBERSHIP: Final = Phrase("Cotisation", "Membership")
