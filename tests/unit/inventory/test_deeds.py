"""What the journal notes in code is read in words, in both languages."""

from __future__ import annotations

import re
from pathlib import Path

from inventory.deeds import word

ROOT = Path(__file__).resolve().parents[3]
ROOMS = ("inventory", "billing", "provisioning", "desk")
CODE = re.compile(r'"((?:[a-z]+(?:-[a-z]+)?)\.[a-z]+(?:-[a-z]+)?)"')
NOTED = re.compile(r"(?:record|note)\(\s*session,\s*(?:act|Act\([^)]*\)+|deed),\s*" + CODE.pattern)


def codes() -> set[str]:
    texts = (path.read_text(encoding="utf-8") for room in ROOMS for path in (ROOT / room).rglob("*.py"))
    return {found for text in texts for found in NOTED.findall(text)}


def test_every_deed_that_is_noted_has_its_words() -> None:
    found = codes()
    assert len(found) > 100
    assert sorted(code for code in found if word(code).phrase.fr == code) == []


def test_a_code_is_read_as_its_words_and_stays_itself_for_programs() -> None:
    assert word("line.state") == "line.state"
    assert word("line.state").phrase.say("fr") == "ligne : état"
    assert word("line.state").phrase.say("en") == "line: state"
    assert word("change.applied").phrase.say("fr") == "changement : appliqué"


def test_a_code_without_words_is_read_as_it_is() -> None:
    assert word("test.deed").phrase.say("fr") == "test.deed"
