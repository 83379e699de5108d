"""What can be read from the sandbox: calls that take their course by the clock, contacts, assistants."""

from __future__ import annotations

from typing import Any

import pytest

from dialer.sandbox.clock import SteadyClock
from dialer.sandbox.fate import fate_of
from tests.sandbox_fixtures import ADA, NOON, WORKS, Api, StandingClock, error

FAILS, HOT = "+12015550193", "+12015550194"


@pytest.fixture
def api() -> Api:
    return Api()


def _at(api: Api, seconds: float) -> dict[str, Any]:
    api.clock.shows = NOON + seconds
    (summary,) = api.get("/v1/calls")
    return {
        name: summary[name]
        for name in ("call_status", "call_started_at", "call_ended_at", "duration_seconds")
    }


def test_a_parameter_that_is_given_twice_is_refused() -> None:
    answer = Api().ask("GET", "/v1/assistants?offset=0&offset=1", headers=WORKS)

    assert (answer.status_code, answer.json()["error"]["details"]) == (400, {"invalid_fields": ["offset"]})


def test_a_call_waits_then_talks_then_is_completed(api: Api) -> None:
    api.called(phone_number=HOT)
    assert [_at(api, seconds)["call_status"] for seconds in (0.0, 0.9, 1.0, 2.4, 60.0)] == [
        "queued",
        "queued",
        "in-progress",
        "in-progress",
        "completed",
    ]


def test_a_call_that_waits_has_not_started(api: Api) -> None:
    api.called(phone_number=HOT)
    assert _at(api, 0.0) == {
        "call_status": "queued",
        "call_started_at": None,
        "call_ended_at": None,
        "duration_seconds": None,
    }


def test_a_call_that_nobody_answers_fails(api: Api) -> None:
    api.called(phone_number=FAILS)
    assert _at(api, 60.0) == {
        "call_status": "failed",
        "call_started_at": "2024-01-15T12:00:01Z",
        "call_ended_at": "2024-01-15T12:00:02Z",
        "duration_seconds": 0,
    }


def test_the_summary_of_a_completed_call_has_the_documented_fields(api: Api) -> None:
    answer = api.called(phone_number=HOT)
    api.clock.shows = NOON + 60
    (summary,) = api.get("/v1/calls")
    length = summary.pop("duration_seconds")
    ended = summary.pop("call_ended_at")
    assert summary == {
        "id": answer["call_id"],
        "contact_id": answer["contact_id"],
        "assistant_id": "a1000001-5eed-0001",
        "call_type": "outbound",
        "call_status": "completed",
        "call_started_at": "2024-01-15T12:00:01Z",
        "appointment_booked": True,
        "lead_qualification": "hot",
        "call_intent": "quote_request",
    }
    assert 1 <= length <= 6
    assert "2024-01-15T12:00:02Z" <= ended <= "2024-01-15T12:00:07Z"


def test_an_intent_that_is_not_known_is_absent(api: Api) -> None:
    api.called(phone_number=HOT)
    assert "call_intent" not in api.get("/v1/calls")[0]


def test_the_full_record_adds_what_was_said(api: Api) -> None:
    call_id = api.called(phone_number=HOT)["call_id"]
    api.clock.shows = NOON + 60
    (summary,) = api.get("/v1/calls")
    record = api.get(f"/v1/calls/{call_id}")
    added = {name: value for name, value in record.items() if name not in summary}
    cost = added.pop("cost")
    assert added == {
        "customer_phone_number": HOT,
        "assistant_phone_number": "+12025550101",
        "transcript": "Assistant: Hello, this is Voz. Is this a good moment?\nCustomer: Yes, go ahead.",
        "analysis_summary": "The lead is hot. An appointment was booked.",
        "recording_url": f"https://sandbox.invalid/recordings/{call_id}.mp3",
    }
    assert 0 < cost < 0.02


def test_a_call_that_is_not_there_is_a_404(api: Api) -> None:
    expected = {"code": "not_found", "message": "There is no call with this id", "details": {}}
    assert error(api.ask("GET", "/v1/calls/call-00000000-0000-0000")) == (404, expected)


def test_outbound_is_no_call_but_an_address_that_takes_post(api: Api) -> None:
    assert api.ask("GET", "/v1/calls/outbound").headers["Allow"] == "POST"


def test_what_becomes_of_a_number_is_always_the_same() -> None:
    fates = [fate_of(f"+1201555{last:04d}") for last in range(2000, 3000)]
    failed = sum(fate.ending == "failed" for fate in fates)
    assert fates == [fate_of(f"+1201555{last:04d}") for last in range(2000, 3000)]
    assert 150 < failed < 250  # one call in five


def test_calls_come_newest_first(api: Api) -> None:
    ids = [api.called()["call_id"] for _ in range(3)]
    assert [call["id"] for call in api.get("/v1/calls")] == ids[::-1]


def test_calls_can_be_paged_through(api: Api) -> None:
    ids = [api.called()["call_id"] for _ in range(5)]
    pages = [api.get("/v1/calls", limit=2, offset=offset) for offset in (0, 2, 4, 6)]
    assert [[call["id"] for call in page] for page in pages] == [ids[:2:-1], ids[2:0:-1], ids[:1], []]


def test_a_limit_of_zero_gives_nothing(api: Api) -> None:
    api.called()
    assert [api.get(f"/v1/{what}", limit=0) for what in ("calls", "contacts", "assistants")] == [[], [], []]


def test_fifty_is_the_limit_where_none_is_given(api: Api) -> None:
    for _ in range(51):
        api.called()
    assert len(api.get("/v1/calls")) == 50


@pytest.mark.parametrize(
    ("wanted", "numbers"),
    [
        ({"status": "completed"}, [HOT]),
        ({"status": "failed"}, [FAILS]),
        ({"status": "in-progress"}, [ADA]),
        ({"call_type": "outbound"}, [ADA, HOT, FAILS]),
        ({"call_type": "inbound"}, []),
        ({"assistant_id": "a1000002-5eed-0002"}, [HOT]),
        ({"assistant_id": "nobody"}, []),
    ],
)
def test_calls_can_be_filtered(api: Api, wanted: dict[str, str], numbers: list[str]) -> None:
    api.called(phone_number=FAILS)
    api.called(phone_number=HOT, assistant_name="Aurora")
    api.clock.shows = NOON + 60
    api.called(phone_number=ADA)
    api.clock.shows = NOON + 61
    found = [api.get(f"/v1/calls/{call['id']}") for call in api.get("/v1/calls", **wanted)]
    assert [call["customer_phone_number"] for call in found] == numbers


def test_the_calls_of_one_contact_can_be_found(api: Api) -> None:
    api.called(phone_number=HOT)
    mine = api.called()
    (call,) = api.get("/v1/calls", contact_id=mine["contact_id"])
    assert call["id"] == mine["call_id"]


@pytest.mark.parametrize(
    ("path", "query", "names"),
    [
        ("calls", "limit=101", "limit"),
        ("calls", "limit=-1", "limit"),
        ("calls", "limit=ten&offset=-1", "limit, offset"),
        ("calls", "status=queued", "status"),
        ("calls", "call_type=sideways", "call_type"),
        ("contacts", "offset=99999999999999999999", "offset"),
        ("assistants", "is_active=yes", "is_active"),
        ("assistants", "assistant_type=robot", "assistant_type"),
    ],
)
def test_a_query_that_is_wrong_is_a_400(api: Api, path: str, query: str, names: str) -> None:
    expected = {
        "code": "invalid_request",
        "message": f"The query has invalid parameters: {names}",
        "details": {"invalid_fields": names.split(", ")},
    }
    assert error(api.ask("GET", f"/v1/{path}?{query}")) == (400, expected)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("search=ada", [ADA]),
        ("search=Ada%20Ex", [ADA]),
        ("search=%C3%89TIENNE", [HOT]),
        ("search=%2B12015550123", [ADA]),
        ("search=+12015550123", []),  # a raw + is a space
        ("search=2015550", [HOT, ADA]),
        ("search=%25", []),
        ("search=", [HOT, ADA]),
        ("tags=spring", [ADA]),
        ("tags=spring,%20autumn", [HOT, ADA]),
        ("tags=spr", []),
        ("tags=autumn&search=ada", []),
        ("limit=1", [HOT]),
        ("limit=1&offset=1", [ADA]),
    ],
)
def test_contacts_can_be_searched(api: Api, query: str, found: list[str]) -> None:
    api.called(phone_number=ADA, first_name="Ada", last_name="Example", tags=["lead", "spring"])
    api.called(phone_number=HOT, first_name="Étienne", tags="autumn")
    contacts = api.ask("GET", f"/v1/contacts?{query}").json()
    assert [contact["phone_number"] for contact in contacts] == found


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({}, ["Voz", "Aurora", "Retired"]),
        ({"is_active": "true"}, ["Voz", "Aurora"]),
        ({"is_active": "false"}, ["Retired"]),
        ({"assistant_type": "outbound"}, ["Voz", "Retired"]),
        ({"assistant_type": "inbound"}, []),
        ({"limit": 1, "offset": 1}, ["Aurora"]),
    ],
)
def test_assistants_can_be_filtered(api: Api, query: dict[str, Any], names: list[str]) -> None:
    assert [assistant["name"] for assistant in api.get("/v1/assistants", **query)] == names


def test_one_assistant_comes_with_its_prompt(api: Api) -> None:
    assert api.get("/v1/assistants/a1000001-5eed-0001") == {
        "id": "a1000001-5eed-0001",
        "name": "Voz",
        "role": "Sales",
        "assistant_type": "outbound",
        "is_active": True,
        "voice_id": "voice-voz",
        "first_message": "Hello, this is Voz. Is this a good moment?",
        "phone_number_id": "pn-0101",
        "created_at": "2024-01-01T00:00:00Z",
        "updated_at": "2024-01-01T00:00:00Z",
        "prompt": "You are Voz. Find out what the caller needs and offer an appointment.",
    }


def test_an_assistant_that_is_not_there_is_a_404(api: Api) -> None:
    expected = {"code": "not_found", "message": "There is no assistant with this id", "details": {}}
    assert error(api.ask("GET", "/v1/assistants/nobody")) == (404, expected)


def test_the_clock_does_not_see_small_corrections_but_follows_great_ones() -> None:
    wall, monotonic = StandingClock(1000.0), StandingClock(5.0)
    clock = SteadyClock(wall, monotonic)
    wall.shows, monotonic.shows = 1001.7, 7.0
    assert clock() == 1002.0
    wall.shows, monotonic.shows = 5000.0, 8.0  # the machine has slept
    assert clock() == 5000.0
    wall.shows, monotonic.shows = 5001.5, 9.0
    assert clock() == 5001.0
