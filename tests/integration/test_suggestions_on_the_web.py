"""Suggestions where members and programs are: the portal's pages, REST, and the mail that says what became of them."""

from __future__ import annotations

import email
import email.policy
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx2
import pytest
from starlette.testclient import TestClient

from api.app import create
from desk import suggesting
from foundation import clock
from foundation.acts import Act
from foundation.database import Store, reading, transaction
from foundation.settings import Settings
from inventory import accounts, lines, mandates, members, reverse, suggestions, tokens
from inventory.models.mandates import Task
from inventory.suggested import ChangeLine

URL = "http://127.0.0.1:8642"
TASKS = (Task.LINES_WRITE, Task.ADDRESSES_WRITE)


@dataclass
class Web:
    """The sample association. M0001 keeps lines and addresses; M0042 has a tunnel, a token and a browser."""

    store: Store
    settings: Settings
    client: TestClient
    shown: dict[str, dict[str, str]]
    line: str
    address: str

    def post(self, path: str, body: Any = None, who: str = "M0001", **headers: str) -> httpx2.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        sent = {"json": body} if body is not None else {}
        return self.client.post(f"/api/v1{path}", headers={**self.shown[who], **named}, **sent)

    def get(self, path: str, who: str = "M0001") -> Any:
        said = self.client.get(f"/api/v1{path}", headers=self.shown[who])
        assert said.status_code == 200, said.text
        return said.json()

    def sign_in(self, number: str) -> None:
        with transaction(self.store) as session:
            act = Act(number, clock.now())
            token = accounts.sign_in_link(session, act, members.find_member(session, number))
        self.client.cookies.clear()
        self.client.post("/s", data={"token": token}, headers={"Origin": URL})

    def form(self, path: str, **fields: str) -> httpx2.Response:
        """Fill a form of one's own page in, and send it."""
        page = self.client.get(f"/lines/{self.line}", headers={"Accept-Language": "fr"})
        token = re.findall(r'name="form_token" value="(\w+)"', page.text)
        return self.client.post(
            path,
            data={"form_token": token[0] if token else "", **fields},
            headers={"Origin": URL, "Accept-Language": "fr"},
        )

    def mails(self) -> list[email.message.EmailMessage]:
        found = sorted(self.settings.outbox.glob("*.eml")) if self.settings.outbox.exists() else []
        return [email.message_from_bytes(one.read_bytes(), policy=email.policy.default) for one in found]


@pytest.fixture
def web(sampled: Store, act: Act, tmp_path: Path) -> Iterator[Web]:
    shown, store = {}, sampled
    with transaction(store) as session:
        now = replace(act, at=clock.now())
        mandates.give(session, now, members.find_member(session, "M0001"), Task.MANDATES_GIVE)
        for task in TASKS:
            mandates.give(session, replace(now, actor="M0001"), members.find_member(session, "M0001"), task)
        for number, tasks in (("M0001", TASKS), ("M0042", ("own",))):
            member = members.find_member(session, number)
            _, token = tokens.create_token(session, replace(now, actor=number), member, "x", [*tasks])
            shown[number] = {"Authorization": f"Bearer {token}"}
        member = members.find_member(session, "M0042")
        held_line = lines.lines_of(session, member)[0]
        line = str(held_line)
        held = [one for share in held_line.shares for one in share.assignments if one.until is None and one.family == 4]
        address = str(held[0].prefix.network_address)
    url = store.engine.url.render_as_string(hide_password=False)
    settings = Settings(var=tmp_path, driver="console", database_url=url, name="Exemple Net")
    with TestClient(create(settings), base_url=URL) as client:
        yield Web(store, settings, client, shown, line, address)


def test_a_program_suggests_and_reads_what_became_of_it(web: Web) -> None:
    body = {"deed": "line.change", "arguments": {"line": web.line, "place": "12 rue de l'Exemple"}}
    made = web.post("/suggestions", body, "M0042", Essaim_Why="on y est depuis lundi")
    assert made.status_code == 201, made.text
    assert made.headers["Location"] == "/api/v1/suggestions/G0001"
    assert (made.json()["state"], made.json()["proposed_by"], made.json()["why"]) == (
        "waiting", "M0042", "on y est depuis lundi",
    )  # fmt: skip
    assert web.post("/suggestions/G0001/accept", who="M0042").json()["type"].endswith(":not-mandated")
    assert [one["number"] for one in web.get("/suggestions")["items"]] == ["G0001"]
    done = web.post("/suggestions/G0001/accept", Idempotency_Key="une-fois")
    assert (done.status_code, done.json()["state"]) == (200, "accepted")
    assert web.post("/suggestions/G0001/accept", Idempotency_Key="une-fois").text == done.text
    assert web.post("/suggestions/G0001/accept").json()["type"].endswith(":suggestion-decided")
    assert web.get(f"/lines/{web.line}")["place"] == "12 rue de l'Exemple"
    assert [one["state"] for one in web.get("/me/suggestions", "M0042")] == ["accepted"]
    assert web.get("/suggestions")["items"] == []
    assert len(web.get("/suggestions?decided=true&by=M0042")["items"]) == 1
    (mail,) = web.mails()
    assert "G0001" in mail["Subject"]
    assert "+place: 12 rue de l'Exemple" in mail.get_content()


def test_what_cannot_be_suggested_is_refused(web: Web) -> None:
    refused: list[tuple[dict[str, str], int]] = [
        ({}, 422),
        ({"line": "L0001", "address": "192.0.2.1"}, 422),
        ({"line": "L0001"}, 422),
        ({"line": "L9999", "place": "ici"}, 404),
        ({"line": "L0001", "place": "a\x00b"}, 422),
        ({"line": "L0001", "colour": "red"}, 422),
    ]
    for arguments, status in refused:
        said = web.post("/suggestions", {"deed": "line.change", "arguments": arguments})
        assert (said.status_code, arguments) == (status, arguments), said.text
    assert web.get("/suggestions")["items"] == []


def test_a_refusal_is_told_by_mail_in_the_language_of_whoever_suggested(web: Web) -> None:
    with transaction(web.store) as session:
        members.find_member(session, "M0042").language = "en"
        suggestions.suggest(session, Act("M0042", clock.now()), ChangeLine(web.line, place="1 rue"))
        suggestions.suggest(session, Act("M0042", clock.now()), ChangeLine(web.line, place="2 rue"))
    assert web.post("/suggestions/G0001/refuse").json()["type"].endswith(":refused-without-why")
    assert web.post("/suggestions/G0001/refuse", Essaim_Why="another street").status_code == 200
    (mail,) = web.mails()
    assert mail["Subject"] == "[Exemple Net] Your suggestion G0001 was not taken up"
    assert "another street" in mail.get_content()
    assert web.post("/suggestions/G0002/refuse", who="M0042").json()["state"] == "refused"
    assert len(web.mails()) == 1, "nobody is told of what they decided themselves"


def test_whoever_has_no_address_is_told_by_the_page_alone(web: Web) -> None:
    with transaction(web.store) as session:
        members.find_member(session, "M0042").email = None
        one = suggestions.suggest(session, Act("M0042", clock.now()), ChangeLine(web.line, place="1 rue"))
        suggestions.refuse(session, Act("M0001", clock.now(), "non"), one)
    assert suggesting.tell(web.store, web.settings, Act("M0001", clock.now()), "G0001") is None
    assert web.mails() == []


def test_a_server_that_begins_tells_whom_the_one_before_left_untold_and_once(web: Web) -> None:
    with transaction(web.store) as session:
        one = suggestions.suggest(session, Act("M0042", clock.now()), ChangeLine(web.line, place="1 rue"))
        suggestions.refuse(session, Act("M0001", clock.now(), "une autre rue"), one)
    assert web.mails() == []
    for _ in range(2):
        with TestClient(create(web.settings), base_url=URL) as begun:
            assert begun.get("/healthz").status_code == 200
    (mail,) = web.mails()
    assert "une autre rue" in mail.get_content()


def test_a_member_names_an_address_of_theirs_and_suggests_where_their_line_is(web: Web) -> None:
    web.sign_in("M0042")
    assert f'href="/lines/{web.line}"' in web.client.get("/").text
    named = web.form(f"/lines/{web.line}/name", address=web.address, name="Serveur.Camille.Example")
    assert f"<code>{web.address}</code> s'appelle serveur.camille.example" in named.text.replace("&#39;", "'")
    page = web.form(f"/lines/{web.line}/suggest", place="2 rue <b>d'Exemple</b>", why="déménagement")
    assert "<dd>2 rue &lt;b&gt;d&#39;Exemple&lt;/b&gt;</dd>" in page.text
    assert "en attente" in page.text
    with reading(web.store) as session:
        assert lines.find_line(session, web.line).place != "2 rue <b>d'Exemple</b>"
        (one,) = suggestions.list_suggestions(session)
        assert (one.proposed_by, one.why) == ("M0042", "déménagement")
        assert "serveur.camille.example" in [each.name for each in reverse.list_names(session, limit=1000)]
    assert web.post("/suggestions/G0001/refuse", Essaim_Why="pas assez clair").status_code == 200
    shown = web.client.get(f"/lines/{web.line}").text
    assert "refusée" in shown
    assert "pas assez clair" in shown


def test_what_one_suggested_is_taken_back(web: Web) -> None:
    web.sign_in("M0042")
    web.form(f"/lines/{web.line}/suggest", place="2 rue", why="")
    assert web.form("/suggestions/G0001/take-back").status_code == 200
    assert "refusée" in web.client.get(f"/lines/{web.line}").text
    assert web.mails() == []
    assert web.form("/suggestions/G0001/take-back").status_code == 409


def test_what_is_anothers_is_as_absent_as_nothing(web: Web) -> None:
    with transaction(web.store) as session:
        suggestions.suggest(session, Act("M0001", clock.now()), ChangeLine(web.line, place="1 rue"))
        other = next(str(one) for one in lines.list_lines(session, limit=1000) if str(one.shares[0].member) != "M0042")
        held = [each for share in lines.find_line(session, other).shares for each in share.assignments]
        theirs = str(held[0].prefix.network_address)
    web.sign_in("M0042")
    assert web.client.get(f"/lines/{other}").status_code == 404
    assert web.form(f"/lines/{other}/suggest", place="chez moi").status_code == 404
    assert web.form(f"/lines/{web.line}/name", address=theirs, name="vole.example").status_code == 404
    assert web.form("/suggestions/G0001/take-back").status_code == 404
    assert "1 rue" not in web.client.get(f"/lines/{web.line}").text


def test_a_form_counts_only_from_ones_own_page(web: Web) -> None:
    sent = {"form_token": "0" * 64, "address": web.address, "name": "a.example", "place": "ici"}
    paths = (f"/lines/{web.line}/name", f"/lines/{web.line}/suggest", "/suggestions/G0001/take-back")
    for path in paths:
        assert web.client.post(path, data=sent, headers={"Origin": URL}).url.path == "/sign-in"
    web.sign_in("M0042")
    for path in paths:
        assert web.client.post(path, data=sent, headers={"Origin": URL}).status_code == 403
        assert web.client.post(path, data=sent, headers={"Origin": "https://ailleurs.example"}).status_code == 403
