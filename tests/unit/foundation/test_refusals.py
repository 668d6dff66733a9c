"""Every way of saying no, in every room: the same facts in both languages, and a kind of its own."""

from __future__ import annotations

import importlib
import pkgutil
import string
import warnings
from collections.abc import Iterator

import pytest

from foundation.errors import EssaimError, Forbidden, Invalid, NotFound, Refused, Unavailable
from foundation.speech import Phrase

ROOMS = ("foundation", "inventory", "billing", "monitoring", "provisioning", "lab", "desk", "api", "cli")
ROOTS = {EssaimError, Refused, Invalid, NotFound, Unavailable, Forbidden}


@pytest.fixture(scope="module")
def refusals() -> list[type[EssaimError]]:
    """All classes of errors, once every room has been entered."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what the network libraries say of one another is not ours
        for room in ROOMS:
            package = importlib.import_module(room)
            for module in pkgutil.walk_packages(package.__path__, f"{room}."):
                if not module.name.endswith("__main__"):
                    importlib.import_module(module.name)
    return [one for one in _descendants(EssaimError) if one.__module__.split(".")[0] in ROOMS]


def _descendants(root: type[EssaimError]) -> Iterator[type[EssaimError]]:
    for child in root.__subclasses__():
        yield child
        yield from _descendants(child)


def _placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def _name(one: type[EssaimError]) -> str:
    return f"{one.__module__}.{one.__name__}"


def test_both_languages_say_the_same_facts(refusals: list[type[EssaimError]]) -> None:
    assert len(refusals) > 30
    uneven = [_name(one) for one in refusals if _placeholders(one.phrase.fr) != _placeholders(one.phrase.en)]
    assert not uneven


def test_every_refusal_says_something_of_its_own(refusals: list[type[EssaimError]]) -> None:
    silent = [
        _name(one)
        for one in refusals
        if one not in ROOTS and (one.phrase == EssaimError.phrase or not one.phrase.fr or not one.phrase.en)
    ]
    assert not silent


def test_a_kind_belongs_to_one_refusal(refusals: list[type[EssaimError]]) -> None:
    owners: dict[str, set[str]] = {}
    for one in refusals:
        if "kind" in vars(one):
            owners.setdefault(one.kind, set()).add(_name(one))
    assert not {kind: names for kind, names in owners.items() if len(names) > 1}
    kindless = [_name(one) for one in refusals if one.kind in {root.kind for root in ROOTS} and one not in ROOTS]
    assert not kindless


def test_the_status_says_what_sort_of_no_it_is(refusals: list[type[EssaimError]]) -> None:
    allowed = {(1, 400), (1, 409), (1, 422), (3, 404), (4, 503), (5, 403)}
    odd = [_name(one) for one in refusals if (one.exit_status, one.http_status) not in allowed]
    # The web door may be more exact about a status of HTTP alone.
    assert not [name for name in odd if not name.startswith("api.")]


def test_a_sentence_with_hostile_facts_is_said_as_it_is() -> None:
    class Hostile(Refused):
        kind = "hostile"
        phrase = Phrase("« {name} » non.", "“{name}” no.")

    assert Hostile(name="{0.__class__} %s {name}").sentence("fr") == "« {0.__class__} %s {name} » non."
