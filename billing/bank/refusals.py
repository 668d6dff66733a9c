"""What is refused about movements that wait, each with what to do next."""

from __future__ import annotations

from foundation.errors import Invalid, NotFound, Refused
from foundation.speech import Phrase


class NoSuchEntry(NotFound):
    """No movement of that number."""

    kind = "no-such-bank-entry"
    phrase = Phrase(
        "Pas de mouvement {number}. Ceux qui attendent : essaim bank inbox",
        "There is no movement {number}. Those that wait: essaim bank inbox",
    )


class AlreadyMatched(Refused):
    """Someone has said what it is, perhaps a moment ago."""

    kind = "already-matched"
    phrase = Phrase(
        "{entry} n'attend plus : quelqu'un a déjà dit ce que c'est. Rien n'a été changé. Si c'est faux : "
        'essaim bank unmatch {entry} --reason "…"',
        "{entry} waits no more: someone has said what it is. Nothing was changed. If that is wrong: "
        'essaim bank unmatch {entry} --reason "…"',
    )


class NothingMatched(Refused):
    """There is nothing to undo."""

    kind = "nothing-matched"
    phrase = Phrase(
        "{entry} attend encore : il n'y a rien à défaire. Dire ce que c'est : essaim bank match {entry} M0042",
        "{entry} still waits: there is nothing to undo. To say what it is: essaim bank match {entry} M0042",
    )


class PartsDoNotAddUp(Invalid):
    """Parts that are not the whole of a movement, no more and no less."""

    kind = "parts-do-not-add-up"
    phrase = Phrase(
        "Ces parts font {parts}, et {entry} est de {cents}. Rien n'a été changé. Ce qui reste va à l'avance d'un "
        "membre (sans montant : M0042), à un don (M0042=5,00:don) ou dans un compte (--rest gifts).",
        "These parts make {parts}, and {entry} is {cents}. Nothing was changed. What is left goes to a member's credit "
        "(no amount: M0042), to a gift (M0042=5.00:gift) or to an account (--rest gifts).",
    )


class WrongDirection(Invalid):
    """Money that went out is no payment, and money that came in is no refund."""

    kind = "wrong-direction"
    phrase = Phrase(
        "{entry} est de {cents} : {what}. Rien n'a été changé.", "{entry} is {cents}: {what}. Nothing was changed."
    )


class NotForFiling(Invalid):
    """An account of the books under which movements are not filed by hand."""

    kind = "not-for-filing"
    phrase = Phrase(
        "Rien ne se classe dans le compte {account} : pour un membre, essaim bank match. Rien n'a été changé.",
        "Nothing is filed under the account {account}: for a member, essaim bank match. Nothing was changed.",
    )


class NotLinkable(Refused):
    """A payment that cannot be the one that a movement brought."""

    kind = "not-linkable"
    phrase = Phrase(
        "{payment} n'est pas le paiement de {entry} : {what}. Rien n'a été changé.",
        "{payment} is not the payment of {entry}: {what}. Nothing was changed.",
    )


class NothingSuggested(Refused):
    """No suggestion that one could accept."""

    kind = "nothing-suggested"
    phrase = Phrase(
        "Rien n'est suggéré pour {entry}. Dire ce que c'est : essaim bank match {entry} M0042, ou "
        "essaim bank file {entry} gifts",
        "Nothing is suggested for {entry}. Say what it is: essaim bank match {entry} M0042, or "
        "essaim bank file {entry} gifts",
    )
