"""The lab comes up, goes down, and leaves nothing behind, however it ends."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from foundation import reach
from foundation.speech import Phrase
from lab import LabImpossible, LabRefused, NotALabFolder, Topology, attach, down, small_isp, up, why_not

pytestmark = pytest.mark.timeout(60)


@pytest.fixture
def topology(ssh_key: Path) -> Topology:
    impossible = why_not()
    if impossible is not None:
        pytest.skip(f"no lab here: {impossible.say('en')}")
    return small_isp(ssh_key.with_suffix(".pub").read_text())


def processes_of(keeper: int) -> set[int]:
    """All processes that share the keeper's process namespace."""
    namespace = Path(f"/proc/{keeper}/ns/pid").readlink()
    found = set()
    for each in Path("/proc").iterdir():
        if each.name.isdigit():
            try:
                if (each / "ns/pid").readlink() == namespace:
                    found.add(int(each.name))
            except OSError:
                continue
    return found


def still_alive(pids: set[int]) -> set[int]:
    """Those that run; the dead whose adopter has not buried them yet do not count."""
    found = set()
    for pid in pids:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
        if state not in "ZX":
            found.add(pid)
    return found


def first_process_of(keeper: int) -> int:
    status = Path(f"/proc/{keeper}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("PPid:"))


def interfaces() -> set[str]:
    return {name for _, name in socket.if_nameindex()}


def test_every_machine_of_ours_is_reached_by_ssh_with_the_key_and_host_key_it_was_given(standing_lab):
    for endpoint in standing_lab.keeper.endpoints().machines:
        assert standing_lab.shell(endpoint.name, "hostname").strip() == endpoint.name


def test_a_host_key_that_changed_is_refused(standing_lab, tmp_path):
    keys = standing_lab.keeper.endpoints().host_keys()
    swapped = [(address, other) for (address, _), (_, other) in zip(keys, keys[1:] + keys[:1], strict=True)]
    means = reach.Means(standing_lab.means.key_file, tmp_path / "known", standing_lab.means.lab_socket)
    reach.trust(means, swapped)
    with pytest.raises(reach.MachineUnreachable):
        reach.run(means, standing_lab.machine("edge"), "true")


def test_a_second_up_says_so_and_gives_the_endpoints_of_the_first(standing_lab, topology):
    said: list[Phrase] = []
    again = up(topology, standing_lab.folder, said.append)
    assert again == standing_lab.keeper.endpoints()
    assert [phrase.fr for phrase in said] == ["Le labo est déjà allumé : rien n'a été changé."]


def test_two_labs_live_side_by_side_and_do_not_see_each_other(standing_lab, topology, tmp_path):
    up(topology, tmp_path / "other", lambda _: None)
    try:
        other = attach(tmp_path / "other")
        standing_lab.shell("edge", "touch /root/ours")
        assert other.run("edge", ["ls", "/root"]).stdout == ""
        assert other.endpoints().host_keys() != standing_lab.keeper.endpoints().host_keys()
    finally:
        assert down(tmp_path / "other")
    assert standing_lab.shell("edge", "rm /root/ours && hostname") == "edge\n"


def test_the_lab_shows_nowhere_on_the_host_and_down_leaves_nothing_of_it(topology, tmp_path):
    mounts, links = Path("/proc/self/mountinfo").read_text(), interfaces()
    up(topology, tmp_path / "lab", lambda _: None)
    assert (Path("/proc/self/mountinfo").read_text(), interfaces()) == (mounts, links)
    everyone = processes_of(attach(tmp_path / "lab").pid)
    assert len(everyone) > 10
    assert down(tmp_path / "lab")
    assert not still_alive(everyone)
    assert (Path("/proc/self/mountinfo").read_text(), interfaces()) == (mounts, links)
    assert not down(tmp_path / "lab")
    with pytest.raises(reach.LabDown):
        attach(tmp_path / "lab")


def test_a_keeper_killed_outright_takes_every_daemon_along_and_up_works_again(topology, tmp_path):
    mounts = Path("/proc/self/mountinfo").read_text()
    up(topology, tmp_path, lambda _: None)
    keeper = attach(tmp_path).pid
    everyone = processes_of(keeper)
    first = os.pidfd_open(first_process_of(keeper))
    os.kill(keeper, signal.SIGKILL)
    ready, _, _ = select.select([first], [], [], 5)
    os.close(first)
    assert ready, "the first process of the lab still lives"
    assert not still_alive(everyone)
    assert Path("/proc/self/mountinfo").read_text() == mounts
    with pytest.raises(reach.LabDown):
        attach(tmp_path)
    up(topology, tmp_path, lambda _: None)
    assert down(tmp_path)


def test_a_keeper_told_by_sigterm_ends_as_by_down(topology, tmp_path):
    up(topology, tmp_path, lambda _: None)
    keeper = attach(tmp_path).pid
    first = os.pidfd_open(first_process_of(keeper))
    os.kill(keeper, signal.SIGTERM)
    ready, _, _ = select.select([first], [], [], 5)
    os.close(first)
    assert ready


def test_a_lab_held_by_a_program_ends_when_that_program_is_killed(topology, tmp_path):
    up(topology, tmp_path, lambda _: None)
    hold = "import sys, time, lab, pathlib\nwith lab.attach(pathlib.Path(sys.argv[1])).held():\n"
    holder = subprocess.Popen(
        [sys.executable, "-c", hold + " print('held', flush=True)\n time.sleep(60)", str(tmp_path)],
        stdout=subprocess.PIPE,
    )
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        first = os.pidfd_open(first_process_of(attach(tmp_path).pid))
        holder.kill()
    ready, _, _ = select.select([first], [], [], 5)
    os.close(first)
    assert ready


def test_a_folder_with_other_things_in_it_is_not_wiped(topology, tmp_path):
    (tmp_path / "thesis.txt").write_text("ten years")
    with pytest.raises(NotALabFolder):
        up(topology, tmp_path, lambda _: None)
    assert (tmp_path / "thesis.txt").read_text() == "ten years"


def test_a_folder_with_a_very_long_name_is_as_good(topology, tmp_path):
    deep = tmp_path / ("a" * 80) / ("b" * 80)
    up(topology, deep, lambda _: None)
    assert attach(deep).run("vpn", ["hostname"]).stdout == "vpn\n"
    assert down(deep)


def test_someone_who_is_not_root_is_told_so_before_anything_is_made(ssh_key, tmp_path):
    topology = small_isp(ssh_key.with_suffix(".pub").read_text())
    os.seteuid(65534)
    try:
        with pytest.raises(LabImpossible) as refused:
            up(topology, tmp_path / "lab", lambda _: None)
    finally:
        os.seteuid(0)
    assert refused.value.sentence("fr") == "Pas de labo ici : il faut être root. Rien n'a été fait."
    assert not (tmp_path / "lab").exists()


def test_two_people_who_bring_it_up_at_once_get_one_lab(topology, tmp_path):
    with ThreadPoolExecutor(2) as both:
        first, second = both.map(lambda _: up(topology, tmp_path, lambda _: None), range(2))
    assert first == second
    assert down(tmp_path)


def test_a_topology_goes_through_json_unchanged():
    topology = small_isp("ssh-ed25519 AAAA someone", community="lecture", our_as=64497)
    assert Topology.of_plain(json.loads(json.dumps(topology.plain()))) == topology


def test_importing_the_lab_does_not_import_netlink():
    seen = subprocess.run(
        [sys.executable, "-c", "import sys, lab; print('pyroute2' in sys.modules)"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert seen.stdout == "False\n"


def test_a_bad_request_is_answered_and_the_keeper_lives_on(standing_lab):
    for line in (b"\n", b"[]\n", b'{"do": "fly"}\n', b'{"do": "run", "machine": "edge", "argv": [1]}\n', b"\xff\n"):
        with socket.socket(socket.AF_UNIX) as asked:
            reach.connect_unix(asked, standing_lab.keeper.keeper)
            asked.settimeout(5)
            asked.sendall(line)
            assert b"error" in asked.recv(4096)
    with pytest.raises(LabRefused, match="nowhere"):
        standing_lab.keeper.run("nowhere", ["true"])
    assert standing_lab.keeper.run("noc", ["hostname"]).stdout == "noc\n"


def test_the_lab_has_no_way_out(standing_lab, topology):
    named = {machine.name: {port.name for port in machine.ports} for machine in topology.machines}
    for machine, ports in named.items():
        shown = standing_lab.keeper.run(machine, ["ls", "/sys/class/net"]).stdout.split()
        assert set(shown) == ports | {"lo"}
        links = standing_lab.keeper.run(machine, ["ip", "-o", "link"]).stdout
        assert {line.split(": ")[1].split("@")[0] for line in links.splitlines()} == ports | {"lo"}
    assert standing_lab.keeper.run("transit", ["ip", "route", "show", "default"]).stdout == ""
