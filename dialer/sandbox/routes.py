"""The endpoints under /v1: typed, and free of what the gate has settled (key, rate limit, faults)."""

from __future__ import annotations

from typing import Annotated, Literal, cast

from fastapi import FastAPI, Path, Query, Request
from pydantic import BeforeValidator
from pydantic.json_schema import SkipJsonSchema

from dialer.sandbox import views
from dialer.sandbox.assistants import ASSISTANTS, Assistant, AssistantType, find_assistant
from dialer.sandbox.contract import CALLED, LISTED, ONE, ONE_CALL
from dialer.sandbox.fate import refusal_of
from dialer.sandbox.gate import CALL_PATH, arrival_of
from dialer.sandbox.problems import Problem
from dialer.sandbox.schemas import (
    AssistantRecord,
    AssistantSummary,
    CallCreated,
    CallRecord,
    CallSummary,
    Contact,
    OutboundCall,
    Status,
)
from dialer.sandbox.store import CallFilter, Order, Store, StoredCall
from dialer.sandbox.validation import problem_without_assistant


def _exactly_true_or_false(value: object) -> object:
    # pydantic would take "yes", "on" and "1" as well, which the contract does not promise.
    return {"true": True, "false": False}.get(value, "") if isinstance(value, str) else value


Limit = Annotated[int, Query(ge=0, le=100, description="How many at most")]
Offset = Annotated[int, Query(ge=0, le=2**31 - 1, description="How many to leave out")]
# SkipJsonSchema: a parameter is left out, never sent as null.
Optional = SkipJsonSchema[None]
CallId = Annotated[
    str, Path(examples=["call-a1b2c3d4-e5f6-a7b8"], json_schema_extra={"not": {"const": "outbound"}})
]
Flag = Annotated[bool, BeforeValidator(_exactly_true_or_false)]


def add_routes(api: FastAPI, store: Store) -> None:
    """Gives the API its endpoints."""
    _add_calls(api, store)
    _add_contacts(api, store)
    _add_assistants(api)


def _add_calls(api: FastAPI, store: Store) -> None:
    @api.post(CALL_PATH, status_code=201, responses=CALLED, operation_id="startCall", tags=["calls"])
    async def start_call(request: Request, call: OutboundCall) -> CallCreated:
        """Triggers an outbound call, which then takes its course by itself."""
        if not (call.assistant_id or call.assistant_name):
            raise problem_without_assistant()
        assistant = _assistant_for(call)
        refusal = refusal_of(call.phone_number)
        if refusal is not None:
            details = {"invalid_fields": ["phone_number"]}
            raise Problem(refusal.http_status, refusal.message, code=refusal.code, details=details)
        placed, is_new = store.place_call(_order(call, assistant), arrival_of(request.scope))
        return views.created(placed, assistant, is_new_contact=is_new)

    @api.get(
        "/v1/calls",
        responses=LISTED,
        operation_id="listCalls",
        tags=["calls"],
        response_model_exclude_unset=True,
    )
    async def list_calls(
        *,
        limit: Limit = 50,
        offset: Offset = 0,
        status: Literal["completed", "in-progress", "failed"] | Optional = None,
        contact_id: str | Optional = None,
        assistant_id: str | Optional = None,
        call_type: Literal["inbound", "outbound"] | Optional = None,
    ) -> list[CallSummary]:
        """The calls that fit, the newest first."""
        if call_type == "inbound":
            return []  # nobody calls the sandbox
        wanted = CallFilter(status, contact_id, assistant_id)
        return [
            views.summary(call, _status(call)) for call in store.calls(wanted, limit=limit, offset=offset)
        ]

    @api.get(
        "/v1/calls/{call_id}",
        responses=ONE_CALL,
        operation_id="getCall",
        tags=["calls"],
        response_model_exclude_unset=True,
    )
    async def get_call(call_id: CallId) -> CallRecord:
        """The full record of one call."""
        if call_id == "outbound":  # an address of its own, which only takes POST
            raise Problem(405, headers={"Allow": "POST"})
        call = store.call(call_id)
        if call is None:
            raise Problem(404, "There is no call with this id")
        return views.full_record(call, _status(call))

    def _status(call: StoredCall) -> Status:
        return cast(Status, store.status_of(call))


def _add_contacts(api: FastAPI, store: Store) -> None:
    @api.get("/v1/contacts", responses=LISTED, operation_id="listContacts", tags=["contacts"])
    async def list_contacts(
        limit: Limit = 50,
        offset: Offset = 0,
        search: Annotated[str, Query(description="In name, email or number")] = "",
        tags: Annotated[str, Query(description="Comma-separated; any of them")] = "",
    ) -> list[Contact]:
        """The contacts that fit, the newest first."""
        wanted = [tag.strip() for tag in tags.split(",") if tag.strip()]
        return [views.contact(found) for found in store.contacts(search, wanted, limit=limit, offset=offset)]


def _add_assistants(api: FastAPI) -> None:
    @api.get("/v1/assistants", responses=LISTED, operation_id="listAssistants", tags=["assistants"])
    async def list_assistants(
        *,
        limit: Limit = 50,
        offset: Offset = 0,
        is_active: Annotated[Flag | Optional, Query()] = None,
        assistant_type: AssistantType | Optional = None,
    ) -> list[AssistantSummary]:
        """The assistants that fit."""
        fitting = [
            views.assistant_summary(assistant)
            for assistant in ASSISTANTS
            if is_active in {None, assistant.is_active} and assistant_type in {None, assistant.assistant_type}
        ]
        return fitting[offset : offset + limit]

    @api.get("/v1/assistants/{assistant_id}", responses=ONE, operation_id="getAssistant", tags=["assistants"])
    async def get_assistant(assistant_id: str) -> AssistantRecord:
        """One assistant, with its prompt."""
        assistant = find_assistant(assistant_id=assistant_id)
        if assistant is None:
            raise Problem(404, "There is no assistant with this id")
        return views.assistant_record(assistant)


def _assistant_for(call: OutboundCall) -> Assistant:
    assistant = find_assistant(assistant_id=call.assistant_id, name=call.assistant_name)
    given = "assistant_id" if call.assistant_id else "assistant_name"
    if assistant is None:
        raise Problem(404, f"There is no assistant with this {given.removeprefix('assistant_')}")
    if not assistant.is_active:
        details = {"invalid_fields": [given]}
        raise Problem(400, f"The assistant {assistant.name} is not active", details=details)
    return assistant


def _order(call: OutboundCall, assistant: Assistant) -> Order:
    tags = (call.tags,) if isinstance(call.tags, str) else tuple(call.tags)
    return Order(
        phone_number=call.phone_number,
        assistant_id=assistant.id,
        first_name=call.first_name,
        last_name=call.last_name,
        tags=tuple(tag for tag in tags if tag),
    )
