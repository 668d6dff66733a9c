"""What the keeper is asked, over unix sockets: one JSON object a line, one answer a line.

    {"do": "namespace", "machine": M}                                the descriptor comes by SCM_RIGHTS
    {"do": "start", "machine": M, "name": N, "argv": […], "stdin": "", "environment": {}}   -> {"log": path}
    {"do": "stop", "machine": M, "name": N}                          -> {"status": n}
    {"do": "run", "machine": M, "argv": […], "stdin": "", "environment": {}, "timeout": s}
                                                                     -> {"status", "stdout", "stderr"}
    {"do": "link", "machine": M, "interface": I, "up": bool}         -> {}
    {"do": "reboot", "machine": M}                                   -> {} once its units run again
    {"do": "fault", "kind": "pull" | "slow", "machine": M, "interface": I, "seconds": s}    -> {}
    {"do": "fault", "kind": "fill", "machine": M}                    -> {}
    {"do": "fault", "kind": "kill", "daemon": D}                     -> {"machines": […]}
    {"do": "mend"}                                                   -> {"mended": […]}
    {"do": "state"}                                                  -> machines, units, programs
    {"do": "endpoints"}                                              -> addresses and host keys
    {"do": "restore"}              -> {} once all is as it was after `up`; the lab ends if that fails
    {"do": "hold"}                                 -> {} and the keeper ends when this asker hangs up
    {"do": "end"}                                                    -> {} and the keeper ends

On a machine's own socket (`/run/essaim-init.sock` inside it) there is one request only, systemctl's:
`{"do": "unit", "verb": V, "unit": U}`. Whatever is asked badly is answered `{"error": why}`.
"""

from __future__ import annotations

import json
import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final, TypeAlias

from lab import kernel, wiring
from lab.faults import Faults
from lab.house import House
from lab.init import Init

Request: TypeAlias = dict[str, Any]
Answer: TypeAlias = dict[str, Any]
LONGEST_REQUEST: Final = 1 << 20
RESTORE_WAIT_SECONDS: Final = 60.0
LONGEST_RUN_SECONDS: Final = 600.0


class Desk:
    """Answers requests about one house. Several may come at once; `restore` waits for all others."""

    def __init__(self, house: House, end: Callable[[], None]) -> None:
        self._house = house
        self._end = end
        self._faults = Faults(house)
        self._gate = _Gate()
        self._inside: list[Listener] = []

    def open(self) -> None:
        """Listen inside each machine of ours, for its systemctl."""
        for name, init in self._house.inits.items():
            if self._house.host(name).machine.ours:
                socket_file = self._house.host(name).folder / "run" / "essaim-init.sock"
                self._inside.append(Listener(socket_file, self._systemctl(init)))

    def close(self) -> None:
        """Stop listening inside the machines."""
        for listener in self._inside:
            listener.close()
        self._inside.clear()

    def answer(self, request: Request, asker: socket.socket) -> Answer | None:
        """The answer to a request; None when it was sent already. Raises what `Listener` turns into an error."""
        match request.get("do"):
            case "restore":
                return self._restore()
            case "hold":
                return self._hold(asker)
            case "end":
                asker.sendall(b"{}\n")  # first: nobody is left to answer afterwards
                self._end()
                return None
        with self._gate.visit():
            return self._answer(request, asker)

    def _answer(self, request: Request, asker: socket.socket) -> Answer | None:
        match request:
            case {"do": "namespace", "machine": str(name)}:
                _send_descriptor(asker, self._house.host(name).network())
                return None
            case {"do": "start", "machine": str(name), "name": str(program), "argv": [str(), *_] as argv}:
                log = self._house.host(name).start(
                    program, argv, request.get("stdin", ""), request.get("environment", {})
                )
                return {"log": os.fspath(log)}
            case {"do": "stop", "machine": str(name), "name": str(program)}:
                return {"status": self._house.host(name).stop(program)}
            case {"do": "run", "machine": str(name), "argv": [str(), *_] as argv}:
                ran = self._house.host(name).run(
                    argv,
                    stdin=request.get("stdin", ""),
                    environment=request.get("environment", {}),
                    timeout=min(float(request.get("timeout", 30)), LONGEST_RUN_SECONDS),
                )
                return asdict(ran)
            case {"do": "link", "machine": str(name), "interface": str(port), "up": bool(up)}:
                house = self._house
                wiring.pull(house.topology, house.places.namespaces, name, port, plugged=up)
                return {}
            case {"do": "reboot", "machine": str(name)}:
                self._house.reboot(name)
                return {}
            case {"do": "fault" | "mend"}:
                return self._break(request)
            case {"do": "state"}:
                return self._state()
            case {"do": "endpoints"}:
                return {"endpoints": endpoints(self._house)}
        raise ValueError(f"not understood: {request.get('do')!r}")

    def _break(self, request: Request) -> Answer:
        match request:
            case {"do": "mend"}:
                return {"mended": self._faults.mend()}
            case {"kind": "pull", "machine": str(name), "interface": str(port)}:
                self._faults.pull(name, port)
            case {"kind": "slow", "machine": str(name), "interface": str(port), "seconds": float(seconds)}:
                self._faults.slow(name, port, seconds)
            case {"kind": "fill", "machine": str(name)}:
                self._faults.fill(name)
            case {"kind": "kill", "daemon": str(daemon)}:
                return {"machines": self._faults.kill(daemon)}
            case _:
                raise ValueError(f"not understood: {request.get('kind')!r}")
        return {}

    def _hold(self, asker: socket.socket) -> Answer | None:
        asker.sendall(b"{}\n")
        with suppress(ConnectionError):
            while asker.recv(4096):
                continue
        self._end()
        return None

    def _restore(self) -> Answer:
        with self._gate.alone():
            self.close()
            self._faults.forget()
            try:
                self._house.clear()
                self._house.build(lambda _: None)
            except BaseException:  # half a lab is none: better down than misleading
                self._end()
                raise
            self.open()
        return {}

    def _state(self) -> Answer:
        machines = {}
        for name, host in self._house.hosts.items():
            programs = {
                program: {"pid": process.pid, "status": process.poll()}
                for program, process in list(host.programs.items())
            }
            machines[name] = {
                "units": self._house.inits[name].running(),
                "programs": programs,
                "processes": host.processes(),
            }
        return {"machines": machines}

    def _systemctl(self, init: Init) -> Callable[[Request, socket.socket], Answer | None]:
        def answer(request: Request, _: socket.socket) -> Answer | None:
            match request:
                case {"do": "unit", "verb": str(verb), "unit": str(unit)}:
                    with self._gate.visit():
                        return asdict(init.tell(verb, unit))
            raise ValueError(f"not understood: {request.get('do')!r}")

        return answer


def endpoints(house: House) -> list[dict[str, str]]:
    """Where each machine of ours is met, as JSON holds it."""
    keys = house.host_keys()
    return [
        {"name": machine.name, "address": str(machine.management.ip), "host_key": keys[machine.name]}
        for machine in house.topology.machines
        if machine.ours
    ]


class Listener:
    """A unix socket that answers each line with a line, each asker in a thread of its own."""

    def __init__(self, path: Path, answer: Callable[[Request, socket.socket], Answer | None]) -> None:
        path.unlink(missing_ok=True)
        self._answer = answer
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        kernel.bind_socket(self._socket, path)
        path.chmod(0o600)
        self._socket.listen(64)
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Accept nobody any more; who is being answered still is."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                asker, _ = self._socket.accept()
                threading.Thread(target=self._converse, args=(asker,), daemon=True).start()

    def _converse(self, asker: socket.socket) -> None:
        with asker, suppress(ConnectionError), asker.makefile("rb") as lines:
            while line := lines.readline(LONGEST_REQUEST):
                answer = self._one(line, asker)
                if answer is not None:
                    asker.sendall(json.dumps(answer).encode() + b"\n")

    def _one(self, line: bytes, asker: socket.socket) -> Answer | None:
        try:
            request = json.loads(line)
            if not isinstance(request, dict):
                raise ValueError("not an object")
            return self._answer(request, asker)
        except LookupError as unknown:
            return {"error": f"unknown: {unknown}"}
        except Exception as refused:  # whatever was asked, the keeper lives on and the asker is told
            return {"error": str(refused) or type(refused).__name__}


class _Gate:
    """Many visitors at once, or one alone who waits until they have left and keeps others waiting."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._visitors = 0
        self._closed = False

    @contextmanager
    def visit(self) -> Iterator[None]:
        with self._changed:
            self._await(lambda: not self._closed)
            self._visitors += 1
        try:
            yield
        finally:
            with self._changed:
                self._visitors -= 1
                self._changed.notify_all()

    @contextmanager
    def alone(self) -> Iterator[None]:
        with self._changed:
            self._await(lambda: not self._closed)
            self._closed = True
            try:
                self._await(lambda: self._visitors == 0)
            except TimeoutError:
                self._closed = False
                self._changed.notify_all()
                raise
        try:
            yield
        finally:
            with self._changed:
                self._closed = False
                self._changed.notify_all()

    def _await(self, ready: Callable[[], bool]) -> None:
        if not self._changed.wait_for(ready, RESTORE_WAIT_SECONDS):
            raise TimeoutError("the lab is busy")


def _send_descriptor(asker: socket.socket, descriptor: int) -> None:
    try:
        socket.send_fds(asker, [b"{}\n"], [descriptor])
    finally:
        os.close(descriptor)
