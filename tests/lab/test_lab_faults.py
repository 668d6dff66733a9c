"""What is broken in the lab on purpose is broken, and mended whole."""

from __future__ import annotations

import re

import pytest

from lab import LabRefused
from tests.conftest import Network

pytestmark = pytest.mark.timeout(60)

FAR = "192.0.2.193"
"""The transit, as the Internet's host sees it."""


def milliseconds(lab: Network) -> float:
    """What one echo takes from the Internet's host to the transit and back."""
    ran = lab.keeper.run("internet", ["ping", "-n", "-c", "3", "-i", "0.2", "-W", "3", FAR])
    assert ran.status == 0, ran.stdout
    found = re.search(r"= [\d.]+/([\d.]+)/", ran.stdout)
    assert found is not None
    return float(found[1])


def reached(lab: Network) -> bool:
    return lab.keeper.run("internet", ["ping", "-n", "-c", "1", "-W", "1", FAR]).status == 0


def test_a_pulled_cable_carries_nothing_until_it_is_mended(lab: Network) -> None:
    assert reached(lab)
    lab.keeper.pull("transit", "internet0")
    assert not reached(lab)
    assert lab.keeper.mend() == ["transit internet0"]
    assert reached(lab)
    assert lab.keeper.mend() == []


def test_a_long_cable_takes_its_time_each_way_and_large_packets_pass(lab: Network) -> None:
    near = milliseconds(lab)
    lab.keeper.slow("transit", "internet0", 0.1)
    assert 200 <= milliseconds(lab) - near < 260
    large = lab.keeper.run("internet", ["ping", "-n", "-c", "1", "-W", "3", "-M", "do", "-s", "1472", FAR])
    assert large.status == 0
    # Over TCP too, whose segments leave a machine unsummed, and larger than the cable.
    sent = "import socket;s=socket.create_server(('',5201));c,_=s.accept();c.sendall(b'x'*300000)"
    lab.keeper.start("transit", "sends", ["python3", "-c", sent])
    read = (
        "import socket,time\n"
        "while True:\n"
        "    try:\n"
        f"        s=socket.create_connection(('{FAR}',5201),5); break\n"
        "    except ConnectionRefusedError: time.sleep(.05)\n"
        "n=0\n"
        "while d:=s.recv(65536): n+=len(d)\n"
        "print(n)"
    )
    assert lab.keeper.run("internet", ["python3", "-c", read]).stdout == "300000\n"
    assert lab.keeper.stop("transit", "sends") == 0
    lab.keeper.mend()
    assert milliseconds(lab) - near < 50


def test_a_killed_daemon_stays_dead_until_it_is_mended(lab: Network) -> None:
    assert "snmpd" in lab.keeper.state()["hosted1"].units
    assert lab.keeper.kill("snmpd") == ["hosted1"]
    assert "snmpd" not in lab.keeper.state()["hosted1"].units
    with pytest.raises(LabRefused):
        lab.keeper.kill("snmpd")
    assert lab.keeper.mend() == ["hosted1 snmpd"]
    assert "snmpd" in lab.keeper.state()["hosted1"].units


def test_a_full_disk_takes_nothing_more_and_keeps_what_it_had(lab: Network) -> None:
    def shell(script: str) -> int:
        return lab.keeper.run("vpn", ["sh", "-c", script]).status

    assert shell("mkdir -p /var/lib/essaim && echo kept > /var/lib/essaim/before") == 0
    lab.keeper.fill("vpn")
    assert shell("grep -q kept /var/lib/essaim/before") == 0
    assert shell("seq 10000 > /var/lib/essaim/more") != 0
    lab.keeper.mend()
    assert shell("seq 10000 > /var/lib/essaim/more && grep -q kept /var/lib/essaim/before") == 0


def test_a_restored_lab_has_no_fault_left(lab: Network) -> None:
    lab.keeper.slow("transit", "internet0", 0.1)
    lab.keeper.pull("edge", "core0")
    lab.keeper.restore()
    assert lab.keeper.mend() == []
    assert milliseconds(lab) < 50
