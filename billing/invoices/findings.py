"""What is found amiss on an invoice, each in one sentence: whose line, how much is at stake, what to do next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from foundation.money import Euros
from foundation.speech import Language, Phrase


class Fault(StrEnum):
    """What may be amiss."""

    AFTER_CLOSURE = "after-closure"
    BEFORE_DELIVERY = "before-delivery"
    NOT_BILLED = "not-billed"
    WRONG_OPTION = "wrong-option"
    TWICE = "twice"
    UNKNOWN = "unknown"
    PRICE = "price"

    @property
    def phrase(self) -> Phrase:
        """The fault as people read it."""
        return _FAULTS[self]


_FAULTS: Final = {
    Fault.AFTER_CLOSURE: Phrase("facturée après sa fermeture", "billed after closure"),
    Fault.BEFORE_DELIVERY: Phrase("facturée avant sa livraison", "billed before delivery"),
    Fault.NOT_BILLED: Phrase("en service et pas facturée", "active but not billed"),
    Fault.WRONG_OPTION: Phrase("pas ce qui est acheté", "not what is bought"),
    Fault.TWICE: Phrase("facturée deux fois", "billed twice"),
    Fault.UNKNOWN: Phrase("référence inconnue", "unknown reference"),
    Fault.PRICE: Phrase("prix inattendu", "unexpected price"),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing amiss. `rank` is the row of the file, `line` our line's number; `cents` are at stake, where known."""

    fault: Fault
    rank: int | None
    line: str
    cents: Euros | None
    said: Phrase
    facts: Mapping[str, object] = field(default_factory=dict)

    def sentence(self, language: Language) -> str:
        """The whole sentence."""
        return self.said.say(language, rank=self.rank, line=self.line, cents=self.cents, **self.facts)


CLAIM_AFTER: Final = Phrase(
    "Rangée {rank}, {line} : {what} est facturé du {since} au {last}, alors que plus rien n'est acheté pour elle "
    "depuis le {end} ; {cents} de trop. À réclamer à {wholesaler}.",
    "Row {rank}, {line}: {what} is billed from {since} to {last}, though nothing is bought for it since {end}; "
    "{cents} too much. To be claimed from {wholesaler}.",
)
STILL_ORDERED: Final = Phrase(
    "Rangée {rank}, {line} : {what} est facturé du {since} au {last}, alors que la ligne est fermée depuis le {end} "
    "; {cents} pour rien. {wholesaler} n'a pas fini de la résilier : essaim order show {order} ; si personne ne l'a "
    "demandé : essaim order place {line} --wholesaler {wholesaler} --kind terminate",
    "Row {rank}, {line}: {what} is billed from {since} to {last}, though the line is closed since {end}; {cents} for"
    " nothing. {wholesaler} has not terminated it: essaim order show {order}; if nobody asked: essaim order place "
    "{line} --wholesaler {wholesaler} --kind terminate",
)
BEFORE: Final = Phrase(
    "Rangée {rank}, {line} : {what} est facturé du {since} au {last}, avant la livraison (le {begin}) ; {cents} de "
    "trop. À réclamer à {wholesaler}, si cette date est la bonne : essaim line show {line}",
    "Row {rank}, {line}: {what} is billed from {since} to {last}, before delivery (on {begin}); {cents} too much. To"
    " be claimed from {wholesaler}, if that day is right: essaim line show {line}",
)
NEVER_DELIVERED: Final = Phrase(
    "Rangée {rank}, {line} : {what} est facturé du {since} au {last}, mais rien ne dit que la ligne a été livrée ; "
    "{cents} en jeu. Où en est la commande : essaim order list --line {line} --all",
    "Row {rank}, {line}: {what} is billed from {since} to {last}, but nothing says that the line was delivered; "
    "{cents} at stake. How its order stands: essaim order list --line {line} --all",
)
NOT_BILLED: Final = Phrase(
    "{line} est en service du {since} au {last} et aucune rangée ne la nomme ; {cents} à prévoir, que {wholesaler} "
    "peut encore demander. Vérifier qu'elle sert : essaim line status {line}",
    "{line} is in service from {since} to {last} and no row names it; {cents} to set aside, which {wholesaler} may "
    "still ask for. Check that it serves: essaim line status {line}",
)
NOT_BILLED_AT_ALL: Final = Phrase(
    "{line} est en service du {since} au {last} et aucune rangée ne la nomme ; son prix n'est pas connu, et "
    "{wholesaler} peut encore le demander. Vérifier qu'elle sert : essaim line status {line}",
    "{line} is in service from {since} to {last} and no row names it; its price is not known, and {wholesaler} may "
    "still ask for it. Check that it serves: essaim line status {line}",
)
NOT_SO: Final = Phrase(
    "Rangée {rank}, {line} : {what} est facturé avec {aspect} {billed}, l'inventaire dit {bought} ; {cents} en jeu. "
    "Ce qui a été commandé : essaim order list --line {line} --all ; puis réclamer à {wholesaler}, ou corriger la "
    "ligne.",
    "Row {rank}, {line}: {what} is billed with {aspect} {billed}, the inventory says {bought}; {cents} at stake. "
    "What was ordered: essaim order list --line {line} --all; then claim from {wholesaler}, or correct the line.",
)
TWICE_HERE: Final = Phrase(
    "Rangée {rank}, {line} : {what} du {since} au {last} est déjà facturé à la rangée {other} ; {cents} en double. "
    "Demander un avoir à {wholesaler}.",
    "Row {rank}, {line}: {what} from {since} to {last} is billed on row {other} already; {cents} twice. Ask "
    "{wholesaler} for a credit note.",
)
TWICE_THERE: Final = Phrase(
    "Rangée {rank}, {line} : {what} du {since} au {last} est déjà facturé à la rangée {other} de {invoice} ; {cents}"
    " en double. Demander un avoir à {wholesaler} ; l'autre facture : essaim invoice show {invoice}",
    "Row {rank}, {line}: {what} from {since} to {last} is billed on row {other} of {invoice} already; {cents} twice."
    " Ask {wholesaler} for a credit note; the other invoice: essaim invoice show {invoice}",
)
NOBODY: Final = Phrase(
    "Rangée {rank} : « {reference} » ({what}, {cents}) n'est le nom d'aucune ligne. Demander à {wholesaler} ce que "
    "c'est ; si la ligne existe, lui donner cette référence : essaim order note O0012 --reference …",
    "Row {rank}: “{reference}” ({what}, {cents}) is the name of no line. Ask {wholesaler} what it is; if the line "
    "exists, give it that reference: essaim order note O0012 --reference …",
)
NAMELESS: Final = Phrase(
    "Rangée {rank} : {what} ({cents}) ne nomme aucune ligne. Si c'est normal (une porte de collecte, des frais "
    "communs), le dire dans le fichier de correspondance : line = false ; sinon, demander à {wholesaler} ce que "
    "c'est.",
    "Row {rank}: {what} ({cents}) names no line. If that is as it should be (a handover port, common fees), say so "
    "in the mapping file: line = false; else ask {wholesaler} what it is.",
)
ELSEWHERE: Final = Phrase(
    "Rangée {rank}, {line} : {what} est facturé, mais rien ne dit que cette ligne est achetée à {wholesaler} ; "
    "{cents} en jeu. Chez qui elle l'est : essaim line show {line} ; essaim order list --line {line} --all",
    "Row {rank}, {line}: {what} is billed, but nothing says that this line is bought from {wholesaler}; {cents} at "
    "stake. From whom it is: essaim line show {line}; essaim order list --line {line} --all",
)
ABOVE_AGREED: Final = Phrase(
    "Rangée {rank}, {line} : {what} est facturé {billed} du {since} au {last}, le prix convenu fait {right} ; "
    "{apart} de trop. À réclamer à {wholesaler}, ou changer le prix dans le fichier de correspondance.",
    "Row {rank}, {line}: {what} is billed {billed} from {since} to {last}, the agreed price makes {right}; {apart} "
    "too much. To be claimed from {wholesaler}, or change the price in the mapping file.",
)
BELOW_AGREED: Final = Phrase(
    "Rangée {rank}, {line} : {what} est facturé {billed} du {since} au {last}, le prix convenu fait {right} ; "
    "{apart} de moins. Demander à {wholesaler} si le prix a baissé ; si oui, le changer dans le fichier de "
    "correspondance.",
    "Row {rank}, {line}: {what} is billed {billed} from {since} to {last}, the agreed price makes {right}; {apart} "
    "less. Ask {wholesaler} whether the price went down; if so, change it in the mapping file.",
)
RISEN: Final = Phrase(
    "Rangée {rank}, {line} : {what} est passé de {before} à {now} par mois depuis {invoice} ; {apart} de plus. Si "
    "{wholesaler} ne l'a pas annoncé, le réclamer ; l'ancienne facture : essaim invoice show {invoice}",
    "Row {rank}, {line}: {what} went from {before} to {now} a month since {invoice}; {apart} more. If {wholesaler} did "
    "not announce it, claim it; the former invoice: essaim invoice show {invoice}",
)
FALLEN: Final = Phrase(
    "Rangée {rank}, {line} : {what} est passé de {before} à {now} par mois depuis {invoice} ; {apart} de moins. Rien"
    " à réclamer ; l'ancienne facture : essaim invoice show {invoice}",
    "Row {rank}, {line}: {what} went from {before} to {now} a month since {invoice}; {apart} less. Nothing to claim;"
    " the former invoice: essaim invoice show {invoice}",
)
NOT_PRO_RATA: Final = Phrase(
    "Rangée {rank}, {line} : {what} est facturé {billed} du {since} au {last}, là où {before} par mois ({invoice}) "
    "font {right} ; {apart} d'écart. Demander à {wholesaler} ce qui a changé.",
    "Row {rank}, {line}: {what} is billed {billed} from {since} to {last}, where {before} a month ({invoice}) make "
    "{right}; {apart} apart. Ask {wholesaler} what has changed.",
)

GUARANTEE: Final = Phrase("la GTR", "the repair time")
RATE: Final = Phrase("le débit", "the rate")
TECHNOLOGY: Final = Phrase("la technologie", "the technology")
OFFER: Final = Phrase("l'offre", "the offer")
NOTHING: Final = Phrase("qu'aucune n'est achetée", "that none is bought")
