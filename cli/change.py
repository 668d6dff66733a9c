"""`essaim change`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import typer

from cli import screen
from cli.door import Json, Why, Yes, act, help_of, looking, noun, settings, store, writing
from foundation.speech import Phrase

if TYPE_CHECKING:
    from foundation.errors import EssaimError
    from provisioning.plan import Planned

commands = noun("Les changements sur les machines", "Changes on the machines")

_TOLD: Final = {
    "of": Phrase("Pour remettre {purpose} : {of}.", "To put back {purpose}: {of}."),
    "proposed_by": Phrase("Proposé par {proposed_by} le {proposed_at}.", "Proposed by {proposed_by} on {proposed_at}."),
    "approved_by": Phrase(
        "Approuvé par {approved_by} le {approved_at}.", "Approved by {approved_by} on {approved_at}."
    ),
    "rejected_by": Phrase("Rejeté par {rejected_by} le {ended_at}.", "Rejected by {rejected_by} on {ended_at}."),
    "applied_by": Phrase(
        "Application lancée par {applied_by}, terminée le {ended_at}.",
        "Applying begun by {applied_by}, over on {ended_at}.",
    ),
    "reason": Phrase("Raison : {reason}", "Reason: {reason}"),
}
"""What is said of a change where there is something to say, in this order."""

_UNDER_WAY: Final = Phrase("Application lancée par {applied_by}.", "Applying begun by {applied_by}.")
_AGAIN: Final = Phrase(
    "Ce qu'il y a à faire aujourd'hui : essaim change plan", "What there is to do today: essaim change plan"
)
_THEN: Final = {
    "planned": Phrase("L'approuver : essaim change approve {change}", "To approve it: essaim change approve {change}"),
    "approved": Phrase("L'appliquer : essaim change apply {change}", "To apply it: essaim change apply {change}"),
    "applied": Phrase(
        "Revenir à ce qu'il y avait avant : essaim change revert {change}",
        "To go back to what was there before: essaim change revert {change}",
    ),
    **dict.fromkeys(("failed", "stale", "expired", "reverted"), _AGAIN),
}
"""The command that comes after a change was read, by its state."""


@commands.command(
    help=help_of(
        "Ce que les machines ont, contre ce qu'elles devraient avoir", "What the machines hold against what they should"
    )
)
def plan(
    line: Annotated[
        list[str] | None,
        typer.Option(
            "--line",
            metavar="L0042",
            help=help_of(
                "seulement les machines que touche cette ligne (M0042 : ce membre)",
                "only the machines that this line touches (M0042: that member)",
            ),
        ),
    ] = None,
    take_over: Annotated[
        list[str] | None,
        typer.Option(
            "--take-over",
            metavar="vpn/wireguard",
            help=help_of(
                "là où Essaim n'a jamais rien mis : enlever aussi ce que l'inventaire ne connaît pas",
                "where Essaim never put anything: take away, too, what the inventory does not know",
            ),
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Look at every machine, or at those that a line touches; change nothing."""
    from inventory.views.works import view_announced
    from provisioning import plan as planning

    opened = store()
    with screen.progress(Phrase("Les machines sont lues", "Reading the machines")) as bar:
        found = planning.plan(
            opened,
            settings(),
            act(opened),
            lambda _: bar.advance(bar.task_ids[0]),
            of=line or (),
            taking_over=take_over or (),
        )
    if as_json:
        screen.give(
            [
                {
                    **screen.plain(one),
                    "problem": one.problem and one.problem.sentence(screen.language()),
                    "works": [view_announced(each) for each in one.works],
                }
                for one in found
            ]
        )
    else:
        for one in found:
            show_planned(one)
        _what_next(found, some=bool(line))
    _end(planning.worst(found))


@commands.command(help=help_of("Un changement, son diff et son effet", "A change, its diff and its effect"))
def show(number: Annotated[str, typer.Argument(metavar="C0042")], as_json: Json = False) -> None:
    """One change as it was planned."""
    from provisioning import changes, effects
    from provisioning.models import ChangeState, Purpose

    with looking() as session:
        one = changes.find_change(session, number)
        former = changes.subject_of(session, one)
        facts = {
            "change": str(one),
            "state": ChangeState(one.state),
            "effect": effects.words(changes.effect_of(one)),
            "lines": one.lines.split(),
            "purpose": Purpose(one.purpose),
            "of": former and str(former),
            "proposed_by": one.proposed_by,
            "proposed_at": one.proposed_at,
            "approved_by": one.approved_by,
            "approved_at": one.approved_at,
            "rejected_by": one.rejected_by,
            "applied_by": one.applied_by,
            "ended_at": one.ended_at,
            "reason": one.reason,
        }
        text = one.diff
    if as_json:
        return screen.give({**facts, "diff": text})
    screen.say(Phrase("{change} : {state}. {effect}", "{change}: {state}. {effect}"), **facts)
    for fact, told in _TOLD.items():
        if facts[fact]:
            under_way = fact == "applied_by" and facts["ended_at"] is None
            screen.say(_UNDER_WAY if under_way else told, **facts)
    screen.diff(text)
    then = _THEN.get(str(facts["state"]))
    return screen.say(then, **facts) if then else None


@commands.command("list", help=help_of("Les derniers changements", "The latest changes"))
def list_(
    target: Annotated[
        str,
        typer.Option(
            metavar="vpn/wireguard",
            help=help_of("d'une machine, ou d'une part", "of a machine, or one part"),
        ),
    ] = "",
    limit: Annotated[int, typer.Option(min=1, max=1000, help=help_of("au plus", "at most"))] = 20,
    as_json: Json = False,
) -> None:
    """The latest changes, the newest first: all, or the history of one target."""
    from inventory import devices
    from provisioning import changes
    from provisioning.models import ChangeState

    name, _, artifact = target.partition("/")
    with looking() as session:
        machine = devices.find_device(session, name) if name else None
        found = [
            {
                "change": str(one),
                "target": f"{device}/{one.artifact}",
                "state": ChangeState(one.state),
                "proposed_by": one.proposed_by,
                "proposed_at": one.proposed_at,
                "reason": one.reason,
            }
            for one, device in changes.list_changes(session, device=machine, artifact=artifact, limit=limit)
        ]
    if as_json:
        return screen.give(found)
    if not found:
        return screen.say(
            Phrase(
                "Aucun changement ici. Faire le plan : essaim change plan",
                "No change here. To plan: essaim change plan",
            )
        )
    columns = (
        Phrase("numéro", "number"),
        Phrase("machine", "machine"),
        Phrase("état", "state"),
        Phrase("par", "by"),
        Phrase("quand", "when"),
        Phrase("raison", "reason"),
    )
    screen.table(columns, [tuple(one.values()) for one in found])
    return screen.say(
        Phrase("Voir un changement : essaim change show {first}", "To see a change: essaim change show {first}"),
        first=found[0]["change"],
    )


@commands.command(
    help=help_of("Approuver : essaim change approve C0042, ou --all", "Approve: essaim change approve C0042, or --all")
)
def approve(
    numbers: Annotated[list[str] | None, typer.Argument(metavar="C0042…")] = None,
    every: Annotated[
        bool, typer.Option("--all", help=help_of("tous ceux qui sont prévus", "all that are planned"))
    ] = False,
    why: Why = "",
) -> None:
    """Say that changes may be applied."""
    from provisioning import changes

    with writing(why) as (session, deed):
        chosen = (
            changes.planned(session) if every else [changes.find_change(session, number) for number in numbers or ()]
        )
        for one in chosen:
            changes.approve(session, deed, one)
        names = [str(one) for one in chosen]
    if not names:
        return screen.say(
            Phrase(
                "Rien à approuver. Faire le plan : essaim change plan",
                "Nothing to approve. To plan: essaim change plan",
            )
        )
    return screen.say(
        Phrase(
            "Approuvé : {names}. L'appliquer : essaim change apply", "Approved: {names}. To apply: essaim change apply"
        ),
        names=names,
    )


@commands.command(help=help_of("Appliquer ce qui est approuvé", "Apply what is approved"))
def apply(
    numbers: Annotated[list[str] | None, typer.Argument(metavar="C0042…")] = None,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Apply approved changes: those named, else all."""
    from provisioning import apply as applying
    from provisioning import changes, effects

    opened = store()
    with looking() as session:
        chosen = [changes.find_change(session, number) for number in numbers] if numbers else changes.approved(session)
        names, effect = [str(one) for one in chosen], effects.total(changes.effect_of(one) for one in chosen)
    if not names:
        return screen.say(
            Phrase(
                "Rien d'approuvé à appliquer. Approuver ce qui est prévu : essaim change approve --all",
                "Nothing approved to apply. To approve what is planned: essaim change approve --all",
            )
        )
    question = Phrase("{names} : {effect} Appliquer ?", "{names}: {effect} Apply?")
    if not as_json and not screen.confirm(question, yes=yes, names=names, effect=effects.words(effect)):
        return screen.say(Phrase("Rien n'a été changé.", "Nothing was changed."))
    with screen.progress(Phrase("Les changements s'appliquent", "Applying the changes"), len(names)) as bar:
        done = applying.apply(opened, settings(), act(opened), names, lambda _: bar.advance(bar.task_ids[0]))
    if as_json:
        screen.give(
            [{**screen.plain(one), "problem": one.problem and one.problem.sentence(screen.language())} for one in done]
        )
    else:
        for one in done:
            if one.problem is None:
                screen.say(
                    Phrase("✓ {change} appliqué sur {target}.", "✓ {change} applied on {target}."),
                    change=one.change,
                    target=one.target,
                )
            else:
                screen.say(
                    Phrase("✗ {change} : {reason}", "✗ {change}: {reason}"),
                    change=one.change,
                    reason=one.problem.sentence(screen.language()),
                )
        went = next((one.change for one in done if one.problem is None), None)
        if went is not None:
            screen.say(_BACK, change=went)
    return _end(next((one.problem for one in done if one.problem), None))


def show_planned(one: Planned, *, most: int | None = None) -> None:
    """One target of a plan: agreed, its diff under its effect in words, or why it could not be looked at.

    Of a diff longer than `most` rows the rest is a command away.
    """
    from provisioning import effects

    for each in one.works:
        told = each.say(screen.language())
        screen.say(Phrase("▲ {target} : {told}", "▲ {target}: {told}"), target=one.target, told=told)
    for remark in one.remarks:
        screen.say(Phrase("▲ {target} : {told}", "▲ {target}: {told}"), target=one.target, told=remark)
    if one.problem is not None:
        return screen.say(
            Phrase("? {target} : {reason}", "? {target}: {reason}"),
            target=one.target,
            reason=one.problem.sentence(screen.language()),
        )
    if one.change is None:
        return screen.say(Phrase("= {target} : rien à changer.", "= {target}: nothing to change."), target=one.target)
    screen.say(
        Phrase("± {target} ({change}) : {effect} Lignes : {lines}.", "± {target} ({change}): {effect} Lines: {lines}.")
        if one.lines
        else Phrase("± {target} ({change}) : {effect}", "± {target} ({change}): {effect}"),
        target=one.target,
        change=one.change,
        effect=effects.words(one.effect),
        lines=effects.some(one.lines),
    )
    rows = one.diff.splitlines()
    if one.approved:
        screen.say(Phrase("  La règle changes.alone l'approuve.", "  The rule changes.alone approves it."))
    screen.diff("\n".join(rows[:most]))
    if most is not None and len(rows) > most:
        more = Phrase(
            "  … {count} lignes de plus : essaim change show {change}", "  … {count} more: essaim change show {change}"
        )
        screen.say(more, count=len(rows) - most, change=one.change)
    return None


_BACK: Final = Phrase(
    "Revenir à ce qu'il y avait avant l'un d'eux : essaim change revert {change}",
    "To go back to what was there before one of them: essaim change revert {change}",
)
_NO_MACHINE: Final = Phrase(
    "Aucune machine à configurer : l'inventaire n'en a pas encore.",
    "No machine to configure: the inventory has none yet.",
)
_NONE_TOUCHED: Final = Phrase(
    "Aucune machine n'en porte la marque. Toutes : essaim change plan",
    "No machine bears its mark. All of them: essaim change plan",
)


def _what_next(found: list[Planned], *, some: bool) -> None:
    """The command that comes after a plan."""
    if not found:
        screen.say(_NONE_TOUCHED if some else _NO_MACHINE)
    if any(one.change and not one.approved for one in found):
        screen.say(Phrase("Approuver : essaim change approve --all", "To approve: essaim change approve --all"))
    elif any(one.change for one in found):
        screen.say(Phrase("Appliquer : essaim change apply", "To apply: essaim change apply"))


def _end(problem: EssaimError | None) -> None:
    if problem is not None:
        raise typer.Exit(problem.exit_status)
