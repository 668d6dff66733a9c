"""The documents say what the code is: functions, commands, settings and categories that they name exist."""

from __future__ import annotations

import ast
import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from typer.main import get_command

from cli.main import essaim
from foundation.database import Retention
from foundation.settings import Settings

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("*.md"))
OUTSIDE_SETTINGS = {"ESSAIM_APT", "ESSAIM_DEBUG", "ESSAIM_LANG"}
"""Read before there are settings, or by the tools that make the virtual environment."""


def document(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def names_in(path: Path) -> set[str]:
    """Functions and classes of a module, and `Class.method`."""
    found = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        if isinstance(node, ast.ClassDef):
            found |= {f"{node.name}.{each.name}" for each in node.body if isinstance(each, ast.FunctionDef)}
    return found


def paths_in(text: str) -> set[str]:
    """What stands in backticks and looks like a path into this repository."""
    rooms = {each.name for each in ROOT.iterdir() if each.is_dir() and not each.name.startswith(".")} - {"var"}
    quoted = re.findall(r"`([\w.-]+(?:/[\w.-]+)+)(?:::[\w.]+)?`", text)
    return {path for path in quoted if path.partition("/")[0] in rooms}


def commands_of(group: Any, name: str = "essaim") -> Iterator[tuple[str, Any]]:
    """Every command that does something, with its whole name."""
    for word, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands_of(command, f"{name} {word}")
        if not hasattr(command, "commands") or command.invoke_without_command:
            yield f"{name} {word}", command


def sections(text: str) -> dict[str, str]:
    """What stands under each heading of a command."""
    parts = re.split(r"^### `(.+)`$", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def fenced(text: str) -> str:
    """The first block of commands in a text."""
    found = re.search(r"^```\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)
    assert found, text[:60]
    return found[1]


def test_every_function_named_in_the_architecture_exists() -> None:
    named = re.findall(r"`([\w./]+\.py)::([\w.]+)`", document("docs/architecture.md"))
    assert len(named) > 30
    assert [f"{path}::{name}" for path, name in named if name not in names_in(ROOT / path)] == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_path_that_a_document_names_exists(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    links = {link for link in re.findall(r"\]\(([^)#]+)", text) if "://" not in link}
    assert [link for link in sorted(links) if not (path.parent / link).exists()] == []
    assert [named for named in sorted(paths_in(text)) if not (ROOT / named).exists()] == []


def test_every_command_is_documented_and_no_other() -> None:
    assert set(sections(document("docs/reference/commands.md"))) == {
        name for name, _ in commands_of(get_command(essaim))
    }


def test_every_example_of_a_command_is_understood() -> None:
    told = sections(document("docs/reference/commands.md"))
    for name, command in commands_of(get_command(essaim)):
        words = shlex.split(fenced(told[name]))
        words = words[next(rank for rank, word in enumerate(words) if "=" not in word) :]
        words = [words[0], *words[3:]] if words[1] == "--as" else words  # who acts stands before the noun
        depth = len(name.split())
        assert " ".join(words[:depth]) == name
        command.make_context(name, words[depth:])


def test_every_option_told_of_a_command_is_one_of_its_own() -> None:
    told = sections(document("docs/reference/commands.md"))
    for name, command in commands_of(get_command(essaim)):
        own = {option for parameter in command.params for option in parameter.opts}
        assert set(re.findall(r"`(--[\w-]+)", told[name])) <= own, name


def test_every_setting_is_documented_and_no_other() -> None:
    told = set(re.findall(r"`(ESSAIM_[A-Z_]+)", document("docs/reference/settings.md")))
    assert told - {"ESSAIM_"} == {f"ESSAIM_{name.upper()}" for name in Settings.model_fields} | OUTSIDE_SETTINGS


def test_every_category_of_retention_is_explained_and_no_other() -> None:
    told = re.findall(r"^\| `(\w+)` \|", document("docs/reference/retention.md"), flags=re.MULTILINE)
    assert sorted(told) == sorted(get_args(Retention))


def test_both_readmes_give_the_same_two_commands() -> None:
    french, english = fenced(document("LISEZMOI.md")), fenced(document("README.md"))
    assert french == english == "make demo\nmake test\n"
    targets = re.findall(r"^([\w-]+):", document("Makefile"), flags=re.MULTILINE)
    assert {"demo", "demo-check", "test"} <= set(targets)


def test_decisions_are_numbered_without_a_gap_and_bear_their_number() -> None:
    numbers = [f"{rank:04d}" for rank in range(1, len(DECISIONS) + 1)]
    assert [path.name[:4] for path in DECISIONS] == numbers
    assert [path.read_text(encoding="utf-8")[2:6] for path in DECISIONS] == numbers


def test_every_dependency_has_its_reason() -> None:
    project = tomllib.loads(document("pyproject.toml"))["project"]
    names = {re.split(r"[\[<>=;]", each)[0] for each in project["dependencies"]}
    rows = re.findall(r"^- (`.*?):", document("docs/decisions/0010-dependencies.md"), flags=re.MULTILINE)
    assert {name for row in rows for name in re.findall(r"`([\w-]+)`", row)} == names
