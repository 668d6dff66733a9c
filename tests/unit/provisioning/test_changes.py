"""The life of a change: who may approve it, for how long, and what ends it."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from foundation.acts import Act
from inventory import devices, emergencies, lines, mandates, offers, rules
from inventory.lines import Ordering
from inventory.models.lines import LineState
from inventory.models.mandates import Task
from inventory.rights import NotMandated
from provisioning import alone, changes, drift, releases, texts
from provisioning.artifact import Artifact, Target
from provisioning.artifacts.radius import RADIUS
from provisioning.artifacts.router import ROUTER
from provisioning.artifacts.wireguard import WIREGUARD
from provisioning.changes import Wanted
from provisioning.drivers.protocol import Seen
from provisioning.models import Change, ChangeState, Purpose

TASKS = (Task.CHANGES_PROPOSE, Task.CHANGES_APPROVE, Task.CHANGES_APPLY, Task.RULES_SET)
KEY = base64.b64encode(b"\x63" * 32).decode()


@dataclass
class Desk:
    """An association that ordered two lines since its machines were brought up; M0001 and M0002 hold mandates."""

    association: Any
    held: Mapping[str, Mapping[str, str]]

    @property
    def session(self) -> Session:
        session: Session = self.association.session
        return session

    def by(self, number: int, *, later: timedelta = timedelta(), **more: Any) -> Act:
        """Someone acts, two hours after everything."""
        at = self.association.later + timedelta(hours=1) + later
        return replace(self.association.act, actor=f"M{number:04d}", at=at, **more)

    def texts(self, artifact: Artifact) -> Mapping[str, str]:
        """What the inventory wants on the machine of an artifact."""
        device = self.association.edge if artifact is ROUTER else getattr(self.association, artifact.role)
        return artifact.desired(self.session, device, self.association.later)

    def propose(self, act: Act, artifact: Artifact = WIREGUARD, **more: Any) -> Change:
        """Plan one target."""
        device = getattr(self.association, artifact.role)
        wanted = Wanted(device.id, Target(devices.machine(device), artifact), self.texts(artifact), **more)
        held = self.held[artifact.name]
        change = changes.propose(self.session, act, wanted, Seen(held, texts.unified(held, wanted.desired)))
        assert change is not None
        return change

    def rule(self, name: str, value: str) -> None:
        """Both agree on a rule."""
        for number in (1, 2):
            if rules.value(self.session, name) != value:
                rules.set_rule(self.session, self.by(number), name, value)


@pytest.fixture
def desk(association: Any) -> Desk:
    """As the class says."""
    session, act = association.session, association.act
    made = Desk(association, {})
    made.held = {artifact.name: made.texts(artifact) for artifact in (WIREGUARD, RADIUS)}
    lines.order_line(session, act, association.people[0], offers.find_offer(session, "vpn"), Ordering(public_key=KEY))
    copper = lines.order_line(session, act, association.people[0], offers.find_offer(session, "adsl"), Ordering())
    for state in (LineState.ORDERED, LineState.DELIVERED):
        lines.move(session, act, copper, state)
    mandates.give(session, act, association.people[0], Task.MANDATES_GIVE)
    for rank in (0, 1):
        for task in TASKS:
            mandates.give(session, made.by(1), association.people[rank], task)
    return made


def state(change: Change) -> ChangeState:
    return ChangeState(change.state)


# Who approves


def test_alone_in_an_association_one_approves_what_one_proposed(desk: Desk) -> None:
    change = desk.propose(desk.by(1))
    changes.approve(desk.session, desk.by(1), change)
    assert state(change) is ChangeState.APPROVED


def test_where_the_rule_wants_two_the_proposer_does_not_approve(desk: Desk) -> None:
    desk.rule("changes.second", "1")
    change = desk.propose(desk.by(1))
    with pytest.raises(changes.ApproveByAnother, match="M0001") as refused:
        changes.approve(desk.session, desk.by(1), change)
    assert str(change) in refused.value.sentence("fr")
    assert state(change) is ChangeState.PLANNED
    changes.approve(desk.session, desk.by(2), change)
    assert (state(change), change.approved_by) == (ChangeState.APPROVED, "M0002")


def test_in_an_emergency_whoever_is_there_approves(desk: Desk) -> None:
    desk.rule("changes.second", "1")
    emergencies.open_emergency(desk.session, desk.by(1, why="the roof burns"))
    change = desk.propose(desk.by(1))
    changes.approve(desk.session, desk.by(1, emergency=True), change)
    assert state(change) is ChangeState.APPROVED


def test_whoever_holds_no_mandate_neither_approves_nor_rejects_nor_applies(desk: Desk) -> None:
    change = desk.propose(desk.by(1))
    for verb in (changes.approve, changes.reject, changes.claim, changes.expire):
        with pytest.raises(NotMandated):
            verb(desk.session, desk.by(3), change)
    with pytest.raises(NotMandated):
        desk.propose(desk.by(3))
    assert state(change) is ChangeState.PLANNED


def test_one_person_alone_does_not_loosen_what_watches_over_changes(desk: Desk) -> None:
    assert rules.set_rule(desk.session, desk.by(1), "changes.alone", "1").proposed == "1"
    with pytest.raises(rules.LowerByAnother):
        rules.set_rule(desk.session, desk.by(1), "changes.alone", "1")
    assert rules.number(desk.session, "changes.alone") == 0
    assert rules.set_rule(desk.session, desk.by(1), "changes.second", "1").value == "1"
    assert rules.set_rule(desk.session, desk.by(1), "changes.second", "0").value == "1"
    assert rules.set_rule(desk.session, desk.by(2), "changes.second", "0").value == "0"
    assert rules.set_rule(desk.session, desk.by(2), "changes.alone", "1").value == "1"
    assert rules.set_rule(desk.session, desk.by(1), "changes.alone", "0").value == "0"


# What passes alone


@pytest.mark.parametrize("artifact", [WIREGUARD, RADIUS], ids=lambda one: one.name)
def test_lines_that_only_come_pass_where_the_rule_lets_them(desk: Desk, artifact: Artifact) -> None:
    assert state(desk.propose(desk.by(1), artifact)) is ChangeState.PLANNED
    desk.rule("changes.alone", "1")
    change = desk.propose(desk.by(1), artifact)
    assert (state(change), change.approved_by, change.lines != "") == (ChangeState.APPROVED, alone.RULE, True)


def test_a_line_that_goes_or_changes_needs_people(desk: Desk) -> None:
    desk.rule("changes.alone", "1")
    held = desk.texts(WIREGUARD)["wg0.conf"]
    for former in (
        held.replace("198.51.100.2/32", "198.51.100.77/32"),
        held + "\n[Peer]\n# L0099\nPublicKey = " + base64.b64encode(b"\x64" * 32).decode() + "\n",
        held.replace("MTU = 1420", "MTU = 1400"),
        held.rpartition("\n[Peer]")[0] + "\n# wg0.conf was edited by hand\n",
    ):
        desk.held = {"wireguard": {"wg0.conf": former}}
        assert state(desk.propose(desk.by(1))) is ChangeState.PLANNED


def test_what_a_machine_receives_first_needs_people(desk: Desk) -> None:
    desk.rule("changes.alone", "1")
    desk.held = {"wireguard": {}}
    assert state(desk.propose(desk.by(1))) is ChangeState.PLANNED


def test_a_rejected_text_does_not_pass_by_itself_afterwards(desk: Desk) -> None:
    desk.rule("changes.alone", "1")
    changes.reject(desk.session, desk.by(2, why="not this week"), desk.propose(desk.by(1)))
    assert state(desk.propose(desk.by(1))) is ChangeState.PLANNED


def test_a_former_text_never_passes_by_itself(desk: Desk) -> None:
    desk.rule("changes.alone", "1")
    first = desk.propose(desk.by(1))
    assert state(desk.propose(desk.by(1), purpose=Purpose.REVERT, of_id=first.id)) is ChangeState.PLANNED


# What ends it


def test_a_rejection_says_why_and_is_final(desk: Desk) -> None:
    change = desk.propose(desk.by(1))
    changes.approve(desk.session, desk.by(2), change)
    with pytest.raises(changes.RejectedWithoutWhy):
        changes.reject(desk.session, desk.by(2, why=" "), change)
    changes.reject(desk.session, desk.by(2, why="not this week"), change)
    assert (state(change), change.rejected_by, change.reason) == (ChangeState.REJECTED, "M0002", "not this week")
    with pytest.raises(changes.NotPlanned):
        changes.approve(desk.session, desk.by(2), change)
    with pytest.raises(changes.NotToApply):
        changes.claim(desk.session, desk.by(2), change)
    with pytest.raises(changes.NotWaiting):
        changes.reject(desk.session, desk.by(2), change)


@pytest.mark.parametrize("end", [ChangeState.APPLIED, ChangeState.FAILED, ChangeState.STALE, ChangeState.REVERTED])
def test_a_change_that_is_over_is_neither_approved_nor_rejected_nor_applied(desk: Desk, end: ChangeState) -> None:
    change = desk.propose(desk.by(1))
    changes.approve(desk.session, desk.by(1), change)
    changes.claim(desk.session, desk.by(1), change)
    with pytest.raises(changes.NotWaiting):
        changes.reject(desk.session, desk.by(1), change)
    changes.record_end(desk.session, desk.by(1), change, end, "as it went")
    for refusal, verb in (
        (changes.NotPlanned, changes.approve),
        (changes.NotWaiting, changes.reject),
        (changes.NotToApply, changes.claim),
    ):
        with pytest.raises(refusal):
            verb(desk.session, desk.by(1), change)
    assert state(change) is end


def test_nobody_approved_is_not_applied(desk: Desk) -> None:
    change = desk.propose(desk.by(1))
    with pytest.raises(changes.NotApproved):
        changes.claim(desk.session, desk.by(1), change)
    with pytest.raises(changes.NotApproved):
        changes.check_approved(change)


def test_an_old_approval_does_not_count_and_may_be_given_again(desk: Desk) -> None:
    change = desk.propose(desk.by(1))
    changes.approve(desk.session, desk.by(1), change)
    in_time, late = (desk.by(1, later=timedelta(hours=72, seconds=one)) for one in (-1, 0))
    changes.expire(desk.session, in_time, change)
    assert state(change) is ChangeState.APPROVED
    with pytest.raises(changes.ApprovalExpired, match="72 h"):
        changes.claim(desk.session, late, change)
    changes.expire(desk.session, late, change)
    assert state(change) is ChangeState.EXPIRED
    with pytest.raises(changes.NotApproved):
        changes.claim(desk.session, late, change)
    changes.approve(desk.session, late, change)
    changes.claim(desk.session, late, change)
    assert (state(change), change.ended_at) == (ChangeState.APPLYING, None)


def test_the_rule_says_how_long_an_approval_counts(desk: Desk) -> None:
    desk.rule("changes.approval_hours", "1")
    change = desk.propose(desk.by(1))
    changes.approve(desk.session, desk.by(1), change)
    with pytest.raises(changes.ApprovalExpired):
        changes.claim(desk.session, desk.by(1, later=timedelta(hours=1)), change)


def test_another_plan_replaces_what_waited_also_where_it_had_expired(desk: Desk) -> None:
    first = desk.propose(desk.by(1))
    changes.approve(desk.session, desk.by(1), first)
    changes.expire(desk.session, desk.by(1, later=timedelta(days=9)), first)
    second = desk.propose(desk.by(2))
    desk.session.refresh(first)
    assert [state(first), state(second)] == [ChangeState.SUPERSEDED, ChangeState.PLANNED]
    with pytest.raises(changes.NotPlanned):
        changes.approve(desk.session, desk.by(1), first)
    with pytest.raises(changes.NotToApply):
        changes.claim(desk.session, desk.by(1), first)


# Texts of before


def test_our_remarks_on_a_machine_are_not_put_back(desk: Desk) -> None:
    held = desk.texts(WIREGUARD)["wg0.conf"]
    noted = held + "\n# wg0.conf was edited by hand\n\n# FwMark = 0x1\n"
    assert releases.unnoted({"wg0.conf": noted}) == {"wg0.conf": held}
    l2tp = {"ip_pool": "", "startup-config": "set debug 1\n# startup-config was edited by hand\n"}
    assert releases.unnoted(l2tp) == {"ip_pool": "", "startup-config": "set debug 1\n"}


def test_what_a_router_would_put_back_is_read_as_what_was_done_to_it() -> None:
    seen = Seen({"frr.conf": "as it runs\n"}, "interface core0\n- description heart\n+ description core\n")
    done = drift.by_hand(seen, {"frr.conf": "as we left it\n"})
    assert done == "interface core0\n+ description heart\n- description core\n"
