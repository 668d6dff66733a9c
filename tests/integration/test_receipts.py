"""Money on paper: a statement, a receipt of payment, a year; and a tax receipt where the tax office allowed it."""

from __future__ import annotations

import email
import importlib.resources
from datetime import UTC, date, datetime
from email import policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from billing.books import keeping as books
from billing.dues import charge, issue
from billing.models import BankAccount, GiftReceipt, Means, Payment, Per, Regime
from billing.papers import typesetting
from billing.papers.content import Paper
from billing.papers.receipts import NoSuchPaperYear, PaymentReversed, receipt, statement, summary
from billing.papers.tax_receipts import NoGifts, NoTaxReceipts, NotWholeEnough, YearRuns, tax_receipt
from billing.payments import record_gift, record_payment, refund, reverse
from billing.tariffs import set_tariff
from foundation.acts import Act
from foundation.clock import Month
from foundation.money import Euros
from inventory import members, rules
from inventory.models.people import Member

NOW = datetime(2026, 11, 22, 13, 2, tzinfo=UTC)
TODAY = date(2026, 11, 22)
ACT = Act("machine:test", NOW, "test")
IBAN = "FR7699999000011234567890189"
US = "Les Abeilles"


def on(year: int, month: int, day: int) -> Act:
    return Act("machine:test", datetime(year, month, day, 12, tzinfo=UTC), "test")


@pytest.fixture
def ada(session: Session) -> Member:
    """Someone who owes 2,00 € of membership for October and for November 2026, and 25,00 € for a visit."""
    set_tariff(
        session, on(2020, 1, 1), "adherent", Euros(200), per=Per.MONTH, label="cotisation", since=date(2020, 1, 1)
    )
    member = members.add_member(session, on(2024, 11, 12), "Ada", postal="1 rue des Ruches\n33000 Bordeaux")
    for month in (10, 11):
        issue(session, ACT, Month(2026, month))
    charge(session, ACT, member, Euros(2500), "visite")
    return member


def pay(session: Session, member: Member, cents: int, day: date = TODAY) -> Payment:
    return record_payment(session, ACT, member, Euros(cents), date=day, means=Means.TRANSFER, reference="VIR ADA")


def give(session: Session, member: Member, cents: int, day: date, means: Means = Means.CHEQUE) -> Payment:
    return record_gift(session, ACT, member, Euros(cents), date=day, means=means)


def account(session: Session, name: str = "courant", iban: str = IBAN) -> None:
    session.add(BankAccount(name=name, kind="bank", iban=iban, bic="", holder="Asso Abeilles", since=TODAY))
    session.flush()


def words(paper: Paper) -> str:
    """All that a paper says."""
    cells = [cell for one in paper.tables for row in (one.columns, *one.rows, one.total) for cell in row]
    pay = [] if paper.transfer is None else [text for row in paper.transfer.rows for text in row]
    return "\n".join([paper.title, *paper.sentences, *cells, *pay, *paper.notes]).replace("\u00a0", " ")


def test_a_statement_says_what_is_owed_since_when_and_how_to_pay_it(session: Session, ada: Member) -> None:
    account(session)
    pay(session, ada, 100)
    made = statement(session, ada, TODAY, US)
    assert made.title == "Relevé de compte"
    assert made.sentences[0].replace("\u00a0", " ").startswith("Vous devez 28,00 €")
    opened, account_rows = made.tables
    assert [(row[0], row[3].replace("\u00a0", " ")) for row in opened.rows] == [
        ("cotisation octobre 2026", "1,00 €"), ("cotisation novembre 2026", "2,00 €"), ("visite", "25,00 €"),
    ]  # fmt: skip
    assert opened.total[-1].replace("\u00a0", " ") == "28,00 €"
    assert account_rows.rows[-1][-1].replace("\u00a0", " ") == "-28,00 €"
    assert made.transfer is not None
    said = dict(made.transfer.rows)
    assert (said["À l'ordre de"], said["IBAN"]) == ("Asso Abeilles", "FR76 9999 9000 0112 3456 7890 189")
    assert said["Montant"].replace("\u00a0", " ") == "28,00 €"
    assert made.transfer.code.startswith("<svg")
    assert "Rien n'est jamais coupé" in made.notes[0]


def test_whoever_owes_nothing_is_shown_no_way_to_pay(session: Session, ada: Member) -> None:
    account(session)
    pay(session, ada, 3000)
    made = statement(session, ada, TODAY, US)
    assert (made.transfer, made.notes) == (None, ())
    assert made.sentences[0].replace("\u00a0", " ") == "Vous êtes à jour, avec 1,00 € d'avance."


def test_without_an_account_a_statement_says_to_ask_for_it(session: Session, ada: Member) -> None:
    made = statement(session, ada, TODAY, US)
    assert made.transfer is not None
    assert made.transfer.code == ""
    assert "se demande" in made.transfer.beside


def test_the_rule_says_to_which_account_members_pay(session: Session, ada: Member) -> None:
    account(session)
    account(session, "nouveau", "FR7699999000019876543210121")
    first = statement(session, ada, TODAY, US).transfer
    rules.set_rule(session, ACT, "payments.account", "nouveau")
    second = statement(session, ada, TODAY, US).transfer
    assert first is not None
    assert second is not None
    assert dict(first.rows)["IBAN"].startswith("FR76 9999 9000 0112")
    assert dict(second.rows)["IBAN"].startswith("FR76 9999 9000 0198")


def test_a_receipt_says_what_a_payment_settles_and_what_is_kept(session: Session, ada: Member) -> None:
    made = receipt(session, pay(session, ada, 3000), US)
    assert made.title == "Reçu de paiement P0001"
    assert made.day == TODAY
    (settles,) = made.tables
    assert [(what, cents.replace("\u00a0", " ")) for what, cents in settles.rows] == [
        ("cotisation octobre 2026", "2,00 €"), ("cotisation novembre 2026", "2,00 €"), ("visite", "25,00 €"),
        ("avance gardée sur le compte", "1,00 €"),
    ]  # fmt: skip
    assert "VIR ADA" in words(made)
    assert "n'est pas un reçu fiscal" in words(made)


def test_a_receipt_is_in_the_language_of_whoever_paid(session: Session, ada: Member) -> None:
    members.change_member(session, ACT, ada, language="en")
    made = receipt(session, pay(session, ada, 3000), US)
    assert made.title == "Receipt of payment P0001"
    assert "no tax receipt" in words(made)
    assert "avance" not in words(made)


def test_a_payment_that_was_reversed_has_no_receipt(session: Session, ada: Member) -> None:
    made = pay(session, ada, 3000)
    reverse(session, ACT, made, "it was Basile's")
    with pytest.raises(PaymentReversed):
        receipt(session, made, US)


def test_each_regime_of_vat_is_said_as_it_asks(session: Session, ada: Member) -> None:
    plain = receipt(session, pay(session, ada, 400), US)
    assert "TVA" not in words(plain)
    books.set_vat(session, ACT, Regime.FRANCHISE, since=TODAY)
    later = Act("machine:test", datetime(2026, 11, 22, 14, tzinfo=UTC), "test")
    exempt = record_payment(session, later, ada, Euros(100), date=TODAY, means=Means.CASH)
    assert "TVA non applicable, art. 293 B du CGI" in words(receipt(session, exempt, US))
    taxing = Act("machine:test", datetime(2026, 11, 22, 15, tzinfo=UTC), "test")
    books.set_vat(session, taxing, Regime.TAXED, since=TODAY, rate=2000)
    last = Act("machine:test", datetime(2026, 11, 22, 16, tzinfo=UTC), "test")
    charge(session, last, ada, Euros(1200), "box")
    taxed = record_payment(session, last, ada, Euros(3600), date=TODAY, means=Means.CASH)
    assert "dont TVA à 20 % : 2,00 €" in words(receipt(session, taxed, US))  # of the box alone


def test_a_year_keeps_dues_services_and_gifts_apart(session: Session, ada: Member) -> None:
    pay(session, ada, 3500)
    give(session, ada, 1000, date(2026, 5, 1))
    give(session, ada, 700, date(2025, 12, 31))
    refund(session, ACT, ada, Euros(100))
    made = summary(session, ada, 2026, TODAY, US)
    kinds, paid = made.tables
    assert [(what, cents.replace("\u00a0", " ")) for what, cents in kinds.rows] == [
        ("cotisations et droits d'entrée", "4,00 €"),
        ("services (lignes et interventions)", "25,00 €"),
        ("dons, sans contrepartie", "10,00 €"),
        ("rendu depuis au membre", "1,00 €"),
        ("avance gardée sur le compte", "5,00 €"),
    ]
    assert kinds.total[-1] == paid.total[-1]
    assert kinds.total[-1].replace("\u00a0", " ") == "45,00 €"
    assert len(paid.rows) == 2
    assert summary(session, ada, 2025, TODAY, US).tables[0].total[-1].replace("\u00a0", " ") == "7,00 €"
    assert "n'a rien reçu" in summary(session, ada, 2024, TODAY, US).sentences[0]


@pytest.mark.parametrize("year", [1989, 2027, -1, 10**9])
def test_a_year_that_was_not_is_refused(session: Session, ada: Member, year: int) -> None:
    with pytest.raises(NoSuchPaperYear):
        summary(session, ada, year, TODAY, US)


def test_papers_are_the_same_octets_each_time_and_their_template_is_found_as_installed(
    session: Session, ada: Member
) -> None:
    made = pay(session, ada, 3000)
    assert typesetting.pdf(receipt(session, made, US)) == typesetting.pdf(receipt(session, made, US))
    assert (importlib.resources.files("billing") / "templates" / "paper.typ").is_file()


def allow(session: Session) -> None:
    for name, value in (
        ("receipts.rescrit", "2026/1234 du 5 mars 2026"),
        ("receipts.address", "12 rue des Ruches, 33000 Bordeaux"),
        ("receipts.object", "promouvoir un Internet libre"),
    ):
        rules.set_rule(session, ACT, name, value)


def test_there_is_no_tax_receipt_unless_the_association_has_its_rescrit(session: Session, ada: Member) -> None:
    give(session, ada, 1000, date(2025, 5, 1))
    with pytest.raises(NoTaxReceipts) as refused:
        tax_receipt(session, ACT, ada, 2025, US)
    assert "rescrit" in refused.value.sentence("fr")
    assert session.scalar(select(func.count(GiftReceipt.id))) == 0


def test_a_tax_receipt_is_for_gifts_alone_numbered_and_whole(session: Session, ada: Member) -> None:
    pay(session, ada, 3000, date(2025, 6, 1))
    give(session, ada, 1000, date(2025, 5, 1))
    give(session, ada, 250, date(2025, 7, 1), Means.TRANSFER)
    give(session, ada, 9900, date(2025, 7, 2), Means.G1)  # nobody knows how many euros that is
    allow(session)
    made = tax_receipt(session, ACT, ada, 2025, US)
    said = words(made)
    assert "n° 2025-0001" in made.title
    for mention in ("12,50 €", "douze euros et cinquante centimes", "articles 200 et 238 bis du CGI", "2026/1234",
                    "déclaration de don manuel", "numéraire", "12 rue des Ruches", "promouvoir", "chèque", "virement",
                    "Signature"):  # fmt: skip
        assert mention in said
    assert "30,00" not in said
    assert "Ada\n1 rue des Ruches\n33000 Bordeaux" in made.to


def test_a_tax_receipt_asked_again_is_the_same_and_one_whose_gifts_changed_is_replaced(
    session: Session, ada: Member
) -> None:
    gift = give(session, ada, 1000, date(2025, 5, 1))
    give(session, ada, 250, date(2025, 7, 1))
    allow(session)
    first = tax_receipt(session, ACT, ada, 2025, US)
    assert tax_receipt(session, ACT, ada, 2025, US) == first
    reverse(session, ACT, gift, "the cheque came back")
    second = tax_receipt(session, ACT, ada, 2025, US)
    assert "2025-0002" in second.title
    assert "Annule et remplace le reçu n° 2025-0001" in words(second)
    assert session.scalar(select(func.count(GiftReceipt.id))) == 2


def test_what_a_tax_receipt_lacks_is_said(session: Session, ada: Member) -> None:
    basile = members.add_member(session, on(2024, 11, 12), "Basile")
    give(session, basile, 1000, date(2025, 5, 1))
    rules.set_rule(session, ACT, "receipts.rescrit", "2026/1234 du 5 mars 2026")
    with pytest.raises(NotWholeEnough) as refused:
        tax_receipt(session, ACT, basile, 2025, US)
    assert "receipts.address" in refused.value.sentence("fr")
    assert "--postal" in refused.value.sentence("fr")
    with pytest.raises(NoGifts):
        tax_receipt(session, ACT, ada, 2025, US)
    with pytest.raises(YearRuns):
        tax_receipt(session, ACT, ada, 2026, US)


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_the_terminal_hands_out_papers(demo: Any, tmp_path: Path, lang: str) -> None:
    """They are in the member's language, whoever asks."""
    assert "Relevé de compte" in demo("receipt", "balance", "M0042", lang=lang).out
    file = tmp_path / "releve.pdf"
    assert str(file) in demo("receipt", "balance", "M0042", "--pdf", str(file), lang=lang).out
    assert file.read_bytes().startswith(b"%PDF-")
    assert file.stat().st_mode & 0o077 == 0
    assert "rescrit" in demo("receipt", "gifts", "M0042", "--year", "2025", status=1, lang=lang).err
    assert "1990" in demo("receipt", "year", "M0042", "--year", "1970", status=1, lang=lang).err
    assert demo("receipt", "payment", "P9999", status=3, lang=lang).out == ""


def test_someone_is_written_what_they_owe(demo: Any) -> None:
    said = demo("receipt", "balance", "M0042", "--mail")
    ((to, mailed),) = [(one["To"], one.get_content()) for one in outbox(demo.folder)]
    assert to in said.out
    assert "référence RF" in mailed or "à jour" in mailed
    assert "répondez" in mailed


def outbox(folder: Path) -> list[EmailMessage]:
    """The mails that wait."""
    return [
        email.message_from_bytes(path.read_bytes(), policy=policy.default)  # type: ignore[misc]
        for path in sorted((folder / "outbox").glob("*.eml"))
    ]
