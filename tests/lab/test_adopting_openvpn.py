"""An OpenVPN server that somebody set up by hand, with thirty members: adopted, it is left in peace."""

from __future__ import annotations

import json
import re
import secrets
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization

from desk import association
from foundation import clock
from foundation.acts import Act
from foundation.database import Store, open_store, transaction
from foundation.settings import Settings, read_settings
from inventory import addresses, authority, device_secrets, devices, easy_rsa, lines, members, offers, places, signing
from inventory.lines import Ordering
from inventory.models.lines import Technology
from provisioning import apply as applying
from provisioning import changes
from provisioning import plan as planning
from provisioning.adopting import taking, weighing
from provisioning.artifact import Impact
from provisioning.plan import Planned

COUNT = 30
HERE = "/etc/openvpn/server"
HOME = "hosted1"
CONFIGURATION = """\
# monté un dimanche
port 1194
proto udp
dev tun
topology subnet
server 198.51.100.0 255.255.255.0
server-ipv6 2001:db8:100::/64
ca easy-rsa/pki/ca.crt
cert server.crt
key server.key
dh none
crl-verify crl.pem
tls-auth ta.key 0
client-config-dir ccd
ccd-exclusive
keepalive 10 60
push "redirect-gateway def1"
"""


WRITE = """\
import json, os, pathlib, sys
os.umask(0o77)
for name, text in json.load(sys.stdin).items():
    path = pathlib.Path(sys.argv[1], name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
"""


@dataclass
class ByHand:
    """An association that knows its members, and a server that somebody else configured."""

    lab: Any
    settings: Settings
    store: Store
    pki: dict[str, str]
    """The authority's files, with `ta.key` and member 7's own."""

    def act(self) -> Act:
        return Act("machine:test", clock.now(), "test")

    def bring_authority(self) -> None:
        """`essaim ca import`, and the keys that the server has: a static one, and one of ours."""
        issued = easy_rsa.read_index(self.pki["index.txt"])
        with transaction(self.store) as session:
            vpn = devices.find_device(session, "vpn")
            authority.import_authority(session, self.act(), self.pki["ca.crt"], self.pki["ca.key"], issued=issued)
            device_secrets.entrust(session, self.act(), vpn, "openvpn")
            octets = "".join(re.findall("^[0-9a-f]{32}$", self.pki["ta.key"], re.MULTILINE))
            device_secrets.entrust(session, self.act(), vpn, "openvpn-static", f"tls-auth:{octets}")

    def adopt(self) -> tuple[int, int]:
        """How many steps it took, and who was not matched."""
        deed = self.act()
        files = weighing.files_of(self.store, self.settings, deed, "vpn", None)
        assert not any("server.key" in name or "ca.key" in name for name in files)
        with transaction(self.store) as session:
            proposal, plan = weighing.weigh(session, deed, "vpn", files, ())
            assert [one.sentence("en") for one in plan.problems] == []
            taking.take(session, deed, proposal, plan)
            return len(plan.doing) + len(proposal.secrets), len(proposal.strangers)

    def plan(self) -> Planned:
        found = planning.plan(self.store, self.settings, self.act(), lambda _: None)
        return next(one for one in found if one.target == "vpn/openvpn")

    def connected(self) -> bool:
        said = self.lab.keeper.run(HOME, ["/usr/bin/ping", "-n", "-c", "1", "-W", "1", "198.51.100.1"])
        return bool(said.status == 0)


def soon(wanted: Callable[[], bool], seconds: float = 10) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if wanted():
            return True
        time.sleep(0.1)
    return False


@pytest.fixture
def by_hand(lab: Any, tmp_path: Path) -> Iterator[ByHand]:
    if shutil.which("openvpn") is None:
        pytest.skip("needs openvpn")
    var = tmp_path / "var"
    association.create(read_settings(var=var)).engine.dispose()
    settings = read_settings(var=var, lab=True, ssh_key_file=lab.means.key_file)
    settings.lab_folder.symlink_to(lab.folder)
    (var / "ssh").mkdir(exist_ok=True)
    shutil.copy(lab.means.known_hosts, settings.means().known_hosts)
    store, act = open_store(settings), Act("machine:test", clock.now() - timedelta(minutes=5), "test")
    with transaction(store) as session:
        vpn = devices.add_device(
            session, act, "vpn", role="vpn", platform="debian", site=places.add_site(session, act, "colo"),
            endpoint="192.0.2.4:51820", management=lab.machine("vpn").host,
        )  # fmt: skip
        addresses.create_pool(session, act, "ovpn-v6", ip_network("2001:db8:100::/40"), handed=56, device=vpn)
        offers.add_offer(session, act, "ovpn", "OpenVPN", Technology.OPENVPN, "tunnel", mtu=1420, device=vpn)
        for rank in range(1, COUNT + 1):
            members.add_member(session, act, f"Camille Escande {rank}", email=f"m{rank}@membres.example")
    made = ByHand(lab, settings, store, set_up(lab))
    assert soon(made.connected)
    yield made
    for machine, name in ((HOME, "member"), ("vpn", "by-hand")):
        lab.keeper.stop(machine, name)
    store.engine.dispose()


def set_up(lab: Any) -> dict[str, str]:
    """What a volunteer did on the server, and one of the members at home."""
    now, year = clock.now() - timedelta(days=30), timedelta(days=365)
    signer, ca_key = signing.found("Chez nous", now, 10 * year)
    server_key, member_key = signing.new_key(), signing.new_key()
    server = signing.sign(signer, "vpn", server_key[0].public_key(), now, 2 * year, server=True)
    member = signing.sign(signer, "camille7", member_key[0].public_key(), now, 2 * year)
    gone = signing.sign(signer, "parti", signing.new_key()[0].public_key(), now, 2 * year)
    rows = [f"V\t301122130200Z\t\t{member.serial.upper()}\tunknown\t/CN=camille7"]
    rows += [f"R\t301122130200Z\t261101000000Z\t{gone.serial.upper()}\tunknown\t/CN=parti"]
    rows += [f"V\t301122130200Z\t\t{rank:04X}\tunknown\t/CN=camille{rank}" for rank in range(1, COUNT) if rank != 7]
    octets = secrets.token_hex(256)
    static = "\n".join(octets[at : at + 32] for at in range(0, 512, 32))
    authority_text = signer_text(signer)
    files = {
        "server.conf": CONFIGURATION,
        "easy-rsa/pki/ca.crt": authority_text,
        "easy-rsa/pki/private/ca.key": ca_key,
        "easy-rsa/pki/index.txt": "\n".join(rows) + "\n",
        "server.crt": server.text,
        "server.key": server_key[1],
        "ta.key": f"#\n# 2048 bit OpenVPN static key\n#\n-----BEGIN OpenVPN Static key V1-----\n{static}\n"
        "-----END OpenVPN Static key V1-----\n",
        "crl.pem": signing.list_revoked(signer, 1, now, clock.now() + year, [(gone.serial, now, "")]),
        **{f"ccd/camille{rank}": member_file(rank) for rank in range(1, COUNT + 1)},
    }
    lab.shell("vpn", f"python3 -c '{WRITE}' {HERE}", stdin=json.dumps(files))
    argv = ["/usr/sbin/openvpn", "--cd", HERE, "--config", "server.conf"]
    lab.keeper.start("vpn", "by-hand", argv)
    inline = {"ca": authority_text, "cert": member.text, "key": member_key[1], "tls-auth": files["ta.key"]}
    blocks = "".join(f"<{name}>\n{text}</{name}>\n" for name, text in inline.items())
    text = f"client\ndev tun9\ndev-type tun\nproto udp\nremote 192.0.2.4 1194\nnobind\nkey-direction 1\n{blocks}"
    options = ["--pull-filter", "ignore", "redirect-gateway", "--connect-retry", "1", "1"]
    lab.keeper.start(HOME, "member", ["/usr/sbin/openvpn", "--config", "stdin", *options], stdin=text)
    own = {"ca.crt": authority_text, "ca.key": ca_key, "index.txt": files["easy-rsa/pki/index.txt"]}
    return {**own, "ta.key": files["ta.key"]}


def signer_text(signer: signing.Signer) -> str:
    return signer.certificate.public_bytes(serialization.Encoding.PEM).decode()


def member_file(rank: int) -> str:
    note = (f"Camille Escande {rank}", f"m{rank}@membres.example", f"M{rank:04d}, portable")[rank % 3]
    return (
        f"# {note}\nifconfig-push 198.51.100.{rank + 1} 255.255.255.0\n"
        f"ifconfig-ipv6-push 2001:db8:100:{rank:x}00::1/64 2001:db8:100::1\niroute-ipv6 2001:db8:100:{rank:x}00::/56\n"
        + ('push "dhcp-option DNS 192.0.2.53"\n' if rank % 2 else "")
    )


def test_an_adopted_server_shows_an_empty_plan_and_the_first_change_says_that_it_cuts(by_hand: ByHand) -> None:
    log = by_hand.lab.shell("vpn", f"ls -lR {HERE}; ss -Hlunp 'sport = :1194'")
    by_hand.bring_authority()
    assert by_hand.adopt()[1] == 0
    assert by_hand.adopt() == (0, 0)
    found = by_hand.plan()
    assert (found.problem, found.change, found.diff) == (None, None, "")

    with transaction(by_hand.store) as session:
        person, offer = members.find_member(session, "M0001"), offers.find_offer(session, "ovpn")
        offer.pool_v6_id = addresses.find_pool(session, "ovpn-v6").id
        number = str(lines.order_line(session, by_hand.act(), person, offer, Ordering()))
    found = by_hand.plan()
    assert (found.problem, found.effect.impact, found.effect.count) == (None, Impact.CUTS, COUNT)
    rows = [row for row in found.diff.splitlines() if row[0] in "+-" and row[:3] not in ("+++", "---")]
    assert "-# not written by Essaim" in rows
    assert [row for row in rows if row.startswith("-")] == ["-# not written by Essaim"]
    assert f"+# {number}" in rows
    with transaction(by_hand.store) as session:
        changes.approve(session, by_hand.act(), changes.find_change(session, str(found.change)))
    (done,) = applying.apply(by_hand.store, by_hand.settings, by_hand.act(), [str(found.change)], lambda _: None)
    assert done.problem is not None
    assert "UDP 1194 is another server's" in done.problem.sentence("en")
    assert by_hand.connected()
    assert by_hand.lab.shell("vpn", f"ls -lR {HERE}; ss -Hlunp 'sport = :1194'") == log


def test_what_members_files_rest_on_is_not_taken_away_unasked(by_hand: ByHand) -> None:
    by_hand.bring_authority()
    by_hand.lab.shell("vpn", f"cat >{HERE}/ccd/inconnue", stdin="ifconfig-push 198.51.100.200 255.255.255.0\n")
    with transaction(by_hand.store) as session:
        device_secrets.entrust(
            session, by_hand.act(), devices.find_device(session, "vpn"), "openvpn-static", f"tls-auth:{'0' * 512}"
        )
    assert by_hand.adopt()[1] == 1
    problem = by_hand.plan().problem
    assert problem is not None
    assert problem.kind == "found-beside"
    assert "tls-auth, inconnue" in problem.sentence("fr")
    assert by_hand.connected()
