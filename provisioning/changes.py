"""Verbs on changes: proposed, approved, claimed, and what became of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from foundation import journal
from foundation.acts import Act
from foundation.errors import NotFound, Refused
from foundation.speech import Phrase
from foundation.vault import Sealed, vault_of
from inventory import numbers
from inventory.models.devices import Device
from inventory.models.mandates import Task
from inventory.rights import asks
from inventory.scopes import scopes_of, scopes_of_device
from provisioning import texts
from provisioning.artifact import Effect, Impact, Target
from provisioning.drivers.protocol import Seen
from provisioning.models import Change, ChangeState
from provisioning.texts import Texts

S = ChangeState


class NoSuchChange(NotFound):
    """No change of that number."""

    kind = "no-such-change"
    phrase = Phrase(
        "Aucun changement {change}. Les trouver : essaim change list",
        "There is no change {change}. To find them: essaim change list",
    )


class NotPlanned(Refused):
    """A change that is past approving."""

    kind = "not-planned"
    phrase = Phrase(
        "{change} est « {state} » : il ne peut plus être approuvé. Refaire le plan : essaim change plan",
        "{change} is “{state}”: it can no longer be approved. Plan again: essaim change plan",
    )


class NotApproved(Refused):
    """A change that nobody approved, or that is over."""

    kind = "not-approved"
    phrase = Phrase(
        "{change} est « {state} » : il faut d'abord l'approuver (essaim change approve {change}).",
        "{change} is “{state}”: it must be approved first (essaim change approve {change}).",
    )


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a target should hold, by the inventory."""

    device_id: int
    target: Target
    desired: Texts


@scopes_of.register
def _(subject: Wanted, session: Session) -> frozenset[str]:
    return scopes_of_device(subject.device_id, session)


@scopes_of.register
def _(subject: Change, session: Session) -> frozenset[str]:
    return scopes_of_device(subject.device_id, session)


@asks(Task.CHANGES_PROPOSE, "wanted")
def propose(session: Session, act: Act, wanted: Wanted, seen: Seen) -> Change | None:
    """Note what must change on a target; nothing when the machine agrees.

    Whatever was planned for the target before is superseded.
    """
    # The number comes before any row is written: two at once would each wait for the other's.
    number = numbers.following(session, Change.number) if seen.diff else 0
    _supersede(session, wanted)
    if not seen.diff:
        return None
    vault, artifact = vault_of(session), wanted.target.artifact
    effect = artifact.effect(seen.texts, wanted.desired)
    change = Change(
        number=number,
        device_id=wanted.device_id,
        artifact=artifact.name,
        state=S.PLANNED,
        seen=texts.digest(seen.texts),
        wanted=texts.digest(wanted.desired),
        before=_seal(session, seen.texts),
        after=_seal(session, wanted.desired),
        diff=texts.redacted(seen.diff, artifact.secrets, vault.fingerprint),
        impact=effect.impact,
        count=effect.count,
        lines=" ".join(artifact.lines(seen.texts, wanted.desired)),
        proposed_by=act.actor,
        proposed_at=act.at,
    )
    session.add(change)
    journal.record(session, act, "change.plan", str(change), target=str(wanted.target), wanted=change.wanted)
    session.flush()
    return change


@asks(Task.CHANGES_APPROVE, "change")
def approve(session: Session, act: Act, change: Change) -> None:
    """Say that a planned change may be applied. Raises NotPlanned."""
    if change.state not in (S.PLANNED, S.APPROVED):
        raise NotPlanned(change=str(change), state=ChangeState(change.state))
    change.state, change.approved_by, change.approved_at = S.APPROVED, act.actor, act.at
    journal.record(session, act, "change.approve", str(change))
    session.flush()


@asks(Task.CHANGES_APPLY, "change")
def claim(session: Session, act: Act, change: Change) -> None:
    """Take an approved change in hand: of two workers, one gets it. Raises NotApproved."""
    taken = session.execute(
        update(Change)
        .where(Change.id == change.id, Change.state == S.APPROVED)
        .values(state=S.APPLYING, applied_by=act.actor, claimed_at=act.at)
        .returning(Change.id)
    ).one_or_none()
    if taken is None:
        session.refresh(change)
        raise NotApproved(change=str(change), state=ChangeState(change.state))
    session.refresh(change)
    journal.record(session, act, "change.claim", str(change))


def check_approved(change: Change) -> None:
    """Raises NotApproved unless the change may be applied."""
    if change.state != S.APPROVED:
        raise NotApproved(change=str(change), state=ChangeState(change.state))


def in_hand(session: Session, device_id: int, artifact: str) -> Change | None:
    """The change of a target that is marked as being applied."""
    return session.scalar(
        select(Change).where(Change.device_id == device_id, Change.artifact == artifact, Change.state == S.APPLYING)
    )


def record_end(session: Session, act: Act, change: Change, state: ChangeState, reason: str = "") -> None:
    """Note what became of a change in hand: applied, failed or stale, with the machine's own words.

    No right is asked: whoever claimed it had it, and what happened is noted whatever happens meanwhile.
    """
    change.state, change.ended_at, change.reason = state, act.at, reason
    journal.record(session, act, f"change.{state}", str(change), reason=reason)
    session.flush()


def find_change(session: Session, text: str) -> Change:
    """The change of that number (`C0042`). Raises BadNumber, NoSuchChange."""
    number = numbers.parse("C", text)
    change = session.scalar(select(Change).where(Change.number == number))
    if change is None:
        raise NoSuchChange(change=numbers.shown("C", number))
    return change


def planned(session: Session) -> list[Change]:
    """Changes that wait for an approval, the oldest first."""
    return list(session.scalars(select(Change).where(Change.state == S.PLANNED).order_by(Change.number)))


def approved(session: Session) -> list[Change]:
    """Changes that wait to be applied, the oldest first."""
    return list(session.scalars(select(Change).where(Change.state == S.APPROVED).order_by(Change.number)))


def list_changes(session: Session, *, limit: int = 50) -> Sequence[tuple[Change, str]]:
    """The latest changes with their machine's name, the newest first."""
    query = select(Change, Device.name).join(Device).order_by(Change.number.desc()).limit(limit)
    return [(change, name) for change, name in session.execute(query)]


def desired_of(session: Session, change: Change) -> Texts:
    """The text that a change brings, opened."""
    opened: Texts = json.loads(vault_of(session).open(change.after))
    return opened


def effect_of(change: Change) -> Effect:
    """What a change does to people."""
    return Effect(Impact(change.impact), change.count)


def _supersede(session: Session, wanted: Wanted) -> None:
    session.execute(
        update(Change)
        .where(
            Change.device_id == wanted.device_id,
            Change.artifact == wanted.target.artifact.name,
            Change.state.in_((S.PLANNED, S.APPROVED)),
        )
        .values(state=S.SUPERSEDED)
    )


def _seal(session: Session, held: Texts) -> Sealed:
    return vault_of(session).seal(journal.canonical(dict(held)))
