"""What readers find on a machine: plain values, each with the file and the line where it stands."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from ipaddress import IPv4Interface, IPv6Interface, ip_network
from typing import Final, TypeAlias

from foundation.errors import Invalid
from foundation.speech import Phrase
from inventory.exchange.records import Place, Said
from inventory.exchange.tables import harmless
from inventory.models.addresses import IPAddress, IPNetwork, Role
from inventory.models.lines import CredentialKind

IPInterface: TypeAlias = IPv4Interface | IPv6Interface

_NO_PREFIX: Final = Phrase(
    "« {text} » n'est ni une adresse ni un préfixe.", "“{text}” is neither an address nor a prefix."
)
_EMAIL: Final = re.compile(r"[^\s<>(),;|\[\]\"']+@[^\s<>(),;|\[\]\"']+\.[^\s<>(),;|\[\]\"']+")
_APART: Final = re.compile(r"[,;|<>()\[\]]|\s[-–—]\s")
_LABELLED: Final = re.compile(r"(?:name|nom|friendly_name|member|membre|client|user)\s*[=:]\s*", re.IGNORECASE)
_SETTING: Final = re.compile(r"[A-Za-z][A-Za-z0-9-]*\s*:?=|\[")


class Unreadable(Invalid):
    """A file that is not what its place says: nothing of the machine is proposed from a half-understood file."""

    kind = "adopt-unreadable"
    phrase = Phrase(
        "{file}, ligne {line} : {reason} Rien n'a été repris ; le corriger sur la machine, ou en donner une copie "
        "corrigée (--from).",
        "{file}, line {line}: {reason} Nothing was adopted; correct it on the machine, or give a corrected copy "
        "(--from).",
    )


@dataclass(frozen=True, slots=True)
class Way:
    """One way in that a machine opens to somebody: a WireGuard key, a PPP login, a certificate's name.

    `secret` is a login's password, or the key that both ends of a tunnel share beside their own.

    `called` is what is written beside it: names, e-mails, numbers. `prefixes` are the addresses that it carries.
    """

    kind: CredentialKind
    name: str
    place: Place
    called: tuple[str, ...] = ()
    prefixes: tuple[tuple[IPNetwork, Role], ...] = ()
    secret: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Own:
    """An interface of the machine itself, towards its members: its addresses, its key and port."""

    interface: str
    place: Place
    addresses: tuple[IPInterface, ...]
    private_key: str = field(default="", repr=False)
    port: int | None = None


@dataclass(frozen=True, slots=True)
class Client:
    """Who may ask a RADIUS server, and the secret between the two."""

    name: str
    address: str
    place: Place
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Named:
    """What an address is called (a PTR record)."""

    address: IPAddress
    name: str
    place: Place


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate of an existing CA, as its index has it."""

    name: str
    revoked: bool
    place: Place


@dataclass(slots=True)
class Found:
    """Everything that was read. `told` is what Essaim takes no part of, and people should know."""

    ways: list[Way] = field(default_factory=list)
    own: list[Own] = field(default_factory=list)
    clients: list[Client] = field(default_factory=list)
    names: list[Named] = field(default_factory=list)
    certificates: list[Certificate] = field(default_factory=list)
    told: list[Said] = field(default_factory=list)

    def tell(self, file: str, line: int, phrase: Phrase, **facts: object) -> None:
        """Note something to know."""
        self.told.append(Said(Place(file, line), phrase, facts))

    def add(self, other: Found) -> None:
        """Take in what another reader found."""
        for name in ("ways", "own", "clients", "names", "certificates", "told"):
            getattr(self, name).extend(getattr(other, name))


def called(*comments: str) -> tuple[str, ...]:
    """The names, e-mails and numbers in comments, each alone: `# Ada Martin <ada@x.example>` gives both.

    A setting that is commented out names nobody.
    """
    pieces: list[str] = []
    for comment in comments:
        text = comment.strip().strip("#;").strip()
        text = _LABELLED.sub("", text, count=1) if _LABELLED.match(text) else "" if _SETTING.match(text) else text
        pieces += _EMAIL.findall(text)
        pieces += _APART.split(_EMAIL.sub(",", text))
    plain = (" ".join(piece.split()) for piece in pieces)
    return tuple(dict.fromkeys(piece for piece in plain if piece))


def prefix_at(file: str, line: int, text: str) -> IPNetwork:
    """A prefix of a file, whatever its host bits say. Raises Unreadable."""
    try:
        return ip_network(text.strip(), strict=False)
    except ValueError as wrong:
        raise Unreadable(file=file, line=line, reason=said_of(_NO_PREFIX, text=harmless(text))) from wrong


def said_of(phrase: Phrase, **facts: object) -> Phrase:
    """A phrase with its facts in it, to stand inside another."""
    return Phrase.said(phrase.say("fr", **facts), phrase.say("en", **facts))
