"""How the web door says no: problem+json (RFC 9457) to programs, a page in the reader's language to people."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, RedirectResponse, Response

from api.languages import language_of
from api.portal import words
from api.portal.rendering import page
from foundation.errors import EssaimError, Forbidden, Invalid, NotFound
from foundation.speech import Phrase

_FOR_PROGRAMS = ("/api/", "/healthz")


class SignInNeeded(Forbidden):
    """Nobody is signed in here."""

    kind = "sign-in-needed"
    http_status = 401
    phrase = Phrase(
        "Connectez-vous d'abord, avec un lien de votre association.",
        "Sign in first, with a link from your association.",
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


def install(app: FastAPI) -> None:
    """Have every error of ours, and of the framework, said in our way."""

    def ours(request: Request, error: Exception) -> Response:
        assert isinstance(error, EssaimError)  # the framework promises it by registration
        return answer(request, error)

    def theirs(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 422
        refusal = NoSuchPage() if status == HTTPStatus.NOT_FOUND else BadRequest()
        return answer(request, refusal, status=status, headers=dict(getattr(error, "headers", None) or {}))

    app.add_exception_handler(EssaimError, ours)
    app.add_exception_handler(HTTPException, theirs)
    app.add_exception_handler(RequestValidationError, theirs)


def answer(
    request: Request, error: EssaimError, *, status: int | None = None, headers: dict[str, str] | None = None
) -> Response:
    """The problem document of an error, or its page; who must sign in first is shown the way."""
    status = status or error.http_status
    if request.url.path.startswith(_FOR_PROGRAMS):
        document = {
            "type": f"urn:essaim:problem:{error.kind}",
            "title": HTTPStatus(status).phrase,
            "status": status,
            "detail": error.sentence(language_of(request)),
        }
        if status == HTTPStatus.UNAUTHORIZED:
            headers = {**(headers or {}), "WWW-Authenticate": "Cookie"}
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
