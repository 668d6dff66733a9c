"""The public status page: what anyone may know, in both languages, as a feed and for programs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.etree import ElementTree

import pytest
from starlette.testclient import TestClient

from api.app import create
from desk import alerting
from foundation.acts import Act
from foundation.database import Store, transaction
from foundation.reach import MachineUnreachable
from foundation.settings import Settings
from inventory import devices, lines, members, offers, places, works
from inventory.lines import Ordering
from inventory.models.lines import Technology
from monitoring.poll import Answered, Report, Unanswered

URL = "http://127.0.0.1:8642"
AT = datetime(2026, 11, 22, 13, 2, tzinfo=UTC)
ROUND = timedelta(minutes=5)
ATOM = "{http://www.w3.org/2005/Atom}"


@dataclass
class Site:
    """A portal whose clock is set, and the association behind it."""

    client: TestClient
    settings: Settings
    store: Store
    at: datetime = AT

    def pass_(self, time: timedelta) -> None:
        self.at += time

    def poll(self, *silent: str) -> None:
        told = tuple(Answered(one, one, 3) for one in ("vpn", "camille-pi") if one not in silent)
        lost = tuple(Unanswered(one, MachineUnreachable(machine=one, reason="timed out")) for one in silent)
        alerting.watch(self.store, self.settings, self.at, Report(told, lost), ended=self.at + timedelta(seconds=2))

    def json(self) -> Any:
        answer = self.client.get("/status.json")
        assert answer.status_code == 200
        return answer.json()


@pytest.fixture
def site(store: Store, tmp_path: Any) -> Iterator[Site]:
    settings = Settings(
        var=tmp_path,
        name="Exemple",
        driver="console",
        database_url=str(store.engine.url.render_as_string(hide_password=False)),
    )
    act = Act("machine:test", AT - timedelta(days=60), "test")
    with transaction(store) as session:
        place = places.add_site(session, act, "colo")
        camille = members.add_member(session, act, "Camille Exemple", email="camille@abeilles.example")
        vpn = devices.add_device(session, act, "vpn", role="vpn", platform="debian", site=place)
        devices.add_device(session, act, "camille-pi", role="server", platform="debian", site=place, owner=camille)
        offer = offers.add_offer(session, act, "vpn", "VPN", Technology.WIREGUARD, "tunnel", mtu=1420, device=vpn)
        key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
        lines.order_line(session, act, camille, offer, Ordering(public_key=key))
    app = create(settings)
    with TestClient(app, base_url=URL, follow_redirects=False) as client:
        found = Site(client, settings, store)
        app.state.now = lambda: found.at
        yield found


def incident(site: Site, on: str, title: str, at: datetime, **words: str) -> None:
    with transaction(site.store) as session:
        wording = works.Wording(title, words.get("title_en", ""), words.get("words", ""), "")
        works.open_incident(session, Act("machine:test", at, "test"), works.find_subjects(session, [on]), wording)


def test_anyone_reads_in_one_sentence_that_all_is_well(site: Site) -> None:
    site.poll()
    page = site.client.get("/status")
    assert page.status_code == 200
    assert "Tout va bien." in page.text
    assert "All is well." in site.client.get("/status?lang=en").text
    assert page.headers["cache-control"] == "public, max-age=60"
    assert site.client.get("/status?lang=en").headers["cache-control"].startswith("private"), "it sets a cookie"
    assert "set-cookie" not in page.headers


def test_an_incident_is_told_in_its_words_and_kept_for_thirty_days(site: Site) -> None:
    site.poll()
    incident(site, "device:vpn", "VPN coupé", AT, title_en="VPN down", words="On cherche.")
    said = site.json()
    assert (said["level"], [one["number"] for one in said["now"]]) == ("incident", ["I0001"])
    assert said["now"][0]["title"] == {"fr": "VPN coupé", "en": "VPN down"}
    assert said["now"][0]["words"] == {"fr": "On cherche.", "en": "On cherche."}
    with transaction(site.store) as session:
        found = works.find_incident(session, "I0001")
        works.close_incident(session, Act("machine:test", AT + ROUND, "test"), found, "Réparé.", "Mended.")
    site.pass_(2 * ROUND)
    site.poll()
    later = site.json()
    assert (later["level"], [one["number"] for one in later["past"]]) == ("well", ["I0001"])
    assert "Réparé." in site.client.get("/status").text
    site.pass_(timedelta(days=31))
    assert site.json()["past"] == []


def test_works_are_told_ahead_and_under_way(site: Site) -> None:
    with transaction(site.store) as session:
        subjects, act = works.find_subjects(session, ["site:colo"]), Act("machine:test", AT, "test")
        wording = works.Wording("Autre onduleur", "Another UPS")
        works.announce_works(session, act, subjects, wording, AT + ROUND, AT + 4 * ROUND)
    site.poll()
    assert [one["number"] for one in site.json()["ahead"]] == ["W0001"]
    site.pass_(2 * ROUND)
    site.poll()
    said = site.json()
    assert (said["level"], [one["number"] for one in said["now"]]) == ("works", ["W0001"])


def test_nothing_about_a_member_is_there(site: Site) -> None:
    site.poll()
    incident(site, "line:L0001", "La ligne de Camille", AT)
    for path in ("/status", "/status.json", "/status.atom"):
        text = site.client.get(path).text
        assert "Camille" not in text
        assert "L0001" not in text
        assert "camille" not in text
    assert site.json()["level"] == "well"


def test_an_alert_on_our_machine_shows_without_its_name_and_on_a_members_own_not_at_all(site: Site) -> None:
    for _ in range(3):
        site.pass_(ROUND)
        site.poll("camille-pi")
    assert site.json()["level"] == "well"
    for _ in range(3):
        site.pass_(ROUND)
        site.poll("vpn", "camille-pi")
    for _ in range(3):
        site.pass_(ROUND)
        site.poll("vpn")
    assert site.json()["level"] == "degraded"
    assert "vpn" not in site.client.get("/status").text.replace("Exemple", "")


def test_when_the_poller_is_dead_the_page_says_when_it_last_knew(site: Site) -> None:
    assert site.json()["known_at"] is None
    assert site.client.get("/status/heartbeat").status_code == 503
    site.poll()
    assert site.client.get("/status/heartbeat").status_code == 200
    site.pass_(2 * ROUND - timedelta(seconds=1))
    assert site.client.get("/status/heartbeat").status_code == 200
    site.pass_(timedelta(seconds=1))
    assert site.client.get("/status/heartbeat").json() == {"status": "late", "known_at": AT.isoformat()}
    assert (site.json()["level"], site.json()["fresh"]) == ("unknown", False)
    page = site.client.get("/status").text
    assert "se sont arrêtées le 22 nov. 2026" in page
    assert "Our measurements stopped on" in site.client.get("/status?lang=en").text
    incident(site, "device:vpn", "VPN coupé", site.at)
    site.pass_(timedelta(minutes=1))
    assert site.json()["level"] == "incident", "an incident is told whoever measures"


def test_a_watchman_elsewhere_learns_that_the_poller_sees_nothing_at_all(site: Site) -> None:
    site.poll("vpn")
    assert site.client.get("/status/heartbeat").json()["status"] == "ok"
    site.pass_(ROUND)
    site.poll("vpn", "camille-pi")
    blind = site.client.get("/status/heartbeat")
    assert (blind.status_code, blind.json()["status"]) == (503, "blind")


def test_the_feed_is_an_atom_feed(site: Site) -> None:
    incident(site, "device:vpn", "VPN <coupé> & lent", AT, title_en="VPN down")
    site.pass_(ROUND)
    incident(site, "site:colo", "Colo", site.at)
    answer = site.client.get("/status.atom?lang=en")
    assert answer.headers["content-type"].startswith("application/atom+xml")
    root = ElementTree.fromstring(answer.content)
    assert root.tag == f"{ATOM}feed"
    for name in ("id", "title", "updated", "author"):  # RFC 4287, 4.1.1
        assert len(root.findall(f"{ATOM}{name}")) == 1, name
    entries = root.findall(f"{ATOM}entry")
    assert [entry.findtext(f"{ATOM}id") for entry in entries] == [f"{URL}/status#I0002", f"{URL}/status#I0001"]
    for entry in entries:
        for name in ("id", "title", "updated"):  # 4.1.2
            assert datetime.fromisoformat(str(entry.findtext(f"{ATOM}updated"))).tzinfo is not None
            assert entry.findtext(f"{ATOM}{name}")
    assert entries[1].findtext(f"{ATOM}title") == "VPN down (under way)"
    french = ElementTree.fromstring(site.client.get("/status.atom?lang=fr").content)
    assert french.findall(f"{ATOM}entry")[1].findtext(f"{ATOM}title") == "VPN <coupé> & lent (en cours)"


def test_it_is_found_out_four_times_a_minute_at_most(site: Site) -> None:
    site.poll()
    assert site.json()["level"] == "well"
    incident(site, "device:vpn", "VPN coupé", AT)
    site.pass_(timedelta(seconds=14))
    assert site.json()["level"] == "well"
    site.pass_(timedelta(seconds=1))
    assert site.json()["level"] == "incident"


@pytest.mark.sqlite
def test_where_the_database_is_away_what_was_known_last_is_told(site: Site) -> None:
    site.poll()
    incident(site, "device:vpn", "VPN coupé", AT)
    assert site.json()["level"] == "incident"
    path = site.settings.var / "essaim.sqlite"
    path.with_name("essaim.sqlite-wal").unlink(missing_ok=True)
    path.write_bytes(b"no database " * 1000)
    site.pass_(timedelta(minutes=1))
    assert site.json()["level"] == "incident"
