"""Somebody may name our columns otherwise, leave some out, and move them: they are known all the same."""

from __future__ import annotations

import pytest

from dialer.errors import UsageError
from dialer.own_columns import (
    FATE_COLUMNS,
    OWN_COLUMNS,
    RESULT_COLUMNS,
    chosen_columns,
    find_own,
    own_headers,
)

ASKED = ("call_id=ID,status=Result", "is_new_contact")
CHOSEN = {"call_id": "ID", "status": "Result", "is_new_contact": "is_new_contact"}


def test_nothing_asked_is_all_columns_under_their_own_names() -> None:
    assert chosen_columns(()) == {name: name for name in OWN_COLUMNS}


def test_columns_are_renamed_left_out_and_ordered_as_asked() -> None:
    assert list(chosen_columns(ASKED).items()) == list(CHOSEN.items())


def test_rest_stands_for_all_others_in_their_order() -> None:
    assert list(chosen_columns(("reason=Why,rest,status=Result",))) == [
        *("reason", *(name for name in OWN_COLUMNS if name not in {"reason", "status"}), "status")
    ]


def test_capitals_and_blanks_in_a_name_do_not_matter() -> None:
    assert chosen_columns((" Status = The result , CALL_ID",)) == {
        "status": "The result",
        "call_id": "call_id",
    }


UNUSABLE = {
    "statuss": f"there is no result column 'statuss'; choose among {', '.join(OWN_COLUMNS)}, rest",
    "status,status=Result": "status stands there twice",
    "status=": "'' is no header for status: begin it with a letter",
    "status==1+1": "'=1+1' is no header for status: begin it with a letter",
    "status=\uff20x": "'\uff20x' is no header for status: begin it with a letter",
    "status=ID,call_id=id": "two columns are called 'id'",
    "call_id": "add status, without which a report that is fed back does not say who was called",
}


@pytest.mark.parametrize(("asked", "sentence"), UNUSABLE.items())
def test_what_cannot_be_is_refused(asked: str, sentence: str) -> None:
    with pytest.raises(UsageError) as caught:
        chosen_columns((asked,))
    assert (caught.value.sentence, caught.value.code) == (f"--in-columns: {sentence}.", "in_columns")


def test_a_column_of_the_users_keeps_its_name_and_ours_gets_a_prefix() -> None:
    assert own_headers(CHOSEN, ("Phone", "result ", "dialer_Result", "ID"), {}) == {
        "call_id": "dialer_ID",
        "status": "dialer_dialer_Result",
        "is_new_contact": "is_new_contact",
    }


def test_columns_that_stand_keep_their_headers_whatever_is_asked() -> None:
    assert own_headers(CHOSEN, ("Phone", "Outcome", "Result"), {"status": 1}) == {
        "status": "Outcome",
        "call_id": "ID",
        "is_new_contact": "is_new_contact",
    }


def test_renamed_columns_are_known_by_what_the_report_before_called_them() -> None:
    headers = ("Result", "Phone", "is_new_contact", "ID")
    assert find_own(headers, known_as=CHOSEN) == (
        {"status": 0, "is_new_contact": 2, "call_id": 3},
        frozenset({0, 2, 3}),
    )


def test_of_a_few_columns_none_may_be_missing() -> None:
    assert find_own(("Phone", "ID", "Result"), known_as=CHOSEN) == ({}, frozenset())


def test_a_column_of_the_users_is_not_taken_for_ours_which_bears_a_prefix() -> None:
    known_as = own_headers({"status": "Status"}, ("Phone", "Status"), {})
    assert find_own(("Phone", "Status"), known_as=known_as) == ({}, frozenset())


@pytest.mark.parametrize("missing", [{"reason"}, {"status"}, {"call_id", "to_phone"}])
def test_columns_are_known_where_some_were_deleted(missing: set[str]) -> None:
    left = [name for name in RESULT_COLUMNS if name not in missing]
    assert find_own(("Phone", *left))[0] == {name: at for at, name in enumerate(left, start=1)}


def test_columns_are_known_wherever_they_were_moved() -> None:
    moved = ("reason", "Phone", *RESULT_COLUMNS[:4], "Name", *RESULT_COLUMNS[4:7])
    assert find_own(moved)[0] == {name: moved.index(name) for name in RESULT_COLUMNS}


def test_five_columns_of_such_names_are_somebody_elses() -> None:
    assert find_own(("Phone", *RESULT_COLUMNS[:5])) == ({}, frozenset())


def test_where_the_user_has_a_column_of_that_name_ours_is_the_one_with_the_prefix() -> None:
    ours = ["dialer_status" if name == "status" else name for name in RESULT_COLUMNS]
    found = find_own(("status", *reversed(ours)))[0]
    assert found["status"] == 1 + list(reversed(ours)).index("dialer_status")


def test_the_fate_of_calls_is_known_beside_moved_columns() -> None:
    moved = (*FATE_COLUMNS[:4], "Phone", *reversed(RESULT_COLUMNS))
    assert find_own(moved)[0] == {name: moved.index(name) for name in (*RESULT_COLUMNS, *FATE_COLUMNS[:4])}
