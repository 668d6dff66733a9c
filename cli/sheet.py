"""What `--help` looks like: the library's page in the reader's language, tight enough for one screen."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, TypeVar

import typer
from typer._click.core import Command  # no public base of both kinds of command
from typer._click.formatting import HelpFormatter
from typer.core import TyperGroup

from cli.screen import language
from foundation.speech import Phrase

_WORDS: Final = {
    "Usage: ": Phrase("Usage : ", "Usage: "),
    "Commands": Phrase("Commandes", "Commands"),
    "Show this message and exit.": Phrase("cette aide", "this help"),
    "[required]": Phrase("[nécessaire]", "[required]"),
    "[default: ": Phrase("[sinon : ", "[default: "),
    "COMMAND [ARGS]...": Phrase("COMMANDE [ARGUMENTS]…", "COMMAND [ARGUMENTS]…"),
    " <str>": Phrase(" …", " …"),
    " <int range>": Phrase(" 20", " 20"),
    " <int>": Phrase(" N", " N"),
    " <path>": Phrase(" FICHIER", " FILE"),
}
_SHORT: Final = {
    "ADDRESS": "ADRESSE",
    "DAEMON": "DÉMON",
    "DAY": "JOUR",
    "DELAY": "DÉLAI",
    "FEED": "ARRIVÉE",
    "FILE": "FICHIER",
    "FILES": "FICHIERS",
    "HOST": "HÔTE",
    "KIND": "TYPE",
    "LINES": "LIGNES",
    "NAME": "NOM",
    "NUMBER": "NUMÉRO",
    "OUTLET": "PRISE",
    "PREFIX": "PRÉFIXE",
    "PURPOSE": "USAGE",
    "RACK": "BAIE",
    "REFERENCE": "RÉFÉRENCE",
    "ROOM": "SALLE",
    "SITE": "LIEU",
    "STATE": "ÉTAT",
    "TITLE": "TITRE",
    "TOWARDS": "VERS",
    "VALUE": "VALEUR",
    "WORD": "MOT",
    "WORDS": "MOTS",
}
"""What stands in capitals for what is to be typed, in French; the code has the English."""

_CAPITALS: Final = re.compile(r"\b[A-Z]{3,}\b")
_EXAMPLE: Final = re.compile(r"\s*:\s*essaim\s.*", re.DOTALL)
_ROOM: Final = 74
"""Of 80 columns, those that a list of commands has for a name and what it is for."""
_BOUNDS: Final = re.compile(r"; \d+<=x<=\d+|  \[\d+<=x<=\d+\]")
Dressed = TypeVar("Dressed", bound=Command)


class Sheet(HelpFormatter):
    """Headings part what belongs apart; nothing else takes an empty row."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """How the command is written."""
        super().write_usage(prog, stand_in(re.sub(r"[{}]|\.\.\.", "", _ours(args))), _ours(prefix or "Usage: "))

    def write_heading(self, heading: str) -> None:
        """A heading after an empty row."""
        self.write("\n")
        super().write_heading(_ours(heading) + ("\N{NO-BREAK SPACE}" if language() == "fr" else ""))

    def write_paragraph(self) -> None:
        """No empty row of its own."""

    def write_dl(self, rows: Sequence[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        """Options or commands, and what each is for."""
        ours = [(stand_in(_ours(term if term[0] == "-" else term.split(" ")[0])), _ours(it)) for term, it in rows]
        super().write_dl(ours, col_max, col_spacing)


class Asked(typer.Context):
    """A command line whose help is such a page."""

    formatter_class = Sheet


def dressed(command: Dressed) -> Dressed:
    """The command and all below it, their help in the reader's language."""
    command.context_class = Asked
    if isinstance(command, TyperGroup):
        widest = max(len(name) for name in command.commands)
        for each in command.commands.values():
            each.short_help = _whole(each.help or "", _ROOM - widest)
            dressed(each)
    return command


def stand_in(text: str) -> str:
    """Words in capitals, which stand for what is to be typed, in the reader's language."""
    return _CAPITALS.sub(lambda found: _SHORT.get(found[0], found[0]), text) if language() == "fr" else text


def _whole(said: str, room: int) -> str:
    """What a command is for, with its example where both fit: half a command teaches nothing."""
    return said if len(said) <= room else _EXAMPLE.sub("", said)


def _ours(text: str) -> str:
    for theirs, words in _WORDS.items():
        text = text.replace(theirs, words.say(language()))
    return _BOUNDS.sub("", text)
