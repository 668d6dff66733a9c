"""From what meters told to a member's sheet: who had which outlet, what is not known, how much was renewable."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from desk import alerting, hosted, power_sheets, power_use
from desk import quality as echoes
from foundation import clock, journal
from foundation.acts import Act
from foundation.clock import Month
from foundation.database import Store, reading, transaction
from foundation.reach import Means
from foundation.settings import Settings, read_settings
from foundation.vault import Vault
from inventory import addresses, devices, hosting, mandates, members, places, power, supplies
from inventory.device_facts import Facts
from inventory.models.addresses import Role
from inventory.models.mandates import Task
from monitoring.echo import NoEchoes
from monitoring.embedded import open_series
from monitoring.poll import Answered, Report
from monitoring.series import Heard, Measure

OCTOBER = Month(2026, 10)
NOW = datetime(2026, 11, 22, 13, 2, tzinfo=UTC)
BEGINNING, END = clock.midnight(OCTOBER.first), clock.midnight(OCTOBER.after)
HOURS = (END - BEGINNING).total_seconds() / 3600
"""745: clocks were put back."""
LAST_YEAR = date(2025, 1, 1)
NOWHERE = Means(key_file=Path("/nonexistent"), known_hosts=Path("/nonexistent"))
STEP = timedelta(minutes=10)


@dataclass
class Room:
    """A room with a feed and a power strip: outlet 1 has a counter, 2 only tells watts; each machine has an owner."""

    store: Store
    settings: Settings

    def ask(self, read: Callable[..., Any], *what: object, month: Month = OCTOBER, at: datetime = NOW) -> Any:
        with reading(self.store) as session, closing(open_series(self.settings)) as series:
            known = power_sheets.books(session, series, self.settings, month, at)
            return read(known, session, *what)

    def sheets(self, what: str, month: Month = OCTOBER) -> dict[str, power_sheets.Sheet]:
        return {one.machine: one for one in self.ask(power_sheets.sheets, what, month, month=month)}


def told(at: datetime) -> list[Measure]:
    """80 W in outlet 1, by a counter that began again on the 20th; 40 W in outlet 2; 10 W that nobody accounts for."""
    hours = (at - BEGINNING).total_seconds() / 3600
    reset = clock.midnight(date(2026, 10, 20))
    counter = 60_000 + hours * 80 if at < reset else (at - reset).total_seconds() / 3600 * 80
    return [
        Measure("outletPower", "1", "milliwatts", 80_000),
        Measure("outletEnergy", "1", "watthours", round(counter)),
        Measure("outletPower", "2", "milliwatts", 90_000 if at.hour == 12 and at.day == 7 else 40_000),
        Measure("inletPower", "1", "milliwatts", 130_000),
        Measure("outletOn", "1", "state", 1),
    ]


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the strip told of October every ten minutes, but for six hours on the 3rd; and a moment ago."""
    folder = tmp_path_factory.mktemp("series")
    settings = read_settings(var=folder)
    Vault.create(settings.vault_key)
    with closing(open_series(settings)) as series:
        times = [BEGINNING + STEP * rank for rank in range(int(HOURS * 6) + 1)]
        silence = clock.midnight(date(2026, 10, 3)) + timedelta(hours=9)
        heard = [one for one in times if not silence < one < silence + timedelta(hours=6)]
        for first in range(0, len(heard), 1000):
            series.append(Heard("pdu1", one, told(one)) for one in heard[first : first + 1000])
        series.pack(NOW)
        series.append([Heard("pdu1", NOW - STEP, told(NOW - STEP))])
    return folder / "series.sqlite"


@pytest.fixture
def room(store: Store, tmp_path: Path, measured: Path) -> Room:
    act = Act("machine:test", datetime(2025, 1, 1, tzinfo=UTC), "test")
    with transaction(store) as session:
        site = places.add_site(session, act, "mezzanine")
        salle = places.add_room(session, act, site, "salle")
        feed = power.add_feed(session, act, site, "tableau", supplier="Tournesol", room=salle, since=LAST_YEAR)
        pdu = devices.add_device(session, act, "pdu1", role="pdu", platform="apc", site=site, since=LAST_YEAR)
        power.add_outlets(session, act, pdu, ["1", "2", "3"])
        power.plug_in(session, act, pdu, feed, since=LAST_YEAR)
        ada, bob = (members.add_member(session, act, name) for name in ("Ada", "Bob"))
        for name, owner in (("tour", ada), ("brique", bob), ("muette", bob)):
            hosting.host(session, act, site, name, owner, Facts(watts=60), since=LAST_YEAR)

        def cord(name: str, outlet: str, since: date) -> None:
            machine = devices.find_device(session, name)
            power.plug_in(session, act, machine, power.find_outlet(session, f"pdu1/{outlet}"), since=since)

        cord("tour", "1", LAST_YEAR)
        cord("brique", "2", LAST_YEAR)
        moved = date(2026, 10, 11)
        for name in ("tour", "brique"):
            power.unplug(session, act, devices.find_device(session, name), until=moved)
        cord("tour", "2", moved)
        cord("brique", "1", moved)
        cord("muette", "3", moved)
        supplies.add_supply(session, act, feed, "Tournesol", 50, since=LAST_YEAR)
        supplies.add_supply(session, act, feed, "Tournesol", 100, since=date(2026, 10, 16))
    settings = read_settings(var=tmp_path)
    (tmp_path / "series.sqlite").write_bytes(measured.read_bytes())
    return Room(store, settings)


def kwh(watts: float, since: date, until: date) -> float:
    return watts * (clock.midnight(until) - clock.midnight(since)).total_seconds() / 3_600_000


def test_two_machines_change_places_and_each_owner_has_their_part(room: Room) -> None:
    first, moved, last = OCTOBER.first, date(2026, 10, 11), OCTOBER.after
    ada, bob = room.sheets("M0001")["tour"], room.sheets("M0002")["brique"]
    assert ada.kwh == pytest.approx(kwh(80, first, moved) + kwh(40, moved, last), abs=0.1)
    # Of the six hours on the 3rd the counter tells; of outlet 2 nothing does.
    assert bob.kwh == pytest.approx(kwh(40, first, moved) - 0.24 + 0.05 + kwh(80, moved, last), abs=0.1)
    assert (ada.outlets, bob.outlets) == (("pdu1/1", "pdu1/2"), ("pdu1/2", "pdu1/1"))
    assert (ada.owner, ada.declared_watts, ada.month, ada.until) == ("M0001", 60, "2026-10", last)
    assert ada.kwh == pytest.approx(sum(one.kwh for one in ada.days), abs=0.02)
    assert len(ada.days) == 31


def test_what_is_not_known_is_said_and_not_made_up(room: Room) -> None:
    ada, bob = room.sheets("tour")["tour"], room.sheets("brique")["brique"]
    assert (ada.unknown_hours, bob.spread_hours) == (0.0, 0.0)
    assert ada.spread_hours == pytest.approx(6.0, abs=0.2)
    assert bob.unknown_hours == pytest.approx(6.0, abs=0.2)
    assert "6 h sans relevé, dont le compteur" in " ".join(note.say("fr") for note in ada.notes)
    assert "h of which nothing is known" in " ".join(note.say("en") for note in bob.notes)
    third = bob.days[2]
    assert third.mean_watts == pytest.approx(40, abs=0.2)
    assert third.unknown_hours == pytest.approx(6.0, abs=0.2)


def test_an_outlet_that_tells_nothing_leaves_its_machine_unknown(room: Room) -> None:
    silent = room.sheets("M0002")["muette"]
    assert (silent.kwh, silent.mean_watts, silent.peak_watts, silent.renewable) == (0.0, None, None, None)
    assert silent.unknown_hours == pytest.approx(kwh(1000, date(2026, 10, 11), OCTOBER.after), abs=0.1)
    assert "10 jours où elle n'était branchée nulle part." in [note.say("fr") for note in silent.notes]


def test_the_peak_is_the_highest_that_was_seen(room: Room) -> None:
    bob = room.sheets("brique")["brique"]
    assert bob.peak_watts == 90.0
    assert [one.peak_watts for one in bob.days][5:8] == [40.0, 90.0, 40.0]


def test_the_renewable_share_is_that_of_each_day(room: Room) -> None:
    ada = room.sheets("tour")["tour"]
    assert [one.renewable for one in ada.days][14:16] == [50.0, 100.0]
    before, after = sum(one.kwh for one in ada.days[:15]), sum(one.kwh for one in ada.days[15:])
    assert ada.renewable == pytest.approx((before * 50 + after * 100) / (before + after), abs=0.1)


def test_a_feed_is_its_machines_and_what_none_accounts_for(room: Room) -> None:
    total, *parts = room.ask(power_sheets.of_feed, "mezzanine/tableau")
    assert total.kwh == pytest.approx(sum(one.kwh for one in parts), abs=0.01)
    assert total.kwh == pytest.approx(130 * (HOURS - 6) / 1000, abs=0.1)
    assert [one.name for one in parts] == ["brique", "muette", "tour", power_sheets.REST]
    assert total.watts == 130.0


def test_a_strip_behind_a_strip_is_not_counted_beside_what_it_feeds(room: Room) -> None:
    act = Act("machine:test", datetime(2026, 10, 1, tzinfo=UTC), "test")
    with transaction(room.store) as session:
        second = devices.add_device(
            session, act, "pdu2", role="pdu", platform="apc", site=places.find_site(session, "mezzanine")
        )
        power.add_outlets(session, act, second, ["1"])
        tower, outlet = devices.find_device(session, "tour"), power.find_outlet(session, "pdu1/2")
        power.unplug(session, act, tower, until=date(2026, 10, 12))
        power.plug_in(session, act, second, outlet, since=date(2026, 10, 12))
        power.plug_in(session, act, tower, power.find_outlet(session, "pdu2/1"), since=date(2026, 10, 12))
    total, *parts = room.ask(power_sheets.of_feed, "mezzanine/tableau")
    assert [one.name for one in parts] == ["brique", "muette", "tour", power_sheets.REST]
    assert total.kwh == pytest.approx(sum(one.kwh for one in parts), abs=0.01)


def test_a_room_is_its_feeds(room: Room) -> None:
    [only] = room.ask(power_sheets.of_feeds, "mezzanine/salle")
    assert (only.name, only.watts) == ("mezzanine/tableau", 130.0)
    with pytest.raises(power_sheets.NoSuchRoomFed):
        room.ask(power_sheets.of_feeds, "mezzanine/grenier")


def test_watts_now_are_those_of_the_outlets_that_it_is_in_now(room: Room) -> None:
    [tower] = room.ask(power_sheets.of_machine, "tour")
    assert (tower.watts, tower.declared) == (40.0, 60)
    later = NOW + timedelta(hours=1)
    [stale] = room.ask(power_sheets.of_machine, "tour", at=later)
    assert stale.watts is None


def test_a_member_is_their_machines(room: Room) -> None:
    total, *machines = room.ask(power_sheets.of_member, "M0002")
    assert total.kwh == pytest.approx(sum(one.kwh for one in machines), abs=0.002)
    assert total.watts is None  # one of them tells nothing


def test_each_machine_is_told_by_each_outlet_that_it_was_in(room: Room) -> None:
    names = room.ask(lambda known, _: power_use.plugged_in(known))
    assert names == ["brique", "muette", "tour"], "a strip only passes electricity on"
    use = {one.machine: one for one in room.ask(lambda known, session: power_use.uses(known, session, names, OCTOBER))}
    tour, brique, muette = use["tour"], use["brique"], use["muette"]
    moved = date(2026, 10, 11)
    assert [(one.outlet, one.since, one.until) for one in tour.outlets] == [
        ("pdu1/1", LAST_YEAR, moved), ("pdu1/2", moved, None)
    ]  # fmt: skip
    first, second = tour.outlets
    assert first.kwh == pytest.approx(kwh(80, OCTOBER.first, moved), abs=0.1)
    assert second.kwh == pytest.approx(kwh(40, moved, OCTOBER.after), abs=0.1)
    assert first.kwh + second.kwh == pytest.approx(tour.kwh, abs=0.01)
    assert (first.watts, second.watts, tour.watts) == (None, 40.0, 40.0), "now, and by the outlet that it is in now"
    assert (brique.owner, tour.owner, tour.declared_watts, tour.month) == ("M0002", "M0001", 60, "2026-10")
    assert (muette.watts, muette.kwh) == (None, 0.0)
    assert muette.outlets[0].unknown_hours > 400


def test_a_page_of_machines_goes_on_after_its_last_and_shows_those_of_ones_own_places(room: Room) -> None:
    act = Act("machine:test", NOW - timedelta(days=1), "test")
    with transaction(room.store) as session:
        places.add_site(session, act, "ailleurs")
        noor, lea, max_ = (members.add_member(session, act, name) for name in ("Noor", "Léa", "Max"))
        mandates.give(session, act, noor, Task.MANDATES_GIVE)
        hers = replace(act, actor=str(noor))
        mandates.give(session, hers, noor, Task.MONITORING_READ)
        mandates.give(session, hers, lea, Task.MONITORING_READ, scope="device:tour")
        mandates.give(session, hers, max_, Task.MONITORING_READ, scope="site:ailleurs")
        people = {"noor": str(noor), "lea": str(lea), "max": str(max_)}

    def page(who: str, after: str = "", limit: int = 100) -> tuple[list[str], str | None]:
        with reading(room.store) as session, closing(open_series(room.settings)) as series:
            theirs = Act(people[who], NOW)
            found, last = power_use.page(session, series, room.settings, theirs, OCTOBER, after=after, limit=limit)
        return [one.machine for one in found], last

    assert page("noor") == (["brique", "muette", "tour"], None)
    assert page("noor", limit=2) == (["brique", "muette"], "muette")
    assert page("noor", after="muette", limit=2) == (["tour"], None)
    assert page("lea") == (["tour"], None)
    assert page("lea", limit=2) == ([], "muette"), "short, and there is more"
    assert page("max") == ([], None)


def test_this_month_ends_now(room: Room) -> None:
    november = room.sheets("tour", Month(2026, 11))["tour"]
    assert (november.until, len(november.days)) == (date(2026, 11, 22), 22)


def test_a_machine_over_its_declared_watts_is_told_and_none_is_cut(room: Room) -> None:
    settings = read_settings(var=room.settings.var, driver="console")
    answered = Report((Answered("pdu1", "pdu1", 5),), ())
    for rank in range(3):
        at = NOW + rank * timedelta(seconds=30)
        left = alerting.watch(room.store, settings, at, answered, ended=at)
    assert [(one.rule, one.subject) for one in left.open if one.told_at] == [("over-declared-watts", "brique")]
    with reading(room.store) as session:
        assert [one.verb for one in journal.show(session) if one.at >= NOW] == []


def test_a_hosted_machine_is_sent_echoes_and_its_owner_sees_what_became_of_them(room: Room) -> None:
    act = Act("machine:test", NOW, "test")
    with transaction(room.store) as session:
        pool = addresses.create_pool(session, act, "boucle", ip_network("127.0.83.0/29"), handed=32)
        port = devices.find_interface(session, "tour/eth0")
        addresses.allocate(session, act, pool, port, Role.WAN, exactly=ip_network("127.0.83.3/32"))
    now = clock.now()
    with closing(open_series(room.settings)) as series:
        try:
            told = echoes.listen(room.store, series, NOWHERE, now, 1.5, every=0.1, patience=0.5)
        except NoEchoes:
            pytest.skip("needs ICMP sockets (net.ipv4.ping_group_range, or CAP_NET_RAW)")
        assert (told.lines, told.answered) == (1, 1)
        said = {(one.metric, one.instance): one.value for _, one in series.last("tour")}
        assert said["loss", "ipv4"] == 0
        with reading(room.store) as session:
            ada = members.find_member(session, "M0001")
            by = hosted.Looking(series, room.settings, timedelta(hours=1), 60, 24)
            page = hosted.page(session, Act("M0001", now + timedelta(seconds=2)), ada, "tour", by)
    assert [one.graph.key for one in page.pictures][:2] == ["latency", "loss"]


COMMANDS = (
    "site add mezzanine", "feed add mezzanine/tableau --supplier Tournesol", "member add Ada",
    "device add pdu1 --role pdu --site mezzanine", "device outlets pdu1 --count 2",
    "device plug pdu1 --feed mezzanine/tableau", "device host tour --owner M0001 --site mezzanine --watts 60",
    "device plug tour --outlet pdu1/1",
)  # fmt: skip


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_the_terminal_tells_a_sheet_in_words_and_in_json(built: Any, stand_in: Any, lang: str) -> None:
    terminal = stand_in(built(*COMMANDS))
    now = clock.now()
    first = now - 13 * STEP
    month = f"{clock.today(first):%Y-%m}"  # an hour ago it may have been another
    said = terminal("power", "supplier", "add", "Tournesol", "--renewable", "80", "--since", "2025-01-01", status=1)
    assert "2025" in said.err
    said = terminal("power", "supplier", "add", "Tournesol", "--renewable", "80", lang=lang)
    assert "mezzanine/tableau" in said.out
    with closing(open_series(read_settings(var=terminal.folder))) as series:
        series.append(Heard("pdu1", now - STEP * rank, told(now - STEP * rank)) for rank in range(13, 0, -1))
    said = terminal("power", "sheet", "M0001", "--month", month, "--days", lang=lang)
    assert (
        "W en moyenne, 80,0 W au plus (60 W déclarés)" if lang == "fr" else "80.0 W at most (60 W declared)"
    ) in said.out
    [sheet] = json.loads(terminal("power", "sheet", "M0001", "--month", month, "--json", lang=lang).out)
    assert 0 < sheet["kwh"] <= 0.18
    assert sheet["mean_watts"] == pytest.approx(80, abs=2)
    said = terminal("power", "show", "--machine", "tour", lang=lang)
    assert "80" in said.out
    listed = json.loads(terminal("power", "supplier", "list", "--json", lang=lang).out)
    assert [(one["supplier"], one["renewable"]) for one in listed] == [("Tournesol", 80)]
    said = terminal("power", "supplier", "add", "Personne", "--renewable", "80", status=1, lang=lang)
    assert "--feed" in said.err
    terminal("power", "supplier", "add", "Tournesol", "--renewable", "101", status=1, lang=lang)
    rows = list(csv.DictReader(terminal("power", "show", "--csv", lang=lang).out.splitlines()))
    watts, what = ("W en ce moment", "quoi") if lang == "fr" else ("W now", "what")
    assert [(row[what], row[watts]) for row in rows] == [("mezzanine/tableau", "130,0" if lang == "fr" else "130.0")]
    [row] = csv.DictReader(
        terminal("power", "show", "--outlets", "--month", month, "--csv", lang=lang).out.splitlines()
    )
    outlet, whose, until = ("prise", "à qui", "jusqu'au") if lang == "fr" else ("outlet", "whose", "until")
    assert (row["machine"], row[whose], row[outlet], row[until]) == ("tour", "M0001", "pdu1/1", "")
    [use] = json.loads(terminal("power", "show", "--outlets", "--json", lang=lang).out)
    assert (use["machine"], use["outlets"][0]["watts"]) == ("tour", 80.0)
    assert "pdu1/1" in terminal("power", "show", "--outlets", lang=lang).out
    terminal("power", "show", "--outlets", "--member", "M0001", status=1, lang=lang)
    terminal("power", "show", "--machine", "tour", "--member", "M0001", status=1, lang=lang)
    terminal("power", "show", "--feed", "mezzanine/rien", status=3, lang=lang)


def test_a_members_machine_is_not_looked_into_without_their_word(built: Any, stand_in: Any) -> None:
    terminal = stand_in(built(*COMMANDS))
    said = terminal("poll", "explain", "tour", status=1)
    assert "essaim device change tour --snmp" in said.err
