"""`essaim ticket`."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Annotated

import typer

from cli import screen
from cli.door import After, Json, Why, help_of, looking, noun, writing
from cli.order import Appointment, Line, Reference, Their, Words, day_of
from foundation.speech import Phrase

if TYPE_CHECKING:
    from inventory.views.wholesale import TicketView

commands = noun("Les tickets chez les opérateurs de gros", "Tickets at wholesalers")

Number = Annotated[str, typer.Argument(metavar="K0012")]


@commands.command(
    "open",
    help=help_of(
        'Une panne leur est dite : essaim ticket open L0042 --words "plus de synchro"',
        'A fault is told: essaim ticket open L0042 --words "no sync"',
    ),
)
def open_(
    line: Line,
    wholesaler: Annotated[
        str | None, typer.Option(help=help_of("chez qui ; sinon celui de la ligne", "whose; else the line's"))
    ] = None,
    at: Annotated[
        str | None, typer.Option(help=help_of("quand, sinon maintenant", "when, else now"), metavar="2026-11-22T14:02")
    ] = None,
    gtr: Annotated[
        str | None,
        typer.Option(metavar="4h", help=help_of("la GTR, sinon celle de l'opérateur", "repair time, else the usual")),
    ] = None,
    reference: Reference = None,
    words: Words = "",
    why: Why = "",
    as_json: Json = False,
) -> None:
    """Note that a fault was told to the wholesaler."""
    from foundation import clock
    from inventory import lines, orders, tickets, wholesalers
    from inventory.views.wholesale import view_ticket

    with writing(why) as (session, act):
        one = lines.find_line(session, line)
        opened = tickets.open_ticket(
            session,
            act,
            one,
            wholesalers.for_line(session, one, wholesaler),
            opened=clock.parse(at) if at else None,
            guarantee=gtr,
            news=orders.News(words=words, reference=reference),
        )
        ticket = view_ticket(opened, act.at)
    if as_json:
        return screen.give(ticket)
    return screen.say(
        Phrase(
            "{number} : dit à {wholesaler}, à réparer avant le {deadline} ({guarantee}). La suite : essaim ticket "
            'note {number} --words "…"',
            "{number}: told to {wholesaler}, to be repaired before {deadline} ({guarantee}). Next: essaim ticket note "
            '{number} --words "…"',
        )
        if ticket.deadline
        else Phrase(
            "{number} : dit à {wholesaler}, sans garantie de rétablissement. La suite : essaim ticket note {number} "
            '--words "…"',
            "{number}: told to {wholesaler}, with no repair time promised. Next: essaim ticket note {number} "
            '--words "…"',
        ),
        number=ticket.number,
        wholesaler=ticket.wholesaler,
        deadline=ticket.deadline,
        guarantee=ticket.guarantee,
    )


@commands.command(
    help=help_of(
        "Où il en est : essaim ticket move K0012 --to resolved", "How it stands: essaim ticket move K0012 --to resolved"
    )
)
def move(
    number: Number,
    to: Annotated[str, typer.Option(metavar="STATE", help=help_of("l'état", "the state"))],
    their: Their = "",
    words: Words = "",
    reference: Reference = None,
    appointment: Appointment = None,
    why: Why = "",
) -> None:
    """Bring a ticket into another state."""
    from inventory import orders, tickets
    from inventory.models.wholesale import TicketState

    news = orders.News(their, words, reference, day_of(appointment))
    with writing(why) as (session, act):
        ticket = tickets.find_ticket(session, number)
        tickets.move_ticket(session, act, ticket, tickets.state_of(to), news)
        name, state, late = str(ticket), TicketState(ticket.state), tickets.is_late(ticket, act.at)
    screen.say(
        Phrase(
            "{ticket} : {state}, hors délai. Le voir : essaim ticket show {ticket}",
            "{ticket}: {state}, past the deadline. To see it: essaim ticket show {ticket}",
        )
        if late
        else Phrase(
            "{ticket} : {state}. Le voir : essaim ticket show {ticket}",
            "{ticket}: {state}. To see it: essaim ticket show {ticket}",
        ),
        ticket=name,
        state=state,
    )


@commands.command(
    help=help_of(
        'Ce qui s\'est dit : essaim ticket note K0012 --their "…" --words "…"',
        'What was said: essaim ticket note K0012 --their "…" --words "…"',
    )
)
def note(
    number: Number,
    their: Their = "",
    words: Words = "",
    reference: Reference = None,
    appointment: Appointment = None,
    why: Why = "",
) -> None:
    """Note what was heard; the state stays as it is."""
    from inventory import orders, tickets

    news = orders.News(their, words, reference, day_of(appointment))
    with writing(why) as (session, act):
        ticket = tickets.find_ticket(session, number)
        tickets.note_ticket(session, act, ticket, news)
        name = str(ticket)
    screen.say(
        Phrase(
            "{ticket} : noté. Le faire avancer : essaim ticket move {ticket} --to diagnosing",
            "{ticket}: noted. To move it on: essaim ticket move {ticket} --to diagnosing",
        ),
        ticket=name,
    )


@commands.command(
    "list", help=help_of("Les pannes en cours : essaim ticket list --late", "Faults: essaim ticket list --late")
)
def list_(
    late: Annotated[
        bool, typer.Option("--late", help=help_of("hors délai seulement", "past the deadline only"))
    ] = False,
    line: Annotated[str | None, typer.Option(metavar="L0042", help=help_of("d'une ligne", "of a line"))] = None,
    wholesaler: Annotated[str | None, typer.Option(help=help_of("chez un opérateur", "at one wholesaler"))] = None,
    every: Annotated[bool, typer.Option("--all", help=help_of("clos aussi", "closed ones too"))] = False,
    after: After = 0,
    limit: Annotated[int, typer.Option(min=1, max=1000, help=help_of("au plus", "at most"))] = 200,
    as_json: Json = False,
) -> None:
    """Tickets by number."""
    from foundation import clock
    from inventory import lines, tickets, wholesalers
    from inventory.views.wholesale import view_ticket

    at = clock.now()
    with looking() as session:
        found = [
            view_ticket(one, at)
            for one in tickets.list_tickets(
                session,
                line=lines.find_line(session, line) if line else None,
                wholesaler=wholesalers.find_wholesaler(session, wholesaler) if wholesaler else None,
                late_at=at if late else None,
                ended=every,
                after=after,
                limit=limit,
            )
        ]
    rows: list[object] = (
        list(found) if as_json else [{**_columns(one), "late": _LATE if one.late else None} for one in found]
    )
    screen.listing(
        rows,
        {
            "number": Phrase("numéro", "number"),
            "line": Phrase("ligne", "line"),
            "wholesaler": Phrase("opérateur", "wholesaler"),
            "state": Phrase("état", "state"),
            "opened": Phrase("ouvert", "opened"),
            "deadline": Phrase("à réparer avant", "due"),
            "late": Phrase("délai", "deadline"),
            "reference": Phrase("leur référence", "their reference"),
        },
        as_json=as_json,
        empty=Phrase(
            'Aucun ticket. Dire une panne : essaim ticket open LIGNE --words "…"',
            'No ticket. To tell of a fault: essaim ticket open LINE --words "…"',
        ),
        then=Phrase(
            "Tickets : {count}. En voir un : essaim ticket show {first}",
            "Tickets: {count}. To see one: essaim ticket show {first}",
        ),
    )
    if not as_json:
        screen.more("essaim ticket list", [one.number for one in found], limit)


_LATE = Phrase("▲ dépassé", "▲ past")


@commands.command(help=help_of("Un ticket et son histoire : essaim ticket show K0012", "A ticket and its story"))
def show(number: Number, as_json: Json = False) -> None:
    """One ticket with all that was heard of it."""
    from foundation import clock
    from inventory import tickets
    from inventory.views.wholesale import view_ticket
    from inventory.words import with_code

    with looking() as session:
        one = view_ticket(tickets.find_ticket(session, number), clock.now())
    if as_json:
        return screen.give(one)
    facts = {name: getattr(one, name) for name in ("number", "line", "wholesaler", "state", "opened")}
    screen.say(
        Phrase(
            "{number}, {line} chez {wholesaler} : {state}, ouvert le {opened}.",
            "{number}, {line} at {wholesaler}: {state}, opened on {opened}.",
        ),
        **facts,
    )
    if one.deadline is not None:
        screen.say(
            Phrase("▲ À réparer avant le {deadline} : dépassé.", "▲ To be repaired before {deadline}: past.")
            if one.late
            else Phrase(
                "À réparer avant le {deadline} ({guarantee}).", "To be repaired before {deadline} ({guarantee})."
            ),
            deadline=one.deadline,
            guarantee=one.guarantee,
        )
    for label, value in (
        (Phrase("Leur référence", "Their reference"), one.reference),
        (Phrase("Rendez-vous", "Appointment"), one.appointment),
    ):
        if value:
            screen.say(Phrase("{label} : {value}", "{label}: {value}"), label=label, value=value)
    screen.table(
        (Phrase("quand", "when"), Phrase("état", "state"), Phrase("leur mot", "their word"), Phrase("note", "note"),
         Phrase("par", "by")),
        [(each.at, each.state, each.word, each.words, each.by) for each in one.events],
    )  # fmt: skip
    able = sorted(tickets.NEXT[one.state])
    if not able:
        return None
    return screen.say(
        Phrase(
            "Peut devenir : {able}. Par exemple : essaim ticket move {number} --to {first}",
            "May become: {able}. For example: essaim ticket move {number} --to {first}",
        ),
        able=[with_code(state) for state in able],
        number=one.number,
        first=able[0].value,
    )


def _columns(one: TicketView) -> dict[str, object]:
    return {each.name: getattr(one, each.name) for each in fields(one)}
