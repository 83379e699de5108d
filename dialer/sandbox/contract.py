"""What the OpenAPI document promises: every status that can be answered, with its body."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI

from dialer.sandbox.schemas import ErrorBody

_Responses = dict[int | str, dict[str, Any]]

_WWW_AUTHENTICATE = {"WWW-Authenticate": {"schema": {"type": "string"}, "required": True}}
_ALLOW = {"Allow": {"schema": {"type": "string"}, "required": True}}
_RETRY_AFTER = {"Retry-After": {"schema": {"type": "string"}, "description": "Seconds", "required": True}}


def _refusal(description: str, headers: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"model": ErrorBody, "description": description} | ({"headers": headers} if headers else {})


ANY: _Responses = {
    401: _refusal("The API key is missing or not known", _WWW_AUTHENTICATE),
    500: _refusal("The server failed"),
}
LISTED: _Responses = ANY | {400: _refusal("A parameter of the query is invalid")}
ONE: _Responses = ANY | {404: _refusal("There is nothing with this id")}
ONE_CALL: _Responses = ONE | {405: _refusal("outbound is no id but an address that only takes POST", _ALLOW)}
CALLED: _Responses = ANY | {
    400: _refusal("The request is invalid"),
    402: _refusal("No active subscription"),
    403: _refusal("The API key lacks the scope calls:write"),
    404: _refusal("There is no such assistant"),
    422: _refusal("The destination number cannot receive calls"),
    429: _refusal("Too many requests", _RETRY_AFTER),
}

_FASTAPIS_OWN = ("HTTPValidationError", "ValidationError")


class SandboxAPI(FastAPI):
    """A FastAPI whose document says what this API really answers: 400 where FastAPI would promise its 422."""

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI document, made once."""
        if self.openapi_schema is None:
            document = super().openapi()
            for operations in document["paths"].values():
                for operation in operations.values():
                    _drop_fastapis_422(operation["responses"])
            components = document["components"]
            for name in _FASTAPIS_OWN:
                components["schemas"].pop(name, None)
            components["securitySchemes"] = {"api_key": {"type": "http", "scheme": "bearer"}}
            document["security"] = [{"api_key": []}]
        assert self.openapi_schema is not None  # noqa: S101 - for the type checker
        return self.openapi_schema


def _drop_fastapis_422(responses: dict[str, Any]) -> None:
    content = responses.get("422", {}).get("content", {}).get("application/json", {})
    if content.get("schema", {}).get("$ref", "").endswith("/HTTPValidationError"):
        del responses["422"]
