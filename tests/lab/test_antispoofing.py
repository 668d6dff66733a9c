"""Members' own addresses in a real kernel: theirs pass, others do not, and segments fit the tunnel."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from foundation.settings import Settings
from provisioning.artifact import Target
from provisioning.artifacts.antispoofing import ANTISPOOFING_VPN
from provisioning.drivers.ansible import AnsibleDriver
from provisioning.drivers.protocol import ConfigurationRefused
from provisioning.texts import digest

TEXT = Path(__file__).parents[1] / "golden" / "antispoofing" / "debian" / "essaim.nft"
OWN = {"198.51.100.2": "192.0.2.200", "2001:db8:100:200::1": "3fff:0:1::200"}
"""An address of L0002 in either family, and who is spoken to on the Internet from it."""
OTHERS = {"198.51.100.77": "192.0.2.200", "192.0.2.4": "192.0.2.200", "2001:db8:100:900::1": "3fff:0:1::200"}

# A home, the VPN server between, and the Internet: three namespaces, two cables; wg0 is the cable to the home.
WIRES = """
set -eu
unshare -n sleep 60 >/dev/null & home=$!
unshare -n sleep 60 >/dev/null & internet=$!
trap 'kill $home $internet' EXIT
for each in $home $internet; do
  until [ "$(readlink /proc/$each/ns/net)" != "$(readlink /proc/$$/ns/net)" ]; do sleep 0.01; done
done
echo 1 >/proc/sys/net/ipv4/ip_forward
echo 1 >/proc/sys/net/ipv6/conf/all/forwarding
echo 0 >/proc/sys/net/ipv4/conf/all/rp_filter
ip link add wg0 mtu 1500 type veth peer name eth0 netns $home
ip link add far0 mtu 1500 type veth peer name eth0 netns $internet
for port in wg0 far0; do echo 0 >/proc/sys/net/ipv6/conf/$port/accept_dad; ip link set $port up; done
ip addr add 192.0.2.193/27 dev far0; ip addr add 3fff:0:1::1/64 dev far0
ip addr add 192.0.2.233/29 dev wg0; ip addr add 3fff:0:2::1/64 dev wg0
for prefix in OWN OTHERS; do ip route replace $prefix dev wg0 2>/dev/null || ip -6 route replace $prefix dev wg0; done
at_home() { nsenter -t $home -n "$@"; }
at_home sh -c 'echo 0 >/proc/sys/net/ipv6/conf/eth0/accept_dad'; at_home ip link set eth0 up
for address in OWN OTHERS; do at_home ip addr add $address dev eth0; done
at_home ip route add default dev eth0; at_home ip -6 route add default dev eth0
far() { nsenter -t $internet -n "$@"; }
far sh -c 'echo 0 >/proc/sys/net/ipv6/conf/eth0/accept_dad'; far ip link set eth0 up
far ip addr add 192.0.2.200/27 dev eth0; far ip addr add 3fff:0:1::200/64 dev eth0
far ip route add default via 192.0.2.193; far ip -6 route add default via 3fff:0:1::1
echo 1 >/proc/sys/net/ipv4/conf/wg0/proxy_arp
echo 1 >/proc/sys/net/ipv6/conf/all/proxy_ndp; ip -6 neigh add proxy 3fff:0:1::200 dev wg0
nft -f "$1"
nsenter -t $internet -n python3 -c "$3" serve >/dev/null & served=$!
trap 'kill $home $internet $served' EXIT
at_home python3 -c "$3" ask "$2"
"""
TALK = """
import json, socket, sys, time
def serve():
    import selectors
    ready = selectors.DefaultSelector()
    for family, host in ((socket.AF_INET, "192.0.2.200"), (socket.AF_INET6, "3fff:0:1::200")):
        server = socket.create_server((host, 7000), family=family)
        ready.register(server, selectors.EVENT_READ)
    while True:
        for key, _ in ready.select():
            peer, _ = key.fileobj.accept()
            peer.sendall(b"%d\\n" % peer.getsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG))
            peer.close()
def ask(source, host, patience):
    try:
        with socket.create_connection((host, 7000), patience, source_address=(source, 0)) as talk:
            return int(talk.makefile().readline())
    except ConnectionRefusedError:
        time.sleep(0.05)
        return ask(source, host, patience)
    except OSError as lost:
        return str(lost)
if sys.argv[1] == "serve":
    serve()
own, others = json.loads(sys.argv[2])
print(json.dumps([{a: ask(a, b, 5) for a, b in own.items()}, {a: ask(a, b, 0.7) for a, b in others.items()}]))
"""


def said(text: Path) -> Any:
    """What each address was answered: the largest segment that the server may send to it, or why nothing came."""
    if os.getuid() != 0 or shutil.which("nft") is None:
        pytest.skip("needs root and nft")
    wires = WIRES
    for name, held in (("OWN", OWN), ("OTHERS", OTHERS)):
        wires = wires.replace(f" {name}", " " + " ".join(held))
    done = subprocess.run(
        ["unshare", "-n", "bash", "-c", wires, "wires", str(text), json.dumps([OWN, OTHERS]), TALK],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_members_own_addresses_pass_with_segments_that_fit_the_tunnel_and_no_other_does() -> None:
    own, others = said(TEXT)
    assert 1300 < own["198.51.100.2"] <= 1380
    assert 1280 < own["2001:db8:100:200::1"] <= 1360
    assert others == dict.fromkeys(OTHERS, "timed out")


def test_without_the_table_they_would_all_pass() -> None:
    own, others = said(Path("/dev/null"))
    assert min(*own.values(), *others.values()) > 1400


def test_a_release_replaces_our_table_alone_and_what_is_done_by_hand_is_seen(lab: Any, tmp_path: Path) -> None:
    settings = Settings(var=tmp_path, lab=True, ssh_key_file=lab.means.key_file)
    settings.lab_folder.symlink_to(lab.folder)
    (tmp_path / "ssh").mkdir()
    shutil.copy(lab.means.known_hosts, settings.means().known_hosts)
    driver, target = AnsibleDriver(settings), Target(lab.machine("vpn"), ANTISPOOFING_VPN)
    texts = {TEXT.name: TEXT.read_text()}
    lab.shell("vpn", "nft add table inet volunteer")
    driver.apply(target, texts, digest({}))
    driver.confirm(target, digest(texts))
    assert driver.look(target, texts).diff == ""

    lab.shell("vpn", "nft add element inet essaim wg0_v4_1420 '{ 192.0.2.99 }'")
    seen = driver.look(target, texts)
    rows = [row for row in seen.diff.splitlines() if row[0] in "+-" and row[:3] not in ("+++", "---")]
    assert rows == ["-\t\t\t192.0.2.99,"]
    wrong = {TEXT.name: texts[TEXT.name].replace("192.0.2", "x").replace("198.51.100.3 ", "198.51.100.300 ")}
    with pytest.raises(ConfigurationRefused):
        driver.apply(target, wrong, digest(seen.texts))
    driver.apply(target, texts, digest(seen.texts))
    driver.confirm(target, digest(texts))
    assert driver.look(target, texts).diff == ""
    assert "volunteer" in lab.shell("vpn", "nft list tables")
