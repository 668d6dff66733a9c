"""`essaim mandate`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cli import screen
from cli.door import After, Json, Why, help_of, looking, noun, writing
from foundation.speech import Phrase

if TYPE_CHECKING:
    from datetime import date

commands = noun("Les mandats : qui fait quoi", "Mandates: who does what")

Number = Annotated[str, typer.Argument(metavar="T0042")]
MemberNumber = Annotated[str, typer.Argument(metavar="M0042")]
Limit = Annotated[int, typer.Option(min=1, max=1000, help=help_of("au plus", "at most"))]

_COLUMNS = {
    "number": Phrase("numéro", "number"),
    "member": Phrase("membre", "member"),
    "name": Phrase("nom", "name"),
    "task": Phrase("tâche", "task"),
    "scope": Phrase("portée", "scope"),
    "since": Phrase("depuis", "since"),
    "until": Phrase("jusqu'au", "until"),
    "state": Phrase("état", "state"),
}

_WAITS = Phrase(
    "{number} attend qu'une autre personne l'appuie ({others}) ; {member} pourra alors « {task} » : "
    "essaim --as {first} mandate second {number}",
    "{number} waits for another person to second it ({others}); {member} may then “{task}”: "
    "essaim --as {first} mandate second {number}",
)
_NOBODY_ELSE = Phrase(
    "{number} attend un appui, mais personne d'autre ne donne de mandats : {member} ne peut pas encore "
    "« {task} ». Que quelqu'un d'autre le puisse : essaim mandate give MEMBRE mandates.give",
    "{number} waits for a second, but nobody else gives mandates: {member} may not “{task}” yet. "
    "Let someone else do so: essaim mandate give MEMBER mandates.give",
)


@commands.command(
    help=help_of(
        "Confier une tâche : essaim mandate give M0042 lines.write --until 2027-11-22",
        "Entrust a task: essaim mandate give M0042 lines.write --until 2027-11-22",
    )
)
def give(
    member: MemberNumber,
    task: Annotated[str, typer.Argument(metavar="lines.write")],
    scope: Annotated[
        str,
        typer.Option(metavar="device:vpn", help=help_of("site: device: offer: pool:", "site: device: offer: pool:")),
    ] = "*",
    since: Annotated[
        str | None, typer.Option(metavar="2026-11-22", help=help_of("sinon ce jour", "else today"))
    ] = None,
    until: Annotated[
        str | None, typer.Option(metavar="2027-11-22", help=help_of("le premier jour sans", "the first day without"))
    ] = None,
    minutes: Annotated[str, typer.Option(help=help_of("lien du compte rendu", "link to the minutes"))] = "",
    why: Why = "",
    as_json: Json = False,
) -> None:
    """Entrust a task to someone."""
    from foundation import clock
    from inventory import mandates, members, rights
    from inventory.models.mandates import MandateState, Task
    from inventory.views.mandates import view

    with writing(why) as (session, act):
        who, founding = members.find_member(session, member), not rights.ever_mandated(session)
        given = mandates.give(
            session, act, who, task, scope=scope, since=_day(since), until=_day(until), minutes=minutes
        )
        shown = view(given, clock.today(act.at))
        others = mandates.seconders(session, given, clock.today(act.at))
    if as_json:
        return screen.give(shown)
    facts = {"number": shown.number, "member": shown.member, "task": Task(shown.task).phrase}
    if shown.state == MandateState.WAITING:
        return screen.say(_WAITS if others else _NOBODY_ELSE, others=others, first=(*others, "")[0], **facts)
    screen.say(
        Phrase("{number} : {member} a pour tâche « {task} ».", "{number}: {member} now has the task “{task}”."), **facts
    )
    if founding:
        return screen.say(
            Phrase(
                "C'était le premier mandat : désormais dites qui vous êtes, essaim --as {member} "
                "mandate give MEMBRE lines.write (ou acting_as dans essaim.toml).",
                "That was the first mandate: from now on say who you are, essaim --as {member} "
                "mandate give MEMBER lines.write (or acting_as in essaim.toml).",
            ),
            **facts,
        )
    return screen.say(Phrase("Ce qui reste fragile : essaim mandate risks", "What is at risk: essaim mandate risks"))


@commands.command(
    help=help_of("Appuyer un mandat : essaim mandate second T0042", "Second a mandate: essaim mandate second T0042")
)
def second(number: Number, why: Why = "") -> None:
    """Say that a mandate may come into force."""
    from inventory import mandates

    with writing(why) as (session, act):
        one = mandates.find_mandate(session, number)
        mandates.second(session, act, one)
        name, member = str(one), str(one.member)
    screen.say(
        Phrase(
            "{mandate} est appuyé : {member} peut s'y mettre. Les mandats : essaim mandate list",
            "{mandate} is seconded: {member} may begin. All mandates: essaim mandate list",
        ),
        mandate=name,
        member=member,
    )


@commands.command(
    help=help_of("Terminer un mandat : essaim mandate end T0042", "End a mandate: essaim mandate end T0042")
)
def end(number: Number, why: Why = "") -> None:
    """A mandate ends today."""
    from inventory import mandates

    with writing(why) as (session, act):
        one = mandates.find_mandate(session, number)
        mandates.end(session, act, one)
        name, member = str(one), str(one.member)
    screen.say(
        Phrase(
            "{mandate} est terminé. Ce qu'il faut transmettre : essaim mandate leave {member}",
            "{mandate} is over. What must be handed over: essaim mandate leave {member}",
        ),
        mandate=name,
        member=member,
    )


@commands.command("list", help=help_of("Qui a quel mandat", "Who holds which mandate"))
def list_(
    member: Annotated[str | None, typer.Option(metavar="M0042", help=help_of("les siens", "theirs"))] = None,
    task: Annotated[
        str | None, typer.Option(metavar="lines.write", help=help_of("ceux de cette tâche", "those of that task"))
    ] = None,
    on: Annotated[str | None, typer.Option(metavar="2026-11-22", help=help_of("à ce jour", "on that day"))] = None,
    ended: Annotated[bool, typer.Option("--ended", help=help_of("les anciens aussi", "past ones too"))] = False,
    after: After = 0,
    limit: Limit = 200,
    as_json: Json = False,
) -> None:
    """Who holds what, in the open."""
    from inventory import mandates, members
    from inventory.views.mandates import view

    day = _day(on) or _today()
    with looking() as session:
        who = members.find_member(session, member) if member is not None else None
        found = [
            view(one, day)
            for one in mandates.list_mandates(
                session, on=day, member=who, task=task, ended=ended, after=after, limit=limit
            )
        ]
    screen.listing(
        found,
        _COLUMNS,
        as_json=as_json,
        empty=Phrase(
            "Aucun mandat ici. En donner un : essaim mandate give MEMBRE {task}",
            "No mandate here. To give one: essaim mandate give MEMBER {task}",
        ),
        then=Phrase(
            "Mandats : {count}. En voir un : essaim mandate show {first}",
            "Mandates: {count}. To see one: essaim mandate show {first}",
        ),
        task=task or "mandates.give",
    )
    if not as_json:
        screen.more("essaim mandate list", [one.number for one in found], limit)


@commands.command(help=help_of("Un mandat : essaim mandate show T0042", "One mandate: essaim mandate show T0042"))
def show(number: Number, as_json: Json = False) -> None:
    """One mandate: who decided it, and where."""
    from inventory import mandates
    from inventory.models.mandates import Task
    from inventory.views.mandates import view

    with looking() as session:
        one = view(mandates.find_mandate(session, number), _today())
    if as_json:
        return screen.give(one)
    facts = {**screen.plain(one), "means": Task(one.task).phrase, "state": one.state, "given_at": one.given_at}
    facts |= {"since": one.since, "until": one.until, "seconded_at": one.seconded_at}
    screen.say(
        Phrase(
            "{number} ({state}) : {member}, {name}, « {means} » ({task}, portée {scope}) depuis le {since}.",
            "{number} ({state}): {member}, {name}, “{means}” ({task}, scope {scope}) since {since}.",
        ),
        **facts,
    )
    if one.until is not None:
        screen.say(Phrase("Jusqu'au {until}.", "Until {until}."), **facts)
    screen.say(Phrase("Donné par {given_by} le {given_at}.", "Given by {given_by} on {given_at}."), **facts)
    if one.seconded_by is not None:
        screen.say(
            Phrase("Appuyé par {seconded_by} le {seconded_at}.", "Seconded by {seconded_by} on {seconded_at}."), **facts
        )
    if one.minutes:
        screen.say(Phrase("Compte rendu : {minutes}", "Minutes: {minutes}"), **facts)
    return screen.say(
        Phrase("Le terminer : essaim mandate end {number}", "To end it: essaim mandate end {number}"), **facts
    )


@commands.command(
    help=help_of("Ce qui ne tient qu'à une personne, ou à personne", "What hangs on one person, or on nobody")
)
def risks(as_json: Json = False) -> None:
    """Tasks nobody or one person alone holds, ends that come near, what waits for someone."""
    from inventory import risks as exposed

    with looking() as session:
        found = exposed.risks(session, _today())
    rows = [
        {**screen.plain(one), "kind": one.kind, "until": one.until, "means": one.task and one.task.phrase}
        for one in found
    ]
    screen.listing(
        found if as_json else rows,
        {
            "kind": Phrase("risque", "risk"),
            "subject": Phrase("sur", "on"),
            "means": Phrase("tâche", "task"),
            "member": Phrase("qui", "who"),
            "until": Phrase("fin", "end"),
        },
        as_json=as_json,
        empty=Phrase(
            "Rien de fragile : chaque tâche a au moins deux personnes. Les mandats : essaim mandate list",
            "Nothing at risk: every task has two people at least. All mandates: essaim mandate list",
        ),
        then=Phrase(
            "À consolider : {count}. Confier une tâche : essaim mandate give MEMBRE {task}",
            "To look after: {count}. To entrust a task: essaim mandate give MEMBER {task}",
        ),
        task=next((one.task.value for one in found if one.task), "lines.write"),
    )


@commands.command(help=help_of("Ce qu'une personne transmet en partant", "What someone hands over when they leave"))
def leave(number: MemberNumber, as_json: Json = False) -> None:
    """Print what must be handed over; change nothing."""
    from cli.door import settings
    from desk import handover

    with looking() as session:
        found = handover.handover(session, settings(), number, _today())
    if as_json:
        return screen.give(found)
    for sentence in found.sentences(screen.language()):
        screen.line(sentence)
    return None


@commands.command(help=help_of("Les urgences, et qui les a relues", "Emergencies, and who reviewed them"))
def emergencies(
    waiting: Annotated[bool, typer.Option("--waiting", help=help_of("celles à relire", "those to review"))] = False,
    after: After = 0,
    limit: Limit = 200,
    as_json: Json = False,
) -> None:
    """Who acted without a mandate, when and why."""
    from inventory import emergencies as emergency
    from inventory.views.mandates import view_emergency

    with looking() as session:
        found = [
            view_emergency(one)
            for one in emergency.list_emergencies(session, reviewed=not waiting, after=after, limit=limit)
        ]
    screen.listing(
        found,
        {
            "number": Phrase("numéro", "number"),
            "actor": Phrase("qui", "who"),
            "since": Phrase("depuis", "since"),
            "until": Phrase("jusqu'à", "until"),
            "why": Phrase("pourquoi", "why"),
            "reviewed_by": Phrase("relue par", "reviewed by"),
            "review": Phrase("relecture", "review"),
        },
        as_json=as_json,
        empty=Phrase(
            "Aucune urgence ici. Les mandats : essaim mandate list",
            "No emergency here. All mandates: essaim mandate list",
        ),
        then=Phrase(
            'Urgences : {count}. En relire une : essaim mandate review {first} --why "…"',
            'Emergencies: {count}. To review one: essaim mandate review {first} --why "…"',
        ),
    )
    if not as_json:
        screen.more("essaim mandate emergencies", [one.number for one in found], limit)


@commands.command(
    help=help_of(
        "Relire une urgence : essaim mandate review E0042 --why 'câble changé'",
        "Review an emergency: essaim mandate review E0042 --why 'cable changed'",
    )
)
def review(number: Annotated[str, typer.Argument(metavar="E0042")], why: Why = "") -> None:
    """Say what became of an emergency."""
    from inventory import emergencies as emergency

    with writing(why) as (session, act):
        one = emergency.find_emergency(session, number)
        emergency.review(session, act, one)
        name = str(one)
    screen.say(
        Phrase(
            "{emergency} est relue. Les autres : essaim mandate emergencies --waiting",
            "{emergency} is reviewed. The others: essaim mandate emergencies --waiting",
        ),
        emergency=name,
    )


def _today() -> date:
    from foundation import clock

    return clock.today(clock.now())


def _day(text: str | None) -> date | None:
    from foundation import clock

    return None if text is None else clock.today(clock.parse(text))
