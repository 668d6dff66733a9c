"""The door of the terminal: whatever happens inside, one sentence and an exit status come out."""

from __future__ import annotations

import errno
import sys
from collections.abc import Callable

import pytest
import typer

from cli import main
from cli.door import enter
from foundation.errors import EssaimError, Forbidden, Invalid, NotFound, Refused, Unavailable
from foundation.speech import Phrase

Enter = Callable[..., tuple[int, str]]


@pytest.fixture
def raising(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Enter:
    """Enter a command that raises this."""

    def entered(problem: BaseException, lang: str = "fr") -> tuple[int, str]:
        command = typer.Typer()

        @command.command()
        def fail() -> None:
            raise problem

        monkeypatch.delenv("ESSAIM_DEBUG", raising=False)
        monkeypatch.setenv("ESSAIM_LANG", lang)
        monkeypatch.setattr(sys, "argv", ["essaim"])
        status = enter(command)
        captured = capsys.readouterr()
        assert captured.out == ""
        return status, captured.err

    return entered


def of(kind: type[EssaimError]) -> EssaimError:
    said = Phrase("Le pool {pool} est plein.", "Pool {pool} is full.")
    return type("Full", (kind,), {"kind": "full", "phrase": said})(pool="{v4}")


@pytest.mark.parametrize(
    ("kind", "status"), [(Refused, 1), (Invalid, 1), (NotFound, 3), (Unavailable, 4), (Forbidden, 5)]
)
def test_a_refusal_is_one_sentence_and_its_status(raising: Enter, kind: type[EssaimError], status: int) -> None:
    assert raising(of(kind)) == (status, "Le pool {v4} est plein.\n")
    assert raising(of(kind), lang="en") == (status, "Pool {v4} is full.\n")


def test_what_nobody_foresaw_is_a_sentence_that_shows_nothing_of_it(raising: Enter) -> None:
    status, said = raising(ValueError("mot de passe : hunter2"))
    assert status == 1
    assert "ValueError" in said
    assert "hunter2" not in said
    assert said.count("\n") == 1


def test_a_file_that_cannot_be_reached_is_named(raising: Enter) -> None:
    status, said = raising(OSError(errno.EROFS, "Read-only file system", "var/locks"))
    assert status == 4
    assert "var/locks (le disque est en lecture seule)" in said
    assert said.count("\n") == 1
    assert raising(OSError(errno.ECONNRESET, "reset"))[0] == 1


def test_a_command_may_end_with_a_status_of_its_own(raising: Enter) -> None:
    assert raising(typer.Exit(4)) == (4, "")
    assert raising(typer.Exit(0)) == (0, "")


@pytest.mark.parametrize("problem", [KeyboardInterrupt(), typer.Abort()])
def test_whoever_interrupts_is_told_so(raising: Enter, problem: BaseException) -> None:
    status, said = raising(problem)
    assert (status, said.strip()) == (130, "Interrompu.")


def test_a_debugger_gets_the_error_itself(raising: Enter, monkeypatch: pytest.MonkeyPatch) -> None:
    command = typer.Typer()

    @command.command()
    def fail() -> None:
        raise ZeroDivisionError

    monkeypatch.setenv("ESSAIM_DEBUG", "1")
    monkeypatch.setattr(sys, "argv", ["essaim"])
    with pytest.raises(ZeroDivisionError):
        enter(command)


@pytest.mark.parametrize(
    ("words", "kept"),
    [
        ("member list", {"member"}),
        ("--as line member list", {"line", "member"}),
        ("member --help", {"member"}),
        ("--help member", None),
        ("membre list", None),
        ("search member", {"member"}),
        ("", None),
    ],
)
def test_the_nouns_that_nobody_named_are_not_made(
    monkeypatch: pytest.MonkeyPatch, words: str, kept: set[str] | None
) -> None:
    every = main.essaim.registered_groups
    monkeypatch.setattr(main.essaim, "registered_groups", every)
    main._leave_out_what_nobody_named(words.split())
    assert {one.name for one in main.essaim.registered_groups} == (kept or {one.name for one in every})
