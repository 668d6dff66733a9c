"""`essaim token`."""

from __future__ import annotations

from typing import Annotated

import typer

from cli import screen
from cli.door import After, Json, Why, act, help_of, looking, noun, settings, store, writing
from foundation.speech import Phrase

commands = noun("Les jetons : des programmes agissent pour vous", "Tokens: programs act for you")

Number = Annotated[str, typer.Argument(metavar="J0003")]


@commands.command(
    help=help_of(
        "Créer un jeton : essaim token create M0042 --name portable --task lines.write",
        "Make a token: essaim token create M0042 --name laptop --task lines.write",
    )
)
def create(
    member: Annotated[str, typer.Argument(metavar="M0042")],
    name: Annotated[str, typer.Option(help=help_of("où il servira", "where it will serve"))],
    task: Annotated[
        list[str] | None,
        typer.Option(help=help_of("un de vos mandats ; répétable", "one of your mandates; repeatable")),
    ] = None,
    own: Annotated[
        bool, typer.Option("--own", help=help_of("écrire aussi ce qui est à vous", "also write what is your own"))
    ] = False,
    days: Annotated[int, typer.Option(min=1, max=366, help=help_of("jours de vie", "days of life"))] = 90,
    why: Why = "",
    as_json: Json = False,
) -> None:
    """Make a token and print it, this once."""
    from inventory import members, rights, tokens

    wanted = [*(task or ()), *([rights.OWN] if own else ())]
    with writing(why) as (session, deed):
        made, shown = tokens.create_token(session, deed, members.find_member(session, member), name, wanted, days=days)
        facts = {"number": str(made), "token": shown, "until": made.until}
    if as_json:
        return screen.give(facts)
    screen.line(shown)
    return screen.say(
        Phrase(
            "Jeton {number}, jusqu'au {until}. Il ne sera plus montré : gardez-le comme un mot de passe. "
            "Essayer : curl -H 'Authorization: Bearer …' {url}/api/v1/me. Y mettre fin : essaim token end {number}",
            "Token {number}, until {until}. It is not shown again: keep it like a password. "
            "To try it: curl -H 'Authorization: Bearer …' {url}/api/v1/me. To end it: essaim token end {number}",
        ),
        **facts,
        url=settings().url,
    )


@commands.command("list", help=help_of("Les jetons en usage : essaim token list", "Tokens in use: essaim token list"))
def list_(
    member: Annotated[
        str | None, typer.Option(metavar="M0042", help=help_of("ceux d'un membre", "those of one member"))
    ] = None,
    ended: Annotated[
        bool, typer.Option("--ended", help=help_of("ceux qui ont pris fin aussi", "also those that ended"))
    ] = False,
    after: After = 0,
    limit: Annotated[int, typer.Option(min=1, max=1000, help=help_of("au plus", "at most"))] = 200,
    as_json: Json = False,
) -> None:
    """Tokens by number."""
    from inventory import members, tokens
    from inventory.views.tokens import view

    at = act(store()).at
    with looking() as session:
        owner = members.find_member(session, member) if member is not None else None
        found = [
            view(one) for one in tokens.list_tokens(session, at, member=owner, ended=ended, after=after, limit=limit)
        ]
    screen.listing(
        found,
        {
            "number": Phrase("numéro", "number"),
            "member": Phrase("membre", "member"),
            "name": Phrase("nom", "name"),
            "tasks": Phrase("mandats", "mandates"),
            "until": Phrase("jusqu'au", "until"),
            "ended_at": Phrase("fini le", "ended on"),
        },
        as_json=as_json,
        empty=Phrase(
            "Aucun jeton ne sert. En créer un : essaim token create MEMBRE --name portable",
            "No token is in use. To make one: essaim token create MEMBER --name laptop",
        ),
        then=Phrase("Jetons : {count}. Y mettre fin : essaim token end {first}",
                    "Tokens: {count}. To end one: essaim token end {first}"),
    )  # fmt: skip
    if not as_json:
        screen.more("essaim token list", [one.number for one in found], limit)


@commands.command(help=help_of("Mettre fin à un jeton : essaim token end J0003", "End a token: essaim token end J0003"))
def end(number: Number, why: Why = "") -> None:
    """The token serves no more."""
    from inventory import tokens

    with writing(why) as (session, deed):
        token = tokens.find_token(session, number)
        tokens.end_token(session, deed, token)
        name, whose = str(token), str(token.member)
    screen.say(
        Phrase(
            "Le jeton {token} ne sert plus. Ceux qui restent : essaim token list --member {member}",
            "Token {token} serves no more. Those that remain: essaim token list --member {member}",
        ),
        token=name,
        member=whose,
    )
