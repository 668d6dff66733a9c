"""Secrets at rest: sealed with the association's key, opened only where they are used.

A sealed value is a Fernet token (AES-128-CBC with HMAC-SHA-256) under the first key of the key file;
older keys in the file still open older values, so that a key can be changed without a pause.
"""

from __future__ import annotations

import hmac
import os
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from sqlalchemy import Dialect, LargeBinary
from sqlalchemy.orm import Session
from sqlalchemy.types import TypeDecorator

from foundation.errors import Unavailable
from foundation.speech import Phrase


class KeyMissing(Unavailable):
    """The vault's key is not where it should be, or is not a key."""

    kind = "key-missing"
    permanent = True
    phrase = Phrase(
        "La clé du coffre manque ou n'en est pas une : {path}. Rapportez-la depuis sa sauvegarde.",
        "The vault's key is missing or is not a key: {path}. Bring it back from its backup.",
    )


class WrongKey(Unavailable):
    """A sealed value does not open with the keys we have."""

    kind = "wrong-key"
    permanent = True
    phrase = Phrase(
        "Un secret ne s'ouvre pas avec cette clé : ce n'est pas la clé de cette association.",
        "A secret does not open with this key: it is not this association's key.",
    )


@dataclass(frozen=True, slots=True, repr=False)
class Sealed:
    """A secret that only the vault opens. Its representation says nothing."""

    token: bytes

    def __repr__(self) -> str:
        return "Sealed(…)"


class SealedColumn(TypeDecorator[Sealed]):
    """A column of sealed values: bytes in the database, `Sealed` in the program."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: Sealed | None, dialect: Dialect) -> bytes | None:  # noqa: ARG002
        """The token as it is stored."""
        return None if value is None else value.token

    def process_result_value(self, value: Any, dialect: Dialect) -> Sealed | None:  # noqa: ARG002
        """The token, still sealed."""
        return None if value is None else Sealed(bytes(value))


class Vault:
    """Seals, opens and fingerprints with the association's keys."""

    __slots__ = ("_fernet", "_fingerprint_key")

    def __init__(self, keys: list[bytes]) -> None:
        self._fernet = MultiFernet([Fernet(key) for key in keys])
        self._fingerprint_key = sha256(b"essaim fingerprint" + keys[-1]).digest()

    @classmethod
    def read(cls, path: Path) -> Vault:
        """Open the vault with the keys of this file, one a line, the newest first. Raises KeyMissing."""
        try:
            return cls(path.read_bytes().split())
        except (OSError, ValueError, IndexError) as wrong:
            raise KeyMissing(path=path) from wrong

    @classmethod
    def create(cls, path: Path) -> Vault:
        """Make a new key in a file that its owner alone may read. Raises FileExistsError rather than replace one."""
        key = Fernet.generate_key()
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(key + b"\n")
        return cls([key])

    def seal(self, secret: str) -> Sealed:
        """Seal a text."""
        return Sealed(self._fernet.encrypt(secret.encode()))

    def open(self, sealed: Sealed) -> str:
        """Open what was sealed with one of our keys. Raises WrongKey."""
        try:
            return self._fernet.decrypt(sealed.token).decode()
        except InvalidToken as wrong:
            raise WrongKey from wrong

    def fingerprint(self, secret: str) -> str:
        """How a secret is shown: equal secrets look equal, and nothing can be guessed without the key."""
        digest = hmac.new(self._fingerprint_key, secret.encode(), sha256).hexdigest()
        return f"‹secret·{digest[:4]}›"

    def digest(self, secret: str) -> bytes:
        """32 bytes by which an equal secret is found again (HMAC-SHA-256): without the key they say nothing."""
        return hmac.new(self._fingerprint_key, secret.encode(), sha256).digest()


def vault_of(session: Session) -> Vault:
    """The vault of the database behind a session."""
    vault: Vault = session.info["vault"]
    return vault
