"""Graphs as people meet them in the portal, with Debian's chromium: both languages, both themes, and a phone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pytest
from playwright.sync_api import Page, expect

from foundation import clock
from foundation.acts import Act
from foundation.database import transaction
from inventory import accounts, members

if TYPE_CHECKING:
    from tests.browser.conftest import Portal

pytestmark = pytest.mark.browser

Visit = Callable[..., Page]
VOLUNTEER = "M0004"
CONTRAST = Path(__file__).with_name("contrast.js").read_text(encoding="utf-8")
PIECES = "all => all.map(one => one.getAttribute('d').split('M').length - 1)"


@pytest.fixture
def sit(visit: Visit, portal: Portal) -> Visit:
    """A page of somebody who is signed in already: the portal's door lets twenty in a minute, and has its own tests."""

    def open_page(who: str, **options: object) -> Page:
        now = clock.now()
        with transaction(portal.store) as session:
            link = accounts.sign_in_link(session, Act(who, now), members.find_member(session, who))
            value = accounts.sign_in(session, link, now)
        name = f"essaim-{portal.url.rpartition(':')[2]}"
        cookie = {"name": name, "value": value, "url": portal.url}
        page = visit(**options)
        page.context.add_cookies([cookie])  # type: ignore[list-item]
        return page

    return open_page


def test_a_volunteer_sees_a_machine_drawn_in_words_and_as_figures_without_javascript(
    sit: Visit, portal: Portal
) -> None:
    page = sit(VOLUNTEER, java_script_enabled=False)
    page.goto(f"{portal.url}/machines/vpn1")
    traffic = page.get_by_role("figure", name="Trafic de eth0")
    expect(traffic).to_contain_text("Reçu : de 10\u00a0Mbit/s à 10\u00a0Mbit/s, 10\u00a0Mbit/s en moyenne")
    expect(traffic).to_contain_text("95e centile 1\u00a0Mbit/s")
    heat = page.get_by_role("figure", name="Température <b>inlet</b>")
    expect(heat).to_contain_text("21,4\u00a0°C")
    expect(heat.locator("b")).to_have_count(0)
    traffic.get_by_text("Les chiffres").click()
    expect(traffic.get_by_role("table")).to_contain_text("inconnu")
    expect(traffic.get_by_role("img")).to_have_accessible_description(
        "Reçu : de 10\u00a0Mbit/s à 10\u00a0Mbit/s, 10\u00a0Mbit/s en moyenne ; 95e centile 10\u00a0Mbit/s. "
        "Envoyé : de 1\u00a0Mbit/s à 1\u00a0Mbit/s, 1\u00a0Mbit/s en moyenne ; 95e centile 1\u00a0Mbit/s."
    )


def test_nothing_is_drawn_through_a_gap(sit: Visit, portal: Portal) -> None:
    page = sit(VOLUNTEER)
    page.goto(f"{portal.url}/machines/vpn1")
    lines = page.locator("svg.graph .mean").evaluate_all(PIECES)
    assert lines == [2, 2, 2]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_page_fits_a_phone_and_stands_out(
    sit: Visit, portal: Portal, language: str, theme: Literal["light", "dark"]
) -> None:
    page = sit(VOLUNTEER, width=320, color_scheme=theme)
    page.goto(f"{portal.url}/machines/vpn1?lang={language}")
    expect(page.locator("html")).to_have_attribute("lang", language)
    for summary in page.locator("summary").all():
        summary.click()
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    assert page.evaluate(CONTRAST) == []
    ink = page.locator("svg.graph .mean.one").first.evaluate("one => getComputedStyle(one).stroke")
    assert ink == ("rgb(31, 95, 168)" if theme == "light" else "rgb(138, 180, 248)")
    small = page.locator("svg.graph text").first.evaluate("one => one.getBoundingClientRect().height")
    assert small > 8


def test_a_graph_says_its_value_where_one_points_and_by_the_keyboard(sit: Visit, portal: Portal) -> None:
    page = sit(VOLUNTEER)
    faults: list[str] = []
    page.on("console", lambda said: faults.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda fault: faults.append(str(fault)))
    page.goto(f"{portal.url}/machines/vpn1")
    traffic = page.get_by_role("figure", name="Trafic de eth0")
    drawing, said = traffic.locator("svg.graph"), traffic.locator(".said")
    box = drawing.bounding_box()
    assert box is not None
    for share, words in ((0.6, "rien n'est connu"), (0.3, "reçu 10\u00a0Mbit/s, envoyé 1\u00a0Mbit/s")):
        page.mouse.move(box["x"] + box["width"] * share, box["y"] + box["height"] / 2)
        expect(said).to_contain_text(words)
    page.mouse.move(0, 0)
    expect(said).to_have_text("Lire une valeur du graphe")
    slider = traffic.get_by_role("slider", name="Lire une valeur du graphe")
    slider.focus()
    first = slider.get_attribute("aria-valuetext")
    page.keyboard.press("ArrowLeft")
    expect(slider).not_to_have_attribute("aria-valuetext", str(first))
    page.keyboard.press("Home")
    expect(said).to_contain_text("\u00a0: ")
    line = traffic.locator("path.cursor").get_attribute("d")
    assert line is not None
    assert line.startswith("M73")
    assert faults == []


def test_without_javascript_nothing_of_the_reader_is_there(sit: Visit, portal: Portal) -> None:
    page = sit(VOLUNTEER, java_script_enabled=False)
    page.goto(f"{portal.url}/machines/vpn1")
    expect(page.get_by_role("slider")).to_have_count(0)
    expect(page.locator(".reader").first).to_be_empty()


def test_a_longer_time_is_a_link_away(sit: Visit, portal: Portal) -> None:
    page = sit(VOLUNTEER, locale="en-GB")
    page.goto(f"{portal.url}/machines/vpn1?lang=en")
    page.get_by_role("link", name="a week").click()
    expect(page.locator("[aria-current=page]")).to_have_text("a week")
    expect(page.get_by_role("figure", name="Traffic of eth0")).to_contain_text("95th percentile 10\u00a0Mbit/s")


def test_who_looks_after_no_machine_sees_none(sit: Visit, portal: Portal) -> None:
    page = sit("M0001")
    for name in ("vpn1", "no-such-machine"):
        answer = page.goto(f"{portal.url}/machines/{name}")
        assert answer is not None
        assert answer.status == 403
        expect(page.locator("figure")).to_have_count(0)


def test_a_member_sees_their_own_connections_and_a_neighbour_does_not(sit: Visit, portal: Portal) -> None:
    page = sit("M0001", width=320)
    page.goto(f"{portal.url}/lines/L0001")
    section = page.get_by_role("region", name="Vos connexions")
    expect(section.get_by_role("figure")).to_contain_text("Reçu : de 22,7\u00a0kbit/s à 22,7\u00a0kbit/s")
    section.get_by_text("Vos connexions").last.click()
    expect(section.get_by_role("table").last).to_contain_text("1,2\u00a0Go")
    page.goto(f"{portal.url}/lines/L0002")
    expect(page.get_by_text("Aucune connexion ces sept derniers jours.")).to_be_visible()
    page = sit("M0002")
    page.goto(f"{portal.url}/lines/L0001")
    expect(page.get_by_role("figure")).to_have_count(0)


def test_the_holder_lets_their_line_be_measured_and_takes_it_back_without_javascript(
    sit: Visit, portal: Portal
) -> None:
    page = sit("M0001", java_script_enabled=False)
    page.goto(f"{portal.url}/lines/L0001")
    section = page.get_by_role("region", name="La qualité de votre ligne")
    expect(section).to_contain_text("c'est à vous de dire oui")
    section.get_by_role("button", name="Oui, mesurer ma ligne").click()
    expect(section).to_contain_text("Votre ligne est mesurée, avec votre accord")
    section.get_by_role("button", name="Ne plus la mesurer, et tout effacer").click()
    expect(section.get_by_role("button", name="Oui, mesurer ma ligne")).to_be_visible()
