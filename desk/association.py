"""An association begins: its folder, its keys, its database, who acts on this machine."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from pathlib import Path
from typing import Final

from sqlalchemy import inspect
from sqlalchemy.exc import DBAPIError

import lab
from billing.models import Per
from billing.tariffs import set_tariff
from desk import homes, sample
from desk.sample import Sample
from foundation import clock
from foundation.acts import Act
from foundation.database import DatabaseUnreadable, Store, engine_of, reading, transaction
from foundation.errors import Refused
from foundation.money import Euros
from foundation.settings import Settings
from foundation.speech import Phrase
from foundation.vault import Vault
from inventory import members, offers

DEMO_MARK: Final = ".essaim-demo"


class FolderTaken(Refused):
    """There is an association, or something else, in the folder already."""

    kind = "folder-taken"
    phrase = Phrase(
        "{folder} contient déjà une association ou autre chose. Rien n'a été changé. Un autre dossier : ESSAIM_VAR",
        "{folder} already holds an association or something else. Nothing was changed; choose another: ESSAIM_VAR",
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


def create(settings: Settings, *, demo: bool = False) -> Store:
    """Make an empty association in the settings' folder, and open it.

    The demonstration may take the place of a former demonstration, and of nothing else.
    Raises FolderTaken, DatabaseTaken, CannotCreate.
    """
    folder = settings.var
    if demo and (folder / DEMO_MARK).exists():
        lab.down(settings.lab_folder)
        _empty(folder)
    check_empty(settings)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if demo:
            (folder / DEMO_MARK).write_text("Essaim owns this folder and may wipe it: essaim init --demo\n")
        return _furnish(settings)
    except (OSError, DBAPIError) as failed:
        if folder.is_dir():
            _empty(folder)  # as it was: what is in it is ours, and half an association
        raise CannotCreate(folder=folder, reason=failed.args[-1]) from failed


def check_empty(settings: Settings) -> None:
    """Raises FolderTaken when the settings' folder, or the database they name, holds anything."""
    folder = settings.var
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        raise FolderTaken(folder=folder)
    if settings.database_url and _tables(settings.database):
        raise DatabaseTaken


def create_demo(settings: Settings) -> Sample:
    """Make the demonstration's association: 150 members who do not exist, its tariffs, and two members' homes.

    Where the machine can hold a lab its machines are the lab's; elsewhere their texts go to a folder.
    """
    possible = lab.why_not() is None
    store = create(settings, demo=True)
    (settings.var / "essaim.toml").write_text(
        'name = "Les Abeilles"\n' + ("lab = true\n" if possible else 'driver = "console"\n')
    )
    with transaction(store) as session:
        made = sample.populate(session)
        act = Act("machine:demo", sample.BEGINNING, "association de démonstration")
        for offer, cents, label in (("vpn", 500, "VPN"), ("adsl", 3500, "ADSL")):
            found = offers.find_offer(session, offer)
            set_tariff(session, act, found, Euros(cents), per=Per.MONTH, label=label, since=clock.today(act.at))
        for kind in ("adherent", "affiliate"):
            set_tariff(session, act, kind, Euros(1500), per=Per.YEAR, label="Cotisation", since=clock.today(act.at))
    homes.keep_key(settings, made.wireguard_line, made.wireguard_key)
    return made


def actor(store: Store, member: str | None) -> str:
    """Who acts at the terminal: the member they say they are, else the machine's own account, journaled as such.

    Raises NoSuchMember.
    """
    if member is None:
        return f"machine:{_account()}"
    with reading(store) as session:
        return str(members.find_member(session, member))


def _empty(folder: Path) -> None:
    for one in folder.iterdir():
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


def _furnish(settings: Settings) -> Store:
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
