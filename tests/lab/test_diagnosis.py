"""Situations built on real daemons: each gets its first sentence. Those that wait for long are for `make soak`."""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, update

from desk import alerting, diagnosis, homes, laboratory, polling
from desk.homes import Access
from desk.sample import key_pair
from foundation import clock
from foundation.acts import Act
from foundation.database import Store, open_store, reading, transaction
from foundation.settings import Settings
from inventory import credentials, devices, line_parts, lines, members, offers, orders, wholesalers, works
from inventory.models.devices import RADIUS_ACCOUNTING
from inventory.models.lines import LineState
from inventory.models.wholesale import OrderKind
from inventory.works import Wording
from monitoring.diagnosis.finding import Situation
from monitoring.diagnosis.seen import Complaint
from monitoring.models import Connection, open_samples
from provisioning import apply as applying
from provisioning import changes
from provisioning import plan as planning
from provisioning.models import Change
from tests.lab.sentences import said_rightly

COMMUNITY = "lecture-des-essais"  # conftest.py gives it to the lab
TUNNEL, BESIDE, COPPER, NUMBER = "L0042", "L0041", "L0002", "0199001234"
VICTIM, OTHER, NEIGHBOURS = "L0021", "L0023", ("L0012", "L0019", "L0020")
"""Copper lines of the same wholesaler's."""
FORGET = f"""
import sqlite3
table = sqlite3.connect("{RADIUS_ACCOUNTING}", timeout=5)
for name in ("radacct", "radpostauth"):
    table.execute(f"DELETE FROM {{name}}")
table.commit()
"""


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
        """What the first sentence of `essaim line diagnose` is about; it begins so in both languages."""
        first = diagnosis.diagnose(self.store, self.samples, self.settings, self.act(), line, complaint).findings[0]
        assert said_rightly(first), (first.said.say("fr"), first.said.say("en"))
        return first.situation

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

    def told(self, line: str, at: datetime | None = None) -> tuple[Situation, str, str]:
        """What `essaim line diagnose` answers first, in both languages."""
        act = replace(self.act(), at=at or clock.now())
        first = diagnosis.diagnose(self.store, self.samples, self.settings, act, line).findings[0]
        return first.situation, plain(first.said.say("fr")), plain(first.said.say("en"))

    def bring(self) -> None:
        """What `essaim change plan`, `approve` and `apply` do."""
        planned = planning.plan(self.store, self.settings, self.act(), lambda _: None)
        assert [one.problem for one in planned if one.problem] == []
        numbers = [one.change for one in planned if one.change]
        with transaction(self.store) as session:
            for number in numbers:
                changes.approve(session, self.act(), changes.find_change(session, number))
        done = applying.apply(self.store, self.settings, self.act(), numbers, lambda _: None)
        assert [one.problem for one in done if one.problem] == []

    def forget(self) -> None:
        """No copper line was ever connected, nor refused, and what was changed was changed yesterday."""
        done = self.keeper.run("radius", ["/usr/bin/python3", "-c", FORGET])
        assert done.status == 0, done.stderr
        with transaction(self.samples) as session:
            session.execute(delete(Connection))
        with transaction(self.store) as session:
            session.execute(update(Change).values(ended_at=clock.now() - timedelta(days=1)))

    @contextmanager
    def wholesaler(self, *numbers: str, refused: str = "") -> Iterator[None]:
        """While inside, the wholesaler's router brings the sessions of these copper lines; then it hangs up on all.

        The box of the line that is `refused` has a wrong password.
        """
        given = [json.loads(self.home(one).secrets) for one in numbers]
        told: dict[str, Any] = {"lns": [{"address": given[0]["lns"], "secret": given[0]["secret"]}]}
        told["logins"] = [[one["login"], one["password"]] for one in given]
        if refused:
            told["logins"].append([json.loads(self.home(refused).secrets)["login"], "autre"])
        argv = [sys.executable, "-m", "lab.adsl.wholesaler"]
        log = self.keeper.start("home-adsl", "wholesaler", argv, stdin=json.dumps(told))
        try:
            until = time.monotonic() + 15
            while '"event": "all"' not in log.read_text():
                assert time.monotonic() < until, log.read_text()
                time.sleep(0.05)
            yield
        finally:
            self.keeper.stop("home-adsl", "wholesaler")

    def until_told(self, line: str, situation: Situation) -> tuple[str, str]:
        """RADIUS hears of an end a moment after: what is said once it is so."""
        until = time.monotonic() + 10
        while (found := self.told(line))[0] is not situation:
            assert time.monotonic() < until, found
            time.sleep(0.2)
        return found[1:]

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
def here(
    standing_lab: Any, inhabited: Callable[[Path], Settings], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Here]:
    settings = inhabited(tmp_path_factory.mktemp("diagnosis") / "var")
    store = open_store(settings)
    made = Here(settings, store, open_samples(settings), standing_lab.keeper)
    with transaction(store) as session:
        offering = offers.Offering(wholesaler=wholesalers.find_wholesaler(session, "collecte"))
        offers.change_offer(session, made.act(), offers.find_offer(session, "adsl"), offering)
        devices.set_secret(session, made.act(), devices.polled(session)[0], "snmp", COMMUNITY)
        lines.change_line(session, made.act(), lines.find_line(session, COPPER), line_parts.Details(nd=NUMBER))
    made.bring()
    yield made
    standing_lab.keeper.restore()


def plain(said: str) -> str:
    """A sentence without what is said of time, and with plain spaces."""
    return re.sub(r"\d+ (?:seconde|second|minute|heure|hour|jour|day)s?", "…", said.replace("\N{NO-BREAK SPACE}", " "))


def test_a_copper_line_that_is_refused_is_told_why(here: Here) -> None:
    here.forget()
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


def test_a_box_that_was_unplugged(here: Here) -> None:
    here.forget()
    with laboratory.connected(here.settings, here.home(COPPER)):
        assert here.situation(COPPER) is Situation.WELL
    with here.wholesaler(*NEIGHBOURS):
        assert here.until_told(COPPER, Situation.UNPLUGGED) == (
            "La box ne répond plus depuis …. Les autres lignes vont bien : elle est sans doute débranchée.",
            "The box has not answered for …. The other lines are well: it is most likely unplugged.",
        )


def test_a_line_that_does_not_come_while_its_neighbours_are_well_and_all_fall_with_the_wholesaler(here: Here) -> None:
    here.forget()
    with here.wholesaler(*NEIGHBOURS):
        assert here.told(COPPER) == (
            Situation.ALONE_DOWN,
            "Les autres lignes vont bien, celle-ci n'arrive pas jusqu'à nous : cherchons entre la box et nous.",
            "The other lines are well, this one does not reach us: let us look between the box and us.",
        )
    with here.wholesaler(COPPER, *NEIGHBOURS):
        assert here.situation(COPPER) is Situation.WELL
    assert here.until_told(COPPER, Situation.WHOLESALER_DOWN) == (
        "La panne est chez l'opérateur qui nous vend la ligne (collecte) : ses autres lignes sont coupées aussi.",
        "The fault is with the operator that sells us the line (collecte): its other lines are down too.",
    )


def vanished(here: Here, at: datetime) -> list[str]:
    """Which copper lines a round at that instant tells of as vanished without an order."""
    report = polling.poll(here.store, here.settings, at)
    watched = alerting.watch(here.store, here.settings, at, report, ended=at)
    return [one.subject for one in watched.open if one.rule == "copper-vanished"]


def test_a_copper_line_that_vanishes_is_told_once_until_an_order_explains_it_or_its_box_is_heard(here: Here) -> None:
    here.forget()
    began = clock.now()
    with here.wholesaler(VICTIM, OTHER, *NEIGHBOURS):
        assert vanished(here, began) == []
    with here.wholesaler(*NEIGHBOURS):
        hours = (0.1, 7)
        both = [VICTIM, OTHER]
        assert [vanished(here, began + timedelta(hours=one)) for one in hours] == [[], both]
        assert here.told(VICTIM, began + timedelta(hours=7)) == (
            Situation.CRUSHED,
            "La ligne de cuivre a disparu depuis …, sans qu'aucune résiliation ait été demandée : elle a peut-être été "
            "attribuée à quelqu'un d'autre par erreur (écrasement à tort).",
            "The copper line vanished … ago though nobody asked to end it: it may have been given to somebody else by "
            "mistake.",
        )
    with here.wholesaler(*NEIGHBOURS, refused=OTHER):
        assert vanished(here, began + timedelta(hours=8.5)) == [VICTIM]
        with transaction(here.store) as session:
            line = lines.find_line(session, VICTIM)
            seller = wholesalers.find_wholesaler(session, "collecte")
            orders.place_order(session, here.act(), line, seller, kind=OrderKind.TERMINATE)
        assert vanished(here, began + timedelta(hours=9)) == []
    every = [one for one in alerting.listed(here.settings, ended=True) if one.rule == "copper-vanished"]
    assert [(one.subject, one.told_at is not None) for one in every if one.until] == [(VICTIM, True), (OTHER, True)]
    assert len(every) == 2
    here.forget()


def test_a_line_that_is_not_delivered_yet_is_said_to_be_so_though_its_box_is_refused(here: Here) -> None:
    with transaction(here.store) as session:
        who = members.add_member(session, here.act(), "Camille Exemple", email="camille@membres.example")
        line = lines.order_line(session, here.act(), who, offers.find_offer(session, "adsl"), lines.Ordering())
        lines.move(session, here.act(), line, LineState.ORDERED)
        number = str(line)
    here.dial(login=f"{number.lower()}@adsl")
    assert here.told(number) == (
        Situation.NOT_DELIVERED,
        "La ligne n'est pas encore livrée : elle est en commande.",
        "The line is not delivered yet: it is on order.",
    )


@pytest.mark.soak
def test_a_line_that_fell_as_its_machine_was_changed(here: Here) -> None:
    here.forget()
    with laboratory.connected(here.settings, here.home(COPPER)):
        assert here.situation(COPPER) is Situation.WELL
        with transaction(here.store) as session:
            part = lines.holder(lines.find_line(session, COPPER), clock.today(clock.now()))
            credentials.renew_credential(session, here.act(), part, credentials.Opening())
        here.bring()
        said = here.until_told(COPPER, Situation.CHANGED)
    assert said == (
        "Nous avons changé quelque chose sur la machine de la ligne il y a …, et elle n'est plus connectée depuis.",
        "We changed something on the line's machine … ago, and it has not been connected since.",
    )


def test_a_copper_line_that_is_up_and_what_may_fall_around_it(here: Here) -> None:
    here.forget()
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
    here.bring()
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
