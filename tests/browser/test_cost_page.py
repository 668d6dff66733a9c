"""The public page of the cost price in Debian's chromium: what should I give, in both languages, on a phone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Page, expect
from pydantic import TypeAdapter

from billing.cost.coverage import Cell
from billing.cost.sheet import CostReport, CostRow, OfferCost, Part
from billing.models import CostPage
from foundation import clock
from foundation.database import transaction
from foundation.speech import Phrase
from inventory.models.mandates import Rule

if TYPE_CHECKING:
    from tests.browser.conftest import Portal

pytestmark = pytest.mark.browser

CONTRAST = Path(__file__).with_name("contrast.js").read_text(encoding="utf-8")
REPORT = CostReport(
    period="2025",
    since=date(2025, 1, 1),
    until=date(2026, 1, 1),
    spent=1_234_567,
    left=0,
    given=1_000_000,
    covered=81,
    gifts=None,
    offers=(
        OfferCost(
            offer="vpn",
            title=Phrase("VPN", "VPN"),
            lines=75,
            spent=360_000,
            one=400,
            made_of=(Part("baie", "Baie au centre de données, électricité comprise", 300), Part("ip", "Transit", 100)),
            given=300_000,
            covered=83,
            mean=333,
            people=75,
            cells=(Cell(0, 1, 12), Cell(1, 500, 50), Cell(500, 1000, None), Cell(1000, 1500, None)),
            answer=Phrase("VPN : donner 4 € par mois couvre la vôtre.", "VPN: giving €4 a month covers yours."),
        ),
        OfferCost(
            offer=None,
            title=Phrase("Adhésion", "Membership"),
            lines=3,
            spent=4500,
            one=1500,
            made_of=(Part("assurance", "Assurance", 1500),),
            given=None,
            covered=None,
            mean=None,
            people=None,
            cells=(),
            answer=Phrase("Adhésion : elle coûte 15 € par an.", "Membership: it costs €15 a year."),
        ),
    ),
    costs=(CostRow("baie", "Baie au centre de données, électricité comprise", 1_234_567, (("vpn", 1_234_567),), 0),),
    notes=(),
)


@pytest.fixture
def published(portal: Portal) -> Iterator[str]:
    """The page's address, where it is open: rows as `essaim cost publish` and `essaim rule set` write them."""
    text = TypeAdapter(CostReport).dump_json(REPORT).decode()
    page = CostPage(since=REPORT.since, until=REPORT.until, text=text, at=clock.now())
    rule = Rule(name="costs.public", value="1")
    with transaction(portal.store) as session:
        session.add_all((page, rule))
    yield f"{portal.url}/combien"
    with transaction(portal.store) as session:
        for one in (page, rule):
            session.delete(session.merge(one))


def test_anyone_reads_what_to_give_on_a_phone_in_both_languages(visit: Callable[..., Page], published: str) -> None:
    page = visit(width=320)
    page.goto(published)
    expect(page.get_by_role("heading", level=1)).to_have_text("Combien donner ?")
    vpn = page.get_by_role("region", name="VPN")
    expect(vpn).to_contain_text("VPN : donner 4 € par mois couvre la vôtre.")
    expect(vpn).to_contain_text("Ce que donnent les membres en couvre 83 %. En moyenne, on donne 3,33 €.")
    vpn.get_by_text("De quoi c'est fait").click()
    expect(vpn.get_by_role("table").first).to_contain_text("Baie au centre de données")
    vpn.get_by_text("Qui donne combien").click()
    expect(vpn.get_by_role("row", name="de 5,00 € à moins de 10,00 €")).to_contain_text("non dit")
    expect(page.get_by_role("region", name="Adhésion")).to_contain_text("trop peu de personnes")
    for language, link in (("fr", "English"), ("en", "Français")):
        expect(page.locator("html")).to_have_attribute("lang", language)
        page.eval_on_selector_all("main details", "all => all.forEach(one => { one.open = true; })")
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, language
        assert page.evaluate(CONTRAST) == [], language
        levels = page.eval_on_selector_all("h1, h2, h3", "all => all.map(one => Number(one.tagName[1]))")
        assert all(after - before <= 1 for before, after in pairwise(levels))
        if language == "en":
            expect(page.get_by_role("region", name="VPN")).to_contain_text("What members give covers 83% of it.")
        page.get_by_role("link", name=link).click()
