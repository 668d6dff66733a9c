"""`essaim incident`."""

from __future__ import annotations

from typing import Annotated

import typer

from cli import screen
from cli.door import After, Json, Why, help_of, looking, noun, writing
from cli.works import Every, Limit, On, TitleEn, Words, WordsEn, listed, shown
from foundation.speech import Phrase

commands = noun("Les incidents", "Incidents")

Number = Annotated[str, typer.Argument(metavar="I0001")]
Told = Annotated[str, typer.Argument(help=help_of("ce que les membres liront", "what members will read, in French"))]


@commands.command(
    "open",
    help=help_of(
        "Dire qu'il se passe quelque chose : essaim incident open 'Collecte ADSL coupée' --on offer:adsl",
        "Say that something is wrong: essaim incident open 'Collecte ADSL coupée' --on offer:adsl",
    ),
)
def open_(
    title: Annotated[str, typer.Argument(help=help_of("le titre, en français", "the title, in French"))],
    on: On,
    since: Annotated[
        str | None,
        typer.Option(metavar="2026-11-22T14:02", help=help_of("depuis, sinon maintenant", "since, else now")),
    ] = None,
    title_en: TitleEn = None,
    words: Words = None,
    words_en: WordsEn = None,
    why: Why = "",
    as_json: Json = False,
) -> None:
    """Say that something is wrong."""
    from foundation import clock
    from inventory import works
    from inventory.views.works import view

    wording = works.Wording(title, title_en or "", words or "", words_en or "")
    with writing(why) as (session, act):
        begun = clock.parse(since) if since else None
        one = view(works.open_incident(session, act, works.find_subjects(session, on), wording, begun), act.at)
    if as_json:
        return screen.give(one)
    return screen.say(
        Phrase(
            "{number} : ouvert sur {subjects} ; qui cela concerne le voit. La suite : essaim incident note {number} "
            '"…", puis essaim incident close {number} "…"',
            "{number}: open on {subjects}; whom it concerns sees it. Next: essaim incident note {number} "
            '"…", then essaim incident close {number} "…"',
        ),
        number=one.number,
        subjects=one.subjects,
    )


@commands.command(
    help=help_of(
        'Des nouvelles : essaim incident note I0001 "…"', 'News: essaim incident note I0001 "…" --words-en "…"'
    )
)
def note(
    number: Number,
    words: Told,
    words_en: Annotated[str, typer.Option("--words-en", help=help_of("en anglais", "in English"))] = "",
    why: Why = "",
) -> None:
    """Tell the latest."""
    from inventory import works

    with writing(why) as (session, act):
        found = works.find_incident(session, number)
        works.note_incident(session, act, found, words, words_en)
        name = str(found)
    screen.say(
        Phrase(
            '{number} : dit. Pour le clore : essaim incident close {number} "…"',
            '{number}: told. To close it: essaim incident close {number} "…"',
        ),
        number=name,
    )


@commands.command(
    help=help_of(
        'Clore : essaim incident close I0001 "Un câble était débranché."',
        'Close: essaim incident close I0001 "Un câble était débranché." --words-en "A cable was unplugged."',
    )
)
def close(
    number: Number,
    words: Told,
    words_en: Annotated[str, typer.Option("--words-en", help=help_of("en anglais", "in English"))] = "",
    why: Why = "",
) -> None:
    """It is over: closed, in words for members."""
    from inventory import works

    with writing(why) as (session, act):
        found = works.find_incident(session, number)
        works.close_incident(session, act, found, words, words_en)
        name, since, until = str(found), found.since, found.until
    screen.say(
        Phrase(
            "{number} : clos ; il a duré du {since} au {until}. Le relire : essaim incident show {number}",
            "{number}: closed; it lasted from {since} to {until}. To read it over: essaim incident show {number}",
        ),
        number=name,
        since=since,
        until=until,
    )


@commands.command("list", help=help_of("Les incidents en cours", "Incidents under way"))
def list_(every: Every = False, after: After = 0, limit: Limit = 200, as_json: Json = False) -> None:
    """Incidents by number."""
    from inventory.models.works import WorksKind

    empty = Phrase(
        "Aucun incident. En ouvrir un : essaim incident open TITRE --on device:MACHINE",
        "No incident. To open one: essaim incident open TITLE --on device:MACHINE",
    )
    then = Phrase(
        "Incidents : {count}. En voir un : essaim incident show {first}",
        "Incidents: {count}. To see one: essaim incident show {first}",
    )
    listed(
        WorksKind.INCIDENT, "essaim incident list", empty, then, every=every, after=after, limit=limit, as_json=as_json
    )


@commands.command(help=help_of("Un incident : essaim incident show I0001", "An incident: essaim incident show I0001"))
def show(number: Number, as_json: Json = False) -> None:
    """One incident with all that was told."""
    from foundation import clock
    from inventory import works
    from inventory.views.works import view

    with looking() as session:
        one = view(works.find_incident(session, number), clock.now())
    shown(one, as_json=as_json)
