"""The three assistants of the sandbox, invented."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

AssistantType = Literal["inbound", "outbound", "custom"]


@dataclass(frozen=True, slots=True)
class Assistant:
    """Somebody who makes calls, as the API describes them."""

    id: str
    name: str
    role: str
    assistant_type: AssistantType
    is_active: bool
    first_message: str
    phone_number: str  # the number it calls from, E.164
    prompt: str


ASSISTANTS = (
    Assistant(
        "a1000001-5eed-0001",
        "Voz",
        "Sales",
        "outbound",
        is_active=True,
        first_message="Hello, this is Voz. Is this a good moment?",
        phone_number="+12025550101",
        prompt="You are Voz. Find out what the caller needs and offer an appointment.",
    ),
    Assistant(
        "a1000002-5eed-0002",
        "Aurora",
        "Support",
        "custom",
        is_active=True,
        first_message="Good day, Aurora speaking.",
        phone_number="+12025550102",
        prompt="You are Aurora. Answer questions patiently.",
    ),
    Assistant(
        "a1000003-5eed-0003",
        "Retired",
        "Sales",
        "outbound",
        is_active=False,
        first_message="Hello.",
        phone_number="+12025550103",
        prompt="You have retired.",
    ),
)

_BY_ID = {assistant.id: assistant for assistant in ASSISTANTS}
_BY_NAME = {assistant.name: assistant for assistant in ASSISTANTS}


def find_assistant(*, assistant_id: str = "", name: str = "") -> Assistant | None:
    """The assistant with this id, or else with exactly this name; None where there is none."""
    return _BY_ID.get(assistant_id) if assistant_id else _BY_NAME.get(name)
