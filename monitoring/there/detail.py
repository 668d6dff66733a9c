"""Sessions from FreeRADIUS' detail files: run on the RADIUS machine, it prints rows as those of `radacct` are read.

A record is a line of its own, attributes on lines that begin with a tab, and an empty line (rlm_detail). Only what is
whole counts: a record that is being written, or whose beginning is beyond what is read, is left out.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

DEEPEST = 31 * 86400
"""Seconds that are looked back for the beginning of a session that nobody tells of in between."""
LONGEST_LINE = 4096
MOST_SESSIONS = 200000
_OF_ONE = frozenset(("Start", "Stop", "Interim-Update", "Alive"))
_LEFT_ALONE = frozenset((".gz", ".xz", ".bz2", ".zst", ".lock"))
_OCTET = re.compile(rb"\\([0-7]{3}|.)")
RATES = {
    "Actual-Data-Rate-Downstream": "syncDown",
    "Actual-Data-Rate-Upstream": "syncUp",
    "Attainable-Data-Rate-Downstream": "attainableDown",
    "Attainable-Data-Rate-Upstream": "attainableUp",
}
"""What an access server tells of the copper, in bit/s (RFC 4679, 3.3.1 to 3.3.6), and what we call it."""
_WANTED = frozenset(
    (
        "Acct-Unique-Session-Id", "Acct-Session-Id", "Acct-Status-Type", "Acct-Delay-Time", "Acct-Session-Time",
        "Acct-Input-Octets", "Acct-Input-Gigawords", "Acct-Output-Octets", "Acct-Output-Gigawords",
        "Acct-Terminate-Cause", "User-Name", "Calling-Station-Id", "NAS-IP-Address", "NAS-IPv6-Address",
        "NAS-Identifier", "Timestamp", *RATES,
    )
)  # fmt: skip

Record = dict[str, str]


class Told:
    """What is known of one session, in whatever order its records came."""

    __slots__ = (
        "caller", "cause", "key", "login", "nas", "rates", "rates_at", "received", "reports", "sent", "since", "until",
        "updated",
    )  # fmt: skip

    def __init__(self, key: str, login: str, nas: str, since: int) -> None:
        self.key, self.login, self.nas, self.since = key, login, nas, since
        self.caller = self.cause = ""
        self.updated, self.until = since, 0
        self.reports = False
        self.received = self.sent = self.rates_at = 0
        self.rates: dict[str, int] = {}

    def row(self) -> list[Any]:
        """As a row of `radacct` is read, and the copper's rates; `received` and `sent` are the member's, whose input
        the NAS counts.
        """
        interval = 0 if self.reports else None
        stop = self.until or None
        return [
            self.key, self.login, self.caller, self.since, self.updated, stop, interval, self.sent, self.received,
            self.cause, self.rates,
        ]  # fmt: skip


def records(lines: Iterable[bytes], whole: bool) -> Iterator[Record]:
    """The records that are there from their first line to their empty one. `whole`: the first line begins one."""
    found: Record = {}
    inside = whole
    for line in lines:
        if not line.endswith(b"\n") or len(line) > LONGEST_LINE:
            found, inside = {}, False  # cut, or no line of FreeRADIUS': nothing until the next record
        elif line == b"\n":
            if inside and "Timestamp" in found:
                yield found
            found, inside = {}, True
        elif inside and line.startswith(b"\t"):
            name, equals, value = line[1:-1].partition(b" = ")
            key = name.decode("ascii", "replace")
            if equals and key in _WANTED and key not in found:
                found[key] = text(value)


def text(value: bytes) -> str:
    """A value as FreeRADIUS prints it: quoted texts without their quotes, what is escaped as it was."""
    if len(value) >= 2 and value[:1] == value[-1:] == b'"':
        value = _OCTET.sub(_unescaped, value[1:-1])
    return value.decode("utf-8", "replace")


def sessions(told: Iterable[Record], since: int) -> list[Told]:
    """The sessions that last, and those that ended at or after `since`, the newest first."""
    found: dict[str, Told] = {}
    restarts: dict[str, int] = {}
    for record in told:
        at = number(record, "Timestamp", 2**35) - number(record, "Acct-Delay-Time", 86400)
        nas = record.get("NAS-IP-Address") or record.get("NAS-IPv6-Address") or record.get("NAS-Identifier") or ""
        status = record.get("Acct-Status-Type", "")
        if at > 0 and status in ("Accounting-On", "Accounting-Off"):
            restarts[nas] = max(restarts.get(nas, 0), at)
        elif at > 0 and status in _OF_ONE and record.get("Acct-Session-Id") and len(found) < MOST_SESSIONS:
            add(found, record, nas, status, at)
    for each in found.values():
        restarted = restarts.get(each.nas, 0)
        if not each.until and each.updated < restarted:  # it said so for all of its sessions at once (RFC 2866, 5.1)
            each.until, each.cause = max(each.updated, each.since), "NAS-Reboot"
    kept = [each for each in found.values() if not each.until or each.until >= since]
    return sorted(kept, key=lambda each: (each.since, each.key), reverse=True)


def add(found: dict[str, Told], record: Record, nas: str, status: str, at: int) -> None:
    """Add what a record says to what is known of its session. Twice, or too late, it changes nothing."""
    login, key = record.get("User-Name", ""), record.get("Acct-Unique-Session-Id", "")
    if not key:
        mixed = "\0".join((nas, record["Acct-Session-Id"], login))
        key = hashlib.sha256(mixed.encode("utf-8", "replace")).hexdigest()[:32]
    began = max(at - (0 if status == "Start" else number(record, "Acct-Session-Time", 2**31)), 1)
    one = found.setdefault(key, Told(key, login, nas, began))
    one.since = min(one.since, began)
    one.updated = max(one.updated, at)
    one.caller = one.caller or record.get("Calling-Station-Id", "")
    rates = {ours: number(record, name, 2**32 - 1) for name, ours in RATES.items() if number(record, name, 2**32 - 1)}
    if rates and at >= one.rates_at:
        one.rates, one.rates_at = rates, at
    one.sent = max(one.sent, octets(record, "Input"))
    one.received = max(one.received, octets(record, "Output"))
    if status == "Stop" and not one.until:
        one.until, one.cause = max(at, one.since), record.get("Acct-Terminate-Cause", "")
    elif status in ("Interim-Update", "Alive"):
        one.reports = True


def octets(record: Record, way: str) -> int:
    """64 bits of octets (RFC 2869, 5.1 and 5.2)."""
    high = number(record, f"Acct-{way}-Gigawords", 2**32 - 1)
    return high << 32 | number(record, f"Acct-{way}-Octets", 2**32 - 1)


def number(record: Record, name: str, most: int) -> int:
    """A number of a record's; 0 where it is none, or no such number can be."""
    said = record.get(name, "")
    if not (said.isdigit() and said.isascii() and len(said) < 12):
        return 0
    value = int(said)
    return value if value <= most else 0


def files(folder: str, first: float) -> list[tuple[float, int, Path]]:
    """The detail files below a folder that were written to since then: when last, how long, where; the newest first.

    Links are not followed, and what was compressed is left alone.
    """
    found = []
    for where, _, names in os.walk(folder):
        for name in names:
            path = Path(where, name)
            if not name.startswith("detail") or path.suffix in _LEFT_ALONE or path.is_symlink():
                continue
            try:
                seen = path.stat()
            except OSError:
                continue
            if seen.st_mtime >= first:
                found.append((seen.st_mtime, seen.st_size, path))
    return sorted(found, reverse=True)


def opened(found: list[tuple[float, int, Path]], most: int) -> Iterator[tuple[BinaryIO, bool]]:
    """Each file from where it is still read, the oldest first: so many octets in all, the newest of them."""
    begins = []
    for _, size, path in found:
        if most > 0:
            begins.append((path, max(size - most, 0)))
        most -= size
    for path, begin in reversed(begins):
        try:
            with path.open("rb") as file:
                file.seek(begin)
                yield file, begin == 0
        except OSError:  # rotated away meanwhile: its sessions are told next time
            continue


def lines_of(file: BinaryIO) -> Iterator[bytes]:
    """The lines of a file; of one that does not end, pieces without an end."""
    while True:
        line = file.readline(LONGEST_LINE + 1)
        if not line:
            return
        yield line


def read(folder: str, since: int, most: int) -> list[Told]:
    """What the files below a folder say."""
    found = files(folder, since - DEEPEST)
    return sessions((one for file, whole in opened(found, most) for one in records(lines_of(file), whole)), since)


def main(folder: str, since: str, most_octets: str, most_rows: str) -> None:
    """Print the rows; a folder that is not there is an error that is said."""
    with os.scandir(folder):
        rows = [each.row() for each in read(folder, int(since), int(most_octets))]
    json.dump(rows[: int(most_rows)], sys.stdout)


def _unescaped(found: Any) -> bytes:
    said: bytes = found.group(1)
    if len(said) == 3:
        return bytes((int(said, 8) & 255,))
    named: bytes | None = {b"n": b"\n", b"r": b"\r", b"t": b"\t"}.get(said)
    return said if named is None else named


if __name__ == "__main__":
    main(*sys.argv[1:])
