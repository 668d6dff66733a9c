"""A change rehearsed: applied to a lab that stands in for the machines, under the same switch and the same probes.

The lab is made for it, brought to what the machines were last given, and taken away: nothing of the association's own
is touched, neither its machines nor what it knows of them.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Final

import lab
from desk import homes, laboratory
from desk.homes import Access
from desk.laboratory import INTERNET
from foundation import reach
from foundation.acts import Act
from foundation.database import Store, reading
from foundation.errors import EssaimError, Refused
from foundation.reach import Machine
from foundation.settings import Settings
from foundation.speech import Phrase
from inventory import rights
from inventory.models.mandates import Task
from lab import topology, traffic
from provisioning import changes, commit, on_paper, probes, targets, texts
from provisioning.artifact import Target
from provisioning.commit import Step
from provisioning.on_paper import Paper
from provisioning.probes import Probe
from provisioning.texts import Texts

_OCTETS: Final = 10_000
_SETTING: Final = Phrase("Le décor se monte : {target}", "The stage is set: {target}")


class NotInTheLab(Refused):
    """The lab has no machine of that role."""

    kind = "not-in-the-lab"
    phrase = Phrase(
        "Le labo n'a pas de machine pour jouer {target}. Ce qu'il joue : {known}.",
        "The lab has no machine to play {target}. What it plays: {known}.",
    )


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """How a rehearsal went: the machine that played the target's, what of the change went well, and what did not.

    `cut` names the members' lines of the lab that passed before and pass no more. A machine that no lab can play is
    `played_by` nobody: `paper` is then what was checked instead.
    """

    change: str
    target: str
    played_by: str
    steps: tuple[Step, ...]
    lines: tuple[str, ...] = ()
    cut: tuple[str, ...] = ()
    problem: EssaimError | None = None
    paper: Paper | None = None


@dataclass(frozen=True, slots=True)
class _Part:
    """What one role is given: the target it stands for, and the texts in force on it today."""

    target: Target
    texts: Texts


@dataclass(frozen=True, slots=True)
class _Cast:
    """The lab's machines by role and name."""

    machines: Mapping[tuple[str, str], Machine]

    def player(self, target: Target) -> Machine | None:
        """Who plays a target's machine: its namesake, else the first of its role; none but what runs on Linux."""
        if not target.artifact.platform.startswith(("debian", "frr")):
            return None
        wanted = target.artifact.role, target.machine.name
        first = (machine for (role, _), machine in self.machines.items() if role == wanted[0])
        return self.machines.get(wanted) or next(first, None)


@dataclass(frozen=True, slots=True)
class _Play:
    """What is to be played: what the machines were last given, then the change with its probes."""

    number: str
    part: _Part
    desired: Texts
    asked: tuple[Probe, ...]
    around: tuple[_Part, ...]


def rehearse(store: Store, settings: Settings, act: Act, number: str, progress: Callable[[Phrase], None]) -> Rehearsed:
    """Apply a change to a lab of its own, and say what it does there; one for a Cisco or a MikroTik, on paper alone.

    Raises NoSuchChange, NoTarget, NotMandated, NotInTheLab, LabImpossible, LabFailed, and what the lab's machines
    refuse of the texts that are in force today.
    """
    play = _read(store, settings, act, number)
    if on_paper.can_tell(play.part.target):
        return _on_paper(play)
    with _stage(store, settings, progress) as (stage, cast):
        target = _played(cast, play.part.target)
        homes_here = (
            [homes.access(store, settings, line) for line in homes.of_lab(store, settings)] if settings.lab else []
        )
        around = [part for part in play.around if cast.player(part.target) is not None]
        for part in (*around, play.part):
            progress(Phrase.said(*(_SETTING.say(language, target=part.target) for language in ("fr", "en"))))
            _give(stage, _played(cast, part.target), part.texts)
        passing = [one for one in homes_here if _passes(stage, one)]
        names = {part.target.machine.name: _played(cast, part.target).machine for part in (*around, play.part)}
        steps, problem = _commit(stage, names, target, play)
        cut = tuple(one.line for one in passing if not _passes(stage, one))
    lines = tuple(one.line for one in passing)
    return Rehearsed(play.number, str(play.part.target), target.machine.name, steps, lines, cut, problem)


def _on_paper(play: _Play) -> Rehearsed:
    """No lab has such a machine: what would be typed is worked out, and followed to what would come of it."""
    target = play.part.target
    try:
        return Rehearsed(play.number, str(target), "", (), paper=on_paper.check(target, play.part.texts, play.desired))
    except EssaimError as refused:
        return Rehearsed(play.number, str(target), "", (), problem=refused)


def _commit(
    stage: Settings, names: Mapping[str, Machine], target: Target, play: _Play
) -> tuple[tuple[Step, ...], EssaimError | None]:
    steps: list[Step] = []
    # A probe that looks from a machine nobody plays has nowhere to look from.
    asked = [replace(one, machine=names[one.machine.name]) for one in play.asked if one.machine.name in names]
    driver = targets.driver_for(stage, target)
    try:
        held = texts.digest(driver.look(target, play.desired).texts)
        commit.commit(stage, driver, target, play.desired, held, asked, steps.append)
    except EssaimError as failed:
        return tuple(steps), failed
    return tuple(steps), None


def _read(store: Store, settings: Settings, act: Act, number: str) -> _Play:
    with reading(store) as session:
        change = changes.find_change(session, number)
        device, target = targets.target_of(session, change)
        rights.demand(session, act, Task.CHANGES_PROPOSE, device)
        desired, effect = changes.desired_of(session, change), changes.effect_of(change)
        asked = probes.of_target(session, device, target, desired, effect, act.at, settings.confirm_seconds)
        around = []
        for other, its in targets.every_target(session):
            last = changes.last_applied(session, other.id, its.artifact.name)
            if last is not None and str(its) != str(target):
                around.append(_Part(its, changes.desired_of(session, last)))
        return _Play(str(change), _Part(target, changes.before_of(session, change)), desired, asked, tuple(around))


@contextmanager
def _stage(store: Store, settings: Settings, progress: Callable[[Phrase], None]) -> Iterator[tuple[Settings, _Cast]]:
    """A lab of its own, and who plays which role in it."""
    stage = settings.model_copy(
        update={
            "var": settings.var / "rehearsal",
            "lab": True,
            "driver": "",
            "ssh_key_file": settings.means().key_file,
            "templates": settings.own_templates,
        }
    )
    public = stage.means().key_file.with_suffix(".pub").read_text().strip()
    wanted = laboratory.drawn(store, settings) if settings.lab else topology.small_isp(public)
    (stage.var / "ssh").mkdir(mode=0o700, parents=True, exist_ok=True)
    endpoints = lab.up(wanted, stage.lab_folder, progress)
    try:
        with lab.attach(stage.lab_folder).held():
            reach.trust(stage.means(), endpoints.host_keys())
            roles = {one.name: "router" if one.kind == "edge" else str(one.kind) for one in wanted.machines}
            met = endpoints.machines
            yield stage, _Cast({(roles[one.name], one.name): Machine(one.name, one.address) for one in met})
    finally:
        lab.down(stage.lab_folder)


def _played(cast: _Cast, target: Target) -> Target:
    """The target on the machine that plays it. Raises NotInTheLab."""
    player = cast.player(target)
    if player is None:
        raise NotInTheLab(target=target, known=sorted({role for role, _ in cast.machines}))
    return replace(target, machine=player)


def _give(stage: Settings, target: Target, held: Texts) -> None:
    """Put texts in force that are in force elsewhere already."""
    if not held:
        return
    driver = targets.driver_for(stage, target)
    seen = driver.look(target, held)
    if seen.diff:
        driver.apply(target, held, texts.digest(seen.texts))
        driver.confirm(target, texts.digest(held))


def _passes(stage: Settings, at_home: Access) -> bool:
    """Whether a member's home gets through to the Internet, in both families."""
    try:
        with laboratory.connected(stage, at_home) as running:
            network = running.namespace(at_home.home)
            try:
                for host in INTERNET:
                    traffic.exchange(network, host, _OCTETS)
            finally:
                os.close(network)
    except EssaimError:
        return False
    return True
