"""Graphs as people meet them in the portal, with Debian's chromium: both languages, both themes, and a phone."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pytest
from playwright.sync_api import Locator, Page, expect

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
INKS, DARK_INKS = (31, 95, 168), (138, 180, 248)
RECEIVED = INKS
MARKED = """(figure, [share, ...ink]) => {
  // Whether the canvas has a mark of that colour in the column of pixels that far from the left of what is plotted.
  const canvas = figure.querySelector("canvas"), over = figure.querySelector(".u-over");
  const pixel = canvas.width / canvas.getBoundingClientRect().width;
  const left = over.getBoundingClientRect().left - canvas.getBoundingClientRect().left;
  const x = Math.round((left + over.clientWidth * share) * pixel);
  const { data } = canvas.getContext("2d").getImageData(x, 0, 6, over.clientHeight * pixel);
  let marks = 0;
  for (let at = 0; at < data.length; at += 4)
    if (data[at + 3] > 200 && ink.every((one, rank) => Math.abs(data[at + rank] - one) < 12)) marks += 1;
  return marks >= 6;
}"""
"""A line through all six columns of pixels; of the dotted one of the percentile there are two or fewer."""
WRITES = """
window.written = [];
const fill = CanvasRenderingContext2D.prototype.fillText;
CanvasRenderingContext2D.prototype.fillText = function (words, ...place) {
  window.written.push(words);
  return fill.call(this, words, ...place);
};
"""
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


def watched(page: Page) -> tuple[Page, list[str]]:
    """A page, and what its console says is wrong: what the page's policy forbids among it."""
    faults: list[str] = []
    page.on("console", lambda said: faults.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda fault: faults.append(str(fault)))
    return page, faults


def reach(slider: Locator) -> tuple[int, int]:
    """The first and the last column that a slider goes to."""
    return int(slider.get_attribute("min") or -1), int(slider.get_attribute("max") or -1)


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


def test_nothing_is_drawn_through_a_gap_whoever_draws(sit: Visit, portal: Portal) -> None:
    page = sit(VOLUNTEER)
    page.goto(f"{portal.url}/machines/vpn1")
    assert page.locator("svg.graph .mean").evaluate_all(PIECES) == [2, 2, 2]
    traffic = page.get_by_role("figure", name="Trafic de eth0")
    expect(traffic.locator(".u-over")).to_be_visible()
    drawn, gap, after = (traffic.evaluate(MARKED, [share, *RECEIVED]) for share in (0.3, 0.545, 0.8))
    assert drawn
    assert after
    assert not gap


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
    inks = INKS if theme == "light" else DARK_INKS
    first = page.get_by_role("figure").first
    assert first.evaluate(MARKED, [0.3, *inks])
    sent = page.locator("svg.graph .mean.one").first.evaluate("one => getComputedStyle(one).stroke")
    assert sent == f"rgb({', '.join(map(str, inks))})"


def test_without_javascript_the_drawing_that_was_sent_fits_a_phone_and_nothing_of_the_script_is_there(
    sit: Visit, portal: Portal
) -> None:
    page = sit(VOLUNTEER, width=320, java_script_enabled=False)
    page.goto(f"{portal.url}/machines/vpn1")
    expect(page.get_by_role("slider")).to_have_count(0)
    expect(page.locator(".reader").first).to_be_empty()
    expect(page.locator("svg.graph").first).to_be_visible()
    small = page.locator("svg.graph text").first.bounding_box()
    assert small is not None
    assert small["height"] > 8


def test_a_graph_says_its_value_where_one_points_and_by_the_keyboard(sit: Visit, portal: Portal) -> None:
    page, faults = watched(sit(VOLUNTEER))
    page.goto(f"{portal.url}/machines/vpn1")
    traffic = page.get_by_role("figure", name="Trafic de eth0")
    said = traffic.locator(".said")
    box = traffic.locator(".u-over").bounding_box()
    assert box is not None
    for share, words in ((0.545, "rien n'est connu"), (0.3, "reçu 10\u00a0Mbit/s, envoyé 1\u00a0Mbit/s")):
        page.mouse.move(box["x"] + box["width"] * share, box["y"] + box["height"] / 2)
        expect(said).to_contain_text(words)
    page.mouse.move(0, 0)
    expect(said).to_have_text("Lire une valeur du graphe")
    slider = traffic.get_by_role("slider", name="Lire une valeur du graphe")
    slider.focus()
    last = slider.get_attribute("aria-valuetext")
    page.keyboard.press("ArrowLeft")
    expect(slider).not_to_have_attribute("aria-valuetext", str(last))
    page.keyboard.press("Home")
    expect(said).to_contain_text("\u00a0: ")
    cursor = traffic.locator(".u-cursor-x").bounding_box()
    assert cursor is not None
    assert cursor["x"] - box["x"] < 10, "at the left edge"
    assert faults == []


def test_a_graph_comes_closer_by_dragging_and_goes_back_by_a_double_click(sit: Visit, portal: Portal) -> None:
    page, faults = watched(sit(VOLUNTEER))
    page.goto(f"{portal.url}/machines/vpn1")
    traffic = page.get_by_role("figure", name="Trafic de eth0")
    slider, back = traffic.get_by_role("slider"), traffic.get_by_role("button", name="Tout voir")
    whole = reach(slider)
    expect(back).to_be_hidden()
    box = traffic.locator(".u-over").bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * 0.25, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.5, middle, steps=4)
    page.mouse.up()
    expect(back).to_be_visible()
    first, last = reach(slider)
    assert whole[1] * 0.2 < first < last < whole[1] * 0.55
    page.mouse.dblclick(box["x"] + box["width"] / 2, middle)
    expect(back).to_be_hidden()
    assert reach(slider) == whole
    assert faults == []


def test_whoever_does_not_drag_comes_closer_by_a_button_or_a_key(sit: Visit, portal: Portal) -> None:
    page = sit(VOLUNTEER, width=320)
    page.goto(f"{portal.url}/machines/vpn1")
    traffic = page.get_by_role("figure", name="Trafic de eth0")
    slider, back = traffic.get_by_role("slider"), traffic.get_by_role("button", name="Tout voir Trafic de eth0")
    first, last = whole = reach(slider)
    traffic.get_by_role("button", name="Agrandir Trafic de eth0").click()
    closer = reach(slider)
    assert closer[1] - closer[0] <= (last - first) / 2 + 1
    assert closer[1] == last, "around the latest value"
    back.click()
    assert reach(slider) == whole
    slider.press("+")
    slider.press("+")
    assert reach(slider)[1] - reach(slider)[0] <= (last - first) / 4 + 1
    for _ in range(12):
        slider.press("+")
    assert reach(slider)[1] - reach(slider)[0] >= 2, "some columns are left"
    slider.press("Escape")
    assert reach(slider) == whole


def test_a_graph_that_is_drawn_here_tells_a_screen_reader_what_the_one_that_was_sent_does(
    sit: Visit, portal: Portal
) -> None:
    page = sit(VOLUNTEER)
    page.goto(f"{portal.url}/machines/vpn1")
    traffic = page.get_by_role("figure", name="Trafic de eth0")
    expect(traffic.get_by_role("img")).to_have_count(1)
    expect(traffic.get_by_role("img")).to_have_accessible_name(re.compile("Trafic de eth0, du "))
    expect(traffic.get_by_role("img")).to_have_accessible_description(
        "Reçu : de 10\u00a0Mbit/s à 10\u00a0Mbit/s, 10\u00a0Mbit/s en moyenne ; 95e centile 10\u00a0Mbit/s. "
        "Envoyé : de 1\u00a0Mbit/s à 1\u00a0Mbit/s, 1\u00a0Mbit/s en moyenne ; 95e centile 1\u00a0Mbit/s."
    )
    expect(traffic.locator("svg.graph")).to_be_hidden()
    expect(traffic.get_by_text("Les chiffres")).to_be_visible()


def test_the_colours_turn_with_the_theme_and_the_width_with_the_window_and_nothing_moves_by_itself(
    sit: Visit, portal: Portal
) -> None:
    page = sit(VOLUNTEER, reduced_motion="reduce", color_scheme="light")
    page.goto(f"{portal.url}/machines/vpn1")
    first = page.get_by_role("figure").first
    assert first.evaluate(MARKED, [0.3, *INKS])
    assert not first.evaluate(MARKED, [0.3, *DARK_INKS])
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(
        f"one => ({MARKED})(one, [0.3, {', '.join(map(str, DARK_INKS))}])", arg=first.element_handle()
    )
    page.set_viewport_size({"width": 320, "height": 800})
    page.wait_for_function("() => document.documentElement.scrollWidth <= 320")
    assert page.evaluate("document.getAnimations().length") == 0


def test_levels_stand_beside_a_graph_in_the_units_that_people_read(sit: Visit, portal: Portal) -> None:
    page = sit(VOLUNTEER)
    page.add_init_script(WRITES)
    page.goto(f"{portal.url}/machines/vpn1")
    expect(page.locator(".u-over").first).to_be_visible()
    written = page.evaluate("window.written")
    for words in ("10\u00a0Mbit/s", "20\u00a0°C", "95e centile 1\u00a0Mbit/s"):
        assert words in written


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
