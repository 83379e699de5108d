"""The OpenAPI document: what it promises, schemathesis tries, with all of its checks."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis

from tests.sandbox_fixtures import WORKS, Api

schema = schemathesis.openapi.from_asgi("/openapi.json", Api().app)
schema.config.generation.update(deterministic=True, max_examples=50)
schema.config.update(headers=WORKS)


@schema.parametrize()
def test_every_answer_keeps_the_promises_of_the_document(case: schemathesis.Case[Any]) -> None:
    case.call_and_validate()


@pytest.fixture(scope="module")
def document() -> Any:
    return Api().ask("GET", "/openapi.json", headers={}).json()


def test_the_document_names_the_endpoints_and_no_switches(document: Any) -> None:
    assert {path: list(operations) for path, operations in document["paths"].items()} == {
        "/v1/calls/outbound": ["post"],
        "/v1/calls": ["get"],
        "/v1/calls/{call_id}": ["get"],
        "/v1/contacts": ["get"],
        "/v1/assistants": ["get"],
        "/v1/assistants/{assistant_id}": ["get"],
    }


def test_starting_a_call_declares_every_status(document: Any) -> None:
    responses = document["paths"]["/v1/calls/outbound"]["post"]["responses"]
    assert sorted(responses) == ["201", "400", "401", "402", "403", "404", "422", "429", "500"]


def test_every_refusal_has_the_documented_body(document: Any) -> None:
    bodies = {
        response["content"]["application/json"]["schema"]["$ref"]
        for operations in document["paths"].values()
        for operation in operations.values()
        for status, response in operation["responses"].items()
        if int(status) >= 400
    }
    assert bodies == {"#/components/schemas/ErrorBody"}


def test_every_endpoint_wants_a_bearer_key(document: Any) -> None:
    assert document["security"] == [{"api_key": []}]
    assert document["components"]["securitySchemes"] == {"api_key": {"type": "http", "scheme": "bearer"}}
