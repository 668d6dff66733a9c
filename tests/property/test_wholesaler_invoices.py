"""An invoice made from an inventory is right, and each single fault that is put into it is found, alone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from billing.invoices import prices
from billing.invoices.checking import Other, check
from billing.invoices.facts import Access, Billed, Bought, Carried, Period, Statement, Stock, Terms, bare
from billing.invoices.findings import Fault, Finding
from billing.invoices.mapping import Mapping, parse
from billing.invoices.reading import InvoiceTotalDiffers, Told, read
from foundation.clock import Month
from foundation.errors import Invalid
from foundation.money import Euros

DAY = timedelta(days=1)
MONTHS = st.builds(Month, st.integers(2023, 2028), st.integers(1, 12))
KINDS = (("adsl", "adsl", "ACC-ADSL", 1800), ("fibre", "ftth", "ACC-FTTH", 2533))
GUARANTEES = ("4h", "8ho", "j+1")
RATES = ("100M", "1G/300M", "8M/1M")


@dataclass(frozen=True)
class World:
    """An inventory, the month that is billed, and the right invoice for it."""

    stock: Stock
    statement: Statement

    @property
    def month(self) -> Period:
        """What is billed."""
        return self.statement.period

    def found(self, *lines: Billed, others: tuple[Other, ...] = ()) -> tuple[Finding, ...]:
        """What is amiss once these are the invoice's lines."""
        ranked = tuple(replace(one, rank=rank) for rank, one in enumerate(lines or self.statement.lines, start=2))
        return check(replace(self.statement, lines=ranked), self.stock, others)

    def index(self, seed: int, *, whole: bool = False) -> int:
        """One of the invoice's subscriptions, where wanted of a line that is bought all the month."""
        able = [
            rank
            for rank, one in enumerate(self.statement.lines)
            if not (one.common or one.once) and (not whole or one.period == self.month)
        ]
        return able[seed % len(able)]

    def with_one(self, rank: int, **facts: object) -> list[Billed]:
        """The invoice's lines, of which one says something else."""
        lines = list(self.statement.lines)
        lines[rank] = replace(lines[rank], **facts)  # type: ignore[arg-type]
        return lines


def pro_rata(cents: int, period: Period, by_thirty: bool) -> Euros:
    """What a wholesaler asks for a part of a month: by the days of it, or by months of thirty; rounded."""
    if not by_thirty or prices.whole(period):
        return prices.expected(Fraction(cents), period)[1]
    return Euros(round(Fraction(cents * min(period.days, 30), 30)))


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Some lines: there before, delivered in the month, ended in it, over before, or not delivered yet.

    The first one is bought all the month. Each has an access, which is billed for its days, and maybe an option.
    """
    month = draw(MONTHS)
    period = Period(month.first, month.after)
    bought, names, lines = {}, {}, []
    for number in range(1, draw(st.integers(1, 6)) + 1):
        line, reference = f"L{number:04d}", f"SRV-{number}-X"
        offer, technology, item, price = KINDS[draw(st.integers(0, 1))]
        terms = Terms(date.min, draw(st.sampled_from(GUARANTEES)), draw(st.sampled_from(RATES)))
        begins = draw(st.integers(-90, 20)) if number > 1 else -60
        lasts = draw(st.sampled_from([None, None, 5, 33, 70])) if number > 1 else None
        since = period.since + begins * DAY
        life = Period(since, date.max if lasts is None else since + lasts * DAY)
        names[bare(reference)] = names[bare(line)] = (line,)
        over = life.until if lasts is not None else None
        carried = (Carried(Period(date.min, date.max), offer, technology),)
        bought[line] = Bought(line, (Access(life, (terms,)),), carried, over)
        # The day on which it ends may be billed or not, and the part by days of the month or of thirty.
        longer = lasts is not None and draw(st.booleans())
        billed = Period(life.since, life.until + DAY if longer else life.until).within(period)
        by_thirty = draw(st.booleans())
        if billed.days:
            told = draw(st.sampled_from([reference, reference.lower(), f"srv {number} x", line]))
            said = {"offer": offer, "technology": technology, "rate": terms.rate or ""}
            agreed = draw(st.sampled_from([None, Euros(price)]))
            lines.append(
                Billed(0, told, item, "Accès", *billed, pro_rata(price, billed, by_thirty), agreed=agreed, **said)
            )
            if draw(st.booleans()):
                gtr = {"guarantee": terms.guarantee or ""}
                lines.append(Billed(0, told, "GTR", "GTR", *billed, pro_rata(500, billed, by_thirty), **gtr))
    lines.append(Billed(0, "", "PORTE", "Porte de collecte", *period, Euros(15000), common=True))
    lines = [replace(one, rank=rank) for rank, one in enumerate(lines, start=2)]
    total = Euros(sum(one.cents for one in lines))
    return World(Stock("gros", names, bought), Statement("F-1", period.until, period, total, Euros(0), tuple(lines)))


def only(found: tuple[Finding, ...], fault: Fault) -> Finding:
    """The one finding, which is that one."""
    assert [one.fault for one in found] == [fault]
    for language in ("fr", "en"):
        assert "{" not in found[0].sentence(language)  # type: ignore[arg-type]
    return found[0]


seeds = st.integers(0, 1000)


@given(worlds())
def test_a_right_invoice_has_no_finding(world: World) -> None:
    assert world.found() == ()


@given(worlds(), seeds, st.integers(2, 25))
def test_what_is_billed_after_a_closure_is_found_with_its_cents(world: World, seed: int, day: int) -> None:
    rank = world.index(seed, whole=True)
    one = world.statement.lines[rank]
    line = world.stock.lines_of(one.reference)[0]
    ends = world.month.since + day * DAY
    before = world.stock.bought[line]
    closed = replace(before, accesses=(Access(Period(date(2000, 1, 1), ends), before.accesses[0].terms),), over=ends)
    lines = [each for each in world.statement.lines if each is one or each.reference != one.reference]
    stock = replace(world.stock, bought={**world.stock.bought, line: closed})
    found = only(replace(world, stock=stock).found(*lines), Fault.AFTER_CLOSURE)
    assert found.line == line
    # The day of the closure itself may be billed.
    after = (world.month.until - ends).days - 1
    assert found.cents == prices.part(one.cents, world.month, after)
    assert 0 < (found.cents or 0) < one.cents


@given(worlds(), seeds)
def test_a_line_that_is_bought_and_not_named_is_found(world: World, seed: int) -> None:
    one = world.statement.lines[world.index(seed, whole=True)]
    line = world.stock.lines_of(one.reference)[0]
    lines = [each for each in world.statement.lines if world.stock.lines_of(each.reference) != (line,)]
    found = only(world.found(*lines), Fault.NOT_BILLED)
    assert (found.line, found.rank) == (line, None)


@given(worlds(), seeds, st.sampled_from(["offer", "technology", "guarantee", "rate"]))
def test_what_is_not_what_is_bought_is_found(world: World, seed: int, aspect: str) -> None:
    rank = world.index(seed)
    one = world.statement.lines[rank]
    bought = world.stock.bought[world.stock.lines_of(one.reference)[0]]
    right = {
        "offer": bought.carried[0].offer, "technology": bought.carried[0].technology,
        "guarantee": bought.accesses[0].terms[0].guarantee, "rate": bought.accesses[0].terms[0].rate,
    }[aspect]  # fmt: skip
    others = {"offer": ["sdsl"], "technology": ["vdsl"], "guarantee": [*GUARANTEES], "rate": [*RATES]}[aspect]
    wrong = next(each for each in others if each != right)
    found = only(world.found(*world.with_one(rank, **{aspect: wrong})), Fault.WRONG_OPTION)
    assert (found.rank, found.cents) == (rank + 2, one.cents)


@given(worlds(), seeds, st.booleans())
def test_what_is_billed_twice_is_found_here_and_across_invoices(world: World, seed: int, across: bool) -> None:
    one = world.statement.lines[world.index(seed)]
    if across:
        found = only(world.found(others=(Other("F0007", one, earlier=False),)), Fault.TWICE)
        assert "F0007" in found.sentence("fr")
    else:
        found = only(world.found(*world.statement.lines, one), Fault.TWICE)
        assert found.rank == len(world.statement.lines) + 2
    assert found.cents == one.cents


@given(worlds(), st.text(alphabet="ZQ{}9'-", min_size=3, max_size=20).filter(bare))
def test_a_reference_that_nobody_knows_is_found(world: World, reference: str) -> None:
    strange = Billed(0, f"zz{reference}", "ACC-ADSL", "", *world.month, Euros(1800))
    found = check(replace(world.statement, lines=(*world.statement.lines, replace(strange, rank=99))), world.stock)
    assert [(one.fault, one.rank, one.cents) for one in found] == [(Fault.UNKNOWN, 99, 1800)]
    assert f"zz{reference}" in found[0].sentence("en")


@given(worlds(), seeds, st.integers(150, 900), st.booleans())
def test_a_price_that_is_not_the_agreed_or_the_last_one_is_found(
    world: World, seed: int, more: int, agreed: bool
) -> None:
    rank = world.index(seed, whole=True)
    one = world.statement.lines[rank]
    lines = world.with_one(rank, cents=one.cents + more, agreed=one.cents if agreed else None)
    last = world.month.since - DAY
    earlier = replace(one, since=last.replace(day=1), until=world.month.since)
    found = only(world.found(*lines, others=(Other("F0003", earlier),)), Fault.PRICE)
    assert (found.rank, found.cents) == (rank + 2, more)
    assert ("F0003" in found.sentence("fr")) is not agreed


@given(worlds(), seeds)
def test_what_was_given_back_is_no_longer_at_stake(world: World, seed: int) -> None:
    one = world.statement.lines[world.index(seed)]
    credit = replace(one, cents=-one.cents)
    assert world.found(*world.statement.lines, one, credit) == ()
    half = replace(one, cents=Euros(1) - one.cents)
    assert only(world.found(*world.statement.lines, one, half), Fault.TWICE).cents == 1


@given(MONTHS, st.integers(0, 27), st.integers(1, 3), st.integers(1, 10**6))
def test_a_price_makes_itself_for_whole_months_and_no_part_of_a_month_more(
    month: Month, skipped: int, count: int, cents: int
) -> None:
    until = month.after
    for _ in range(count - 1):
        until = Month(until.year, until.month).after
    assert prices.expected(Fraction(cents), Period(month.first, until)) == (count * cents,) * 3
    assert prices.monthly(count * cents, Period(month.first, until)) == cents
    low, right, high = prices.expected(Fraction(cents), Period(month.first + skipped * DAY, month.after))
    assert low <= right <= high
    assert right <= cents


CELLS = st.sampled_from(
    [
        "",
        "18,00",
        "-3",
        "1.005",
        "01/11/2026",
        "2026-11-30",
        "11/2026",
        "SRV-1",
        "4h",
        "1G/300M",
        "ftth",
        "Total",
        '"',
        "\x1b",
        "=1+1",
    ]
) | st.text(max_size=8)
USUAL = {
    "produit": ("ACC", "GTR"), "montant": ("18,00", "-3", "0"), "ref": ("SRV-1", ""), "nd": ("0199001234",),
    "libellé": ("Accès",), "mois": ("11/2026", "2026-10"), "tva": ("3,60", ""), "gtr": ("4h", "j+1"), "débit": ("1G",),
    "du": ("01/11/2026",), "au": ("30/11/2026", "15/11/2026"), "total ttc": ("21,60", ""),
}  # fmt: skip


@st.composite
def files(draw: st.DrawFn, *, junk: bool) -> bytes:
    """A CSV in which each row bills something; with `junk`, not each."""
    head = ["produit", "montant", *draw(st.lists(st.sampled_from([*USUAL][2:]), max_size=4, unique=True))]
    usual = st.tuples(*(st.sampled_from(USUAL[each]) for each in head))
    rows = [draw(usual) for _ in range(draw(st.integers(1, 3)))]
    if junk:
        rows += draw(st.lists(st.lists(CELLS, max_size=8).map(tuple), min_size=1, max_size=2))
    return "\n".join(";".join(each) for each in [head, *rows]).encode()


WHOLE = Told("F-1", date(2026, 11, 30), Month(2026, 11))
TOML = b'[columns]\namount = "montant"\nitem = "produit"\nreference = ["ref", "nd"]\n'


@given(files(junk=False))
def test_what_is_written_as_usual_is_read_to_the_cent(data: bytes) -> None:
    try:
        statement, _ = read("a.csv", data, Mapping(), WHOLE)
    except InvoiceTotalDiffers:
        assert b"total ttc" in data
        return
    rows = [line.split(";") for line in data.decode().splitlines()[1:]]
    assert statement.cents == sum(Euros.parse(row[1]) for row in rows)
    assert [one.rank for one in statement.lines] == [*range(2, len(rows) + 2)]
    assert all(one.period.days > 0 for one in statement.lines)
    found = check(statement, Stock("gros"))
    assert [one.fault for one in found] == [Fault.UNKNOWN] * len(rows)


@given(
    st.binary(max_size=200) | files(junk=True), st.binary(max_size=60) | st.just(TOML), st.sampled_from([Told(), WHOLE])
)
def test_whatever_else_is_written_is_read_or_refused_in_both_languages(data: bytes, toml: bytes, told: Told) -> None:
    for mapped in (False, True):
        said: Invalid | InvoiceTotalDiffers | None = None
        try:
            read("a.csv", data, parse("m.toml", toml) if mapped else Mapping(), told)
        except (Invalid, InvoiceTotalDiffers) as refused:
            said = refused
        assert said is None or said.sentence("fr") != said.sentence("en")
