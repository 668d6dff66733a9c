"""Costs, from the terminal to the public page: what a line costs, who had it, what meters told, what is not told."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from api.app import create
from billing.cost import expenses as costs
from billing.cost import pages as cost_pages
from billing.cost.expenses import BadCost, BadPart, CostEnded, CostExists, NoSuchCost, Price
from billing.cost.pages import CostsNotOver, CostsOverlap, publish_costs
from billing.cost.sheet import CostReport, OfferCost
from billing.dues import correct, issue
from billing.models import CostKind, CostPage, Due, Per, SharingKey
from billing.tariffs import set_tariff
from desk import cost_report
from desk.cost_report import CostsNotBegun
from foundation import clock
from foundation.acts import Act
from foundation.clock import BadMonth, Month
from foundation.database import Store, reading, transaction
from foundation.money import Euros
from foundation.settings import Settings, read_settings
from foundation.vault import Vault
from inventory import devices, hosting, lines, members, offers, places, power, rules
from inventory.device_facts import Facts
from inventory.lines import Ordering
from inventory.models.lines import LineState, Offer, Technology
from inventory.models.people import Member
from inventory.names import TooEarly
from inventory.offers import NoSuchOffer
from inventory.served import memberships, served
from monitoring.embedded import open_series
from monitoring.series import Heard, Measure

OCTOBER, NOVEMBER = Month(2026, 10), Month(2026, 11)
NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
JANUARY = date(2026, 1, 1)
_KEYS = count(1)


def on(month: int, day: int) -> Act:
    return Act("machine:test", datetime(2026, month, day, 12, tzinfo=UTC), "test")


@pytest.fixture
def vpn(session: Session) -> Offer:
    """A tunnel at 7,00 € a month."""
    offer = offers.add_offer(session, on(1, 1), "vpn", "VPN", Technology.WIREGUARD, "tunnel", mtu=1420)
    set_tariff(session, on(1, 1), offer, Euros(700), per=Per.MONTH, label="VPN", since=JANUARY)
    return offer


def has(session: Session, offer: Offer, name: str, act: Act) -> tuple[Member, str]:
    """A new member, with a line of theirs from that day on."""
    member = members.add_member(session, act, name)
    key = base64.b64encode(next(_KEYS).to_bytes(32, "big")).decode()
    return member, str(lines.order_line(session, act, member, offer, Ordering(public_key=key)))


def note(session: Session, name: str, cents: int, **said: Any) -> None:
    kind = said.pop("kind", CostKind.RECURRING)
    known = {"since": JANUARY, **said}
    costs.add_cost(session, on(1, 1), name, kind, Price(cents=Euros(cents)), **known)


def told(session: Session, month: str = "2026-11", year: str = "", settings: Settings | None = None) -> CostReport:
    settings = settings or read_settings()

    def unneeded() -> Any:
        raise AssertionError("nothing is measured here")

    return cost_report.report(session, unneeded, settings, cost_report.asked("" if year else month, year, NOW), NOW)


def of(report: CostReport, offer: str | None) -> OfferCost:
    return next(one for one in report.offers if one.offer == offer)


def test_a_new_price_ends_the_former_one_and_both_are_kept(session: Session, vpn: Offer) -> None:
    note(session, "transit", 30000, kind=CostKind.TRANSIT, label="Transit")
    note(session, "transit", 20000, kind=CostKind.TRANSIT, label="Transit", since=date(2026, 11, 16))
    seen = [(one.cents, one.since, one.until) for one in costs.list_costs(session)]
    assert seen == [(30000, JANUARY, date(2026, 11, 16)), (20000, date(2026, 11, 16), None)]
    assert [one.cents for one in costs.list_costs(session, on=date(2026, 11, 15))] == [30000]
    has(session, vpn, "Ada", on(1, 1))
    assert told(session).spent == 15000 + 10000


def test_a_cost_that_ends_stops_and_one_taken_back_never_was(session: Session, vpn: Offer) -> None:
    has(session, vpn, "Ada", on(1, 1))
    note(session, "baie", 30000)
    costs.end_cost(session, on(11, 4), "baie")
    assert told(session).spent == 3000
    with pytest.raises(CostEnded):
        costs.end_cost(session, on(11, 5), "baie")
    note(session, "erreur", 999)
    with pytest.raises(TooEarly):
        costs.end_cost(session, on(1, 1), "erreur", on=date(2025, 12, 31))
    costs.end_cost(session, on(1, 1), "erreur", on=JANUARY)
    with pytest.raises(NoSuchCost):
        costs.find_cost(session, "erreur")
    note(session, "erreur", 900)
    assert told(session).spent == 3900


def test_a_machine_ends_by_itself_and_gives_way_to_no_other(session: Session, vpn: Offer) -> None:
    has(session, vpn, "Ada", on(1, 1))
    price = Price(cents=Euros(120000), months=10)
    made = costs.add_cost(session, on(1, 10), "routeur", CostKind.MACHINE, price)
    assert made.until == date(2026, 11, 10)
    with pytest.raises(CostExists):
        note(session, "routeur", 5, since=date(2026, 6, 1))
    assert told(session, year="2026").spent == 120000
    assert [one.since for one in costs.list_costs(session, on=date(2026, 11, 10))] == []


@pytest.mark.parametrize(
    ("kind", "price", "more"),
    [
        (CostKind.RECURRING, Price(), {}),
        (CostKind.RECURRING, Price(cents=Euros(0)), {}),
        (CostKind.RECURRING, Price(cents=Euros(5), months=3), {}),
        (CostKind.RECURRING, Price(cents=Euros(5), feed="cave/A"), {}),
        (CostKind.MACHINE, Price(cents=Euros(5)), {}),
        (CostKind.ELECTRICITY, Price(cents=Euros(5)), {}),
        (CostKind.ELECTRICITY, Price(micros=5, watthours=0), {}),
        (CostKind.WHOLESALE, Price(cents=Euros(5)), {}),
        (CostKind.WHOLESALE, Price(cents=Euros(5)), {"to": ["membership"]}),
        (CostKind.RECURRING, Price(cents=Euros(5)), {"key": SharingKey.PARTS}),
        (CostKind.RECURRING, Price(cents=Euros(5)), {"to": ["membership=2"]}),
        (CostKind.RECURRING, Price(cents=Euros(5)), {"key": SharingKey.MEMBERSHIP, "to": ["vpn"]}),
        (CostKind.RECURRING, Price(cents=Euros(5)), {"to": ["vpn", "vpn=2"]}),
    ],
)
def test_what_no_such_cost_can_be_is_refused(
    session: Session, vpn: Offer, kind: CostKind, price: Price, more: dict[str, Any]
) -> None:
    del vpn
    with pytest.raises(BadCost):
        costs.add_cost(session, on(1, 1), "essai", kind, price, **more)
    assert costs.list_costs(session) == []


@pytest.mark.parametrize("text", ["=2", "vpn=0", "vpn=x", "vpn=1.2345", "vpn=-1", "vpn=1e3", "vpn="])
def test_a_part_is_a_number_of_an_offer(session: Session, vpn: Offer, text: str) -> None:
    del vpn
    with pytest.raises(BadPart):
        costs.add_cost(session, on(1, 1), "essai", CostKind.RECURRING, Price(cents=Euros(5)), to=[text])
    with pytest.raises(NoSuchOffer):
        costs.add_cost(session, on(1, 1), "essai", CostKind.RECURRING, Price(cents=Euros(5)), to=["dsl=2"])


def test_a_price_per_kwh_is_read_to_the_millionth() -> None:
    assert [costs.micros(text) for text in ("0.2276", "0,2276", "1", "0.000001")] == [227600, 227600, 1_000_000, 1]
    for text in ("0", "-1", "0.0000001", "", "1e-2", "12 €", "101"):
        with pytest.raises(BadCost):
            costs.micros(text)


def test_days_in_service_are_as_dues_have_them_each_neighbour_by_their_part(session: Session) -> None:
    adsl = offers.add_offer(session, on(1, 1), "adsl", "ADSL", Technology.ADSL, "l2tp", mtu=1456)
    ada, bob = (members.add_member(session, on(1, 1), name) for name in ("Ada", "Bob"))
    line = lines.order_line(session, on(10, 1), ada, adsl, Ordering(nd="0199001234"))
    lines.move(session, on(10, 2), line, LineState.ORDERED)
    lines.move(session, on(11, 11), line, LineState.DELIVERED)
    assert served(session, OCTOBER) == []
    lines.add_share(session, on(11, 21), line, bob, adsl)
    had = {one.member: one for one in served(session, NOVEMBER)}
    assert [had[str(who)].days for who in (ada, bob)] == [10 + 5, 5]
    assert (had[str(ada)].present.bit_count(), had[str(bob)].present.bit_count()) == (20, 10)
    assert {one.line for one in had.values()} == {str(line)}
    assert memberships(session, Month(2025, 12)) == {}
    assert {bits.bit_count() for bits in memberships(session, NOVEMBER).values()} == {30}


def test_what_is_given_is_what_was_issued_net_of_corrections(session: Session, vpn: Offer) -> None:
    for rank in range(6):
        has(session, vpn, f"Membre {rank}", on(10, 1))
    note(session, "baie", 6000)
    issue(session, on(11, 1), NOVEMBER)
    due = session.scalars(select(Due).order_by(Due.number)).first()
    assert due is not None
    correct(session, on(11, 2), due, Euros(-100), "geste")
    one = of(told(session), "vpn")
    assert (one.one, one.given, one.covered, one.mean, one.people) == (1000, 6 * 700 - 100, 68, 683, 6)
    assert of(told(session, "2026-10"), "vpn").given == 0


def test_the_months_of_a_year_add_up_to_it(session: Session, vpn: Offer) -> None:
    for rank in range(5):
        has(session, vpn, f"Membre {rank}", on(3 + rank, 7))
    note(session, "baie", 10001, key=SharingKey.MEMBERS)
    note(session, "assurance", 9999, key=SharingKey.MEMBERSHIP)
    for number in range(1, 12):
        issue(session, on(number, 2), Month(2026, number))
    year, months = told(session, year="2026"), [told(session, f"2026-{number:02d}") for number in range(1, 13)]
    assert year.spent == sum(month.spent for month in months) == 12 * 20000
    assert year.left == sum(month.left for month in months) == 2 * 10001, "nobody had a line before March"
    assert of(year, "vpn").given == session.scalar(select(func.sum(Due.cents)))
    assert all(of(month, "vpn").given is None for month in months[2:6]), "fewer than five had one"


def test_a_time_that_has_not_begun_has_no_cost() -> None:
    assert cost_report.asked("", "", NOW).months == (Month(2026, 12),)
    assert len(cost_report.asked("", "2026", NOW).months) == 12
    assert len(cost_report.asked("", "2026", NOW - timedelta(days=40)).months) == 10
    for month, year in (("2027-01", ""), ("", "2027")):
        with pytest.raises(CostsNotBegun):
            cost_report.asked(month, year, NOW)
    for month, year in (("2026-13", ""), ("", "26"), ("2026-01", "2026"), ("", "1999")):
        with pytest.raises(BadMonth):
            cost_report.asked(month, year, NOW)


@dataclass
class Cellar:
    """A room with a feed of 100 W, of which a member's machine, behind outlet 1, takes 60."""

    store: Store
    settings: Settings

    def told(self) -> CostReport:
        with reading(self.store) as session, closing(open_series(self.settings)) as series:
            return cost_report.report(
                session, lambda: series, self.settings, cost_report.asked("2026-11", "", NOW), NOW
            )


@pytest.fixture
def cellar(store: Store, tmp_path: Path) -> Cellar:
    settings = read_settings(var=tmp_path)
    if not settings.vault_key.exists():
        Vault.create(settings.vault_key)
    act = on(1, 1)
    with transaction(store) as session:
        site = places.add_site(session, act, "cave")
        feed = power.add_feed(session, act, site, "A", since=JANUARY)
        pdu = devices.add_device(session, act, "pdu1", role="pdu", platform="apc", site=site, since=JANUARY)
        power.add_outlets(session, act, pdu, ["1"])
        power.plug_in(session, act, pdu, feed, since=JANUARY)
        hosted = offers.add_offer(session, act, "coloc", "Hébergement", Technology.COLOCATION)
        offers.add_offer(session, act, "vpn", "VPN", Technology.WIREGUARD)
        ada = members.add_member(session, act, "Ada")
        tour = hosting.host(session, act, site, "tour", ada, Facts(watts=60), since=JANUARY)
        power.plug_in(session, act, tour, power.find_outlet(session, "pdu1/1"), since=JANUARY)
        line = lines.order_line(session, act, ada, hosted, Ordering())
        for state in (LineState.ORDERED, LineState.DELIVERED):
            lines.move(session, act, line, state)
    begin = clock.midnight(NOVEMBER.first)
    with closing(open_series(settings)) as series:
        series.append(
            Heard(
                "pdu1",
                begin + timedelta(hours=hour),
                (
                    Measure("inletEnergy", "1", "watthours", 5000 + hour * 100),
                    Measure("outletEnergy", "1", "watthours", 900 + hour * 60),
                ),
            )
            for hour in range(-24, 31 * 24 + 1, 24)
        )
        series.pack(NOW)
    return Cellar(store, settings)


def test_kwh_are_those_of_the_meters_and_shared_by_what_machines_used(cellar: Cellar) -> None:
    price = Price(micros=250_000, feed="cave/A")
    with transaction(cellar.store) as session:
        costs.add_cost(session, on(1, 1), "edf", CostKind.ELECTRICITY, price, key=SharingKey.WATTS, since=JANUARY)
    found = cellar.told()
    assert found.spent == pytest.approx(720 * 100 // 1000 * 25, abs=3), "72 kWh at 0,25 €"
    assert of(found, "coloc").spent == found.spent
    assert [one.offer for one in found.offers] == ["coloc", None]


def test_where_nothing_measured_it_is_said(cellar: Cellar) -> None:
    with transaction(cellar.store) as session:
        costs.add_cost(session, on(1, 1), "edf", CostKind.ELECTRICITY, Price(micros=250_000), since=JANUARY)
        costs.add_cost(
            session, on(1, 1), "ailleurs", CostKind.ELECTRICITY, Price(micros=200_000, watthours=300_000), since=JANUARY
        )
    (cellar.settings.var / "series.sqlite").unlink()
    found = cellar.told()
    assert found.spent == 6000
    assert any("edf : aucun kWh mesuré en 2026-11" in each.say("fr") for each in found.notes)


@pytest.fixture
def site(store: Store, tmp_path: Path) -> Iterator[TestClient]:
    """A portal of six members who have a VPN, and of one of another offer, in an association that paid for a rack."""
    with transaction(store) as session:
        many = offers.add_offer(session, on(1, 1), "vpn", "VPN", Technology.WIREGUARD, "tunnel", mtu=1420)
        set_tariff(session, on(1, 1), many, Euros(700), per=Per.MONTH, label="VPN", since=JANUARY)
        few = offers.add_offer(session, on(1, 1), "rare", "Rare {et} cher", Technology.WIREGUARD, "tunnel", mtu=1420)
        set_tariff(session, on(1, 1), few, Euros(4321), per=Per.MONTH, label="Rare", since=JANUARY)
        for rank in range(6):
            has(session, many, f"Sacha {rank}", on(1, 1))
        has(session, few, "Unique Exemple", on(1, 1))
        note(session, "baie", 7000, label="Baie & <électricité>")
        for month in (9, 10, 11):
            issue(session, on(month, 2), Month(2026, month))
    app = create(Settings(var=tmp_path, name="Exemple", database_url=store.engine.url.render_as_string(False)))
    with TestClient(app, base_url="http://127.0.0.1:8642", follow_redirects=False) as client:
        yield client


def published(store: Store, month: str = "2026-10") -> None:
    with transaction(store) as session:
        publish_costs(session, replace(on(11, 3), at=NOW), told(session, month))


def opened(store: Store, value: str = "1") -> None:
    with transaction(store) as session:
        rules.set_rule(session, on(1, 1), cost_pages.RULE, value)


def test_the_page_is_there_only_where_the_association_opened_it(site: TestClient, store: Store) -> None:
    assert site.get("/combien").status_code == site.get("/combien.json").status_code == 404
    published(store)
    assert site.get("/combien").status_code == 404
    opened(store)
    page = site.get("/combien")
    assert page.status_code == 200
    assert page.headers["cache-control"] == "public, max-age=300"
    assert "une ligne coûte 10,00" in page.text
    assert "Baie &amp; &lt;électricité&gt;" in page.text
    assert "octobre 2026" in page.text
    assert "a line costs €10.00 a month" in site.get("/combien?lang=en").text
    opened(store, "0")
    assert site.get("/combien").status_code == 404


def test_nothing_there_is_about_one_person(site: TestClient, store: Store) -> None:
    published(store)
    opened(store)
    page, plain = site.get("/combien").text, site.get("/combien.json")
    assert plain.headers["access-control-allow-origin"] == "*"
    for text in (page, plain.text):
        for secret in ("Unique", "Sacha", "M0007", "L0007", "4321", "43,21", "42,00"):
            assert secret not in text, secret
    found = {one["offer"]: one for one in plain.json()["offers"]}
    assert (found["rare"]["given"], found["rare"]["people"], found["rare"]["cells"]) == (None, None, [])
    assert found["vpn"]["given"] is None, "with the total it would give the other away"
    assert found["vpn"]["cells"] == [{"low": 500, "high": 1000, "people": 6}]
    assert found["vpn"]["answer"]["en"].startswith("VPN: a line costs")
    assert found["rare"]["title"] == {"fr": "Rare {et} cher", "en": "Rare {et} cher"}
    assert "Rare {et} cher : une ligne coûte 10,00" in page.replace("\u00a0", " ")


def test_what_was_published_stays_as_it_was(site: TestClient, store: Store) -> None:
    published(store)
    opened(store)
    before = site.get("/combien.json").json()
    with transaction(store) as session:
        note(session, "oubli", 5000)
    assert site.get("/combien.json").json() == before
    published(store)
    assert site.get("/combien.json").json()["spent"] == 12000
    with reading(store) as session:
        assert len(session.scalars(select(CostPage)).all()) == 1


def test_no_part_of_what_is_public_is_published_beside_it(site: TestClient, store: Store) -> None:
    del site
    published(store)
    published(store, "2026-11")
    with transaction(store) as session:
        act = replace(on(11, 3), at=datetime(2027, 1, 2, tzinfo=UTC))
        whole = told(session, year="2026")
        with pytest.raises(CostsNotOver):
            publish_costs(session, replace(act, at=NOW), told(session, "2026-12"))
        with pytest.raises(CostsNotOver):
            publish_costs(session, replace(act, at=NOW), whole)
        with pytest.raises(CostsOverlap):
            publish_costs(session, act, whole)


def test_the_terminal_notes_reports_and_publishes_in_both_languages(small: Any) -> None:
    small("offer", "add", "vpn", "--title", "VPN", "--technology", "wireguard")
    assert "essaim cost add" in small("cost", "list").out
    assert "Aucun coût en 2026-10" in small("cost", "report", "--month", "2026-10").out
    small(
        "cost",
        "add",
        "transit",
        "350",
        "--kind",
        "transit",
        "--to",
        "vpn=2.5",
        "--key",
        "rate",
        "--since",
        "2026-01-01",
    )
    edf = (
        "cost",
        "add",
        "edf",
        "--kind",
        "electricity",
        "--kwh-price",
        "0,2276",
        "--kwh",
        "300",
        "--since",
        "2026-01-01",
    )
    assert json.loads(small(*edf, "--json").out)["micros"] == 227600
    listed = small("cost", "list").out
    for words in ("0,2276 €/kWh", "350,00\u00a0€ par mois", "par Mbit/s (vpn=2.5)"):
        assert words in listed
    assert "0.2276 €/kWh" in small("cost", "list", lang="en").out
    report = small("cost", "report", "--month", "2026-10", lang="en").out
    assert "2026-10: €418.28 spent" in report
    assert "▲ transit: €350.00 fall to nobody" in report
    assert json.loads(small("cost", "report", "--year", "2026", "--json").out)["period"] == "2026"
    assert "essaim rule set costs.public 1" in small("cost", "publish", "--month", "2026-10").out
    small("rule", "set", "costs.public", "1")
    assert "/combien" in small("cost", "publish", "--month", "2026-10").out
    assert "à partir du" in small("cost", "end", "transit", "--on", "2026-11-01").out
    deeds = small("journal", "show").out
    assert all(words in deeds for words in ("coût : ajout", "coût : publication", "coût : fin"))


def test_the_terminal_refuses_in_one_sentence(small: Any) -> None:
    assert "350 ou 12,50" in small("cost", "add", "transit", "douze", status=1).err
    assert "recurring, transit" in small("cost", "add", "transit", "12", "--kind", "loyer", status=1).err
    assert "Pas de coût nommé" in small("cost", "end", "transit", status=3).err
    assert (
        "Pas d'arrivée"
        in small("cost", "add", "edf", "--kind", "electricity", "--kwh-price", "0.2", "--feed", "cave/A", status=3).err
    )
    assert "n'a pas commencé" in small("cost", "report", "--year", "2999", status=1).err
