from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from inventory.models.lines import LineState
from monitoring.connections import LastConnection
from monitoring.status import State, status

AT = datetime(2026, 11, 22, 13, 2, tzinfo=UTC)
UP = LastConnection(AT - timedelta(days=5), AT, None, "192.0.2.234", 1_200_000_000, 300_000_000, "")


def test_a_line_in_service_says_since_when_from_where_and_how_much() -> None:
    found = status(UP, LineState.ACTIVE, AT)
    assert (found.state, found.shape, found.word.fr) == (State.UP, "●", "en service")
    assert plain(found.say("fr")) == "En service depuis 5 jours, depuis 192.0.2.234 ; 1,2 Go reçus, 300 Mo envoyés."
    assert plain(found.say("en")) == "In service for 5 days, from 192.0.2.234; 1.2 GB received, 300 MB sent."


def test_where_it_comes_from_is_said_only_where_it_is_known() -> None:
    found = status(replace(UP, remote=None), LineState.ACTIVE, AT)
    assert plain(found.say("fr")) == "En service depuis 5 jours ; 1,2 Go reçus, 300 Mo envoyés."


def test_what_was_seen_long_ago_is_said_with_its_age() -> None:
    found = status(UP, LineState.ACTIVE, AT + timedelta(hours=3))
    assert "il y a 3 heures" in plain(found.say("fr"))
    assert "3 hours ago" in plain(found.say("en"))


def test_a_line_that_is_down_says_since_when_and_why() -> None:
    found = status(replace(UP, until=AT, cause="Lost-Carrier"), LineState.ACTIVE, AT)
    assert (found.state, found.shape) == (State.DOWN, "■")
    assert plain(found.say("fr")) == "Coupée depuis le 22 nov. 2026 à 14:02 : le signal est perdu."
    assert plain(found.say("en")) == "Down since 22 Nov 2026 at 14:02: the signal was lost."


def test_a_reason_that_nobody_knows_is_called_so() -> None:
    found = status(replace(UP, until=AT, cause="{Weird}"), LineState.ACTIVE, AT)
    assert "raison inconnue" in found.say("fr")


def test_a_connection_of_this_very_instant_has_a_duration() -> None:
    assert "depuis 1 seconde" in plain(status(replace(UP, since=AT), LineState.ACTIVE, AT).say("fr"))


def test_a_line_never_seen_is_waiting() -> None:
    assert status(None, LineState.ACTIVE, AT).state is State.WAITING


@pytest.mark.parametrize("connection", [None, UP, replace(UP, until=AT)])
@pytest.mark.parametrize("state", LineState)
def test_every_line_has_a_sentence_in_both_languages(state: LineState, connection: LastConnection | None) -> None:
    found = status(connection, state, AT)
    for language in ("fr", "en"):
        assert found.say(language)[-1] == "."
    assert found.shape in "●■▲◌"


def test_a_suspended_line_is_called_so_even_while_a_connection_lasts() -> None:
    assert status(UP, LineState.SUSPENDED, AT).state is State.SUSPENDED


def plain(text: str) -> str:
    """Without the kinds of space that typography wants."""
    return text.replace("\u202f", " ").replace("\xa0", " ")
