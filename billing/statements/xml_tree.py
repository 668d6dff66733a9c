"""XML of a stranger, read by lxml without any of what XML can be attacked by; the only module that knows lxml."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from lxml import etree

from billing.statements import texts
from billing.statements.refusals import MalformedStatement, StatementTooLong, StatementWithEntities, line

_DECLARED: Final = re.compile(rb"\s*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9._-]{1,40})[\"']")
MOST_MARKS: Final = 3_000_000
"""Of elements and attributes. A hundred thousand entries are fewer; what they become takes some hundred bytes each."""


class Node:
    """An element: its children are asked for by their names in its document's namespace.

    What is in it is looked through once, when something in it is first asked for. Of a long statement nothing is kept
    but the entry that is being read: a million objects at once cost more than to make them.
    """

    __slots__ = ("_element", "_named", "_prefix")

    def __init__(self, element: Any, prefix: str) -> None:
        self._element, self._prefix = element, prefix
        self._named: dict[str, list[Node]] | None = None

    @property
    def namespace(self) -> str:
        """The namespace of the whole document; empty where it has none."""
        return self._prefix[1:-1]

    @property
    def name(self) -> str:
        """The element's name, without its namespace."""
        return str(self._element.tag).rpartition("}")[2]

    def children(self, first: str, *path: str) -> Iterator[Node]:
        """All the elements at the end of a path of names, each forgotten by us when whoever asked has done with it."""
        for element in self._element.iterchildren(self._prefix + first):
            child = Node(element, self._prefix)
            if path:
                yield from child.children(*path)
            else:
                yield child

    def child(self, *path: str) -> Node | None:
        """The element at the end of a path of names, by the first of each."""
        node = self
        for name in path:
            found = node._within().get(name)
            if found is None:
                return None
            node = found[0]
        return node

    def text(self, *path: str) -> str:
        """The text of the element at the end of a path, by the first of each name; empty where there is none."""
        node = self.child(*path)
        return (node._element.text or "").strip() if node is not None else ""

    def attribute(self, name: str) -> str:
        """An attribute; empty where there is none."""
        return str(self._element.get(name, ""))

    def _within(self) -> dict[str, list[Node]]:
        if self._named is None:
            self._named = {}
            for child in self._element:
                name = child.tag.removeprefix(self._prefix)
                self._named.setdefault(name, []).append(Node(child, self._prefix))
        return self._named


def tree(data: bytes) -> Node:
    """The root of a document: no document type, no entities, nothing fetched, no deep nesting.

    Raises UndecodableStatement, StatementWithEntities, StatementTooLong, MalformedStatement.
    """
    declared = _DECLARED.match(data.removeprefix(b"\xef\xbb\xbf"))
    text = texts.decoded(data, declared[1].decode() if declared else "utf-8").lstrip()
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise StatementWithEntities
    if text.count("<") + text.count("=") > MOST_MARKS:
        raise StatementTooLong
    if text.startswith("<?xml"):
        # What it declares no longer holds: it is UTF-8 from here on. Line numbers stay.
        text = text[text.find("?>") + 2 :]
    try:
        root = etree.fromstring(text.encode(), _parser())
    except etree.XMLSyntaxError as wrong:
        raise MalformedStatement(where=line(wrong.lineno or 1)) from None
    prefix, mark, _ = root.tag.rpartition("}")
    return Node(root, prefix + mark)


def _parser() -> Any:
    return etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        attribute_defaults=False,
        huge_tree=False,
        recover=False,
        remove_comments=True,
        remove_pis=True,
    )
