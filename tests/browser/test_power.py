"""A hosted machine as its owner meets it in the portal: what it draws, its sheet, and its outlet, asked twice."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pytest
from playwright.sync_api import Page, expect

from foundation import clock
from foundation.acts import Act
from foundation.database import transaction
from foundation.settings import Settings
from inventory import devices, hosting, mandates, members, places, power
from inventory.device_facts import Facts
from inventory.models.mandates import Task
from monitoring.embedded import open_series
from monitoring.series import Heard, Measure

if TYPE_CHECKING:
    from tests.browser.conftest import Portal

pytestmark = pytest.mark.browser

Visit = Callable[..., Page]
CONTRAST = Path(__file__).with_name("contrast.js").read_text(encoding="utf-8")


@pytest.fixture
def sit(seat: Visit, owner: str) -> Visit:
    """A page of the owner, signed in already: the portal's door lets twenty in a minute, and has its own tests."""
    return lambda **options: seat(owner, **options)


@pytest.fixture(scope="module")
def owner(portal: Portal) -> str:
    """Who owns `tour`, in outlet 3 of a power strip that has told of it for an hour."""
    now = clock.now()
    act, before = Act("M0004", now), clock.today(now - timedelta(days=2))
    with transaction(portal.store) as session:
        noor = members.find_member(session, "M0004")
        mandates.give(session, act, noor, Task.DEVICES_WRITE)
        alix = members.add_member(session, act, "Alix Exemple")
        site = places.find_site(session, "Salle d'exemple")
        pdu = devices.add_device(session, act, "pdu1", role="pdu", platform="apc", site=site, since=before)
        power.add_outlets(session, act, pdu, ["3"])
        tower = hosting.host(session, act, site, "tour", alix, Facts(watts=60), since=before)
        power.plug_in(session, act, tower, power.find_outlet(session, "pdu1/3"), since=before)
        number = str(alix)
    folder = Path(str(portal.store.engine.url.database)).parent
    with closing(open_series(Settings(var=folder))) as series:
        series.append(
            Heard(
                "pdu1",
                now - minutes * timedelta(minutes=1),
                (Measure("outletPower", "3", "milliwatts", 80_000), Measure("outletOn", "3", "state", 1)),
            )
            for minutes in range(60, 0, -5)
        )
    return number


def test_an_owner_finds_their_machine_and_is_asked_twice_before_it_is_cut(sit: Visit, portal: Portal) -> None:
    page = sit(java_script_enabled=False)
    page.goto(portal.url)
    page.get_by_role("region", name="Vos machines hébergées").get_by_role("link", name="tour").click()
    expect(page.get_by_role("region", name="Électricité")).to_contain_text("Elle tire 80 W en ce moment.")
    expect(page.get_by_role("region", name="Électricité")).to_contain_text("Rien ne sera coupé pour cela")
    expect(page.get_by_role("figure", name="Puissance de la prise 3")).to_be_visible()
    page.get_by_role("link", name="Couper et rallumer sa prise…").click()
    expect(page.locator(".lead")).to_contain_text("La prise pdu1/3 sera coupée quelques secondes")
    page.get_by_label("Pour confirmer, tapez son nom").fill("tout")
    page.get_by_role("button", name="Couper et rallumer").click()
    expect(page.locator("main")).to_contain_text("il faut en taper le nom")
    page.goto(f"{portal.url}/machines/tour/power")
    expect(page.locator(".lead")).to_contain_text("80 W en moyenne, 80 W au plus")
    expect(page.get_by_role("table")).to_contain_text("80")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("language", ["fr", "en"])
def test_its_pages_fit_a_phone_and_stand_out(
    sit: Visit, portal: Portal, language: str, theme: Literal["light", "dark"]
) -> None:
    page = sit(width=320, color_scheme=theme)
    for path in ("tour", "tour/power", "tour/reboot"):
        page.goto(f"{portal.url}/machines/{path}?lang={language}")
        expect(page.locator("html")).to_have_attribute("lang", language)
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, path
        assert page.evaluate(CONTRAST) == [], path
