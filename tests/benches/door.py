"""The web door as a program meets it: a server on the loopback, one connection that stays open, and the floor.

The floor is a bare FastAPI application with one route: the same token check, two rows inserted, a commit.
"""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from typing import Any

import uvicorn
from fastapi import FastAPI, Request
from sqlalchemy import Column, Integer, MetaData, String, Table, insert

from api import app as door
from api.dependencies import Writer
from api.pace import Pace
from foundation import clock
from foundation.database import Store, transaction

FLOOR = Table("bench_floor", MetaData(), Column("id", Integer, primary_key=True), Column("what", String(64)))


class Client:
    """One connection, kept open."""

    def __init__(self, port: int, token: str) -> None:
        self.connection = HTTPConnection("127.0.0.1", port)
        self.connection.connect()
        self.connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # headers and body go apart
        self.headers = {
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/json",
            "Host": "127.0.0.1:8642",  # the address that the settings say, whichever port is free here
        }

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """The answer to a POST."""
        return self._asked("POST", path, json.dumps(body))

    def get(self, path: str) -> Any:
        """The answer to a GET."""
        return self._asked("GET", path, None)

    def _asked(self, method: str, path: str, body: str | None) -> Any:
        self.connection.request(method, path, body, self.headers)
        answer = self.connection.getresponse()
        said = answer.read()
        if answer.status >= 300:
            raise RuntimeError(f"{method} {path}: {answer.status} {said[:300]!r}")
        return said


def ours(settings: Any) -> FastAPI:
    """The whole application, as `essaim serve` has it."""
    return door.create(settings)


def floor(store: Store) -> FastAPI:
    """The least that a route can do that is asked by a token and writes."""
    with store.engine.connect().execution_options(essaim_writes=True) as connection, connection.begin():
        FLOOR.create(connection, checkfirst=True)
    bare = FastAPI()
    bare.state.store, bare.state.token_pace, bare.state.settings = store, Pace(), None
    bare.state.now = clock.now

    @bare.post("/floor")
    def two_rows(request: Request, caller: Writer, body: dict[str, Any]) -> dict[str, str]:
        with transaction(request.app.state.store) as session:
            for name in ("first", "second"):
                session.execute(insert(FLOOR), {"what": f"{body['pool']} {name}"})
        return {"done": caller.act.actor}

    return bare


@contextmanager
def served(application: FastAPI, token: str) -> Iterator[Client]:
    """A server for this application, and a client of it."""
    # asyncio spares its answers the wait of 40 ms (TCP_NODELAY) only on sockets that say which protocol they are of.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.bind(("127.0.0.1", 0))
    listening.listen()
    server = uvicorn.Server(uvicorn.Config(application, log_level="warning", lifespan="off", timeout_keep_alive=600))
    running = threading.Thread(target=server.run, args=([listening],), daemon=True)
    running.start()
    while not server.started:
        time.sleep(0.01)
    client = Client(listening.getsockname()[1], token)
    try:
        yield client
    finally:
        client.connection.close()
        server.should_exit = True
        running.join()
        listening.close()
