"""Run, read and put on a machine. The only place of ours that opens SSH for files and commands.

Machines are met through OpenSSH's own client, with the association's key and its own list of host
keys: an unknown or changed host key is refused, never learned in passing. Where the association lives
in the lab (`lab = true` in `essaim.toml`), the calling thread enters the lab's network first: sockets
and child processes made inside belong there, and nothing of the lab shows on the host's own network.
"""

from __future__ import annotations

import array
import ctypes
import json
import os
import shlex
import signal
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Final

from foundation.errors import Unavailable
from foundation.speech import Phrase

CONNECT_SECONDS: Final = 5
LARGEST_ANSWER: Final = 32 << 20
"""Octets of the longest answer we take from a machine: none of ours comes near."""
CLONE_NEWNET: Final = 0x40000000


class MachineUnreachable(Unavailable):
    """SSH could not be opened, or broke."""

    kind = "machine-unreachable"
    phrase = Phrase(
        "{machine} ne répond pas ({reason}). Rien n'a été changé.",
        "{machine} does not answer ({reason}). Nothing was changed.",
    )


class CommandFailed(Unavailable):
    """A command ran on the machine and said no."""

    kind = "command-failed"
    phrase = Phrase(
        "Sur {machine}, « {command} » a échoué : {reason}",
        "On {machine}, “{command}” failed: {reason}",
    )


class LabDown(Unavailable):
    """The association lives in the lab, and the lab is not up."""

    kind = "lab-down"
    phrase = Phrase(
        "Le labo est éteint. L'allumer : essaim lab up",
        "The lab is down. To bring it up: essaim lab up",
    )


_ENDLESS: Final = Phrase("sa réponse ne finit pas", "its answer does not end")


@dataclass(frozen=True, slots=True)
class Machine:
    """Where a machine is met: its name for people, its management address, who we are there.

    `port` is SSH's. `password` is for platforms that know us by one, which SSH of ours never is.
    """

    name: str
    host: str
    user: str = "root"
    port: int = 22
    password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Means:
    """What is needed to reach machines: the private key, the host keys we trust, the lab's socket if any."""

    key_file: Path
    known_hosts: Path
    lab_socket: Path | None = None


def ssh_options(means: Means) -> list[str]:
    """Options of OpenSSH's client: never asks, never learns a host key, leaves no process behind."""
    return [
        "-F", "none",
        "-i", str(means.key_file),
        "-o", "BatchMode=yes",
        "-o", "IdentitiesOnly=yes",
        "-o", "StrictHostKeyChecking=yes",
        "-o", f"UserKnownHostsFile={means.known_hosts}",
        "-o", "GlobalKnownHostsFile=/dev/null",
        "-o", "ControlMaster=no",
        "-o", f"ConnectTimeout={CONNECT_SECONDS}",
        "-o", "ServerAliveInterval=5",
        "-o", "ServerAliveCountMax=3",
        "-o", "LogLevel=ERROR",
    ]  # fmt: skip


def run(means: Means, machine: Machine, command: str, *, stdin: str = "", timeout: float = 60) -> str:
    """Run a shell command on `machine` and give its standard output; what is not UTF-8 in it is replaced.

    Raises MachineUnreachable when SSH fails, CommandFailed when the command ends with a status other than 0
    or without end.
    """
    argv = [
        "prlimit",
        "--core=0",
        f"--fsize={LARGEST_ANSWER}",
        "ssh",
        *ssh_options(means),
        "-p",
        str(machine.port),
        f"{machine.user}@{machine.host}",
        command,
    ]
    with network(means), _in_memory() as said, _in_memory() as complained:
        try:
            done = subprocess.run(
                argv, input=stdin.encode(), stdout=said, stderr=complained, timeout=timeout, check=False
            )
        except subprocess.TimeoutExpired as late:
            raise MachineUnreachable(machine=machine.name, reason=f"{timeout:.0f} s") from late
        answer, complaint = (_text_of(one) for one in (said, complained))
    if done.returncode == 255:
        raise MachineUnreachable(machine=machine.name, reason=_last_line(complaint) or "ssh")
    if done.returncode:
        reason: object = _last_line(complaint) or _last_line(answer) or str(done.returncode)
        if done.returncode == -signal.SIGXFSZ:
            reason = _ENDLESS
        raise CommandFailed(machine=machine.name, command=command.splitlines()[0][:60], reason=reason)
    return answer


def read(means: Means, machine: Machine, path: str) -> str:
    """The text of a file on `machine`."""
    return run(means, machine, f"cat -- {shlex.quote(path)}")


def put(means: Means, machine: Machine, path: str, text: str, mode: int = 0o600) -> None:
    """Write a file on `machine` in one step: a reader sees the old text or the new, never half."""
    where, beside = shlex.quote(path), shlex.quote(f"{path}.essaim-{os.getpid()}")
    write = f"umask 077 && cat > {beside} && chmod {mode:o} {beside} && mv -f {beside} {where}"
    run(means, machine, f"{write} || {{ rm -f {beside}; exit 1; }}", stdin=text)


def trust(means: Means, keys: Sequence[tuple[str, str]]) -> None:
    """Write the list of host keys we trust: (address, `ssh-ed25519 AAAA…`)."""
    text = "".join(f"{host} {key}\n" for host, key in sorted(keys))
    beside = means.known_hosts.with_suffix(".new")
    beside.write_text(text)
    beside.replace(means.known_hosts)


@contextmanager
def network(means: Means) -> Iterator[None]:
    """While inside, this thread's new sockets and child processes are where the machines are.

    Without a lab this changes nothing. Raises LabDown when the lab's keeper does not answer.
    """
    if means.lab_socket is None:
        yield
        return
    there = namespace_of(means.lab_socket, "noc")
    try:
        with inside(there):
            yield
    finally:
        os.close(there)


@contextmanager
def inside(namespace: int) -> Iterator[None]:
    """While inside, the calling thread is in the network namespace behind this descriptor."""
    with Path("/proc/thread-self/ns/net").open("rb") as home:
        _setns(namespace)
        try:
            yield
        finally:
            _setns(home.fileno())


def namespace_of(keeper: Path, machine: str) -> int:
    """Ask the lab's keeper for the network namespace of `machine`: an open descriptor, the caller's to close.

    A descriptor cannot be mistaken for another process's, as a process number could be after a crash.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asked:
        asked.settimeout(CONNECT_SECONDS)
        try:
            connect_unix(asked, keeper)
            asked.sendall(json.dumps({"do": "namespace", "machine": machine}).encode() + b"\n")
            answer, ancillary, _, _ = asked.recvmsg(4096, socket.CMSG_SPACE(4))
        except OSError as dead:
            raise LabDown from dead
    for level, kind, data in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            return array.array("i", data[:4])[0]
    if not answer:
        raise LabDown
    raise CommandFailed(machine=machine, command="namespace", reason=answer.decode(errors="replace").strip())


def connect_unix(sock: socket.socket, path: Path) -> None:
    """Connect to a socket file however long its path is (the kernel takes 107 bytes: go by its folder)."""
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        sock.connect(f"/proc/self/fd/{folder}/{path.name}")
    finally:
        os.close(folder)


def _setns(descriptor: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(descriptor, CLONE_NEWNET):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


@contextmanager
def _in_memory() -> Iterator[BinaryIO]:
    """A file without a name. Unlike a pipe's, its length has a limit that the kernel keeps for us."""
    with os.fdopen(os.memfd_create("answer", os.MFD_CLOEXEC), "w+b") as file:
        yield file


def _text_of(file: BinaryIO) -> str:
    file.seek(0)
    return file.read().decode("utf-8", errors="replace")


def _last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1] if lines else ""
