"""Invoices are weighed against orders and lines as the inventory has them, kept once, and never edited."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

import pytest

from billing.invoices import importing
from billing.invoices.checking import at_stake
from billing.invoices.facts import Billed, Bought, Period, Statement, Terms
from billing.invoices.findings import Fault, Finding
from billing.invoices.importing import InvoiceCorrected, NoSuchInvoice, StrikeWhy
from billing.invoices.stock import stock
from billing.invoices.views import view
from billing.models import WholesaleInvoice
from foundation import clock, journal
from foundation.acts import Act
from foundation.database import EssaimSession, Store, transaction
from foundation.money import Euros
from inventory import lines, mandates, members, moving, offers, orders, wholesalers
from inventory.lines import Ordering
from inventory.models.lines import Delivery, Line, LineState, Offer, Technology
from inventory.models.mandates import Task
from inventory.models.people import Member
from inventory.models.wholesale import OrderKind, OrderState, Wholesaler
from inventory.orders import News
from inventory.rights import NotMandated
from inventory.texts import BadText
from inventory.wholesalers import Terms as Said

S = OrderState
NOVEMBER = Period(date(2026, 11, 1), date(2026, 12, 1))
ACCESS = Billed(2, "SRV-1", "ACC", "Accès", *NOVEMBER, Euros(1800), Euros(360))


@dataclass
class Buying:
    """A member, two offers, and two wholesalers; `on` says when."""

    session: EssaimSession
    member: Member
    adsl: Offer
    fibre: Offer
    gros: Wholesaler
    other: Wholesaler

    def on(self, day: str) -> Act:
        """Someone acts at noon of that day."""
        return Act("machine:test", clock.parse(f"{day}T12:00"), "essai")

    def line(self, day: str, offer: Offer | None = None, **said: str) -> Line:
        """A line is ordered by its member."""
        made = lines.order_line(self.session, self.on(day), self.member, offer or self.adsl, Ordering(**said))
        return lines.find_line(self.session, str(made))

    def bought(self, day: str, reference: str, line: Line | None = None, **said: object) -> Line:
        """A line that is ordered from `gros` and delivered on that day."""
        line = line or self.line(day)
        whose = said.pop("whose", self.gros)
        order = orders.place_order(self.session, self.on(day), line, whose, **said).order  # type: ignore[arg-type]
        for state in (S.DELIVERED, S.ACTIVE):
            orders.move_order(self.session, self.on(day), order, state, News(reference=reference))
        return lines.find_line(self.session, str(line))

    def said(self, line: Line | str) -> Bought:
        """What the inventory says is bought for it from `gros`."""
        return stock(self.session, self.gros).bought[str(line)]

    def amiss(self, *billed: Billed) -> list[tuple[Fault, str, int | None]]:
        """What is amiss with an invoice of these rows: the fault, whose, the cents at stake."""
        return [(one.fault, one.line, one.cents) for one in self.findings(*billed)]

    def findings(self, *billed: Billed) -> tuple[Finding, ...]:
        """The same, whole."""
        return importing.weigh(self.session, self.on("2026-12-02"), self.gros, statement(*billed)).findings


def statement(*billed: Billed, reference: str = "2026-77", period: Period = NOVEMBER) -> Statement:
    """An invoice of these rows."""
    ranked = tuple(replace(one, rank=rank) for rank, one in enumerate(billed or (ACCESS,), start=2))
    total = [Euros(sum(each)) for each in zip(*((one.cents, one.vat) for one in ranked), strict=True)]
    return Statement(reference, date(2026, 11, 30), period, total[0], total[1], ranked)


@pytest.fixture
def buying(session: EssaimSession, act: Act) -> Buying:
    gros = wholesalers.add_wholesaler(
        session, act, "gros", Said(collection="realm-proxy", realm="a.example", guarantee="j+1")
    )
    other = wholesalers.add_wholesaler(session, act, "autre", Said(collection="realm-proxy", realm="b.example"))
    adsl = offers.add_offer(session, act, "adsl", "ADSL", Technology.ADSL, Delivery.L2TP, mtu=1460, wholesaler=gros)
    fibre = offers.add_offer(session, act, "fibre", "Fibre", Technology.FTTH, Delivery.L2TP, mtu=1460, wholesaler=gros)
    ada = members.add_member(session, replace(act, at=act.at - timedelta(days=400)), "Ada Exemple")
    return Buying(session, ada, adsl, fibre, gros, other)


def test_a_right_invoice_is_kept_once_and_shown(buying: Buying) -> None:
    buying.bought("2026-10-05", "SRV-1")
    act = buying.on("2026-12-02")
    before = importing.weigh(buying.session, act, buying.gros, statement())
    assert (before.findings, before.kept, before.new) == ((), None, False)
    kept = importing.keep(buying.session, act, buying.gros, statement())
    again = importing.keep(buying.session, act, buying.gros, statement())
    assert (kept.new, again.new, str(again.kept)) == (True, False, "F0001")
    assert [str(one) for one in importing.list_invoices(buying.session, wholesaler=buying.gros)] == ["F0001"]
    assert importing.look(buying.session, act, wholesaler=buying.other) == []
    shown = view(importing.find_invoice(buying.session, "f1"))
    assert (shown.reference, shown.cents, shown.vat_cents, shown.lines[0].reference) == ("2026-77", 1800, 360, "SRV-1")
    assert importing.recheck(buying.session, act, importing.open_invoice(buying.session, act, "F0001")) == ()


def test_a_number_that_says_something_else_is_refused_until_the_first_is_struck_out(buying: Buying) -> None:
    buying.bought("2026-10-05", "SRV-1")
    act, changed = buying.on("2026-12-02"), statement(replace(ACCESS, cents=Euros(1900)))
    importing.keep(buying.session, act, buying.gros, statement())
    for verb in (importing.keep, importing.weigh):
        with pytest.raises(InvoiceCorrected) as why:
            verb(buying.session, act, buying.gros, changed)
        assert "essaim invoice strike F0001" in why.value.sentence("fr")
    importing.keep(buying.session, act, buying.other, changed)  # numbers are each wholesaler's own
    first = importing.find_invoice(buying.session, "F0001")
    with pytest.raises(StrikeWhy):
        importing.strike(buying.session, replace(act, why=" "), first)
    importing.strike(buying.session, act, first)
    with pytest.raises(NoSuchInvoice):
        importing.find_invoice(buying.session, "F0001")
    assert str(importing.keep(buying.session, act, buying.gros, changed).kept) == "F0003"
    with pytest.raises(BadText):
        importing.keep(buying.session, act, buying.gros, statement(reference="x" * 65))


def test_a_mended_mapping_does_not_make_another_invoice_of_it(buying: Buying) -> None:
    buying.bought("2026-10-05", "SRV-1")
    act = buying.on("2026-12-02")
    importing.keep(buying.session, act, buying.gros, statement())
    assert not importing.keep(buying.session, act, buying.gros, statement(replace(ACCESS, technology="adsl"))).new


@pytest.mark.parametrize(
    "reference", ["srv 1", "L0001", "O0001", "0199001234", "01 99 00 12 34", "199001234", "+33 199001234", "x / L0001"]
)
def test_a_line_is_known_by_any_of_its_names(buying: Buying, reference: str) -> None:
    buying.bought("2026-10-05", "SRV-1", buying.line("2026-10-05", nd="0199001234"))
    assert buying.amiss(replace(ACCESS, reference=reference)) == []


def test_what_is_of_no_line_or_of_none_bought_there_is_told(buying: Buying) -> None:
    buying.bought("2026-10-05", "SRV-1")
    elsewhere = buying.bought("2026-10-05", "B-1", whose=buying.other)
    port = replace(ACCESS, reference="", item="PORTE", cents=Euros(15000))
    assert buying.amiss(ACCESS, replace(port, common=True)) == []
    found = buying.findings(ACCESS, port, replace(ACCESS, reference="B-1"), replace(ACCESS, reference="Z'{0}"))
    assert [(one.fault, one.line, one.rank) for one in found] == [
        (Fault.UNKNOWN, "", 3), (Fault.UNKNOWN, str(elsewhere), 4), (Fault.UNKNOWN, "", 5),
    ]  # fmt: skip
    assert ["line = false" in found[0].sentence("fr"), "Z'{0}" in found[2].sentence("en")] == [True, True]


def test_what_comes_after_a_termination_is_claimed(buying: Buying) -> None:
    line = buying.bought("2026-10-05", "SRV-1")
    day = buying.on("2026-11-12")
    end = orders.place_order(buying.session, day, line, buying.gros, kind=OrderKind.TERMINATE).order
    orders.move_order(buying.session, day, end, S.TERMINATED)
    assert buying.said(line).accesses[0].period == Period(date(2026, 10, 5), date(2026, 11, 12))
    # 18 days of 30 come after the twelfth.
    assert buying.amiss() == [(Fault.AFTER_CLOSURE, "L0001", 1080)]
    assert "À réclamer à gros" in buying.findings()[0].sentence("fr")
    for last, cents in ((11, 660), (12, 720)):
        part = replace(ACCESS, until=date(2026, 11, last + 1), cents=Euros(cents), agreed=Euros(1800))
        assert buying.amiss(part) == []


def test_a_line_that_was_closed_and_never_terminated_there_is_told_with_its_order(buying: Buying) -> None:
    line = buying.bought("2026-10-05", "SRV-1")
    lines.close_line(buying.session, buying.on("2026-10-20"), line)
    (found,) = buying.findings()
    assert (found.fault, found.cents) == (Fault.AFTER_CLOSURE, 1800)
    assert "essaim order show O0001" in found.sentence("fr")
    assert "--kind terminate" in found.sentence("en")


def test_what_comes_before_the_delivery_is_told(buying: Buying) -> None:
    buying.bought("2026-11-16", "SRV-1")
    waiting = buying.line("2026-11-02")
    orders.place_order(buying.session, buying.on("2026-11-02"), waiting, buying.gros)
    assert buying.amiss(ACCESS, replace(ACCESS, reference=str(waiting))) == [
        (Fault.BEFORE_DELIVERY, "L0001", 900), (Fault.BEFORE_DELIVERY, str(waiting), 1800),
    ]  # fmt: skip
    fees = replace(ACCESS, item="FAS", once=True, since=date(2026, 11, 3), until=date(2026, 11, 4))
    assert buying.amiss(replace(fees, reference=str(waiting))) == []


def test_a_line_in_service_that_no_row_names_is_told_with_what_it_costs(buying: Buying) -> None:
    buying.bought("2026-10-05", "SRV-1")
    second, _third = buying.bought("2026-10-31", "SRV-2"), buying.bought("2026-11-02", "SRV-3")
    assert buying.amiss() == [(Fault.NOT_BILLED, str(second), 1800)]
    assert at_stake(buying.findings()) == 0
    late = statement(replace(ACCESS, reference="SRV-2"), reference="2026-78")
    importing.keep(buying.session, buying.on("2026-12-02"), buying.gros, late)
    assert buying.amiss() == []


def test_what_is_billed_is_held_against_the_offer_and_the_options_of_the_orders(buying: Buying) -> None:
    line = buying.bought("2026-10-05", "SRV-1", options="GTR 4h ; 8M/1M")
    assert buying.said(line).accesses[0].terms == (Terms(date(2026, 10, 5), "4h", "8M/1M"),)
    assert buying.amiss(replace(ACCESS, technology="adsl", offer="adsl", guarantee="4h", rate="8 Mbit/s")) == []
    for wrong in ({"technology": "ftth"}, {"offer": "fibre"}, {"guarantee": "j+1"}, {"rate": "20M"}):
        assert buying.amiss(replace(ACCESS, **wrong)) == [(Fault.WRONG_OPTION, "L0001", 1800)]  # type: ignore[arg-type]
    change = orders.place_order(
        buying.session, buying.on("2026-11-20"), line, buying.gros, kind=OrderKind.CHANGE, options="20M"
    ).order
    orders.move_order(buying.session, buying.on("2026-11-25"), change, S.ACTIVE)
    for rate in ("8M", "20M"):  # both were bought in November
        assert buying.amiss(replace(ACCESS, rate=rate)) == []
    assert buying.said(line).accesses[0].terms[-1] == Terms(date(2026, 11, 25), "4h", "20M")


def test_a_repair_time_that_nobody_bought_is_told(buying: Buying) -> None:
    wholesalers.change_wholesaler(buying.session, buying.on("2026-10-01"), buying.gros, Said(guarantee=""))
    buying.bought("2026-10-05", "SRV-1")
    gtr = replace(ACCESS, item="GTR", guarantee="4h", cents=Euros(500))
    (found,) = buying.findings(ACCESS, gtr)
    assert (found.fault, found.cents) == (Fault.WRONG_OPTION, 500)
    assert "none is bought" in found.sentence("en")


def test_the_same_item_of_the_same_days_is_told_across_invoices(buying: Buying) -> None:
    buying.bought("2026-10-05", "SRV-1")
    act = buying.on("2026-12-02")
    importing.keep(buying.session, act, buying.gros, statement())
    second = statement(replace(ACCESS, since=date(2026, 11, 16), cents=Euros(900)), reference="2026-78")
    (found,) = importing.keep(buying.session, act, buying.gros, second).findings
    assert (found.fault, found.cents) == (Fault.TWICE, 900)
    assert "F0001" in found.sentence("fr")
    # Of two, the one that was read first is right.
    assert importing.recheck(buying.session, act, importing.find_invoice(buying.session, "F0001")) == ()
    credit = statement(replace(ACCESS, cents=Euros(-1800), vat=Euros(-360)), reference="AV-1")
    assert importing.keep(buying.session, act, buying.gros, credit).findings == ()
    assert importing.recheck(buying.session, act, importing.find_invoice(buying.session, "F0002")) == ()


def test_a_price_that_moves_is_told_by_what_it_was(buying: Buying) -> None:
    buying.bought("2026-09-05", "SRV-1")
    october = Period(date(2026, 10, 1), date(2026, 11, 1))
    first = replace(ACCESS, since=october.since, until=october.until)
    act = buying.on("2026-12-02")
    before = replace(statement(first, reference="2026-66", period=october), day=date(2026, 10, 31))
    importing.keep(buying.session, act, buying.gros, before)
    assert buying.amiss() == []
    (risen,) = buying.findings(replace(ACCESS, cents=Euros(2100)))
    assert (risen.fault, risen.cents) == (Fault.PRICE, 300)
    said = risen.sentence("fr").replace("\N{NO-BREAK SPACE}", " ").replace("\N{NARROW NO-BREAK SPACE}", " ")
    assert "passé de 18,00 € à 21,00 €" in said
    (fallen,) = buying.findings(replace(ACCESS, cents=Euros(1500)))
    assert (fallen.cents, at_stake([fallen])) == (-300, 0)
    half = replace(ACCESS, until=date(2026, 11, 16))
    assert buying.amiss(replace(half, cents=Euros(900))) == []
    assert buying.amiss(half) == [(Fault.PRICE, "L0001", 900)]
    agreed = replace(ACCESS, agreed=Euros(1750))
    assert buying.amiss(agreed) == [(Fault.PRICE, "L0001", 50)]
    fee = replace(ACCESS, item="FAS", once=True, agreed=Euros(5000), cents=Euros(5000))
    assert buying.amiss(ACCESS, fee) == []
    assert buying.amiss(ACCESS, replace(fee, cents=Euros(4000))) == [(Fault.PRICE, "L0001", -1000)]


def test_a_line_without_orders_is_bought_as_its_offer_says(buying: Buying) -> None:
    line = buying.line("2026-10-01")
    day = buying.on("2026-10-05")
    for state in (LineState.ORDERED, LineState.DELIVERED, LineState.ACTIVE):
        lines.move(buying.session, day, line, state)
    assert buying.amiss(replace(ACCESS, reference="L0001", guarantee="j+1")) == []
    access = buying.said(line).accesses[0]
    assert (access.period, access.ordered) == (Period(date(2026, 10, 5), date.max), False)
    lines.close_line(buying.session, buying.on("2026-11-12"), line)
    assert buying.amiss(replace(ACCESS, reference="L0001")) == [(Fault.AFTER_CLOSURE, "L0001", 1080)]


def test_during_a_migration_both_accesses_are_bought(buying: Buying) -> None:
    line = buying.bought("2026-10-05", "SRV-1")
    moving.migrate_line(buying.session, buying.on("2026-11-02"), line, buying.fibre, Ordering())
    line = buying.bought("2026-11-10", "SRV-2", lines.find_line(buying.session, str(line)))
    moving.complete_migration(buying.session, buying.on("2026-11-20"), line)
    copper = replace(ACCESS, technology="adsl", until=date(2026, 11, 21), cents=Euros(1200))
    fibre = replace(ACCESS, reference="SRV-2", item="FTTH", technology="ftth", since=date(2026, 11, 10))
    assert buying.amiss(copper, fibre) == []
    december = Period(date(2026, 12, 1), date(2027, 1, 1))
    after = replace(copper, since=december.since, until=december.until)
    assert [one.fault for one in buying.findings(ACCESS, after)] == [Fault.WRONG_OPTION]


def test_a_number_that_was_given_again_is_that_of_the_line_of_then(buying: Buying) -> None:
    old = buying.bought("2026-03-05", "SRV-1", buying.line("2026-03-05", nd="0199001234"))
    lines.close_line(buying.session, buying.on("2026-06-20"), old)
    buying.bought("2026-10-05", "SRV-2", buying.line("2026-10-05", nd="0199001234"))
    assert buying.amiss(replace(ACCESS, reference="0199001234")) == []


def test_to_see_takes_a_mandate_and_to_keep_another(store: Store, act: Act) -> None:
    with transaction(store) as session:
        gros = wholesalers.add_wholesaler(session, act, "gros", Said(collection="white-label", sister="sœur"))
        seer, keeper, nobody = (members.add_member(session, act, name) for name in ("Ada", "Béa", "Cléo"))
        mandates.give(session, act, seer, Task.MANDATES_GIVE)
        for who, task in ((seer, Task.DUES_READ), (keeper, Task.DUES_WRITE)):
            mandates.give(session, replace(act, actor=str(seer)), who, task)
        hers, theirs, no = (replace(act, actor=str(one), at=_later(act)) for one in (seer, keeper, nobody))
        importing.weigh(session, hers, gros, statement())
        assert importing.keep(session, theirs, gros, statement()).new
        kept = importing.find_invoice(session, "F0001")
        importing.recheck(session, hers, kept)
        refusals = (
            lambda: importing.keep(session, hers, gros, statement()),
            lambda: importing.strike(session, hers, kept),
            lambda: importing.weigh(session, no, gros, statement()),
            lambda: importing.look(session, no),
            lambda: importing.open_invoice(session, no, "F0001"),
            lambda: importing.recheck(session, no, kept),
        )
        for refused in refusals:
            with pytest.raises(NotMandated):
                refused()
        importing.strike(session, theirs, kept)
        assert session.get(WholesaleInvoice, kept.id) is None
    with transaction(store) as session:
        told = {one.verb: one.facts for one in journal.show(session) if one.verb.startswith("invoice.")}
        assert set(told) == {"invoice.keep", "invoice.strike"}
        assert (told["invoice.strike"]["reference"], told["invoice.strike"]["cents"]) == ("2026-77", 1800)


def _later(act: Act) -> datetime:
    return act.at + timedelta(days=1)
