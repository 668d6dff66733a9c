"""RouterOS 7 as its people read it: an export read back, and what would be typed to bring it to what is desired.

An export is a list of acts (`add`, `set`), not a tree: what two of them have in common is told by the menu, by what
names a row there, and for filter rules by their order. Ours are the rows that say so (a comment, a name, a chain or a
list that begins with `essaim`), and of what there is one of, the settings that we state. Nothing else is typed at.

Which defaults an export leaves unsaid depends on the release, so what runs is read from `export verbose`, and a row is
compared in what we state of it, and in what would put it out of force (`disabled`, `blackhole`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from typing import Final, TypeAlias

from provisioning import differences

OURS: Final = "essaim"

Settings: TypeAlias = Mapping[str, str]

_VERBS: Final = ("add", "set", "remove")
_PLAIN: Final = re.compile(r"!?[A-Za-z0-9_.:/,*-]+")
_MARK: Final = re.compile(rf"{OURS}(?![A-Za-z0-9])")
_ESCAPED: Final = re.compile(r"\\([0-9A-F]{2})|\\(.)", re.DOTALL)
_MEANT: Final = {"n": "\n", "r": "\r", "t": "\t", "a": "\a", "b": "\b", "f": "\f", "v": "\v", "_": " "}
_FLAGS: Final = frozenset({"blackhole", "passive"})
"""Said by their name alone."""
_WATCHED: Final[Settings] = {"disabled": "no", "blackhole": "", "passive": ""}
"""What is compared even where we do not state it, and what it is then."""
_ADDRESSES: Final = ("/ip address", "/ipv6 address")
"""Where what goes makes room for what comes: no two rows have one address."""
_ALONE: Final = frozenset({*_ADDRESSES, "/ip route", "/ipv6 route"})
"""Where two rows of one name would be one too many."""
_ORDERED: Final = {"/routing filter rule": ("chain", "rule")}
"""Menus in which the order counts: within what, and what is ordered."""
_NAMED_BY: Final[Mapping[str, tuple[str, ...]]] = {
    "/ip address": ("address", "interface"),
    "/ipv6 address": ("address", "interface"),
    "/ip route": ("dst-address", "distance"),
    "/ipv6 route": ("dst-address", "distance"),
    "/ip firewall address-list": ("list", "address"),
    "/ipv6 firewall address-list": ("list", "address"),
    "/ipv6 firewall raw": ("chain", "in-interface", "comment"),
    "/routing filter num-list": ("list", "range"),
    "/routing filter rule": ("chain", "rule"),
    "/routing ospf interface-template": ("area", "interfaces"),
    "/routing rpki": ("group", "address"),
    "/radius": ("service", "address"),
    "/ppp l2tp-secret": ("address",),
}
_NAME: Final = ("name",)


class Illegible(ValueError):
    """A text that is no RouterOS script."""


@dataclass(frozen=True, slots=True)
class Row:
    """One act in a menu: `where` is which rows it is about (None: a new one, or the one that there is).

    `before` is the row that a new one is put before, in a menu whose order counts.
    """

    menu: str
    verb: str
    settings: Settings = field(default_factory=dict)
    where: Settings | None = None
    before: Settings | None = None

    def __str__(self) -> str:
        """As it is typed."""
        words = [self.menu, self.verb]
        if self.where is not None:
            words.append(_find(self.where))
        words += [_said(name, value) for name, value in self.settings.items()]
        if self.before is not None:
            words.append(f"place-before={_find(self.before)}")
        return " ".join(words)


def quoted(text: str) -> str:
    """A text as one word that ends nowhere but at its own quotes, and in which nothing is worked out."""
    plain = "".join(f"\\{one}" if one in '"\\$?' else one if " " <= one <= "~" else _octets(one) for one in text)
    return f'"{plain}"'


def read(text: str, *, strict: bool = False) -> list[Row]:
    """The rows of an export or of a script.

    Raises Illegible, where `strict` also for what only a program would say (`;`, `$`, braces) outside of quotes.
    """
    rows, menu = [], ""
    for line in _whole_lines(text):
        words = list(_words(line, strict=strict))
        if words[0].startswith("/"):
            end = next((rank for rank, word in enumerate(words) if word in _VERBS), len(words))
            menu = "/" + " ".join(part for word in words[:end] for part in word.split("/") if part)
            if any("=" in word for word in words[:end]):
                raise Illegible(line[:80])
            words = words[end:]
        if words:
            rows.append(_row(menu, words))
    return rows


def written(rows: Iterable[Row]) -> str:
    """A script, a row a line."""
    return "".join(f"{row}\n" for row in rows)


def told(rows: Iterable[Row]) -> str:
    """The same rows in one order and one spelling, however they came about; where the order counts, it stays."""

    def place(row: Row) -> tuple[str, ...]:
        within = _ORDERED.get(row.menu)
        return (row.menu, row.settings[within[0]]) if within else (row.menu, *_naming(row).values())

    return written(replace(row, settings=dict(sorted(row.settings.items()))) for row in sorted(rows, key=place))


def ours(running: Sequence[Row], desired: Sequence[Row]) -> list[Row]:
    """Of what runs, the rows that say that they are ours, and the settings that `desired` states; in what it states.

    An address or a route that somebody typed and that is wanted as well is ours from then on: there can be no two.
    """
    stated = {(row.menu, *_naming(row).values()): row for row in desired if row.verb == "add"}
    kept = []
    for row in running:
        if row.verb == "add" and (_is_ours(row) or _is_meant(row, stated)):
            known = stated.get((row.menu, *_naming(row).values()))
            kept.append(_unwatched(row if known is None else _as_stated(row, known)))
    for wanted in desired:
        held = _held(running, wanted.menu)
        if wanted.verb == "set" and (told := {name: held[name] for name in wanted.settings if name in held}):
            kept.append(Row(wanted.menu, "set", told))
    return kept


def remediation(running: Sequence[Row], desired: Sequence[Row]) -> list[Row]:
    """What would be typed: rows that come, then settings that change, then rows that go. Others' are left alone."""
    held = [row for row in ours(running, desired) if row.verb == "add"]
    wanted = [row for row in desired if row.verb == "add"]
    first: list[Row] = []
    come: list[Row] = []
    go: list[Row] = []
    change = list(_settings(running, desired))
    for menu in dict.fromkeys(row.menu for row in (*wanted, *held)):
        old, twice = _once([row for row in held if row.menu == menu])
        new = [row for row in wanted if row.menu == menu]
        first += [_removal(row) for row in twice]
        more, less = _in_order(menu, old, new) if menu in _ORDERED else _by_name(old, new)
        come += more
        (first if menu in _ADDRESSES else go).extend(_removal(row) for row in less if not _moved(row, more))
        first += [_removal(row) for row in less if menu not in _ADDRESSES and _moved(row, more)]
        if menu not in _ORDERED:
            change += [one for row in old for other in new if _naming(row) == _naming(other)
                       for one in _changed(row, other)]  # fmt: skip
    return [*first, *come, *change, *reversed(go)]


def applied(running: Sequence[Row], typed: Iterable[Row]) -> list[Row]:
    """What an export would say once these rows were typed. Raises Illegible where RouterOS would refuse one."""
    now = list(running)
    for row in typed:
        match row.verb, row.where:
            case "add", _:
                now = _added(now, row)
            case "set", None:
                told = {**_held(now, row.menu), **row.settings}
                rest = [one for one in now if (one.menu, one.verb, one.where) != (row.menu, "set", None)]
                now = [*rest, Row(row.menu, "set", told)]
            case "set", where:
                now = [replace(one, settings={**one.settings, **row.settings}) if _meets(one, row.menu, where or {})
                       else one for one in now]  # fmt: skip
            case _:
                now = [one for one in now if not _meets(one, row.menu, row.where or {})]
    return now


def established(sessions: Iterable[Mapping[str, object]]) -> frozenset[str]:
    """Of the rows of `/routing/bgp/session`, the neighbours whose session is up; an address may have a length there."""
    up = (one for one in sessions if one.get("established") in (True, "true", "yes"))
    return frozenset(str(ip_address(str(one["remote.address"]).partition("/")[0])) for one in up)


def _whole_lines(text: str) -> Iterator[str]:
    """Lines with what follows a backslash at their end; comments and empty ones left out."""
    joined = re.sub(r"\\\r?\n[ \t]*", "", text)
    for line in joined.split("\n"):
        if (plain := line.strip()) and not plain.startswith("#"):
            yield plain


def _words(line: str, *, strict: bool = False) -> Iterator[str]:
    """The words of a line; quotes and brackets hold theirs together."""
    word, depth, quote, place = "", 0, False, 0
    while place < len(line):
        one = line[place]
        if quote and one == "\\":
            word, place = word + line[place : place + 2], place + 2
            continue
        quote ^= one == '"'
        depth += 0 if quote else (one == "[") - (one == "]")
        if one == " " and not quote and not depth:
            if word:
                yield word
            word = ""
        elif strict and one in ";{}$" and not quote:
            raise Illegible(f"{one!r} outside of quotes: {line[:80]}")
        else:
            word += one
        place += 1
    if quote or depth:
        raise Illegible(f"it does not end: {line[:80]}")
    if word:
        yield word


def _row(menu: str, words: Sequence[str]) -> Row:
    verb, *rest = words
    if verb not in _VERBS:
        raise Illegible(f"{menu} {verb[:40]}")
    where: Settings | None = None
    if rest and verb != "add" and "=" not in rest[0].partition("[")[0]:
        where, rest = _asked(rest[0]), rest[1:]
    settings, before, group = {}, None, ""
    for word in rest:
        name, equals, value = word.partition("=")
        # `remote.address=… .as=…`: what begins with a dot belongs to the group before it.
        name = f"{group}{name}" if name.startswith(".") else name
        group = name.partition(".")[0] if "." in name else group
        if name == "place-before":
            before = _asked(value)
        elif not equals:
            settings[name.removeprefix("!")] = "" if name.startswith("!") else "yes"
        else:
            settings[name] = _plain(value)
    return Row(menu, verb, settings, where, before)


def _asked(word: str) -> Settings:
    """What `[find where name=x and …]` asks; anything else that names a row is its `.id`."""
    if not word.startswith("["):
        return {".id": _plain(word)}
    words = [one for one in _words(word[1:-1].strip()) if one not in ("find", "where", "and")]
    if any("=" not in one for one in words):
        return {".id": word}
    return {name: _plain(value) for name, _, value in (one.partition("=") for one in words)}


def _plain(value: str) -> str:
    if not value.startswith('"'):
        return value
    raw, place, inside = bytearray(), 0, value[1:-1]
    for found in _ESCAPED.finditer(inside):
        raw += inside[place : found.start()].encode()
        octet, letter = found.groups()
        raw += bytes([int(octet, 16)]) if octet else _MEANT.get(letter, letter).encode()
        place = found.end()
    return (raw + inside[place:].encode()).decode(errors="replace")


def _said(name: str, value: str) -> str:
    if name in _FLAGS and value in ("yes", ""):
        return name if value else f"!{name}"
    return f"{name}={value if _PLAIN.fullmatch(value) else quoted(value)}"


def _find(where: Settings) -> str:
    return f"[find where {' and '.join(_said(name, value) for name, value in where.items())}]"


def _octets(character: str) -> str:
    return "".join(f"\\{octet:02X}" for octet in character.encode())


def _is_ours(row: Row) -> bool:
    return any(_MARK.match(row.settings.get(name, "")) for name in ("comment", "name", "chain", "list", "group"))


def _is_meant(row: Row, stated: Mapping[tuple[str, ...], Row]) -> bool:
    if row.settings.get("routing-table", "main") != "main":
        return False
    return row.menu in _ALONE and (row.menu, *_naming(row).values()) in stated


def _as_stated(row: Row, known: Row) -> Row:
    """What runs, in what is stated of it and what is watched, in the order in which we state it."""
    names = [*known.settings, *(name for name in _WATCHED if name not in known.settings)]
    said = {name: row.settings[name] for name in names if name in row.settings}
    return replace(row, settings={name: value for name, value in said.items() if (name, value) != ("comment", "")})


def _unwatched(row: Row) -> Row:
    """Without what is as it should be where nothing is stated."""
    return replace(
        row, settings={name: value for name, value in row.settings.items() if _WATCHED.get(name) != value}
    )  # fmt: skip


def _held(rows: Sequence[Row], menu: str) -> Settings:
    """The settings of what there is one of."""
    return next((row.settings for row in rows if (row.menu, row.verb, row.where) == (menu, "set", None)), {})


def _naming(row: Row) -> Settings:
    """What tells a row from the others of its menu."""
    return {name: row.settings.get(name, "") for name in _NAMED_BY.get(row.menu, _NAME)}


def _found(row: Row) -> Settings:
    """What finds this row and none of somebody else's."""
    comment = row.settings.get("comment")
    return _naming(row) if comment is None else {**_naming(row), "comment": comment}


def _removal(row: Row) -> Row:
    return Row(row.menu, "remove", where=_found(row))


def _once(rows: Sequence[Row]) -> tuple[list[Row], list[Row]]:
    """Rows that are alone in their name, and one of each of the others: those are not told apart, and go together."""
    count = Counter(tuple(_naming(row).values()) for row in rows)
    alone = [row for row in rows if count[tuple(_naming(row).values())] == 1]
    return alone, [row for row in rows if row not in alone]


def _moved(row: Row, come: Sequence[Row]) -> bool:
    """Whether a row goes from one place to another: it goes first, since both would be found by one name."""
    return any(_naming(row) == _naming(one) and row.menu == one.menu for one in come)


def _by_name(old: Sequence[Row], new: Sequence[Row]) -> tuple[list[Row], list[Row]]:
    before, after = ([_naming(row) for row in rows] for rows in (old, new))
    return [row for row in new if _naming(row) not in before], [row for row in old if _naming(row) not in after]


def _in_order(menu: str, old: Sequence[Row], new: Sequence[Row]) -> tuple[list[Row], list[Row]]:
    """By chain, what comes where, and what goes: at no moment is a chain without the rules that stay."""
    within, by = _ORDERED[menu]
    come, go = [], []
    for chain in dict.fromkeys(row.settings[within] for row in (*old, *new)):
        before = [row for row in old if row.settings[within] == chain]
        after = [row for row in new if row.settings[within] == chain]
        for edit in differences.edits([str(one) for one in before], [str(one) for one in after]):
            kept = before[edit.old_to] if edit.old_to < len(before) else None
            place = None if kept is None else {within: chain, by: kept.settings[by]}
            come += [replace(row, before=place) for row in after[edit.new_from : edit.new_to]]
            go += before[edit.old_from : edit.old_to]
    return come, go


def _changed(old: Row, new: Row) -> Iterator[Row]:
    told = {name: value for name, value in new.settings.items() if old.settings.get(name) != value}
    told |= {name: _WATCHED[name] for name in old.settings if name in _WATCHED and name not in new.settings}
    if "comment" in old.settings and "comment" not in new.settings:
        told["comment"] = ""
    if told:
        yield Row(new.menu, "set", told, _found(old))


def _settings(running: Sequence[Row], desired: Sequence[Row]) -> Iterator[Row]:
    for row in desired:
        if row.verb == "set":
            held = _held(running, row.menu)
            told = {name: value for name, value in row.settings.items() if held.get(name) != value}
            if told:
                yield Row(row.menu, "set", told)


def _added(now: Sequence[Row], row: Row) -> list[Row]:
    plain = replace(row, before=None)
    if row.before is None:
        return [*now, plain]
    for rank, one in enumerate(now):
        if _meets(one, row.menu, row.before):
            return [*now[:rank], plain, *now[rank:]]
    raise Illegible(f"no such row: {_find(row.before)}")


def _meets(row: Row, menu: str, where: Settings) -> bool:
    same = (row.settings.get(name, "") == value for name, value in where.items())
    return row.menu == menu and row.verb == "add" and all(same)
