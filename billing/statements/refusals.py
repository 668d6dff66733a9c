"""Every way in which a file of payments is refused: one sentence each, and nothing of the file is kept.

All are `UnreadableStatement`. Whatever stands in a sentence of what the file says was shortened and made visible first.
"""

from __future__ import annotations

from typing import Final

from foundation.errors import Invalid
from foundation.speech import Phrase

MOST_BYTES: Final = 32 * 1024 * 1024
MOST_ENTRIES: Final = 100_000
_MEGABYTES: Final = MOST_BYTES // (1024 * 1024)


def line(number: int) -> Phrase:
    """Where in a file of lines."""
    return Phrase.said(f"ligne {number}", f"line {number}")


def movement(number: int) -> Phrase:
    """Where in a file of movements, counted from 1."""
    return Phrase.said(f"écriture n° {number}", f"entry no. {number}")


THE_STATEMENT: Final = Phrase("en-tête du relevé", "head of the statement")
"""Where a balance or an account stands, in formats that have no lines."""


class UnreadableStatement(Invalid):
    """The root of what is refused here."""

    kind = "unreadable-statement"
    phrase = Phrase(
        "Ce relevé ne se lit pas. Rien n'a été enregistré.",
        "This statement cannot be read. Nothing was recorded.",
    )


class StatementTooBig(UnreadableStatement):
    """More bytes than any statement has."""

    kind = "statement-too-big"
    phrase = Phrase(
        f"Ce fichier dépasse {_MEGABYTES} Mio : aucun relevé n'est si gros. Demander à la banque une période plus "
        "courte. Rien n'a été enregistré.",
        f"This file is larger than {_MEGABYTES} MiB: no statement is that big. Ask the bank for a shorter period. "
        "Nothing was recorded.",
    )


class StatementTooLong(UnreadableStatement):
    """More entries, or more elements, than any statement has."""

    kind = "statement-too-long"
    phrase = Phrase(
        f"Ce fichier compte bien plus d'éléments qu'un relevé ({MOST_ENTRIES // 1000} 000 écritures au plus). "
        "Demander à la banque une période plus courte. Rien n'a été enregistré.",
        f"This file holds far more than a statement does (at most {MOST_ENTRIES // 1000},000 entries). "
        "Ask the bank for a shorter period. Nothing was recorded.",
    )


class EmptyStatement(UnreadableStatement):
    """Nothing but spaces, or a file of the right kind without a statement in it."""

    kind = "empty-statement"
    phrase = Phrase(
        "Ce fichier ne contient aucun relevé. Le télécharger à nouveau. Rien n'a été enregistré.",
        "There is no statement in this file. Download it again. Nothing was recorded.",
    )


class UnknownStatementFormat(UnreadableStatement):
    """Neither camt.053, OFX, CFONB120 nor CSV that a mapping knows."""

    kind = "unknown-statement-format"
    phrase = Phrase(
        "{file} : {what}. Demander à la banque un export camt.053, OFX ou CFONB120 ; pour un CSV, écrire ses colonnes "
        "dans un petit fichier (docs/howto/bank-statements.md). Rien n'a été enregistré.",
        "{file}: {what}. Ask the bank for an export as camt.053, OFX or CFONB120; for CSV, write down its columns in a "
        "small file (docs/howto/bank-statements.md). Nothing was recorded.",
    )


class UndecodableStatement(UnreadableStatement):
    """Bytes that are no text in the charset that the file or its mapping says."""

    kind = "undecodable-statement"
    phrase = Phrase(
        "Ce fichier n'est pas du texte en {charset}, comme il devrait. Le télécharger à nouveau sans l'ouvrir dans un "
        "tableur. Rien n'a été enregistré.",
        "This file is not text in {charset}, as it should be. Download it again, and do not open it in a spreadsheet. "
        "Nothing was recorded.",
    )


class MalformedStatement(UnreadableStatement):
    """Cut short, or not built as its format says."""

    kind = "malformed-statement"
    phrase = Phrase(
        "Ce relevé est abîmé ou coupé ({where}). Le télécharger à nouveau. Rien n'a été enregistré.",
        "This statement is damaged or cut short ({where}). Download it again. Nothing was recorded.",
    )


class StatementWithEntities(UnreadableStatement):
    """XML with a document type: no bank sends one, and that is how readers of XML are attacked."""

    kind = "statement-with-entities"
    phrase = Phrase(
        "Ce fichier définit des entités XML, ce qu'aucune banque ne fait : il peut être piégé. Ne pas l'ouvrir "
        "ailleurs ; demander d'où il vient. Rien n'a été enregistré.",
        "This file defines XML entities, which no bank does: it may be a trap. Do not open it elsewhere; ask where it "
        "comes from. Nothing was recorded.",
    )


class StatementLacks(UnreadableStatement):
    """Something without which an entry is none."""

    kind = "statement-lacks"
    phrase = Phrase(
        "Il manque {what} dans ce relevé ({where}). Le télécharger à nouveau. Rien n'a été enregistré.",
        "This statement lacks {what} ({where}). Download it again. Nothing was recorded.",
    )


class WrongCurrency(UnreadableStatement):
    """Another currency than the euro."""

    kind = "statement-currency"
    phrase = Phrase(
        "Ce relevé est en {currency} ({where}) : seul l'euro (EUR) se tient ici. Rien n'a été enregistré.",
        "This statement is in {currency} ({where}): only euros (EUR) are kept here. Nothing was recorded.",
    )


class BadStatementAmount(UnreadableStatement):
    """No amount, more than two decimals, or a thousand million euros."""

    kind = "statement-amount"
    phrase = Phrase(
        "« {text} » n'est pas un montant en euros et centimes ({where}). Vérifier le fichier, ou le signe décimal de "
        "sa correspondance. Rien n'a été enregistré.",
        "“{text}” is no amount in euros and cents ({where}). Check the file, or the decimal sign of its mapping. "
        "Nothing was recorded.",
    )


class BadStatementDay(UnreadableStatement):
    """No date, or one at which nobody here had an account."""

    kind = "statement-day"
    phrase = Phrase(
        "« {text} » n'est pas une date possible ({where}). Vérifier le fichier, ou le format des dates de sa "
        "correspondance. Rien n'a été enregistré.",
        "“{text}” is no possible date ({where}). Check the file, or the format of dates of its mapping. "
        "Nothing was recorded.",
    )


class DoubledEntry(UnreadableStatement):
    """Two movements with one identity in the same file."""

    kind = "statement-doubled-entry"
    phrase = Phrase(
        "Deux écritures du même relevé portent le même identifiant « {key} ». Le télécharger à nouveau. Rien n'a été "
        "enregistré.",
        "Two entries of this statement bear the same identity “{key}”. Download it again. Nothing was recorded.",
    )


class UnbalancedStatement(UnreadableStatement):
    """Opening and entries do not make the closing balance."""

    kind = "statement-unbalanced"
    phrase = Phrase(
        "Ce relevé ne tombe pas juste : {opening} au début et {entries} d'écritures font {reached}, pas {closing}. Il "
        "en manque sans doute ; le télécharger à nouveau. Rien n'a été enregistré.",
        "This statement does not add up: {opening} at first and {entries} of entries make {reached}, not {closing}. "
        "Some are probably missing; download it again. Nothing was recorded.",
    )


class WrongAccount(UnreadableStatement):
    """A statement of another account than the one it was brought for."""

    kind = "statement-of-another-account"
    phrase = Phrase(
        "Ce relevé est celui du compte {found}, pas de {expected}. Choisir le bon compte ou le bon fichier. Rien n'a "
        "été enregistré.",
        "This statement is of the account {found}, not of {expected}. Choose the right account or the right file. "
        "Nothing was recorded.",
    )


class BadMapping(UnreadableStatement):
    """A mapping file that cannot be used."""

    kind = "statement-mapping"
    phrase = Phrase(
        "La correspondance « {mapping} » ne convient pas : {what}. Comment l'écrire : docs/howto/bank-statements.md. "
        "Rien n'a été enregistré.",
        "The mapping “{mapping}” will not do: {what}. How to write one: docs/howto/bank-statements.md. Nothing was "
        "recorded.",
    )
