"""`essaim suggestion`: what someone has no mandate for waits for someone who has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import typer

from cli import screen
from cli.door import After, Json, Why, Yes, help_of, looking, noun, settings, store, writing
from foundation.speech import Phrase

if TYPE_CHECKING:
    from collections.abc import Callable

    from foundation.acts import Act
    from inventory.suggested import Suggested
    from inventory.views.suggestions import SuggestionView

commands = noun("Les suggestions, pour qui n'a pas le mandat", "Suggestions, for whoever has no mandate")

Number = Annotated[str, typer.Argument(metavar="G0001")]
Place = Annotated[str | None, typer.Option(help=help_of("adresse postale de la ligne", "the line's postal address"))]
ND = Annotated[
    str | None, typer.Option("--nd", help=help_of("numéro de la ligne de cuivre", "the copper line's number"))
]
Pto = Annotated[str | None, typer.Option(help=help_of("prise optique : FI-1234-5678", "the optical socket"))]
Building = Annotated[str | None, typer.Option(help=help_of("immeuble : IMB/…", "the building: IMB/…"))]

_COLUMNS: Final = {
    "number": Phrase("numéro", "number"),
    "deed": Phrase("quoi", "what"),
    "subject": Phrase("à quoi", "to what"),
    "state": Phrase("état", "state"),
    "proposed_by": Phrase("par", "by"),
    "proposed_at": Phrase("quand", "when"),
    "why": Phrase("pourquoi", "why"),
    "decided_by": Phrase("décidé par", "decided by"),
    "reason": Phrase("raison", "reason"),
}
_MADE: Final = Phrase(
    "{suggestion} : c'est suggéré, rien n'est encore changé. Qui en a le mandat l'acceptera : "
    "essaim suggestion accept {suggestion}",
    "{suggestion}: suggested, nothing is changed yet. Whoever has the mandate accepts it: "
    "essaim suggestion accept {suggestion}",
)


@commands.command(
    help=help_of(
        "Suggérer un nom inverse : essaim suggestion name 198.51.100.7 serveur.association.example",
        "Suggest a reverse name: essaim suggestion name 198.51.100.7 server.association.example",
    )
)
def name(
    address: Annotated[str, typer.Argument(metavar="ADDRESS")],
    host: Annotated[str, typer.Argument(metavar="NAME")],
    why: Why = "",
    as_json: Json = False,
) -> None:
    """Suggest what an address is called."""
    from inventory.suggested import NameAddress

    _suggest(lambda _actor: NameAddress(address, host), why, as_json=as_json)


@commands.command(
    help=help_of(
        'Suggérer une correction : essaim suggestion change L0042 --place "12 rue de l\'Exemple"',
        'Suggest a correction: essaim suggestion change L0042 --place "12 rue de l\'Exemple"',
    )
)
def change(
    line: Annotated[str, typer.Argument(metavar="L0042")],
    place: Place = None,
    nd: ND = None,
    pto: Pto = None,
    building: Building = None,
    why: Why = "",
    as_json: Json = False,
) -> None:
    """Suggest what is said of a line's access; an empty text takes away."""
    from inventory.suggested import ChangeLine

    _suggest(lambda _actor: ChangeLine(line, place, nd, pto, building), why, as_json=as_json)


@commands.command(
    help=help_of(
        "Suggérer une ligne : essaim --as M0042 suggestion order vpn --key …",
        "Suggest a line: essaim --as M0042 suggestion order vpn --key …",
    )
)
def order(
    offer: Annotated[str, typer.Argument(metavar="OFFER")],
    member: Annotated[
        str | None, typer.Option(metavar="M0042", help=help_of("pour qui ; sinon soi-même", "for whom; else oneself"))
    ] = None,
    key: Annotated[
        str | None, typer.Option(help=help_of("clé publique WireGuard du membre", "the member's WireGuard public key"))
    ] = None,
    place: Place = None,
    nd: ND = None,
    pto: Pto = None,
    building: Building = None,
    why: Why = "",
    as_json: Json = False,
) -> None:
    """Suggest that a member orders a line."""
    from inventory.suggested import OrderLine

    _suggest(lambda actor: OrderLine(member or actor, offer, key, place, nd, pto, building), why, as_json=as_json)


@commands.command("list", help=help_of("Les suggestions qui attendent", "Suggestions that wait"))
def list_(
    decided: Annotated[
        bool, typer.Option("--decided", help=help_of("celles qui sont décidées aussi", "decided ones too"))
    ] = False,
    by: Annotated[
        str, typer.Option(metavar="M0042", help=help_of("de cette personne seule", "of that person alone"))
    ] = "",
    after: After = 0,
    limit: Annotated[int, typer.Option(min=1, max=1000, help=help_of("au plus", "at most"))] = 100,
    as_json: Json = False,
) -> None:
    """Suggestions by number."""
    from foundation import clock
    from inventory import members, suggestions
    from inventory.views.suggestions import view

    at = clock.now()
    with looking() as session:
        whose = str(members.find_member(session, by)) if by else ""
        page = suggestions.list_suggestions(session, decided=decided, by=whose, after=after, limit=limit)
        found = [view(session, one, at) for one in page]
    screen.listing(
        found,
        _COLUMNS,
        as_json=as_json,
        empty=Phrase(
            "Aucune suggestion n'attend. En faire une : essaim suggestion name ADRESSE NOM",
            "No suggestion waits. To make one: essaim suggestion name ADDRESS NAME",
        ),
        then=Phrase(
            "Suggestions : {count}. En voir une : essaim suggestion show {first}",
            "Suggestions: {count}. To see one: essaim suggestion show {first}",
        ),
    )
    if not as_json:
        screen.more("essaim suggestion list", [one.number for one in found], limit)


@commands.command(help=help_of("Une suggestion, et ce qu'elle changerait", "A suggestion, and what it would change"))
def show(number: Number, as_json: Json = False) -> None:
    """One suggestion with its diff."""
    one = _seen(number)
    if as_json:
        return screen.give(one)
    _told(one)
    if one.decided_by is None:
        return screen.say(
            Phrase(
                "L'accepter : essaim suggestion accept {suggestion}. La refuser : essaim suggestion refuse "
                '{suggestion} --why "…"',
                "To accept it: essaim suggestion accept {suggestion}. To refuse it: essaim suggestion refuse "
                '{suggestion} --why "…"',
            ),
            suggestion=one.number,
        )
    return screen.say(
        Phrase("Décidé par {by} le {at}.", "Decided by {by} on {at}.")
        if not one.reason
        else Phrase("Décidé par {by} le {at} : {reason}", "Decided by {by} on {at}: {reason}"),
        by=one.decided_by,
        at=one.decided_at,
        reason=one.reason,
    )


@commands.command(help=help_of("Accepter : essaim suggestion accept G0001", "Accept: essaim suggestion accept G0001"))
def accept(number: Number, yes: Yes = False, why: Why = "") -> None:
    """Do what was suggested, as the one who accepts."""
    from inventory import suggestions

    if screen.asks(yes=yes):
        _told(_seen(number))
    if not screen.confirm(Phrase("Accepter {it} ?", "Accept {it}?"), yes=yes, it=number):
        return
    with writing(why) as (session, act):
        one = suggestions.find_suggestion(session, number)
        done = suggestions.accept(session, act, one)
        found = str(one)
    screen.say(
        Phrase(
            "{suggestion} est acceptée : {done}, c'est fait. La mettre sur les machines : essaim change plan",
            "{suggestion} is accepted: {done}, done. To bring it to the machines: essaim change plan",
        ),
        suggestion=found,
        done=done,
    )
    _tell(act, found)


@commands.command(
    help=help_of(
        'Refuser : essaim suggestion refuse G0001 --why "…"', 'Refuse: essaim suggestion refuse G0001 --why "…"'
    )
)
def refuse(number: Number, why: Why = "") -> None:
    """Say that it shall not be done, or take one's own back."""
    from inventory import suggestions

    with writing(why) as (session, act):
        one = suggestions.find_suggestion(session, number)
        suggestions.refuse(session, act, one)
        found = str(one)
    screen.say(
        Phrase(
            "{suggestion} est refusée, et ne sera pas faite. Les autres : essaim suggestion list",
            "{suggestion} is refused, and will not be done. The others: essaim suggestion list",
        ),
        suggestion=found,
    )
    _tell(act, found)


def _suggest(wanted: Callable[[str], Suggested], why: str, *, as_json: bool) -> None:
    from inventory import suggestions
    from inventory.views.suggestions import view

    with writing(why) as (session, act):
        made = view(session, suggestions.suggest(session, act, wanted(act.actor)), act.at)
    if as_json:
        return screen.give(made)
    screen.diff(made.diff)
    return screen.say(_MADE, suggestion=made.number)


def _tell(act: Act, number: str) -> None:
    """Whoever suggested it is told what became of it; a mail that does not go is said, and waits."""
    from desk import suggesting

    untold = suggesting.tell(store(), settings(), act, number)
    if untold is not None:
        screen.complain(untold.sentence(screen.language()))


def _seen(number: str) -> SuggestionView:
    from foundation import clock
    from inventory import suggestions
    from inventory.views.suggestions import view

    with looking() as session:
        return view(session, suggestions.find_suggestion(session, number), clock.now())


def _told(one: SuggestionView) -> None:
    screen.say(
        Phrase(
            "{suggestion} : {deed} ({subject}), {state}. Suggérée par {by} le {at}.",
            "{suggestion}: {deed} ({subject}), {state}. Suggested by {by} on {at}.",
        ),
        suggestion=one.number,
        deed=one.deed,
        subject=one.subject,
        state=one.state,
        by=one.proposed_by,
        at=one.proposed_at,
    )
    if one.why:
        screen.say(Phrase("Pourquoi : {why}", "Why: {why}"), why=one.why)
    screen.diff(one.diff)
