"""JSON from small things on the management network, over HTTP: bounded in time and size, whatever they answer."""

from __future__ import annotations

import base64
import http.client
import json
import re
import secrets
import socket
from contextlib import suppress
from hashlib import sha256
from threading import Timer
from typing import Any, Final

from foundation.errors import Unavailable
from foundation.speech import Phrase

PATIENCE: Final = 5.0
"""Seconds to connect, and again for the whole answer, however slowly it comes."""
LONGEST: Final = 65_536
"""Octets of an answer."""
USER: Final = "admin"
"""The account that all of these makes have."""
_FIELD: Final = re.compile(r'(\w+)="?([^",]*)"?')


class PlugSilent(Unavailable):
    """A smart plug does not answer over HTTP, or not in time."""

    kind = "plug-no-answer"
    phrase = Phrase(
        "{device} ne répond pas en HTTP ({address}). Rien n'a été enregistré pour elle.",
        "{device} does not answer over HTTP ({address}). Nothing was recorded for it.",
    )


class PlugGarbled(Unavailable):
    """A smart plug answers something else than what its make does."""

    kind = "plug-bad-answer"
    phrase = Phrase(
        "{device} ne répond pas comme une prise connectée ({reason}). Rien n'a été enregistré pour elle.",
        "{device} does not answer as a smart plug does ({reason}). Nothing was recorded for it.",
    )


class PlugDenied(Unavailable):
    """A smart plug wants a password, or another one."""

    kind = "plug-denied"
    phrase = Phrase(
        "{device} demande un mot de passe, ou un autre. Le donner : essaim device secret {device} login",
        "{device} wants a password, or another one. To give it: essaim device secret {device} login",
    )


TOO_LONG: Final = Phrase("plus de 64 Kio", "over 64 KiB")
NO_JSON: Final = Phrase("ce n'est pas du JSON", "it is no JSON")
STATUS: Final = Phrase("erreur HTTP", "an HTTP error")
UNLIKE: Final = Phrase("il manque ce qu'elle mesure", "what it measures is missing")


def get_json(device: str, address: str, path: str, password: str | None = None, port: int = 80) -> Any:
    """What a thing answers to a GET, read as JSON. No redirection is followed.

    A password is given as Basic where nothing else is asked (RFC 7617), as Digest with SHA-256 where that is
    (RFC 7616). Raises PlugSilent, PlugGarbled, PlugDenied.
    """
    status, challenge, body = _get(device, address, path, port, _basic(password))
    if status == http.client.UNAUTHORIZED and password is not None and challenge.lower().startswith("digest"):
        status, _, body = _get(device, address, path, port, _digest(challenge, path, password))
    if status in (http.client.UNAUTHORIZED, http.client.FORBIDDEN):
        raise PlugDenied(device=device)
    if status != http.client.OK:
        raise PlugGarbled(device=device, reason=STATUS)
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as wrong:
        raise PlugGarbled(device=device, reason=NO_JSON) from wrong


def _get(device: str, address: str, path: str, port: int, authorization: str | None) -> tuple[int, str, bytes]:
    connection = http.client.HTTPConnection(address, port, timeout=PATIENCE)
    end = None
    try:
        connection.connect()
        # Each read has a time limit of its own: what trickles in for ever is ended from outside.
        end = Timer(PATIENCE, _hang_up, [connection.sock])
        end.daemon = True
        end.start()
        connection.request("GET", path, headers={"Authorization": authorization} if authorization else {})
        answer = connection.getresponse()
        body = answer.read(LONGEST + 1)
        challenge = answer.getheader("WWW-Authenticate") or ""
    except (OSError, http.client.HTTPException, ValueError) as failed:
        raise PlugSilent(device=device, address=address) from failed
    finally:
        if end is not None:
            end.cancel()
        connection.close()
    if len(body) > LONGEST:
        raise PlugGarbled(device=device, reason=TOO_LONG)
    return answer.status, challenge, body


def _hang_up(opened: socket.socket) -> None:
    with suppress(OSError):  # it was over already
        opened.shutdown(socket.SHUT_RDWR)


def _basic(password: str | None) -> str | None:
    return None if password is None else "Basic " + base64.b64encode(f"{USER}:{password}".encode()).decode()


def _digest(challenge: str, path: str, password: str) -> str:
    """An answer to a challenge of Digest with SHA-256 and `qop=auth`, which is the one that Shelly asks."""
    told = dict(_FIELD.findall(challenge))
    realm, nonce, mine = told.get("realm", ""), told.get("nonce", ""), secrets.token_hex(8)
    who, what = _hashed(f"{USER}:{realm}:{password}"), _hashed(f"GET:{path}")
    proof = _hashed(f"{who}:{nonce}:00000001:{mine}:auth:{what}")
    return (
        f'Digest username="{USER}", realm="{realm}", nonce="{nonce}", uri="{path}", response="{proof}", '
        f'algorithm=SHA-256, qop=auth, nc=00000001, cnonce="{mine}"'
    )


def _hashed(text: str) -> str:
    return sha256(text.encode()).hexdigest()
