"""`essaim template`: what machines' configurations are written with, and the association's own in their place."""

from __future__ import annotations

from typing import Annotated

import typer

from cli import screen
from cli.door import Json, help_of, noun, settings
from foundation.speech import Phrase

commands = noun("Les modèles des configurations", "Templates of the configurations")


@commands.command("list", help=help_of("Les modèles, et lesquels sont à vous", "The templates, and which are yours"))
def list_(as_json: Json = False) -> None:
    """Every template, ours or theirs."""
    from desk import own_templates

    folder = settings().own_templates
    found = own_templates.listed(folder)
    screen.listing(
        found,
        {"name": Phrase("modèle", "template"), "theirs": Phrase("le vôtre", "yours")},
        as_json=as_json,
        empty=Phrase("Aucun modèle.", "No template."),
        then=Phrase(
            "Partir de l'un des nôtres : essaim template show {first}, à copier sous le même nom dans {folder}",
            "To begin from one of ours: essaim template show {first}, to copy under the same name into {folder}",
        ),
        folder=folder,
    )


@commands.command(help=help_of("Le texte d'un modèle", "A template's text"))
def show(
    name: Annotated[str, typer.Argument(metavar="wireguard/debian.j2")],
    ours: Annotated[
        bool, typer.Option("--ours", help=help_of("le nôtre, même si vous avez le vôtre", "ours, whatever you have"))
    ] = False,
) -> None:
    """The text of a template, as it is."""
    from desk import own_templates

    typer.echo(own_templates.source(settings().own_templates, name, ours=ours), nl=False)


@commands.command(help=help_of("Vérifier vos modèles avant qu'ils servent", "Check your templates before they serve"))
def check(as_json: Json = False) -> None:
    """What is wrong with the association's own templates, by file and line; no machine is looked at."""
    from desk import own_templates
    from provisioning.own_templates import TemplatesAmiss, Weight

    folder = settings().own_templates
    found = own_templates.check(folder)
    if as_json:
        screen.give(found)
    else:
        for one in found:
            place = folder / one.template
            told = Phrase("{place}:{line}: {weight} : {what}", "{place}:{line}: {weight}: {what}")
            whole = Phrase("{place} : {weight} : {what}", "{place}: {weight}: {what}")
            screen.say(told if one.line else whole, place=place, line=one.line, weight=one.weight, what=one.what)
    wrong = sum(one.weight is Weight.ERROR for one in found)
    if wrong:
        raise TemplatesAmiss(count=wrong)
    if not as_json:
        screen.say(
            Phrase(
                "Rien à redire à vos modèles ({folder}). Ce qu'ils changent sur les machines : essaim change plan",
                "Nothing amiss with your templates ({folder}). What they change on machines: essaim change plan",
            ),
            folder=folder,
        )
