"""What l2tpns writes into its `accounting_dir`: run on the LNS, it prints who carried how much, dump by dump.

Every five minutes, and for a session that ends, l2tpns adds a file named by the second, with a line for each session
that carried something since the last: login, address, throttled or not, octets from the member and to them.
"""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

SETTLED = 2.0
"""Seconds after which nobody writes to a file any more."""
LARGEST = 4 << 20
LONGEST_LINE = 512
_FIRST = "# dslwatch.pl dump file"
_NAME = re.compile(r"[0-9]{14}\Z")
_DIRECTORY = re.compile(r"\s*set\s+accounting_dir\s+(?:\"([^\"]+)\"|(\S+))\s*\Z")
_ROW = re.compile(r"(\S+) (\S+) ([0-9]{1,2}) ([0-9]{1,20}) ([0-9]{1,20})(?: [A-Z])?\Z")
_TIME = re.compile(r"# time: ([0-9]{1,11})\Z")

Row = tuple[int, str, int, int]
"""When, by which login, octets from the member, octets to them."""


def rows(text: str) -> Iterator[Row]:
    """The rows of a dump; none of what is not one. A line that is cut, or is no row, is passed over."""
    lines = text.split("\n")[:-1]  # what follows the last end of a line is cut
    if not lines or not lines[0].startswith(_FIRST):
        return
    at = 0
    for line in lines[1:]:
        moment = _TIME.match(line)
        row = _ROW.match(line) if at and len(line) <= LONGEST_LINE else None
        if moment:
            at = int(moment.group(1))
        elif row and int(row.group(4)) < 2**64 and int(row.group(5)) < 2**64:
            yield at, row.group(1), int(row.group(4)), int(row.group(5))


def directory(configuration: Iterable[str]) -> str | None:
    """Where the configuration has dumps written, or nothing."""
    said = None
    for line in configuration:
        found = _DIRECTORY.match(line)
        if found:
            said = found.group(1) or found.group(2)
    return said if said and said.startswith("/") else None


def read(folder: str, since: float, now: float, most: int) -> list[Row]:
    """The rows of the newest dumps that were finished since then, at most so many, the oldest first."""
    found: list[Row] = []
    for path in sorted((one for one in Path(folder).iterdir() if _NAME.match(one.name)), reverse=True):
        try:
            seen = path.lstat()
            if seen.st_mtime < since:
                break
            if seen.st_mtime > now - SETTLED or seen.st_size > LARGEST:
                continue
            with path.open(encoding="utf-8", errors="replace", newline="\n") as file:
                here = [row for row in rows(file.read(LARGEST)) if row[0] >= since]
        except OSError:
            continue
        found = here + found
        if len(found) >= most:
            break
    return found


def main(configuration: str, since: str, most: str) -> None:
    """Print the rows; a folder that is not said, or not there, is an error that is said."""
    with Path(configuration).open(encoding="utf-8", errors="replace") as file:
        folder = directory(file)
    if folder is None:
        sys.exit(f"no accounting_dir in {configuration}")
    json.dump(read(folder, float(since), time.time(), int(most)), sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
