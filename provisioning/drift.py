"""Drift: what was done on the machines by hand since we last left them, whatever the inventory wants by now."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from sqlalchemy.orm import Session

from foundation.acts import Act
from foundation.database import Store, reading, transaction
from foundation.errors import EssaimError
from foundation.settings import Settings
from foundation.speech import Phrase
from foundation.vault import Vault
from inventory import rights
from inventory.models.devices import Device
from inventory.models.mandates import Task
from provisioning import changes, putting_back, targets, texts
from provisioning.apply import AT_ONCE
from provisioning.artifact import Target
from provisioning.changes import Wanted
from provisioning.drivers.protocol import Seen
from provisioning.models import Purpose
from provisioning.texts import Texts


class Standing(StrEnum):
    """How a target stands to what we last put there."""

    AS_LEFT = "as-left"
    BY_HAND = "by-hand"
    AS_WANTED = "as-wanted"
    NEVER = "never-applied"

    @property
    def phrase(self) -> Phrase:
        """The standing as people read it."""
        return _STANDINGS[self]


_STANDINGS: Final = {
    Standing.AS_LEFT: Phrase("comme nous l'avons laissé", "as we left it"),
    Standing.BY_HAND: Phrase("modifié à la main", "changed by hand"),
    Standing.AS_WANTED: Phrase(
        "modifié à la main, et c'est ce que l'inventaire veut", "changed by hand, and it is what the inventory wants"
    ),
    Standing.NEVER: Phrase("rien n'y a jamais été appliqué", "nothing was ever applied there"),
}

_KEPT_BY: Final = {
    "router": Phrase(
        "essaim device peer add, essaim aggregate add ou essaim device interface change",
        "essaim device peer add, essaim aggregate add or essaim device interface change",
    ),
    "wireguard": Phrase(
        "essaim line order ou essaim line credential renew", "essaim line order or essaim line credential renew"
    ),
    **dict.fromkeys(
        ("radius", "radius-sql"),
        Phrase("essaim line order ou essaim line change", "essaim line order or essaim line change"),
    ),
    **dict.fromkeys(
        ("knot", "nsd", "bind"),
        Phrase("essaim address name ou essaim address delegate", "essaim address name or essaim address delegate"),
    ),
    "antispoofing": Phrase("essaim address allocate", "essaim address allocate"),
    "carrier": Phrase(
        "essaim address allocate ou essaim rule set carrier.rates",
        "essaim address allocate or essaim rule set carrier.rates",
    ),
    "l2tp": Phrase("essaim device secret ou essaim pool create", "essaim device secret or essaim pool create"),
}
_NOT_KEPT: Final = Phrase(
    "Rien dans l'inventaire ne le dirait : le prochain changement appliqué l'enlèvera.",
    "Nothing in the inventory would say it: the next change that is applied takes it away.",
)
_KEEP: Final = Phrase(
    "Pour le garder, le dire à l'inventaire ({commands}), puis : essaim change plan",
    "To keep it, tell the inventory ({commands}), then: essaim change plan",
)


@dataclass(frozen=True, slots=True)
class Drifted:
    """How one target stands, or why it could not be looked at.

    `change` is the last one applied there. `diff` is what was done by hand, secrets as fingerprints: + is what came.
    `undo` is the change that would put back what we left, where that was asked.
    """

    target: str
    standing: Standing | None = None
    change: str | None = None
    diff: str = ""
    undo: str | None = None
    problem: EssaimError | None = None


def drift(
    store: Store, settings: Settings, act: Act, told: Callable[[str], None], *, undo: bool = False
) -> list[Drifted]:
    """Look at every target against what the last applied change put there; change nothing on any of them.

    `told` is called with a target's name as it is done. With `undo`, propose a change for each that was changed by
    hand, which puts back what we left; not where the inventory wants what was done.
    """
    with reading(store) as session:
        work = [_left(session, act, device, target) for device, target in targets.every_target(session)]
    found = []
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for each, looked in zip(work, pool.map(lambda each: _look(store, settings, each), work), strict=True):
            one, seen = looked
            if undo and one.standing is Standing.BY_HAND and each.left is not None and seen is not None:
                one = _undo(store, act, each.left, one, seen)
            found.append(one)
            told(one.target)
    return found


def worst(found: Sequence[Drifted]) -> EssaimError | None:
    """The first reason for which a target could not be looked at."""
    return next((one.problem for one in found if one.problem), None)


def keeping(target: str) -> Phrase:
    """What to do so that what was done by hand stays."""
    commands = _KEPT_BY.get(target.rpartition("/")[2])
    if commands is None:
        return _NOT_KEPT
    return Phrase.said(*(_KEEP.say(language, commands=commands) for language in ("fr", "en")))


def by_hand(seen: Seen, left: Texts) -> str:
    """What was done to a machine since: the diff from what we left to what it runs."""
    if texts.unified(seen.texts, left) == seen.diff:
        return texts.unified(left, seen.texts)
    # A router says in its own words what would put it back: what was done is the opposite.
    signs = {"+": "-", "-": "+"}
    return "".join(signs.get(row[:1], row[:1]) + row[1:] for row in seen.diff.splitlines(keepends=True))


@dataclass(frozen=True, slots=True)
class _Work:
    """One target: what we left there and what the inventory wants by now, or what is to be said without looking."""

    said: Drifted
    left: Wanted | None = None
    wanted: Texts | None = None


def _left(session: Session, act: Act, device: Device, target: Target) -> _Work:
    name = str(target)
    try:
        rights.demand(session, act, Task.CHANGES_PROPOSE, device)
        last = changes.last_applied(session, device.id, target.artifact.name)
        if last is None:
            return _Work(Drifted(name, Standing.NEVER))
        left = Wanted(device.id, target, changes.desired_of(session, last), Purpose.RESTORE, last.id)
    except EssaimError as refused:
        return _Work(Drifted(name, problem=refused))
    said = Drifted(name, Standing.AS_LEFT, str(last))
    try:
        return _Work(said, left, targets.wanted(session, device, target, act.at).desired)
    except EssaimError:
        # The inventory cannot be written down, which the plan says: what was done by hand is told without it.
        return _Work(said, left)


def _look(store: Store, settings: Settings, work: _Work) -> tuple[Drifted, Seen | None]:
    if work.left is None:
        return work.said, None
    try:
        seen = putting_back.look(store, settings, work.left)
        if not seen.diff:
            return work.said, seen
        wanted = (
            work.wanted is not None
            and not putting_back.look(store, settings, replace(work.left, desired=work.wanted)).diff
        )
    except EssaimError as problem:
        return Drifted(work.said.target, change=work.said.change, problem=problem), None
    diff = _shown(store.vault, work.left, seen)
    return replace(work.said, standing=Standing.AS_WANTED if wanted else Standing.BY_HAND, diff=diff), seen


def _shown(vault: Vault, left: Wanted, seen: Seen) -> str:
    return texts.redacted(by_hand(seen, left.desired), left.target.artifact.secrets, vault.fingerprint)


def _undo(store: Store, act: Act, left: Wanted, one: Drifted, seen: Seen) -> Drifted:
    try:
        with transaction(store) as session:
            return replace(one, undo=str(changes.propose(session, act, left, seen)))
    except EssaimError as problem:
        return replace(one, problem=problem)
