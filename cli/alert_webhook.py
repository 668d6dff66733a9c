"""`essaim alert webhook`: chat rooms and watchmen. Their addresses never stand on a command line."""

from __future__ import annotations

from typing import Annotated

import typer

from cli import screen
from cli.door import Json, Why, help_of, looking, noun, writing
from foundation.speech import Phrase

commands = noun("Prévenir un salon ou un veilleur", "Tell a chat room or a watchman")

Name = Annotated[str, typer.Argument(metavar="NAME")]


@commands.command(
    help=help_of(
        "Ajouter : essaim alert webhook add salon --shape matrix (l'adresse se tape ensuite)",
        "Add one: essaim alert webhook add room --shape matrix (its address is typed next)",
    )
)
def add(
    name: Name,
    shape: Annotated[str, typer.Option(help="matrix | mattermost | slack | heartbeat")],
    language: Annotated[str, typer.Option("--language", help="fr | en")] = "fr",
    why: Why = "",
) -> None:
    """Seal a webhook's address, typed without echo or read from standard input."""
    from cli.device_secret import typed
    from inventory import webhooks
    from monitoring.alerts.webhooks import checked

    read = webhooks.parse_shape(shape)
    address = checked(read, typed())
    with writing(why) as (session, act):
        webhooks.add_webhook(session, act, name, read, address, language)
    screen.say(
        Phrase(
            "{name} ({shape}) sera prévenu à partir du prochain relevé ; son adresse est au coffre. "
            "Tout voir : essaim alert webhook list",
            "{name} ({shape}) is told from the next round on; its address is in the vault. "
            "To see all: essaim alert webhook list",
        ),
        name=name,
        shape=read,
    )


@commands.command("list", help=help_of("Qui est prévenu par HTTP", "Who is told over HTTP"))
def list_(as_json: Json = False) -> None:
    """All of them, without their addresses."""
    from inventory import webhooks
    from inventory.models.webhooks import Shape

    with looking() as session:
        found = [
            {"name": one.name, "shape": Shape(one.shape), "language": one.language}
            for one in webhooks.list_webhooks(session)
        ]
    screen.listing(
        found,
        {"name": Phrase("nom", "name"), "shape": Phrase("quoi", "what"), "language": Phrase("langue", "language")},
        as_json=as_json,
        empty=Phrase(
            "Aucun. En ajouter un : essaim alert webhook add salon --shape matrix",
            "None. To add one: essaim alert webhook add room --shape matrix",
        ),
        then=Phrase(
            "Webhooks : {count}. En retirer un : essaim alert webhook remove {first}",
            "Webhooks: {count}. To remove one: essaim alert webhook remove {first}",
        ),
    )


@commands.command(help=help_of("Ne plus le prévenir", "Tell it no more"))
def remove(name: Name, why: Why = "") -> None:
    """Tell nothing there any more, and forget its address."""
    from inventory import webhooks

    with writing(why) as (session, act):
        webhooks.remove_webhook(session, act, webhooks.find_webhook(session, name))
    screen.say(
        Phrase(
            "{name} n'est plus prévenu, et son adresse est oubliée.", "{name} is told no more; its address is gone."
        ),
        name=name,
    )
