"""The quality of lines where people are: the terminal, the portal, the night; real echoes on the loopback alone."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import Any

import pytest
from starlette.testclient import TestClient

from api.app import create
from desk import quality
from foundation import clock
from foundation.acts import Act
from foundation.database import Store, open_store, reading, transaction
from foundation.settings import Settings, read_settings
from inventory import accounts, lines, members
from inventory import quality as agreements
from monitoring.accounting import Session as PppSession
from monitoring.connections import record_sessions
from monitoring.embedded import EmbeddedStore, open_series
from monitoring.models import open_samples
from monitoring.pinging import Echoed, Home
from monitoring.quality import heard
from monitoring.series import Heard, Measure, Name, Resolution

URL = "http://127.0.0.1:8642"
HOUR = timedelta(hours=1)
NBSP = "\N{NO-BREAK SPACE}"


def five_minutes(series: EmbeddedStore, line: str, at: datetime, lost: int = 0) -> None:
    one = Echoed(Home(line, ip_address("198.51.100.7")), 30)
    one.times.extend(([12_000] * 26 + [30_000] * 4)[lost:])
    series.append(heard([one], at))


@pytest.fixture
def agreed(homes: Any) -> Any:
    """Three homes; L0001's holder agreed an hour ago, and some of it was measured, an echo of three hundred lost."""
    homes("line", "quality", "L0001", "--agree", "--why", "au téléphone")
    with closing(open_series(read_settings(var=homes.folder))) as series:
        for rank in range(10):
            five_minutes(series, "L0001", clock.now() - HOUR + rank * timedelta(minutes=5), lost=int(rank == 2))
    return homes


def test_nothing_is_measured_before_the_member_was_asked(homes: Any) -> None:
    for lang, said in (("fr", "n'a pas donné son accord"), ("en", "has not agreed")):
        told = homes("line", "quality", "L0001", lang=lang).out
        assert said in told
        assert "essaim line quality L0001 --agree" in told
    assert json.loads(homes("line", "quality", "L0001", "--json").out)["agreed"] is None
    assert "--why" in homes("line", "quality", "L0001", "--agree", "--why", " ", status=1).err
    assert homes("line", "quality", "L0001", "--agree", "--withdraw", status=1).err.startswith("--agree ou --withdraw")
    assert homes("line", "quality", "L0001", "--withdraw", status=1).err
    assert "personne n'a donné son accord" in homes("poll", "quality", "--minutes", "1").out


def test_a_line_that_agreed_is_told_drawn_and_deleted_with_its_word(agreed: Any) -> None:
    told = agreed("line", "quality", "L0001").out.replace(NBSP, " ")
    assert re.search(r"IPv4 +0,33 % +12 ms +30 ms +30 ms +3,3 %", told), told
    assert "essaim graph L0001" in told
    drawn = agreed("graph", "L0001", "--last", "3h", lang="en").out.replace(NBSP, " ")
    assert "Latency of L0001" in drawn
    assert "median 12 ms, 95th percentile 30 ms (at worst 30 ms), at best 12 ms." in drawn
    rows = drawn.partition("Latency of L0001")[2].split("\n")[3:9]
    assert ["".join(sorted({"░", "█"} & set(row))) for row in rows] == ["", "", "░", "░", "█", ""], "12 to 30 ms of 50"
    assert "Echoes lost of L0001" in drawn
    assert [one["graph"]["key"] for one in json.loads(agreed("graph", "L0001", "--json").out)["quality"]] == [
        "latency",
        "loss",
    ]
    assert "déjà mesurée" in agreed("line", "quality", "L0001", "--agree", "--why", "encore", status=1).err
    assert "est effacé" in agreed("line", "quality", "L0001", "--withdraw").out
    with closing(open_series(read_settings(var=agreed.folder))) as series:
        assert list(series.devices()) == []
    assert "quality" not in agreed("graph", "L0001").out
    assert json.loads(agreed("graph", "L0001", "--json").out)["quality"] == []


def test_a_line_of_which_nothing_came_back_is_said_to_keep_silent(agreed: Any) -> None:
    agreed("line", "quality", "L0002", "--agree", "--why", "oui")
    assert "Rien n'est encore connu de L0002" in agreed("line", "quality", "L0002").out
    with closing(open_series(read_settings(var=agreed.folder))) as series:
        five_minutes(series, "L0002", clock.now() - HOUR, lost=30)
    said = agreed("line", "quality", "L0002", lang="en").out
    assert "no echo ever came back" in said


@dataclass
class Web:
    """Three homes of which M0001 holds L0001 and shares L0002, and a browser."""

    store: Store
    settings: Settings
    client: TestClient

    def sign_in(self, number: str) -> None:
        with transaction(self.store) as session:
            token = accounts.sign_in_link(session, Act(number, clock.now()), members.find_member(session, number))
        self.client.cookies.clear()
        self.client.post("/s", data={"token": token}, headers={"Origin": URL})

    def page(self, line: str) -> str:
        said = self.client.get(f"/lines/{line}")
        assert said.status_code == 200, said.text
        return said.text

    def answer(self, line: str, agreed: str, **headers: str) -> Any:
        token = re.findall(r'name="form_token" value="(\w+)"', self.client.get("/").text)[0]
        fields = {"form_token": token, "agreed": agreed}
        return self.client.post(f"/lines/{line}/quality", data=fields, headers={"Origin": URL, **headers})


@pytest.fixture
def web(homes: Any) -> Iterator[Web]:
    homes("line", "share", "add", "L0002", "M0001")
    homes("member", "change", "M0003", "--language", "en")
    settings = read_settings(var=homes.folder)
    store = open_store(settings)
    with TestClient(create(settings), base_url=URL) as client:
        yield Web(store, settings, client)
    store.engine.dispose()


def test_the_holder_says_yes_in_the_portal_and_takes_it_back(web: Web) -> None:
    web.sign_in("M0003")
    assert "Yes, measure my line" in web.page("L0003")
    web.sign_in("M0001")
    line = "L0001"
    assert "Oui, mesurer ma ligne" in web.page(line)
    assert web.answer(line, "yes", Origin="https://elsewhere.example").status_code == 403
    assert "Ne plus la mesurer" in web.answer(line, "yes").text
    with closing(open_series(web.settings)) as series:
        five_minutes(series, line, clock.now() - HOUR)
        page = web.page(line)
        assert "médiane" in page
        assert f"Latence de {line}" in page
        assert "Oui, mesurer ma ligne" in web.answer(line, "no").text
        assert list(series.devices()) == []
    assert "Latence" not in web.page(line)


def test_a_neighbour_neither_decides_nor_sees(web: Web) -> None:
    web.sign_in("M0001")
    assert 'id="quality"' in web.page("L0001")
    assert 'id="quality"' not in web.page("L0002")
    assert web.answer("L0002", "yes").status_code == 403
    assert web.answer("L0003", "yes").status_code == 404
    with reading(web.store) as session:
        assert list(agreements.measured(session, clock.now())) == []


def test_a_diagnosis_is_handed_what_the_asker_may_see(web: Web) -> None:
    now = clock.now()
    for line, holder in (("L0001", "M0001"), ("L0002", "M0002")):
        quality.agree(web.store, Act(holder, now), line)
        with closing(open_series(web.settings)) as series:
            five_minutes(series, line, now - timedelta(minutes=20))

    def told(who: str, line: str) -> list[str]:
        with reading(web.store) as session:
            found = quality.lately(session, web.settings, Act(who, clock.now()), lines.find_line(session, line))
        return [one.family for one in found]

    assert told("M0001", "L0001") == told("M0002", "L0002") == ["ipv4"]
    assert told("M0001", "L0002") == told("M0002", "L0001") == []
    quality.withdraw(web.store, web.client.app.state.series, Act("M0002", now), "L0002")  # type: ignore[attr-defined]
    assert told("M0002", "L0002") == []


def test_what_no_living_word_covers_is_deleted_whatever_happened_before(web: Web) -> None:
    line, now = "L0001", clock.now()
    quality.agree(web.store, Act("M0001", now), line)
    with closing(open_series(web.settings)) as series:
        for each in (line, "L0777"):
            five_minutes(series, each, now - HOUR)
        series.append([Heard("vpn", now - HOUR, [Measure("load1", "", "hundredths", 4)])])
        assert quality.sweep(web.store, series, now) == ["L0777"]
        assert list(series.devices()) == sorted([line, "vpn"])


def test_the_night_forgets_by_class_and_keeps_the_rest(homes: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    homes("line", "quality", "L0001", "--agree", "--why", "oui")
    settings, now = read_settings(var=homes.folder), clock.now()
    days = timedelta(days=1)
    with closing(open_series(settings)) as series:
        for ago in (100 * days, 91 * days, 89 * days, HOUR):
            five_minutes(series, "L0001", now - ago)
            series.append([Heard("vpn", now - ago, [Measure("load1", "", "hundredths", 4)])])
        five_minutes(series, "L0002", now - HOUR)
        series.pack(now)
    samples = open_samples(settings)
    stay = PppSession(
        key="", login="l0002@adsl", caller="0199001234", since=now - 400 * days, updated=now, until=None,
        reports=False, received=1, sent=1, cause="User-Request",
    )  # fmt: skip
    with transaction(samples) as session:
        ended = [replace(stay, key=f"k{ago}", until=now - ago * days) for ago in (370, 200, 1)]
        record_sessions(session, "radius", now, ended, {"l0002@adsl": 2})
    samples.engine.dispose()
    monkeypatch.setenv("ESSAIM_CONNECTION_DAYS", "180")
    told = json.loads(homes("nightly", "--json").out)
    assert (told["connections"], told["lines"]) == (2, ["L0002"])
    with closing(open_series(settings)) as series:
        kept = series.bands(Name("L0001", "loss", "ipv4"), now - 200 * days, now, Resolution.HOUR)
        assert len(kept) == 2
        assert len(series.bands(Name("vpn", "load1"), now - 200 * days, now, Resolution.HOUR)) == 4
        assert list(series.devices()) == ["L0001", "vpn"]
    assert "Effacées : 0 connexion(s)" in homes("nightly").out
