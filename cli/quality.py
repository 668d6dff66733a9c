"""`essaim line quality`: how a line carries, where its member agreed; `essaim poll quality`: what measures it."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Annotated, Final

import typer

from cli import screen
from cli.door import Json, Why, act, help_of, settings, store
from foundation.errors import Invalid
from foundation.speech import Phrase

if TYPE_CHECKING:
    from desk.quality import Listened, QualityView

Number = Annotated[str, typer.Argument(metavar="L0042")]

_COLUMNS: Final = (
    Phrase("famille", "family"),
    Phrase("perdus", "lost"),
    Phrase("médiane", "median"),
    Phrase("95e centile", "95th percentile"),
    Phrase("99e centile", "99th percentile"),
    Phrase("au pire", "at worst"),
)


class AgreeOrWithdraw(Invalid):
    """Both at once."""

    kind = "agree-or-withdraw"
    phrase = Phrase(
        "--agree ou --withdraw, pas les deux. Rien n'a été changé.",
        "--agree or --withdraw, not both. Nothing was changed.",
    )


def register_line(commands: typer.Typer) -> None:
    """Put it among the verbs on lines."""
    commands.command(
        help=help_of(
            "Comment elle passe, si son membre l'accepte : essaim line quality L0042",
            "How well it carries, where its member agrees: essaim line quality L0042",
        )
    )(quality)


def register_poll(commands: typer.Typer) -> None:
    """Put what measures among what polls."""
    commands.command(
        "quality",
        help=help_of(
            "Mesurer les lignes qui l'acceptent : essaim poll quality",
            "Measure the lines that agreed: essaim poll quality",
        ),
    )(measure)


def quality(
    number: Number,
    agree: Annotated[
        bool,
        typer.Option("--agree", help=help_of("le membre accepte qu'on la mesure", "the member lets it be measured")),
    ] = False,
    withdraw: Annotated[
        bool,
        typer.Option("--withdraw", help=help_of("il ne l'accepte plus : tout est effacé", "no more: all is deleted")),
    ] = False,
    last: Annotated[
        str, typer.Option(metavar="7d", help=help_of("24h, 7d, 4w, 3m, 1y", "24h, 7d, 4w, 3m, 1y"))
    ] = "24h",
    why: Why = "",
    as_json: Json = False,
) -> None:
    """How a line carries; whether it may be measured."""
    from desk import quality as lines
    from monitoring.embedded import open_series

    if agree and withdraw:
        raise AgreeOrWithdraw
    opened = store()
    who = act(opened, why)
    with closing(open_series(settings())) as series:
        if agree:
            return _agreed(lines.agree(opened, who, number))
        if withdraw:
            return _withdrawn(lines.withdraw(opened, series, who, number))
        found = lines.view(opened, series, who, number, last)
    return screen.give(found) if as_json else _tell(found)


def _agreed(line: str) -> None:
    screen.say(
        Phrase(
            "{line} sera mesurée : un écho toutes les dix secondes, tant que tourne essaim poll quality. Revenir "
            "dessus, et tout effacer : essaim line quality {line} --withdraw",
            "{line} will be measured: an echo every ten seconds, while essaim poll quality runs. To take it back and "
            "delete everything: essaim line quality {line} --withdraw",
        ),
        line=line,
    )


def _withdrawn(line: str) -> None:
    screen.say(
        Phrase(
            "{line} n'est plus mesurée, et ce qui l'avait été est effacé. Où elle en est : essaim line status {line}",
            "{line} is measured no more, and what had been is deleted. How it is: essaim line status {line}",
        ),
        line=line,
    )


def _tell(found: QualityView) -> None:
    if found.agreed is None:
        return screen.say(
            Phrase(
                "{line} n'est pas mesurée : {member} n'a pas donné son accord. Avec son accord : "
                "essaim line quality {line} --agree",
                "{line} is not measured: {member} has not agreed. Once they agree: essaim line quality {line} --agree",
            ),
            line=found.line,
            member=found.member,
        )
    if not found.families:
        return screen.say(
            Phrase(
                "Rien n'est encore connu de {line}, mesurée avec l'accord de {member} depuis le {agreed}. Ce qui "
                "mesure : essaim poll quality",
                "Nothing is known yet of {line}, measured as {member} agreed on {agreed}. What measures: "
                "essaim poll quality",
            ),
            line=found.line,
            member=found.member,
            agreed=found.agreed,
        )
    return _table(found)


def _table(found: QualityView) -> None:
    from monitoring.units import figure, shown

    language = screen.language()
    percent, latency = shown("loss", "percent"), shown("latency", "microseconds")

    def milliseconds(value: float | None) -> str:
        return "—" if value is None else figure(value * 1000, latency, language)

    rows = [
        (
            {"ipv4": "IPv4", "ipv6": "IPv6"}[one.family],
            figure(one.loss, percent, language),
            *(milliseconds(value) for value in (one.median, one.ninety_five, one.ninety_nine)),
            figure(one.worst, percent, language),
        )
        for one in found.families
    ]
    screen.say(
        Phrase(
            "{line} depuis le {since} : ce que cinq minutes ont eu, en moyenne ; au pire, le plus d'échos perdus "
            "en cinq minutes.",
            "{line} since {since}: what five minutes had, on average; at worst, the most echoes lost in five minutes.",
        ),
        line=found.line,
        since=found.since,
    )
    screen.table(list(_COLUMNS), rows)
    for one in found.families:
        if one.median is None:
            screen.say(
                Phrase(
                    "{family} : aucun écho n'est jamais revenu. Certaines box n'en rendent pas : cela ne dit rien de "
                    "la ligne.",
                    "{family}: no echo ever came back. Some boxes give none back: that says nothing of the line.",
                ),
                family={"ipv4": "IPv4", "ipv6": "IPv6"}[one.family],
            )
    screen.say(
        Phrase("La dessiner : essaim graph {line} --last 7d", "To draw it: essaim graph {line} --last 7d"),
        line=found.line,
    )


def measure(
    minutes: Annotated[
        int,
        typer.Option(
            metavar="MINUTES",
            min=0,
            max=10_080,
            help=help_of("s'arrêter après, sinon Ctrl-C", "stop after so many, else Ctrl-C"),
        ),
    ] = 0,
) -> None:
    """Listen to the lines whose members agreed, five minutes after five minutes."""
    from desk import quality as lines

    lines.keep_measuring(store(), settings(), _listened, minutes=minutes)


def _listened(told: Listened) -> None:
    """Five minutes in one row."""
    if told.deaf is not None:
        screen.complain(told.deaf.sentence(screen.language()))
    if not told.lines:
        return screen.say(
            Phrase(
                "Aucune ligne à mesurer : personne n'a donné son accord. Avec le sien : "
                "essaim line quality L0042 --agree",
                "No line to measure: nobody has agreed. With their word: essaim line quality L0042 --agree",
            )
        )
    return screen.say(
        Phrase(
            "{at} : {answered} sur {lines} ont répondu (lignes et machines hébergées) ; échos qui n'ont pu partir : "
            "{unsent}.",
            "{at}: {answered} of {lines} answered (lines and hosted machines); echoes that could not leave: {unsent}.",
        ),
        at=told.at,
        answered=told.answered,
        lines=told.lines,
        unsent=told.unsent,
    )
