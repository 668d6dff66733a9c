"""Echoes over real sockets, in a network of the test's own where somebody must keep silent or lie."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from ipaddress import ip_address
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab import kernel
from lab.machines import apart
from monitoring import pinging
from monitoring.echo import LENGTH, MARK, Echoes, NoEchoes, Version, answered, checksum, open_echoes, request
from monitoring.pinging import Echoed, Home

HERE = ("127.0.0.1", 0)
NEAR = [Home(f"L{rank:04d}", ip_address(f"127.0.0.{rank}")) for rank in range(1, 21)]


def may_open() -> bool:
    try:
        open_echoes(4).close()
    except NoEchoes:
        return False
    return True


echoes_here = pytest.mark.skipif(not may_open(), reason="this account may send no echoes")
root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root for a network of its own")


def listen(sockets: dict[Version, Echoes], homes: Sequence[Home], **how: object) -> list[Echoed]:
    how = {"seconds": 0.6, "every": 0.1, "patience": 0.2} | how
    return asyncio.run(pinging.listen(sockets, homes, **how))  # type: ignore[arg-type]


@pytest.fixture
def sockets() -> Iterator[dict[Version, Echoes]]:
    opened: dict[Version, Echoes] = {4: open_echoes(4), 6: open_echoes(6)}
    yield opened
    for each in opened.values():
        each.close()


def elsewhere(setting: str = "") -> dict[Version, Echoes]:
    """Sockets in a new network that has nothing but itself, with one setting of its kernel made 1."""

    def made() -> dict[Version, Echoes]:
        kernel.leave(kernel.NEW_NETWORK)
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        if setting:
            Path("/proc/sys/net", setting).write_text("1")
        return {4: open_echoes(4), 6: open_echoes(6)}

    return apart(made)


def close(sockets: dict[Version, Echoes]) -> None:
    for each in sockets.values():
        each.close()


@given(st.sampled_from([4, 6]), st.binary(min_size=MARK, max_size=MARK), st.integers(0, 65535), st.integers(0, 65535))
def test_a_request_is_as_long_as_said_and_no_answer(version: Version, mark: bytes, own: int, number: int) -> None:
    packet = request(version, own, number, mark)
    assert len(packet) == LENGTH
    assert answered(version, packet, raw=False) is None
    reply = bytes([{4: 0, 6: 129}[version]]) + packet[1:]
    assert answered(version, reply, raw=False) == mark
    if version == 4:
        assert checksum(packet) == 0, "the sum over all of it, checksum included (RFC 1071)"
        assert answered(4, b"\x45" + bytes(19) + reply, raw=True) == mark


@given(st.sampled_from([4, 6]), st.binary(max_size=200), st.booleans())
def test_no_packet_is_too_odd(version: Version, packet: bytes, raw: bool) -> None:
    mark = answered(version, packet, raw=raw)
    assert mark is None or len(mark) == MARK


@echoes_here
def test_all_homes_are_asked_as_often_and_their_answers_timed(sockets: dict[Version, Echoes]) -> None:
    found = listen(sockets, [*NEAR, Home("L0021", ip_address("::1"))])
    assert [each.home for each in found] == [*NEAR, Home("L0021", ip_address("::1"))]
    counts = [each.sent for each in found]
    assert max(counts) - min(counts) <= 1
    assert min(counts) >= 3
    assert sum(each.lost for each in found) == 0
    assert all(0 <= took < 200_000 for each in found for took in each.times)


@echoes_here
def test_who_may_be_measured_no_more_is_left_out_at_once(sockets: dict[Version, Echoes]) -> None:
    asked: list[int] = []

    def agreed() -> set[str]:
        asked.append(1)
        return {"L0001", "L0002"} if len(asked) < 3 else {"L0002"}

    found = listen(sockets, NEAR[:3], agreed=agreed)
    assert [each.home.line for each in found] == ["L0002"]
    assert len(asked) >= 3


@echoes_here
def test_a_family_without_a_socket_is_left_out_and_nobody_is_nobody(sockets: dict[Version, Echoes]) -> None:
    only = {4: sockets[4]}
    assert len(listen(only, [NEAR[0], Home("L0001", ip_address("::1"))], seconds=0.3)) == 1  # type: ignore[arg-type]
    assert listen(sockets, [], seconds=0.05) == []


@root
def test_echoes_that_nobody_gives_back_are_lost_and_those_without_a_road_say_nothing() -> None:
    sockets = elsewhere("ipv4/icmp_echo_ignore_all")
    far = Home("L0002", ip_address("192.0.2.1"))
    deaf, roadless = listen(sockets, [NEAR[0], far])
    close(sockets)
    assert (deaf.sent, deaf.lost, deaf.unsent) == (deaf.sent, deaf.sent, 0)
    assert deaf.sent >= 3
    assert (roadless.sent, roadless.lost) == (0, 0)
    assert roadless.unsent >= 3


@root
@pytest.mark.parametrize("marked", ["lied", "overheard"])
def test_strangers_cannot_answer_for_a_home(marked: str) -> None:
    """A flood of answers with marks of their own, or the right marks from elsewhere: every echo stays lost."""
    ending = threading.Event()
    seen: list[bytes] = []

    def flood() -> None:
        kernel.leave(kernel.NEW_NETWORK)
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        Path("/proc/sys/net/ipv4/icmp_echo_ignore_all").write_text("1")
        made.update({4: open_echoes(4)})
        raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
        raw.settimeout(0.01)
        raw.bind(("127.0.0.9", 0)) if marked == "overheard" else None
        heard = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
        heard.settimeout(0.01)
        ready.set()
        while not ending.is_set():
            mark = os.urandom(MARK)
            if marked == "overheard":
                try:
                    packet = heard.recv(2048)[20:]
                except TimeoutError:
                    continue
                if packet[0] != 8:
                    continue
                mark = packet[8 : 8 + MARK]
                seen.append(mark)
            reply = b"\0\0" + request(4, 7, 7, mark)[2:]
            raw.sendto(reply[:2] + checksum(reply[:2] + b"\0\0" + reply[4:]).to_bytes(2, "big") + reply[4:], HERE)
        raw.close()
        heard.close()

    made: dict[Version, Echoes] = {}
    ready = threading.Event()
    thread = threading.Thread(target=flood)
    thread.start()
    assert ready.wait(5)
    [found] = listen(made, NEAR[:1])
    ending.set()
    thread.join(5)
    close(made)
    assert found.sent >= 3
    assert found.lost == found.sent
    assert bool(seen) == (marked == "overheard")


_AS_NOBODY = """
import sys
sys.path.insert(0, sys.argv[1])
from monitoring.echo import NoEchoes, open_echoes
try:
    print("raw" if open_echoes(4).raw else "plain")
except NoEchoes as no:
    print(no.sentence("en"))
"""


@root
@pytest.mark.skipif(shutil.which("setpriv") is None, reason="needs setpriv")
@pytest.mark.parametrize(("group", "said"), [("0 2147483647", "plain"), ("1 0", "CAP_NET_RAW")])
def test_an_account_without_rights_may_where_the_kernel_says_so(
    group: str, said: str, request: pytest.FixtureRequest
) -> None:
    where = request.config.rootpath
    way = (
        f"echo '{group}' > /proc/sys/net/ipv4/ping_group_range; exec setpriv --reuid=65534 --regid=65534 --clear-groups"
    )
    argv = ["unshare", "-n", "sh", "-c", f'{way} "$@"', "sh", sys.executable, "-c", _AS_NOBODY, str(where)]
    ran = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=30)
    if "Permission denied" in ran.stderr or "ModuleNotFound" in ran.stderr:
        pytest.skip("an account without rights cannot read this folder")
    assert said in ran.stdout, ran.stderr
