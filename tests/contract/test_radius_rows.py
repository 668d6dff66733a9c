"""Logins as rows: a real FreeRADIUS reads what was just written; what is not ours stays; killed, before or after."""

from __future__ import annotations

import os
import random
import re
import signal
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from foundation import clock
from foundation.acts import Act
from foundation.database import Store, transaction
from foundation.reach import Machine, MachineUnreachable
from foundation.settings import Settings
from foundation.vault import vault_of
from inventory import lines
from inventory.models.lines import Credential, Line, Share
from inventory.numbers import shown
from provisioning import apply as applying
from provisioning import changes, login_rows, plan
from provisioning.artifact import Impact, Target
from provisioning.artifacts.radius_sql import FILE, RADIUS_SQL
from provisioning.drivers.freeradius_sql import DatabaseNotPrepared, FreeradiusSqlDriver
from provisioning.drivers.protocol import Stale, Stand
from provisioning.login_rows import Entry, Item
from provisioning.texts import digest
from tests.contract.freeradius import served_by_rows

pytestmark = pytest.mark.timeout(120)
GOLDEN = Path(__file__).parents[1] / "golden" / "radius-sql" / "freeradius-sql" / FILE
ODD = [
    "a\\", "'a\\'b'", "\\101", "a'b", "a\\b",
    "a\\\\b", "'x'", '"x"', '"x', "`x`", "`id`", "%{User-Name}", "a\\nb", "é", "x=y, z := 'w'", "#", "''",
]  # fmt: skip


class Rows:
    """The database, our driver and the texts of the golden association."""

    def __init__(self, held: Any, folder: Path) -> None:
        self.held, self.settings = held, Settings(var=folder, confirm_seconds=60)
        self.driver = FreeradiusSqlDriver(self.settings)
        self.target = target(held)
        self.texts: Mapping[str, str] = {FILE: GOLDEN.read_text()}

    def bring(self, texts: Mapping[str, str]) -> None:
        self.begin(texts)
        self.driver.confirm(self.target, digest(texts))

    def begin(self, texts: Mapping[str, str]) -> str:
        before = digest(self.driver.look(self.target, texts).texts)
        self.driver.apply(self.target, texts, before)
        return before

    def entries(self) -> dict[str, Entry]:
        return {one.login: one for one in login_rows.read(self.texts[FILE])}

    def everything(self) -> list[Any]:
        """Every row of both tables, with the transaction that wrote it."""
        return [
            row
            for table in ("radcheck", "radreply")
            for row in self.held.rows(f"SELECT id, xmin::text, username, attribute, op, value FROM {table} ORDER BY id")
        ]

    def add(self, table: str, *row: str) -> None:
        self.held.rows(f"INSERT INTO {table} (username, attribute, op, value) VALUES (%s, %s, %s, %s)", *row)


def opens(password: str) -> Item:
    return Item("Cleartext-Password", ":=", login_rows.stored(password))


def target(held: Any, **other: Any) -> Target:
    machine = Machine("radius", "127.0.0.1", "essaim", held.port, "one-of-your-own")
    return Target(replace(machine, **other), RADIUS_SQL)


def written(*entries: Entry) -> Mapping[str, str]:
    return {FILE: login_rows.written(entries)}


@pytest.fixture
def rows(radius_database: Any, tmp_path: Path) -> Rows:
    radius_database.fresh()
    return Rows(radius_database, tmp_path)


@pytest.fixture
def radius(rows: Rows, freeradius: Any) -> Iterator[Any]:
    with freeradius(rows.held) as running:
        yield running


def test_freeradius_lets_in_who_was_just_written_and_refuses_who_was_just_taken_away(rows: Rows, radius: Any) -> None:
    assert radius.given("l0004@adsl", "word-of-0") is None
    rows.bring(rows.texts)
    given = radius.given("l0005@adsl", "word-of-1")
    assert given["Framed-IP-Address"] == ["203.0.113.2"]
    assert given["Framed-Route"] == ["203.0.113.3/32 0.0.0.0 1"]
    assert given["Delegated-IPv6-Prefix"]
    assert radius.given("l0004@adsl", "word-of-0") is not None
    assert radius.given("l0004@adsl", "word-of-1") is None
    rows.bring(written(rows.entries()["l0005@adsl"]))
    assert radius.given("l0004@adsl", "word-of-0") is None
    assert radius.given("l0005@adsl", "word-of-1") == given


def test_freeradius_takes_every_password_as_it_is(rows: Rows, radius: Any) -> None:
    odd = {f"odd.{rank}_b-c@adsl.example": password for rank, password in enumerate(ODD)}
    rows.bring(written(*(Entry(login, "L0004", (opens(said),)) for login, said in odd.items())))
    assert {login: said for login, said in odd.items() if radius.given(login, said) is None} == {}
    assert [login for login in odd if radius.given(login, "x") is not None] == []


def test_what_is_not_ours_is_never_touched(rows: Rows) -> None:
    rows.add("radcheck", "someone@else", "Cleartext-Password", ":=", "theirs")
    rows.add("radcheck", "l0004@adsl", "Simultaneous-Use", ":=", "1")
    rows.add("radreply", "l0004@adsl", "Session-Timeout", "=", "3600")
    rows.held.rows("INSERT INTO radusergroup (username, groupname) VALUES ('l0004@adsl', 'copper')")
    theirs = rows.everything()
    seen = rows.driver.look(rows.target, rows.texts)
    assert "someone" not in seen.diff
    assert not [row for row in seen.diff.splitlines() if row.startswith("-") and not row.startswith("---")]
    rows.bring(rows.texts)
    rows.bring(written())
    assert rows.everything() == theirs
    assert rows.held.rows("SELECT count(*) FROM radusergroup") == [(1,)]


def test_logins_made_by_hand_become_ours_without_a_row_being_written(rows: Rows) -> None:
    for one in rows.entries().values():
        for table, items in (("radcheck", one.check), ("radreply", one.reply)):
            for item in items:
                operator = ":=" if item.operator == "=" else item.operator
                rows.add(table, one.login, item.attribute.upper(), operator, item.value)
    by_hand, seen = rows.everything(), rows.driver.look(rows.target, rows.texts)
    changed = [row for row in seen.diff.splitlines() if re.match(r"[+-](?![+-])", row)]
    assert changed == ["+# L0004", "+# L0005"]
    assert RADIUS_SQL.strangers(seen.texts, rows.texts) == ()
    rows.bring(rows.texts)
    assert rows.everything() == by_hand
    assert rows.driver.look(rows.target, rows.texts).diff == ""
    gone = rows.driver.look(rows.target, written()).diff  # ours now: with the line goes the login
    assert "-l0004@adsl" in gone
    rows.bring(written())
    assert rows.everything() == []


def test_one_members_change_touches_that_members_rows_alone(rows: Rows) -> None:
    rows.bring(rows.texts)
    before = rows.everything()
    one = rows.entries()["l0004@adsl"]
    mtu = Item("Framed-MTU", "=", "1452")
    other = replace(one, reply=(*(each for each in one.reply if each.attribute != "Framed-MTU"), mtu))
    rows.bring(written(other, rows.entries()["l0005@adsl"]))
    after = rows.everything()
    assert [row[2:] for row in before if row not in after] == [("l0004@adsl", "Framed-MTU", "=", "1460")]
    assert [row[2:] for row in after if row not in before] == [("l0004@adsl", "Framed-MTU", "=", "1452")]


def test_a_row_that_changed_by_hand_meanwhile_is_seen_in_the_transaction(rows: Rows) -> None:
    rows.bring(rows.texts)
    planned = digest(rows.driver.look(rows.target, written()).texts)
    rows.held.rows("UPDATE radcheck SET value = 'by-hand' WHERE username = 'l0004@adsl'")
    with pytest.raises(Stale):
        rows.driver.apply(rows.target, written(), planned)
    assert "by-hand" in rows.driver.look(rows.target, rows.texts).texts[FILE]


def test_the_timer_on_the_other_side_undoes_what_nobody_confirmed(rows: Rows) -> None:
    rows.bring(rows.texts)
    before = [row[:1] + row[2:] for row in rows.everything()]
    brief = FreeradiusSqlDriver(rows.settings.model_copy(update={"confirm_seconds": 1}))
    brief.apply(rows.target, written(), digest(rows.driver.look(rows.target, written()).texts))
    assert rows.everything() == []
    rows.held.undo_late()  # it is not late yet
    assert rows.everything() == []
    time.sleep(1.1)
    rows.held.undo_late()
    assert [row[:1] + row[2:] for row in rows.everything()] == before
    assert rows.held.rows("SELECT count(*) FROM essaim.former") == [(0,)]
    assert rows.driver.standing(rows.target).stand is Stand.UNDONE
    rows.bring(written())
    assert rows.held.rows("SELECT count(*) FROM essaim.former") == [(0,)], "no former password is kept"


def test_killed_in_the_middle_it_holds_what_was_before_or_what_was_wanted_and_then_what_was_before(rows: Rows) -> None:
    rows.bring(rows.texts)
    many = written(*(Entry(f"m{rank}@adsl", "L0009", (Item("Cleartext-Password", ":=", "x"),)) for rank in range(400)))
    planned = rows.driver.look(rows.target, many)
    before, seen = digest(planned.texts), {"before": 0, "after": 0}
    for _ in range(12):
        child = os.fork()
        if child == 0:
            try:
                rows.driver.apply(rows.target, many, before)
            finally:
                os._exit(0)
        time.sleep(random.uniform(0, 0.12))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        time.sleep(0.05)  # what was on its way may still arrive
        held = digest(rows.driver.look(rows.target, many).texts)
        assert held in (before, digest(many))
        seen["before" if held == before else "after"] += 1
        rows.driver.revert(rows.target, digest(many))
        assert digest(rows.driver.look(rows.target, many).texts) == before
    assert sum(seen.values()) == 12


def test_a_line_goes_from_the_inventory_to_freeradius_and_is_cut_when_it_closes(
    sampled: Store, act: Act, rows: Rows, radius: Any, tmp_path: Path
) -> None:
    settings, store = Settings(var=tmp_path), sampled
    with transaction(store) as session:
        served_by_rows(session, act, rows.held)
        opening = select(Credential).where(Credential.kind == "ppp", Credential.until.is_(None)).order_by(Credential.id)
        credential = session.scalars(opening).first()
        assert credential is not None
        assert credential.secret is not None
        login, password = credential.name, vault_of(session).open(credential.secret)
        number = shown("L", session.get_one(Line, session.get_one(Share, credential.share_id).line_id).number)

    def applied(effect: Impact) -> None:
        (found,) = plan.plan(store, settings, now, lambda _: None)
        assert (found.target, found.problem, found.effect.impact) == ("radius/radius-sql", None, effect)
        assert password not in found.diff
        with transaction(store) as session:
            changes.approve(session, now, changes.find_change(session, str(found.change)))
        (done,) = applying.apply(store, settings, now, [str(found.change)], lambda _: None)
        assert done.problem is None
        (again,) = plan.plan(store, settings, now, lambda _: None)
        assert (again.problem, again.diff) == (None, "")

    now = replace(act, at=clock.now())
    applied(Impact.HITLESS)
    assert radius.given(login, password) is not None
    with transaction(store) as session:
        lines.close_line(session, now, lines.find_line(session, number))
    applied(Impact.CUTS)
    assert radius.given(login, password) is None


def test_a_database_where_nobody_made_us_our_place_is_said_to_be_so(rows: Rows) -> None:
    rows.held.rows("DROP SCHEMA essaim")
    with pytest.raises(DatabaseNotPrepared, match="essaim"):
        rows.driver.look(rows.target, rows.texts)


def test_a_wrong_password_and_a_connection_in_the_clear_are_no_way_in(rows: Rows) -> None:
    with pytest.raises(MachineUnreachable) as refusal:
        rows.driver.look(target(rows.held, password="word-that-is-wrong"), rows.texts)
    assert "word-that-is-wrong" not in refusal.value.sentence("fr")
    with pytest.raises(MachineUnreachable):  # over its socket, where there is no TLS
        rows.driver.look(target(rows.held, host=str(rows.held.folder)), rows.texts)
