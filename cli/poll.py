"""`essaim poll`: what machines say; `essaim poll explain`: what one of them could say."""

from __future__ import annotations

import sys
from getpass import getpass
from typing import TYPE_CHECKING, Annotated

import typer

from cli import association, quality, screen
from cli.door import Json, help_of, settings, store
from foundation.speech import Phrase

if TYPE_CHECKING:
    from monitoring.poll import Report
    from monitoring.snmp.explain import Explained, Named

commands = typer.Typer(
    help=help_of("Relever les machines et les connexions", "Poll machines and connections"),
    invoke_without_command=True,
)


@commands.callback()
def poll(
    context: typer.Context,
    every: Annotated[
        int,
        typer.Option(
            metavar="SECONDS",
            min=0,
            max=3600,
            help=help_of("recommencer, jusqu'à Ctrl-C : --every 60", "go on, until Ctrl-C: --every 60"),
        ),
    ] = 0,
    as_json: Json = False,
) -> None:
    """Read the machines over SNMP and the connections of lines."""
    if context.invoked_subcommand is not None:
        return
    from desk import rounds

    if every:
        rounds.keep_polling(store(), settings(), every, _told)
    else:
        association.poll(as_json)


def _told(report: Report, late: float) -> bool:
    """A round in one row; it goes on."""
    screen.say(
        Phrase(
            "{answered} machine(s) ont répondu, {silent} non ; retard : {late} s.",
            "{answered} machine(s) answered, {silent} did not; late by {late} s.",
        ),
        answered=len(report.answered),
        silent=len(report.unanswered),
        late=round(late),
    )
    return True


@commands.command(
    help=help_of(
        "Ce qu'une machine offre en SNMP : essaim poll explain pdu1",
        "What a machine offers over SNMP: essaim poll explain pdu1",
    )
)
def explain(
    host: Annotated[
        str, typer.Argument(metavar="HOST", help=help_of("son nom ou son adresse", "its name or its address"))
    ],
    as_json: Json = False,
) -> None:
    """Ask one machine what it is and what it has; nothing is recorded."""
    from desk import explaining
    from foundation import clock

    secret = _typed() if explaining.is_address(host) else ""
    with screen.progress(Phrase("La machine est interrogée", "Asking the machine")):
        found = (
            explaining.of_address(settings(), host, secret, clock.now())
            if explaining.is_address(host)
            else explaining.of_machine(store(), settings(), host, clock.now())
        )
    if as_json:
        screen.give(found)
    else:
        _explain(host, found)


def _typed() -> str:
    """A community or a user: typed without echo, or read from standard input; never on the command line."""
    if sys.stdin.isatty():
        asked = Phrase("Communauté, ou compte SNMPv3 (rien ne s'affiche) : ", "Community, or SNMPv3 user (hidden): ")
        return getpass(asked.say(screen.language()))
    return sys.stdin.readline()


def _explain(host: str, found: Explained) -> None:
    maker = f" ({found.maker})" if found.maker else ""
    screen.say(
        Phrase(
            "{host} se nomme « {name} » et se décrit ainsi : {description}. Son modèle (sysObjectID) : {id}{maker}.",
            "{host} calls itself “{name}” and says of itself: {description}. Its model (sysObjectID): {id}{maker}.",
        ),
        host=host,
        name=found.name,
        description=found.description or "—",
        id=found.object_id or "—",
        maker=maker,
    )
    for one in found.read:
        first = one.measures[0]
        screen.say(
            Phrase(
                "✓ Nous lisons {what} (module {module}) : {count} mesures, dont {metric} {instance} = {value} {unit}.",
                "✓ We read {what} (module {module}): {count} measures, such as {metric} {instance} = {value} {unit}.",
            ),
            what=one.phrase,
            module=one.module,
            count=len(one.measures),
            metric=first.metric,
            instance=first.instance,
            value=first.value,
            unit=first.unit,
        )
    for part in found.unnamed:
        screen.say(
            Phrase(
                "· Elle offre aussi {what} ({name}, {root}), que rien ne lit encore.",
                "· It also offers {what} ({name}, {root}), which nothing reads yet.",
            ),
            what=part.phrase,
            name=part.name,
            root=part.root,
        )
    for group in found.named:
        screen.say(
            Phrase(
                "· De {mib}, {name} ({root}) : {objects}.",
                "· Of {mib}, {name} ({root}): {objects}.",
            ),
            mib=group.mib,
            name=group.name,
            root=group.root,
            objects=", ".join(_object(one) for one in group.objects),
        )
    if found.named:
        screen.say(Phrase("(✓ : nous le lisons déjà.)", "(✓: we read it already.)"))
    screen.say(
        Phrase(
            "Pour en lire davantage, ajouter un module : docs/howto/add-a-device.md",
            "To read more of it, add a module: docs/howto/add-a-device.md",
        )
    )


def _object(one: Named) -> str:
    told = f"{one.name} = {one.value}" if one.value else one.name
    return f"{told} ✓" if one.read else told


quality.register_poll(commands)
