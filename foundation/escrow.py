"""The vault's key in escrow: sealed once for each of several people, so that any one of them can bring it back.

A text that may be printed and typed again. Each envelope is the whole key file, encrypted with AES-256-GCM under a
key that scrypt (RFC 7914) draws from its holder's passphrase; whose it is and how it was drawn are authenticated
with it. The alphabet is that of base32 (RFC 4648), and each row ends with a check of its own.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
import unicodedata
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from foundation.errors import Invalid, NotFound, Refused, Unavailable
from foundation.speech import Phrase

SHORTEST: Final = 16
"""Signs of a passphrase: four words, say."""
FEWEST: Final = 8
"""Different signs of a passphrase."""

_TITLE: Final = "ESSAIM ESCROW 1"
_COST: Final = 17
"""scrypt's N as a power of two: 128 MiB and half a second a guess, with r = 8 and p = 1."""
_COSTS: Final = range(14, 21)
_SALT, _NONCE, _ROW, _GROUP = 16, 12, 20, 4


class NoEscrow(NotFound):
    """There is no envelope where one was looked for."""

    kind = "no-escrow"
    phrase = Phrase(
        "Pas d'enveloppe dans {file}. En faire : essaim key escrow --to 2",
        "There is no envelope in {file}. To make some: essaim key escrow --to 2",
    )


class EscrowUnwritten(Unavailable):
    """There is no room for the envelopes, or no leave to write them."""

    kind = "escrow-unwritten"
    phrase = Phrase(
        "Impossible d'écrire {file} ({reason}). Les enveloppes d'avant restent. Faites de la place, puis recommencez.",
        "{file} cannot be written ({reason}). Former envelopes stay. Make room, then begin again.",
    )


class BadEscrow(Invalid):
    """An envelope that was damaged or mistyped."""

    kind = "bad-escrow"
    phrase = Phrase(
        "L'enveloppe de {file} est illisible à la ligne {row} : une faute de frappe ? Rien n'a été changé.",
        "The envelope in {file} cannot be read at line {row}: a typing error? Nothing was changed.",
    )


class WeakPassphrase(Invalid):
    """A passphrase that a machine could guess."""

    kind = "weak-passphrase"
    phrase = Phrase(
        "Cette phrase est trop courte ou trop répétitive : {shortest} signes au moins, dont {fewest} différents ; "
        "quatre mots sans rapport font l'affaire. Rien n'a été changé.",
        "This passphrase is too short or too repetitive: at least {shortest} signs, {fewest} of them different; "
        "four unrelated words will do. Nothing was changed.",
    )


class SamePassphrase(Invalid):
    """Two people with one passphrase are one person."""

    kind = "same-passphrase"
    phrase = Phrase(
        "Deux personnes ont donné la même phrase : chacune la sienne. Rien n'a été changé.",
        "Two people gave the same passphrase: each has their own. Nothing was changed.",
    )


class WrongPassphrase(Refused):
    """No envelope opens with this passphrase."""

    kind = "wrong-passphrase"
    phrase = Phrase(
        "Cette phrase n'ouvre aucune enveloppe de {file}. Rien n'a été changé.",
        "This passphrase opens no envelope in {file}. Nothing was changed.",
    )


@dataclass(frozen=True, slots=True, repr=False)
class Opened:
    """Whose envelope opened, and the key file that was in it."""

    holder: str
    key: bytes


@dataclass(frozen=True, slots=True)
class _Envelope:
    holder: str
    cost: int
    sealed: bytes


def check(passphrases: Sequence[str]) -> None:
    """Raises WeakPassphrase or SamePassphrase unless these will do, one a person."""
    plain = [_plain(one) for one in passphrases]
    if any(len(one) < SHORTEST or len(set(one)) < FEWEST for one in plain):
        raise WeakPassphrase(shortest=SHORTEST, fewest=FEWEST)
    if len(set(plain)) < len(plain):
        raise SamePassphrase


def sealed(key: bytes, passphrases: Mapping[str, str], about: str) -> str:
    """The text of the envelopes: the key file for each holder (`M0042`) under their passphrase.

    `about` is what whoever finds the paper reads first. Raises WeakPassphrase, SamePassphrase.
    """
    check(list(passphrases.values()))
    rows = [f"# {row}" for row in about.splitlines()] + ["", _TITLE]
    for holder, passphrase in passphrases.items():
        salt, nonce = os.urandom(_SALT), os.urandom(_NONCE)
        box = AESGCM(_drawn(passphrase, salt, _COST)).encrypt(nonce, key, _label(holder, _COST))
        rows += ["", f"FOR {holder} COST {_COST}", *_written(salt + nonce + box)]
    return "\n".join([*rows, ""])


@contextmanager
def replacing(path: Path) -> Iterator[Callable[[str], None]]:
    """Give what writes new envelopes, for their owner alone to read: at the end of the block, and only where all went
    well in it, they take the place of former ones at once. Raises EscrowUnwritten.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}")

    def put(text: str) -> None:
        try:
            with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
        except OSError as failed:
            raise EscrowUnwritten(file=path, reason=failed.strerror) from failed

    try:
        yield put
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def holders(path: Path) -> list[str]:
    """For whom there is an envelope; nobody where there is no file. Raises BadEscrow."""
    return [one.holder for one in _read(path)] if path.exists() else []


def opened(path: Path, passphrase: str) -> Opened:
    """Open the envelope that this passphrase opens. Raises NoEscrow, BadEscrow, WrongPassphrase."""
    if not path.is_file():
        raise NoEscrow(file=path)
    for one in _read(path):
        salt, nonce, box = (
            one.sealed[:_SALT], one.sealed[_SALT : _SALT + _NONCE], one.sealed[_SALT + _NONCE :]
        )  # fmt: skip
        try:
            key = AESGCM(_drawn(passphrase, salt, one.cost)).decrypt(nonce, box, _label(one.holder, one.cost))
        except InvalidTag:
            continue
        return Opened(one.holder, key)
    raise WrongPassphrase(file=path)


def _plain(passphrase: str) -> str:
    """One spelling of a passphrase, however a keyboard composes its accents and spaces."""
    return " ".join(unicodedata.normalize("NFKC", passphrase).split())


def _drawn(passphrase: str, salt: bytes, cost: int) -> bytes:
    return Scrypt(salt=salt, length=32, n=2**cost, r=8, p=1).derive(_plain(passphrase).encode())


def _label(holder: str, cost: int) -> bytes:
    return f"{_TITLE} FOR {holder} COST {cost}".encode()


def _written(content: bytes) -> list[str]:
    """Rows of groups of four signs, the last one a check of the row."""
    parts = [content[begin : begin + _ROW] for begin in range(0, len(content), _ROW)]
    return [_grouped(base64.b32encode(part).decode().rstrip("=")) + " " + _checked(part) for part in parts]


def _grouped(text: str) -> str:
    return " ".join(text[begin : begin + _GROUP] for begin in range(0, len(text), _GROUP))


def _checked(part: bytes) -> str:
    return base64.b32encode(zlib.crc32(part).to_bytes(4, "big"))[:_GROUP].decode()


def _read(path: Path) -> list[_Envelope]:
    try:
        rows = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError as garbled:
        raise BadEscrow(file=path, row=1) from garbled
    found: list[_Envelope] = []
    titled = False
    for number, row in enumerate(rows, start=1):
        words = row.upper().split()
        if not words or words[0].startswith("#"):
            continue
        if not titled:
            titled = " ".join(words) == _TITLE
            if not titled:
                raise BadEscrow(file=path, row=number)
        elif words[0] == "FOR":
            found.append(_headed(words, path, number))
        elif not found:
            raise BadEscrow(file=path, row=number)
        else:
            last = found.pop()
            found.append(_Envelope(last.holder, last.cost, last.sealed + _row_of(words, path, number)))
    if not found:
        raise BadEscrow(file=path, row=len(rows))
    return found


def _headed(words: list[str], path: Path, number: int) -> _Envelope:
    read = re.fullmatch(r"FOR (M[0-9]{1,9}) COST ([0-9]{2})", " ".join(words))
    # A cost beyond all use would take the machine's memory.
    if read is None or int(read[2]) not in _COSTS:
        raise BadEscrow(file=path, row=number)
    return _Envelope(read[1], int(read[2]), b"")


def _row_of(words: list[str], path: Path, number: int) -> bytes:
    text = "".join(words)
    body, check_of_row = text[:-_GROUP], text[-_GROUP:]
    try:
        part = base64.b32decode(body + "=" * (-len(body) % 8))
    except (binascii.Error, ValueError) as wrong:
        raise BadEscrow(file=path, row=number) from wrong
    if _checked(part) != check_of_row:
        raise BadEscrow(file=path, row=number)
    return part
