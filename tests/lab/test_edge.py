"""BIRD or FRR at the edge, and a transit that runs FRR: sessions come up, and each is told what it may be told."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from provisioning.artifacts.bird import BIRD, FILE
from provisioning.drivers import frr_scripts
from provisioning.texts import digest, unified

ROOT = Path(__file__).parents[2]
TEXTS = ROOT / "tests" / "golden"
GOLDEN, WITH_ALL = ({FILE: (TEXTS / "bird" / one / FILE).read_text()} for one in ("debian-bird", "with-all"))
FILES = ROOT / "playbooks" / "roles" / "bird" / "files"
PEER, PEER6 = "essaim_192_0_2_128", "essaim_3fff_0_0_ffff__"
ANNOUNCED = (("3fff:910::/32", 32, 64511), ("3fff:880::/32", 32, 64500))
"""What RPKI says: prefix, longest part, AS. The transit announces both."""
MODULES = sorted(Path("/usr/lib").glob("*/frr/modules/bgpd_rpki.so"))

EDGE = """
for folder in /run /var/lib /tmp; do mount -t tmpfs none $folder; done
mkdir -p /run/bin /run/copy /var/lib/essaim
chmod 711 /var/lib/essaim
install -d -o bird -g bird /run/bird
cp -a /etc/bird /run/copy/; mount --bind /run/copy/bird /etc/bird
echo 'include "/etc/bird/essaim*.conf";' >>/etc/bird/bird.conf
cat >/run/bin/systemctl <<'END'
#!/bin/bash
active() { grep -q '^State:.[^Z]' /proc/$(cat /run/bird.pid 2>/dev/null || echo none)/status 2>/dev/null; }
start() {
  setsid bash -c 'echo $$ >/run/bird.pid; exec bird -f -u bird -g bird' >/run/bird.log 2>&1 </dev/null &
  for _ in $(seq 50); do birdc show status >/dev/null 2>&1 && return; sleep 0.1; done
  active
}
stop() { if active; then kill $(cat /run/bird.pid); while active; do sleep 0.05; done; fi; }
case $1 in
  is-active) active ;;
  stop) stop ;;
  restart) stop; start ;;
  reload-or-restart) if active; then birdc configure >/dev/null; else start; fi ;;
esac
END
chmod 755 /run/bin/systemctl
ip link set lo up
ip link add core0 type bridge; ip link set core0 up
echo 0 >/proc/sys/net/ipv6/conf/core0/accept_dad
ip addr add 192.0.2.1/28 dev core0; ip addr add 192.0.2.10/32 dev core0; ip addr add 2001:db8::1/64 dev core0 nodad
ip link set transit0 up
ip addr add 192.0.2.129/31 dev transit0; ip addr add 3fff:0:0:ffff::1/127 dev transit0 nodad
ip link add spare0 type veth peer name spare1; ip link set spare0 master core0 up; ip link set spare1 up
"""
FRR_EDGE = """
hostname edge
for folder in /run /var/lib; do mount -t tmpfs none $folder; done
install -d -o frr -g frr /run/frr; mkdir -p /run/copy
cp -a /etc/frr /run/copy/; mount --bind /run/copy/frr /etc/frr
ip link set lo up
ip link add core0 type bridge; ip link set core0 up
ip link set transit0 up
ip addr add 192.0.2.10/32 dev core0
echo 'service integrated-vtysh-config' >/etc/frr/vtysh.conf
: >/etc/frr/frr.conf
/usr/lib/frr/zebra -d -F traditional -A 127.0.0.1
/usr/lib/frr/staticd -d -F traditional -A 127.0.0.1
/usr/lib/frr/bgpd -d -F traditional -A 127.0.0.1 -M rpki
"""
TRANSIT = """
mount -t tmpfs none /run
install -d -o frr -g frr /run/frr
ip link set lo up; ip link set edge0 up
ip addr add 192.0.2.128/31 dev edge0; ip addr add 3fff:0:0:ffff::/127 dev edge0 nodad
for daemon in zebra bgpd; do
  cat >/run/frr/$daemon.conf </dev/null; chown frr:frr /run/frr/$daemon.conf
  /usr/lib/frr/$daemon -d -F traditional -A 127.0.0.1 -f /run/frr/$daemon.conf
done
vtysh <<'END'
configure terminal
bgp community-list standard X permit internet
route-map DROP permit 10
 set community blackhole
exit
route-map LEAVING permit 10
 set community graceful-shutdown
exit
router bgp 64500
 bgp router-id 192.0.2.128
 no bgp ebgp-requires-policy
 no bgp default ipv4-unicast
 no bgp network import-check
 timers bgp 1 3
 neighbor 192.0.2.129 remote-as 64496
 neighbor 192.0.2.129 timers connect 1
 neighbor 3fff:0:0:ffff::1 remote-as 64496
 neighbor 3fff:0:0:ffff::1 timers connect 1
 address-family ipv4 unicast
  neighbor 192.0.2.129 activate
  neighbor 192.0.2.129 default-originate
  network 10.0.0.0/8
  network 192.0.2.192/27
  network 198.51.100.0/25
  network 198.18.0.0/16
 exit-address-family
 address-family ipv6 unicast
  neighbor 3fff:0:0:ffff::1 activate
  neighbor 3fff:0:0:ffff::1 default-originate
  network fc00:1::/32
  network 3fff:880::/32
  network 3fff:890::/32 route-map DROP
  network 3fff:900::/32 route-map LEAVING
  network 3fff:910::/32
 exit-address-family
exit
END
"""


class Said(Exception):
    """What a script complained of."""


class Machine:
    """A machine of its own in namespaces."""

    def __init__(self, *apart: str) -> None:
        self._holder = subprocess.Popen(["unshare", *apart, "--kill-child", "--mount-proc", "sleep", "120"])
        children = Path(f"/proc/{self._holder.pid}/task/{self._holder.pid}/children")
        until = time.monotonic() + 5
        while not (within := children.read_text().split()) and time.monotonic() < until:
            time.sleep(0.01)
        time.sleep(0.1)
        self.pid = int(within[0])

    def run(self, script: str, *arguments: str) -> str:
        """What a script says there. Raises Said."""
        done = subprocess.run(
            ["nsenter", "-t", str(self.pid), "-m", "-n", "-p", "-u", "bash", "--norc", "-euo", "pipefail", "-c", script,
             "release", *arguments],
            capture_output=True, text=True, timeout=60, check=False, stdin=subprocess.DEVNULL,
            env={**os.environ, "PATH": "/run/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
        )  # fmt: skip
        if done.returncode:
            raise Said(done.stderr.strip() or done.stdout.strip())
        return done.stdout

    def end(self) -> None:
        """And all that runs there."""
        self._holder.kill()
        self._holder.wait()


class Edge(Machine):
    """A router with BIRD; `put` does as `playbooks/library/release.py` does."""

    def put(self, texts: Mapping[str, str]) -> None:
        named, home = digest(texts), "/var/lib/essaim/bird"
        fresh = f"{home}/releases/{named}"
        former = self.run(f"readlink {home}/current || true").strip()
        self.run(f'mkdir -p {fresh}; printf %s "$1" > {fresh}/{FILE}', texts[FILE])
        self.run(f"chgrp -R bird {home}; chmod -R u=rwX,g=rX,o= {home}")
        self.run((FILES / "check.sh").read_text(), fresh)
        self.run(f"ln -sfn releases/{named} {home}/current; ln -sfn {home}/current/{FILE} /etc/bird/{FILE}")
        self.run((FILES / "tell.sh").read_text(), fresh, f"{home}/{former}" if former else "", "hitless")

    def diff(self, wanted: Mapping[str, str]) -> str:
        return unified(BIRD.observed(self.run(BIRD.observation.script)), wanted)

    def since(self, peer: str) -> str:
        """When the session came up, once it is."""
        for _ in range(100):
            row = self.run(f"birdc show protocols {peer} | tail -n 1").split()
            if "Established" in row:
                return row[4]
            time.sleep(0.1)
        raise AssertionError(row)

    def routes(self, version: int) -> dict[str, str]:
        """What is gone by: prefix and where to, as the kernel has it."""
        found = {}
        for _ in range(50):
            said = json.loads(self.run(f"ip -{version} -json route show proto bird || true") or "[]")
            found = {one["dst"]: one.get("gateway", one.get("type", "")) for one in said}
            if "default" in found:
                break
            time.sleep(0.1)
        return found


@pytest.fixture
def edge_and_transit() -> Iterator[tuple[Edge, Machine]]:
    needed = ("bird", "birdc", "unshare", "nsenter", "vtysh")
    if os.getuid() != 0 or any(shutil.which(one) is None for one in needed):
        pytest.skip("needs root, bird (bird2) and frr")
    transit = Machine("-mnpuf")
    try:
        edge = Edge("-mnpuf")
        try:
            cable(edge, transit)
            edge.run(EDGE)
            transit.run(TRANSIT)
            yield edge, transit
        finally:
            edge.end()
    finally:
        transit.end()


@pytest.fixture
def frr_and_transit() -> Iterator[tuple[Edge, Machine]]:
    needed = ("unshare", "nsenter", "vtysh")
    if os.getuid() != 0 or any(shutil.which(one) is None for one in needed) or not MODULES:
        pytest.skip("needs root, frr, frr-pythontools and frr-rpki-rtrlib")
    transit = Machine("-mnpuf")
    try:
        edge = Edge("-mnpuf")
        try:
            cable(edge, transit)
            edge.run(FRR_EDGE)
            transit.run(TRANSIT)
            yield edge, transit
        finally:
            edge.end()
    finally:
        transit.end()


def cable(edge: Machine, transit: Machine) -> None:
    """Join the two."""
    command = f"ip link add transit0 type veth peer name edge0 netns {transit.pid}"
    subprocess.run(["nsenter", "-t", str(edge.pid), "-n", *command.split()], check=True)


def heard(transit: Machine, family: str, least: int) -> dict[str, Any]:
    """What the transit was told by us, by prefix."""
    for _ in range(100):
        table = json.loads(transit.run(f"vtysh -c 'show bgp {family} unicast json'"))["routes"]
        found = {prefix: one[0] for prefix, one in table.items() if one[0].get("path", "").startswith("64496")}
        if len(found) >= least:
            break
        time.sleep(0.1)
    return found


def test_the_session_comes_up_and_each_is_told_what_it_may_be(edge_and_transit: tuple[Edge, Machine]) -> None:
    edge, transit = edge_and_transit
    edge.put(GOLDEN)
    assert edge.diff(GOLDEN) == ""
    since, since6 = edge.since(PEER), edge.since(PEER6)
    assert set(heard(transit, "ipv4", 3)) == {"192.0.2.0/25", "198.51.100.0/24", "203.0.113.0/24"}
    assert set(heard(transit, "ipv6", 1)) == {"2001:db8::/32"}

    four, six = edge.routes(4), edge.routes(6)
    assert (four["default"], four["203.0.113.0/24"]) == ("192.0.2.128", "192.0.2.2")
    assert six["default"] == six["3fff:880::/32"] == six["3fff:900::/32"] == "3fff:0:0:ffff::"
    # Nobody's, ours, too long, to be dropped: none of these came in.
    assert not {"10.0.0.0/8", "198.51.100.0/25", "192.0.2.192/27", "198.18.0.0/16"} & set(four)
    assert not {"fc00:1::/32", "3fff:890::/32"} & set(six)
    assert "BGP.local_pref: 0" in edge.run("birdc show route 3fff:900::/32 all")
    assert "BGP.local_pref: 100" in edge.run("birdc show route 3fff:880::/32 all")

    time.sleep(1.1)
    text = GOLDEN[FILE].replace('description "transit"', 'description "the transit"')
    text = text.replace("  ::/8+,\n", "  ::/8+,\n  3fff:880::/32+,\n", 1)
    edge.put({FILE: text})
    assert edge.diff({FILE: text}) == ""
    for _ in range(50):
        if "3fff:880::/32" not in edge.routes(6):
            break
        time.sleep(0.1)
    assert "3fff:880::/32" not in edge.routes(6)
    assert (edge.since(PEER), edge.since(PEER6)) == (since, since6)  # a filter changed, no session fell


def test_what_bird_cannot_read_is_refused_and_what_is_done_by_hand_is_seen(
    edge_and_transit: tuple[Edge, Machine],
) -> None:
    edge, _ = edge_and_transit
    edge.put(GOLDEN)
    since = edge.since(PEER)
    with pytest.raises(Said, match="syntax error"):
        edge.put({FILE: GOLDEN[FILE].replace("as 64500;", "as sixty;", 1)})
    edge.put(GOLDEN)
    assert edge.since(PEER) == since
    edge.run(f"echo '# hm' >> /etc/bird/{FILE}")
    rows = [row for row in edge.diff(GOLDEN).splitlines() if row[0] in "+-" and row[:3] not in ("+++", "---")]
    assert rows == ["-# hm", "-# essaim.conf was edited by hand"]


@pytest.mark.soak
def test_without_a_kernel_protocol_nobody_would_go_by_it(edge_and_transit: tuple[Edge, Machine]) -> None:
    edge, _ = edge_and_transit
    edge.run("sed -i 's/^protocol kernel.*/protocol kernel { disabled;/' /etc/bird/bird.conf")
    with pytest.raises(Said, match="kernel"):
        edge.put(GOLDEN)


def test_bird_asks_rpki_and_has_an_address_dropped(
    edge_and_transit: tuple[Edge, Machine], rpki_cache: Callable[..., Any]
) -> None:
    edge, transit = edge_and_transit
    with rpki_cache(edge.pid, ANNOUNCED):
        edge.put(WITH_ALL)
        assert edge.diff(WITH_ALL) == ""
        edge.since(PEER6)
        for _ in range(100):
            if "3fff:910::/32" not in edge.routes(6):
                break
            time.sleep(0.1)
        six = edge.routes(6)
        assert "3fff:910::/32" not in six
        assert six["3fff:880::/32"] == six["3fff:900::/32"] == "3fff:0:0:ffff::"
        assert edge.routes(4)["203.0.113.7"] == "blackhole"
        dropped(transit)


def dropped(transit: Machine) -> None:
    """The transit is asked to drop one address of ours, and to tell nobody (RFC 7999)."""
    assert set(heard(transit, "ipv4", 4)) == {"192.0.2.0/25", "198.51.100.0/24", "203.0.113.0/24", "203.0.113.7/32"}
    assert set(heard(transit, "ipv6", 2)) == {"2001:db8::/32", "2001:db8:200:100::7/128"}
    said = transit.run("vtysh -c 'show bgp ipv4 unicast 203.0.113.7/32'")
    assert "Community: blackhole no-export" in said


TEXT_WITH_ALL = (TEXTS / "router" / "with-all" / "frr.conf").read_text()


def work(edge: Machine, script: str, *arguments: str) -> str:
    """As the driver does (provisioning/drivers/frr.py)."""
    command = shlex.join(["sh", "-c", script, "essaim", str(len(TEXT_WITH_ALL)), *arguments])
    return edge.run(f'printf %s "$1" | {command}', TEXT_WITH_ALL)


def test_frr_keeps_to_the_same_rules_and_has_nothing_left_to_do(
    frr_and_transit: tuple[Edge, Machine], rpki_cache: Callable[..., Any]
) -> None:
    edge, transit = frr_and_transit
    with rpki_cache(edge.pid, ANNOUNCED):
        work(edge, frr_scripts.COMMIT, "replace", "0", "unnamed")
        assert work(edge, frr_scripts.COMPARE).partition("\0")[0] == ""
        dropped(transit)
        for _ in range(100):
            held = json.loads(edge.run("vtysh -c 'show bgp ipv6 unicast json'"))["routes"]
            if "3fff:880::/32" in held and "3fff:910::/32" not in held:
                break
            time.sleep(0.1)
        taken = {prefix: one[0] for prefix, one in held.items() if one[0].get("peerId") == "3fff:0:0:ffff::"}
        assert set(taken) == {"::/0", "3fff:880::/32", "3fff:900::/32"}
        assert taken["3fff:900::/32"]["locPrf"] == 0
        assert taken["3fff:880::/32"].get("locPrf", 100) == 100


def test_frr_without_its_rpki_module_refuses_and_keeps_what_it_had(frr_and_transit: tuple[Edge, Machine]) -> None:
    edge, _ = frr_and_transit
    edge.run("kill $(cat /run/frr/bgpd.pid); sleep 0.5; /usr/lib/frr/bgpd -d -F traditional -A 127.0.0.1")
    before = edge.run("vtysh -c 'show running-config'")
    with pytest.raises(Said):
        work(edge, frr_scripts.COMMIT, "replace", "0", "unnamed")
    assert edge.run("vtysh -c 'show running-config'") == before
