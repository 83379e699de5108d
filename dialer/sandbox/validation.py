"""What a malformed request is told: always 400 `invalid_request`, and which fields are missing or invalid.

Source: the API's example of an error, `details.missing_fields`. `details.invalid_fields` is our own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from dialer.sandbox.problems import Problem

_MISSING = "The request body is missing required fields"
_E164 = "phone_number must be in E.164 format, for example +15551234567"
_ASSISTANT = ("assistant_id", "assistant_name")
_NO_ASSISTANT = "The request body needs assistant_id or assistant_name"


def problem_of_validation(error: RequestValidationError, *, for_a_call: bool) -> Problem:
    """The refusal for a request that does not fit the contract."""
    errors = error.errors()
    if any(one["type"] == "json_invalid" for one in errors):
        return Problem(400, "The request body is not valid JSON")
    fields = [(str(one["loc"][1]), one["type"]) for one in errors if len(one["loc"]) > 1]
    if not fields:
        return Problem(400, "The request body must be a JSON object, sent as application/json")
    missing = list(dict.fromkeys(name for name, kind in fields if kind == "missing"))
    invalid = list(dict.fromkeys(name for name, kind in fields if kind != "missing"))
    if for_a_call and isinstance(error.body, Mapping) and lacks_assistant(error.body):
        missing.extend(_ASSISTANT)
    details = {"missing_fields": missing} if missing else {}
    if invalid:
        details["invalid_fields"] = invalid
    return Problem(400, _sentence(missing, invalid, in_body=errors[0]["loc"][0] == "body"), details=details)


def lacks_assistant(body: Mapping[str, object]) -> bool:
    """True where neither an id nor a name says who is to call."""
    return not any(body.get(name) for name in _ASSISTANT)


def problem_without_assistant() -> Problem:
    """The refusal for a call that nobody is to make."""
    return Problem(400, _NO_ASSISTANT, details={"missing_fields": list(_ASSISTANT)})


def refuse_repeats(request: Request) -> None:
    """Refuse a query that gives a parameter twice: each has one value, and one of two would be ignored."""
    times = Counter(name for name, _ in request.query_params.multi_items())
    repeated = [name for name, count in times.items() if count > 1]
    if repeated:
        raise Problem(400, _sentence([], repeated, in_body=False), details={"invalid_fields": repeated})


def problem_of_http(error: HTTPException) -> Problem:
    """The refusal for an address or a method that is not there."""
    return Problem(error.status_code, headers=error.headers)


def _sentence(missing: list[str], invalid: list[str], *, in_body: bool) -> str:
    if missing:
        return _MISSING
    if invalid == ["phone_number"]:
        return _E164
    where = "The request body has invalid fields" if in_body else "The query has invalid parameters"
    return f"{where}: {', '.join(invalid)}"
