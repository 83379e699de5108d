"""The child that parses a workbook is ended in time, and is not believed when it has been taken over."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dialer import parsed_workbook, parsing_child
from dialer.errors import DialerError
from dialer.parsed_workbook import AskHidden, ParsedWorkbook
from dialer.spreadsheet import open_table
from tests.spreadsheets.make import text_cell, xlsx

SHEETS = Path(__file__).parent / "spreadsheets"


def refusal(path: Path, **options: Any) -> DialerError:
    with pytest.raises(DialerError) as caught, open_table(path, **options) as table:
        list(table.rows())
    return caught.value


def test_sheets_too_large_to_keep_are_parsed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parsing_child, "_MAX_KEPT_CELLS", 0)
    with (SHEETS / "honest.xlsx").open("rb") as file:
        workbook = parsing_child._Workbook(file)
        heads = [head["rows"] for head in workbook.heads(60)]
        assert [list(workbook.rows(index)) for index in (2, 0, 1)] == [heads[2], heads[0], heads[1]]


def test_looking_for_hidden_rows_does_not_disturb_the_parser(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parsing_child, "_MAX_KEPT_CELLS", 0)
    with (SHEETS / "honest.xlsx").open("rb") as file:
        workbook = parsing_child._Workbook(file)
        heads = [head["rows"] for head in workbook.heads(60)]
        assert [(any(workbook.hidden(n, surely=True).rows), list(workbook.rows(n))) for n in (2, 0)] == [
            (False, heads[2]),
            (False, heads[0]),
        ]


def test_a_parser_that_takes_too_long_is_ended() -> None:
    error = refusal(SHEETS / "honest.xlsx", time_limit_seconds=0.0)
    assert (error.code, error.sentence) == (
        "parse_timeout",
        (
            "honest.xlsx could not be read within 0 seconds; delete what the sheet does not need, or save it"
            " as CSV, and try again."
        ),
    )


def test_the_child_is_gone_once_the_block_is_left_early(tmp_path: Path) -> None:
    path = tmp_path / "long.xlsx"
    lines = (f'<row r="{n}">{text_cell(f"A{n}", "x")}</row>' for n in range(1, 3001))
    path.write_bytes(xlsx(f"<sheetData>{''.join(lines)}</sheetData>"))
    with path.open("rb") as file:
        with ParsedWorkbook(file, name="long.xlsx", time_limit_seconds=20) as workbook:
            next(workbook.rows(0))
        assert workbook._child.returncode == -9


@pytest.fixture
def child_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A place for a script that takes the child's part, as if a workbook had taken the child over."""
    script = tmp_path / "child.py"
    monkeypatch.setattr(parsed_workbook, "_CHILD", script)
    return script


# The real child, except that its parser comes to no end.
ENDLESS = """
import sys
from dialer import parsing_child as child
def serve(_file, limits, _head_rows):
    limits.begin_answer()
    while True: pass
child._serve = serve
child.main(int(sys.argv[1]), int(sys.argv[2]), child.Limits(*map(int, sys.argv[3:6])))
"""


def test_a_parser_that_uses_up_its_processor_time_is_ended(
    child_says: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parsed_workbook, "_REAL_SECONDS_PER_CPU_SECOND", 1000)
    child_says.write_text(ENDLESS)
    error = refusal(SHEETS / "honest.xlsx", time_limit_seconds=1)
    assert (error.code, error.sentence) == (
        "parse_timeout",
        (
            "honest.xlsx could not be read within 1 seconds; delete what the sheet does not need, or save it"
            " as CSV, and try again."
        ),
    )


def test_every_answer_has_processor_time_of_its_own(child_says: Path) -> None:
    """A limit for all of them together would end a long sheet halfway down."""
    child_says.write_text(
        "import json, resource, sys, time\nfrom dialer.parsing_child import Limits\n"
        "limits = Limits(*map(int, sys.argv[3:6]))\nlimits.begin()\nlimits.begin_answer()\n"
        "while time.process_time() < 1.05: pass\nlimits.begin_answer()\n"
        "name = str(resource.getrlimit(resource.RLIMIT_CPU))\n"
        'print(json.dumps({"sheets": [{"name": name, "rows": []}]}), flush=True)\ninput()'
    )
    with open_table(SHEETS / "honest.xlsx", time_limit_seconds=7) as table:
        assert table.info.sheets == ("(9, 70)",)


def test_a_parser_that_waits_for_the_processor_is_waited_for(child_says: Path) -> None:
    """On a busy machine an honest sheet takes longer than its processor time."""
    child_says.write_text(
        "import select\nselect.select([], [], [], 1.1)\n"
        'print(\'{"sheets": [{"name": "a", "rows": []}]}\', flush=True)\ninput()'
    )
    with open_table(SHEETS / "honest.xlsx", time_limit_seconds=1) as table:
        assert table.info.sheets == ("a",)


def test_a_parser_that_only_waits_is_ended(child_says: Path) -> None:
    child_says.write_text("import select\nselect.select([], [], [], 30)")
    assert refusal(SHEETS / "honest.xlsx", time_limit_seconds=0.2).code == "parse_timeout"


NONSENSE = [
    "not json",
    "[]",
    '{"sheets": 3}',
    '{"sheets": [{"name": 3, "rows": []}]}',
    '{"sheets": [{"name": "a", "rows": [[1]]}]}',
    '{"sheets": [{"name": "a", "rows": [{"a": "b"}]}]}',
    '{"sheets": [{"name": "a", "rows": [["\\\\ud800"]]}]}',
    "[" * 100_000,
]


@pytest.mark.parametrize("line", NONSENSE, ids=range(len(NONSENSE)))
def test_a_child_that_was_taken_over_is_not_believed(child_says: Path, line: str) -> None:
    child_says.write_text(f"print('{line}')")
    assert refusal(SHEETS / "honest.xlsx").sentence == (
        "honest.xlsx was refused, because reading it makes the parser talk nonsense; open it in Excel, save"
        " the sheet of leads as a new file or as CSV, and try again."
    )


@pytest.mark.parametrize(
    "hidden",
    [
        *("", ', "hidden": 3', ', "hidden": ["1"]', ', "hidden": [[1]]', ', "hidden": []'),
        ', "hidden": [], "hidden_columns": ["A"]',
    ],
)
def test_a_child_that_talks_nonsense_about_hidden_rows_is_not_believed(child_says: Path, hidden: str) -> None:
    child_says.write_text(
        'print(\'{"sheets": [{"name": "a", "rows": []}]}\', flush=True)\ninput()\n'
        f'print(\'{{"sheet": 0, "first": 1, "rows": [["a"]], "more": false{hidden}}}\')'
    )
    assert refusal(SHEETS / "honest.xlsx", hidden=AskHidden.SURELY).code == "parser_died"


def test_a_child_that_never_ends_its_line_is_refused(child_says: Path) -> None:
    child_says.write_text("import os\nwhile os.write(1, bytes(1 << 20)): pass")
    assert refusal(SHEETS / "honest.xlsx").code == "parser_died"


def test_a_child_that_promises_rows_for_ever_is_refused(child_says: Path) -> None:
    child_says.write_text(
        'import sys\nprint(\'{"sheets": [{"name": "a", "rows": []}]}\', flush=True)\n'
        'for _ in sys.stdin: print(\'{"sheet": 0, "first": 1, "rows": [], "more": true}\', flush=True)'
    )
    assert refusal(SHEETS / "honest.xlsx").code == "parser_died"


def test_a_child_that_cannot_start_is_not_the_sheets_fault(child_says: Path) -> None:
    child_says.write_text("import no_such_library")
    error = refusal(SHEETS / "honest.xlsx")
    assert (type(error), error.sentence) == (
        DialerError,
        "The parser of workbooks could not be started; install dialer again, or save the sheet as CSV.",
    )


def test_the_child_does_not_inherit_the_key(child_says: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOZAGENT_API_KEY", "sk-CANARY-9f3")
    child_says.write_text(
        'import json, os\nprint(json.dumps({"sheets": [{"name": repr(os.environ), "rows": []}]}))\ninput()'
    )
    with open_table(SHEETS / "honest.xlsx") as table:
        assert "CANARY" not in str(table.info.sheets)
