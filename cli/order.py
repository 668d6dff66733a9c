"""`essaim order`."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Annotated

import typer

from cli import screen
from cli.door import After, Json, Why, Yes, help_of, looking, noun, writing
from foundation.speech import Phrase

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.orm import Session

    from foundation.acts import Act
    from inventory.orders import Moved, News

commands = noun("Les commandes chez les opérateurs de gros", "Orders at wholesalers")

Number = Annotated[str, typer.Argument(metavar="O0012")]
Line = Annotated[str, typer.Argument(metavar="L0042")]
Words = Annotated[str, typer.Option("--words", help=help_of("vos mots, gardés avec", "your words, kept with it"))]
Their = Annotated[str, typer.Option("--their", help=help_of("leur mot à eux", "their own word"))]
Reference = Annotated[str | None, typer.Option(help=help_of("leur référence", "their reference"))]
Appointment = Annotated[
    str | None, typer.Option(metavar="2026-12-03", help=help_of("jour du rendez-vous", "day of the appointment"))
]


@commands.command(
    help=help_of(
        "Commander : essaim order place L0042 --wholesaler covage",
        "Order: essaim order place L0042 --wholesaler covage",
    )
)
def place(
    line: Line,
    wholesaler: Annotated[
        str | None, typer.Option(help=help_of("chez qui ; sinon celui de l'offre", "whose; else the offer's"))
    ] = None,
    kind: Annotated[str, typer.Option(help="new | change | terminate")] = "new",
    about: Annotated[
        str | None, typer.Option(metavar="O0012", help=help_of("la commande visée", "the order that it is about"))
    ] = None,
    draft: Annotated[
        bool, typer.Option("--draft", help=help_of("un brouillon : rien n'est encore demandé", "nothing is asked yet"))
    ] = False,
    options: Annotated[str, typer.Option(help=help_of("options, telles quelles", "options, as they are"))] = "",
    reference: Reference = None,
    words: Words = "",
    why: Why = "",
    as_json: Json = False,
) -> None:
    """Note that a line is ordered, changed or terminated at a wholesaler."""
    from inventory import lines, orders, wholesalers

    with writing(why) as (session, act):
        one = lines.find_line(session, line)
        moved = orders.place_order(
            session,
            act,
            one,
            wholesalers.for_line(session, one, wholesaler),
            kind=orders.kind_of(kind),
            about=orders.find_order(session, about) if about else None,
            draft=draft,
            options=options,
            news=orders.News(words=words, reference=reference),
        )
        _told(moved, as_json=as_json)


@commands.command(
    help=help_of(
        "Où elle en est : essaim order move O0012 --to delivered",
        "How it stands: essaim order move O0012 --to delivered",
    )
)
def move(
    number: Number,
    to: Annotated[str, typer.Option(metavar="STATE", help=help_of("l'état, dans nos mots", "the state, in our words"))],
    words: Words = "",
    reference: Reference = None,
    appointment: Appointment = None,
    yes: Yes = False,
    why: Why = "",
    as_json: Json = False,
) -> None:
    """Bring an order, and its line, into another state."""
    from inventory import orders

    news, state = _news("", words, reference, appointment), orders.state_of(to)

    def deed(session: Session, act: Act) -> Moved:
        return orders.move_order(session, act, orders.find_order(session, number), state, news)

    _do(deed, why, yes=yes, as_json=as_json)


@commands.command(
    help=help_of(
        'Ce qu\'ils disent : essaim order note O0012 --their "in_progress.price"',
        'What they say: essaim order note O0012 --their "in_progress.price"',
    )
)
def note(
    number: Number,
    their: Their = "",
    words: Words = "",
    reference: Reference = None,
    appointment: Appointment = None,
    yes: Yes = False,
    why: Why = "",
    as_json: Json = False,
) -> None:
    """Note what was heard; a word of theirs brings the order into the state that it means."""
    from inventory import orders

    news = _news(their, words, reference, appointment)

    def deed(session: Session, act: Act) -> Moved:
        return orders.note_order(session, act, orders.find_order(session, number), news)

    _do(deed, why, yes=yes, as_json=as_json)


@commands.command("list", help=help_of("Les commandes à suivre", "Orders to follow"))
def list_(
    line: Annotated[str | None, typer.Option(metavar="L0042", help=help_of("d'une ligne", "of a line"))] = None,
    wholesaler: Annotated[str | None, typer.Option(help=help_of("chez un opérateur", "at one wholesaler"))] = None,
    every: Annotated[
        bool, typer.Option("--all", help=help_of("actives et finies aussi", "also active ones and those over"))
    ] = False,
    after: After = 0,
    limit: Annotated[int, typer.Option(min=1, max=1000, help=help_of("au plus", "at most"))] = 200,
    as_json: Json = False,
) -> None:
    """Orders by number."""
    from inventory import lines, orders, wholesalers
    from inventory.views.wholesale import view_order

    with looking() as session:
        found = [
            view_order(one)
            for one in orders.list_orders(
                session,
                line=lines.find_line(session, line) if line else None,
                wholesaler=wholesalers.find_wholesaler(session, wholesaler) if wholesaler else None,
                settled=every,
                after=after,
                limit=limit,
            )
        ]
    screen.listing(
        found,
        {
            "number": Phrase("numéro", "number"),
            "line": Phrase("ligne", "line"),
            "wholesaler": Phrase("opérateur", "wholesaler"),
            "kind": Phrase("demande", "asked"),
            "state": Phrase("état", "state"),
            "since": Phrase("depuis", "since"),
            "appointment": Phrase("rendez-vous", "appointment"),
            "reference": Phrase("leur référence", "their reference"),
        },
        as_json=as_json,
        empty=Phrase(
            "Aucune commande à suivre. En passer une : essaim order place LIGNE --wholesaler OPÉRATEUR",
            "No order to follow. To place one: essaim order place LINE --wholesaler WHOLESALER",
        ),
        then=Phrase(
            "Commandes : {count}. En voir une : essaim order show {first}",
            "Orders: {count}. To see one: essaim order show {first}",
        ),
    )
    if not as_json:
        screen.more("essaim order list", [one.number for one in found], limit)


@commands.command(help=help_of("Une commande et son histoire : essaim order show O0012", "An order and its story"))
def show(number: Number, as_json: Json = False) -> None:
    """One order with all that was heard of it."""
    from inventory import orders
    from inventory.ordering import legal
    from inventory.views.wholesale import view_order
    from inventory.words import with_code

    with looking() as session:
        one = view_order(orders.find_order(session, number))
    if as_json:
        return screen.give(one)
    facts = {name: getattr(one, name) for name in ("number", "kind", "line", "wholesaler", "state", "since")}
    screen.say(
        Phrase(
            "{number}, {kind} pour {line} chez {wholesaler} : {state} depuis le {since}.",
            "{number}, {kind} for {line} at {wholesaler}: {state} since {since}.",
        ),
        **facts,
    )
    for label, value in (
        (Phrase("Leur référence", "Their reference"), one.reference),
        (Phrase("Rendez-vous", "Appointment"), one.appointment),
        (Phrase("Options", "Options"), one.options),
        (Phrase("Au sujet de", "About"), one.about),
    ):
        if value:
            screen.say(Phrase("{label} : {value}", "{label}: {value}"), label=label, value=value)
    screen.table(
        (Phrase("quand", "when"), Phrase("état", "state"), Phrase("leur mot", "their word"), Phrase("note", "note"),
         Phrase("par", "by")),
        [(each.at, each.state, each.word, each.words, each.by) for each in one.events],
    )  # fmt: skip
    able = sorted(legal(one.kind, one.state))
    if able:
        screen.say(
            Phrase(
                "Peut devenir : {able}. Par exemple : essaim order move {number} --to {first}",
                "May become: {able}. For example: essaim order move {number} --to {first}",
            ),
            able=[with_code(state) for state in able],
            number=one.number,
            first=able[0].value,
        )
    return None


def _news(their: str, words: str, reference: str | None, appointment: str | None) -> News:
    from inventory.orders import News

    return News(their, words, reference, day_of(appointment))


def day_of(text: str | None) -> date | None:
    """The day of an appointment as typed. Raises BadMoment."""
    from foundation import clock

    return None if text is None else clock.today(clock.parse(text))


def _do(deed: Callable[[Session, Act], Moved], why: str, *, yes: bool, as_json: bool) -> None:
    """Do it; what would close a line is asked about before, on a terminal."""
    from inventory.lines import ENDED

    with writing(why, keep=False) as (session, act):
        moved = deed(session, act)
        line, closes = str(moved.order.line), moved.line_after != moved.line_before and moved.line_after in ENDED
    closing = Phrase(
        "Cela ferme la ligne {line} et met ses adresses en quarantaine. Continuer ?",
        "This closes line {line} and puts its addresses in quarantine. Go on?",
    )
    if closes and not screen.confirm(closing, yes=yes, line=line):
        return screen.say(Phrase("Rien n'a été changé.", "Nothing was changed."))
    with writing(why) as (session, act):
        _told(deed(session, act), as_json=as_json)
    return None


def _told(moved: Moved, *, as_json: bool) -> None:
    """What one deed did: to the order, to its line, to the order that it ended."""
    from inventory.ordering import FIRST
    from inventory.views.wholesale import view_order

    one = view_order(moved.order)
    if as_json:
        return screen.give(one)
    facts = {"order": one.number, "line": one.line, "state": one.state, "before": moved.before}
    screen.say(
        Phrase(
            "{order} : noté, toujours « {state} ». La suivre : essaim order show {order}",
            "{order}: noted, still “{state}”. To follow it: essaim order show {order}",
        )
        if moved.before == one.state
        else Phrase(
            "{order} ({line}) : {state}. La suivre : essaim order show {order}",
            "{order} ({line}): {state}. To follow it: essaim order show {order}",
        ),
        **facts,
    )
    if one.state == "draft":
        screen.say(
            Phrase(
                "Une fois passée chez eux : essaim order move {order} --to {placed} --reference …",
                "Once it is placed with them: essaim order move {order} --to {placed} --reference …",
            ),
            order=one.number,
            placed=FIRST[one.kind].value,
        )
    if moved.ended:
        screen.say(Phrase("{ended} est résiliée avec elle.", "{ended} is terminated with it."), ended=moved.ended)
    if moved.line_after != moved.line_before:
        screen.say(
            Phrase(
                "La ligne {line} était {before}, elle est {after}. La voir : essaim line show {line}",
                "Line {line} was {before}, it is {after}. To see it: essaim line show {line}",
            ),
            line=one.line,
            before=moved.line_before,
            after=moved.line_after,
        )
    return None
