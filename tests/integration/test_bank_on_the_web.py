"""The bank where volunteers are: transfers matched and undone in the portal, statements read there, lists, and REST."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from html import unescape
from pathlib import Path
from typing import Any

import httpx2
import pytest
from starlette.testclient import TestClient
from statement_files import IBAN, Move, camt

from api.app import create
from billing.bank import accounts as bank
from billing.bank import files as bank_files
from billing.dues import charge
from billing.payments import find_payment
from foundation import clock, journal
from foundation.acts import Act
from foundation.database import Store, reading, transaction
from foundation.money import Euros
from foundation.settings import Settings
from inventory import accounts, mandates, members, tokens
from inventory.models.mandates import Task

URL = "http://127.0.0.1:8642"
OTHER = "FR7630004000031234567890143"
DAY = date(2026, 11, 5)
FORM_TOKEN = re.compile(r'name="form_token" value="(\w+)"')

COTISATION = Move(DAY, 2000, "VIR INST COTISATION <b>2026</b>", payer="M LEROY BASILE", iban=OTHER, own="A1")
UNKNOWN = Move(date(2026, 11, 6), 1234, "VIREMENT RECU", payer="QUELQU UN D AUTRE", own="A2")
RENT = Move(date(2026, 11, 7), -4500, "PRLV LOYER BAIE", own="A3")


@dataclass
class Treasury:
    """M0001 Ada and M0002 Basile match payments, M0003 Chloé reads what is due, M0004 Denis has no mandate."""

    store: Store
    client: TestClient
    shown: dict[str, dict[str, str]] = field(default_factory=dict)

    def sign_in(self, number: str) -> None:
        with transaction(self.store) as session:
            link = accounts.sign_in_link(session, Act(number, clock.now()), members.find_member(session, number))
        self.client.cookies.clear()
        self.client.post("/s", data={"token": link}, headers={"Origin": URL})

    def text(self, path: str, status: int = 200) -> str:
        said = self.client.get(path)
        assert said.status_code == status, said.text
        return plain(said)

    def post(self, path: str, **fields: str) -> httpx2.Response:
        found = FORM_TOKEN.findall(self.client.get("/transfers").text)
        sent = {"form_token": (found or [""])[0], **fields}
        return self.client.post(path, data=sent, headers={"Origin": URL})

    def get(self, path: str, who: str = "M0001") -> httpx2.Response:
        return self.client.get(f"/api/v1{path}", headers=self.shown[who])

    def send(self, path: str, who: str = "M0001", **body: Any) -> httpx2.Response:
        return self.client.post(f"/api/v1{path}", headers=self.shown[who], json=body)


def plain(said: httpx2.Response) -> str:
    """The words of a page, its spaces made one."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", said.text)).split())


@pytest.fixture
def treasury(store: Store, tmp_path: Path) -> Iterator[Treasury]:
    url = store.engine.url.render_as_string(hide_password=False)
    settings = Settings(var=tmp_path, driver="console", database_url=url, name="Exemple")
    act = Act("machine:test", clock.now() - timedelta(days=400), "test")
    shown = {}
    with transaction(store) as session:
        names = ("Ada Durand", "Basile Leroy", "Chloé Petit", "Denis Moreau")
        people = [members.add_member(session, act, name) for name in names]
        account = bank.add_account(session, act, "courant", IBAN)
        for member, cents in ((people[0], 3500), (people[1], 2000)):
            charge(session, act, member, Euros(cents), "travaux")
        bank_files.read_file(
            session, Act("machine:test", clock.now()), account, camt([COTISATION, UNKNOWN, RENT]), "nov.xml"
        )
        mandates.give(session, act, people[0], Task.MANDATES_GIVE)
        session.flush()
        hers = Act("M0001", act.at, "test")
        for rank, tasks in enumerate(
            ([Task.PAYMENTS_MATCH, Task.DUES_READ], [Task.PAYMENTS_MATCH, Task.DUES_READ], [Task.DUES_READ], [])
        ):
            for task in tasks:
                mandates.give(session, hers, people[rank], task)
            _, token = tokens.create_token(
                session, Act(str(people[rank]), clock.now()), people[rank], "essai", [str(task) for task in tasks]
            )
            shown[str(people[rank])] = {"Authorization": f"Bearer {token}"}
    with TestClient(create(settings), base_url=URL) as client:
        found = Treasury(store, client, shown)
        found.sign_in("M0001")
        yield found


def said_of(treasury: Treasury, number: str) -> list[tuple[str, str, int]]:
    body = treasury.get(f"/bank/entries/{number}").json()
    return [(one["name"], one["member"], one["cents"]) for one in body["said"]]


def test_the_page_shows_what_waits_with_its_suggestion_and_why(treasury: Treasury) -> None:
    french, english = treasury.text("/transfers"), treasury.text("/transfers?lang=en")
    assert "À rapprocher\u00a0: 3." in treasury.client.get("/transfers?lang=fr").text
    assert "C'est Basile Leroy (M0002)" in french
    assert "Parce que" in french
    assert "It is Basile Leroy (M0002)" in english
    assert "VIR INST COTISATION <b>2026</b>" in french, "what the bank says is text"
    assert "<b>2026" not in treasury.client.get("/transfers").text


def test_a_suggestion_is_booked_as_it_was_seen_and_undone_again(treasury: Treasury) -> None:
    page = treasury.client.get("/transfers").text
    assert 'name="parts" value="M0002=20.00"' in page
    done = treasury.post("/transfers/B0001/match", parts="M0002=20.00")
    assert done.url.path == "/transfers"
    assert "B0001, 20,00 € : Basile Leroy (M0002)." in plain(done)
    assert "Défaire B0001" in plain(done)
    with reading(treasury.store) as session:
        assert find_payment(session, "P0001").cents == 2000
    undone = treasury.post("/transfers/B0001/undo", reason="erreur de saisie")
    assert "B0001 attend de nouveau." in plain(undone)
    with reading(treasury.store) as session:
        deeds = journal.show(session, subject="B0001")
    assert [one.verb for one in deeds][:2] == ["bank.unmatch", "bank.match"]
    assert {one.actor for one in deeds} == {"M0001"}


def test_the_second_of_two_volunteers_sees_who_was_quicker(treasury: Treasury) -> None:
    treasury.post("/transfers/B0001/match", parts="M0002=20.00")
    again = treasury.post("/transfers/B0001/match", parts="M0002=20.00")
    assert "C'est déjà fait : B0001 est Basile Leroy (M0002) (par vous" in plain(again)
    treasury.sign_in("M0002")
    second = treasury.post("/transfers/B0001/match", parts="M0001")
    assert second.status_code == 409
    assert "Ada Durand (M0001) a été plus rapide : B0001 est Basile Leroy (M0002)" in plain(second)
    assert "À rapprocher : 2." in plain(second), "the rest is there, to go on with"


def test_several_members_a_rest_and_a_gift(treasury: Treasury) -> None:
    treasury.post("/transfers/B0001/match", parts="M0001=12,50 M0002")
    assert said_of(treasury, "B0001") == [("P0001", "M0001", 1250), ("P0002", "M0002", 750)]
    treasury.post("/transfers/B0002/match", parts="M0001=10,00", rest="interest")
    assert said_of(treasury, "B0002") == [("P0003", "M0001", 1000), ("interest", "", 234)]
    treasury.post("/transfers/B0002/undo", reason="non")
    gift = treasury.post("/transfers/B0002/gift", member="M0003")
    assert "Chloé Petit (M0003)" in plain(gift)
    treasury.post("/transfers/B0002/undo", reason="non")
    assert "classé dans Dons manuels (7541)" in plain(treasury.post("/transfers/B0002/gift"))


WRONG_PARTS = (
    ("", "ne se comprend pas"),
    ("M0001=", "ne se comprend pas"),
    ("M0001=5:cadeau", "ne se comprend pas"),
    ("Ada", "Ada"),
    ("M0099", "Aucun membre M0099"),
    ("M0001=beaucoup", "Un paiement va de"),
    ("M0001=12,00", "font 12,00 €"),
    ("M0001=12,00 M0002=12,00", "font 24,00 €"),
)


def test_parts_that_will_not_do_change_nothing_and_are_given_back(treasury: Treasury) -> None:
    for typed, told in WRONG_PARTS:
        said = treasury.post("/transfers/B0001/match", parts=typed)
        assert 400 <= said.status_code < 500, typed
        assert told in plain(said), typed
        assert f'value="{typed}"' in said.text
    assert said_of(treasury, "B0001") == []


def test_a_refusal_half_way_leaves_no_half(treasury: Treasury) -> None:
    assert treasury.post("/transfers/B0001/match", parts="M0001=5,00", rest="nowhere").status_code == 404
    assert said_of(treasury, "B0001") == []


def test_money_that_went_out_is_filed_or_given_back(treasury: Treasury) -> None:
    page = treasury.text("/transfers?entry=B0003")
    assert "De l'argent sorti" in page
    filed = treasury.post("/transfers/B0003/file", account="rent", words="baie de novembre")
    assert "classé dans Loyers et hébergement (613)" in plain(filed)
    treasury.post("/transfers/B0003/undo", reason="non")
    assert "M0002" in plain(treasury.post("/transfers/B0003/refund", member="M0002")), "there is no credit to give back"
    assert said_of(treasury, "B0003") == []


def test_a_member_is_found_by_name_or_number_without_scripts(treasury: Treasury) -> None:
    assert "C'est Chloé Petit (M0003)" in treasury.text("/transfers?entry=B0002&word=chloe")
    assert "C'est Chloé Petit (M0003)" in treasury.text("/transfers?entry=B0002&word=M0003")
    assert "Personne ne s'appelle ainsi : « zzz »" in treasury.text("/transfers?entry=B0002&word=zzz")


def test_who_reads_dues_sees_and_does_nothing_who_has_no_mandate_sees_nothing(treasury: Treasury) -> None:
    treasury.sign_in("M0003")
    page = treasury.client.get("/transfers?entry=B0001")
    assert "Basile Leroy (M0002)" in page.text
    assert 'action="/transfers/' not in page.text
    assert "/transfers" in treasury.client.get("/").text
    token = FORM_TOKEN.findall(page.text)[0]
    for deed, fields in (
        ("match", {"parts": "M0002"}),
        ("file", {"account": "rent"}),
        ("gift", {}),
        ("undo", {"reason": "x"}),
    ):
        said = treasury.client.post(
            f"/transfers/B0001/{deed}", data={"form_token": token, **fields}, headers={"Origin": URL}
        )
        assert said.status_code == 403, deed
    treasury.sign_in("M0004")
    for path in ("/transfers", "/late", "/late.csv", "/reminders", "/reminders.csv", "/statements"):
        assert treasury.client.get(path).status_code == 403, path
    assert "/transfers" not in treasury.client.get("/").text
    treasury.client.cookies.clear()
    assert treasury.client.get("/transfers").url.path == "/sign-in"


def test_a_form_that_is_not_ours_books_nothing(treasury: Treasury) -> None:
    assert treasury.post("/transfers/B0001/match", parts="M0002", form_token="x" * 64).status_code == 403
    away = {"Origin": "https://ailleurs.example"}
    assert treasury.client.post("/transfers/B0001/match", data={"parts": "M0002"}, headers=away).status_code == 403
    assert said_of(treasury, "B0001") == []


def test_pages_follow_one_another(treasury: Treasury) -> None:
    with transaction(treasury.store) as session:
        account = bank.find_account(session)
        more = [Move(date(2026, 11, 10), 100 + rank, f"VIREMENT {rank}", own=f"C{rank}") for rank in range(30)]
        bank_files.read_file(session, Act("M0001", clock.now()), account, camt(more, opening=None), "suite.xml")
    first = treasury.client.get("/transfers")
    assert "À rapprocher : 33." in plain(first)
    [more_link] = re.findall(r'href="(/transfers\?after=B\d+)"', first.text)
    second = treasury.client.get(more_link)
    assert "B0033" in second.text
    assert 'id="B0001"' not in second.text
    assert first.text.count('class="movement"') == 20
    assert second.text.count('class="movement"') == 13


def bring(treasury: Treasury, data: bytes, name: str = "dec.xml", **fields: str) -> httpx2.Response:
    [token] = set(FORM_TOKEN.findall(treasury.client.get("/statements").text))
    sent = {"form_token": token, "account": "courant", **fields}
    return treasury.client.post("/statements/preview", data=sent, files={"file": (name, data)}, headers={"Origin": URL})


def confirm(treasury: Treasury, preview: httpx2.Response) -> httpx2.Response:
    [path] = re.findall(r'action="(/statements/[\w-]+/read)"', preview.text)
    return treasury.post(path)


DECEMBER = [Move(date(2026, 11, 20), 4200, "VIREMENT", own="D1"), Move(date(2026, 11, 21), 100, "VIREMENT", own="D2")]


def test_a_statement_is_looked_at_with_nothing_kept_and_then_read(treasury: Treasury) -> None:
    preview = bring(treasury, camt([COTISATION, *DECEMBER], opening=None), "<i>dec.xml")
    assert preview.status_code == 200, plain(preview)
    assert "dans « courant » : 2 mouvement(s) nouveau(x), 1 déjà connu(s)" in plain(preview)
    assert "<i>dec" not in preview.text
    assert "À rapprocher : 3." in treasury.text("/transfers")
    done = confirm(treasury, preview)
    assert "2 mouvement(s) gardé(s)" in plain(done)
    assert "À rapprocher : 5." in treasury.text("/transfers")
    assert "du 5 nov. 2026 au 21 nov. 2026" in treasury.text("/statements")
    assert "tout est déjà là" in plain(bring(treasury, camt([COTISATION, *DECEMBER], opening=None)))


def test_a_preview_serves_once_and_whoever_brought_it_alone(treasury: Treasury) -> None:
    preview = bring(treasury, camt(DECEMBER, opening=None))
    treasury.sign_in("M0002")
    assert confirm(treasury, preview).status_code == 409
    treasury.sign_in("M0001")
    assert confirm(treasury, preview).status_code == 200
    again = confirm(treasury, preview)
    assert (again.status_code, "Cet aperçu n'est plus là" in plain(again)) == (409, True)
    old = bring(treasury, camt([Move(date(2026, 11, 22), 1, "X", own="E1")], opening=None))
    app: Any = treasury.client.app
    before, app.state.now = app.state.now, lambda: clock.now() + timedelta(minutes=16)
    assert confirm(treasury, old).status_code == 409
    app.state.now = before


WRONG_FILES = (
    (b"", "ne contient aucun relevé"),
    (b"%PDF-1.7", "c'est un PDF"),
    (b"<!DOCTYPE x [<!ENTITY a 'b'>]><Document>&a;</Document>", "Rien n'a été enregistré"),
    (camt(DECEMBER, account=OTHER), "Rien n'a été enregistré"),
    (camt(DECEMBER)[:-40], "Rien n'a été enregistré"),
    (b"a;b\n1;2\n", "Rien n'a été enregistré"),
    (b" " * (32 * 1024 * 1024 + 1), "dépasse 32 Mio"),
    (b" " * (34 * 1024 * 1024), "dépasse 32 Mio"),
)


def test_a_file_that_will_not_do_is_refused_in_plain_words(treasury: Treasury) -> None:
    for data, told in WRONG_FILES:
        said = bring(treasury, data)
        assert 400 <= said.status_code < 500, data[:20]
        assert told in plain(said), data[:20]
    assert "À rapprocher : 3." in treasury.text("/transfers")


def test_nothing_is_taken_in_from_whoever_may_not_bring_it(treasury: Treasury) -> None:
    treasury.sign_in("M0003")
    assert "/statements/preview" not in treasury.client.get("/statements").text
    [token] = set(FORM_TOKEN.findall(treasury.client.get("/statements").text))

    def send(**headers: str) -> int:
        fields = {"form_token": token, "account": "courant"}
        files, said = {"file": ("a.xml", camt(DECEMBER))}, {"Origin": URL, **headers}
        return treasury.client.post("/statements/preview", data=fields, files=files, headers=said).status_code

    assert send() == 403
    assert send(Origin="https://ailleurs.example") == 403
    treasury.sign_in("M0001")
    assert send() == 403, "a form of someone else's page"
    assert treasury.client.post("/statements/preview", content=b"x", headers={"Origin": URL}).status_code == 403
    treasury.client.cookies.clear()
    said = treasury.client.post("/statements/preview", content=b"x", headers={"Origin": URL}, follow_redirects=False)
    assert said.headers["location"] == "/sign-in"


def test_who_is_late_is_a_page_and_a_spreadsheet(treasury: Treasury) -> None:
    page = treasury.text("/late")
    assert "En retard de plus de 30 jours : 2, pour 55,00 € en tout." in page
    assert "Ada Durand M0001" in page
    assert "Late by more than 30 days: 2, with €55.00 in all." in treasury.text("/late?lang=en")
    said = treasury.client.get("/late.csv?lang=fr")
    assert said.headers["content-type"] == "text/csv; charset=utf-8"
    rows = said.text.splitlines()
    assert rows[0] == "Membre,Nom,Depuis le,Doit,Dus"
    assert rows[1].startswith("M0001,Ada Durand,")
    assert rows[1].endswith(',"35,00",1')
    assert treasury.client.get("/late.csv?lang=en").text.splitlines()[1].endswith(",35.00,1")
    assert "Personne n'a de retard" in treasury.text("/late?days=3650&lang=fr")
    assert treasury.client.get("/late?days=beaucoup").status_code == 422


def test_a_name_that_looks_like_a_formula_is_only_a_name(treasury: Treasury) -> None:
    with transaction(treasury.store) as session:
        act = Act("M0001", clock.now() - timedelta(days=90))
        mandates.give(session, act, members.find_member(session, "M0001"), Task.MEMBERS_WRITE)
        mandates.give(session, act, members.find_member(session, "M0001"), Task.DUES_WRITE)
        eve = members.add_member(session, act, "=1+1")
        charge(session, act, eve, Euros(100), "travaux")
    assert ",'=1+1," in treasury.client.get("/late.csv").text


def test_what_goes_out_is_shown_with_who_is_left_in_peace(treasury: Treasury) -> None:
    page = treasury.text("/reminders")
    assert "Ce qui part la semaine prochaine" in page
    assert "Basile Leroy M0002 un virement à rapprocher est peut-être le sien" in page
    rows = treasury.client.get("/reminders.csv?lang=en").text.splitlines()
    assert rows[0] == 'On,Member,Name,Owes,Since,Tone,To,"No mail, because",Until'
    assert any("Basile Leroy" in row and "a transfer to match may be theirs" in row for row in rows)


def test_over_rest_movements_are_listed_matched_and_undone(treasury: Treasury) -> None:
    body = treasury.get("/bank/accounts").json()["items"]
    assert [(one["name"], one["movements"]) for one in body] == [("courant", 3)]
    [one] = treasury.get("/bank/entries?waiting=true&account=courant&until=2026-11-06").json()["items"]
    assert (one["number"], one["left_cents"], one["said"]) == ("B0001", 2000, [])
    best = one["suggestions"][0]
    assert best["parts"] == [{"member": "M0002", "name": "Basile Leroy", "cents": 2000}]
    assert best["reasons"][0].keys() == {"fr", "en"}
    done = treasury.send("/bank/entries/B0001/match", parts=[{"member": "M0001", "cents": 500}, {"member": "M0002"}])
    assert (done.status_code, done.json()["left_cents"], len(done.json()["said"])) == (200, 0, 2)
    late = treasury.send("/bank/entries/B0001/match", "M0002", parts=[{"member": "M0002"}])
    assert (late.status_code, late.json()["type"]) == (409, "urn:essaim:problem:already-matched")
    assert treasury.get("/bank/entries?waiting=false&fields=number").json()["items"] == [{"number": "B0001"}]
    assert treasury.send("/bank/entries/B0001/unmatch", reason="").status_code == 422
    assert treasury.send("/bank/entries/B0001/unmatch", reason="non").json()["left_cents"] == 2000
    filed = treasury.send("/bank/entries/B0003/file", account="rent", words="baie").json()
    assert [(each["sort"], each["name"], each["cents"]) for each in filed["said"]] == [("filing", "rent", -4500)]
    assert treasury.send("/bank/entries/B0003/unfile", reason="non").json()["left_cents"] == -4500
    assert treasury.send("/bank/entries/B0003/refund", member="M0001").status_code == 409
    assert treasury.send("/bank/entries/B0001/match", "M0003", parts=[{"member": "M0002"}]).status_code == 403
    assert treasury.get("/bank/entries", "M0003").status_code == 200
    assert treasury.get("/bank/entries", "M0004").status_code == 403
    assert treasury.get("/bank/entries?account=nulle", "M0001").status_code == 404
    first = treasury.get("/bank/entries?limit=2").json()
    assert len(treasury.get(f"/bank/entries?limit=2&after={first['next']}").json()["items"]) == 1
