"""The fast path against Debian's own agent, over SNMPv2c and v3, IPv4 and IPv6; and against pysnmp, value by value."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pysnmp.hlapi.v3arch import asyncio as pysnmp

from foundation.errors import EssaimError
from inventory.snmp_users import BadSnmpUser, snmp_user
from monitoring.snmp import pacing
from monitoring.snmp.agents import Agent
from monitoring.snmp.answers import Module, Value, below
from monitoring.snmp.engine import Poller, Said
from monitoring.snmp.modules import MODULES, system

pytestmark = pytest.mark.timeout(60)


def beside(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


TESTS = Path(__file__).resolve().parents[1]
served = beside(TESTS / "integration" / "snmp_agent.py")
recording = beside(TESTS / "unit" / "monitoring" / "recording.py")

AT = datetime(2026, 11, 22, 13, 2, tzinfo=UTC)
daemon = beside(TESTS / "integration" / "debian_snmpd.py")
READER, USERS, user = daemon.READER, daemon.USERS, daemon.user


@pytest.fixture(scope="module")
def snmpd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    program = shutil.which("snmpd", path=os.environ.get("PATH", "") + ":/usr/sbin")
    if program is None:
        pytest.skip("this machine lacks snmpd")
    running = daemon.Snmpd(program, tmp_path_factory.mktemp("snmpd"))
    yield running
    running.stop()


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pacing, "UNKNOWN", 0.3)


def ask(poller: Poller, *agents: Agent, at: datetime = AT) -> dict[str, Said | EssaimError]:
    heard: dict[str, Said | EssaimError] = {}
    poller.ask(agents, at, lambda agent, said: heard.__setitem__(agent.device, said))
    return heard


def test_every_algorithm_and_both_families_are_spoken(snmpd: Any) -> None:
    agents = [
        *(Agent(one, "127.0.0.1", user(one), snmpd.port) for one in USERS),
        Agent("v2c", "127.0.0.1", READER, snmpd.port),
        Agent("v2c6", "::1", READER, snmpd.port),
        Agent("v3-6", "::1", user("sha256-aes128"), snmpd.port),
    ]
    heard = ask(Poller(), *agents)
    assert {device for device, said in heard.items() if isinstance(said, Said)} == {one.device for one in agents}
    assert {system.name(said.answers) for said in heard.values() if isinstance(said, Said)} == {"web1.example"}
    assert len({len(said.answers.columns) for said in heard.values() if isinstance(said, Said)}) == 1


@pytest.mark.parametrize(
    ("wrong", "kinds"),
    [
        (user("sha256-aes128", authentication="un-autre-secret"), {"snmp-denied"}),
        (replace(user("sha256-aes128"), name="inconnu"), {"snmp-denied"}),
        (replace(user("sha256-aes128"), hash=user("sha512-aes128").hash), {"snmp-denied"}),
        # An agent that cannot read what it is sent says so, or nothing at all.
        (user("sha256-aes128", privacy="un-autre-secret"), {"snmp-denied", "snmp-no-answer"}),
    ],
    ids=["authentication", "name", "hash", "privacy"],
)
def test_a_wrong_user_is_refused_in_a_sentence_without_secrets(snmpd: Any, wrong: Any, kinds: set[str]) -> None:
    [said] = ask(Poller(), Agent("web1", "127.0.0.1", wrong, snmpd.port)).values()
    assert isinstance(said, EssaimError)
    assert said.kind in kinds
    assert "secret" not in repr(wrong)
    assert "un-autre-secret" not in said.sentence("fr")


def test_a_session_is_kept_and_outlives_the_agents_restart(snmpd: Any) -> None:
    poller, agent = Poller(), Agent("web1", "127.0.0.1", user("sha256-aes128"), snmpd.port)
    assert isinstance(ask(poller, agent)["web1"], Said)
    assert not poller.session(agent).must_greet(), "it is known whom we speak to"
    assert isinstance(ask(poller, agent, at=AT + timedelta(minutes=1))["web1"], Said)
    snmpd.stop()
    assert isinstance(ask(poller, agent, at=AT + timedelta(minutes=2))["web1"], EssaimError)
    snmpd.start()
    assert isinstance(ask(poller, agent, at=AT + timedelta(minutes=3))["web1"], Said)
    assert isinstance(ask(poller, agent, at=AT + timedelta(minutes=4))["web1"], Said)


@pytest.mark.parametrize(
    "text", ["court", "a b c d e f", "essaim:md5-des:assez-long", "essaim:sha256-aes128:court", ""]
)
def test_a_user_that_no_agent_takes_is_refused(text: str) -> None:
    with pytest.raises(BadSnmpUser):
        snmp_user(text)


def test_a_passphrase_alone_is_of_the_user_essaim() -> None:
    one = snmp_user("assez-long\n")
    assert (one.name, one.hash, one.cipher) == ("essaim", "sha256", "aes128")
    assert one.authentication == one.privacy == "assez-long"


def all_of(port: int, roots: list[str]) -> dict[str, Value]:
    """What pysnmp reads under these names."""

    async def walked() -> dict[str, Value]:
        mib: dict[str, Value] = {}
        engine = pysnmp.SnmpEngine()
        target = await pysnmp.UdpTransportTarget.create(("127.0.0.1", port), timeout=2, retries=1)
        for root in roots:
            walk = pysnmp.bulk_walk_cmd(
                engine, pysnmp.CommunityData(READER.text, mpModel=1), target, pysnmp.ContextData(), 0, 25,
                pysnmp.ObjectType(pysnmp.ObjectIdentity(root)), lexicographicMode=False, lookupMib=False,
            )  # fmt: skip
            async for error, status, _, binds in walk:
                assert not error, error
                assert not status
                for name, value in binds:
                    if type(value).__name__ != "EndOfMibView" and below(str(name), root):
                        mib[str(name)] = plain(value)
        engine.close_dispatcher()
        await asyncio.sleep(0)  # its socket closes at the next turn
        return mib

    return asyncio.run(walked())


def plain(value: Any) -> Value:
    kind = type(value).__name__
    if kind == "IpAddress":
        return ".".join(map(str, value.asOctets()))
    if hasattr(value, "asOctets"):
        return bytes(value.asOctets())
    return str(value) if hasattr(value, "asTuple") else int(value)


def everything(roots: list[str]) -> Module:
    """A module that reads all that is under these names."""
    return Module("all", system.SYSTEM.phrase, system.SYSTEM_GROUP, lambda _: [], columns=tuple(roots))


def fast(port: int, roots: list[str]) -> dict[str, Value]:
    said = ask(Poller([everything(roots)]), Agent("web1", "127.0.0.1", READER, port))["web1"]
    assert isinstance(said, Said)
    return {f"{root}.{row}": value for root in roots for row, value in said.answers.columns[root].items()}


def test_debians_agent_is_read_as_pysnmp_reads_it(snmpd: Any) -> None:
    roots = ["1.3.6.1.2.1.1", "1.3.6.1.2.1.2.2.1", "1.3.6.1.2.1.25.2", "1.3.6.1.2.1.31.1.1.1", "1.3.6.1.2.1.4.20"]
    before, ours, after = all_of(snmpd.port, roots), fast(snmpd.port, roots), all_of(snmpd.port, roots)
    assert ours.keys() == before.keys() == after.keys()
    assert {name: type(value) for name, value in ours.items()} == {name: type(value) for name, value in after.items()}
    steady = [name for name in before if before[name] == after[name]]
    assert len(steady) > 50
    assert {name: ours[name] for name in steady} == {name: before[name] for name in steady}
    for name in set(before) - set(steady):
        assert isinstance(ours[name], int)


TAGS: dict[type, Callable[[Any], tuple[int, bytes]]] = {
    int: lambda value: (0x02 if value < 0 else 0x46, served.integer(value)[2:]),
    bytes: lambda value: (0x04, value),
    str: lambda value: (0x06, served.parts(served.oid(value))[0][1]),
}


@pytest.mark.parametrize("path", sorted((TESTS / "recordings").glob("*.snmprec")), ids=lambda path: path.stem)
def test_a_recorded_device_is_read_as_pysnmp_reads_it(path: Path) -> None:
    objects = {name: TAGS[type(value)](value) for _, name, value in recording.read(path)}
    table = served.Table(objects)
    roots = ["1.3.6.1.2.1", "1.3.6.1.4.1"]
    with served.Agent(lambda asked: served.reply(asked, table.answer(asked))) as agent:
        assert fast(agent.port, roots) == all_of(agent.port, roots)
        assert len(ask(Poller(MODULES), Agent("web1", "127.0.0.1", READER, agent.port))) == 1
