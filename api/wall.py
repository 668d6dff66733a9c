"""What stands around every request: whom we answer to, how much we read, and what each answer tells the browser."""

from __future__ import annotations

import asyncio
import logging
import os
import traceback
from collections.abc import Mapping
from typing import ClassVar, Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import problems
from billing.statements.refusals import MOST_BYTES, StatementTooBig
from foundation.errors import EssaimError, Invalid
from foundation.settings import Settings
from foundation.speech import Phrase

log = logging.getLogger("essaim.portal")

LARGEST_BODY: Final = 16 * 1024
"""Octets of the largest form we read: none of ours comes near."""

LARGEST_BATCH: Final = 1024 * 1024
"""Octets of the largest body we read from a program that shows a token: a thousand of anything fit."""

LARGEST_STATEMENT: Final = MOST_BYTES + LARGEST_BODY
"""Octets of the largest statement of a bank, with what a form adds to it."""

STATEMENTS: Final = "/statements/preview"
"""Where statements are sent: read as they arrive, once whoever sends one is known to be someone who may."""

PATIENCE_WITH_STATEMENTS: Final = 300.0
"""Seconds that a statement may take: a whole one through a slow line."""

PATIENCE_SECONDS: Final = 10.0
"""How long a form may take to arrive: one that never ends would hold its connection, and us when we close."""

_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "[::1]"})
_ALWAYS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": (
        "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    # Never a path: a one-time link is one.
    # And `no-referrer` would make browsers say `Origin: null` on our own forms.
    "Referrer-Policy": "strict-origin",
    "X-Content-Type-Options": "nosniff",
}


class WrongHost(Invalid):
    """A name that is not this portal's."""

    kind = "wrong-host"
    http_status = 421
    phrase = Phrase(
        "Ce portail ne répond pas sous ce nom. Son adresse : {url}",
        "This portal does not answer to that name. Its address: {url}",
    )


class TooLong(Invalid):
    """More than any form of ours, or of no stated length."""

    kind = "too-long"
    http_status = 413
    phrase = Phrase(
        "Cet envoi est trop long pour le portail. Rien n'a été changé.",
        "What was sent is too long for the portal. Nothing was changed.",
    )


class TooSlow(Invalid):
    """A form that does not arrive."""

    kind = "too-slow"
    http_status = 408
    phrase = Phrase(
        "Cet envoi n'est pas arrivé en entier. Rien n'a été changé ; recommencez.",
        "What was sent did not arrive whole. Nothing was changed; try again.",
    )


class Broken(EssaimError):
    """A fault of ours."""

    kind = "broken"
    http_status: ClassVar[int] = 500
    phrase = Phrase(
        "Une panne du portail, qui n'est pas de votre fait. Rien n'a été changé ; réessayez dans un instant.",
        "The portal met a fault that is none of your doing. Nothing was changed; try again in a moment.",
    )


def origins(settings: Settings) -> frozenset[str]:
    """What browsers may call us: the portal's address, and this machine's own names where it listens on itself."""
    host, _, port = settings.listen.rpartition(":")
    own = {f"http://{name}:{port}" for name in _LOOPBACK} if host in _LOOPBACK else set()
    return frozenset(own | {settings.url})


class Wall:
    """The outermost middleware: nothing passes it unmarked, no fault goes further than it."""

    def __init__(self, app: ASGIApp, *, settings: Settings, patience: float = PATIENCE_SECONDS) -> None:
        self.app = app
        self.patience = patience
        self.url = settings.url
        self.hosts = {urlsplit(origin).netloc for origin in origins(settings)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begun = False

        async def marked(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                headers = MutableHeaders(scope=message)
                headers.update(_ALWAYS)
                # Static files are asked for again by their ETag; pages are someone's own and stay nowhere.
                headers.setdefault("Cache-Control", "no-cache" if "etag" in headers else "no-store")
            await send(message)

        try:
            self._check(scope)
            streamed = scope["path"] == STATEMENTS
            arriving = (
                _within(receive, PATIENCE_WITH_STATEMENTS) if streamed else await _arrived(receive, self.patience)
            )
            await self.app(scope, arriving, marked)
        except EssaimError as refusal:
            await problems.answer(Request(scope), refusal)(scope, receive, marked)
        except Exception as fault:  # whatever it is, it is said plainly, and logged without its words
            debugging = os.environ.get("ESSAIM_DEBUG") == "1"
            log.error("%s in %s: %s", type(fault).__name__, _route(scope), _where(fault), exc_info=debugging)
            if begun:
                raise
            await problems.answer(Request(scope), Broken())(scope, receive, marked)

    async def _arriving(self, scope: Scope, receive: Receive) -> Receive:
        if scope["path"] == STATEMENTS:
            return _within(receive, PATIENCE_WITH_STATEMENTS)
        return await _arrived(receive, self.patience)

    def _check(self, scope: Scope) -> None:
        headers = Headers(scope=scope)
        largest = LARGEST_BATCH if scope["path"].startswith("/api/") and "authorization" in headers else LARGEST_BODY
        if headers.get("host", "").lower() not in self.hosts:
            raise WrongHost(url=self.url)
        length = headers.get("content-length", "0")
        if scope["path"] == STATEMENTS and length.isdecimal() and "transfer-encoding" not in headers:
            if int(length) > LARGEST_STATEMENT:
                raise StatementTooBig
            return
        if "transfer-encoding" in headers or not length.isdecimal() or int(length) > largest:
            raise TooLong


async def _arrived(receive: Receive, patience: float) -> Receive:
    """The request's body once it is all here, as the application asks for it. Raises TooSlow."""
    parts: list[Message] = []
    try:
        async with asyncio.timeout(patience):
            while not parts or parts[-1].get("more_body", False):
                parts.append(await receive())
    except TimeoutError as late:
        raise TooSlow from late
    left = iter(parts)

    async def again() -> Message:
        return next(left, None) or await receive()

    return again


def _within(receive: Receive, patience: float) -> Receive:
    """The request's body as it arrives, and no longer than so many seconds. Raises TooSlow."""
    ends = asyncio.get_running_loop().time() + patience

    async def next_part() -> Message:
        try:
            async with asyncio.timeout_at(ends):
                return await receive()
        except TimeoutError as late:
            raise TooSlow from late

    return next_part


def _route(scope: Scope) -> str:
    """The route as it is declared: a path that was asked for may hold a token or a name."""
    return str(getattr(scope.get("route"), "path", "no route"))


def _where(fault: BaseException) -> str:
    """The frames, without the message and its values, which may be someone's."""
    frames = traceback.extract_tb(fault.__traceback__)[-8:]
    return " < ".join(f"{frame.filename}:{frame.lineno} {frame.name}" for frame in reversed(frames))
