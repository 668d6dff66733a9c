"""Which facts a template uses, found by reading it: `server.peers[].label`, with the line where each is first used."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, TypeAlias

from jinja2 import nodes
from jinja2.defaults import DEFAULT_NAMESPACE
from jinja2.visitor import NodeVisitor

Scope: TypeAlias = dict[str, str | None]

_KEEPING: Final = frozenset({"list", "reject", "rejectattr", "reverse", "select", "selectattr", "sort", "unique"})
"""Filters whose elements are those of what they are given."""
_ONE: Final = frozenset({"first", "last", "max", "min", "random"})
"""Filters that give one of them."""


def facts_of(template: nodes.Template) -> dict[str, int]:
    """Every fact that a template names, and the line where it first does. What is worked out in it is left out."""
    reader = _Reader()
    reader.visit(template, dict.fromkeys(DEFAULT_NAMESPACE))
    return reader.found


def exists(facts: Mapping[str, object], path: str) -> bool:
    """Whether facts of this shape have that one; an empty list tells nothing of its elements."""
    name, *steps = path.replace("[]", ".[]").split(".")
    if name not in facts:
        return False
    held: list[object] = [facts[name]]
    for step in steps:
        if step == "[]":
            held = [each for one in held if isinstance(one, Iterable) for each in one]
        elif all(hasattr(one, step) or (isinstance(one, Mapping) and step in one) for one in held):
            held = [one[step] if isinstance(one, Mapping) and step in one else getattr(one, step) for one in held]
        else:
            return False
    return True


class _Reader(NodeVisitor):
    """Notes what is named. `scope` gives names of the template's own the fact that they stand for, if any."""

    def __init__(self) -> None:
        self.found: dict[str, int] = {}

    def visit_For(self, node: nodes.For, scope: Scope) -> None:  # noqa: N802 - the library's names
        """A loop's name stands for each element of what it goes over."""
        self.visit(node.iter, scope)
        of = _path(node.iter, scope)
        inner = {**scope, "loop": None, **_bound(node.target, None if of is None else f"{of}[]")}
        for each in (*node.body, *([node.test] if node.test else []), *node.else_):
            self.visit(each, inner)

    def visit_Assign(self, node: nodes.Assign, scope: Scope) -> None:  # noqa: N802
        """A name that is set stands for what it is set to."""
        self.visit(node.node, scope)
        scope.update(_bound(node.target, _path(node.node, scope)))

    def visit_Macro(self, node: nodes.Macro, scope: Scope) -> None:  # noqa: N802
        """A macro's arguments are what it is called with."""
        scope[node.name] = None
        inner = {**scope, **{one.name: None for one in node.args}}
        for each in node.body:
            self.visit(each, inner)

    def visit_Import(self, node: nodes.Import, scope: Scope) -> None:  # noqa: N802
        """Another file's macros."""
        scope[node.target] = None

    def visit_FromImport(self, node: nodes.FromImport, scope: Scope) -> None:  # noqa: N802
        """Some of them."""
        scope.update({one if isinstance(one, str) else one[1]: None for one in node.names})

    def visit_Name(self, node: nodes.Name, scope: Scope) -> None:  # noqa: N802
        """A fact, where the template did not make the name itself."""
        if node.name not in scope:
            self.found.setdefault(node.name, node.lineno)

    def visit_Getattr(self, node: nodes.Getattr, scope: Scope) -> None:  # noqa: N802
        """A part of a fact."""
        path = _path(node, scope)
        if path is not None:
            self.found.setdefault(path, node.lineno)
        self.visit(node.node, scope)


def _path(node: nodes.Node, scope: Scope) -> str | None:
    """The fact that an expression is; None where it is worked out."""
    match node:
        case nodes.Name():
            return scope.get(node.name, node.name)
        case nodes.Getattr():
            of = _path(node.node, scope)
            return None if of is None else f"{of}.{node.attr}"
        case nodes.Getitem():
            of = _path(node.node, scope)
            return None if of is None else f"{of}[]"
        case nodes.Filter() if node.node is not None and node.name in _KEEPING:
            return _path(node.node, scope)
        case nodes.Filter() if node.node is not None and node.name in _ONE:
            of = _path(node.node, scope)
            return None if of is None else f"{of}[]"
        case _:
            return None


def _bound(target: nodes.Node, path: str | None) -> dict[str, str | None]:
    """The names that an assignment or a loop gives."""
    if isinstance(target, nodes.Name):
        return {target.name: path}
    return {one.name: None for one in target.find_all(nodes.Name)}
