"""What may be broken in the lab on purpose, named as people name it: two machines, a daemon, a time."""

from __future__ import annotations

import re
from typing import Final

import lab
from desk import laboratory
from foundation.database import Store
from foundation.errors import Invalid, NotFound
from foundation.settings import Settings
from foundation.speech import Phrase
from lab.attach import Lab
from lab.topology import Topology

LONGEST_SECONDS: Final = 10.0


class NoCable(NotFound):
    """No cable runs there."""

    kind = "no-cable"
    phrase = Phrase(
        "Aucun câble de {machine} à {towards} dans le labo. Il y a : {known}.",
        "No cable from {machine} to {towards} in the lab. There are: {known}.",
    )


class NoMachine(NotFound):
    """The lab has no such machine of ours."""

    kind = "no-lab-machine"
    phrase = Phrase("Pas de machine {machine} dans le labo. Il y a : {known}.", "No {machine} in the lab: {known}.")


class NoDaemon(NotFound):
    """No machine of ours runs it."""

    kind = "no-daemon"
    phrase = Phrase("Aucun {daemon} ne tourne dans le labo. Il y a : {known}.", "No {daemon} runs in the lab: {known}.")


class BadDelay(Invalid):
    """Not a delay a lab can have."""

    kind = "bad-delay"
    phrase = Phrase(
        "« {text} » n'est pas un délai comme 200ms ou 1s (10 s au plus).",
        "“{text}” is not a delay such as 200ms or 1s (10 s at most).",
    )


def pull(store: Store, settings: Settings, machine: str, towards: str) -> None:
    """Pull the cable of a machine towards another, or towards a LAN. Raises NoCable, LabDown, NotALabAssociation."""
    running = _running(settings)
    running.pull(machine, _port(laboratory.drawn(store, settings), machine, towards))


def slow(store: Store, settings: Settings, delay: str, machine: str, towards: str) -> None:
    """Make a cable that long, each way. Raises BadDelay, NoCable, LabDown, NotALabAssociation."""
    seconds = _seconds(delay)
    running = _running(settings)
    running.slow(machine, _port(laboratory.drawn(store, settings), machine, towards), seconds)


def kill(settings: Settings, daemon: str) -> list[str]:
    """Kill a daemon at once: the machines where it ran. Raises NoDaemon, LabDown, NotALabAssociation."""
    running = _running(settings)
    try:
        return running.kill(daemon)
    except lab.LabRefused:
        units = sorted({unit for machine in running.state().values() for unit in machine.units})
        raise NoDaemon(daemon=daemon, known=units) from None


def fill(store: Store, settings: Settings, machine: str) -> None:
    """Leave no room where releases are written on a machine. Raises NoMachine, LabDown, NotALabAssociation."""
    running = _running(settings)
    ours = [each.name for each in laboratory.drawn(store, settings).machines if each.ours]
    if machine not in ours:
        raise NoMachine(machine=machine, known=ours)
    running.fill(machine)


def mend(settings: Settings) -> list[str]:
    """Undo every fault: what was mended. Raises LabDown, NotALabAssociation."""
    return _running(settings).mend()


def _running(settings: Settings) -> Lab:
    laboratory.require(settings)
    return lab.attach(settings.lab_folder)


def _port(topology: Topology, machine: str, towards: str) -> str:
    ports = {each.name: each.ports for each in topology.machines}
    lans = {port.lan for port in ports.get(towards, ())} - {"management"} or {towards}
    for port in ports.get(machine, ()):
        if port.lan in lans or port.name == towards:
            return port.name
    known = [f"{name} {port.lan}" for name, each in ports.items() for port in each if port.lan != "management"]
    raise NoCable(machine=machine, towards=towards, known=known)


def _seconds(text: str) -> float:
    read = re.fullmatch(r"([0-9]{1,5})\s?(ms|s)", text.strip())
    if read is None:
        raise BadDelay(text=text[:40])
    seconds = int(read[1]) / (1000 if read[2] == "ms" else 1)
    if not 0 < seconds <= LONGEST_SECONDS:
        raise BadDelay(text=text[:40])
    return seconds
