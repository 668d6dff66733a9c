"""A simulated power strip on UDP, of any of three makes: what it is told is written down."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

_spec = importlib.util.spec_from_file_location("snmp_agent", Path(__file__).with_name("snmp_agent.py"))
assert _spec is not None
assert _spec.loader is not None
served: Any = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(served)

STRIP = f"127.83.{os.getpid() // 250 % 250}.{os.getpid() % 250 + 1}"
"""A power strip of loopback, this process' own: it is asked on SNMP's own port."""
SET, INTEGER, NAME = 0xA3, 0x02, 0x06
FAMILIES = {
    "former APC": ("1.3.6.1.4.1.318.1.3.4.5", "318.1.1.12.1.1.0", "318.1.1.12.3.5.1.1.4.3",
                   "1.3.6.1.4.1.318.1.1.12.3.3.1.1.4.3", 3),
    "recent APC": ("1.3.6.1.4.1.318.1.3.4.6", "318.1.1.26.4.3.1.1.1", "318.1.1.26.9.2.3.1.5.3",
                   "1.3.6.1.4.1.318.1.1.26.9.2.4.1.5.3", 3),
    "Raritan": ("1.3.6.1.4.1.13742.6", "13742.6.3.2.1.1.1.1", "13742.6.4.1.2.1.3.1.3",
                "1.3.6.1.4.1.13742.6.4.1.2.1.2.1.3", 2),
}  # fmt: skip
"""What each says that it is, what it is known by, an outlet's state; the object and number that reboot outlet 3."""


class Strip:
    """A simulated power strip, on UDP: what it is told is written down."""

    def __init__(self, family: str, *, obeys: bool = True) -> None:
        maker, probe, state, *_ = FAMILIES[family]
        self.told: list[tuple[str, bytes, bytes]] = []
        self.obeys = obeys
        self.table = served.Table(
            {
                "1.3.6.1.2.1.1.2.0": (NAME, served.oid(maker)[2:]),
                "1.3.6.1.2.1.1.3.0": (0x43, b"\x10\x00"),
                "1.3.6.1.2.1.1.5.0": (0x04, b"pdu1"),
                f"1.3.6.1.4.1.{probe}": (INTEGER, b"\x01"),
                f"1.3.6.1.4.1.{state}": (INTEGER, b"\x01"),
            }
        )

    def __call__(self, asked: Any) -> bytes:
        if asked.kind != SET:
            return bytes(served.reply(asked, self.table.answer(asked)))
        self.told.append((asked.names[0], asked.values[0], asked.community))
        said = [(asked.names[0], (INTEGER, asked.values[0]))]
        return bytes(served.reply(asked, said, error=0 if self.obeys else 17))


@contextmanager
def strips() -> Iterator[Callable[..., Strip]]:
    """Makes power strips of a family, on SNMP's own port, one at a time."""
    with ExitStack() as stack:

        def make(family: str, **options: Any) -> Strip:
            made = Strip(family, **options)
            try:
                stack.enter_context(served.Agent(made, place=(STRIP, 161)))
            except OSError as taken:
                pytest.skip(f"needs to listen on SNMP's own port ({taken.strerror})")
            return made

        yield make
