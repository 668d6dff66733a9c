"""Logins as FreeRADIUS keeps them in SQL (`radcheck`, `radreply`), written as one text that people read.

One login is one paragraph, as in a `users` file (users(5)): what it is checked against on its first row, what its
session is given below. Above it stands its line, where the login is ours. Values are those of the rows, between quotes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

_PASSWORDS: Final = "-password"
_CHECKED: Final = ("Cleartext-Password", "Tmp-String-0")
_GIVEN: Final = (
    "Framed-IP-Address",
    "Framed-IP-Netmask",
    "Framed-IPv6-Prefix",
    "Delegated-IPv6-Prefix",
    "Framed-Route",
    "Framed-IPv6-Route",
    "Framed-MTU",
    "Acct-Interim-Interval",
)
_SPELLED: Final = {name.lower(): name for name in (*_CHECKED, *_GIVEN)}
_RANK: Final = {name: rank for rank, name in enumerate((*_CHECKED, *_GIVEN))}
_REPEATED: Final = frozenset({"Delegated-IPv6-Prefix", "Framed-Route", "Framed-IPv6-Route"})
_SETS: Final = frozenset({"=", ":="})
"""Of an attribute that a login has once, the two mean the same: nobody has set it before."""

_QUOTES: Final = ("'", '"', "`")
_LABEL: Final = re.compile(r"# (L\d+)")
_ITEM: Final = re.compile(r"([A-Za-z0-9][A-Za-z0-9.:_-]*) (\S+) '((?:[^'\\]|\\.)*)'")
_ESCAPED: Final = re.compile(r"\\(?:u\{([0-9a-f]+)\}|(.))")


@dataclass(frozen=True, slots=True)
class Item:
    """One row of a login's: an attribute, how it is set or added, its value."""

    attribute: str
    operator: str
    value: str

    def __str__(self) -> str:
        return f"{self.attribute} {self.operator} {_quoted(self.value)}"


@dataclass(frozen=True, slots=True)
class Entry:
    """One login: the line that it opens, empty where the login is not ours (yet), and its rows of both tables."""

    login: str
    line: str
    check: tuple[Item, ...] = ()
    reply: tuple[Item, ...] = ()

    def __str__(self) -> str:
        label = [f"# {self.line}"] if self.line else []
        head = "\t".join([_name(self.login), *([", ".join(map(str, self.check))] if self.check else [])])
        return "".join(f"{row}\n" for row in (*label, head, *(f"\t{item}" for item in self.reply)))


def owned(table: str, attribute: str) -> bool:
    """Whether rows of this attribute are ours in a login that is: every password, and what our sessions are given."""
    plain = attribute.lower()
    if table == "radcheck":
        return plain.endswith(_PASSWORDS) or _SPELLED.get(plain) in _CHECKED
    return _SPELLED.get(plain) in _GIVEN


def spelled(item: Item) -> Item:
    """A row as we would write it, where that means the same: dictionaries know no case, `=` and `:=` set alike."""
    name = _SPELLED.get(item.attribute.lower(), item.attribute)
    if name not in _RANK:
        return item
    if name in _REPEATED:
        return Item(name, item.operator, item.value)
    usual = ":=" if name in _CHECKED else "="
    return Item(name, usual if item.operator in _SETS else item.operator, item.value)


def ordered(items: Iterable[Item]) -> tuple[Item, ...]:
    """Rows in the one order in which they are written."""
    last = len(_RANK)
    return tuple(sorted(items, key=lambda one: (_RANK.get(one.attribute, last), one.attribute, one.value)))


def stored(value: str) -> str:
    """A value as it stands in a row, for FreeRADIUS to take it as it is: one that it might not is put between quotes.

    Between back quotes it would be a command; a backslash takes its meaning from what comes after it.
    """
    if "\\" not in value and not (value[:1] in _QUOTES and value[:1] == value[-1:]):
        return value
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def meant(value: str) -> str:
    """What a row's value says, where it stands between quotes."""
    if len(value) < 2 or not value[0] == value[-1] == "'":
        return value
    return re.sub(r"\\(.)", r"\1", value[1:-1])


def written(entries: Iterable[Entry]) -> str:
    """The text of these logins, by name. Passwords are in it: it is for the vault."""
    named = sorted(entries, key=lambda one: one.login)
    return "\n".join(str(replace(one, check=ordered(one.check), reply=ordered(one.reply))) for one in named)


def read(text: str) -> tuple[Entry, ...]:
    """The logins of a text. Raises ValueError, with the number of the row that it cannot read."""
    found: list[Entry] = []
    line = ""
    for number, row in enumerate(text.split("\n"), start=1):
        label = _LABEL.fullmatch(row)
        if label:
            line = label[1]
        elif row.startswith("\t") and found:
            found[-1] = replace(found[-1], reply=(*found[-1].reply, *_items(number, row[1:])))
        elif row:
            name, _, checked = row.partition("\t")
            found.append(Entry(_unescaped(name), line, _items(number, checked)))
            line = ""
    return tuple(found)


def _items(number: int, text: str) -> tuple[Item, ...]:
    items, at = [], 0
    while at < len(text):
        item = _ITEM.match(text, at)
        if item is None or text[item.end() : item.end() + 2] not in ("", ", "):
            raise ValueError(str(number))
        items.append(Item(item[1], item[2], _unescaped(item[3])))
        at = item.end() + 2
    return tuple(items)


def _name(login: str) -> str:
    plain = _escaped(login).replace(" ", "\\u{20}")
    return f"\\u{{23}}{plain[1:]}" if plain.startswith("#") else plain


def _quoted(value: str) -> str:
    return "'" + _escaped(value).replace("'", "\\'") + "'"


def _escaped(text: str) -> str:
    """On one row whatever is in it: signs that show nothing, or move others about, are written by number."""
    return "".join("\\\\" if sign == "\\" else sign if sign.isprintable() else f"\\u{{{ord(sign):x}}}" for sign in text)


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)) if found[1] else found[2], text)
