"""CFONB120: signs in the last digit, decimals, complements, and lines that were lost."""

from __future__ import annotations

from datetime import date

import pytest
from statement_files import IBAN, Move, cfonb, cfonb_amount, cfonb_balance, cfonb_record

from billing.statements.reading import read
from billing.statements.refusals import (
    BadStatementAmount,
    BadStatementDay,
    MalformedStatement,
    UnbalancedStatement,
    WrongCurrency,
)

DAY = date(2026, 11, 23)
LONG = "COTISATION 2026 ET ACCES VPN POUR LE FOYER DE JEANNE ET PAUL DUPONT AU 12 RUE DES ABEILLES A GRENOBLE"
DUES = Move(DAY, 1250, LONG, "MME DUPONT JEANNE", end_to_end="E2E1", reference="RF18539007547034")
FEES = Move(DAY, -300, "FRAIS", "LA BANQUE")


def test_a_statement_and_its_complements() -> None:
    (statement,) = read(cfonb([DUES, FEES], opening=10_000))
    assert (statement.account, statement.opening, statement.closing) == (IBAN, 10_000, 10_950)
    assert (statement.since, statement.until) == (DAY, DAY)
    dues, fees = statement.entries
    assert (dues.cents, dues.payer, dues.end_to_end) == (1250, "MME DUPONT JEANNE", "E2E1")
    assert dues.reference == "RF18539007547034"
    assert dues.label.endswith(LONG)
    assert (fees.cents, fees.payer, fees.label) == (-300, "LA BANQUE", "FRAIS")


@pytest.mark.parametrize(
    ("written", "cents"),
    [
        ("0000000000125{", 1250), ("0000000000125A", 1251), ("0000000000125I", 1259), ("0000000000125}", -1250),
        ("0000000000125J", -1251), ("0000000000125R", -1259), ("          125{", 1250), ("0000000000125è", -1250),
        ("0000000000125é", 1250), ("00000000001250", 1250),
    ],
)  # fmt: skip
def test_the_last_digit_says_the_sign(written: str, cents: int) -> None:
    text = cfonb([Move(DAY, 1250, "COTIS")]).decode("ascii").replace(cfonb_amount(1250), written)
    lines = text.splitlines()
    lines[-1] = cfonb_balance("07", DAY, cents)
    for charset in ("latin-1", "utf-8"):
        (statement,) = read("\n".join(lines).encode(charset))
        assert [entry.cents for entry in statement.entries] == [cents]


def test_amounts_in_other_decimals_are_the_same_cents() -> None:
    text = cfonb([Move(DAY, 1250, "COTIS")]).decode()
    three = text.replace("EUR2", "EUR3").replace(cfonb_amount(1250), cfonb_amount(12500))
    (statement,) = read(three.encode())
    assert [entry.cents for entry in statement.entries] == [1250]
    with pytest.raises(BadStatementAmount):
        read(text.replace("EUR2", "EUR3").replace(cfonb_amount(1250), cfonb_amount(12505)).encode())


def test_lines_may_end_in_any_way_or_not_at_all() -> None:
    once = read(cfonb([DUES, FEES], ends="\n"))
    assert read(cfonb([DUES, FEES], ends="\r\n")) == once
    assert read(cfonb([DUES, FEES], ends="")) == once
    assert read(cfonb([DUES, FEES], ends="\n") + b"\x1a") == once
    stripped = b"\n".join(line.rstrip() for line in cfonb([DUES, FEES]).splitlines())
    assert read(stripped) == once


def test_a_file_may_hold_several_statements() -> None:
    first = cfonb([DUES])
    second = cfonb([Move(date(2026, 11, 24), -300, "FRAIS")], opening=1250)
    one, other = read(first + second)
    assert (one.closing, other.opening) == (1250, 1250)


def test_days_of_the_last_century_are_told_apart() -> None:
    (statement,) = read(cfonb([Move(date(1999, 12, 31), 1250, "COTIS")]))
    assert statement.entries[0].day == date(1999, 12, 31)


@pytest.mark.parametrize("lost", [0, 1, 2, -1])
def test_a_line_that_was_lost_is_noticed(lost: int) -> None:
    lines = cfonb([FEES, DUES]).splitlines()
    del lines[lost]
    if lost == 2:  # a complement alone cannot be missed: the entry after it can
        lines = [line for line in lines if not line.startswith(b"04") or b"COTIS" not in line]
    with pytest.raises((MalformedStatement, UnbalancedStatement)) as refused:
        read(b"\n".join(lines), name="relevé")
    assert "Rien n'a été enregistré." in refused.value.sentence("fr")


@pytest.mark.parametrize(
    ("old", "new", "refusal"),
    [
        ("EUR2", "USD2", WrongCurrency),
        ("EUR2", "EURX", BadStatementAmount),
        ("0000000000125{", "000000000012,5", BadStatementAmount),
        ("0000000000125{", "9999999999999I", BadStatementAmount),
        ("231126  231126", "311126  231126", BadStatementDay),
        ("231126  231126", "2311 6  231126", BadStatementDay),
        ("231126  231126", "231126  999999", BadStatementDay),
        ("0430006B1  00001EUR2 12345678901", "0430006B1  00001EUR2 12345678902", MalformedStatement),
        ("\n04", "\n03", MalformedStatement),
        ("\n04", "\nXX", MalformedStatement),
    ],
)
def test_what_is_wrong_is_refused_with_its_line(old: str, new: str, refusal: type[Exception]) -> None:
    text = cfonb([Move(DAY, 1250, "COTIS")], ends="\n").decode()
    assert old in text
    with pytest.raises(refusal) as refused:
        read(text.replace(old, new).encode())
    assert "ligne " in refused.value.sentence("fr")  # type: ignore[attr-defined]


def test_a_complement_before_any_entry_is_refused() -> None:
    text = cfonb([Move(DAY, 1250, "COTIS")], ends="\n").splitlines()
    with pytest.raises(MalformedStatement):
        read(
            "\n".join(
                [text[0].decode(), cfonb_record("05", DAY, "", 0), *[line.decode() for line in text[1:]]]
            ).encode()
        )
