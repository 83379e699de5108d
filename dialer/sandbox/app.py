"""The sandbox as an ASGI application."""

from __future__ import annotations

from fastapi import Depends, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from dialer.sandbox.clock import Clock, now
from dialer.sandbox.contract import SandboxAPI
from dialer.sandbox.control import add_control, version
from dialer.sandbox.faults import Faults
from dialer.sandbox.gate import CALL_PATH, Conditions, Gate
from dialer.sandbox.limiter import Rate, SlidingWindow
from dialer.sandbox.problems import Problem, problem_reply
from dialer.sandbox.routes import add_routes
from dialer.sandbox.store import Store
from dialer.sandbox.validation import problem_of_http, problem_of_validation, refuse_repeats


def create_app(
    store: Store,
    faults: Faults | None = None,
    *,
    rate_limit: Rate | None = None,
    clock: Clock = now,
    standalone: bool = True,
) -> SandboxAPI:
    """The whole API over this store. It never closes the store.

    Over plain ASGI every fault works that HTTP has words for; the others need `server.serve`.
    """
    api = SandboxAPI(
        title="VozAgent sandbox",
        version=version(),
        docs_url=None,  # the page would load scripts from the network
        redoc_url=None,
        redirect_slashes=False,
        dependencies=[Depends(refuse_repeats)],
    )
    conditions = Conditions(faults or Faults(), SlidingWindow(rate_limit) if rate_limit else None)
    add_routes(api, store)
    add_control(api, store, conditions, standalone=standalone)
    api.add_middleware(Gate, store=store, conditions=conditions, clock=clock)
    _answer_refusals(api)
    return api


def _answer_refusals(api: SandboxAPI) -> None:
    @api.exception_handler(Problem)
    async def refuse(_: Request, problem: Problem) -> Response:
        return _response(problem)

    @api.exception_handler(RequestValidationError)
    async def refuse_malformed(request: Request, error: RequestValidationError) -> Response:
        return _response(problem_of_validation(error, for_a_call=request.scope["path"] == CALL_PATH))

    @api.exception_handler(HTTPException)
    async def refuse_address(_: Request, error: HTTPException) -> Response:
        return _response(problem_of_http(error))

    @api.exception_handler(Exception)
    async def fail(_: Request, __: Exception) -> Response:
        return _response(Problem(500))


def _response(problem: Problem) -> Response:
    reply = problem_reply(problem)
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in reply.headers}
    return Response(reply.body, reply.http_status, headers)
