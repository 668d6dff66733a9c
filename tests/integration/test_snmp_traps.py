"""Traps and informs over UDP on loopback, sent by pysnmp and by who means harm: who is heard, and what it costs."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import random
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from pysnmp.hlapi.v3arch import asyncio as pysnmp

from inventory.snmp_users import snmp_user
from monitoring.snmp.agents import Agent, Community, Credential
from monitoring.snmp.traps import AT_ONCE, LONGEST, OFTEN, CannotListen, Ear, Hint, Outcome, listening

pytestmark = pytest.mark.timeout(60)

_spec = importlib.util.spec_from_file_location("debian_snmpd", Path(__file__).with_name("debian_snmpd.py"))
assert _spec is not None
assert _spec.loader is not None
debian: Any = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(debian)

COMMUNITY = Community("lecture-des-essais")
USER = snmp_user("essaim:sha256-aes128:premier-secret:second-secret")
LINK_DOWN, COLD_START = "1.3.6.1.6.3.1.1.5.3", "1.3.6.1.6.3.1.1.5.1"
ON_BATTERY = "1.3.6.1.2.1.33.2.1"
HASHES = {
    "sha1": pysnmp.USM_AUTH_HMAC96_SHA,
    "sha256": pysnmp.USM_AUTH_HMAC192_SHA256,
    "sha512": pysnmp.USM_AUTH_HMAC384_SHA512,
}
CIPHERS = {"aes128": pysnmp.USM_PRIV_CFB128_AES, "aes256": pysnmp.USM_PRIV_CFB256_AES}

Objects = tuple[tuple[str, Any], ...]


@pytest.fixture
def ear() -> Iterator[Ear]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as chosen:
        chosen.bind(("127.0.0.1", 0))
        port = chosen.getsockname()[1]
    with listening(f"127.0.0.1:{port}") as found:
        found.knows([Agent("core", "127.0.0.1", COMMUNITY)])
        yield found


def port_of(ear: Ear) -> int:
    return int(ear.socket.getsockname()[1])


def known_as(credential: Credential, level: str = "authPriv") -> Any:
    if isinstance(credential, Community):
        return pysnmp.CommunityData(credential.text, mpModel=1)
    keys: dict[str, Any] = {}
    if level != "noAuthNoPriv":
        keys |= {"authKey": credential.authentication, "authProtocol": HASHES[credential.hash]}
    if level == "authPriv":
        keys |= {"privKey": credential.privacy, "privProtocol": CIPHERS[credential.cipher]}
    return pysnmp.UsmUserData(credential.name, **keys)


def send(
    port: int,
    credential: Credential,
    trap: str = LINK_DOWN,
    objects: Objects = (),
    *,
    kind: str = "trap",
    level: str = "authPriv",
) -> Any:
    """Send a notification as an agent does; of an inform, what became of it."""

    async def sent() -> Any:
        engine = pysnmp.SnmpEngine()
        target = await pysnmp.UdpTransportTarget.create(("127.0.0.1", port), timeout=0.5, retries=1)
        binds = [
            pysnmp.ObjectType(pysnmp.ObjectIdentity("1.3.6.1.2.1.1.3.0"), pysnmp.TimeTicks(1)),
            pysnmp.ObjectType(pysnmp.ObjectIdentity("1.3.6.1.6.3.1.1.4.1.0"), pysnmp.ObjectIdentifier(trap)),
            *(pysnmp.ObjectType(pysnmp.ObjectIdentity(name), value) for name, value in objects),
        ]
        who, context = known_as(credential, level), pysnmp.ContextData()
        error, *_ = await pysnmp.send_notification(engine, who, target, context, kind, *binds, lookupMib=False)
        engine.close_dispatcher()
        await asyncio.sleep(0)
        return error

    return asyncio.run(sent())


@cache
def octets_of(credential: Credential = COMMUNITY, **how: Any) -> bytes:
    """A trap as it is on the wire."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as waiting:
        waiting.bind(("127.0.0.1", 0))
        waiting.settimeout(5)
        send(waiting.getsockname()[1], credential, **how)
        return waiting.recv(65_535)


def throw(ear: Ear, *messages: bytes, whence: str = "127.0.0.1") -> list[Hint]:
    """Send octets, and hear what comes of them."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as thrower:
        thrower.bind((whence, 0))
        for one in messages:
            thrower.sendto(one, ("127.0.0.1", port_of(ear)))
    return ear.listen(1.0)


PORT: Objects = (
    ("1.3.6.1.2.1.2.2.1.1.3", pysnmp.Integer32(3)),
    ("1.3.6.1.2.1.31.1.1.1.1.3", pysnmp.OctetString(b"eth1")),
)


@pytest.mark.parametrize(
    ("trap", "objects", "hint"),
    [
        (LINK_DOWN, PORT, Hint("core", "linkDown", "eth1")),
        (LINK_DOWN, PORT[:1], Hint("core", "linkDown", "ifIndex 3")),
        (LINK_DOWN, (), Hint("core", "linkDown")),
        (COLD_START, PORT, Hint("core", "coldStart")),
        (ON_BATTERY, (), Hint("core", "upsTrapOnBattery")),
        ("1.3.6.1.4.1.318.0.5", (), Hint("core", "upsOnBattery")),
        ("1.3.6.1.4.1.32473.0.1", (), Hint("core")),
    ],
)
def test_a_trap_of_a_device_that_we_ask_is_a_hint(ear: Ear, trap: str, objects: Objects, hint: Hint) -> None:
    assert throw(ear, octets_of(trap=trap, objects=objects)) == [hint]
    assert ear.outcomes == {Outcome.HEARD: 1}


@pytest.mark.parametrize("algorithms", ["sha1-aes128", "sha256-aes128", "sha512-aes256"])
def test_a_trap_of_snmpv3_is_heard_where_it_is_signed_and_encrypted(ear: Ear, algorithms: str) -> None:
    user = snmp_user(f"essaim:{algorithms}:premier-secret:second-secret")
    ear.knows([Agent("core", "127.0.0.1", user)])
    assert throw(ear, octets_of(user)) == [Hint("core", "linkDown")]
    for level in ("authNoPriv", "noAuthNoPriv"):
        assert throw(ear, octets_of(user, level=level)) == [], level
    other = snmp_user(f"essaim:{algorithms}:un-autre-secret:second-secret")
    assert throw(ear, octets_of(other)) == []
    message = octets_of(user)
    assert throw(ear, *(message[:at] + bytes([message[at] ^ 1]) + message[at + 1 :] for at in (70, 90, -1))) == []
    assert throw(ear, octets_of(COMMUNITY)) == []


@pytest.mark.parametrize("credential", [COMMUNITY, USER], ids=["v2c", "v3"])
def test_an_inform_is_acknowledged_and_one_that_does_not_open_is_not(ear: Ear, credential: Credential) -> None:
    ear.knows([Agent("core", "127.0.0.1", credential)])
    hints: list[Hint] = []
    going = threading.Event()

    def listen() -> None:
        while not going.is_set():
            hints.extend(ear.listen(0.05))

    thread = threading.Thread(target=listen)
    thread.start()
    try:
        assert send(port_of(ear), credential, kind="inform") is None
        stranger = snmp_user("essaim:sha256-aes128:faux-secret")
        wrong = Community("une-autre") if isinstance(credential, Community) else stranger
        assert send(port_of(ear), wrong, kind="inform") is not None
    finally:
        going.set()
        thread.join()
    assert hints == [Hint("core", "linkDown")]


@pytest.mark.parametrize("credential", [COMMUNITY, USER], ids=["v2c", "v3"])
def test_debians_agent_says_that_it_began(ear: Ear, credential: Credential, tmp_path: Path) -> None:
    program = shutil.which("snmpd", path=os.environ.get("PATH", "") + ":/usr/sbin")
    if program is None:
        pytest.skip("this machine lacks snmpd")
    ear.knows([Agent("core", "127.0.0.1", credential)])
    rows = [f"trap2sink 127.0.0.1:{port_of(ear)} {COMMUNITY.text}"]
    if not isinstance(credential, Community):
        secrets = f"-a SHA-256 -A {credential.authentication} -x AES -X {credential.privacy}"
        rows = [
            f"createUser {credential.name} SHA-256 {credential.authentication} AES {credential.privacy}",
            f"trapsess -v 3 -u {credential.name} -l authPriv {secrets} 127.0.0.1:{port_of(ear)}",
        ]
    agent = debian.Snmpd(program, tmp_path, *rows)
    try:
        assert [(one.device, one.name) for one in ear.listen(5.0)] == [("core", "coldStart")]
    finally:
        agent.stop()


def test_nobody_else_is_listened_to(ear: Ear) -> None:
    trap = octets_of()
    assert throw(ear, trap, whence="127.0.0.2") == []
    assert throw(ear, octets_of(Community("une-autre"))) == []
    assert throw(ear, trap + b"\0" * (LONGEST + 1 - len(trap)), b"\x30" * 60_000) == []
    assert ear.outcomes == {Outcome.STRANGER: 1, Outcome.REFUSED: 1, Outcome.TOO_LONG: 2}


def test_garbage_is_counted_and_a_trap_is_heard_afterwards(ear: Ear) -> None:
    draw, trap = random.Random(7), octets_of()
    now = [0.0]
    ear.clock = lambda: now[0]
    garbage = [
        *(draw.randbytes(draw.randint(0, LONGEST)) for _ in range(60)),
        *(trap[:size] for size in range(0, len(trap), 3)),
        *(trap[:at] + bytes([draw.randint(0, 255)]) + trap[at + 1 :] for at in range(0, len(trap), 2)),
        b"\x30\x80" * 700,
        b"\x30\x84\xff\xff\xff\xff" + trap,
        b"\x30" + b"\xff" * 1400,
    ]
    for one in garbage:
        now[0] += 60
        assert all(hint.device == "core" for hint in throw(ear, one))
    now[0] += 60
    assert throw(ear, trap) == [Hint("core", "linkDown")]
    assert sum(ear.outcomes.values()) == len(garbage) + 1


def test_ten_thousand_in_a_burst_cost_as_much_as_ten(ear: Ear) -> None:
    trap, bad = octets_of(), octets_of(Community("une-autre"))
    throw(ear, trap)  # the engine is there
    ear.outcomes.clear()
    began, hints = time.process_time(), 0
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as flood:
        for rank in range(10_000):
            flood.sendto((trap, bad)[rank % 2], ("127.0.0.1", port_of(ear)))
            if rank % 500 == 499:
                hints += len(ear.listen(0))
    hints += len(ear.listen(0))
    opened = ear.outcomes[Outcome.HEARD] + ear.outcomes[Outcome.REFUSED]
    assert opened == OFTEN - 1
    assert hints <= OFTEN
    assert ear.outcomes[Outcome.TOO_OFTEN] > 5_000
    assert time.process_time() - began < 2.0


def test_one_turn_of_listening_ends_though_packets_never_do(ear: Ear) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as flood:
        flood.bind(("127.0.0.2", 0))
        for _ in range(2 * AT_ONCE):
            flood.sendto(b"x", ("127.0.0.1", port_of(ear)))
        ear.listen(0)
    assert ear.outcomes[Outcome.STRANGER] <= AT_ONCE


def test_ipv4_is_heard_by_an_ear_of_both_families() -> None:
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as chosen:
        chosen.bind(("::1", 0))
        port = chosen.getsockname()[1]
    with listening(f"[::]:{port}") as ear:
        ear.knows([Agent("core", "127.0.0.1", COMMUNITY), Agent("core6", "::1", COMMUNITY)])
        trap = octets_of()
        for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
            with socket.socket(family, socket.SOCK_DGRAM) as sender:
                sender.sendto(trap, (address, port))
        assert [one.device for one in ear.listen(1.0) + ear.listen(0.2)] == ["core", "core6"]


def test_two_devices_of_one_user_name_have_each_their_own_secret(ear: Ear) -> None:
    other = snmp_user("essaim:sha256-aes128:autre-secret:second-secret")
    ear.knows([Agent("core", "127.0.0.1", USER), Agent("switch", "127.0.0.2", other)])
    mine, theirs = octets_of(USER), octets_of(other)
    assert [one.device for one in throw(ear, mine)] == ["core"]
    assert throw(ear, theirs) == []
    assert [one.device for one in throw(ear, theirs, whence="127.0.0.2")] == ["switch"]
    assert throw(ear, mine, whence="127.0.0.2") == []


@pytest.mark.parametrize("where", ["192.0.2.1:1162", "ici:1162", "127.0.0.1:99999"])
def test_an_address_that_is_not_ours_is_said(where: str) -> None:
    listen: Callable[[], Any] = listening(where).__enter__
    with pytest.raises(CannotListen) as refused:
        listen()
    assert where in refused.value.sentence("fr")
