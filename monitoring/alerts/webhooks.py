"""Telling a chat room, or a watchman: what goes over HTTP, in the shape that each reads.

Addresses are secrets: whoever has one may write in the room. They are in no error, no log and no representation.
"""

from __future__ import annotations

import http.client
import json
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from typing import Final
from urllib.parse import quote, urlsplit

from foundation.errors import Invalid, Unavailable
from foundation.speech import Phrase
from inventory.models.webhooks import Shape

PATIENCE: Final = 5.0
"""Seconds that a webhook has to answer: a cycle waits for it."""
_READ: Final = 64 << 10
_MARKED: Final = re.compile(r"([\\`*_{}\[\]()<>#+!|~-])")
_LOCAL: Final = frozenset({"127.0.0.1", "localhost", "::1"})


class WebhookFailed(Unavailable):
    """A webhook did not take what it was told. Its address is not said."""

    kind = "webhook-failed"
    phrase = Phrase(
        "Le webhook n'a pas pris le message ({reason}) : il sera redit.",
        "The webhook did not take the message ({reason}): it will be told again.",
    )


class BadWebhook(Invalid):
    """An address that no webhook has. It is not repeated: it may be a secret mistyped."""

    kind = "bad-webhook"
    phrase = Phrase(
        "Cette adresse ne convient pas : {wanted}. Rien n'a été changé.",
        "This address will not do: {wanted}. Nothing was changed.",
    )


_WANTED: Final = Phrase(
    "une adresse https:// entière (http:// pour cette machine-ci seulement), sans espace",
    "a whole https:// address (http:// for this very machine alone), without a space",
)
_MATRIX_WANTED: Final = Phrase(
    "pour Matrix, l'adresse du serveur suivie du salon (https://matrix.exemple.example/!abc:exemple.example), une "
    "espace, puis le jeton d'accès",
    "for Matrix, the server's address followed by the room (https://matrix.exemple.example/!abc:exemple.example), a "
    "space, then the access token",
)


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request: what `told` makes of a message."""

    method: str
    url: str = field(repr=False)
    body: bytes = field(repr=False, default=b"")
    headers: Mapping[str, str] = field(repr=False, default_factory=dict)


def checked(shape: Shape, text: str) -> str:
    """An address as it is kept. Raises BadWebhook."""
    plain = text.strip()
    url, _, token = plain.partition(" ")
    wanted = _MATRIX_WANTED if shape is Shape.MATRIX else _WANTED
    try:
        parts = urlsplit(url)
        whole = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOCAL)
        port = parts.port is None or parts.port > 0
    except ValueError as wrong:
        raise BadWebhook(wanted=wanted) from wrong
    if not (whole and port and parts.hostname) or not url.isascii() or not plain.isprintable() or len(plain) > 1000:
        raise BadWebhook(wanted=wanted)
    if shape is Shape.MATRIX:
        room = parts.path.lstrip("/")
        if not (room.startswith("!") and token and token.isascii() and " " not in token):
            raise BadWebhook(wanted=wanted)
    elif token:
        raise BadWebhook(wanted=wanted)
    return plain


def told(shape: Shape, address: str, title: str, text: str, number: int) -> Request:
    """A message in the shape that the webhook reads. `number` is the same where the same message is told again.

    Matrix: `m.room.message` (Matrix' client-server API); Mattermost and Slack: an incoming webhook's `text`.
    """
    url, _, token = address.partition(" ")
    if shape is Shape.MATRIX:
        parts = urlsplit(url)
        room = quote(parts.path.lstrip("/"), safe="")
        there = f"{parts.scheme}://{parts.netloc}/_matrix/client/v3/rooms/{room}/send/m.room.message/essaim-{number}"
        formatted = f"<strong>{escape(title)}</strong><br>" + escape(text).replace("\n", "<br>")
        said = {
            "msgtype": "m.text",
            "body": f"{title}\n{text}",
            "format": "org.matrix.custom.html",
            "formatted_body": formatted,
            "m.mentions": {},  # nobody is called by what a machine says of itself
        }
        return Request("PUT", there, _json(said), {"Authorization": f"Bearer {token}"})
    if shape is Shape.HEARTBEAT:
        return Request("GET", url)
    mark = _slack if shape is Shape.SLACK else _mattermost
    bold = "*" if shape is Shape.SLACK else "**"
    return Request("POST", url, _json({"text": f"{bold}{mark(title)}{bold}\n{mark(text)}"}))


def send(request: Request) -> None:
    """Send it; a redirection is not followed, as it would take the secret elsewhere. Raises WebhookFailed."""
    parts = urlsplit(request.url)
    host, port = parts.hostname or "", parts.port
    connection: http.client.HTTPConnection
    if parts.scheme == "https":
        trusted = ssl.create_default_context()
        connection = http.client.HTTPSConnection(host, port, timeout=PATIENCE, context=trusted)
    else:
        connection = http.client.HTTPConnection(host, port, timeout=PATIENCE)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    headers = {"User-Agent": "essaim", **request.headers}
    if request.body:
        headers["Content-Type"] = "application/json"
    try:
        connection.request(request.method, target, body=request.body or None, headers=headers)
        answer = connection.getresponse()
        answer.read(_READ)
    except (OSError, http.client.HTTPException, ValueError) as failed:
        raise WebhookFailed(reason=_words(failed)) from None
    finally:
        connection.close()
    if not 200 <= answer.status < 300:
        raise WebhookFailed(reason=f"HTTP {answer.status}")


def _words(failed: Exception) -> str:
    """Why, without the address: of the system's errors their own words, of others their name."""
    if isinstance(failed, TimeoutError):
        return "timed out"
    if isinstance(failed, ssl.SSLError):
        return "TLS"
    return failed.strerror if isinstance(failed, OSError) and failed.strerror else type(failed).__name__


def _json(said: object) -> bytes:
    return json.dumps(said, ensure_ascii=False).encode()


def _mattermost(text: str) -> str:
    """Text that is only text: no Markdown, and nobody called by an @."""
    return _MARKED.sub(r"\\\1", text).replace("@", "@\N{ZERO WIDTH SPACE}")


def _slack(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
