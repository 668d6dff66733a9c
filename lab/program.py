"""What the programs of a home share: how they are told to stop and how they say what happens."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import sys


def announce(event: str, **facts: object) -> None:
    """One JSON object on a line of standard output, for whoever started the program, if still there."""
    line = json.dumps({"event": event, **facts}) + "\n"
    with contextlib.suppress(BrokenPipeError):
        os.write(sys.stdout.fileno(), line.encode())


def stop_signal() -> socket.socket:
    """A socket that becomes readable when the program is told to stop (SIGTERM or SIGINT)."""
    told, tell = socket.socketpair()
    tell.setblocking(False)
    signal.set_wakeup_fd(tell.detach())
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    return told
