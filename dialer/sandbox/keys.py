"""Who is asking, and what they may do."""

from __future__ import annotations

from dataclasses import dataclass

from dialer.sandbox.problems import Problem


@dataclass(frozen=True, slots=True)
class Key:
    """One of the sandbox's public keys."""

    token: str
    may_call: bool = True  # has the scope calls:write
    subscribed: bool = True


KEYS = {
    key.token: key
    for key in (
        Key("sk_sandbox"),
        Key("sk_sandbox_readonly", may_call=False),
        Key("sk_sandbox_lapsed", subscribed=False),
    )
}


def identify(authorization: bytes | None) -> Key:
    """The key in an `Authorization` header; a `Problem` (401) where it is missing or not known."""
    scheme, _, token = (authorization or b"").decode("latin-1").strip().partition(" ")
    key = KEYS.get(token.strip()) if scheme.lower() == "bearer" else None
    if key is None:
        raise Problem(401, headers={"WWW-Authenticate": 'Bearer realm="sandbox"'})
    return key


def require_calling(key: Key) -> None:
    """Passes a key that may start calls; otherwise a `Problem` (402 or 403)."""
    if not key.subscribed:
        raise Problem(402)
    if not key.may_call:
        raise Problem(
            403, "The API key lacks the scope calls:write", details={"required_scope": "calls:write"}
        )
