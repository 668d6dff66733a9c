from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring import tunnels
from monitoring.models import LARGEST
from monitoring.tunnels import UnreadableTunnels

KEY = "oQ4vtWXEbDAM4b7LxZBEaSoGCSbhZ0xAx1Lvbb0HnAM="


def test_a_peer_that_spoke_is_read_with_where_it_spoke_from() -> None:
    [tunnel] = tunnels.parse("vpn", f"{KEY}\t192.0.2.234:51820\t1795352520\t1000\t2000\n")
    assert tunnel.public_key == KEY
    assert tunnel.endpoint == "192.0.2.234"
    assert tunnel.handshake == datetime(2026, 11, 22, 13, 2, tzinfo=UTC)
    assert (tunnel.received, tunnel.sent) == (2000, 1000)


def test_an_ipv6_endpoint_loses_its_brackets_and_port() -> None:
    [tunnel] = tunnels.parse("vpn", f"{KEY}\t[3fff:0:2::234]:51820\t1795352520\t0\t0\n")
    assert tunnel.endpoint == "3fff:0:2::234"


def test_a_peer_that_never_spoke_has_neither_handshake_nor_endpoint() -> None:
    [tunnel] = tunnels.parse("vpn", f"{KEY}\t(none)\t0\t0\t0\n")
    assert (tunnel.endpoint, tunnel.handshake) == (None, None)


def test_a_server_without_peers_has_no_tunnels() -> None:
    assert tunnels.parse("vpn", "\n") == []


def test_where_a_member_is_does_not_show_in_logs() -> None:
    [tunnel] = tunnels.parse("vpn", f"{KEY}\t192.0.2.234:51820\t1795352520\t1\t2\n")
    assert "192.0.2.234" not in repr(tunnel)


def test_what_is_not_a_dump_is_refused_by_name() -> None:
    with pytest.raises(UnreadableTunnels) as refused:
        tunnels.parse("vpn", "Unable to access interface: No such device\n")
    assert "vpn" in refused.value.sentence("fr")


FIELD = st.text(max_size=30) | st.sampled_from([KEY, "(none)", "192.0.2.1:1", "[::1%eth0]:1", "0", "-1", "9" * 40, "²"])


@given(st.lists(st.lists(FIELD, max_size=7).map("\t".join), max_size=4).map("\n".join) | st.text())
def test_no_text_raises_anything_but_the_named_error(text: str) -> None:
    try:
        found = tunnels.parse("vpn", text)
    except UnreadableTunnels:
        return
    for tunnel in found:
        assert 0 <= tunnel.received <= LARGEST
        assert 0 <= tunnel.sent <= LARGEST
