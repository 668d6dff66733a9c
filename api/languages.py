"""In which language a reader is answered: what they just chose, chose before, told us, or told their browser."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request

from foundation.speech import LANGUAGES, Language
from inventory.models.people import Member

COOKIE: Final = "essaim-language"


def language_of(request: Request, member: Member | None = None) -> Language:
    """`?lang=`, else the cookie it left, else the member's own, else the browser's, else French."""
    wishes = [request.query_params.get("lang"), request.cookies.get(COOKIE), member.language if member else None]
    for wish in [*wishes, *_of_browser(request.headers.get("accept-language", "")[:200])]:
        if wish in LANGUAGES:
            return wish
    return "fr"


def chosen(request: Request) -> Language | None:
    """The language asked for in this very request."""
    wish = request.query_params.get("lang")
    return wish if wish in LANGUAGES else None


def _of_browser(header: str) -> list[str]:
    """Languages of an Accept-Language header (RFC 9110, 12.5.4), the most wanted first."""
    weighed: list[tuple[float, str]] = []
    for part in header.split(","):
        name, _, weight = part.partition(";q=")
        try:
            weighed.append((float(weight or 1), name.strip()[:2].lower()))
        except ValueError:
            continue
    weighed.sort(key=lambda pair: -pair[0])
    return [name for weight, name in weighed if weight > 0]
