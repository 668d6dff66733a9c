"""Debian machines, through Ansible: a release is put in force by `playbooks/site.yml`, on many machines in one run.

The texts go through no folder and no argument: Ansible reads them from a file that has no name (memfd_create(2)),
through this process's own descriptor.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager

from foundation import reach, text
from foundation.settings import Settings
from provisioning import releases, texts
from provisioning.artifact import Observed, Target, recognised
from provisioning.drivers import switch
from provisioning.drivers.playbook import Answer, Host, Outcome, Playbook
from provisioning.drivers.protocol import ConfigurationRefused, ConnectionLost, Seen, Stale, Standing, Unsettled
from provisioning.texts import Texts


class AnsibleDriver:
    """Looks by a script over SSH, applies by a playbook: one run for all threads that apply at the same moment."""

    def __init__(self, settings: Settings) -> None:
        self._means = settings.means()
        self._playbook = Playbook(self._means, settings.var.absolute() / "runs")
        self._seconds = settings.confirm_seconds
        self._templates = settings.own_templates

    def look(self, target: Target, desired: Texts) -> Seen:
        """What the machine runs now, against `desired`. Raises MachineUnreachable, CommandFailed, Illegible."""
        running, found = self._seen(target, desired)
        return Seen(running, texts.unified(running, desired), releases.still(found))

    def expecting(self) -> AbstractContextManager[None]:
        """While inside, the calling thread is on its way to `apply`: others that are there wait for it, a little."""
        return self._playbook.expecting()

    def apply(self, target: Target, desired: Texts, expected: str) -> None:
        """Put the release in force until it is confirmed or its time is over.

        Raises Stale, Unsettled, ConfigurationRefused, ConnectionLost, MachineUnreachable.
        """
        running, found = self._seen(target, desired)
        if texts.digest(running) != expected:
            raise Stale(target=str(target))
        secrets = target.artifact.secrets
        about = {
            "effect": target.artifact.effect(running, desired).impact,
            "secrets": [secrets.pattern, secrets.flags],
            "seconds": self._seconds,
        }
        with _nameless(releases.packed(desired, running, releases.in_force(found), about)) as path:
            answer = self._playbook.play(_host(target, path))
        if answer.outcome is not Outcome.IN_FORCE:
            raise self._refusal(target, answer)

    def confirm(self, target: Target, wanted: str) -> None:
        """Keep the release. Raises Undone, MachineUnreachable, CommandFailed."""
        switch.confirm(self._means, target, wanted)

    def revert(self, target: Target, wanted: str) -> None:
        """The release before it comes back, now. Raises NotWhole, MachineUnreachable, CommandFailed."""
        switch.revert(self._means, target, wanted)

    def standing(self, target: Target) -> Standing:
        """Where the last release stands. Raises MachineUnreachable, CommandFailed."""
        return switch.standing(self._means, target)

    def _seen(self, target: Target, desired: Texts) -> tuple[Texts, Mapping[str, str]]:
        """What runs, and all that the machine said, by section."""
        artifact = target.artifact
        if not isinstance(artifact, Observed):
            raise ValueError(f"{target} cannot be looked at by a script")
        output = reach.run(self._means, target.machine, artifact.observation.script)
        with text.overriding(self._templates):  # what runs is written as what is desired was
            running = recognised(artifact, artifact.observed(output), desired)
        return running, releases.sections(output)

    def _refusal(self, target: Target, answer: Answer) -> Exception:
        match answer.outcome:
            case Outcome.REFUSED:
                return ConfigurationRefused(target=str(target), reason=answer.reason)
            case Outcome.STALE:
                return Stale(target=str(target))
            case Outcome.WAITING:
                return Unsettled(target=str(target), seconds=int(answer.reason))
            case _:
                return ConnectionLost(target=str(target), reason=answer.reason, seconds=self._seconds)


def _host(target: Target, content: str) -> Host:
    machine = target.machine
    return {
        "ansible_host": machine.host,
        "ansible_port": machine.port,
        "ansible_user": machine.user,
        "ansible_python_interpreter": "/usr/bin/python3",
        "essaim_artifact": target.artifact.name,
        "essaim_content": content,
    }


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
