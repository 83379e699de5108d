"""The house: file names tell the story, imports point down, each library has one owner."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

HOUSE = Path(__file__).parents[1] / "dialer"

# Floor by floor, and on a floor room by room: a room is one job, and on the floor of the edges one outside
# thing. Imports point down or stay on the floor; edges never import each other.
FLOORS: list[dict[str, set[str]]] = [
    {
        "words": {"__init__", "errors", "table", "campaign", "limits", "outcomes", "printable", "windows"},
        "phones": {
            *("phones", "american", "phone_text", "phone_problems", "numbering", "countries", "zones"),
        },
        "whereabouts": {"whereabouts", "clocks", "postal_codes"},
    },
    {
        "columns": {
            "columns",
            "own_columns",
            "header_pair",
            "header_row",
            "headers",
            "overrides",
            "sheet_errors",
            "synonyms",
            "cells",
        },
        "leads": {"leads", "not_leads", "names", "templates", "evidence"},
        "plan": {"plan"},
        "do_not_call": {"do_not_call"},
        "traces": {"traces"},
        "caps": {"caps"},
        "hours": {"hours", "holiday_calendar", "day_parts"},
        "retry": {"retry", "replies", "matching", "call_words"},
        "report": {
            *("results", "report", "call_totals", "report_words", "report_settings", "charts", "funnel"),
            "html_report",
        },
    },
    {
        "spreadsheet": {
            *("spreadsheet", "file_format", "archive_limits", "text_encoding", "delimited", "parsing_child"),
            *("parsed_workbook", "write_back", "workbook", "sheet_survey", "sheet_rewrite", "sheet_xml"),
            *(
                "zip_copy",
                "delimited_report",
                "new_workbook",
                "result_table",
                "whole_file",
                "snapshot",
                "scratch",
            ),
            *("blanking", "blank_workbook", "vanishing", "xml_spans"),
            *("sheet_part", "hidden_rows", "error_cells", "ole2"),
            *(
                "areas",
                "xml_edit",
                "cell_styles",
                "result_cells",
                "sheet_outline",
                "sheet_frame",
                "widened_parts",
            ),
            *("raw_records", "text_cells", "alike_rows"),
        },
        "ledger": {
            *("ledger", "writer", "loads", "journal", "account", "recovered", "ledger_file", "facts"),
            *("batches", "statements", "ledger_health"),
            *("orders", "unknowns"),
            *("standing", "lately", "story", "full_account"),
            *("suppressions", "erasure", "audit"),
            *("fates", "whom", "bounds", "basis"),
            *("locks", "night_facts"),
        },
        "vozagent": {"vozagent", "wire", "sockets", "listings", "lookups"},
        "logs": {"logs"},
        "metrics": {"metrics"},
        "notifications": {"notifications"},
        "settings": {"settings", "settings_files", "saved_mappings"},
    },
    {
        "loader": {"loader", "understanding", "remembered", "row_batches", "reading_ahead", "reading_child"},
        "pool": {
            *("pool", "pool_means", "patience", "pace", "calling_hours", "openings", "survey"),
            *("bounding", "spreading"),
        },
        "reconcile": {"reconcile"},
        "follow": {"follow"},
        "reporter": {"reporter", "report_files"},
        "exports": {"exports"},
    },
    {
        "programs": {
            *(
                "refresh",
                "cli",
                "__main__",
                "options",
                "sheet_options",
                "call_options",
                "announcing",
                "hours_screen",
                "run",
                "dialing",
                "check",
                "call",
                "status",
                "reports",
            ),
            *("reconciling", "redialling", "stating", "campaign_commands"),
            *("screens", "progress", "access", "defaults", "suppress", "ledger_commands", "forgotten_files"),
            *("check_screens", "template"),
            *("forget", "ledger_care"),
            *("status_screens", "watch", "history", "record_commands", "account_file"),
            *("aftermath",),
            *(
                "inbox",
                "inbox_watch",
                "jobs",
                "nightly",
                "nightly_commands",
                "night_sheets",
                "night_screens",
                "nights",
            ),
            *("config", "settings_commands", "settings_screens", "doctor", "machine"),
            "schedule_commands",
            *("logged", "call_log", "run_log", "run_metrics", "morning", "morning_options", "schedule"),
        },
    },
]

# Who may import a library. Everybody else asks the owner.
OWNERS = {
    "aiolimiter": {"pace", "listings"},
    "alembic": {"ledger"},
    "apprise": {"notifications"},
    "charset_normalizer": {"text_encoding"},
    "click": {"check", "screens", "stating", "logged", "morning"},
    "defusedxml": {"sheet_part"},
    "filelock": {"ledger", "locks"},
    "holidays": {"holiday_calendar"},
    "httpcore": {"wire", "sockets"},
    "httpx": {"vozagent", "wire", "listings", "lookups"},
    "jinja2": {"html_report"},
    "openpyxl": {"new_workbook"},
    "pandas": {"report", "call_totals"},
    "phonenumbers": {"numbering", "zones"},
    "platformdirs": {"settings"},
    "prometheus_client": {"metrics"},
    "pyarrow": {"exports"},
    "pydantic": {"campaign"},
    "python_calamine": {"parsing_child"},
    "rich": {
        *("screens", "check_screens", "progress", "dialing", "status_screens", "watch", "history"),
        *("reconciling", "settings_screens", "night_screens"),
    },
    "rich_click": {
        *("cli", "options", "sheet_options", "call_options", "morning_options", "defaults"),
        *("ledger_commands", "campaign_commands", "record_commands"),
        *("config", "settings_commands"),
        *("nightly_commands", "schedule_commands"),
    },
    "sqlalchemy": {
        *("ledger", "writer", "loads", "journal", "account", "recovered", "facts", "suppressions", "erasure"),
        *("audit",),
        *("batches", "statements"),
        *("orders", "unknowns"),
        *("standing", "lately", "story", "full_account"),
        *("fates", "whom", "bounds", "basis"),
        *("night_facts",),
    },
    "stamina": {"listings"},
    "structlog": {"logs"},
    "watchfiles": {"inbox_watch"},
}
LONGEST_MODULE = 400

FLOOR_OF = {
    module: number for number, floor in enumerate(FLOORS) for room in floor.values() for module in room
}
ROOM_OF = {module: name for floor in FLOORS for name, room in floor.items() for module in room}
MODULES = sorted(path.stem for path in HOUSE.glob("*.py"))


def imports(path: Path) -> Iterator[str]:
    """Every module that a file imports, anywhere in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.Import():
                yield from (alias.name for alias in node.names)
            case ast.ImportFrom(module="dialer", level=0):
                yield from (f"dialer.{alias.name}" for alias in node.names)
            case ast.ImportFrom(module=str(module), level=0):
                yield module


def of_our_own(module: str) -> Iterator[str]:
    """The modules of the house that a module imports."""
    for name in imports(HOUSE / f"{module}.py"):
        first, _, rest = name.partition(".")
        if first == "dialer" and rest and (HOUSE / f"{rest.split('.')[0]}.py").exists():
            yield rest.split(".")[0]


@pytest.mark.parametrize("module", MODULES)
def test_every_module_has_a_floor(module: str) -> None:
    assert module in FLOOR_OF


def test_every_floor_holds_only_modules_that_are_there() -> None:
    assert set(FLOOR_OF) == set(MODULES)


@pytest.mark.parametrize("module", MODULES)
def test_imports_point_down_or_stay_on_the_floor(module: str) -> None:
    upwards = {name for name in of_our_own(module) if FLOOR_OF[name] > FLOOR_OF[module]}

    assert upwards == set()


@pytest.mark.parametrize("module", [m for m in MODULES if FLOOR_OF[m] == 2])
def test_edges_never_import_each_other(module: str) -> None:
    others = {n for n in of_our_own(module) if FLOOR_OF[n] == 2 and ROOM_OF[n] != ROOM_OF[module]}

    assert others == set()


@pytest.mark.parametrize("module", MODULES)
def test_libraries_are_imported_by_their_owners_only(module: str) -> None:
    libraries = {name.split(".")[0] for name in imports(HOUSE / f"{module}.py")}
    foreign = {library for library in libraries if library in OWNERS and module not in OWNERS[library]}

    assert foreign == set()


def test_every_library_has_an_owner() -> None:
    known = set(sys.stdlib_module_names) | set(OWNERS) | {"dialer"}
    used = {name.split(".")[0] for module in MODULES for name in imports(HOUSE / f"{module}.py")}

    assert used <= known


def test_the_sandbox_imports_nothing_of_dialer() -> None:
    """A mistake that both made would cancel out."""
    found = {name for path in (HOUSE / "sandbox").glob("*.py") for name in imports(path)}

    assert {n for n in found if n.split(".")[0] == "dialer" and not n.startswith("dialer.sandbox")} == set()


@pytest.mark.parametrize("path", sorted(HOUSE.rglob("*.py")), ids=lambda path: path.name)
def test_no_module_is_longer_than_400_lines(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST_MODULE


def test_imports_make_no_cycle() -> None:
    graph = {module: set(of_our_own(module)) for module in MODULES}
    while leaves := {module for module, needs in graph.items() if not needs}:
        graph = {module: needs - leaves for module, needs in graph.items() if module not in leaves}

    assert graph == {}


# The libraries are imported once; each module is then imported in a fork that knows none of the others.
IMPORT_EACH_ALONE = """
import importlib, os, sys
for library in sys.argv[1].split():
    importlib.import_module(library)
for module in sys.argv[2].split():
    child = os.fork()
    if child == 0:
        importlib.import_module(f"dialer.{module}")
        os._exit(0)
    if os.waitpid(child, 0)[1] != 0:
        print(module)
"""


def test_every_module_can_be_imported_alone() -> None:
    """No module leans on what another one happened to import before it."""
    alone = [module for module in MODULES if module != "__main__"]
    command = [sys.executable, "-c", IMPORT_EACH_ALONE, " ".join(OWNERS), " ".join(alone)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert (done.stdout, done.stderr, done.returncode) == ("", "", 0)
