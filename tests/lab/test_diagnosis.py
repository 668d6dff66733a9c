"""Situations built on real daemons: each gets its first sentence. Those that wait for long are for `make soak`."""

from __future__ import annotations

import json
import re
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from desk import association, diagnosis, homes, laboratory
from desk.homes import Access
from desk.sample import key_pair
from foundation import clock, reach
from foundation.acts import Act
from foundation.database import Store, open_store, reading, transaction
from foundation.settings import Settings, read_settings
from inventory import line_parts, lines, works
from inventory.models.lines import LineState
from inventory.works import Wording
from monitoring.diagnosis.finding import Situation
from monitoring.diagnosis.seen import Complaint
from monitoring.models import open_samples
from provisioning import apply as applying
from provisioning import changes
from provisioning import plan as planning

TUNNEL, BESIDE, COPPER, NUMBER = "L0042", "L0041", "L0002", "0199001234"


@dataclass(frozen=True)
class Here:
    """An association whose machines are the lab's, all configured."""

    settings: Settings
    store: Store
    samples: Store
    keeper: Any

    def act(self) -> Act:
        return Act("M0001", clock.now(), "test")

    def home(self, line: str) -> Access:
        return homes.access(self.store, self.settings, line)

    def situation(self, line: str, complaint: Complaint | None = None) -> Situation:
        return diagnosis.diagnose(self.store, self.samples, self.settings, self.act(), line, complaint).situation

    def shell(self, machine: str, command: str) -> None:
        said = self.keeper.run(machine, ["/bin/sh", "-c", command])
        assert said.status == 0, said.stderr

    def dial(self, **otherwise: str) -> None:
        """The copper home tries once with other settings, and is refused."""
        tried = self.home(COPPER)
        given = json.dumps(json.loads(tried.secrets) | otherwise)
        with (
            pytest.raises(laboratory.HomeNotConnected),
            laboratory.connected(self.settings, replace(tried, secrets=given), 6),
        ):
            pass

    @contextmanager
    def knocking(self, line: str, edit: Callable[[str], str]) -> Iterator[None]:
        """A WireGuard home with an edited file, connected or not."""
        at_home = self.home(line)
        text = edit(json.loads(at_home.secrets)["configuration"])
        argv = [sys.executable, "-m", at_home.program]
        self.keeper.start(at_home.home, "edited", argv, stdin=json.dumps({"configuration": text}))
        try:
            yield
        finally:
            self.keeper.stop(at_home.home, "edited")


@pytest.fixture(scope="module")
def here(standing_lab: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Here]:
    standing_lab.keeper.restore()
    var = tmp_path_factory.mktemp("diagnosis") / "var"
    association.create_demo(read_settings(var=var))
    settings = read_settings(var=var)
    (var / "lab").symlink_to(standing_lab.folder)
    for ending in ("", ".pub"):
        shutil.copy(f"{standing_lab.means.key_file}{ending}", f"{settings.means().key_file}{ending}")
    store = open_store(settings)
    reach.trust(settings.means(), standing_lab.keeper.endpoints().host_keys())
    made = Here(settings, store, open_samples(settings), standing_lab.keeper)
    planned = planning.plan(store, settings, made.act(), lambda _: None)
    numbers = [one.change for one in planned if one.change]
    with transaction(store) as session:
        for number in numbers:
            changes.approve(session, made.act(), changes.find_change(session, number))
        copper = lines.find_line(session, COPPER)
        lines.change_line(session, made.act(), copper, line_parts.Details(nd=NUMBER))
    done = applying.apply(store, settings, made.act(), numbers, lambda _: None)
    assert [one.problem for one in done if one.problem] == []
    yield made
    standing_lab.keeper.restore()


def test_a_copper_line_that_is_refused_is_told_why(here: Here) -> None:
    login = json.loads(here.home(COPPER).secrets)["login"]
    here.dial(password="autre")
    assert here.situation(COPPER) is Situation.WRONG_PASSWORD
    time.sleep(1.1)  # RADIUS notes whole seconds
    here.dial(login="camille@adsl", caller=NUMBER)
    assert here.situation(COPPER) is Situation.UNKNOWN_LOGIN
    time.sleep(1.1)
    here.dial(login=f"{login.partition('@')[0]}@fibre")
    assert here.situation(COPPER) is Situation.WRONG_REALM
    there = "/var/lib/freeradius/radacct.sqlite"
    noted = f"import sqlite3; print(sqlite3.connect('{there}').execute('SELECT pass FROM radpostauth').fetchall())"
    assert here.keeper.run("radius", ["/usr/bin/python3", "-c", noted]).stdout.strip() == "[('',), ('',), ('',)]"


def test_a_copper_line_that_is_up_and_what_may_fall_around_it(here: Here) -> None:
    with laboratory.connected(here.settings, here.home(COPPER)):
        assert here.situation(COPPER) is Situation.WELL
        assert here.situation(COPPER, Complaint.NAMES) is Situation.OWN_DNS
        for daemon, situation in (("freeradius", Situation.RADIUS_DOWN), ("l2tpns", Situation.LNS_DOWN)):
            here.keeper.kill(daemon)
            assert here.situation(COPPER) is situation
            here.keeper.mend()


def test_a_tunnel_that_is_up_and_what_may_fall_around_it(here: Here) -> None:
    with laboratory.connected(here.settings, here.home(TUNNEL)):
        assert here.situation(TUNNEL) is Situation.WELL
        rule = "type filter hook input priority 0; iifname eth0 meta length > 1300 drop;"
        narrow = f"nft 'table inet narrow {{ chain in {{ {rule} }}; }}'"
        here.shell("home-wireguard", narrow)
        assert here.situation(TUNNEL) is Situation.MTU_TOO_LARGE
        here.shell("home-wireguard", "nft delete table inet narrow")
        bgp = "vtysh -c 'conf t' -c 'router bgp 64496' -c 'address-family ipv4 unicast' -c '{}network 198.51.100.0/24'"
        here.shell("edge", bgp.format("no "))
        time.sleep(1)
        assert here.situation(TUNNEL) is Situation.NOT_ANNOUNCED
        here.shell("edge", bgp.format(""))
    here.shell("vpn", "systemctl stop wg-quick@wg0")
    assert here.situation(TUNNEL) is Situation.VPN_DOWN
    here.shell("vpn", "systemctl start wg-quick@wg0")


@pytest.mark.soak
def test_a_tunnel_without_ipv6(here: Here) -> None:
    only = re.compile(r"^AllowedIPs = .*$", re.MULTILINE)
    at_home = here.home(TUNNEL)
    text = only.sub("AllowedIPs = 0.0.0.0/0", json.loads(at_home.secrets)["configuration"])
    with laboratory.connected(here.settings, replace(at_home, secrets=json.dumps({"configuration": text}))):
        assert here.situation(TUNNEL) is Situation.NO_IPV6_ROUTE


@pytest.mark.soak
def test_a_key_that_is_not_ours_knocks(here: Here) -> None:
    own, (other, _) = re.compile(r"^PrivateKey = .*$", re.MULTILINE), key_pair()
    with here.knocking(TUNNEL, lambda text: own.sub(f"PrivateKey = {other}", text)):
        assert here.situation(TUNNEL) is Situation.KEY_NOT_OURS


@pytest.mark.soak
def test_nothing_comes_of_a_line_that_was_never_there(here: Here) -> None:
    from desk import visit

    fresh = visit.order_tunnel(here.store, here.settings, here.act())
    found = planning.plan(here.store, here.settings, here.act(), lambda _: None)
    numbers = [one.change for one in found if one.change]
    with transaction(here.store) as session:
        for number in numbers:
            changes.approve(session, here.act(), changes.find_change(session, number))
    applying.apply(here.store, here.settings, here.act(), numbers, lambda _: None)
    here.shell(
        "transit", "nft 'table inet shut { chain f { type filter hook forward priority 0; udp dport 51820 drop; }; }'"
    )
    try:
        with here.knocking(fresh, lambda text: text):
            assert here.situation(fresh) is Situation.ENDPOINT_BLOCKED
    finally:
        here.shell("transit", "nft delete table inet shut")


@pytest.mark.soak
def test_the_transit_is_down(here: Here) -> None:
    with laboratory.connected(here.settings, here.home(COPPER)):
        here.keeper.pull("edge", "transit0")
        time.sleep(5)
        assert here.situation(COPPER) is Situation.TRANSIT_DOWN
        here.keeper.mend()


@pytest.mark.soak
def test_what_the_inventory_says_comes_before_what_the_machines_do(here: Here) -> None:
    for states, situation in (
        ((LineState.SUSPENDED,), Situation.SUSPENDED),
        ((LineState.ACTIVE, LineState.CLOSING), Situation.CLOSING),
    ):
        with transaction(here.store) as session:
            for state in states:
                lines.move(session, here.act(), lines.find_line(session, BESIDE), state)
        assert here.situation(BESIDE) is situation
    with transaction(here.store) as session:
        until = clock.now() + timedelta(hours=1)
        subjects = works.find_subjects(session, [f"line:{BESIDE}"])
        works.announce_works(
            session, here.act(), subjects, Wording(title_fr="Essai"), clock.now() - timedelta(minutes=1), until
        )
    assert here.situation(BESIDE) is Situation.WORKS
    with reading(here.store) as session:
        assert lines.find_line(session, BESIDE).state == LineState.CLOSING
