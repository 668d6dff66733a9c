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
            {
                "name": one.known.name,
                "value": one.value,
                "default": one.known.default,
                "proposed": one.proposed,
                "proposed_by": one.proposed_by,
                "means": one.known.phrase,
            }
            for one in rules.list_rules(session)
        ]
    screen.listing(
        found,
        {
            "name": Phrase("règle", "rule"),
            "value": Phrase("valeur", "value"),
            "default": Phrase("sinon", "default"),
            "proposed": Phrase("proposé", "proposed"),
            "proposed_by": Phrase("par", "by"),
            "means": Phrase("ce qu'elle dit", "what it says"),
        },
        as_json=as_json,
        empty=Phrase("Aucune règle.", "No rule."),
        then=Phrase("En changer une : essaim rule set {first} VALEUR", "To change one: essaim rule set {first} VALUE"),
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
        now = rules.set_rule(session, act, name, value)
    if as_json:
        return screen.give(
            {"name": now.known.name, "value": now.value, "proposed": now.proposed, "proposed_by": now.proposed_by}
        )
    return screen.say(
        Phrase(
            "{rule} vaut maintenant {value} ({means}). Toutes les règles : essaim rule list",
            "{rule} is now {value} ({means}). All rules: essaim rule list",
        )
        if now.proposed is None
        else Phrase(
            "{rule} vaut encore {value} ({means}). Vous proposez {proposed} : il faut que quelqu'un d'autre le dise "
            "aussi, essaim rule set {rule} {proposed}. Retirer la proposition : essaim rule set {rule} {value}",
            "{rule} is still {value} ({means}). You propose {proposed}: someone else has to say so too, "
            "essaim rule set {rule} {proposed}. To take the proposal back: essaim rule set {rule} {value}",
        ),
        rule=now.known.name,
        value=now.value,
        proposed=now.proposed,
        means=now.known.phrase,
    )
