"""The lab's switch: up, down, and why it cannot be here."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from foundation.errors import Refused, Unavailable
from foundation.reach import LabDown
from foundation.speech import Phrase
from lab.attach import SOCKET_NAME, Endpoints, Lab, attach, read_endpoints
from lab.daemons.units import PROGRAMS, PROGRAMS_OF
from lab.topology import Topology

MARK: Final = "essaim-lab"
"""The file that says a folder is a lab's, to be wiped at the next `up`."""

_SEARCHED: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_TRIAL: Final = "ip link add trial0 type veth peer name trial1 && ip link add trial2 type bridge"
_ALREADY: Final = Phrase(
    "Le labo est déjà allumé : rien n'a été changé.", "The lab is already up: nothing was changed."
)
_STARTING: Final = Phrase("Le labo s'allume…", "The lab is coming up…")


class LabImpossible(Unavailable):
    """This machine cannot hold a lab."""

    kind = "lab-impossible"
    permanent = True
    phrase = Phrase("Pas de labo ici : {why} Rien n'a été fait.", "No lab here: {why} Nothing was done.")


class LabFailed(Unavailable):
    """The lab did not come up; the kernel took away what was there already."""

    kind = "lab-failed"
    phrase = Phrase(
        "Le labo ne s'est pas allumé ({reason}). Tout a été défait. Le détail est dans {log}",
        "The lab did not come up ({reason}). All was undone. The detail is in {log}",
    )


class NotALabFolder(Refused):
    """A folder with other things in it would be wiped."""

    kind = "not-a-lab-folder"
    phrase = Phrase(
        "{folder} contient autre chose qu'un labo. Rien n'y a été touché. Choisir un dossier vide.",
        "{folder} holds other things than a lab. Nothing in it was touched. Choose an empty folder.",
    )


def why_not(topology: Topology | None = None) -> Phrase | None:
    """Why this machine cannot hold that lab, or a small one, in one sentence; None when it can. Changes nothing."""
    if sys.platform != "linux":
        return Phrase("il faut Linux.", "it takes Linux.")
    if os.geteuid() != 0:
        return Phrase("il faut être root.", "it takes root.")
    kinds = {machine.kind for machine in topology.machines} if topology else set()
    needed = (*PROGRAMS, *(program for kind in sorted(kinds) for program in PROGRAMS_OF.get(kind, ())))
    missing = [program for program in needed if shutil.which(program, path=_SEARCHED) is None]
    if missing:
        names = ", ".join(missing)
        return Phrase(f"il manque les programmes {names}.", f"these programs are missing: {names}.")
    if not Path("/dev/net/tun").exists():
        return Phrase("il manque /dev/net/tun.", "/dev/net/tun is missing.")
    tried = subprocess.run(
        ["unshare", "--net", "--mount", "--uts", "--pid", "--fork", "--mount-proc", "sh", "-c", _TRIAL],
        capture_output=True,
        check=False,
    )
    if tried.returncode:
        return Phrase(
            "cette machine n'autorise pas les espaces de noms ou les ponts réseau.",
            "this machine does not allow namespaces or network bridges.",
        )
    return None


def up(topology: Topology, folder: Path, progress: Callable[[Phrase], None]) -> Endpoints:
    """Bring the lab up in `folder`, which is wiped first, and return when its daemons answer.

    Where one is up in this folder already it is left as it is, and its endpoints are given.
    Raises LabImpossible before anything is made, NotALabFolder, or LabFailed with nothing left behind.
    """
    folder = folder.absolute()
    why = why_not(topology)
    if why is not None:
        raise LabImpossible(why=why)
    with _claimed(folder):
        running = _endpoints_of_running(folder)
        if running is not None:
            progress(_ALREADY)
            return running
        progress(_STARTING)
        _wipe(folder)
        return _start_keeper(topology, folder, progress)


def down(folder: Path) -> bool:
    """End the lab of `folder`; False when none was up. Its logs stay until the next `up`."""
    try:
        attach(folder).end()
    except LabDown:
        return False
    return True


def _start_keeper(topology: Topology, folder: Path, progress: Callable[[Phrase], None]) -> Endpoints:
    log = folder / "keeper.log"
    reason: object = Phrase("le gardien a disparu", "the keeper vanished")
    with log.open("w") as complaints:
        keeper = subprocess.Popen(
            [sys.executable, "-m", "lab.keeper", os.fspath(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=complaints,
            start_new_session=True,
            text=True,
        )
    with keeper:
        assert keeper.stdin is not None
        assert keeper.stdout is not None
        with suppress(BrokenPipeError), keeper.stdin as asked:
            json.dump(topology.plain(), asked)
        for line in keeper.stdout:
            said: dict[str, Any] = json.loads(line)
            if "progress" in said:
                progress(Phrase(**said["progress"]))
            elif "ready" in said:
                return read_endpoints(said["ready"], folder / SOCKET_NAME)
            else:
                reason = said["failed"]
    raise LabFailed(reason=reason, log=log)


def _endpoints_of_running(folder: Path) -> Endpoints | None:
    try:
        return Lab(folder / SOCKET_NAME).endpoints()
    except LabDown:
        return None


@contextmanager
def _claimed(folder: Path) -> Iterator[None]:
    """Hold the folder so that two `up` at once do not both begin."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _wipe(folder: Path) -> None:
    if any(folder.iterdir()) and not (folder / MARK).exists():
        raise NotALabFolder(folder=folder)
    folder.chmod(0o700)
    (folder / MARK).touch()
    for each in folder.iterdir():
        if each.name == MARK:
            continue
        if each.is_dir() and not each.is_symlink():
            shutil.rmtree(each)
        else:
            each.unlink()
