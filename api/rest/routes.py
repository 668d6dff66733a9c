"""The routes of a noun, made from its description: list, read, create, change, verbs.

Each opens its session itself and answers once that is closed: a commit that fails can never answer 201.
"""

from __future__ import annotations

from collections.abc import Callable
from inspect import Parameter, signature
from typing import Any, Final, TypeVar

from fastapi import APIRouter, Request
from sqlalchemy import inspect, select
from sqlalchemy.orm import Session
from starlette.background import BackgroundTask
from starlette.responses import Response

from api.dependencies import Caller, Reader, Writer
from api.rest import described
from api.rest.answers import (
    MatchNeeded,
    NoSuchFilter,
    Stale,
    chosen,
    cursor_of,
    etag_of,
    field,
    given,
    matches,
    name_before,
    names_of,
    number_before,
    spelled,
)
from api.rest.noun import Absent, Body, Noun
from api.rest.parameters import Cursor, Fields, Key, Limit, Seen, Upon
from foundation.acts import Act
from foundation.database import Base, reading, transaction
from foundation.errors import Forbidden, NotFound
from foundation.speech import Phrase
from inventory import rights, tokens
from inventory.scopes import owners_of
from inventory.tokens import Answer

R = TypeVar("R")
V = TypeVar("V")
Endpoint = Callable[..., Response]
ROOT: Final = "/api/v1"
_HANDED: Final = frozenset({"session", "at", "after", "limit"})
"""What its route hands to a list, and no filter."""


class NotForYou(Forbidden):
    """Everyone's rows, for someone who holds no mandate to read them."""

    kind = "not-for-you"
    phrase = Phrase(
        "Lire toute la liste demande un de ces mandats : {tasks}. Ce qui est à vous : /api/v1/me",
        "To read the whole list takes one of these mandates: {tasks}. What is yours: /api/v1/me",
    )


def routes_of(noun: Noun[R, V]) -> APIRouter:
    """Every route of a noun. Verbs come first: a public name that may hold slashes would swallow theirs."""
    router = APIRouter(prefix=ROOT, tags=[noun.path])
    every = f"/{noun.path}"
    row = f"{every}/{{name:path}}" if noun.slashed else f"{every}/{{name}}"
    described.listing(router, every, noun, _listing(noun))
    for word, deed in noun.acts.items():
        described.writing(router, "POST", f"{every}/{word}", noun, deed, _acting(deed))
    if noun.create is not None:
        described.writing(router, "POST", every, noun, noun.create, _creating(noun, noun.create))
    for word, verb in noun.verbs.items():
        described.writing(router, "POST", f"{row}/{word}", noun, verb, _doing(noun, verb))
    described.one(router, row, noun, _reading(noun))
    if noun.change is not None:
        described.writing(router, "PATCH", row, noun, noun.change, _changing(noun, noun.change))
    return router


def _listing(noun: Noun[R, V]) -> Endpoint:
    wanted = signature(noun.listed, eval_str=True).parameters
    filters = [one.replace(kind=one.KEYWORD_ONLY) for name, one in wanted.items() if name not in _HANDED]
    known = [*(one.name for one in filters), "fields", "after", "limit", "lang"]
    numbered = wanted["after"].annotation is int

    def every(
        request: Request,
        caller: Reader,
        *,
        fields: Fields = None,
        after: Cursor = "",
        limit: Limit = 100,
        seen: Seen = None,
        **asked: Any,
    ) -> Response:
        for name in request.query_params:
            if name not in known:
                raise NoSuchFilter(name=name[:40], known=known)
        asked["after"] = number_before(after) if numbered else name_before(after)
        if "at" in wanted:
            asked["at"] = caller.act.at
        with reading(request.app.state.store) as session:
            if not sees_all(session, caller.act, noun):
                raise NotForYou(tasks=sorted(noun.readers or ()))
            rows = noun.listed(session, **asked, limit=limit + 1)
            views = noun.views(session, caller.act, rows[:limit])
        following = cursor_of(_place_of(noun, views[-1])) if len(rows) > limit else None
        return given({"items": chosen(views, noun.view, fields), "next": following}, seen)

    return _asking(every, filters)


def _reading(noun: Noun[R, V]) -> Endpoint:
    def one(request: Request, caller: Reader, name: str, seen: Seen = None) -> Response:
        with reading(request.app.state.store) as session:
            row, whole = found(session, caller, noun, name)
            view = _seen(session, caller, noun, row, whole=whole)
            watched = noun.looked is not None and caller.member_id not in owners_of(row, session)
            file = noun.named(row)
        if watched and noun.looked is not None:
            with transaction(request.app.state.store) as session:
                noun.looked(session, caller.act, file)
        return given(view, seen)

    return one


def _creating(noun: Noun[R, V], verb: Callable[..., R]) -> Endpoint:
    def create(request: Request, caller: Writer, body: Any = None, key: Key = None) -> Response:
        def done(session: Session) -> Answer:
            name = noun.named(verb(session, caller.act, *_sent(body)))
            return Answer(201, f"{ROOT}/{noun.path}/{name}", spelled(_afresh(session, caller, noun, name)))

        return _once(request, caller, key, body, done)

    return _asking(create, _body_of(verb))


def _acting(deed: Callable[..., object]) -> Endpoint:
    def act(request: Request, caller: Writer, body: Any = None, key: Key = None) -> Response:
        def done(session: Session) -> Answer:
            return Answer(200, "", spelled(deed(session, caller.act, *_sent(body))))

        return _once(request, caller, key, body, done)

    return _asking(act, _body_of(deed))


def _doing(noun: Noun[R, V], verb: Callable[..., object]) -> Endpoint:
    def do(
        request: Request, caller: Writer, name: str, body: Any = None, key: Key = None, upon: Upon = None
    ) -> Response:
        fresh = False

        def done(session: Session) -> Answer:
            nonlocal fresh
            row = held(session, caller, noun, name, upon)
            result = verb(session, caller.act, row, *_sent(body))
            fresh = True
            return Answer(200, "", spelled(_afresh(session, caller, noun, name) if result is None else result))

        answer = _once(request, caller, key, body, done)
        if fresh and noun.told is not None:
            state = request.app.state
            answer.background = BackgroundTask(noun.told, state.store, state.settings, caller.act, name)
        return answer

    return _asking(do, _body_of(verb))


def _changing(noun: Noun[R, V], verb: Callable[..., object]) -> Endpoint:
    def change(request: Request, caller: Writer, name: str, body: Any = None, upon: Upon = None) -> Response:
        if upon is None:
            raise MatchNeeded
        with transaction(request.app.state.store) as session:
            verb(session, caller.act, held(session, caller, noun, name, upon), *_sent(body))
            answer = Answer(200, "", spelled(_afresh(session, caller, noun, name)))
        return _said(answer)

    return _asking(change, _body_of(verb))


def sees_all(session: Session, act: Act, noun: Noun[R, V]) -> bool:
    """Whether someone may read every row of a noun."""
    return noun.readers is None or any(rights.may(session, act, task) for task in noun.readers)


def found(session: Session, caller: Caller, noun: Noun[R, V], name: str) -> tuple[R, bool]:
    """The row of that name, and whether all of it may be seen. Raises Absent where one may know nothing of it."""
    if sees_all(session, caller.act, noun):
        return noun.find(session, name), True
    try:
        row = noun.find(session, name)
    except NotFound:
        raise Absent(name=name[:80]) from None
    if any(rights.may(session, caller.act, task, row) for task in noun.readers or ()):
        return row, True
    if caller.member_id not in owners_of(row, session):
        raise Absent(name=name[:80])
    return row, False


def held(session: Session, caller: Caller, noun: Noun[R, V], name: str, upon: str | None) -> R:
    """The row, as it was when it was decided upon where that is said; others who write it wait. Raises Stale."""
    row, whole = found(session, caller, noun, name)
    if upon is None:
        return row
    if isinstance(row, Base):  # on PostgreSQL others may have been before us: SQLite has one writer
        key = inspect(type(row)).primary_key[0]
        session.execute(select(key).where(key == getattr(row, key.name)).with_for_update(key_share=True))
        session.expire_all()
        row = noun.find(session, name)
    if not matches(upon, etag_of(spelled(_seen(session, caller, noun, row, whole=whole)))):
        raise Stale
    return row


def _afresh(session: Session, caller: Caller, noun: Noun[R, V], name: str) -> V:
    """The row as it is after a deed."""
    session.flush()
    session.expire_all()
    row, whole = found(session, caller, noun, name)
    return _seen(session, caller, noun, row, whole=whole)


def _seen(session: Session, caller: Caller, noun: Noun[R, V], row: R, *, whole: bool) -> V:
    if whole or noun.own_views is None:
        return noun.views(session, caller.act, [row])[0]
    return noun.own_views(session, caller.act, [row])[0]


def _place_of(noun: Noun[R, V], view: V) -> str:
    return str(field(view, names_of(noun.view)[0])) if noun.place is None else noun.place(view)


def _once(
    request: Request, caller: Caller, key: str | None, body: Body | None, done: Callable[[Session], Answer]
) -> Response:
    """Do it; or, where this very request was answered under this key, say the same again."""
    # Another token of the same person, with other tasks, is not answered what this one was.
    who = " ".join(sorted(caller.act.within or ()))
    asked = f"{who} {request.method} {request.url.path} {body.model_dump_json() if body is not None else ''}".encode()
    at = caller.act.at
    with transaction(request.app.state.store) as session:
        answer = tokens.answered(session, caller.member_id, key, asked, at) if key is not None else None
        if answer is None:
            answer = done(session)
            if key is not None:
                tokens.keep_answer(session, caller.member_id, key, asked, answer, at)
    return _said(answer)


def _said(answer: Answer) -> Response:
    headers = {"ETag": etag_of(answer.body), "Cache-Control": "no-store"}
    if answer.location:
        headers["Location"] = answer.location
    return Response(answer.body, answer.status, headers, media_type="application/json")


def _sent(body: Body | None) -> tuple[Body, ...]:
    return () if body is None else (body,)


def _body_of(verb: Callable[..., object]) -> list[Parameter]:
    """The parameter that a verb's own body is, if it takes one."""
    taken = signature(verb, eval_str=True).parameters.get("body")
    return [taken.replace(kind=Parameter.KEYWORD_ONLY)] if taken is not None else []


def _asking(endpoint: Endpoint, own: list[Parameter]) -> Endpoint:
    """The endpoint with the parameters that the framework is to read: those of every noun, and this one's own."""
    plain = signature(endpoint, eval_str=True)
    every = [
        one.replace(kind=one.KEYWORD_ONLY)
        for one in plain.parameters.values()
        if one.name != "body" and one.kind is not one.VAR_KEYWORD
    ]
    endpoint.__signature__ = plain.replace(parameters=[*every, *own])  # type: ignore[attr-defined]
    return endpoint
