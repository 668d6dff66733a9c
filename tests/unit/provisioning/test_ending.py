"""Sessions that end: an LNS is asked until it has none; one that is silent, or lies, is said plainly."""

from __future__ import annotations

import hashlib
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from foundation.settings import read_settings
from provisioning import dae, ending
from provisioning.dae import Lns
from provisioning.ending import Ending, StillConnected

SECRET = "between-lns-and-radius"
ACK, NAK = 41, 42
NO_SUCH_SESSION = struct.pack("!BBI", 101, 6, 503)


def answer(request: bytes, code: int, attributes: bytes, secret: str) -> bytes:
    """RFC 5176, 3.3: the answer is proved by the request's authenticator and the secret."""
    head = struct.pack("!BBH", code, request[1], 20 + len(attributes))
    return head + hashlib.md5(head + request[4:20] + attributes + secret.encode()).digest() + attributes


@contextmanager
def an_lns(said: Callable[[int], tuple[int, bytes]], secret: str = SECRET) -> Iterator[list[bytes]]:
    """On UDP 3799 of the loopback, what answers the n-th request as it is told."""
    heard: list[bytes] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as there:
        try:
            there.bind(("127.0.0.1", dae.PORT))
        except OSError:
            pytest.skip(f"UDP {dae.PORT} is taken on this machine")
        there.settimeout(0.1)
        over = threading.Event()

        def serve() -> None:
            while not over.is_set():
                try:
                    request, asker = there.recvfrom(4096)
                except TimeoutError:
                    continue
                heard.append(request)
                there.sendto(answer(request, *said(len(heard)), secret), asker)

        serving = threading.Thread(target=serve)
        serving.start()
        try:
            yield heard
        finally:
            over.set()
            serving.join()


def end(tmp_path: Path, *logins: str) -> int:
    what = Ending(logins, (Lns("lns", "127.0.0.1", SECRET),), "L0004")
    return ending.end(read_settings(var=tmp_path), what, StillConnected)


def test_a_login_is_asked_to_end_until_there_is_no_session_of_it(tmp_path: Path) -> None:
    with an_lns(lambda rank: (ACK, b"") if rank < 3 else (NAK, NO_SUCH_SESSION)) as heard:
        assert end(tmp_path, "l0004@adsl") == 2
    assert [request[20:] for request in heard] == [b"\x01\x0cl0004@adsl"] * 3
    assert {request[0] for request in heard} == {40}


def test_a_session_is_ended_by_its_address_where_another_of_the_login_that_is_over_would_be_ended_for_ever(
    tmp_path: Path,
) -> None:
    """As l2tpns does it: by the login alone it finds the one that is over, and says yes each time."""
    said = [(ACK, b""), (NAK, NO_SUCH_SESSION)]
    what = Ending(
        ("l0004@adsl",), (Lns("lns", "127.0.0.1", SECRET),), "L0004", addresses={"l0004@adsl": ("203.0.113.9",)}
    )
    with an_lns(lambda rank: said[rank - 1] if rank < 3 else (ACK, b"")) as heard:
        assert ending.end(read_settings(var=tmp_path), what, StillConnected) == 1
    by_address = b"\x01\x0cl0004@adsl" + b"\x08\x06\xcb\x00\x71\x09"
    assert [request[20:] for request in heard[:3]] == [by_address, by_address, b"\x01\x0cl0004@adsl"]
    assert len(heard) == 2 + dae.MOST


def test_an_lns_that_will_not_is_said_with_its_reason(tmp_path: Path) -> None:
    refused = struct.pack("!BBI", 101, 6, 501)
    with an_lns(lambda _: (NAK, refused)), pytest.raises(StillConnected) as said:
        end(tmp_path, "l0004@adsl")
    assert "501" in said.value.sentence("fr")
    assert "essaim line disconnect L0004" in said.value.sentence("en")


def test_an_answer_that_the_secret_does_not_prove_ends_nothing(tmp_path: Path) -> None:
    with an_lns(lambda _: (ACK, b""), "another") as heard, pytest.raises(StillConnected) as said:
        end(tmp_path, "l0004@adsl", "l0005@adsl")
    assert len(heard) == dae.TRIES  # silent once, it is asked of no other login
    assert "l0004@adsl, l0005@adsl" in said.value.sentence("fr")
    assert "ne répond pas" in said.value.sentence("fr")
    assert SECRET not in said.value.sentence("fr")
