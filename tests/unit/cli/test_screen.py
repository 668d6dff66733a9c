"""What the terminal prints: plain values for programs, light tables for people."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from ipaddress import ip_network

import pytest

from cli import screen
from foundation.money import Euros
from foundation.speech import Phrase

AT = datetime(2026, 11, 22, 13, 2, tzinfo=UTC)


@pytest.fixture(autouse=True)
def french(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ESSAIM_LANG", "fr")


@dataclass(frozen=True)
class Thing:
    """A thing to show."""

    at: datetime
    cents: Euros
    inner: tuple[object, ...]


@pytest.mark.parametrize(
    ("value", "given"),
    [
        (AT, "2026-11-22T13:02:00+00:00"),
        (date(2026, 11, 22), "2026-11-22"),
        (Euros(1250), 1250),
        (True, True),
        (None, None),
        (ip_network("198.51.100.0/24"), "198.51.100.0/24"),
        (Phrase("fermée", "closed"), "fermée"),
        ({1: (Euros(5),)}, {"1": [5]}),
        (Thing(AT, Euros(1), ("é",)), {"at": "2026-11-22T13:02:00+00:00", "cents": 1, "inner": ["é"]}),
    ],
)
def test_programs_get_plain_values(value: object, given: object, capsys: pytest.CaptureFixture[str]) -> None:
    screen.give(value)
    assert json.loads(capsys.readouterr().out) == given


def test_a_table_shows_cells_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    screen.table(
        (Phrase("nom", "name"), Phrase("doit", "owes"), Phrase("quand", "when")),
        [("[red]{x}[/red]", Euros(123456), AT), ("x" * 300, None, [])],
    )
    out = capsys.readouterr().out
    assert "[red]{x}[/red]" in out
    assert "1\u202f234,56\u00a0€" in out
    assert "22 nov. 2026 à 14:02" in out
    assert "x" * 300 in out
    assert "None" not in out


def test_without_a_terminal_nothing_waits(capsys: pytest.CaptureFixture[str]) -> None:
    assert screen.confirm(Phrase("Vraiment ?", "Really?"), yes=False)
    assert capsys.readouterr().out == ""


def test_progress_says_nothing_where_nobody_looks(capsys: pytest.CaptureFixture[str]) -> None:
    with screen.progress(Phrase("On attend", "Waiting"), 3) as bar:
        bar.advance(bar.task_ids[0])
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "On attend" not in captured.err


def test_a_diff_keeps_every_line(capsys: pytest.CaptureFixture[str]) -> None:
    text = "--- a\n+++ b\n@@ -1 +1 @@\n-[bold]vieux[/bold]\n+" + "n" * 500 + "\n même\n"
    screen.diff(text)
    assert capsys.readouterr().out == "".join(f"  {row}\n" for row in text.splitlines())


HOSTILE = "\x1b[2Jpeer\x07 \u202etxt.exe\u2028\x9b31m\udce9"
"""What a machine that someone else holds may answer: orders to the terminal, writing turned round."""


def test_nothing_that_is_shown_gives_orders_to_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    screen.line(HOSTILE)
    screen.complain(HOSTILE)
    screen.diff(f"--- a\n+++ b\n+{HOSTILE}\n")
    screen.table((Phrase("nom", "name"),), [(HOSTILE,)])
    captured = capsys.readouterr()
    for said in (captured.out, captured.err):
        assert "peer" in said
        assert not set(HOSTILE) & set(said) - set("[2Jpeer txt.x31m")


def test_what_people_write_stays_as_it_is() -> None:
    for text in ("l'été à Gijón, 1\u202f234,56\u00a0€", "Zoë 🐝", "un\n\tdeux", "العربية"):
        assert screen.harmless(text) == text
