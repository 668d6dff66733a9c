"""`essaim alert`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli import alert_webhook, screen
from cli.door import After, Json, Why, act, help_of, noun, settings, store
from foundation.speech import Phrase

if TYPE_CHECKING:
    from desk.alerting import Watched
    from monitoring.alerts.state import AlertView

commands = noun("Les alertes", "Alerts")
commands.add_typer(alert_webhook.commands, name="webhook")

Number = Annotated[str, typer.Argument(metavar="A0001")]

_BEHIND = Phrase("à cause de {number}", "because of {number}")
_WORKS = Phrase("travaux {number}", "works {number}")
_TAKEN = Phrase("{by} s'en charge : {why}", "{by} is on it: {why}")
_ENDED = Phrase("finie le {until}", "over on {until}")


@commands.command("list", help=help_of("Ce qui ne va pas : essaim alert list", "What is wrong: essaim alert list"))
def list_(
    every: Annotated[
        bool, typer.Option("--all", help=help_of("aussi celles qui sont finies", "those that are over, too"))
    ] = False,
    after: After = 0,
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 200,
    as_json: Json = False,
) -> None:
    """Alerts by number, and whether everyone can be told."""
    from desk import alerting

    here = settings()
    store()
    found = alerting.listed(here, ended=every, after=after, limit=limit)
    if as_json:
        return screen.give(found)
    for one in alerting.failing(here):
        screen.complain(
            Phrase(
                "✗ {way} : personne n'est prévenu par là depuis le {since} ({reason}). C'est réessayé à chaque relevé.",
                "✗ {way}: nobody is told that way since {since} ({reason}). It is tried again at each round.",
            ).say(screen.language(), way=one.way, since=one.since, reason=one.reason)
        )
    screen.listing(
        [_row(one) for one in found],
        {
            "number": Phrase("alerte", "alert"),
            "severity": Phrase("", ""),
            "words": Phrase("quoi", "what"),
            "since": Phrase("depuis", "since"),
            "note": Phrase("note", "note"),
        },
        as_json=False,
        empty=Phrase(
            "Aucune alerte. Ce qui en donnerait : essaim alert rules",
            "No alert. What would raise one: essaim alert rules",
        ),
        then=Phrase(
            'Alertes : {count}. S\'en charger : essaim alert ack {first} --why "…"',
            'Alerts: {count}. To take charge of one: essaim alert ack {first} --why "…"',
        ),
    )
    return screen.more("essaim alert list", [one.number for one in found], limit)


@commands.command(
    help=help_of(
        'S\'en charger : essaim alert ack A0001 --why "je vais voir"',
        'Take charge: essaim alert ack A0001 --why "going to look"',
    )
)
def ack(number: Number, why: Why = "", as_json: Json = False) -> None:
    """Take charge of an alert; the others see who, and why."""
    from desk import alerting

    opened = store()
    taken = alerting.take(opened, settings(), act(opened, why), number)
    if as_json:
        return screen.give(taken)
    return screen.say(
        Phrase(
            "{number} : {by} s'en charge. Elle finira d'elle-même une fois réparée : essaim alert list",
            "{number}: {by} is on it. It ends by itself once mended: essaim alert list",
        ),
        number=taken.number,
        by=taken.taken_by,
    )


@commands.command(help=help_of("Les règles en vigueur : essaim alert rules", "The rules in force: essaim alert rules"))
def rules() -> None:
    """The rules in force, as a file that may be changed."""
    from monitoring.alerts.rules import FILE, read_rules, written

    here = settings()
    screen.line(written(read_rules(here.var)).rstrip("\n"))
    screen.complain(
        Phrase(
            "Pour en changer : {file} ; d'abord essaim alert check-rules {file}",
            "To change some: {file}; first essaim alert check-rules {file}",
        ).say(screen.language(), file=here.var / FILE)
    )


@commands.command("check-rules", help=help_of("Vérifier un fichier de règles", "Check a file of rules"))
def check_rules(
    file: Annotated[Path, typer.Argument(metavar="FILE.toml", exists=True, dir_okay=False, readable=True)],
) -> None:
    """Read a rules file as it would be read, and say what it changes."""
    from monitoring.alerts.rules import check_rules, default_rules

    checked, usual = check_rules(file).named(), default_rules().named()
    changed = sorted(name for name, one in checked.items() if usual.get(name) != one)
    off = sorted(usual.keys() - checked.keys())
    screen.say(
        Phrase(
            "{file} se lit bien. Règles : {count} ; changées ou nouvelles : {changed} ; arrêtées : {off}.",
            "{file} reads well. Rules: {count}; changed or new: {changed}; switched off: {off}.",
        ),
        file=file,
        count=len(checked),
        changed=changed or "-",
        off=off or "-",
    )


@commands.command(
    help=help_of(
        "Juger ce qui est su, sans relever : essaim alert evaluate",
        "Judge what is known, without polling: essaim alert evaluate",
    )
)
def evaluate(as_json: Json = False) -> None:
    """Judge what the latest round said, and tell what there is to tell; `essaim poll` ends with this."""
    from desk import alerting
    from foundation import clock

    watched = alerting.watch(store(), settings(), clock.now())
    if as_json:
        return screen.give({"open": watched.open, "told": watched.told, "mended": watched.mended})
    return say(watched)


def say(watched: Watched) -> None:
    """What a cycle leaves open, in a sentence."""
    if watched.bad_rules is not None:
        screen.complain(watched.bad_rules.sentence(screen.language()))
    if watched.open:
        screen.say(
            Phrase(
                "Alertes ouvertes : {count}. Les voir : essaim alert list",
                "Open alerts: {count}. To see them: essaim alert list",
            ),
            count=len(watched.open),
        )
    else:
        screen.say(Phrase("Aucune alerte.", "No alert."))


def _row(one: AlertView) -> dict[str, Any]:
    language = screen.language()
    notes = [
        _BEHIND.say(language, number=one.behind) if one.behind else "",
        _WORKS.say(language, number=one.works) if one.works else "",
        _TAKEN.say(language, by=one.taken_by, why=one.taken_why) if one.taken_by else "",
        _ENDED.say(language, until=one.until) if one.until else "",
    ]
    return {
        "number": one.number,
        "severity": one.severity,
        "words": one.words,
        "since": one.since,
        "note": " ; ".join(filter(None, notes)),
    }
