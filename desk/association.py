"""An association begins: its folder, its keys, its database, who acts on this machine."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Final

from foundation.database import Store, engine_of
from foundation.errors import Refused
from foundation.settings import Settings
from foundation.speech import Phrase
from foundation.vault import Vault

DEMO_MARK: Final = ".essaim-demo"


class FolderTaken(Refused):
    """There is an association, or something else, in the folder already."""

    kind = "folder-taken"
    phrase = Phrase(
        "{folder} contient déjà une association ou autre chose. Rien n'a été changé ; choisir un autre dossier : ESSAIM_VAR",
        "{folder} already holds an association or something else. Nothing was changed; choose another: ESSAIM_VAR",
    )


def create(settings: Settings, *, demo: bool = False) -> Store:
    """Make an empty association in the settings' folder, and open it.

    The demonstration may take the place of a former demonstration, and of nothing else. Raises FolderTaken.
    """
    folder = settings.var
    if folder.exists() and any(folder.iterdir()):
        if not (demo and (folder / DEMO_MARK).exists()):
            raise FolderTaken(folder=folder)
        shutil.rmtree(folder)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if demo:
        (folder / DEMO_MARK).write_text("Essaim owns this folder and may wipe it: essaim init --demo\n")
    return _furnish(settings)


def machine_actor() -> str:
    """The account that acts at the terminal when nobody says who they are; journaled as such."""
    return f"machine:{pwd.getpwuid(os.getuid()).pw_name}"


def _furnish(settings: Settings) -> Store:
    from migrations import upgrade

    vault = Vault.create(settings.vault_key)
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


Progress = Callable[[Phrase], None]
"""Told one sentence a step."""
