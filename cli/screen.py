"""What the terminal shows: a sentence, then a table where there is more than one thing. Progress on standard error."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import sys
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final
from unicodedata import category

from foundation.speech import Language, Phrase, language_of_environment, written

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress

COMMAND: Final = re.compile(r"(?:ESSAIM_\w+=\S+ )?\S*essaim [a-z]+.*$", re.MULTILINE)
_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Unicode's control, format and surrogate characters, and its own ends of line."""


def language() -> Language:
    """The reader's language."""
    return language_of_environment()


def say(phrase: Phrase, /, **values: object) -> None:
    """One sentence on standard output."""
    line(phrase.say(language(), **values))


def harmless(text: str) -> str:
    """A text in which nothing moves the cursor, colours the screen or turns writing round: it may be a machine's."""
    return "".join("\ufffd" if category(sign) in _UNSEEN and sign not in "\n\t" else sign for sign in text)


def line(text: str) -> None:
    """A sentence that is said already. On a terminal it folds between words; to a file or a program it goes whole."""
    shown = harmless(text)
    print(folded(shown, shutil.get_terminal_size().columns) if sys.stdout.isatty() else shown)  # noqa: T201 - here alone


def drawn(row: str) -> None:
    """A row of a drawing: never folded."""
    print(harmless(row))  # noqa: T201


def folded(text: str, width: int) -> str:
    """A text in rows of `width`. What is to be copied stays in one piece: an address, the command that comes next."""
    whole = COMMAND.sub(lambda found: found[0].replace(" ", "\0"), text)
    rows = (
        textwrap.fill(
            row,
            width,
            subsequent_indent=" " * (len(row) - len(row.lstrip()) + 2),
            break_long_words=False,
            break_on_hyphens=False,
        )
        for row in whole.splitlines() or [""]
    )
    return "\n".join(rows).replace("\0", " ")


def volume(octets: int) -> str:
    """An amount of data, as the reader writes it."""
    from foundation import speech

    return speech.volume(octets, language())


def figure(value: float) -> str:
    """A number with one decimal, as the reader writes it."""
    from babel.numbers import format_decimal

    return str(format_decimal(value, "#,##0.0", locale=language()))


def more(command: str, numbers: Sequence[str], limit: int) -> None:
    """Where the next page of a listing is, when this one is full."""
    if len(numbers) == limit:
        say(
            Phrase("La suite : {command} --after {last}", "More: {command} --after {last}"),
            command=command,
            last=int(numbers[-1][1:]),
        )


def more_names(command: str, names: Sequence[str], limit: int) -> None:
    """Where the next page is, of a listing that goes by name."""
    if len(names) == limit:
        say(Phrase("La suite : {command} --after '{last}'", "More: {command} --after '{last}'"),
            command=command, last=names[-1])  # fmt: skip


def complain(sentence: str) -> None:
    """One sentence on standard error."""
    shown = harmless(sentence)
    if sys.stderr.isatty():
        shown = folded(shown, shutil.get_terminal_size().columns)
    print(shown, file=sys.stderr)  # noqa: T201


def plain(value: object) -> Any:
    """A value as `--json` gives it: instants in ISO 8601, money in cents, durations in seconds, prefixes as text."""
    if isinstance(value, Phrase):
        return value.say(language())
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if value is None or isinstance(value, bool | float | str):
        return value
    if isinstance(value, timedelta):
        return int(value.total_seconds())
    if isinstance(value, int):
        return int(value)
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def give(value: object) -> None:
    """What a program asked for with `--json`."""
    print(json.dumps(plain(value), ensure_ascii=False, indent=2))  # noqa: T201


def table(columns: Sequence[Phrase], rows: Sequence[Sequence[object]]) -> None:
    """Rows under their headings, as light as can be."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    drawn = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for column in columns:
        drawn.add_column(column.say(language()), overflow="fold")
    for row in rows:
        drawn.add_row(*(Text(harmless(str(written(cell, language())))) if cell is not None else "" for cell in row))
    _console().print(drawn)


def listing(
    found: Sequence[Any],
    columns: Mapping[str, Phrase],
    *,
    as_json: bool,
    empty: Phrase,
    then: Phrase,
    **values: object,
) -> None:
    """What a listing shows: `found` (dataclasses or mappings, alike) as a table of `columns`, then what comes next.

    `columns` are fields and their headings; a column that is empty everywhere is left out. `empty` is said where
    there is nothing, and teaches how to begin. `then` is the last sentence: its {count} is how many there are, its
    {first} what the first row is called, as one types it.
    With `as_json` every field is given, and nothing else is said.
    """
    if as_json:
        return give(list(found))
    if not found:
        return say(empty, **values)
    rows = [one if isinstance(one, Mapping) else {name: getattr(one, name) for name in columns} for one in found]
    shown = [name for name in columns if any(row[name] not in (None, "", (), []) for row in rows)]
    table([columns[name] for name in shown], [tuple(row[name] for name in shown) for row in rows])
    return say(then, **{"count": len(rows), "first": typed(str(rows[0][shown[0]])), **values})


def typed(name: str) -> str:
    """A name as it is typed in a command."""
    return shlex.quote(name) if re.search(r"[^\w./:@+-]", name) else name


def diff(text: str) -> None:
    """A diff that reads like a diff: what goes in red, what comes in green, where in cyan."""
    from rich.text import Text

    colours = {"+": "green", "-": "red", "@": "cyan"}
    console = _console()
    for row in harmless(text).splitlines():
        bold = row.startswith(("+++", "---"))
        console.print(Text("  " + row, style="bold" if bold else colours.get(row[:1], "dim")), soft_wrap=True)


@contextmanager
def progress(title: Phrase, total: int | None = None) -> Iterator[Progress]:
    """A bar on standard error while something long goes on; nothing where that is no terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    bar = Progress(
        SpinnerColumn(), TextColumn("{task.description}"), BarColumn(24), TimeElapsedColumn(),
        console=console, transient=True, disable=not console.is_terminal,
    )  # fmt: skip
    with bar:
        bar.add_task(title.say(language()), total=total)
        yield bar


def asks(*, yes: bool) -> bool:
    """Whether a person is there to be asked: what is shown only for that is left out otherwise."""
    return not yes and sys.stdin.isatty()


def confirm(question: Phrase, *, yes: bool, **values: object) -> bool:
    """Ask, the answer being yes by default; without a terminal, or with `--yes`, nothing waits."""
    if not asks(yes=yes):
        return True
    answer = input(question.say(language(), **values) + (" [O/n] " if language() == "fr" else " [Y/n] "))
    return answer.strip().lower() in ("", "o", "oui", "y", "yes")


def _console() -> Console:
    from rich.console import Console

    class Screen(Console):
        def on_broken_pipe(self) -> None:
            raise BrokenPipeError  # rich itself would end the program with 1: `essaim member list | head` is no failure

    # Piped output is for programs and files: never cut or wrapped there.
    return Screen(highlight=False, width=None if sys.stdout.isatty() else 10_000)
