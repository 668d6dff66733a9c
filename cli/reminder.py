"""`essaim reminder`: kind words to whoever is late; nothing is ever cut."""

from __future__ import annotations

from typing import Annotated, Any, Final

import typer

from cli import screen
from cli.amounts import Member
from cli.door import Json, Why, Yes, help_of, noun, settings, writing
from foundation.speech import Phrase

commands = noun("Les rappels : quelques mots, jamais une coupure", "Reminders: kind words, and nothing is ever cut")

_PLANNED: Final = {
    "day": Phrase("le", "on"),
    "member": Phrase("membre", "member"),
    "name": Phrase("nom", "name"),
    "tone": Phrase("ton", "tone"),
    "cents": Phrase("doit", "owes"),
    "since": Phrase("depuis", "since"),
    "to": Phrase("à", "to"),
}
_NOT_NOW: Final = {
    "member": Phrase("membre", "member"),
    "name": Phrase("nom", "name"),
    "cents": Phrase("doit", "owes"),
    "since": Phrase("depuis", "since"),
    "why": Phrase("pas de mail, parce que", "no mail, because"),
    "until": Phrase("jusqu'au", "until"),
}


@commands.command(
    help=help_of("Ce qui partira : essaim reminder calendar --weeks 4", "What will go out: … calendar --weeks 4")
)
def calendar(
    weeks: Annotated[int, typer.Option(min=0, max=52, help=help_of("semaines à venir", "weeks to come"))] = 4,
    as_json: Json = False,
) -> None:
    """What goes out in the weeks to come, and who is left in peace and why."""
    from desk import reminding

    with writing(keep=False) as (session, act):
        found = reminding.calendar(session, act, weeks)
    if as_json:
        return screen.give(found)
    screen.listing(
        found.planned,
        _PLANNED,
        as_json=False,
        empty=Phrase(
            "Aucun rappel à envoyer d'ici {weeks} semaines. Qui doit quoi : essaim dues late",
            "No reminder to send within {weeks} weeks. Who owes what: essaim dues late",
        ),
        then=Phrase(
            "Rien ne part tout seul : essaim reminder send. Donner du temps : essaim reminder hold M0042 --until "
            "2026-12-31",
            "Nothing leaves by itself: essaim reminder send. To give time: essaim reminder hold M0042 --until "
            "2026-12-31",
        ),
        weeks=weeks,
    )
    if found.not_now:
        _table(_NOT_NOW, found.not_now)
    return None


@commands.command(
    help=help_of("Envoyer les rappels du jour : essaim reminder send", "Send today's reminders: essaim reminder send")
)
def send(yes: Yes = False, why: Why = "", as_json: Json = False) -> None:
    """Show who would be written to today, and write to them."""
    from cli.door import act, store
    from desk import reminding

    with writing(keep=False) as (session, deed):
        today = reminding.today(session, deed).planned
    if not as_json:
        screen.listing(
            today,
            _PLANNED,
            as_json=False,
            empty=Phrase(
                "Personne à qui écrire aujourd'hui. La suite : essaim reminder calendar",
                "Nobody to write to today. What comes: essaim reminder calendar",
            ),
            then=Phrase("{count} rappel(s) à envoyer.", "{count} reminder(s) to send."),
        )
    if (not today and not as_json) or not screen.confirm(Phrase("Les envoyer ?", "Send them?"), yes=yes or as_json):
        return
    opened = store()
    done = reminding.send(opened, settings(), act(opened, why))
    if as_json:
        screen.give([{"member": one.member, "tone": one.tone, "cents": one.cents} for one in done.letters])
    else:
        screen.say(
            Phrase(
                "{count} rappel(s) envoyé(s). Personne n'en reçoit deux en quinze jours.",
                "{count} reminder(s) sent. Nobody gets two within a fortnight.",
            ),
            count=len(done.letters),
        )
    if done.untold is not None:
        screen.complain(done.untold.sentence(screen.language()))
    return


@commands.command(
    help=help_of(
        "Donner du temps : essaim reminder hold M0042 --until 2026-12-31",
        "Give time: essaim reminder hold M0042 --until 2026-12-31",
    )
)
def hold(
    member: Member,
    until: Annotated[str, typer.Option("--until", metavar="2026-12-31", help=help_of("jusqu'au", "until that day"))],
    why: Why = "",
    as_json: Json = False,
) -> None:
    """Nobody writes to this member about money until that day."""
    from billing.payments import payer
    from billing.reminding.reminders import give_time
    from cli.amounts import day_of

    with writing(why) as (session, act):
        who = payer(session, member)
        made = give_time(session, act, who, day_of(until, act))
        number, day = str(who), made.until
    if as_json:
        return screen.give({"member": number, "until": day})
    return screen.say(
        Phrase(
            "{member} ne reçoit aucun rappel avant le {until}. Qui est dans ce cas : essaim reminder calendar",
            "{member} gets no reminder before {until}. Who else is left in peace: essaim reminder calendar",
        ),
        member=number,
        until=day,
    )


def _table(columns: dict[str, Phrase], rows: Any) -> None:
    shown = [name for name in columns if any(getattr(one, name) is not None for one in rows)]
    screen.table([columns[name] for name in shown], [[getattr(one, name) for name in shown] for one in rows])
