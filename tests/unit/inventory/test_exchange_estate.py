"""The whole association goes out and comes in: kinds, referents, places, power, what is lent and bought, works."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from foundation import journal
from foundation.acts import Act
from foundation.database import EssaimSession, Store, transaction
from foundation.money import Euros
from inventory import (
    contacts,
    devices,
    equipment,
    kinds,
    lines,
    mandates,
    members,
    memberships,
    orders,
    placements,
    places,
    power,
    wholesalers,
    works,
)
from inventory.exchange import exporting, ours
from inventory.exchange.applying import apply
from inventory.exchange.doing import RowRefused
from inventory.exchange.forms import FORMS
from inventory.exchange.planning import plan
from inventory.exchange.plans import Action, Plan
from inventory.models.lines import LineState
from inventory.models.mandates import Task
from inventory.models.people import Referent
from inventory.models.wholesale import Collection, OrderKind, OrderState
from inventory.orders import News
from inventory.placements import Spot
from inventory.rights import NotMandated
from inventory.wholesalers import Terms
from inventory.works import Wording

LEFT_ASIDE = {"mandates"}
"""What goes out to be read, and never comes in."""


def read(files: dict[str, str]) -> Any:
    return ours.read_all({f"{noun}.csv": text.encode() for noun, text in files.items()})


def wrong(done: Plan) -> list[str]:
    return [one.sentence("en") for one in done.problems]


@pytest.fixture
def weigh(session: EssaimSession, small: Any, act: Act) -> Callable[..., Plan]:
    """What a folder of CSV files would do here: `racks="name\\ncave/A"`."""
    return lambda **files: plan(session, read(files), act.at)


@pytest.fixture
def bring(session: EssaimSession, act: Act, weigh: Callable[..., Plan]) -> Callable[..., Plan]:
    """Import a folder; a second time it changes nothing."""

    def brought(**files: str) -> Plan:
        done = weigh(**files)
        assert wrong(done) == []
        apply(session, act, done)
        again = weigh(**files)
        assert (wrong(again), again.doing) == ([], ())
        return done

    return brought


def furnish(session: EssaimSession, act: Act, small: Any, order: Any) -> None:
    """Something of every noun, with a past where it may have one."""
    later = replace(act, at=act.at + timedelta(days=3))
    kinds.add_kind(session, act, "student", french="étudiant·e", english="student", votes=True)
    old = kinds.add_kind(session, act, "patron", french="mécène", english="patron", votes=False)
    kinds.change_kind(session, act, old, retired=True)
    cafe = members.add_member(session, act, "Café", organisation=True, status="student")
    contacts.add_referent(session, act, cafe, small.ada)
    contacts.end_referent(session, later, cafe, "M1")
    contacts.add_referent(session, later, cafe, name="Zoé", contact="zoe@cafe.example", role="technical")
    cave = places.find_site(session, "cave")
    room = places.add_room(session, act, cave, "salle", "au fond")
    rack = places.add_rack(session, act, cave, "A", room=room, units=12, description='baie, "bleue"')
    shelf = places.add_rack(session, act, cave, "étagère", kind="shelf")
    pdu = devices.add_device(session, act, "pdu1", role="pdu", platform="apc", site=cave, owner=small.bea)
    devices.change_device(session, act, pdu, devices.Facts(watts=12, contact="06 00 00 00 00", snmp_agreed=True))
    placements.place(session, act, pdu, shelf, Spot(position="à gauche"))
    placements.move(session, later, pdu, rack, Spot(unit=3, height=2, face="both"))
    placements.place(session, act, small.server, shelf)
    feed = power.add_feed(session, act, cave, "EDF", room=room, renewable=True, supplier="coop")
    power.end_feed(session, later, power.add_feed(session, act, cave, "groupe", volts=400))
    power.add_outlets(session, act, pdu, ["1", "2"])
    power.plug_in(session, act, pdu, feed)
    power.plug_in(session, act, small.server, power.find_outlet(session, "pdu1/1"))
    power.unplug(session, later, small.server)
    power.plug_in(session, later, small.server, power.find_outlet(session, "pdu1/2"))
    box = equipment.add_equipment(session, act, "box", "Brique", serial="=1", mac="02:00:5e:10:00:01")
    equipment.lend(session, act, box, small.ada, deposit=Euros(5000))
    equipment.take_back(session, later, box, refund=Euros(2000))
    equipment.lend(session, later, box, small.bea, deposit=Euros(5000))
    equipment.retire_equipment(session, later, equipment.add_equipment(session, act, "ont"))
    seller = wholesalers.add_wholesaler(
        session, act, "gros",
        Terms(title="Gros", collection=Collection.VLAN_HANDOFF, enni="porte 3", vlans="100-199", guarantee="4h"),
    )  # fmt: skip
    small.adsl.wholesaler = seller
    line = lines.find_line(session, str(order(small.ada, small.adsl)))
    bought = orders.place_order(session, act, line, seller, news=News(reference="R-1")).order
    told = News(words="deux\nrangées, et un ; point", word="OK", appointment=date(2026, 12, 1))
    orders.move_order(session, later, bought, OrderState.APPOINTMENT_PLANNED, told)
    orders.place_order(session, later, line, seller, kind=OrderKind.TERMINATE, draft=True, options="sans frais")
    found = works.find_subjects(session, ["device:vpn", "line:L0001", "wholesaler:gros", "pool:v4"])
    begins, ends = (datetime(2026, 12, day, 20, tzinfo=UTC) for day in (1, 2))
    works.cancel_works(
        session, later, works.announce_works(session, act, found, Wording("Une coupure", words_fr="a\nb"), begins, ends)
    )
    incident = works.open_incident(session, act, works.find_subjects(session, ["site:cave"]), Wording("Panne"))
    works.note_incident(session, later, incident, "on cherche", "looking")
    works.close_incident(session, replace(act, at=later.at + timedelta(hours=1)), incident, "réparé")
    mandates.give(session, act, small.ada, Task.MANDATES_GIVE, minutes="AG")
    session.flush()


def test_everything_goes_out_comes_in_and_goes_out_the_same_but_mandates(
    session: EssaimSession,
    act: Act,
    small: Any,
    order: Any,
    new_store: Callable[[Path], AbstractContextManager[Store]],
    tmp_path: Path,
) -> None:
    furnish(session, act, small, order)
    found = {noun: exporting.things(session, noun) for noun in FORMS}
    assert [noun for noun, rows in found.items() if not rows] == []
    there = {noun: exporting.as_csv(noun, rows) for noun, rows in found.items()}
    later = replace(act, at=act.at + timedelta(days=9))
    for files in (
        {"all.json": exporting.as_json(found).encode()},
        {f"{noun}.csv": text.encode() for noun, text in there.items()},
    ):
        folder = tmp_path / str(len(files))
        folder.mkdir()
        with new_store(folder) as other:
            with transaction(other) as fresh:
                done = plan(fresh, ours.read_all(files), later.at)
                assert wrong(done) == []
                apply(fresh, later, done)
            with transaction(other) as fresh:
                back = {noun: exporting.as_csv(noun, exporting.things(fresh, noun)) for noun in FORMS}
                assert {noun for noun in FORMS if back[noun] != there[noun]} == LEFT_ASIDE
                again = plan(fresh, ours.read_all(files), later.at)
                assert (wrong(again), again.doing) == ([], ())
                journal.verify(fresh)


def test_a_kind_of_ones_own_comes_in_before_the_members_who_have_it(session: EssaimSession, bring: Any) -> None:
    bring(
        kinds="name;label_fr;label_en;votes\nstudent;étudiant·e;student;oui\n",
        members="name;memberships\nZoé;student 2020-01-01/\nLou;étudiante 2021-01-01/\n",
    )
    people = [one for one in members.list_members(session) if one.name in ("Zoé", "Lou")]
    assert [memberships.periods_of(session, one)[0].kind for one in people] == ["student", "student"]
    assert kinds.find_kind(session, "student").votes


def test_a_kind_that_a_file_says_otherwise_is_changed_and_never_retired(session: EssaimSession, bring: Any) -> None:
    done = bring(kinds="name;label_fr;votes;retired\naffiliate;affilié·e ami·e;oui;2020-01-01\n")
    assert [one.field for step in done.doing for one in step.changes] == ["label_fr", "votes"]
    kind = kinds.find_kind(session, "affiliate")
    assert (kind.label_fr, kind.votes, kind.retired) == ("affilié·e ami·e", True, None)


def test_mandates_are_named_and_left_aside(session: EssaimSession, weigh: Any) -> None:
    done = weigh(mandates="number;member;task;scope;since;until\nT0001;M0001;members.read;*;2026-01-01;\n")
    (step,) = done.steps
    assert (step.action, step.name, done.tasks) == (Action.SKIP, "T0001 M0001 members.read", ())
    assert "essaim mandate give" in step.sentence("en")
    (remark,) = done.remarks
    assert "laissés de côté (1) : un mandat est donné par des personnes, pas par un fichier." in remark.sentence("fr")
    assert "left aside (1): a mandate is given by people, not by a file." in remark.sentence("en")


def test_what_a_file_says_otherwise_of_a_rack_a_feed_and_a_wholesaler_is_changed(
    session: EssaimSession, bring: Any
) -> None:
    bring(
        racks="name;units\ncave/A;12\n",
        feeds="name;amps\ncave/EDF;16\n",
        wholesalers="name;collection;realm;guarantee\ngros;realm-proxy;a.example;4h\n",
    )
    done = bring(
        rooms="name\ncave/salle\n",
        racks="name;units;room\ncave/A;24;salle\n",
        feeds="name;amps;supplier\ncave/EDF;32;coop\n",
        wholesalers="name;collection;realm;guarantee\ngros;realm-proxy;b.example;4h\n",
    )
    changed = {(str(step.noun), one.field, one.after) for step in done.doing for one in step.changes}
    assert changed == {
        ("rack", "units", 24), ("rack", "room", "salle"), ("feed", "amps", 32), ("feed", "supplier", "coop"),
        ("wholesaler", "realm", "b.example"),
    }  # fmt: skip
    assert places.find_rack(session, "cave/A").units == 24
    assert power.find_feed(session, "cave/EDF").amps == 32


def test_what_is_otherwise_here_and_no_file_changes_is_said_and_kept(session: EssaimSession, bring: Any) -> None:
    bring(
        racks="name;kind\ncave/A;shelf\n",
        placements="device;rack;since\nvpn;cave/A;2026-11-22\n",
        equipment="number;kind\nQ1;box\n",
        loans="equipment;member;since\nQ1;M1;2026-01-01\n",
    )
    done = bring(
        racks="name;kind\ncave/A;floor\n",
        placements="device;rack;since;until\nvpn;cave/A;2026-11-22;2026-12-01\n",
        equipment="number;kind\nQ1;ont\n",
        loans="equipment;member;since;deposit_cents\nQ1;M1;2026-01-01;100\n",
    )
    assert {(str(step.action), str(step.noun)) for step in done.steps} == {
        ("skip", noun) for noun in ("rack", "placement", "equipment", "loan")
    }
    assert all("it is otherwise here, and stays so" in step.sentence("en") for step in done.steps)


RACK = {"racks": "name;units\ncave/A;12\ncave/B;12\n"}
PDU = {"devices": "name;role;site\npdu1;pdu;cave\n", "outlets": "name\npdu1/1\npdu1/2\n"}
BOX = {"equipment": "number;kind;model;serial;mac\nQ1;box;m;s;\n"}
BUY = {"wholesalers": "name;collection;realm\ngros;realm-proxy;a.example\n"}
LINE = {**BUY, "lines": "number;offer;member;since\nL1;adsl;M1;2020-01-01\n"}
ORDER = "number;line;wholesaler;about;kind;state;reference\n"
WORKS = "number;since;until;on;title_fr;announced_by;announced_at\n"


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ({"kinds": "name\na\na\n"}, "kinds.csv, line 3: “a” is in line 2 already"),
        ({"referents": "organisation;name\nM9;Zoé\n"}, "there is no member “M0009”"),
        ({"referents": "organisation;member\nM1;M9\n"}, "there is no member “M0009”"),
        ({"referents": "organisation;member\n;M1\n"}, "column organisation is missing"),
        (
            {"referents": "organisation;name;since;until\nM1;Zoé;2020-01-01;2021-01-01\nM1;ZOE;2020-06-01;\n"},
            "line 3: M0001 Ada Exemple : ZOE: another period overlaps it, from 1 Jan 2020 to 1 Jan 2021 (line 2 of",
        ),
        ({"rooms": "name\nailleurs/salle\n"}, "there is no site “ailleurs”"),
        ({"racks": "name\nailleurs/A\n"}, "there is no site “ailleurs”"),
        ({"racks": "name;room\ncave/A;salle\n"}, "there is no room “cave/salle”"),
        ({**RACK, "placements": "device;rack\nedge;cave/A\n"}, "there is no machine “edge”"),
        ({"placements": "device;rack\nvpn;cave/Z\n"}, "there is no rack “cave/Z”"),
        ({**RACK, "placements": "device;rack;unit;height\nvpn;cave/A;12;2\n"}, "cave/A has no unit 13"),
        ({**RACK, "placements": "device;rack;unit;face\nvpn;cave/A;1;haut\n"}, "choose among front, rear, both"),
        (
            {**RACK,
             "placements": "device;rack;since;until\nvpn;cave/A;2020-01-01;2021-01-01\nvpn;cave/B;2020-06-01;\n"},
            "line 3: vpn → cave/B 0 U: another period overlaps it, from 1 Jan 2020 to 1 Jan 2021 (line 2 of this file)",
        ),
        (
            {**RACK, **PDU, "placements": "device;rack;unit;height\nvpn;cave/A;1;2\npdu1;cave/A;2;1\n"},
            "line 3: U2 in cave/A is taken by vpn at that time (line 2 of this file)",
        ),
        ({"feeds": "name\nailleurs/EDF\n"}, "there is no site “ailleurs”"),
        ({"feeds": "name;room\ncave/EDF;salle\n"}, "there is no room “cave/salle”"),
        ({"outlets": "name\nedge/1\n"}, "there is no machine “edge”"),
        ({**PDU, "plugs": "device;outlet\nvpn;pdu1/9\n"}, "there is no outlet “pdu1/9”"),
        ({**PDU, "plugs": "device;feed\nvpn;cave/EDF\n"}, "there is no power feed “cave/EDF”"),
        ({**PDU, "plugs": "device;outlet\nedge;pdu1/1\n"}, "there is no machine “edge”"),
        ({**PDU, "plugs": "device;outlet;feed\nvpn;;\n"}, "one of the two columns"),
        ({**PDU, "plugs": "device;outlet\npdu1;pdu1/1\n"}, "pdu1 would feed itself"),
        (
            {**PDU, "plugs": "device;outlet\nvpn;pdu1/1\npdu1;pdu1/1\n"},
            "line 3: pdu1 → pdu1/1: another period overlaps it, from 22 Nov 2026 to … (line 2 of this file)",
        ),
        (
            {"feeds": "name;since;until\ncave/EDF;2020-01-01;2021-01-01\n", "plugs": "device;feed\nvpn;cave/EDF\n"},
            "cave/EDF feeds nothing any more",
        ),
        ({"equipment": "number;kind\n;box\n"}, "column number is missing"),
        ({"equipment": "number;kind\nQ1;fusée\n"}, "choose among box"),
        ({"equipment": "number;kind;mac\nQ1;box;x\n"}, "is not a MAC address"),
        ({"equipment": "number;kind;model;serial\nQ1;box;m;s\nQ2;box;m;s\n"}, "line 3: Q0001 has this serial number"),
        ({"loans": "equipment;member\nQ1;M1\n"}, "there is no equipment “Q0001”"),
        ({**BOX, "loans": "equipment;member\nQ1;M9\n"}, "there is no member “M0009”"),
        ({**BOX, "loans": "equipment;member;until\nQ1;M1;2020-01-01\n"}, "would end on 1 Jan 2020, before it begins"),
        ({**BOX, "loans": "equipment;member;deposit_cents\nQ1;M1;99999999\n"}, "will not do for a deposit"),
        ({**BOX, "loans": "equipment;member;refund_cents\nQ1;M1;0\n"}, "has an amount and a day"),
        (
            {**BOX, "loans": "equipment;member;since;until\nQ1;M1;2020-01-01;\nQ1;M2;2021-01-01;2021-06-01\n"},
            "line 3: Q0001 → M0002 Béa Exemple: another period overlaps it, from 1 Jan 2020 to … (line 2 of this file)",
        ),
        (
            {**BOX, "members": "number;name;joined;left\nM8;Ex;2015-01-01;2016-01-01\n",
             "loans": "equipment;member;since\nQ1;M8;2015-06-01\n"},
            "M0008 Ex has left and would still have this",
        ),
        (
            {"equipment": "number;kind;since;until\nQ1;box;2020-01-01;2021-01-01\n",
             "loans": "equipment;member;since\nQ1;M1;2020-06-01\n"},
            "Q0001 is lent no more",
        ),
        ({"offers": "name;technology;wholesaler\nfil;adsl;zut\n"}, "there is no wholesaler “zut”"),
        ({**BUY, "orders": f"{ORDER}O1;L9;gros;;new;ordered;\n"}, "there is no line “L0009”"),
        ({**LINE, "orders": f"{ORDER}O1;L1;zut;;new;ordered;\n"}, "there is no wholesaler “zut”"),
        ({**LINE, "orders": f"{ORDER}O1;L1;gros;;new;flying;\n"}, "is no state of an order"),
        ({**LINE, "orders": f"{ORDER}O1;L1;gros;;gift;ordered;\n"}, "choose among new"),
        ({**LINE, "orders": f"{ORDER}O2;L1;gros;O1;change;ordered;\n"}, "an order changes or ends only one"),
        ({**LINE, "orders": f"{ORDER}O1;L1;gros;;new;ordered;\nO2;L1;gros;O1;new;ordered;\n"}, "changes or ends only"),
        (
            {**LINE, "orders": f"{ORDER}O1;L1;gros;;new;ordered;R\nO2;L1;gros;;new;ordered;R\n"},
            "line 3: O0001 has the reference “R” at gros already",
        ),
        ({"order_events": "order;at;by;state\nO1;2026-01-01;x;ordered\n"}, "there is no order “O0001”"),
        ({"works": f"{WORKS}X1;2026-01-01;2026-01-02;site:cave;t;x;2026-01-01\n"}, "neither of works (W0001)"),
        ({"works": f"{WORKS}W1;2026-01-01;;site:cave;t;x;2026-01-01\n"}, "works end some day"),
        ({"works": f"{WORKS}W1;2026-01-02;2026-01-01;site:cave;t;x;2026-01-01\n"}, "ends before it begins"),
        ({"works": f"{WORKS}W1;2026-01-01;2026-01-02;cat:felix;t;x;2026-01-01\n"}, "say on what"),
        ({"works": f"{WORKS}W1;2026-01-01;2026-01-02;line:L9;t;x;2026-01-01\n"}, "there is no line “L9”"),
        ({"works": f"{WORKS}W1;2026-01-01;2026-01-02;wholesaler:zut;t;x;2026-01-01\n"}, "there is no wholesaler “zut”"),
        ({"works_notes": "works;at;by;words_fr\nI1;2026-01-01;x;t\n"}, "there is no works “I0001”"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_said_in_one_sentence_and_nothing_is_done(
    session: EssaimSession, weigh: Any, files: dict[str, str], sentence: str
) -> None:
    done = weigh(**files)
    assert any(sentence in said for said in wrong(done)), wrong(done)
    assert all(one.sentence("fr") for one in done.problems)


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ({"outlets": "name\nvpn/1\n"}, "neither a PDU nor a UPS"),
        ({"referents": "organisation;name\nM1;Zoé\n"}, "only organisations have referents"),
        ({"kinds": "name\nleft\n"}, "cannot name a kind of membership"),
        ({"racks": "name;units\ncave/A;900\n"}, "will not do for a rack's height"),
        ({"wholesalers": "name;collection\ngros;realm-proxy\n"}, "needs --realm"),
    ],
)
def test_what_only_a_verb_can_tell_is_refused_with_its_line(
    session: EssaimSession, act: Act, weigh: Any, files: dict[str, str], sentence: str
) -> None:
    with pytest.raises(RowRefused, match=r"line 2: ") as refused:
        apply(session, act, weigh(**files))
    assert sentence in refused.value.sentence("en")


@pytest.mark.parametrize(
    ("files", "task"),
    [
        ({"kinds": "name\nstudent\n"}, Task.RULES_SET),
        ({"racks": "name\ncave/A\n"}, Task.DEVICES_WRITE),
        ({"feeds": "name\ncave/EDF\n"}, Task.DEVICES_WRITE),
        (BOX, Task.DEVICES_WRITE),
        (BUY, Task.LINES_WRITE),
        ({"works": f"{WORKS}W1;2026-01-01;2026-01-02;site:cave;t;x;2026-01-01\n"}, Task.WORKS_ANNOUNCE),
    ],
)
def test_whoever_imports_needs_the_task_of_what_comes_in(
    session: EssaimSession, act: Act, small: Any, weigh: Any, files: dict[str, str], task: Task
) -> None:
    done = weigh(**files)
    assert done.tasks == (task,)
    mandates.give(session, act, small.ada, Task.MANDATES_GIVE)
    hers = replace(act, actor="M0001")
    with pytest.raises(NotMandated):
        apply(session, hers, done)
    mandates.give(session, hers, small.ada, task)
    apply(session, hers, weigh(**files))
    assert weigh(**files).doing == ()


def test_an_order_comes_in_as_it_stands_and_leaves_its_line_alone(session: EssaimSession, bring: Any) -> None:
    bring(
        **LINE,
        orders=f"{ORDER}O7;L1;gros;O9;terminate;terminated;\nO9;L1;gros;;new;terminated;R\n",
        order_events="order;at;by;state;word\nO9;2020-01-01T10:00:00Z;M0001;ordered;CMD\n",
    )
    assert lines.find_line(session, "L1").state == LineState.ACTIVE
    ended, first = orders.find_order(session, "O7"), orders.find_order(session, "O9")
    assert (ended.about, first.reference, [one.word for one in first.events]) == (first, "R", ["CMD"])


def test_who_spoke_for_an_organisation_comes_in_and_they_may_be_searched(session: EssaimSession, bring: Any) -> None:
    bring(
        members="number;name;organisation\nM5;Café;oui\n",
        referents="organisation;member;name;role;since;until\nM5;M1;;;2020-01-01;2021-01-01\nM5;M1;;;2021-01-01;\n"
        "M5;;Zoé;technical;;\n",
    )
    found = session.scalars(select(Referent).order_by(Referent.since, Referent.id)).all()
    assert [(one.role, one.until) for one in found] == [
        ("representative", date(2021, 1, 1)), ("representative", None), ("technical", None),
    ]  # fmt: skip
    assert "zoe" in members.find_member(session, "M5").sought


# Whatever a folder says

DAYS = ["", "2020-01-01", "2026-11-22"]
PLAUSIBLE: dict[str, dict[str, list[str]]] = {
    "kinds": {"name": ["adherent", "student", "LEFT"], "label_fr": ["", "étudiant·e"], "votes": ["", "oui"],
              "retired": DAYS},
    "referents": {"organisation": ["M1", "M5"], "member": ["", "M1", "M2"], "name": ["", "Zoé"],
                  "contact": ["", "z@a.example", "x"], "role": ["", "technical", "roi"], "since": DAYS, "until": DAYS},
    "rooms": {"name": ["cave/salle", "cave", "x/y/z"], "description": ["", "haut"]},
    "racks": {"name": ["cave/A", "cave/B", "cave/"], "kind": ["", "shelf", "nid"], "units": ["", "12", "500"],
              "room": ["", "salle"]},
    "placements": {"device": ["vpn", "pdu1"], "rack": ["cave/A", "cave/B"], "unit": ["", "1", "2"],
                   "height": ["", "2"], "face": ["", "rear", "x"], "since": DAYS, "until": DAYS},
    "feeds": {"name": ["cave/EDF", "cave/"], "room": ["", "salle"], "volts": ["", "0"], "amps": ["", "32"],
              "renewable": ["", "non"], "since": DAYS, "until": DAYS},
    "outlets": {"name": ["pdu1/1", "vpn/1", "pdu1/"]},
    "plugs": {"device": ["vpn", "pdu1"], "outlet": ["", "pdu1/1"], "feed": ["", "cave/EDF"], "since": DAYS,
              "until": DAYS},
    "wholesalers": {"name": ["gros", "GROS"], "collection": ["realm-proxy", "vlan-handoff", "x"],
                    "realm": ["", "a.example"], "enni": ["", "3"], "vlans": ["", "100", "100-90", "x"],
                    "guarantee": ["", "4h", "4H", "jamais"], "mapping": ["", "manual", "x"]},
    "orders": {"number": ["O1", "O2"], "line": ["L1", "L9"], "wholesaler": ["gros"], "about": ["", "O1"],
               "kind": ["", "change", "x"], "state": ["draft", "active", "x"], "reference": ["", "R"]},
    "order_events": {"order": ["O1", "O2"], "at": DAYS, "by": ["M0001"], "state": ["draft", "x"], "words": ["", "a"]},
    "equipment": {"number": ["Q1", "Q2", "M1"], "kind": ["", "box", "x"], "model": ["", "m"], "serial": ["", "s"],
                  "mac": ["", "02005e100001", "x"], "since": DAYS, "until": DAYS},
    "loans": {"equipment": ["Q1", "Q2"], "member": ["M1", "M2", "M9"], "since": DAYS, "until": DAYS,
              "deposit_cents": ["", "100"], "refund_cents": ["", "100"], "refunded": DAYS},
    "works": {"number": ["W1", "I1", "x"], "since": DAYS, "until": DAYS, "on": ["site:cave", "line:L1, pool:v4", "x"],
              "title_fr": ["", "Une coupure"], "announced_by": ["M0001"], "announced_at": DAYS, "cancelled_at": DAYS},
    "works_notes": {"works": ["W1", "I1"], "at": DAYS, "by": ["M0001"], "words_fr": ["", "a"]},
    "mandates": {"number": ["T1", ""], "task": ["members.read", ""]},
}  # fmt: skip
GROUPS = (
    ("kinds", "referents"),
    ("rooms", "racks", "placements"),
    ("rooms", "feeds", "outlets", "plugs"),
    ("wholesalers", "orders", "order_events"),
    ("equipment", "loans"),
    ("works", "works_notes", "mandates"),
)


@pytest.mark.parametrize("group", GROUPS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(data=st.data())
def test_any_plausible_folder_is_applied_twice_or_refused(
    session: EssaimSession, act: Act, small: Any, group: tuple[str, ...], data: st.DataObject
) -> None:
    files = {
        "members": "number;name;organisation\nM5;Café;oui\n",
        "devices": "name;role;site\npdu1;pdu;cave\n",
        "lines": "number;offer;member\nL1;adsl;M1\n",
    }
    for noun in group:
        row = st.tuples(*(st.sampled_from(cells) for cells in PLAUSIBLE[noun].values()))
        rows = data.draw(st.lists(row, max_size=3))
        files[noun] = "\n".join([";".join(PLAUSIBLE[noun]), *(";".join(f'"{one}"' for one in row) for row in rows)])
    with session.begin_nested() as point:
        done = plan(session, read(files), act.at)
        assert all(one.sentence("fr") for one in (*done.problems, *done.remarks, *done.steps))
        if not done.problems:
            with suppress(RowRefused):
                apply(session, act, done)
                again = plan(session, read(files), act.at)
                assert [one.sentence("en") for one in again.problems] == []
                assert again.doing == ()
        point.rollback()
