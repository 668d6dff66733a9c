"""Someone stands between us and an agent of SNMPv3, and changes what it says: nothing of that is ever read."""

from __future__ import annotations

import gc
import hmac
import importlib.util
import os
import random
import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from foundation.errors import EssaimError
from inventory.snmp_users import Hash
from monitoring.snmp import pacing
from monitoring.snmp.agents import Agent, signing_key
from monitoring.snmp.engine import Poller, Said
from monitoring.snmp.gate import through
from monitoring.snmp.modules import system
from monitoring.snmp.signed import NotSnmp, header, signature

pytestmark = pytest.mark.timeout(60)


def beside(name: str) -> Any:
    path = Path(__file__).with_name(name)
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


debian, served = beside("debian_snmpd.py"), beside("snmp_agent.py")
AT = datetime(2026, 11, 22, 13, 2, tzinfo=UTC)
USER = debian.user("sha256-aes128")
FORGED = "its replies are not signed by it"

Change = Callable[[bytes], list[bytes]]


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pacing, "UNKNOWN", 0.15)
    monkeypatch.setattr(pacing, "SHORTEST", 0.15)


@pytest.fixture(scope="module")
def snmpd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    program = shutil.which("snmpd", path=os.environ.get("PATH", "") + ":/usr/sbin")
    if program is None:
        pytest.skip("this machine lacks snmpd")
    running = debian.Snmpd(program, tmp_path_factory.mktemp("snmpd"))
    yield running
    running.stop()


class Between:
    """Passes on what we ask as it is, and what the agent answers as `change` makes of it."""

    def __init__(self, port: int, change: Change) -> None:
        self.changed = 0
        self._change, self._agent, self._going = change, ("127.0.0.1", port), True
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.settimeout(0.05)
        self.port = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._pass)
        self._thread.start()

    def _pass(self) -> None:
        asking = self._agent
        while self._going:
            try:
                data, whom = self._socket.recvfrom(65_535)
            except TimeoutError:
                continue
            if whom != self._agent:
                asking = whom
                self._socket.sendto(data, self._agent)
                continue
            made = self._change(data) if header(data).signed else [data]
            self.changed += made != [data]
            for one in made:
                self._socket.sendto(one, asking)

    def __enter__(self) -> Between:
        return self

    def __exit__(self, *_: object) -> None:
        self._going = False
        self._thread.join()
        self._socket.close()


def read(port: int, change: Change) -> tuple[Said | EssaimError, int]:
    heard: list[Said | EssaimError] = []
    with Between(port, change) as between:
        agent = Agent("web1", "127.0.0.1", USER, between.port)
        Poller().ask([agent], AT, lambda _, said: heard.append(said))
        return heard[0], between.changed


def flipped(message: bytes, at: int) -> bytes:
    return message[:at] + bytes([message[at] ^ 1]) + message[at + 1 :]


def wrongly_signed(message: bytes) -> list[bytes]:
    return [flipped(message, header(message).begin)]


def said_otherwise(message: bytes) -> list[bytes]:
    return [flipped(message, len(message) - 1)]


def signed_short(message: bytes) -> list[bytes]:
    """A signature of one octet only: guessed in 256 tries, if its width were taken from the message."""
    return [message[: header(message).begin - 1] + b"\x01" + message[header(message).begin :]]


def unsigned(message: bytes) -> list[bytes]:
    """The same message without the flags that say that it is signed and encrypted: a value of theirs, in the clear."""
    version, general, security, _ = served.parts(served.parts(message)[0][1])
    number, size, _, model = served.parts(general[1])
    parameters = served.parts(served.parts(security[1])[0][1])
    engine, boots, clock, user, *_ = parameters
    value = served.tlv(0x30, served.oid(system.SYS_NAME) + served.tlv(0x04, b"pas moi"))
    pdu = served.tlv(0xA2, served.integer(1) + served.integer(0) * 2 + served.tlv(0x30, value))
    signature = [engine, boots, clock, user, *[(0x04, b"")] * 2]
    return [
        served.tlv(
            0x30,
            b"".join(
                served.tlv(tag, content)
                for tag, content in (
                    version,
                    (0x30, b"".join(served.tlv(*one) for one in (number, size, (0x04, b"\0"), model))),
                    (0x04, served.tlv(0x30, b"".join(served.tlv(*one) for one in signature))),
                    (0x30, served.tlv(0x04, engine[1]) + served.tlv(0x04, b"") + pdu),
                )
            ),
        )
    ]


@pytest.mark.parametrize("change", [wrongly_signed, said_otherwise, signed_short, unsigned])
def test_what_the_agent_did_not_sign_is_refused_in_a_sentence(snmpd: Any, change: Change) -> None:
    said, changed = read(snmpd.port, change)
    assert changed
    assert isinstance(said, EssaimError)
    assert said.kind == "snmp-bad-answer"
    assert "wrongly over SNMP" in said.sentence("en")
    if change is not signed_short:
        assert FORGED in said.sentence("en")


def test_as_it_was_said_it_is_read(snmpd: Any) -> None:
    said, changed = read(snmpd.port, lambda message: [message])
    assert isinstance(said, Said)
    assert not changed
    assert system.name(said.answers) == "web1.example"


def test_what_someone_else_puts_before_and_behind_a_reply_is_not_read(snmpd: Any) -> None:
    former: list[bytes] = []

    def crowded(message: bytes) -> list[bytes]:
        """An old reply, which is signed, opens no door to the forged one that waits behind it."""
        former.append(message)
        return [*wrongly_signed(message), former[0], *said_otherwise(message), *unsigned(message), message]

    said, changed = read(snmpd.port, crowded)
    assert changed
    if isinstance(said, Said):
        assert system.name(said.answers) == "web1.example"
    else:
        assert FORGED in said.sentence("en")


def test_an_agent_of_another_name_is_not_the_one_that_we_met(snmpd: Any) -> None:
    def elsewhere(message: bytes) -> list[bytes]:
        """Signed, and rightly, by someone who knows the key of another agent of the same user."""
        told = header(message)
        other = bytes([*told.engine[:-1], told.engine[-1] ^ 1])
        moved = bytearray(message.replace(told.engine, other))
        moved[told.begin : told.end] = bytes(told.end - told.begin)
        made = hmac.digest(signing_key(USER, other), bytes(moved), "sha256")
        moved[told.begin : told.end] = made[: told.end - told.begin]
        assert signature(USER.name, signing_key(USER, other), Hash.SHA256).signs(bytes(moved))
        return [bytes(moved)]

    said, _ = read(snmpd.port, elsewhere)
    assert isinstance(said, EssaimError)
    assert FORGED in said.sentence("en")


def test_octets_that_are_no_message_are_told_as_such() -> None:
    draw = random.Random(5)
    whole = unsigned_of_nobody()
    assert header(whole).report
    for rank in range(len(whole)):
        for one in (whole[:rank], flipped(whole, rank), whole[:rank] + draw.randbytes(9), draw.randbytes(rank)):
            try:
                told = header(one)
            except NotSnmp:
                continue
            assert 0 <= told.begin <= told.end <= len(one)


def unsigned_of_nobody() -> bytes:
    """A Report, in the clear, of an agent that says who it is."""
    general = b"".join((served.integer(7), served.integer(65_507), served.tlv(0x04, b"\0"), served.integer(3)))
    engine = served.tlv(0x04, b"\x80\x00\x1f\x88\x04text")
    security = served.tlv(0x30, engine + served.integer(1) * 2 + served.tlv(0x04, b"") * 3)
    report = served.tlv(0xA8, served.integer(7) + served.integer(0) * 2 + served.tlv(0x30, b""))
    said = engine + served.tlv(0x04, b"") + report
    message = served.integer(3) + served.tlv(0x30, general) + served.tlv(0x04, security) + served.tlv(0x30, said)
    return bytes(served.tlv(0x30, message))


def test_one_message_passes_and_the_socket_is_itself_again() -> None:
    kind = socket.AF_INET, socket.SOCK_DGRAM
    with socket.socket(*kind) as here, socket.socket(*kind) as peer:
        here.bind(("127.0.0.1", 0))
        here.setblocking(False)
        peer.sendto(b"what waits", here.getsockname())
        number = here.fileno()

        def reads_on() -> bytes:
            first = os.read(number, 100)
            with pytest.raises(BlockingIOError):
                os.read(number, 100)
            return first

        def stumbles() -> bytes:
            raise RuntimeError

        assert through(number, b"the first", reads_on) == b"the first"
        with pytest.raises(RuntimeError):
            through(number, b"left unread", stumbles)
        assert through(number, b"the second", reads_on) == b"the second"
        assert here.recv(100) == b"what waits"
        assert not os.get_inheritable(number)


def test_a_thread_leaves_no_pipe_behind(snmpd: Any) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(3):
        thread = threading.Thread(target=lambda: read(snmpd.port, lambda message: [message]))
        thread.start()
        thread.join()
    gc.collect()
    assert len(list(Path("/proc/self/fd").iterdir())) <= before + 2
