"""Rights: what a mandate in force covers, what is one's own, and that no verb that writes forgets to ask."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_network
from typing import Any, Final

import pytest

import billing
import inventory
import provisioning
from foundation import clock
from foundation.acts import Act
from foundation.database import EssaimSession
from inventory import addresses, lines, mandates, members, rights
from inventory.models.mandates import Task
from inventory.rights import NotMandated, WhoAreYou, owners_of, scopes_of

PART: Final = "a part of verbs that ask, which no door calls"
EXCEPTIONS = {
    "inventory.rights.demand": "it is who asks",
    "inventory.rights.may": "it is who asks",
    "inventory.rights.is_own": "reads",
    "inventory.rights.tasks_of": "reads",
    "inventory.holders.holder_of": "reads",
    "inventory.emergencies.open_emergency": "for whoever has no mandate; only the terminal opens one",
    "inventory.outlets.note_failure": "whoever ordered it was asked; what happened is noted come what may",
    "inventory.lapsing.note_told": "the mail has gone, whoever had it sent",
    "inventory.keys.note_recovery": "whoever could open an envelope has the key already",
    "inventory.exchange.applying.apply": "asks by itself, for each task that the plan takes",
    "inventory.addresses.give": "chooses among verbs that ask",
    "inventory.certificates.certify_server": PART,
    "inventory.certificates.keep": "grants nobody anything: what is in force is signed again ahead of its end",
    "inventory.certificates.revoke_of": PART,
    "inventory.suggestions.suggest": "does nothing: it waits for someone who may",
    "inventory.suggestions.accept": "does the deed by its own verb, which asks",
    "inventory.suggestions.refuse": "asks by itself for the deed's own task; one's own one may take back",
    "inventory.suggestions.note_told": "the mail has gone, whoever had it sent",
    "provisioning.adopting.taking.take": "does nothing but by verbs that ask",
    "provisioning.adopting.weighing.weigh": "reads; who read the machine's files was asked",
    "provisioning.openvpn_handouts.made": PART,
    "inventory.lines.equip": PART,
    "inventory.memberships.begin": PART,
    "inventory.shares.begin": PART,
    "inventory.shares.finish": PART,
    "billing.books.keeping.standing": "reads",
    "billing.books.keeping.vat_on": "reads",
    "billing.debit.collections.unannounced": "reads",
    "billing.debit.mandates.move": PART,
    "billing.dues.add_due": PART,
    "billing.dues.differences": "reads; its doors show it to whoever may regularise",
    "billing.bank.inbox.named_waiting": "reads",
    "billing.bank.inbox.names_waiting": "reads",
    "billing.reminding.reminders.note_sent": "the mail has gone, whoever had it sent",
    "provisioning.changes.record_end": "who claimed it had the right; what happened is noted come what may",
}
"""Functions of `(session, act, …)` that ask nothing, and why."""


def verbs() -> Iterator[tuple[str, Any]]:
    """Public functions of the rooms whose second parameter is an act."""
    for room in (inventory, billing, provisioning):
        for found in pkgutil.walk_packages(room.__path__, f"{room.__name__}."):
            module = importlib.import_module(found.name)
            for name, function in vars(module).items():
                ours = inspect.isfunction(function) and function.__module__ == module.__name__
                if ours and not name.startswith("_") and list(inspect.signature(function).parameters)[1:2] == ["act"]:
                    yield f"{module.__name__}.{name}", function


def test_every_verb_that_writes_asks() -> None:
    found = {name for name, _ in verbs()}
    assert len(found) > 30
    assert sorted(found - set(rights.VERBS) - set(EXCEPTIONS)) == []
    assert sorted(set(EXCEPTIONS) - found) == []
    assert sorted(set(EXCEPTIONS) & set(rights.VERBS)) == []


def test_what_a_verb_acts_upon_is_one_of_its_parameters() -> None:
    for name, function in verbs():
        if name in rights.VERBS and (of := rights.VERBS[name].of) is not None:
            assert of in inspect.signature(function).parameters, name


def test_what_one_may_do_to_ones_own_says_whose_it_is() -> None:
    assert [name for name, asked in rights.VERBS.items() if asked.own and asked.of is None] == []


@pytest.fixture
def line(session: EssaimSession, act: Act, small: Any, order: Any) -> Any:
    """A tunnel of M0001, on the machine `vpn` in the cave; M0001 gives mandates, and nobody holds another."""
    ordered = order(small.ada)
    mandates.give(session, act, small.ada, Task.MANDATES_GIVE)
    return ordered


def held(session: EssaimSession, act: Act, member: Any, scope: str, **more: Any) -> bool:
    given = mandates.give(session, by(act, 1), member, Task.LINES_WRITE, scope=scope, **more)
    may = rights.may(session, by(act, 2), Task.LINES_WRITE, lines.find_line(session, "L0001"))
    mandates.end(session, by(act, 1), given)
    return may


def by(act: Act, number: int, **more: Any) -> Act:
    return replace(act, actor=f"M{number:04d}", **more)


def test_a_scope_covers_what_is_under_it(session: EssaimSession, act: Act, small: Any, line: Any) -> None:
    for scope in ("*", "offer:vpn", "device:vpn", "site:cave"):
        assert held(session, act, small.bea, scope), scope
    for scope in ("offer:adsl", "pool:v4"):
        assert not held(session, act, small.bea, scope), scope


def test_a_mandate_counts_from_its_first_day_until_its_last(
    session: EssaimSession, act: Act, small: Any, line: Any
) -> None:
    today = clock.today(act.at)
    assert held(session, act, small.bea, "*", since=today - timedelta(days=3), until=today + timedelta(days=1))
    assert not held(session, act, small.bea, "*", since=today + timedelta(days=1))


def test_everything_of_a_line_is_covered_as_the_line_is(
    session: EssaimSession, act: Act, small: Any, line: Any
) -> None:
    (share,) = lines.shares_of(session, line)
    assert scopes_of(line, session) == scopes_of(share, session) == {"offer:vpn", "device:vpn", "site:cave"}
    assert scopes_of(small.vpn, session) == {"offer:vpn", "device:vpn", "site:cave"}
    assert scopes_of(small.v4, session) == {"pool:v4"}
    assert scopes_of(small.server, session) == {"device:vpn", "site:cave"}
    assert scopes_of("L0001", session) == scopes_of(None, session) == frozenset()
    assert owners_of(line, session) == owners_of(share, session) == owners_of(share.assignments[0], session)
    assert owners_of(line, session) == owners_of(small.ada, session) == {small.ada.id}
    assert owners_of(small.server, session) == frozenset()


def test_whoever_left_has_nothing_and_a_part_that_ended_is_nobodys(
    session: EssaimSession, act: Act, small: Any, line: Any
) -> None:
    (share,) = lines.shares_of(session, line)
    share.until = clock.today(act.at)
    assert owners_of(line, session) == owners_of(share, session) == frozenset()
    mandates.give(session, by(act, 1), small.bea, Task.LINES_WRITE)
    assert rights.may(session, by(act, 2), Task.LINES_WRITE, line)
    small.bea.left = clock.today(act.at)
    assert not rights.may(session, by(act, 2), Task.LINES_WRITE, line)
    assert rights.tasks_of(session, by(act, 2)) == frozenset()


def test_ones_own_is_for_verbs_that_say_so(session: EssaimSession, act: Act, small: Any, line: Any) -> None:
    assert rights.may(session, by(act, 1), Task.LINES_WRITE, line, own=True)
    assert not rights.may(session, by(act, 1), Task.LINES_WRITE, line)
    assert not rights.may(session, by(act, 2), Task.LINES_WRITE, line, own=True)


def test_a_token_has_no_more_than_its_tasks(session: EssaimSession, act: Act, small: Any, line: Any) -> None:
    mandates.give(session, by(act, 1), small.bea, Task.LINES_WRITE)
    assert rights.may(session, by(act, 2, within=frozenset({"lines.write"})), Task.LINES_WRITE, line)
    assert not rights.may(session, by(act, 2, within=frozenset({"dues.write"})), Task.LINES_WRITE, line)
    assert rights.tasks_of(session, by(act, 2, within=frozenset())) == frozenset()


def test_a_refusal_says_which_mandate_and_where(session: EssaimSession, act: Act, small: Any, line: Any) -> None:
    with pytest.raises(NotMandated) as refused:
        rights.demand(session, by(act, 2), Task.LINES_WRITE, line)
    said = refused.value.sentence("fr")
    assert "M0002" in said
    assert "lines.write : device:vpn, offer:vpn, site:cave" in said
    with pytest.raises(WhoAreYou) as unknown:
        rights.demand(session, act, Task.LINES_WRITE)
    assert "--as M0042" in unknown.value.sentence("fr")


def test_the_outermost_verb_asks_and_what_follows_is_the_same_deed(
    session: EssaimSession, act: Act, small: Any, line: Any
) -> None:
    mandates.give(session, by(act, 1), small.bea, Task.LINES_WRITE)
    lines.close_line(session, by(act, 2), lines.find_line(session, "L0001"))  # its addresses go with it
    with pytest.raises(NotMandated):
        addresses.reserve(session, by(act, 2), small.v4, ip_network("198.51.100.6/32"))


def test_who_is_refused_leaves_the_next_one_to_be_asked(
    session: EssaimSession, act: Act, small: Any, line: Any
) -> None:
    for _ in range(2):
        with pytest.raises(NotMandated):
            members.add_member(session, by(act, 2), "Dan")
