"""The figures of runs, as Prometheus reads them."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from dialer import metrics
from dialer.metrics import Figures

NIGHT = 1_795_384_825.0
DAY = 86_400.0


def figures(campaign: str = "leads", **changes: Any) -> Figures:
    valid: dict[str, Any] = {
        "at": NIGHT,
        "seconds": 12.5,
        "exit_code": 1,
        "rows": {"called": 3, "failed": 1, "unknown": 2},
        "calls": {"called": 3, "failed": 1, "unknown": 2, "throttled": 4},
        "pace_asked": 5.0,
        "pace_used": 2.5,
    }
    return Figures(campaign, **valid | changes)


def samples(path: Path) -> dict[str, float]:
    """Every sample as Prometheus' own parser reads it; one that came twice would be missed by the count."""
    found = [
        (sample.name + str(sorted(sample.labels.items())), sample.value)
        for family in text_string_to_metric_families(path.read_text(encoding="utf-8"))
        for sample in family.samples
    ]
    assert len(found) == len(dict(found))
    return dict(found)


def of(campaign: str, name: str, **labels: str) -> str:
    return name + str(sorted([("campaign", campaign), *labels.items()]))


def test_a_run_is_these_figures(tmp_path: Path) -> None:
    metrics.write(tmp_path / "dialer.prom", figures())

    assert samples(tmp_path / "dialer.prom") == {
        of("leads", "dialer_rows", status="called"): 3,
        of("leads", "dialer_rows", status="failed"): 1,
        of("leads", "dialer_rows", status="unknown"): 2,
        of("leads", "dialer_unknown"): 2,
        of("leads", "dialer_calls_total", outcome="called"): 3,
        of("leads", "dialer_calls_total", outcome="failed"): 1,
        of("leads", "dialer_calls_total", outcome="unknown"): 2,
        of("leads", "dialer_calls_total", outcome="throttled"): 4,
        of("leads", "dialer_run_seconds"): 12.5,
        of("leads", "dialer_running"): 0,
        of("leads", "dialer_last_run_timestamp_seconds"): NIGHT,
        of("leads", "dialer_last_exit_code"): 1,
        of("leads", "dialer_pace_asked"): 5,
        of("leads", "dialer_pace_used"): 2.5,
    }


def test_every_family_says_what_it_is(tmp_path: Path) -> None:
    metrics.write(tmp_path / "m.prom", figures())
    families = list(text_string_to_metric_families((tmp_path / "m.prom").read_text()))

    assert [family.name for family in families if not family.documentation.endswith(".")] == []
    assert {family.type for family in families} == {"gauge", "counter"}


def test_while_a_run_lasts_it_has_the_exit_code_of_the_one_before(tmp_path: Path) -> None:
    metrics.write(tmp_path / "m.prom", figures())
    metrics.write(tmp_path / "m.prom", figures(exit_code=None))
    found = samples(tmp_path / "m.prom")

    assert (found[of("leads", "dialer_running")], found[of("leads", "dialer_last_exit_code")]) == (1, 1)


def test_what_a_run_that_failed_does_not_know_stays(tmp_path: Path) -> None:
    metrics.write(tmp_path / "m.prom", figures())
    metrics.write(tmp_path / "m.prom", Figures("leads", NIGHT + DAY, 0.1, exit_code=77))
    found = samples(tmp_path / "m.prom")

    assert (found[of("leads", "dialer_last_exit_code")], found[of("leads", "dialer_unknown")]) == (77, 2)


def test_campaigns_share_a_file(tmp_path: Path) -> None:
    metrics.write(tmp_path / "m.prom", figures("roofing"))
    metrics.write(tmp_path / "m.prom", figures("kitchens", rows={"called": 9}))
    found = samples(tmp_path / "m.prom")

    assert [found[of(name, "dialer_rows", status="called")] for name in ("roofing", "kitchens")] == [3, 9]


def test_a_campaign_that_has_not_run_for_two_weeks_is_left_out(tmp_path: Path) -> None:
    metrics.write(tmp_path / "m.prom", figures("roofing"))
    metrics.write(tmp_path / "m.prom", figures("kitchens", at=NIGHT + 15 * DAY))

    assert [name for name in samples(tmp_path / "m.prom") if "roofing" in name] == []


@pytest.mark.parametrize("name", ['q"uo\\te', "süß 🏠", "a\nb", "x\x1b[2J"])
def test_any_campaign_has_a_name_that_can_be_read_back(tmp_path: Path, name: str) -> None:
    for _ in range(2):
        metrics.write(tmp_path / "m.prom", figures(name))

    assert len(samples(tmp_path / "m.prom")) == 14


@pytest.mark.parametrize("before", ["", "nonsense {{{", 'dialer_rows{campaign="x"', "other_metric 1\n"])
def test_what_is_no_file_of_ours_is_replaced(tmp_path: Path, before: str) -> None:
    (tmp_path / "m.prom").write_text(before)
    metrics.write(tmp_path / "m.prom", figures())

    assert len(samples(tmp_path / "m.prom")) == 14


def test_the_collector_may_read_it_whatever_the_umask_is(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        metrics.write(tmp_path / "m.prom", figures())
    finally:
        os.umask(before)

    assert stat.S_IMODE((tmp_path / "m.prom").stat().st_mode) == 0o644


def test_nothing_else_is_left_beside_it(tmp_path: Path) -> None:
    metrics.write(tmp_path / "m.prom", figures())

    assert [path.name for path in tmp_path.iterdir()] == ["m.prom"]
