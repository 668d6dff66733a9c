"""`essaim kind`: the ways in which one may be a member."""

from __future__ import annotations

from typing import Annotated

import typer

from cli import screen
from cli.door import Json, Why, help_of, looking, noun, writing
from foundation.speech import Phrase

commands = noun("Les types d'adhésion", "The kinds of membership")

Name = Annotated[str, typer.Argument(metavar="KIND")]
Votes = Annotated[
    bool | None, typer.Option("--votes/--no-votes", help=help_of("peut voter", "may vote"), show_default=False)
]


@commands.command("list", help=help_of("Les types d'adhésion, et qui vote", "The kinds of membership, and who votes"))
def list_(
    retired: Annotated[bool, typer.Option("--retired", help=help_of("les anciens aussi", "former ones too"))] = False,
    as_json: Json = False,
) -> None:
    """The kinds in the order in which they came."""
    from inventory import kinds
    from inventory.views.members import kind_view

    with looking() as session:
        found = [kind_view(one) for one in kinds.list_kinds(session, retired=retired)]
    yes = Phrase("oui", "yes")
    rows = [
        {"name": one.name, "label_fr": one.label_fr, "label_en": one.label_en,
         "votes": yes if one.votes else "", "retired": one.retired}
        for one in found
    ]  # fmt: skip
    screen.listing(
        found if as_json else rows,
        {
            "name": Phrase("type", "kind"),
            "label_fr": Phrase("en français", "in French"),
            "label_en": Phrase("en anglais", "in English"),
            "votes": Phrase("vote", "votes"),
            "retired": Phrase("retiré le", "retired on"),
        },
        as_json=as_json,
        empty=Phrase("Aucun type d'adhésion : essaim kind add", "No kind of membership: essaim kind add"),
        then=Phrase(
            "Types : {count}. En changer un : essaim kind change {first} --fr 'adhérent·e'",
            "Kinds: {count}. To change one: essaim kind change {first} --fr 'adhérent·e'",
        ),
    )


@commands.command(
    help=help_of(
        "Ajouter un type : essaim kind add student --fr 'étudiant·e' --en student --votes",
        "Add a kind: essaim kind add student --fr 'étudiant·e' --en student --votes",
    )
)
def add(
    name: Name,
    french: Annotated[str, typer.Option("--fr", help=help_of("en français", "in French"))],
    english: Annotated[str, typer.Option("--en", help=help_of("en anglais", "in English"))],
    votes: Annotated[bool, typer.Option("--votes", help=help_of("peut voter", "may vote"))] = False,
    why: Why = "",
    as_json: Json = False,
) -> None:
    """One more way of being a member."""
    from inventory import kinds

    with writing(why) as (session, act):
        kinds.add_kind(session, act, name, french=french, english=english, votes=votes)
    if as_json:
        return screen.give({"kind": name})
    return screen.say(
        Phrase(
            "On peut adhérer comme « {name} » : essaim member add 'Camille Faure' --status {name}",
            "One may join as “{name}”: essaim member add 'Camille Faure' --status {name}",
        ),
        name=name,
    )


@commands.command(
    help=help_of(
        "Changer un type : essaim kind change affiliate --votes",
        "Change a kind: essaim kind change affiliate --votes",
    )
)
def change(
    name: Name,
    french: Annotated[str | None, typer.Option("--fr", help=help_of("en français", "in French"))] = None,
    english: Annotated[str | None, typer.Option("--en", help=help_of("en anglais", "in English"))] = None,
    votes: Votes = None,
    retired: Annotated[
        bool | None,
        typer.Option("--retire/--restore", help=help_of("plus personne n'y entre", "nobody joins with it any more")),
    ] = None,
    why: Why = "",
) -> None:
    """Other words, another right to vote, or retired."""
    from inventory import kinds

    with writing(why) as (session, act):
        kind = kinds.find_kind(session, name)
        kinds.change_kind(session, act, kind, french=french, english=english, votes=votes, retired=retired)
    screen.say(Phrase("C'est noté. Les voir : essaim kind list", "Noted. To see them: essaim kind list"))
