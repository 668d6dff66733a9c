"""`essaim rule`."""

from __future__ import annotations

from typing import Annotated

import typer

from cli import screen
from cli.door import Json, Why, help_of, looking, noun, writing
from foundation.speech import Phrase

commands = noun("Les règles de l'association", "The association's rules")


@commands.command("list", help=help_of("Les règles et leur valeur", "The rules and their values"))
def list_(as_json: Json = False) -> None:
    """Every rule, whether it was set or not."""
    from inventory import rules

    with looking() as session:
        found = [
            {"name": known.name, "value": value, "default": known.default, "means": known.phrase}
            for known, value in rules.list_rules(session)
        ]
    screen.listing(
        found,
        {
            "name": Phrase("règle", "rule"),
            "value": Phrase("valeur", "value"),
            "default": Phrase("sinon", "default"),
            "means": Phrase("ce qu'elle dit", "what it says"),
        },
        as_json=as_json,
        empty=Phrase("Aucune règle.", "No rule."),
        then=Phrase(
            "En changer une : essaim rule set {first} …", "To change one: essaim rule set {first} …"
        ),
    )


@commands.command(
    "set",
    help=help_of(
        "Changer une règle : essaim rule set mandates.quorum 2", "Change a rule: essaim rule set mandates.quorum 2"
    ),
)
def set_(
    name: Annotated[str, typer.Argument(metavar="mandates.quorum")],
    value: Annotated[str, typer.Argument(metavar="2")],
    why: Why = "",
    as_json: Json = False,
) -> None:
    """What the association decided."""
    from inventory import rules

    with writing(why) as (session, act):
        known = rules.set_rule(session, act, name, value)
    if as_json:
        return screen.give({"name": known.name, "value": value.strip()})
    return screen.say(
        Phrase(
            "{rule} vaut maintenant {value} ({means}). Toutes les règles : essaim rule list",
            "{rule} is now {value} ({means}). All rules: essaim rule list",
        ),
        rule=known.name,
        value=value.strip(),
        means=known.phrase,
    )
