"""What only a sandbox has: its record, and the switches for its faults. No key is needed for it.

GET /sandbox           what this is and where its file is
GET /sandbox/record    every request that wanted a call; `?kind=created`, `?phone_number=`
DELETE /sandbox/record forgets them (contacts and calls stay)
GET, POST, DELETE /sandbox/faults
    {"faults": ["drop-after@0.1"], "scripts": {"+12015550123": ["503-after", "ok"]}, "seed": 7,
     "rate_limit": "10/s"}; a POST replaces all of them, DELETE takes all of them away
"""

from __future__ import annotations

import json
from dataclasses import asdict
from importlib import metadata
from typing import Annotated, Any, Literal

from fastapi import FastAPI, Query
from pydantic import BaseModel, ConfigDict
from starlette.responses import Response

from dialer.sandbox.faults import Faults, parse_fault, parse_steps
from dialer.sandbox.gate import Conditions
from dialer.sandbox.limiter import SlidingWindow, parse_rate
from dialer.sandbox.problems import Problem
from dialer.sandbox.store import RecordedRequest, Store


class Trouble(BaseModel):
    """What is to go wrong from now on."""

    model_config = ConfigDict(extra="forbid")

    faults: list[str] = []
    scripts: dict[str, list[str]] = {}
    seed: int = 0
    rate_limit: str | None = None


def version() -> str:
    """The version of the installed package, or 0 where it runs from its sources."""
    try:
        return metadata.version("vozagent-dialer")
    except metadata.PackageNotFoundError:
        return "0"


def add_control(api: FastAPI, store: Store, conditions: Conditions, *, standalone: bool) -> None:
    """Gives the API the endpoints under /sandbox, which its OpenAPI document does not mention."""

    @api.get("/sandbox", include_in_schema=False)
    async def describe() -> dict[str, Any]:
        return {"sandbox": True, "version": version(), "database": store.database, "standalone": standalone}

    @api.get("/sandbox/record", include_in_schema=False)
    async def read_record(
        kind: Annotated[Literal["created", "all"], Query()] = "all", phone_number: str | None = None
    ) -> Response:
        requests = store.record(created_only=kind == "created", phone_number=phone_number)
        return _json({"requests": [_recorded(request) for request in requests]})

    @api.delete("/sandbox/record", include_in_schema=False)
    async def clear_record() -> Response:
        store.clear_record()
        return _json({"requests": []})

    @api.get("/sandbox/faults", include_in_schema=False)
    async def show_faults() -> Response:
        return _json(_shown(conditions))

    @api.post("/sandbox/faults", include_in_schema=False)
    async def set_faults(trouble: Trouble) -> Response:
        try:
            scripts = {number: parse_steps(steps) for number, steps in trouble.scripts.items()}
            faults = Faults(tuple(map(parse_fault, trouble.faults)), scripts, trouble.seed)
            limiter = SlidingWindow(parse_rate(trouble.rate_limit)) if trouble.rate_limit else None
        except ValueError as error:
            raise Problem(400, str(error)) from error
        conditions.faults, conditions.limiter = faults, limiter
        return _json(_shown(conditions))

    @api.delete("/sandbox/faults", include_in_schema=False)
    async def end_faults() -> Response:
        conditions.faults, conditions.limiter = Faults(), None
        return _json(_shown(conditions))


def _json(content: dict[str, Any]) -> Response:
    # In plain ASCII: a body that came in may hold halves of characters, which cannot be encoded.
    return Response(json.dumps(content), media_type="application/json")


def _recorded(request: RecordedRequest) -> dict[str, Any]:
    try:
        body: Any = json.loads(request.body)
    except (ValueError, RecursionError):
        body = request.body
    return asdict(request) | {"body": body}


def _shown(conditions: Conditions) -> dict[str, Any]:
    faults = conditions.faults
    return {
        "faults": [fault.text for fault in faults.faults],
        "scripts": {number: script.words() for number, script in faults.scripts.items()},
        "seed": faults.seed,
        "rate_limit": conditions.limiter.rate.text if conditions.limiter else None,
    }
