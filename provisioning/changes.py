"""Verbs on changes: proposed, approved, claimed, and what became of them."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session, defer

from foundation import journal
from foundation.acts import Act
from foundation.errors import Forbidden, Invalid, NotFound, Refused
from foundation.speech import Phrase
from foundation.vault import Sealed, vault_of
from inventory import numbers, rights, rules
from inventory.models.devices import Device
from inventory.models.mandates import Task
from inventory.rights import asks
from inventory.scopes import scopes_of, scopes_of_device
from provisioning import alone, texts
from provisioning.artifact import Effect, Impact, Target
from provisioning.drivers.protocol import Seen
from provisioning.models import Change, ChangeState, Purpose
from provisioning.texts import Texts

S = ChangeState
WAITING: Final = (S.PLANNED, S.APPROVED, S.EXPIRED)
"""States of a change that may still come to be applied: one such on a target at a time."""


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


class NotWaiting(Refused):
    """A change that waits for nobody: it is being applied, or it is over."""

    kind = "not-waiting"
    phrase = Phrase(
        "{change} est « {state} » : il n'attend plus personne, il n'y a rien à rejeter. Rien n'a été changé.",
        "{change} is “{state}”: it waits for nobody, there is nothing to reject. Nothing was changed.",
    )


class RejectedWithoutWhy(Invalid):
    """A rejection without a word."""

    kind = "rejected-without-why"
    phrase = Phrase(
        'Dites pourquoi, en quelques mots, à qui l\'a proposé : essaim change reject {change} --why "…". '
        "Rien n'a été changé.",
        'Say why, in a few words, to whoever proposed it: essaim change reject {change} --why "…". '
        "Nothing was changed.",
    )


class ApproveByAnother(Forbidden):
    """The association wants someone other than the proposer to approve."""

    kind = "approve-by-another"
    phrase = Phrase(
        "{actor} a proposé {change} : quelqu'un d'autre l'approuve (règle changes.second). Rien n'a été changé. "
        "Qui le peut : essaim mandate list --task changes.approve",
        "{actor} proposed {change}: someone else approves it (rule changes.second). Nothing was changed. "
        "Who can: essaim mandate list --task changes.approve",
    )


class NotApproved(Refused):
    """A change that nobody approved, or that is over."""

    kind = "not-approved"
    phrase = Phrase(
        "{change} est « {state} » : il faut d'abord l'approuver (essaim change approve {change}).",
        "{change} is “{state}”: it must be approved first (essaim change approve {change}).",
    )


class NotToApply(Refused):
    """A change that is over: it was applied, or will never be."""

    kind = "not-to-apply"
    phrase = Phrase(
        "{change} est « {state} » : il ne peut plus être appliqué. Rien n'a été changé. "
        "Refaire le plan : essaim change plan",
        "{change} is “{state}”: it can no longer be applied. Nothing was changed. Plan again: essaim change plan",
    )


class ApprovalExpired(Refused):
    """An approval that is older than the association lets it be."""

    kind = "approval-expired"
    phrase = Phrase(
        "{change} a été approuvé le {approved}, il y a plus de {hours} h : rien n'a été appliqué. Le relire (essaim "
        "change show {change}), puis l'approuver de nouveau : essaim change approve {change}",
        "{change} was approved on {approved}, more than {hours} h ago: nothing was applied. Read it again (essaim "
        "change show {change}), then approve it once more: essaim change approve {change}",
    )


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a target should hold: by the inventory, or as it was around the change of row `of_id`."""

    device_id: int
    target: Target
    desired: Texts
    purpose: Purpose = Purpose.INVENTORY
    of_id: int | None = None


@scopes_of.register
def _(subject: Wanted, session: Session) -> frozenset[str]:
    return scopes_of_device(subject.device_id, session)


@scopes_of.register
def _(subject: Change, session: Session) -> frozenset[str]:
    return scopes_of_device(subject.device_id, session)


@asks(Task.CHANGES_PROPOSE, "wanted")
def propose(session: Session, act: Act, wanted: Wanted, seen: Seen) -> Change | None:
    """Note what must change on a target; nothing when the machine agrees.

    Whatever waited for the target before is superseded. Where the rule `changes.alone` lets it, a change that only
    adds members' lines is approved by that rule.
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
        purpose=wanted.purpose,
        of_id=wanted.of_id,
    )
    session.add(change)
    journal.record(session, act, "change.plan", str(change), target=str(wanted.target), wanted=change.wanted)
    if _passes_alone(session, wanted, seen, change):
        change.state, change.approved_by, change.approved_at = S.APPROVED, alone.RULE, act.at
        journal.record(session, act, "change.approve", str(change), by=alone.RULE)
    session.flush()
    return change


@asks(Task.CHANGES_APPROVE, "change")
def approve(session: Session, act: Act, change: Change) -> None:
    """Say that a planned change may be applied; once more, where its approval is old or has expired.

    Raises NotPlanned, and ApproveByAnother where the rule `changes.second` wants someone else than the proposer. In an
    emergency nobody else may be there: it is announced, and someone reviews it.
    """
    _check_another(session, act, change)
    if not _move(session, change, WAITING, state=S.APPROVED, approved_by=act.actor, approved_at=act.at,
                 ended_at=None, reason=""):  # fmt: skip
        raise NotPlanned(change=str(change), state=ChangeState(change.state))
    journal.record(session, act, "change.approve", str(change))


@asks(Task.CHANGES_APPROVE, "change")
def reject(session: Session, act: Act, change: Change) -> None:
    """Say that a change shall not be applied; `act.why` tells its proposer. Raises NotWaiting, RejectedWithoutWhy."""
    if not act.why.strip():
        raise RejectedWithoutWhy(change=str(change))
    if not _move(session, change, WAITING, state=S.REJECTED, rejected_by=act.actor, ended_at=act.at, reason=act.why):
        raise NotWaiting(change=str(change), state=ChangeState(change.state))
    journal.record(session, act, "change.reject", str(change))


@asks(Task.CHANGES_APPLY, "change")
def claim(session: Session, act: Act, change: Change) -> None:
    """Take an approved change in hand: of two workers, one gets it. Raises NotApproved, NotToApply, ApprovalExpired."""
    hours = rules.number(session, "changes.approval_hours")
    if _overdue(change, act, hours):
        raise ApprovalExpired(change=str(change), approved=change.approved_at, hours=hours)
    if not _move(session, change, (S.APPROVED,), state=S.APPLYING, applied_by=act.actor, claimed_at=act.at):
        check_approved(change)
    journal.record(session, act, "change.claim", str(change))


@asks(Task.CHANGES_APPLY, "change")
def expire(session: Session, act: Act, change: Change) -> None:
    """Note that a change's approval is too old to count; nothing where someone approved it again meanwhile."""
    overdue = _overdue(change, act, rules.number(session, "changes.approval_hours"))
    if overdue and _move(session, change, (S.APPROVED,), state=S.EXPIRED, ended_at=act.at):
        journal.record(session, act, "change.expired", str(change))


def check_approved(change: Change) -> None:
    """Raises NotApproved, or NotToApply where approving cannot help, unless the change may be applied."""
    if change.state in (S.PLANNED, S.EXPIRED):
        raise NotApproved(change=str(change), state=ChangeState(change.state))
    if change.state != S.APPROVED:
        raise NotToApply(change=str(change), state=ChangeState(change.state))


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


def page(
    session: Session,
    *,
    device: Device | None = None,
    artifact: str = "",
    state: ChangeState | None = None,
    after: int = 0,
    limit: int = 100,
) -> Sequence[Change]:
    """Changes by number, a page at a time: all, of a machine, of one artifact on it, in a state."""
    query = select(Change).where(Change.number > after).order_by(Change.number).limit(limit).options(defer(Change.diff))
    if device is not None:
        query = query.where(Change.device_id == device.id)
    if artifact:
        query = query.where(Change.artifact == artifact)
    if state is not None:
        query = query.where(Change.state == state)
    return session.scalars(query).all()


def list_changes(
    session: Session, *, device: Device | None = None, artifact: str = "", limit: int = 50
) -> Sequence[tuple[Change, str]]:
    """The latest changes with their machine's name, the newest first: all, of a machine, of one artifact on it."""
    query = select(Change, Device.name).join(Device).order_by(Change.number.desc()).limit(limit)
    query = query.options(defer(Change.diff))
    if device is not None:
        query = query.where(Change.device_id == device.id)
    if artifact:
        query = query.where(Change.artifact == artifact)
    return [(change, name) for change, name in session.execute(query)]


def last_applied(session: Session, device_id: int, artifact: str) -> Change | None:
    """The change that left a target as we last left it."""
    applied = (Change.device_id == device_id, Change.artifact == artifact, Change.state == S.APPLIED)
    return session.scalar(select(Change).where(*applied).order_by(Change.number.desc()).limit(1))


def subject_of(session: Session, change: Change) -> Change | None:
    """The change whose text this one puts back, where that is its purpose."""
    return None if change.of_id is None else session.get_one(Change, change.of_id)


def desired_of(session: Session, change: Change) -> Texts:
    """The text that a change brings, opened."""
    return _opened(session, change.after)


def before_of(session: Session, change: Change) -> Texts:
    """The text that a change found, opened; empty where the machine held nothing."""
    return _opened(session, change.before)


def effect_of(change: Change) -> Effect:
    """What a change does to people."""
    return Effect(Impact(change.impact), change.count)


def _move(session: Session, change: Change, allowed: Collection[ChangeState], **values: object) -> bool:
    """Bring a change from one of these states to another; False where it is, by now, in none of them."""
    moved = session.execute(
        update(Change).where(Change.id == change.id, Change.state.in_(allowed)).values(**values).returning(Change.id)
    ).one_or_none()
    session.refresh(change)
    return moved is not None


def _check_another(session: Session, act: Act, change: Change) -> None:
    # At the founding, and in an emergency, nobody else may be there.
    if act.emergency or not rules.number(session, "changes.second") or not rights.ever_mandated(session):
        return
    if change.proposed_by in rights.files_of(session, act.actor):
        raise ApproveByAnother(actor=act.actor, change=str(change))


def _overdue(change: Change, act: Act, hours: int) -> bool:
    if change.state != S.APPROVED or change.approved_at is None:
        return False
    return act.at >= change.approved_at + timedelta(hours=hours)


def _passes_alone(session: Session, wanted: Wanted, seen: Seen, change: Change) -> bool:
    """Whether the rule lets a change pass; never one that puts back a former text, or that someone rejected."""
    if wanted.purpose is not Purpose.INVENTORY or not rules.number(session, alone.RULE):
        return False
    if not alone.only_adds(seen.texts, wanted.desired, effect_of(change), change.lines):
        return False
    rejected = (Change.device_id == change.device_id, Change.artifact == change.artifact, Change.state == S.REJECTED)
    return session.scalar(select(Change.id).where(*rejected, Change.wanted == change.wanted).limit(1)) is None


def _supersede(session: Session, wanted: Wanted) -> None:
    session.execute(
        update(Change)
        .where(
            Change.device_id == wanted.device_id,
            Change.artifact == wanted.target.artifact.name,
            Change.state.in_(WAITING),
        )
        .values(state=S.SUPERSEDED)
    )


def _opened(session: Session, sealed: Sealed) -> Texts:
    held: Texts = json.loads(vault_of(session).open(sealed))
    return held


def _seal(session: Session, held: Texts) -> Sealed:
    return vault_of(session).seal(journal.canonical(dict(held)))
