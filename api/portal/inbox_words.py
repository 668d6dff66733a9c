"""What the pages of the bank say, in both languages. What a movement may be, and why, is said by the matcher."""

from __future__ import annotations

from typing import Final

from foundation.speech import Phrase

TITLE: Final = Phrase("Virements à rapprocher", "Transfers to match")
STATEMENTS: Final = Phrase("Lire un relevé", "Read a statement")
LATE: Final = Phrase("Qui est en retard", "Who is late")
REMINDERS: Final = Phrase("Ce qui va partir", "What goes out")
PAGES: Final = Phrase("Pages de la trésorerie", "The treasury's pages")

WAITING: Final = Phrase("À rapprocher : {count}.", "To match: {count}.")
ONE_BY_ONE: Final = Phrase(
    "Le plus ancien d'abord. Rien ne s'enregistre sans vous, et tout se défait.",
    "The oldest first. Nothing is recorded without you, and everything can be undone.",
)
NOTHING: Final = Phrase(
    "Rien n'attend : tout est rapproché. Au prochain relevé de la banque, revenez le lire ici.",
    "Nothing waits: everything is matched. When the bank gives its next statement, come back to read it here.",
)
LOOK_ONLY: Final = Phrase(
    "Vous voyez ce qui attend ; rapprocher demande le mandat « rapprocher les paiements » (payments.match).",
    "You see what waits; to match takes the mandate “match payments” (payments.match).",
)
SEEN_AT_HOME: Final = Phrase("Virements à rapprocher : {count}.", "Transfers to match: {count}.")
NONE_AT_HOME: Final = Phrase("Aucun virement à rapprocher.", "No transfer to match.")
SEE: Final = Phrase("Les rapprocher", "Match them")
TREASURY: Final = Phrase("La trésorerie", "The treasury")

DAY: Final = Phrase("Le", "On")
PAYER: Final = Phrase("De", "From")
ACCOUNT: Final = Phrase("Sur", "To")
LABEL: Final = Phrase("Libellé", "Label")
NO_LABEL: Final = Phrase("sans libellé", "no label")
AMOUNT: Final = Phrase("Montant", "Amount")
LEFT: Final = Phrase("Reste à dire : {cents}", "Left to say: {cents}")
WENT_OUT: Final = Phrase(
    "De l'argent sorti : à classer, ou rendu à un membre.",
    "Money that went out: to be filed, or given back to a member.",
)

SUGGESTED: Final = Phrase("Ce que c'est, sans doute", "What it is, most likely")
NOT_SUGGESTED: Final = Phrase(
    "Rien à suggérer : cherchez un membre, ou classez ce mouvement.",
    "Nothing to suggest: search for a member, or file this movement.",
)
NOBODYS: Final = Phrase("Sans doute à personne : à classer.", "Most likely nobody's: to be filed.")
IT_IS: Final = Phrase("C'est {whose}", "It is {whose}")
IT_IS_FILED: Final = Phrase("Classer dans {account}", "File under {account}")
BECAUSE: Final = Phrase("Parce que", "Because")
SOMEONE_ELSE: Final = Phrase("Un autre membre", "Another member")
NAME_OR_NUMBER: Final = Phrase("Nom, e-mail ou numéro", "Name, e-mail or number")
SEARCH: Final = Phrase("Chercher", "Search")
FOUND: Final = Phrase("Trouvé pour « {word} »", "Found for “{word}”")
FOUND_NONE: Final = Phrase("Personne ne s'appelle ainsi : « {word} ».", "Nobody is called that: “{word}”.")
SEVERAL: Final = Phrase("Plusieurs membres, ou une partie", "Several members, or a part")
PARTS: Final = Phrase("Qui et combien", "Who and how much")
PARTS_LIKE: Final = Phrase("M0042=12,50 M0043", "M0042=12.50 M0043")
PARTS_WHY: Final = Phrase(
    "Le membre sans montant prend ce qui reste. Un don se marque « :don » : M0042=5,00:don.",
    "The member without an amount takes what is left. A gift is marked “:gift”: M0042=5.00:gift.",
)
REST: Final = Phrase("Ce qui reste, à classer dans", "What is left, filed under")
REST_NONE: Final = Phrase("rien ne reste", "nothing is left")
MATCH: Final = Phrase("Rapprocher", "Match")
GIFT: Final = Phrase("Un don", "A gift")
GIFT_OF: Final = Phrase("De quel membre (vide : de personne d'ici)", "Of which member (empty: of nobody here)")
GIFT_DO: Final = Phrase("Noter ce don", "Note this gift")
FILE: Final = Phrase("Classer dans un compte", "File under an account")
FILE_UNDER: Final = Phrase("Compte", "Account")
CHOOSE: Final = Phrase("à choisir…", "choose…")
FILE_WORDS: Final = Phrase("Ce que c'est, en un mot", "What it is, in a word")
FILE_DO: Final = Phrase("Classer", "File")
REFUND: Final = Phrase("Rendu à un membre", "Given back to a member")
REFUND_TO: Final = Phrase("Numéro du membre", "The member's number")
REFUND_DO: Final = Phrase("C'est son avance, rendue", "It is their credit, given back")

DONE: Final = Phrase("{entry}, {cents} : {what}.", "{entry}, {cents}: {what}.")
UNDONE: Final = Phrase("{entry} attend de nouveau.", "{entry} waits again.")
FILED_UNDER: Final = Phrase("classé dans {account}", "filed under {account}")
GIVEN_BACK: Final = Phrase("rendu à {whose}", "given back to {whose}")
QUICKER: Final = Phrase(
    "{who} a été plus rapide : {entry} est {what} (le {at}). Rien n'a été changé.",
    "{who} was quicker: {entry} is {what} (on {at}). Nothing was changed.",
)
QUICKER_YOU: Final = Phrase(
    "C'est déjà fait : {entry} est {what} (par vous, le {at}). Rien n'a été changé.",
    "It is done already: {entry} is {what} (by you, on {at}). Nothing was changed.",
)
SOMEBODY: Final = Phrase("Quelqu'un", "Somebody")
UNDO: Final = Phrase("Défaire", "Undo")
UNDO_WHY: Final = Phrase("Pourquoi, en un mot", "Why, in a word")
SLIP: Final = Phrase("erreur de saisie", "a slip")
MORE: Final = Phrase("Les suivants", "The next ones")
FROM_THE_START: Final = Phrase("Revenir au plus ancien", "Back to the oldest")
FROM_THE_FIRST: Final = Phrase("Revenir au début", "Back to the start")

KEYS: Final = Phrase("Au clavier", "By keyboard")
KEYS_WHY: Final = Phrase(
    "Trois touches suffisent : j, Entrée, Entrée. Aucune n'agit pendant que vous écrivez.",
    "Three keys are enough: j, Enter, Enter. None acts while you are typing.",
)
KEYS_ON: Final = Phrase("Se servir des touches", "Use the keys")
KEY_NEXT: Final = Phrase("mouvement suivant, précédent", "next movement, the one before")
KEY_TAKE: Final = Phrase(
    "prendre la première suggestion, puis la confirmer", "take the first suggestion, then confirm it"
)
KEY_DIGIT: Final = Phrase("prendre une autre suggestion", "take another suggestion")
KEY_SEARCH: Final = Phrase("chercher un membre", "search for a member")
KEY_SEVERAL: Final = Phrase("plusieurs membres", "several members")
KEY_GIFT: Final = Phrase("un don", "a gift")
KEY_FILE: Final = Phrase("classer dans un compte", "file under an account")
KEY_UNDO: Final = Phrase("défaire le dernier", "undo the last one")
KEY_BACK: Final = Phrase("revenir au mouvement", "back to the movement")
ENTER: Final = Phrase("Entrée", "Enter")
ESCAPE: Final = Phrase("Échap", "Esc")
LEGEND: Final = (
    (("j", "k", "↓", "↑"), KEY_NEXT),
    ((ENTER, "y"), KEY_TAKE),
    (("1", "…", "9"), KEY_DIGIT),
    (("/",), KEY_SEARCH),
    (("m",), KEY_SEVERAL),
    (("g",), KEY_GIFT),
    (("f",), KEY_FILE),
    (("u",), KEY_UNDO),
    ((ESCAPE,), KEY_BACK),
)
TOLD_ENTRY: Final = Phrase("Mouvement {rank} sur {count}", "Movement {rank} of {count}")
TOLD_TAKEN: Final = Phrase("Entrée ou y pour confirmer, Échap pour revenir.", "Enter or y to confirm, Esc to go back.")
TOLD_NONE: Final = Phrase(
    "Pas de suggestion ici : / pour chercher, f pour classer.", "No suggestion here: / to search, f to file."
)
TOLD_LAST: Final = Phrase("C'est le dernier.", "That is the last one.")
TOLD_FIRST: Final = Phrase("C'est le premier.", "That is the first one.")
TOLD_NO_UNDO: Final = Phrase("Rien à défaire ici.", "Nothing to undo here.")
