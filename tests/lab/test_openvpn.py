"""OpenVPN as its members meet it: the rendered texts in a real daemon, the handed-out files in real clients."""

from __future__ import annotations

import re
import secrets
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from foundation import clock
from foundation.acts import Act
from foundation.database import EssaimSession, Store, reading
from foundation.settings import Settings
from foundation.vault import Vault
from inventory import (
    addresses,
    authority,
    certificates,
    device_secrets,
    devices,
    lines,
    members,
    offers,
    places,
    tls_crypt,
)
from inventory.lines import Ordering
from inventory.models.addresses import Role
from inventory.models.devices import Device
from inventory.models.lines import LineState, Offer
from monitoring import openvpn
from monitoring import poll as rounds
from monitoring.connections import LastConnection, last_connection
from monitoring.models import open_samples
from monitoring.poll import OpenVpnServer
from provisioning import ending, handouts, probes
from provisioning.artifact import Effect, Impact, Target
from provisioning.artifacts.openvpn import OPENVPN
from provisioning.drivers.ansible import AnsibleDriver
from provisioning.drivers.protocol import ConfigurationRefused
from provisioning.handouts import Form
from provisioning.openvpn_handouts import OpenVpnHandout
from provisioning.texts import digest

Texts = Mapping[str, str]
HOMES = ("hosted1", "radius", "lns")
"""Machines on the VPN server's own LAN, each of which plays a home."""
SERVER = ("198.51.100.1", "2001:db8:100::1")
ASK = """import socket
daemon = socket.socket(socket.AF_UNIX)
daemon.connect("/run/openvpn-server/essaim.sock")
print(daemon.recv(100))
"""
COUNT = "table inet seen { chain in { type filter hook prerouting priority raw; iifname ovpn0 ip saddr %s counter; }; }"


@dataclass
class Tunnels:
    """An association whose VPN server is the lab's, with a line each for those homes."""

    lab: Any
    session: EssaimSession
    vpn: Device
    offer: Offer
    settings: Settings
    driver: AnsibleDriver
    target: Target
    running: dict[str, Path] = field(default_factory=dict)
    """The homes that are at it, each with its program's log."""

    @property
    def act(self) -> Act:
        return Act("machine:test", clock.now(), "test")

    @property
    def texts(self) -> Texts:
        return OPENVPN.desired(self.session, self.vpn, clock.now())

    @property
    def sessions(self) -> dict[str, openvpn.Session]:
        """Who is connected, by the names of their certificates."""
        return {one.name: one for one in openvpn.read_sessions(self.lab.means, self.lab.machine("vpn"))}

    @property
    def pids(self) -> list[int]:
        """The server's processes: others than before once it was restarted."""
        pids: list[int] = self.lab.keeper.state()["vpn"].units["openvpn-server@essaim"]
        return pids

    def order(self, rank: int) -> str:
        who = members.add_member(self.session, self.act, f"Camille {rank}", email=f"c{rank}@membres.example")
        return str(lines.order_line(self.session, self.act, who, self.offer, Ordering()))

    def apply(self, texts: Texts) -> Effect:
        """Bring the texts to the machine: what that was announced to do to people."""
        seen = self.driver.look(self.target, texts)
        effect = OPENVPN.effect(seen.texts, texts)
        self.driver.apply(self.target, texts, digest(seen.texts))
        self.driver.confirm(self.target, digest(texts))
        assert self.driver.look(self.target, texts).diff == ""
        return effect

    def hand_out(self, number: str) -> OpenVpnHandout:
        line = lines.find_line(self.session, number)
        made, _ = handouts.hand_out(self.session, self.act, line, line.shares[0], "ovpn")
        assert isinstance(made, OpenVpnHandout)
        return made

    def connect(self, home: str, text: str) -> Path:
        """A home runs its file as it was handed out, but for what the lab's machine needs of its own default route."""
        text = text.replace("redirect-gateway def1 ipv6\n", "")
        here = ["--dev", "tun9", "--connect-retry", "1", "1", "--route-ipv6", "2001:db8:100::/40"]
        argv = ["/usr/sbin/openvpn", "--config", "stdin", *here]
        self.running[home] = Path(self.lab.keeper.start(home, "openvpn", argv, stdin=text))
        return self.running[home]

    def hang_up(self, home: str) -> None:
        del self.running[home]
        self.lab.keeper.stop(home, "openvpn")

    def answers(self, machine: str, address: str, *more: str) -> bool:
        said = self.lab.keeper.run(machine, ["/usr/bin/ping", "-n", "-c", "1", "-W", "1", *more, address])
        return bool(said.status == 0)


def connected(tunnels: Tunnels) -> dict[str, LastConnection]:
    """What `essaim poll` records of them, by line."""
    every = {name: int(name[1:]) for name in ("l0001", "l0002")}
    Vault.create(tunnels.settings.vault_key)
    samples = open_samples(tunnels.settings)
    rounds.poll_connections(
        tunnels.lab.means, samples, [OpenVpnServer(tunnels.lab.machine("vpn"), every)], clock.now(), lambda _: None
    )
    with reading(samples) as session:
        found = {name.upper(): last_connection(session, number) for name, number in every.items()}
    samples.engine.dispose()
    return {line: last for line, last in found.items() if last is not None and last.until is None}


def soon(wanted: Callable[[], bool], seconds: float = 10) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if wanted():
            return True
        time.sleep(0.1)
    return False


@pytest.fixture
def tunnels(lab: Any, session: EssaimSession, tmp_path: Path) -> Iterator[Tunnels]:
    if shutil.which("openvpn") is None:
        pytest.skip("needs openvpn")
    act = Act("machine:test", clock.now(), "test")
    vpn = devices.add_device(
        session, act, "vpn", role="vpn", platform="debian", site=places.add_site(session, act, "colo"),
        endpoint="192.0.2.4:51820", management=lab.machine("vpn").host,
    )  # fmt: skip
    port = devices.add_interface(session, act, vpn, "ovpn0")
    pools = []
    for prefix, handed, own in (("198.51.100.0/24", 32, SERVER[0]), ("2001:db8:100::/40", 56, SERVER[1])):
        network = ip_network(prefix)
        pool = addresses.create_pool(session, act, f"ovpn-v{network.version}", network, handed=handed, device=vpn)
        addresses.allocate(session, act, pool, port, Role.LOOPBACK, exactly=ip_network(own))
        pools.append(pool)
    offer = offers.add_offer(
        session, act, "ovpn", "OpenVPN", "openvpn", "tunnel", mtu=1420, device=vpn, pool_v4=pools[0], pool_v6=pools[1]
    )
    authority.create_authority(session, act, "Essaim")
    device_secrets.entrust(session, act, vpn, "openvpn")
    (tmp_path / "var").mkdir()
    settings = Settings(var=tmp_path / "var", lab=True, ssh_key_file=lab.means.key_file)
    settings.lab_folder.symlink_to(lab.folder)
    (settings.var / "ssh").mkdir()
    shutil.copy(lab.means.known_hosts, settings.means().known_hosts)
    made = Tunnels(lab, session, vpn, offer, settings, AnsibleDriver(settings), Target(lab.machine("vpn"), OPENVPN))
    for rank in range(2):
        made.order(rank)
    yield made
    for home in list(made.running):
        made.hang_up(home)


def test_a_handed_out_file_brings_both_families_both_ways_and_nobody_elses_address(tunnels: Tunnels) -> None:
    tunnels.apply(tunnels.texts)
    homes = dict(zip(HOMES, ("L0001", "L0002"), strict=False))
    held = {home: tunnels.hand_out(number) for home, number in homes.items()}
    logs = [tunnels.connect(home, handouts.written(one, Form.OVPN, "fr")) for home, one in held.items()]
    for home, one in held.items():
        assert soon(lambda home=home: tunnels.answers(home, SERVER[0], "-I", "tun9")), [log.read_text() for log in logs]
        assert tunnels.answers(home, SERVER[1])
        assert tunnels.answers("vpn", one.address)
        assert tunnels.answers("vpn", f"{one.delegated}1")
        big = ["-M", "do", "-s", str(1420 - 28)]
        assert tunnels.answers("vpn", one.address, *big)
        link = tunnels.lab.keeper.run(home, ["/sbin/ip", "-o", "link", "show", "tun9"]).stdout
        assert " mtu 1420 " in link

    first, second = held.values()
    tunnels.lab.shell("vpn", f"nft '{COUNT % first.address}'")
    liar = HOMES[1]
    tunnels.lab.shell(liar, f"ip addr add {first.address}/32 dev tun9")
    assert not tunnels.answers(liar, SERVER[0], "-I", first.address)
    assert "packets 0 " in tunnels.lab.shell("vpn", "nft list table inet seen")
    assert tunnels.answers(HOMES[0], SERVER[0], "-I", "tun9")
    assert "packets 1 " in tunnels.lab.shell("vpn", "nft list table inet seen")
    tunnels.lab.shell(liar, f"ip addr del {first.address}/32 dev tun9")
    assert tunnels.answers(liar, SERVER[0], "-I", second.address)


def test_a_certificate_taken_back_is_cut_at_once_and_cannot_come_back_and_nobody_else_is(tunnels: Tunnels) -> None:
    tunnels.apply(tunnels.texts)
    lost, kept = tunnels.hand_out("L0001"), tunnels.hand_out("L0002")
    log = tunnels.connect(HOMES[0], handouts.written(lost, Form.OVPN, "fr"))
    tunnels.connect(HOMES[1], handouts.written(kept, Form.OVPN, "fr"))
    assert soon(lambda: tunnels.answers(HOMES[0], SERVER[0], "-I", "tun9"))
    assert soon(lambda: tunnels.answers(HOMES[1], SERVER[0], "-I", "tun9"))
    pings = tunnels.lab.keeper.start(HOMES[1], "pings", ["/usr/bin/ping", "-n", "-i", "0.2", SERVER[0]])
    before = tunnels.pids

    (row,) = certificates.in_force(tunnels.session, clock.now(), "l0001")
    certificates.revoke(tunnels.session, tunnels.act, row)
    assert tunnels.apply(tunnels.texts) == Effect(Impact.CUTS, 1)
    assert not tunnels.answers("vpn", lost.address)
    assert soon(lambda: log.read_text().count("UDPv4 link remote") > 1), log.read_text()
    time.sleep(2)
    assert not tunnels.answers("vpn", lost.address)

    number = tunnels.order(3)
    assert tunnels.apply(tunnels.texts) == Effect(Impact.HITLESS, 1)
    added = tunnels.hand_out(number)
    tunnels.connect(HOMES[2], handouts.written(added, Form.OVPN, "fr"))
    assert soon(lambda: tunnels.answers(HOMES[2], SERVER[0], "-I", "tun9"))
    assert tunnels.answers("vpn", f"{added.delegated}1")

    tunnels.lab.keeper.stop(HOMES[1], "pings")
    numbers = [int(one) for one in re.findall(r"icmp_seq=(\d+)", Path(pings).read_text())]
    assert len(numbers) > 20
    assert numbers == list(range(1, len(numbers) + 1))
    assert tunnels.pids == before

    again = tunnels.hand_out("L0001")
    tunnels.hang_up(HOMES[0])
    tunnels.connect(HOMES[0], handouts.written(again, Form.OVPN, "fr"))
    assert soon(lambda: tunnels.answers("vpn", again.address))
    probe = next(probes.certified(tunnels.target, {}, Effect(Impact.NONE), 60))
    assert probe.ask(tunnels.lab.means) == {"/serves"}
    *_, sessions = probes.certified(tunnels.target, {}, Effect(Impact.NONE), 60)
    assert sessions.ask(tunnels.lab.means) == {"l0001", "l0002", "l0003"}


def test_whoever_is_connected_is_seen_and_ended_on_demand(tunnels: Tunnels) -> None:
    tunnels.apply(tunnels.texts)
    for home, number in zip(HOMES, ("L0001", "L0002"), strict=False):
        log = tunnels.connect(home, handouts.written(tunnels.hand_out(number), Form.OVPN, "fr"))
        assert soon(lambda home=home: tunnels.answers(home, SERVER[0], "-I", "tun9")), log.read_text()
    found = connected(tunnels)
    assert found["L0001"].remote == "192.0.2.14"
    assert found["L0002"].received > 0
    asked = {who: f"setpriv --reuid={who} --clear-groups python3 - 2>&1" for who in ("nobody", "root")}
    said = {who: tunnels.lab.shell("vpn", command, stdin=ASK) for who, command in asked.items()}
    assert (said["nobody"].strip(), ">INFO" in said["root"]) == ("b''", True)

    before = tunnels.sessions
    line = lines.find_line(tunnels.session, "L0002")
    what = ending.of_line(tunnels.session, tunnels.act, line)
    assert ending.end(tunnels.settings, what) == 1
    assert soon(lambda: tunnels.sessions.get("l0002", before["l0002"]).key != before["l0002"].key)
    assert tunnels.sessions["l0001"].key == before["l0001"].key
    closed = replace(what, machines=tuple(replace(one, port=9) for one in what.machines))
    with pytest.raises(ending.NotEnded, match="l0002"):
        ending.end(tunnels.settings, closed)


@pytest.mark.soak
def test_whoever_is_suspended_or_leaves_is_cut_and_kept_out(tunnels: Tunnels, store: Store) -> None:
    tunnels.apply(tunnels.texts)
    for home, number in zip(HOMES, ("L0001", "L0002"), strict=False):
        tunnels.connect(home, handouts.written(tunnels.hand_out(number), Form.OVPN, "fr"))
        assert soon(lambda home=home: tunnels.answers(home, SERVER[0], "-I", "tun9"))
    old, line = tunnels.texts, lines.find_line(tunnels.session, "L0002")
    lines.move(tunnels.session, replace(tunnels.act, why="test"), line, LineState.SUSPENDED)
    assert tunnels.apply(tunnels.texts) == Effect(Impact.CUTS, 1)
    ending.after(store, tunnels.settings, tunnels.target, old, tunnels.texts)
    assert set(tunnels.sessions) == {"l0001"}
    lines.move(tunnels.session, tunnels.act, line, LineState.ACTIVE)
    assert tunnels.apply(tunnels.texts) == Effect(Impact.HITLESS, 1)

    gone = lines.find_line(tunnels.session, "L0001")
    members.leave(tunnels.session, tunnels.act, gone.shares[0].member)
    assert certificates.in_force(tunnels.session, clock.now(), "l0001") == []
    log = tunnels.running[HOMES[0]]
    tried = log.read_text().count("link remote")
    assert tunnels.apply(tunnels.texts) == Effect(Impact.CUTS, 1)
    assert "l0001" in tunnels.lab.shell("vpn", "grep '^# revoked' /var/lib/essaim/openvpn/current/crl.pem")
    assert soon(lambda: log.read_text().count("link remote") > tried)
    assert soon(lambda: "l0001" not in tunnels.sessions)
    time.sleep(2)
    assert "l0001" not in tunnels.sessions


@pytest.mark.soak
def test_a_name_without_settings_is_refused_and_a_wrong_server_is_tried_elsewhere_first(tunnels: Tunnels) -> None:
    tunnels.apply(tunnels.texts)
    held = tunnels.hand_out("L0001")
    tunnels.connect(HOMES[0], handouts.written(held, Form.OVPN, "fr"))
    assert soon(lambda: tunnels.answers(HOMES[0], SERVER[0], "-I", "tun9"))
    before = tunnels.pids
    texts = tunnels.texts
    wrong = {**texts, "server.conf": texts["server.conf"] + "tls-version-min 9.9\n"}
    seen = tunnels.driver.look(tunnels.target, wrong)
    with pytest.raises(ConfigurationRefused) as refused:
        tunnels.driver.apply(tunnels.target, wrong, digest(seen.texts))
    assert "tls-version-min" in refused.value.sentence("en")
    assert tunnels.pids == before
    assert tunnels.answers(HOMES[0], SERVER[0], "-I", "tun9")

    more = {**texts, "ccd/l0009": texts["ccd/l0002"].replace("L0002", "L0009")}
    tunnels.driver.apply(tunnels.target, more, digest(tunnels.driver.look(tunnels.target, more).texts))
    tunnels.driver.revert(tunnels.target, digest(more))
    assert tunnels.driver.look(tunnels.target, texts).diff == ""
    assert tunnels.pids == before

    unknown = tunnels.hand_out("L0002")
    without = {name: text for name, text in texts.items() if name != "ccd/l0002"}
    assert tunnels.apply(without) == Effect(Impact.CUTS, 1)
    log = tunnels.connect(HOMES[1], handouts.written(unknown, Form.OVPN, "fr"))
    assert soon(lambda: "AUTH_FAILED" in log.read_text(), 10), log.read_text()
    assert not tunnels.answers("vpn", unknown.address)
    assert tunnels.answers(HOMES[0], SERVER[0], "-I", "tun9")


@pytest.mark.soak
def test_members_of_either_authority_and_with_files_of_before_are_let_in(tunnels: Tunnels) -> None:
    old, before = tunnels.hand_out("L0001"), tunnels.hand_out(tunnels.order(3))
    octets = secrets.token_hex(256)
    device_secrets.entrust(tunnels.session, tunnels.act, tunnels.vpn, "openvpn-static", f"tls-auth:{octets}")
    tunnels.apply(tunnels.texts)
    authority.rotate_authority(tunnels.session, tunnels.act)
    new = tunnels.hand_out("L0002")
    assert tunnels.apply(tunnels.texts).impact is Impact.CUTS
    for home, one in zip(HOMES, (old, new), strict=False):
        tunnels.connect(home, handouts.written(one, Form.OVPN, "fr"))
        assert soon(lambda home=home: tunnels.answers(home, SERVER[0], "-I", "tun9"))
    wrapped = re.compile(r"<tls-crypt-v2>.*</tls-crypt-v2>\n", re.DOTALL)
    _, static = tls_crypt.static_text(f"tls-auth:{octets}")
    text = wrapped.sub(f"key-direction 1\n<tls-auth>\n{static}</tls-auth>\n", handouts.written(before, Form.OVPN, "fr"))
    tunnels.connect(HOMES[2], text)
    assert soon(lambda: tunnels.answers(HOMES[2], SERVER[0], "-I", "tun9"))
