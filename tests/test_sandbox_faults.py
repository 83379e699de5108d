"""How faults are written, and which request meets which."""

from __future__ import annotations

import pytest

from dialer.sandbox.faults import GARBAGES, Fault, parse_fault, parse_faults
from dialer.sandbox.limiter import parse_rate
from tests.sandbox_fixtures import ADA, Api, error

KINDS = "latency, drop, reset, hang, garbage, cut, drip, drip-head"
BEN = "+12015550145"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("503", Fault("503", "status", "before", 503)),
        ("503-after", Fault("503-after", "status", "after", 503)),
        ("status:401", Fault("status:401", "status", "before", 401)),
        ("202", Fault("202", "status", "after", 202)),
        ("429:3@0.5", Fault("429:3@0.5", "status", "before", 429, "3", probability=0.5)),
        ("302:http://x/y@z", None),
        ("302:http://x/y", Fault("302:http://x/y", "status", "before", 302, "http://x/y")),
        ("latency:1.5", Fault("latency:1.5", "latency", "before", argument="1.5", seconds=1.5)),
        ("drop-after@0.1", Fault("drop-after@0.1", "drop", "after", probability=0.1)),
        ("hang", Fault("hang", "hang", "before", seconds=3600.0)),
        ("drip-head:2", Fault("drip-head:2", "drip-head", "after", argument="2", seconds=2.0)),
        ("garbage:html", Fault("garbage:html", "garbage", "after", argument="html")),
        ("GET/contacts=503", Fault("GET/contacts=503", "status", "before", 503, target="GET/contacts")),
    ],
)
def test_a_fault_is_read_as_it_is_written(text: str, fault: Fault | None) -> None:
    if fault is None:
        with pytest.raises(ValueError, match="probability"):
            parse_fault(text)
    else:
        assert parse_fault(text) == fault


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "explode",
            f"'explode' is no fault: the name must be an HTTP status or one of {KINDS}",
        ),
        ("199", "'199' is no fault: a final HTTP status goes from 200 to 599"),
        ("drop@2", "'drop@2' is no fault: a probability goes from 0 to 1"),
        ("drop@often", "'drop@often' is no fault: after the @ comes a probability from 0 to 1"),
        ("drop:3", "'drop:3' is no fault: drop takes no argument"),
        ("latency", "'latency' is no fault: latency takes seconds, like latency:2"),
        ("latency:nan", "'latency:nan' is no fault: latency takes seconds, like latency:2"),
        ("cut-before", "'cut-before' is no fault: cut only comes after the call was created"),
        ("garbage:odd", f"'garbage:odd' is no fault: garbage is one of {', '.join(GARBAGES)}"),
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the whole sentence is compared below
        parse_fault(text)
    assert str(caught.value) == sentence


def test_a_script_that_makes_no_sense_is_refused() -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the whole sentence is compared below
        parse_faults(scripts=["503,ok"])
    assert str(caught.value) == "'503,ok' is no script: write the number, =, and what its requests meet"


@pytest.mark.parametrize("text", ["10", "0/s", "1.5/s", "10/fortnight", "-1/s", ""])
def test_a_rate_that_makes_no_sense_is_refused(text: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the whole sentence is compared below
        parse_rate(text)
    assert str(caught.value) == f"{text!r} is no rate: write a whole number per unit, like 10/s or 60/min"


def _met(faults: list[str], seed: int, numbers: list[str]) -> dict[str, list[str]]:
    chosen = parse_faults(faults, seed=seed)
    met: dict[str, list[str]] = {}
    for number in numbers:
        met.setdefault(number, []).append("+".join(fault.text for fault in chosen.draw("POST", number)))
    return met


NUMBERS = [f"+1201555{last:04d}" for last in range(2000)]


def test_a_probability_is_kept() -> None:
    met = _met(["drop@0.1"], 7, NUMBERS)
    assert 150 < sum(what == ["drop@0.1"] for what in met.values()) < 250


def test_the_same_seed_gives_the_same_faults_in_whatever_order_requests_come() -> None:
    numbers = NUMBERS[:200] * 2
    assert _met(["drop@0.3"], 7, numbers) == _met(["drop@0.3"], 7, numbers[::-1])


def test_another_seed_gives_other_faults() -> None:
    assert _met(["drop@0.3"], 7, NUMBERS) != _met(["drop@0.3"], 8, NUMBERS)


def test_of_several_faults_the_first_counts_and_latency_comes_on_top() -> None:
    assert _met(["503", "drop", "latency:1"], 0, [ADA]) == {ADA: ["latency:1+503"]}


def test_a_script_is_used_up_by_its_number_only() -> None:
    chosen = parse_faults(["429"], [f"{ADA}=503-after,ok"])
    met = [[fault.text for fault in chosen.draw("POST", number)] for number in (ADA, BEN, ADA, ADA)]
    assert met == [["503-after"], ["429"], [], ["429"]]


def test_a_script_ending_in_a_star_goes_on_for_ever() -> None:
    chosen = parse_faults(scripts=[f"{ADA}=ok,drop*"])
    met = [[fault.text for fault in chosen.draw("POST", ADA)] for _ in range(4)]
    assert met == [[], ["drop"], ["drop"], ["drop"]]


def _outcomes(api: Api) -> list[tuple[str, int | None, str | None]]:
    return [(one["outcome"], one["http_status"], one["fault"]) for one in api.record()]


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 409, 422, 429, 500, 502, 503, 504])
def test_a_status_before_prevents_the_call_and_has_the_documented_body(status: int) -> None:
    api = Api(faults=[f"status:{status}"])
    answered, said = error(api.order())
    assert (answered, sorted(said)) == (status, ["code", "details", "message"])
    assert (_outcomes(api), api.get("/v1/calls")) == ([("prevented", status, f"status:{status}")], [])


@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_status_after_hides_a_call_that_exists(status: int) -> None:
    api = Api(faults=[f"{status}-after"])
    assert error(api.order())[0] == status
    assert (_outcomes(api), len(api.get("/v1/calls"))) == ([("created", status, f"{status}-after")], 1)


@pytest.mark.parametrize(("status", "body"), [(200, True), (202, True), (204, False)])
def test_another_success_means_that_the_call_exists(status: int, body: bool) -> None:  # noqa: FBT001 - a table's column
    api = Api(faults=[str(status)])
    response = api.order()
    assert (response.status_code, bool(response.content)) == (status, body)
    assert _outcomes(api) == [("created", status, str(status))]


@pytest.mark.parametrize("argument", ["3", "0.5", "-1", "soon", "86400"])
def test_a_429_carries_whatever_retry_after_is_asked_for(argument: str) -> None:
    assert Api(faults=[f"429:{argument}"]).order().headers["Retry-After"] == argument


def test_a_429_can_carry_a_date() -> None:
    value = Api(faults=["429:date+5"]).order().headers["Retry-After"]
    assert value.endswith(" GMT")


def test_a_429_can_say_nothing_about_when() -> None:
    assert "Retry-After" not in Api(faults=["429"]).order().headers


def test_a_redirect_points_where_it_is_told_to() -> None:
    response = Api(faults=["307:http://127.0.0.1:1/v1/calls/outbound"]).order()
    assert (response.status_code, response.headers["Location"]) == (
        307,
        "http://127.0.0.1:1/v1/calls/outbound",
    )


def test_a_request_that_is_refused_anyway_keeps_its_own_answer() -> None:
    api = Api(faults=["503-after"])
    assert error(api.order(phone_number="+12015550191"))[0] == 400
    assert _outcomes(api) == [("refused", 400, None)]


def test_a_wrong_key_uses_up_no_script() -> None:
    api = Api(scripts=[f"{ADA}=503"])
    api.ask("POST", "/v1/calls/outbound", headers={}, json={"phone_number": ADA})
    assert [error(api.order())[0], api.order().status_code] == [503, 201]


def test_reading_can_fail_too_and_only_where_it_is_said() -> None:
    api = Api(faults=["GET/contacts=503"])
    statuses = [api.ask("GET", f"/v1/{what}").status_code for what in ("contacts", "calls", "assistants")]
    assert statuses == [503, 200, 200]


def test_reading_does_not_meet_the_faults_of_calling() -> None:
    assert Api(faults=["503"]).ask("GET", "/v1/calls").status_code == 200


def test_faults_can_be_changed_while_it_runs() -> None:
    api = Api()
    trouble = {"faults": ["503"], "scripts": {BEN: ["ok", "429:2*"]}, "seed": 7, "rate_limit": "9/s"}
    shown = api.ask("POST", "/sandbox/faults", headers={}, json=trouble).json()
    assert shown == trouble
    assert api.ask("GET", "/sandbox/faults", headers={}).json() == trouble
    assert [error(api.order())[0], api.order(phone_number=BEN).status_code] == [503, 201]


def test_faults_can_be_ended_while_it_runs() -> None:
    api = Api(faults=["503"], rate_limit="1/h")
    shown = api.ask("DELETE", "/sandbox/faults", headers={}).json()
    assert shown == {"faults": [], "scripts": {}, "seed": 0, "rate_limit": None}
    assert [api.order().status_code for _ in range(3)] == [201, 201, 201]


@pytest.mark.parametrize(
    ("trouble", "message"),
    [
        ({"faults": ["drop:1"]}, "'drop:1' is no fault: drop takes no argument"),
        ({"rate_limit": "fast"}, "'fast' is no rate: write a whole number per unit, like 10/s or 60/min"),
        ({"fault": ["drop"]}, "The request body has invalid fields: fault"),
    ],
)
def test_a_change_that_makes_no_sense_changes_nothing(trouble: dict[str, object], message: str) -> None:
    api = Api(faults=["503"])
    response = api.ask("POST", "/sandbox/faults", json=trouble)
    assert (response.status_code, error(response)[1]["message"]) == (400, message)
    assert error(api.order())[0] == 503
