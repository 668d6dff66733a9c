"""Receipts for gifts that lower taxes [reçus fiscaux]: none, until the tax office has said in writing that it may be.

What the form Cerfa 11580 asks for, as far as it is known here: an order number, who gives them out and for what object,
who gave, how much in figures and in letters, when, in which form and how it was paid, and the articles of the code.
Neither memberships nor services are ever on one.
"""

from __future__ import annotations

from datetime import date
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from billing.models import GiftReceipt, Means, Payment
from billing.papers.content import AMOUNT, DAY, Paper, language_of, paper, table
from billing.papers.french_numbers import in_letters
from billing.papers.receipts import NoSuchPaperYear, gifts_of
from billing.words import day_words
from foundation import clock, journal
from foundation.acts import Act
from foundation.errors import Invalid, Refused
from foundation.money import Euros
from foundation.speech import Phrase
from inventory import numbers, rules
from inventory.models.mandates import Task
from inventory.models.people import Member
from inventory.rights import asks

RULE: Final = "receipts.rescrit"
_NO_MONEY: Final = (Means.G1, Means.OFFSET)
"""Gifts of which nobody may say how many euros they were."""

_TITLE: Final = Phrase("Reçu au titre des dons n° {number}", "Receipt for gifts no. {number} (reçu au titre des dons)")
_WHO: Final = Phrase(
    "{association}, {address}. Objet : {object}. Association d'intérêt général (loi du 1er juillet 1901).",
    "{association}, {address}. Object: {object}. Association of general interest (French law of 1 July 1901).",
)
_SAID: Final = Phrase(
    "Le bénéficiaire reconnaît avoir reçu de {name} ({member}), au titre des dons et versements ouvrant droit à "
    "réduction d'impôt, la somme de {cents} (en toutes lettres : {letters}), en {year}.",
    "The beneficiary acknowledges having received from {name} ({member}), as gifts that give right to a reduction of "
    "taxes, the sum of {cents} (in French letters: {letters}), in {year}.",
)
_LAW: Final = Phrase(
    "Le bénéficiaire certifie sur l'honneur que les dons et versements qu'il reçoit ouvrent droit à la réduction "
    "d'impôt prévue aux articles 200 et 238 bis du CGI. Rescrit (LPF, art. L80 C) : {rescrit}.",
    "The beneficiary certifies that the gifts it receives give right to the reduction of taxes of articles 200 and "
    "238 bis of the French tax code (CGI). Rescrit (LPF, art. L80 C): {rescrit}.",
)
_FORM: Final = Phrase(
    "Forme du don : déclaration de don manuel. Nature du don : numéraire. Aucune contrepartie.",
    "Form: declared manual gift. Nature: money. Nothing was given in return.",
)
_GIFTS: Final = Phrase("Dons", "Gifts")
_MEANS: Final = Phrase("mode de versement", "means")
_GIFT: Final = Phrase("paiement", "payment")
_REPLACES: Final = Phrase("Annule et remplace le reçu n° {number}.", "Cancels and replaces receipt no. {number}.")
_SIGNED: Final = Phrase("Fait le {day}. Signature :", "Made on {day}. Signature:")


class NoTaxReceipts(Refused):
    """The association has not said that it may give them out."""

    kind = "no-tax-receipts"
    phrase = Phrase(
        "Pas de reçu fiscal ici : il faut d'abord l'accord écrit des impôts (rescrit), puis "
        'essaim rule set receipts.rescrit "…". Un reçu de paiement existe toujours : essaim receipt payment P0042',
        "No tax receipts here: the tax office must first agree in writing (rescrit), then "
        'essaim rule set receipts.rescrit "…". A receipt of payment always exists: essaim receipt payment P0042',
    )


class NoGifts(Refused):
    """Nothing was given in that year."""

    kind = "no-gifts"
    phrase = Phrase(
        "{member} n'a fait aucun don en {year} ; cotisations et services n'en sont pas. Aucun reçu fiscal.",
        "{member} gave nothing in {year}; memberships and services are no gifts. No tax receipt.",
    )


class NotWholeEnough(Invalid):
    """Something that the form asks for is not known."""

    kind = "tax-receipt-not-whole"
    phrase = Phrase(
        "Il manque ce que le reçu fiscal doit dire : {missing}. Aucun reçu n'a été fait.",
        "What a tax receipt must say is missing: {missing}. No receipt was made.",
    )


class YearRuns(Invalid):
    """A year whose gifts are not all known yet."""

    kind = "tax-receipt-year-runs"
    phrase = Phrase(
        "L'année {year} n'est pas finie : son reçu fiscal se fait à partir du 1er janvier {after}.",
        "The year {year} is not over: its tax receipt is made from 1 January {after} on.",
    )


_ADDRESS: Final = Phrase(
    "l'adresse de l'association (essaim rule set receipts.address \"…\")",
    'the association\'s address (essaim rule set receipts.address "…")',
)
_OBJECT: Final = Phrase(
    'son objet (essaim rule set receipts.object "…")', 'its object (essaim rule set receipts.object "…")'
)
_DONOR: Final = Phrase(
    'l\'adresse postale de qui a donné (essaim member change M0042 --postal "…")',
    'the giver\'s postal address (essaim member change M0042 --postal "…")',
)


@asks(Task.DUES_WRITE)
def tax_receipt(session: Session, act: Act, member: Member, year: int, association: str) -> Paper:
    """The tax receipt of a member's gifts of a year that is over, numbered once; asked again, it is the same one.

    Where the year's gifts changed since, a new one replaces it. Raises NoTaxReceipts, NoSuchPaperYear, YearRuns,
    NoGifts, NotWholeEnough.
    """
    rescrit, today = rules.value(session, RULE), clock.today(act.at)
    if not rescrit:
        raise NoTaxReceipts
    if not 1990 <= year <= today.year:
        raise NoSuchPaperYear(year=year, this=today.year)
    if year == today.year:
        raise YearRuns(year=year, after=year + 1)
    gifts = [one for one in gifts_of(session, member, year) if one.means not in _NO_MONEY]
    if not gifts:
        raise NoGifts(member=str(member), year=year)
    _complete(session, member)
    made, before = _numbered(session, act, member, year, gifts, rescrit, today)
    return _paper(session, member, made, before, gifts, association)


def _complete(session: Session, member: Member) -> None:
    missing = [
        words
        for words, known in (
            (_ADDRESS, rules.value(session, "receipts.address")),
            (_OBJECT, rules.value(session, "receipts.object")),
            (_DONOR, member.postal.strip()),
        )
        if not known
    ]
    if missing:
        raise NotWholeEnough(missing=missing)


def _numbered(
    session: Session, act: Act, member: Member, year: int, gifts: list[Payment], rescrit: str, today: date
) -> tuple[GiftReceipt, GiftReceipt | None]:
    """The receipt that holds, and the one that it replaces."""
    known = " ".join(str(one) for one in gifts)
    total = sum((one.cents for one in gifts), Euros(0))
    number = numbers.following(session, GiftReceipt.number)  # whoever numbers at the same time waits
    query = select(GiftReceipt).where(GiftReceipt.member_id == member.id, GiftReceipt.year == year)
    before = session.scalars(query.order_by(GiftReceipt.number)).all()
    if before and (before[-1].payments, before[-1].cents, before[-1].rescrit) == (known, total, rescrit):
        return before[-1], before[-2] if len(before) > 1 else None
    made = GiftReceipt(
        number=number,
        member_id=member.id,
        year=year,
        cents=total,
        payments=known,
        rescrit=rescrit,
        day=today,
        at=act.at,
    )
    session.add(made)
    session.flush()
    journal.record(session, act, "receipt.issue", str(made.number), member=str(member), year=year, cents=int(total))
    return made, before[-1] if before else None


def _paper(
    session: Session,
    member: Member,
    made: GiftReceipt,
    before: GiftReceipt | None,
    gifts: list[Payment],
    association: str,
) -> Paper:
    language = language_of(member)
    said = _SAID.say(
        language,
        name=member.name,
        member=str(member),
        cents=made.cents,
        letters=in_letters(made.cents),
        year=made.year,
    )
    who = _WHO.say(
        language,
        association=association,
        address=rules.value(session, "receipts.address"),
        object=rules.value(session, "receipts.object"),
    )
    return paper(
        session,
        member,
        _TITLE,
        made.day,
        association,
        sentences=[
            *([_REPLACES.say(language, number=_order(before))] if before is not None else []),
            who,
            said,
            _FORM.say(language),
        ],
        tables=[
            table(
                language,
                _GIFTS,
                (DAY, _GIFT, _MEANS, AMOUNT),
                [(one.day, str(one), Means(one.means).phrase, one.cents) for one in gifts],
                made.cents,
            )
        ],
        notes=[
            _LAW.say(language, rescrit=made.rescrit),
            _SIGNED.say(language, day=day_words(made.day, language)),
        ],
        number=_order(made),
    )


def _order(made: GiftReceipt) -> str:
    """The order number of a receipt, in its year: it never comes twice."""
    return f"{made.year}-{made.number:04d}"
