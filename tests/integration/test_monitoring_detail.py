"""One real FreeRADIUS that writes both its table and its detail files: what is read of either is the same."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from monitoring import accounting
from monitoring.accounting import Session
from monitoring.there import detail
from tests.contract.freeradius import ACCOUNTING
from tests.integration.test_monitoring_accounting import NEVER, SECRET, wait_until_ready

pytestmark = pytest.mark.timeout(60)

DETAIL = """\
modules {{
    detail {{
        filename = "{folder}/acct/%{{Packet-Src-IP-Address}}/detail-%Y%m%d"
        header = "%t"
        permissions = 0600
    }}
"""
CONFIGURATION = ACCOUNTING.replace("modules {{\n", DETAIL).replace("accounting {{\n", "accounting {{\n        detail\n")


@dataclass(frozen=True)
class Radius:
    """A FreeRADIUS of this test: its port, its table, its folder of detail files."""

    port: int
    table: Path
    folder: Path

    def told(self, status: str, **attributes: object) -> None:
        base = {"User-Name": "l0042@adsl", "Acct-Session-Id": "1", "Calling-Station-Id": "0556000001"}
        values = base | {"Acct-Status-Type": status}
        values |= {name.replace("_", "-"): str(value) for name, value in attributes.items()}
        request = self.table.with_name("request")
        request.write_text("\n".join(f'{name} = "{_escaped(str(value))}"' for name, value in values.items()))
        argv = ["radclient", "-q", "-r", "3", "-t", "2", "-S", "/dev/stdin", f"127.0.0.1:{self.port}", "acct"]
        subprocess.run([*argv, "-f", str(request)], input=SECRET + "\n", text=True, check=True)

    def rows(self) -> list[Session]:
        said = self._run(accounting.SCRIPT, str(self.table), str(int(NEVER.timestamp())), "100")
        return accounting.parse("radius", said)

    def details(self) -> list[Session]:
        """As it is read over there: the program as text, by another process."""
        program = Path(detail.__file__).read_text()
        said = self._run(program, str(self.folder), str(int(NEVER.timestamp())), "1000000", "100")
        return accounting.parse_details("radius", said)

    def _run(self, program: str, *argv: str) -> str:
        argv = (sys.executable, "-", *argv)
        return subprocess.run(argv, input=program, capture_output=True, text=True, check=True).stdout


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\t", "\\t")


@pytest.fixture
def radius(tmp_path: Path) -> Iterator[Radius]:
    for program in ("freeradius", "radclient"):
        if shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin") is None:
            pytest.skip(f"this machine lacks {program}")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (tmp_path / "acct").mkdir()
    (tmp_path / "radiusd.conf").write_text(CONFIGURATION.format(folder=tmp_path, secret=SECRET, port=port))
    log = tmp_path / "log"
    daemon = subprocess.Popen(["/usr/sbin/freeradius", "-f", "-d", str(tmp_path), "-l", str(log)])
    try:
        wait_until_ready(daemon, log)
        yield Radius(port, tmp_path / "radacct.sqlite", tmp_path / "acct")
    finally:
        daemon.kill()
        daemon.wait(5)


def test_detail_files_say_what_the_table_says(radius: Radius) -> None:
    radius.told("Start")
    radius.told("Start", Acct_Session_Id="2", User_Name='l0002"\\@adsl\té')
    radius.told("Interim-Update", Acct_Input_Octets=7, Acct_Output_Octets=5, Acct_Output_Gigawords=3)
    radius.told("Interim-Update", Acct_Input_Octets=7, Acct_Output_Octets=5, Acct_Output_Gigawords=3)
    for ended in (False, True):
        if ended:
            radius.told("Stop", Acct_Output_Gigawords=4, Acct_Input_Octets=9, Acct_Terminate_Cause="Lost-Carrier")
        rows, details = ({one.key: one for one in found} for found in (radius.rows(), radius.details()))
        assert rows.keys() == details.keys()
        assert len(rows) == 2
        [key] = [key for key, one in rows.items() if one.login == "l0042@adsl"]
        row, told = rows[key], details[key]
        assert (told.login, told.caller, told.cause) == (row.login, row.caller, row.cause)
        assert (told.received, told.sent) == (row.received, row.sent)
        assert told.reports
        assert (told.until is None, row.until is None) == (not ended, not ended)
        assert abs(told.since - row.since) <= timedelta(seconds=2)
        assert abs(told.updated - row.updated) <= timedelta(seconds=2)
    [other] = [one for one in details.values() if one.login != "l0042@adsl"]
    assert other.login == 'l0002"\\@adsl\té', "as the access server sent it, whatever the file made of it"


def test_a_record_that_is_being_written_is_left_for_next_time(radius: Radius) -> None:
    radius.told("Start")
    radius.told("Stop", Acct_Terminate_Cause="User-Request")
    [file] = radius.folder.rglob("detail-*")
    octets = file.read_bytes()
    file.write_bytes(octets[:-12])
    [told] = radius.details()
    assert told.until is None
    file.write_bytes(octets)
    [told] = radius.details()
    assert told.cause == "User-Request"


def test_what_the_access_server_tells_of_the_copper_is_read(radius: Radius) -> None:
    radius.told("Start", Actual_Data_Rate_Downstream=8_000_000, Actual_Data_Rate_Upstream=900_000)
    radius.told("Start", Acct_Session_Id="2", User_Name="l0043@adsl")
    radius.told("Interim-Update", Actual_Data_Rate_Downstream=7_500_000, Attainable_Data_Rate_Downstream=9_000_000)
    told = {one.login: dict(one.rates) for one in radius.details()}
    assert told == {"l0042@adsl": {"syncDown": 7_500_000, "attainableDown": 9_000_000}, "l0043@adsl": {}}
