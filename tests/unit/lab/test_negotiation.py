"""One end of the automaton of RFC 1661, 4, against packets that come late, twice or never."""

from __future__ import annotations

from lab.adsl.negotiation import MAX_NAKS, RESTART, Negotiation, Verdict
from lab.adsl.ppp import Code, Option, Packet, encode_options

OURS, THEIRS = encode_options([Option(1, b"ours")]), encode_options([Option(2, b"theirs")])
GOOD, BAD = encode_options([Option(3, b"good")]), encode_options([Option(3, b"bad")])


def judge(kind: int, value: bytes) -> Verdict | bytes:
    return b"good" if (kind, value) == (3, b"bad") else Verdict.ACCEPT


def begun() -> Negotiation:
    negotiation = Negotiation({1: b"ours"}, judge)
    negotiation.start(0.0)
    assert said(negotiation) == [Packet(Code.CONFIGURE_REQUEST, 1, OURS)]
    return negotiation


def said(negotiation: Negotiation) -> list[Packet]:
    packets = list(negotiation.outbox)
    negotiation.outbox.clear()
    return packets


def test_an_answer_that_comes_after_we_asked_again_still_counts():
    negotiation = begun()
    negotiation.tick(RESTART)
    assert said(negotiation) == [Packet(Code.CONFIGURE_REQUEST, 1, OURS)]
    negotiation.receive(1.3, Packet(Code.CONFIGURE_REQUEST, 5, THEIRS))
    negotiation.receive(1.3, Packet(Code.CONFIGURE_ACK, 1, OURS))
    assert negotiation.opened
    assert negotiation.deadline is None


def test_a_peer_that_agrees_and_then_asks_nothing_is_asked_anew():
    negotiation = begun()
    negotiation.receive(0.1, Packet(Code.CONFIGURE_ACK, 1, OURS))
    negotiation.tick(0.1 + RESTART)
    assert said(negotiation) == [Packet(Code.CONFIGURE_REQUEST, 2, OURS)]
    negotiation.receive(1.2, Packet(Code.CONFIGURE_REQUEST, 5, THEIRS))
    assert not negotiation.opened
    negotiation.receive(1.2, Packet(Code.CONFIGURE_ACK, 2, OURS))
    assert negotiation.opened


def test_a_peer_that_asks_again_after_all_was_agreed_is_asked_again_too():
    negotiation = begun()
    negotiation.receive(0.1, Packet(Code.CONFIGURE_ACK, 1, OURS))
    negotiation.receive(0.1, Packet(Code.CONFIGURE_REQUEST, 5, THEIRS))
    said(negotiation)
    negotiation.receive(0.5, Packet(Code.CONFIGURE_REQUEST, 5, THEIRS))
    assert not negotiation.opened
    assert said(negotiation) == [
        Packet(Code.CONFIGURE_REQUEST, 2, OURS),
        Packet(Code.CONFIGURE_ACK, 5, THEIRS),
    ]


def test_nothing_is_asked_while_the_layer_below_is_down():
    negotiation = begun()
    negotiation.down()
    negotiation.tick(60.0)
    negotiation.receive(60.0, Packet(Code.CONFIGURE_ACK, 1, OURS))
    assert (said(negotiation), negotiation.opened, negotiation.deadline) == ([], False, None)


def test_suggestions_are_counted_until_the_peer_takes_one():
    negotiation = begun()
    for _ in range(2):
        codes = []
        for _ in range(MAX_NAKS + 1):
            negotiation.receive(0.1, Packet(Code.CONFIGURE_REQUEST, 5, BAD))
            codes.append(said(negotiation)[-1].code)
        assert codes == [Code.CONFIGURE_NAK] * MAX_NAKS + [Code.CONFIGURE_REJECT]
        negotiation.receive(0.1, Packet(Code.CONFIGURE_REQUEST, 6, GOOD))
        assert said(negotiation) == [Packet(Code.CONFIGURE_ACK, 6, GOOD)]
