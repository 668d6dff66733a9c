"""`essaim dues choose`, `pause`: what a member gives for the future, and what is not asked of them for a while."""

from __future__ import annotations

from typing import Annotated

import typer

from cli import screen
from cli.amounts import Member, cents_of, day_of
from cli.door import Json, Why, help_of, noun, writing
from foundation.speech import Phrase

commands = noun("Choisir pour la suite", "Choose for the future")

What = Annotated[
    str, typer.Argument(metavar="membership|entry|L0042", help=help_of("de quoi il s'agit", "what it is about"))
]


@commands.command(
    help=help_of(
        "Choisir un montant : essaim dues choose M0042 L0042 12",
        "Choose an amount: essaim dues choose M0042 L0042 12",
    )
)
def choose(
    member: Member,
    what: What,
    amount: Annotated[str | None, typer.Argument(metavar="12,00")] = None,
    since: Annotated[
        str | None,
        typer.Option(metavar="2026-12-01", help=help_of("sinon le mois prochain", "else next month")),
    ] = None,
    suggested: Annotated[
        bool, typer.Option("--suggested", help=help_of("revenir au montant proposé", "back to what is suggested"))
    ] = False,
    why: Why = "",
    as_json: Json = False,
) -> None:
    """From a day on a member gives so much; nobody asks them why."""
    from billing import choices, payments
    from foundation import clock

    if suggested == (amount is not None):
        raise typer.BadParameter("AMOUNT", param_hint="--suggested")
    with writing(why) as (session, act):
        who = payments.payer(session, member)
        cents = None if amount is None else cents_of(amount, choices.NoAmount)
        day = choices.default_day(what, clock.today(act.at)) if since is None else day_of(since, act)
        made = choices.choose(session, act, who, what, cents, since=day)
        said = {"member": str(who), "what": made.what, "cents": made.cents, "since": made.since}
    if as_json:
        return screen.give(said)
    return screen.say(
        Phrase(
            "{member} donnera {cents} pour {what} à partir du {since}. On peut changer d'avis à tout moment.",
            "{member} will give {cents} for {what} from {since} on. One may change one's mind at any time.",
        )
        if cents is not None
        else Phrase(
            "{member} donnera ce que le tarif propose pour {what}, à partir du {since}.",
            "{member} will give what the tariff suggests for {what}, from {since} on.",
        ),
        **said,
    )


@commands.command(
    help=help_of(
        "Ne rien demander un temps : essaim dues pause M0042 L0042 --until 2027-03-01",
        "Ask nothing for a while: essaim dues pause M0042 L0042 --until 2027-03-01",
    )
)
def pause(
    member: Member,
    what: Annotated[str, typer.Argument(metavar="membership|L0042")],
    until: Annotated[str, typer.Option(metavar="2027-03-01", help=help_of("premier jour dû", "the first day due"))],
    since: Annotated[
        str | None, typer.Option(metavar="2026-12-01", help=help_of("sinon aujourd'hui", "else today"))
    ] = None,
    why: Why = "",
    as_json: Json = False,
) -> None:
    """From a day to a day a member owes nothing for this; neighbours pay no more for it."""
    from billing import choices, payments
    from billing.views import pause_view

    with writing(why) as (session, act):
        who = payments.payer(session, member)
        made = choices.pause(session, act, who, what, since=day_of(since, act), until=day_of(until, act))
        view, number = pause_view(made), str(who)
    if as_json:
        return screen.give(view)
    return screen.say(
        Phrase(
            "{member} ne doit rien pour {what} du {since} au {until}. Un mois déjà émis se corrige : "
            "essaim dues regularise {month}",
            "{member} owes nothing for {what} from {since} to {until}. A month already issued is corrected by: "
            "essaim dues regularise {month}",
        ),
        member=number,
        what=view.what,
        since=view.since,
        until=view.until,
        month=f"{view.since:%Y-%m}",
    )
