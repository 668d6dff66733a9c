"""What every artifact offers: WireGuard, RADIUS, L2TP, routing. One file each in `provisioning/artifacts/`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol, runtime_checkable

from sqlalchemy.orm import Session

from foundation.reach import Machine
from inventory.models.devices import Device
from provisioning.texts import Texts


class Impact(StrEnum):
    """What a change does to people's connections."""

    NONE = "none"
    HITLESS = "hitless"
    CUTS = "cuts"


@dataclass(frozen=True, slots=True)
class Effect:
    """`CUTS` with how many connections end, 0 for all that go through the machine, however many they are.

    Otherwise `count` is how many lines come in without cutting anyone.
    """

    impact: Impact
    count: int = 0


@dataclass(frozen=True, slots=True)
class Observation:
    """How to learn what a Linux machine *runs*: a shell script that only looks; the artifact reads its output."""

    script: str


class Artifact(Protocol):
    """One kind of configuration on one platform."""

    name: str
    role: str
    """The device role (`vpn`, `radius`, `lns`, `router`) that it is for."""
    platform: str
    """The platform whose templates it renders: `debian`, `frr`."""
    secrets: re.Pattern[str]
    """Where secrets stand in its texts: the group `secret`. Never shown, never stored in the open."""

    def desired(self, session: Session, device: Device, at: datetime) -> Texts:
        """What the machine should hold: depends on the inventory and the moment alone. Ends with a newline."""
        ...

    def effect(self, before: Texts, after: Texts) -> Effect:
        """What going from one to the other does to people."""
        ...

    def lines(self, before: Texts, after: Texts) -> tuple[str, ...]:
        """Numbers of the lines (`L0042`) that come, go or change between the two."""
        ...


@runtime_checkable
class Observed(Protocol):
    """An artifact that is looked at by a script of its own. The others' drivers ask the platform themselves."""

    observation: Observation

    def observed(self, output: str) -> Texts:
        """What the machine runs, in the shape of `desired`, from the observation's output.

        A machine that was never configured gives an empty mapping.
        """
        ...


@runtime_checkable
class Recognising(Protocol):
    """An artifact that knows a configuration made by hand: what means the same, and what in it is nobody's here."""

    def recognised(self, running: Texts, desired: Texts) -> Texts:
        """What runs; where it was made by hand, what means the same as in `desired` is spelled as there."""
        ...

    def strangers(self, running: Texts, desired: Texts) -> tuple[str, ...]:
        """What a machine serves and `desired` would take away from it, by what it is called there."""
        ...


def recognised(artifact: Artifact, running: Texts, desired: Texts) -> Texts:
    """What runs, compared by its meaning where the artifact can (docs/decisions/0027)."""
    return artifact.recognised(running, desired) if isinstance(artifact, Recognising) else running


@dataclass(frozen=True, slots=True)
class Target:
    """A machine and one artifact on it: what a change is for."""

    machine: Machine
    artifact: Artifact

    def __str__(self) -> str:
        return f"{self.machine.name}/{self.artifact.name}"
