"""Receipts: the balance on paper, a payment's receipt, a year's summary. None of them lowers anybody's taxes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from billing.allocations import stands
from billing.balance import Balance, balance
from billing.books import bookings, recorded
from billing.books.keeping import MENTIONS
from billing.history import Entry, Step, history
from billing.models import Allocation, Correction, Due, DueKind, Means, Payment, Regime, Reversal
from billing.papers.content import AMOUNT, DAY, WHAT, Paper, language_of, paper, table, transfer_of
from billing.paying import how_to_pay
from billing.words import day_words, due_phrase
from foundation.errors import Invalid, Refused
from foundation.money import Euros
from foundation.speech import Language, Phrase
from inventory.models.people import Member

_STATEMENT: Final = Phrase("Relevé de compte", "Statement of account")
_RECEIPT: Final = Phrase("Reçu de paiement {number}", "Receipt of payment {number}")
_SUMMARY: Final = Phrase("Récapitulatif de l'année {year}", "Summary of the year {year}")

_OPEN: Final = Phrase("Ce qui reste à payer", "What is open")
_MOVES: Final = Phrase("Le compte depuis le {day}", "The account since {day}")
_LEFT: Final = Phrase("reste", "open")
_SINCE: Final = Phrase("depuis le", "since")
_ENTRY: Final = Phrase("écriture", "entry")
_BALANCE: Final = Phrase("solde", "balance")
_NUMBER: Final = Phrase("numéro", "number")
_MEANS: Final = Phrase("moyen", "means")
_BEFORE: Final = Phrase("Solde avant", "Balance before")
_KIND_WORDS: Final = Phrase("nature", "what")
_NEVER_CUT: Final = Phrase(
    "Rien n'est jamais coupé pour un retard. Un montant solidaire se choisit sans dire pourquoi : écrivez-nous.",
    "Nothing is ever cut for being late. A solidarity amount may be chosen without saying why: write to us.",
)
_RECEIVED: Final = Phrase(
    "{association} a reçu de {name} ({member}) {cents} le {day} ({means}).",
    "{association} received {cents} from {name} ({member}) on {day} ({means}).",
)
_CAME_WITH: Final = Phrase("Référence du paiement : {reference}", "Reference of the payment: {reference}")
_SETTLES: Final = Phrase("Ce que ce paiement règle", "What this payment settles")
_AHEAD: Final = Phrase("avance gardée sur le compte", "kept on the account for later")
_NO_TAX_RECEIPT: Final = Phrase(
    "Ce document n'est pas un reçu fiscal : il n'ouvre droit à aucune réduction d'impôt.",
    "This document is no tax receipt: it gives no right to a reduction of taxes.",
)
_HOLDS_VAT: Final = Phrase("dont TVA à {rate} % : {tax}", "of which VAT at {rate} %: {tax}")
_PAID_IN: Final = Phrase("Payé en {year}", "Paid in {year}")
_PAID_ON: Final = Phrase("Paiements reçus", "Payments received")
_UNTIL: Final = Phrase(
    "{association} a reçu de {name} ({member}) {cents} du {since} au {until}.",
    "{association} received {cents} from {name} ({member}) between {since} and {until}.",
)
_NOTHING: Final = Phrase(
    "{association} n'a rien reçu de {name} ({member}) du {since} au {until}.",
    "{association} received nothing from {name} ({member}) between {since} and {until}.",
)
_AT_END: Final = Phrase("Solde au {day} : {cents}.", "Balance on {day}: {cents}.")
_DUES: Final = Phrase("cotisations et droits d'entrée", "memberships and rights of entry")
_SERVICES: Final = Phrase("services (lignes et interventions)", "services (lines and work)")
_DEPOSITS: Final = Phrase("dépôts de garantie (rendus à la fin)", "deposits (given back at the end)")
_GIFTS: Final = Phrase("dons, sans contrepartie", "gifts, for nothing in return")
_GIVEN_BACK: Final = Phrase("rendu depuis au membre", "given back to the member since")

_GROUPS: Final[tuple[tuple[Phrase, tuple[DueKind, ...]], ...]] = (
    (_DUES, (DueKind.MEMBERSHIP, DueKind.ENTRY)),
    (_SERVICES, (DueKind.LINE, DueKind.WORK)),
    (_DEPOSITS, (DueKind.DEPOSIT,)),
    (_GIFTS, (DueKind.GIFT,)),
    (_GIVEN_BACK, (DueKind.REFUND,)),
)
_TAXED: Final = (DueKind.LINE, DueKind.WORK)


class PaymentReversed(Refused):
    """A payment that counts no more has no receipt."""

    kind = "payment-reversed"
    phrase = Phrase(
        "{payment} est annulé depuis le {day} : il n'a plus de reçu.",
        "{payment} was reversed on {day}: it has no receipt any more.",
    )


class NoSuchPaperYear(Invalid):
    """A year that has not begun, or before there were members."""

    kind = "no-such-paper-year"
    phrase = Phrase(
        "Pas de récapitulatif pour {year} : l'année va de 1990 à {this}.",
        "There is no summary of {year}: the year is between 1990 and {this}.",
    )


def statement(session: Session, member: Member, day: date, association: str) -> Paper:
    """The balance statement [relevé] of that day: what is owed and since when, a year of the account, how to pay."""
    language, held = language_of(member), balance(session, member, day)
    how = how_to_pay(session, member, -held.amount, association)
    since = date(day.year - 1, day.month, 1)
    return paper(
        session,
        member,
        _STATEMENT,
        day,
        association,
        sentences=[held.sentence(language)],
        tables=[
            table(
                language,
                _OPEN,
                (WHAT, _SINCE, AMOUNT, _LEFT),
                [(one.words(language), one.period, one.cents, one.open) for one in held.dues],
                held.owed,
                amounts=2,
            ),
            table(
                language,
                Phrase.said(*(_MOVES.say(each, day=day_words(since, each)) for each in ("fr", "en"))),
                (DAY, _ENTRY, WHAT, AMOUNT, _BALANCE),
                _moves(history(session, member), since, day),
                amounts=2,
            ),
        ],
        transfer=transfer_of(how, language) if held.amount < 0 else None,
        notes=[_NEVER_CUT.say(language)] if held.amount < 0 else [],
    )


def _moves(entries: Sequence[Entry], since: date, until: date) -> list[tuple[object, ...]]:
    before = [one for one in entries if one.day < since]
    told = [one for one in entries if since <= one.day <= until]
    carried = [(since, "", _BEFORE, None, before[-1].after)] if before and told else []
    return carried + [(one.day, one.step.phrase, _named(one), one.cents, one.after) for one in told]


def _named(one: Entry) -> Phrase:
    if one.step in (Step.DUE, Step.CORRECTION):
        return one.what
    return Phrase.said(f"{one.what.fr} {one.number}", f"{one.what.en} {one.number}")


def receipt(session: Session, payment: Payment, association: str) -> Paper:
    """The receipt of a payment [reçu de paiement]: what it settles, what is kept for later. Raises PaymentReversed."""
    member = session.get_one(Member, payment.member_id)
    language, back = language_of(member), session.scalar(select(Reversal).where(Reversal.payment_id == payment.id))
    if back is not None:
        raise PaymentReversed(payment=str(payment), day=back.day)
    parts = _settled(session, [payment])
    left = payment.cents - sum(cents for _, _, cents in parts)
    rows: list[tuple[object, ...]] = [(due_phrase(due), cents) for _, due, cents in parts]
    if left:
        rows.append((_AHEAD, left))
    said = _RECEIVED.say(
        language,
        association=association,
        name=member.name,
        member=str(member),
        cents=payment.cents,
        day=day_words(payment.day, language),
        means=Means(payment.means),
    )
    return paper(
        session,
        member,
        _RECEIPT,
        payment.day,
        association,
        sentences=[said, *([_CAME_WITH.say(language, reference=payment.reference)] if payment.reference else [])],
        tables=[table(language, _SETTLES, (WHAT, AMOUNT), rows, payment.cents)],
        notes=[*_vat(session, [payment], parts, language), _NO_TAX_RECEIPT.say(language)],
        number=str(payment),
    )


def summary(session: Session, member: Member, year: int, today: date, association: str) -> Paper:
    """What a member paid in a calendar year [récapitulatif annuel]: dues, services and gifts, each on its own row.

    Of the year that runs, until today. Raises NoSuchPaperYear.
    """
    if not 1990 <= year <= today.year:
        raise NoSuchPaperYear(year=year, this=today.year)
    language, since, until = language_of(member), date(year, 1, 1), min(date(year, 12, 31), today)
    query = select(Payment).where(Payment.member_id == member.id, Payment.day >= since, Payment.day <= until, stands())
    payments = session.scalars(query.order_by(Payment.day, Payment.number)).all()
    parts, total = _settled(session, payments), sum((one.cents for one in payments), Euros(0))
    said = (_UNTIL if payments else _NOTHING).say(
        language,
        association=association,
        name=member.name,
        member=str(member),
        cents=total,
        since=day_words(since, language),
        until=day_words(until, language),
    )
    held: Balance = balance(session, member, until)
    at_end = _AT_END.say(language, day=day_words(until, language), cents=held.amount)
    titled = Phrase.said(*(_PAID_IN.say(each, year=year) for each in ("fr", "en")))
    return paper(
        session,
        member,
        _SUMMARY,
        until,
        association,
        sentences=[said, at_end],
        tables=[
            table(language, titled, (_KIND_WORDS, AMOUNT), _by_group(parts, total), total),
            table(
                language,
                _PAID_ON,
                (DAY, _NUMBER, _MEANS, AMOUNT),
                [(one.day, str(one), Means(one.means).phrase, one.cents) for one in payments],
                total,
            ),
        ],
        notes=[*_vat(session, payments, parts, language), _NO_TAX_RECEIPT.say(language)],
        year=year,
    )


def _by_group(parts: Sequence[tuple[int, Due, Euros]], total: Euros) -> list[tuple[object, ...]]:
    """What was paid, by what it was for; what settles nothing yet is kept on the account. It adds up to the total."""
    sums: Counter[str] = Counter()
    for _, due, cents in parts:
        sums[due.kind] += int(cents)
    rows: list[tuple[object, ...]] = [
        (words, Euros(sum(sums[kind] for kind in kinds))) for words, kinds in _GROUPS if any(sums[one] for one in kinds)
    ]
    ahead = total - sum(sums.values())
    return [*rows, (_AHEAD, ahead)] if ahead else rows


def _settled(session: Session, payments: Sequence[Payment]) -> list[tuple[int, Due, Euros]]:
    """What payments settle: the payment's row, the due, the cents; the oldest due first."""
    query = (
        select(Allocation.payment_id, Due, Allocation.cents)
        .join(Due, Due.id == Allocation.due_id)
        .where(Allocation.payment_id.in_([one.id for one in payments]))
        .order_by(Due.period, Due.number, Allocation.id)
    )
    return [(row, due, cents) for row, due, cents in session.execute(query)]


def _vat(
    session: Session, payments: Sequence[Payment], parts: Sequence[tuple[int, Due, Euros]], language: Language
) -> list[str]:
    """What each regime of VAT asks to be written: its sentence, or the tax that services hold, rate by rate."""
    said = recorded.rates(session)
    found = [bookings.rate_of(said, one.day, one.at) for one in payments]
    notes = sorted({MENTIONS[Regime(one.regime)] for one in found if one is not None} - {""})
    taxes: Counter[int] = Counter()
    for _, due, cents in parts:
        rate = bookings.rate_of(said, due.day, due.issued) if due.kind in _TAXED else None
        if rate is not None and rate.rate:
            taxes[rate.rate] += int(bookings.vat_within(int(cents), rate.rate))
    return notes + [
        _HOLDS_VAT.say(language, rate=_percent(rate), tax=Euros(tax)) for rate, tax in sorted(taxes.items())
    ]


def _percent(rate: int) -> str:
    """A rate in basis points as people write it: `20`, `5,5`."""
    whole, rest = divmod(rate, 100)
    return f"{whole},{rest:02d}".rstrip("0") if rest else str(whole)


def gifts_of(session: Session, member: Member, year: int) -> list[Payment]:
    """The gifts of a member in a calendar year that stand, net of nothing: a gift is given whole or taken back."""
    corrected = select(Correction.id).where(Correction.due_id == Due.id).correlate(Due).exists()
    query = (
        select(Payment)
        .join(Allocation, Allocation.payment_id == Payment.id)
        .join(Due, Due.id == Allocation.due_id)
        .where(Payment.member_id == member.id, Due.kind == DueKind.GIFT, stands(), ~corrected)
        .where(Payment.day >= date(year, 1, 1), Payment.day <= date(year, 12, 31))
    )
    return list(session.scalars(query.order_by(Payment.day, Payment.number).distinct()))
