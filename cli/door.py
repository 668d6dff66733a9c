"""How a command enters: which association, who acts, and what a refusal looks like from outside."""

from __future__ import annotations

import os
import re
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.screen import complain, language
from foundation.causes import exhausted, in_words
from foundation.errors import EssaimError, Unavailable
from foundation.speech import Phrase

if TYPE_CHECKING:
    from foundation.acts import Act
    from foundation.database import EssaimSession, Store
    from foundation.settings import Settings

USAGE_STATUS = 2
STOPPED_STATUS = 130

Json = Annotated[bool, typer.Option("--json", help=Phrase("pour les programmes", "for programs").say(language()))]
Yes = Annotated[
    bool, typer.Option("--yes", "-y", help=Phrase("répondre oui à tout", "answer yes to all").say(language()))
]
Why = Annotated[
    str,
    typer.Option(
        "--why", help=Phrase("un mot de pourquoi, gardé au journal", "why, kept in the journal").say(language())
    ),
]

After = Annotated[
    int,
    typer.Option(
        "--after", min=0, max=999_999_999, help=Phrase("après ce numéro", "after this number").say(language())
    ),
]

_NOT_UNDERSTOOD = Phrase(
    "Commande incomprise : {reason}. Aide : {command} --help",
    "Command not understood: {reason}. Help: {command} --help",
)
_MISSING = Phrase("il manque {it}", "{it} is missing")
_BAD_VALUE = Phrase("la valeur de {it} ne convient pas", "the value of {it} will not do")
_NO_OPTION = Phrase("il n'y a pas d'option {it}", "there is no option {it}")
_NO_COMMAND = Phrase("il n'y a pas de commande « {it} »", "there is no command “{it}”")
_FILE_CLOSED = Phrase(
    "Un fichier ne peut être lu ou écrit : {file} ({reason}). Ce qui était fait avant le reste ; "
    "une fois le fichier accessible, recommencez.",
    "A file cannot be read or written: {file} ({reason}). What was done before stays; "
    "once the file can be reached, begin again.",
)
_SYSTEM_REFUSES = Phrase(
    "Cette machine-ci n'en peut plus : {reason}. Ce qui était fait avant le reste ; une fois que cela va mieux, "
    "recommencez.",
    "This very machine cannot go on: {reason}. What was done before stays; once it is better, begin again.",
)
_UNEXPECTED = Phrase(
    "Essaim s'est trompé ({what}) ; ce n'est pas votre faute. Le détail : ESSAIM_DEBUG=1 devant la même commande.",
    "Essaim went wrong ({what}); it is not your fault. For details: ESSAIM_DEBUG=1 before the same command.",
)
_STOPPED = Phrase("Interrompu.", "Interrupted.")

_OPENED = Phrase(
    "Urgence {number} : vous agissez sans mandat jusqu'au {until}. Les personnes mandatées sont prévenues ; "
    "quelqu'un d'autre la relit : essaim mandate review {number} --why \"…\"",
    "Emergency {number}: you act without a mandate until {until}. Everyone who holds a mandate is told; "
    'someone else reviews it: essaim mandate review {number} --why "…"',
)

_stores: list[Store] = []
_acting_as: str | None = None
_emergency: str | None = None


def help_of(french: str, english: str) -> str:
    """A help text in the reader's language."""
    return Phrase(french, english).say(language())


def noun(french: str, english: str) -> typer.Typer:
    """A group of commands on one noun."""
    return typer.Typer(help=help_of(french, english), no_args_is_help=True, rich_markup_mode=None)


def act_as(member: str | None, emergency: str | None = None) -> None:
    """Remember who the person at the terminal says they are (`--as M0042`), and why they act without a mandate.

    Raises WhyNeeded where an emergency is named without a word.
    """
    global _acting_as, _emergency
    _acting_as, _emergency = member, emergency
    if emergency is not None and not emergency.strip():
        from inventory.emergencies import WhyNeeded

        raise WhyNeeded


def settings() -> Settings:
    """The settings of this command's association."""
    from foundation.settings import read_settings

    return read_settings()


def store() -> Store:
    """This command's association, opened."""
    from foundation.database import open_store

    opened = open_store(settings())
    _stores.append(opened)
    return opened


def act(opened: Store, why: str = "") -> Act:
    """Who acts, now: who `--as` names, else who the settings name, else the machine's own account.

    With `--emergency` they act without a mandate from here on, and the others are told.
    Raises NoSuchMember, HasLeft.
    """
    from desk.association import actor
    from foundation import clock
    from foundation.acts import Act

    here = settings()
    who, at = actor(opened, _acting_as or here.acting_as or None), clock.now()
    if _emergency is None:
        return Act(who, at, why)
    _declare(opened, here, Act(who, at, _emergency))
    return Act(who, at, why or _emergency, emergency=True)


def _declare(opened: Store, here: Settings, deed: Act) -> None:
    from desk.emergency import declare

    declared = declare(opened, here, deed)
    if declared.new:
        complain(_OPENED.say(language(), number=declared.number, until=declared.until))
    if declared.untold is not None:
        complain(declared.untold.sentence(language()))


@contextmanager
def writing(why: str = "", *, keep: bool = True) -> Iterator[tuple[EssaimSession, Act]]:
    """One command's transaction and its act: all of it is kept, or nothing.

    Without `keep` it is a preview: everything is done, shown, and undone.
    """
    from foundation.database import transaction

    opened = store()
    deed = act(opened, why)
    with transaction(opened) as session:
        yield session, deed
        if not keep:
            session.rollback()


@contextmanager
def looking() -> Iterator[EssaimSession]:
    """One consistent state of the association, to read."""
    from foundation.database import reading

    with reading(store()) as session:
        yield session


def enter(command: typer.Typer) -> int:
    """Run one command line: its exit status. A refusal is one sentence; no traceback reaches a person."""
    try:
        return _run(command)
    finally:
        while _stores:
            _stores.pop().engine.dispose()


def _run(command: typer.Typer) -> int:
    from typer._click.exceptions import ClickException, NoArgsIsHelpError  # no public base of usage errors

    try:
        outcome = _tree(command)(standalone_mode=False)
    except EssaimError as refused:
        complain(refused.sentence(language()))
        if os.environ.get("ESSAIM_DEBUG") == "1":
            traceback.print_exc()
        return refused.exit_status
    except NoArgsIsHelpError as unsaid:
        complain(unsaid.format_message())
        return USAGE_STATUS
    except ClickException as wrong:
        path = getattr(getattr(wrong, "ctx", None), "command_path", "essaim")
        complain(_NOT_UNDERSTOOD.say(language(), reason=_reason(wrong), command=path))
        return USAGE_STATUS
    except (typer.Abort, KeyboardInterrupt):
        complain(_STOPPED.say(language()))
        return STOPPED_STATUS
    except (BrokenPipeError, SystemExit):
        # Whoever read us has gone (`essaim member list | head`), on which the library would end with 1: no failure.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as unforeseen:
        if os.environ.get("ESSAIM_DEBUG") == "1":
            raise
        return _own_up(unforeseen)
    if outcome == STOPPED_STATUS:  # the library's own answer to Ctrl-C, without a word
        complain(_STOPPED.say(language()))
    # A command that ends early with a status (typer.Exit) gives it back as its outcome.
    return outcome if isinstance(outcome, int) else 0


@cache
def _tree(command: typer.Typer) -> Any:
    """All commands, made once: their making takes longer than most of them."""
    from typer.main import get_command

    from cli.sheet import dressed

    return dressed(get_command(command))


def _own_up(unforeseen: Exception) -> int:
    """Say what nobody foresaw without its words, which may be someone's; a file of theirs is named."""
    if isinstance(unforeseen, OSError) and unforeseen.filename is not None:
        complain(_FILE_CLOSED.say(language(), file=unforeseen.filename, reason=in_words(unforeseen.strerror or "")))
        return Unavailable.exit_status
    if isinstance(unforeseen, OSError) and exhausted(unforeseen):
        complain(_SYSTEM_REFUSES.say(language(), reason=in_words(unforeseen.strerror or "")))
        return Unavailable.exit_status
    complain(_UNEXPECTED.say(language(), what=type(unforeseen).__name__))
    return 1


def _reason(wrong: Any) -> str:
    """Why a command line was not understood; the library's own English only for what is rare."""
    from cli.sheet import stand_in

    parameter = getattr(wrong, "param", None)
    unknown = re.match(r"No such command '(.*?)'\.", str(wrong.format_message()))
    if hasattr(wrong, "possibilities"):
        return _NO_OPTION.say(language(), it=wrong.option_name)
    if unknown:
        return _NO_COMMAND.say(language(), it=unknown.group(1))
    if parameter is not None:
        option = parameter.opts[0].startswith("-")
        name = parameter.opts[0] if option else stand_in(str(parameter.metavar or parameter.name.upper()))
        return (_MISSING if hasattr(wrong, "param_type") else _BAD_VALUE).say(language(), it=name)
    return str(wrong.format_message()).rstrip(".")
