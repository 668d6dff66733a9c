"""`essaim dues balance`, `late`, `show`: who owes what, since when, and each row of an account."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeVar

import typer

from cli import screen, spreadsheet
from cli.amounts import Member
from cli.door import After, Json, help_of, looking, noun
from foundation.speech import Phrase

if TYPE_CHECKING:
    from billing.history import Entry

commands = noun("Lire les comptes", "Read the accounts")

R = TypeVar("R")
Limit = Annotated[int, typer.Option(min=1, max=1000, help=help_of("au plus", "at most"))]

_BALANCES: Final = (
    Phrase("membre", "member"),
    Phrase("nom", "name"),
    Phrase("doit", "owes"),
    Phrase("d'avance", "ahead"),
)
_LATE: Final = {
    "member": Phrase("membre", "member"),
    "name": Phrase("nom", "name"),
    "since": Phrase("depuis", "since"),
    "cents": Phrase("doit", "owes"),
    "dues": Phrase("dus", "dues"),
}
_ENTRIES: Final = {
    "day": Phrase("le", "on"),
    "number": Phrase("numéro", "number"),
    "step": Phrase("écriture", "entry"),
    "what": Phrase("de quoi", "of what"),
    "cents": Phrase("montant", "amount"),
    "after": Phrase("solde", "balance"),
    "open_cents": Phrase("ouvert", "open"),
    "settled": Phrase("réglé avec", "settled with"),
    "reason": Phrase("pourquoi", "why"),
    "reference": Phrase("référence", "reference"),
}


def every(page: Callable[[int], Sequence[R]], number: Callable[[R], int]) -> list[R]:
    """All rows of a list that is given a page at a time: a spreadsheet wants the whole of it."""
    rows = list(page(0))
    last = rows
    while last:
        last = list(page(number(rows[-1])))
        rows += last
    return rows


@commands.command(help=help_of("Ce que doit un membre, ou tout le monde", "What a member owes, or everyone"))
def balance(
    member: Annotated[str | None, typer.Argument(metavar="M0042")] = None,
    after: After = 0,
    limit: Limit = 200,
    on: Annotated[
        str | None,
        typer.Option(metavar="2026-12-31", help=help_of("ce jour-là ; sinon aujourd'hui", "that day; else today")),
    ] = None,
    as_csv: spreadsheet.AsCsv = False,
    as_json: Json = False,
) -> None:
    """What is owed today, or was on another day."""
    from billing import balance as balances
    from billing import payments
    from foundation import clock

    day = clock.today(clock.now() if on is None else clock.parse(on))
    with looking() as session:
        if member is not None:
            found = [(one := payments.payer(session, member), balances.balance(session, one, day))]
        elif as_csv:
            found = every(
                lambda last: balances.balances(session, day, after=last, limit=1000), lambda one: one[0].number
            )
        else:
            found = balances.balances(session, day, after=after, limit=limit)
        rows = [(str(who), who.name, held) for who, held in found]
    shown = [(who, name, held.owed or None, held.credit or None) for who, name, held in rows]
    if as_csv:
        return spreadsheet.give(_BALANCES, shown)
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
    screen.table(_BALANCES, shown)
    screen.more("essaim dues balance", [who for who, _, _ in rows], limit)
    return screen.say(
        Phrase(
            "Noter un paiement : essaim payment record M0042 35", "To record a payment: essaim payment record M0042 35"
        )
    )


@commands.command(
    help=help_of("Qui est en retard : essaim dues late --days 30", "Who is late: essaim dues late --days 30")
)
def late(
    days: Annotated[
        int, typer.Option(min=0, max=3650, help=help_of("jours d'attente au-delà", "days of waiting beyond"))
    ] = 30,
    after: After = 0,
    limit: Limit = 200,
    as_csv: spreadsheet.AsCsv = False,
    as_json: Json = False,
) -> None:
    """Whose dues wait for longer than a month, since when, how much."""
    from billing import lists
    from billing.views import late_view
    from foundation import clock

    today = clock.today(clock.now())
    with looking() as session:

        def page(last: int, most: int = 1000) -> list[lists.Late]:
            return lists.late(session, today, days=days, after=last, limit=most)

        found = every(page, lambda one: one.member.number) if as_csv else page(after, limit)
        views = [late_view(one) for one in found]
    if as_csv:
        return spreadsheet.give(_LATE.values(), ([getattr(one, name) for name in _LATE] for one in views))
    screen.listing(
        views,
        _LATE,
        as_json=as_json,
        empty=Phrase(
            "Personne n'a de dû ouvert depuis plus de {days} jours.",
            "Nobody has a due open for more than {days} days.",
        ),
        then=Phrase(
            "Rien n'est coupé pour autant. Le compte de quelqu'un : essaim dues show {first}",
            "Nothing is cut for that. Someone's account: essaim dues show {first}",
        ),
        days=days,
    )
    return None if as_json else screen.more(f"essaim dues late --days {days}", [one.member for one in views], limit)


@commands.command(
    help=help_of("Le compte d'un membre : essaim dues show M0042", "A member's account: essaim dues show M0042")
)
def show(member: Member, as_csv: spreadsheet.AsCsv = False, as_json: Json = False) -> None:
    """Every due, correction, payment and reversal in order, and what is open."""
    from billing import balance as balances
    from billing import history, payments
    from billing.views import account_view
    from foundation import clock

    today = clock.today(clock.now())
    with looking() as session:
        who = payments.payer(session, member)
        entries = history.history(session, who)
        held = balances.balance(session, who, today)
        view = account_view(session, who, held, today)
        number = str(who)
    if as_csv:
        return spreadsheet.give(_ENTRIES.values(), (tuple(_row(one).values()) for one in entries))
    if as_json:
        return screen.give({**screen.plain(view), "entries": screen.plain(entries)})
    if entries:
        rows = [_row(one) for one in entries]
        shown = [name for name in _ENTRIES if any(row[name] not in (None, "") for row in rows)]
        screen.table([_ENTRIES[name] for name in shown], [[row[name] for name in shown] for row in rows])
    screen.line(held.sentence_about(number, screen.language()))
    for one in view.choices:
        screen.say(
            Phrase(
                "{label} ({what}) : {given} {per}, montant choisi parmi ceux du tarif ; le changer : "
                "essaim dues choose {number} {what} 12",
                "{label} ({what}): {given} {per}, an amount that one chooses; to change it: "
                "essaim dues choose {number} {what} 12",
            ),
            label=one.label,
            what=one.what,
            given=one.given_cents,
            per=one.per,
            number=number,
        )
    for pause in view.pauses:
        screen.say(
            Phrase("{what} est en pause du {since} au {until}.", "{what} is paused from {since} to {until}."),
            what=pause.what,
            since=pause.since,
            until=pause.until,
        )
    return None


def _row(one: Entry) -> dict[str, Any]:
    row = {name: getattr(one, name) for name in _ENTRIES}
    row["open_cents"] = one.open_cents or None
    row["settled"] = ", ".join(
        Phrase("{number} ({cents})", "{number} ({cents})").say(screen.language(), number=part.number, cents=part.cents)
        for part in one.settled
    )
    return row
