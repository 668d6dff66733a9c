"""The NAPALM driver for FRR, against FRR itself."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import pytest
from napalm.base.exceptions import (
    CommandErrorException,
    CommitError,
    ConnectAuthError,
    ConnectionClosedException,
    ConnectionException,
    MergeConfigException,
    ReplaceConfigException,
)

from foundation import reach
from provisioning.drivers import frr_scripts
from provisioning.drivers.frr import FrrDriver

HELD = """\
frr version 8.4
frr defaults traditional
hostname edge
log syslog informational
service integrated-vtysh-config
!
ip prefix-list OURS-V4 seq 5 permit 198.51.100.0/24
ip prefix-list OURS-V4 seq 10 permit 203.0.113.0/24 ge 28 le 32
ipv6 prefix-list OURS-V6 seq 5 permit 2001:db8::/32 le 48
!
route-map TRANSIT-IN permit 10
 description everything but ours
 set local-preference 100
exit
!
route-map TRANSIT-OUT-V4 permit 10
 match ip address prefix-list OURS-V4
exit
!
route-map TRANSIT-OUT-V6 permit 10
 match ipv6 address prefix-list OURS-V6
exit
!
ip route 198.51.100.0/24 blackhole 254
ip route 203.0.113.0/25 192.0.2.2
ip route 203.0.113.128/25 192.0.2.2
ipv6 route 2001:db8::/32 blackhole 254
ipv6 route 2001:db8:200::/40 2001:db8::2
!
interface core0
 description machines of ours
 ip address 192.0.2.1/28
 ipv6 address 2001:db8::1/64
exit
!
interface mgmt0
exit
!
interface transit0
 description transit (AS 64500)
 ip address 192.0.2.129/31
 ipv6 address 3fff:0:0:ffff::1/127
exit
!
router bgp 64496
 bgp router-id 192.0.2.129
 no bgp default ipv4-unicast
 neighbor 192.0.2.128 remote-as 64500
 neighbor 192.0.2.128 description transit v4
 neighbor 192.0.2.128 password oyster-one
 neighbor 3fff:0:0:ffff:: remote-as 64500
 neighbor 3fff:0:0:ffff:: description transit v6
 !
 address-family ipv4 unicast
  network 198.51.100.0/24
  neighbor 192.0.2.128 activate
  neighbor 192.0.2.128 maximum-prefix 1000000
  neighbor 192.0.2.128 route-map TRANSIT-IN in
  neighbor 192.0.2.128 route-map TRANSIT-OUT-V4 out
 exit-address-family
 !
 address-family ipv6 unicast
  network 2001:db8::/32
  neighbor 3fff:0:0:ffff:: activate
  neighbor 3fff:0:0:ffff:: maximum-prefix 200000
  neighbor 3fff:0:0:ffff:: route-map TRANSIT-IN in
  neighbor 3fff:0:0:ffff:: route-map TRANSIT-OUT-V6 out
 exit-address-family
exit
!
ip nht resolve-via-default
ipv6 nht resolve-via-default
"""
NONSENSE = HELD.replace(
    " address-family ipv4",
    " neighbor 192.0.2.300 remote-as 5\n neighbor 192.0.2.300 password walnut\n address-family ipv4",
    1,
).replace("transit v6", "transit six")

# Looks at every process and at our folders for two seconds; told on its standard input what to look for.
WATCH = """
import glob, json, os, sys, time
secret, seen, end = sys.stdin.readline().strip().encode(), {"arguments": [], "modes": {}}, time.monotonic() + 2
while time.monotonic() < end:
    for path in glob.glob("/proc/[0-9]*/cmdline"):
        try:
            with open(path, "rb") as arguments:
                words = arguments.read()
        except OSError:
            continue
        if secret in words:
            seen["arguments"].append(words.decode(errors="replace"))
    for path in glob.glob("/run/essaim-frr.*") + glob.glob("/run/essaim-frr.*/*") + glob.glob("/run/frr/*.txt"):
        try:
            seen["modes"].setdefault(os.stat(path).st_mode & 0o077, []).append(path)
        except OSError:
            continue
print(json.dumps(seen))
"""


class Lab(Protocol):
    """What is needed of the lab: the means to reach a machine, and its address."""

    means: reach.Means

    def machine(self, name: str) -> reach.Machine: ...


class Edge:
    """Our edge router: how to drive it with NAPALM, and how to look at it by other means."""

    def __init__(self, lab: Lab) -> None:
        self.means, self.machine = lab.means, lab.machine("edge")
        self.held = ""

    def driver(self, **options: Path) -> FrrDriver:
        known = {"key_file": self.means.key_file, "known_hosts": self.means.known_hosts, **options}
        return FrrDriver(self.machine.host, self.machine.user, timeout=30, optional_args=known)

    @contextmanager
    def opened(self) -> Iterator[FrrDriver]:
        driver = self.driver()
        with reach.network(self.means):
            driver.open()
        try:
            yield driver
        finally:
            driver.close()

    def shell(self, command: str, stdin: str = "") -> str:
        return reach.run(self.means, self.machine, command, stdin=stdin)

    def running(self) -> str:
        return self.shell(f"vtysh -c '{frr_scripts.RUNNING}'")

    def startup(self) -> str:
        return self.shell("cat /etc/frr/frr.conf")

    def files(self) -> str:
        return self.shell("find /run /tmp /var/tmp /var/log/frr /etc/frr ! -name '*.sav' ! -path '/run/sshd*' | sort")


@pytest.fixture(scope="module")
def edge(standing_lab: Lab) -> Iterator[Edge]:
    """The edge router, whose configuration is put back when the module is done."""
    edge = Edge(standing_lab)
    with edge.opened() as driver:
        former = driver.get_config()["running"]
        yield edge
    with edge.opened() as driver:
        hold(driver, former)


@pytest.fixture(scope="module")
def connected(edge: Edge) -> Iterator[FrrDriver]:
    """One connection for the module."""
    with edge.opened() as driver:
        yield driver


@pytest.fixture
def router(connected: FrrDriver, edge: Edge) -> FrrDriver:
    """The router, holding HELD, with no candidate."""
    connected.discard_config()
    if connected.get_config(retrieve="running")["running"] != edge.held:
        hold(connected, HELD)
        edge.held = connected.get_config(retrieve="running")["running"]
    return connected


def hold(driver: FrrDriver, config: str) -> None:
    driver.load_replace_candidate(config=config)
    if driver.compare_config():
        driver.commit_config()
    driver.discard_config()


def difference(driver: FrrDriver, config: str) -> list[str]:
    driver.load_replace_candidate(config=config)
    return driver.compare_config().splitlines()


def until(done: Callable[[], bool], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_configuration_in_force_differs_from_nothing(router: FrrDriver, edge: Edge) -> None:
    assert difference(router, HELD) == []
    assert difference(router, edge.running()) == []


def test_a_change_is_shown_under_its_blocks(router: FrrDriver) -> None:
    wanted = (
        HELD.replace("transit v6", "transit, six")
        .replace("  network 198.51.100.0/24", "  network 198.51.100.0/24\n  network 203.0.113.0/24")
        .replace(" description machines of ours\n", "")
    )
    assert difference(router, wanted) == [
        " interface core0",
        "- description machines of ours",
        " router bgp 64496",
        "- neighbor 3fff:0:0:ffff:: description transit v6",
        "+ neighbor 3fff:0:0:ffff:: description transit, six",
        "  address-family ipv4 unicast",
        "+  network 203.0.113.0/24",
    ]


def test_a_route_that_goes_is_shown_as_gone(router: FrrDriver) -> None:
    wanted = HELD.replace("ip route 203.0.113.0/25 192.0.2.2", "ip route 203.0.113.0/25 192.0.2.4")
    assert difference(router, wanted) == [
        "-ip route 203.0.113.0/25 192.0.2.2",
        "+ip route 203.0.113.0/25 192.0.2.4",
    ]
    router.commit_config()
    assert difference(router, wanted) == []


def test_a_block_that_goes_is_shown_with_its_lines(router: FrrDriver) -> None:
    shown = difference(router, re.sub(r"^router bgp.*?^exit\n", "", HELD, flags=re.MULTILINE | re.DOTALL))
    assert shown[0] == "-router bgp 64496"
    assert "-  neighbor 192.0.2.128 activate" in shown
    assert all(line.startswith("-") for line in shown)


def test_a_neighbour_may_leave(router: FrrDriver) -> None:
    wanted = "".join(line for line in HELD.splitlines(keepends=True) if "neighbor 3fff:0:0:ffff::" not in line)
    router.load_replace_candidate(config=wanted)
    router.commit_config()
    assert difference(router, wanted) == []
    assert list(router.get_bgp_neighbors()["global"]["peers"]) == ["192.0.2.128"]


def test_a_default_that_changes_is_followed_to_its_end(router: FrrDriver) -> None:
    wanted = (
        HELD.replace(" no bgp default ipv4-unicast\n", "")
        .replace("  neighbor 192.0.2.128 activate\n", "")
        .replace("  network 198.51.100.0/24\n", "  network 198.51.100.0/24\n  no neighbor 3fff:0:0:ffff:: activate\n")
    )
    router.load_replace_candidate(config=wanted)
    router.commit_config()
    assert difference(router, wanted) == []


def test_blocks_that_say_nothing_make_no_difference(router: FrrDriver) -> None:
    empty = (
        "interface nowhere0\nexit\nrouter bgp 64496\n address-family ipv4 multicast\n !\n exit-address-family\nexit\n"
    )
    assert difference(router, HELD + empty) == []


def test_a_printed_header_is_refused_before_it_can_erase_anything(router: FrrDriver, edge: Edge) -> None:
    former = edge.running()
    with pytest.raises(ReplaceConfigException, match="Building configuration"):
        router.load_replace_candidate(config=f"Building configuration...\n\nCurrent configuration:\n{HELD}")
    assert router.compare_config() == ""
    assert edge.running() == former


@pytest.mark.parametrize("nothing", ["", "!\n! only words\nend\n", "frr version 8.4.4\n"])
def test_an_empty_candidate_is_refused(router: FrrDriver, nothing: str) -> None:
    with pytest.raises(ReplaceConfigException, match="empty"):
        router.load_replace_candidate(config=nothing)


def test_what_a_daemon_refuses_is_undone_wholly_and_tells_no_secret(router: FrrDriver, edge: Edge) -> None:
    former, saved, files = edge.running(), edge.startup(), edge.files()
    router.load_replace_candidate(config=NONSENSE)
    with pytest.raises(CommitError, match="former configuration is in force") as refused:
        router.commit_config()
    assert "neighbor 192.0.2.300 password <removed>" in str(refused.value)
    assert "walnut" not in str(refused.value)
    assert edge.running() == former
    assert edge.startup() == saved
    assert edge.files() == files


def test_a_line_that_frr_does_not_keep_as_written_is_refused_and_named(router: FrrDriver, edge: Edge) -> None:
    former = edge.running()
    router.load_replace_candidate(config=HELD.replace("maximum-prefix 200000", "maximum-prefix 200000 75"))
    with pytest.raises(CommitError, match=r"\+  neighbor 3fff:0:0:ffff:: maximum-prefix 200000 75"):
        router.commit_config()
    assert edge.running() == former


def test_a_rollback_puts_back_what_was_there(router: FrrDriver, edge: Edge) -> None:
    former = edge.running()
    router.load_replace_candidate(config="hostname edge\n")
    router.commit_config()
    assert "router bgp" not in edge.running()
    assert "router bgp" not in edge.startup()
    router.rollback()
    assert edge.running() == former
    assert "router bgp" in edge.startup()


def test_a_merge_adds_and_takes_away_only_what_it_names(router: FrrDriver) -> None:
    lines = "interface mgmt0\n description management\nexit\nno ip route 203.0.113.0/25 192.0.2.2\n"
    router.load_merge_candidate(config=lines)
    assert router.compare_config().splitlines() == [
        "-ip route 203.0.113.0/25 192.0.2.2",
        "+interface mgmt0",
        "+ description management",
    ]
    router.commit_config()
    router.load_merge_candidate(config=lines)
    assert router.compare_config() == ""
    router.rollback()
    assert difference(router, HELD) == []


def test_a_merge_that_is_refused_half_way_is_undone(router: FrrDriver, edge: Edge) -> None:
    former = edge.running()
    with pytest.raises(MergeConfigException, match="nonsense"):
        router.load_merge_candidate(config="interface mgmt0\n nonsense\n")
    router.load_merge_candidate(config="hostname other\nrouter bgp 64499\n")
    with pytest.raises(CommitError, match="64499"):
        router.commit_config()
    assert edge.running() == former


def test_a_candidate_leaves_nothing_on_the_machine(router: FrrDriver, edge: Edge) -> None:
    files = edge.files()
    router.load_replace_candidate(config=NONSENSE)
    assert router.compare_config()
    assert edge.files() == files


def test_a_password_is_never_an_argument_nor_in_a_file_for_others(router: FrrDriver, edge: Edge) -> None:
    hold(router, HELD.replace("oyster-one", "oyster-two"))
    files = edge.files()
    with ThreadPoolExecutor() as aside:
        watching = aside.submit(edge.shell, f"python3 -c {shlex.quote(WATCH)}", "oyster-two\n")
        time.sleep(0.5)
        hold(router, HELD)
        seen = json.loads(watching.result())
    assert edge.files() == files
    assert seen["arguments"] == []
    assert list(seen["modes"]) == ["0"], "folders and files are seen, and are root's alone"


def test_a_candidate_cut_short_is_not_taken_for_a_shorter_one(router: FrrDriver, edge: Edge) -> None:
    former = edge.running()
    length = len(HELD.encode())
    commit = shlex.join(["sh", "-c", frr_scripts.COMMIT, "essaim", str(length), "replace"])
    with pytest.raises(reach.CommandFailed):
        edge.shell(commit, stdin=HELD[: length // 2])
    assert edge.running() == former


@pytest.mark.soak
def test_a_commit_outlives_the_one_who_asked(router: FrrDriver, edge: Edge, tmp_path: Path) -> None:
    files = edge.files()
    (tmp_path / "nonsense.conf").write_text(NONSENSE)
    program = tmp_path / "commit.py"
    program.write_text(
        "import sys\n"
        "from provisioning.drivers.frr import FrrDriver\n"
        "host, key, known, wanted = sys.argv[1:]\n"
        "driver = FrrDriver(host, 'root', optional_args={'key_file': key, 'known_hosts': known})\n"
        "driver.open()\n"
        "driver.load_replace_candidate(filename=wanted)\n"
        "print('ready', flush=True)\n"
        "driver.commit_config()\n"
    )
    former = edge.running()
    asked = [edge.machine.host, edge.means.key_file, edge.means.known_hosts, tmp_path / "nonsense.conf"]
    with (
        reach.network(edge.means),
        subprocess.Popen([sys.executable, program, *map(str, asked)], stdout=subprocess.PIPE, text=True) as other,
    ):
        assert other.stdout is not None
        assert other.stdout.readline() == "ready\n"
        until(lambda: edge.running() != former)
        other.kill()
    until(lambda: edge.files() == files)
    assert edge.running() == former


def test_commits_take_turns(router: FrrDriver, edge: Edge) -> None:
    with ThreadPoolExecutor() as aside:
        home = frr_scripts.HOME
        held = aside.submit(edge.shell, f"mkdir -p {home}; flock {home} sh -c 'sleep 1.5; date +%s.%N'")
        time.sleep(0.5)
        hold(router, HELD.replace("transit v4", "transit four"))
        after = float(edge.shell("date +%s.%N"))
        assert float(held.result()) < after


def test_a_machine_whose_key_is_not_known_or_has_changed_is_refused(edge: Edge, tmp_path: Path) -> None:
    stranger = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(stranger)], check=True)
    public = stranger.with_suffix(".pub").read_text().split()
    other = tmp_path / "known_hosts"
    for text in ("", f"{edge.machine.host} {public[0]} {public[1]}\n"):
        other.write_text(text)
        with reach.network(edge.means), pytest.raises(ConnectionException, match=r"known_hosts|does not match"):
            edge.driver(known_hosts=other).open()
    assert other.read_text() == text, "no key is learned in passing"
    with reach.network(edge.means), pytest.raises(ConnectAuthError):
        edge.driver(key_file=stranger).open()


def test_a_connection_that_is_not_there_is_said(edge: Edge) -> None:
    with edge.opened() as driver:
        assert driver.is_alive() == {"is_alive": True}
        driver.load_replace_candidate(config=HELD)
    assert driver.is_alive() == {"is_alive": False}
    with pytest.raises(ConnectionClosedException):
        driver.get_config()
    nowhere = FrrDriver("127.0.0.1", "root", optional_args={**driver.options, "port": 9})
    with reach.network(edge.means), pytest.raises(ConnectionException):
        nowhere.open()


@pytest.mark.soak
def test_a_commit_that_nobody_confirms_reverts_alone_and_one_that_is_confirmed_stays(
    router: FrrDriver, edge: Edge
) -> None:
    former, saved = edge.running(), edge.startup()
    wanted = HELD.replace("transit v6", "transit six")
    for seconds in (1, 60):
        router.load_replace_candidate(config=wanted)
        router.commit_config(revert_in=seconds)
        assert "transit six" in edge.startup()
        if seconds == 1:
            until(lambda: not router.has_pending_commit())
            assert (edge.running(), edge.startup()) == (former, saved)
            with pytest.raises(CommitError):
                router.confirm_commit()
    router.load_replace_candidate(config=HELD)
    with pytest.raises(CommandErrorException, match="waits to be confirmed"):
        router.commit_config()
    router.confirm_commit()
    assert not router.has_pending_commit()
    assert "transit six" in edge.running()


def test_a_commit_that_should_revert_alone_is_undone_at_once_where_frr_refuses_it(
    router: FrrDriver, edge: Edge
) -> None:
    former, saved = edge.running(), edge.startup()
    router.load_replace_candidate(config=NONSENSE)
    with pytest.raises(CommitError, match="former configuration is in force"):
        router.commit_config(revert_in=60)
    assert (edge.running(), edge.startup()) == (former, saved)
    assert not router.has_pending_commit()
    with pytest.raises(CommitError):
        router.commit_config()


def test_what_the_router_is_and_holds_is_read(router: FrrDriver) -> None:
    facts = router.get_facts()
    assert facts["vendor"] == "FRRouting"
    assert facts["hostname"] == "edge"
    assert {"core0", "transit0"} <= set(facts["interface_list"])
    core = router.get_interfaces()["core0"]
    assert (core["description"], core["is_enabled"], core["mtu"]) == ("machines of ours", True, 1500)
    addresses = router.get_interfaces_ip()
    assert addresses["core0"]["ipv4"] == {"192.0.2.1": {"prefix_length": 28}}
    assert addresses["transit0"]["ipv6"]["3fff:0:0:ffff::1"] == {"prefix_length": 127}
    peers = router.get_bgp_neighbors()["global"]
    assert peers["router_id"] == "192.0.2.129"
    transit = peers["peers"]["192.0.2.128"]
    assert (transit["local_as"], transit["remote_as"]) == (64496, 64500)
    assert (transit["description"], list(transit["address_family"])) == ("transit v4", ["ipv4"])


def test_a_configuration_read_for_others_holds_no_secret(router: FrrDriver) -> None:
    assert "oyster-one" in router.get_config()["running"]
    texts = router.get_config(sanitized=True)
    assert "router bgp 64496" in texts["startup"]
    assert not any("oyster" in text for text in texts.values())
