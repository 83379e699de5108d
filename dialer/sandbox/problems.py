"""What the API answers when it will not do what was asked, always in the documented shape:

    {"error": {"code": "invalid_request", "message": "...", "details": {"missing_fields": ["phone_number"]}}}

Source: the API's page on errors. Only the code `invalid_request` is documented; the others are our own.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

_WORDS = {
    400: ("invalid_request", "The request is invalid"),
    401: ("unauthorized", "The API key is missing or not known"),
    402: ("subscription_required", "This account has no active subscription"),
    403: ("insufficient_scope", "The API key lacks the scope this endpoint needs"),
    404: ("not_found", "There is nothing at this address"),
    405: ("method_not_allowed", "This endpoint does not have that method"),
    409: ("conflict", "The request conflicts with the state of the resource"),
    422: ("unprocessable", "The request is understood but cannot be processed"),
    429: ("rate_limited", "Too many requests; lower the frequency or add delays"),
}


class Problem(Exception):
    """A refusal, with everything that goes into the answer."""

    def __init__(
        self,
        http_status: int,
        message: str | None = None,
        *,
        code: str | None = None,
        details: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        usual_code, usual_message = _WORDS.get(
            http_status, ("server_error" if http_status >= 500 else "refused", f"HTTP status {http_status}")
        )
        super().__init__(message or usual_message)
        self.http_status = http_status
        self.code = code or usual_code
        self.message = message or usual_message
        self.details = dict(details or {})
        self.headers = dict(headers or {})


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole HTTP answer that can still be spoilt before it is sent."""

    http_status: int
    headers: tuple[tuple[bytes, bytes], ...] = field(default=())
    body: bytes = b""


def json_reply(http_status: int, content: object, headers: Mapping[str, str] | None = None) -> Reply:
    """An answer with a JSON body."""
    body = json.dumps(content, ensure_ascii=False).encode("utf-8", "replace")
    extra = tuple(
        (name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in (headers or {}).items()
    )
    length = str(len(body)).encode()
    return Reply(
        http_status, ((b"content-type", b"application/json"), (b"content-length", length), *extra), body
    )


def problem_reply(problem: Problem) -> Reply:
    """The documented error body for this refusal."""
    error = {"code": problem.code, "message": problem.message, "details": problem.details}
    return json_reply(problem.http_status, {"error": error}, problem.headers)
