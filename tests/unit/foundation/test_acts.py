"""Who does what, when and why: the words of why are kept, so they must be words."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from foundation.acts import LONGEST_WHY, Act, BadWords, TooManyWords

AT = datetime(2026, 11, 22, tzinfo=UTC)


@pytest.mark.parametrize("why", ["", "déménage à Bègles", "appel de 14\u00a0h : « stop »", "🐝 👩‍🔧", "{why} %s [red]"])
def test_words_are_kept_as_they_were_said(why: str) -> None:
    assert Act("M0001", AT, why).why == why


@pytest.mark.parametrize(
    "why",
    [
        "a\x00b",
        "\x1b[2Jrien à voir",
        "\udcff",
        "une\nautre ligne",
        "\r",
        "\x85",
        "\x9b2J",
        "a\u2028b",
        "\u202eécrit à l'envers",
        "\u2066",
    ],
)
def test_words_that_would_play_tricks_on_a_terminal_or_a_database_are_refused(why: str) -> None:
    with pytest.raises(BadWords):
        Act("M0001", AT, why)


def test_words_have_an_end() -> None:
    assert Act("M0001", AT, "é" * LONGEST_WHY).why
    with pytest.raises(TooManyWords, match="501"):
        Act("M0001", AT, "é" * (LONGEST_WHY + 1))
