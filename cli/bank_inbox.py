"""`essaim bank inbox` and what follows: movements that wait, and the saying of what they are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from cli import screen, spreadsheet
from cli.amounts import Reason
from cli.door import Json, Why, act, help_of, noun, settings, store, writing
from foundation.speech import Phrase

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from billing.bank.inbox import Part
    from billing.bank.views import SuggestionView, WaitingView
    from billing.books.chart import Chart
    from foundation.acts import Act
    from foundation.database import EssaimSession

commands = noun("Les mouvements à rapprocher", "Movements to match")

Entry = Annotated[str, typer.Argument(metavar="B0042")]
Rest = Annotated[
    str,
    typer.Option(metavar="gifts", help=help_of("où classer ce qui reste", "the account of what is left")),
]
Words = Annotated[str, typer.Option("--words", metavar="…", help=help_of("ce que c'est", "what it is"))]


_COLUMNS: Final = {
    "number": Phrase("mouvement", "movement"),
    "day": Phrase("le", "on"),
    "cents": Phrase("montant", "amount"),
    "label": Phrase("libellé", "label"),
    "payer": Phrase("de", "from"),
    "suggested": Phrase("suggestion", "suggestion"),
    "reasons": Phrase("parce que", "because"),
}


@commands.command(
    help=help_of("Ce qui attend, avec suggestions : essaim bank inbox", "What waits, suggested: essaim bank inbox")
)
def inbox(
    after: Annotated[
        str, typer.Option(metavar="B0042", help=help_of("après ce mouvement", "after this movement"))
    ] = "",
    limit: Annotated[int, typer.Option(min=1, max=1000, help=help_of("au plus", "at most"))] = 30,
    as_csv: spreadsheet.AsCsv = False,
    as_json: Json = False,
) -> None:
    """Movements that wait, the oldest first, each with its best suggestion and why."""
    from billing.bank import inbox as movements
    from billing.bank.views import waiting_views

    with _seeing() as (session, deed):
        views = waiting_views(session, movements.waiting(session, deed, after=after, limit=limit))
    if as_json:
        return screen.give(views)
    rows = [_row(one) for one in views]
    if as_csv:
        return spreadsheet.give(_COLUMNS.values(), ([row[name] for name in _COLUMNS] for row in rows))
    screen.listing(
        rows,
        _COLUMNS,
        as_json=False,
        empty=Phrase(
            "Rien n'attend. Lire un relevé : essaim bank read releve.xml",
            "Nothing waits. To read a statement: essaim bank read statement.xml",
        ),
        then=Phrase(
            "La première suggestion est juste : essaim bank accept {first}. Sinon : essaim bank match {first} M0042, "
            "ou essaim bank file {first} gifts",
            "The first suggestion is right: essaim bank accept {first}. Else: essaim bank match {first} M0042, or "
            "essaim bank file {first} gifts",
        ),
    )
    if len(views) == limit:
        screen.say(
            Phrase("La suite : essaim bank inbox --after {last}", "More: essaim bank inbox --after {last}"),
            last=views[-1].number,
        )
    return None


@contextmanager
def _seeing() -> Iterator[tuple[EssaimSession, Act]]:
    """One consistent state, and who asks to see it."""
    from foundation.database import reading

    opened = store()
    deed = act(opened)
    with reading(opened) as session:
        yield session, deed


def _row(one: WaitingView) -> dict[str, Any]:
    best = one.suggestions[0] if one.suggestions else None
    return {
        "number": one.number,
        "day": one.day,
        "cents": one.left_cents,
        "label": one.label,
        "payer": one.payer,
        "suggested": _suggested(best) if best else "",
        "reasons": "; ".join(reason.say(screen.language()) for reason in best.reasons) if best else "",
    }


def _suggested(one: SuggestionView) -> str:
    from foundation.speech import amount

    if not one.parts:
        return f"→ {one.account} ({one.words})" if one.account else one.words or "?"
    if len(one.parts) == 1:
        return f"{one.parts[0].member} {one.parts[0].name}"
    return ", ".join(f"{each.member} {each.name} {amount(each.cents, screen.language())}" for each in one.parts)


@commands.command(
    help=help_of(
        "De qui c'est : essaim bank match B0012 M0042 M0043=12,50",
        "Whose it is: essaim bank match B0012 M0042 M0043=12.50",
    )
)
def match(
    entry: Entry,
    parts: Annotated[list[str], typer.Argument(metavar="M0042[=12,50[:don]]")],
    rest: Rest = "",
    words: Words = "",
    why: Why = "",
    as_json: Json = False,
) -> None:
    """Book a movement as members' payments; what is too much is their credit."""
    from billing.bank import inbox as movements

    with writing(why) as (session, deed):
        one = movements.find_entry(session, entry)
        told = [_part(session, part) for part in parts]
        made = movements.match(session, deed, one, told, rest=rest, words=words, chart=_chart())
        booked = [{"payment": str(each), "member": str(part.member), "cents": each.cents}
                  for each, part in zip(made, told, strict=True)]  # fmt: skip
    if as_json:
        return screen.give({"movement": entry, "payments": booked})
    for each in booked:
        screen.say(Phrase("{member} : {cents} ({payment}).", "{member}: {cents} ({payment})."), **each)
    return _next(entry)


def _part(session: Session, text: str) -> Part:
    """`M0042`, `M0042=12,50`, `M0042=12,50:don`: whose, how much, and whether it is a gift."""
    from billing import payments
    from billing.bank.inbox import Part
    from cli.amounts import cents_of

    whose, _, told = text.partition("=")
    amount, _, sort = told.partition(":")
    if sort not in ("", "don", "gift"):
        from inventory.members import BadChoice

        raise BadChoice(value=sort[:40], choices=["don", "gift"])
    from billing.tariffs import MOST

    cents = cents_of(amount, payments.BadAmount, most=MOST) if amount else None
    return Part(payments.payer(session, whose), cents, bool(sort))


def _chart() -> Chart:
    from billing.books import chart

    return chart.read(settings().var / chart.FILE)


def _next(entry: str) -> None:
    screen.say(
        Phrase(
            'Une erreur ? essaim bank unmatch {entry} --reason "…" La suite : essaim bank inbox',
            'A mistake? essaim bank unmatch {entry} --reason "…" Next: essaim bank inbox',
        ),
        entry=entry,
    )


@commands.command(
    help=help_of(
        "Suivre la première suggestion : essaim bank accept B0012", "Do as suggested: essaim bank accept B0012"
    )
)
def accept(entry: Entry, why: Why = "", as_json: Json = False) -> None:
    """What is suggested first for a movement is right."""
    from billing.bank import inbox as movements
    from billing.bank.views import waiting_views

    with writing(why) as (session, deed):
        one = movements.find_entry(session, entry)
        done = movements.accept(session, deed, one, chart=_chart())
        (view,) = waiting_views(session, [movements.Waiting(one, "", one.cents, (done,))])
    if as_json:
        return screen.give(view.suggestions[0])
    screen.say(Phrase("{entry} : {what}.", "{entry}: {what}."), entry=view.number, what=_suggested(view.suggestions[0]))
    return _next(entry)


@commands.command(
    help=help_of(
        'Défaire : essaim bank unmatch B0012 --reason "c\'était M0043"',
        'Undo: essaim bank unmatch B0012 --reason "it was M0043"',
    )
)
def unmatch(entry: Entry, reason: Reason, why: Why = "") -> None:
    """Reverse what was said of a movement: it waits again."""
    from billing.bank import inbox as movements

    with writing(why) as (session, deed):
        movements.unmatch(session, deed, movements.find_entry(session, entry), reason)
    screen.say(
        Phrase(
            "{entry} attend de nouveau, et ce qui avait été noté est annulé : essaim bank match {entry} M0042",
            "{entry} waits again, and what had been noted is reversed: essaim bank match {entry} M0042",
        ),
        entry=entry,
    )


@commands.command(
    help=help_of("Pas un membre : essaim bank file B0012 interest", "No member's: essaim bank file B0012 interest")
)
def file(
    entry: Entry,
    account: Annotated[
        str, typer.Argument(metavar="ACCOUNT", help=help_of("essaim books accounts", "essaim books accounts"))
    ],
    words: Words = "",
    why: Why = "",
) -> None:
    """File a movement that is no member's under an account of the books."""
    from billing.bank import inbox as movements

    with writing(why) as (session, deed):
        made = movements.file_entry(session, deed, movements.find_entry(session, entry), account, words, chart=_chart())
        where = _chart().find(made.account)
    screen.say(
        Phrase("{entry} est classé : {code} {name}.", "{entry} is filed: {code} {name}."),
        entry=entry,
        code=where.code,
        name=where.name,
    )
    _next(entry)


@commands.command(
    help=help_of(
        "Rendu à un membre : essaim bank refund B0012 M0042", "Given back to a member: essaim bank refund B0012 M0042"
    )
)
def refund(
    entry: Entry, member: Annotated[str, typer.Argument(metavar="M0042")], why: Why = "", as_json: Json = False
) -> None:
    """Money that went out gave a member's credit back."""
    from billing import payments
    from billing.bank import inbox as movements

    with writing(why) as (session, deed):
        who = payments.payer(session, member)
        due = movements.refund(session, deed, movements.find_entry(session, entry), who)
        told = {"movement": entry, "member": str(who), "due": str(due), "cents": due.cents}
    if as_json:
        return screen.give(told)
    screen.say(Phrase("Rendu à {member} : {cents} ({due}).", "Given back to {member}: {cents} ({due})."), **told)
    return _next(entry)


@commands.command(
    help=help_of(
        "Noté à la main déjà : essaim bank link B0012 P0042", "Noted by hand before: essaim bank link B0012 P0042"
    )
)
def link(
    entry: Entry, payment: Annotated[str, typer.Argument(metavar="P0042")], why: Why = "", as_json: Json = False
) -> None:
    """The payment noted by hand is the one that this movement brought: it is booked once."""
    from billing import payments
    from billing.bank import inbox as movements

    reason = help_of(f"c'était le mouvement {entry}", f"it was the movement {entry}")
    with writing(why) as (session, deed):
        one = movements.find_entry(session, entry)
        made = movements.link(session, deed, one, payments.find_payment(session, payment), reason)
        told = {"movement": entry, "payment": str(made), "instead": payment, "cents": made.cents}
    if as_json:
        return screen.give(told)
    screen.say(
        Phrase(
            "{instead} est annulé, et {payment} vient de {movement} : {cents}.",
            "{instead} is reversed, and {payment} comes of {movement}: {cents}.",
        ),
        **told,
    )
    return _next(entry)
