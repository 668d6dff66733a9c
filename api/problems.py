"""How the web door says no: problem+json (RFC 9457) to programs, a page in the reader's language to people."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DataError, IntegrityError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, RedirectResponse, Response

from api.languages import language_of
from api.portal import words
from api.portal.rendering import page
from foundation.errors import EssaimError, Forbidden, Invalid, NotFound, Refused
from foundation.speech import Phrase

_FOR_PROGRAMS = ("/api/", "/healthz", "/metrics")


class SignInNeeded(Forbidden):
    """Nobody is signed in here."""

    kind = "sign-in-needed"
    http_status = 401
    phrase = Phrase(
        "Connectez-vous d'abord, avec un lien de votre association.",
        "Sign in first, with a link from your association.",
    )


class TokenNeeded(SignInNeeded):
    """Signed in by a cookie, which reads and never writes."""

    kind = "token-needed"
    phrase = Phrase(
        "Écrire demande un jeton (Authorization: Bearer essaim_…). Rien n'a été changé. "
        "En créer un : essaim token create M0042 --name portable",
        "To write takes a token (Authorization: Bearer essaim_…). Nothing was changed. "
        "To make one: essaim token create M0042 --name laptop",
    )


class TokenDead(SignInNeeded):
    """The token ended, or never was one of ours: which of them is not said."""

    kind = "token-dead"
    phrase = Phrase(
        "Ce jeton ne sert pas, ou plus. Rien n'a été changé. "
        "En créer un autre : essaim token create M0042 --name portable",
        "This token does not serve, or no longer. Nothing was changed. "
        "To make another: essaim token create M0042 --name laptop",
    )


class CrossSite(Forbidden):
    """A form that was not sent from a page of ours."""

    kind = "cross-site"
    phrase = Phrase(
        "Cet envoi ne vient pas d'une page de ce portail. Rien n'a été changé ; rechargez la page et recommencez.",
        "This was not sent from a page of this portal. Nothing was changed; reload the page and try again.",
    )


class NoSuchPage(NotFound):
    """Nothing is at that address."""

    kind = "no-such-page"
    phrase = Phrase("Il n'y a rien à cette adresse.", "There is nothing at this address.")


class BadRequest(Invalid):
    """What was sent is not what that address expects."""

    kind = "bad-request"
    phrase = Phrase(
        "Cette adresse n'attend pas cela. Rien n'a été changé.",
        "This address does not expect that. Nothing was changed.",
    )


class Conflict(Refused):
    """The database itself refuses: someone did the same, or its contrary, at the same time."""

    kind = "conflict"
    phrase = Phrase(
        "Cela contredit ce qui vient d'être écrit. Rien n'a été changé ; relisez, puis recommencez.",
        "This contradicts what was just written. Nothing was changed; read again, then try again.",
    )


class CannotBeKept(Invalid):
    """A value that the database cannot hold."""

    kind = "cannot-be-kept"
    phrase = Phrase(
        "Une des valeurs est trop longue ou trop grande. Rien n'a été changé.",
        "One of the values is too long or too large. Nothing was changed.",
    )


def install(app: FastAPI) -> None:
    """Have every error of ours, of the framework and of the database said in our way."""

    def ours(request: Request, error: Exception) -> Response:
        assert isinstance(error, EssaimError)  # the framework promises it by registration
        return answer(request, error)

    def theirs(request: Request, error: Exception) -> Response:
        if isinstance(error, RequestValidationError):
            return answer(request, BadRequest(), wrong=_wrong_places(error))
        assert isinstance(error, HTTPException)
        refusal = NoSuchPage() if error.status_code == HTTPStatus.NOT_FOUND else BadRequest()
        return answer(request, refusal, status=error.status_code, headers=dict(error.headers or {}))

    def stored(request: Request, error: Exception) -> Response:
        return answer(request, Conflict() if isinstance(error, IntegrityError) else CannotBeKept())

    app.add_exception_handler(EssaimError, ours)
    for refusal in (IntegrityError, DataError, OverflowError):
        app.add_exception_handler(refusal, stored)
    app.add_exception_handler(HTTPException, theirs)
    app.add_exception_handler(RequestValidationError, theirs)


def answer(
    request: Request,
    error: EssaimError,
    *,
    status: int | None = None,
    headers: dict[str, str] | None = None,
    wrong: list[dict[str, str]] | None = None,
) -> Response:
    """The problem document of an error, or its page; who must sign in first is shown the way.

    `wrong` tells programs which values were not what they should be (RFC 9457, 3.2), without repeating them.
    """
    status = status or error.http_status
    if request.url.path.startswith(_FOR_PROGRAMS):
        document: dict[str, object] = {
            "type": f"urn:essaim:problem:{error.kind}",
            "title": HTTPStatus(status).phrase,
            "status": status,
            "detail": error.sentence(language_of(request)),
        }
        if wrong:
            document["errors"] = wrong
        if status == HTTPStatus.UNAUTHORIZED:
            headers = {**(headers or {}), "WWW-Authenticate": "Bearer, Cookie"}
        return JSONResponse(document, status, headers, media_type="application/problem+json")
    if isinstance(error, SignInNeeded):
        return RedirectResponse("/sign-in", HTTPStatus.SEE_OTHER)
    return page(
        request,
        "problem.html",
        status=status,
        headers=headers,
        title=words.NOT_FOUND if isinstance(error, NotFound) else words.REFUSED,
        sentence=error.sentence(language_of(request)),
    )


def _wrong_places(error: RequestValidationError) -> list[dict[str, str]]:
    return [{"where": ".".join(map(str, one["loc"])), "what": str(one["msg"])} for one in error.errors()][:20]
