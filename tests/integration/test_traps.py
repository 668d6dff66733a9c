"""From a trap to the alert: one look at who sent it, what it finds, and what a forged one costs."""

from __future__ import annotations

import importlib.util
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from desk import alerting, polling, trapping
from desk.metrics import measured
from desk.trapping import Looked, TrapsOff, keep_listening
from foundation import clock
from foundation.acts import Act
from foundation.database import Store, reading, transaction
from foundation.reach import MachineUnreachable
from foundation.settings import Settings, read_settings
from inventory import cabling, device_secrets, devices, places
from monitoring.alerts import hints
from monitoring.embedded import open_series
from monitoring.models import open_samples
from monitoring.openmetrics import text
from monitoring.poll import Report, Unanswered
from monitoring.snmp import pacing
from monitoring.snmp.agents import Agent, Community
from monitoring.snmp.modules import system
from monitoring.snmp.modules.interfaces import IF_HC_IN_OCTETS, IF_NAME

pytestmark = pytest.mark.timeout(60)
OPER_STATUS = "1.3.6.1.2.1.2.2.1.8"
UPS = "1.3.6.1.2.1.33.1"
COMMUNITY = "lecture-des-essais"


def beside(name: str) -> Any:
    spec = importlib.util.spec_from_file_location(Path(name).stem, Path(__file__).with_name(name))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


served, sender = beside("snmp_agent.py"), beside("test_snmp_traps.py")
trap_of: Callable[..., bytes] = sender.octets_of


@dataclass
class Room:
    """A switch on loopback, with a port that the inventory uses and a UPS; traps are listened for beside."""

    store: Store
    settings: Settings
    port_is: int = 1
    source_is: int = 3
    looks: list[Looked] = field(default_factory=list)
    asked: int = 0

    def answer(self, asked: Any) -> Any:
        self.asked += 1
        table = served.Table(
            {
                system.SYS_OBJECT_ID: (0x06, served.oid("1.3.6.1.4.1.32473.1")[2:]),
                system.SYS_UPTIME: (0x43, b"\x10"),
                system.SYS_NAME: (0x04, b"switch"),
                f"{IF_NAME}.3": (0x04, b"eth1"),
                f"{IF_HC_IN_OCTETS}.3": (0x46, b"\x07"),
                f"{OPER_STATUS}.3": (0x02, bytes([self.port_is])),
                f"{UPS}.2.1.0": (0x02, b"\x02"),
                f"{UPS}.4.1.0": (0x02, bytes([self.source_is])),
            }
        )
        return served.reply(asked, table.answer(asked))

    def round(self) -> alerting.Watched:
        at = clock.now()
        report = polling.poll(self.store, self.settings, at)
        return alerting.watch(self.store, self.settings, at, report)

    def listen(self, *messages: bytes, looks: int = 1, whence: str = "127.0.0.1") -> None:
        """Listen for traps while these are sent, until so many looks were taken."""
        host, _, port = self.settings.traps.rpartition(":")

        def told(looked: Looked | None) -> bool:
            if looked is None:
                with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as thrower:
                    thrower.bind((whence, 0))
                    for one in messages:
                        thrower.sendto(one, (host, int(port)))
                return looks > 0
            self.looks.append(looked)
            return len(self.looks) < looks

        keep_listening(self.store, self.settings, told)

    def words(self) -> dict[str, str]:
        return {one.rule: one.words.say("fr") for one in alerting.listed(self.settings)}


@pytest.fixture
def room(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Room]:
    for one in ("UNKNOWN", "SHORTEST"):
        monkeypatch.setattr(pacing, one, 0.2)
    monkeypatch.setattr(trapping, "GATHER_SECONDS", 0.1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as chosen:
        chosen.bind(("127.0.0.1", 0))
        where = f"127.0.0.1:{chosen.getsockname()[1]}"
    settings = read_settings(var=tmp_path, driver="console", name="Exemple", traps=where)
    act = Act("machine:test", clock.now() - timedelta(days=3), "test")
    with transaction(store) as session:
        site = places.add_site(session, act, "cave")
        switch, server = (
            devices.add_device(session, act, name, role="server", platform="debian", site=site, management=address)
            for name, address in (("switch", "127.0.0.1"), ("server", None))
        )
        ends = [devices.add_interface(session, act, one, "eth1") for one in (switch, server)]
        cabling.connect(session, act, *ends)
        device_secrets.entrust(session, act, switch, "snmp", COMMUNITY)
    found = Room(store, settings)
    with served.Agent(found.answer) as agent:
        known = [Agent("switch", "127.0.0.1", Community(COMMUNITY), agent.port)]
        monkeypatch.setattr(polling, "snmp_agents", lambda session: known)
        yield found


def test_a_ups_on_battery_is_told_at_once_and_says_that_it_said_so(room: Room) -> None:
    room.round()
    room.source_is = 5
    room.listen(trap_of(trap="1.3.6.1.2.1.33.2.1"))
    assert [one.name for one in room.looks[0].hints] == ["upsTrapOnBattery"]
    words = room.words()["ups-on-battery"]
    assert words.startswith("switch est sur batterie ; elle a dit d'elle-même : upsTrapOnBattery (")


def test_a_link_that_is_down_is_told_with_its_trap_one_round_sooner(room: Room) -> None:
    room.round()
    room.port_is = 2
    room.listen(trap_of(objects=sender.PORT))
    assert "link-down" not in room.words()
    room.round()
    assert "elle a dit d'elle-même : linkDown eth1 (" in room.words()["link-down"]


def test_a_trap_that_lies_finds_all_well_and_writes_no_series(room: Room) -> None:
    room.round()
    series = open_series(room.settings)
    before = series.last("switch")
    for _ in range(3):
        room.looks.clear()
        room.listen(trap_of(trap="1.3.6.1.2.1.33.2.1"))
    assert room.words() == {}
    assert series.last("switch") == before
    series.close()


def test_a_look_between_two_rounds_leaves_all_else_as_it_was(room: Room) -> None:
    """A server that fell silent once is not an alert because a switch speaks of itself."""
    at = clock.now()
    report = polling.poll(room.store, room.settings, at)
    silent = Report(report.answered, (*report.unanswered, unanswered("server")))
    alerting.watch(room.store, room.settings, at, silent)
    for _ in range(3):
        room.looks.clear()
        room.listen(trap_of())
    assert room.words() == {}
    alerting.watch(room.store, room.settings, clock.now(), silent)
    assert set(room.words()) == {"machine-silent"}


def unanswered(name: str) -> Any:
    return Unanswered(name, MachineUnreachable(machine=name, reason="timed out"))


def test_ten_thousand_traps_cost_one_look(room: Room) -> None:
    room.round()
    before = room.asked
    once = trap_of()
    room.listen(once)
    one_look = room.asked - before
    room.looks.clear()
    flood = [once, trap_of(trap=sender.COLD_START), b"x" * 1400] * 3_333
    room.listen(*flood)
    assert len(room.looks) == 1
    assert room.asked - before <= 2 * one_look + 2


def test_the_next_look_waits_its_turn_and_is_not_lost(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trapping, "BETWEEN_SECONDS", 1.0)
    room.round()
    thrown: list[float] = []

    def told(looked: Looked | None) -> bool:
        if looked is not None:
            room.looks.append(looked)
            thrown.append(clock.now().timestamp())
        host, _, port = room.settings.traps.rpartition(":")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as thrower:
            thrower.sendto(once, (host, int(port)))
        return len(room.looks) < 2

    once = trap_of()
    keep_listening(room.store, room.settings, told)
    assert thrown[1] - thrown[0] >= 0.9


def test_what_is_not_heard_is_counted_and_nothing_else(room: Room) -> None:
    room.listen(trap_of(), trap_of(Community("une-autre")), b"\x30\x82", looks=1)
    samples, series = open_samples(room.settings), open_series(room.settings)
    with reading(samples) as session:
        counted = hints.counts(session)
    with reading(room.store) as session:
        shown = text(measured(session, samples, series))
    samples.engine.dispose()
    series.close()
    assert counted == {"heard": 1, "refused": 2}
    assert 'essaim_traps_total{outcome="refused"} 2' in shown


def test_nowhere_is_said(room: Room) -> None:
    with pytest.raises(TrapsOff):
        keep_listening(room.store, room.settings.model_copy(update={"traps": ""}), lambda _: False)


def test_the_command_says_where_it_listens_or_that_it_does_not(small: Any) -> None:
    assert "ESSAIM_TRAPS" in small("traps", status=1).err
    assert "ESSAIM_TRAPS" in small("traps", status=1, lang="en").err
