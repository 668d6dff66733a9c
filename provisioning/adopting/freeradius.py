"""FreeRADIUS: its `users` file (users(5)), also called `authorize`, and its `clients.conf`.

What is taken of an entry: who logs in, with which password, and the addresses that the session is given. What holds for
everyone (DEFAULT) or is worked out at each login is told, not taken.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from foundation.speech import Phrase
from inventory.exchange.records import Place
from inventory.exchange.tables import harmless
from inventory.models.addresses import IPNetwork, Role
from inventory.models.lines import CredentialKind
from provisioning.adopting.found import Client, Found, Unreadable, Way, called, prefix_at

RELEASE: Final = "essaim-release"
"""The entry by which our own texts say which release runs."""
ROLES: Final = {
    "framed-ip-address": Role.WAN,
    "framed-route": Role.ROUTED,
    "framed-ipv6-route": Role.ROUTED,
    "delegated-ipv6-prefix": Role.DELEGATED,
}
"""The reply attributes that give addresses (RFC 2865, 3162, 4818)."""
PASSWORDS: Final = frozenset({"cleartext-password", "user-password"})

_ITEM: Final = re.compile(
    r"\s*([A-Za-z][A-Za-z0-9.:_-]*)\s*(:=|==|\+=|=~|!=|>=|<=|=\*|!\*|=|>|<)\s*"
    r"('(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|[^\s,]+)\s*(,|$)"
)
_NAME: Final = re.compile(r"(?:\"((?:[^\"\\]|\\.)*)\"|(\S+))")
_EXPANDS: Final = re.compile(r"%\{|%[A-Za-z]|`")
_GIVEN_ELSEWHERE: Final = frozenset({"255.255.255.254", "255.255.255.255"})
"""As a Framed-IP-Address: the server or the user chooses (RFC 2865, 5.8)."""
_CLIENT: Final = re.compile(r"client\s+(\S+)\s*\{$")

_NOT_AN_ITEM: Final = Phrase("cet attribut ne se lit pas.", "this attribute cannot be read.")
_ORPHAN: Final = Phrase("des attributs sans identifiant devant.", "attributes without a login before them.")
_DEFAULT: Final = Phrase(
    "une entrée DEFAULT vaut pour tout le monde : Essaim n'en reprend rien.",
    "a DEFAULT entry holds for everyone: Essaim takes nothing of it.",
)
_INCLUDED: Final = Phrase("« {text} » n'a pas été suivi.", "“{text}” was not followed.")
_NO_PASSWORD: Final = Phrase(
    "{login} n'a pas de mot de passe en clair ici : il n'est pas proposé.",
    "{login} has no password in the clear here: it is not proposed.",
)
_WORKED_OUT: Final = Phrase(
    "{login} : {attribute} se calcule à la connexion, ou n'a pas d'équivalent : laissé de côté.",
    "{login}: {attribute} is worked out at each login, or has no counterpart: left aside.",
)


@dataclass(frozen=True, slots=True)
class Item:
    """One attribute; `expands` where its text is worked out at each login."""

    attribute: str
    operator: str
    value: str
    expands: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """One login of a users file, with its check items and its reply items."""

    line: int
    name: str
    check: tuple[Item, ...]
    reply: tuple[Item, ...]
    comments: tuple[str, ...]


def read_users(file: str, text: str) -> Found:
    """The ways in of a users file. Comments above an entry are what it is called. Raises Unreadable."""
    found = Found()
    for number, row in enumerate(text.split("\n"), start=1):
        if row.startswith("$INCLUDE"):
            found.tell(file, number, _INCLUDED, text=harmless(row))
    for entry in entries(file, text):
        if entry.name == "DEFAULT":
            found.tell(file, entry.line, _DEFAULT)
        elif entry.name != RELEASE:
            way = way_of(file, entry, found)
            if way is not None:
                found.ways.append(way)
    return found


def read_clients(file: str, text: str) -> Found:
    """Who may ask, with which secret."""
    found = Found()
    block: tuple[int, str, dict[str, str]] | None = None
    depth = 0
    for number, row in enumerate(text.split("\n"), start=1):
        plain = _uncommented(f" {row}").strip()
        opened = _CLIENT.match(plain)
        if opened and not depth:
            block = (number, opened[1], {})
        elif depth == 1 and block is not None and "=" in plain:
            key, _, value = plain.partition("=")
            block[2][key.strip()] = _unquoted(value.strip())[0]
        depth += plain.endswith("{") - (plain == "}")
        if not depth and block is not None:
            line, name, said = block
            address = said.get("ipaddr") or said.get("ipv4addr") or said.get("ipv6addr") or name
            if "secret" in said:
                address = address.removesuffix("/128" if ":" in address else "/32")
                found.clients.append(Client(name, address, Place(file, line), said["secret"]))
            block = None
    return found


def entries(file: str, text: str) -> Iterator[Entry]:
    """The entries of a users file, DEFAULT among them. Raises Unreadable."""
    comments: list[str] = []
    held: tuple[int, str, list[Item], list[Item], tuple[str, ...]] | None = None
    for number, row in enumerate(text.split("\n"), start=1):
        if not row.strip():
            continue
        if row.lstrip().startswith("#"):
            comments.append(row)
        elif row.startswith("$INCLUDE"):
            comments = []
        elif row[0].isspace():
            if held is None:
                raise Unreadable(file=file, line=number, reason=_ORPHAN)
            held[3].extend(items(file, number, row))
        else:
            if held is not None:
                yield _entry(held)
            name = _NAME.match(row)
            login = (name[1] if name and name[1] is not None else name and name[2]) or ""
            held = (number, login, list(items(file, number, row[name.end() :] if name else "")), [], tuple(comments))
            comments = []
    if held is not None:
        yield _entry(held)


def items(file: str, line: int, text: str) -> Iterator[Item]:
    """Attributes with commas between. Raises Unreadable."""
    at = 0
    text = text.rstrip().removesuffix(",")
    while text[at:].strip() and not text[at:].lstrip().startswith("#"):
        found = _ITEM.match(text, at) or _ITEM.match(_uncommented(text), at)
        if found is None:
            raise Unreadable(file=file, line=line, reason=_NOT_AN_ITEM)
        value, expands = _unquoted(found[3])
        yield Item(found[1], found[2], value, expands)
        at = found.end()


def way_of(file: str, entry: Entry, found: Found) -> Way | None:
    """The way in of an entry; None, told, where its password is not here."""
    passwords = [one for one in entry.check if one.attribute.lower() in PASSWORDS]
    if not passwords or passwords[-1].expands:
        found.tell(file, entry.line, _NO_PASSWORD, login=harmless(entry.name))
        return None
    prefixes = []
    for item in entry.reply:
        role = ROLES.get(item.attribute.lower())
        if role is None:
            continue
        if item.expands or item.value in _GIVEN_ELSEWHERE or item.operator == "=*":
            shown = harmless(entry.name)
            found.tell(file, entry.line, _WORKED_OUT, login=shown, attribute=item.attribute)
        else:
            prefixes.append((prefix_of(file, entry.line, item), role))
    near = called(*entry.comments)
    return Way(
        CredentialKind.PPP, entry.name.lower(), Place(file, entry.line), near, tuple(prefixes), passwords[-1].value
    )


def prefix_of(file: str, line: int, item: Item) -> IPNetwork:
    """The prefix of an attribute that gives one: of a route, what stands before its gateway. Raises Unreadable."""
    return prefix_at(file, line, item.value.split()[0] if item.value.split() else item.value)


def _entry(held: tuple[int, str, Sequence[Item], Sequence[Item], tuple[str, ...]]) -> Entry:
    line, name, check, reply, comments = held
    return Entry(line, name, tuple(check), tuple(reply), comments)


def _unquoted(text: str) -> tuple[str, bool]:
    """What a value says, and whether it is worked out at each login: between double quotes much is."""
    if len(text) > 1 and text[0] == text[-1] == "'":
        return re.sub(r"\\(['\\])", r"\1", text[1:-1]), False
    if len(text) > 1 and text[0] == text[-1] == '"':
        inner = text[1:-1]
        return re.sub(r"\\(.)", r"\1", inner), bool(_EXPANDS.search(inner)) or bool(re.search(r"\\[^\"\\]", inner))
    return text, text.startswith("`")


def _uncommented(text: str) -> str:
    """A row without the comment at its end, which stands after white space."""
    return re.sub(r"\s#.*$", "", text)
