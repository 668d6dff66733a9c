"""Everything beside this file needs the lab, which tests/conftest.py brings up once a run."""

from __future__ import annotations

import os
import shutil
import socket
import struct
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from desk import association
from foundation import reach
from foundation.settings import Settings, read_settings


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything beside this file is marked `lab`."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.lab)


@pytest.fixture(scope="session")
def inhabited(standing_lab: Any) -> Callable[[Path], Settings]:
    """Make the demonstration's association in a folder, whose machines are the lab's, put back as they were."""

    def made(var: Path) -> Settings:
        standing_lab.keeper.restore()
        association.create_demo(read_settings(var=var))
        settings = read_settings(var=var)
        (var / "lab").symlink_to(standing_lab.folder)
        for ending in ("", ".pub"):
            shutil.copy(f"{standing_lab.means.key_file}{ending}", f"{settings.means().key_file}{ending}")
        reach.trust(settings.means(), standing_lab.keeper.endpoints().host_keys())
        return settings

    return made


@pytest.fixture
def rpki_cache() -> Callable[..., AbstractContextManager[None]]:
    """Serve what may be announced (prefix, longest part, AS) at 192.0.2.10:3323, where a process is (RTR, RFC 8210)."""
    return _served


@contextmanager
def _served(process: int, roas: Sequence[tuple[str, int, int]]) -> Iterator[None]:
    there = os.open(f"/proc/{process}/ns/net", os.O_RDONLY)
    try:
        with reach.inside(there):
            listening = socket.create_server(("192.0.2.10", 3323))
    finally:
        os.close(there)

    def serve() -> None:
        while True:
            try:
                peer, _ = listening.accept()
            except OSError:
                return
            threading.Thread(target=answer, args=(peer,), daemon=True).start()

    def answer(peer: socket.socket) -> None:
        with peer:
            while head := peer.recv(8):
                version, kind, _, length = struct.unpack("!BBHI", head)
                if length > 8:
                    peer.recv(length - 8)
                if kind not in (1, 2):
                    continue
                said = struct.pack("!BBHI", version, 3, 7, 8)
                for prefix, longest, asn in roas:
                    net = ip_network(prefix)
                    body = struct.pack("!BBBB", 1, net.prefixlen, longest, 0) + net.network_address.packed
                    said += struct.pack("!BBHI", version, 4 if net.version == 4 else 6, 0, 8 + len(body) + 4)
                    said += body + struct.pack("!I", asn)
                tail = struct.pack("!I", 1) + (struct.pack("!III", 3600, 600, 7200) if version else b"")
                peer.sendall(said + struct.pack("!BBHI", version, 7, 7, 8 + len(tail)) + tail)

    serving = threading.Thread(target=serve, daemon=True)
    serving.start()
    try:
        yield
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        serving.join(5)
