"""Debian machines, through Ansible: `playbooks/site.yml` puts a release in force on one machine.

The one place that knows ansible-runner. It leaves all it is given in its folder, in plain text: the folder
is a private one, gone at the end, and the texts never go through it. Ansible reads them from a file
that has no name (memfd_create(2)) through this process's own descriptor.
"""

from __future__ import annotations

import importlib.resources
import json
import os
import shlex
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import ansible_runner

from foundation import reach, text
from foundation.settings import Settings
from provisioning import texts
from provisioning.artifact import Target, recognised
from provisioning.drivers import switch
from provisioning.drivers.protocol import ConfigurationRefused, ConnectionLost, Seen, Stale, Standing
from provisioning.texts import Texts

SECONDS: Final = 180
NO_ANSWER: Final = "no answer from the machine"
"""What the roles say where the module did not come to its end."""
_PLAYBOOKS: Final = Path(str(importlib.resources.files("playbooks")))


class AnsibleDriver:
    """Looks by a script over SSH, applies by a playbook."""

    def __init__(self, settings: Settings) -> None:
        self._means = settings.means()
        self._runs = settings.var.absolute() / "runs"
        self._seconds = settings.confirm_seconds
        self._templates = settings.own_templates

    def look(self, target: Target, desired: Texts) -> Seen:
        """What the machine runs now, against `desired`. Raises MachineUnreachable, CommandFailed, Illegible."""
        observation = target.artifact.observation
        if observation is None:
            raise ValueError(f"{target} cannot be looked at by a script")
        output = reach.run(self._means, target.machine, observation.script)
        with text.overriding(self._templates):  # what runs is written as what is desired was
            running = recognised(target.artifact, target.artifact.observed(output), desired)
        return Seen(running, texts.unified(running, desired))

    def apply(self, target: Target, desired: Texts, expected: str) -> None:
        """Put the release in force until it is confirmed or its time is over.

        Raises Stale, Unsettled, ConfigurationRefused, ConnectionLost, MachineUnreachable.
        """
        running = self.look(target, desired).texts
        if texts.digest(running) != expected:
            raise Stale(target=str(target))
        switch.check_free(self._means, target)
        content = {
            "digest": texts.digest(desired),
            "texts": dict(desired),
            "effect": target.artifact.effect(running, desired).impact,
            "secrets": _secrets(target, desired),
            "seconds": self._seconds,
        }
        private = self._runs / str(target).replace("/", ".")
        with reach.network(self._means), _emptied(private) as folder, _nameless(json.dumps(content)) as path:
            self._play(target, folder, path)

    def confirm(self, target: Target, wanted: str) -> None:
        """Keep the release. Raises Undone, MachineUnreachable, CommandFailed."""
        switch.confirm(self._means, target, wanted)

    def revert(self, target: Target, wanted: str) -> None:
        """The release before it comes back, now. Raises NotWhole, MachineUnreachable, CommandFailed."""
        switch.revert(self._means, target, wanted)

    def standing(self, target: Target) -> Standing:
        """Where the last release stands. Raises MachineUnreachable, CommandFailed."""
        return switch.standing(self._means, target)

    def _play(self, target: Target, folder: Path, content: str) -> None:
        inventory = {"all": {"hosts": {target.machine.name: _host(target, content)}}}
        (folder / "hosts.json").write_text(json.dumps(inventory))
        (folder / "ansible.cfg").touch()
        failures: list[dict[str, Any]] = []

        def heard(event: dict[str, Any]) -> bool:
            if event["event"] in ("runner_on_failed", "runner_on_unreachable", "error"):
                failures.append(event)
            return False  # none is written down

        with Path(os.devnull).open("rb") as nothing:
            said, complained, status = ansible_runner.run_command(
                executable_cmd=str(Path(sys.executable).parent / "ansible-playbook"),
                cmdline_args=["-i", str(folder / "hosts.json"), str(_PLAYBOOKS / "site.yml")],
                input_fd=nothing,  # with it the playbook is a plain child process: no terminal is made for it
                private_data_dir=str(folder),
                host_cwd=str(folder),
                envvars=self._environment(folder),
                event_handler=heard,
                cancel_callback=lambda: False,
                quiet=True,
                suppress_env_files=True,
                timeout=SECONDS,
            )
        if status:
            raise self._refusal(target, failures, complained or said)

    def _refusal(self, target: Target, failures: list[dict[str, Any]], said: str) -> Exception:
        # Nothing but the module itself says that it did not begin: a run that broke may have.
        for event in reversed(failures):
            answer = event["event_data"].get("res", {})
            if event["event"] == "runner_on_unreachable" or answer.get("msg") == NO_ANSWER:
                return ConnectionLost(target=str(target), reason=str(answer.get("msg", "ssh")), seconds=self._seconds)
            if "msg" in answer:
                return ConfigurationRefused(target=str(target), reason=answer["msg"])
        last = said.strip().splitlines()[-1:] or ["ansible-playbook"]
        return ConnectionLost(target=str(target), reason=last[0], seconds=self._seconds)

    def _environment(self, folder: Path) -> dict[str, str]:
        """Everything that Ansible's own defaults, or a file of the person at the keyboard, could make otherwise."""
        return {
            "ANSIBLE_CONFIG": str(folder / "ansible.cfg"),
            "ANSIBLE_HOME": str(folder / "home"),
            "ANSIBLE_LOCAL_TEMP": str(folder / "tmp"),
            "ANSIBLE_LIBRARY": str(_PLAYBOOKS / "library"),
            "ANSIBLE_MODULE_UTILS": str(_PLAYBOOKS / "machine"),
            "ANSIBLE_ROLES_PATH": str(_PLAYBOOKS / "roles"),
            "ANSIBLE_HOST_KEY_CHECKING": "True",
            "ANSIBLE_SSH_ARGS": shlex.join(reach.ssh_options(self._means)),
            "ANSIBLE_PIPELINING": "True",
            "ANSIBLE_NOCOLOR": "True",
            "ANSIBLE_DEPRECATION_WARNINGS": "False",
            "PYTHONWARNINGS": "",
        }


def _host(target: Target, content: str) -> dict[str, object]:
    machine = target.machine
    return {
        "ansible_host": machine.host,
        "ansible_port": machine.port,
        "ansible_user": machine.user,
        "ansible_python_interpreter": "/usr/bin/python3",
        "essaim_artifact": target.artifact.name,
        "essaim_content": content,
    }


def _secrets(target: Target, desired: Texts) -> list[str]:
    """Every secret of the texts: a daemon that complains may quote the line it stumbles on."""
    found = (match.group("secret") for text in desired.values() for match in target.artifact.secrets.finditer(text))
    return sorted(set(found), key=len, reverse=True)


@contextmanager
def _emptied(folder: Path) -> Iterator[Path]:
    """A folder that its owner alone enters, gone at the end. What a run that was killed left in it goes first."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700, parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


@contextmanager
def _nameless(text: str) -> Iterator[str]:
    """A path to a file in memory that has no name on any disk: readable by us and our own children alone."""
    descriptor = os.memfd_create("essaim", os.MFD_CLOEXEC)
    try:
        with os.fdopen(os.dup(descriptor), "w", encoding="utf-8") as file:
            file.write(text)
        yield f"/proc/{os.getpid()}/fd/{descriptor}"
    finally:
        os.close(descriptor)
