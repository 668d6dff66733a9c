"""Files that come in, bounded, and files that go out: readable by their owner alone, whole or not at all."""

from __future__ import annotations

import errno
import glob
import os
import sqlite3
import stat
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path

from foundation.database import Store
from foundation.errors import Invalid, NotFound, Refused
from foundation.speech import Phrase
from inventory.exchange.records import MOST_OCTETS


class NoSuchFile(NotFound):
    """There is nothing of that name to read."""

    kind = "no-such-file"
    phrase = Phrase(
        "{file} ne se lit pas ({reason}). Rien n'a été importé.",
        "{file} cannot be read ({reason}). Nothing was imported.",
    )


class NotAFile(Invalid):
    """A pipe, a terminal or a machine's own file: it may never say anything, or never end."""

    kind = "not-a-file"
    phrase = Phrase(
        "{file} n'est pas un fichier ordinaire (un tube, un terminal ?). Rien n'a été importé. "
        "Écrivez d'abord dans un fichier ce qui en vient, puis importez ce fichier : … > a.csv",
        "{file} is no ordinary file (a pipe, a terminal?). Nothing was imported. "
        "First write what comes from it to a file, then import that file: … > a.csv",
    )


class FileTaken(Refused):
    """A file of that name is there."""

    kind = "file-taken"
    phrase = Phrase(
        "{file} existe déjà. Rien n'a été écrit. L'écraser : --force",
        "{file} exists already. Nothing was written. To overwrite it: --force",
    )


class FolderNeeded(Invalid):
    """CSV holds one noun a file."""

    kind = "folder-needed"
    phrase = Phrase(
        "Un CSV ne tient qu'une sorte de choses : donnez un dossier (essaim export all dossier --format csv), "
        "ou prenez --format json.",
        "A CSV holds one kind of thing: give a folder (essaim export all folder --format csv), or take --format json.",
    )


class CannotWrite(Refused):
    """The file cannot be written where it was asked to be."""

    kind = "cannot-export"
    phrase = Phrase(
        "Impossible d'écrire {file} ({reason}). Rien n'a été exporté.",
        "{file} cannot be written ({reason}). Nothing was exported.",
    )


class NotSQLite(Refused):
    """An association in PostgreSQL is copied in PostgreSQL's own way."""

    kind = "not-sqlite"
    phrase = Phrase(
        "Cette association est dans PostgreSQL : la copier avec pg_dump. Rien n'a été écrit.",
        "This association is in PostgreSQL: copy it with pg_dump. Nothing was written.",
    )


def contents(paths: Iterable[Path], endings: tuple[str, ...] = (".csv", ".json")) -> dict[str, bytes]:
    """What these files hold, by name; of a folder, the files in it that end so. Raises NoSuchFile, NotAFile.

    No more is read of a file than what shows that it is too large.
    """
    found: dict[str, bytes] = {}
    for path in paths:
        try:
            inside = sorted(one for one in path.iterdir() if one.suffix in endings) if path.is_dir() else [path]
            for one in inside:
                with open(one, "rb", opener=_at_once) as file:
                    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                        raise NotAFile(file=one)
                    found[one.name if len(inside) > 1 or path.is_dir() else str(path)] = file.read(MOST_OCTETS + 1)
        except OSError as wrong:
            raise NoSuchFile(file=wrong.filename or path, reason=wrong.strerror) from wrong
    if not found:
        raise NoSuchFile(file=", ".join(map(str, paths)), reason="—")
    return found


def write(path: Path, text: str, *, force: bool = False) -> None:
    """Write a file that its owner alone reads, over no other unless `force`. Raises FileTaken, CannotWrite."""
    _write(path, lambda beside: _fill(beside, text), force=force)


def copy_database(store: Store, path: Path, *, force: bool = False) -> int:
    """Copy the database as it is at one instant, while others work: its size in octets.

    What is sealed stays so; the vault's key is elsewhere. Raises NotSQLite, FileTaken, CannotWrite.
    """
    if store.engine.dialect.name != "sqlite":
        raise NotSQLite
    source = str(store.engine.url.database)

    def fill(beside: Path) -> None:
        with closing(sqlite3.connect(source)) as live, closing(sqlite3.connect(beside)) as copy:
            live.backup(copy)
            copy.execute("PRAGMA journal_mode=DELETE")

    _write(path, fill, force=force)
    return path.stat().st_size


def refuse_taken(paths: Iterable[Path], *, force: bool) -> None:
    """Raises FileTaken where one of these is there, before any is written."""
    for path in paths:
        if path.exists() and not force:
            raise FileTaken(file=path)


def _at_once(path: str, flags: int) -> int:
    """Open without waiting for anyone who would write into a pipe."""
    return os.open(path, flags | os.O_NONBLOCK)


def _fill(beside: Path, text: str) -> None:
    with beside.open("w", encoding="utf-8", newline="") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _write(path: Path, fill: Callable[[Path], None], *, force: bool) -> None:
    refuse_taken([path], force=force)
    _sweep(path)
    beside = path.with_name(f".{path.name}.essaim-{os.getpid()}")
    try:
        os.close(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        try:
            fill(beside)
            _settle(beside, path, force=force)
        finally:
            beside.unlink(missing_ok=True)
    except (OSError, sqlite3.Error) as failed:
        raise CannotWrite(file=path, reason=getattr(failed, "strerror", None) or failed) from failed


def _sweep(path: Path) -> None:
    """Take away what exports of this file that were killed left behind: it may hold what members told us."""
    for left in path.parent.glob(f".{glob.escape(path.name)}.essaim-*"):
        writer = left.name.rpartition("-")[2]
        if writer.isdecimal() and not _writes_still(int(writer)):
            left.unlink(missing_ok=True)


def _writes_still(process: int) -> bool:
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return process != os.getpid()


def _settle(beside: Path, path: Path, *, force: bool) -> None:
    """Give a file its name at once; a link never takes the place of another."""
    if force:
        beside.replace(path)
        return
    try:
        path.hardlink_to(beside)
    except FileExistsError as there:
        raise FileTaken(file=path) from there
    except OSError as failed:
        if failed.errno not in (errno.EPERM, errno.ENOTSUP, errno.EMLINK):
            raise
        refuse_taken([path], force=False)  # some sticks know no links
        beside.replace(path)
