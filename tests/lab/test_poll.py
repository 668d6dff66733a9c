"""Machines of the lab are asked as real ones: SNMP, WireGuard, and the accounting of FreeRADIUS."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from foundation import clock
from foundation.database import Store, reading
from foundation.settings import read_settings
from foundation.vault import Vault
from inventory.models.devices import RADIUS_ACCOUNTING
from monitoring.connections import LastConnection, last_connection
from monitoring.embedded import EmbeddedStore, open_series
from monitoring.models import open_samples
from monitoring.poll import RadiusServer, Report, VpnServer, poll, poll_connections
from monitoring.snmp.agents import Agent, Community

pytestmark = pytest.mark.timeout(90)

COMMUNITY = "lecture-des-essais"
SCHEMA = "/etc/freeradius/3.0/mods-config/sql/main/sqlite/schema.sql"
FILL = """\
import pathlib, sqlite3, sys
path, schema, start = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), int(sys.argv[3])
path.parent.mkdir(parents=True, exist_ok=True)
path.unlink(missing_ok=True)
table = sqlite3.connect(path)
table.executescript(schema.read_text())
row = ("abc1", "l0042@adsl", "0556000001", start, 2**33, 5000)
table.execute("INSERT INTO radacct (acctuniqueid, username, callingstationid, acctstarttime, acctoutputoctets,"
              " acctinputoctets) VALUES (?, ?, ?, ?, ?, ?)", row)
table.commit()
"""


@pytest.fixture
def samples(tmp_path: Path) -> Iterator[Store]:
    Vault.create(tmp_path / "vault.key")
    opened = open_samples(read_settings(var=tmp_path))
    yield opened
    opened.engine.dispose()


@pytest.fixture
def series(tmp_path: Path) -> Iterator[EmbeddedStore]:
    Vault.create(tmp_path / "vault.key")
    opened = open_series(read_settings(var=tmp_path))
    yield opened
    opened.close()


def wg(*argv: str, stdin: str = "") -> str:
    return subprocess.run(["wg", *argv], input=stdin, capture_output=True, text=True, check=True).stdout.strip()


def key_pair() -> tuple[str, str]:
    private = wg("genkey")
    return private, wg("pubkey", stdin=private)


def last(samples: Store, line: int) -> LastConnection | None:
    with reading(samples) as session:
        return last_connection(session, line)


def ask(lab: Any, samples: Store, *servers: VpnServer | RadiusServer) -> Report:
    return poll_connections(lab.means, samples, servers, clock.now(), lambda _: None)


def test_the_hosted_machine_answers_over_snmp(standing_lab: Any, series: EmbeddedStore) -> None:
    host = standing_lab.machine("hosted1")
    agents = [Agent("hosted1", host.host, Community(COMMUNITY)), Agent("nobody", "100.64.0.99", Community(COMMUNITY))]
    report = poll(standing_lab.means, series, agents, clock.now(), lambda _: None)
    assert [each.machine for each in report.answered] == ["hosted1"]
    assert [each.machine for each in report.unanswered] == ["nobody"]
    found = {(each.metric, each.instance) for _, each in series.last("hosted1")}
    assert ("ifHCInOctets", "mgmt0") in found


@pytest.mark.soak
def test_a_tunnel_is_seen_with_where_it_comes_from_and_its_end(lab: Any, samples: Store) -> None:
    server, server_public = key_pair()
    member, member_public = key_pair()
    lab.shell(
        "vpn",
        "umask 077 && mkdir -p /etc/wireguard && cat > /etc/wireguard/wg0.conf && systemctl start wg-quick@wg0",
        stdin=f"[Interface]\nPrivateKey = {server}\nListenPort = 51820\nAddress = 198.51.100.1/32\n"
        f"[Peer]\nPublicKey = {member_public}\nAllowedIPs = 198.51.100.2/32\n",
    )
    vpn = VpnServer(lab.machine("vpn"), {member_public: 42})
    assert ask(lab, samples, vpn).unanswered == ()
    assert last(samples, 42) is None

    lab.shell(
        "hosted1",
        "umask 077 && cat > /run/wg0.conf && "
        "WG_QUICK_USERSPACE_IMPLEMENTATION=wireguard-go WG_I_PREFER_BUGGY_USERSPACE_TO_POLISHED_KMOD=1 "
        "wg-quick up /run/wg0.conf < /dev/null > /dev/null 2>&1",
        stdin=f"[Interface]\nPrivateKey = {member}\nAddress = 198.51.100.2/32\n"
        f"[Peer]\nPublicKey = {server_public}\nEndpoint = 192.0.2.4:51820\n"
        "AllowedIPs = 198.51.100.1/32\nPersistentKeepalive = 1\n",
    )
    found = seen_up(lab, samples, vpn)
    assert found.remote == "192.0.2.14"
    assert found.sent > 0

    lab.shell("vpn", "systemctl stop wg-quick@wg0")
    [missing] = ask(lab, samples, vpn).unanswered
    assert missing.error.kind == "command-failed"
    after = last(samples, 42)
    assert after is not None
    assert after.until is None, "a server that says nothing changes nothing"


def seen_up(lab: Any, samples: Store, vpn: VpnServer) -> LastConnection:
    deadline = time.monotonic() + 15
    while True:
        ask(lab, samples, vpn)
        found = last(samples, 42)
        if found is not None:
            return found
        assert time.monotonic() < deadline
        time.sleep(0.3)


def test_an_adsl_session_is_read_from_the_radius_machine(lab: Any, samples: Store) -> None:
    start = clock.now().replace(microsecond=0) - timedelta(hours=1)
    lab.shell("radius", f"python3 - {RADIUS_ACCOUNTING} {SCHEMA} {int(start.timestamp())}", stdin=FILL)
    radius = RadiusServer(lab.machine("radius"), {"l0042@adsl": 42})
    unreachable = RadiusServer(replace(lab.machine("radius"), name="radius2", host="100.64.0.99"), {})
    report = ask(lab, samples, radius, unreachable)
    assert [each.machine for each in report.answered] == ["radius"]
    assert [each.error.kind for each in report.unanswered] == ["machine-unreachable"]
    found = last(samples, 42)
    assert found is not None
    assert (found.since, found.until, found.remote) == (start, None, "0556000001")
    assert (found.received, found.sent) == (2**33, 5000)
