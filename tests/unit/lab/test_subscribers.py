"""Many subscribers behind one LAC, and neighbours behind one box: what is decided without a wire."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

import pytest

from lab.adsl import behind, l2tp
from lab.adsl.behind import Neighbour
from lab.adsl.client import BadSettings
from lab.adsl.client import Settings as BoxSettings
from lab.adsl.collection import Collection
from lab.adsl.datagram import Datagram
from lab.adsl.ending import Cause
from lab.adsl.l2tp import Attribute, Avp, Control, MessageType
from lab.adsl.lac import Delivery
from lab.adsl.octets import Malformed
from lab.adsl.subscriber import Login
from lab.adsl.wholesaler import Settings
from lab.street import CABLE, NEIGHBOURS, SHARED, with_street
from lab.topology import small_isp

SECRET = b"tunsecret"
GOOD = {"lns": [{"address": "100.64.2.1", "secret": "tunsecret"}], "logins": [["l0001@fai.example", "s3cret-pw"]]}
NEXT = Neighbour((IPv4Network("203.0.113.7/32"),), (IPv6Network("2001:db8:207::/56"),), IPv6Address("fe80::a"))


class Lns:
    """An LNS that takes a tunnel and every call, and then says nothing inside them."""

    def __init__(self) -> None:
        self.called: list[int] = []
        self._delivery = Delivery()

    def answer(self, now: float, datagrams: list[bytes]) -> list[bytes]:
        for message in map(l2tp.decode, datagrams):
            if isinstance(message, Control):
                self._take(now, message)
        said, self._delivery.outbox = self._delivery.outbox, []
        return said

    def end(self, now: float, call: int) -> list[bytes]:
        self._say(now, call, MessageType.CDN, l2tp.number(Attribute.RESULT_CODE, 3))
        said, self._delivery.outbox = self._delivery.outbox, []
        return said

    def _take(self, now: float, message: Control) -> None:
        if message.type == MessageType.SCCRQ:
            self._delivery.tunnel = message.number(Attribute.ASSIGNED_TUNNEL) or 0
        if not self._delivery.receive(now, message):
            return
        if message.type == MessageType.SCCRQ:
            proof = l2tp.proof(MessageType.SCCRP, SECRET, message.value(Attribute.CHALLENGE) or b"")
            tunnel = l2tp.number(Attribute.ASSIGNED_TUNNEL, 7)
            self._say(now, 0, MessageType.SCCRP, tunnel, Avp(Attribute.CHALLENGE_RESPONSE, proof))
        elif message.type == MessageType.ICRQ:
            self.called.append(message.number(Attribute.ASSIGNED_SESSION) or 0)
            session = l2tp.number(Attribute.ASSIGNED_SESSION, len(self.called))
            self._say(now, self.called[-1], MessageType.ICRP, session)

    def _say(self, now: float, session: int, kind: MessageType, *avps: Avp) -> None:
        self._delivery.send(now, session, l2tp.number(Attribute.MESSAGE_TYPE, kind), *avps)


def street(many: int, at_once: int = 4) -> Collection:
    """So many subscribers, none of them called yet."""
    logins = [Login(f"l{rank:04d}@fai.example", "s3cret-pw") for rank in range(many)]
    return Collection(SECRET, logins, random.Random(1).randbytes, at_once=at_once, connect_within=5)


def talk(collection: Collection, lns: Lns, now: float) -> None:
    """Carry datagrams both ways until neither has anything to say."""
    while collection.outbox:
        said, collection.outbox = collection.outbox, []
        for datagram in lns.answer(now, said):
            collection.receive(now, datagram)


def test_no_more_connect_at_once_than_was_asked_and_others_come_as_their_place_is_free() -> None:
    collection, lns = street(10), Lns()
    collection.start(0)
    talk(collection, lns, 0.1)
    assert len(set(lns.called)) == 4
    for datagram in lns.end(0.2, lns.called[0]):
        collection.receive(0.2, datagram)
    talk(collection, lns, 0.2)
    assert len(set(lns.called)) == 5
    assert [each.ending is not None for each in collection.subscribers] == [True] + [False] * 9


def test_an_lns_that_takes_calls_and_says_nothing_in_them_ends_in_bounded_time() -> None:
    collection, lns, now = street(10), Lns(), 0.0
    collection.start(now)
    while collection.ending is None:
        talk(collection, lns, now)
        assert collection.deadline is not None
        now = max(now, collection.deadline)
        collection.tick(now)
    assert now <= 3 * 5 + 1
    assert {each.ending.cause for each in collection.subscribers if each.ending} == {Cause.SILENT}
    assert (collection.decided, len(collection.told)) == (True, 10)


def test_an_lns_that_says_nothing_at_all_ends_everybody() -> None:
    collection, now = street(3), 0.0
    collection.start(now)
    while collection.ending is None:
        assert collection.deadline is not None
        now = collection.deadline
        collection.tick(now)
    assert (collection.ending.cause, now) == (Cause.SILENT, 5.0)


def test_packets_of_nobody_are_dropped_however_they_are_made() -> None:
    collection = street(2)
    for packet in (b"", b"\x45", b"\x60" * 39, b"\x45" + bytes(19), b"\x60" + bytes(39), b"\xff" * 60):
        collection.send(packet)
    assert collection.outbox == []


def test_a_datagram_reads_as_it_was_written_and_a_damaged_one_is_noticed() -> None:
    written = Datagram(IPv6Address("fe80::1"), IPv6Address("ff02::1:2"), 546, 547, b"\x01abc")
    assert Datagram.decode(written.encode()) == written
    with pytest.raises(Malformed):
        Datagram.decode(written.encode()[:-1] + b"d")
    assert Datagram.decode(b"\x45" + bytes(40)) is None


def test_no_secret_shows_in_a_representation() -> None:
    shown = repr(Settings.read(json.dumps(GOOD)))
    assert "s3cret-pw" not in shown
    assert "tunsecret" not in shown


@pytest.mark.parametrize(
    "given",
    ["", "[]", "{}", json.dumps({**GOOD, "logins": []}), json.dumps({**GOOD, "lns": []}),
     json.dumps({**GOOD, "lns": ["x"]}), json.dumps({**GOOD, "logins": [["alone"]]}),
     json.dumps({**GOOD, "logins": [["a", "b"]] * 4097})],
)  # fmt: skip
def test_a_description_that_is_not_one_is_refused(given: str) -> None:
    with pytest.raises(BadSettings):
        Settings.read(given)


def test_the_program_refuses_nonsense_in_one_sentence_and_says_nothing_of_what_it_was_given() -> None:
    given = json.dumps({**GOOD, "at_once": "s3cret-pw"})
    done = subprocess.run(
        [sys.executable, "-m", "lab.adsl.wholesaler"],
        input=given, capture_output=True, text=True, timeout=20, check=False,
    )  # fmt: skip
    assert (done.returncode, json.loads(done.stdout)["reason"]) == (2, "bad-home")
    assert done.stderr.count("\n") == 1
    assert "s3cret-pw" not in done.stdout + done.stderr


def test_a_box_hands_on_what_is_of_those_behind_it_and_each_takes_the_first_of_theirs() -> None:
    box = {"lns": "100.64.2.1", "login": "a@fai.example", "secret": "x", "password": "y"}
    read = BoxSettings.read(json.dumps({**box, "behind": {"interface": CABLE, "neighbours": [NEXT.plain()]}}))
    assert (read.lan, read.neighbours) == (CABLE, (NEXT,))
    commands = behind.home("eth0", NEXT, IPv4Address("203.0.113.2"), 1460)
    assert "address replace 203.0.113.7/32 dev eth0" in commands[4]
    assert "route replace default via 203.0.113.2 dev eth0" in commands[4]
    assert "address replace 2001:db8:207::1/128 dev eth0 nodad" in commands[6]


@pytest.mark.parametrize("behind_it", ["x", {"interface": CABLE}, {"interface": CABLE, "neighbours": [{"ipv4": []}]}])
def test_a_box_that_is_told_nonsense_of_its_neighbours_refuses(behind_it: object) -> None:
    box = {"lns": "100.64.2.1", "login": "a@fai.example", "secret": "x", "password": "y"}
    with pytest.raises(BadSettings):
        BoxSettings.read(json.dumps({**box, "behind": behind_it}))


def test_a_street_has_a_cable_to_each_neighbour_and_nothing_else_changes() -> None:
    small = small_isp("key")
    street_of = with_street(small)
    assert [port.lan for port in street_of.machine(SHARED).ports] == ["collection", "street"]
    assert all(street_of.machine(name).ports[0].lan == "street" for name in NEIGHBOURS)
    assert [each for each in street_of.machines if each.name != SHARED][: len(small.machines) - 1] == [
        each for each in small.machines if each.name != SHARED
    ]
