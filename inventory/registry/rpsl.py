"""Objects of a routing registry as text (RPSL, RFC 2622 and 2650): written, read, and compared.

An object is its attributes in order; its class is the first attribute's name, its key that attribute's value.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from difflib import unified_diff
from typing import Final, NamedTuple

from foundation.errors import Invalid
from foundation.speech import Phrase

_COLUMN: Final = 16
_ATTRIBUTE: Final = re.compile(r"([A-Za-z][A-Za-z0-9_-]*):(.*)")
_THEIRS: Final = frozenset({"created", "last-modified", "changed"})
"""Attributes that the registry adds: they are nobody's difference."""


class BadObject(Invalid):
    """A text that is no registry object."""

    kind = "bad-registry-object"
    phrase = Phrase(
        "La ligne {row} n'est pas celle d'un objet de registre (« attribut: valeur »). Rien n'a été comparé.",
        "Line {row} is not that of a registry object (“attribute: value”). Nothing was compared.",
    )


class Attribute(NamedTuple):
    """One line of an object."""

    name: str
    value: str


Object = tuple[Attribute, ...]


def key(one: Object) -> tuple[str, str]:
    """What tells an object from another: its class and its name, in one spelling; a route's origin belongs to it."""
    name = re.sub(r"\s+", "", one[0].value).upper()
    origin = next((each.value.strip().upper() for each in one if each.name == "origin"), "")
    return one[0].name, f"{name}{origin}"


def written(objects: Iterable[Object]) -> str:
    """Objects as a registry takes them, with an empty line between two."""
    return "\n".join("".join(f"{one.name + ':':<{_COLUMN}}{one.value}\n" for one in each) for each in objects)


def read(text: str) -> list[Object]:
    """Objects out of a text; comments (`%`, `#`) and continued lines are understood. Raises BadObject."""
    objects: list[Object] = []
    held: list[Attribute] = []
    for number, row in enumerate([*text.splitlines(), ""], start=1):
        if row.startswith(("%", "#")):
            continue
        if not row.strip():
            if held:
                objects.append(tuple(held))
            held = []
        elif row[0] in " \t+" and held:
            held[-1] = Attribute(held[-1].name, f"{held[-1].value} {row[1:].strip()}".strip())
        elif found := _ATTRIBUTE.fullmatch(row):
            held.append(Attribute(found[1].lower(), found[2].partition("#")[0].strip()))
        else:
            raise BadObject(row=number)
    return objects


def difference(theirs: Sequence[Object], ours: Sequence[Object]) -> str:
    """What must change in the registry for it to hold ours, as a unified diff; empty where they agree.

    Only objects of the classes that we write are compared: others in the file are not our business.
    """
    classes = {one[0].name for one in ours}
    before = {key(one): one for one in theirs if one[0].name in classes}
    after = {key(one): one for one in ours}
    return "\n".join(row for name in sorted(before.keys() | after.keys()) for row in _between(name, before, after))


def _between(
    name: tuple[str, str], before: Mapping[tuple[str, str], Object], after: Mapping[tuple[str, str], Object]
) -> list[str]:
    old, new = (_comparable(side.get(name, ())) for side in (before, after))
    return list(unified_diff(old, new, f"{' '.join(name)} (registry)", f"{' '.join(name)} (essaim)", lineterm="", n=9))


def _comparable(one: Object) -> list[str]:
    return [f"{each.name}: {' '.join(each.value.split())}" for each in one if each.name not in _THEIRS]
