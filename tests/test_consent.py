"""--require-consent COLUMN: a row is called only if that column says yes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dialer import account, loads
from dialer.campaign import Reading
from dialer.columns import find_columns
from dialer.errors import UsageError
from dialer.leads import RowReader, RowReading, Verdict
from dialer.ledger import Ledger
from dialer.loader import Loaded, load
from dialer.snapshot import taken
from dialer.table import Row
from tests.desk import Desk, open_desk

PHONE = "+1 201 555 0123"
HEADERS = ("Name", "Mobile", "AI call OK", "Opt-Out")
COLUMNS = find_columns([Row(1, HEADERS), Row(2, ("Ann Example", PHONE, "yes", ""))])
NOW = datetime(2026, 1, 2, tzinfo=UTC)


def read(consent: str, *, phone: str = PHONE, opt_out: str = "", sheet: str | None = None) -> RowReading:
    row = Row(7, ("Ann Example", phone, consent, opt_out))
    return RowReader(COLUMNS.with_consent("AI call OK"), sheet=sheet).read(row)


# One row


@pytest.mark.parametrize("yes", ["yes", "Y", "TRUE", "1", "x", "ja", "oui", "✓"])
def test_a_row_whose_column_says_yes_is_called(yes: str) -> None:
    assert read(yes).verdict is Verdict.CALLABLE


@pytest.mark.parametrize("other", ["", "no", "maybe", "asked", "2026-01-02", "#N/A", "n/a"])
def test_a_row_whose_column_says_anything_else_is_not(other: str) -> None:
    assert (read(other).verdict, read(other).problems[0].code) == (Verdict.SUPPRESSED, "consent_missing")


def test_an_empty_consent_is_told_with_its_cell() -> None:
    (problem,) = read("", sheet="May").problems

    assert (problem.column, problem.cell, problem.value) == ("AI call OK", "C7", "")
    assert problem.message == (
        'The column "AI call OK" is empty in C7 of sheet "May", and --require-consent asks for a yes there, '
        "so this person is not called: write yes once they have consented."
    )


def test_another_answer_is_told_as_it_stands() -> None:
    (problem,) = read("asked").problems

    assert problem.message == (
        'The column "AI call OK" says "asked" in C7, and --require-consent asks for a yes there, so this '
        "person is not called: write yes once they have consented."
    )


def test_the_number_of_a_row_without_consent_is_known_not_to_be_called() -> None:
    lead = read("no").lead

    assert lead is not None
    assert lead.phone == "+12015550123"


def test_who_opted_out_is_told_so_whatever_they_consented_to() -> None:
    assert read("yes", opt_out="yes").problems[0].code == "do_not_call"


def test_consent_does_not_mend_a_number() -> None:
    assert read("yes", phone="201-555").verdict is Verdict.INVALID


def test_the_column_may_be_named_by_its_letters() -> None:
    assert COLUMNS.with_consent("c").consents == (2,)


def test_a_column_that_is_not_there_is_an_error_with_the_nearest_one() -> None:
    with pytest.raises(UsageError) as refused:
        COLUMNS.with_consent("AI calls OK?")

    assert refused.value.sentence == (
        '--require-consent names the column "AI calls OK?", which is not in the sheet: did you mean "AI call '
        'OK"? The sheet has "Name", "Mobile", "AI call OK", "Opt-Out".'
    )


# A sheet


class Loading:
    """A ledger with one campaign and one sheet, which is loaded again and again."""

    def __init__(self, folder: Path) -> None:
        self.ledger = Ledger(folder / "ledger.sqlite3", clock=lambda: NOW)
        self.sheet = folder / "leads.csv"
        self.sheet.write_text("Name,Phone,Consent to AI\nAnn,+12015550123,yes\nBo,+12015550124,\n")
        with self.ledger.transaction() as connection:
            self.campaign = loads.ensure_campaign(connection, "leads", now=NOW)

    def load(self, **reading: object) -> Loaded:
        with taken(str(self.sheet)) as snapshot:
            return load(self.ledger, self.campaign, snapshot, Reading.model_validate(reading))

    def verdicts(self, **reading: object) -> dict[str, int]:
        loaded = self.load(**reading)
        with self.ledger.reading() as connection:
            return account.count_verdicts(connection, loaded.load_id)


@pytest.fixture
def loading(tmp_path: Path) -> Iterator[Loading]:
    made = Loading(tmp_path)
    yield made
    made.ledger.close()


def test_a_sheet_is_loaded_again_where_consent_is_asked_for(loading: Loading) -> None:
    assert loading.verdicts() == {"callable": 2}
    assert loading.verdicts(require_consent="Consent to AI") == {"callable": 1, "suppressed": 1}


def test_a_command_without_the_flag_does_not_call_whom_the_one_before_left_alone(loading: Loading) -> None:
    loading.load(require_consent="Consent to AI")

    assert loading.verdicts() == {"callable": 1, "suppressed": 1}


def test_an_empty_name_lifts_what_was_asked_for(loading: Loading) -> None:
    loading.load(require_consent="Consent to AI")

    assert loading.verdicts(require_consent="") == {"callable": 2}


def test_a_wrong_column_leaves_the_campaign_as_it_was(loading: Loading) -> None:
    first = loading.load()

    with pytest.raises(UsageError):
        loading.load(require_consent="Agreement")

    with loading.ledger.reading() as connection:
        newest = loads.latest_load(connection, loading.campaign.campaign_id)
    assert newest is not None
    assert newest.load_id == first.load_id


# The command


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A desk that all tests of this module share."""
    with open_desk(tmp_path_factory.mktemp("desk")) as opened:
        yield opened


def test_only_who_consented_is_called_and_the_command_that_goes_on_says_so(desk: Desk) -> None:
    yes, no = desk.numbers(2)
    sheet = desk.sheet([])
    sheet.path.write_text(f"phone,first_name,consented\n{yes},Ann,yes\n{no},Bo,\n{yes[:-1]},Cy,yes\n")

    ended = desk.run(sheet, "--require-consent", "consented", "--json")

    assert ended.json["counts"] == {"queued": 1, "suppressed": 1, "invalid": 1}
    assert desk.received(no) == []
    assert "consent_missing, as C3" in " ".join(ended.stderr.split())


def test_a_wrong_column_is_a_usage_error_before_anything_is_sent(desk: Desk) -> None:
    sheet = desk.sheet(1)

    ended = desk.run(sheet, "--require-consent", "consent")

    assert ended.returncode == 2
    assert ended.stderr == (
        'dialer: --require-consent names the column "consent", which is not in the sheet: it has "phone", '
        '"first_name".\n'
    )
    assert desk.received(*sheet.numbers) == []
