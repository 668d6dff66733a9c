"""One run of Ansible for all who come at the same moment: `playbooks/site.yml`, every host at its own pace.

The only place that starts Ansible. Whoever comes first opens a run, waits for those who are on their way, and has it
started; each gets its own answer as soon as its own host has given it, so that a slow machine takes no time from the
others. ansible-runner is a program of its own here: it tells events as they come through a pseudo-terminal alone,
which is not to be forked from many threads. What it writes goes into a private folder that is gone at the end.
"""

from __future__ import annotations

import fcntl
import importlib.resources
import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Generator, Iterator, Mapping
from concurrent.futures import Future
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from threading import Condition, Thread, Timer, get_ident
from typing import Any, Final, TypeAlias

from foundation import reach
from foundation.reach import Means

SECONDS: Final = 240.0
"""The longest run: a module may wait for another of the same artifact, and daemons take a minute each way."""
GATHERING_SECONDS: Final = 3.0
"""How long those who are ready wait for those who are on their way: a machine that does not answer holds nobody up."""
FORKS: Final = 32
"""Hosts of one run that are spoken to at a time."""
_PLAYBOOKS: Final = Path(str(importlib.resources.files("playbooks")))

Host: TypeAlias = Mapping[str, object]
"""Ansible's variables of one host. Two may be on one machine."""


class Outcome(StrEnum):
    """What became of one host: all but LOST in the words of `playbooks/library/release.py`."""

    IN_FORCE = "in force"
    REFUSED = "refused"
    STALE = "stale"
    WAITING = "waiting"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Answer:
    """The outcome; for WAITING the reason is the seconds that are left to the change before."""

    outcome: Outcome
    reason: str = ""


@dataclass(slots=True)
class _Run:
    """Hosts by the names that they have in this run, and who waits for each."""

    hosts: dict[str, Host] = field(default_factory=dict)
    waiting: dict[str, Future[Answer]] = field(default_factory=dict)

    def take(self, host: Host) -> Future[Answer]:
        name = f"t{len(self.hosts)}"
        self.hosts[name], self.waiting[name] = host, Future()
        return self.waiting[name]


class Playbook:
    """Plays `site.yml` on machines that these means reach.

    `runs` is where runs have their folders; `patience` how many seconds those who are ready wait for others.
    """

    def __init__(self, means: Means, runs: Path, patience: float = GATHERING_SECONDS) -> None:
        self._means = means
        self._runs = runs
        self._patience = patience
        self._changed = Condition()
        self._coming: set[int] = set()
        self._open: _Run | None = None

    @contextmanager
    def expecting(self) -> Iterator[None]:
        """While inside, and until it plays, the calling thread is on its way: a run that is open waits for it."""
        with self._changed:
            self._coming.add(get_ident())
        try:
            yield
        finally:
            with self._changed:
                self._arrived()

    def play(self, host: Host) -> Answer:
        """Play it on that host, together with others that come; return when this one has answered.

        Raises LabDown.
        """
        with self._changed:
            self._arrived()
            run, first = self._open, self._open is None
            if run is None:
                run = self._open = _Run()
            answer = run.take(host)
            if first:
                self._changed.wait_for(lambda: not self._coming, self._patience)
                self._open = None
        if first:
            # Not this thread: its own host may have answered long before the last one has.
            Thread(target=self._play, args=(run,), name="ansible").start()
        return answer.result()

    def _arrived(self) -> None:
        self._coming.discard(get_ident())
        self._changed.notify_all()

    def _play(self, run: _Run) -> None:
        waiting = run.waiting
        try:
            with reach.network(self._means), _private(self._runs) as folder:
                inventory = folder / "hosts.json"
                inventory.write_text(json.dumps({"all": {"hosts": run.hosts}}))
                with closing(_answers(inventory, _environment(self._means, folder), set(waiting))) as answers:
                    for name, answer in answers:
                        if len(waiting) == 1:
                            break
                        waiting.pop(name).set_result(answer)
            # Whoever is answered last finds the run over, and nothing of it left.
            waiting.pop(name).set_result(answer)
        except BaseException as failed:
            for each in waiting.values():
                each.set_exception(failed)


def _answers(
    inventory: Path, environment: Mapping[str, str], left: set[str]
) -> Generator[tuple[str, Answer], None, None]:
    """What each host answers, as it does. Those that had not when the run ended are lost."""
    said = "ansible-playbook"
    with _ansible(inventory, environment, len(left)) as rows:
        for row in rows:
            told = _told(row)
            if told is None:
                said = row.strip() or said
            elif told[0] in left:
                left.remove(told[0])
                yield told
            if not left:
                return
    for name in sorted(left):
        yield name, Answer(Outcome.LOST, said)


@contextmanager
def _ansible(inventory: Path, environment: Mapping[str, str], hosts: int) -> Iterator[Iterator[str]]:
    """Ansible at work, and what it says, row by row; ended, if it has not, when whoever listens has heard enough."""
    playing = subprocess.Popen(
        [
            *(sys.executable, "-P", "-m", "ansible_runner", "run", str(inventory.parent), "--json", "--omit-env-files"),
            *("--inventory", str(inventory), "--forks", str(min(hosts, FORKS)), "-p", str(_PLAYBOOKS / "site.yml")),
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=inventory.parent,
        env={**os.environ, **environment},
        text=True,
        errors="replace",
    )
    with playing:
        patience = Timer(SECONDS, playing.kill)
        patience.daemon = True
        patience.start()
        try:
            assert playing.stdout is not None
            yield iter(playing.stdout)
        finally:
            patience.cancel()
            playing.kill()


def _told(row: str) -> tuple[str, Answer] | None:
    """Whose answer an event is; None where it is something else that Ansible says."""
    try:
        told = json.loads(row)
    except ValueError:
        return None
    match told:
        case {"event": "runner_on_ok", "event_data": {"host": str(name), "task_action": action, "res": {"msg": said}}}:
            return (name, _answered(said)) if action == "ansible.builtin.debug" else None
        case {"event": "runner_on_failed", "event_data": {"host": str(name), "task_action": action, "res": result}}:
            # Nothing but the module itself says that it did not begin: a run that broke may have.
            outcome = Outcome.REFUSED if action == "ansible.builtin.fail" else Outcome.LOST  # a role may say no
            return name, Answer(outcome, str(result.get("msg", "ssh")))
        case {"event": "runner_on_unreachable", "event_data": {"host": str(name), "res": result}}:
            return name, Answer(Outcome.LOST, str(result.get("msg", "ssh")))
    return None


def _answered(said: Any) -> Answer:
    """What `site.yml` says last: Ansible reads JSON that it is to say, or leaves it as it is."""
    told = json.loads(said) if isinstance(said, str) else said
    return Answer(Outcome(told["outcome"]), str(told["reason"]))


def _environment(means: Means, folder: Path) -> dict[str, str]:
    """Everything that Ansible's own defaults, or a file of the person at the keyboard, could make otherwise."""
    (folder / "ansible.cfg").touch()
    return {
        "PATH": os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath))),
        "ANSIBLE_CONFIG": str(folder / "ansible.cfg"),
        "ANSIBLE_HOME": str(folder / "home"),
        "ANSIBLE_LOCAL_TEMP": str(folder / "tmp"),
        "ANSIBLE_LIBRARY": str(_PLAYBOOKS / "library"),
        "ANSIBLE_MODULE_UTILS": str(_PLAYBOOKS / "machine"),
        "ANSIBLE_ROLES_PATH": str(_PLAYBOOKS / "roles"),
        "ANSIBLE_INVENTORY_ENABLED": "yaml",
        "ANSIBLE_HOST_KEY_CHECKING": "True",
        "ANSIBLE_SSH_ARGS": shlex.join(reach.ssh_options(means)),
        "ANSIBLE_PIPELINING": "True",
        "ANSIBLE_NOCOLOR": "True",
        "ANSIBLE_DEPRECATION_WARNINGS": "False",
        "PYTHONWARNINGS": "",
        "LC_ALL": "C.UTF-8",  # a locale that came by SSH may not be here, and Ansible would not begin
    }


@contextmanager
def _private(runs: Path) -> Iterator[Path]:
    """A folder that its owner alone enters, gone at the end. What runs that were killed left goes first.

    A run holds its folder's lock, which the kernel takes back however the run ends.
    """
    runs.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _locked(runs):  # a folder that was just made is not yet anybody's
        for left in runs.iterdir():
            with suppress(OSError), _locked(left, fcntl.LOCK_NB):
                shutil.rmtree(left)
        folder = Path(tempfile.mkdtemp(dir=runs))
        holding = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        fcntl.flock(holding, fcntl.LOCK_EX)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(holding)


@contextmanager
def _locked(folder: Path, how: int = 0) -> Iterator[None]:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | how)
        yield
    finally:
        os.close(descriptor)
