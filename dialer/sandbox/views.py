"""Stored things as the API shows them."""

from __future__ import annotations

from typing import Any

from dialer.sandbox.assistants import Assistant, find_assistant
from dialer.sandbox.clock import timestamp
from dialer.sandbox.fate import Fate, fate_of
from dialer.sandbox.schemas import (
    AssistantRecord,
    AssistantSummary,
    CallCreated,
    CallRecord,
    CallSummary,
    Contact,
    Status,
)
from dialer.sandbox.store import StoredCall, StoredContact

_ASSISTANTS_SINCE = "2024-01-01T00:00:00Z"
_USD_PER_MINUTE = 0.12


def created(call: StoredCall, assistant: Assistant, *, is_new_contact: bool) -> CallCreated:
    """The answer to a call that was just accepted."""
    return CallCreated(
        call_id=call.id,
        status="queued",
        to_phone=call.to_phone,
        assistant_name=assistant.name,
        contact_id=call.contact_id,
        is_new_contact=is_new_contact,
        created_at=timestamp(call.created_at),
    )


def summary(call: StoredCall, status: Status) -> CallSummary:
    """The call as a list shows it."""
    return CallSummary(**_summary_fields(call, status))


def full_record(call: StoredCall, status: Status) -> CallRecord:
    """The call with transcript, recording and cost, once it is over."""
    assistant = find_assistant(assistant_id=call.assistant_id)
    fate = fate_of(call.to_phone)
    spoken = status == "completed"
    return CallRecord(
        **_summary_fields(call, status),
        customer_phone_number=call.to_phone,
        assistant_phone_number=assistant.phone_number if assistant else "",
        transcript=_transcript(assistant, fate) if spoken else None,
        analysis_summary=_analysis(fate) if spoken else None,
        recording_url=f"https://sandbox.invalid/recordings/{call.id}.mp3" if spoken else None,
        cost=round(_duration(call, status) / 60 * _USD_PER_MINUTE, 4) if _is_over(status) else None,
    )


def contact(stored: StoredContact) -> Contact:
    """The contact as the API shows it; what is not known is null."""
    return Contact(
        id=stored.id,
        first_name=stored.first_name or None,
        last_name=stored.last_name or None,
        email=None,
        phone_number=stored.phone_number,
        company=None,
        tags=list(stored.tags),
        created_at=timestamp(stored.created_at),
        updated_at=timestamp(stored.updated_at),
    )


def assistant_summary(assistant: Assistant) -> AssistantSummary:
    """The assistant as a list shows it."""
    return AssistantSummary(**_assistant_fields(assistant))


def assistant_record(assistant: Assistant) -> AssistantRecord:
    """The assistant with its prompt."""
    return AssistantRecord(prompt=assistant.prompt, **_assistant_fields(assistant))


def _is_over(status: Status) -> bool:
    return status in {"completed", "failed"}


def _duration(call: StoredCall, status: Status) -> int:
    return max(1, round(call.ends_at - call.starts_at)) if status == "completed" else 0


def _summary_fields(call: StoredCall, status: Status) -> dict[str, Any]:
    fate = fate_of(call.to_phone)
    over, spoken = _is_over(status), status == "completed"
    fields: dict[str, Any] = {
        "id": call.id,
        "contact_id": call.contact_id,
        "assistant_id": call.assistant_id,
        "call_type": "outbound",
        "call_status": status,
        "duration_seconds": _duration(call, status) if over else None,
        "call_started_at": None if status == "queued" else timestamp(call.starts_at),
        "call_ended_at": timestamp(call.ends_at) if over else None,
        "appointment_booked": spoken and fate.appointment_booked,
        "lead_qualification": fate.qualification if spoken else None,
    }
    # Left unset, it is left out of the answer (`response_model_exclude_unset`).
    return fields | {"call_intent": fate.intent} if spoken and fate.intent else fields


def _transcript(assistant: Assistant | None, fate: Fate) -> str:
    opening = assistant.first_message if assistant else "Hello."
    answer = "Yes, go ahead." if fate.qualification != "cold" else "Not now, thank you."
    return f"Assistant: {opening}\nCustomer: {answer}"


def _analysis(fate: Fate) -> str:
    booked = "An appointment was booked." if fate.appointment_booked else "No appointment was booked."
    return f"The lead is {fate.qualification}. {booked}"


def _assistant_fields(assistant: Assistant) -> dict[str, Any]:
    return {
        "id": assistant.id,
        "name": assistant.name,
        "role": assistant.role,
        "assistant_type": assistant.assistant_type,
        "is_active": assistant.is_active,
        "voice_id": f"voice-{assistant.name.lower()}",
        "first_message": assistant.first_message,
        "phone_number_id": f"pn-{assistant.phone_number[-4:]}",
        "created_at": _ASSISTANTS_SINCE,
        "updated_at": _ASSISTANTS_SINCE,
    }
