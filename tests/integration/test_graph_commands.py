"""`essaim graph` at the terminal: of a machine, of a line, in both languages, and what it refuses."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest

from foundation import clock
from foundation.database import transaction
from foundation.settings import read_settings
from monitoring.accounting import Session as PppSession
from monitoring.connections import record_sessions
from monitoring.embedded import open_series
from monitoring.models import open_samples
from monitoring.series import Heard, Measure

NBSP = "\N{NO-BREAK SPACE}"


@pytest.fixture
def measured(homes: Any) -> Any:
    """Three homes, whose VPN server sent ten megabits a second for a day, and whose L0002 was connected for two."""
    settings, now = read_settings(var=homes.folder), clock.now()
    with closing(open_series(settings)) as series:
        series.append(
            Heard("vpn", now - minutes * timedelta(minutes=1), [Measure("ifHCOutOctets", "eth0", "octets", count)])
            for minutes, count in ((minutes, (1440 - minutes) * 75_000_000) for minutes in range(1440, 0, -5))
        )
    samples = open_samples(settings)
    stay = PppSession(
        key="a1", login="l0002@adsl", caller="0199001234", since=now - timedelta(days=2), updated=now, until=None,
        reports=True, received=2 * 86400 * 125_000, sent=86400, cause="",
    )  # fmt: skip
    with transaction(samples) as session:
        record_sessions(session, "radius", now, [stay], {"l0002@adsl": 2})
    samples.engine.dispose()
    return homes


def test_the_graphs_of_a_machine_are_listed_and_one_is_drawn(measured: Any) -> None:
    listed = measured("graph", "vpn")
    assert "Trafic de eth0" in listed.out
    assert "essaim graph vpn --metric traffic:eth0 --last 7d" in listed.out
    assert [one["key"] for one in json.loads(measured("graph", "vpn", "--json").out)] == ["traffic:eth0"]
    drawn = measured("graph", "vpn", "--metric", "traffic:eth0").out
    assert f"Envoyé{NBSP}: de 10{NBSP}Mbit/s à 10{NBSP}Mbit/s" in drawn
    assert f"95e centile 10{NBSP}Mbit/s" in drawn
    assert "█" in drawn
    assert "\x1b" not in drawn
    assert "Sent: from" in measured("graph", "vpn", "--metric", "traffic", "--last", "3h", lang="en").out
    figures = json.loads(measured("graph", "vpn", "--metric", "traffic", "--json").out)
    assert figures["curves"][0]["percentile"] == pytest.approx(1_250_000)


def test_a_line_is_told_by_its_connections_and_nothing_more(measured: Any) -> None:
    drawn = measured("graph", "L0002", "--last", "7d").out
    assert f"Reçu{NBSP}: de 1{NBSP}Mbit/s à 1{NBSP}Mbit/s" in drawn
    assert "Connexions : 1. Où en est la ligne : essaim line status L0002" in drawn
    assert "Là où la ligne du bas s'interrompt" in drawn
    assert "0199001234" not in drawn
    told = json.loads(measured("graph", "L0002", "--json").out)
    assert set(told["stays"][0]) == {"since", "until", "last_seen", "received", "sent"}
    assert "nothing is known of this time." in measured("graph", "L0001", lang="en").out


def test_what_cannot_be_drawn_is_refused_in_one_sentence(measured: Any) -> None:
    assert "n'a encore rien dit" in measured("graph", "lns").out
    assert "essaim device list" in measured("graph", "nope", status=3).err
    assert "essaim graph vpn" in measured("graph", "vpn", "--metric", "x", status=3).err
    for wrong in ("7", "0d", "7 d", "99y", "d"):
        assert "7d" in measured("graph", "vpn", "--last", wrong, status=1).err
    assert measured("graph", "L9999", status=3).err
