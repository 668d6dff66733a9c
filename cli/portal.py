"""`essaim serve`."""

from __future__ import annotations

import errno
import os
import socket
from typing import TYPE_CHECKING, Final

from cli import screen
from cli.door import settings, store
from foundation.errors import Unavailable
from foundation.speech import Phrase

if TYPE_CHECKING:
    from foundation.settings import Settings


GOODBYE_SECONDS: Final = 12
"""How long a request that has begun may take once we close: more than the portal gives any (api/wall.py)."""


class PortTaken(Unavailable):
    """The portal's address is not to be had."""

    kind = "port-taken"
    phrase = Phrase(
        "Le portail ne peut pas s'ouvrir sur {listen} ({reason}). Une autre adresse : ESSAIM_LISTEN=127.0.0.1:8643",
        "The portal cannot open on {listen} ({reason}). Another address: ESSAIM_LISTEN=127.0.0.1:8643",
    )


_TAKEN = Phrase("un autre programme y répond", "another program answers there")


def serve() -> None:
    """Open the portal until Ctrl-C."""
    store()
    open_portal(settings())


def open_portal(here: Settings) -> None:
    """Answer members until Ctrl-C. What they look at is theirs: nothing of it is logged. Raises PortTaken."""
    import uvicorn

    host, _, port = here.listen.rpartition(":")
    try:
        with _door(host.strip("[]"), int(port)) as door:
            said = Phrase(
                "Le portail est ouvert : {url} (Ctrl-C pour le fermer)", "The portal is open: {url} (Ctrl-C closes it)"
            )
            screen.say(said, url=here.url)
            quiet = uvicorn.Config(
                "api.app:create",
                factory=True,
                access_log=False,
                server_header=False,
                log_level="warning",
                timeout_graceful_shutdown=GOODBYE_SECONDS,
            )
            uvicorn.Server(quiet).run(sockets=[door])
    except KeyboardInterrupt:
        return  # as was said on opening: no failure
    except OSError as refused:
        reason = _TAKEN if refused.errno == errno.EADDRINUSE else os.strerror(refused.errno or 0)
        raise PortTaken(listen=here.listen, reason=reason) from refused


def _door(host: str, port: int) -> socket.socket:
    """Listen there. Only a socket that says it is of TCP is spared Nagle's wait by asyncio: 40 ms an answer."""
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    door = socket.socket(family, kind, protocol)
    try:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        door.bind(address)
        door.listen()
    except OSError:
        door.close()
        raise
    return door
