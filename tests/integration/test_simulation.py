"""A year that is made up: the same for the same seed, its books agree, and it goes near no association."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from billing.balance import balances
from billing.bank import accounts as bank
from billing.bank import files as bank_files
from billing.bank import inbox
from billing.books import keeping as books
from billing.books.chart import Chart
from billing.statements import reading as statements
from desk.simulation import BadSimulationYear, SimulationFolderTaken, TooFewToSimulate, simulate
from desk.simulation_figures import Figures
from foundation import journal
from foundation.acts import Act
from foundation.clock import Month, midnight
from foundation.database import Store, open_store, reading, transaction
from foundation.settings import read_settings
from foundation.speech import LANGUAGES

YEAR, FEW = 2028, 20
DOCUMENT = Path(__file__).parents[2] / "docs" / "reference" / "simulation.md"


@dataclass(frozen=True)
class Lived:
    folder: Path
    figures: Figures
    store: Store
    act: Act
    facts: list[dict[str, Any]]


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lived]:
    """A leap year of a few members: everything happens in it that happens to 150."""
    folder = tmp_path_factory.mktemp("simulation") / "year"
    figures = simulate(folder, seed=4, year=YEAR, members=FEW)
    store = open_store(read_settings(var=folder, database_url=""))
    facts = [json.loads(line) for line in (folder / "facts.jsonl").read_text(encoding="utf-8").splitlines()]
    end = midnight(Month(YEAR + 1, 2).first)
    yield Lived(folder, figures, store, Act("machine:test", end), facts)
    store.engine.dispose()


def test_the_same_seed_gives_the_same_facts_and_balances(lived: Lived, tmp_path: Path) -> None:
    assert simulate(tmp_path / "again", seed=4, year=YEAR, members=FEW) == lived.figures
    assert (tmp_path / "again" / "facts.jsonl").read_bytes() == (lived.folder / "facts.jsonl").read_bytes()


def test_another_seed_gives_other_facts_and_a_simulation_that_is_stopped_leaves_nothing(
    lived: Lived, tmp_path: Path
) -> None:
    facts = list[str]()

    def stopped(month: Month) -> None:
        if month.number == 2:
            facts.extend((tmp_path / "year" / "facts.jsonl").read_text(encoding="utf-8").splitlines())
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        simulate(tmp_path / "year", seed=5, year=YEAR, members=FEW, told=stopped)
    assert len(facts) > 2 * FEW
    assert [json.loads(fact) for fact in facts] != lived.facts[: len(facts)]
    assert not (tmp_path / "year").exists()


def test_the_journal_of_a_made_up_year_is_whole(lived: Lived) -> None:
    with reading(lived.store) as session:
        assert journal.verify(session)[0] > 20 * FEW


def test_the_books_balance_and_are_what_members_owe_to_the_cent(lived: Lived) -> None:
    assert lived.figures.agreement.whole
    with reading(lived.store) as session:
        ledger = books.journal_of(session, lived.act, Chart(), str(YEAR + 1))
        held = {member.number: -found.amount for member, found in balances(session, lived.act.at.date(), limit=500)}
    assert all(sum(posting.cents for posting in entry.draft.postings) == 0 for entry in ledger.entries)
    assert sum(line.closing for line in ledger.balance()) == 0
    assert {number: cents for number, cents in ledger.of_members().items() if cents} == {
        number: cents for number, cents in held.items() if cents
    }


def test_471_is_what_waits_in_the_inbox_and_512_what_the_last_statement_says(lived: Lived) -> None:
    with reading(lived.store) as session:
        ledger = books.journal_of(session, lived.act, Chart(), str(YEAR + 1))
        left = sum(one.left for one in inbox.waiting(session, lived.act, limit=500))
    closing = {line.account.code: line.closing for line in ledger.balance()}
    (december,) = statements.read((lived.folder / "bank" / f"{YEAR}-12.xml").read_bytes())
    assert closing.get("471", 0) == -left
    assert left == lived.figures.waiting_cents > 0
    assert closing["51201"] == december.closing == lived.figures.bank_cents


def test_the_bank_hands_out_a_file_a_month_and_reading_one_again_changes_nothing(lived: Lived) -> None:
    files = sorted((lived.folder / "bank").iterdir())
    assert [file.stem for file in files] == [f"{YEAR}-{month:02d}" for month in range(1, 13)]
    assert {file.suffix for file in files} == {".xml", ".csv"}
    with transaction(lived.store) as session:
        account = bank.find_account(session)
        for file in files:
            assert bank_files.read_file(session, lived.act, account, file.read_bytes(), file.name).new == 0


def test_what_the_bank_moved_is_what_the_facts_tell(lived: Lived) -> None:
    moved = Counter[str]()
    for fact in lived.facts:
        if fact["fact"] in ("move", "pay", "refund"):
            moved[fact.get("means", fact["fact"])] += fact["cents"]
    assert moved["transfer"] + moved["move"] - moved["refund"] == lived.figures.bank_cents


def test_everything_happens_in_a_year(lived: Lived) -> None:
    told = Counter(fact["fact"] for fact in lived.facts)
    assert all(told[fact] for fact in documented()), told
    assert told["refund"] == 2
    assert told["return"] == 1
    marks = {fact["reference"] for fact in lived.facts if fact["fact"] == "pay"}
    assert {"exact", "wrong", "hand", "none"} <= marks


def test_every_fact_is_as_the_document_says_and_days_never_go_back(lived: Lived) -> None:
    wanted = documented()
    for fact in lived.facts:
        assert fact.keys() - {"fact", "known"} == wanted[fact["fact"]], fact
    known = [fact["known"] for fact in lived.facts]
    assert known == sorted(known)
    assert lived.facts[0]["fact"] == "begin"
    assert lived.facts[-1]["fact"] == "end"


def documented() -> dict[str, frozenset[str]]:
    """The facts that the document lists, with their keys."""
    rows = re.findall(r"^\| `(\w+)` \| (`[^|]+`) \|", DOCUMENT.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {fact: frozenset(re.findall(r"`(\w+)`", keys)) for fact, keys in rows}


def test_what_bore_a_wrong_reference_is_booked_in_the_end_to_whose_it_is(lived: Lived) -> None:
    with reading(lived.store) as session:
        reversed_ = journal.show(session, limit=10_000)
    assert sum(deed.verb == "bank.unmatch" for deed in reversed_) == sum(
        fact["fact"] == "pay" and fact["reference"] == "wrong" for fact in lived.facts
    )


def test_a_simulation_enters_no_folder_that_holds_anything(tmp_path: Path) -> None:
    (tmp_path / "essaim.sqlite").write_text("somebody's")
    with pytest.raises(SimulationFolderTaken):
        simulate(tmp_path, seed=1, year=YEAR, members=FEW)
    assert [one.name for one in tmp_path.iterdir()] == ["essaim.sqlite"]
    assert (tmp_path / "essaim.sqlite").read_text() == "somebody's"


def test_neither_a_year_without_a_calendar_nor_too_few_members_are_simulated(tmp_path: Path) -> None:
    with pytest.raises(BadSimulationYear):
        simulate(tmp_path / "year", seed=1, year=1789, members=FEW)
    with pytest.raises(TooFewToSimulate):
        simulate(tmp_path / "year", seed=1, year=YEAR, members=2)
    assert not (tmp_path / "year").exists()


def test_the_terminal_refuses_an_association_and_shows_the_figures_of_a_new_folder(
    small: Any, tmp_path: Path, lived: Lived, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    said = small("dues", "simulate", "--in", str(small.folder), status=1)
    assert "n'entre dans aucune association" in said.err
    assert "enters no association" in small("dues", "simulate", "--in", str(small.folder), status=1, lang="en").err
    from cli import dues_simulating

    for language, yes in zip(LANGUAGES, ("oui", "yes"), strict=True):
        monkeypatch.setenv("ESSAIM_LANG", language)
        dues_simulating.report(lived.figures, lived.folder)
        out = capsys.readouterr().out
        assert out.count(f" {yes}") >= 5
        assert "512" in out
        assert "facts.jsonl" in out
