"""Traffic over loopback and in empty namespaces of the test's own."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from lab import traffic
from lab.traffic import NoTraffic, exchange, largest_packet

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="entering a network namespace takes root")


@contextmanager
def network(*commands: str) -> Iterator[int]:
    """A network namespace of its own, prepared by `ip` commands."""
    with subprocess.Popen(["unshare", "--net", "sleep", "60"]) as holder:
        try:
            theirs = Path(f"/proc/{holder.pid}/ns/net")
            while theirs.samefile("/proc/self/ns/net"):
                time.sleep(0.005)
            descriptor = os.open(theirs, os.O_RDONLY)
            for command in ("link set lo up", *commands):
                subprocess.run(["nsenter", f"--net={theirs}", "ip", *command.split()], check=True)
            yield descriptor
            os.close(descriptor)
        finally:
            holder.kill()


@contextmanager
def server(namespace: int) -> Iterator[None]:
    command = ["nsenter", f"--net=/proc/{os.getpid()}/fd/{namespace}", sys.executable, "-m", "lab.traffic", "serve"]
    with subprocess.Popen([*command, str(traffic.PORT)]) as running:
        try:
            until = time.monotonic() + 10
            while time.monotonic() < until:
                try:
                    exchange(namespace, "127.0.0.1", 1)
                except NoTraffic:
                    time.sleep(0.05)
                else:
                    break
            yield
        finally:
            running.terminate()


@pytest.fixture(scope="module")
def serving() -> Iterator[int]:
    with network("address add 203.0.113.17/32 dev lo", "link set lo mtu 1462") as namespace, server(namespace):
        yield namespace


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_a_megabyte_goes_each_way(serving, host):
    done = exchange(serving, host)
    assert (str(done.seen_address), done.sent, done.received) == (host, traffic.MEGABYTE, traffic.MEGABYTE)


def test_the_host_sees_the_address_that_the_member_spoke_from(serving):
    assert str(exchange(serving, "127.0.0.1", 1000, source="203.0.113.17").seen_address) == "203.0.113.17"


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_the_largest_packet_is_the_mtu_of_the_narrowest_link(serving, host):
    assert largest_packet(serving, host) == 1462


@pytest.mark.parametrize("hello", [b"essaim 1 -5 -5\n", b"essaim 1 99999999999 1\n", b"GET / HTTP/1.1\n", b"x" * 500])
def test_a_client_that_asks_for_nonsense_is_hung_up_on_and_others_are_served(serving, hello):
    with traffic.inside(serving), socket.create_connection(("127.0.0.1", traffic.PORT), 2) as client:
        client.sendall(hello)
        with suppress(ConnectionResetError):
            assert client.recv(100) == b""
    assert exchange(serving, "127.0.0.1", 1000).received == 1000


def test_a_host_that_does_not_listen_is_said_so():
    with network() as namespace, pytest.raises(NoTraffic, match="refused"):
        exchange(namespace, "127.0.0.1")


def test_a_machine_without_a_route_is_said_so_at_once():
    with network() as namespace:
        for attempt in (exchange, largest_packet):
            with pytest.raises(NoTraffic, match="no route"):
                attempt(namespace, "192.0.2.200")


@pytest.mark.parametrize("attempt", [exchange, largest_packet])
def test_a_path_that_swallows_everything_is_given_up_in_the_time_allowed(attempt):
    hole = (
        "link add hole type bridge",
        "address add 192.0.2.1/24 dev hole",
        "link set hole up",
        "neigh add 192.0.2.200 lladdr 02:00:00:00:00:01 dev hole",
    )
    with network(*hole) as namespace:
        began = time.monotonic()
        with pytest.raises(NoTraffic, match="no answer"):
            attempt(namespace, "192.0.2.200", seconds=0.2)
        assert time.monotonic() - began < 1
