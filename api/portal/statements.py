"""Statements brought to the portal: looked at first, with nothing kept, then read on a second click."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Form, Request
from sqlalchemy.orm import Session
from starlette.datastructures import UploadFile
from starlette.responses import Response

from api.dependencies import At, Cookie, Reading, SignedIn, from_our_pages
from api.languages import language_of
from api.portal import inbox_words, statement_words
from api.portal.rendering import is_form_token, page
from api.portal.uploads import Upload, Uploads
from api.problems import BadRequest, CrossSite, SignInNeeded
from billing.bank import accounts as bank
from billing.bank import files as bank_files
from billing.bank.files import Read
from billing.bank.lists import latest_files
from billing.bank.views import account_views
from billing.statements import mapping
from billing.statements.refusals import MOST_BYTES, StatementTooBig
from foundation.acts import Act
from foundation.database import reading, transaction
from foundation.errors import EssaimError, Forbidden
from inventory import accounts, rights
from inventory.models.mandates import Task
from inventory.models.people import Member

router = APIRouter(default_response_class=Response)

_FILES: Final = 10
_LONGEST_NAME: Final = 200


@router.get("/statements")
def statements(request: Request, session: Reading, member: SignedIn, at: At) -> Response:
    """Up to when each account was read, a file to bring, the last ones. Raises NotMandated."""
    rights.demand(session, Act(str(member), at), Task.DUES_READ)
    return _choosing(request, session, member, at)


def _choosing(
    request: Request, session: Session, member: Member, at: datetime, *, notice: str = "", status: int = 200
) -> Response:
    return page(
        request,
        "statements.html",
        status=status,
        member=member,
        inbox_words=inbox_words,
        statement_words=statement_words,
        accounts=account_views(session, bank.list_accounts(session)),
        files=latest_files(session, _FILES),
        may_match=rights.may(session, Act(str(member), at), Task.PAYMENTS_MATCH),
        megabytes=MOST_BYTES // (1024 * 1024),
        notice=notice,
    )


@router.post("/statements/preview", dependencies=[Depends(from_our_pages)])
async def preview(request: Request, cookie: Cookie, at: At) -> Response:
    """What reading a file would do. Who sends it is known, and may, before any of it is taken in.

    Raises SignInNeeded, NotMandated, CrossSite.
    """
    who = await asyncio.to_thread(_matcher, request, cookie, at)
    async with request.form(max_files=1, max_fields=5) as form:
        token, account, file = form.get("form_token"), form.get("account"), form.get("file")
        if not isinstance(token, str) or not is_form_token(token, cookie):
            raise CrossSite
        if not isinstance(file, UploadFile) or not isinstance(account, str):
            raise BadRequest
        data = await file.read(MOST_BYTES + 1)
        name = "".join(sign for sign in file.filename or "" if sign.isprintable())[:_LONGEST_NAME]
    brought = Upload(who, account[:40], name, data, at)
    return await asyncio.to_thread(_looked_at, request, cookie, brought)


def _matcher(request: Request, cookie: str, at: datetime) -> str:
    with reading(request.app.state.store) as session:
        member = accounts.signed_in(session, cookie, at)
        if member is None:
            raise SignInNeeded
        rights.demand(session, Act(str(member), at), Task.PAYMENTS_MATCH)
        return str(member)


def _looked_at(request: Request, cookie: str, brought: Upload) -> Response:
    uploads: Uploads = request.app.state.uploads
    try:
        if len(brought.data) > MOST_BYTES:
            raise StatementTooBig
        found = _read(request, brought, brought.at, keep=False)
    except EssaimError as refusal:
        return _refused(request, cookie, brought.at, refusal)
    return _shown(request, cookie, brought, found, uploads.keep(brought))


@router.post("/statements/{name}/read", dependencies=[Depends(from_our_pages)])
def read(
    request: Request, cookie: Cookie, at: At, name: str, form_token: Annotated[str, Form(max_length=100)]
) -> Response:
    """Read what was looked at: the new movements are kept, and an exact reference books itself."""
    who = _matcher(request, cookie, at)
    if not is_form_token(form_token, cookie):
        raise CrossSite
    uploads: Uploads = request.app.state.uploads
    try:
        brought = uploads.held(name, who, at)
        found = _read(request, brought, at, keep=True)
    except EssaimError as refusal:
        return _refused(request, cookie, at, refusal)
    uploads.drop(name)
    return _shown(request, cookie, brought, found, "")


def _read(request: Request, brought: Upload, at: datetime, *, keep: bool) -> Read:
    """Read a file into its account. Without `keep` all of it is done, told, and undone."""
    state = request.app.state
    own = mapping.own(state.settings.var / mapping.OWN_FOLDER)
    with transaction(state.store) as session:
        account = bank.find_account(session, brought.account)
        act = Act(brought.who, at)
        found = bank_files.read_file(session, act, account, brought.data, brought.name, mappings=own)
        if not keep:
            session.rollback()
    return found


def _shown(request: Request, cookie: str, brought: Upload, found: Read, name: str) -> Response:
    """What reading did, or would do where the upload still has a name."""
    with reading(request.app.state.store) as session:
        return page(
            request,
            "statement.html",
            member=accounts.signed_in(session, cookie, brought.at),
            inbox_words=inbox_words,
            statement_words=statement_words,
            brought=brought,
            found=found,
            name=name,
        )


def _refused(request: Request, cookie: str, at: datetime, refusal: EssaimError) -> Response:
    """The page again, with what was wrong of the file."""
    if isinstance(refusal, Forbidden):
        raise refusal
    with reading(request.app.state.store) as session:
        member = accounts.signed_in(session, cookie, at)
        if member is None:
            raise SignInNeeded
        notice = refusal.sentence(language_of(request, member))
        return _choosing(request, session, member, at, notice=notice, status=refusal.http_status)
