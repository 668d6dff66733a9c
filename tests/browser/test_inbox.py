"""Transfers to match, as a volunteer does it: by three keys, by buttons alone, without scripts, on a phone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from itertools import count
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Literal

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select
from statement_files import IBAN, Move, camt

from billing.bank import accounts as bank
from billing.bank import files as bank_files
from billing.bank import inbox as movements
from billing.dues import charge
from billing.models import Payment
from foundation import clock
from foundation.acts import Act
from foundation.database import reading, transaction
from foundation.money import Euros
from inventory import mandates, members
from inventory.models.mandates import Task
from inventory.models.people import Member

if TYPE_CHECKING:
    from tests.browser.conftest import Portal

pytestmark = pytest.mark.browser

Visit = Callable[..., Page]
VOLUNTEER = "M0004"
CONTRAST = Path(__file__).with_name("contrast.js").read_text(encoding="utf-8")
FOCUSED = "document.activeElement.textContent.replace(/\\s+/g, ' ').trim()"
_moves, _days = count(1), count()


@pytest.fixture(scope="module")
def payer(portal: Portal) -> str:
    """Noor matches payments; Robin owes, and pays by transfers that name them."""
    now = clock.now()
    with transaction(portal.store) as session:
        noor = members.find_member(session, VOLUNTEER)
        hers = Act(VOLUNTEER, now - timedelta(days=60), "test")
        for task in (Task.PAYMENTS_MATCH, Task.DUES_READ, Task.DUES_WRITE):
            mandates.give(session, hers, noor, task)
        robin = members.add_member(session, hers, "Robin Delarivière")
        charge(session, hers, robin, Euros(2500), "visite")
        bank.add_account(session, hers, "courant", IBAN)
        return str(robin)


@pytest.fixture
def inbox(portal: Portal, payer: str) -> Callable[[int], None]:
    """So many transfers of Robin's wait, then one that says nothing, and nothing of the tests before."""

    def fill(transfers: int) -> None:
        day = clock.today(clock.now()) - timedelta(days=50 - next(_days))
        told = [(2500, f"VIR COTISATION {rank}", "MME DELARIVIERE ROBIN") for rank in range(transfers)]
        moves = [
            Move(day, cents, label, payer=who, own=f"T{next(_moves)}")
            for cents, label, who in [*told, (1234, f"VIREMENT {token_hex(6)}", "")]
        ]
        with transaction(portal.store) as session:
            act = Act(VOLUNTEER, clock.now())
            for one in movements.waiting(session, act, limit=1000):
                if one.suggestions and one.suggestions[0].parts:
                    movements.accept(session, act, one.entry)
                else:
                    movements.file_entry(session, act, one.entry, "interest")
            bank_files.read_file(session, act, bank.find_account(session), camt(moves, opening=None), "releve.xml")

    return fill


@pytest.fixture
def sit(seat: Visit, payer: str) -> Visit:
    """The volunteer's page."""
    return lambda **options: seat(VOLUNTEER, **options)


def paid(portal: Portal, who: str) -> int:
    with reading(portal.store) as session:
        query = select(Payment.id).join(Member).where(Member.number == int(who[1:]), Payment.entry_id.is_not(None))
        return len(session.scalars(query).all())


def waits(page: Page) -> int:
    return page.locator("details.movement").count()


def test_three_keys_book_a_right_suggestion_and_three_more_the_next(
    sit: Visit, portal: Portal, payer: str, inbox: Callable[[int], None]
) -> None:
    inbox(2)
    page, before = sit(), paid(portal, payer)
    page.goto(f"{portal.url}/transfers")
    waiting = waits(page)
    keys = 0
    for done in (1, 2):
        for key in ("j", "Enter", "Enter"):
            page.keyboard.press(key)
            keys += 1
        page.wait_for_url("**/transfers?done=*")
        expect(page.locator(".done p")).to_contain_text("Robin Delarivière")
        expect(page.locator("[data-told]")).to_contain_text("Robin Delarivière")
        assert paid(portal, payer) == before + done
    assert keys == 3 * 2
    assert waits(page) == waiting - 2


def test_a_key_says_what_it_did_before_anything_is_booked(
    sit: Visit, portal: Portal, payer: str, inbox: Callable[[int], None]
) -> None:
    inbox(1)
    page, before = sit(), paid(portal, payer)
    page.goto(f"{portal.url}/transfers")
    told = page.locator("[data-told]")
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')").startswith("B")
    page.keyboard.press("1")
    expect(told).to_contain_text("C'est Robin Delarivière")
    expect(told).to_contain_text("Entrée ou y pour confirmer")
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.className") == "opened"
    page.keyboard.press("k")
    expect(told).to_have_text("C'est le premier.")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(told).to_contain_text("Pas de suggestion ici")
    page.keyboard.press("j")
    expect(told).to_have_text("C'est le dernier.")
    assert paid(portal, payer) == before


def test_no_key_acts_while_one_types_and_keys_can_be_switched_off(
    sit: Visit, portal: Portal, payer: str, inbox: Callable[[int], None]
) -> None:
    inbox(1)
    page, before = sit(), paid(portal, payer)
    page.goto(f"{portal.url}/transfers")
    page.keyboard.press("/")
    page.keyboard.type("jkmgfuy 1")
    assert page.evaluate("document.activeElement.value") == "jkmgfuy 1"
    page.keyboard.press("Escape")
    page.get_by_label("Se servir des touches").uncheck()
    page.reload()
    for key in ("j", "Enter", "Enter", "y"):
        page.keyboard.press(key)
    assert page.url == f"{portal.url}/transfers"
    assert paid(portal, payer) == before


def test_a_key_that_is_held_down_books_nothing(
    sit: Visit, portal: Portal, payer: str, inbox: Callable[[int], None]
) -> None:
    inbox(1)
    page, before = sit(), paid(portal, payer)
    page.goto(f"{portal.url}/transfers")
    page.keyboard.press("j")
    for _ in range(5):
        page.keyboard.down("Enter")
    page.keyboard.up("Enter")
    assert page.url == f"{portal.url}/transfers"
    assert paid(portal, payer) == before


def test_someone_else_is_searched_and_the_last_is_undone_by_keys(
    sit: Visit, portal: Portal, payer: str, inbox: Callable[[int], None]
) -> None:
    inbox(1)
    page = sit()
    page.goto(f"{portal.url}/transfers")
    waiting = waits(page)
    page.keyboard.press("/")
    page.keyboard.type("sacha")
    page.keyboard.press("Enter")
    page.wait_for_url("**word=sacha*")
    assert page.evaluate(FOCUSED) == "C'est Sacha Exemple (M0003)"
    page.keyboard.press("y")
    page.wait_for_url("**/transfers?done=*")
    expect(page.locator(".done p")).to_contain_text("Sacha Exemple (M0003)")
    page.keyboard.press("u")
    assert page.evaluate(FOCUSED).startswith("Défaire B")
    page.keyboard.press("Enter")
    page.wait_for_url("**entry=*")
    expect(page.locator(".done p")).to_contain_text("attend de nouveau")
    assert waits(page) == waiting


def test_several_members_a_gift_and_an_account_are_a_key_away(
    sit: Visit, portal: Portal, inbox: Callable[[int], None]
) -> None:
    inbox(1)
    page = sit()
    for key, field in (("m", "parts"), ("g", "member"), ("f", "account")):
        page.goto(f"{portal.url}/transfers")
        page.keyboard.press(key)
        assert page.evaluate("document.activeElement.name") == field
    page.goto(f"{portal.url}/transfers")
    page.keyboard.press("m")
    page.keyboard.type("M0003=12,00")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("Ces parts font 12,00")
    expect(page.get_by_label("Qui et combien").first).to_have_value("M0003=12,00")


def test_everything_goes_without_scripts_and_by_the_keyboard_alone(
    sit: Visit, portal: Portal, payer: str, inbox: Callable[[int], None]
) -> None:
    inbox(1)
    page, before = sit(java_script_enabled=False), paid(portal, payer)
    page.goto(f"{portal.url}/")
    page.get_by_role("link", name="Les rapprocher").press("Enter")
    expect(page.get_by_role("heading", name="Au clavier")).to_be_hidden()
    first = page.locator("details[open].movement")
    first.get_by_role("button", name="C'est Robin Delarivière").press("Enter")
    page.wait_for_url("**/transfers?done=*")
    assert paid(portal, payer) == before + 1
    page.get_by_role("button", name="Défaire B").press("Enter")
    expect(page.get_by_role("status").first).to_contain_text("attend de nouveau")
    last = page.locator("details.movement").last
    last.locator("summary").first.press("Enter")
    last.get_by_text("Classer dans un compte").press("Enter")
    last.locator("[name=account]").select_option("interest")
    last.get_by_role("button", name="Classer", exact=True).press("Enter")
    expect(page.locator(".done p")).to_contain_text("classé dans Intérêts (768)")


def test_a_statement_is_brought_looked_at_and_read(sit: Visit, portal: Portal, tmp_path: Path) -> None:
    today = clock.today(clock.now())
    file = tmp_path / "relevé.xml"
    file.write_bytes(camt([Move(today, 777, "VIREMENT NEUF", own=f"T{next(_moves)}")], opening=None))
    page = sit(java_script_enabled=False)
    page.goto(f"{portal.url}/statements")
    page.get_by_label("Le fichier").set_input_files(file)
    page.get_by_role("button", name="Voir ce qu'il contient").press("Enter")
    expect(page.locator(".lead")).to_contain_text("relevé.xml, dans « courant » : 1 mouvement(s) nouveau(x)")
    page.get_by_role("button", name="Garder ceci").press("Enter")
    page.get_by_role("link", name="Rapprocher ce qui attend").press("Enter")
    expect(page.locator("main")).to_contain_text("VIREMENT NEUF")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("language", ["fr", "en"])
def test_its_pages_fit_a_phone_and_stand_out(
    sit: Visit, portal: Portal, inbox: Callable[[int], None], language: str, theme: Literal["light", "dark"]
) -> None:
    inbox(1)
    page = sit(width=320, color_scheme=theme)
    for path in ("/transfers", "/late", "/reminders?weeks=12", "/statements"):
        page.goto(f"{portal.url}{path}{'&' if '?' in path else '?'}lang={language}")
        expect(page.locator("html")).to_have_attribute("lang", language)
        for summary in page.locator("details[open] summary").all():
            if not summary.evaluate("one => one.parentElement.open"):
                summary.click()
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, path
        assert page.evaluate(CONTRAST) == [], path
