"""Machines of the lab behave as Debian machines do: units, folders of their own, cables, programs."""

from __future__ import annotations

import json
import socket
import sys
import time
from collections.abc import Callable

import pytest

from foundation import reach
from foundation.reach import CommandFailed, inside
from lab import LabRefused
from lab.traffic import PORT

pytestmark = pytest.mark.timeout(60)

COMMUNITY = "lecture-des-essais"
EDGE = """\
frr defaults traditional
hostname edge
service integrated-vtysh-config
interface core0
 ip address 192.0.2.1/28
 ipv6 address 2001:db8::1/64
exit
interface transit0
 ip address 192.0.2.129/31
 ipv6 address 3fff:0:0:ffff::1/127
exit
router bgp 64496
 no bgp ebgp-requires-policy
 timers bgp 1 3
 neighbor 192.0.2.128 remote-as 64500
 neighbor 192.0.2.128 timers connect 1
 neighbor 3fff:0:0:ffff:: remote-as 64500
 neighbor 3fff:0:0:ffff:: timers connect 1
 address-family ipv4 unicast
  network 192.0.2.0/28
  no neighbor 3fff:0:0:ffff:: activate
 exit-address-family
 address-family ipv6 unicast
  network 2001:db8::/64
  neighbor 3fff:0:0:ffff:: activate
 exit-address-family
exit
"""


def soon(question: Callable[[], bool], seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while not question():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def asked_by_snmp(lab, community: str) -> bytes:
    """What hosted1 answers to an SNMPv2c GetRequest for sysName.0 (RFC 3416), or nothing within a second."""

    def tagged(tag: int, body: bytes) -> bytes:
        return bytes((tag, len(body))) + body

    name = tagged(0x06, bytes((0x2B, 6, 1, 2, 1, 1, 5, 0)))
    bindings = tagged(0x30, tagged(0x30, name + tagged(0x05, b"")))
    number, zero = tagged(0x02, b"\x07"), tagged(0x02, b"\x00")
    request = tagged(0xA0, number + zero + zero + bindings)
    message = tagged(0x30, tagged(0x02, b"\x01") + tagged(0x04, community.encode()) + request)
    with reach.network(lab.means), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        asked.settimeout(1)
        asked.sendto(message, (lab.machine("hosted1").host, 161))
        try:
            return asked.recv(4096)
        except TimeoutError:
            return b""


def answers(lab, machine: str, address: str) -> bool:
    return lab.keeper.run(machine, ["ping", "-c1", "-W1", address]).status == 0


@pytest.mark.soak
def test_the_internet_reaches_our_servers_once_the_edge_speaks_bgp_and_not_while_its_cable_is_out(lab):
    assert not answers(lab, "home-wireguard", "192.0.2.4")
    lab.shell("edge", "cat > /etc/frr/frr.conf && systemctl reload frr", stdin=EDGE)
    assert soon(lambda: answers(lab, "home-wireguard", "192.0.2.4"))
    assert soon(lambda: answers(lab, "internet", "2001:db8::4"))
    lab.keeper.link("edge", "transit0", up=False)
    assert "NO-CARRIER" in lab.shell("edge", "ip link show transit0")
    assert not answers(lab, "home-wireguard", "192.0.2.4")
    lab.keeper.link("edge", "transit0", up=True)
    assert soon(lambda: answers(lab, "home-wireguard", "192.0.2.4"))
    assert soon(lambda: answers(lab, "internet", "2001:db8::4"))


def test_restore_forgets_what_was_pushed_and_keeps_addresses_and_host_keys(lab):
    before = lab.keeper.endpoints()
    lab.shell("edge", "cat > /etc/frr/frr.conf && systemctl reload frr", stdin=EDGE)
    lab.shell("vpn", "mkdir -p /var/lib/essaim /root/x && touch /etc/wireguard/wg0.conf")
    lab.keeper.start("home-wireguard", "sleeper", ["sleep", "60"])
    lab.keeper.restore()
    assert lab.keeper.endpoints() == before
    assert "bgp" not in lab.shell("edge", "vtysh -c 'show running-config'")
    assert "192.0.2.1/" not in lab.shell("edge", "ip -o address")
    assert lab.shell("vpn", "ls /var/lib /root /etc/wireguard").split() == [
        "/etc/wireguard:", "/root:", "/var/lib:",
    ]  # fmt: skip
    assert lab.keeper.state()["home-wireguard"].programs == {}


def test_freeradius_starts_reloads_and_stops_by_systemctl_as_on_debian(lab):
    with pytest.raises(CommandFailed):
        lab.shell("radius", "systemctl is-active freeradius")
    lab.shell("radius", "systemctl start freeradius && systemctl reload freeradius.service")
    assert lab.shell("radius", "systemctl is-active freeradius") == "active\n"
    assert "ActiveState=active" in lab.shell("radius", "systemctl show freeradius")
    lab.shell("radius", "systemctl stop freeradius")
    assert "freeradius" not in lab.keeper.state()["radius"].units


def test_a_daemon_that_refuses_its_configuration_is_said_by_systemctl_and_does_not_run(lab):
    lab.shell("radius", "echo 'nonsense {' >> /etc/freeradius/3.0/radiusd.conf")
    with pytest.raises(CommandFailed, match="radiusd"):
        lab.shell("radius", "systemctl start freeradius")
    assert "freeradius" not in lab.keeper.state()["radius"].units


def test_wireguard_comes_up_by_its_unit_in_user_space_and_goes_down_again(lab):
    lab.shell(
        "vpn",
        "umask 077; { echo '[Interface]'; echo PrivateKey = $(wg genkey); echo ListenPort = 51820;"
        " echo Address = 198.51.100.1/24; } > /etc/wireguard/wg0.conf",
    )
    lab.shell("vpn", "systemctl start wg-quick@wg0 && systemctl reload wg-quick@wg0")
    assert "listening port: 51820" in lab.shell("vpn", "wg show wg0")
    lab.shell("vpn", "systemctl stop wg-quick@wg0")
    assert "wg0" not in lab.shell("vpn", "ip -o link")


def test_the_lns_runs_debians_l2tpns_with_the_configuration_it_is_given(lab):
    lab.shell(
        "lns",
        "cat > /etc/l2tpns/startup-config && systemctl restart l2tpns",
        stdin='set hostname "lns"\nset l2tp_secret "secret-de-collecte"\nset bind_address 100.64.2.1\n'
        "set primary_radius 192.0.2.3\n"
        'set cluster_interface "core0"\nset cluster_master_min_adv 0\nset tundevicename "tun0"\n'
        'set iftun_address 203.0.113.1\nset log_file "/var/log/l2tpns"\nset pid_file "/run/l2tpns.pid"\n',
    )
    assert soon(lambda: "203.0.113.1" in lab.shell("lns", "ip -o address show dev tun0 || true"))
    assert lab.shell("lns", "systemctl reload l2tpns && systemctl is-active l2tpns") == "active\n"


def test_no_machine_can_write_to_the_hosts_files(standing_lab):
    for machine in standing_lab.keeper.state():
        if machine != "noc":
            wrote = standing_lab.keeper.run(machine, ["touch", "/etc/essaim-was-here", "/usr/essaim-was-here"])
            assert wrote.stderr.count("Read-only file system") == 2
            assert standing_lab.keeper.run(machine, ["mktemp"]).status == 0


def test_the_hosts_own_tunnels_are_not_copied_into_the_lab(lab):
    for machine in ("vpn", "home-wireguard"):
        assert lab.keeper.run(machine, ["ls", "/etc/wireguard"]).stdout == ""


def test_systemctl_knows_only_the_units_of_its_machine(lab):
    with pytest.raises(CommandFailed, match="not found"):
        lab.shell("vpn", "systemctl start freeradius")
    assert lab.shell("vpn", "systemctl is-active ssh sshd") == "active\nactive\n"


def test_a_hosted_machine_answers_snmp_to_its_community_alone(standing_lab):
    assert b"hosted1.essaim.example" in asked_by_snmp(standing_lab, COMMUNITY)
    assert asked_by_snmp(standing_lab, "public") == b""


def test_a_program_gets_its_secret_on_standard_input_and_its_words_are_in_its_log(standing_lab):
    keeper = standing_lab.keeper
    log = keeper.start(
        "home-adsl", "cat", ["sh", "-c", "wc -c; echo $SEEN"], stdin="secret", environment={"SEEN": "yes"}
    )
    assert soon(lambda: log.read_text() == "6\nyes\n", 5)
    assert soon(lambda: keeper.state()["home-adsl"].programs["cat"].status == 0, 5)
    assert keeper.stop("home-adsl", "cat") == 0
    with pytest.raises(LabRefused):
        keeper.stop("home-adsl", "cat")


def test_a_program_that_runs_is_stopped_by_sigterm_and_its_name_is_free_again(standing_lab):
    keeper = standing_lab.keeper
    for _ in range(2):
        keeper.start("home-adsl", "sleep", ["sleep", "60"])
        with pytest.raises(LabRefused, match="already runs"):
            keeper.start("home-adsl", "sleep", ["sleep", "60"])
        assert keeper.stop("home-adsl", "sleep") == -15


def test_a_program_that_takes_too_long_is_killed_even_if_it_leaves_a_daemon_behind(standing_lab):
    began = time.monotonic()
    ran = standing_lab.keeper.run("home-adsl", ["sh", "-c", "setsid sleep 20 & echo begun"], timeout=0.5)
    assert time.monotonic() - began < 5
    assert ran.stderr == ""


def test_programs_of_ours_run_in_a_home_with_our_own_python(standing_lab):
    ran = standing_lab.keeper.run("home-wireguard", [sys.executable, "-c", "import lab.traffic; print('ok')"])
    assert (ran.status, ran.stdout) == (0, "ok\n")


def test_the_internets_host_serves_traffic_as_soon_as_the_lab_is_up(lab):
    network = lab.keeper.namespace("internet")
    with inside(network):
        socket.create_connection(("3fff:0:1::200", PORT), timeout=2).close()


def test_what_the_keeper_says_is_json_lines(standing_lab):
    with socket.socket(socket.AF_UNIX) as asked:
        asked.settimeout(5)
        reach.connect_unix(asked, standing_lab.keeper.keeper)
        asked.sendall(b'{"do": "state"}\n{"do": "endpoints"}\n')
        with asked.makefile() as lines:
            assert "machines" in json.loads(lines.readline())
            assert "endpoints" in json.loads(lines.readline())
