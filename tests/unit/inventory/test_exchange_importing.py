"""Imports of our own files: weighed first, all or nothing, and twice is once."""

from __future__ import annotations

import base64
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from foundation import journal
from foundation.acts import Act
from foundation.database import EssaimSession, Store, reading, transaction
from foundation.vault import vault_of
from inventory import addresses, credentials, lines, mandates, members, memberships, pools, questions
from inventory.exchange import exporting, ours
from inventory.exchange.applying import NothingImported, apply
from inventory.exchange.doing import RowRefused
from inventory.exchange.forms import FORMS
from inventory.exchange.planning import plan
from inventory.exchange.plans import Action, Plan
from inventory.models.addresses import BlockState
from inventory.models.lines import Credential
from inventory.models.people import Contact, Membership
from inventory.rights import NotMandated

KEY = base64.b64encode(b"k" * 32).decode()


@pytest.fixture
def weigh(session: EssaimSession, act: Act) -> Callable[..., Plan]:
    """What a file would do."""

    def weighed(noun: str, *rows: str, **how: Any) -> Plan:
        reading = ours.read("a.csv", "\n".join(rows).encode(), noun, **how)
        return plan(session, reading, act.at)

    return weighed


@pytest.fixture
def bring(session: EssaimSession, act: Act, weigh: Callable[..., Plan]) -> Callable[..., Plan]:
    """Import a file; a second time it changes nothing."""

    def brought(noun: str, *rows: str, **how: Any) -> Plan:
        done = weigh(noun, *rows, **how)
        apply(session, act, done)
        again = weigh(noun, *rows, **how)
        assert again.problems == ()
        assert again.doing == ()
        return done

    return brought


def wrong(done: Plan) -> list[str]:
    return [one.sentence("en") for one in done.problems]


def told(done: Plan) -> list[tuple[str, str, str]]:
    return [(str(step.action), str(step.noun), step.name) for step in done.steps]


# Members


def test_members_join_with_their_own_numbers_or_the_next(session: EssaimSession, bring: Any) -> None:
    bring("members", "numéro;nom;adhésion", "M0042;Ada;2020-05-01", ";Béa;2021-05-01")
    ada, bea = members.list_members(session)
    assert (str(ada), ada.name, ada.joined) == ("M0042", "Ada", date(2020, 5, 1))
    assert str(bea) == "M0043"
    assert [(one.kind, one.since, one.until) for one in memberships.periods_of(session, ada)] == [
        ("adherent", date(2020, 5, 1), None)
    ]


def test_every_thing_made_is_a_deed_and_the_import_one_more(store: Store, act: Act) -> None:
    with transaction(store) as session:
        done = plan(session, ours.read("a.csv", b"nom\nAda\nBob\n", "members"), act.at)
        apply(session, act, done)
    with reading(store) as session:
        deeds = journal.show(session)
        assert sorted(deed.verb for deed in deeds) == ["import", *["member.add"] * 2, *["membership.add"] * 2]
        assert deeds[0].facts == {
            "files": ["a.csv"],
            "did": {"member": {"create": 2}, "membership": {"create": 2}},
        }
        journal.verify(session)


def test_a_couple_with_one_address_stays_two(session: EssaimSession, bring: Any) -> None:
    bring("members", "nom;email", "Ada;nous@membres.example", "Bob;nous@membres.example")
    assert [one.name for one in members.list_members(session)] == ["Ada", "Bob"]


def test_who_is_here_under_that_name_and_address_is_not_added_again(
    session: EssaimSession, act: Act, bring: Any
) -> None:
    members.add_member(session, act, "Zoé Faure", email="zoe@membres.example")
    bring("members", "nom;email", "ZOE FAURE;Zoe@membres.example")
    assert [str(one) for one in members.list_members(session)] == ["M0001"]


def test_two_homonyms_with_one_address_are_told_apart_by_their_number_alone(
    session: EssaimSession, act: Act, weigh: Any
) -> None:
    for _ in range(2):
        members.add_member(session, act, "Ada", email="ada@membres.example")
    (sentence,) = wrong(weigh("members", "nom;email", "Ada;ada@membres.example"))
    assert "M0001, M0002" in sentence


def test_what_a_file_says_otherwise_is_changed_and_an_empty_cell_changes_nothing(
    session: EssaimSession, act: Act, bring: Any
) -> None:
    members.add_member(session, act, "Ada", email="ada@membres.example", postal="1 rue X")
    done = bring("members", "numéro;nom;email;adresse;téléphone", "M1;Ada Faure;;2 rue Y;05 56 00 00 00")
    (step,) = done.steps
    assert [(one.field, one.before, one.after) for one in step.changes] == [
        ("name", "Ada", "Ada Faure"),
        ("postal", "1 rue X", "2 rue Y"),
        ("phone", None, "05 56 00 00 00"),
    ]
    assert "name “Ada” → “Ada Faure”" in step.sentence("en")
    ada = members.find_member(session, "M1")
    assert (ada.name, ada.email, ada.postal) == ("Ada Faure", "ada@membres.example", "2 rue Y")
    assert [one.value for one in session.scalars(select(Contact))] == ["05 56 00 00 00"]
    assert "0556000000" in ada.sought


def test_a_new_members_search_words_are_those_that_a_change_would_write(session: EssaimSession, bring: Any) -> None:
    bring("members", "nom;email;adresse;téléphone", "Zoé Œuvre;z@membres.example;1 rue X;05 56 00 00 00")
    (zoe,) = members.list_members(session)
    before = zoe.sought
    members.note_sought(session, zoe)
    assert zoe.sought == before


def test_leaving_is_never_done_by_a_file(session: EssaimSession, act: Act, weigh: Any) -> None:
    members.add_member(session, act, "Ada")
    done = weigh("members", "numéro;nom;statut;départ", "M1;Ada;parti·e;2026-01-01")
    assert [step.action for step in done.steps] == [Action.SKIP]
    assert "essaim member leave" in done.steps[0].sentence("fr")


def test_who_left_long_ago_comes_in_as_someone_who_left(session: EssaimSession, bring: Any) -> None:
    bring("members", "nom;adhésion;départ;motif", "Ada;2015-01-01;2018-01-01;déménagement")
    (ada,) = members.list_members(session, left=True)
    assert (ada.status, ada.left, ada.left_why) == ("left", date(2018, 1, 1), "déménagement")
    assert [(one.since, one.until) for one in memberships.periods_of(session, ada)] == [
        (date(2015, 1, 1), date(2018, 1, 1))
    ]


def test_memberships_with_gaps_come_in_and_a_longer_one_grows(session: EssaimSession, bring: Any, weigh: Any) -> None:
    head = "numéro;nom;adhésions"
    bring("members", head, "M1;Ada;adherent 2019-01-01/2020-01-01, adherent 2021-01-01/2022-01-01")
    done = bring("members", head, "M1;Ada;adherent 2021-01-01/2023-01-01")
    assert ("change", "membership", "M0001 Ada 2021-01-01 – 2023-01-01") in told(done)
    ends = session.scalars(select(Membership.until).order_by(Membership.since)).all()
    assert list(ends) == [date(2020, 1, 1), date(2023, 1, 1)]
    shorter = weigh("members", head, "M1;Ada;adherent 2021-01-01/2022-06-01")
    assert [step.action for step in shorter.steps][1:] == [Action.SKIP]


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ("Ada;x", "is not an e-mail address"),
        ("Ada;ada@membres.example;klingon", "choose among fr, en"),
        ("Ada;;;left", "left, but when?"),
        ("Ada;;;left;2020-01-01;2019-01-01", "left before joining"),
        ("Ada;;;grand-duc", "There is no membership of kind “grand-duc”"),
        ("Ada;;;;1950-01-01", "a membership begins between 1 Jan 1980 and today"),
        ("Ada;;;;2030-01-01", "a membership begins between 1 Jan 1980 and today"),
        (";;;;;;12", "no name and no known number"),
        ("Ada;;;;;;;adherent 2019-01-01/2020-01-01, adherent 2019-06-01/", "overlaps another, from 1 Jan 2019"),
    ],
)
def test_what_cannot_be_is_said_in_one_sentence_with_its_line(weigh: Any, row: str, sentence: str) -> None:
    head = "name;email;language;status;joined;left;phone;memberships"
    cells = row.split(";") + [""] * 8
    done = weigh("members", head, ";".join(cells[:8]))
    assert any(sentence in said for said in wrong(done)), wrong(done)
    assert all(said.startswith("a.csv, line 2: ") for said in wrong(done))
    assert all(one.sentence("fr") for one in done.problems)


def test_the_same_person_twice_in_a_file_is_refused(weigh: Any) -> None:
    assert wrong(weigh("members", "nom", "Ada", "ADA")) == ["a.csv, line 3: Ada is in line 2 already."]


def test_where_anything_is_wrong_nothing_is_done(session: EssaimSession, act: Act, weigh: Any) -> None:
    done = weigh("members", "nom;email", "Ada;", "Bob;x")
    with pytest.raises(NothingImported, match="1 problem"):
        apply(session, act, done)
    assert members.list_members(session) == []


def test_whoever_imports_needs_the_tasks_of_what_is_imported(session: EssaimSession, act: Act, weigh: Any) -> None:
    ada = members.add_member(session, act, "Ada")
    mandates.give(session, act, ada, "mandates.give")
    hers, done = replace(act, actor="M0001"), weigh("members", "nom", "Bob")
    with pytest.raises(NotMandated):
        apply(session, hers, done)
    assert [one.name for one in members.list_members(session)] == ["Ada"]


# Lines and what they hold


def test_a_line_comes_in_with_its_neighbour_its_login_and_its_addresses(
    session: EssaimSession, small: Any, bring: Any
) -> None:
    bring(
        "lines",
        "ligne;offre;membre;depuis;poids;login;mot de passe;nd;ipv4",
        "L0042;adsl;M1;2024-01-01;2;Ada@adsl;chut;05 00 00 00 42;198.51.100.2",
        "L0042;adsl;M2;2025-01-01;1;;;;198.51.100.3",
    )
    line = lines.find_line(session, "L42")
    assert (line.state, [event.state for event in line.events]) == ("active", ["active"])
    assert [(str(one.member), one.weight, one.since) for one in line.shares] == [
        ("M0001", 2, date(2024, 1, 1)),
        ("M0002", 1, date(2025, 1, 1)),
    ]
    assert [one.nd for one in line.coppers] == ["0500000042"]
    (login,) = line.shares[0].credentials
    assert login.name == "ada@adsl"
    assert login.secret is not None
    assert vault_of(session).open(login.secret) == "chut"
    assert sorted(lines.prefixes(session, line)) == ["198.51.100.2/32", "198.51.100.3/32"]
    assert "chut" not in str(session.info), "what waits to be written in the journal"


def test_a_login_without_password_gets_one(session: EssaimSession, small: Any, bring: Any) -> None:
    bring("lines", "ligne;offre;membre;login", "L1;adsl;M1;ada@adsl")
    secret = session.scalars(select(Credential.secret)).one()
    assert secret is not None
    assert len(vault_of(session).open(secret)) >= 12


def test_a_line_that_is_over_comes_in_as_it_ended(session: EssaimSession, small: Any, bring: Any) -> None:
    bring("lines", "ligne;offre;membre;depuis;jusqu'au;key", f"L1;vpn;M1;2019-03-01;2020-03-01;{KEY}")
    line = lines.find_line(session, "L1")
    assert (line.state, line.shares[0].until) == ("closed", date(2020, 3, 1))
    assert line.shares[0].credentials[0].until == datetime(2020, 2, 29, 23, tzinfo=UTC)
    assert credentials.opened_by(session) == {}


def test_without_numbers_lines_follow_the_highest_and_are_known_again(
    session: EssaimSession, small: Any, bring: Any
) -> None:
    bring("lines", "offre;membre;depuis;key", f"vpn;M1;2024-01-01;{KEY}", "adsl;M2;2024-01-01;")
    assert [str(one) for one in lines.list_lines(session)] == ["L0001", "L0002"]


def test_details_that_a_file_says_otherwise_are_changed_but_never_the_state(
    session: EssaimSession, small: Any, bring: Any, weigh: Any
) -> None:
    bring("lines", "ligne;offre;membre;nd", "L1;adsl;M1;0500000001")
    done = bring("lines", "ligne;offre;membre;nd", "L1;adsl;M1;0500000002")
    assert [one.after for step in done.doing for one in step.changes] == ["0500000002"]
    kept = weigh("lines", "ligne;offre;membre;état", "L1;adsl;M1;suspended")
    assert [step.action for step in kept.steps] == [Action.SKIP, Action.NOTHING]


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ("L1;satellite;M1", "there is no offer “satellite”, here or in this file. There are: adsl, vpn."),
        ("L1;vpn;M9", "there is no member “M0009”"),
        ("L1;vpn;", "column member is missing"),
        ("L1;vpn;M1;;;;;0500000001", "takes no --nd"),
        ("L1;adsl;M1;;;;;12", "not a line designation number"),
        ("L1;vpn;M1;2030-01-01", "does not begin in the future"),
        ("L1;vpn;M1;;;x", "is not a WireGuard public key"),
        ("L1;vpn;M1;2020-01-01;2019-01-01", "this period ends before it begins"),
        ("L1;vpn;M1;2019-01-01;;;closed", "the line is over, but the part of M0001"),
        ("L1;vpn;M1;;;;flying", "choose among"),
        ("L1;vpn;M1;;;;;;203.0.113.1", "203.0.113.1/32 is in no pool"),
        ("L2;vpn;M1;;;{key}", "opens another line already"),
    ],
)
def test_what_no_line_can_be_is_refused(small: Any, order: Any, weigh: Any, row: str, sentence: str) -> None:
    key = base64.b64encode((1).to_bytes(32, "big")).decode()
    order(small.ada)
    head = "number;offer;member;since;until;key;state;nd;ipv4"
    cells = [*row.replace("L1;", "L5;").format(key=key).split(";"), *[""] * 9][:9]
    done = weigh("lines", head, ";".join(cells))
    assert any(sentence in said for said in wrong(done)), wrong(done)


def test_an_address_held_by_another_is_refused(small: Any, order: Any, session: EssaimSession, weigh: Any) -> None:
    line = order(small.ada)
    held = next(one for one in lines.prefixes(session, line) if "/32" in one)
    done = weigh("lines", "ligne;offre;membre;key;ipv4", f"L9;vpn;M2;{KEY};{held}")
    assert wrong(done) == [f"a.csv, line 2: {held} is held by L0001 M0001 at that time."]


def test_a_line_shared_with_oneself_is_refused(small: Any, weigh: Any) -> None:
    done = weigh("lines", "ligne;offre;membre;depuis", "L5;adsl;M1;2024-01-01", "L5;adsl;M1;2025-01-01")
    assert wrong(done) == [
        "a.csv, line 3: M0001 Ada Exemple has a part of this line already from 1 Jan 2024 to … (line 2 of this file)."
    ]


# The ledger's history


@pytest.fixture
def line(small: Any, bring: Any) -> None:
    """L0001 is of Ada since 2020, L0002 of Béa since 2020; neither holds anything."""
    bring("lines", "ligne;offre;membre;depuis", "L1;adsl;M1;2020-01-01", "L2;adsl;M2;2020-01-01")


HEAD = "prefix;role;line;member;since;until"


def test_who_had_an_address_long_ago_is_answered_and_the_pool_stays_whole(
    session: EssaimSession, small: Any, line: None, bring: Any
) -> None:
    bring(
        "addresses",
        HEAD,
        "198.51.100.2;wan;L1;M1;2020-01-01;2021-01-01T00:00:00Z",
        "198.51.100.2;wan;L2;M2;2021-01-01T00:00:00Z;",
    )
    at = ip_address("198.51.100.2")
    assert questions.who_had(session, at, datetime(2020, 6, 1, tzinfo=UTC)).members == ("M0001",)
    assert questions.who_had(session, at, datetime(2022, 6, 1, tzinfo=UTC)).members == ("M0002",)
    assert sum(pools.census(session, small.v4).values()) == 8


def test_an_address_given_back_a_week_ago_waits_in_quarantine(
    session: EssaimSession, act: Act, small: Any, line: None, bring: Any
) -> None:
    ended = act.at - timedelta(days=7)
    bring("addresses", HEAD, f"198.51.100.2;wan;L1;M1;2020-01-01;{ended.isoformat()}")
    assert pools.census(session, small.v4)[BlockState.QUARANTINED] == 1
    later = replace(act, at=act.at + timedelta(days=4))
    share = lines.find_line(session, "L2").shares[0]
    given = {str(addresses.allocate(session, later, small.v4, share, "routed").prefix) for _ in range(8)}
    assert "198.51.100.2/32" in given


def test_a_prefix_put_aside_may_be_taken_up_later(session: EssaimSession, small: Any, line: None, bring: Any) -> None:
    bring("addresses", HEAD + ";note", "198.51.100.4/30;reserved;;;;;pour plus tard")
    assert pools.census(session, small.v4)[BlockState.RESERVED] == 4
    bring("addresses", HEAD, "198.51.100.4/30;routed;L1;M1;;")
    assert pools.census(session, small.v4)[BlockState.RESERVED] == 0
    assert lines.prefixes(session, lines.find_line(session, "L1")) == ["198.51.100.4/30"]


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        (("198.51.100.2;;L1;M1;2020-01-01;2022-01-01", "198.51.100.2;;L2;M2;2021-01-01;"), "line 2 of this file"),
        (("198.51.100.0/30;;L1;M1;2020-01-01;", "198.51.100.2;;L2;M2;2021-01-01;"), "line 2 of this file"),
        (("198.51.100.2;;L1;M1;2030-01-01;",), "lies in the future"),
        (("198.51.100.2;;L1;M1;2020-01-01;2030-01-01",), "lies in the future"),
        (("198.51.100.2;palace;L1;M1;;",), "choose among wan"),
        (("198.51.100.2;;L9;M1;;",), "there is no line “L0009”"),
        (("198.51.100.2;;L1;M2;;",), "has no part of this line"),
        (("192.0.2.1;;L1;M1;;",), "is in no pool"),
        (("198.51.100.2;;L1;M1;2021-01-01;2020-01-01",), "ends before it begins"),
    ],
)
def test_a_history_that_overlaps_or_cannot_be_is_refused(
    line: None, weigh: Any, rows: tuple[str, ...], sentence: str
) -> None:
    said = wrong(weigh("addresses", HEAD, *rows))
    assert len(said) == 1
    assert sentence in said[0]


def test_history_that_meets_what_the_ledger_knows_is_refused(small: Any, line: None, bring: Any, weigh: Any) -> None:
    bring("addresses", HEAD, "198.51.100.2;;L1;M1;2020-01-01;2021-01-01")
    (said,) = wrong(weigh("addresses", HEAD, "198.51.100.0/30;;L2;M2;2020-12-01;2021-02-01"))
    assert "is held by L0001 M0001 at that time" in said


# History that overlaps: in the file, and with what is here


@pytest.mark.parametrize(
    ("periods", "sentence"),
    [
        (
            "adherent 2015-01-01/2016-01-01, affiliate 2015-06-01/2017-01-01",
            "overlaps another, from 1 Jan 2015 to 1 Jan 2016 (line 2 of this file)",
        ),
        (
            "adherent 2015-01-01/2016-01-01, adherent 2015-01-01/2017-01-01",
            "overlaps another, from 1 Jan 2015 to 1 Jan 2016 (line 2 of this file)",
        ),
        ("affiliate 2026-01-01/", "overlaps another, from 22 Nov 2026 to … (here already)"),
        ("affiliate 2015-01-01/2026-11-23", "overlaps another, from 22 Nov 2026 to … (here already)"),
    ],
)
def test_memberships_that_overlap_are_refused_with_both_places(
    small: Any, weigh: Any, periods: str, sentence: str
) -> None:
    (said,) = wrong(weigh("members", "number;memberships", f"M1;{periods}"))
    assert said.startswith("a.csv, line 2: ")
    assert sentence in said


def test_memberships_that_touch_overlap_nothing(session: EssaimSession, small: Any, bring: Any) -> None:
    bring("members", "number;memberships", "M1;affiliate 2015-01-01/2016-01-01, adherent 2016-01-01/2026-11-22")
    periods = memberships.periods_of(session, small.ada)
    assert [one.since.year for one in periods] == [2015, 2016, 2026]


LINE = "number;offer;member;since;until"


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        (
            ("L5;adsl;M1;2020-01-01;2022-01-01", "L5;;M2;2020-01-01;", "L5;;M1;2021-12-31;2023-01-01"),
            "line 4: M0001 Ada Exemple has a part of this line already from 1 Jan 2020 to 1 Jan 2022 (line 2 of this",
        ),
        (
            ("L5;adsl;M1;2021-01-01;", "L5;;M1;2019-01-01;2021-06-01"),
            "line 3: M0001 Ada Exemple has a part of this line already from 1 Jan 2021 to … (line 2 of this file)",
        ),
        (
            ("L1;;M1;2019-01-01;2020-01-02",),
            "line 2: M0001 Ada Exemple has a part of this line already from 1 Jan 2020 to … (here already)",
        ),
        (
            ("L1;;M1;2024-01-01;",),
            "line 2: M0001 Ada Exemple has a part of this line already from 1 Jan 2020 to … (here already)",
        ),
    ],
)
def test_shares_that_overlap_are_refused_with_both_places(
    line: None, weigh: Any, rows: tuple[str, ...], sentence: str
) -> None:
    assert [sentence in said for said in wrong(weigh("lines", LINE, *rows))] == [True]


def test_shares_that_touch_overlap_nothing(session: EssaimSession, line: None, bring: Any) -> None:
    bring("lines", LINE, "L1;;M1;2018-01-01;2020-01-01", "L1;;M2;2018-01-01;2019-01-01")
    parts = lines.find_line(session, "L1").shares
    assert sorted((one.since.year, str(one.member)) for one in parts) == [
        (2018, "M0001"), (2018, "M0002"), (2020, "M0001"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        (
            ("198.51.100.2;;L1;M1;2020-01-01;2021-01-02", "198.51.100.2;;L2;M2;2021-01-01;2022-01-01"),
            "line 3: 198.51.100.2/32 is held by line 2 of this file",
        ),
        (
            ("198.51.100.2;;L1;M1;2020-06-01;2020-07-01", "198.51.100.0/29;;L2;M2;2020-01-01;2021-01-01"),
            "line 3: 198.51.100.0/29 is held by line 2 of this file",
        ),
        (
            ("198.51.100.2;;L1;M1;2020-01-01;2021-01-01", "198.51.100.2;;L1;M1;2020-01-01;2021-01-01"),
            "line 3: 198.51.100.2/32 is held by line 2 of this file",
        ),
        (("198.51.100.5;;L2;M2;2020-01-01;2023-06-01",), "line 2: 198.51.100.5/32 is held by L0001 M0001"),
        (("198.51.100.4/31;;L2;M2;2023-12-31;",), "line 2: 198.51.100.4/31 is held by L0001 M0001"),
        (("198.51.100.5;;L2;M2;2023-12-31;",), "line 2: 198.51.100.5/32 is held by L0001 M0001"),
    ],
)
def test_addresses_that_overlap_are_refused_with_both_places(
    line: None, bring: Any, weigh: Any, rows: tuple[str, ...], sentence: str
) -> None:
    bring("addresses", HEAD, "198.51.100.5;;L1;M1;2023-01-01;2024-01-01")
    assert [sentence in said for said in wrong(weigh("addresses", HEAD, *rows))] == [True]


def test_two_files_that_overlap_name_the_other(line: None, session: EssaimSession, act: Act) -> None:
    rows = [f"{HEAD}\n198.51.100.2;;L1;M1;2020-01-01;2021-01-02\n", f"{HEAD}\n198.51.100.2;;L2;M2;2021-01-01;\n"]
    one, other = (ours.read(f"{name}.csv", text.encode(), "addresses") for name, text in zip("ab", rows, strict=True))
    one.records += other.records
    assert wrong(plan(session, one, act.at)) == [
        "b.csv, line 2: 198.51.100.2/32 is held by line 2 of a.csv at that time."
    ]


# Places, machines, pools, offers


def test_machines_come_in_with_their_interfaces_and_change(session: EssaimSession, small: Any, bring: Any) -> None:
    head = "nom;rôle;plateforme;site;propriétaire;interfaces"
    bring("devices", head, "edge;router;frr;cave;;eth0, eth1", "pi;server;;cave;M1;")
    done = bring("devices", head, "edge;router;debian;;;eth0, eth2")
    assert told(done) == [("change", "device", "edge"), ("create", "device", "edge (eth2)")]


@pytest.mark.parametrize(
    ("noun", "head", "row", "sentence"),
    [
        ("devices", "name;role;site", "edge;router;ailleurs", "there is no site “ailleurs”"),
        ("devices", "name;role;site", "edge;roi;cave", "is not a role"),
        ("devices", "name;role;site", "b é;router;cave", "cannot name a machine"),
        ("devices", "name;role", "edge;router", "where does it stand?"),
        ("devices", "name;role;site;owner", "edge;router;cave;M9", "there is no member “M0009”"),
        ("pools", "name;prefix", "autre;198.51.100.0/24", "198.51.100.0/24 overlaps pool v4"),
        ("pools", "name;prefix", "v4;192.0.2.0/24", "pool “v4” is 198.51.100.0/29 here, and 192.0.2.0/24"),
        ("offers", "name;technology", "fil;pigeon", "pigeon"),
        ("offers", "name", "fil", "a new offer has a technology"),
        ("offers", "name;technology;pool_v4", "fil;adsl;zut", "there is no pool “zut”"),
    ],
)
def test_what_does_not_fit_here_is_refused(
    small: Any, weigh: Any, noun: str, head: str, row: str, sentence: str
) -> None:
    (said,) = wrong(weigh(noun, head, row))
    assert sentence in said


def test_what_only_a_verb_can_tell_is_refused_with_its_line(
    session: EssaimSession, act: Act, small: Any, weigh: Any
) -> None:
    done = weigh("offers", "name;technology;mtu", "fibre;ftth;12")
    with pytest.raises(RowRefused, match=r"a\.csv, line 2"):
        apply(session, act, done)


# There and back


def test_what_is_exported_comes_in_elsewhere_and_is_exported_the_same(
    session: EssaimSession,
    act: Act,
    small: Any,
    order: Any,
    new_store: Callable[[Path], AbstractContextManager[Store]],
    tmp_path: Path,
) -> None:
    line = order(small.ada)
    lines.add_share(session, act, line, small.bea, small.vpn)
    order(small.bea, small.adsl)
    members.change_member(session, act, small.ada, name='=Ada "la", Exemple', postal="1 rue X\n33000 Ville")
    addresses.reserve(session, act, small.v4, addresses.parse_prefix("198.51.100.6/31"), note="à Zoé")
    lines.close_line(session, replace(act, at=act.at + timedelta(hours=1)), line)
    session.flush()
    found = {noun: exporting.things(session, noun) for noun in FORMS}
    as_csv = {noun: exporting.as_csv(noun, things) for noun, things in found.items()}
    later = replace(act, at=act.at + timedelta(days=1))
    for files in (
        {"all.json": exporting.as_json(found).encode()},
        {f"{noun}.csv": text.encode() for noun, text in as_csv.items()},
    ):
        folder = tmp_path / str(len(files))
        folder.mkdir()
        with new_store(folder) as other:
            with transaction(other) as fresh:
                done = plan(fresh, ours.read_all(files), later.at)
                assert wrong(done) == []
                apply(fresh, later, done)
            with transaction(other) as fresh:
                assert {noun: exporting.as_csv(noun, exporting.things(fresh, noun)) for noun in FORMS} == as_csv
                assert plan(fresh, ours.read_all(files), later.at).doing == ()


# Whatever a file says

DAYS = ["", "2019-01-01", "2020-06-01", "2021-06-01", "2026-11-22", "x"]
PLAUSIBLE: dict[str, dict[str, list[str]]] = {
    "members": {
        "number": ["", "M1", "M2", "M7"],
        "name": ["Ada Exemple", "Bob", ""],
        "email": ["", "ada@membres.example"],
        "status": ["", "left", "affilié·e", "applicant"],
        "joined": DAYS,
        "left": DAYS,
        "phones": ["", "05 56 00 00 00, 05 56 00 00 01"],
        "memberships": ["", "adherent 2019-01-01/2020-01-01, affiliate 2019-06-01/", "adherent 2018-01-01/"],
        "since": DAYS,
        "until": DAYS,
    },
    "lines": {
        "number": ["L1", "L7", ""],
        "offer": ["vpn", "adsl", ""],
        "state": ["", "active", "closed", "suspended"],
        "member": ["M1", "M2", "M9"],
        "since": DAYS,
        "until": DAYS,
        "nd": ["", "0500000001"],
        "vlan": ["", "100.2"],
        "weight": ["", "3", "0"],
        "weights": ["", "2 2020-01-01, 3 2020-01-01"],
        "states": ["", "requested 2019-01-01T00:00:00Z, active 2020-01-01T00:00:00Z", "active 2018-01-01"],
        "login": ["", "a@adsl"],
        "key": ["", KEY],
        "credentials": ["", "ppp b@adsl 2019-01-01/", "ppp b@adsl 2019-01-01/2020-01-01"],
        "ipv4": ["", "198.51.100.2", "198.51.100.4/30"],
        "ipv6": ["", "2001:db8::/56"],
    },
    "addresses": {
        "prefix": ["198.51.100.2", "198.51.100.0/30", "2001:db8::/56", "2001:db8::/48", "198.51.100.0/29"],
        "role": ["", "wan", "reserved", "link"],
        "line": ["", "L1"],
        "member": ["", "M1", "M2"],
        "device": ["", "vpn"],
        "interface": ["", "wg0"],
        "peer": ["", "vpn/wg1", "vpn/wg0"],
        "since": DAYS,
        "until": DAYS,
        "note": ["", "un mot"],
    },
    "devices": {
        "name": ["vpn", "edge"],
        "role": ["", "router"],
        "platform": ["", "frr"],
        "site": ["", "cave"],
        "owner": ["", "M1"],
        "management": ["", "192.0.2.1"],
        "asn": ["", "64500", "4294967294", "4294967296"],
        "interfaces": ["", "eth0, eth0", "wg0, eth1"],
        "since": DAYS,
        "until": DAYS,
    },
    "pools": {
        "name": ["v4", "w4"],
        "prefix": ["198.51.100.0/29", "192.0.2.0/24", "3fff::/20"],
        "handed": ["", "32", "24", "200"],
        "automatic": ["", "non"],
        "quarantine_days": ["", "10", "99999"],
        "device": ["", "vpn"],
        "site": ["", "cave"],
    },
    "offers": {
        "name": ["vpn", "fil", "F I L"],
        "title": ["", "Un fil"],
        "technology": ["", "wireguard", "adsl"],
        "delivery": ["", "tunnel", "l2tp"],
        "mtu": ["", "1420", "12"],
        "realm": ["", "x.example"],
        "retired": DAYS,
        "pool_v4": ["", "v4", "v6"],
    },
    "sites": {"name": ["cave", "toit", "a/b", "x" * 64], "description": ["", "haut"], "address": ["", "1 rue X"]},
}


@pytest.mark.parametrize("noun", list(PLAUSIBLE))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(data=st.data())
def test_any_plausible_file_is_applied_twice_or_refused(
    session: EssaimSession, act: Act, small: Any, noun: str, data: st.DataObject
) -> None:
    columns = list(PLAUSIBLE[noun])
    row = st.tuples(*(st.sampled_from(cells) for cells in PLAUSIBLE[noun].values()))
    rows = data.draw(st.lists(row, min_size=1, max_size=3))
    text = "\n".join([";".join(columns), *(";".join(f'"{one}"' for one in row) for row in rows)])
    reading = ours.read("a.csv", text.encode(), noun)
    with session.begin_nested() as point:
        done = plan(session, reading, act.at)
        assert all(one.sentence("fr") for one in (*done.problems, *done.remarks, *done.steps))
        if not done.problems:
            with suppress(RowRefused):
                apply(session, act, done)
                again = plan(session, reading, act.at)
                assert [one.sentence("en") for one in again.problems] == []
                assert again.doing == ()
        point.rollback()
