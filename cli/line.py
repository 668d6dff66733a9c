"""`essaim line`."""

from __future__ import annotations

from typing import Annotated

import typer

from cli import screen
from cli.door import After, Json, Why, help_of, looking, noun, settings, store, writing
from foundation.speech import Phrase

commands = noun("Les lignes", "Lines")

Number = Annotated[str, typer.Argument(metavar="L0042")]


@commands.command(
    help=help_of(
        "Commander : essaim line order M0042 --offer vpn --key …", "Order: essaim line order M0042 --offer vpn --key …"
    )
)
def order(
    member: Annotated[str, typer.Argument(metavar="M0042")],
    offer: Annotated[str, typer.Option(help=help_of("vpn, adsl…", "vpn, adsl…"))],
    key: Annotated[
        str | None, typer.Option(help=help_of("clé publique WireGuard du membre", "the member's WireGuard public key"))
    ] = None,
    nd: Annotated[
        str | None, typer.Option(help=help_of("numéro de la ligne de cuivre", "the copper line's number"))
    ] = None,
    why: Why = "",
    as_json: Json = False,
) -> None:
    """Order a line for a member."""
    from inventory import lines, members, offers
    from inventory.models.lines import LineState

    with writing(why) as (session, act):
        ordered = lines.order_line(
            session,
            act,
            members.find_member(session, member),
            offers.find_offer(session, offer),
            lines.Ordering(public_key=key, nd=nd),
        )
        number, state = str(ordered), LineState(ordered.state)
        prefixes = lines.prefixes(session, ordered)
        live = state in lines.RENDERED
    if as_json:
        return screen.give({"line": number, "state": state, "prefixes": prefixes})
    screen.say(
        Phrase(
            "{line} : {state}, avec {prefixes}. La mettre sur les machines : essaim change plan",
            "{line}: {state}, with {prefixes}. To bring it to the machines: essaim change plan",
        )
        if live
        else Phrase(
            "{line} : {state}, avec {prefixes}. Elle ira sur les machines une fois livrée.",
            "{line}: {state}, with {prefixes}. It goes on the machines once it is delivered.",
        ),
        line=number,
        state=state,
        prefixes=prefixes or "—",
    )
    return None


@commands.command("list", help=help_of("Les lignes, par numéro", "Lines, by number"))
def list_(
    ended: Annotated[
        bool, typer.Option("--ended", help=help_of("les lignes fermées aussi", "closed ones too"))
    ] = False,
    after: After = 0,
    limit: Annotated[int, typer.Option(min=1, max=1000, help=help_of("au plus", "at most"))] = 200,
    as_json: Json = False,
) -> None:
    """Lines by number."""
    from inventory import lines
    from inventory.models.lines import LineState

    with looking() as session:
        found = [
            {
                "line": str(one),
                "offer": one.offer.name,
                "state": LineState(one.state),
                "members": [str(share.member) for share in one.shares if share.until is None],
                "device": one.device.name if one.device else None,
            }
            for one in lines.list_lines(session, ended=ended, after=after, limit=limit)
        ]
    if as_json:
        return screen.give(found)
    if not found:
        return screen.say(
            Phrase(
                "Aucune ligne ici. En commander une : essaim line order M0042 --offer vpn",
                "No line here. To order one: essaim line order M0042 --offer vpn",
            )
        )
    columns = (
        Phrase("ligne", "line"),
        Phrase("offre", "offer"),
        Phrase("état", "state"),
        Phrase("membres", "members"),
        Phrase("machine", "machine"),
    )
    screen.table(columns, [tuple(one.values()) for one in found])
    screen.more("essaim line list", [str(one["line"]) for one in found], limit)
    screen.say(
        Phrase(
            "Lignes : {count}. En voir une : essaim line show L0042",
            "Lines: {count}. To see one: essaim line show L0042",
        ),
        count=len(found),
    )
    return None


@commands.command(
    help=help_of("Une ligne : qui la partage, avec quelles adresses", "A line: who shares it, with which addresses")
)
def show(number: Number, as_json: Json = False) -> None:
    """One line with its shares and addresses."""
    from inventory import lines
    from inventory.models.lines import LineState

    with looking() as session:
        one = lines.find_line(session, number)
        shares = [
            {
                "member": str(share.member),
                "since": share.since,
                "until": share.until,
                "prefixes": [str(held.prefix) for held in share.assignments if held.until is None],
                "credentials": [held.name for held in share.credentials if held.until is None],
            }
            for share in one.shares
        ]
        file = {
            "line": str(one),
            "offer": one.offer.title,
            "state": LineState(one.state),
            "nd": one.nd,
            "shares": shares,
        }
    if as_json:
        return screen.give(file)
    screen.say(Phrase("{line}, {offer} : {state}.", "{line}, {offer}: {state}."), **file)
    columns = {
        "member": Phrase("membre", "member"),
        "since": Phrase("depuis", "since"),
        "until": Phrase("jusqu'au", "until"),
        "prefixes": Phrase("adresses", "addresses"),
        "credentials": Phrase("s'ouvre avec", "opens with"),
    }
    if not any(share["until"] for share in shares):
        del columns["until"]
    return screen.table(list(columns.values()), [tuple(share[name] for name in columns) for share in shares])


@commands.command(help=help_of("Fermer une ligne", "Close a line"))
def close(number: Number, why: Why = "") -> None:
    """Close a line and put its addresses in quarantine."""
    from inventory import lines
    from inventory.models.lines import LineState

    with writing(why) as (session, act):
        one = lines.find_line(session, number)
        lines.close_line(session, act, one)
        name, state = str(one), LineState(one.state)
    screen.say(
        Phrase(
            "{line} : {state}. Ses adresses sont en quarantaine. La retirer des machines : essaim change plan",
            "{line}: {state}. Its addresses are in quarantine. To take it off the machines: essaim change plan",
        ),
        line=name,
        state=state,
    )


@commands.command(help=help_of("En une phrase : marche-t-elle ?", "In one sentence: does it work?"))
def status(number: Number, as_json: Json = False) -> None:
    """How a line is, for its member."""
    from desk.polling import line_status
    from foundation import clock

    now = line_status(store(), settings(), number, clock.now())
    if as_json:
        return screen.give({"state": now.state, "sentence": now.say(screen.language()), **now.values})
    return screen.line(f"{now.shape} {now.say(screen.language())}")
