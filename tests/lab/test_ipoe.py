"""A member's box in its VLAN: what it is given by the real Kea and radvd, and the way back to it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from provisioning.artifacts.ipoe import IPOE, LINES
from provisioning.texts import digest, unified

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "tests" / "golden" / "ipoe" / "debian"
FILES = ROOT / "playbooks" / "roles" / "ipoe" / "files"
SERVED = ("kea-dhcp4", "kea-dhcp6", "radvd", "nft")

# The kernel of a trial may have no VLANs: a cable of that name to each member's box stands for one.
GATEWAY = """
mount -t sysfs none /sys
for folder in /run /var/lib /var/log /tmp /usr/local/sbin; do mount -t tmpfs none $folder; done
mkdir -p /run/bin /run/copy /run/kea /run/lock/kea /var/lib/kea /var/lib/essaim /var/log/kea /run/lock
mkdir -p /run/etc /run/work; mount -t overlay -o lowerdir=/etc,upperdir=/run/etc,workdir=/run/work none /etc
cat >/run/bin/systemctl <<'END'
#!/bin/bash
pid=/run/unit-${!#}.pid
active() { grep -q '^State:.[^Z]' /proc/$(cat $pid 2>/dev/null || echo none)/status 2>/dev/null; }
start() {
  case $1 in
    essaim-ipoe) set -- /usr/local/sbin/essaim-ipoe serve ;;
    kea-dhcp?-server) set -- ${1%-server} -c /etc/kea/${1%-server}.conf ;;
    radvd) set -- radvd --nodaemon --logmethod stderr_clean ;;
  esac
  setsid bash -c 'echo $$ >$0; exec "$@"' $pid "$@" >/run/log-${pid##*/} 2>&1 </dev/null &
  sleep 0.5
}
stop() { if active; then kill -- -$(cat $pid); while active; do sleep 0.05; done; fi; }
case $1 in
  is-active) active ;;
  stop) stop ;;
  restart) stop; start ${!#} ;;
  reload) kill -HUP $(cat $pid) ;;
  kill) kill -HUP $(cat $pid) ;;
esac
END
chmod 755 /run/bin/systemctl
ip link set lo up
echo 1 >/proc/sys/net/ipv4/ip_forward; echo 1 >/proc/sys/net/ipv6/conf/all/forwarding
"""
BOX = """
ip link add $2 type veth peer name wan0 netns $1
ip link set $2 alias essaim
nsenter -t $1 -n bash -c '
  ip link set lo up; echo 0 >/proc/sys/net/ipv6/conf/wan0/accept_dad; ip link set wan0 up
  echo 1 >/proc/sys/net/ipv6/conf/all/forwarding; echo 2 >/proc/sys/net/ipv6/conf/wan0/accept_ra'
echo 0 >/proc/sys/net/ipv6/conf/$2/accept_dad
"""
# DHCP by hand (RFC 2131, 8415): no client is needed, and what is said can be looked at.
ASK = """
import ipaddress, json, os, socket, struct, sys, time
with socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM) as asked:
    asked.bind(("wan0", 0))
    mac = asked.getsockname()[4]
def four(kind, *options):
    with socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x0800)) as wire:
        wire.bind(("wan0", 0x0800)); wire.settimeout(5)
        body = struct.pack("!BBBBIHH16x16s192x4s", 1, 1, 6, 0, 7, 0, 0x8000, mac, b"c\\x82Sc")
        for code, value in ((53, bytes([kind])), (55, bytes((1, 121, 3, 6, 26))), *options):
            body += bytes((code, len(value))) + value
        body += b"\\xff"
        udp = struct.pack("!HHHH", 68, 67, 8 + len(body), 0) + body
        head = struct.pack("!BBHHHBBH4s4s", 69, 0, 20 + len(udp), 0, 0, 64, 17, 0, b"", b"\\xff" * 4)
        total = sum(struct.unpack("!10H", head)); total = (total >> 16) + (total & 65535)
        head = head[:10] + struct.pack("!H", 65535 - total) + head[12:]
        wire.sendto(head + udp, ("wan0", 0x0800, 0, 0, b"\\xff" * 6))
        end = time.monotonic() + 5
        while time.monotonic() < end:
            got = wire.recv(4096)
            if got[9] == 17 and got[22:24] == b"\\0D" and got[28:29] == b"\\x02":
                dhcp, said, at = got[28:], {}, 240
                while dhcp[at] != 255:
                    said[dhcp[at]] = dhcp[at + 2 : at + 2 + dhcp[at + 1]]; at += 2 + dhcp[at + 1]
                return dhcp[16:20], said
def lease():
    offered, said = four(1)
    held, said = four(3, (50, offered), (54, said[54]))
    ip = lambda raw: str(ipaddress.ip_address(raw))
    size = int.from_bytes(said[26], "big")
    raw, ways = said[121], []
    while raw:  # RFC 3442
        octets = (raw[0] + 7) // 8
        ways.append(f"{ip(raw[1 : 1 + octets].ljust(4, bytes(1)))}/{raw[0]}"); raw = raw[5 + octets :]
    return {
        "kind": said[53][0], "address": ip(held), "mask": ip(said[1]), "router": ip(said[3]), "mtu": size, "ways": ways
    }
def six(kind, *options):
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as wire:
        wire.settimeout(5); wire.bind(("::", 546))
        duid = b"\\0\\x03\\0\\x01" + mac
        body = bytes((kind, 1, 2, 3))
        for code, value in ((1, duid), (8, b"\\0\\0"), *options):
            body += struct.pack("!HH", code, len(value)) + value
        wire.sendto(body, ("ff02::1:2", 547, 0, socket.if_nametoindex("wan0")))
        got, said, at = wire.recv(4096), {}, 4
        while at < len(got):
            code, length = struct.unpack("!HH", got[at : at + 4])
            said[code] = got[at + 4 : at + 4 + length]; at += 4 + length
        return said
def delegated():
    advertised = six(1, (25, struct.pack("!III", 1, 0, 0)))
    said = six(3, (2, advertised[2]), (25, advertised[25]))[25][12:]
    code, length, _, valid, width = struct.unpack("!HHIIB", said[:13])
    return {"prefix": f"{ipaddress.ip_address(said[13:29])}/{width}", "valid": valid}
print(json.dumps({"lease": lease(), "delegated": delegated()}))
"""


class Said(Exception):
    """What a script complained of."""


class Gateway:
    """A machine of its own with boxes behind it; `put` does as `playbooks/library/release.py` does."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.run(GATEWAY)

    def run(self, script: str, *arguments: str) -> str:
        done = subprocess.run(
            ["nsenter", "-t", str(self.pid), "-m", "-n", "-p", "bash", "--norc", "-euo", "pipefail", "-c", script,
             "release", *arguments],
            capture_output=True, text=True, timeout=60, check=False, stdin=subprocess.DEVNULL,
            env={**os.environ, "PATH": "/run/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin"},
        )  # fmt: skip
        if done.returncode:
            raise Said(done.stderr.strip() or done.stdout.strip())
        return done.stdout

    def put(self, texts: Mapping[str, str]) -> None:
        home, named = "/var/lib/essaim/ipoe", digest(texts)
        fresh = f"{home}/releases/{named}"
        self.run(f"mkdir -p {fresh}")
        for name, text in texts.items():
            self.run(f'printf %s "$2" > {fresh}/"$1"', name, text)
        self.run((FILES / "check.sh").read_text(), fresh)
        self.run(f"chgrp -R _kea {home}; chmod -R u=rwX,g=rX,o= {home}; ln -sfn releases/{named} {home}/current")
        for name in ("kea/kea-dhcp4.conf", "kea/kea-dhcp6.conf", "radvd.conf"):
            self.run(f"ln -sfn {home}/current/{name.rpartition('/')[2]} /etc/{name}")
        self.run((FILES / "tell.sh").read_text(), fresh, "", "hitless")

    def diff(self, wanted: Mapping[str, str]) -> str:
        return unified(IPOE.observed(self.run(IPOE.observation.script)), wanted)


def ask(box: int) -> dict[str, dict[str, object]]:
    """What a box is given."""
    done = subprocess.run(
        ["nsenter", "-t", str(box), "-n", "python3", "-c", ASK], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    answer: dict[str, dict[str, object]] = json.loads(done.stdout)
    return answer


@pytest.fixture
def gateway_and_boxes() -> Iterator[tuple[Gateway, dict[str, int]]]:
    if os.getuid() != 0 or any(shutil.which(one) is None for one in (*SERVED, "unshare", "nsenter")):
        pytest.skip("needs root, kea-dhcp4-server, kea-dhcp6-server, radvd and nft")
    holders = [
        subprocess.Popen(["unshare", "-mnpf", "--kill-child", "--mount-proc", "sleep", "120"]),
        *(subprocess.Popen(["unshare", "-n", "sleep", "120"]) for _ in range(2)),
    ]
    time.sleep(0.3)
    try:
        children = Path(f"/proc/{holders[0].pid}/task/{holders[0].pid}/children")
        gateway = Gateway(int(children.read_text().split()[0]))
        names = [row.split()[0] for row in golden()[LINES].splitlines() if not row.startswith("#")]
        boxes = dict(zip(names, (one.pid for one in holders[1:]), strict=True))
        for name, box in boxes.items():
            # Not within its process numbers: those of the boxes are ours.
            subprocess.run(
                ["nsenter", "-t", str(gateway.pid), "-n", "bash", "-euc", BOX, "box", str(box), name], check=True
            )
        yield gateway, boxes
    finally:
        for one in holders:
            one.kill()
            one.wait()


def golden() -> dict[str, str]:
    return {path.name: path.read_text() for path in FOLDER.iterdir()}


def test_a_box_is_given_what_is_its_lines_and_its_prefix_comes_back_to_it(
    gateway_and_boxes: tuple[Gateway, dict[str, int]],
) -> None:
    gateway, boxes = gateway_and_boxes
    texts = golden()
    gateway.put(texts)
    assert gateway.diff(texts) == ""
    rows = {row.split()[0]: row.split() for row in texts[LINES].splitlines() if not row.startswith("#")}
    for name, box in boxes.items():
        router, _, address, *behind = rows[name][5:]
        given = ask(box)
        assert given["lease"] == {
            "kind": 5, "address": address.removesuffix("/32"), "mask": "255.255.255.255", "router": router,
            "ways": [f"{router}/32", "0.0.0.0/0"],
            "mtu": int(rows[name][4]),
        }  # fmt: skip
        (six,) = [each.removeprefix("by:") for each in behind if each.count(":") > 1]
        assert given["delegated"]["prefix"] == six
        (way,) = until(gateway, f"ip -6 -json route show {six} dev {name}")
        assert way["gateway"].startswith("fe80:")
    assert [one["gateway"] for one in routes(gateway, "-4", "100.64.17.0/29")] == [rows["coll0.100.2"][7][:-3]]
    said = subprocess.run(
        ["nsenter", "-t", str(boxes["coll0.4094"]), "-n", "ip", "-6", "route", "show", "default"],
        capture_output=True, text=True, timeout=5, check=True,
    ).stdout  # fmt: skip
    assert "proto ra" in said
    assert "fe80:" in said


def test_a_member_sends_from_their_own_address_alone_and_segments_fit_their_line(
    gateway_and_boxes: tuple[Gateway, dict[str, int]],
) -> None:
    gateway, boxes = gateway_and_boxes
    gateway.put(golden())
    inside = ["nsenter", "-t", str(boxes["coll0.4094"]), "-n"]
    for command in ("ip addr add 100.64.16.2/32 dev wan0", "ip addr add 203.0.113.77/32 dev wan0",
                    "ip route add default via 100.64.16.1 dev wan0 onlink"):  # fmt: skip
        subprocess.run([*inside, *command.split()], check=True)

    def heard(source: str) -> bool:
        ping = ["ping", "-n", "-q", "-c", "1", "-W", "1", "-I", source, "100.64.16.1"]
        return subprocess.run([*inside, *ping], capture_output=True, check=False).returncode == 0

    def dropped() -> int:
        found = re.search(r"counter packets (\d+)", gateway.run("nft list table inet essaim_ipoe"))
        return int(found.group(1)) if found else -1

    assert heard("100.64.16.2")
    assert dropped() == 0
    assert not heard("203.0.113.77")
    assert dropped() == 1
    table = gateway.run("nft list table inet essaim_ipoe")
    assert table.count("maxseg size set 1452") == table.count("maxseg size set 1432") == 2  # L0006's 1492, both ways


def until(gateway: Gateway, command: str) -> list[dict[str, str]]:
    """What it says, once it says something."""
    for _ in range(60):
        found: list[dict[str, str]] = json.loads(gateway.run(command) or "[]")
        if found:
            return found
        time.sleep(0.1)
    return []


def routes(gateway: Gateway, family: str, prefix: str) -> list[dict[str, str]]:
    found: list[dict[str, str]] = json.loads(gateway.run(f"ip {family} -json route show {prefix}") or "[]")
    return found


def test_a_line_that_goes_is_served_no_more_and_the_others_are(
    gateway_and_boxes: tuple[Gateway, dict[str, int]],
) -> None:
    gateway, boxes = gateway_and_boxes
    gateway.put(golden())
    before = gateway.run("cat /run/unit-kea-dhcp4-server.pid")
    fewer = without(golden(), "L0007", "coll0.4094")
    gateway.put(fewer)
    assert gateway.diff(fewer) == ""
    assert gateway.run("cat /run/unit-kea-dhcp4-server.pid") == before
    assert gateway.run("ls /sys/class/net").split().count("coll0.4094") == 0
    assert ask(boxes["coll0.100.2"])["lease"]["kind"] == 5
    gateway.run("echo '# hm' >>/etc/radvd.conf")  # by way of the link, into the release
    assert [row for row in gateway.diff(fewer).splitlines() if row.startswith("-#")] == [
        "-# ipoe was edited by hand", "-# hm",
    ]  # fmt: skip


def without(texts: Mapping[str, str], line: str, interface: str) -> dict[str, str]:
    """The texts of one line fewer, as the templates would write them: the last one goes."""
    found = {**texts, LINES: "".join(row for row in texts[LINES].splitlines(keepends=True) if f" {line} " not in row)}
    for name in ("kea-dhcp4.conf", "kea-dhcp6.conf"):
        text = re.sub(rf',\n    "{re.escape(interface)}[^"]*"\n', "\n", texts[name])
        start = text.index(f'    {{ "name": "{line}"')
        found[name] = text[:start].rstrip().removesuffix(",") + "\n" + text[text.index("\n    ] }\n", start) + 9 :]
    found["radvd.conf"] = texts["radvd.conf"].partition(f"# {line}\n")[0]
    return found


def test_what_kea_cannot_read_is_refused(gateway_and_boxes: tuple[Gateway, dict[str, int]]) -> None:
    gateway, boxes = gateway_and_boxes
    gateway.put(golden())
    wrong = {**golden(), "kea-dhcp4.conf": golden()["kea-dhcp4.conf"].replace('"routers"', '"rooters"', 1)}
    with pytest.raises(Said, match="rooters"):
        gateway.put(wrong)
    assert gateway.diff(golden()) == ""
    assert ask(boxes["coll0.4094"])["lease"]["kind"] == 5
