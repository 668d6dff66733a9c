"""The carrier in a real kernel: brought there and back, others' things left as they were, killed and done again."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from foundation.settings import Settings
from provisioning.artifact import Target
from provisioning.artifacts.carrier import CARRIER_VPN, FILE, Kernel
from provisioning.drivers.ansible import AnsibleDriver
from provisioning.texts import digest

ROOT = Path(__file__).parents[2]
PROGRAM = ROOT / "playbooks" / "machine" / "essaim_carrier.py"
DEBIAN = "/usr/bin/python3"
TEXT = (ROOT / "tests" / "golden" / "carrier" / "debian" / FILE).read_text()

# A machine of ours with a router on its LAN, members behind wg0, another way out; and what a volunteer made there.
MACHINE = """
mount -t tmpfs none /run; mount -t sysfs none /sys
ip link set lo up
cd /proc/sys/net; echo 1 >ipv4/ip_forward; echo 1 >ipv6/conf/all/forwarding; echo 0 >ipv6/conf/default/accept_dad
echo 0 >ipv4/conf/all/rp_filter; echo 0 >ipv4/conf/default/rp_filter
for name in core0 wg0 mgmt0 spare0; do ip link add $name type veth peer name far-$name; ip link set far-$name up; done
ip link set mgmt0 up; ip addr add 100.64.0.4/24 dev mgmt0; ip route add default via 100.64.0.254
ip link set wg0 up
ip addr add 192.0.2.12/28 dev core0
ip route add blackhole 203.0.113.128/25 proto static; ip -6 route add unreachable 2001:db8:9::/48 metric 5
ip rule add pref 100 from 203.0.113.1 lookup main; ip -6 rule add pref 22900 from 2001:db8:9::/48 lookup main
nft add table inet volunteer
tc qdisc add dev spare0 root handle 7: tbf rate 1mbit burst 5k latency 50ms
"""
HELD = """
for family in -4 -6; do ip $family rule show; ip $family route show table all; done
ip -o addr show; tc qdisc show; tc class show dev core0; nft list ruleset
"""
SERVE = """
import socket
with socket.create_server(("198.51.100.2", 7000)) as server:
    print("ready", flush=True)
    for _ in range(2):
        peer, _ = server.accept()
        with peer:
            while peer.recv(65536):
                pass
            peer.sendall(b"!")
"""
SEND = """
import socket, time
began = time.monotonic()
with socket.create_connection(("198.51.100.2", 7000), 20) as talk:
    talk.sendall(bytes(64000))
    talk.shutdown(socket.SHUT_WR)
    assert talk.recv(1) == b"!"
print(time.monotonic() - began)
"""


class Machine:
    """A network namespace with a `/run` of its own, and the program in it."""

    def __init__(self, python: str, folder: Path) -> None:
        self.file = folder / "carrier.json"
        self.python = python
        argv = ["unshare", "-mnpf", "--kill-child", "--mount-proc", "sleep", "120"]
        self.holder = subprocess.Popen(argv)
        children = Path(f"/proc/{self.holder.pid}/task/{self.holder.pid}/children")
        until = time.monotonic() + 10
        while not children.read_text().split():
            assert time.monotonic() < until
            time.sleep(0.01)
        self.pid = int(children.read_text().split()[0])
        while Path(f"/proc/{self.pid}/comm").read_text() != "sleep\n":
            time.sleep(0.01)
        self.run(MACHINE)

    def run(self, script: str, *words: str) -> str:
        """What a shell says inside."""
        done = subprocess.run(self.inside("bash", "-euc", script, "machine", *words), capture_output=True, text=True,
                              timeout=60, check=False)  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    def inside(self, *argv: str) -> list[str]:
        return ["nsenter", "-t", str(self.pid), "-m", "-n", "-p", *argv]

    def program(self, *words: str) -> list[str]:
        return self.inside(self.python, "-B", str(PROGRAM), *words)

    def ask(self, *words: str) -> Any:
        """What the program says, in JSON; it is content."""
        done = subprocess.run(self.program(*words), capture_output=True, text=True, timeout=60, check=False)
        assert (done.returncode, done.stderr) == (0, "")
        return json.loads(done.stdout or "null")

    def bring(self, text: str) -> Any:
        self.file.write_text(text)
        return self.ask("apply", str(self.file))

    def shown(self) -> str:
        return Kernel.read(json.dumps(self.ask("show"))).text

    def held(self) -> list[str]:
        """All that the kernel has, but for what it makes of itself as interfaces come up."""
        rows = self.run(HELD).splitlines()
        return sorted(
            row.strip() for row in rows if "fe80::" not in row and "ff00::" not in row and "anycast" not in row
        )


@pytest.fixture
def made(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Machine]:
    """A machine, on whose Python the program runs."""
    needed = ("unshare", "nsenter", "nft", "tc")
    if os.getuid() != 0 or any(shutil.which(one) is None for one in needed):
        pytest.skip(f"needs root and {', '.join(needed)}")
    python = getattr(request, "param", DEBIAN)
    if subprocess.run([python, "-c", "import pyroute2"], capture_output=True, check=False).returncode:
        pytest.skip("needs python3-pyroute2")
    machine = Machine(python, tmp_path)
    try:
        yield machine
    finally:
        machine.holder.kill()
        machine.holder.wait()


@pytest.mark.parametrize("made", [DEBIAN, sys.executable], indirect=True, ids=["debian", "ours"])
def test_a_kernel_is_brought_there_and_back_and_what_is_others_stays(made: Machine) -> None:
    made.run("ip link set core0 up")
    before = made.held()
    made.file.write_text(TEXT)
    assert made.ask("check", str(made.file)) is None
    assert made.held() == before, "checking changes nothing"
    first = made.bring(TEXT)
    assert (first["absent"], first["refused"]) == ([], [])
    assert made.shown() == TEXT
    gone = {row.split("@")[0] for row in set(before) - set(made.held())}
    assert gone == {f"qdisc noqueue 0: dev {name} root refcnt 2" for name in ("core0", "wg0")}
    assert made.bring(TEXT)["did"] == []
    made.ask("clear")
    assert made.held() == before
    assert made.shown() == Kernel().text


def other(text: str, draw: random.Random) -> str:
    """A document like it: some of it left out, some of it changed."""
    said = json.loads(text)
    for name in ("addresses", "routes", "rules", "rates"):
        said[name] = [one for one in said[name] if draw.random() < 0.7]
    for one in said["addresses"]:
        one["address"] = (
            one["address"].replace("/28", draw.choice(("/28", "/27"))).replace("/64", draw.choice(("/64", "/56")))
        )
    here = {(one["interface"], ":" in one["address"]) for one in said["addresses"]}
    said["routes"] = [one for one in said["routes"] if "via" not in one or ("core0", ":" in one["via"]) in here]
    for one in said["routes"]:
        one["kind"] = one["kind"] if "via" in one else draw.choice(("blackhole", "unreachable"))
        if "via" in one:
            one["via"] = one["via"][:-1] + draw.choice("125")
    for one in said["rates"]:
        one["kbit"] = draw.choice((800, 20_000, 1_000_000))
    return json.dumps(said)


def test_from_any_document_it_goes_to_any_other(made: Machine) -> None:
    draw = random.Random(8)
    made.run("ip link set core0 up")
    before = made.held()
    for _ in range(6):
        text = other(TEXT, draw)
        assert made.bring(text)["refused"] == []
        assert made.shown() == Kernel.read(text).text
    made.ask("clear")
    assert made.held() == before


def killed(made: Machine, text: str, after: float) -> bool:
    """Whether the program was still at it so many seconds after it began, when it was killed."""
    made.file.write_text(text)
    quiet = subprocess.DEVNULL
    begun = subprocess.Popen(made.program("apply", str(made.file)), stdout=quiet, stderr=quiet, start_new_session=True)
    try:
        begun.wait(after)
    except subprocess.TimeoutExpired:
        os.killpg(begun.pid, signal.SIGKILL)
        begun.wait()
        return True
    return False


def test_killed_at_any_moment_and_run_again_it_ends_where_it_would_have(made: Machine) -> None:
    draw = random.Random(9)
    made.run("ip link set core0 up")
    before = made.held()
    began = time.monotonic()
    made.bring(TEXT)
    whole = time.monotonic() - began
    died = sum(killed(made, other(TEXT, draw), whole * (0.3 + 0.7 * rank / 6)) for rank in range(6))
    assert died > 0
    made.bring(TEXT)
    assert made.shown() == TEXT
    made.ask("clear")
    assert made.held() == before


def test_members_leave_by_our_router_and_nobodys_packets_go_round(made: Machine) -> None:
    made.bring(TEXT)
    way = "ip -j route get 192.0.2.200 from $1 iif wg0"
    (members,) = json.loads(made.run(way, "198.51.100.2"))
    assert (members["dev"], members["gateway"]) == ("core0", "192.0.2.1")
    (own,) = json.loads(made.run("ip -j route get 192.0.2.200"))
    assert (own["dev"], own["gateway"]) == ("mgmt0", "100.64.0.254")
    assert "No route to host" in made.run("! ip route get 198.51.100.77 from 198.51.100.2 iif wg0 2>&1")
    made.run("ip route add 198.51.100.77 dev wg0")
    (tunnel,) = json.loads(made.run("ip -j route get 198.51.100.77 from 198.51.100.2 iif wg0"))
    assert tunnel["dev"] == "wg0", "what a daemon knows comes first"


def test_a_line_gets_its_rate_and_no_more(made: Machine) -> None:
    """64 kB to a member: at 400 kbit/s they take more than a second, without a rate next to nothing."""
    made.run(
        "ip link del wg0; unshare -n sleep 100 >/dev/null 2>&1 & echo $! >/run/home; sleep 0.3;"
        "ip link add wg0 type veth peer name eth0 netns $(cat /run/home); ip link set wg0 up;"
        "ip addr add 198.51.100.1/32 dev wg0; ip route add 198.51.100.2 dev wg0;"
        'at() { nsenter -t $(cat /run/home) -n "$@"; }; at ip link set eth0 up;'
        "at ip addr add 198.51.100.2/32 dev eth0; at ip route add default dev eth0"
    )
    listening = ["nsenter", "-t", made.run("cat /run/home").strip(), "-n", DEBIAN, "-c", SERVE]
    server = subprocess.Popen(made.inside(*listening), stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        assert server.stdout.readline() == "ready\n"
        free = float(made.run(f"{DEBIAN} -c '{SEND}'"))
        said = json.loads(TEXT)
        for one in said["rates"]:
            one["kbit"] = 400
        made.bring(json.dumps(said))
        shaped = float(made.run(f"{DEBIAN} -c '{SEND}'"))
    finally:
        server.kill()
        server.communicate()
    assert free < 0.5
    assert 64_000 * 8 / 400_000 * 0.8 < shaped < 5


def test_what_is_not_there_is_said_and_the_rest_is_done(made: Machine) -> None:
    made.run("ip link del wg0")
    assert made.bring(TEXT)["absent"] == ["interface wg0"]
    assert made.ask("show")["absent"] == ["interface wg0"]
    running, wanted = {FILE: made.shown()}, {FILE: TEXT}
    assert running != wanted
    assert CARRIER_VPN.recognised(running, wanted) == wanted
    absent = json.loads(TEXT)
    absent["addresses"].append({"interface": "core9", "address": "192.0.2.14/28"})
    made.file.write_text(json.dumps(absent))
    done = subprocess.run(made.program("check", str(made.file)), capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "no interface core9\n")


def test_what_somebody_else_holds_is_refused_and_left_to_them(made: Machine) -> None:
    made.run(
        "ip route add blackhole 198.51.100.0/24 metric 65535; ip link set core0 up;"
        "tc qdisc add dev core0 root handle 9: tbf rate 1mbit burst 5k latency 50ms"
    )
    made.file.write_text(TEXT)
    done = subprocess.run(made.program("apply", str(made.file)), capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert sorted(done.stderr.splitlines()) == [
        "add route 198.51.100.0/24 unreachable 254 65535: somebody else holds it",
        "core0 has another queue",
    ]
    assert "blackhole 198.51.100.0/24 metric 65535" in made.run("ip route")
    assert "tbf 9:" in made.run("tc qdisc show dev core0")
    held = Kernel.read(made.shown())
    assert {one.interface for one in held.rates} == {"wg0"}
    assert ip_network("192.0.2.0/28") in {ip_network(one.address, strict=False) for one in held.addresses}


def test_a_machine_that_starts_again_has_it_all_back(lab: Any, tmp_path: Path) -> None:
    if not Path("/usr/lib/python3/dist-packages/pyroute2").exists():
        pytest.skip("needs python3-pyroute2")
    settings = Settings(var=tmp_path, lab=True, ssh_key_file=lab.means.key_file)
    settings.lab_folder.symlink_to(lab.folder)
    (tmp_path / "ssh").mkdir()
    shutil.copy(lab.means.known_hosts, settings.means().known_hosts)
    driver, target, texts = AnsibleDriver(settings), Target(lab.machine("vpn"), CARRIER_VPN), {FILE: TEXT}
    driver.apply(target, texts, digest({}))
    driver.confirm(target, digest(texts))
    assert driver.look(target, texts).diff == ""
    lab.keeper.reboot("vpn")
    assert driver.look(target, texts).diff == ""

    another = {FILE: TEXT.replace('"via": "192.0.2.1"', '"via": "192.0.2.5"')}
    driver.apply(target, another, digest(texts))
    assert driver.look(target, another).diff == ""
    driver.revert(target, digest(another))
    assert driver.look(target, texts).diff == "", "what the kernel held comes back"

    lab.shell("vpn", "ip rule del pref 22901 from 198.51.100.0/24")
    seen = driver.look(target, texts)
    assert [row[0] for row in seen.diff.splitlines() if "198.51.100.0/24" in row and row[0] in "+-"] == ["+"]
