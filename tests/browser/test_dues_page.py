"""« Mes dus » in a browser: what one owes is read on a phone, and an amount is chosen without JavaScript."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Page, expect

if TYPE_CHECKING:
    from tests.browser.conftest import Portal

pytestmark = pytest.mark.browser

Visit = Callable[..., Page]
CONTRAST = Path(__file__).with_name("contrast.js").read_text(encoding="utf-8")


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_the_page_fits_a_phone_and_is_read_in_both_themes(visit: Visit, portal: Portal, colours: str) -> None:
    page = visit("M0001", width=320, color_scheme=colours)
    page.goto(f"{portal.url}/dues")
    expect(page.get_by_role("heading", level=1)).to_have_text("Mes dus")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate(CONTRAST) == []


def test_the_home_leads_there_and_back(visit: Visit) -> None:
    page = visit("M0001")
    page.get_by_role("link", name="Mes dus").click()
    expect(page.locator("main")).to_contain_text("Vous devez")
    expect(page.get_by_role("heading", name="Ce qui reste à payer")).to_be_visible()
    page.get_by_role("link", name="accueil").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Bonjour Camille Exemple")


def test_an_amount_is_chosen_without_javascript(visit: Visit, portal: Portal) -> None:
    page = visit("M0004", java_script_enabled=False)
    page.goto(f"{portal.url}/dues")
    membership = page.get_by_role("article", name="Cotisation")
    membership.get_by_label("Combien d'euros").fill("12,50")
    membership.get_by_label("Un autre montant").check()
    membership.get_by_role("button").click()
    expect(page.get_by_role("article", name="Cotisation")).to_contain_text("12,50")
