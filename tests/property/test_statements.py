"""Any statement is read as it was written, whatever its format; any bytes are read or refused, and nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import pytest
import statement_files as files
from hypothesis import example, given, settings
from hypothesis import strategies as st

from billing.statements import g1, helloasso, mapping, reading
from billing.statements.accounts import iban_of, iban_of_rib
from billing.statements.entries import Entry
from billing.statements.refusals import UnreadableStatement
from billing.statements.texts import meant, plain

FIRST = date(2026, 10, 28)
FRENCH = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 éèàùôî.,;:-/\"'&<>()?€"
OLD = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 .-/'"

FORMATS: dict[str, tuple[str | None, Callable[..., bytes]]] = {
    "camt.053.001.02": (None, lambda moves: files.camt(moves, version="02")),
    "camt.053.001.08": (None, lambda moves: files.camt(moves, version="08")),
    "OFX 1": (FRENCH, lambda moves: files.ofx(moves, version=1)),
    "OFX 2": (None, lambda moves: files.ofx(moves, version=2)),
    "CFONB120": (OLD, files.cfonb),
    "CFONB120 in one line": (OLD, lambda moves: files.cfonb(moves, ends="")),
    "CSV, newest first": (FRENCH, files.common_csv),
    "CSV, oldest first": (FRENCH, lambda moves: files.common_csv(moves, newest_first=False)),
    "CSV in UTF-8 with who paid": (None, files.online_csv),
}
TELLS_ENDS = {"camt.053.001.02", "camt.053.001.08"}
TELLS_PAYERS = {name for name in FORMATS if name.startswith(("camt", "OFX", "CFONB")) or "who paid" in name}


def words(alphabet: str | None, most: int, least: int = 0) -> st.SearchStrategy[str]:
    signs = st.characters(codec="utf-8") if alphabet is None else st.sampled_from(alphabet)
    return st.text(signs, max_size=most).map(lambda text: plain(text, most)).filter(lambda text: len(text) >= least)


@st.composite
def moves(draw: st.DrawFn, alphabet: str | None, owned: bool) -> list[Any]:
    """Some movements in the order of time, with equal ones among them."""
    ibans = st.builds(lambda account: iban_of_rib("99999", "00001", f"{account:011d}"), st.integers(0, 10**11 - 1))
    codes = st.text("ABCDEF0123456789", min_size=1, max_size=35).filter(lambda text: meant(text) == text)
    one = st.builds(
        files.Move,
        day=st.integers(0, 9).map(lambda days: FIRST + timedelta(days=days)),
        cents=st.integers(-(10**9), 10**9).filter(bool),
        label=words(alphabet, 120, 1),
        payer=words(alphabet, 30),
        iban=st.just("") | ibans,
        end_to_end=st.just("") | codes,
        reference=st.just("") | codes,
    )
    drawn = draw(st.lists(one, max_size=8))
    again = draw(st.lists(st.sampled_from(drawn), max_size=4)) if drawn else []
    every = sorted(drawn + again, key=lambda move: move.day)
    if not owned:
        return every
    return [files.Move(**{**vars(move), "own": f"B{rank:05d}"}) for rank, move in enumerate(every)]


def seen(entry: Entry, name: str) -> tuple[object, ...]:
    """What a format tells of an entry."""
    ends = (entry.end_to_end, entry.reference) if name in TELLS_ENDS else ()
    return (entry.day, int(entry.cents), *((entry.payer,) if name in TELLS_PAYERS else ()), *ends)


def wanted(move: Any, name: str) -> tuple[object, ...]:
    ends = (move.end_to_end, move.reference) if name in TELLS_ENDS else ()
    return (move.day, move.cents, *((move.payer,) if name in TELLS_PAYERS else ()), *ends)


@pytest.mark.parametrize("name", FORMATS)
@given(data=st.data(), owned=st.booleans())
@settings(max_examples=15)
def test_a_statement_is_read_as_it_was_written(name: str, data: st.DataObject, owned: bool) -> None:
    alphabet, written = FORMATS[name]
    told = data.draw(moves(alphabet, owned))
    statements = reading.read(written(told))
    entries = [entry for statement in statements for entry in statement.entries]
    assert [seen(entry, name) for entry in entries] == [wanted(move, name) for move in told]
    assert all(move.label in f"{entry.payer} {entry.label}" for entry, move in zip(entries, told, strict=True))
    assert {statement.account for statement in statements} <= {files.IBAN, ""}
    assert len({entry.key for entry in entries}) == len(entries)
    assert all(len(entry.key) <= 64 for entry in entries)
    if told and name in TELLS_ENDS:
        assert [entry.payer_account for entry in entries] == [move.iban for move in told]


@pytest.mark.parametrize("name", FORMATS)
@given(data=st.data(), owned=st.booleans(), bounds=st.tuples(st.integers(0, 9), st.integers(0, 9)).map(sorted))
@settings(max_examples=10)
def test_files_that_overlap_give_the_same_keys(name: str, data: st.DataObject, owned: bool, bounds: list[int]) -> None:
    alphabet, written = FORMATS[name]
    told = data.draw(moves(alphabet, owned))
    low, high = (FIRST + timedelta(days=days) for days in bounds)
    older, newer = [m for m in told if m.day <= high], [m for m in told if m.day >= low]
    keys: Counter[tuple[object, ...]] = Counter()
    for part in (told, older, newer):
        keyed = {(entry.key, seen(entry, name)) for one in reading.read(written(part)) for entry in one.entries}
        assert len(keyed) == len(part)
        keys.update(keyed)
    assert len(keys) == len(told)


@pytest.mark.parametrize("name", FORMATS)
@given(data=st.data(), owned=st.booleans(), cut=st.integers(0, 12))
@settings(max_examples=10)
def test_a_file_that_ends_in_the_middle_of_a_day_gives_the_same_keys(
    name: str, data: st.DataObject, owned: bool, cut: int
) -> None:
    alphabet, written = FORMATS[name]
    told = data.draw(moves(alphabet, owned))
    short, whole = ({e.key for one in reading.read(written(part)) for e in one.entries} for part in (told[:cut], told))
    assert short <= whole


@pytest.mark.parametrize("name", [name for name in FORMATS if not name.startswith("OFX") and "who paid" not in name])
@given(data=st.data(), opening=st.integers(-(10**8), 10**8), missing=st.integers(0, 20))
@settings(max_examples=10)
def test_a_statement_that_lost_an_entry_is_refused(name: str, data: st.DataObject, opening: int, missing: int) -> None:
    """But at its ends where balances stand in each line: those it cannot know of."""
    told = data.draw(moves(FORMATS[name][0], owned=True).filter(lambda every: len(every) > 2))
    if name.startswith("camt"):
        closing = opening + sum(move.cents for move in told)
        lost = missing % len(told)
        text = files.camt(told[:lost] + told[lost + 1 :], version=name[-2:], opening=opening, closing=closing)
    elif name.startswith("CFONB"):
        lines = files.cfonb(told, opening=opening).splitlines(keepends=True)
        lost = [rank for rank, line in enumerate(lines) if line.startswith(b"04")][missing % len(told)]
        text = b"".join(line for rank, line in enumerate(lines) if rank != lost and not line.startswith(b"05"))
    else:
        lines = files.common_csv(told, opening=opening, newest_first="newest" in name).splitlines(keepends=True)
        del lines[3 + 1 + missing % (len(told) - 2)]
        text = b"".join(lines)
    with pytest.raises(UnreadableStatement):
        reading.read(text)


VALID = [
    written([files.Move(FIRST, 1250, "COTIS 2026", "MME DUPONT", files.IBAN, "E1", "RF18539007547034", "B1"),
             files.Move(FIRST, -300, "FRAIS", own="B2")])
    for _, written in FORMATS.values()
]  # fmt: skip
COLLECTED = (
    "Référence paiement;Montant total;Date du paiement;Statut du paiement;Nom payeur;Prénom payeur;Email payeur\n"
    "53041;45,00;03/04/2026 18:23:13;Payé;Durand;Zoé;zoe@durand.example\n"
).encode()
G1 = (
    "Date;Montant;Cours;Émetteur;Commentaire\n03/04/2026;12,50;0,10;2ny7YAdmzReQxAayyJZsyVYwYhVyax2thKcGknmQy5nQ;RF\n"
).encode()
PIECES = [
    *(b"<", b">", b"&", b"<!DOCTYPE a>", b"<![CDATA[", b"</OFX>", b"<Ntry>", b"</Stmt>", b"<STMTTRN>", b"&#x1F600;"),
    *(b"&#99999999;", b"\0", b"\xff\xfe", b"\n", b"\r", b'"', b";", b"-", b"\xe9", b"04", b"9" * 30),
]


@st.composite
def spoilt(draw: st.DrawFn) -> bytes:
    """A good file into which something came, or of which something went."""
    data = draw(st.sampled_from([*VALID, COLLECTED, G1]))
    for _ in range(draw(st.integers(1, 4))):
        at, length = draw(st.integers(0, len(data))), draw(st.integers(0, 40))
        data = data[:at] + draw(st.sampled_from([*PIECES, b""]) | st.binary(max_size=5)) + data[at + length :]
    return data


def refusal_of(read: Callable[[Any], object], what: object) -> UnreadableStatement | None:
    try:
        read(what)
    except UnreadableStatement as refused:
        return refused
    return None


@given(st.binary(max_size=300) | st.text(max_size=200).map(str.encode) | spoilt())
@settings(max_examples=200)
@example(b"<OFX></OFX>")
@example(b"<OFX><STMTRS></STMTRS></OFX>")
@example(b"\xff\xfe<\0")
@example(b"01" + b"0" * 118)
def test_any_bytes_are_read_or_refused_in_words(data: bytes) -> None:
    readers: list[Callable[[bytes], object]] = [reading.read, helloasso.read, g1.read]
    readers += [lambda data, one=one: reading.read(data, mapping=one) for one in mapping.shipped()]
    for refusal in filter(None, (refusal_of(read, data) for read in readers)):
        assert "\n" not in refusal.sentence("fr")
        assert "Rien n'a été enregistré." in refusal.sentence("fr")
        assert "Nothing was recorded." in refusal.sentence("en")


@given(
    st.text(max_size=200)
    | st.fixed_dictionaries(
        {},
        optional={key: st.sampled_from(["1", '"x"', "true", "[]", "{}", "-1", '";"', "1.5"]) for key in mapping._KEYS},
    ).map(lambda told: "".join(f"{key} = {value}\n" for key, value in told.items()))
)
def test_any_mapping_is_taken_or_refused_in_words(text: str) -> None:
    refusal = refusal_of(lambda told: mapping.parse("essai", told), text)
    assert refusal is None or refusal.kind == "statement-mapping"


@given(st.text("0123456789", min_size=5, max_size=5), st.text("0123456789", min_size=5, max_size=5),
       st.text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=11, max_size=11), st.integers(0, 26))  # fmt: skip
def test_an_iban_made_of_a_rib_holds_and_one_wrong_digit_breaks_it(
    bank: str, branch: str, account: str, at: int
) -> None:
    iban = iban_of_rib(bank, branch, account)
    assert iban_of(iban) == iban
    assert iban[4:].startswith(bank + branch + account)
    if iban[at].isdigit():
        assert iban_of(iban[:at] + str((int(iban[at]) + 1) % 10) + iban[at + 1 :]) == ""


@given(st.lists(st.tuples(st.integers(1, 10**7), st.integers(1, 10**5)), min_size=1, max_size=6))
def test_a_receipt_in_g1_is_rounded_once(receipts: list[tuple[int, int]]) -> None:
    """Amounts in hundredths of Ğ1, rates in hundred-thousandths of a euro."""
    rows = "".join(
        f"2026-04-{rank:02d};{units // 100}.{units % 100:02d};{rate // 10**5}.{rate % 10**5:05d};"
        f"2ny7YAdmzReQxAayyJZsyVYwYhVyax2thKcGknmQy5nQ;RF\n"
        for rank, (units, rate) in enumerate(receipts, start=1)
    )
    exact = [Fraction(units, 100) * Fraction(rate, 10**5) * 100 for units, rate in receipts]
    entries = g1.read(f"Date;Montant;Cours;Émetteur;Commentaire\n{rows}".encode())
    kept = [one for one in exact if one >= Fraction(1, 2)]
    assert len(entries) == len(kept)
    assert all(abs(int(entry.cents) - one) <= Fraction(1, 2) for entry, one in zip(entries, kept, strict=True))
