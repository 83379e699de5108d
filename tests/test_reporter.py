"""The sheet comes back with its results, and the HTML report beside it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import timedelta

import openpyxl
import pytest

from dialer.loader import Understood
from dialer.report import CampaignFacts
from dialer.reporter import Origin, Written, write_reports
from tests.builders import World, lead
from tests.spreadsheets.written import worksheet

FACTS = CampaignFacts(
    name="leads",
    file="leads.xlsx",
    sheet="Leads",
    loaded_at=None,
    started_at=None,
    finished_at=None,
    assistant=None,
    base_url="",
    key_ending=None,
    ledger="",
)


@pytest.fixture
def world(make_world: Callable[..., World]) -> World:
    """A campaign of one lead."""
    return make_world(leads=[lead(1)])


def report(world: World, *headers: str) -> Written:
    """The reports of a workbook of one row, in which these of our columns stand."""
    source = world.folder / "leads.xlsx"
    source.write_bytes(worksheet())
    understood = Understood("leads.xlsx", "xlsx", "Leads", ("Leads",), None, None, header_row=None)
    own = {name: name for name in headers}
    origin = Origin(world.campaign.campaign_id, world.load_id, understood, source, source, headers=own)
    target = world.folder / "report.xlsx"
    return write_reports(world.ledger, origin, FACTS, target=target, recall_after=timedelta(hours=24))


def test_a_workbook_gets_its_results_without_being_parsed_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/no/such/program")  # so no process that parses can be started
    assert report(world, "status").sheet.fallback_reason is None


def test_the_columns_stand_in_the_order_asked_for(world: World) -> None:
    written = report(world, "to_phone", "attempts", "status")
    (row,) = openpyxl.load_workbook(written.sheet.path)["Leads"].iter_rows(values_only=True)
    assert row[-3:] == (None, 0, "pending")
