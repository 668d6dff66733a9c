from __future__ import annotations

from ipaddress import IPv6Network

import pytest

from lab.adsl.dhcpv6 import Delegated, Event, Message, MessageType, Option, OptionCode, PrefixClient, Withdrawn
from lab.adsl.octets import Malformed

PREFIX = IPv6Network("2001:db8:200:1100::/56")


class Server:
    """Answers a client as a DHCPv6 server with one prefix would."""

    def __init__(self, preferred: int = 100, valid: int = 200, prefix: IPv6Network = PREFIX) -> None:
        self.preferred, self.valid, self.prefix = preferred, valid, prefix

    def answer(self, octets: bytes, duid: bytes | None = None) -> bytes:
        asked = Message.decode(octets)
        kind = MessageType.ADVERTISE if asked.type == MessageType.SOLICIT else MessageType.REPLY
        numbers = self.preferred.to_bytes(4, "big") + self.valid.to_bytes(4, "big")
        offer = numbers + bytes([self.prefix.prefixlen]) + self.prefix.network_address.packed
        inner = Option(OptionCode.IA_PREFIX, offer)
        association = (asked.value(OptionCode.IA_PD) or b"")[:4] + bytes(8)
        octets_inner = inner.code.to_bytes(2, "big") + len(offer).to_bytes(2, "big") + offer
        options = (
            Option(OptionCode.CLIENT_ID, duid or asked.value(OptionCode.CLIENT_ID) or b""),
            Option(OptionCode.SERVER_ID, b"server"),
            Option(OptionCode.IA_PD, association + octets_inner),
        )
        return Message(kind, asked.transaction, options).encode()


def asked(client: PrefixClient) -> bytes:
    message = client.outbox[-1]
    client.outbox.clear()
    return message


def leased(server: Server) -> tuple[PrefixClient, list[Event]]:
    client = PrefixClient(lambda count: bytes(range(count)))
    client.start(0.0)
    client.receive(0.0, server.answer(asked(client)))
    return client, client.receive(0.0, server.answer(asked(client)))


def test_a_home_asks_twice_and_has_its_prefix():
    _, events = leased(Server())
    assert [event.lease.prefix for event in events if isinstance(event, Delegated)] == [PREFIX]


def test_a_prefix_is_renewed_at_half_its_preferred_time_with_the_server_that_gave_it():
    client, _ = leased(Server())
    assert client.deadline == 50
    client.tick(50.0)
    message = Message.decode(client.outbox[-1])
    assert (message.type, message.value(OptionCode.SERVER_ID)) == (MessageType.RENEW, b"server")


def test_a_prefix_renewed_stays_as_it_is():
    client, _ = leased(Server())
    client.tick(50.0)
    events = client.receive(50.1, Server().answer(asked(client)))
    assert [type(event) for event in events] == [Delegated]
    assert client.deadline == pytest.approx(100.1)


def test_any_server_will_do_when_the_first_one_does_not_renew():
    client, _ = leased(Server())
    now, kinds = 0.0, []
    while now < 100:
        now = client.deadline or 100.0
        client.tick(now)
        kinds.append(Message.decode(client.outbox[-1]).type)
    assert kinds[0] == MessageType.RENEW
    assert kinds[-1] == MessageType.REBIND


def test_a_prefix_that_nobody_renews_is_given_up_in_its_time():
    client, _ = leased(Server())
    events: list[Event] = []
    now = 0.0
    while not events:
        now = client.deadline or 0.0
        events = client.tick(now)
    assert events == [Withdrawn(PREFIX)]
    assert 200 <= now < 330


def test_a_prefix_given_for_ever_is_never_asked_for_again():
    client, _ = leased(Server(preferred=0xFFFFFFFF, valid=0xFFFFFFFF))
    assert client.deadline is None


def test_an_answer_to_someone_else_is_not_ours():
    client = PrefixClient(lambda count: bytes(range(count)))
    client.start(0.0)
    assert client.receive(0.0, Server().answer(asked(client), duid=b"another")) == []
    assert client.outbox == []


def test_a_server_that_is_silent_is_asked_less_and_less_often():
    client = PrefixClient(lambda count: bytes(range(count)))
    client.start(0.0)
    times = []
    for _ in range(10):
        times.append(client.deadline or 0.0)
        client.tick(times[-1])
    assert times[:4] == [1, 3, 7, 15]
    assert times[-1] - times[-2] == 120


@pytest.mark.parametrize("text", ["ff00::/56", "fe80::/56", "::/0", "2001:db8::/65"])
def test_a_prefix_that_no_home_can_use_is_refused(text):
    with pytest.raises(Malformed):
        leased(Server(prefix=IPv6Network(text)))
