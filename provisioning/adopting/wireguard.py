"""WireGuard files as wg-quick(8) reads them: the interface, and a way in for each peer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from ipaddress import ip_interface
from pathlib import PurePath
from typing import Final

from foundation.speech import Phrase
from inventory import device_facts
from inventory.exchange.records import Place
from inventory.models.addresses import IPNetwork, Role
from inventory.models.lines import CredentialKind
from provisioning.adopting.found import Found, IPInterface, Own, Unreadable, Way, called, prefix_at

INTERFACE: Final = "wg0"
"""The interface that Essaim keeps on a VPN server."""

_SECTION: Final = re.compile(r"\[(\w+)\]$")
_NOT_A_SETTING: Final = Phrase("ce n'est ni une section ni un réglage.", "this is neither a section nor a setting.")
_NOT_A_KEY: Final = Phrase("ce n'est pas une clé WireGuard.", "this is no WireGuard key.")
_NO_ADDRESS: Final = Phrase("ce n'est pas une adresse.", "this is no address.")
_NO_PORT: Final = Phrase("ce n'est pas un port.", "this is no port.")
_OTHER_INTERFACE: Final = Phrase(
    "{count} pairs d'une autre interface que {interface}, la seule qu'Essaim tienne : elle reste à vous.",
    "{count} peers of another interface than {interface}, the only one that Essaim keeps: it stays yours.",
)
_KEYLESS: Final = Phrase("ce pair n'a pas de clé publique.", "this peer has no public key.")
_TWICE: Final = Phrase("cette clé est déjà dans ce fichier.", "this key is in this file already.")
_EVERYTHING: Final = Phrase(
    "le pair {key} reçoit tout l'Internet : c'est un lien vers un routeur, pas l'accès d'un membre. Laissé de côté.",
    "peer {key} is sent the whole Internet: a link to a router, not a member's access. Left aside.",
)


@dataclass(slots=True)
class _Block:
    """A section: its settings with their lines, and the comments that belong to it."""

    name: str
    line: int
    comments: list[str]
    settings: dict[str, list[tuple[int, str]]] = field(default_factory=dict)

    def every(self, key: str) -> Iterator[tuple[int, str]]:
        """Each value of a setting: several may stand on one line, with commas."""
        for line, value in self.settings.get(key, []):
            for each in value.split(","):
                if each.strip():
                    yield line, each.strip()

    def last(self, key: str) -> tuple[int, str] | None:
        """A setting that counts once."""
        return self.settings[key][-1] if key in self.settings else None


def read(file: str, text: str) -> Found:
    """What a `wg0.conf` says. Comments above a peer, or beside its settings, are what it is called.

    Raises Unreadable.
    """
    found = Found()
    seen: set[str] = set()
    blocks = list(_blocks(file, text))
    if PurePath(file).stem != INTERFACE:
        found.tell(file, 0, _OTHER_INTERFACE, count=sum(one.name == "peer" for one in blocks), interface=INTERFACE)
        return found
    for block in blocks:
        if block.name == "interface":
            found.own.append(_own(file, block))
        elif block.name == "peer":
            way = _way(file, block, found)
            if way is not None and way.name in seen:
                raise Unreadable(file=file, line=block.line, reason=_TWICE)
            if way is not None:
                seen.add(way.name)
                found.ways.append(way)
    return found


def _blocks(file: str, text: str) -> Iterator[_Block]:
    block: _Block | None = None
    waiting: list[str] = []
    for number, row in enumerate(text.splitlines(), start=1):
        plain, mark, comment = row.partition("#")
        plain = plain.strip()
        section = _SECTION.match(plain)
        if section:
            if block is not None:
                yield block
            block, waiting = _Block(section[1].lower(), number, [*waiting, comment]), []
        elif plain:
            key, equals, value = plain.partition("=")
            if not equals or block is None:
                raise Unreadable(file=file, line=number, reason=_NOT_A_SETTING)
            block.settings.setdefault(key.strip().lower(), []).append((number, value.strip()))
            # A comment right above a setting is of its own section; further on it is of the next.
            block.comments += [*waiting, comment]
            waiting = []
        elif mark:
            waiting.append(comment)
        elif waiting and block is not None and not block.settings:
            block.comments += waiting
            waiting = []
    if block is not None:
        yield block


def _own(file: str, block: _Block) -> Own:
    key, port = block.last("privatekey"), block.last("listenport")
    if port is not None and not port[1].isdecimal():
        raise Unreadable(file=file, line=port[0], reason=_NO_PORT)
    return Own(
        PurePath(file).stem,
        Place(file, block.line),
        tuple(_interface(file, line, each) for line, each in block.every("address")),
        private_key=_key(file, *key) if key else "",
        port=int(port[1]) if port else None,
    )


def _way(file: str, block: _Block, found: Found) -> Way | None:
    key = block.last("publickey")
    if key is None:
        raise Unreadable(file=file, line=block.line, reason=_KEYLESS)
    public = _key(file, *key)
    prefixes = [prefix_at(file, line, each) for line, each in block.every("allowedips")]
    if any(one.prefixlen == 0 for one in prefixes):
        found.tell(file, block.line, _EVERYTHING, key=public)
        return None
    held = tuple((one, _role(one)) for one in prefixes)
    shared = block.last("presharedkey")
    secret = _key(file, *shared) if shared else None
    return Way(CredentialKind.WIREGUARD, public, Place(file, block.line), called(*block.comments), held, secret)


def _role(prefix: IPNetwork) -> Role:
    if prefix.prefixlen == prefix.max_prefixlen:
        return Role.WAN
    return Role.ROUTED if prefix.version == 4 else Role.DELEGATED


def _key(file: str, line: int, text: str) -> str:
    try:
        return device_facts.wireguard_key(text)
    except device_facts.BadPublicKey as wrong:
        # A private key may stand there: the file's own word is not repeated.
        raise Unreadable(file=file, line=line, reason=_NOT_A_KEY) from wrong


def _interface(file: str, line: int, text: str) -> IPInterface:
    try:
        return ip_interface(text)
    except ValueError as wrong:
        raise Unreadable(file=file, line=line, reason=_NO_ADDRESS) from wrong
