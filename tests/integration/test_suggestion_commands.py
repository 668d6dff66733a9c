"""Suggestions at the terminal: a refusal says the command that suggests the same, and what becomes of it is told."""

from __future__ import annotations

import base64
import json
import os
import re
import shlex
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

COMMAND = Path(sys.executable).with_name("essaim")
KEY = base64.b64encode(b"s" * 32).decode()


@pytest.fixture
def asso(demo: Any) -> Any:
    """The demonstration, where M0001 keeps lines and addresses, and M0101 has no mandate."""
    return demo


@pytest.mark.parametrize(
    "argv",
    [
        ("address", "name", "198.51.100.7", "mail.camille.example"),
        ("line", "change", "L0042", "--place", "12 rue de l'Exemple"),
        ("line", "order", "M0101", "--offer", "vpn", "--key", KEY),
    ],
)
def test_a_refusal_says_the_command_that_suggests_the_same(asso: Any, argv: tuple[str, ...]) -> None:
    refused = asso("--as", "M0101", *argv, status=5)
    told = re.search(r"le suggérer : essaim (suggestion .*)$", refused.err.strip())
    assert told is not None, refused.err
    assert "to suggest it: essaim suggestion" in asso("--as", "M0101", *argv, status=5, lang="en").err
    made = asso("--as", "M0101", *shlex.split(told[1]))
    assert "G0001" in made.out
    assert "+" in made.out
    assert "G0001 est acceptée" in asso("--as", "M0001", "suggestion", "accept", "G0001").out


def test_what_may_not_be_suggested_is_refused_as_ever(asso: Any) -> None:
    assert "suggérer" not in asso("--as", "M0101", "line", "change", "L0042", "--mtu", "1400", status=5).err
    assert "suggérer" not in asso("--as", "M0101", "line", "close", "L0042", "--yes", status=5).err


def test_a_suggestion_is_read_accepted_and_refused(asso: Any) -> None:
    assert "Aucune suggestion" in asso("suggestion", "list").out
    for name in ("un.example", "deux.example"):
        asso("--as", "M0101", "suggestion", "name", "198.51.100.7", name, "--why", "le serveur de courrier")
    shown = asso("suggestion", "show", "G0001").out
    assert "nommer une adresse" in shown
    assert "le serveur de courrier" in shown
    assert "+198.51.100.7 PTR un.example" in shown
    assert "name an address" in asso("suggestion", "show", "G0001", lang="en").out
    assert asso("--as", "M0001", "suggestion", "refuse", "G0001", status=1).err.count("--why") == 1
    asso("--as", "M0001", "suggestion", "refuse", "G0001", "--why", "trop court")
    assert "trop court" in asso("suggestion", "show", "G0001").out
    asso("--as", "M0001", "suggestion", "accept", "G0002")
    assert "est déjà acceptée" in asso("--as", "M0001", "suggestion", "accept", "G0002", status=1).err
    names = json.loads(asso("address", "names", "--json").out)["names"]
    assert "deux.example" in {one["name"] for one in names}
    rows = json.loads(asso("suggestion", "list", "--decided", "--by", "M0101", "--json").out)
    assert [(row["number"], row["state"]) for row in rows] == [("G0001", "refused"), ("G0002", "accepted")]
    assert rows[1]["arguments"] == {"address": "198.51.100.7", "name": "deux.example"}
    assert "suggestion : acceptation" in asso("journal", "show").out


def test_a_program_killed_between_the_decision_and_its_mail_leaves_it_to_the_next(asso: Any) -> None:
    asso("--as", "M0101", "suggestion", "name", "198.51.100.7", "un.example")
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes whoever comes, and never says a word
        environment = {**os.environ, "ESSAIM_VAR": str(asso.folder), "ESSAIM_SMTP": f"smtp://127.0.0.1:{port(silent)}"}
        refused = [COMMAND, "--as", "M0001", "suggestion", "refuse", "G0001", "--why", "un autre nom"]
        program = subprocess.Popen(refused, env=environment, stdout=subprocess.DEVNULL)
        silent.settimeout(30)
        met, _ = silent.accept()  # the decision is kept, and its mail is on its way
        program.kill()
        program.wait()
        met.close()
    outbox = asso.folder / "outbox"
    assert "est déjà refusée" in asso("--as", "M0001", "suggestion", "accept", "G0001", status=1).err
    assert not outbox.exists()
    asso("credential", "remind")
    told = [one.read_text() for one in outbox.glob("*.eml") if "G0001" in one.read_text()]
    assert len(told) == 1
    assert "un autre nom" in told[0]
    asso("credential", "remind")
    assert len([one for one in outbox.glob("*.eml") if "G0001" in one.read_text()]) == 1


def port(server: socket.socket) -> int:
    number: int = server.getsockname()[1]
    return number


def test_a_line_is_suggested_for_oneself_or_for_someone_else(asso: Any) -> None:
    made = json.loads(asso("--as", "M0101", "suggestion", "order", "vpn", "--key", KEY, "--json").out)
    assert made["arguments"]["member"] == "M0101"
    other = ("suggestion", "order", "vpn", "--key", KEY, "--member", "M0041", "--json")
    assert json.loads(asso("--as", "M0101", *other).out)["arguments"]["member"] == "M0041"
    assert "Aucune suggestion G0009" in asso("suggestion", "show", "G0009", status=3).err
