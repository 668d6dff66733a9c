"""An association begins: its folder, its keys, its database, who acts on this machine."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from pathlib import Path
from typing import Final

import lab
from billing.models import Per
from billing.tariffs import set_tariff
from desk import homes, sample
from desk.sample import Sample
from foundation import clock
from foundation.acts import Act
from foundation.database import Store, engine_of, reading, transaction
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


def create(settings: Settings, *, demo: bool = False) -> Store:
    """Make an empty association in the settings' folder, and open it.

    The demonstration may take the place of a former demonstration, and of nothing else. Raises FolderTaken.
    """
    folder = settings.var
    if demo and (folder / DEMO_MARK).exists():
        lab.down(settings.lab_folder)
        shutil.rmtree(folder)
    check_empty(settings)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if demo:
        (folder / DEMO_MARK).write_text("Essaim owns this folder and may wipe it: essaim init --demo\n")
    return _furnish(settings)


def check_empty(settings: Settings) -> None:
    """Raises FolderTaken when the settings' folder holds anything."""
    if settings.var.exists() and any(settings.var.iterdir()):
        raise FolderTaken(folder=settings.var)


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
        return f"machine:{pwd.getpwuid(os.getuid()).pw_name}"
    with reading(store) as session:
        return str(members.find_member(session, member))


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
