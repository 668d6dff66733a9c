"""What OpenVPN's management interface says of its sessions, read back; whatever else it says is refused by name."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring import openvpn
from monitoring.models import LARGEST
from monitoring.openvpn import UnreadableSessions


def test_a_session_is_read_with_where_it_comes_from_and_octets_as_the_member_counts_them() -> None:
    [found] = openvpn.parse("vpn", "l0042\t192.0.2.234:40001\t1000\t2000\t1795352520\t7\n")
    assert (found.name, found.remote, found.key) == ("l0042", "192.0.2.234", "1795352520 7")
    assert found.since == datetime(2026, 11, 22, 13, 2, tzinfo=UTC)
    assert (found.received, found.sent) == (2000, 1000)


@pytest.mark.parametrize("text", ["3fff:0:2::234", "[3fff:0:2::234]:40001", "[3fff:0:2::234]"])
def test_an_ipv6_address_is_read_with_or_without_its_port(text: str) -> None:
    [found] = openvpn.parse("vpn", f"l0042\t{text}\t0\t0\t1795352520\t0\n")
    assert found.remote == "3fff:0:2::234"


def test_a_server_to_which_nobody_is_connected_has_no_sessions() -> None:
    assert openvpn.parse("vpn", "\n") == []


def test_where_a_member_is_does_not_show_in_logs() -> None:
    [found] = openvpn.parse("vpn", "l0042\t192.0.2.234:40001\t1\t2\t1795352520\t7\n")
    assert "192.0.2.234" not in repr(found)


def test_what_is_not_a_status_is_refused_by_name() -> None:
    with pytest.raises(UnreadableSessions) as refused:
        openvpn.parse("vpn", "ENTER PASSWORD:\n")
    assert "vpn" in refused.value.sentence("fr")


FIELD = st.text(max_size=30) | st.sampled_from(["l0042", "192.0.2.1:1", "[::1%eth0]:1", "0", "-1", "9" * 40, "²"])


@given(st.lists(st.lists(FIELD, max_size=7).map("\t".join), max_size=4).map("\n".join) | st.text())
def test_no_text_raises_anything_but_the_named_error(text: str) -> None:
    try:
        found = openvpn.parse("vpn", text)
    except UnreadableSessions:
        return
    for session in found:
        assert 0 <= session.received <= LARGEST
        assert 0 <= session.sent <= LARGEST
