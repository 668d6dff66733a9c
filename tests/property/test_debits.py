"""Whatever members are called and owe, the bank's file is valid, in its letters, and says what is asked to the cent."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billing.bank import days as bank_days
from billing.debit.files import Debit, Message, NotValid, Version, pain
from billing.debit.words import bank_letters, code_in, identifies
from billing.models import SequenceType
from billing.statements.accounts import iban_of_rib
from foundation.money import Euros

TAKEN = re.compile(r"[A-Za-z0-9+?/:().,' -]+")
OURS = iban_of_rib("99999", "00001", "00000000001")
rums = st.text("ABCabc019+?/:().,' -", min_size=1, max_size=35).filter(identifies)


@st.composite
def debits(draw: st.DrawFn) -> tuple[Debit, ...]:
    return tuple(
        Debit(
            f"V0001-M{rank:04d}",
            Euros(draw(st.integers(1, 99_999_999))),
            draw(st.sampled_from(SequenceType)),
            draw(rums),
            date(2026, 11, 1),
            draw(st.text(max_size=90)),
            iban_of_rib("99999", "00042", f"{rank:011d}"),
            draw(st.sampled_from(["", "AGRIFRPPXXX"])),
            draw(st.text(max_size=200)),
        )
        for rank in range(draw(st.integers(1, 8)))
    )


def message(asked: tuple[Debit, ...]) -> Message:
    at = datetime(2026, 11, 22, 13, 2, tzinfo=UTC)
    return Message(
        "V0001-20261122T130200", at, date(2026, 12, 15), "Les Abeilles", "FR72ZZZ123456", OURS, "AGRIFRPPXXX", asked
    )


@given(debits(), st.sampled_from(Version))
@settings(max_examples=25, deadline=None)
def test_the_sums_of_the_file_are_those_of_what_is_asked(asked: tuple[Debit, ...], version: Version) -> None:
    pytest.importorskip("sepaxml", reason="the extra 'debits' is not installed")
    data = pain(message(asked), version)
    root = ElementTree.fromstring(data)
    space = {"p": root.tag[1:].partition("}")[0]}

    def cents(text: str | None) -> Euros:
        return Euros.parse(text or "")

    whole = sum(one.cents for one in asked)
    amounts = {
        one.findtext(".//p:EndToEndId", namespaces=space): one for one in root.iterfind(".//p:DrctDbtTxInf", space)
    }
    assert {name: cents(one.findtext("p:InstdAmt", namespaces=space)) for name, one in amounts.items()} == {
        one.end_to_end: one.cents for one in asked
    }
    assert cents(root.findtext(".//p:GrpHdr/p:CtrlSum", namespaces=space)) == whole
    assert root.findtext(".//p:GrpHdr/p:NbOfTxs", namespaces=space) == str(len(asked))
    parts = list(root.iterfind(".//p:PmtInf", space))
    assert sum(cents(one.findtext("p:CtrlSum", namespaces=space)) for one in parts) == whole
    assert {one.findtext(".//p:SeqTp", namespaces=space) for one in parts} == {one.sequence for one in asked}
    written = [one.text or "" for path in ("Nm", "Ustrd") for one in root.iterfind(f".//p:{path}", space)]
    assert all(TAKEN.fullmatch(one) for one in written)
    assert pain(message(asked), version) == data


def test_a_message_that_no_bank_would_take_is_refused_without_saying_the_account() -> None:
    pytest.importorskip("sepaxml", reason="the extra 'debits' is not installed")
    wrong = Debit("V0001-M0001", Euros(1), SequenceType.FIRST, "R", date(2026, 1, 1), "Ada", "no IBAN", "", "x")
    with pytest.raises(NotValid) as refused:
        pain(message((wrong,)), Version.V08)
    assert "(IBAN)" in refused.value.sentence("fr")
    assert "no IBAN" not in refused.value.sentence("fr")


@given(st.text(max_size=200), st.integers(1, 140))
def test_any_text_is_put_into_letters_that_banks_take(text: str, most: int) -> None:
    made = bank_letters(text, most)
    assert len(made) <= most
    assert not made or TAKEN.fullmatch(made)
    assert made == bank_letters(made, most)


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("Zoé Lœuvre-Müller", "Zoe Loeuvre-Muller"),
        ("<b>Ada & fils</b>", "b Ada + fils /b"),
        ("Łukasz Ñandú", "Lukasz Nandu"),
        ("ﬁlle Ⅷ", "fille VIII"),
        ("=cmd|' /C calc'!A0", "cmd ' /C calc' A0"),
        ("\u202eadA", "adA"),
        ("Ольга", ""),
        ("", ""),
    ],
)
def test_names_of_any_kind(text: str, made: str) -> None:
    assert bank_letters(text, 70) == made


@given(st.dates(date(1999, 1, 1), date(2199, 12, 31)))
def test_banks_settle_within_five_days_and_never_at_a_weekend(day: date) -> None:
    first = bank_days.first_from(day)
    assert day <= first <= day + timedelta(days=5)
    assert first.weekday() < 5
    assert all(not bank_days.settles(day + timedelta(days=rank)) for rank in range((first - day).days))


@pytest.mark.parametrize("day", ["2026-04-03", "2026-04-06", "2027-03-26", "2025-04-21", "2026-05-01", "2026-12-25"])
def test_the_holidays_of_banks_are_those_of_the_calendar(day: str) -> None:
    assert not bank_days.settles(date.fromisoformat(day))


def test_the_reason_of_a_return_is_found_among_a_banks_words() -> None:
    assert code_in("REJET PRLV (am04) PROVISION INSUFFISANTE") == "AM04"
    assert code_in("IMPAYE RAM04X") == "MS03"
