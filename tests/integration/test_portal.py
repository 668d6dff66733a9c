"""The portal as a browser meets it: a real store, the whole application, no network."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sqlalchemy.orm import Session
from starlette.testclient import TestClient
from starlette.types import Message

from api.app import create
from api.wall import Wall
from billing.balance import balance
from billing.dues import issue
from billing.models import Per
from billing.tariffs import set_tariff
from foundation import clock
from foundation.acts import Act
from foundation.clock import Month
from foundation.database import Store, reading, transaction
from foundation.money import Euros
from foundation.settings import Settings
from inventory import (
    accounts,
    addresses,
    closures,
    devices,
    emergencies,
    lines,
    mandates,
    members,
    offers,
    places,
    works,
)
from inventory.line_parts import Details
from inventory.lines import Ordering
from inventory.models.lines import LineState, Technology
from inventory.models.mandates import Task
from inventory.models.wholesale import CopperClosure

URL = "http://127.0.0.1:8642"
KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="


@dataclass
class Hour:
    """The instant that requests see."""

    at: datetime


@dataclass
class Portal:
    """An association with three members, and a browser in front of its portal."""

    store: Store
    client: TestClient
    hour: Hour
    act: Act
    headers: dict[str, str] = field(default_factory=lambda: {"Origin": URL})

    def link(self, number: str) -> str:
        with transaction(self.store) as session:
            return accounts.sign_in_link(
                session, replace(self.act, at=self.hour.at), members.find_member(session, number)
            )

    def sign_in(self, number: str) -> None:
        self.post("/s", token=self.link(number))

    def post(self, path: str, headers: dict[str, str] | None = None, **fields: str) -> httpx2.Response:
        return self.client.post(path, data=fields, headers=self.headers if headers is None else headers)

    def text(self, path: str = "/", **headers: str) -> str:
        return self.client.get(path, headers=headers).text


@pytest.fixture
def portal(store: Store, act: Act, tmp_path: Path) -> Iterator[Portal]:
    with transaction(store) as session:
        _found(session, act)
    app = create(_settings(store, tmp_path, name="Exemple Net"))
    hour = Hour(act.at)
    app.state.now = lambda: hour.at
    with TestClient(app, base_url=URL, client=("192.0.2.9", 50000), follow_redirects=True) as client:
        yield Portal(store, client, hour, act)


def test_whoever_is_not_signed_in_is_told_how_to_get_a_link(portal: Portal) -> None:
    answer = portal.client.get("/")
    assert answer.url.path == "/sign-in"
    assert "personne bénévole" in answer.text


def test_opening_a_link_uses_nothing_up(portal: Portal) -> None:
    token = portal.link("M0001")
    for _ in range(3):
        assert "Me connecter" in portal.text(f"/s/{token}")
    assert "Bonjour Camille" in portal.post("/s", token=token).text


def test_a_link_serves_once(portal: Portal) -> None:
    token = portal.link("M0001")
    portal.post("/s", token=token)
    portal.client.cookies.clear()
    again = portal.post("/s", token=token)
    assert again.status_code == 403
    assert "Ce lien ne sert plus" in again.text


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "https://ailleurs.example"}, 403),
        ({"Origin": "null"}, 403),
        ({}, 403),
        ({"Origin": URL, "Sec-Fetch-Site": "cross-site"}, 403),
        ({"Origin": URL, "Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "null", "Sec-Fetch-Site": "same-origin"}, 200),
        ({"Origin": "http://localhost:8642"}, 200),
    ],
)
def test_a_form_counts_only_from_our_own_pages(portal: Portal, headers: dict[str, str], status: int) -> None:
    assert portal.post("/s", headers=headers, token=portal.link("M0001")).status_code == status


def test_signing_out_needs_the_form_of_ones_own_page(portal: Portal) -> None:
    portal.sign_in("M0001")
    assert portal.post("/sign-out", form_token="0" * 64).status_code == 403
    assert "Bonjour Camille" in portal.text()
    token = re.findall(r'name="form_token" value="(\w+)"', portal.text())[0]
    assert portal.post("/sign-out", form_token=token).url.path == "/sign-in"
    assert portal.client.get("/").url.path == "/sign-in"


def test_a_sign_in_ends_by_itself_after_fourteen_days(portal: Portal) -> None:
    portal.sign_in("M0001")
    portal.hour.at += timedelta(days=14)
    assert portal.client.get("/").url.path == "/sign-in"


def test_a_member_reads_of_the_works_that_concern_them_and_of_no_others(portal: Portal) -> None:
    since, until = portal.hour.at + timedelta(hours=1), portal.hour.at + timedelta(hours=2)
    with transaction(portal.store) as session:
        for on, title in (("line:L0001", "Chez <vous>"), ("line:L0002", "Chez d'autres")):
            wording = works.Wording(title, "At <yours>", "Quelques minutes.", "")
            works.announce_works(session, portal.act, works.find_subjects(session, [on]), wording, since, until)
        incident = works.open_incident(
            session, portal.act, works.find_subjects(session, ["line:L0001"]), works.Wording("Panne")
        )
        works.note_incident(session, portal.act, incident, "On cherche.")
    portal.sign_in("M0001")
    page = portal.text()
    assert "Travaux annoncés, le 22 nov. 2026 de 15:02 à 16:02\u00a0: Chez &lt;vous&gt;." in page
    assert "Quelques minutes." in page
    assert "Incident en cours" in page
    assert "On cherche." in page
    assert "Chez d" not in page
    assert "At &lt;yours&gt;." in portal.text("/?lang=en")
    portal.hour.at = until
    assert "Chez &lt;vous&gt;" not in portal.text("/?lang=fr")


def test_a_line_on_closing_copper_says_so_in_one_sentence(portal: Portal) -> None:
    with transaction(portal.store) as session:
        line = next(one for one in lines.list_lines(session) if one.offer.technology == Technology.ADSL)
        lines.change_line(session, portal.act, line, Details(insee="33063"))
        closing = CopperClosure(insee="33063", technical=clock.today(portal.hour.at) + timedelta(days=100))
        closures.import_closures(session, portal.act, [closing])
        number = str(lines.holder(line, clock.today(portal.hour.at)).member)
    portal.sign_in(number)
    assert "Le cuivre ferme dans votre commune le 2 mars 2027" in portal.text()


def test_a_member_sees_their_lines_and_what_they_owe(portal: Portal) -> None:
    portal.sign_in("M0001")
    page = portal.text()
    assert "L0001" in page
    assert "◌" in page
    assert "jamais vue connectée" in page
    assert "Vous partagez cette ligne et son coût à 2." in page
    with reading(portal.store) as session:
        money = balance(session, members.find_member(session, "M0001"), clock.today(portal.hour.at))
    assert money.sentence("fr").replace(" :", "\u00a0:") in page
    assert money.reference in page


def test_a_member_sees_only_what_is_theirs(portal: Portal) -> None:
    held = {}
    with reading(portal.store) as session:
        for line in lines.list_lines(session):
            for share in line.shares:
                mine = held.setdefault(str(share.member), set())
                mine.update(str(one.prefix.network_address) for one in share.assignments)
    assert all(held.values())
    for number, own in held.items():
        portal.sign_in(number)
        page = portal.text()
        assert all(f"<code>{address}" in page for address in own)
        others = set().union(*(theirs for other, theirs in held.items() if other != number))
        assert not any(f"<code>{address}" in page for address in others)


def test_anothers_line_is_as_absent_as_none_at_all(portal: Portal) -> None:
    portal.sign_in("M0003")
    assert portal.client.get("/api/v1/lines/L0002").json()["number"] == "L0002"
    answers = [portal.client.get(f"/api/v1/lines/{number}") for number in ("L0001", "L0099")]
    assert [answer.status_code for answer in answers] == [404, 404]
    absent, never = (answer.json() for answer in answers)
    assert {**never, "detail": never["detail"].replace("L0099", "L0001")} == absent


def test_programs_are_answered_in_json(portal: Portal) -> None:
    refusal = portal.client.get("/api/v1/me")
    assert refusal.status_code == 401
    assert refusal.headers["content-type"] == "application/problem+json"
    assert refusal.json()["type"] == "urn:essaim:problem:sign-in-needed"
    portal.sign_in("M0002")
    assert portal.client.get("/api/v1/me").json() == {
        "member": "M0002",
        "name": "Dominique Exemple",
        "language": "en",
        "lines": ["L0001"],
        "balance_cents": -1400,
        "reference": portal.client.get("/api/v1/me").json()["reference"],
        "choices": [],
    }
    assert portal.client.get("/healthz").json() == {"status": "ok"}
    assert portal.client.get("/api/v1/nothing").json()["type"] == "urn:essaim:problem:no-such-page"


def test_the_language_is_what_was_chosen_then_the_members_then_the_browsers(portal: Portal) -> None:
    assert 'lang="fr"' in portal.text("/sign-in")
    assert '<html lang="en">' in portal.text("/sign-in", **{"Accept-Language": "de, en-GB;q=0.8, fr;q=0.5"})
    portal.sign_in("M0002")
    assert "Hello Dominique" in portal.text(**{"Accept-Language": "fr"})
    assert "Bonjour Dominique" in portal.text("/?lang=fr")
    assert "Bonjour Dominique" in portal.text()
    assert "Bonjour Dominique" in portal.text("/?lang=xx")


def test_an_emergency_stands_on_the_home_of_whoever_holds_a_mandate_until_it_is_reviewed(portal: Portal) -> None:
    first, other, again = (portal.link(number) for number in ("M0001", "M0003", "M0001"))
    with transaction(portal.store) as session:
        mandates.give(session, portal.act, members.find_member(session, "M0001"), Task.MANDATES_GIVE)
        emergencies.open_emergency(session, replace(portal.act, actor="M0003", why="panne <b>de nuit</b>"))
    portal.post("/s", token=first)
    assert "Urgence E0001" in portal.text()
    assert "panne &lt;b&gt;de nuit&lt;/b&gt;" in portal.text()
    portal.post("/s", token=other)
    assert "E0001" not in portal.text()
    with transaction(portal.store) as session:
        reviewer = replace(portal.act, actor="M0001", why="lu")
        emergencies.review(session, reviewer, emergencies.find_emergency(session, "E0001"))
    portal.post("/s", token=again)
    assert "E0001" not in portal.text()


def test_whoever_has_no_line_is_told_how_to_get_one(portal: Portal) -> None:
    with transaction(portal.store) as session:
        members.add_member(session, portal.act, "Sacha <b>Nouveau</b>")
    portal.sign_in("M0004")
    page = portal.text()
    assert "Aucune ligne à votre nom" in page
    assert "Bonjour Sacha &lt;b&gt;Nouveau&lt;/b&gt;" in page


def test_every_answer_is_marked_for_the_browser(portal: Portal) -> None:
    for path in ("/sign-in", "/nothing", "/static/essaim.css", "/healthz"):
        headers = portal.client.get(path).headers
        assert headers["content-security-policy"].startswith("default-src 'self';")
        assert headers["x-content-type-options"] == "nosniff"
    assert portal.client.get("/sign-in").headers["cache-control"] == "no-store"


def test_cookies_are_kept_from_scripts_and_from_other_sites(portal: Portal) -> None:
    answer = portal.client.post(
        "/s", data={"token": portal.link("M0001")}, headers=portal.headers, follow_redirects=False
    )
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie


def test_behind_https_cookies_never_travel_in_the_clear(store: Store, act: Act, tmp_path: Path) -> None:
    with transaction(store) as session:
        member = members.add_member(session, act, "Camille Exemple")
        token = accounts.sign_in_link(session, replace(act, at=clock.now()), member)
    app = create(_settings(store, tmp_path, public_url="https://portail.example"))
    with TestClient(app, base_url="https://portail.example", follow_redirects=False) as client:
        answer = client.post("/s", data={"token": token}, headers={"Origin": "https://portail.example"})
        assert answer.headers["set-cookie"].startswith("__Host-essaim=")
        assert "; Secure" in answer.headers["set-cookie"]
        assert "Bonjour Camille" in client.get("/").text


def test_another_name_than_ours_is_not_answered(portal: Portal) -> None:
    assert portal.client.get("/sign-in", headers={"Host": "piege.example"}).status_code == 421
    assert portal.client.get("/sign-in", headers={"Host": "localhost:8642"}).status_code == 200


def test_what_is_too_long_is_not_read(portal: Portal) -> None:
    assert portal.post("/s", token="x" * 20_000).status_code == 413
    assert portal.post("/s", token="x" * 200).status_code == 422


def test_a_form_that_never_ends_is_given_up_and_holds_nobody(portal: Portal) -> None:
    said: list[Message] = []
    begun = iter([{"type": "http.request", "body": b"token=", "more_body": True}])

    async def receive() -> Message:
        for part in begun:
            return part
        return await asyncio.Future()

    async def send(message: Message) -> None:
        said.append(message)

    headers = [(b"host", b"127.0.0.1:8642"), (b"content-length", b"49"), (b"accept-language", b"en")]
    app = portal.client.app
    scope = {"type": "http", "method": "POST", "path": "/s", "query_string": b"", "headers": headers, "app": app}
    wall = Wall(app, settings=Settings(), patience=0.05)
    asyncio.run(wall(scope, receive, send))
    assert said[0]["status"] == 408
    assert b"did not arrive whole" in said[1]["body"]


def test_trying_links_over_and_over_is_slowed_down(portal: Portal) -> None:
    statuses = [portal.post("/s", token="x" * 43).status_code for _ in range(21)]
    assert statuses == [403] * 20 + [429]
    portal.hour.at += timedelta(minutes=1)
    assert portal.post("/s", token="x" * 43).status_code == 403


def test_a_fault_of_ours_is_said_plainly_and_logged_without_anyones_data(
    portal: Portal, caplog: pytest.LogCaptureFixture
) -> None:
    def fault() -> datetime:
        raise RuntimeError("Camille Exemple, 192.0.2.9")

    portal.client.app.state.now = fault  # type: ignore[attr-defined]
    with caplog.at_level(logging.ERROR):
        answer = portal.client.get("/", headers={"Accept-Language": "en"})
    assert answer.status_code == 500
    assert "none of your doing" in answer.text
    assert "RuntimeError" in caplog.text
    assert "Camille" not in caplog.text + answer.text


@pytest.mark.sqlite
def test_a_busy_database_is_said_and_nothing_is_lost(portal: Portal) -> None:
    token = portal.link("M0001")
    with transaction(portal.store):
        answer = portal.post("/s", token=token)
    assert answer.status_code == 503
    assert "réessayez" in answer.text
    assert "Bonjour Camille" in portal.post("/s", token=token).text


def _settings(store: Store, var: Path, **more: Any) -> Settings:
    return Settings(var=var, database_url=store.engine.url.render_as_string(hide_password=False), **more)


def _found(session: Session, act: Act) -> None:
    """Camille and Dominique share an ADSL line; Noor has a tunnel. November's dues are issued."""
    before = replace(act, at=act.at - timedelta(days=60))
    site = places.add_site(session, before, "Salle d'exemple")
    lns = devices.add_device(session, before, "lns1", role="lns", platform="l2tpns", site=site)
    vpn = devices.add_device(session, before, "vpn1", role="vpn", platform="wireguard", site=site)
    adsl4 = addresses.create_pool(session, before, "adsl-v4", ip_network("192.0.2.0/24"), handed=32)
    adsl6 = addresses.create_pool(session, before, "adsl-v6", ip_network("2001:db8:a::/48"), handed=56)
    vpn4 = addresses.create_pool(session, before, "vpn-v4", ip_network("198.51.100.0/24"), handed=32)
    adsl = offers.add_offer(
        session,
        before,
        "adsl",
        "ADSL",
        Technology.ADSL,
        "l2tp",
        mtu=1456,
        device=lns,
        pool_v4=adsl4,
        pool_v6=adsl6,
    )
    vpns = offers.add_offer(
        session, before, "vpn", "VPN", Technology.WIREGUARD, "tunnel", mtu=1420, device=vpn, pool_v4=vpn4
    )
    set_tariff(session, before, adsl, Euros(2800), per=Per.MONTH, label="ADSL", since=clock.today(before.at))
    camille = members.add_member(session, before, "Camille Exemple")
    dominique = members.add_member(session, before, "Dominique Exemple", language="en")
    noor = members.add_member(session, before, "Noor Exemple")
    shared = lines.order_line(session, before, camille, adsl, Ordering(nd="0199001234"))
    for state in (LineState.ORDERED, LineState.DELIVERED, LineState.ACTIVE):
        lines.move(session, before, shared, state)
    lines.add_share(session, before, shared, dominique, adsl)
    lines.order_line(session, before, noor, vpns, Ordering(public_key=KEY))
    issue(session, act, Month(2026, 11))


def test_a_member_asks_why_their_line_does_not_work_and_nobody_elses(portal: Portal) -> None:
    portal.sign_in("M0001")
    token = re.findall(r'name="form_token" value="(\w+)"', portal.text())[0]
    said = portal.post("/lines/L0001/diagnosis", form_token=token)
    assert said.status_code == 200
    assert 'class="lead" role="status"' in said.text
    assert "systemctl" not in said.text
    assert portal.post("/lines/L9999/diagnosis", form_token=token).status_code == 404
    assert portal.post("/lines/L0001/diagnosis", form_token="0" * 64).status_code == 403
    english = portal.client.post(
        "/lines/L0001/diagnosis", data={"form_token": token}, headers=portal.headers | {"Accept-Language": "en"}
    )
    assert "Look again" in english.text or "Regarder de nouveau" in english.text
