"""What a night does with a sheet beside calling: looks where it stands, and puts it away with its report."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path

from dialer import account, inbox, loads
from dialer.access import open_api, open_ledger
from dialer.aftermath import Following, follow_calls
from dialer.errors import DialerError, SheetError
from dialer.facts import forget_file, note_file, note_report, noted_report
from dialer.follow import Patience
from dialer.inbox import Inbox
from dialer.night_facts import Left, Round, move_sheet, standing_of_sheet, twin_of
from dialer.nights import SheetEnd
from dialer.report_files import stem_of
from dialer.screens import local
from dialer.settings import Place
from dialer.snapshot import digest_of
from dialer.standing import Point

_PAGE = ".report.html"
_TIMEOUT = timedelta(seconds=30)  # of one GET


def standing_of(
    place: Place, campaign: str, sheet: Path, again: Round | None = None
) -> tuple[dict[str, int], Left]:
    """How many rows of a sheet have which status, and what is left of it; nothing if it was never loaded."""
    try:
        with open_ledger(place, place.base_url) as opened, opened.ledger.reading() as connection:
            found = loads.find_campaign(connection, campaign)
            if found is None:
                return {}, Left()
            now = opened.ledger.clock()
            since = now - account.recall_after(account.latest_run(connection, found.campaign_id))
            point = Point(now=now, recall_since=since)
            return standing_of_sheet(connection, found.campaign_id, sheet, point, again) or ({}, Left())
    except DialerError:  # the run has said so already, and in its own words
        return {}, Left()


def hear(place: Place, campaign: str) -> None:
    """Ask the API once what became of a campaign's calls; what it does not say now, another night asks."""
    following = Following(Patience(give_up_after=timedelta(0), unreachable_after=timedelta(0)), quiet=True)
    try:
        with (
            open_api(place, timeout=_TIMEOUT) as api,
            open_ledger(place, api.base_url) as opened,
        ):
            with opened.ledger.reading() as connection:
                found = loads.find_campaign(connection, campaign)
            if found is not None:
                follow_calls(api, opened.ledger, (found.campaign_id, campaign), following)
    except DialerError:  # the run that comes next meets the same, and says so
        return


def refuse_twin(place: Place, sheet: Path, campaign: str, *, rehearse: bool) -> None:
    """Let no night call the people of a file once more because the file has come in under another name.

    Raises SheetError if `campaign` is new and another one was loaded from the same file, byte for byte.
    """
    digest = digest_of(sheet)
    if digest is None:  # the run says why it cannot be read
        return
    with (
        open_ledger(place, place.base_url, rehearse=rehearse) as opened,
        opened.ledger.reading() as connection,
    ):
        known = loads.find_campaign(connection, campaign) is not None
        twin = None if known else twin_of(connection, digest, campaign=campaign)
    if twin is not None:
        raise SheetError(
            f"This is the same file, byte for byte, as that of campaign {twin.campaign!r}, loaded on "
            f"{local(twin.loaded_at)}: nobody is called once more because of another name. If they are to be "
            "called once more, `dialer run` it, or name its campaign in dialer.toml.",
            code="same_file",
        )


def put_away(place: Place, path: Path, folder: Path, *, now: datetime) -> Path:
    """Move a sheet to where it stays, and give its new path; the ledger knows it there from now on."""
    target = inbox.target_of(path, folder, now=now)
    with open_ledger(place, place.base_url) as opened:
        # The ledger first: a sheet that is still where it was is found again by the next night.
        with opened.ledger.transaction() as connection:
            move_sheet(connection, path, target)
        try:
            return inbox.rename(path, target)
        except DialerError:
            with opened.ledger.transaction() as connection:
                move_sheet(connection, target, path)
            raise


def report_beside(
    place: Place, folders: Inbox, campaign: str, *, neutralise: bool, before: Iterable[Path] = ()
) -> tuple[Path, Path]:
    """Write the report of a campaign beside its sheet in `done/`; gives its path and that of its page.

    `before` are the files of its last run's report, which go: they bear the name of the sheet before it was
    put away.
    """
    # pandas and Jinja take most of a second to import: after the calls, not before them
    from dialer.reports import rewrite  # noqa: PLC0415

    written = rewrite(place, campaign, output=folders.done, neutralise=neutralise)
    stem = stem_of(written.sheet.path)
    with open_ledger(place, place.base_url) as opened:
        named_as_now = {folders.reports / written.sheet.path.name, folders.reports / f"{stem}{_PAGE}"}
        for old in named_as_now | {path for path in before if path.parent == folders.reports}:
            noted = None
            with opened.ledger.reading() as connection:
                noted = noted_report(connection, old)
            if noted is None or noted[0] == campaign:
                old.unlink(missing_ok=True)
                with opened.ledger.transaction() as connection:
                    forget_file(connection, "report", old)
                    forget_file(connection, "report-of", old)
    return written.sheet.path, written.html


def bring_home(place: Place, folders: Inbox, *, now: datetime) -> None:
    """Move reports to `done/` whose sheets lie there already: their night was killed between the two."""
    begun = {stem_of(path) for path in inbox.under_way(folders)}
    lost = [path for path in folders.reports.iterdir() if path.is_file() and _stem(path) not in begun]
    if not lost:
        return
    with open_ledger(place, place.base_url) as opened:
        for path in sorted(lost):
            target = folders.done / path.name
            if target.exists():
                target = inbox.target_of(path, folders.done, now=now)
            with opened.ledger.transaction() as connection:
                owner = noted_report(connection, path)
                note_file(connection, "report", target)
                if owner is not None:
                    note_report(connection, target, campaign=owner[0], source=owner[1])
            inbox.rename(path, target)
            with opened.ledger.transaction() as connection:
                forget_file(connection, "report", path)
                forget_file(connection, "report-of", path)


def troubles(end: SheetEnd, *, stopped: str | None, named: str, again: str) -> tuple[str, ...]:
    """What a person must know of a sheet in the morning, and do.

    `named` is its campaign as one types it, `again` what follows `dialer retry`; both with the flags that
    lead to the same API.
    """
    found = []
    counts, left = end.counts, end.left
    # Whoever must wait for an hour is no trouble: it is said how many, and until when.
    if stopped is not None and not (end.exit_code == 75 and not left.pending):
        found.append(stopped)
    if failed := counts.get("failed", 0) - left.forbidden:
        found.append(
            f"{_rows(failed)} failed: the report says why; mend what is wrong in {end.path}, then "
            f"`dialer retry {again}`."
        )
    if unknown := counts.get("unknown", 0):
        found.append(
            f"{_rows(unknown)} may have been called, nobody knows: `dialer reconcile {named}` looks again."
        )
    if counts and not any(counts.get(status) for status in _CALLABLE):
        found.append("No row of it can be called: the report says why.")
    if left.never:
        found.append(
            f"{_rows(left.never)} may not be called at any hour that is known: the report says why. Once you "
            "have set --hours for them, put the sheet into the inbox again."
        )
    return tuple(found)


_CALLABLE = ("called", "failed", "unknown", "pending", "deferred", "recent")


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count:,} rows"


def _stem(report: Path) -> str:
    name = report.name
    return name.removesuffix(_PAGE) if name.endswith(_PAGE) else stem_of(report)
