"""One run of Ansible for all who apply at the same moment, each with an answer of its own: real runs, nobody there."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from foundation.reach import LabDown, Means
from provisioning.drivers.playbook import Answer, Host, Outcome, Playbook

SOON = 20.0


def playing() -> set[int]:
    """The runs of Ansible that this process has started and that go on."""
    found = set()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((process / "stat").read_text().rpartition(")")[2].split()[1])
            if parent == os.getpid() and b"site.yml" in (process / "cmdline").read_bytes():
                found.add(int(process.name))
        except OSError:
            continue  # it ended meanwhile
    return found


@contextmanager
def counted() -> Iterator[set[int]]:
    """Every run that is seen meanwhile."""
    runs: set[int] = set()
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.02):
            runs.update(playing())

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield runs
    finally:
        over.set()
        watcher.join()


@pytest.fixture
def ansible(tmp_path: Path) -> Playbook:
    (tmp_path / "known_hosts").touch()
    return Playbook(Means(tmp_path / "key", tmp_path / "known_hosts"), tmp_path / "runs")


@pytest.fixture
def silent() -> Iterator[int]:
    """A port that takes connections, and never says anything."""
    with socket.create_server(("127.0.0.1", 0)) as there:
        yield there.getsockname()[1]


def nobody(port: int) -> Host:
    return {
        "ansible_host": "127.0.0.1",
        "ansible_port": port,
        "ansible_python_interpreter": "/usr/bin/python3",
        "essaim_artifact": "wireguard",
        "essaim_content": os.devnull,
    }


def refusing() -> int:
    """A port where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as there:
        port: int = there.getsockname()[1]
        return port


def on_the_way(
    ansible: Playbook, pool: ThreadPoolExecutor, *deeds: Callable[[], Answer | None]
) -> list[Future[object]]:
    """Each deed in a thread that is expected; they begin once all are."""
    all_there = threading.Barrier(len(deeds))

    def one(deed: Callable[[], Answer | None]) -> object:
        with ansible.expecting():
            all_there.wait(SOON)
            return deed()

    return [pool.submit(one, deed) for deed in deeds]


def until(true: Callable[[], object]) -> None:
    end = time.monotonic() + SOON
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_those_on_their_way_go_together_and_who_turns_back_is_not_waited_for(ansible: Playbook, tmp_path: Path) -> None:
    port = refusing()

    def late() -> Answer:
        time.sleep(0.5)
        return ansible.play(nobody(port))

    with counted() as runs, ThreadPoolExecutor(3) as pool:
        first, second, third = on_the_way(ansible, pool, lambda: ansible.play(nobody(port)), late, lambda: None)
        answers = [first.result(), second.result()]
    assert third.result() is None
    assert [answer.outcome for answer in answers if isinstance(answer, Answer)] == [Outcome.LOST, Outcome.LOST]
    assert len(runs) == 1
    assert list((tmp_path / "runs").iterdir()) == []


def test_who_answers_early_does_not_wait_for_who_does_not_answer_and_a_run_that_dies_leaves_nobody_waiting(
    ansible: Playbook, silent: int, tmp_path: Path
) -> None:
    port = refusing()
    with ThreadPoolExecutor(3) as pool:
        early, *slow = on_the_way(
            ansible, pool, lambda: ansible.play(nobody(port)), *[lambda: ansible.play(nobody(silent))] * 2
        )
        answer = early.result(SOON)
        assert isinstance(answer, Answer)
        assert answer.outcome is Outcome.LOST
        assert not any(one.done() for one in slow)
        (run,) = playing()
        os.kill(run, signal.SIGKILL)
        for one in slow:
            lost = one.result(SOON)
            assert isinstance(lost, Answer)
            assert lost.outcome is Outcome.LOST
    assert list((tmp_path / "runs").iterdir()) == []


def test_who_takes_too_long_to_come_is_left_behind_and_gets_a_run_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "known_hosts").touch()
    ansible = Playbook(Means(tmp_path / "key", tmp_path / "known_hosts"), tmp_path / "runs", patience=0.2)
    port, gone = refusing(), threading.Event()

    def last() -> Answer:
        gone.wait(SOON)
        return ansible.play(nobody(port))

    with counted() as runs, ThreadPoolExecutor(2) as pool:
        first, second = on_the_way(ansible, pool, lambda: ansible.play(nobody(port)), last)
        until(playing)
        gone.set()
        assert isinstance(first.result(SOON), Answer)
        assert isinstance(second.result(SOON), Answer)
    assert len(runs) == 2


def test_what_a_killed_run_left_goes_with_the_next_and_what_another_holds_stays(
    ansible: Playbook, silent: int, tmp_path: Path
) -> None:
    left = tmp_path / "runs" / "left" / "tmp"
    left.mkdir(parents=True)
    (left / "hosts.json").touch()
    another = Playbook(Means(tmp_path / "key", tmp_path / "known_hosts"), tmp_path / "runs")
    with ThreadPoolExecutor(2) as pool:
        slow = pool.submit(another.play, nobody(silent))
        until(playing)
        held = set((tmp_path / "runs").iterdir())
        assert left.parent not in held
        assert len(held) == 1
        assert ansible.play(nobody(refusing())).outcome is Outcome.LOST
        assert set((tmp_path / "runs").iterdir()) == held
        for run in playing():
            os.kill(run, signal.SIGKILL)
        slow.result(SOON)


def test_without_the_lab_that_is_theirs_all_are_told(tmp_path: Path) -> None:
    ansible = Playbook(Means(tmp_path / "key", tmp_path / "known_hosts", tmp_path / "none.sock"), tmp_path / "runs")
    with pytest.raises(LabDown):
        ansible.play(nobody(22))
