"""What is handed over for a hosted machine: its snmpd.conf where its owner agrees, and the port it is on."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from inventory import cabling, device_secrets, devices, hosting, places
from inventory.devices import Facts
from inventory.models.devices import Device
from provisioning import hosted
from provisioning.facts import MachineIncomplete, Unwritable

# snmpd of this machine, in a network of its own; who asks has the passphrase, or has not.
SERVE = """\
set -eu
ip link set lo up
ip addr add 198.51.100.9/32 dev lo
sed 's/^agentAddress.*/agentAddress udp:127.0.0.1:1161/' "$1/snmpd.conf" >"$1/tried.conf"
SNMP_PERSISTENT_DIR="$1" snmpd -f -Lo -C -c "$1/tried.conf" -p "$1/pid" >"$1/log" 2>&1 & served=$!
trap 'kill $served' EXIT
for _ in $(seq 50); do [ -s "$1/pid" ] && break; sleep 0.1; done
"$2" -c "$3" "$4"
"""
ASK = """
import asyncio, sys
from pysnmp.hlapi.v3arch import asyncio as snmp
async def ask(who, oid):
    engine = snmp.SnmpEngine()
    target = await snmp.UdpTransportTarget.create(("127.0.0.1", 1161), timeout=2, retries=1)
    wanted = snmp.ObjectType(snmp.ObjectIdentity(oid))
    error, status, _, rows = await snmp.get_cmd(engine, who, target, snmp.ContextData(), wanted, lookupMib=False)
    return str(error or rows[0][1].prettyPrint())
def user(passphrase):
    return snmp.UsmUserData("essaim", passphrase, passphrase, snmp.USM_AUTH_HMAC192_SHA256, snmp.USM_PRIV_CFB128_AES)
async def all():
    own = user(sys.argv[1])
    print(await ask(own, "1.3.6.1.2.1.1.5.0"))
    print(await ask(own, "1.3.6.1.2.1.25.4.2.1.2.1"))
    print(await ask(user("not-the-passphrase"), "1.3.6.1.2.1.1.5.0"))
asyncio.run(all())
"""


@pytest.fixture
def machine(association: Any) -> Device:
    """Hosted for M0001, with a port on a switch."""
    session, act = association.session, association.act
    site = places.find_site(session, "colo")
    hosting.host(
        session, act, site, "pi1", association.people[0], Facts(contact="Camille # 06"), mac="02:00:5e:10:00:01"
    )
    switch = devices.add_device(session, act, "sw1", role="switch", platform="", site=site)
    port = devices.add_interface(session, act, switch, "Gi1/0/24")
    cabling.connect(session, act, devices.find_interface(session, "pi1/eth0"), port)
    return devices.find_device(session, "pi1")


def agreed(association: Any, machine: Device, *secrets: str) -> None:
    devices.change_device(association.session, association.act, machine, Facts(snmp_agreed=True))
    for name in secrets:
        device_secrets.entrust(association.session, association.act, machine, name, f"a-word-for-{name}")


def text(association: Any, machine: Device, form: str) -> str:
    return hosted.hand_out(association.session, association.act, machine, form)


def test_nobody_looks_into_a_machine_whose_owner_did_not_agree(association: Any, machine: Device) -> None:
    with pytest.raises(hosted.SnmpNotAgreed):
        text(association, machine, "snmpd")
    agreed(association, machine)
    with pytest.raises(MachineIncomplete, match="snmp3"):
        text(association, machine, "snmpd")
    with pytest.raises(hosted.NoSuchForm, match="switch-port"):
        text(association, machine, "poem")


def test_snmpd_shows_the_machine_to_whoever_has_the_passphrase_and_not_what_runs_there(
    association: Any, machine: Device, golden: Callable[..., None], tmp_path: Path
) -> None:
    agreed(association, machine, "snmp3", "snmp")
    said = text(association, machine, "snmpd")
    golden("handout", "snmpd", {"snmpd.conf": said})
    if os.getuid() != 0 or shutil.which("snmpd") is None:
        pytest.skip("needs root and snmpd")
    (tmp_path / "snmpd.conf").write_text(said)
    argv = ["unshare", "-n", "bash", "-c", SERVE, "serve", str(tmp_path), sys.executable, ASK, "a-word-for-snmp3"]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr + (tmp_path / "log").read_text()
    name, programs, stranger = done.stdout.splitlines()
    assert name == "pi1"
    assert "pi1" not in programs + stranger
    assert "No Such" in programs
    assert "tried.conf: line" not in (tmp_path / "log").read_text()  # so it complains of what it cannot read


def test_the_switch_is_told_of_the_machine_on_its_port_in_its_own_words(
    association: Any, machine: Device, golden: Callable[..., None]
) -> None:
    ios = text(association, machine, "switch-port")
    devices.change_device(
        association.session,
        association.act,
        devices.find_device(association.session, "sw1"),
        Facts(platform="routeros"),
    )
    golden("handout", "switch-port", {"ios": ios, "routeros": text(association, machine, "switch-port")})


def test_a_machine_that_is_on_no_switch_has_no_port(association: Any, machine: Device) -> None:
    cabling.disconnect(association.session, association.act, devices.find_interface(association.session, "pi1/eth0"))
    with pytest.raises(MachineIncomplete, match="switch port"):
        text(association, machine, "switch-port")


@pytest.mark.parametrize("name", ["1\nno shutdown", '1"; /user add', "1 !"])
def test_no_name_of_a_port_breaks_out(association: Any, machine: Device, name: str) -> None:
    devices.find_interface(association.session, "sw1/Gi1/0/24").name = name  # which no verb writes down
    association.session.flush()
    with pytest.raises(Unwritable):
        text(association, machine, "switch-port")
