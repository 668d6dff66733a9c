"""The public status page in Debian's chromium: in both languages, on the narrowest phone, without signing in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Page, expect

from foundation import clock
from foundation.database import transaction
from inventory import devices
from inventory.models.works import Subject, Works, WorksKind
from inventory.works import whole

if TYPE_CHECKING:
    from tests.browser.conftest import Portal

pytestmark = pytest.mark.browser

# Every text that is hardly seen against the ground (WCAG 2.2, 1.4.3).
FAINT = """() => [...document.querySelectorAll("main *")].filter(one => one.checkVisibility() &&
  one.textContent.trim() && getComputedStyle(one).color === getComputedStyle(document.body).backgroundColor).length"""


def test_anyone_reads_how_the_network_is_on_a_phone_in_both_languages(
    visit: Callable[..., Page], portal: Portal
) -> None:
    now = clock.now()
    with transaction(
        portal.store
    ) as session:  # rows as `essaim incident open` writes them: here nobody has to be asked
        incident = Works(
            kind=WorksKind.INCIDENT,
            number=1,
            since=now - timedelta(hours=1),
            title_fr="VPN coupé",
            title_en="VPN down",
            words_fr="On cherche d'où cela vient.",
            words_en="We are looking for the cause.",
            announced_by="M0001",
            announced_at=now,
            subjects=[Subject(device=devices.find_device(session, "vpn1"))],
        )
        session.add(incident)
    try:
        page = visit(width=320)
        page.get_by_role("link", name="État du réseau").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("État du réseau")
        expect(page.get_by_role("status")).to_contain_text("Un incident est en cours")
        expect(page.get_by_role("article", name="VPN coupé")).to_contain_text("On cherche d'où cela vient.")
        expect(page.locator("main")).to_contain_text("Nos machines ne sont pas encore mesurées.")
        for _ in range(2):
            assert page.evaluate("document.documentElement.scrollWidth") <= 320
            assert page.evaluate(FAINT) == 0
            levels = page.eval_on_selector_all("h1, h2, h3", "all => all.map(one => Number(one.tagName[1]))")
            assert all(after - before <= 1 for before, after in pairwise(levels))
            page.get_by_role("link", name="English").or_(page.get_by_role("link", name="Français")).click()
        page.get_by_role("link", name="English").click()
        expect(page.get_by_role("article", name="VPN down")).to_contain_text("We are looking for the cause.")
        expect(page.locator("body")).not_to_contain_text("vpn1")
    finally:
        with transaction(portal.store) as session:
            session.delete(session.scalars(whole()).one())
