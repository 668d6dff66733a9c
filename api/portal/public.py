"""The public status page, its Atom feed (RFC 4287), its JSON, and the heartbeat: for anyone, without signing in.

Whoever loads the page over and over asks the database four times a minute at most. Where it does not answer, the page
says what was known last.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from http import HTTPStatus
from threading import Lock
from typing import Annotated, Any, Final
from xml.etree.ElementTree import Element, SubElement, tostring

from fastapi import APIRouter, Depends, Request
from starlette.responses import JSONResponse, Response

from api.dependencies import At, InForce
from api.languages import chosen, language_of
from api.portal import public_words
from api.portal.rendering import page
from desk.public_status import Notice, PublicStatus, Pulse, public_status, pulse
from foundation.errors import EssaimError
from foundation.settings import Settings
from foundation.speech import Language, Phrase

router = APIRouter(default_response_class=Response)

KEPT: Final = timedelta(seconds=15)
_ANYONES: Final = {"Cache-Control": "public, max-age=60"}
_OWN: Final = {"Cache-Control": "private, max-age=60"}
_ATOM: Final = "http://www.w3.org/2005/Atom"
_XML_LANG: Final = "{http://www.w3.org/XML/1998/namespace}lang"


class Remembered:
    """What was found out last, and when; one of these an application."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._found: PublicStatus | None = None

    def status(self, request: Request, at: datetime) -> PublicStatus:
        """How the network is, found out now where what is known is old.

        Raises DatabaseBusy, DatabaseUnreadable where nothing was ever known.
        """
        state = request.app.state
        with self._lock:
            if self._found is not None and timedelta(0) <= at - self._found.at < KEPT:
                return self._found
            try:
                self._found = public_status(state.store, state.samples, state.settings, at)
            except EssaimError:
                if self._found is None:
                    raise
            return self._found


def get_status(request: Request, at: At) -> PublicStatus:
    """How the network is."""
    remembered: Remembered = request.app.state.remembered
    return remembered.status(request, at)


Status = Annotated[PublicStatus, Depends(get_status)]


@router.get("/status")
def status_page(request: Request, status: Status) -> Response:
    """How the network is, for people."""
    answer = page(request, "status.html", network=status, said=public_words)
    answer.headers.update(_ANYONES if chosen(request) is None else _OWN)
    answer.headers["Vary"] = "Accept-Language, Cookie"
    return answer


@router.get("/status.json")
def status_json(status: Status) -> Response:
    """How the network is, for programs, in both languages."""
    return JSONResponse(
        {
            "level": status.level,
            "sentence": _both(status.sentence),
            "at": status.at.isoformat(),
            "known_at": None if status.known_at is None else status.known_at.isoformat(),
            "fresh": status.fresh,
            "now": [_plain(one) for one in status.now],
            "ahead": [_plain(one) for one in status.ahead],
            "past": [_plain(one) for one in status.past],
        },
        headers={**_ANYONES, "Access-Control-Allow-Origin": "*"},
    )


@router.get("/status.atom")
def status_feed(request: Request, status: Status, settings: InForce) -> Response:
    """Incidents and works as a feed, in one language (`?lang=en`)."""
    text = feed(status, settings, language_of(request))
    return Response(text, media_type="application/atom+xml", headers={**_ANYONES, "Vary": "Accept-Language, Cookie"})


@router.get("/status/heartbeat")
def heartbeat(request: Request, settings: InForce, at: At) -> Response:
    """200 as long as the latest round is less than two intervals old and somebody answered it, else 503.

    For a watchman elsewhere: `status` is `ok`, `late` or `blind`.
    """
    how, known_at = pulse(request.app.state.samples, settings, at)
    said = {"status": str(how), "known_at": None if known_at is None else known_at.isoformat()}
    code = HTTPStatus.OK if how is Pulse.OK else HTTPStatus.SERVICE_UNAVAILABLE
    return JSONResponse(said, code, {"Cache-Control": "no-store"})


def feed(status: PublicStatus, settings: Settings, language: Language) -> bytes:
    """An Atom feed of all notices, the latest change first."""
    here = f"{settings.url}/status"
    root = Element("feed", {"xmlns": _ATOM, _XML_LANG: language})
    _put(root, "id", f"{here}.atom")
    _put(root, "title", public_words.FEED.say(language, association=settings.name))
    _put(root, "updated", status.updated.isoformat())
    SubElement(_put(root, "author", None), "name").text = settings.name
    SubElement(root, "link", {"rel": "self", "href": f"{here}.atom?lang={language}"})
    SubElement(root, "link", {"rel": "alternate", "href": here})
    notices = sorted((*status.now, *status.ahead, *status.past), key=lambda one: one.updated, reverse=True)
    for one in notices:
        entry = SubElement(root, "entry")
        _put(entry, "id", f"{here}#{one.number}")
        _put(entry, "title", f"{one.title.say(language)} ({one.state_phrase.say(language)})")
        _put(entry, "updated", one.updated.isoformat())
        _put(entry, "published", min(one.since, one.updated).isoformat())
        SubElement(entry, "link", {"rel": "alternate", "href": f"{here}#{one.number}"})
        rows = [one.words.say(language), *(news.words.say(language) for news in one.news)]
        _put(entry, "content", "\n\n".join(row for row in rows if row)).set("type", "text")
    written: bytes = tostring(root, encoding="utf-8")
    return b'<?xml version="1.0" encoding="utf-8"?>\n' + written


def _put(parent: Element, name: str, text: str | None) -> Element:
    child = SubElement(parent, name)
    child.text = text
    return child


def _plain(one: Notice) -> dict[str, Any]:
    return {
        "number": one.number,
        "kind": one.kind,
        "state": one.state,
        "since": one.since.isoformat(),
        "until": None if one.until is None else one.until.isoformat(),
        "title": _both(one.title),
        "words": _both(one.words),
        "news": [{"at": news.at.isoformat(), "words": _both(news.words)} for news in one.news],
        "updated": one.updated.isoformat(),
    }


def _both(phrase: Phrase) -> dict[str, str]:
    return {"fr": phrase.say("fr"), "en": phrase.say("en")}
