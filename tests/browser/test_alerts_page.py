"""What burns, as who is on call meets it in a browser: both languages, both themes, a phone, and the keyboard alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pytest
from playwright.sync_api import Page, expect

from foundation import clock
from foundation.acts import Act
from foundation.database import transaction
from foundation.settings import Settings
from inventory import mandates, members
from inventory.models.mandates import Task
from monitoring.alerts.models import Alert
from monitoring.models import open_samples

if TYPE_CHECKING:
    from tests.browser.conftest import Portal

pytestmark = pytest.mark.browser

Visit = Callable[..., Page]
VOLUNTEER = "M0004"
CONTRAST = Path(__file__).with_name("contrast.js").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def burning(portal: Portal) -> Iterator[None]:
    """Noor is on call. The VPN server is silent, which explains a link; a disk is nearly full."""
    now = clock.now()
    with transaction(portal.store) as session:
        noor = members.find_member(session, VOLUNTEER)
        mandates.give(session, Act(VOLUNTEER, now, "test"), noor, Task.ALERTS_ACKNOWLEDGE)
    samples = open_samples(Settings(var=Path(str(portal.store.engine.url.database)).parent))
    told = (
        ("machine-silent", "vpn1", "urgent", "vpn1 ne répond plus", "vpn1 no longer answers", ""),
        ("link-down", "lns1/eth0", "urgent", "lns1/eth0 est coupée", "lns1/eth0 is down", "machine-silent vpn1"),
        ("disk-full", "lns1:/var", "warning", "lns1 : /var est plein à 93 %", "lns1: /var is 93 % full", ""),
    )
    with transaction(samples) as session:
        for rule, subject, severity, french, english, behind in told:
            row = Alert(rule=rule, subject=subject, severity=severity, words_fr=french, words_en=english, behind=behind)
            row.since, row.scopes = now - timedelta(minutes=12), ""
            session.add(row)
    yield
    with transaction(samples) as session:
        for row in session.query(Alert):
            row.until = clock.now()
    samples.engine.dispose()


@pytest.fixture
def sit(seat: Visit, burning: None) -> Visit:
    """The volunteer's page."""
    return lambda **options: seat(VOLUNTEER, **options)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_page_fits_a_phone_and_stands_out(
    sit: Visit, portal: Portal, language: str, theme: Literal["light", "dark"]
) -> None:
    page = sit(width=320, color_scheme=theme, java_script_enabled=True)
    page.goto(f"{portal.url}/alerts?lang={language}")
    for summary in page.locator("summary").all():
        summary.click()
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    assert page.evaluate(CONTRAST) == []
    first = page.locator("article").first
    expect(first).to_contain_text("vpn1 ne répond plus" if language == "fr" else "vpn1 no longer answers")
    expect(first).to_contain_text("lns1/eth0")
    expect(page.locator("article")).to_have_count(2)


def test_an_alert_is_taken_charge_of_by_the_keyboard_alone_without_javascript(sit: Visit, portal: Portal) -> None:
    page = sit(java_script_enabled=False)
    page.goto(f"{portal.url}/")
    page.get_by_role("link", name="Voir les alertes").press("Enter")
    field = page.get_by_role("textbox", name="Ce que vous faites, en un mot").first
    field.press("Enter")
    assert page.url == f"{portal.url}/alerts", "nothing goes without a word"
    field.press_sequentially("je vais sur place")
    field.press("Enter")
    page.wait_for_url(f"{portal.url}/alerts#A*")
    expect(page.get_by_role("article", name="vpn1 ne répond plus")).to_contain_text("M0004 s'en charge depuis le")
    expect(page.get_by_role("article", name="vpn1 ne répond plus")).to_contain_text("je vais sur place")
