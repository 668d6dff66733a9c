"""OpenVPN sessions as the server's management interface tells them (`status 3`): who, since when, and how much.

The interface serves one asker at a time; another waits for its turn.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Final

from foundation import reach
from foundation.errors import Unavailable
from foundation.speech import Phrase
from inventory.models.devices import OPENVPN_MANAGEMENT
from monitoring.models import LARGEST

# Of each session: name, where it comes from, octets in and out, since when (Unix time), its number. One that has no
# address inside is still being opened, or was refused and not yet forgotten.
SCRIPT: Final = """\
import socket, sys
with socket.socket(socket.AF_UNIX) as daemon:
    daemon.settimeout(10)
    daemon.connect(sys.argv[1])
    daemon.sendall(b"status 3\\n")
    for row in daemon.makefile("r", encoding="utf-8", errors="replace", newline="\\n"):
        columns = row.rstrip("\\r\\n").split("\\t")
        if columns[0] == "CLIENT_LIST" and (columns[3] or columns[4]):
            print("\\t".join(columns[place] for place in (1, 2, 5, 6, 8, 10)))
        if columns[0] == "END":
            break
    else:
        sys.exit("no END")
"""


class UnreadableSessions(Unavailable):
    """What OpenVPN says is not what it should be."""

    kind = "unreadable-sessions"
    phrase = Phrase(
        "{machine} dit de ses sessions OpenVPN ce que l'on ne sait pas lire. Rien n'a été enregistré pour elles.",
        "{machine} says of its OpenVPN sessions what cannot be read. Nothing was recorded for them.",
    )


@dataclass(frozen=True, slots=True)
class Session:
    """One session: its certificate's name, where it comes from, since when, and octets since then.

    `key` is the same as long as it lasts, and no other's on its server. `received` and `sent` are the member's: what
    the server sent, the member received.
    """

    key: str
    name: str
    remote: str | None = field(repr=False)
    since: datetime
    received: int
    sent: int


def read_sessions(means: reach.Means, machine: reach.Machine) -> list[Session]:
    """The sessions of an OpenVPN server of ours. Raises MachineUnreachable, CommandFailed, UnreadableSessions."""
    command = f"python3 - {shlex.quote(OPENVPN_MANAGEMENT)}"
    return parse(machine.name, reach.run(means, machine, command, stdin=SCRIPT, timeout=20))


def parse(machine: str, text: str) -> list[Session]:
    """Read rows of: name, where from, octets in, octets out, since (Unix time), number.

    Raises UnreadableSessions for any other text.
    """
    try:
        return [_session(row) for row in text.split("\n") if row]
    except (ValueError, OverflowError, OSError) as wrong:
        raise UnreadableSessions(machine=machine) from wrong


def _session(row: str) -> Session:
    name, remote, octets_in, octets_out, since, number = row.split("\t")
    began = _count(since)
    return Session(
        key=f"{began} {_count(number)}",
        name=name,
        remote=_address(remote),
        since=datetime.fromtimestamp(began, UTC),
        received=_count(octets_out),
        sent=_count(octets_in),
    )


def _count(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 20) or int(text) > LARGEST:
        raise ValueError(text)
    return int(text)


def _address(text: str) -> str | None:
    """The address without its port; OpenVPN 2.6 writes none behind a native IPv6 one."""
    for each in (text, text.rpartition(":")[0]):
        try:
            return str(ip_address(each.removeprefix("[").removesuffix("]").partition("%")[0]))
        except ValueError:
            continue
    return None
