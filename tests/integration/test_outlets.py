"""An outlet is rebooted by its machine's owner or by who looks after machines, after a second word, and noted."""

from __future__ import annotations

import importlib.util
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from desk import outlets as desk
from foundation import journal
from foundation.acts import Act
from foundation.database import Store, reading, transaction
from foundation.errors import EssaimError
from foundation.settings import Settings, read_settings
from inventory import device_secrets, devices, hosting, mandates, members, outlets, places, power, rights
from inventory.device_facts import Facts
from inventory.models.mandates import Task
from monitoring.snmp.outlets import SwitchesNothing
from monitoring.snmp.refusals import NoAnswer

pytestmark = pytest.mark.timeout(60)

_spec = importlib.util.spec_from_file_location("power_strip", Path(__file__).with_name("power_strip.py"))
assert _spec is not None
assert _spec.loader is not None
served: Any = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(served)

AT = datetime(2026, 11, 22, 13, 2, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@dataclass
class House:
    """`tour` of M0001 in outlet 3 of `pdu1`; M0002 has nothing there; M0003 looks after machines."""

    store: Store
    settings: Settings

    def reboot(self, who: str, typed: str = "tour", *, path: str = "pdu1/3", at: datetime = AT) -> desk.Rebooted:
        return desk.reboot(self.store, self.settings, Act(who, at, "figée"), path, typed)

    def deeds(self) -> list[tuple[int, str, str, str]]:
        with reading(self.store) as session:
            found = journal.show(session, subject="pdu1/3")
            return sorted((one.number, one.verb, one.actor, one.why) for one in found)


@pytest.fixture
def house(store: Store, tmp_path: Path) -> House:
    act = Act("machine:test", AT - timedelta(days=30), "test")
    with transaction(store) as session:
        site = places.add_site(session, act, "mezzanine")
        pdu = devices.add_device(session, act, "pdu1", role="pdu", platform="apc", site=site, management=served.STRIP)
        power.add_outlets(session, act, pdu, ["1", "3"])
        device_secrets.entrust(session, act, pdu, "snmp", "lecture")
        device_secrets.entrust(session, act, pdu, "snmp-write", "ecriture")
        ada, _, cleo = (members.add_member(session, act, name) for name in ("Ada", "Bob", "Cleo"))
        tower = hosting.host(session, act, site, "tour", ada, Facts(watts=60))
        power.plug_in(session, act, tower, power.find_outlet(session, "pdu1/3"))
        mandates.give(session, act, cleo, Task.MANDATES_GIVE)
        mandates.give(session, Act(str(cleo), act.at), cleo, Task.DEVICES_WRITE)
    return House(store, read_settings(var=tmp_path))


@pytest.fixture
def strip() -> Iterator[Any]:
    with served.strips() as make:
        yield make


@pytest.mark.parametrize("family", served.FAMILIES)
def test_an_owner_reboots_their_own_outlet_whatever_the_make(house: House, strip: Any, family: str) -> None:
    one = strip(family)
    assert house.reboot("M0001") == desk.Rebooted("pdu1/3", "tour")
    *_, name, number = served.FAMILIES[family]
    assert one.told == [(name, bytes([number]), b"ecriture")]
    [(_, *noted)] = house.deeds()
    assert noted == ["outlet.reboot", "M0001", "figée"]


def test_who_looks_after_machines_may_too_and_nobody_else(house: House, strip: Any) -> None:
    one = strip("recent APC")
    with pytest.raises(rights.NotMandated):
        house.reboot("M0002")
    assert (one.told, house.deeds()) == ([], [])
    house.reboot("M0003")
    assert len(one.told) == 1


@pytest.mark.parametrize("typed", ["", "tou", "pdu1", "TOUR "])
def test_nothing_is_cut_without_the_machines_name(house: House, strip: Any, typed: str) -> None:
    one = strip("recent APC")
    with pytest.raises(outlets.NotConfirmed, match="“tour”"):
        house.reboot("M0001", typed)
    assert (one.told, house.deeds()) == ([], [])


def test_a_second_click_is_not_a_second_reboot(house: House, strip: Any) -> None:
    one = strip("recent APC")
    house.reboot("M0001")
    with pytest.raises(outlets.RebootedJustNow):
        house.reboot("M0001", at=AT + MINUTE / 2)
    assert len(one.told) == 1
    house.reboot("M0001", at=AT + MINUTE)
    assert len(one.told) == 2


def test_an_outlet_is_ones_own_only_as_long_as_ones_machine_is_in_it(house: House, strip: Any) -> None:
    one = strip("recent APC")
    with transaction(house.store) as session:
        power.unplug(session, Act("M0003", AT), devices.find_device(session, "tour"))
    with pytest.raises(rights.NotMandated):
        house.reboot("M0001")
    with pytest.raises(outlets.EmptyOutlet):
        house.reboot("M0003")
    assert one.told == []


def test_a_strip_that_does_not_obey_is_said_and_noted(house: House, strip: Any) -> None:
    strip("former APC", obeys=False)
    with pytest.raises(EssaimError, match="did not obey"):
        house.reboot("M0001")
    assert [verb for _, verb, *_ in house.deeds()] == ["outlet.reboot", "outlet.failed"]


def test_a_machine_that_is_no_strip_is_told_nothing(house: House, strip: Any) -> None:
    one = strip("recent APC")
    one.table = served.served.Table(
        {"1.3.6.1.2.1.1.2.0": (served.NAME, served.served.oid("1.3.6.1.4.1.8072.3.2.10")[2:])}
    )
    with pytest.raises(SwitchesNothing):
        house.reboot("M0001")
    assert one.told == []


def test_a_silent_strip_is_noted_too(house: House, strip: Any) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as nobody:
        try:
            nobody.bind((served.STRIP, 161))
        except OSError as taken:
            pytest.skip(f"needs to listen on SNMP's own port ({taken.strerror})")
        with pytest.raises(NoAnswer):
            house.reboot("M0001")
    assert [verb for _, verb, *_ in house.deeds()] == ["outlet.reboot", "outlet.failed"]


def test_a_strip_that_nobody_can_write_to_is_not_tried(house: House) -> None:
    with transaction(house.store) as session:
        devices.change_device(session, Act("M0003", AT), devices.find_device(session, "pdu1"), Facts(management=""))
    with pytest.raises(desk.NobodyToTell):
        house.reboot("M0001")
    assert house.deeds() == []


def test_a_machine_is_rebooted_by_all_its_outlets(house: House, strip: Any) -> None:
    one = strip("recent APC")
    with transaction(house.store) as session:
        tower = devices.find_device(session, "tour")
        power.plug_in(session, Act("M0003", AT), tower, power.find_outlet(session, "pdu1/1"))
    done = desk.reboot_machine(house.store, house.settings, Act("M0001", AT), "tour", "tour")
    assert [found.outlet for found in done] == ["pdu1/1", "pdu1/3"]
    assert [name.rpartition(".")[2] for name, *_ in one.told] == ["1", "3"]
