"""What is written can be read back, and nothing that a peer sends can do more than be refused."""

from __future__ import annotations

import contextlib
from ipaddress import IPv6Network

from hypothesis import given
from hypothesis import strategies as st

from lab.adsl import dhcpv6, l2tp, ppp
from lab.adsl.octets import Malformed

U16 = st.integers(0, 0xFFFF)
BYTE = st.integers(0, 0xFF)

AVPS = st.builds(l2tp.Avp, U16, st.binary(max_size=1017), st.booleans(), st.booleans(), U16)
MESSAGE_TYPE = st.builds(
    l2tp.number, st.just(l2tp.Attribute.MESSAGE_TYPE), st.sampled_from([int(kind) for kind in l2tp.MessageType])
)
BODIES = st.one_of(st.just(()), st.builds(lambda first, rest: (first, *rest), MESSAGE_TYPE, st.lists(AVPS, max_size=4)))
CONTROLS = st.builds(l2tp.Control, U16, U16, U16, U16, BODIES)
DATA = st.builds(l2tp.Data, U16, U16, st.binary(max_size=1500))
PACKETS = st.builds(ppp.Packet, BYTE, BYTE, st.binary(max_size=1500))
OPTIONS = st.lists(st.builds(ppp.Option, BYTE, st.binary(max_size=253)), max_size=8)
DHCP = st.builds(
    dhcpv6.Message,
    BYTE,
    st.integers(0, 0xFFFFFF),
    st.lists(st.builds(dhcpv6.Option, U16, st.binary(max_size=100)), max_size=6).map(tuple),
)
PROTOCOLS = st.integers(0, 0x7FFF).map(lambda number: (number << 1 | 1) & 0xFEFF)


@given(st.one_of(CONTROLS, DATA))
def test_an_l2tp_message_reads_back_as_it_was_written(message):
    assert l2tp.decode(message.encode()) == message


@given(PACKETS, st.binary(max_size=20))
def test_a_ppp_packet_reads_back_whatever_padding_follows_it(packet, padding):
    assert ppp.Packet.decode(packet.encode() + padding) == packet


@given(OPTIONS)
def test_ppp_options_read_back_as_they_were_written(options):
    assert ppp.decode_options(ppp.encode_options(options)) == tuple(options)


@given(PROTOCOLS, st.binary(max_size=100))
def test_a_frame_reads_back_with_its_header_whole_or_compressed(protocol, payload):
    frame = ppp.frame(protocol, payload)
    assert ppp.unframe(frame) == (protocol, payload)
    short = frame[2:] if protocol > 0xFF else frame[3:]
    if not short.startswith(b"\xff\x03"):
        assert ppp.unframe(short) == (protocol, payload)


@given(DHCP)
def test_a_dhcpv6_message_reads_back_as_it_was_written(message):
    assert dhcpv6.Message.decode(message.encode()) == message


@given(st.binary(max_size=200))
def test_octets_of_any_kind_are_read_or_refused(octets):
    readers = (
        l2tp.decode,
        ppp.unframe,
        ppp.Packet.decode,
        ppp.decode_options,
        ppp.chap_challenge,
        dhcpv6.Message.decode,
        dhcpv6.decode_options,
    )
    for read in readers:
        with contextlib.suppress(Malformed):
            read(octets)


@given(st.lists(st.binary(max_size=120), max_size=8), st.data())
def test_a_prefix_client_survives_any_server(messages, data):
    client = dhcpv6.PrefixClient(lambda count: bytes(range(1, count + 1)))
    client.start(0.0)
    asked = dhcpv6.Message.decode(client.outbox[0])
    duid = asked.value(dhcpv6.OptionCode.CLIENT_ID) or b""
    association = (asked.value(dhcpv6.OptionCode.IA_PD) or b"")[:4]
    for number, inside in enumerate(messages):
        kind = data.draw(st.sampled_from([2, 7]))
        options = (
            dhcpv6.Option(1, duid),
            dhcpv6.Option(2, b"server"),
            dhcpv6.Option(25, association + inside),
        )
        with contextlib.suppress(Malformed):
            for event in client.receive(float(number), dhcpv6.Message(kind, 0x010203, options).encode()):
                prefix = event.prefix if isinstance(event, dhcpv6.Withdrawn) else event.lease.prefix
                assert isinstance(prefix, IPv6Network)
        client.tick(float(number))
    assert len(client.outbox) <= 2 * len(messages) + 1
