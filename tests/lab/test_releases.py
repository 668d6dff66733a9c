"""Releases on real machines: what the daemons take, what they refuse, and what stays behind."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import threading
import zlib
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from foundation.reach import MachineUnreachable
from foundation.settings import Settings
from provisioning import releases, targets
from provisioning.artifact import Artifact, Target
from provisioning.artifacts.antispoofing import ANTISPOOFING_VPN
from provisioning.artifacts.l2tp import L2TP
from provisioning.artifacts.radius import RADIUS, quoted
from provisioning.artifacts.router import ROUTER
from provisioning.artifacts.wireguard import WIREGUARD
from provisioning.drivers.ansible import AnsibleDriver
from provisioning.drivers.napalm import NapalmDriver
from provisioning.drivers.playbook import Outcome, Playbook
from provisioning.drivers.protocol import ConfigurationRefused
from provisioning.texts import digest

GOLDEN = Path(__file__).parents[1] / "golden"
MACHINES: dict[str, Artifact] = {"edge": ROUTER, "radius": RADIUS, "lns": L2TP, "vpn": WIREGUARD}
NASTY = ("a'b", 'a"b', "back\\slash\\", "%{User-Name}", "{{ 7 * 7 }}", "$HOME `id`", "é€ # no", "\\n'\"%%")

# PAP (RFC 2865, 5.2) by hand: any client's own quoting would stand in the way.
LOGIN = """
import hashlib, json, os, socket, sys
asked = json.load(sys.stdin)
def log_in(user, password, secret):
    random, padded = os.urandom(16), password.encode() + b"\\0" * (-len(password.encode()) % 16)
    hidden, last = b"", random
    for start in range(0, len(padded), 16):
        mask = hashlib.md5(secret.encode() + last).digest()
        last = bytes(a ^ b for a, b in zip(padded[start:start + 16], mask))
        hidden += last
    attributes = b"".join(bytes((kind, len(value) + 2)) + value for kind, value in ((1, user.encode()), (2, hidden)))
    request = bytes((1, 7)) + (20 + len(attributes)).to_bytes(2, "big") + random + attributes
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(5)
        client.sendto(request, ("192.0.2.3", 1812))
        return client.recv(4096)[0] == 2
print(json.dumps([log_in(user, password, "between-lns-and-radius") for user, password in asked]))
"""


def golden(machine: str) -> dict[str, str]:
    artifact = MACHINES[machine]
    return {path.name: path.read_text() for path in (GOLDEN / artifact.name / artifact.platform).iterdir()}


class Association:
    """The lab's machines as an association has them."""

    def __init__(self, lab: Any, folder: Path) -> None:
        self.lab = lab
        self.settings = Settings(var=folder, lab=True, ssh_key_file=lab.means.key_file)
        self.settings.lab_folder.symlink_to(lab.folder)
        (folder / "ssh").mkdir()
        shutil.copy(lab.means.known_hosts, self.settings.means().known_hosts)
        self.drivers = {"debian": AnsibleDriver(self.settings), "frr": NapalmDriver(self.settings)}

    def diff(self, machine: str, texts: Mapping[str, str]) -> str:
        artifact = MACHINES[machine]
        target = Target(self.lab.machine(machine), artifact)
        return self.drivers[artifact.platform].look(target, texts).diff

    def apply(self, machine: str, texts: Mapping[str, str]) -> None:
        artifact = MACHINES[machine]
        driver, target = self.drivers[artifact.platform], Target(self.lab.machine(machine), artifact)
        driver.apply(target, texts, digest(driver.look(target, texts).texts))
        driver.confirm(target, digest(texts))

    def log_in(self, *asked: tuple[str, str]) -> list[bool]:
        """Who of these (login, password) is let in, asked by the LNS."""
        said = self.lab.keeper.run("lns", ["/usr/bin/python3", "-c", LOGIN], stdin=json.dumps(asked))
        assert said.stderr == ""
        let_in: list[bool] = json.loads(said.stdout)
        return let_in

    def apply_all(self, texts: Mapping[str, Mapping[str, str]]) -> None:
        with ThreadPoolExecutor(len(texts)) as pool:
            list(pool.map(self.apply, texts, texts.values()))

    def together(self, wanted: Mapping[Target, Mapping[str, str]]) -> dict[str, Exception | None]:
        """Bring Debian machines to these texts, all at the same moment: what was refused, by target."""
        driver = AnsibleDriver(self.settings)
        all_there = threading.Barrier(len(wanted))

        def one(target: Target) -> Exception | None:
            texts = wanted[target]
            with driver.expecting():
                all_there.wait(20)
                try:
                    driver.apply(target, texts, digest(driver.look(target, texts).texts))
                except ConfigurationRefused as refused:
                    return refused
                driver.confirm(target, digest(texts))
                return None

        with ThreadPoolExecutor(len(wanted)) as pool:
            return {str(target): said for target, said in zip(wanted, pool.map(one, wanted), strict=True)}


@pytest.fixture
def association(lab: Any, tmp_path: Path) -> Association:
    return Association(lab, tmp_path)


def test_every_golden_text_is_taken_by_its_daemon_all_machines_at_once(
    association: Association,
) -> None:
    wanted = {machine: golden(machine) for machine in MACHINES}
    association.apply_all(wanted)
    assert {machine: association.diff(machine, wanted[machine]) for machine in wanted} == dict.fromkeys(wanted, "")


@contextmanager
def runs_of_ansible() -> Iterator[set[str]]:
    """The runs that this process starts meanwhile, by their process numbers."""
    seen: set[str] = set()
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.05):
            for process in Path("/proc").glob("[0-9]*"):
                try:
                    parent = (process / "stat").read_text().rpartition(")")[2].split()[1]
                    if parent == str(os.getpid()) and b"site.yml" in (process / "cmdline").read_bytes():
                        seen.add(process.name)
                except OSError:
                    continue  # it ended meanwhile

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield seen
    finally:
        over.set()
        watcher.join()


def test_several_machines_and_two_targets_on_one_go_in_one_run_and_a_refusal_touches_no_other(
    association: Association,
) -> None:
    vpn, radius, lns = (association.lab.machine(name) for name in ("vpn", "radius", "lns"))
    filtering = Target(vpn, ANTISPOOFING_VPN)
    table = (GOLDEN / "antispoofing" / "debian" / "essaim.nft").read_text()
    startup = golden("lns")["startup-config"].replace("bind_address ", "bind_address 9")
    wanted = {
        filtering: {"essaim.nft": table},
        Target(vpn, WIREGUARD): golden("vpn"),
        Target(radius, RADIUS): golden("radius"),
        Target(lns, L2TP): {**golden("lns"), "startup-config": startup},
    }
    with runs_of_ansible() as runs:
        said = association.together(wanted)
    assert len(runs) == 1
    assert {name for name, problem in said.items() if problem} == {"lns/l2tp"}
    assert "bind_address" in str(said["lns/l2tp"])
    assert [association.diff(name, golden(name)) for name in ("vpn", "radius")] == ["", ""]
    assert AnsibleDriver(association.settings).look(filtering, wanted[filtering]).diff == ""
    assert list((association.settings.var / "runs").iterdir()) == []


def test_a_release_is_whole_on_the_machine_though_only_what_differs_was_sent_and_is_stale_where_that_is_gone(
    association: Association, tmp_path: Path
) -> None:
    whole = golden("radius")
    association.apply("radius", whole)
    more = {**whole, "authorize": whole["authorize"] + "\n# one more\n"}
    association.apply("radius", more)
    folder = f"/var/lib/essaim/radius/releases/{digest(more)}"
    held = {name: association.lab.shell("radius", f"cat {folder}/{name}") for name in more}
    assert held == more

    about = {"effect": "none", "secrets": ["(?P<secret>x)", 0], "seconds": 9}
    packed = releases.packed(whole, more, digest(more), about)
    assert sorted(json.loads(zlib.decompress(base64.b64decode(packed)))["texts"]) == ["authorize"]
    association.lab.shell("radius", f"echo '# by hand' >> {folder}/site")
    (tmp_path / "content").write_text(packed)
    answer = Playbook(association.settings.means(), tmp_path / "runs").play(
        {
            "ansible_host": association.lab.machine("radius").host,
            "ansible_python_interpreter": "/usr/bin/python3",
            "essaim_artifact": "radius",
            "essaim_content": str(tmp_path / "content"),
        }
    )
    assert answer.outcome is Outcome.STALE
    assert association.lab.shell("radius", "readlink /var/lib/essaim/radius/current").strip().endswith(digest(more))


@pytest.mark.soak
def test_a_route_to_one_address_stays_when_the_tunnels_are_told_again(association: Association) -> None:
    """As there is one for a line that came from another machine with its address."""
    texts = golden("vpn")
    more = {
        "wg0.conf": texts["wg0.conf"].replace(
            "\n\n[Peer]", "\nPostUp = ip route replace 192.0.2.77/32 dev wg0\n\n[Peer]", 1
        )
    }
    association.apply("vpn", texts)
    association.apply("vpn", more)
    assert "192.0.2.77 " in association.lab.shell("vpn", "ip route show dev wg0")


def test_a_login_that_comes_does_not_restart_the_radius_server(association: Association) -> None:
    whole = golden("radius")
    fewer = re.sub('Message = ".*"', 'Message = "another"', whole["authorize"].partition("\n# L0005")[0])
    association.apply("radius", {**whole, "authorize": fewer})
    before = association.lab.shell("radius", "pidof freeradius")
    association.apply("radius", whole)
    assert association.lab.shell("radius", "pidof freeradius") == before


def test_passwords_of_any_characters_log_in_and_only_the_machine_itself_asks_for_its_release(
    association: Association,
) -> None:
    texts = golden("radius")
    logins = "".join(f"\nu{rank}@adsl\tCleartext-Password := {quoted(word)}\n" for rank, word in enumerate(NASTY))
    association.apply("radius", {**texts, "authorize": texts["authorize"] + logins})
    nasty = [(f"u{rank}@adsl", word) for rank, word in enumerate(NASTY)]
    assert association.log_in(*nasty) == [True] * len(NASTY)
    others = ("u0@adsl", "wrong"), ("essaim-release", ""), ("l0004@adsl", "word-of-0")
    assert association.log_in(*others) == [False, False, True]


@pytest.mark.soak
def test_a_text_that_only_the_start_finds_wrong_gives_way_to_what_was_there(association: Association) -> None:
    texts = golden("lns")
    wrong = {**texts, "startup-config": texts["startup-config"] + "set nonsense 1\n"}
    before = association.lab.shell("lns", "cat /etc/l2tpns/startup-config /etc/l2tpns/ip_pool")
    with pytest.raises(ConfigurationRefused, match="set nonsense 1"):
        association.apply("lns", wrong)
    assert association.lab.shell("lns", "cat /etc/l2tpns/startup-config /etc/l2tpns/ip_pool") == before
    assert association.lab.shell("lns", "systemctl is-active l2tpns || true").strip() != "active"

    association.apply("lns", texts)
    with pytest.raises(ConfigurationRefused):
        association.apply("lns", wrong)
    assert association.diff("lns", texts) == ""
    assert association.lab.shell("lns", "ls /var/lib/essaim/l2tp/releases").split() == [digest(texts)]


def test_a_refusal_says_the_daemons_words_without_the_secret_they_quote(association: Association) -> None:
    texts = golden("radius")
    wrong = texts["authorize"] + "\nu@adsl\tCleartext-Password := 'sesame-93' No-Such-Thing\n"
    with pytest.raises(ConfigurationRefused, match=r"authorize\[\d+\]") as refusal:
        association.apply("radius", {**texts, "authorize": wrong})
    assert "sesame-93" not in str(refusal.value)


def test_releases_are_for_their_daemon_alone_and_old_ones_go(association: Association) -> None:
    releases = "/var/lib/essaim/radius/releases"
    older = "for n in 1 2 3 4 5 6 7; do mkdir $n; touch -d @$n $n; done"
    association.lab.shell("radius", f"umask 027; mkdir -p {releases} && cd {releases} && {older}")
    association.apply("radius", golden("radius"))
    listed = association.lab.shell("radius", "find /var/lib/essaim/radius ! -type l -perm /007").split()
    assert listed == []
    kept = association.lab.shell("radius", f"ls {releases}").split()
    assert sorted(kept) == sorted([digest(golden("radius")), "4", "5", "6", "7"])
    as_nobody = "setpriv --reuid=nobody --clear-groups -- cat /etc/freeradius/3.0/clients.conf 2>/dev/null || true"
    assert association.lab.shell("radius", as_nobody) == ""


@pytest.mark.soak
def test_what_an_apply_that_was_killed_left_goes_with_the_next_one(association: Association) -> None:
    left = association.settings.var / "runs" / "vpn.wireguard" / "artifacts"
    left.mkdir(parents=True)
    (left / "stdout").touch()
    association.apply("vpn", {"wg0.conf": golden("vpn")["wg0.conf"].rpartition("\n[Peer]")[0]})
    association.apply("vpn", golden("vpn"))
    assert list((association.settings.var / "runs").iterdir()) == []


def test_an_unknown_host_key_is_refused(association: Association) -> None:
    association.settings.means().known_hosts.write_text("")
    with pytest.raises(MachineUnreachable):
        association.apply("vpn", golden("vpn"))


def test_the_drivers_are_found_by_their_names(association: Association) -> None:
    for machine, artifact in MACHINES.items():
        driver = targets.driver_for(association.settings, Target(association.lab.machine(machine), artifact))
        assert type(driver) is type(association.drivers[artifact.platform])


def test_an_lns_edited_by_hand_that_is_put_back_runs_that_edit_again_and_cuts_nobody(association: Association) -> None:
    texts, edit = golden("lns"), "set primary_dns 192.0.2.99"
    association.apply("lns", texts)
    driver, target = AnsibleDriver(association.settings), Target(association.lab.machine("lns"), L2TP)
    before = association.lab.keeper.state()["lns"].units["l2tpns"]
    startup = "/etc/l2tpns/startup-config"
    association.lab.shell("lns", f"sed -i 's/^set primary_dns .*/{edit}/' {startup} && systemctl reload l2tpns")
    by_hand = driver.look(target, texts)
    assert f"-{edit}" in by_hand.diff
    driver.apply(target, texts, digest(by_hand.texts))
    driver.revert(target, digest(texts))
    assert driver.look(target, texts).texts == by_hand.texts
    assert association.lab.keeper.state()["lns"].units["l2tpns"] == before
