"""`essaim dues`."""

from __future__ import annotations

from typing import Annotated

import typer

from cli import screen
from cli.door import After, Json, help_of, looking, noun, writing
from foundation.speech import Phrase

commands = noun("Les dus : qui doit quoi", "Dues: who owes what")


@commands.command(
    help=help_of(
        "Émettre les dus d'un mois : essaim dues issue 2026-11", "Issue a month's dues: essaim dues issue 2026-11"
    )
)
def issue(month: Annotated[str, typer.Argument(metavar="2026-11")], as_json: Json = False) -> None:
    """Issue a month's dues; doing it twice changes nothing."""
    from billing import dues
    from foundation.clock import Month

    with writing() as (session, act):
        issued = dues.issue(session, act, Month.parse(month))
    if as_json:
        return screen.give({**screen.plain(issued), "month": str(issued.month)})
    return screen.line(issued.sentence(screen.language()))


@commands.command(help=help_of("Ce que doit un membre, ou tout le monde", "What a member owes, or everyone"))
def balance(
    member: Annotated[str | None, typer.Argument(metavar="M0042")] = None,
    after: After = 0,
    limit: Annotated[int, typer.Option(min=1, max=1000, help=help_of("au plus", "at most"))] = 200,
    as_json: Json = False,
) -> None:
    """What is owed today."""
    from billing import balance as balances
    from foundation import clock
    from inventory import members

    day = clock.today(clock.now())
    with looking() as session:
        if member is not None:
            found = [(one := members.find_member(session, member), balances.balance(session, one, day))]
        else:
            found = balances.balances(session, day, after=after, limit=limit)
        rows = [(str(who), who.name, held) for who, held in found]
    if as_json:
        return screen.give([{"member": who, **screen.plain(held), "balance": held.amount} for who, _, held in rows])
    if member is not None:
        return screen.line(rows[0][2].sentence_about(rows[0][0], screen.language()))
    if not rows:
        return screen.say(
            Phrase(
                "Aucun dû ici. Émettre ceux d'un mois : essaim dues issue {month}",
                "No dues here. To issue a month's: essaim dues issue {month}",
            ),
            month=f"{day:%Y-%m}",
        )
    columns = (Phrase("membre", "member"), Phrase("nom", "name"), Phrase("doit", "owes"), Phrase("d'avance", "ahead"))
    screen.table(columns, [(who, name, held.owed or None, held.credit or None) for who, name, held in rows])
    screen.more("essaim dues balance", [who for who, _, _ in rows], limit)
    return screen.say(
        Phrase(
            "Noter un paiement : essaim payment record M0042 35", "To record a payment: essaim payment record M0042 35"
        )
    )
