"""FRR and BIRD side by side: known to each other by a key; and FRR in an LNS' place, which tells BIRD of members."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from ipaddress import ip_address, ip_interface, ip_network
from pathlib import Path

import pytest

from foundation.text import render
from provisioning.artifacts.edge import Peer, Port, Router, _members
from provisioning.artifacts.inside import Key, Way
from provisioning.drivers import frr_scripts

A, B = ("a" * 16, "b" * 32), ("c" * 16, "d" * 32)
ONE = (Key(1, *A),)
WAITING = (Key(1, *A), Key(2, *B, sent=False))
SENT = (Key(2, *B), Key(1, *A, sent=False))
GONE = (Key(2, *B),)
SECONDS = 25.0
INSIDE = ("-m", "-n", "-p", "-u")
NEEDED = ("unshare", "nsenter", "vtysh", "bird", "birdc")

FRR = """
hostname router
for folder in /run /var/lib; do mount -t tmpfs none $folder; done
install -d -o frr -g frr /run/frr; mkdir -p /run/copy
cp -a /etc/frr /run/copy/; mount --bind /run/copy/frr /etc/frr
ip link set lo up
echo 0 >/proc/sys/net/ipv6/conf/pair0/accept_dad; ip link set pair0 up
echo 'service integrated-vtysh-config' >/etc/frr/vtysh.conf
: >/etc/frr/frr.conf
for daemon in zebra staticd ospfd ospf6d; do /usr/lib/frr/$daemon -d -F traditional -A 127.0.0.1; done
"""
BIRD = """
for folder in /run /tmp; do mount -t tmpfs none $folder; done
mkdir -p /run/bird
ip link set lo up
echo 0 >/proc/sys/net/ipv6/conf/pair0/accept_dad; ip link set pair0 up
cat >/run/bird.conf
setsid bird -c /run/bird.conf
"""
DEBIANS = "protocol device { }\nprotocol kernel { ipv4 { export all; }; }\nprotocol kernel { ipv6 { export all; }; }\n"


class Machine:
    """A machine of its own in namespaces."""

    def __init__(self) -> None:
        flags = ["-mnpuf", "--kill-child", "--mount-proc"]
        self._holder = subprocess.Popen(["unshare", *flags, "sleep", "240"])
        children = Path(f"/proc/{self._holder.pid}/task/{self._holder.pid}/children")
        until = time.monotonic() + 5
        while not (within := children.read_text().split()) and time.monotonic() < until:
            time.sleep(0.01)
        time.sleep(0.1)
        self.pid = int(within[0])

    def run(self, script: str, stdin: str = "") -> str:
        """What a script says there."""
        done = subprocess.run(
            ["nsenter", "-t", str(self.pid), *INSIDE, "bash", "--norc", "-euo", "pipefail", "-c", script],
            capture_output=True, text=True, timeout=90, check=False, input=stdin,
            env={**os.environ, "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr + done.stdout
        return done.stdout

    def end(self) -> None:
        """And all that runs there."""
        self._holder.kill()
        self._holder.wait()


def router(end: int, keys: tuple[Key, ...], digest: str, signed: tuple[int, ...]) -> Router:
    """One end of a link, whose routes and peers are of no matter here."""
    held = (ip_interface(f"192.0.2.{20 + end}/31"), ip_interface(f"2001:db8:0:3::{end}/127"))
    return Router(
        hostname="router", asn=None, router_id=f"192.0.2.{20 + end}",
        interfaces=(Port("pair0", "", held),), routes=(), aggregates=(), dropped=(), rules=(), peers=(), caches=(),
        ways=(Way("pair0", (4, 6), quiet=False, two=True, cost=10),), keys=keys, digest=digest,
        signed=signed,
    )  # fmt: skip


class Frr(Machine):
    """One that runs FRR: its text is put there as the driver does (provisioning/drivers/frr.py)."""

    def begin(self) -> None:
        self.run(FRR)

    def put(self, one: Router) -> None:
        text = render("provisioning", "router/frr.j2", {"router": one})
        for script, more in ((frr_scripts.COMMIT, ("replace", "0", "unnamed")), (frr_scripts.COMPARE, ())):
            said = self.run(shlex.join(["sh", "-c", script, "essaim", str(len(text)), *more]), text)
        assert said.partition("\0")[0] == ""  # nothing is left to do

    def up(self) -> list[float]:
        """Since how many seconds it hears its neighbour in full, over IPv4 and IPv6; fewer where it does not."""
        said = self.run("vtysh -c 'show ip ospf neighbor' -c 'show ipv6 ospf6 neighbor'")
        return [seconds(one) for one in re.findall(r" Full/\S+ +(\S+) ", said)]


class Bird(Machine):
    """One that runs BIRD."""

    def begin(self) -> None:
        self.run(BIRD, "router id 192.0.2.99;\n" + DEBIANS)

    def has(self, one: Router) -> None:
        """BIRD sets no address."""
        for held in one.interfaces[0].addresses:
            self.run(f"ip addr replace {held} dev pair0{' nodad' if held.version == 6 else ''}")

    def put(self, one: Router) -> None:
        self.has(one)
        text = DEBIANS + render("provisioning", "bird/debian.j2", {"router": one})
        self.run("cat >/run/bird.conf; birdc configure soft", text)

    def up(self) -> list[float]:
        return [0.0 for row in self.run("birdc show ospf neighbors").splitlines() if "Full/" in row]


class Pair:
    """Two routers at the ends of a link, and in which families they sign."""

    def __init__(self, left: Frr | Bird, right: Frr | Bird) -> None:
        self.left, self.right = left, right
        self.digest = "md5" if isinstance(left, Frr) else "hmac-sha-256"
        self.signed = (4, 6) if isinstance(left, type(right)) else (4,)

    def left_is(self, keys: tuple[Key, ...]) -> None:
        self.left.put(router(0, keys, self.digest, self.signed))

    def right_is(self, keys: tuple[Key, ...]) -> None:
        self.right.put(router(1, keys, self.digest, self.signed))

    def up(self) -> list[float]:
        return self.left.up()


def seconds(said: str) -> float:
    """Of `41.433s`, `1m02s` or `00:00:35`."""
    if ":" in said:
        return float(sum(int(one) * 60**rank for rank, one in enumerate(reversed(said.split(":")))))
    return sum(float(many) * {"h": 3600, "m": 60, "s": 1}[unit] for many, unit in re.findall(r"([\d.]+)([hms])", said))


def soon(wanted: Callable[[], bool]) -> bool:
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        if wanted():
            return True
        time.sleep(0.2)
    return False


@pytest.fixture
def pair(request: pytest.FixtureRequest) -> Iterator[Pair]:
    if os.getuid() != 0 or any(shutil.which(one) is None for one in NEEDED):
        pytest.skip("needs root, frr, frr-pythontools and bird (bird2)")
    kinds: dict[str, type[Frr | Bird]] = {"frr": Frr, "bird": Bird}
    left, right = (kinds[one]() for one in request.param.split("-"))
    try:
        cable = f"ip link add pair0 type veth peer name pair0 netns {right.pid}"
        subprocess.run(["nsenter", "-t", str(left.pid), "-n", *cable.split()], check=True)
        left.begin()
        right.begin()
        yield Pair(left, right)
    finally:
        left.end()
        right.end()


@pytest.mark.parametrize(
    "pair",
    ["frr-bird", pytest.param("frr-frr", marks=pytest.mark.soak), pytest.param("bird-bird", marks=pytest.mark.soak)],
    indirect=True,
)
def test_a_router_with_another_key_or_none_is_not_heard(pair: Pair) -> None:
    alone = 2 - len(pair.signed)  # without a key on either side
    pair.left_is(ONE)
    pair.right_is(())
    assert soon(lambda: len(pair.up()) == alone)
    time.sleep(2)
    assert len(pair.up()) == alone
    pair.right_is((Key(1, *B),))
    time.sleep(2)
    assert len(pair.up()) == alone
    pair.right_is(ONE)
    assert soon(lambda: len(pair.up()) == 2)


@pytest.mark.soak
@pytest.mark.timeout(180)
@pytest.mark.parametrize("pair", ["frr-bird", "frr-frr"], indirect=True)
def test_a_key_takes_the_place_of_another_and_nobody_is_parted(pair: Pair) -> None:
    pair.left_is(ONE)
    pair.right_is(ONE)
    assert soon(lambda: len(pair.up()) == 2)
    begun = time.monotonic()

    def stands(*, six: bool) -> bool:
        """Whether no adjacency fell since the beginning; over IPv6 alone, where asked."""
        held = pair.up()
        return len(held) == 2 and min(held[1:] if six else held) >= time.monotonic() - begun - 3

    for keys in (WAITING, SENT, GONE):
        for bring in (pair.left_is, pair.right_is):
            bring(keys)
            if keys is not SENT:
                time.sleep(5)  # whoever is not believed is given up after four
        # Over IPv4 FRR has one key at a time: what fell between the two comes back.
        assert soon(lambda: stands(six=True)), keys
        if keys is WAITING:
            assert stands(six=False)


TELLS = """
for daemon in zebra bgpd; do pidof $daemon >/dev/null || /usr/lib/frr/$daemon -d -F traditional -A 127.0.0.1; done
vtysh <<'END'
configure terminal
interface pair0
 ip address 192.0.2.20/31
 ipv6 address 2001:db8:0:3::/127
exit
router bgp 64496
 bgp router-id 192.0.2.20
 no bgp default ipv4-unicast
 no bgp network import-check
 timers bgp 1 3
 neighbor 192.0.2.21 remote-as 64496
 neighbor 192.0.2.21 timers connect 1
 address-family ipv6 unicast
  neighbor 192.0.2.21 activate
  neighbor 192.0.2.21 route-map BY-SIX out
  network 2001:db8:200:100::/56
  network 3fff:880::/32
 exit-address-family
exit
route-map BY-SIX permit 10
 set ipv6 next-hop global 2001:db8:0:3::
exit
END
"""
TELLS_FOUR = """
vtysh <<'END'
configure terminal
router bgp 64496
 address-family ipv4 unicast
  neighbor 192.0.2.21 activate
  network 203.0.113.9/32
  network 198.51.100.128/25
 exit-address-family
END
"""


@pytest.mark.parametrize("pair", ["frr-bird"], indirect=True)
def test_bird_believes_an_lns_of_its_members_and_of_nothing_else(pair: Pair) -> None:
    ours = [ip_network("203.0.113.0/24"), ip_network("2001:db8::/32")]
    lns = Peer(ip_address("192.0.2.20"), 64496, "lns", 1000, fast=True, internal=True, lns=True)
    right = replace(router(1, (), "md5", (4,)), asn=64496, ways=(), peers=(lns,), members=tuple(_members(ours)))
    pair.left.run(TELLS)
    pair.right.put(right)

    def routes(version: int) -> dict[str, str]:
        said = pair.right.run(f"birdc 'show route table master{version} protocol essaim_192_0_2_20' || true")
        return dict(re.findall(r"^(\S+/\d+) .*\n\s+via (\S+) on pair0", said, re.MULTILINE))

    # Who says IPv6 alone, as l2tpns does, is believed of it alone: BIRD has no word to take the other for said.
    assert soon(lambda: routes(6) == {"2001:db8:200:100::/56": "2001:db8:0:3::"})
    assert routes(4) == {}
    pair.left.run(TELLS_FOUR)
    assert soon(lambda: routes(4) == {"203.0.113.9/32": "192.0.2.20"})
    assert soon(lambda: routes(6) == {"2001:db8:200:100::/56": "2001:db8:0:3::"})
    heard = pair.left.run("vtysh -c 'show bgp summary json'")
    assert re.search(r'"pfxRcd": ?[1-9]', heard) is None
