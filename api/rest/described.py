"""Each route as the OpenAPI document tells it: what it gives, with an example, and how it may refuse."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from http import HTTPStatus
from typing import Any, Final, Generic, TypeVar, get_type_hints

from fastapi import APIRouter, FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel, Field
from typing_extensions import TypedDict

from api.portal.rendering import cookie_name
from api.rest.noun import Noun

R = TypeVar("R")
V = TypeVar("V")
_READ: Final = (400, 401, 403, 404, 422, 429, 503)
_WRITE: Final = (*_READ, 408, 409, 412, 413)
_ETAG: Final = {"ETag": {"schema": {"type": "string"}, "description": "changes when the answer does"}}
_ABOUT: Final = """\
Every noun of the association, for programs. `Authorization: Bearer essaim_…` with a token (`essaim token create`); the
portal's cookie reads and never writes. `Essaim-Why` says why, and is kept in the journal. Nothing is deleted: what
ends has a verb that ends it. Refusals are problem documents (RFC 9457), in the language of `Accept-Language`."""


class Wrong(BaseModel):
    """One value that is not what it should be."""

    where: str
    what: str


class Problem(BaseModel):
    """Why a request was refused (RFC 9457): `type` for programs, `detail` for people."""

    type: str = Field(examples=["urn:essaim:problem:not-mandated"])
    title: str = Field(examples=["Forbidden"])
    status: int = Field(examples=[403])
    detail: str = Field(examples=["M0042 does not hold the mandate “open, follow and close lines” (lines.write)."])
    errors: list[Wrong] = []


class Page(BaseModel, Generic[V]):
    """Rows in the order of their names; `next` is the `after` of the page that follows, null at the end."""

    items: list[V]
    next: str | None


def listing(router: APIRouter, path: str, noun: Noun[R, V], endpoint: Callable[..., Any]) -> None:
    """GET of a list."""
    router.add_api_route(
        path,
        endpoint,
        name=f"{noun.path}: list",
        summary=noun.about,
        responses={
            200: _answer(Page[_part(noun.view)], {"items": [dict(noun.example)], "next": None}),  # type: ignore[misc]
            **_unchanged(),
            **_refusals(_READ),
        },
    )


def one(router: APIRouter, path: str, noun: Noun[R, V], endpoint: Callable[..., Any]) -> None:
    """GET of a row."""
    router.add_api_route(
        path,
        endpoint,
        name=f"{noun.path}: read",
        summary=f"One of: {noun.about}",
        responses={200: _answer(noun.view, dict(noun.example)), **_unchanged(), **_refusals(_READ)},
    )


def paging(shape: type[Any]) -> dict[int | str, dict[str, Any]]:
    """What a GET of a list that is no noun's own may answer."""
    return {200: _answer(Page[_part(shape)], None), **_unchanged(), **_refusals(_READ)}  # type: ignore[misc]


def reading(shape: Any) -> dict[int | str, dict[str, Any]]:
    """What a GET of something else than a noun may answer."""
    return {200: _answer(shape, None), **_unchanged(), **_refusals(_READ)}


def printing() -> dict[int | str, dict[str, Any]]:
    """What a GET of a paper may answer."""
    pdf = {"application/pdf": {"schema": {"type": "string", "format": "binary"}}}
    return {200: {"description": "The paper", "content": pdf}, **_refusals((*_READ, 409))}


def doing(shape: Any, status: int, example: Mapping[str, object] | None = None) -> dict[int | str, dict[str, Any]]:
    """What a POST that is no noun's own may answer."""
    return {status: _answer(shape, dict(example) if example is not None else None), **_refusals(_WRITE)}


def writing(
    router: APIRouter,
    method: str,
    path: str,
    noun: Noun[R, V],
    verb: Callable[..., Any],
    endpoint: Callable[..., Any],
) -> None:
    """What a verb does; its first line of documentation is told."""
    created, changed = verb is noun.create, verb is noun.change
    gives = inspect.signature(verb, eval_str=True).return_annotation
    own = created or changed or gives is None
    status = 201 if created else 200
    router.add_api_route(
        path,
        endpoint,
        methods=[method],
        status_code=status,
        name=f"{noun.path}: {path.rpartition('/')[2] if not (created or changed) else verb.__name__}",
        summary=(inspect.getdoc(verb) or "").partition("\n")[0],
        responses={
            status: _answer(noun.view if own else gives, dict(noun.example) if own else None),
            **_refusals((*_WRITE, 428) if changed else _WRITE),
        },
    )


def document(app: FastAPI, nouns: Iterable[Noun[Any, Any]]) -> Callable[[], dict[str, Any]]:
    """The whole document, made once: problems are problems, names have examples, and how one is known is said."""
    named = {noun.path: next(iter(noun.example.values())) for noun in nouns} | {"me": "L0042", "alerts": "A0001"}

    @cache
    def made() -> dict[str, Any]:
        whole = get_openapi(title="Essaim", version="1", description=_ABOUT, routes=app.routes)
        for operations in whole["paths"].values():
            for method, operation in operations.items():
                for parameter in operation.get("parameters", ()):
                    if parameter["in"] == "path":
                        examples = parameter["schema"].get("examples")
                        parameter["example"] = examples[0] if examples else named[operation["tags"][0]]
                operation["security"] = [{"token": []}] if method != "get" else [{"token": []}, {"cookie": []}]
        whole["components"]["schemas"] |= _schemas(Problem)
        whole["components"]["securitySchemes"] = {
            "token": {"type": "http", "scheme": "bearer"},
            "cookie": {"type": "apiKey", "in": "cookie", "name": cookie_name(app.state.settings)},
        }
        return whole

    return made


def _schemas(model: type[BaseModel]) -> dict[str, Any]:
    made = model.model_json_schema(ref_template="#/components/schemas/{model}")
    return {**made.pop("$defs", {}), model.__name__: made}


def _answer(shape: Any, example: dict[str, Any] | None) -> dict[str, Any]:
    told: dict[str, Any] = {"model": shape, "headers": _ETAG}
    if example is not None:
        told["content"] = {"application/json": {"example": example}}
    return told


def _unchanged() -> dict[int | str, dict[str, Any]]:
    return {304: {"description": "Still as you have it", "headers": _ETAG}}


def _refusals(statuses: tuple[int, ...]) -> dict[int | str, dict[str, Any]]:
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {status: {"description": HTTPStatus(status).phrase, "content": problem} for status in statuses}


def _part(shape: type[V]) -> Any:
    """A view of which `fields` may have left some out."""
    return TypedDict(f"Some{shape.__name__}", get_type_hints(shape), total=False)  # type: ignore[operator]
