"""`essaim token`: made once, listed without what it opens, ended."""

from __future__ import annotations

import json
from typing import Any

import pytest


@pytest.fixture
def ada(stand_in: Any, built: Any) -> Any:
    """A terminal where Ada, M0001, gives mandates."""
    return stand_in(built("member add 'Ada Exemple'", "mandate give M0001 mandates.give"))


def test_a_token_is_printed_once_and_the_next_step_with_it(ada: Any) -> None:
    said = ada("--as", "M0001", "token", "create", "M0001", "--name", "portable", "--task", "mandates.give")
    token, sentence = said.out.splitlines()[0], said.out
    assert token.startswith("essaim_")
    assert "Jeton J0001, jusqu'au" in sentence
    assert "essaim token end J0001" in sentence
    listed = ada("token", "list").out
    assert "portable" in listed
    assert "mandates.give" in listed
    assert token not in listed + ada("journal", "show", "--json").out
    english = ada("--as", "M0001", "token", "create", "M0001", "--name", "laptop", lang="en").out
    assert "It is not shown again" in english


def test_a_token_in_json(ada: Any) -> None:
    said = ada("--as", "M0001", "token", "create", "M0001", "--name", "x", "--days", "3", "--json")
    made = json.loads(said.out)
    assert made["number"] == "J0001"
    assert made["token"].startswith("essaim_")
    row = json.loads(ada("token", "list", "--member", "M0001", "--json").out)[0]
    assert (row["number"], row["tasks"], row["until"]) == ("J0001", [], made["until"])


def test_a_token_that_writes_what_is_ones_own_says_so(ada: Any) -> None:
    ada("--as", "M0001", "token", "create", "M0001", "--name", "x", "--own", "--task", "mandates.give")
    row = json.loads(ada("token", "list", "--json").out)[0]
    assert row["tasks"] == ["mandates.give", "own"]


def test_a_token_that_was_ended_is_listed_only_where_asked(ada: Any) -> None:
    ada("--as", "M0001", "token", "create", "M0001", "--name", "portable")
    assert "ne sert plus" in ada("--as", "M0001", "token", "end", "J0001").out
    assert "Aucun jeton ne sert" in ada("token", "list").out
    assert "J0001" in ada("token", "list", "--ended").out
    assert "a déjà pris fin" in ada("--as", "M0001", "token", "end", "J0001", status=1).err


@pytest.mark.parametrize(
    ("argv", "status", "words"),
    [
        (("token", "create", "M0001", "--name", "x"), 5, "Dites qui vous êtes"),
        (("--as", "M0002", "token", "create", "M0001", "--name", "x"), 5, "n'a pas le mandat"),
        (("--as", "M0001", "token", "create", "M0001", "--name", "x", "--task", "keys.keep"), 1, "n'a pas le mandat"),
        (("--as", "M0001", "token", "create", "M0001", "--name", " "), 1, "Un jeton a un nom"),
        (("token", "end", "J0009"), 3, "Aucun jeton J0009"),
        (("token", "create", "M0099", "--name", "x"), 3, "Aucun membre M0099"),
    ],
)
def test_what_a_token_cannot_be(ada: Any, argv: tuple[str, ...], status: int, words: str) -> None:
    ada("mandate", "give", "M0001", "members.write", status=5)
    ada("--as", "M0001", "mandate", "give", "M0001", "members.write")
    ada("--as", "M0001", "member", "add", "Béa Exemple")
    assert words in ada(*argv, status=status).err
