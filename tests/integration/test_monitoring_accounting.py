"""The accounting of a real FreeRADIUS, told by radclient, read as the RADIUS machine reads it."""

from __future__ import annotations

import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitoring import accounting
from monitoring.accounting import Session
from tests.contract.freeradius import ACCOUNTING

pytestmark = pytest.mark.timeout(60)

SECRET = "secret-des-essais"
NEVER = datetime(2020, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Radius:
    """A FreeRADIUS of this test, its port and where it keeps its accounting."""

    port: int
    table: Path

    def told(self, **attributes: object) -> None:
        """Send an Accounting-Request and wait for its answer."""
        base = {"User-Name": "l0042@adsl", "Acct-Session-Id": "1", "Calling-Station-Id": "0556000001"}
        values = base | {name.replace("_", "-"): value for name, value in attributes.items()}
        text = "\n".join(f'{name} = "{value}"' for name, value in values.items())
        argv = ["radclient", "-q", "-r", "3", "-t", "2", "-S", "/dev/stdin", f"127.0.0.1:{self.port}", "acct"]
        request = self.table.with_name("request")
        request.write_text(text)
        subprocess.run([*argv, "-f", str(request)], input=SECRET + "\n", text=True, check=True)

    def sessions(self, since: datetime = NEVER, most: int = 100) -> list[Session]:
        """What our script says of them, run by another process as on the machine."""
        argv = [sys.executable, "-", str(self.table), str(int(since.timestamp())), str(most)]
        done = subprocess.run(argv, input=accounting.SCRIPT, capture_output=True, text=True, check=True)
        return accounting.parse("radius", done.stdout)


@pytest.fixture
def radius(tmp_path: Path) -> Iterator[Radius]:
    for program in ("freeradius", "radclient"):
        if shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin") is None:
            pytest.skip(f"this machine lacks {program}")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (tmp_path / "radiusd.conf").write_text(ACCOUNTING.format(folder=tmp_path, secret=SECRET, port=port))
    log = tmp_path / "log"
    daemon = subprocess.Popen(["/usr/sbin/freeradius", "-f", "-d", str(tmp_path), "-l", str(log)])
    try:
        wait_until_ready(daemon, log)
        yield Radius(port, tmp_path / "radacct.sqlite")
    finally:
        daemon.kill()
        daemon.wait(5)


def wait_until_ready(daemon: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 15
    while not (log.exists() and "Ready to process requests" in log.read_text()):
        assert daemon.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.05)


def test_a_session_is_read_from_its_start_to_its_end(radius: Radius) -> None:
    before = datetime.now(UTC) - timedelta(seconds=2)
    radius.told(Acct_Status_Type="Start")
    [session] = radius.sessions()
    assert (session.login, session.caller, session.until) == ("l0042@adsl", "0556000001", None)
    assert before < session.since < datetime.now(UTC) + timedelta(seconds=2)
    assert not session.reports

    radius.told(Acct_Status_Type="Interim-Update", Acct_Input_Octets=7, Acct_Output_Octets=5, Acct_Output_Gigawords=3)
    [session] = radius.sessions()
    assert session.reports
    assert (session.received, session.sent) == (3 * 2**32 + 5, 7)

    radius.told(Acct_Status_Type="Stop", Acct_Output_Gigawords=4, Acct_Terminate_Cause="Lost-Carrier")
    [session] = radius.sessions()
    assert session.until is not None
    assert (session.received, session.cause) == (2**34, "Lost-Carrier")


def test_what_ended_before_the_moment_asked_about_is_left_out(radius: Radius) -> None:
    radius.told(Acct_Status_Type="Start")
    radius.told(Acct_Status_Type="Stop")
    radius.told(Acct_Status_Type="Start", Acct_Session_Id="2")
    assert len(radius.sessions()) == 2
    [session] = radius.sessions(since=datetime.now(UTC) + timedelta(hours=1))
    assert session.until is None


def test_the_newest_are_read_first_where_there_are_too_many(radius: Radius) -> None:
    radius.told(Acct_Status_Type="Start", User_Name="l0001@adsl")
    radius.told(Acct_Status_Type="Start", User_Name="l0002@adsl")
    assert [session.login for session in radius.sessions(most=1)] == ["l0002@adsl"]


def test_hostile_names_are_passed_on_as_they_are_and_harm_nothing(radius: Radius) -> None:
    hostile = "l0042'); DROP TABLE radacct;-- é"
    radius.told(Acct_Status_Type="Start", User_Name=hostile)
    [session] = radius.sessions()
    assert session.login != "l0042@adsl"


def test_reading_leaves_the_table_as_it_was(radius: Radius) -> None:
    radius.told(Acct_Status_Type="Start")
    before = radius.table.read_bytes()
    radius.sessions()
    assert radius.table.read_bytes() == before
    with sqlite3.connect(radius.table) as table:
        assert table.execute("PRAGMA journal_mode").fetchone() == ("delete",)
    table.close()
