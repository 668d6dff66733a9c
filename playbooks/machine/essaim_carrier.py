#!/usr/bin/python3 -BE
"""Bring this machine's kernel to what one JSON document says: addresses, routes, rules, rates of lines.

    essaim-carrier check FILE     read it whole and say what is wrong with it; nothing is changed
    essaim-carrier apply [FILE]   bring the kernel there, by default to the release in force; say in JSON what was done
    essaim-carrier show           what the kernel has of it, in the shape of the document; nothing is changed
    essaim-carrier clear          take away all that is ours

Only what is ours is changed or taken away:

    addresses   those that this program put there since the machine started (/run/essaim-carrier/addresses)
    routes      those of protocol 229, in whichever table
    rules       those of protocol 229
    rates       the queue (HTB) that is an interface's root with the handle e5:, and the nftables table
                `inet essaim_carrier`, which says which packets are of which line

What is wanted and held by somebody else is refused; what this kernel or this machine has not is said (`absent`) and
the rest is done. Run again it does nothing; cut short and run again, it ends where it would have.

It runs on Debian's Python with python3-pyroute2 (0.7.2 and later).
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import sys
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

from essaim_carrier_document import State, read, written
from essaim_carrier_kernel import Kernel
from essaim_carrier_plan import busy, converge, missing

FILE = Path("/var/lib/essaim/carrier/current/carrier.json")
MEMORY = Path("/run/essaim-carrier")
"""Forgotten when the machine stops, as what the kernel holds is."""


def main(verb: str = "help", *words: str) -> int:
    """Do the verb; 1 where something was refused, or the document is wrong."""
    match verb, *words:
        case "check", path:
            return _said(check(Path(path).read_text()))
        case ("apply",):
            return bring(read(FILE.read_text()))
        case "apply", path:
            return bring(read(Path(path).read_text()))
        case ("clear",):
            return bring(State())
        case ("show",):
            sys.stdout.write(show() + "\n")
        case _:
            sys.stderr.write(f"{__doc__}\n")
            return 2
    return 0


def check(text: str) -> list[str]:
    """What is wrong with a document on this machine: rates may wait for their interface, what leads there may not."""
    try:
        wanted = read(text)
    except (ValueError, RecursionError) as wrong:
        return [str(wrong)]
    with Kernel(MEMORY) as kernel:
        held = kernel.held()
    alone = replace(wanted, queues=frozenset(), classes=frozenset(), marks=frozenset())
    others = [f"{one} has another queue" for one in sorted(busy(wanted, held))]
    return [f"no {one}" for one in sorted(missing(alone, held))] + others


def bring(wanted: State) -> int:
    """Bring the kernel there, alone, and say what was done."""
    with _alone(), Kernel(MEMORY) as kernel:
        report = converge(kernel, wanted)
    (MEMORY / "absent").write_text(json.dumps(report.absent))
    sys.stdout.write(json.dumps(asdict(report)) + "\n")
    return _said(report.refused)


def show() -> str:
    """What the kernel has of ours, and of the release in force what it has by somebody else's hand."""
    wanted = read(FILE.read_text()) if FILE.exists() else State()
    with Kernel(MEMORY) as kernel:
        held = kernel.held()
    addresses = held.ours.addresses | (held.others & wanted.addresses)
    up = frozenset(one for one in addresses if one.interface not in held.down)
    noted = json.loads((MEMORY / "absent").read_text()) if (MEMORY / "absent").exists() else []
    # What was missing may have come since, and what was there may have gone.
    absent = {one for one in noted if one.removeprefix("interface ") not in held.interfaces} | missing(wanted, held)
    return written(replace(held.ours, addresses=up), absent)


def _said(wrong: list[str]) -> int:
    sys.stderr.write("".join(f"{one}\n" for one in wrong))
    return 1 if wrong else 0


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    MEMORY.mkdir(mode=0o700, exist_ok=True)
    lock = os.open(MEMORY, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


if __name__ == "__main__":
    try:
        sys.exit(main(*sys.argv[1:]))
    except (OSError, ValueError, ImportError) as failed:
        sys.stderr.write(f"essaim-carrier: {failed}\n")
        sys.exit(1)
