"""The whole path on real daemons: an association configures its machines, and its members use them."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from desk import association, checks, handiwork, homes, laboratory, rehearsal, visit
from foundation import clock, journal, reach
from foundation.acts import Act
from foundation.database import Store, open_store, reading, transaction
from foundation.reach import LabDown
from foundation.settings import Settings, read_settings
from inventory import credentials, devices, lines
from inventory.models.addresses import BlockState
from inventory.models.lines import LineState
from lab import traffic
from provisioning import apply as applying
from provisioning import changes, ending, putting_back, targets
from provisioning import drift as drifting
from provisioning import plan as planning
from provisioning.artifact import Impact
from provisioning.drift import Drifted, Standing
from provisioning.plan import Planned
from provisioning.probes import ProbeFailed

COMMUNITY = "lecture-des-essais"  # conftest.py gives it to the lab
TARGETS = ["edge/router", "lns/antispoofing", "lns/l2tp", "radius/radius", "vpn/antispoofing", "vpn/wireguard"]


@dataclass(frozen=True)
class Association:
    """The demonstration's association, its machines those of the standing lab."""

    settings: Settings
    store: Store

    def act(self) -> Act:
        return Act("M0001", clock.now(), "test")

    def plan(self) -> dict[str, Planned]:
        found = planning.plan(self.store, self.settings, self.act(), lambda _: None)
        return {one.target: one for one in found}

    def drift(self, *, undo: bool = False) -> list[Drifted]:
        return drifting.drift(self.store, self.settings, self.act(), lambda _: None, undo=undo)

    def bring_numbers(self, numbers: list[str]) -> None:
        with transaction(self.store) as session:
            for number in numbers:
                changes.approve(session, self.act(), changes.find_change(session, number))
        done = applying.apply(self.store, self.settings, self.act(), numbers, lambda _: None)
        assert [one.problem for one in done if one.problem] == []

    def approve(self, found: dict[str, Planned]) -> list[str]:
        numbers = [one.change for one in found.values() if one.change]
        with transaction(self.store) as session:
            for number in numbers:
                changes.approve(session, self.act(), changes.find_change(session, number))
        return numbers

    def bring(self, found: dict[str, Planned]) -> None:
        done = applying.apply(self.store, self.settings, self.act(), self.approve(found), lambda _: None)
        assert [one.problem for one in done if one.problem] == []

    def home(self, number: str) -> homes.Access:
        return homes.access(self.store, self.settings, number)

    def state_of(self, number: str) -> str:
        with reading(self.store) as session:
            return changes.find_change(session, number).state


@pytest.fixture(scope="module")
def living(standing_lab: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Association]:
    """An association of 150 members whose machines hold what its inventory wants."""
    reach_lab = laboratory.lab.attach(standing_lab.folder)
    reach_lab.restore()
    var = tmp_path_factory.mktemp("association") / "var"
    association.create_demo(read_settings(var=var))
    settings = read_settings(var=var)
    (var / "lab").symlink_to(standing_lab.folder)
    for half in ("", ".pub"):
        shutil.copy(f"{standing_lab.means.key_file}{half}", f"{settings.means().key_file}{half}")
    store = open_store(settings)
    reach.trust(settings.means(), reach_lab.endpoints().host_keys())
    with transaction(store) as session:
        devices.set_secret(session, Act("M0001", clock.now()), devices.polled(session)[0], "snmp", COMMUNITY)
    here = Association(settings, store)
    first = here.plan()
    assert sorted(first) == TARGETS
    assert [one.problem for one in first.values() if one.problem] == []
    assert all(one.change for one in first.values())
    here.bring(first)
    yield here
    reach_lab.restore()


def changed(found: dict[str, Planned]) -> dict[str, tuple[str, ...]]:
    assert [one.problem for one in found.values() if one.problem] == []
    return {target: one.lines for target, one in found.items() if one.change}


def test_a_second_plan_read_from_what_machines_run_finds_nothing(living: Association) -> None:
    assert changed(living.plan()) == {}


def test_a_machine_that_does_not_hand_on_what_members_send_is_said_to_be_so(living: Association) -> None:
    def forwarding(name: str, flag: int, *versions: str) -> None:
        with reading(living.store) as session:
            machine = devices.machine(devices.find_device(session, name))
        for path in versions:
            reach.run(living.settings.means(), machine, f"echo {flag} >/proc/sys/net/{path}")

    four, six = "ipv4/ip_forward", "ipv6/conf/all/forwarding"
    try:
        forwarding("lns", 0, four)
        forwarding("vpn", 0, four, six)
        told = {target: one.remarks for target, one in living.plan().items() if one.remarks}
    finally:
        forwarding("lns", 1, four)
        forwarding("vpn", 1, four, six)
    (lns,), (vpn,) = told.pop("lns/l2tp"), told.pop("vpn/wireguard")
    assert told == {}
    assert lns.fr.startswith(
        "cette machine ne fait pas suivre l'IPv4 : les membres se connecteront et ne joindront rien"
    )
    assert vpn.fr.startswith("cette machine ne fait pas suivre l'IPv4 ni l'IPv6 : les membres se connecteront et ne ")
    assert lns.en.startswith("this machine does not forward IPv4: members will connect and reach nothing.")
    assert vpn.en.startswith("this machine does not forward IPv4 or IPv6: members will connect and reach nothing.")
    assert [one.remarks for one in living.plan().values() if one.remarks] == []


def test_what_was_done_by_hand_is_shown_exactly_and_put_right(living: Association) -> None:
    done = list(handiwork.deeds(living.store))
    for deed in done:
        handiwork.do(living.store, living.settings, deed)
    drifted = {one.target: one for one in living.drift()}
    found = living.plan()
    assert sorted(changed(found)) == TARGETS
    assert {target: (one.standing, one.problem) for target, one in drifted.items()} == dict.fromkeys(
        TARGETS, (Standing.BY_HAND, None)
    )
    for deed in done:
        rows = [row for row in found[deed.target].diff.splitlines() if row[0] in "+-" and row[:3] not in ("+++", "---")]
        assert any(deed.trace in row for row in rows)
        assert any(deed.trace in row for row in drifted[deed.target].diff.splitlines())
        assert len(rows) <= handiwork.MOST_ROWS
    living.bring(found)
    assert changed(living.plan()) == {}


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_what_was_done_by_hand_drifted_and_what_machines_ran_before_comes_back(living: Association) -> None:
    assert {one.standing for one in living.drift()} == {Standing.AS_LEFT}
    for deed in handiwork.deeds(living.store):
        handiwork.do(living.store, living.settings, deed)
    drifted = living.drift(undo=True)
    assert {one.target: (one.standing, one.problem) for one in drifted} == dict.fromkeys(
        TARGETS, (Standing.BY_HAND, None)
    )
    living.bring_numbers([str(one.undo) for one in drifted])
    assert {one.standing for one in living.drift()} == {Standing.AS_LEFT}
    assert changed(living.plan()) == {}
    # What they ran before that is their text with what was done by hand in it.
    back = [putting_back.revert(living.store, living.settings, living.act(), str(one.undo)) for one in drifted]
    living.bring_numbers([str(one.change) for one in back])
    assert {(one.target, one.diff) for one in living.drift() if one.standing is not Standing.AS_LEFT} == set()
    living.bring(living.plan())
    assert changed(living.plan()) == {}


@pytest.mark.soak
@pytest.mark.timeout(300)
def test_a_change_that_would_break_bgp_is_found_out_where_nobody_is_harmed(living: Association) -> None:
    with reading(living.store) as session:
        edge = devices.find_device(session, "edge")
        (target,) = (one for device, one in targets.every_target(session) if str(one) == "edge/router")
        wanted = targets.wanted(session, edge, target, clock.now())
    broken = {name: text.replace("remote-as 64500", "remote-as 64499") for name, text in wanted.desired.items()}
    seen = targets.driver_for(living.settings, target).look(target, broken)
    with transaction(living.store) as session:
        proposed = str(changes.propose(session, living.act(), replace(wanted, desired=broken), seen))
    played = rehearsal.rehearse(living.store, living.settings, living.act(), proposed, lambda _: None)
    assert isinstance(played.problem, ProbeFailed)
    assert len(played.lines) == 2
    assert played.cut == ()
    with pytest.raises(LabDown):
        laboratory.lab.attach(living.settings.var / "rehearsal" / "lab").state()
    assert changed(living.plan()) == {}  # the association's own machines never heard of it


@pytest.mark.parametrize("rank", [0, 1], ids=["a tunnel", "a shared copper line"])
def test_a_member_connects_and_the_internet_sees_the_address_of_the_inventory(living: Association, rank: int) -> None:
    line = homes.of_lab(living.store, living.settings)[rank]
    tried = checks.line_works(living.store, living.settings, line, lambda _: None)
    assert [one for one in tried if not one.good] == []
    assert len(tried) >= 7


def test_adding_a_member_cuts_nobody(living: Association) -> None:
    """A tunnel goes on carrying while another is added: same process, same session, not an octet lost."""
    first = homes.of_lab(living.store, living.settings)[0]
    at_home = living.home(first)
    failures: list[str] = []
    exchanges: list[traffic.Exchange] = []
    over = threading.Event()
    with laboratory.connected(living.settings, at_home) as running:
        pid = living_pid(living, "wireguard-go")
        there = running.namespace(at_home.home)

        def talk() -> None:
            while not over.is_set():
                try:
                    exchanges.append(traffic.exchange(there, laboratory.INTERNET[0], 50_000))
                except traffic.NoTraffic as cut:
                    failures.append(str(cut))

        talking = threading.Thread(target=talk)
        talking.start()
        try:
            line = visit.order_tunnel(living.store, living.settings, living.act())
            found = living.plan()
            assert changed(found) == {"vpn/antispoofing": (line,), "vpn/wireguard": (line,)}
            assert found["vpn/wireguard"].effect.impact is Impact.HITLESS
            living.bring(found)
        finally:
            over.set()
            talking.join()
            os.close(there)
        assert living_pid(living, "wireguard-go") == pid
    assert failures == []
    assert len(exchanges) > 5
    assert {one.seen_address for one in exchanges} == {at_home.wan.network_address}


def living_pid(living: Association, program: str) -> str:
    with reading(living.store) as session:
        machine = devices.machine(devices.find_device(session, "vpn"))
    return reach.run(living.settings.means(), machine, f"pgrep -x {program} || pgrep -f {program}").split()[0]


def test_who_leaves_is_cut_and_their_address_rests(living: Association) -> None:
    line = visit.order_tunnel(living.store, living.settings, living.act())
    living.bring(living.plan())
    had = living.home(line)
    visit.depart(living.store, living.act(), line)
    found = living.plan()
    assert changed(found) == {"vpn/antispoofing": (line,), "vpn/wireguard": (line,)}
    assert (found["vpn/wireguard"].effect.impact, found["vpn/wireguard"].effect.count) == (Impact.CUTS, 1)
    living.bring(found)
    assert checks.line_is_dead(living.settings, had).good
    assert visit.state_of(living.store, had.wan) == BlockState.QUARANTINED


@pytest.mark.soak
def test_a_change_that_was_overtaken_on_the_machine_is_stale_and_does_nothing(living: Association) -> None:
    line = visit.order_tunnel(living.store, living.settings, living.act())
    *_, number = living.approve(living.plan())
    deed = next(one for one in handiwork.deeds(living.store) if one.target == "vpn/wireguard")
    handiwork.do(living.store, living.settings, deed)
    (done,) = applying.apply(living.store, living.settings, living.act(), [number], lambda _: None)
    assert done.problem is not None
    assert (done.problem.kind, living.state_of(number)) == ("stale-change", "stale")
    assert line in changed(living.plan())["vpn/wireguard"]
    living.bring(living.plan())


def test_killed_while_applying_the_next_plan_knows_what_happened(living: Association) -> None:
    visit.order_tunnel(living.store, living.settings, living.act())
    *_, number = living.approve(living.plan())
    worker = subprocess.Popen(
        [sys.executable, "-c", "from cli.main import run; run()", "change", "apply", "--yes"],
        env={**os.environ, "ESSAIM_VAR": str(living.settings.var)},
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    until = time.monotonic() + 20
    while living.state_of(number) != "applying" and time.monotonic() < until:
        time.sleep(0.02)
    os.killpg(worker.pid, signal.SIGKILL)
    worker.wait()
    assert living.state_of(number) == "applying"
    found = living.plan()
    assert living.state_of(number) in ("applied", "failed")
    living.bring(found)
    assert changed(living.plan()) == {}


def test_a_plan_shows_that_a_secret_changes_and_not_the_secret(living: Association) -> None:
    line, canary = homes.of_lab(living.store, living.settings)[-1], f"Canari-{secrets.token_hex(8)}"
    with transaction(living.store) as session:
        credential = lines.find_line(session, line).shares[0].credentials[0]
        former, credential.secret = credential.secret, living.store.vault.seal(canary)
    found = living.plan()
    assert changed(found) == {"radius/radius": (line,)}
    diff = found["radius/radius"].diff
    assert living.store.vault.fingerprint(canary) in diff
    assert canary not in diff
    with transaction(living.store) as session:
        lines.find_line(session, line).shares[0].credentials[0].secret = former
    assert changed(living.plan()) == {}
    with reading(living.store) as session:
        journal.verify(session)


def test_a_line_that_has_just_come_back_is_ended_and_not_the_session_that_it_had_before(living: Association) -> None:
    """A session that is over stays a while in l2tpns' table, and hides the living one of the same login."""
    line = homes.of_lab(living.store, living.settings)[-1]
    at_home = living.home(line)
    with laboratory.connected(living.settings, at_home):
        pass
    with laboratory.connected(living.settings, at_home) as running:
        with transaction(living.store) as session:
            what = ending.of_line(session, living.act(), lines.find_line(session, line))
        assert ending.end(living.settings, what) == 1
        assert seconds_until_cut(running, at_home) < 8


def moved(living: Association, line: str, *states: LineState) -> dict[str, Planned]:
    with transaction(living.store) as session:
        for state in states:
            lines.move(session, living.act(), lines.find_line(session, line), state)
    return living.plan()


def gets_through(living: Association, at_home: homes.Access) -> bool:
    try:
        with laboratory.connected(living.settings, at_home, checks.DEAD_SECONDS):
            return True
    except laboratory.HomeNotConnected:
        return False


def seconds_until_cut(running: Any, at_home: homes.Access) -> float:
    since = time.monotonic()
    there = running.namespace(at_home.home)
    try:
        while time.monotonic() < since + 10:
            try:
                traffic.exchange(there, laboratory.INTERNET[0], 1000)
            except traffic.NoTraffic:
                return time.monotonic() - since
        return 10
    finally:
        os.close(there)


@pytest.mark.soak
def test_a_suspended_line_is_cut_at_once_stays_out_and_comes_back_once_resumed(living: Association) -> None:
    line = homes.of_lab(living.store, living.settings)[-1]
    at_home = living.home(line)
    with laboratory.connected(living.settings, at_home) as running:
        found = moved(living, line, LineState.SUSPENDED)
        effect = found["radius/radius"].effect
        assert changed(found)["radius/radius"] == (line,)
        assert (effect.impact, effect.count) == (Impact.CUTS, 1)
        living.bring(found)
        assert seconds_until_cut(running, at_home) < 8
    assert not gets_through(living, at_home)
    living.bring(moved(living, line, LineState.ACTIVE))
    assert gets_through(living, at_home)


@pytest.mark.soak
def test_a_changed_password_ends_the_session_that_the_old_one_opened(living: Association) -> None:
    line = homes.of_lab(living.store, living.settings)[-1]
    before = living.home(line)
    with laboratory.connected(living.settings, before) as running:
        with transaction(living.store) as session:
            found = lines.find_line(session, line)
            part = lines.holder(found, clock.today(clock.now()))
            credentials.renew_credential(session, living.act(), part, credentials.Opening())
        living.bring(living.plan())
        assert seconds_until_cut(running, before) < 20
    assert not gets_through(living, before)
    assert gets_through(living, living.home(line))
