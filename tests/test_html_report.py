from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, tzinfo
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialer.html_report import render
from dialer.report import CampaignFacts, summarise
from dialer.results import Fate, RowResult

BERLIN = ZoneInfo("Europe/Berlin")
NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)

FACTS = CampaignFacts(
    name="kitchen-leads",
    file="kitchen-leads.xlsx",
    sheet="Leads",
    loaded_at=NOON,
    started_at=NOON,
    finished_at=NOON + timedelta(minutes=68),
    assistant="Voz",
    base_url="https://api.vozagent.ai/v1",
    key_ending="k9f3",
    ledger="/srv/dialer/ledger.db",
    settings=(("Rate", "5/s"), ("Region", "US")),
    exit_code=1,
    report_path="reports/kitchen-leads.results.xlsx",
)

ROWS = (
    *(
        RowResult(
            row, "queued", f"C{row}", f"+120155501{row:02}", NOON + timedelta(minutes=row), 1, row % 2 == 0
        )
        for row in range(2, 9)
    ),
    RowResult(
        9, "failed", "C9", "+12015550142", None, 1, None, "invalid_request", "The API said: no such number."
    ),
    RowResult(
        10, "unknown", "C10", "+12015550143", None, 1, None, "read_timeout", "No answer came in 30 seconds."
    ),
    RowResult(
        11, "invalid", "C11", reason_code="phone_letters", reason="Write digits.", value="201-555-XXXX"
    ),
    RowResult(12, "invalid", "C12", reason_code="phone_missing", reason="Write the number there.", value=""),
    RowResult(
        13, "duplicate", "C13", reason_code="duplicate", reason="Row 2 has it.", value="+1 201 555 0102"
    ),
    RowResult(14, "pending", "C14", "+12015550144"),
)


def rendered(rows: Iterable[RowResult] = ROWS, *, facts: CampaignFacts = FACTS, zone: tzinfo = BERLIN) -> str:
    return render(summarise(rows, facts, zone=zone))


VOID = frozenset({"meta"})


@dataclass
class Element:
    tag: str
    attributes: dict[str, str]
    children: list[Element | str] = field(default_factory=list)

    def __iter__(self) -> Iterator[Element]:
        yield self
        for child in self.children:
            if isinstance(child, Element):
                yield from child

    def all(self, *tags: str) -> list[Element]:
        return [element for element in self if element.tag in tags]

    @property
    def text(self) -> str:
        told = (child.text if isinstance(child, Element) else child for child in self.children)
        return re.sub(r"\s+", " ", "".join(told)).strip()


class Document(HTMLParser):
    """A page as a tree. Unlike a browser it forgives nothing: a tag that is not closed is an error."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.root = Element("document", {})
        self.path = [self.root]
        self.feed(html)
        self.close()
        assert self.path == [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.path[-1].children.append(element)
        if tag not in VOID:
            self.path.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.path.pop().tag == tag

    def handle_data(self, data: str) -> None:
        self.path[-1].children.append(data)


def page(rows: Iterable[RowResult] = ROWS, *, facts: CampaignFacts = FACTS) -> Element:
    return Document(rendered(rows, facts=facts)).root


def body(rows: Iterable[RowResult] = ROWS, *, facts: CampaignFacts = FACTS) -> str:
    return page(rows, facts=facts).all("body")[0].text


def style() -> str:
    return page().all("style")[0].text


def section(name: str, rows: Iterable[RowResult] = ROWS, *, facts: CampaignFacts = FACTS) -> str:
    found = [
        part.text
        for part in page(rows, facts=facts).all("section")
        if part.attributes["aria-labelledby"] == name
    ]
    return found[0] if found else ""


def described(rows: Iterable[RowResult] = ROWS, *, facts: CampaignFacts = FACTS) -> dict[str, str]:
    tables = [
        table
        for table in page(rows, facts=facts).all("table")
        if "facts" in table.attributes.get("class", "").split()
    ]
    lines = [row for table in tables for row in table.all("tr")]
    return {line.all("th")[0].text: line.all("td")[0].text for line in lines}


def invalid(row: int) -> RowResult:
    return RowResult(
        row, "invalid", f"C{row}", reason_code="phone_letters", reason="Write digits.", value="x"
    )


# -- what it says ------------------------------------------------------------------------------------


def test_the_verdict_counts_every_kind_of_ending() -> None:
    expected = "7 of 13 rows called; 1 refused by the API, 1 without a certain answer and 4 not called."
    assert expected in section("result")


@pytest.mark.parametrize(
    ("rows", "verdict"),
    [
        ((), "The sheet held no rows."),
        (ROWS[:1], "The only row was called."),
        (ROWS[:3], "All 3 rows were called."),
        (ROWS[6:8], "1 of 2 rows called; 1 refused by the API."),
        (ROWS[7:8], "The only row was refused by the API."),
    ],
)
def test_the_verdict_is_one_sentence(rows: tuple[RowResult, ...], verdict: str) -> None:
    assert verdict in section("result", rows)


def test_the_headline_numbers_are_rows_called_failed_unknown_and_not_called() -> None:
    numbers = page().all("dl")[0].all("div")
    assert [number.text for number in numbers] == [
        "Rows13 in the sheet",
        "Called7 54%",
        "Failed1 8%",
        "Unknown1 8%",
        "Not called4 31%",
    ]


def test_the_time_and_the_zone_stand_below_the_name() -> None:
    expected = "22 Nov 2026, 13:00 to 14:08 (1 hour 8 minutes), Europe/Berlin, UTC+01:00"
    assert page().all("header")[0].text == f"Call campaign kitchen-leads {expected}"


def test_both_offsets_are_told_if_the_clocks_changed_during_the_campaign() -> None:
    facts = replace(FACTS, loaded_at=None, started_at=datetime(2026, 10, 24, 12, 0, tzinfo=UTC))
    assert "Europe/Berlin, UTC+02:00, then UTC+01:00" in body(facts=facts)


def test_a_stopped_run_says_why() -> None:
    facts = replace(FACTS, stopped="The key was refused")
    assert "The run was stopped. The key was refused." in section("result", facts=facts)


def test_a_run_that_was_not_stopped_says_nothing_of_it() -> None:
    assert "stopped" not in section("result")


def test_what_to_do_next_is_told_in_order() -> None:
    pending = (
        "1 row is still to be called. "
        "Run the same command again: it goes on where it stopped and calls nobody twice."
    )
    unknown = (
        "1 row has no certain answer: the calls may have been made. Look them up in VozAgent's list of "
        "calls; they are never called again by themselves."
    )
    mend = (
        "1 row was refused, and 2 rows cannot be called as written. Mend what is listed below, save the "
        "sheet and type dialer retry kitchen-leads.xlsx with the options of this run; "
        "only those rows are called."
    )
    assert [step.text for step in page().all("ol")[0].all("li")] == [pending, unknown, mend]


def test_nothing_is_left_to_do_when_all_were_called() -> None:
    assert section("next", ROWS[:7]) == ""


def test_a_file_name_is_quoted_for_the_shell() -> None:
    facts = replace(FACTS, file="/tmp/my leads; rm -rf.csv")  # noqa: S108 - a name, nothing is written there
    assert "dialer retry 'my leads; rm -rf.csv' with" in section("next", facts=facts)


def test_every_status_has_a_line_and_the_lines_end_with_all_rows() -> None:
    table = next(table for table in page().all("table") if table.attributes.get("class") == "statuses")
    assert [line.text for line in table.all("tr")[1:]] == [
        "queuedCalled; this is the API's own word.754%",
        "failedRefused by the API; nobody was called.18%",
        "unknownSent, without a certain answer; perhaps called.18%",
        "pendingWaiting for its turn.18%",
        "invalidCannot be called as it stands in the sheet.215%",
        "duplicateAnother row has the same number.18%",
        "All rows13",
    ]


def test_words_of_the_api_beyond_the_twelfth_share_a_line() -> None:
    rows = [RowResult(row, f"word-{row:02}") for row in range(20)]
    told = section("statuses", rows)
    assert re.findall(r"word-\d\d", told) == [f"word-{row:02}" for row in range(12)]
    assert "otherCalled; the API used other words.840%" in told


def test_a_giant_word_of_the_api_is_cut() -> None:
    told = section("statuses", [RowResult(2, "q" * 500)])
    assert "q" * 40 + "Called; this is the API's own word.1100%" in told
    assert "q" * 41 not in told


def test_a_failure_tells_the_apis_message_and_what_to_do() -> None:
    assert section("failures") == (
        "Failed 1 row The API refused these rows. Nobody was called. Invalid request 1 row "
        "The API said: no such number. Mend the row, most often its phone number, then retry. "
        "CellNumber C9+12015550142"
    )


def test_an_invalid_row_is_told_with_its_cell_and_how_to_mend_it() -> None:
    assert "Phone letters 1 row Write digits. CellWhat it says C11201-555-XXXX" in section("not-called")


def test_an_empty_cell_is_called_empty() -> None:
    assert "Phone missing 1 row Write the number there. CellWhat it says C12empty" in section("not-called")


def test_reasons_that_differ_stand_beside_their_rows() -> None:
    rows = [
        RowResult(
            row, "duplicate", f"C{row}", reason_code="duplicate", reason=f"Row {row - 1} has it", value="x"
        )
        for row in (3, 5)
    ]
    assert "CellNumberWhy C3xRow 2 has it. C5xRow 4 has it." in section("not-called", rows)


def test_fifty_examples_are_shown_and_the_rest_is_counted() -> None:
    rows = [invalid(row) for row in range(2, 1_206)]
    told = section("not-called", rows)
    assert re.findall(r"C\d+x", told) == [f"C{row}x" for row in range(2, 52)]
    assert "1,154 more rows in the results sheet, each with its reason." in told


def test_five_messages_are_shown_and_the_rest_is_counted() -> None:
    rows = [
        RowResult(
            place, "failed", reason_code="http_400", reason=f"Message {place % 7}.", to_phone="+12015550123"
        )
        for place in range(70)
    ]
    assert "Message 4. 10 rows Other messages 20 rows" in section("failures", rows)


def test_pending_rows_are_not_listed_one_by_one() -> None:
    assert "C14" not in body()


def test_new_and_known_contacts_are_told_apart() -> None:
    assert [part.text for part in page().all("dl")[1].all("div")] == [
        "New contacts4 57%",
        "Known contacts3 43%",
    ]


def test_a_call_with_a_remark_is_told() -> None:
    odd = RowResult(
        2, "accepted", "C2", "+12015550123", NOON, 1, None, "no_call_id", "The reply named no call."
    )
    assert "No call id 1 call The reply named no call. CellNumber C2+12015550123" in section("remarks", [odd])


def test_how_it_was_run_tells_every_fact_and_every_setting() -> None:
    facts = replace(FACTS, stopped="Stopped by Robin.")
    assert described(facts=facts) == {
        "File": "kitchen-leads.xlsx",
        "Sheet": "Leads",
        "Loaded": "22 Nov 2026, 13:00",
        "Started": "22 Nov 2026, 13:00",
        "Finished": "22 Nov 2026, 14:08",
        "Stopped because": "Stopped by Robin.",
        "Exit code": "1, finished, but some rows failed or are unknown, or nobody could be called",
        "Assistant": "Voz",
        "API": "https://api.vozagent.ai/v1",
        "API key": "ends in k9f3",
        "Ledger": "/srv/dialer/ledger.db",
        "Results sheet": "reports/kitchen-leads.results.xlsx",
        "Rate": "5/s",
        "Region": "US",
    }


def test_the_fingerprint_of_the_ledger_is_told() -> None:
    assert described(facts=replace(FACTS, fingerprint="3f9c-1a22-7be0"))["Fingerprint"] == "3f9c-1a22-7be0"


def test_an_exit_code_of_0_is_told_too() -> None:
    assert described(facts=replace(FACTS, exit_code=0))["Exit code"] == "0, done"


def test_no_more_than_four_characters_of_the_key_are_shown() -> None:
    assert "sk-CANARY" not in rendered(facts=replace(FACTS, key_ending="sk-CANARY-9f3a"))


# -- the charts --------------------------------------------------------------------------------------


def test_the_chart_over_time_says_what_it_shows() -> None:
    chart = next(
        svg for svg in page().all("svg") if svg.attributes.get("aria-labelledby") == "time-title time-desc"
    )
    assert [chart.all("title")[0].text, chart.all("desc")[0].text] == [
        "Calls begun in every 10 seconds",
        "A bar chart of 7 calls. The tallest bar is at 22 Nov 2026, 13:02:00, with 1 call.",
    ]


def test_the_stacked_bar_says_what_it_shows() -> None:
    bar = next(svg for svg in page().all("svg") if svg.attributes.get("class") == "bar")
    assert [bar.all("title")[0].text, bar.all("desc")[0].text] == [
        "What became of the rows",
        "Called: 7 rows, 54%. Failed: 1 row, 8%. Unknown: 1 row, 8%. Not called: 4 rows, 31%.",
    ]


def test_every_chart_is_an_image_with_a_title_and_a_description() -> None:
    charts = [svg for svg in page().all("svg") if svg.attributes.get("aria-hidden") != "true"]
    assert [(svg.attributes["role"], len(svg.all("desc"))) for svg in charts] == [("img", 1)] * 3


def test_every_name_that_a_chart_or_section_goes_by_is_there_once() -> None:
    elements = list(page())
    ids = Counter(element.attributes["id"] for element in elements if "id" in element.attributes)
    named = {name for element in elements for name in element.attributes.get("aria-labelledby", "").split()}
    assert named <= ids.keys()
    assert set(ids.values()) == {1}


def test_every_pattern_that_fills_a_bar_is_there() -> None:
    elements = list(page())
    patterns = {f"url(#{element.attributes['id']})" for element in elements if element.tag == "pattern"}
    assert {element.attributes["fill"] for element in elements if "fill" in element.attributes} <= patterns


def test_the_table_beside_the_chart_holds_the_same_calls() -> None:
    folded = next(part for part in page().all("details") if part.attributes.get("class") == "same")
    assert sum(int(cell.text) for cell in folded.all("td")) == 7


def test_a_campaign_without_calls_says_so_instead_of_drawing_a_chart() -> None:
    assert section("over-time", ROWS[7:]) == "Calls over time No call was made."


# -- what became of the calls -------------------------------------------------------------------------


def ended(row: int, word: str = "completed", **changes: Any) -> RowResult:
    known: dict[str, Any] = {"ended": True, "duration_seconds": 95.0, "cost_usd": "0.12"}
    fate = Fate(word, **known | changes)
    return RowResult(row, "queued", f"C{row}", "+12015550123", NOON, 1, is_new_contact=True, fate=fate)


ENDED = (
    ended(2, appointment_booked=True, lead_qualification="hot"),
    ended(3, lead_qualification="cold"),
    ended(4, "no-answer", duration_seconds=20.0),
    ended(5, "in-progress", ended=False, duration_seconds=None, cost_usd=None),
    RowResult(6, "queued", "C6", "+12015550124", NOON, 1),
)


def bars(name: str, rows: Iterable[RowResult]) -> list[str]:
    """The words of the lying bars in a section."""
    found = next(part for part in page(rows).all("section") if part.attributes["aria-labelledby"] == name)
    return [bar.text for bar in found.all("li")]


def test_nothing_is_said_of_outcomes_that_nobody_asked_for() -> None:
    assert section("after") == ""


def test_how_far_the_calls_have_come_is_one_sentence() -> None:
    facts = replace(FACTS, asked_at=NOON + timedelta(hours=2))
    expected = (
        "What became of the calls 3 of 5 calls have ended, 1 goes on, and of 1 nothing is known yet. "
        "VozAgent was asked last on 22 Nov 2026, 15:00."
    )
    assert section("after", ENDED, facts=facts).startswith(expected)


def test_calls_that_never_ended_are_told() -> None:
    told = section("after", (ended(2), ended(3, "queued", ended=False, stale=True)))
    assert "1 of 2 calls has ended, 1 was never seen to end." in told


def test_the_figures_of_the_calls_are_completed_appointments_time_and_cost() -> None:
    figures = next(part for part in page(ENDED).all("dl") if "figures" in part.attributes["class"].split())
    assert [figure.text for figure in figures.all("div")] == [
        "Completed2 50%",
        "Appointments1 25%",
        "Time on the phone3 minutes 30 seconds half lasted over 1 minute 35 seconds",
        "Cost0.36 USD 0.12 USD a call, known for 3 calls",
    ]


def test_figures_that_nobody_knows_are_left_out() -> None:
    told = section("after", (ended(2, duration_seconds=None, cost_usd=None),))
    assert ("Time on the phone" in told, "Cost" in told) == (False, False)


def test_the_words_of_the_api_the_lengths_and_the_ratings_have_bars() -> None:
    assert bars("after", ENDED) == [
        "completed 2 50%",
        "in-progress 1 25%",
        "no-answer 1 25%",
        "10 to 30 s 1 33%",
        "30 s to 1 min 0 0%",
        "1 to 2 min 2 67%",
        "hot 1 25%",
        "cold 1 25%",
    ]


def test_the_funnel_leads_from_rows_to_calls() -> None:
    assert bars("funnel", ROWS) == [
        "Rows in the sheet 13 100%",
        "People who can be called 10 77% less 2 invalid, 1 duplicate",
        "Called 7 54% less 1 failed, 1 unknown, 1 pending",
    ]


def test_the_funnel_goes_on_to_appointments_once_outcomes_are_known() -> None:
    assert bars("funnel", ENDED)[3:] == [
        "Calls that ended 3 60% less 1 not ended yet, 1 unheard of",
        "Completed calls 2 40% less 1 ended otherwise",
        "Appointments booked 1 20%",
    ]


def test_the_statuses_that_were_not_called_have_bars_with_the_reasons_of_the_invalid_ones() -> None:
    assert bars("not-called", ROWS)[:3] == [
        "Invalid 2 50% 1 phone letters, 1 phone missing",
        "Pending 1 25%",
        "Duplicate 1 25%",
    ]


def test_several_kinds_of_refusal_have_bars() -> None:
    rows = [RowResult(row, "failed", reason_code=f"http_40{row % 2}", reason="No.") for row in range(3)]
    assert bars("failures", rows) == ["HTTP 400 2 67%", "HTTP 401 1 33%"]


def test_one_kind_of_refusal_has_none() -> None:
    assert bars("failures", ROWS) == []


# -- what to type ------------------------------------------------------------------------------------

TYPED = replace(FACTS, arguments="kitchen-leads.xlsx --sandbox", named="kitchen-leads --sandbox")


def commands(rows: Iterable[RowResult]) -> list[str]:
    return [code.text for code in page(rows, facts=TYPED).all("code")]


def test_every_step_is_a_command_that_can_be_typed() -> None:
    assert commands(ROWS) == [
        "dialer run kitchen-leads.xlsx --sandbox",
        "dialer reconcile kitchen-leads --sandbox",
        "dialer retry kitchen-leads.xlsx --sandbox",
        "dialer outcomes kitchen-leads --sandbox",
    ]


def test_outcomes_that_are_known_need_not_be_asked_for() -> None:
    assert commands(ENDED) == []


# -- the pace ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rate", "busiest"),
    [("5/s", "3 calls began in one second"), ("30/min", "4 calls began in one minute")],
)
def test_the_busiest_second_or_minute_stands_beside_the_rate(rate: str, busiest: str) -> None:
    times = (0, 0.2, 0.9, 30, 61)
    rows = [RowResult(row, "queued", called_at=NOON + timedelta(seconds=s)) for row, s in enumerate(times, 2)]
    told = section("over-time", rows, facts=replace(FACTS, settings=(("Rate", rate),)))
    assert f"At most {busiest} of the clock; the rate that the last run was allowed is {rate}." in told


def test_the_chart_over_time_shows_the_pace_on_its_right() -> None:
    rows = [RowResult(row, "queued", called_at=NOON + timedelta(seconds=row)) for row in range(2, 602)]
    axis = [svg for svg in page(rows).all("svg") if svg.attributes.get("class") == "axis"][-1]
    assert [text.text for text in axis.all("text")] == ["0", "0.3/s", "0.7/s", "1/s"]


# -- one file, for everybody -------------------------------------------------------------------------


def test_there_is_no_script() -> None:
    assert "<script" not in rendered().lower()


def test_nothing_refers_to_anything_outside_the_file() -> None:
    attributes = {name for element in page() for name in element.attributes}
    assert attributes.isdisjoint(
        {"href", "src", "srcset", "xlink:href", "action", "data", "poster", "background"}
    )


def test_the_only_address_in_the_file_is_the_apis() -> None:
    assert re.findall(r"[a-z]+://[^<\s]*|url\((?!#)", rendered()) == ["https://api.vozagent.ai/v1"]


def test_the_page_forbids_itself_everything_but_its_own_style() -> None:
    policy = next(meta for meta in page().all("meta") if "http-equiv" in meta.attributes)
    assert policy.attributes == {
        "http-equiv": "Content-Security-Policy",
        "content": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'",
    }


def test_headings_go_down_one_level_at_a_time() -> None:
    levels = [int(heading.tag[1]) for heading in page().all("h1", "h2", "h3", "h4")]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_every_table_header_says_what_it_heads() -> None:
    assert {header.attributes.get("scope") for header in page().all("th")} == {"col", "row"}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("ground", ["paper", "panel"])
@pytest.mark.parametrize("colour", ["ink", "muted", "called", "failed", "unknown", "waiting"])
def test_every_colour_stands_out_from_the_ground(scheme: str, ground: str, colour: str) -> None:
    light, dark = re.findall(r":root \{(.*?)\}", style())
    colours = dict(re.findall(r"--(\w+): #(\w{6})", light if scheme == "light" else dark))
    bright, dim = sorted((luminance(colours[colour]), luminance(colours[ground])), reverse=True)
    assert (bright + 0.05) / (dim + 0.05) >= 4.5  # WCAG 2.2, 1.4.3


def luminance(colour: str) -> float:
    """Source: WCAG 2.2, relative luminance."""
    channels = (int(colour[place : place + 2], 16) / 255 for place in (0, 2, 4))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("medium", ["print", "screen and (prefers-color-scheme: dark)", "(max-width: 34rem)"])
def test_paper_darkness_and_phones_have_a_style_of_their_own(medium: str) -> None:
    assert f"@media {medium} {{" in style()


def test_every_status_has_a_shape_beside_its_colour() -> None:
    table = next(table for table in page().all("table") if table.attributes.get("class") == "statuses")
    assert [len(line.all("svg")) for line in table.all("tr")] == [0, 1, 1, 1, 1, 1, 1, 0]


# -- hostile texts -----------------------------------------------------------------------------------


def facts_of(text: str) -> CampaignFacts:
    return replace(
        FACTS,
        name=text,
        file=text,
        sheet=text,
        assistant=text,
        base_url=text,
        key_ending=text,
        ledger=text,
        settings=((text, text),),
        stopped=text,
        report_path=text,
    )


def rows_of(text: str) -> list[RowResult]:
    statuses = (text, "failed", "unknown", "invalid", "deferred", "duplicate", "suppressed", "recent")
    return [
        RowResult(row, status, text, text, NOON, 1, None, text, text, text, text, text)
        for row, status in enumerate(statuses, 2)
    ]


def shape_of(text: str) -> list[tuple[str, frozenset[str]]]:
    elements = page(rows_of(text), facts=facts_of(text))
    return [(element.tag, frozenset(element.attributes)) for element in elements]


VECTORS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'><img src=x onerror=alert(1)>",
    "</title><svg/onload=alert(1)>",
    "</style><script>alert(1)</script>",
    "{{7*7}}",
    "{% include 'report.css.jinja' %}",
    "javascript:alert(1)",
    "<!--",
    "]]>",
    "&lt;b&gt;",
)


@pytest.mark.parametrize("text", VECTORS)
def test_hostile_text_changes_nothing_but_the_text(text: str) -> None:
    assert shape_of(text) == shape_of("harmless")


@pytest.mark.parametrize("text", VECTORS)
def test_hostile_text_is_shown_as_it_stands(text: str) -> None:
    told = page(rows_of(text), facts=facts_of(text))
    assert told.all("h1")[0].text == text
    assert told.all("title")[0].text == f"Calls: {text}"


@settings(deadline=None, max_examples=60)
@given(st.text(st.characters(exclude_categories=())).map(lambda text: f"x{text}x"))
def test_no_text_changes_anything_but_the_text(text: str) -> None:
    assert shape_of(text) == shape_of("harmless")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a\u202egnp.exe", "agnp.exe"),
        ("x\x1b]0;pwn\x07", "x]0;pwn"),
        ("\u2066Ann\u2069 \u200fLee", "Ann Lee"),
        ("a\x00b\x85c\x9fd", "abcd"),
        ("one\r\n[DONE]\u2028two", "one [DONE] two"),
        ("half \ud800 pair", "half pair"),
        ("tag\U000e0041s", "tags"),
        ("नमस्\u200dते", "नमस्\u200dते"),
    ],
)
def test_characters_that_hide_or_reorder_are_taken_out(text: str, told: str) -> None:
    assert page(facts=replace(FACTS, name=text)).all("h1")[0].text == told


def test_a_broken_message_of_the_api_still_makes_a_file() -> None:
    assert "half" in rendered(rows_of("half \ud800")).encode().decode()


# -- size and sameness -------------------------------------------------------------------------------


def test_the_same_rows_give_the_same_file() -> None:
    assert rendered() == rendered(list(ROWS))


def test_a_hundred_thousand_rows_make_a_file_that_fits_an_e_mail() -> None:
    mended = ("phone_letters", "phone_missing", "two_numbers", "premium_rate")
    rows = (
        RowResult(
            row, "invalid", f"C{row}", reason_code=mended[row // 2 % 4], reason=f"See {row}.", value="x" * 200
        )
        if row % 2
        else RowResult(row, "queued", f"C{row}", "+12015550123", NOON + timedelta(seconds=row / 5), 1)
        for row in range(2, 100_002)
    )
    assert len(rendered(rows).encode()) < 200_000


def test_a_code_for_every_row_still_makes_a_file_that_fits_an_e_mail() -> None:
    rows = (
        RowResult(row, "failed", f"C{row}", reason_code=f"code_{row}", reason="No.")
        for row in range(2, 10_002)
    )
    assert len(rendered(rows).encode()) < 300_000
