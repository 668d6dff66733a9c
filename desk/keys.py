"""The vault's key in escrow: sealed for several people, proved to open, brought back when it is lost."""

from __future__ import annotations

import hmac
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from foundation import escrow
from foundation.acts import Act
from foundation.database import DatabaseUnreadable, NotInitialised, Store, open_store, reading, transaction
from foundation.errors import Refused
from foundation.escrow import BadEscrow
from foundation.settings import Settings
from foundation.speech import Phrase
from foundation.vault import KeyMissing, Vault, WrongKey
from inventory import keys, mandates, members

_ABOUT: Final = Phrase(
    "{association} : la clé du coffre, scellée une fois pour chaque personne nommée ; chacune l'ouvre seule.\n"
    "La rapporter, une fois ce texte dans un fichier : essaim key recover FICHIER\n",
    "{association}: the vault's key, sealed once for each person named; each opens it alone.\n"
    "To bring it back, once this text is in a file: essaim key recover FILE\n",
)


class OtherKey(Refused):
    """The envelope opens, but the key in use is another."""

    kind = "other-key"
    phrase = Phrase(
        "L'enveloppe de {holder} s'ouvre, mais la clé a changé depuis. En refaire : essaim key escrow --to 2",
        "The envelope of {holder} opens, but the key has changed since. To make new ones: essaim key escrow --to 2",
    )


class KeyThere(Refused):
    """There is a key already."""

    kind = "key-there"
    phrase = Phrase(
        "Il y a déjà une clé dans {path} ; elle reste. La vérifier : essaim key check",
        "There is a key in {path} already; it stays. To check it: essaim key check",
    )


@dataclass(frozen=True, slots=True)
class Checked:
    """Whose envelope opened, and how many secrets of the database open with what was in it."""

    holder: str
    secrets: int


def seal(store: Store, settings: Settings, act: Act, passphrases: Mapping[str, str]) -> Path:
    """Seal the vault's key for these members (`M0042`), each under their passphrase; former envelopes are replaced.

    Raises NotMandated, NoSuchMember, HolderLeft, KeyMissing, WeakPassphrase, SamePassphrase, EscrowUnwritten.
    """
    try:
        key = settings.vault_key.read_bytes()
    except OSError as gone:
        raise KeyMissing(path=settings.vault_key) from gone
    about = "".join(_ABOUT.say(language, association=settings.name) for language in ("fr", "en"))
    # The new envelopes take their place only once the deed is in the journal: a full disk leaves both as they were.
    with escrow.replacing(settings.escrow) as put, transaction(store) as session:
        people = [members.find_member(session, number) for number in passphrases]
        for one in people:
            if one.left is not None:
                raise mandates.HolderLeft(member=str(one))
        keys.note_escrow(session, act, people)
        put(escrow.sealed(key, dict(zip(map(str, people), passphrases.values(), strict=True)), about))
    return settings.escrow


def check(store: Store, settings: Settings, act: Act, passphrase: str) -> Checked:
    """Prove that this passphrase brings back the key in use, and that it opens every secret of the database.

    Raises NoEscrow, BadEscrow, WrongPassphrase, OtherKey, WrongKey, NotMandated.
    """
    found = escrow.opened(settings.escrow, passphrase)
    if not hmac.compare_digest(b" ".join(found.key.split()), b" ".join(settings.vault_key.read_bytes().split())):
        raise OtherKey(holder=found.holder)
    with reading(store) as session:
        count = keys.opens_all(session, Vault(found.key.split()))
    with transaction(store) as session:
        keys.note_check(session, act, members.find_member(session, found.holder))
    return Checked(found.holder, count)


def recover(settings: Settings, file: Path, passphrase: str) -> str:
    """Write the key file again from an envelope: whose it was. Where there is a database, it must open its secrets.

    Raises KeyThere, NoEscrow, BadEscrow, WrongPassphrase, WrongKey; then no key is left behind.
    """
    if settings.vault_key.exists():
        raise KeyThere(path=settings.vault_key)
    found = escrow.opened(file, passphrase)
    try:
        Vault(found.key.split())
    except (ValueError, IndexError) as wrong:
        raise BadEscrow(file=file, row=1) from wrong
    settings.vault_key.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    _put(settings.vault_key, found.key)
    try:
        with reading(open_store(settings)) as session:
            keys.opens_all(session, session.info["vault"])
    except (NotInitialised, DatabaseUnreadable):
        return found.holder  # before a restore there is none yet, or none that can be read
    except WrongKey:
        settings.vault_key.unlink()
        raise
    return found.holder


def _put(path: Path, key: bytes) -> None:
    """Write a key that only its owner reads, whole or not at all, and never over another."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(key)
            file.flush()
            os.fsync(file.fileno())
        os.link(beside, path)
    except FileExistsError as there:
        raise KeyThere(path=path) from there
    finally:
        beside.unlink(missing_ok=True)
