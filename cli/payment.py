"""`essaim payment`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import typer

from cli import screen, spreadsheet
from cli.amounts import Amount, Member, Reason, cents_of, day_of
from cli.door import After, Json, Why, help_of, looking, noun, writing
from cli.dues_reading import Limit, every
from foundation.speech import Phrase

if TYPE_CHECKING:
    from collections.abc import Callable

    from billing.models import Means as OneOf
    from billing.models import Payment

commands = noun("Les paiements", "Payments")

On = Annotated[
    str | None,
    typer.Option("--on", metavar="2026-11-22", help=help_of("le jour ; sinon aujourd'hui", "the day; else today")),
]
Means = Annotated[
    str, typer.Option("--means", help="transfer | direct-debit | cheque | cash | card | helloasso | g1 | offset")
]
Reference = Annotated[
    str, typer.Option("--reference", help=help_of("ce qui l'accompagne : mots, numéro", "what came with it"))
]

_COLUMNS: Final = {
    "number": Phrase("paiement", "payment"),
    "day": Phrase("le", "on"),
    "member": Phrase("membre", "member"),
    "cents": Phrase("montant", "amount"),
    "means": Phrase("par", "by"),
    "reference": Phrase("référence", "reference"),
    "credit_cents": Phrase("d'avance", "ahead"),
    "reversed": Phrase("annulé le", "reversed on"),
    "reversed_why": Phrase("pourquoi", "why"),
}


@commands.command(
    help=help_of(
        "Noter un paiement : essaim payment record M0042 35,50", "Record a payment: essaim payment record M0042 35.50"
    )
)
def record(
    member: Member,
    amount: Amount,
    on: On = None,
    means: Means = "transfer",
    reference: Reference = "",
    why: Why = "",
    as_json: Json = False,
) -> None:
    """Note that someone paid; the oldest open dues are paid first."""
    from billing import payments

    said = Phrase("Reçu {cents} de {member} ({payment}).", "Received {cents} from {member} ({payment}).")
    _received(payments.record_payment, said, member, amount, on, means, reference, why, as_json=as_json)


@commands.command(
    help=help_of(
        "Noter un don, à part des dus : essaim payment gift M0042 20",
        "Record a gift, apart from dues: essaim payment gift M0042 20",
    )
)
def gift(
    member: Member,
    amount: Amount,
    on: On = None,
    means: Means = "transfer",
    reference: Reference = "",
    why: Why = "",
    as_json: Json = False,
) -> None:
    """Note that someone gave; it settles nothing that they owe."""
    from billing import payments

    said = Phrase("Don de {member} : {cents} ({payment}). Merci.", "A gift of {member}: {cents} ({payment}). Thanks.")
    _received(payments.record_gift, said, member, amount, on, means, reference, why, as_json=as_json)


def _received(
    deed: Callable[..., Payment],
    said: Phrase,
    member: str,
    amount: str,
    on: str | None,
    means: str,
    reference: str,
    why: str,
    *,
    as_json: bool,
) -> None:
    from billing import balance, payments
    from billing.tariffs import MOST
    from foundation import clock

    cents = cents_of(amount, payments.BadAmount, most=MOST)
    chosen = _means(means)
    with writing(why) as (session, act):
        who = payments.payer(session, member)
        made = deed(session, act, who, cents, date=day_of(on, act), means=chosen, reference=reference)
        held = balance.balance(session, who, clock.today(act.at))
        number, payment = str(who), str(made)
    if as_json:
        return screen.give({"member": number, "payment": payment, "cents": cents, "balance": held.amount})
    screen.say(said, cents=cents, member=number, payment=payment)
    return screen.line(held.sentence_about(number, screen.language()))


def _means(text: str) -> OneOf:
    from billing.models import Means
    from inventory.members import BadChoice

    try:
        return Means(text)
    except ValueError as unknown:
        raise BadChoice(value=text[:40], choices=[str(one) for one in Means]) from unknown


@commands.command(
    help=help_of(
        "Annuler un paiement : essaim payment reverse P0042 --reason …",
        "Reverse a payment: essaim payment reverse P0042 --reason …",
    )
)
def reverse(
    payment: Annotated[str, typer.Argument(metavar="P0042")], reason: Reason, why: Why = "", as_json: Json = False
) -> None:
    """It was another's, or it came back: what it settled is owed again."""
    from billing import balance, payments
    from billing.views import payment_views
    from foundation import clock
    from inventory.models.people import Member

    with writing(why) as (session, act):
        one = payments.find_payment(session, payment)
        payments.reverse(session, act, one, reason)
        (view,) = payment_views(session, [one])
        held = balance.balance(session, session.get_one(Member, one.member_id), clock.today(act.at))
    if as_json:
        return screen.give(view)
    screen.say(
        Phrase(
            "{payment} ({cents}) est annulé, et reste dans les comptes avec sa raison. S'il était de quelqu'un "
            "d'autre : essaim payment record M0043 {plain} --on {day}",
            "{payment} ({cents}) is reversed, and stays in the books with its reason. If it was someone else's: "
            "essaim payment record M0043 {plain} --on {day}",
        ),
        payment=view.number,
        cents=view.cents,
        plain=view.cents.decimal(),
        day=view.day.isoformat(),
    )
    return screen.line(held.sentence_about(view.member, screen.language()))


@commands.command(
    help=help_of(
        "Noter que l'on a rendu de l'avance : essaim payment refund M0042 12",
        "Note that credit was given back: essaim payment refund M0042 12",
    )
)
def refund(member: Member, amount: Amount, why: Why = "", as_json: Json = False) -> None:
    """What a member was ahead was given back to them."""
    from billing import balance, payments
    from billing.tariffs import MOST
    from billing.views import due_views
    from foundation import clock

    cents = cents_of(amount, payments.BadAmount, most=MOST)
    with writing(why) as (session, act):
        who = payments.payer(session, member)
        (view,) = due_views(session, [payments.refund(session, act, who, cents)])
        held = balance.balance(session, who, clock.today(act.at))
    if as_json:
        return screen.give(view)
    screen.say(
        Phrase("Rendu {cents} à {member} ({due}).", "Given back {cents} to {member} ({due})."),
        cents=cents,
        member=view.member,
        due=view.number,
    )
    return screen.line(held.sentence_about(view.member, screen.language()))


@commands.command(
    "list",
    help=help_of(
        "Les paiements : essaim payment list --month 2026-11", "Payments: essaim payment list --month 2026-11"
    ),
)
def list_payments(
    member: Annotated[str | None, typer.Option(metavar="M0042", help=help_of("de ce membre", "of this member"))] = None,
    month: Annotated[str | None, typer.Option(metavar="2026-11", help=help_of("de ce mois", "of this month"))] = None,
    means: Annotated[str | None, typer.Option(help=help_of("par ce moyen", "by this means"))] = None,
    standing: Annotated[
        bool, typer.Option("--standing", help=help_of("sans ceux qui sont annulés", "without those reversed"))
    ] = False,
    after: After = 0,
    limit: Limit = 200,
    as_csv: spreadsheet.AsCsv = False,
    as_json: Json = False,
) -> None:
    """Payments by number."""
    from billing import lists, payments
    from billing.views import payment_views
    from foundation.clock import Month

    asked = None if month is None else Month.parse(month)
    chosen = None if means is None else _means(means)
    with looking() as session:
        who = None if member is None else payments.payer(session, member)

        def page(last: int, most: int = 1000) -> list[Payment]:
            return list(
                lists.list_payments(
                    session, member=who, month=asked, means=chosen, standing=standing, after=last, limit=most
                )
            )

        views = payment_views(session, every(page, lambda one: one.number) if as_csv else page(after, limit))
    if as_csv:
        return spreadsheet.give(_COLUMNS.values(), ([getattr(one, name) for name in _COLUMNS] for one in views))
    screen.listing(
        views,
        _COLUMNS,
        as_json=as_json,
        empty=Phrase(
            "Aucun paiement ici. En noter un : essaim payment record M0042 35",
            "No payment here. To record one: essaim payment record M0042 35",
        ),
        then=Phrase(
            'Un paiement n\'était pas le bon : essaim payment reverse {first} --reason "…"',
            'A payment was not the right one: essaim payment reverse {first} --reason "…"',
        ),
    )
    return None if as_json else screen.more("essaim payment list", [one.number for one in views], limit)
