"""The home's session against what Debian's l2tpns really said."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

import pytest

from lab.adsl import l2tp, ppp
from lab.adsl.ending import Cause, Ending
from lab.adsl.link import Event, Ipv4Up, Ipv6Up
from lab.adsl.ppp import Challenge, Code, LcpOption, Option, Packet, Protocol
from lab.adsl.session import Session

RECORDED = json.loads((Path(__file__).parent / "recordings" / "l2tpns.json").read_text())
HEARD = [bytes.fromhex(text) for way, text in RECORDED["accepted"] if way == "from-lns"]
LOGIN, PASSWORD, SECRET = b"alice@fai.example", b"s3cret-pw", b"tunsecret"


def home(password: bytes = PASSWORD, secret: bytes = SECRET) -> Session:
    """A home that makes the same numbers up as when the recording was taken."""
    session = Session(secret, LOGIN, password, random.Random(1).randbytes)
    session.start(0.0)
    return session


def replay(session: Session, recording: list[list[str]]) -> list[Event]:
    """Play the LNS's part; hang up once both protocols are up; what the home says must be what was recorded."""
    events: list[Event] = []
    said: list[bytes] = []
    for way, text in recording:
        if way == "from-lns":
            events += session.receive(0.1, bytes.fromhex(text))
            continue
        if not session.outbox and sum(isinstance(event, Ipv4Up | Ipv6Up) for event in events) == 2:
            session.hang_up(0.2)
        said, session.outbox[:] = session.outbox[:1], session.outbox[1:]
        assert said == [bytes.fromhex(text)]
    return events


def connected() -> Session:
    """A home after all that the LNS said when it accepted one."""
    session = home()
    events = [event for datagram in HEARD for event in session.receive(0.1, datagram)]
    assert [type(event) for event in events] == [Ipv4Up, Ipv6Up]
    session.outbox.clear()
    return session


def from_lns(protocol: Protocol, packet: Packet) -> bytes:
    """A datagram of the call that was recorded, with another packet in it."""
    data = next(message for message in map(l2tp.decode, HEARD) if isinstance(message, l2tp.Data))
    return replace(data, frame=ppp.frame(protocol, packet.encode())).encode()


def said(session: Session) -> list[tuple[int, Packet]]:
    """The PPP packets that the home has just sent."""
    messages = [l2tp.decode(datagram) for datagram in session.outbox]
    frames = [ppp.unframe(message.frame) for message in messages if isinstance(message, l2tp.Data)]
    return [(protocol, Packet.decode(payload)) for protocol, payload in frames]


def test_a_member_gets_the_addresses_that_radius_gave():
    events = replay(home(), RECORDED["accepted"])
    assert events == [
        Ipv4Up(IPv4Address("203.0.113.17"), IPv4Address("203.0.113.1"), (IPv4Address("192.0.2.53"),)),
        Ipv6Up(IPv6Address("fe80::cb00:7111:0:0")),
    ]


def test_packets_of_the_home_are_as_large_as_the_collection_link_takes_whole():
    session = home()
    replay(session, RECORDED["accepted"])
    assert session.mtu + 20 + 8 + 6 + 4 == 1500


def test_after_the_goodbye_the_lns_has_heard_it():
    session = home()
    replay(session, RECORDED["accepted"])
    assert session.settled


def test_a_wrong_password_is_a_refusal_though_l2tpns_says_only_that_the_call_ends():
    assert replay(home(password=b"wrong"), RECORDED["refused"]) == [Ending(Cause.REFUSED, "L2TP CDN 3")]


def test_an_lns_that_does_not_know_the_tunnel_s_secret_never_gets_a_login():
    assert replay(home(secret=b"wrong"), RECORDED["wrong_secret"]) == [Ending(Cause.REFUSED, "L2TP secret")]


def test_an_lns_that_says_nothing_is_given_up_in_the_time_allowed():
    session = Session(SECRET, LOGIN, PASSWORD, random.Random(1).randbytes, connect_within=5)
    session.start(0.0)
    events: list[Event] = []
    while not events:
        assert session.deadline is not None
        now = session.deadline
        events = session.tick(now)
    assert (events, now) == ([Ending(Cause.SILENT, "5 s")], 5.0)


def test_an_lns_that_falls_silent_later_is_noticed_within_ten_seconds():
    session = connected()
    events: list[Event] = []
    while not any(isinstance(event, Ending) for event in events):
        assert session.deadline is not None
        now = session.deadline
        events = session.tick(now)
    assert events == [Ending(Cause.SILENT, "PPP echo")]
    assert now < 10


def test_a_line_that_the_lns_negotiates_anew_carries_nothing_meanwhile():
    session = connected()
    asked = ppp.encode_options([Option(LcpOption.AUTHENTICATION, ppp.CHAP_MD5)])
    session.receive(1.0, from_lns(Protocol.LCP, Packet(Code.CONFIGURE_REQUEST, 9, asked)))
    session.send(b"\x45")
    session.send(b"\x60")
    session.tick(1.9)
    assert [(protocol, packet.code) for protocol, packet in said(session)] == [
        (Protocol.LCP, Code.CONFIGURE_REQUEST),
        (Protocol.LCP, Code.CONFIGURE_ACK),
    ]


def test_a_member_who_is_asked_who_they_are_while_connected_says_so_and_stays():
    session = connected()
    assert session.receive(1.0, from_lns(Protocol.CHAP, Packet(Challenge.CHALLENGE, 9, b"\x03new"))) == []
    answer = Packet(Challenge.RESPONSE, 9, ppp.chap_response(9, PASSWORD, b"new", LOGIN))
    assert said(session) == [(Protocol.CHAP, answer)]
    assert session.receive(1.1, from_lns(Protocol.CHAP, Packet(Challenge.SUCCESS, 9))) == []
    session.send(b"\x45")
    assert len(session.outbox) == 2


@pytest.mark.parametrize("cause", list(Cause))
def test_every_ending_has_a_sentence_in_both_languages(cause):
    ending = Ending(cause, "détail")
    assert ending.phrase.say("fr", detail=ending.detail) != ending.phrase.say("en", detail=ending.detail)
