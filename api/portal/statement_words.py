"""What the pages of statements say, in both languages. What is wrong with a file is said by its reader."""

from __future__ import annotations

from typing import Final

from foundation.speech import Phrase

LEAD: Final = Phrase(
    "Le fichier téléchargé chez la banque : camt.053, OFX, CFONB120 ou CSV. Vous verrez ce qu'il contient avant que "
    "rien ne soit gardé ; le même deux fois n'ajoute rien.",
    "The file that you downloaded from the bank: camt.053, OFX, CFONB120 or CSV. You will see what is in it before "
    "anything is kept; the same one twice adds nothing.",
)
NO_ACCOUNT: Final = Phrase(
    "L'association n'a pas encore de compte ici. En ajouter un : essaim bank account add courant FR76…",
    "The association has no account here yet. To add one: essaim bank account add current FR76…",
)
ACCOUNT: Final = Phrase("Dans le compte", "Into the account")
FILE: Final = Phrase("Le fichier ({megabytes} Mio au plus)", "The file ({megabytes} MiB at most)")
LOOK: Final = Phrase("Voir ce qu'il contient", "See what is in it")
READ_UNTIL: Final = Phrase("lu jusqu'au {until}", "read until {until}")
NEVER_READ: Final = Phrase("jamais lu", "never read")
LAST_ONES: Final = Phrase("Les derniers relevés lus", "The last statements read")
PERIOD: Final = Phrase("du {since} au {until}", "from {since} to {until}")
READ_ON: Final = Phrase("lu le {at}", "read on {at}")
NO_NAME: Final = Phrase("sans nom", "no name")

PREVIEW: Final = Phrase("Aperçu", "Preview")
DONE: Final = Phrase("Relevé lu", "Statement read")
WOULD: Final = Phrase(
    "{name}, dans « {account} » : {new} mouvement(s) nouveau(x), {known} déjà connu(s). Rien n'est encore gardé.",
    "{name}, into “{account}”: {new} new movement(s), {known} known already. Nothing is kept yet.",
)
DID: Final = Phrase(
    "{name}, dans « {account} » : {new} mouvement(s) gardé(s), {known} déjà connu(s).",
    "{name}, into “{account}”: {new} movement(s) kept, {known} known already.",
)
NOTHING_NEW: Final = Phrase(
    "{name} : tout est déjà là, rien à garder.", "{name}: all of it is there already, nothing to keep."
)
DAYS: Final = Phrase("Période", "Period")
OPENING: Final = Phrase("Solde au début", "Balance at the beginning")
CLOSING: Final = Phrase("Solde à la fin", "Balance at the end")
NOT_SAID: Final = Phrase("le fichier ne le dit pas", "the file does not say")
BOOKED: Final = Phrase("Avec une référence exacte, sans rien à faire", "With an exact reference, nothing to do")
WAITING: Final = Phrase("À rapprocher", "To match")
LOOK_AT: Final = Phrase("À vérifier", "To look at")
KEEP: Final = Phrase("Garder ceci", "Keep this")
ANOTHER: Final = Phrase("Choisir un autre fichier", "Choose another file")
GO_ON: Final = Phrase("Rapprocher ce qui attend", "Match what waits")
