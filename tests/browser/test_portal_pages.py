"""What a person sees and does in the portal, with Debian's chromium."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Page, expect

if TYPE_CHECKING:
    from tests.browser.conftest import Portal

pytestmark = pytest.mark.browser

Visit = Callable[..., Page]

CONTRAST = Path(__file__).with_name("contrast.js").read_text(encoding="utf-8")


def test_a_member_comes_in_by_link_and_sees_their_lines_in_french(visit: Visit) -> None:
    page = visit("M0001")
    expect(page.locator("html")).to_have_attribute("lang", "fr")
    expect(page.get_by_role("heading", level=1)).to_have_text("Bonjour Camille Exemple")
    adsl = page.get_by_role("article", name="L0001")
    expect(adsl).to_contain_text("en service")
    expect(adsl).to_contain_text("En service depuis 5 jours")
    expect(adsl).to_contain_text("192.0.2.0")
    expect(page.get_by_role("article", name="L0002")).to_contain_text("jamais vue connectée")
    page.get_by_text("Le détail").click()
    expect(page.get_by_role("table")).to_contain_text("En tout")


def test_one_click_changes_to_english_and_it_stays(visit: Visit, portal: Portal) -> None:
    page = visit("M0001")
    page.get_by_role("link", name="English").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Hello Camille Exemple")
    page.goto(portal.url)
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.get_by_role("article", name="L0001")).to_contain_text("In service for 5 days")


def test_whoever_reads_english_is_met_in_english(visit: Visit) -> None:
    page = visit("M0002")
    expect(page.get_by_role("heading", level=1)).to_have_text("Hello Dominique Exemple")


def test_a_neighbour_sees_the_shared_line_with_their_own_address_alone(visit: Visit) -> None:
    page = visit("M0002")
    expect(page.get_by_role("article", name="L0001")).to_contain_text("192.0.2.1")
    expect(page.locator("body")).not_to_contain_text("192.0.2.0")
    expect(page.locator("body")).not_to_contain_text("0199001234")
    expect(page.get_by_text("L0002")).to_have_count(0)


def test_a_link_that_served_opens_nothing_more(visit: Visit, portal: Portal) -> None:
    link = portal.link("M0001")
    page = visit()
    page.goto(link)
    page.get_by_role("button", name="Me connecter").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Bonjour Camille Exemple")
    page.context.clear_cookies()
    page.goto(link)
    page.get_by_role("button", name="Me connecter").click()
    expect(page.locator("main")).to_contain_text("Ce lien ne sert plus")


def test_signing_out_closes_the_door(visit: Visit, portal: Portal) -> None:
    page = visit("M0001")
    page.get_by_role("button", name="Me déconnecter").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Connexion")
    page.goto(portal.url)
    expect(page.get_by_role("heading", level=1)).to_have_text("Connexion")


def test_all_of_it_works_without_javascript(visit: Visit) -> None:
    page = visit("M0001", java_script_enabled=False)
    page.get_by_text("Le détail").click()
    expect(page.get_by_role("table")).to_be_visible()
    page.get_by_role("link", name="English").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Signing in")


def test_a_member_names_an_address_and_suggests_a_correction_and_sees_both(visit: Visit, portal: Portal) -> None:
    page = visit("M0001", width=320, java_script_enabled=False)
    page.get_by_role("article", name="L0003").get_by_role("link", name="Nommer ou corriger").click()
    page.get_by_label("Nom", exact=True).fill("serveur.camille.example")
    page.get_by_role("button", name="Enregistrer ce nom").click()
    expect(page.get_by_text("s'appelle serveur.camille.example")).to_be_visible()
    page.get_by_label("Adresse de la ligne").fill("12 rue de l'Exemple")
    page.get_by_label("Un mot d'explication").fill("baie du fond")
    page.get_by_role("button", name="Envoyer la suggestion").click()
    waiting = page.get_by_role("article", name="corriger une ligne")
    expect(waiting).to_contain_text("en attente")
    expect(waiting).to_contain_text("12 rue de l'Exemple")
    page.get_by_role("link", name="English").click()
    expect(page.get_by_role("article", name="correct a line")).to_contain_text("waiting")
    page.get_by_role("button", name="Take G0001 back").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Hello Camille Exemple")
    page.goto(f"{portal.url}/lines/L0003")
    expect(page.get_by_role("article", name="correct a line")).to_contain_text("refused")


def test_the_page_of_a_line_fits_a_phone_and_stands_out_in_both_themes(visit: Visit, portal: Portal) -> None:
    for theme in ("light", "dark"):
        page = visit("M0001", width=320, color_scheme=theme)
        page.goto(f"{portal.url}/lines/L0001")
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
        assert page.evaluate(CONTRAST) == []
        levels = page.eval_on_selector_all("h1, h2, h3, h4", "all => all.map(one => Number(one.tagName[1]))")
        assert all(after - before <= 1 for before, after in pairwise(levels))


@pytest.mark.parametrize("who", [None, "M0001", "M0003"])
@pytest.mark.parametrize("language", ["fr", "en"])
def test_nothing_overflows_on_the_narrowest_phone(visit: Visit, who: str | None, language: str) -> None:
    page = visit(who, width=320)
    page.goto(f"{page.url}?lang={language}")
    for fold in page.locator("summary").all():
        fold.click()
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_text_stands_out_in_both_themes(visit: Visit, portal: Portal, theme: str) -> None:
    page = visit("M0001", color_scheme=theme)
    for fold in page.locator("summary").all():
        fold.click()
    assert page.evaluate(CONTRAST) == []
    for path in ("/sign-in", "/nothing", "/s/" + "x" * 43):
        page.goto(portal.url + path)
        assert page.evaluate(CONTRAST) == []


def test_the_keyboard_goes_everywhere_and_shows_where_it_is(visit: Visit) -> None:
    page = visit("M0001")
    names = []
    for _ in range(11):
        page.keyboard.press("Tab")
        names.append(page.evaluate("document.activeElement.textContent.trim()"))
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
    assert names == [
        "Aller au contenu", "Exemple Net", "English", "Me déconnecter",
        *["Pourquoi ça ne marche pas\u00a0?", "Nommer ou corriger"] * 3, "Le détail",
    ]  # fmt: skip


def test_headings_come_in_order(visit: Visit) -> None:
    page = visit("M0001")
    levels = page.eval_on_selector_all("h1, h2, h3, h4", "all => all.map(one => Number(one.tagName[1]))")
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_the_browser_finds_nothing_to_refuse_and_asks_nobody_else(visit: Visit, portal: Portal) -> None:
    page = visit()
    complaints: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(portal.link("M0001"))
    page.locator("main button").click()
    page.wait_for_url(f"{portal.url}/")
    page.wait_for_load_state("networkidle")
    assert complaints == []
    assert asked
    assert all(url.startswith(portal.url) for url in asked)
