"""What a reply means: every status, every odd body, every odd Retry-After."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dialer.outcomes import Called, Forbidden, Halted, Outcome, Refused, Throttled, Unknown
from dialer.replies import RESERVED_STATUSES, Reply, error_of, read_reply, retry_after_seconds

SENT_TO = "+12015550123"

GOOD = {
    "call_id": "call-a1b2",
    "status": "queued",
    "direction": "outbound",
    "to_phone": SENT_TO,
    "assistant_name": "Voz",
    "contact_id": "c1a2",
    "is_new_contact": False,
    "created_at": "2024-01-15T12:00:00Z",
}

KINDS: list[tuple[type[Outcome], list[int]]] = [
    (Called, [200, 201, 202, 203, 204, 205, 206, 226, 299]),
    (Refused, [400, 412, 417, 422, 423, 424, 428, 451]),
    (Forbidden, [403]),
    (Halted, [301, 302, 307, 308]),
    (Halted, [401, 402, 404, 405, 406, 410, 411, 413, 414, 415, 421, 425, 426, 431, 501, 505]),
    (Throttled, [429]),
    (Unknown, [303, 408, 409, 500, 502, 503, 504, 507, *range(520, 531)]),
    (Unknown, [0, 100, 199, 300, 304, 305, 306, 418, 499, 508, 599, 600, 999]),
]


def read(status: int, body: Any = b"", headers: dict[str, str] | None = None) -> Outcome:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return read_reply(Reply(status, headers or {}, raw), sent_to=SENT_TO)


def called(body: Any) -> Called:
    outcome = read(201, body)
    assert isinstance(outcome, Called)
    return outcome


# The status line


@pytest.mark.parametrize(("kind", "status"), [(kind, status) for kind, many in KINDS for status in many])
def test_the_status_line_decides(kind: type[Outcome], status: int) -> None:
    assert type(read(status)) is kind


@pytest.mark.parametrize("status", [status for _, many in KINDS for status in many])
def test_a_body_that_promises_a_call_changes_nothing(status: int) -> None:
    assert type(read(status, GOOD)) is type(read(status))


def test_a_303_is_a_redirect_after_which_a_call_may_exist() -> None:
    assert read(303) == Unknown("HTTP 303: See Other", http_status=303, redirect=True)


def test_no_other_unknown_is_a_redirect() -> None:
    assert not any(read(status).redirect for status in (300, 304, 408, 409, 500, 503))  # type: ignore[union-attr]


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_says_nothing_of_where_it_points(status: int) -> None:
    outcome = read(status, headers={"location": "https://evil.example/"})

    assert "evil" not in repr(outcome)


# A call exists


def test_the_documented_reply_is_read_whole() -> None:
    assert called(GOOD) == Called(
        http_status=201,
        call_id="call-a1b2",
        status="queued",
        is_new_contact=False,
        contact_id="c1a2",
        to_phone=SENT_TO,
    )


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"   ",
        b"<html><body>201 Created</body></html>",
        b'{"call_id": "call-a1b2", "status": "que',
        b'["call-a1b2"]',
        b'"call-a1b2"',
        b"17",
        b"null",
        b"NaN",
        b"\xff\xfe\xfd",
        b"\x1f\x8b\x08\x00broken gzip",
        b"[" * 100_000,
        b"1" * 5_000,  # more digits than Python reads
    ],
    ids=lambda body: repr(body[:20]),
)
def test_a_body_that_is_no_object_is_a_call_with_an_oddity(body: bytes) -> None:
    assert called(body) == Called(201, oddities=("the reply was no JSON object",))


@pytest.mark.parametrize("call_id", [None, "", "  ", True, ["call-1"], {"id": "call-1"}])
def test_a_call_without_an_id_is_said_to_have_none(call_id: Any) -> None:
    assert called(GOOD | {"call_id": call_id}).oddities == ("the reply held no call_id",)


def test_an_empty_object_is_a_call_without_an_id() -> None:
    assert called({}) == Called(201, oddities=("the reply held no call_id",))


def test_a_number_as_id_is_kept_as_text_and_flagged() -> None:
    outcome = called(GOOD | {"call_id": 17})

    assert (outcome.call_id, outcome.oddities) == ("17", ("the reply held an odd call_id",))


@pytest.mark.parametrize("call_id", ["call\x1b[31m-1", "call-1\n", "c" * 101, "call-\u202e1"])
def test_an_id_that_is_not_kept_as_it_stands_is_flagged(call_id: str) -> None:
    assert called(GOOD | {"call_id": call_id}).oddities == ("the reply held an odd call_id",)


@pytest.mark.parametrize("word", sorted(RESERVED_STATUSES))
@pytest.mark.parametrize("written", ["{}", "{} ", "\u200b{}", "{}\n"])
def test_a_call_never_carries_a_word_of_dialers_own(word: str, written: str) -> None:
    outcome = called(GOOD | {"status": written.format(word)})

    assert (outcome.status, outcome.oddities) == (None, (f"the API gave the new call the status “{word}”",))


@pytest.mark.parametrize("word", ["FAILED", "Pending", "unKnown"])
def test_capitals_do_not_hide_a_reserved_word(word: str) -> None:
    assert called(GOOD | {"status": word}).status is None


@pytest.mark.parametrize("word", ["queued", "accepted", "in-progress", "Ringing", "en cola", "7"])
def test_any_other_word_is_kept_as_it_comes(word: str) -> None:
    assert called(GOOD | {"status": word}).status == word


@pytest.mark.parametrize("status", [None, "", True, [], {}])
def test_no_word_is_no_status(status: Any) -> None:
    assert called(GOOD | {"status": status}).status is None


@pytest.mark.parametrize("said", [None, "true", 1, 0, []])
def test_only_true_and_false_tell_whether_the_contact_is_new(said: Any) -> None:
    assert called(GOOD | {"is_new_contact": said}).is_new_contact is None


@pytest.mark.parametrize(
    "to_phone", ["+12015550124", "12015550123x9", "unknown", "+1 201 555 01", 12015550124, "+112015550123"]
)
def test_another_number_than_the_one_sent_is_misdirected(to_phone: Any) -> None:
    assert called(GOOD | {"to_phone": to_phone}).misdirected


@pytest.mark.parametrize("to_phone", [SENT_TO, "12015550123", "+1 (201) 555-0123", 12015550123, None, "", []])
def test_the_same_number_in_another_dress_or_none_at_all_is_not_misdirected(to_phone: Any) -> None:
    assert not called(GOOD | {"to_phone": to_phone}).misdirected


def test_words_from_outside_are_harmless_and_short() -> None:
    outcome = called(GOOD | {"status": "\x1b]0;pwn\x07que\u202eued" + "x" * 500, "contact_id": "c\r\n1"})

    assert (outcome.status, outcome.contact_id) == (("]0;pwnqueued" + "x" * 500)[:100], "c 1")


# A refusal


def test_the_apis_own_code_and_message_are_passed_on() -> None:
    body = {"error": {"code": "blocked_number", "message": "The number is blocked."}}

    assert read(400, body) == Refused(400, "blocked_number", "The number is blocked.")


def test_the_missing_fields_stand_behind_the_message() -> None:
    body = {
        "error": {
            "code": "invalid_request",
            "message": "The request body is missing required fields",
            "details": {"missing_fields": ["phone_number", "assistant_id"]},
        }
    }

    assert read(400, body) == Refused(
        400,
        "invalid_request",
        "The request body is missing required fields (phone_number, assistant_id)",
    )


@pytest.mark.parametrize("details", [None, [], "x", {}, {"missing_fields": []}, {"missing_fields": "phone"}])
def test_odd_details_add_nothing(details: Any) -> None:
    body = {"error": {"code": "c", "message": "No.", "details": details}}

    assert read(422, body) == Refused(422, "c", "No.")


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b"{}", b'{"error": "no"}', b'{"error": []}', b'{"error": {"code": null}}']
)
def test_without_an_error_object_the_status_speaks(body: bytes) -> None:
    assert read(422, body) == Refused(422, "http_422", "Unprocessable Entity")


def test_a_status_without_a_name_is_named_by_its_number() -> None:
    assert read(599) == Unknown("HTTP 599: status 599", http_status=599)


def test_a_message_from_outside_is_one_harmless_line() -> None:
    body = {"error": {"code": "c\x1b[1m", "message": "no\r\n=cmd|'/c calc'!A0\x00" + "x" * 1000}}

    code, message = error_of(Reply(400, {}, json.dumps(body).encode()))

    assert (code, message) == ("c[1m", ("no =cmd|'/c calc'!A0" + "x" * 1000)[:300])


def test_a_429_carries_its_message_and_its_time() -> None:
    outcome = read(429, {"error": {"message": "Slow down."}}, {"retry-after": "7"})

    assert outcome == Throttled(7.0, "Slow down.")


# Retry-After

DATE = {"date": "Wed, 21 Nov 2001 07:28:00 GMT"}


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0.0),
        ("1", 1.0),
        (" 120 ", 120.0),
        ("007", 7.0),
        ("0.2", 1.0),
        ("1.5", 2.0),
        ("2.0", 2.0),
        ("3.", 3.0),
        ("3600", 3600.0),
    ],
)
def test_seconds_are_read_and_fractions_rounded_up(text: str, seconds: float) -> None:
    assert retry_after_seconds({"retry-after": text}) == seconds


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "soon", "-1", "-0.5", "+5", "1e3", "1_000", "0x10", "5 s", "5, 5", "5;6", "1,5", "½", "٣"),
        *("inf", "-inf", "nan", "Infinity", ".", "\x00", "Wed", "Wed, 99 Nov 2001 07:28:00 GMT"),
    ],
)
def test_what_says_nothing_usable_leaves_the_wait_to_us(text: str) -> None:
    assert retry_after_seconds({"retry-after": text} | DATE) is None


def test_no_header_leaves_the_wait_to_us() -> None:
    assert retry_after_seconds(DATE) is None


@pytest.mark.parametrize("text", ["9" * 30, "9" * 400, "9" * 5000])
def test_an_endless_wait_is_a_long_one(text: str) -> None:
    assert retry_after_seconds({"retry-after": text}) == 1e9


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("Wed, 21 Nov 2001 07:28:30 GMT", 30.0),
        ("Wed, 21 Nov 2001 08:28:00 GMT", 3600.0),
        ("Wednesday, 21-Nov-01 07:28:30 GMT", 30.0),
        ("Wed Nov 21 07:28:30 2001", 30.0),
        ("Wed, 21 Nov 2001 07:28:30 -0000", 30.0),
        ("Wed, 21 Nov 2001 08:28:30 +0100", 30.0),
    ],
)
def test_a_date_is_compared_with_the_replys_own_and_not_with_our_clock(text: str, seconds: float) -> None:
    assert retry_after_seconds({"retry-after": text} | DATE) == seconds


@pytest.mark.parametrize(
    "text", ["Wed, 21 Nov 2001 07:28:00 GMT", "Wed, 21 Nov 2001 07:27:59 GMT", "Thu, 01 Jan 1970 00:00 GMT"]
)
def test_a_date_that_is_not_ahead_leaves_the_wait_to_us(text: str) -> None:
    assert retry_after_seconds({"retry-after": text} | DATE) is None


@pytest.mark.parametrize("date", [{}, {"date": ""}, {"date": "today"}])
def test_a_date_without_the_replys_own_leaves_the_wait_to_us(date: dict[str, str]) -> None:
    assert retry_after_seconds({"retry-after": "Wed, 21 Nov 2101 07:28:30 GMT"} | date) is None


# Anything at all

NAMES = ("call_id", "status", "to_phone", "error", "code", "message", "details", "missing_fields")
keys = st.sampled_from(NAMES) | st.text(max_size=5)
json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=12,
)
bodies = st.binary(max_size=200) | json_values.map(lambda value: json.dumps(value).encode())
dates = st.from_regex(r"[A-Z][a-z]{2}, \d{1,2} [A-Z][a-z]{2} \d{1,6} \d\d:\d\d:\d\d [+-]\d{1,9}")
headers_received = st.dictionaries(
    st.sampled_from(["retry-after", "date", "content-type"]), st.text(max_size=40) | dates
)
FIRST_DAY, LAST_DAY = "Mon, 01 Jan 0001 00:00:00 +9999", "Fri, 31 Dec 9999 23:59:59 -9999"


@settings(deadline=None, max_examples=150)
@given(st.integers(0, 999), headers_received, bodies)
@example(201, {}, b'{"call_id": "\\ud800", "status": "\\udfff", "to_phone": 1e999}')
@example(429, {"retry-after": FIRST_DAY, "date": LAST_DAY}, b"")
@example(429, {"retry-after": LAST_DAY, "date": FIRST_DAY}, b"")
def test_nothing_that_can_be_received_raises(status: int, headers: dict[str, str], body: bytes) -> None:
    outcome = read(status, body, headers)

    assert isinstance(outcome, Called) == (200 <= status < 300)


@settings(deadline=None, max_examples=200)
@given(json_values)
def test_no_reply_gives_a_call_a_word_of_dialers_own(status: Any) -> None:
    word = called({"call_id": "c", "status": status}).status

    assert word is None or word.lower() not in RESERVED_STATUSES
