"""A small association, its portal served by a process of its own, and Debian's chromium in front of it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from ipaddress import ip_network
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from billing.dues import issue
from billing.models import Per
from billing.tariffs import set_tariff
from desk import association
from foundation import clock
from foundation.acts import Act
from foundation.clock import Month
from foundation.database import Store, transaction
from foundation.money import Euros
from foundation.settings import Settings
from inventory import accounts, addresses, devices, lines, mandates, members, offers, places
from inventory.lines import Ordering
from inventory.models.lines import LineState, Technology
from inventory.models.mandates import Task
from monitoring.accounting import Session as PppSession
from monitoring.connections import record_sessions
from monitoring.embedded import open_series
from monitoring.models import open_samples
from monitoring.series import Heard, Measure

CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@dataclass(frozen=True)
class Portal:
    """Where the portal answers, and the association behind it."""

    url: str
    store: Store

    def link(self, number: str) -> str:
        """A fresh one-time link for a member, as it is given to them."""
        with transaction(self.store) as session:
            act = Act(number, clock.now())
            token = accounts.sign_in_link(session, act, members.find_member(session, number))
        return accounts.link_address(self.url, token)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if not Path(CHROMIUM).exists():
        pytest.skip(f"needs Debian's chromium ({CHROMIUM}): apt-get install chromium")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    folder = tmp_path_factory.mktemp("portal") / "var"
    with socket.socket() as chosen:
        chosen.bind(("127.0.0.1", 0))
        port = chosen.getsockname()[1]
    settings = Settings(var=folder, name="Exemple Net", listen=f"127.0.0.1:{port}")
    store = association.create(settings)
    _furnish(store, settings, clock.now())
    log = folder / "serve.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "uvicorn", "api.app:create", "--factory", "--port", str(port)],
            env={
                **os.environ,
                "ESSAIM_VAR": str(folder),
                "ESSAIM_NAME": settings.name,
                "ESSAIM_LISTEN": settings.listen,
            },
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait_for(f"{settings.url}/healthz", process, log)
        yield Portal(settings.url, store)
    finally:
        process.terminate()
        process.wait(10)
        store.engine.dispose()
    assert "/s/" not in log.read_text(), "a one-time link reached a log"
    shutil.rmtree(folder)


@pytest.fixture
def visit(browser: Browser, portal: Portal) -> Iterator[Callable[..., Page]]:
    """Open a page in a browser of its own: `visit(width=320, color_scheme="dark")`, signed in as `who`."""
    contexts: list[BrowserContext] = []

    def open_page(who: str | None = None, *, width: int = 1200, locale: str = "fr-FR", **options: object) -> Page:
        options = {"reduced_motion": "reduce", **options}  # a colour that is still on its way would be measured
        context = browser.new_context(viewport={"width": width, "height": 800}, locale=locale, **options)  # type: ignore[arg-type]
        context.set_default_timeout(10_000)
        contexts.append(context)
        page = context.new_page()
        if who is None:
            page.goto(portal.url)
        else:
            page.goto(portal.link(who))
            page.locator("main button").click()
            page.wait_for_url(f"{portal.url}/")
        return page

    yield open_page
    for context in contexts:
        context.close()


def _wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(300):
        assert process.poll() is None, log.read_text()
        try:
            with urlopen(url, timeout=5):
                return
        except URLError:
            time.sleep(0.1)
    raise AssertionError(log.read_text())


def _furnish(store: Store, settings: Settings, now: datetime) -> None:
    """Camille has three lines and owes; Dominique shares one of them, reads English; Sacha has none.

    Noor looks after machines; the VPN server has said something for a day, but for two hours.
    """
    act = Act("machine:test", now - timedelta(days=70), "test")
    with transaction(store) as session:
        site = places.add_site(session, act, "Salle d'exemple")
        lns = devices.add_device(session, act, "lns1", role="lns", platform="l2tpns", site=site)
        vpn = devices.add_device(session, act, "vpn1", role="vpn", platform="wireguard", site=site)
        pools = [
            addresses.create_pool(session, act, name, ip_network(prefix), handed=handed)
            for name, prefix, handed in (
                ("adsl-v4", "192.0.2.0/24", 32),
                ("adsl-v6", "2001:db8:a000::/40", 56),
                ("vpn-v4", "198.51.100.0/24", 32),
                ("vpn-v6", "2001:db8:b000::/40", 56),
                ("hosted-v4", "203.0.113.0/24", 32),
            )
        ]
        adsl = offers.add_offer(
            session,
            act,
            "adsl",
            "ADSL",
            Technology.ADSL,
            "l2tp",
            mtu=1456,
            device=lns,
            pool_v4=pools[0],
            pool_v6=pools[1],
        )
        tunnel = offers.add_offer(
            session,
            act,
            "vpn",
            "VPN",
            Technology.WIREGUARD,
            "tunnel",
            mtu=1420,
            device=vpn,
            pool_v4=pools[2],
            pool_v6=pools[3],
        )
        hosting = offers.add_offer(
            session, act, "hebergement", "Hébergement", Technology.COLOCATION, "switch-port", mtu=1500, pool_v4=pools[4]
        )
        for offer, cents in ((adsl, 2800), (tunnel, 500), (hosting, 800)):
            set_tariff(session, act, offer, Euros(cents), per=Per.MONTH, label=offer.title, since=clock.today(act.at))
        set_tariff(
            session, act, "adherent", Euros(0), per=Per.YEAR, label="Cotisation", since=clock.today(act.at),
            floor=Euros(0),
        )  # fmt: skip
        camille = members.add_member(session, act, "Camille Exemple")
        dominique = members.add_member(session, act, "Dominique Exemple", language="en")
        members.add_member(session, act, "Sacha Exemple")
        noor = members.add_member(session, act, "Noor Exemple")
        shared = lines.order_line(session, act, camille, adsl, Ordering(nd="0199001234"))
        lines.order_line(
            session, act, camille, tunnel, Ordering(public_key="AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")
        )
        hosted = lines.order_line(session, act, camille, hosting, Ordering())
        for line in (shared, hosted):
            for state in (LineState.ORDERED, LineState.DELIVERED, LineState.ACTIVE):
                lines.move(session, act, line, state)
        lines.add_share(session, act, shared, dominique, adsl)
        today = clock.today(now)
        issue(session, replace(act, at=now), Month(today.year, today.month))
        mandates.give(session, act, noor, Task.MANDATES_GIVE)
        for task in (Task.MONITORING_READ, Task.MEMBERS_WRITE):  # what several pages' tests begin from
            mandates.give(session, replace(act, actor=str(noor)), noor, task)
    samples = open_samples(settings)
    with transaction(samples) as session:
        seen = PppSession(
            key="a1",
            login="l0001@adsl",
            caller="0199001234",
            since=now - timedelta(days=5, hours=1),
            updated=now,
            until=None,
            reports=True,
            received=1_234_567_890,
            sent=312_000_000,
            cause="",
        )
        record_sessions(session, "radius1", now, [seen], {"l0001@adsl": 1})
    samples.engine.dispose()
    _measure(settings, now)


def _measure(settings: Settings, now: datetime) -> None:
    with closing(open_series(settings)) as series:
        told = [
            Heard(
                "vpn1",
                now - minutes * timedelta(minutes=1),
                (
                    Measure("ifHCInOctets", "eth0", "octets", (1500 - minutes) * 60 * 1_250_000),
                    Measure("ifHCOutOctets", "eth0", "octets", (1500 - minutes) * 60 * 125_000),
                    Measure("temperature", "<b>inlet</b>", "millidegrees", 21_500 - minutes * 20),
                ),
            )
            for minutes in range(1440, 0, -5)
            if not 600 <= minutes < 720
        ]
        series.append(told)
        series.pack(now)


@pytest.fixture
def seat(visit: Callable[..., Page], portal: Portal) -> Callable[..., Page]:
    """The page of somebody who is signed in already: `seat("M0004", width=320)`."""

    def open_page(who: str, **options: object) -> Page:
        now = clock.now()
        with transaction(portal.store) as session:
            link = accounts.sign_in_link(session, Act(who, now), members.find_member(session, who))
            value = accounts.sign_in(session, link, now)
        page = visit(**options)
        name = f"essaim-{portal.url.rpartition(':')[2]}"
        page.context.add_cookies([{"name": name, "value": value, "url": portal.url}])
        return page

    return open_page
