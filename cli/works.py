"""`essaim works`."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Annotated

import typer

from cli import screen
from cli.door import After, Json, Why, Yes, help_of, looking, noun, writing
from foundation.speech import Phrase

if TYPE_CHECKING:
    from inventory.models.works import WorksKind
    from inventory.views.works import WorksView

commands = noun("Les travaux annoncés", "Works announced")

Number = Annotated[str, typer.Argument(metavar="W0001")]
On = Annotated[
    list[str],
    typer.Option(
        "--on",
        metavar="device:vpn",
        help=help_of(
            "sur quoi, une ou plusieurs fois : site: device: offer: line: pool: wholesaler:",
            "on what, once or more: site: device: offer: line: pool: wholesaler:",
        ),
    ),
]
Since = Annotated[str, typer.Option(metavar="2026-12-03T22:00", help=help_of("début, à Paris", "beginning, in Paris"))]
Until = Annotated[str, typer.Option(metavar="2026-12-03T23:30", help=help_of("fin, à Paris", "end, in Paris"))]
TitleEn = Annotated[str | None, typer.Option("--title-en", help=help_of("le titre en anglais", "the title in English"))]
Words = Annotated[
    str | None, typer.Option("--words", help=help_of("mots pour les membres", "words for members, in French"))
]
WordsEn = Annotated[str | None, typer.Option("--words-en", help=help_of("les mêmes en anglais", "those in English"))]
Every = Annotated[bool, typer.Option("--all", help=help_of("les finis aussi", "those over too"))]
Limit = Annotated[int, typer.Option(min=1, max=1000, help=help_of("au plus", "at most"))]


@commands.command(
    help=help_of(
        "Annoncer : essaim works announce 'Mise à jour du serveur' --on device:vpn --since 2030-12-03T22:00 "
        "--until 2030-12-03T23:30",
        "Announce: essaim works announce 'Mise à jour' --on device:vpn --since 2030-12-03T22:00 "
        "--until 2030-12-03T23:30 --title-en 'Update'",
    )
)
def announce(
    title: Annotated[str, typer.Argument(help=help_of("le titre, en français", "the title, in French"))],
    on: On,
    since: Since,
    until: Until,
    title_en: TitleEn = None,
    words: Words = None,
    words_en: WordsEn = None,
    why: Why = "",
    as_json: Json = False,
) -> None:
    """Announce works to whom they concern."""
    from foundation import clock
    from inventory import works
    from inventory.views.works import view

    wording = works.Wording(title, title_en or "", words or "", words_en or "")
    with writing(why) as (session, act):
        made = works.announce_works(
            session, act, works.find_subjects(session, on), wording, clock.parse(since), clock.parse(until)
        )
        one = view(made, act.at)
    if as_json:
        return screen.give(one)
    return screen.say(
        Phrase(
            "{number} : annoncés du {since} au {until}, sur {subjects}. Qui cela concerne le voit sept jours avant. "
            "Les annuler : essaim works cancel {number}",
            "{number}: announced from {since} to {until}, on {subjects}. Whom it concerns sees it seven days before. "
            "To cancel: essaim works cancel {number}",
        ),
        number=one.number,
        since=one.since,
        until=one.until,
        subjects=one.subjects,
    )


@commands.command(
    help=help_of(
        "Modifier : essaim works change W0001 --until 2030-12-04T00:30",
        "Change: essaim works change W0001 --until 2030-12-04T00:30",
    )
)
def change(
    number: Number,
    title: Annotated[str | None, typer.Option(help=help_of("le titre, en français", "the title, in French"))] = None,
    on: Annotated[
        list[str] | None,
        typer.Option("--on", metavar="device:vpn", help=help_of("sur quoi, à la place", "on what, instead")),
    ] = None,
    since: Annotated[str | None, typer.Option(help=help_of("début, à Paris", "beginning, in Paris"))] = None,
    until: Annotated[str | None, typer.Option(help=help_of("fin, à Paris", "end, in Paris"))] = None,
    title_en: TitleEn = None,
    words: Words = None,
    words_en: WordsEn = None,
    why: Why = "",
) -> None:
    """Change what was announced."""
    from foundation import clock
    from inventory import works
    from inventory.views.works import view

    with writing(why) as (session, act):
        found = works.find_works(session, number)
        works.change_works(
            session,
            act,
            found,
            works.Wording(title, title_en, words, words_en),
            subjects=works.find_subjects(session, on) if on else None,
            since=clock.parse(since) if since else None,
            until=clock.parse(until) if until else None,
        )
        one = view(found, act.at)
    screen.say(
        Phrase(
            "{number} : du {since} au {until}, sur {subjects}. Les voir : essaim works show {number}",
            "{number}: from {since} to {until}, on {subjects}. To see them: essaim works show {number}",
        ),
        number=one.number,
        since=one.since,
        until=one.until,
        subjects=one.subjects,
    )


@commands.command(help=help_of("Annuler : essaim works cancel W0001", "Cancel: essaim works cancel W0001"))
def cancel(number: Number, yes: Yes = False, why: Why = "") -> None:
    """What was announced will not take place, or stops now."""
    from inventory import works

    with looking() as session:
        title = works.find_works(session, number).title_fr
    if not screen.confirm(Phrase("Annuler « {title} » ?", "Cancel “{title}”?"), yes=yes, title=title):
        return screen.say(Phrase("Rien n'a été changé.", "Nothing was changed."))
    with writing(why) as (session, act):
        found = works.find_works(session, number)
        works.cancel_works(session, act, found)
        name = str(found)
    return screen.say(
        Phrase(
            "{number} : annulés, plus personne ne les voit. En annoncer d'autres : essaim works announce",
            "{number}: cancelled, nobody sees them any more. To announce others: essaim works announce",
        ),
        number=name,
    )


@commands.command("list", help=help_of("Les travaux à venir et en cours", "Works to come and under way"))
def list_(every: Every = False, after: After = 0, limit: Limit = 200, as_json: Json = False) -> None:
    """Works by number."""
    from inventory.models.works import WorksKind

    empty = Phrase(
        "Aucuns travaux. En annoncer : essaim works announce TITRE --on device:MACHINE --since … --until …",
        "No works. To announce some: essaim works announce TITLE --on device:MACHINE --since … --until …",
    )
    then = Phrase(
        "Travaux : {count}. En voir : essaim works show {first}",
        "Works: {count}. To see some: essaim works show {first}",
    )
    listed(WorksKind.WORKS, "essaim works list", empty, then, every=every, after=after, limit=limit, as_json=as_json)


@commands.command(help=help_of("Des travaux : essaim works show W0001", "Works: essaim works show W0001"))
def show(number: Number, as_json: Json = False) -> None:
    """Works with all that is said of them."""
    from foundation import clock
    from inventory import works
    from inventory.views.works import view

    with looking() as session:
        one = view(works.find_works(session, number), clock.now())
    shown(one, as_json=as_json)


def listed(
    kind: WorksKind, command: str, empty: Phrase, then: Phrase, *, every: bool, after: int, limit: int, as_json: bool
) -> None:
    """Works or incidents by number."""
    from foundation import clock
    from inventory import works
    from inventory.views.works import view

    at = clock.now()
    with looking() as session:
        found = [view(one, at) for one in works.list_works(session, kind, at, ended=every, after=after, limit=limit)]
    rows = [
        {each.name: getattr(one, each.name) for each in fields(one)} | {"state": one.state.of(kind)} for one in found
    ]
    screen.listing(
        found if as_json else rows,
        {
            "number": Phrase("numéro", "number"),
            f"title_{screen.language()}" if all(one.title_en for one in found) else "title_fr": Phrase(
                "titre", "title"
            ),
            "state": Phrase("état", "state"),
            "since": Phrase("début", "beginning"),
            "until": Phrase("fin", "end"),
            "subjects": Phrase("sur", "on"),
        },
        as_json=as_json,
        empty=empty,
        then=then,
    )
    if not as_json:
        screen.more(command, [one.number for one in found], limit)


def shown(one: WorksView, *, as_json: bool) -> None:
    """Works or an incident: a sentence, the words for members, what was told since."""
    if as_json:
        return screen.give(one)
    french = screen.language() == "fr"
    facts = {
        "number": one.number,
        "title": one.title_fr if french or not one.title_en else one.title_en,
        "state": one.state.of(one.kind),
        "since": one.since,
        "until": one.until,
        "by": one.announced_by,
        "subjects": one.subjects,
    }
    screen.say(
        Phrase(
            "{number}, {title} : {state}, du {since} au {until}.",
            "{number}, {title}: {state}, from {since} to {until}.",
        )
        if one.until
        else Phrase("{number}, {title} : {state} depuis le {since}.", "{number}, {title}: {state} since {since}."),
        **facts,
    )
    screen.say(Phrase("Sur {subjects}, dit par {by}.", "On {subjects}, said by {by}."), **facts)
    for fr, en in ((one.words_fr, one.words_en), *((note.words_fr, note.words_en) for note in one.notes)):
        if fr:
            screen.line(fr if french or not en else en)
    return None
