"""The API's words, typed: what a request and an answer may hold. Source: the API's reference pages."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from dialer.sandbox.assistants import AssistantType
from dialer.sandbox.fate import Qualification

Status = Literal["queued", "in-progress", "completed", "failed"]

E164 = r"^\+[1-9][0-9]{6,14}$"

# One of the two is needed, and an empty one does not count; without this the contract would promise more.
_NEEDS_AN_ASSISTANT: dict[str, Any] = {
    "anyOf": [
        {"required": ["assistant_id"], "properties": {"assistant_id": {"minLength": 1}}},
        {"required": ["assistant_name"], "properties": {"assistant_name": {"minLength": 1}}},
    ]
}


def _encodable(text: str) -> str:
    text.encode()  # a ValueError for halves of characters (lone surrogates), which only JSON can hold
    return text


Text = Annotated[str, AfterValidator(_encodable)]


class OutboundCall(BaseModel):
    """The body of POST /v1/calls/outbound. Fields that the API does not know are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore", json_schema_extra=_NEEDS_AN_ASSISTANT)

    phone_number: Annotated[
        str, Field(pattern=E164, description="Destination, E.164", examples=["+15551234567"])
    ]
    assistant_id: Annotated[Text, Field(description="This or assistant_name is required; this one wins")] = ""
    assistant_name: Annotated[Text, Field(description="The same, by its exact name", examples=["Voz"])] = ""
    first_name: Annotated[Text, Field(examples=["John"])] = ""
    last_name: Annotated[Text, Field(examples=["Smith"])] = ""
    source: Annotated[Text, Field(description="Lead source", examples=["website"])] = ""
    tags: Annotated[Text | list[Text], Field(description="Tags for the contact")] = ""
    notes: Annotated[Text, Field(description="Context for the call, given to the assistant")] = ""


class CallCreated(BaseModel):
    """The answer to a call that was accepted."""

    call_id: Annotated[str, Field(examples=["call-a1b2c3d4-e5f6-a7b8"])]
    status: Status
    direction: Literal["outbound"] = "outbound"
    to_phone: Annotated[str, Field(pattern=E164)]
    assistant_name: str
    contact_id: Annotated[str, Field(examples=["c1a2b3c4-d5e6-f7a8"])]
    is_new_contact: bool
    created_at: Annotated[str, Field(examples=["2024-01-15T12:00:00Z"])]


class CallSummary(BaseModel):
    """One call in a list. `call_intent` is absent while it is not known."""

    id: str
    contact_id: str
    assistant_id: str
    call_type: Literal["inbound", "outbound"]
    call_status: Status
    duration_seconds: int | None
    call_started_at: str | None
    call_ended_at: str | None
    appointment_booked: bool
    lead_qualification: Qualification | None
    call_intent: Annotated[str, Field(description="Absent while it is not known")] = ""


class CallRecord(CallSummary):
    """One call with everything that is known about it."""

    customer_phone_number: str
    assistant_phone_number: str
    transcript: str | None
    analysis_summary: str | None
    recording_url: str | None
    cost: Annotated[float | None, Field(description="USD")]


class Contact(BaseModel):
    """A person who was called."""

    id: str
    first_name: str | None
    last_name: str | None
    email: str | None
    phone_number: str
    company: str | None
    tags: list[str]
    created_at: str
    updated_at: str


class AssistantSummary(BaseModel):
    """An assistant in a list."""

    id: str
    name: str
    role: str
    assistant_type: AssistantType
    is_active: bool
    voice_id: str
    first_message: str
    phone_number_id: str
    created_at: str
    updated_at: str


class AssistantRecord(AssistantSummary):
    """An assistant with its prompt."""

    prompt: str


class ErrorDetail(BaseModel):
    """What went wrong."""

    code: Annotated[str, Field(examples=["invalid_request"])]
    message: Annotated[str, Field(examples=["The request body is missing required fields"])]
    details: Annotated[dict[str, Any], Field(examples=[{"missing_fields": ["phone_number"]}])]


class ErrorBody(BaseModel):
    """The body of every refusal."""

    error: ErrorDetail
