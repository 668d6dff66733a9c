"""Alerts where people are: in the portal and over REST, to whoever is on call, for what their mandate covers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from starlette.testclient import TestClient

from api.app import create
from desk import alerting
from foundation import clock, journal
from foundation.acts import Act
from foundation.database import Store, reading, transaction
from foundation.reach import MachineUnreachable
from foundation.settings import Settings
from inventory import accounts, cabling, devices, mandates, members, places, tokens
from inventory.models.mandates import Task
from monitoring.poll import Answered, Report, Unanswered

URL = "http://127.0.0.1:8642"
MACHINES = ("core", "switch", "server1")
ROUND = timedelta(minutes=5)


@dataclass
class Night:
    """A switch is dead, with a server behind it. M0001 is on call for all, M0002 for the server, M0003 for nothing."""

    store: Store
    settings: Settings
    client: TestClient
    shown: dict[str, dict[str, str]] = field(default_factory=dict)

    def round(self, *silent: str) -> None:
        unanswered = tuple(Unanswered(one, MachineUnreachable(machine=one, reason="timed out")) for one in silent)
        answered = tuple(Answered(one, one, 1) for one in MACHINES if one not in silent)
        at = clock.now()
        alerting.watch(self.store, self.settings, at, Report(answered, unanswered), ended=at + timedelta(seconds=1))

    def sign_in(self, number: str) -> None:
        with transaction(self.store) as session:
            link = accounts.sign_in_link(session, Act(number, clock.now()), members.find_member(session, number))
        self.client.cookies.clear()
        self.client.post("/s", data={"token": link}, headers={"Origin": URL})

    def page(self, language: str = "fr") -> httpx2.Response:
        return self.client.get(f"/alerts?lang={language}")

    def form(self, number: str, why: str, token: str | None = None) -> httpx2.Response:
        tokens = re.findall(r'name="form_token" value="(\w+)"', self.page().text)
        fields = {"form_token": token if token is not None else (tokens or [""])[0], "why": why}
        return self.client.post(f"/alerts/{number}/acknowledge", data=fields, headers={"Origin": URL})

    def get(self, path: str, who: str, **headers: str) -> httpx2.Response:
        return self.client.get(f"/api/v1{path}", headers={**self.shown[who], **headers})

    def acknowledge(self, number: str, who: str, why: str = "", **headers: str) -> httpx2.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        said = {**self.shown[who], **named} | ({"Essaim-Why": why} if why else {})
        return self.client.post(f"/api/v1/alerts/{number}/acknowledge", headers=said)


@pytest.fixture
def night(store: Store, tmp_path: Path) -> Iterator[Night]:
    url = store.engine.url.render_as_string(hide_password=False)
    settings = Settings(var=tmp_path, driver="console", database_url=url, name="Exemple")
    act = Act("machine:test", clock.now() - timedelta(days=3), "test")
    shown = {}
    with transaction(store) as session:
        site = places.add_site(session, act, "cave")
        made = [devices.add_device(session, act, one, role="server", platform="debian", site=site) for one in MACHINES]
        ends = ((0, "1"), (1, "1"), (1, "2"), (2, "1"))
        ports = [devices.add_interface(session, act, made[rank], name) for rank, name in ends]
        cabling.connect(session, act, ports[0], ports[1])
        cabling.connect(session, act, ports[2], ports[3])
        people = [members.add_member(session, act, f"{name} Exemple") for name in ("Camille", "Dominique", "Sacha")]
        mandates.give(session, act, people[0], Task.MANDATES_GIVE)
        session.flush()
        hers = Act("M0001", act.at, "test")
        mandates.give(session, hers, people[0], Task.ALERTS_ACKNOWLEDGE)
        mandates.give(session, hers, people[1], Task.ALERTS_ACKNOWLEDGE, scope="device:server1")
        for member in people:
            deed = Act(str(member), clock.now())
            tasks = ["alerts.acknowledge"] if str(member) != "M0003" else []
            _, token = tokens.create_token(session, deed, member, "essai", tasks)
            shown[str(member)] = {"Authorization": f"Bearer {token}"}
    with TestClient(create(settings), base_url=URL) as client:
        found = Night(store, settings, client, shown)
        found.round()
        for _ in range(2):
            found.round("switch", "server1")
        yield found


def numbers(said: httpx2.Response) -> dict[str, str]:
    assert said.status_code == 200, said.text
    return {one["subject"]: one["number"] for one in said.json()["items"]}


def test_the_page_says_what_burns_and_what_it_explains(night: Night) -> None:
    night.sign_in("M0001")
    french, english = night.page().text, night.page("en").text
    assert "Alertes\u00a0: 1. Sans personne dessus\u00a0: 1." in french
    assert "switch ne répond plus" in french
    assert "Ce que cela explique\u00a0: 1" in french
    assert "switch no longer answers" in english
    assert "What it explains: 1" in english
    assert 'href="/alerts"' in night.client.get("/").text


def test_taking_charge_on_the_page_takes_a_word_and_is_in_the_journal(night: Night) -> None:
    night.sign_in("M0001")
    number = numbers(night.get("/alerts", "M0001"))["switch"]
    for why in ("", "   "):
        refused = night.form(number, why)
        assert refused.status_code == 422
        assert "en un mot" in refused.text
    done = night.form(number, "je vais <b>voir</b>")
    assert done.url.path == "/alerts"
    assert "je vais &lt;b&gt;voir&lt;/b&gt;" in done.text
    with reading(night.store) as session:
        [deed] = journal.show(session, subject=number)
    assert (deed.actor, deed.verb, deed.why) == ("M0001", "alert.take", "je vais <b>voir</b>")
    assert "je vais" in night.get(f"/alerts/{number}", "M0001").json()["taken_why"]


def test_a_form_that_is_not_ours_takes_charge_of_nothing(night: Night) -> None:
    night.sign_in("M0001")
    number = numbers(night.get("/alerts", "M0001"))["switch"]
    assert night.form(number, "moi", token="x" * 64).status_code == 403
    away = {"Origin": "https://ailleurs.example"}
    assert night.client.post(f"/alerts/{number}/acknowledge", data={"why": "moi"}, headers=away).status_code == 403
    assert night.get(f"/alerts/{number}", "M0001").json()["taken_by"] == ""


def test_whoever_is_on_call_for_one_machine_sees_that_one(night: Night) -> None:
    every, one = numbers(night.get("/alerts", "M0001")), numbers(night.get("/alerts", "M0002"))
    assert set(every) == {"switch", "server1"}
    assert set(one) == {"server1"}
    night.sign_in("M0002")
    page = night.page().text
    assert "server1 ne répond plus" in page
    assert "switch ne répond plus" not in page
    assert f"À cause de {every['switch']}, que vous ne suivez pas." in page
    assert night.form(every["switch"], "moi").status_code == 404
    assert night.acknowledge(every["switch"], "M0002", "moi").status_code == 404
    assert night.acknowledge(every["server1"], "M0002", "moi").json()["taken_by"] == "M0002"


def test_whoever_is_on_call_for_nothing_sees_nothing(night: Night) -> None:
    night.sign_in("M0003")
    assert night.page().status_code == 403
    assert "/alerts" not in night.client.get("/").text
    assert night.get("/alerts", "M0003").status_code == 403
    assert night.get("/alerts/A0001", "M0003").json() == night.get("/alerts/A0001", "M0003").json() | {"status": 404}
    night.client.cookies.clear()
    assert night.page().url.path == "/sign-in"


def test_over_rest_an_alert_is_as_it_is_at_the_terminal_and_heeds_its_version(night: Night) -> None:
    number = numbers(night.get("/alerts", "M0001"))["server1"]
    said = night.get(f"/alerts/{number}", "M0001", **{"Accept-Language": "en"})
    body: dict[str, Any] = said.json()
    assert body["words"] == "server1 no longer answers"
    assert (body["behind"], body["severity"]) == (numbers(night.get("/alerts", "M0001"))["switch"], "urgent")
    seen = {"If-None-Match": said.headers["etag"], "Accept-Language": "en"}
    assert night.get(f"/alerts/{number}", "M0001", **seen).status_code == 304
    assert night.acknowledge(number, "M0001").json()["type"].endswith("words-wanted")
    stale = night.acknowledge(number, "M0001", "moi", If_Match='"autre"')
    assert stale.status_code == 412
    done = night.acknowledge(number, "M0001", "moi", If_Match=said.headers["etag"], Accept_Language="en")
    assert (done.status_code, done.json()["taken_why"]) == (200, "moi")
    assert night.get("/alerts?rule=disk-full", "M0001").json()["type"].endswith("no-such-filter")


def test_pages_follow_one_another_and_what_is_over_is_asked_for(night: Night) -> None:
    first = night.get("/alerts?limit=1&fields=number", "M0001").json()
    assert len(first["items"]) == 1
    second = night.get(f"/alerts?limit=1&after={first['next']}", "M0001").json()
    assert second["next"] is None
    assert second["items"][0]["number"] > first["items"][0]["number"]
    for _ in range(2):
        night.round()
    assert night.get("/alerts", "M0001").json()["items"] == []
    assert len(night.get("/alerts?ended=true", "M0001").json()["items"]) == 2
    night.sign_in("M0001")
    page = night.page().text
    assert "Rien ne brûle" in page
    assert "Finies depuis hier (2)" in page
    number = second["items"][0]["number"]
    assert night.acknowledge(number, "M0001", "trop tard").status_code == 409
