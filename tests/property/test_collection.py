"""No octets of an LNS, and no packet of a home, can make many subscribers raise or loop."""

from __future__ import annotations

import random
from contextlib import suppress
from ipaddress import IPv6Address

from hypothesis import given
from hypothesis import strategies as st

from lab.adsl import l2tp, ppp
from lab.adsl.collection import Collection
from lab.adsl.datagram import Datagram
from lab.adsl.l2tp import Attribute, Avp, Control, Data, MessageType
from lab.adsl.octets import Malformed
from lab.adsl.subscriber import Login

SECRET = b"tunsecret"
addresses = st.integers(0, (1 << 128) - 1).map(IPv6Address)
ports = st.integers(0, 65535)


@given(st.builds(Datagram, addresses, addresses, ports, ports, st.binary(max_size=200)))
def test_a_datagram_reads_as_it_was_written(written: Datagram) -> None:
    assert Datagram.decode(written.encode()) == written


@given(st.binary(max_size=120))
def test_reading_any_packet_gives_a_datagram_nothing_or_malformed(packet: bytes) -> None:
    with suppress(Malformed):
        Datagram.decode(packet)


def open_to_anything() -> tuple[Collection, int, list[int]]:
    """Three subscribers whose calls an LNS has taken: the collection, our tunnel's number, and the calls'."""
    logins = [Login(f"l{rank}@fai.example", "pw") for rank in range(3)]
    collection = Collection(SECRET, logins, random.Random(1).randbytes)
    collection.start(0)
    asked = l2tp.decode(collection.outbox[0])
    assert isinstance(asked, Control)
    tunnel = asked.number(Attribute.ASSIGNED_TUNNEL) or 0
    proof = l2tp.proof(MessageType.SCCRP, SECRET, asked.value(Attribute.CHALLENGE) or b"")
    kind, ours = l2tp.number(Attribute.MESSAGE_TYPE, MessageType.SCCRP), l2tp.number(Attribute.ASSIGNED_TUNNEL, 7)
    answer = Control(tunnel, 0, 0, 1, (kind, ours, Avp(Attribute.CHALLENGE_RESPONSE, proof)))
    collection.receive(0.1, answer.encode())
    calls: list[int] = []
    for rank in range(1, 4):
        said = [message for message in map(l2tp.decode, collection.outbox) if isinstance(message, Control)]
        calls += [one.number(Attribute.ASSIGNED_SESSION) or 0 for one in said if one.type == MessageType.ICRQ]
        heard = 1 + max(one.ns for one in said if one.avps)
        collection.outbox.clear()
        kind = l2tp.number(Attribute.MESSAGE_TYPE, MessageType.ICRP)
        theirs = l2tp.number(Attribute.ASSIGNED_SESSION, rank)
        collection.receive(0.2, Control(tunnel, calls[rank - 1], rank, heard, (kind, theirs)).encode())
    return collection, tunnel, calls


codes = st.integers(0, 12)
packets = st.builds(ppp.Packet, codes, st.integers(0, 3), st.binary(max_size=40)).map(ppp.Packet.encode)
frames = st.builds(ppp.frame, st.sampled_from(list(ppp.Protocol)), packets | st.binary(max_size=60))
control = st.sampled_from([MessageType.CDN, MessageType.STOP_CCN, MessageType.HELLO, MessageType.ICRP])
spoken = st.one_of(
    st.tuples(st.just("data"), st.integers(0, 3), frames),
    st.tuples(st.just("control"), st.integers(0, 3), control),
    st.tuples(st.just("raw"), st.just(0), st.binary(max_size=80)),
    st.tuples(st.just("home"), st.just(0), st.binary(max_size=80)),
)


@given(st.lists(spoken, max_size=40))
def test_whatever_comes_in_whatever_order_nothing_raises_and_time_goes_on(heard: list[tuple[str, int, object]]) -> None:
    collection, tunnel, calls = open_to_anything()
    assert len(calls) == 3
    now, ns = 1.0, 4
    for sort, which, what in heard:
        call = calls[which] if which < len(calls) else 0
        now += 0.3
        match sort, what:
            case "data", bytes():
                collection.receive(now, Data(tunnel, call, what).encode())
            case "control", MessageType():
                kind = l2tp.number(Attribute.MESSAGE_TYPE, what)
                collection.receive(now, Control(tunnel, call, ns, 0, (kind,)).encode())
                ns += 1
            case "raw", bytes():
                collection.receive(now, what)
            case _, bytes():
                collection.send(what)
        collection.tick(now)
        assert collection.deadline is None or collection.deadline > now - 60
    collection.hang_up(now)
