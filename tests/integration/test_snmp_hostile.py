"""Agents that are slow, broken or lie: each ends in a sentence, costs little, and costs itself alone."""

from __future__ import annotations

import importlib.util
import random
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from foundation.errors import EssaimError
from monitoring.snmp import conversation, engine, pacing
from monitoring.snmp.agents import Agent, Community
from monitoring.snmp.engine import Poller, Said
from monitoring.snmp.modules import system
from monitoring.snmp.modules.interfaces import IF_HC_IN_OCTETS, IF_NAME, INTERFACES

pytestmark = pytest.mark.timeout(60)

_spec = importlib.util.spec_from_file_location("snmp_agent", Path(__file__).with_name("snmp_agent.py"))
assert _spec is not None
assert _spec.loader is not None
served: Any = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(served)

AT = datetime(2026, 11, 22, 13, 2, tzinfo=UTC)
READER = Community("lecture")
ROWS = 60
OBJECTS = {
    system.SYS_OBJECT_ID: (0x06, served.oid("1.3.6.1.4.1.32473.1")[2:]),
    system.SYS_UPTIME: (0x43, b"\x10"),
    system.SYS_NAME: (0x04, b"web1"),
    **{f"{IF_NAME}.{row}": (0x04, f"eth{row}".encode()) for row in range(1, ROWS + 1)},
    **{f"{IF_HC_IN_OCTETS}.{row}": (0x46, bytes([row])) for row in range(1, ROWS + 1)},
}
HONEST = served.Table(OBJECTS)


def honest(asked: Any) -> Any:
    return served.reply(asked, HONEST.answer(asked))


def column(asked: Any, root: str) -> bool:
    return asked.kind != served.GET and (asked.names[0] + ".").startswith(root + ".")


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Loopback answers at once: nobody is waited for as long as over a real network."""
    monkeypatch.setattr(pacing, "UNKNOWN", 0.15)
    monkeypatch.setattr(pacing, "SHORTEST", 0.15)


@pytest.fixture
def agent() -> Iterator[Callable[..., Any]]:
    """Start an agent of this behaviour."""
    with ExitStack() as running:
        yield lambda behaviour: running.enter_context(served.Agent(behaviour))


def ask(
    *agents: Any, poller: Poller | None = None, at: datetime = AT, patient: bool = False
) -> list[Said | EssaimError]:
    """What each is heard to say, in the order in which they are given."""
    heard: dict[str, Said | EssaimError] = {}
    told = [Agent(f"web{rank}", "127.0.0.1", READER, one.port) for rank, one in enumerate(agents)]
    (poller or Poller()).ask(told, at, lambda one, said: heard.__setitem__(one.device, said), patient=patient)
    return [heard[one.device] for one in told]


def sentence(said: Said | EssaimError) -> str:
    assert isinstance(said, EssaimError)
    assert said.sentence("fr") != said.sentence("en")
    return said.sentence("en")


def names_of(said: Said | EssaimError) -> set[str]:
    assert isinstance(said, Said), said
    return {one.instance for one in INTERFACES.read(said.answers)}


def test_an_honest_agent_is_read_whole(agent: Any) -> None:
    assert names_of(ask(agent(honest))[0]) == {f"eth{row}" for row in range(1, ROWS + 1)}


def backwards(asked: Any) -> Any:
    if not column(asked, IF_HC_IN_OCTETS):
        return honest(asked)
    row = int((asked.names[0].removeprefix(IF_HC_IN_OCTETS) or ".900")[1:])
    return served.reply(asked, [(f"{IF_HC_IN_OCTETS}.{row - 1}", (0x46, b"\x01"))])


def same_again(asked: Any) -> Any:
    if not column(asked, IF_HC_IN_OCTETS):
        return honest(asked)
    return served.reply(asked, [(f"{IF_HC_IN_OCTETS}.5", (0x46, b"\x01"))] * max(2, asked.repetitions))


def endless(asked: Any) -> Any:
    if not column(asked, IF_HC_IN_OCTETS):
        return honest(asked)
    return served.reply(asked, endless_rows(asked, max(1, asked.repetitions)))


def endless_rows(asked: Any, most: int) -> list[Any]:
    row = int((asked.names[0].removeprefix(IF_HC_IN_OCTETS) or ".0")[1:])
    return [(f"{IF_HC_IN_OCTETS}.{one}", (0x46, b"\x01")) for one in range(row + 1, row + 1 + most)]


def lossy(behaviour: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Deep in a column two replies in a row do not come, as from a machine that is too busy: it is begun anew."""
    asked_so_far = [0]

    def answer(asked: Any) -> Any:
        asked_so_far[0] += column(asked, IF_HC_IN_OCTETS)
        return [] if column(asked, IF_HC_IN_OCTETS) and asked_so_far[0] in (150, 151) else behaviour(asked)

    answer.__name__ = f"lossy_{behaviour.__name__}"
    return answer


def slowly_endless(asked: Any) -> Any:
    return served.reply(asked, endless_rows(asked, 1)) if column(asked, IF_HC_IN_OCTETS) else honest(asked)


def garbage(asked: Any) -> Any:
    return random.Random(asked.number).randbytes(200)


def truncated(asked: Any) -> Any:
    return honest(asked)[:-7] if column(asked, IF_HC_IN_OCTETS) else honest(asked)


def another_request(asked: Any) -> Any:
    return served.reply(asked, HONEST.answer(asked), number=(asked.number + 1) % 2**31)


def another_version(asked: Any) -> Any:
    return served.reply(asked, HONEST.answer(asked), version=0)


def too_long(asked: Any) -> Any:
    if not column(asked, IF_HC_IN_OCTETS):
        return honest(asked)
    return served.reply(asked, [(f"{IF_HC_IN_OCTETS}.1", (0x04, b"x" * 20_000))])


def mute_after_names(asked: Any) -> Any:
    return [] if column(asked, IF_HC_IN_OCTETS) and asked.repetitions > 1 else honest(asked)


LIARS = {
    backwards: ("goes backwards", 40),
    same_again: ("goes backwards", 40),
    endless: ("does not end", 400),
    lossy(endless): ("does not end", 400),
    slowly_endless: ("does not end", 400),
    garbage: ("no SNMP", 10),
    truncated: ("no SNMP", 40),
    another_request: ("does not answer", 5),
    another_version: ("no SNMP", 10),
    too_long: ("does not fit one packet", 60),
    mute_after_names: ("does not answer", 60),
}


@pytest.mark.parametrize("liar", LIARS, ids=lambda liar: liar.__name__)
def test_a_liar_ends_in_a_sentence_costs_little_and_costs_itself_alone(agent: Any, liar: Any) -> None:
    told, most = LIARS[liar]
    lying, straight = agent(liar), agent(honest)
    begun = time.monotonic()
    said, other = ask(lying, straight)
    assert told in sentence(said)
    assert lying.requests <= most
    assert time.monotonic() - begun < 5
    assert len(names_of(other)) == ROWS


def test_what_comes_from_another_address_is_not_heard(agent: Any) -> None:
    elsewhere = agent(honest)
    elsewhere.from_elsewhere = True
    assert "does not answer" in sentence(ask(elsewhere)[0])


def test_values_of_the_wrong_type_are_left_out_and_the_rest_is_kept(agent: Any) -> None:
    odd = {**OBJECTS, f"{IF_HC_IN_OCTETS}.2": (0x04, b"many"), f"{IF_HC_IN_OCTETS}.3": (0x06, b"\x2b\x06")}
    table = served.Table(odd)
    [said] = ask(agent(lambda asked: served.reply(asked, table.answer(asked))))
    counted = {one.instance for one in INTERFACES.read(said.answers) if one.metric == "ifHCInOctets"}
    assert counted == {f"eth{row}" for row in range(1, ROWS + 1)} - {"eth2", "eth3"}


def test_an_agent_that_sends_little_at_once_is_read_whole_in_smaller_parts(agent: Any) -> None:
    def narrow(asked: Any) -> Any:
        said = HONEST.answer(asked)
        return served.reply(asked, [], error=1) if len(said) > 8 else served.reply(asked, said)

    poller, one = Poller(), agent(narrow)
    assert len(names_of(ask(one, poller=poller)[0])) == ROWS
    first = one.requests
    assert len(names_of(ask(one, poller=poller)[0])) == ROWS
    assert one.requests - first < first, "how much it sends was learned"


def test_rows_that_are_long_are_asked_for_a_few_at_a_time(agent: Any) -> None:
    wide = {**OBJECTS, **{f"{IF_NAME}.{row}": (0x04, b"x" * 240) for row in range(1, ROWS + 1)}}
    table, sent = served.Table(wide), []

    def said(asked: Any) -> Any:
        sent.append((len(served.reply(asked, table.answer(asked))), asked.names[0], asked.repetitions))
        return served.reply(asked, table.answer(asked))

    poller, one = Poller(), agent(said)
    assert len(names_of(ask(one, poller=poller)[0])) == ROWS
    sent.clear()
    ask(one, poller=poller, at=AT + timedelta(hours=2))
    assert max(sent)[0] <= 1500, max(sent)


def test_what_is_lost_is_asked_again(agent: Any) -> None:
    draw = random.Random(4)
    [said] = ask(agent(lambda asked: [] if draw.random() < 0.15 else honest(asked)))
    assert len(names_of(said)) == ROWS


def test_a_reply_that_is_lost_deep_in_a_table_does_not_begin_it_anew(agent: Any) -> None:
    many = {**OBJECTS, **{f"{IF_HC_IN_OCTETS}.{row}": (0x46, b"\x01") for row in range(1, 1001)}}
    table = served.Table(many)
    lost: list[str] = []

    def once(asked: Any) -> Any:
        if not lost and asked.names[0].startswith(f"{IF_HC_IN_OCTETS}.9"):
            lost.append(asked.names[0])
            return []
        return served.reply(asked, table.answer(asked))

    calm, losing = agent(lambda asked: served.reply(asked, table.answer(asked))), agent(once)
    said = [one for one in ask(calm, losing) if isinstance(one, Said)]
    assert [len(one.answers.column(IF_HC_IN_OCTETS)) for one in said] == [1000, 1000]
    assert lost
    assert losing.requests == calm.requests + 1


def test_a_round_with_one_device_takes_a_bounded_number_of_questions_whatever_it_says(
    agent: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conversation, "MOST_QUESTIONS", 100)

    def by_one(asked: Any) -> Any:
        return served.reply(asked, HONEST.answer(asked)[:1] if asked.kind != served.GET else HONEST.answer(asked))

    one = agent(by_one)
    assert "questions to ask" in sentence(ask(one)[0])
    assert one.requests <= 100


def test_noise_never_stops_the_round(agent: Any) -> None:
    """Answers with octets changed, cut and doubled: whatever they do to the library, others are heard."""
    draw = random.Random(2026)

    def noise(asked: Any) -> Any:
        packets = []
        for _ in range(3):
            packet = bytearray(honest(asked))
            for _ in range(draw.randrange(1, 6)):
                packet[draw.randrange(len(packet))] = draw.randrange(256)
            packets.append(bytes(packet[: draw.randrange(len(packet))] if draw.random() < 0.2 else packet))
        return packets

    for _ in range(10):
        noisy = [agent(noise) for _ in range(5)]
        *_, other = ask(*noisy, agent(honest))
        assert len(names_of(other)) == ROWS


def test_a_silent_device_is_left_alone_and_comes_back_by_one_question(agent: Any) -> None:
    speaking = [False]
    one = agent(lambda asked: honest(asked) if speaking[0] else [])
    poller = Poller(seed=1)
    assert "does not answer" in sentence(ask(one, poller=poller, patient=True)[0])
    asked = one.requests
    assert asked == 3
    said = sentence(ask(one, poller=poller, at=AT + timedelta(seconds=30), patient=True)[0])
    assert "is silent" in said
    assert one.requests == asked
    ask(one, poller=poller, at=AT + timedelta(seconds=61), patient=True)
    assert one.requests == asked + 1
    speaking[0] = True
    assert "is silent" in sentence(ask(one, poller=poller, at=AT + timedelta(seconds=90), patient=True)[0])
    assert len(names_of(ask(one, poller=poller, at=AT + timedelta(seconds=61 + 121), patient=True)[0])) == ROWS


def test_more_devices_than_lanes_are_all_heard(agent: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "AT_ONCE", 4)
    said = ask(*(agent(honest) for _ in range(12)))
    assert all(len(names_of(one)) == ROWS for one in said)


def test_starts_are_spread_over_the_interval(agent: Any) -> None:
    begun: list[float] = []

    def noted(asked: Any) -> Any:
        begun.append(time.monotonic())
        return honest(asked)

    one = agent(noted)
    told = [Agent(f"web{rank}", "127.0.0.1", READER, one.port) for rank in range(20)]
    heard: list[str] = []
    Poller().ask(told, AT, lambda agent, _: heard.append(agent.device), interval=1.0)
    assert len(heard) == 20
    assert max(begun) - min(begun) > 0.6
