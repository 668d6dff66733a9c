"""`essaim lab fault`, `essaim lab mend` and `essaim lab rehearse`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import typer

from cli import screen
from cli.door import Json, act, help_of, noun, settings, store
from foundation.speech import Phrase

if TYPE_CHECKING:
    from desk.rehearsal import Rehearsed

faults = noun("Casser quelque chose dans le labo", "Break something in the lab")

Machine = Annotated[str, typer.Argument(metavar="MACHINE")]
Towards = Annotated[str, typer.Argument(metavar="TOWARDS")]
_MEND = Phrase("Réparer : essaim lab mend", "To mend it: essaim lab mend")


@faults.command(
    "link-down",
    help=help_of("Tirer un câble : essaim lab fault link-down edge transit", "Pull a cable: … link-down edge transit"),
)
def link_down(machine: Machine, towards: Towards) -> None:
    """A cable is pulled."""
    from desk import faults as broken

    broken.pull(store(), settings(), machine, towards)
    screen.say(
        Phrase("Le câble de {machine} vers {towards} est tiré.", "The cable from {machine} to {towards} is pulled."),
        machine=machine,
        towards=towards,
    )
    screen.say(_MEND)


@faults.command(help=help_of("Tuer un démon : essaim lab fault kill l2tpns", "Kill a daemon: … kill l2tpns"))
def kill(daemon: Annotated[str, typer.Argument(metavar="DAEMON")]) -> None:
    """A daemon is killed."""
    _killed(daemon)


@faults.command("radius-down", help=help_of("Tuer le serveur RADIUS", "Kill the RADIUS server"))
def radius_down() -> None:
    """RADIUS answers no more."""
    _killed("freeradius")


@faults.command(
    help=help_of(
        "Allonger un câble : essaim lab fault slow 200ms transit internet",
        "Make a cable long: … slow 200ms transit internet",
    )
)
def slow(
    delay: Annotated[str, typer.Argument(metavar="DELAY")],
    machine: Machine = "transit",
    towards: Towards = "internet",
) -> None:
    """A cable is long."""
    from desk import faults as broken

    broken.slow(store(), settings(), delay, machine, towards)
    screen.say(
        Phrase(
            "De {machine} vers {towards}, tout met {delay} de plus, dans chaque sens.",
            "From {machine} to {towards} all takes {delay} more, each way.",
        ),
        machine=machine,
        towards=towards,
        delay=delay,
    )
    screen.say(_MEND)


@faults.command("full-disk", help=help_of("Remplir le disque : … full-disk vpn", "Fill a disk: … full-disk vpn"))
def full_disk(machine: Machine) -> None:
    """A machine has no room left."""
    from desk import faults as broken

    broken.fill(store(), settings(), machine)
    screen.say(
        Phrase(
            "{machine} n'a plus de place là où s'écrivent les configurations.",
            "{machine} has no room left where configurations are written.",
        ),
        machine=machine,
    )
    screen.say(_MEND)


def _killed(daemon: str) -> None:
    from desk import faults as broken

    machines = broken.kill(settings(), daemon)
    screen.say(
        Phrase("{daemon} ne tourne plus sur {machines}.", "{daemon} runs no more on {machines}."),
        daemon=daemon,
        machines=machines,
    )
    screen.say(_MEND)


def mend() -> None:
    """All faults are undone."""
    from desk import faults as broken

    mended = broken.mend(settings())
    if not mended:
        return screen.say(Phrase("Rien n'était cassé dans le labo.", "Nothing was broken in the lab."))
    return screen.say(Phrase("Réparé : {mended}.", "Mended: {mended}."), mended=mended)


_PAPER: Final = Phrase(
    "~ {change} : aucun labo n'a de machine comme {target}. Vérifié à la place, sur le papier : le texte se lit, les "
    "{typed} lignes à taper mènent de ce qui tourne à ce qui est voulu ({stand} lignes, toutes là), et une seconde "
    "fois il n'y a rien à taper. Ni la machine ni BGP n'ont été essayés.",
    "~ {change}: no lab has a machine like {target}. Checked instead, on paper: the text can be read, the {typed} "
    "lines to type lead from what runs to what is wanted ({stand} lines, all there), and a second time there is "
    "nothing to type. Neither the machine nor BGP was tried.",
)


def rehearse(
    numbers: Annotated[list[str], typer.Argument(metavar="C0042...")],
    as_json: Json = False,
) -> None:
    """Changes are applied to a lab that stands in for the machines, one after another, each to a lab of its own."""
    from desk.rehearsal import rehearse as play

    opened = store()
    with screen.progress(Phrase("Le changement est répété", "The change is rehearsed")) as bar:

        def told(step: Phrase) -> None:
            bar.update(bar.task_ids[0], description=step.say(screen.language()))

        found = [play(opened, settings(), act(opened), number, told) for number in numbers]
    if as_json:
        screen.give(found if len(numbers) > 1 else found[0])
    else:
        for done in found:
            _tell(done)
    if any(done.problem is not None or done.cut for done in found):
        raise typer.Exit(1)


def _tell(done: Rehearsed) -> None:
    facts = {"change": done.change, "target": done.target, "machine": done.played_by, "lines": done.lines}
    if done.paper is not None:
        return screen.say(_PAPER, **facts, typed=done.paper.typed, stand=done.paper.stand)
    if done.problem is not None:
        screen.say(
            Phrase("✗ {change}, répété au labo : {reason}", "✗ {change}, rehearsed in the lab: {reason}"),
            **facts,
            reason=done.problem.sentence(screen.language()),
        )
    else:
        screen.say(
            Phrase(
                "✓ {change} tient au labo, sur {machine} à la place de {target} ; ce qui allait bien va bien encore.",
                "✓ {change} holds in the lab, on {machine} in the place of {target}; what was well is well still.",
            ),
            **facts,
        )
    if done.cut:
        screen.say(Phrase("✗ Coupées : {cut}.", "✗ Cut: {cut}."), cut=done.cut)
    elif done.lines:
        screen.say(Phrase("✓ Passent avant et après : {lines}.", "✓ Pass before and after: {lines}."), **facts)
    if done.problem is None and not done.cut:
        screen.say(
            Phrase(
                "Les vraies machines n'ont pas changé. Ensuite : essaim change approve {change}",
                "The real machines have not changed. Next: essaim change approve {change}",
            ),
            **facts,
        )
    return None


def register(commands: typer.Typer) -> None:
    """Beside the lab's own commands."""
    commands.add_typer(faults, name="fault")
    commands.command(
        help=help_of(
            "Répéter un changement dans un labo à part : essaim lab rehearse C0042",
            "Rehearse a change in a lab of its own: essaim lab rehearse C0042",
        )
    )(rehearse)
    commands.command(help=help_of("Réparer ce qui a été cassé exprès", "Mend what was broken on purpose"))(mend)
