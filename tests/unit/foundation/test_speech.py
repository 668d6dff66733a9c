"""Amounts, days and lists, as each language writes them."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from foundation.money import Euros
from foundation.speech import Language, Phrase, language_of_environment, volume

BOTH = Phrase("{it}", "{it}")


@pytest.mark.parametrize(
    ("value", "french", "english"),
    [
        (Euros(123456), "1\u202f234,56\u00a0€", "€1,234.56"),
        (Euros(-1), "-0,01\u00a0€", "-€0.01"),
        (date(2026, 11, 22), "22 nov. 2026", "22 Nov 2026"),
        (datetime(2026, 11, 22, 23, 2, tzinfo=UTC), "23 nov. 2026 à 00:02", "23 Nov 2026 at 00:02"),
        (datetime(2026, 7, 1, 12, 2, tzinfo=UTC), "1er juil. 2026 à 14:02", "1 Jul 2026 at 14:02"),
        (["L0001", Phrase("fermée", "closed")], "L0001, fermée", "L0001, closed"),
        ((), "", ""),
        (42, "42", "42"),
        ("{tel quel}", "{tel quel}", "{tel quel}"),
    ],
)
def test_a_value_is_written_in_the_readers_language(value: object, french: str, english: str) -> None:
    assert BOTH.say("fr", it=value) == french
    assert BOTH.say("en", it=value) == english


@pytest.mark.parametrize(
    ("octets", "french", "english"),
    [
        (0, "0\u00a0o", "0\u00a0B"),
        (999, "999\u00a0o", "999\u00a0B"),
        (12_400_000, "12,4\u00a0Mo", "12.4\u00a0MB"),
        (10**16, "10\u202f000\u00a0To", "10,000\u00a0TB"),
    ],
)
def test_traffic_is_counted_by_thousands(octets: int, french: str, english: str) -> None:
    assert volume(octets, "fr").replace(" ", "\u00a0") == french
    assert volume(octets, "en").replace(" ", "\u00a0") == english


@pytest.mark.parametrize(
    ("setting", "language"), [(None, "fr"), ("", "fr"), ("en", "en"), ("EN_GB.UTF-8", "en"), ("de", "fr"), ("fr", "fr")]
)
def test_french_comes_first(monkeypatch: pytest.MonkeyPatch, setting: str | None, language: Language) -> None:
    if setting is None:
        monkeypatch.delenv("ESSAIM_LANG", raising=False)
    else:
        monkeypatch.setenv("ESSAIM_LANG", setting)
    assert language_of_environment() == language


def test_a_missing_value_is_noticed_rather_than_left_blank() -> None:
    with pytest.raises(KeyError):
        BOTH.say("fr")
