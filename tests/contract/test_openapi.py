"""The REST door keeps the promises of its OpenAPI document: no fault of ours, documented answers, of their shape."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings, strategies
from pydantic import TypeAdapter
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from starlette.testclient import TestClient

from api.app import create
from api.rest import alerts, costs, machines, me, nouns, papers, seeking
from api.rest.answers import names_of
from api.rest.routes import routes_of
from desk import association
from foundation import clock
from foundation.acts import Act
from foundation.database import open_store, transaction
from foundation.settings import Settings
from inventory import members, rights, tokens

HOST = "127.0.0.1:8642"
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, str]]:
    """The demonstration's association behind its door, and a token of someone who holds nearly every mandate."""
    configured = Settings(var=tmp_path_factory.mktemp("openapi") / "var", driver="console")
    association.create_demo(configured)
    store = open_store(configured)
    act = Act("M0001", clock.now())
    with transaction(store) as session:
        _, shown = tokens.create_token(
            session, act, members.find_member(session, "M0001"), "contract", rights.tasks_of(session, act)
        )
    app = create(configured)
    with TestClient(app, base_url=configured.url):
        yield app, shown


@pytest.fixture(scope="module")
def promised(door: tuple[Any, str]) -> Any:
    app, _ = door
    return schemathesis.openapi.from_asgi("/api/v1/openapi.json", app, headers={"Host": HOST})


def operations() -> list[tuple[str, str]]:
    own = [me.router, seeking.router, machines.router, alerts.router, costs.router, papers.receipts, papers.statements]
    routers = [*own, *(routes_of(noun) for noun in nouns.ALL)]
    return [(next(iter(route.methods)), route.path) for router in routers for route in router.routes]  # type: ignore[attr-defined]


@pytest.mark.parametrize(("method", "path"), operations())
def test_whatever_is_asked_the_answer_is_one_that_is_documented(
    method: str, path: str, promised: Any, door: tuple[Any, str]
) -> None:
    operation = promised[path.replace(":path", "")][method]
    headers = {"Authorization": f"Bearer {door[1]}", "Host": HOST}
    row = {parameter.name: parameter.definition["example"] for parameter in operation.path_parameters}
    anything = operation.as_strategy(path_parameters=row) | operation.as_strategy()

    @settings(max_examples=2, database=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
    @given(case=strategies.one_of(*operation.get_strategies_from_examples(), anything))
    def answered(case: Any) -> None:
        case.call_and_validate(headers=headers, checks=CHECKS)

    answered()


@pytest.mark.parametrize("noun", nouns.ALL, ids=lambda noun: noun.path)
def test_the_example_of_a_noun_is_one(noun: Any) -> None:
    assert list(noun.example) == list(names_of(noun.view))
    TypeAdapter(noun.view).validate_python(noun.example)
