"""An association begins: its folder, its keys, its database, who acts on this machine."""

from __future__ import annotations

import fcntl
import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from sqlalchemy import inspect
from sqlalchemy.exc import DBAPIError

import lab
from billing.models import Per
from billing.tariffs import set_tariff
from desk import homes, sample, sample_life, sample_whole
from desk.sample import Sample
from foundation import clock
from foundation.acts import Act
from foundation.database import DatabaseUnreadable, Store, engine_of, reading, transaction
from foundation.errors import Forbidden, Refused
from foundation.money import Euros
from foundation.settings import Settings
from foundation.speech import Phrase
from foundation.vault import Vault
from inventory import members, offers
from inventory.rights import MACHINE

DEMO_MARK: Final = ".essaim-demo"


class FolderTaken(Refused):
    """There is an association, or something else, in the folder already."""

    kind = "folder-taken"
    phrase = Phrase(
        "{folder} contient déjà une association ou autre chose. Rien n'a été changé. "
        "Un autre dossier : ESSAIM_VAR=ailleurs devant la commande",
        "{folder} already holds an association or something else. Nothing was changed. "
        "Another folder: ESSAIM_VAR=elsewhere before the command",
    )


class DatabaseTaken(Refused):
    """The database that the settings name is in use."""

    kind = "database-taken"
    phrase = Phrase(
        "La base désignée par ESSAIM_DATABASE_URL n'est pas vide. Rien n'a été changé.",
        "The database that ESSAIM_DATABASE_URL names is not empty. Nothing was changed.",
    )


class CannotCreate(Refused):
    """The folder cannot be written, or is full."""

    kind = "cannot-create"
    phrase = Phrase(
        "L'association ne peut pas être créée dans {folder} ({reason}). Rien n'est resté.",
        "The association cannot be created in {folder} ({reason}). Nothing was left behind.",
    )


class HasLeft(Forbidden):
    """Whoever has left does nothing in the association's name."""

    kind = "has-left"
    phrase = Phrase(
        "{member} est parti·e le {left} et ne peut plus agir. Rien n'a été changé.",
        "{member} left on {left} and can no longer act. Nothing was changed.",
    )


def create(settings: Settings) -> Store:
    """Make an empty association in the settings' folder, and open it.

    Raises FolderTaken, DatabaseTaken, CannotCreate.
    """
    with cradle(settings):
        return furnish(settings)


def create_demo(settings: Settings, *, whole: bool = False) -> Sample:
    """Make the demonstration's association: 150 members who do not exist, its tariffs, and two members' homes.

    A `whole` one has grown: two edges, OpenVPN, name servers, homes on the radio.
    Where the machine can hold a lab its machines are the lab's; elsewhere their texts go to a folder.
    It may take the place of a former demonstration, and of nothing else.
    Raises FolderTaken, DatabaseTaken, CannotCreate.
    """
    possible = lab.why_not() is None
    with cradle(settings, demo=True):
        store = furnish(settings)
        (settings.var / "essaim.toml").write_text(
            f'name = "Les Abeilles"\nacting_as = "{sample_life.FIRST}"\n'
            + ("lab = true\n" if possible else 'driver = "console"\n')
        )
        with transaction(store) as session:
            made = sample.populate(session, cored=whole)
            act = Act("machine:demo", sample.BEGINNING, "association de démonstration")
            for offer, cents, label in (("vpn", 500, "VPN"), ("adsl", 3500, "ADSL")):
                found = offers.find_offer(session, offer)
                set_tariff(session, act, found, Euros(cents), per=Per.MONTH, label=label, since=clock.today(act.at))
            for kind in ("adherent", "affiliate"):
                set_tariff(session, act, kind, Euros(1500), per=Per.YEAR, label="Cotisation", since=clock.today(act.at))
            grown = sample_whole.grow(session, clock.now()) if whole else None
            sample_life.live(session, clock.now())
        homes.keep_key(settings, made.wireguard_line, made.wireguard_key)
        if grown is not None:
            homes.keep_file(settings, grown.openvpn_line, grown.openvpn_file)
        store.engine.dispose()
    return made


@contextmanager
def cradle(settings: Settings, *, demo: bool = False) -> Iterator[None]:
    """Hold the settings' folder, alone and empty, until what is made in it is whole.

    When that fails the folder is as it was; when whoever makes it is killed, the next one begins again.
    Raises FolderTaken, DatabaseTaken, CannotCreate.
    """
    folder, there = settings.var, settings.var.exists()
    try:
        with _held(folder):
            if demo and (folder / DEMO_MARK).exists():
                lab.down(settings.lab_folder)
                _empty(folder)
            check_empty(settings)
            settings.unfinished.touch()
            try:
                _empty(folder, but=settings.unfinished)
                if demo:
                    (folder / DEMO_MARK).write_text("Essaim owns this folder and may wipe it: essaim init --demo\n")
                yield
            except BaseException:
                _empty(folder)  # what is in it is ours, and half an association
                if not there:
                    folder.rmdir()
                raise
            settings.unfinished.unlink()
    except (OSError, DBAPIError) as failed:
        raise CannotCreate(folder=folder, reason=failed.args[-1]) from failed
    except DatabaseUnreadable as failed:
        raise CannotCreate(folder=folder, **failed.facts) from failed


def check_empty(settings: Settings) -> None:
    """Raises FolderTaken when the settings' folder holds anything whole, DatabaseTaken when their database does."""
    folder = settings.var
    if folder.exists() and not (folder.is_dir() and (settings.unfinished.exists() or not any(folder.iterdir()))):
        raise FolderTaken(folder=folder)
    if settings.database_url and _tables(settings.database):
        raise DatabaseTaken


def actor(store: Store, member: str | None) -> str:
    """Who acts at the terminal: the member they say they are, else the machine's own account, journaled as such.

    Raises NoSuchMember, HasLeft.
    """
    if member is None:
        return f"{MACHINE}{_account()}"
    with reading(store) as session:
        found = members.find_member(session, member)
        if found.left is not None:
            raise HasLeft(member=str(found), left=found.left)
        return str(found)


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    """Have the folder to oneself: of two who create at once the second waits, and finds it taken."""
    if folder.exists() and not folder.is_dir():
        raise FolderTaken(folder=folder)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _empty(folder: Path, but: Path | None = None) -> None:
    for one in folder.iterdir():
        if one == but:
            continue
        if one.is_dir() and not one.is_symlink():
            shutil.rmtree(one)
        else:
            one.unlink()


def _account() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # a container may run under a number without a name
        return str(os.getuid())


def _tables(url: str) -> list[str]:
    engine = engine_of(url)
    if engine.dialect.name == "sqlite" and not Path(str(engine.url.database)).exists():
        return []  # looking would make the file
    try:
        return inspect(engine).get_table_names()
    except DBAPIError as closed:
        raise DatabaseUnreadable(reason=str(closed.orig).splitlines()[0]) from closed
    finally:
        engine.dispose()


def furnish(settings: Settings) -> Store:
    """Put keys and a database into a folder that `cradle` holds, and open it."""
    from migrations import upgrade

    # A key that someone put there beforehand (a systemd credential) is theirs to choose.
    vault = Vault.read(settings.vault_key) if settings.vault_key.exists() else Vault.create(settings.vault_key)
    _ssh_key(settings.means().key_file)
    engine = engine_of(settings.database)
    upgrade(engine)
    if engine.dialect.name == "sqlite":
        Path(str(engine.url.database)).chmod(0o600)
    return Store(engine, vault)


def _ssh_key(path: Path) -> None:
    path.parent.mkdir(mode=0o700, exist_ok=True)
    if not path.exists():
        subprocess.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "essaim", "-f", str(path)],
            check=True,
            stdin=subprocess.DEVNULL,
        )
