"""`essaim payment`."""

from __future__ import annotations

from typing import Annotated

import typer

from cli import screen
from cli.door import Json, Why, help_of, noun, writing
from foundation.speech import Phrase

commands = noun("Les paiements", "Payments")


@commands.callback()
def payments() -> None:
    """Keep `record` a verb of its own, though it is the only one yet."""


@commands.command(
    help=help_of(
        "Noter un paiement : essaim payment record M0042 35,50", "Record a payment: essaim payment record M0042 35.50"
    )
)
def record(
    member: Annotated[str, typer.Argument(metavar="M0042", help=help_of("ou sa référence RF…", "or their RF…"))],
    amount: Annotated[str, typer.Argument(metavar="35,50")],
    on: Annotated[
        str | None,
        typer.Option(metavar="2026-11-22", help=help_of("le jour ; sinon aujourd'hui", "the day; else today")),
    ] = None,
    means: Annotated[str, typer.Option(help="transfer | direct-debit | cheque | cash | card")] = "transfer",
    reference: Annotated[str, typer.Option(help=help_of("référence du virement", "the transfer's reference"))] = "",
    why: Why = "",
    as_json: Json = False,
) -> None:
    """Note that someone paid; the oldest open dues are paid first."""
    from billing import balance, payments
    from billing.models import Means
    from billing.tariffs import MOST
    from foundation import clock
    from foundation.money import Euros
    from inventory import members

    try:
        cents = Euros.parse(amount)
    except ValueError as unreadable:
        raise payments.BadAmount(cents=amount[:40], most=MOST) from unreadable
    try:
        chosen = Means(means)
    except ValueError as unknown:
        raise members.BadChoice(value=means, choices=[str(one) for one in Means]) from unknown
    with writing(why) as (session, act):
        day = clock.today(act.at if on is None else clock.parse(on))
        who = payments.payer(session, member)
        payments.record_payment(session, act, who, cents, date=day, means=chosen, reference=reference)
        held = balance.balance(session, who, clock.today(act.at))
        number = str(who)
    if as_json:
        return screen.give({"member": number, "cents": cents, "balance": held.amount})
    screen.say(Phrase("Reçu {cents} de {member}.", "Received {cents} from {member}."), cents=cents, member=number)
    return screen.line(held.sentence_about(number, screen.language()))
