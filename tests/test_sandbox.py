"""POST /v1/calls/outbound as the API's documentation describes it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.sandbox_fixtures import ADA, NOON, OUTBOUND, WORKS, Api, error


@pytest.fixture
def api() -> Api:
    return Api()


def test_the_documents_own_example_is_answered_as_documented(api: Api) -> None:
    api.called(phone_number="+15551234567")
    answer = api.called(
        phone_number="+15551234567",
        assistant_name="Voz",
        first_name="John",
        last_name="Smith",
        notes="Interested in a kitchen remodel quote",
    )
    call_id, contact_id = answer.pop("call_id"), answer.pop("contact_id")
    assert answer == {
        "status": "queued",
        "direction": "outbound",
        "to_phone": "+15551234567",
        "assistant_name": "Voz",
        "is_new_contact": False,
        "created_at": "2024-01-15T12:00:00Z",
    }
    assert re.fullmatch(r"call-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}", call_id)
    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}", contact_id)


def test_an_assistant_can_be_named_by_its_id(api: Api) -> None:
    assert api.called(assistant_name=None, assistant_id="a1000002-5eed-0002")["assistant_name"] == "Aurora"


def test_where_both_are_given_the_id_wins(api: Api) -> None:
    assert api.called(assistant_name="Voz", assistant_id="a1000002-5eed-0002")["assistant_name"] == "Aurora"


def test_every_call_has_an_id_of_its_own(api: Api) -> None:
    assert len({api.called()["call_id"] for _ in range(20)}) == 20


def test_fields_that_the_api_does_not_know_are_ignored(api: Api) -> None:
    assert api.called(favourite_colour="green")["status"] == "queued"


@pytest.mark.parametrize(
    ("authorization", "status", "code", "message", "details"),
    [
        (None, 401, "unauthorized", "The API key is missing or not known", {}),
        ("Bearer sk_stranger", 401, "unauthorized", "The API key is missing or not known", {}),
        ("Basic sk_sandbox", 401, "unauthorized", "The API key is missing or not known", {}),
        (
            "Bearer sk_sandbox_lapsed",
            402,
            "subscription_required",
            "This account has no active subscription",
            {},
        ),
        (
            "Bearer sk_sandbox_readonly",
            403,
            "insufficient_scope",
            "The API key lacks the scope calls:write",
            {"required_scope": "calls:write"},
        ),
    ],
)
def test_a_key_that_may_not_call_is_told_why(
    api: Api, authorization: str | None, status: int, code: str, message: str, details: dict[str, str]
) -> None:
    headers = {"Authorization": authorization} if authorization else {}
    response = api.ask("POST", OUTBOUND, headers=headers, json={"phone_number": ADA, "assistant_name": "Voz"})
    assert error(response) == (status, {"code": code, "message": message, "details": details})


def test_a_401_names_the_scheme(api: Api) -> None:
    assert api.ask("GET", "/v1/calls", headers={}).headers["WWW-Authenticate"] == 'Bearer realm="sandbox"'


@pytest.mark.parametrize("key", ["sk_sandbox_readonly", "sk_sandbox_lapsed"])
def test_keys_that_may_not_call_may_read(api: Api, key: str) -> None:
    assert api.ask("GET", "/v1/calls", headers={"Authorization": f"Bearer {key}"}).status_code == 200


_MISSING = "The request body is missing required fields"
_NO_ASSISTANT = "The request body needs assistant_id or assistant_name"
_E164 = "phone_number must be in E.164 format, for example +15551234567"
_BOTH = ["assistant_id", "assistant_name"]


@pytest.mark.parametrize(
    ("body", "message", "details"),
    [
        ({"phone_number": None}, _MISSING, {"missing_fields": ["phone_number"]}),
        ({"assistant_name": None}, _NO_ASSISTANT, {"missing_fields": _BOTH}),
        ({"assistant_name": ""}, _NO_ASSISTANT, {"missing_fields": _BOTH}),
        (
            {"phone_number": None, "assistant_name": None},
            _MISSING,
            {"missing_fields": ["phone_number", *_BOTH]},
        ),
        ({"phone_number": "2015550123"}, _E164, {"invalid_fields": ["phone_number"]}),
        ({"phone_number": "+0123456789"}, _E164, {"invalid_fields": ["phone_number"]}),
        ({"phone_number": "+123456"}, _E164, {"invalid_fields": ["phone_number"]}),
        ({"phone_number": "+1234567890123456"}, _E164, {"invalid_fields": ["phone_number"]}),
        ({"phone_number": "+1 201 555 0123"}, _E164, {"invalid_fields": ["phone_number"]}),
        ({"phone_number": "+12015550123\n"}, _E164, {"invalid_fields": ["phone_number"]}),
        ({"phone_number": "+1\uff12015550123"}, _E164, {"invalid_fields": ["phone_number"]}),
        ({"phone_number": 12015550123}, _E164, {"invalid_fields": ["phone_number"]}),
        (
            {"first_name": 7, "tags": ["a", 1]},
            "The request body has invalid fields: first_name, tags",
            {"invalid_fields": ["first_name", "tags"]},
        ),
        (
            {"assistant_name": "Retired"},
            "The assistant Retired is not active",
            {"invalid_fields": ["assistant_name"]},
        ),
        (
            {"phone_number": "+12015550191"},
            "The destination number is blocked",
            {"invalid_fields": ["phone_number"]},
        ),
    ],
)
def test_a_request_that_is_wrong_is_told_what_is_wrong(
    api: Api, body: dict[str, object], message: str, details: dict[str, object]
) -> None:
    expected = {"code": "invalid_request", "message": message, "details": details}
    assert error(api.order(**body)) == (400, expected)


@pytest.mark.parametrize("field", ["first_name", "last_name", "source", "notes", "tags", "assistant_id"])
def test_null_is_a_wrong_type(api: Api, field: str) -> None:
    response = api.ask("POST", OUTBOUND, json={"phone_number": ADA, "assistant_name": "Voz", field: None})
    assert error(response)[1]["details"] == {"invalid_fields": [field]}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{"phone_number": ', "The request body is not valid JSON"),
        (b"[1, 2]", "The request body must be a JSON object, sent as application/json"),
        (b"", "The request body must be a JSON object, sent as application/json"),
        (b"[" * 100_000, "The request is invalid"),
    ],
)
def test_a_body_that_is_no_json_object_is_a_400(api: Api, content: bytes, message: str) -> None:
    headers = WORKS | {"Content-Type": "application/json"}
    response = api.ask("POST", OUTBOUND, headers=headers, content=content)
    assert error(response) == (400, {"code": "invalid_request", "message": message, "details": {}})


def test_a_body_sent_as_something_else_is_a_400(api: Api) -> None:
    response = api.ask("POST", OUTBOUND, data={"phone_number": ADA, "assistant_name": "Voz"})
    message = "The request body must be a JSON object, sent as application/json"
    assert error(response) == (400, {"code": "invalid_request", "message": message, "details": {}})


def test_a_lone_surrogate_is_refused_and_not_a_crash(api: Api) -> None:
    headers = WORKS | {"Content-Type": "application/json"}
    content = b'{"phone_number": "+12015550123", "assistant_name": "Voz", "notes": "\\ud800"}'
    response = api.ask("POST", OUTBOUND, headers=headers, content=content)
    assert error(response)[1]["details"] == {"invalid_fields": ["notes"]}
    assert api.record()[0]["body"]["notes"] == "\ud800"


@pytest.mark.parametrize("given", [{"assistant_name": "Nobody"}, {"assistant_name": "voz"}])
def test_an_assistant_with_an_unknown_name_is_a_404(api: Api, given: dict[str, str]) -> None:
    expected = {"code": "not_found", "message": "There is no assistant with this name", "details": {}}
    assert error(api.order(**given)) == (404, expected)


def test_an_assistant_with_an_unknown_id_is_a_404(api: Api) -> None:
    expected = {"code": "not_found", "message": "There is no assistant with this id", "details": {}}
    assert error(api.order(assistant_id="a9999999-5eed-0009")) == (404, expected)


def test_a_number_that_cannot_receive_calls_is_a_422(api: Api) -> None:
    expected = {
        "code": "unprocessable_number",
        "message": "The destination number cannot receive calls",
        "details": {"invalid_fields": ["phone_number"]},
    }
    assert error(api.order(phone_number="+442079460192")) == (422, expected)


def test_a_real_number_is_never_refused_for_its_last_digits(api: Api) -> None:
    assert api.called(phone_number="+12015440191")["status"] == "queued"


@pytest.mark.parametrize("path", ["/v1/nothing", "/v1/calls/", "/nothing"])
def test_an_address_that_is_not_there_is_a_404(api: Api, path: str) -> None:
    expected = {"code": "not_found", "message": "There is nothing at this address", "details": {}}
    assert error(api.ask("GET", path)) == (404, expected)


def test_a_method_that_is_not_there_is_a_405(api: Api) -> None:
    response = api.ask("DELETE", OUTBOUND)
    expected = {
        "code": "method_not_allowed",
        "message": "This endpoint does not have that method",
        "details": {},
    }
    assert (error(response), response.headers["Allow"]) == ((405, expected), "POST")


def test_a_refused_request_creates_nothing(api: Api) -> None:
    api.order(phone_number="+12015550191")
    assert (api.get("/v1/calls"), api.get("/v1/contacts")) == ([], [])


def test_a_number_is_new_once(api: Api) -> None:
    assert [api.called()["is_new_contact"] for _ in range(3)] == [True, False, False]


def test_a_number_stays_known_when_the_sandbox_is_started_again(tmp_path: Path) -> None:
    first = Api(tmp_path / "sandbox.db")
    contact_id = first.called()["contact_id"]
    first.store.close()
    again = Api(tmp_path / "sandbox.db").called()
    assert (again["contact_id"], again["is_new_contact"]) == (contact_id, False)


def test_two_sandboxes_on_one_file_see_each_others_contacts(tmp_path: Path) -> None:
    one, other = Api(tmp_path / "sandbox.db"), Api(tmp_path / "sandbox.db")
    answers = [one.called(), other.called(), one.called()]
    assert [answer["is_new_contact"] for answer in answers] == [True, False, False]


def test_a_contact_takes_what_is_given_and_keeps_the_rest(api: Api) -> None:
    api.called(first_name="Ada", last_name="Example", tags=["lead", "spring"])
    api.clock.shows = NOON + 60
    api.called(first_name="", last_name="Sample", tags="autumn")
    (contact,) = api.get("/v1/contacts")
    del contact["id"]
    assert contact == {
        "first_name": "Ada",
        "last_name": "Sample",
        "email": None,
        "phone_number": ADA,
        "company": None,
        "tags": ["lead", "spring", "autumn"],
        "created_at": "2024-01-15T12:00:00Z",
        "updated_at": "2024-01-15T12:01:00Z",
    }


def test_what_is_beyond_the_rate_is_not_created(api: Api) -> None:
    api = Api(rate_limit="2/s")
    assert [api.order().status_code for _ in range(4)] == [201, 201, 429, 429]
    assert len(api.get("/v1/calls")) == 2


def test_a_429_says_when_to_come_back() -> None:
    api = Api(rate_limit="1/min")
    api.called()
    api.clock.shows = NOON + 12.5
    response = api.order()
    assert response.headers["Retry-After"] == "48"
    message = "Too many requests; lower the frequency or add delays"
    assert error(response) == (429, {"code": "rate_limited", "message": message, "details": {}})


def test_the_window_slides_and_what_was_refused_does_not_count() -> None:
    api = Api(rate_limit="2/s")
    statuses = []
    for second in (0.0, 0.6, 0.9, 1.0, 1.5, 1.6):
        api.clock.shows = NOON + second
        statuses.append(api.order().status_code)
    assert statuses == [201, 201, 429, 201, 429, 201]


def test_the_record_holds_every_request_and_what_came_of_it() -> None:
    api = Api(rate_limit="2/s")
    api.called(first_name="Ada")
    api.order(phone_number="+12015550191")
    api.order()
    api.ask("POST", OUTBOUND, headers={"Authorization": "Bearer sk_somebodys_real_key"}, content=b"\xff")
    known = [(one["outcome"], one["http_status"], one["key"], one["phone_number"]) for one in api.record()]
    assert known == [
        ("created", 201, "sk_sandbox", ADA),
        ("refused", 400, "sk_sandbox", "+12015550191"),
        ("throttled", 429, "sk_sandbox", ADA),
        ("refused", 401, None, None),
    ]


def test_the_record_of_created_calls_leaves_out_the_others(api: Api) -> None:
    call_id = api.called(notes="x")["call_id"]
    api.order(phone_number="nonsense")
    (created,) = api.get("/sandbox/record", kind="created")["requests"]
    assert created == {
        "received_at": NOON,
        "phone_number": ADA,
        "outcome": "created",
        "http_status": 201,
        "call_id": call_id,
        "key": "sk_sandbox",
        "fault": None,
        "body": {"phone_number": ADA, "assistant_name": "Voz", "notes": "x"},
    }


def test_forgetting_the_record_keeps_calls_and_contacts(api: Api) -> None:
    api.called()
    api.ask("DELETE", "/sandbox/record")
    assert (api.record(), len(api.get("/v1/calls")), len(api.get("/v1/contacts"))) == ([], 1, 1)


def test_the_sandbox_says_what_it_is_without_a_key(tmp_path: Path) -> None:
    api = Api(tmp_path / "sandbox.db")
    said = api.ask("GET", "/sandbox", headers={}).json()
    assert (said["sandbox"], said["database"], said["standalone"]) == (
        True,
        str(tmp_path / "sandbox.db"),
        True,
    )
