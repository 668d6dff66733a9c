"""From facts to a page: the portal's own Jinja environment, which escapes everything it is given."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from hmac import compare_digest
from hmac import new as keyed
from typing import Final

from fastapi import Request
from jinja2 import Environment, PackageLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup
from starlette.responses import HTMLResponse

from api.languages import COOKIE, chosen, language_of
from api.portal import words
from foundation.settings import Settings
from foundation.speech import LANGUAGES, Language, Phrase, volume, written
from inventory.models.people import Member

_YEAR: Final = 365 * 24 * 3600
_TWO_PARTS: Final = re.compile(r" (?=[;:!?»])|(?<=«) ")


def page(
    request: Request,
    template: str,
    *,
    member: Member | None = None,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    **facts: object,
) -> HTMLResponse:
    """A page in the reader's language; the language they just chose is remembered."""
    language = language_of(request, member)
    settings: Settings = request.app.state.settings

    def say(phrase: Phrase, **values: object) -> str:
        return phrase.say(language, **values)

    text = (
        _environment()
        .get_template(template)
        .render(
            association=settings.name,
            language=language,
            other=next(one for one in LANGUAGES if one != language),
            here="" if request.method == "GET" else "/",
            form_token=form_token(request.cookies.get(cookie_name(settings), "")) if member else "",
            say=say,
            written=lambda value: written(value, language),
            volume=lambda octets: volume(octets, language),
            words=words,
            member=member,
            **facts,
        )
    )
    answer = HTMLResponse(text, status, dict(headers or {}) | {"Content-Language": language})
    _remember(answer, chosen(request), secure=settings.url.startswith("https:"))
    return answer


def cookie_name(settings: Settings) -> str:
    """The sign-in cookie's name. Browsers share cookies between ports: two associations on one machine differ here."""
    if settings.url.startswith("https:"):
        return "__Host-essaim"
    return f"essaim-{settings.url.rpartition(':')[2].strip('/')}"


def form_token(cookie: str) -> str:
    """What a form of someone signed in carries: only who holds their cookie can know it."""
    return keyed(cookie.encode(), b"essaim form", sha256).hexdigest()


def is_form_token(given: str, cookie: str) -> bool:
    """Whether a form came from a page that we gave to the holder of this cookie."""
    return compare_digest(given.encode(), form_token(cookie).encode())


def _remember(answer: HTMLResponse, language: Language | None, *, secure: bool) -> None:
    if language is not None:
        answer.set_cookie(COOKIE, language, max_age=_YEAR, secure=secure, httponly=True, samesite="lax")


@pass_context
def _spaced(context: Context, value: object) -> object:
    """French signs of two parts stay on the line of the word before them."""
    if context.get("language") != "fr" or not isinstance(value, str) or isinstance(value, Markup):
        return value
    return _TWO_PARTS.sub("\u00a0", value)


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("api.portal", "templates"),
        autoescape=True,
        finalize=_spaced,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
