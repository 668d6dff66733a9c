"""The few calls to the kernel that Python 3.11 does not know: namespaces, mounts, a host name.

All of them act on the calling thread alone, so that a thread can furnish a machine while the
keeper's other threads stay where they are. OSError is raised as by the standard library.
"""

from __future__ import annotations

import ctypes
import os
import socket
from pathlib import Path
from typing import Final

NEW_MOUNTS: Final = 0x00020000
NEW_HOSTNAME: Final = 0x04000000
NEW_PIDS: Final = 0x20000000
NEW_NETWORK: Final = 0x40000000

_READ_ONLY: Final = 1 << 0
_REMOUNT: Final = 1 << 5
_BIND: Final = 1 << 12
_RECURSIVE: Final = 1 << 14
_PRIVATE: Final = 1 << 18
_DETACH: Final = 2

_libc: Final = ctypes.CDLL(None, use_errno=True)


def leave(what: int) -> None:
    """Leave the namespaces named by the flags for new ones (unshare(2))."""
    _checked(_libc.unshare(what), "unshare")


def keep_mounts_private() -> None:
    """From here on, what this namespace mounts shows nowhere else."""
    _mount(None, "/", None, _RECURSIVE | _PRIVATE)


def bind(source: Path, target: Path) -> None:
    """Show `source` at `target`, which must exist and be of the same sort (file or folder)."""
    _mount(os.fspath(source), os.fspath(target), None, _BIND)


def freeze(target: Path) -> None:
    """Let nothing be written through the mount at `target`, as seen from this namespace."""
    _mount(None, os.fspath(target), None, _REMOUNT | _BIND | _READ_ONLY)


def mount(kind: str, target: Path) -> None:
    """Mount a file system that needs no disk (proc, sysfs, tmpfs)."""
    _mount(kind, os.fspath(target), kind, 0)


def lay(above: Path, work: Path, target: Path) -> None:
    """Show the folder `above` over `target`: what is written there goes to it; `work` is an empty one beside it."""
    said = f"lowerdir={target},upperdir={above},workdir={work}"
    _checked(_libc.mount(b"overlay", os.fspath(target).encode(), b"overlay", ctypes.c_ulong(0), said.encode()), said)


def unmount(target: Path) -> None:
    """Take away what is mounted at `target`, even in use."""
    _checked(_libc.umount2(os.fspath(target).encode(), _DETACH), os.fspath(target))


def name_host(name: str) -> None:
    """Give this host-name namespace its name."""
    raw = name.encode()
    _checked(_libc.sethostname(raw, len(raw)), "sethostname")


def bind_socket(sock: socket.socket, path: Path) -> None:
    """Bind to a socket file however long its path is (the kernel takes 107 bytes: go by its folder)."""
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        sock.bind(f"/proc/self/fd/{folder}/{path.name}")
    finally:
        os.close(folder)


def _mount(source: str | None, target: str, kind: str | None, flags: int) -> None:
    origin = None if source is None else source.encode()
    sort = None if kind is None else kind.encode()
    _checked(_libc.mount(origin, target.encode(), sort, ctypes.c_ulong(flags), None), target)


def _checked(answer: int, what: str) -> None:
    if answer:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), what)
