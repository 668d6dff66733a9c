"""What a release, an undo and a boot are where systemd is process 1, as on every machine of an association."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import select

from desk import association
from foundation import reach
from foundation.database import open_store, reading
from foundation.settings import Settings, read_settings
from inventory.models.devices import Device
from lab.daemons import files
from tests.soak import booted
from tests.soak.booted import Booted, Centre

pytestmark = pytest.mark.skipif(booted.why_not() is not None, reason=f"needs {booted.why_not()}")

ESSAIM = str(Path(sys.executable).with_name("essaim"))
KILLING = Path(__file__).with_name("killing.py")
DIES_IN_FORCE = """
import sys
from pathlib import Path
from foundation.settings import read_settings
from provisioning.commit import Step
from tests.soak import killing
settings = read_settings(var=Path(sys.argv[1]), confirm_seconds=60)
with killing.association(settings) as store:
    found = killing.approved(store, settings, sys.argv[2], 1)
killing.killed(settings, found.values(), Step.IN_FORCE)
"""
ROUNDS = os.environ.get("ROUNDS", "20")
SERVERS = ("radius/radius", "lns/l2tp", "vpn/wireguard", "vpn/antispoofing", "openvpn/openvpn", "dns/knot")
UNITS = (
    "freeradius", "l2tpns", "wg-quick@wg0", "essaim-antispoofing", "openvpn-server@essaim", "knot",
)  # fmt: skip
HOLD_SECRETS = (
    "/etc/l2tpns/startup-config", "/etc/freeradius/3.0/clients.conf", "/etc/freeradius/3.0/mods-config/files/authorize",
    "/etc/wireguard/wg0.conf",
)  # fmt: skip
SERVICES = (
    tuple(f"192.0.2.{last}/32" for last in (2, 3, 4, 6, 7))
    + tuple(f"2001:db8::{last}/128" for last in (2, 3, 4, 6, 7))
    + ("100.64.2.1/32",)
)
USERSPACE = """\
[Service]
Environment=WG_QUICK_USERSPACE_IMPLEMENTATION=wireguard-go WG_I_PREFER_BUGGY_USERSPACE_TO_POLISHED_KMOD=1
"""
SHOWN = re.compile(r"(?:_secret |Cleartext-Password := |secret = |password |PrivateKey = )[\"']?([^\"'\s]{8,})")


@dataclass(frozen=True)
class Volunteer:
    """Someone at the operation centre of an association whose machines are real ones."""

    settings: Settings
    centre: Centre
    stack: ExitStack
    management: dict[str, str]
    keys: list[tuple[str, str]] = field(default_factory=list)

    def machine(self, name: str, *devices: str, cable: str = "core0", beside: tuple[str, ...] = ()) -> Booted:
        """A machine that is all of these devices at once, booted; thrown away at the end."""
        key = self.settings.means().key_file.with_suffix(".pub").read_text()
        addresses = (*(f"{self.management[each]}/32" for each in devices), *beside)
        made = Booted(name, self.settings.var.parent, self.centre, cable, addresses, key)
        self.stack.callback(made.throw_away)
        made.boot()
        self.keys.extend((self.management[each], made.host_key) for each in devices)
        reach.trust(self.settings.means(), self.keys)
        return made

    def run(self, *argv: str) -> str:
        """What a program says that runs there."""
        told = {**os.environ, "ESSAIM_VAR": str(self.settings.var), "ESSAIM_LANG": "en", "ESSAIM_CONFIRM_SECONDS": "10"}
        done = subprocess.run(self.centre.within(*argv), env=told, capture_output=True, text=True, check=False)
        return done.stdout + done.stderr

    def planned(self) -> dict[str, str]:
        """What differs on the machines that answer: the change of each target."""
        self.run(ESSAIM, "change", "plan")
        changes = json.loads(self.run(ESSAIM, "change", "list", "--limit", "200", "--json"))
        return {one["target"]: one["change"] for one in changes if one["state"] == "planned"}

    def apply(self, *targets: str) -> str:
        """Bring these to what the inventory says; what the command said."""
        found = self.planned()
        for each in targets:
            self.run(ESSAIM, "change", "approve", found[each])
        return self.run(ESSAIM, "change", "apply")

    def dies_in_force(self, targets: str) -> None:
        """Change these, and die before the change is confirmed."""
        self.run(sys.executable, "-c", DIES_IN_FORCE, str(self.settings.var), targets)


@pytest.fixture
def volunteer(tmp_path: Path) -> Iterator[Volunteer]:
    association.create_demo(read_settings(var=tmp_path / "var"), whole=True)
    said = tmp_path / "var" / "essaim.toml"
    said.write_text(said.read_text().replace("lab = true", "lab = false"))
    settings = read_settings(var=tmp_path / "var")
    with reading(open_store(settings)) as session:
        management = {one.name: one.management for one in session.scalars(select(Device)) if one.management}
    with ExitStack() as stack:
        centre = Centre("100.64.0.254")
        stack.callback(centre.close)
        yield Volunteer(settings, centre, stack, management)


def furnished(machine: Booted) -> None:
    """What a volunteer does once, as the documents say; and WireGuard where this kernel has none."""
    folder = "/etc/systemd/system/wg-quick@.service.d"
    machine.ask("mkdir", folder)
    machine.ask("tee", f"{folder}/userspace.conf", told=USERSPACE)
    machine.ask("tee", "/etc/knot/knot.conf", told=files.knot(machine.ask("cat", "/etc/knot/knot.conf") + "\n"))
    machine.ask("systemctl", "daemon-reload")


def held(machine: Booted) -> tuple[set[str], str]:
    """The tunnels' keys and the table that run."""
    return set(machine.ask("wg", "show", "wg0", "peers").split()), machine.ask("nft", "list", "table", "inet", "essaim")


def test_what_was_released_runs_after_a_power_cut_and_no_secret_is_in_the_journal(volunteer: Volunteer) -> None:
    servers = volunteer.machine("servers", "radius", "lns", "vpn", "openvpn", "dns", beside=SERVICES)
    furnished(servers)
    said = volunteer.apply(*SERVERS)
    assert said.count("✓") == len(SERVERS), said
    for _ in range(2):
        assert [unit for unit in UNITS if servers.ask("systemctl", "is-active", unit) != "active"] == []
        assert [unit for unit in UNITS if servers.ask("systemctl", "is-enabled", unit) != "enabled"] == []
        assert servers.ask("systemctl", "--failed", "--no-legend", "--plain") == ""
        assert not volunteer.planned().keys() & set(SERVERS)  # the daemons themselves say that they have it all
        journal = servers.ask("journalctl", "--no-pager", "-o", "cat") + servers.ask("grep", "-r", "", "/var/log")
        assert "uninitialized sessions in becoming master" in journal  # l2tpns was heard
        secrets = {found for path in HOLD_SECRETS for found in SHOWN.findall(servers.ask("cat", path))}
        assert len(secrets) > 10
        assert [one for one in secrets if one in journal] == []
        servers.cut()
        servers.boot()


def test_a_first_release_that_is_refused_leaves_the_daemon_as_it_was_at_boot_too(volunteer: Volunteer) -> None:
    other = volunteer.machine("other", "lns", cable="wrong0", beside=SERVICES)
    assert other.ask("systemctl", "is-enabled", "l2tpns") == "disabled"
    said = volunteer.apply("lns/l2tp")
    assert "core0" in said, said  # l2tpns' own words: it has no such interface
    for _ in range(2):
        assert other.ask("systemctl", "is-enabled", "l2tpns") == "disabled"
        assert other.ask("systemctl", "is-active", "l2tpns") == "inactive"
        other.cut()
        other.boot()


def test_a_change_that_waited_when_the_power_went_is_undone_before_the_daemons_start(volunteer: Volunteer) -> None:
    machine = volunteer.machine("vpn", "vpn", beside=SERVICES)
    furnished(machine)
    assert volunteer.apply("vpn/wireguard", "vpn/antispoofing").count("✓") == 2
    before = held(machine)
    volunteer.dies_in_force("vpn/antispoofing+vpn/wireguard")
    assert len(held(machine)[0]) == len(before[0]) + 1
    machine.cut()
    machine.boot()
    assert machine.ask("systemctl", "--failed", "--no-legend", "--plain") == ""
    assert held(machine) == before


def test_an_apply_killed_at_any_step_is_undone_by_systemd_s_own_children(volunteer: Volunteer) -> None:
    machine = volunteer.machine("vpn", "vpn", beside=SERVICES)
    furnished(machine)
    assert volunteer.apply("vpn/wireguard", "vpn/antispoofing").count("✓") == 2
    argv = (sys.executable, str(KILLING), str(volunteer.settings.var), ROUNDS, "vpn/antispoofing+vpn/wireguard")
    said = volunteer.run(*argv)
    assert said.count("vpn/wireguard"), said
    assert machine.ask("systemctl", "list-units", "run-*", "--no-legend", "--plain") == ""  # nobody waits any more


def test_a_router_keeps_what_was_confirmed_and_loses_at_boot_what_was_not(volunteer: Volunteer) -> None:
    router = volunteer.machine("core", "core")
    daemons = files.frr_daemons(router.ask("cat", "/etc/frr/daemons"), "ospfd", "ospf6d")
    router.ask("tee", "/etc/frr/daemons", told=daemons)
    router.ask("systemctl", "enable", "--now", "frr")
    assert volunteer.apply("core/router").count("✓") == 1
    before = router.ask("vtysh", "-c", "show running-config")
    assert "router bgp 64496" in before
    volunteer.dies_in_force("core/router")
    assert router.ask("vtysh", "-c", "show running-config") != before
    router.cut()
    router.boot()
    assert router.ask("systemctl", "--failed", "--no-legend", "--plain") == ""
    assert router.ask("vtysh", "-c", "show running-config") == before  # and it forwards, as before
