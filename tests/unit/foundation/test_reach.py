"""Machines met over a real sshd on loopback, and a lab that is not there."""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import stat
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from foundation.reach import (
    CommandFailed,
    LabDown,
    Machine,
    MachineUnreachable,
    Means,
    namespace_of,
    network,
    put,
    read,
    run,
    trust,
)

SSHD = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


def new_key(path: Path) -> str:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path], check=True, stdin=subprocess.DEVNULL)
    return " ".join(path.with_suffix(".pub").read_text().split()[:2])


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Machine, Means]]:
    """An sshd of our own, on loopback, that knows one key, and whose host key we know."""
    if SSHD is None or shutil.which("ssh") is None:
        pytest.skip("needs openssh-server and openssh-client")
    folder = tmp_path_factory.mktemp("sshd")
    port = free_port()
    host_key, ours = new_key(folder / "host"), new_key(folder / "id")
    (folder / "authorized").write_text(f"{ours}\n")
    (folder / "config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {folder}/host\nAuthorizedKeysFile {folder}/authorized\n"
        f"PidFile none\nUsePAM no\nStrictModes no\nPasswordAuthentication no\nPermitRootLogin prohibit-password\n"
    )
    means = Means(key_file=folder / "id", known_hosts=folder / "known_hosts")
    trust(means, [(f"[127.0.0.1]:{port}", host_key)])
    argv: list[str | Path] = [SSHD, "-D", "-e", "-f", folder / "config"]
    if os.getuid() == 0 and not Path("/run/sshd").is_dir():
        # Root's sshd wants this folder, which the boot of a whole machine makes: give it a /run of its own.
        argv = [
            "unshare",
            "--mount",
            "sh",
            "-c",
            'mount -t tmpfs run /run && mkdir /run/sshd && exec "$@"',
            "sh",
            *argv,
        ]
    with subprocess.Popen(argv, stderr=subprocess.DEVNULL) as daemon:
        try:
            _answers(port)
            yield Machine("porte", "127.0.0.1", user=getpass.getuser(), port=port), means
        finally:
            daemon.terminate()


def _answers(port: int) -> None:
    until = time.monotonic() + 10
    while time.monotonic() < until:
        with socket.socket() as tried:
            if tried.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    pytest.skip("sshd does not start on loopback here")


def test_a_command_runs_and_says_what_it_has_to(door: tuple[Machine, Means]) -> None:
    machine, means = door
    assert run(means, machine, "tr a-z A-Z", stdin="abeille\n") == "ABEILLE\n"


def test_a_command_that_fails_gives_its_last_word(door: tuple[Machine, Means]) -> None:
    machine, means = door
    with pytest.raises(CommandFailed) as failed:
        run(means, machine, "echo avant; echo 'pas de place' >&2; exit 3")
    assert failed.value.sentence("fr") == (
        "Sur porte, « echo avant; echo 'pas de place' >&2; exit 3 » a échoué : pas de place"
    )


def test_a_command_that_never_ends_is_given_up(door: tuple[Machine, Means]) -> None:
    machine, means = door
    with pytest.raises(MachineUnreachable):
        run(means, machine, "sleep 30", timeout=0.5)


def test_an_answer_without_end_is_cut_off(door: tuple[Machine, Means]) -> None:
    machine, means = door
    for flood in ("yes", "yes >&2", "head -c 40000000 /dev/zero"):
        with pytest.raises(CommandFailed, match="does not end"):
            run(means, machine, flood, timeout=30)


def test_an_answer_that_is_no_text_is_taken_as_one(door: tuple[Machine, Means]) -> None:
    machine, means = door
    assert run(means, machine, r"printf 'a\377\r\nb\000'") == "a\ufffd\r\nb\0"


def test_an_unknown_host_key_is_refused_and_never_learned(door: tuple[Machine, Means], tmp_path: Path) -> None:
    machine, means = door
    stranger = replace(means, known_hosts=tmp_path / "known_hosts")
    trust(stranger, [])
    with pytest.raises(MachineUnreachable):
        run(stranger, machine, "true")
    assert stranger.known_hosts.read_text() == ""


def test_a_changed_host_key_is_refused(door: tuple[Machine, Means], tmp_path: Path) -> None:
    machine, means = door
    changed = replace(means, known_hosts=tmp_path / "known_hosts")
    trust(changed, [(f"[127.0.0.1]:{machine.port}", new_key(tmp_path / "other"))])
    with pytest.raises(MachineUnreachable):
        run(changed, machine, "true")


def test_a_stranger_without_the_key_is_not_let_in(door: tuple[Machine, Means], tmp_path: Path) -> None:
    machine, means = door
    new_key(tmp_path / "id")
    with pytest.raises(MachineUnreachable):
        run(replace(means, key_file=tmp_path / "id"), machine, "true")


def test_nobody_at_that_address_is_said_in_one_sentence(door: tuple[Machine, Means]) -> None:
    machine, means = door
    with pytest.raises(MachineUnreachable) as silent:
        run(means, replace(machine, port=free_port()), "true")
    assert "porte ne répond pas" in silent.value.sentence("fr")
    assert "\n" not in silent.value.sentence("fr")


def test_a_file_is_read_as_it_was_put(door: tuple[Machine, Means], tmp_path: Path) -> None:
    machine, means = door
    path = tmp_path / "d'un nom $HOME bizarre"
    put(means, machine, str(path), "clé = 'é'\n\n$PATH `id`\n", mode=0o640)
    assert read(means, machine, str(path)) == "clé = 'é'\n\n$PATH `id`\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert [one.name for one in tmp_path.iterdir()] == [path.name]


def test_a_reader_sees_the_old_text_or_the_new_and_never_half(door: tuple[Machine, Means], tmp_path: Path) -> None:
    machine, means = door
    path, texts = tmp_path / "wg0.conf", ["a" * 300_000, "b" * 300_000]
    put(means, machine, str(path), texts[0])
    seen: set[str] = set()
    over = threading.Event()

    def watch() -> None:
        while not over.is_set():
            seen.add(path.read_text())
            time.sleep(0.001)

    watcher = threading.Thread(target=watch)
    watcher.start()
    for rank in range(1, 4):
        put(means, machine, str(path), texts[rank % 2])
    over.set()
    watcher.join()
    assert seen == set(texts)


def test_a_file_that_cannot_be_written_leaves_nothing_beside_it(door: tuple[Machine, Means], tmp_path: Path) -> None:
    machine, means = door
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "full").touch()
    with pytest.raises(CommandFailed):
        put(means, machine, str(tmp_path / "absent" / "wg0.conf"), "x")
    assert [one.name for one in tmp_path.iterdir()] == ["taken"]


def test_without_a_lab_the_network_is_this_machines(tmp_path: Path) -> None:
    home = Path("/proc/thread-self/ns/net").readlink()
    with network(Means(tmp_path / "id", tmp_path / "known_hosts")):
        assert Path("/proc/thread-self/ns/net").readlink() == home


@pytest.mark.parametrize("where", ["lab/keeper.sock", "keeper.sock", "dead.sock", "closing.sock"])
def test_a_lab_whose_keeper_does_not_answer_is_down(tmp_path: Path, where: str) -> None:
    keeper = tmp_path / where
    with socket.socket(socket.AF_UNIX) as bound:
        if where == "dead.sock":
            bound.bind(str(keeper))  # bound, and nobody listens: what a killed keeper leaves
        if where == "closing.sock":
            bound.bind(str(keeper))
            bound.listen(1)
            threading.Thread(target=lambda: bound.accept()[0].close()).start()
        with pytest.raises(LabDown) as down:
            namespace_of(keeper, "noc")
    assert down.value.exit_status == 4


def test_the_lab_is_found_however_long_its_path_is(tmp_path: Path) -> None:
    folder = tmp_path / ("n" * 120)
    folder.mkdir()
    with pytest.raises(LabDown):
        namespace_of(folder / "keeper.sock", "noc")
