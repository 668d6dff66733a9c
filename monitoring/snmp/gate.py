"""One message handed to the library on its own socket, and no other: whatever else waits there it cannot read."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Final, TypeVar

T = TypeVar("T")


class _Pipe:
    """Two ends of a pipe of datagrams."""

    def __init__(self) -> None:
        self.outside, self.inside = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.outside.setblocking(False)
        self.inside.setblocking(False)

    def __del__(self) -> None:
        self.outside.close()
        self.inside.close()


class _Here(threading.local):
    """One pipe a thread, which ends with it."""

    def __init__(self) -> None:
        self.pipe = _Pipe()


_HERE: Final = _Here()


def through(descriptor: int, message: bytes, read: Callable[[], T]) -> T:
    """What `read` makes of a socket that holds this message alone. Raises OSError, and whatever `read` does.

    The socket's number is made to stand for our pipe and put back: it is never free meanwhile, hence nobody else can
    be given it, and whoever waits for the socket (`epoll`) still does.
    """
    pipe, kept = _HERE.pipe, os.dup(descriptor)
    try:
        pipe.outside.send(message)
        os.dup2(pipe.inside.fileno(), descriptor, inheritable=False)
        return read()
    except BaseException:
        with suppress(BlockingIOError):  # what was left unread is nobody's
            pipe.inside.recv(1)
        raise
    finally:
        os.dup2(kept, descriptor, inheritable=False)
        os.close(kept)
