"""FreeRADIUS' logins as rows of a database: from the inventory, and what going from one to another does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from foundation.vault import vault_of
from inventory import collecting, devices, lapsing, lines, places, wholesalers
from inventory.devices import Facts, NoSuchSecret
from inventory.models.lines import Credential
from inventory.wholesalers import Terms
from provisioning import login_rows, promises, targets
from provisioning.artifact import Effect, Impact
from provisioning.artifacts.radius import RADIUS, ended_logins, given_addresses
from provisioning.artifacts.radius_sql import FILE, RADIUS_SQL
from provisioning.facts import Unwritable
from provisioning.login_rows import Entry, Item, meant, stored
from provisioning.texts import redacted


@pytest.fixture
def sql(association: Any) -> Any:
    """The association, whose RADIUS server has a database."""
    session, act, radius = association.session, association.act, association.radius
    devices.change_device(session, act, radius, Facts(platform=RADIUS_SQL.platform, endpoint="192.0.2.3:5433"))
    devices.set_secret(session, act, radius, "login", "word-of-essaim")
    return association


@pytest.fixture
def texts(sql: Any) -> Mapping[str, str]:
    return after(sql)


def after(sql: Any, days: int = 0) -> Mapping[str, str]:
    return RADIUS_SQL.desired(sql.session, sql.radius, sql.later + timedelta(days=days))


def entries(texts: Mapping[str, str]) -> dict[str, Entry]:
    return {one.login: one for one in login_rows.read(texts[FILE])}


def text_of(*held: Entry) -> Mapping[str, str]:
    return {FILE: login_rows.written(held)}


def test_each_copper_line_is_a_login_with_its_addresses(texts: Mapping[str, str], golden: Callable[..., None]) -> None:
    golden("radius-sql", "freeradius-sql", texts)


def test_the_machine_is_met_at_its_database_with_the_password_that_it_was_given(sql: Any) -> None:
    found = {str(target): target.machine for _, target in targets.every_target(sql.session)}
    met = found["radius/radius-sql"]
    assert (met.user, met.port, met.password) == ("essaim", 5433, "word-of-essaim")
    assert "word-of-essaim" not in repr(met)
    assert "radius/radius" not in found
    assert "radius/radius-sql" in targets.targets_of_line(sql.session, sql.line("L0004"))


def test_without_the_password_of_the_database_nothing_is_planned(association: Any) -> None:
    association.radius.platform = RADIUS_SQL.platform
    with pytest.raises(NoSuchSecret):
        RADIUS_SQL.desired(association.session, association.radius, association.later)


@pytest.mark.parametrize("password", ["plain", "a'b", "a\\b", '"x"', "'x'", "%{User-Name}", "é\u202e"])
def test_a_password_stands_in_the_text_as_it_is_and_is_read_back(sql: Any, password: str) -> None:
    credential = sql.session.scalars(select(Credential).where(Credential.kind == "ppp")).first()
    credential.secret = vault_of(sql.session).seal(password)
    written = after(sql)
    assert meant(stored(password)) == password
    assert Item("Cleartext-Password", ":=", stored(password)) in entries(written)[credential.name].check


def test_a_login_that_freeradius_would_look_for_by_another_name_is_never_written(sql: Any) -> None:
    sql.session.scalars(select(Credential).where(Credential.kind == "ppp")).first().name = "a+b@adsl"
    with pytest.raises(Unwritable, match="L0004"):
        after(sql)


def test_no_password_is_shown(texts: Mapping[str, str]) -> None:
    by_hand = text_of(Entry("x", "", (Item("User-Password", "==", "word-by-hand"), Item("NT-Password", ":=", "word"))))
    for shown in (redacted(each[FILE], RADIUS_SQL.secrets, lambda _: "‹…›") for each in (texts, by_hand)):
        assert "'word" not in shown
        assert "‹…›" in shown


def test_a_login_that_goes_is_cut_and_one_that_comes_cuts_nobody(sql: Any, texts: Mapping[str, str]) -> None:
    lines.close_line(sql.session, sql.act, sql.line("L0004"))
    without = after(sql)
    assert ended_logins(texts, without) == ("l0004@adsl",)
    assert given_addresses(texts)["l0004@adsl"] == "203.0.113.0"
    assert RADIUS_SQL.effect(texts, without) == Effect(Impact.CUTS, 1)
    assert RADIUS_SQL.effect(without, texts) == Effect(Impact.HITLESS, 1)
    assert RADIUS_SQL.effect(texts, texts) == Effect(Impact.NONE)
    assert RADIUS_SQL.lines(texts, without) == ("L0004",)


def test_a_password_renewed_ahead_cuts_nobody(sql: Any, texts: Mapping[str, str]) -> None:
    lapsing.renew_ahead(sql.session, sql.act, sql.line("L0004").shares[0], days=60)
    both, then = after(sql), after(sql, 61)
    assert Item("Tmp-String-0", ":=", "word-of-0") in entries(both)["l0004@adsl"].check
    assert "word-of-0" not in then[FILE]
    assert ended_logins(texts, both) == ended_logins(both, then) == ()


def test_a_login_made_by_hand_that_means_the_same_is_no_stranger(texts: Mapping[str, str]) -> None:
    by_hand = text_of(*(replace(one, line="") for one in entries(texts).values()))
    assert RADIUS_SQL.strangers(by_hand, texts) == ()
    assert RADIUS_SQL.effect(by_hand, texts) == Effect(Impact.HITLESS, 0)
    assert RADIUS_SQL.lines(by_hand, texts) == ("L0004", "L0005")


@pytest.mark.parametrize(
    "other",
    [
        {"check": (Item("Cleartext-Password", ":=", "another"),)},
        {"reply": (Item("Framed-Route", "+=", "192.0.2.64/29 0.0.0.0 1"),)},
        {"reply": (Item("Framed-Route", "+=", "no address"),)},
    ],
)
def test_a_login_made_by_hand_that_would_lose_something_is_named(texts: Mapping[str, str], other: Any) -> None:
    by_hand = text_of(replace(entries(texts)["l0004@adsl"], line="", **other))
    assert RADIUS_SQL.strangers(by_hand, texts) == ("l0004@adsl",)


def test_sessions_and_wholesalers_that_nobody_serves_are_said_beside_the_plan(sql: Any) -> None:
    session, act = sql.session, sql.act
    (sessions,) = promises.broken(session, sql.radius, RADIUS_SQL)
    assert "(radacct) are not read" in sessions.say("en")
    terms = Terms(collection="realm-proxy", realm="adsl", radius_from="198.51.100.200")
    collecting.share_secret(session, act, wholesalers.add_wholesaler(session, act, "gros", terms), "agreed-with-gros")
    _, asking = promises.broken(session, sql.radius, RADIUS_SQL)
    assert "ne répond au RADIUS des opérateurs de gros (gros) : leurs lignes ne s'ouvriront pas." in asking.say("fr")
    assert "nothing here answers the wholesalers' RADIUS (gros): their lines will not open." in asking.say("en")
    site = places.find_site(session, "colo")
    beside = devices.add_device(session, act, "detail", role="radius", platform="freeradius", site=site)
    assert promises.broken(session, sql.radius, RADIUS_SQL) == (asking,)
    beside.platform = RADIUS.platform
    session.flush()
    assert promises.broken(session, sql.radius, RADIUS_SQL) == ()
    assert promises.broken(session, beside, RADIUS) == ()
