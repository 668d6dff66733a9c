"""A whole year of a made association, and who owes what in it computed again from its raw facts alone.

`who_owes_what` (tests/recount) knows docs/reference/simulation.md and nothing of Essaim's. What it says is compared
with what the commands say once the year is over: balances, the exported FEC, the files that the bank made.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
import sys
from collections import Counter, defaultdict
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from pathlib import Path
from xml.etree import ElementTree

import pytest
from who_owes_what import Recount, Unsaid, largest_remainder, read

from cli import door
from cli.main import essaim
from foundation import clock

pytestmark = pytest.mark.sqlite
"""The command makes an association of its own, in a file."""
YEAR = 2026


@dataclass(frozen=True)
class LivedYear:
    """A year that was lived through: its folder, and what its facts say."""

    folder: Path
    recount: Recount

    def say(self, *argv: str) -> str:
        """What a command says there, on the last day of the facts."""
        return typed(self.folder, self.recount.last, *argv)

    def fec(self) -> list[dict[str, str]]:
        """The rows of the exported FEC of the year and of the one in which it is regularised, in their order."""
        rows: list[dict[str, str]] = []
        for year in (YEAR, YEAR + 1):
            path = self.folder / f"fec{year}.txt"
            if not path.exists():
                self.say("books", "export", "--year", str(year), "--format", "fec", "--to", str(path))
            rows += csv.DictReader(io.StringIO(path.read_text("utf-8")), delimiter="\t")
        return rows

    def bookings(self) -> list[dict[str, str]]:
        """The rows of what happened: without the opening balances of the next year."""
        return [row for row in self.fec() if row["JournalCode"] != "AN"]


def typed(folder: Path, day: date, *argv: str) -> str:
    """What a command says in an association's folder, at noon of a day; it succeeds."""
    said, at = io.StringIO(), datetime.combine(day, time(12), UTC)
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(said), redirect_stderr(io.StringIO()) as wrong:
        for name in [name for name in os.environ if name.startswith("ESSAIM_")]:
            patch.delenv(name)
        patch.setenv("ESSAIM_VAR", str(folder))
        patch.setattr(clock, "now", lambda: at)
        patch.setattr(sys, "argv", ["essaim", *argv])
        assert door.enter(essaim) == 0, (argv, wrong.getvalue())
    return said.getvalue()


def lived(folder: Path, seed: int, today: date) -> LivedYear:
    """Live through a year of that seed, in a new folder, as one who types the command on that day."""
    typed(folder.with_name("elsewhere"), today, *f"dues simulate --seed {seed} --year {YEAR} --in {folder}".split())
    return LivedYear(folder, Recount(read((folder / "facts.jsonl").read_text("utf-8"))))


@pytest.fixture(
    scope="module",
    params=[1, *(pytest.param(seed, marks=pytest.mark.soak) for seed in (2, 3, 2026))],
    ids="seed {}".format,
)
def year(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> LivedYear:
    """A year of a made association of 150 members, as made on the day of the run."""
    return lived(tmp_path_factory.mktemp("year") / "var", request.param, clock.today(clock.now()))


def month_ends() -> list[date]:
    return [date(YEAR + number // 12, number % 12 + 1, 1) - timedelta(days=1) for number in range(1, 13)]


def cents(text: str) -> int:
    """The cents of `12,50` or `-12.50`."""
    whole, _, rest = text.replace(",", ".").partition(".")
    assert len(rest) <= 2
    return int(whole + rest.ljust(2, "0"))


def day_of(text: str) -> date:
    return date.fromisoformat(text)


def debit(row: dict[str, str]) -> int:
    return cents(row["Debit"]) - cents(row["Credit"])


def test_the_facts_are_of_a_year_in_which_much_happens(year: LivedYear) -> None:
    facts = year.recount.by_kind
    first = date(YEAR, 1, 1)
    there = [member for member, spells in year.recount.memberships.items() if any(one.runs(first) for one in spells)]
    assert len(there) == facts["begin"][0]["members"] == 150
    assert min(len(facts[kind]) for kind in ("leave", "weigh", "unshare", "pause", "become", "charge", "correct")) >= 3
    assert {payment["reference"] for payment in facts["pay"]} >= {"exact", "other", "wrong", "damaged", "none", "two"}
    assert {payment["means"] for payment in facts["pay"]} == {"transfer", "cheque", "cash"}
    shared = [parts for parts in year.recount.parts.values() if len({part.member for part in parts}) > 1]
    assert len(shared) >= 5


def test_at_the_end_each_owes_what_the_facts_say(year: LivedYear) -> None:
    rows = json.loads(year.say("dues", "balance", "--json", "--limit", "1000"))
    owed = year.recount.everyone()
    # Whoever left and was never asked for anything is not in the list.
    unlisted = set(owed) - {row["member"] for row in rows}
    gone = {member for member, spells in year.recount.memberships.items() if spells[-1].until is not None}
    assert unlisted <= gone
    there = {member: cents for member, cents in owed.items() if member not in unlisted or cents}
    assert {row["member"]: -row["balance"] for row in rows} == there
    assert {row["member"]: row["owed"] - row["credit"] for row in rows} == there
    assert len(owed) > 150
    assert min(owed.values()) < 0 < max(owed.values())


def test_at_each_months_end_each_owed_what_the_facts_say(year: LivedYear) -> None:
    theirs = [row for row in year.bookings() if row["CompteNum"] == "411"]
    for day in month_ends():
        owed = Counter(dict.fromkeys(year.recount.members, 0))
        for row in theirs:
            if day_of(row["PieceDate"]) <= day:
                owed[row["CompAuxNum"].removeprefix("411")] += debit(row)
        assert owed == year.recount.everyone(day), day


def test_each_due_is_what_the_facts_ask(year: LivedYear) -> None:
    asked, accounts = Counter[tuple[str, str, str, date]](), {"706": "line", "165": "deposit", "756": "membership"}
    entries: dict[tuple[str, str], list[dict[str, str]]] = defaultdict(list)
    for row in year.bookings():
        entries[row["EcritureDate"], row["EcritureNum"]].append(row)
    for rows in entries.values():
        (whose,) = [row["CompAuxNum"].removeprefix("411") for row in rows if row["CompteNum"] == "411"] or [""]
        for row in rows:
            if row["CompteNum"] in accounts:
                line = re.search(r"L\d{4,}", row["EcritureLib"])
                due = (
                    whose,
                    accounts[row["CompteNum"]],
                    line[0] if line else "",
                    day_of(row["PieceDate"]).replace(day=1),
                )
                asked[due] -= debit(row)
    counted = Counter[tuple[str, str, str, date]]()
    for dues in (year.recount.asked, year.recount.corrected):
        for (member, kind, what, month), amount in dues.items():
            kept = ("membership", "") if kind in {"membership", "entry"} else (kind, what)
            counted[member, *kept, month] += amount
    assert {due: amount for due, amount in asked.items() if amount} == {
        due: amount for due, amount in counted.items() if amount
    }
    assert len(counted) > 1800


def test_the_books_balance_to_the_cent(year: LivedYear) -> None:
    entries, end = Counter[tuple[str, str]](), Counter[str]()
    for row in year.fec():
        entries[row["EcritureDate"][:4], row["EcritureNum"]] += debit(row)
        assert cents(row["Debit"]) >= 0 <= cents(row["Credit"])
    assert len(entries) > 4000
    assert set(entries.values()) == {0}
    for row in year.bookings():
        end[row["CompAuxNum"] or row["CompteNum"]] += debit(row)
    assert sum(end.values()) == 0
    end["512"] = sum(end.pop(account) for account in [one for one in end if re.fullmatch(r"512\d*", one)])
    numbers = {one["word"]: one["account"] for one in json.loads(year.say("books", "accounts", "--json"))}
    expected = {numbers.get(account, account): amount for account, amount in year.recount.books().items()}
    assert {account: amount for account, amount in end.items() if amount} == {
        account: amount for account, amount in expected.items() if amount
    }


def test_the_next_year_opens_with_what_each_owes(year: LivedYear) -> None:
    opened = Counter(dict.fromkeys(year.recount.members, 0))
    for row in year.fec():
        # Besides what was before: what is said about the year once it is over.
        if row["EcritureDate"] >= f"{YEAR + 1}" and row["CompteNum"] == "411":
            opened[row["CompAuxNum"].removeprefix("411")] += debit(row)
    assert opened == year.recount.everyone()


def test_the_banks_account_holds_what_its_statements_say(year: LivedYear) -> None:
    statements = sorted((year.folder / "bank").iterdir())
    assert [path.stem for path in statements] == [f"{YEAR}-{number:02d}" for number in range(1, 13)]
    seen: dict[str, tuple[date, int]] = {}
    twice = shown = 0
    for path, end in zip(statements, month_ends(), strict=True):
        moves, opening, closing = statement(path)
        assert all(day <= end for day, _ in moves.values())
        # A file may begin within the one before: the bank's own reference tells what is there twice.
        again = seen.keys() & moves.keys()
        assert {one: moves[one] for one in again} == {one: seen[one] for one in again}
        if opening is not None:
            assert opening == sum(cents for one, (_, cents) in seen.items() if one not in again), path
            assert closing == opening + sum(cents for _, cents in moves.values()), path
        seen |= moves
        twice, shown = twice + len(again), shown + (closing is not None)
    assert twice > 0
    assert shown >= 6
    at_the_bank, told = Counter(seen.values()), Counter(year.recount.bank())
    refunds = sorted((fact["cents"], fact["day"]) for fact in year.recount.by_kind["refund"])
    paid_back = sorted((-cents, day) for day, cents in (at_the_bank - told).elements())
    assert told - at_the_bank == Counter()
    assert paid_back == refunds
    on_the_account = sum(debit(row) for row in year.bookings() if re.fullmatch(r"512\d*", row["CompteNum"]))
    assert on_the_account == sum(cents for _, cents in seen.values()) == year.recount.books()["512"]


def statement(path: Path) -> tuple[dict[str, tuple[date, int]], int | None, int | None]:
    """A statement's movements by the bank's reference, what its account had and what it has; None: it does not say."""
    balances: dict[str | None, int] = {}
    if path.suffix == ".csv":
        rows = list(csv.DictReader(path.read_text("utf-8").splitlines()))
        moves = {row["Transaction ID"]: (day_of(row["Operation date"]), cents(row["Total amount"])) for row in rows}
        assert len(moves) == len(rows)
    else:
        root = ElementTree.fromstring(path.read_bytes())  # made here, by the program itself
        entries = root.findall(".//{*}Ntry")
        moves = {
            entry.findtext("{*}AcctSvcrRef") or "": (day_of(entry.findtext("{*}BookgDt/{*}Dt") or ""), amount(entry))
            for entry in entries
        }
        balances = {one.findtext("{*}Tp/{*}CdOrPrtry/{*}Cd"): amount(one) for one in root.iterfind(".//{*}Bal")}
        assert set(balances) == {"OPBD", "CLBD"}
        assert len(moves) == len(entries)
    return moves, balances.get("OPBD"), balances.get("CLBD")


def amount(of: ElementTree.Element) -> int:
    """The signed cents of a balance or an entry of camt.053."""
    shown = cents(of.findtext("{*}Amt") or "")
    return {"CRDT": shown, "DBIT": -shown}[of.findtext("{*}CdtDbtInd") or ""]


@pytest.mark.soak
def test_the_same_seed_gives_the_same_year_whatever_the_day(year: LivedYear, tmp_path: Path) -> None:
    seed = year.recount.facts[0]["seed"]
    again = lived(tmp_path / "again", seed, date(2031, 5, 17))
    assert (again.folder / "facts.jsonl").read_bytes() == (year.folder / "facts.jsonl").read_bytes()
    assert again.say("dues", "balance", "--csv") == year.say("dues", "balance", "--csv")


class Told:
    """Facts of a year made by hand, for what the recount itself must say."""

    def __init__(self) -> None:
        self.facts: list[dict[str, object]] = []
        self.tell("begin", seed=0, year=YEAR, version=1, members=0)

    def tell(self, fact: str, **keys: object) -> None:
        self.facts.append({"fact": fact, "known": "2026-01-01", **keys})

    def price(
        self, of: str, cents: int, per: str = "month", asked: str = "regular", since: str = "2026-01-01", **more: object
    ) -> None:
        self.tell(
            "tariff",
            of=of,
            asked=asked,
            per=per,
            cents=cents,
            since=since,
            **{"floor": None, "solidarity": None, **more},
        )

    def line(self, offer: str, day: str, **parts: int) -> None:
        """A line in service from a day on, with parts of such weights from the same day."""
        self.tell("line", line="L0001", offer=offer)
        for member, weight in parts.items():
            self.tell("share", line="L0001", member=member, weight=weight, since=day)
        self.tell("service", line="L0001", serves=True, day=day)

    def asked(self) -> dict[tuple[str, str, str], int]:
        """What is asked, by member, kind of due and month."""
        end = {"fact": "end", "known": "2027-01-10", "day": "2027-01-10"}
        recount = Recount(read("\n".join(json.dumps(fact) for fact in [*self.facts, end])))
        return {
            (who, kind, f"{month:%m-%d}"): amount for (who, kind, _, month), amount in recount.asked.items() if amount
        }


@pytest.fixture
def told() -> Told:
    return Told()


def test_the_recount_splits_a_month_as_the_page_does(told: Told) -> None:
    told.price("offer:adsl", 3500)
    told.line("adsl", "2026-04-01", M0001=1)
    told.tell("share", line="L0001", member="M0002", weight=1, since="2026-04-11")
    told.tell("unshare", line="L0001", member="M0002", until="2026-05-13")
    asked = told.asked()
    assert (asked["M0001", "line", "04-01"], asked["M0002", "line", "04-01"]) == (2100, 1400)
    assert (asked["M0001", "line", "05-01"], asked["M0002", "line", "05-01"]) == (2523, 977)
    assert ("M0001", "line", "03-01") not in asked
    assert asked["M0001", "line", "06-01"] == 3500


def test_the_recount_asks_nobody_for_what_falls_on_a_pause(told: Told) -> None:
    told.price("offer:adsl", 3100)
    told.line("adsl", "2026-01-01", M0001=1, M0002=1)
    told.tell("pause", member="M0002", what="L0001", since="2026-01-22", until="2026-02-01")
    asked = told.asked()
    assert (asked["M0001", "line", "01-01"], asked["M0002", "line", "01-01"]) == (1550, 1050)


def test_the_recount_gives_a_cent_left_over_to_the_largest_fraction_then_to_the_first() -> None:
    assert largest_remainder(3500, [Fraction(1)] * 3) == [1167, 1167, 1166]
    assert largest_remainder(100, [Fraction(1), Fraction(2)]) == [33, 67]


def test_the_recount_cuts_a_year_into_months_that_add_up(told: Told) -> None:
    told.price("offer:hosting", 12005, per="year")
    told.line("hosting", "2026-01-01", M0001=1)
    months = list(told.asked().values())
    assert sum(months) == 12005
    assert months == [1000, 1000, 1001, 1000, 1001, 1000, 1000, 1001, 1000, 1001, 1000, 1001]


def test_the_recount_takes_what_is_chosen_as_the_tariff_of_the_day_allows(told: Told) -> None:
    told.price("offer:vpn", 500, floor=300, solidarity=100)
    told.price("offer:vpn", 600, floor=400, solidarity=150, since="2026-07-01")
    told.line("vpn", "2026-01-01", M0001=1)
    for month, cents in ((2, 100), (3, 200), (4, 900), (5, 300), (9, 1), (10, 650), (11, None)):
        told.tell("choose", member="M0001", what="L0001", cents=cents, since=f"2026-{month:02d}-01")
    assert list(told.asked().values()) == [500, 100, 100, 900, 300, 300, 150, 150, 150, 650, 600, 600]


def test_the_recount_asks_a_years_membership_on_its_day_and_a_months_from_its_first(told: Told) -> None:
    told.price("kind:adherent", 1500, per="year", floor=500)
    told.price("kind:adherent", 1000, per="once", asked="entry")
    told.price("kind:affiliate", 150)
    told.tell("join", member="M0001", kind="adherent", since="2024-02-29")
    told.tell("join", member="M0002", kind="affiliate", since="2026-10-31")
    told.tell("join", member="M0003", kind="adherent", since="2026-03-31")
    told.tell("leave", member="M0003", until="2026-04-01", reason="")
    told.tell("join", member="M0003", kind="affiliate", since="2026-11-02")
    told.tell("become", member="M0003", kind="adherent", since="2026-12-02")
    told.tell("pause", member="M0002", what="membership", since="2026-11-01", until="2026-11-02")
    assert told.asked() == {
        ("M0001", "membership", "02-01"): 1500,
        ("M0002", "membership", "10-01"): 150,
        ("M0002", "membership", "12-01"): 150,
        ("M0003", "membership", "03-01"): 1500,
        ("M0003", "entry", "03-01"): 1000,
        ("M0003", "membership", "11-01"): 150,
        ("M0003", "membership", "12-01"): 150,
    }


def test_the_recount_asks_a_deposit_once_of_who_holds_the_line(told: Told) -> None:
    told.price("offer:adsl", 5000, per="once", asked="deposit")
    told.line("adsl", "2026-03-15", M0002=1, M0001=3)
    told.tell("service", line="L0001", serves=False, day="2026-04-01")
    told.tell("service", line="L0001", serves=True, day="2026-05-01")
    assert told.asked() == {("M0002", "deposit", "03-01"): 5000}


@pytest.mark.parametrize(
    ("kind", "keys"),
    [
        ("gift", {}),
        ("charge", {"member": "M0001", "cents": 1, "day": "2026-01-01"}),
        ("leave", {"member": "M0001", "until": "2026-02-01", "reason": ""}),
        ("weigh", {"line": "L0001", "member": "M0001", "weight": 2, "since": "2026-02-01"}),
        ("return", {"payment": "T0001", "day": "2026-01-01", "reason": ""}),
    ],
)
def test_the_recount_refuses_what_the_page_gives_no_meaning_to(told: Told, kind: str, keys: dict[str, object]) -> None:
    told.tell(kind, **keys)
    with pytest.raises(Unsaid):
        told.asked()
