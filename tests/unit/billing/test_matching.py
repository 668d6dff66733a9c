"""What speaks for whom in a transfer, one rule at a time."""

from __future__ import annotations

from datetime import date

import pytest

from billing.matching.knowing import Arrived, Known, Owed, Person
from billing.matching.suggesting import Suggestion, suggest
from billing.matching.words import exact_references, folded, hinted_numbers, mended, named, said_of
from billing.reference import reference_of

DAY = date(2026, 11, 5)
PEOPLE = (
    Person(1, ("Ada Durand",), ("ada@abeilles.example",)),
    Person(2, ("Basile Leroy",)),
    Person(3, ("LEROY Chloé",)),
    Person(4, ("Jérôme de La Tour",)),
    Person(5, ("Fab Lab du Haut Pays",), organisation=True),
    Person(6, ("Émile Durand",), former=300),
    Person(7, ("Maëlys N’Guessan",)),
)


def known() -> Known:
    made = Known(PEOPLE)
    made.owe([Owed(1, "membership", 2000), Owed(2, "L0001", 1750), Owed(3, "L0001", 1750), Owed(6, "L0002", 600)])
    return made


def came(label: str, cents: int = 2000, *, payer: str = "", account: str = "", email: str = "") -> Arrived:
    return Arrived(DAY, cents, label, payer, account, email)


def first(entry: Arrived, knows: Known | None = None) -> Suggestion | None:
    return next(iter(suggest(entry, knows or known())), None)


def whose(entry: Arrived, knows: Known | None = None) -> tuple[int, ...]:
    found = first(entry, knows)
    return tuple(number for number, _ in found.parts) if found else ()


@pytest.mark.parametrize(
    ("label", "number"),
    [
        ("VIR INST DE MME DURAND ADA COTIS 2026 ET VPN", 1),
        ("VIR SEPA RECU /DE M LEROY BASILE /MOTIF LOYER INTERNET /REF NOTPROVIDED", 2),
        ("VIREMENT EN VOTRE FAVEUR MLLE CHLOE LEROY", 3),
        ("VIR M DE LA TOUR JEROME", 4),
        ("VIR M DE LA TOUR J", 4),
        ("VIR ASSO FAB LAB DU HAUT PAY", 5),
        ("VIR MME NGUESSAN MAELYS", 7),
        ("VIR MME N GUESSAN M", 7),
        ("VIR DE MME DUR AND ADA COTIS", 1),
    ],
)
def test_a_name_leads_to_its_member_however_the_bank_writes_it(label: str, number: int) -> None:
    assert whose(came(label)) == (number,)


def test_between_two_of_one_surname_the_given_name_then_the_amount_decides() -> None:
    assert whose(came("VIR M DURAND EMILE")) == (6,)
    assert whose(came("VIR M OU MME DURAND", 600)) == (6,)
    assert whose(came("VIR M OU MME DURAND", 2000)) == (1,)


@pytest.mark.parametrize("label", ["VIREMENT", "", "VIR SEPA MME INCONNUE", "NOTPROVIDED", "🙂"])
def test_where_nothing_leads_to_anybody_nobody_is_suggested(label: str) -> None:
    assert first(came(label, 777)) is None


def test_an_account_seen_before_leads_to_who_it_was_for_until_it_is_for_others() -> None:
    knows = known()
    knows.learn(came("x", account="FR1"), [(2, 2000)])
    assert whose(came("y", account="FR1"), knows) == (2,)
    for _ in range(4):
        knows.learn(came("x", account="FR1"), [(3, 2000)])
    assert whose(came("y", account="FR1"), knows) == (3,)


def test_one_account_that_paid_for_two_is_split_as_before_or_by_what_they_owe() -> None:
    knows = known()
    knows.learn(came("x", 2000, account="FR1"), [(2, 500), (3, 1500)])
    same, owed, other = (first(came("y", cents, account="FR1"), knows) for cents in (2000, 3500, 4000))
    assert same is not None and same.parts == ((2, 500), (3, 1500))  # noqa: PT018
    assert owed is not None and owed.parts == ((2, 1750), (3, 1750))  # noqa: PT018
    assert other is not None and other.parts == ((2, 1000), (3, 3000))  # noqa: PT018


def test_neighbours_of_one_line_are_suggested_where_one_pays_for_both() -> None:
    found = first(came("VIR M LEROY BASILE", 3500))
    assert found is not None
    assert sorted(found.parts) == [(2, 1750), (3, 1750)]
    assert any("somme" in reason.say("fr") for reason in found.reasons)


def test_a_label_confirmed_once_is_an_alias() -> None:
    knows = known()
    assert whose(came("VIR NEKO ABO"), knows) == ()
    knows.learn(came("VIR NEKO ABO"), [(4, 2000)])
    assert whose(came("VIR NEKO ABO"), knows) == (4,)


def test_an_address_counts_whatever_its_case() -> None:
    assert whose(came("HelloAsso", payer="Quelqu'un D'autre", email="ADA@Abeilles.example")) == (1,)


@pytest.mark.parametrize(
    ("label", "number"),
    [
        (f"COTIS {reference_of(4)[:-1]}", 4),
        (reference_of(4).replace("0", "O"), 4),
        (f"{reference_of(4)[:3]}{reference_of(4)[4:]}", 4),
        ("ADHERENT N° 4", 4),
        ("cotis m0004", 4),
    ],
)
def test_a_damaged_reference_or_a_number_is_a_hint_that_the_amount_or_a_name_completes(label: str, number: int) -> None:
    knows = known()
    knows.owe([Owed(number, "membership", 2000)])
    assert whose(came(label), knows) == (number,)


def test_two_references_are_for_both_by_what_they_owe() -> None:
    found = first(came(f"{reference_of(2)} {reference_of(3)}", 3500))
    assert found is not None
    assert sorted(found.parts) == [(2, 1750), (3, 1750)]


def test_a_former_number_counts() -> None:
    assert whose(came("ADHERENT 300", 600)) == (6,)


@pytest.mark.parametrize(
    ("label", "account"),
    [
        ("VIR SEPA HELLOASSO VERSEMENT HELLOASSO 526261", "helloasso"),
        ("REMISE CHEQUES 7479807 4 CHQ", "cheques"),
        ("INTERETS CREDITEURS", "interest"),
        ("VERSEMENT ESPECES 12/11", "cash"),
        ("VIR SEPA ELECTRICITE DU VAL AVOIR 80860", "suppliers"),
        ("VIR DRFIP SUBVENTION 2026", "grants"),
    ],
)
def test_words_that_no_member_writes_suggest_an_account_of_the_books(label: str, account: str) -> None:
    found = first(came(label, 12345))
    assert found is not None
    assert (found.parts, found.account) == ((), account)


def test_a_transfer_of_ours_that_comes_back_is_not_a_payment_of_who_it_names() -> None:
    assert whose(came("ANNULATION VIREMENT EMIS BENEF ADA DURAND")) == ()


def test_what_was_filed_before_is_suggested_to_be_filed_again() -> None:
    knows = known()
    knows.learn(came("DON", payer="MME DURAND", account="FR9"), [], account="gifts", words="don")
    found = first(came("DON", payer="MME DURAND", account="FR9"), knows)
    assert found is not None
    assert (found.parts, found.account, found.words) == ((), "gifts", "don")


def test_what_goes_out_is_never_a_member_s_payment() -> None:
    knows = known()
    knows.learn(came("x", account="FR1"), [(2, 2000)])
    assert first(came("VIR ADA DURAND", -2000, account="FR1"), knows) is None
    knows.learn(came("FACTURE", -900, payer="GROS SA"), [], account="wholesale")
    found = first(came("FACTURE", -950, payer="GROS SA"), knows)
    assert found is not None
    assert found.account == "wholesale"


@pytest.mark.parametrize(
    "text",
    [reference_of(42), reference_of(42).lower(), "RF" + " ".join(reference_of(42)[2:]), f"ref:{reference_of(42)}."],
)
def test_an_exact_reference_is_found_wherever_blanks_and_signs_fall(text: str) -> None:
    assert exact_references([text]) == (42,)


@pytest.mark.parametrize(
    "text", [reference_of(42)[:-1], reference_of(42) + "1", reference_of(42) + "A", reference_of(42).replace("0", "O")]
)
def test_a_reference_that_runs_on_or_is_cut_is_not_exact(text: str) -> None:
    assert exact_references([text]) == ()


def test_words_are_folded_numbers_hinted_and_slips_mended() -> None:
    assert folded("Cœur d’Élodie, 3€") == "COEUR D ELODIE 3"
    assert hinted_numbers(["adhérent n° 42", "M0007"]) == (42, 7)
    text = reference_of(42)
    assert 42 in mended([text[:5] + text[6] + text[5] + text[7:]], {text: 42})
    assert named("DURAND Jean") == named("Jean Durand") == (("JEAN",), ("DURAND",))
    assert said_of("VIR SEPA RECU /DE M X /MOTIF Y /REF NOTPROVIDED", "").holder == "M X"
