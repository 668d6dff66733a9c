"""Papers in the portal and over REST: one's own, as PDF; nobody else's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from api.app import create
from api.portal.rendering import cookie_name
from billing.dues import charge
from billing.models import Means
from billing.payments import record_payment
from foundation import clock
from foundation.acts import Act
from foundation.database import Store, transaction
from foundation.money import Euros
from foundation.settings import Settings
from inventory import accounts, members

URL = "http://127.0.0.1:8642"
TODAY = clock.today(clock.now())


@pytest.fixture
def ada(store: Store, tmp_path: Path) -> Iterator[TestClient]:
    """A browser in which Ada (M0001) is signed in; P0001 is hers, P0002 Basile's."""
    act = Act("machine:test", clock.now(), "test")
    with transaction(store) as session:
        for name in ("Ada", "Basile"):
            member = members.add_member(session, act, name, email=f"{name.lower()}@membres.example")
            charge(session, act, member, Euros(2500), "visite")
            record_payment(session, act, member, Euros(1000), date=TODAY, means=Means.TRANSFER)
        link = accounts.sign_in_link(session, act, members.find_member(session, "M0001"))
    settings = Settings(var=tmp_path, database_url=str(store.engine.url.render_as_string(hide_password=False)))
    with transaction(store) as session:
        cookie = accounts.sign_in(session, link, clock.now())
    with TestClient(create(settings), base_url=URL, follow_redirects=False) as client:
        client.cookies.set(cookie_name(settings), cookie)
        yield client


@pytest.mark.parametrize(
    "path",
    [
        "/dues/statement.pdf",
        "/dues/receipts/P0001.pdf",
        f"/dues/years/{TODAY.year}.pdf",
        "/api/v1/payments/P0001/receipt",
        "/api/v1/balances/M0001/statement",
        f"/api/v1/balances/M0001/years/{TODAY.year}",
    ],
)
def test_ones_own_papers_are_there(ada: TestClient, path: str) -> None:
    got = ada.get(path)
    assert (got.status_code, got.headers["content-type"]) == (200, "application/pdf")
    assert got.content.startswith(b"%PDF-")
    assert "no-store" in got.headers["cache-control"]


@pytest.mark.parametrize(
    ("path", "status"),
    [("/dues/receipts/P0002.pdf", 404), ("/dues/receipts/P9999.pdf", 404), ("/dues/years/1970.pdf", 422),
     ("/api/v1/payments/P0002/receipt", 404), ("/api/v1/balances/M0002/statement", 404),
     ("/api/v1/balances/M0002/years/2026", 404), ("/api/v1/balances/M0001/years/1970", 422)],
)  # fmt: skip
def test_nobody_elses_are(ada: TestClient, path: str, status: int) -> None:
    got = ada.get(path)
    assert got.status_code == status
    assert b"%PDF" not in got.content


@pytest.mark.parametrize(
    "path", ["/dues/statement.pdf", "/dues/receipts/P0001.pdf", "/api/v1/balances/M0001/statement"]
)
def test_whoever_is_not_signed_in_gets_none(ada: TestClient, path: str) -> None:
    ada.cookies.clear()
    got = ada.get(path)
    assert got.status_code in (303, 401)
    assert b"%PDF" not in got.content


def test_the_page_of_dues_leads_to_them(ada: TestClient) -> None:
    page = ada.get("/dues").text
    for path in ("/dues/statement.pdf", "/dues/receipts/P0001.pdf", f"/dues/years/{TODAY.year}.pdf"):
        assert f'href="{path}"' in page
