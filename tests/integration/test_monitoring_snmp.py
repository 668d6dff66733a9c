"""Devices asked over SNMP: Debian's own agent on loopback, and agents that keep silent or lie."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from foundation.reach import Means
from foundation.settings import read_settings
from foundation.vault import Vault
from monitoring.embedded import EmbeddedStore, open_series
from monitoring.poll import Answered, Unanswered, poll
from monitoring.snmp.agents import Agent, Community

pytestmark = pytest.mark.timeout(60)

AT = datetime(2026, 11, 22, 13, 2, tzinfo=UTC)
NOWHERE = Means(key_file=Path("/nonexistent"), known_hosts=Path("/nonexistent"))
COMMUNITY = "lecture-des-essais"
READER = Community(COMMUNITY)
IF_NAME = ".1.3.6.1.2.1.31.1.1.1.1"

# Speaks net-snmp's pass_persist protocol. `step` is how far the next row is from the one asked about.
LIAR = """\
import sys
step = int(sys.argv[1])
while (said := sys.stdin.readline().strip()) != "":
    if said == "PING":
        print("PONG", flush=True)
        continue
    asked = sys.stdin.readline().strip()
    row = asked.removeprefix("{base}").strip(".")
    nextrow = int(row or 0) + step if row.isdigit() or not row else 1
    print("{base}." + str(nextrow), "string", "eth" + str(nextrow), sep="\\n", flush=True)
"""

Start = Callable[..., Agent]


@pytest.fixture
def samples(tmp_path: Path) -> Iterator[EmbeddedStore]:
    Vault.create(tmp_path / "vault.key")
    opened = open_series(read_settings(var=tmp_path))
    yield opened
    opened.close()


@pytest.fixture
def running() -> Iterator[dict[str, subprocess.Popen[bytes]]]:
    """The daemons of this test, by device."""
    started: dict[str, subprocess.Popen[bytes]] = {}
    yield started
    for daemon in started.values():
        daemon.kill()
        daemon.wait(5)


@pytest.fixture
def start(tmp_path: Path, running: dict[str, subprocess.Popen[bytes]]) -> Start:
    """Start a real snmpd on loopback; more lines of configuration may be given."""
    program = shutil.which("snmpd", path=os.environ.get("PATH", "") + ":/usr/sbin")
    if program is None:
        pytest.skip("this machine lacks snmpd")

    def snmpd(device: str, *more: str) -> Agent:
        folder = tmp_path / device
        folder.mkdir()
        port = free_port()
        lines = [
            f"agentaddress udp:127.0.0.1:{port}",
            f"rocommunity {COMMUNITY} 127.0.0.1",
            f"sysName {device}.example",
        ]
        (folder / "snmpd.conf").write_text("\n".join([*lines, *more, ""]))
        running[device] = subprocess.Popen(
            [program, "-f", "-C", "-c", str(folder / "snmpd.conf"), "-Lf", str(folder / "log"), "-I", "-smux"],
            env={**os.environ, "MIBS": "", "SNMP_PERSISTENT_DIR": str(folder)},
        )
        wait_for(folder / "log", b"NET-SNMP version")
        return Agent(device, "127.0.0.1", READER, port)

    return snmpd


@pytest.fixture
def silent() -> Iterator[Agent]:
    """A machine that hears and says nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as deaf:
        deaf.bind(("127.0.0.1", 0))
        yield Agent("mute", "127.0.0.1", READER, deaf.getsockname()[1])


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for(log: Path, words: bytes) -> None:
    deadline = time.monotonic() + 10
    while not (log.exists() and words in log.read_bytes()):
        assert time.monotonic() < deadline, log.read_text() if log.exists() else "no log"
        time.sleep(0.02)


def lying(tmp_path: Path, step: int) -> str:
    program = tmp_path / "liar.py"
    program.write_text(LIAR.replace("{base}", IF_NAME))
    return f"pass_persist -p 1 {IF_NAME} {sys.executable} {program} {step}"


def ask(samples: EmbeddedStore, *agents: Agent) -> tuple[list[Answered], list[Unanswered]]:
    report = poll(NOWHERE, samples, agents, AT, lambda _: None)
    return list(report.answered), list(report.unanswered)


def test_a_device_that_answers_leaves_its_measures(samples: EmbeddedStore, start: Start) -> None:
    [answered], silent = ask(samples, start("web1"))
    assert (answered.machine, answered.name, silent) == ("web1", "web1.example", [])
    measures = {(each.metric, each.instance): each for _, each in samples.last("web1")}
    assert measures["sysUpTime", ""].value < 60
    assert measures["hrSystemUptime", ""].unit == "seconds"
    assert measures["ifHCInOctets", "lo"].unit == "octets"
    assert measures["ifOperStatus", "lo"].value == 1
    assert measures["hrStorageSize", "Physical memory"].value > 2**20
    assert "load5" in {metric for metric, _ in measures}


def test_a_wrong_community_gets_no_answer_and_leaves_nothing(samples: EmbeddedStore, start: Start) -> None:
    agent = start("web1")
    _, [missing] = ask(samples, Agent("web1", agent.address, Community("wrong-one"), agent.port))
    assert missing.error.kind == "snmp-no-answer"
    sentence = missing.error.sentence("fr")
    assert "web1" in sentence
    assert "wrong-one" not in sentence
    assert samples.last("web1") == []


def test_a_silent_device_does_not_hold_the_others(samples: EmbeddedStore, start: Start, silent: Agent) -> None:
    told: list[tuple[str, float]] = []
    begun = time.monotonic()
    report = poll(
        NOWHERE,
        samples,
        [silent, start("web1"), Agent("odd", "not-an-address", READER)],
        AT,
        lambda outcome: told.append((outcome.machine, time.monotonic() - begun)),
    )
    assert [each.machine for each in report.answered] == ["web1"]
    assert [each.machine for each in report.unanswered] == ["mute", "odd"]
    assert told[-1][0] == "mute"
    assert told[-1][1] < 8


@pytest.mark.parametrize(("step", "reason"), [(-1, "goes backwards"), (1, "does not end")])
def test_an_agent_that_lies_is_stopped_and_leaves_nothing(
    samples: EmbeddedStore, start: Start, tmp_path: Path, step: int, reason: str
) -> None:
    _, [liar] = ask(samples, start("liar", lying(tmp_path, step)))
    assert liar.error.kind == "snmp-bad-answer"
    assert reason in liar.error.sentence("en")
    assert samples.last("liar") == []


def test_a_device_that_freezes_is_given_up_in_bounded_time(
    samples: EmbeddedStore, start: Start, running: dict[str, subprocess.Popen[bytes]]
) -> None:
    agent = start("web1")
    assert ask(samples, agent)[1] == []
    running["web1"].send_signal(signal.SIGSTOP)
    begun = time.monotonic()
    assert len(ask(samples, agent)[1]) == 1
    assert time.monotonic() - begun < 6


def test_a_community_never_shows(start: Start) -> None:
    assert COMMUNITY not in repr(start("web1"))
