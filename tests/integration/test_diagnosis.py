"""A diagnosis at the doors: who may ask, what each is told, and that nobody's journal says so."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from desk import vanished
from foundation import clock, journal
from foundation.acts import Act
from foundation.database import open_store, reading, transaction
from foundation.settings import read_settings
from inventory import lines, offers, wholesalers
from monitoring.accounting import Session as PppSession
from monitoring.connections import record_sessions
from monitoring.diagnosis.finding import Situation
from monitoring.diagnosis.looks import REVOCATION_LIST, of_line
from monitoring.diagnosis.seen import Refusal
from monitoring.models import open_samples
from provisioning.artifacts import openvpn


@pytest.fixture(autouse=True)
def nobody_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("foundation.reach.CONNECT_SECONDS", 1)


def entries(demo: Any) -> int:
    with reading(open_store(read_settings(var=demo.folder))) as session:
        return int(session.scalar(select(func.count()).select_from(journal.Entry)) or 0)


def test_whoever_watches_the_network_is_told_all_and_what_could_not_be_looked_at(demo: Any) -> None:
    before = entries(demo)
    said = demo("--as", "M0001", "line", "diagnose", "L0042")
    assert said.out.startswith("Le serveur VPN ne nous répond pas : la panne est sans doute chez nous.\n")
    assert "Regarder sur vpn : systemctl status wg-quick@wg0" in said.out
    assert "Ce qui n'a pas pu être regardé :" in said.out
    assert "The VPN server does not answer us" in demo("--as", "M0001", "line", "diagnose", "L0042", lang="en").out
    assert entries(demo) == before


def test_a_member_is_told_of_their_own_line_without_our_machines(demo: Any) -> None:
    with reading(open_store(read_settings(var=demo.folder))) as session:
        holder = str(lines.holder(lines.find_line(session, "L0042"), clock.today(clock.now())).member)
    said = demo("--as", holder, "line", "diagnose", "L0042")
    assert "systemctl" not in said.out
    assert "essaim" not in said.out
    demo("--as", holder, "line", "diagnose", "L0001", status=5)
    demo("--as", "M0001", "line", "diagnose", "L9999", status=3)


def test_programs_are_given_the_situation_and_its_facts(demo: Any) -> None:
    told = json.loads(demo("--as", "M0001", "line", "diagnose", "L0042", "--json").out)
    assert (told["line"], told["situation"]) == ("L0042", Situation.VPN_DOWN)
    assert told["findings"][0]["facts"][0]["at"]


def test_a_suspended_line_is_said_to_be_so_whatever_the_machines_say(demo: Any) -> None:
    demo("line", "move", "L0042", "--to", "suspended", "--why", "essai")
    assert demo("--as", "M0001", "line", "diagnose", "L0042").out.startswith("La ligne est suspendue")


def test_a_refusal_is_of_a_line_by_its_login_by_its_name_elsewhere_or_by_where_it_calls_from() -> None:
    at = clock.now()
    told = [
        (Refusal(at, "l0042@adsl"), ""),
        (Refusal(at, "l0042@fibre"), ""),
        (Refusal(at, "camille@adsl"), "0199001234"),
        (Refusal(at, "camille@adsl"), "0199005678"),
        (Refusal(at, "l0007@adsl"), "0199001234"),
    ]
    mine = of_line(told, ("l0042@adsl",), {"0199001234"}, {"l0007@adsl"})
    assert [one.login for one in mine] == ["l0042@adsl", "l0042@fibre", "camille@adsl"]
    assert of_line(told, (), {""}, ()) == ()


def test_the_list_is_read_where_it_is_put() -> None:
    assert f"{openvpn.FOLDER}/{openvpn.REVOKED}" == REVOCATION_LIST


def test_a_copper_line_that_vanished_alone_is_found_for_whoever_raises_alerts(demo: Any) -> None:
    settings, at = read_settings(var=demo.folder), clock.now()
    store, samples = open_store(settings), open_samples(settings)
    with transaction(store) as session:
        act, offer = Act("M0001", at), offers.find_offer(session, "adsl")
        offering = offers.Offering(wholesaler=wholesalers.find_wholesaler(session, "collecte"))
        offers.change_offer(session, act, offer, offering)
        copper = [one.number for one in lines.list_lines(session, technology="adsl", state="active", limit=9)][2:5]
    logins = {f"l{number:04d}@adsl": number for number in copper}
    ends = [at - timedelta(hours=8), None, None]
    told = [
        PppSession(name, name, None, at - timedelta(days=3), at, end, False, 1, 1, "Lost-Carrier")
        for name, end in zip(logins, ends, strict=True)
    ]
    with transaction(samples) as session:
        record_sessions(session, "radius", at, told, logins)
    with reading(store) as session:
        assert [one.line for one in vanished.vanished_lines(session, samples, at)] == [f"L{copper[0]:04d}"]
        assert vanished.vanished_lines(session, samples, at - timedelta(hours=3)) == ()
