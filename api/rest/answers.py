"""What a JSON answer is made of: views spelled as everywhere else, an ETag over them, pages with a cursor."""

from __future__ import annotations

import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import fields as fields_of
from dataclasses import is_dataclass
from datetime import date, timedelta
from hashlib import blake2b
from typing import Any, Final

from starlette.responses import Response

from foundation.errors import Invalid, Refused
from foundation.speech import Phrase


class BadCursor(Invalid):
    """An `after` that no page of ours gave."""

    kind = "bad-cursor"
    phrase = Phrase(
        "`after` est le `next` de la page d'avant, tel quel.", "`after` is the `next` of the page before, as it was."
    )


class NoSuchField(Invalid):
    """A field that this noun does not have."""

    kind = "no-such-field"
    phrase = Phrase("Pas de champ « {name} ». Il y a : {known}.", "There is no field “{name}”. There are: {known}.")


class NoSuchFilter(Invalid):
    """A filter that this list does not know: ignored, it would give everything."""

    kind = "no-such-filter"
    phrase = Phrase("Pas de filtre « {name} ». Il y a : {known}.", "There is no filter “{name}”. There are: {known}.")


class MatchNeeded(Refused):
    """A change that does not say what it was decided upon (RFC 6585, 3)."""

    kind = "match-needed"
    http_status = 428
    phrase = Phrase(
        "Dites sur quelle version vous décidez : l'ETag de la dernière lecture, dans If-Match. Rien n'a été changé.",
        "Say which version you decide upon: the ETag of your last reading, in If-Match. Nothing was changed.",
    )


class Stale(Refused):
    """What was decided upon is no longer so (RFC 9110, 15.5.13)."""

    kind = "stale"
    http_status = 412
    phrase = Phrase(
        "Quelqu'un l'a changé depuis votre lecture. Rien n'a été changé ; relisez, puis recommencez.",
        "Someone changed it since you read it. Nothing was changed; read it again, then try again.",
    )


def spelled(value: object) -> str:
    """JSON with one spelling: instants and days in ISO 8601, durations in seconds, a view as its fields."""
    return _JSON.encode(value)


def etag_of(body: str) -> str:
    """The strong ETag of an answer: the same as long as the answer is."""
    return f'"{blake2b(body.encode(), digest_size=12).hexdigest()}"'


def matches(header: str, etag: str) -> bool:
    """Whether an If-Match or If-None-Match names this ETag. A proxy that compresses calls it weak: it is as good."""
    return any(one.strip().removeprefix("W/") in (etag, "*") for one in header.split(","))


def given(value: object, seen: str | None) -> Response:
    """A value with its ETag; 304 and no body to whoever has seen it, by their If-None-Match."""
    body = spelled(value)
    etag = etag_of(body)
    headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
    if seen is not None and matches(seen, etag):
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type="application/json")


def chosen(views: Sequence[object], shape: type[Any], wanted: str | None) -> Sequence[object]:
    """The views, or those of their fields that `wanted` names (`number,name`). Raises NoSuchField."""
    if wanted is None:
        return views
    names = [name.strip() for name in wanted.split(",")]
    known = names_of(shape)
    for name in names:
        if name not in known:
            raise NoSuchField(name=name[:40], known=list(known))
    return [{name: field(view, name) for name in names} for view in views]


def field(view: object, name: str) -> object:
    """One field of a view, which a long list may give as a mapping."""
    return view[name] if isinstance(view, Mapping) else getattr(view, name)


def cursor_of(name: str) -> str:
    """The cursor of the page that follows the row of that name, or place."""
    return urlsafe_b64encode(name.encode()).decode().rstrip("=")


def name_before(cursor: str) -> str:
    """The public name that a cursor stands for. Raises BadCursor."""
    try:
        name = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except ValueError as wrong:
        raise BadCursor from wrong
    if not name.isprintable():
        raise BadCursor
    return name


def number_before(cursor: str) -> int:
    """The number in the public name that a cursor stands for (`M0042`), 0 for none. Raises BadCursor."""
    name = name_before(cursor)
    if name and not re.fullmatch(r"[A-Z][0-9]{1,9}", name):
        raise BadCursor
    return int(name[1:] or 0)


def names_of(shape: type[Any]) -> tuple[str, ...]:
    """The fields of a view, its public name first."""
    return tuple(field.name for field in fields_of(shape))


def _plain(value: object) -> object:
    if isinstance(value, date):  # an instant is one too
        return value.isoformat()
    if is_dataclass(value):
        return {name: getattr(value, name) for name in value.__dataclass_fields__}
    return int(value.total_seconds()) if isinstance(value, timedelta) else str(value)


# Views are trees: nothing in them holds itself.
_JSON: Final = json.JSONEncoder(default=_plain, ensure_ascii=False, separators=(",", ":"), check_circular=False)
