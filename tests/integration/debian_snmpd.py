"""Debian's SNMP agent on loopback, with users of every algorithm, for the tests that want a real one."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

from inventory.snmp_users import snmp_user
from monitoring.snmp.agents import Community

READER = Community("lecture-des-essais")
USERS = ("sha1-aes128", "sha256-aes128", "sha512-aes128", "sha1-aes256", "sha256-aes256", "sha512-aes256")


def user(algorithms: str, authentication: str = "premier-secret", privacy: str = "second-secret") -> Any:
    return snmp_user(f"essaim-{algorithms}:{algorithms}:{authentication}:{privacy}")


class Snmpd:
    """Debian's agent on loopback, IPv4 and IPv6, that may be started again."""

    def __init__(self, program: str, folder: Path, *more: str) -> None:
        self._program, self._folder = program, folder
        self.port = free_port()
        rows = [
            f"agentaddress udp:127.0.0.1:{self.port},udp6:[::1]:{self.port}",
            f"rocommunity {READER.text} 127.0.0.1",
            f"rocommunity6 {READER.text} ::1",
            "sysName web1.example",
        ]
        for one in map(user, USERS):
            secrets = f"{one.hash.net_snmp} {one.authentication} {one.cipher.net_snmp} {one.privacy}"
            rows += [f"createUser {one.name} {secrets}", f"rouser {one.name} priv"]
        (folder / "snmpd.conf").write_text("\n".join([*rows, *more, ""]))
        self.start()

    def start(self) -> None:
        log = self._folder / "log"
        log.unlink(missing_ok=True)
        self._daemon = subprocess.Popen(
            [self._program, "-f", "-C", "-c", str(self._folder / "snmpd.conf"), "-Lf", str(log), "-I", "-smux"],
            env={**os.environ, "MIBS": "", "SNMP_PERSISTENT_DIR": str(self._folder / "kept")},
        )
        deadline = time.monotonic() + 10
        while not (log.exists() and b"NET-SNMP version" in log.read_bytes()):
            assert time.monotonic() < deadline
            time.sleep(0.02)

    def stop(self) -> None:
        self._daemon.terminate()
        self._daemon.wait(10)


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
