"""What the guided tour has people do: pay, arrive, leave, sign in to the portal."""

from __future__ import annotations

import http.cookiejar
import os
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from html import unescape
from typing import Final

from billing.balance import Balance, balance
from billing.dues import Issued, issue
from billing.models import Means
from billing.payments import record_payment
from desk import homes
from desk.checks import Check
from desk.sample import key_pair
from foundation import clock
from foundation.acts import Act
from foundation.clock import Month
from foundation.database import Store, reading, transaction
from foundation.errors import Unavailable
from foundation.money import Euros
from foundation.settings import Settings
from foundation.speech import Phrase
from inventory import accounts, addresses, lines, members, offers
from inventory.models.addresses import BlockState, IPNetwork
from inventory.models.people import Member

PATIENCE_SECONDS: Final = 20.0


class PortalSilent(Unavailable):
    """The portal did not come up in time."""

    kind = "portal-silent"
    phrase = Phrase("Le portail ne répond pas sur {url}.", "The portal does not answer at {url}.")


@dataclass(frozen=True, slots=True)
class Counted:
    """A month's dues: what was issued, what the parts of one shared line add up to, what one
    member paid, and what two then owe.
    """

    issued: Issued
    line_total: Euros
    paid: Euros
    balances: list[tuple[str, Balance]]


def count_dues(store: Store, act: Act, shared_line: str) -> Counted:
    """Issue the month's dues; of two neighbours who share a line, one pays at once."""
    day = clock.today(act.at)
    with transaction(store) as session:
        issued = issue(session, act, Month(day.year, day.month))
        sharers = [share.member for share in lines.find_line(session, shared_line).shares if share.until is None]
        owed = [one.cents for who in sharers for one in balance(session, who, day).dues if one.what == shared_line]
        payer = sharers[0]
        paid = balance(session, payer, day).owed
        record_payment(session, act, payer, paid, date=day, means=Means.TRANSFER)
        held = [(str(who), balance(session, who, day)) for who in sharers[:2]]
    return Counted(issued, sum(owed, Euros(0)), paid, held)


def depart(store: Store, act: Act, line: str) -> None:
    """The holder of a line leaves the association."""
    with transaction(store) as session:
        found = lines.find_line(session, line)
        members.leave(session, act, lines.holder(found, clock.today(act.at)).member)


def state_of(store: Store, prefix: IPNetwork) -> BlockState:
    """What the ledger says of a prefix."""
    with reading(store) as session:
        return addresses.state_of(session, prefix)


def order_tunnel(store: Store, settings: Settings, act: Act) -> str:
    """A member without a line orders a VPN, with a key made at home: the line's number."""
    private, public = key_pair()
    with transaction(store) as session:
        newcomer = next(one for one in members.list_members(session, limit=1000) if not lines.lines_of(session, one))
        offer = offers.find_offer(session, "vpn")
        line = str(lines.order_line(session, act, newcomer, offer, lines.Ordering(public_key=public)))
    homes.keep_key(settings, line, private)
    return line


def link(store: Store, settings: Settings, act: Act, line: str) -> tuple[str, str]:
    """A one-time link for the holder of a line: their number and the link."""
    with transaction(store) as session:
        holder: Member = lines.holder(lines.find_line(session, line), clock.today(act.at)).member
        return str(holder), accounts.link_address(settings.url, accounts.sign_in_link(session, act, holder))


def look_at_portal(store: Store, settings: Settings, act: Act, line: str) -> Check:
    """Sign in to the real portal as the holder of a line, and look for the line on the page."""
    what = Phrase("portail : sa page, en français", "portal: their page, in French")
    expected = Phrase(f"{line} et ce qu'elle coûte", f"{line} and what it costs")
    who, url = link(store, settings, act, line)
    with _portal(settings):
        browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
        browser.addheaders = [("Accept-Language", "fr"), ("Origin", settings.url)]
        landing = browser.open(url, timeout=PATIENCE_SECONDS).read().decode()
        form = urllib.parse.urlencode({"token": url.rpartition("/")[2]}).encode()
        page = unescape(browser.open(f"{settings.url}/s", form, timeout=PATIENCE_SECONDS).read().decode())
    good = "<form" in landing and line in page and "Vous êtes à jour" in page
    seen = Phrase(f"{who} voit {line}", f"{who} sees {line}") if good else Phrase("page inattendue", "unexpected page")
    return Check(what, expected, seen, good)


@contextmanager
def _portal(settings: Settings) -> Iterator[None]:
    serve = subprocess.Popen(
        [sys.executable, "-c", "from cli.main import run; run()", "serve"],
        env={**os.environ, "ESSAIM_VAR": str(settings.var)},
        stdout=subprocess.DEVNULL,
    )
    try:
        until = time.monotonic() + PATIENCE_SECONDS
        while not _answers(settings.url):
            if serve.poll() is not None or time.monotonic() > until:
                raise PortalSilent(url=settings.url)
            time.sleep(0.1)
        yield
    finally:
        serve.terminate()
        serve.wait()


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/healthz", timeout=1):  # noqa: S310 - our own address
            return True
    except (urllib.error.URLError, OSError):
        return False
