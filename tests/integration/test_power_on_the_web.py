"""A hosted machine on the web: its owner's page, its sheet, and its outlet rebooted after its name is typed."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any

import httpx2
import pytest
from starlette.testclient import TestClient

from api.app import create
from foundation import clock, journal
from foundation.acts import Act
from foundation.database import Store, reading, transaction
from foundation.settings import Settings
from inventory import (
    accounts,
    cabling,
    device_secrets,
    devices,
    hosting,
    mandates,
    members,
    places,
    power,
    supplies,
    tokens,
)
from inventory.device_facts import Facts
from inventory.models.mandates import Task
from monitoring.embedded import open_series
from monitoring.series import Heard, Measure

_spec = importlib.util.spec_from_file_location("power_strip", Path(__file__).with_name("power_strip.py"))
assert _spec is not None
assert _spec.loader is not None
served: Any = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(served)

URL = "http://127.0.0.1:8642"


@dataclass
class Web:
    """`tour` of M0001 in outlet 3 of `pdu1`, on port 7 of `switch1`; M0002 has nothing; M0003 looks after machines."""

    store: Store
    client: TestClient

    def sign_in(self, number: str) -> None:
        with transaction(self.store) as session:
            token = accounts.sign_in_link(session, Act(number, clock.now()), members.find_member(session, number))
        self.client.cookies.clear()
        self.client.post("/s", data={"token": token}, headers={"Origin": URL})

    def get(self, path: str) -> httpx2.Response:
        return self.client.get(path, headers={"Accept-Language": "fr"})

    def read(self, path: str) -> str:
        """A page, as its reader sees it."""
        return unescape(self.get(path).text).replace("\N{NO-BREAK SPACE}", " ")

    def rest(self, number: str, path: str, *tasks: Task) -> httpx2.Response:
        """What a program of a member's gets, by a token of these tasks."""
        with transaction(self.store) as session:
            act = Act(number, clock.now())
            member = members.find_member(session, number)
            _, shown = tokens.create_token(
                session, act, member, f"{path}{len(tasks)}"[:60], [str(one) for one in tasks]
            )
        self.client.cookies.clear()
        return self.client.get(f"/api/v1{path}", headers={"Authorization": f"Bearer {shown}"})

    def reboot(self, typed: str, origin: str = URL, token: str | None = None) -> httpx2.Response:
        form = re.findall(r'name="form_token" value="(\w+)"', self.get("/").text)
        return self.client.post(
            "/machines/tour/reboot",
            data={"form_token": form[0] if token is None else token, "typed": typed, "why": "figée"},
            headers={"Origin": origin, "Accept-Language": "fr"},
        )

    def deeds(self) -> list[str]:
        with reading(self.store) as session:
            return [one.verb for one in journal.show(session, subject="pdu1/3")]


@pytest.fixture
def web(store: Store, act: Act, tmp_path: Path) -> Iterator[Web]:
    now = clock.now()
    act = replace(act, at=now - timedelta(days=40))
    with transaction(store) as session:
        site = places.add_site(session, act, "mezzanine")
        feed = power.add_feed(session, act, site, "tableau", supplier="Tournesol")
        supplies.add_supply(session, act, feed, "Tournesol", 80)
        pdu = devices.add_device(session, act, "pdu1", role="pdu", platform="apc", site=site, management=served.STRIP)
        switch = devices.add_device(session, act, "switch1", role="switch", platform="linux", site=site)
        power.plug_in(session, act, pdu, feed)
        power.add_outlets(session, act, pdu, ["3"])
        for purpose in ("snmp", "snmp-write"):
            device_secrets.entrust(session, act, pdu, purpose, purpose)
        ada, _, noor = (members.add_member(session, act, name) for name in ("Ada", "Bob", "Noor"))
        lea = members.add_member(session, act, "Léa")
        hosting.host(session, act, site, "ruche", lea, Facts())
        tower = hosting.host(session, act, site, "tour", ada, Facts(watts=60))
        power.plug_in(session, act, tower, power.find_outlet(session, "pdu1/3"))
        port = devices.add_interface(session, act, switch, "7")
        cabling.connect(session, act, devices.find_interface(session, "tour/eth0"), port)
        mandates.give(session, act, noor, Task.MANDATES_GIVE)
        for task in (Task.MONITORING_READ, Task.DEVICES_WRITE):
            mandates.give(session, replace(act, actor=str(noor)), noor, task)
    settings = Settings(
        var=tmp_path, driver="console", name="Exemple Net",
        database_url=store.engine.url.render_as_string(hide_password=False),
    )  # fmt: skip
    with closing(open_series(settings)) as series:
        for minutes in range(60, 0, -5):
            at = now - timedelta(minutes=minutes)
            strip_says = (
                Measure("outletPower", "3", "milliwatts", 80_500), Measure("outletOn", "3", "state", 1),
                Measure("outletPower", "4", "milliwatts", 777_000),
            )  # fmt: skip
            switch_says = (
                Measure("ifOperStatus", "7", "state", 1), Measure("ifHCInOctets", "7", "octets", 10**9 - minutes),
                Measure("ifHCInOctets", "8", "octets", 10**9 - minutes),
            )  # fmt: skip
            series.append([Heard("pdu1", at, strip_says), Heard("switch1", at, switch_says)])
    with TestClient(create(settings), base_url=URL) as client:
        yield Web(store, client)


@pytest.fixture
def strip() -> Iterator[Any]:
    with served.strips() as make:
        yield make


def test_an_owner_sees_their_machine_from_outside_and_nothing_of_the_others(web: Web) -> None:
    web.sign_in("M0001")
    assert '<a href="/machines/tour">tour</a>' in web.get("/").text
    page = web.read("/machines/tour")
    assert "Elle tire 80,5 W en ce moment." in page
    assert "plus que les 60 W déclarés. Rien ne sera coupé" in page
    assert "Prise pdu1/3 : sous tension" in page
    assert "Port switch1/7 : actif" in page
    assert "Puissance de la prise 3" in page
    assert "Trafic de 7" in page
    assert "777" not in page
    assert "Trafic de 8" not in page
    english = web.read("/machines/tour?lang=en")
    assert "It draws 80.5 W at the moment." in english
    assert "Renewable to 80 %." in english


def test_of_a_machine_that_nothing_measured_no_figure_is_made_up(web: Web) -> None:
    web.sign_in("M0004")
    page = web.read("/machines/ruche")
    assert "Ce qu'elle tire en ce moment n'est pas connu." in page
    assert "kWh" not in page
    assert "Rien n'en a encore été mesuré." in page


def test_a_machine_is_nobody_elses(web: Web) -> None:
    web.sign_in("M0002")
    assert "/machines/" not in web.get("/").text
    for path in ("", "/power", "/reboot"):
        for name in ("tour", "pdu1", "none-such"):
            assert web.get(f"/machines/{name}{path}").status_code == 403, (name, path)
    assert web.reboot("tour").status_code == 403
    web.client.cookies.clear()
    assert "80,5" not in web.get("/machines/tour").text


def test_who_looks_after_machines_sees_it_too(web: Web) -> None:
    web.sign_in("M0003")
    page = web.read("/machines/tour")
    assert "Elle tire 80,5 W" in page
    assert "/machines/tour/reboot" in page
    assert web.get("/machines/pdu1").status_code == 200
    assert web.get("/machines/none-such").status_code == 404


def test_the_sheet_of_a_month_is_a_page(web: Web) -> None:
    web.sign_in("M0001")
    page = web.read("/machines/tour/power")
    assert "80,5 W en moyenne, 80,5 W au plus" in page
    assert "Puissance déclarée : 60 W." in page
    assert "31 days plugged in nowhere." in web.read("/machines/tour/power?month=2020-01&lang=en")
    assert web.get("/machines/tour/power?month=2020-13").status_code == 422


def test_a_program_reads_watts_and_kwh_by_machine_and_outlet_and_an_owner_their_own(web: Web) -> None:
    month = f"{clock.today(clock.now()):%Y-%m}"
    every = web.rest("M0003", f"/power?month={month}", Task.MONITORING_READ)
    [tour] = every.json()["items"]
    assert every.json()["next"] is None
    assert (tour["machine"], tour["owner"], tour["watts"], tour["declared_watts"]) == ("tour", "M0001", 80.5, 60)
    assert [(one["outlet"], one["watts"]) for one in tour["outlets"]] == [("pdu1/3", 80.5)]
    assert 0 <= tour["kwh"] < 0.1
    own = web.rest("M0001", "/me/power")
    assert own.json() == [tour]
    assert web.rest("M0002", "/me/power").json() == []
    [ruche] = web.rest("M0004", "/me/power").json()
    assert (ruche["machine"], ruche["watts"], ruche["outlets"]) == ("ruche", None, []), "plugged in nowhere"
    assert web.rest("M0001", "/power").status_code == 403
    assert web.rest("M0003", "/power?fields=machine,kwh", Task.MONITORING_READ).json()["items"][0].keys() == {
        "machine", "kwh"
    }  # fmt: skip
    for wrong in ("/power?month=hier", "/power?room=x", "/power?fields=soul"):
        assert web.rest("M0003", wrong, Task.MONITORING_READ).status_code in (400, 422)


def test_an_outlet_is_rebooted_once_its_machines_name_is_typed(web: Web, strip: Any) -> None:
    one = strip("recent APC")
    web.sign_in("M0001")
    asked = web.read("/machines/tour/reboot")
    assert "La prise pdu1/3 sera coupée quelques secondes" in asked
    assert one.told == []
    refused = web.reboot("tou")
    assert refused.status_code == 422
    assert "il faut en taper le nom" in refused.text
    for sent in (web.reboot("tour", origin="http://ailleurs.example"), web.reboot("tour", token="x" * 64)):
        assert sent.status_code == 403
    assert (one.told, web.deeds()) == ([], [])
    done = web.reboot("tour")
    assert "La prise pdu1/3 s'est éteinte et se rallume" in unescape(done.text)
    assert [name for name, *_ in one.told] == [served.FAMILIES["recent APC"][3]]
    assert web.deeds() == ["outlet.reboot"]
    again = web.reboot("tour")
    assert again.status_code == 409
    assert len(one.told) == 1
