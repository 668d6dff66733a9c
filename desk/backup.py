"""Backup and restore: one file that holds the association, all but the key that opens its secrets.

The databases are copied by SQLite's own backup, which sees one consistent state while others write. The vault's key
stays apart: who finds the file finds no secret. Even the SSH key goes in sealed.
"""

from __future__ import annotations

import glob
import io
import os
import re
import sqlite3
import tarfile
from collections.abc import Iterator
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Final

from alembic.util import CommandError
from sqlalchemy.exc import DBAPIError

from desk import association
from foundation import journal
from foundation.database import DatabaseUnreadable, Store, engine_of, reading
from foundation.errors import NotFound, Refused
from foundation.settings import Settings
from foundation.speech import Phrase
from foundation.vault import Sealed, Vault
from migrations import upgrade

DATABASES: Final = ("essaim.sqlite", "samples.sqlite")
FILES: Final = ("essaim.toml", "ssh/known_hosts", "ssh/id_ed25519.pub")
TEMPLATE: Final = re.compile(r"templates/(?:[A-Za-z0-9_][A-Za-z0-9_.-]*/)*[A-Za-z0-9_][A-Za-z0-9_.-]*\.j2")
"""The association's own templates, where they are in its folder: no name leads out of it."""
SSH_KEY: Final = "ssh/id_ed25519.sealed"
MARK: Final = "essaim-backup"
"""The entry that says what the others must be."""


class NotEmbedded(Refused):
    """The association lives in PostgreSQL, which has its own way."""

    kind = "not-embedded"
    phrase = Phrase(
        "Cette association est dans PostgreSQL : la sauvegarder avec pg_dump, et garder {key} à part.",
        "This association is in PostgreSQL: back it up with pg_dump, and keep {key} apart.",
    )


class NotABackup(Refused):
    """The file is not one of ours, or was cut short."""

    kind = "not-a-backup"
    phrase = Phrase(
        "{file} n'est pas une sauvegarde d'Essaim, ou elle est abîmée ({reason}). Rien n'a été changé.",
        "{file} is not a backup of Essaim, or it is damaged ({reason}). Nothing was changed.",
    )


class NoSuchBackup(NotFound):
    """There is no file of that name."""

    kind = "no-such-backup"
    phrase = Phrase(
        "Pas de fichier {file}. Rien n'a été changé.",
        "There is no file {file}. Nothing was changed.",
    )


_UNEXPECTED = Phrase("contenu inattendu", "unexpected content")
_ALTERED = Phrase("contenu modifié depuis", "content altered since")


class CannotWrite(Refused):
    """The backup cannot be written where it was asked to be."""

    kind = "cannot-write"
    phrase = Phrase(
        "Impossible d'écrire {file} ({reason}). Aucune sauvegarde n'a été faite.",
        "{file} cannot be written ({reason}). No backup was made.",
    )


class KeyNeeded(Refused):
    """A backup comes without the vault's key."""

    kind = "vault-key-needed"
    phrase = Phrase(
        "La sauvegarde ne contient pas la clé du coffre : essaim restore {file} --key vault.key. Rien n'a été changé.",
        "A backup does not hold the vault's key: essaim restore {file} --key vault.key. Nothing was changed.",
    )


def backup(store: Store, settings: Settings, file: Path) -> int:
    """Write the association into `file`, readable by its owner alone: its size in octets.

    The file appears whole or not at all. Raises NotEmbedded, CannotWrite.
    """
    if store.engine.dialect.name != "sqlite":
        raise NotEmbedded(key=settings.vault_key)
    beside = file.parent / f".{file.name}.essaim-{os.getpid()}"
    try:
        contents = _contents(store, settings)
        _sweep(file)
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as raw, tarfile.open(fileobj=raw, mode="w") as tar:
                _add(tar, MARK, store.vault.seal(_digests(contents)).token)
                for name, content in contents.items():
                    _add(tar, name, content)
            beside.replace(file)
        finally:
            beside.unlink(missing_ok=True)
    except (OSError, ValueError, sqlite3.Error) as failed:  # our own SSH key may be no text
        raise CannotWrite(file=file, reason=failed.args[-1]) from failed
    return file.stat().st_size


def restore(settings: Settings, file: Path, key: Path | None) -> int:
    """Bring a backup back into the settings' folder, which must be empty: the number of journal entries, verified.

    Where the settings say that the vault's key is elsewhere, that one is used and stays where it is.
    Raises FolderTaken, CannotCreate, NoSuchBackup, NotABackup, KeyNeeded, KeyMissing, WrongKey, JournalBroken; then
    nothing is left behind.
    """
    association.check_empty(settings)
    if settings.database_url:
        raise NotEmbedded(key=settings.vault_key)
    key = settings.key_file or key
    if key is None:
        raise KeyNeeded(file=file)
    if not file.exists():
        raise NoSuchBackup(file=file)
    vault = Vault.read(key)
    contents = _read(file, vault)
    keys = {"ssh/id_ed25519": vault.open(Sealed(contents.pop(SSH_KEY))).encode()}
    if settings.key_file is None:
        keys["vault.key"] = key.read_bytes()
    with association.cradle(settings):
        _write(settings.var, {**contents, **keys})
        return _verified(file, settings.var, vault)


def _sweep(file: Path) -> None:
    """Remove what backups into this file left beside it when they were killed."""
    for left in file.parent.glob(f".{glob.escape(file.name)}.essaim-*"):
        if not Path("/proc", left.name.rpartition("-")[2]).exists():
            left.unlink()


def _contents(store: Store, settings: Settings) -> dict[str, bytes]:
    databases = zip(DATABASES, (Path(str(store.engine.url.database)), settings.samples), strict=True)
    files = ((name, settings.var / name) for name in FILES)
    return {
        **{name: _copy_of(path) for name, path in databases if path.exists()},
        **{name: path.read_bytes() for name, path in files if path.exists()},
        **{name: path.read_bytes() for name, path in _templates(settings.var)},
        SSH_KEY: store.vault.seal(settings.means().key_file.read_text()).token,
    }


def _templates(folder: Path) -> Iterator[tuple[str, Path]]:
    for path in sorted((folder / "templates").rglob("*.j2")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and TEMPLATE.fullmatch(name):
            yield name, path


def _digests(contents: dict[str, bytes]) -> str:
    """What the mark holds, sealed: nothing in the file can change, rot or be added without the key showing it."""
    return "".join(f"{sha256(content).hexdigest()} {name}\n" for name, content in sorted(contents.items()))


def _copy_of(path: Path) -> bytes:
    with closing(sqlite3.connect(path)) as live, closing(sqlite3.connect(":memory:")) as copy:
        live.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")
        return copy.serialize()


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(content), 0o600
    tar.addfile(entry, io.BytesIO(content))


def _read(file: Path, vault: Vault) -> dict[str, bytes]:
    needed = {MARK, DATABASES[0], SSH_KEY}
    try:
        with tarfile.open(file, mode="r:") as tar:
            entries = tar.getmembers()
            if not all(map(_plain, entries)):
                raise NotABackup(file=file, reason=_UNEXPECTED)
            contents = {entry.name: content.read() for entry in entries if (content := tar.extractfile(entry))}
    except (OSError, EOFError, ValueError, tarfile.TarError) as broken:  # tarfile lets bad numbers through as they are
        raise NotABackup(file=file, reason=broken) from broken
    named = {name for name in contents if not TEMPLATE.fullmatch(name)}
    if not needed <= named <= {*needed, *DATABASES, *FILES}:
        raise NotABackup(file=file, reason=_UNEXPECTED)
    if vault.open(Sealed(contents.pop(MARK))) != _digests(contents):
        raise NotABackup(file=file, reason=_ALTERED)
    return contents


def _plain(entry: tarfile.TarInfo) -> bool:
    return entry.type in (tarfile.REGTYPE, tarfile.AREGTYPE)  # no links, no folders, no sparse file of any size


def _write(folder: Path, contents: dict[str, bytes]) -> None:
    (folder / "ssh").mkdir(mode=0o700)
    for name, content in contents.items():
        path = folder / name
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_bytes(content)


def _verified(file: Path, folder: Path, vault: Vault) -> int:
    engine = engine_of(f"sqlite:///{folder / DATABASES[0]}")
    try:
        upgrade(engine)
        with reading(Store(engine, vault)) as session:
            count, _ = journal.verify(session)
    except (DatabaseUnreadable, DBAPIError, CommandError) as broken:
        raise NotABackup(file=file, reason=_UNEXPECTED) from broken
    finally:
        engine.dispose()
    return count
