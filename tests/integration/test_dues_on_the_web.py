"""« Mes dus » in the portal, and money over REST, as a member and as whoever looks after the dues."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import httpx2
import pytest
from starlette.testclient import TestClient

from api.app import create
from billing.debit import mandates as debit_mandates
from billing.dues import charge
from billing.models import BankAccount, Means, Per
from billing.payments import record_gift, record_payment, reverse
from billing.reference import reference_of
from billing.tariffs import set_tariff
from foundation import clock
from foundation.acts import Act
from foundation.database import Store, transaction
from foundation.money import Euros
from foundation.settings import Settings
from inventory import accounts, mandates, members, tokens
from inventory.models.mandates import Task

URL = "http://127.0.0.1:8642"
IBAN = "FR7630006000011234567890189"


@dataclass
class Web:
    """An association whose Ada owes and may choose, Béa looks after the dues, and what each shows."""

    store: Store
    client: TestClient
    act: Act
    tokens: dict[str, str]
    links: dict[str, str]

    def page(self, path: str = "/dues", **headers: str) -> str:
        return " ".join(self.client.get(path, headers=headers).text.replace("\u00a0", " ").split())

    def sign_in(self, number: str) -> None:
        self.client.cookies.clear()
        self.client.post("/s", data={"token": self.links[number]}, headers={"Origin": URL})

    def send(self, path: str, **fields: str) -> httpx2.Response:
        token = re.findall(r'name="form_token" value="(\w+)"', self.client.get("/dues").text)[0]
        return self.client.post(path, data={"form_token": token, **fields}, headers={"Origin": URL})

    def ask(self, who: str, method: str, path: str, status: int = 200, **body: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.tokens[who]}"}
        answer = self.client.request(method, f"/api/v1{path}", headers=headers, json=body or None)
        assert answer.status_code == status, answer.text
        return answer.json()


@pytest.fixture
def web(store: Store, act: Act, tmp_path: Path) -> Iterator[Web]:
    shown, links = {}, {}
    with transaction(store) as session:
        ada, bea = (members.add_member(session, act, name) for name in ("Ada Exemple", "Béa Exemple"))
        set_tariff(session, act, "adherent", Euros(1500), per=Per.YEAR, label="Cotisation", since=date(2026, 1, 1),
                   floor=Euros(500), solidarity=Euros(100))  # fmt: skip
        day = clock.today(act.at)
        charge(session, act, ada, Euros(2500), "déplacement")
        record_payment(session, act, ada, Euros(1000), date=day, means=Means.CASH)
        record_gift(session, act, ada, Euros(400), date=day, means=Means.CHEQUE)
        back = record_payment(session, act, ada, Euros(300), date=day, means=Means.TRANSFER)
        reverse(session, act, back, "de <b>quelqu'un</b> d'autre")
        for who in (ada, bea):
            links[str(who)] = accounts.sign_in_link(session, act, who)
        mandates.give(session, act, bea, Task.MANDATES_GIVE)
        hers = replace(act, actor=str(bea))
        for task in (Task.DUES_READ, Task.DUES_WRITE, Task.PAYMENTS_MATCH):
            mandates.give(session, hers, bea, task)
        for who, tasks in ((ada, ["own"]), (bea, [Task.DUES_READ, Task.DUES_WRITE, Task.PAYMENTS_MATCH])):
            deed = replace(act, actor=str(who))
            shown[str(who)] = tokens.create_token(session, deed, who, "essai", tasks, days=9)[1]
    url = store.engine.url.render_as_string(hide_password=False)
    app = create(Settings(var=tmp_path, database_url=url, name="Exemple Net"))
    app.state.now = lambda: act.at
    with TestClient(app, base_url=URL, follow_redirects=True) as client:
        yield Web(store, client, act, shown, links)


def test_the_page_says_what_i_owe_why_since_when_what_i_paid_and_how_to_pay(web: Web) -> None:
    web.sign_in("M0001")
    assert 'href="/dues"' in web.page("/")
    page = web.page()
    assert "Vous devez 15,00 € (déplacement)" in page
    assert reference_of(1) in page
    assert "déplacement <span" in page
    assert "22 nov. 2026" in page
    assert "sur 25,00 €" in page
    assert "annulé : de &lt;b&gt;quelqu&#39;un&lt;/b&gt; d&#39;autre" in page
    assert "don du 22 novembre 2026" in page
    assert "Un retard ne coupe jamais une ligne" in page
    assert "demandez-le à une personne bénévole" in page


def test_the_page_is_said_in_english_too(web: Web) -> None:
    web.sign_in("M0001")
    page = web.page("/dues?lang=en")
    assert "You owe €15.00 (déplacement)" in page
    assert "reversed: de &lt;b&gt;" in page
    assert "Choose from 1 Dec 2026 on" in page
    assert not re.search(r"\b(Vous|Montant|Reste)\b", page)


def test_where_the_association_has_an_account_its_iban_and_the_code_are_there(web: Web) -> None:
    with transaction(web.store) as session:
        session.add(BankAccount(name="banque", iban=IBAN, holder="Exemple Net", since=date(2020, 1, 1)))
    web.sign_in("M0001")
    page = web.page()
    assert "FR76 3000 6000 0112 3456 7890 189" in page
    assert "<svg" in page
    assert "demandez-le" not in page


def test_nobody_sees_anothers_dues(web: Web) -> None:
    assert "Connexion" in web.page()
    web.sign_in("M0002")
    page = web.page()
    assert "déplacement" not in page
    assert "Vous êtes à jour" in page


def test_a_member_chooses_their_amount_and_may_change_their_mind(web: Web) -> None:
    web.sign_in("M0001")
    assert web.send("/dues/choose", what="membership", way="other", amount="12,50").status_code == 200
    assert "À partir du 1er déc. 2026 : 12,50 €." in web.page()
    assert 'value="12,50"' in web.page()
    web.send("/dues/choose", what="membership", way="solidarity", amount="", solidarity="1.00")
    assert "À partir du 1er déc. 2026 : 1,00 €." in web.page()
    web.send("/dues/choose", what="membership", way="suggested", amount="")
    assert "À partir du" not in web.page()


@pytest.mark.parametrize(
    ("fields", "status", "words"),
    [
        ({"what": "membership", "way": "other", "amount": "3"}, 422, "on choisit à partir de 5,00 €"),
        ({"what": "membership", "way": "other", "amount": "beaucoup"}, 422, "n&#39;est pas un montant"),
        ({"what": "L0042", "way": "suggested"}, 404, "L0042"),
    ],
)
def test_an_amount_that_the_tariff_does_not_allow_is_refused(
    web: Web, fields: dict[str, str], status: int, words: str
) -> None:
    web.sign_in("M0001")
    answer = web.send("/dues/choose", **fields)
    assert (answer.status_code, words in answer.text.replace("\u00a0", " ")) == (status, True), answer.text


def test_a_form_of_another_site_chooses_nothing(web: Web) -> None:
    web.sign_in("M0001")
    fields = {"form_token": "0" * 64, "what": "membership", "way": "other", "amount": "12"}
    assert web.client.post("/dues/choose", data=fields, headers={"Origin": URL}).status_code == 403
    assert web.client.post("/dues/choose", data=fields, headers={"Origin": "https://x.example"}).status_code == 403
    web.client.cookies.clear()
    assert web.client.post("/dues/choose", data=fields, headers={"Origin": URL}).url.path == "/sign-in"


def test_one_reads_ones_own_account_and_chooses_over_rest(web: Web) -> None:
    mine = web.ask("M0001", "GET", "/me")
    assert (mine["balance_cents"], mine["choices"][0]["given_cents"]) == (-1500, 1500)
    chosen = web.ask("M0001", "POST", "/balances/M0001/choose", what="membership", cents=800)
    assert chosen == {"what": "membership", "cents": 800, "since": "2026-12-01"}
    assert web.ask("M0001", "GET", "/me")["choices"][0]["next_cents"] == 800
    assert web.ask("M0001", "GET", "/balances/M0001")["open"][0]["open_cents"] == 1500
    assert web.ask("M0001", "GET", "/dues/D0001")["settled"] == [{"number": "P0001", "cents": 1000}]
    web.ask("M0001", "GET", "/balances/M0002", 404)
    web.ask("M0001", "POST", "/balances/M0001/charge", 403, cents=100, label="x")
    web.ask("M0001", "POST", "/balances/M0002/choose", 404, what="membership", cents=800)


def test_whoever_looks_after_the_dues_does_it_over_rest(web: Web) -> None:
    (first, *_) = web.ask("M0002", "GET", "/balances")["items"]
    assert (first["member"], first["balance"], first["since"]) == ("M0001", -1500, "2026-11-22")
    assert web.ask("M0002", "GET", "/balances?late=true")["items"] == []
    assert web.ask("M0002", "POST", "/dues/issue", month="2026-11")["count"] == 2
    assert web.ask("M0002", "POST", "/dues/regularise", month="2026-11") == []
    web.ask("M0002", "POST", "/balances/M0001/pause", what="membership", since="2026-11-01", until="2026-12-01")
    (planned,) = web.ask("M0002", "POST", "/dues/regularise", month="2026-11")
    assert (planned["member"], planned["cents"]) == ("M0001", -1500)
    assert web.ask("M0002", "POST", "/dues/regularise", month="2026-11", reason="pause") == [planned]
    assert web.ask("M0002", "POST", "/dues/regularise", month="2026-11", reason="encore") == []
    corrected = web.ask("M0002", "POST", "/dues/D0001/correct", cents=-500, reason="geste")
    assert (corrected["net_cents"], corrected["open_cents"]) == (2000, 1000)
    paid = web.ask("M0002", "POST", "/payments", 201, member="M0001", cents=3000, means="helloasso")
    assert (paid["means"], paid["credit_cents"]) == ("helloasso", 2000)
    assert web.ask("M0002", "POST", f"/payments/{paid['number']}/reverse", reason="non")["reversed"] == "2026-11-22"
    given = web.ask("M0002", "POST", "/payments/gift", member="M0001", cents=500)
    assert given["settled"][0]["cents"] == 500
    assert [one["number"] for one in web.ask("M0002", "GET", "/dues?member=M0001&opened=true")["items"]] == ["D0001"]
    assert len(web.ask("M0002", "GET", "/payments?member=M0001&standing=true")["items"]) == 3
    web.ask("M0002", "POST", "/balances/M0001/refund", 409, cents=500)


def test_tariffs_are_open_to_every_member_and_set_by_who_may(web: Web) -> None:
    body: dict[str, Any] = {
        "of": "adherent",
        "cents": 1000,
        "per": "once",
        "asked": "entry",
        "floor_cents": 0,
        "since": "2026-12-01",
    }
    made = web.ask("M0002", "POST", "/tariffs/set", **body)
    assert made["name"] == "kind:adherent:entry:2026-12-01"
    assert web.ask("M0001", "GET", f"/tariffs/{made['name']}") == made
    names = [one["name"] for one in web.ask("M0001", "GET", "/tariffs")["items"]]
    assert names == ["kind:adherent:entry:2026-12-01", "kind:adherent:regular:2026-01-01"]
    web.ask("M0001", "POST", "/tariffs/set", 403, **body)
    web.ask("M0001", "GET", "/tariffs/kind:adherent:regular:2026-01-02", 404)


def test_an_unheard_of_month_or_amount_is_refused_in_one_sentence(web: Web) -> None:
    assert web.ask("M0002", "POST", "/dues/issue", 422, month="bientôt")["type"].endswith("bad-month")
    assert web.ask("M0002", "POST", "/dues/issue", 409, month="2027-01")["type"].endswith("month-not-begun")
    refused = web.ask("M0002", "POST", "/balances/M0001/charge", 422, cents=0, label="rien")
    assert refused["type"].endswith("bad-due-amount")


def test_a_member_sees_the_mandate_that_they_signed_and_of_its_account_the_last_digits(web: Web) -> None:
    web.sign_in("M0001")
    assert "prélèvement" not in web.page()
    with transaction(web.store) as session:
        ada = members.find_member(session, "M0001")
        debit_mandates.sign(session, replace(web.act, actor="M0002"), ada, IBAN, signed=clock.today(web.act.at))
    shown = web.page()
    assert "M0001-1" in shown
    assert "finit par 0189" in shown
    assert IBAN not in shown.replace(" ", "")
