from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring import accounting
from monitoring.accounting import UnreadableAccounting
from monitoring.models import LARGEST

START = 1795352520
ROW: list[Any] = ["abc1", "l0042@adsl", "0556000001", START, START + 60, None, 0, 1000, 2**33, ""]


def row(**changed: object) -> list[Any]:
    names = ["key", "login", "caller", "start", "update", "stop", "interval", "octets_in", "octets_out", "cause"]
    return [changed.get(name, value) for name, value in zip(names, ROW, strict=True)]


def test_a_session_that_lasts_is_read_with_its_64_bit_totals() -> None:
    [session] = accounting.parse("radius", json.dumps([ROW]))
    assert session.login == "l0042@adsl"
    assert session.caller == "0556000001"
    assert session.since == datetime(2026, 11, 22, 13, 2, tzinfo=UTC)
    assert session.until is None
    assert session.reports
    assert (session.received, session.sent) == (2**33, 1000)


def test_a_session_that_ended_says_why() -> None:
    [session] = accounting.parse("radius", json.dumps([row(stop=START + 3600, cause="Lost-Carrier")]))
    assert session.until == session.since + timedelta(hours=1)
    assert session.cause == "Lost-Carrier"


def test_one_senseless_row_does_not_hide_the_others() -> None:
    text = json.dumps([row(start="yesterday"), row(login=None), row(octets_in=-5, key="abc2")])
    [session] = accounting.parse("radius", text)
    assert (session.key, session.sent) == ("abc2", 0)


def test_what_is_no_accounting_is_refused_by_name() -> None:
    for text in ("", "no such table: radacct", "{}", "[[1]]", "[" * 100_000):
        with pytest.raises(UnreadableAccounting):
            accounting.parse("radius", text)


PLAIN = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.just("\ud800")


@given(st.lists(st.lists(PLAIN, min_size=10, max_size=10), max_size=3).map(json.dumps) | st.text())
def test_no_text_raises_anything_but_the_named_error(text: str) -> None:
    try:
        found = accounting.parse("radius", text)
    except UnreadableAccounting:
        return
    for session in found:
        assert 0 <= session.received <= LARGEST
        assert 0 <= session.sent <= LARGEST
        assert session.until is None or session.until >= session.since
