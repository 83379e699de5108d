"""Stages on the way from the file to validated rows, and back."""

from __future__ import annotations

from pathlib import Path

from tests.benchmarks.bench import Bench, as_json, dialer, own
from tests.benchmarks.figures import Figure
from tests.benchmarks.processes import Contestant, Measured

_MB = 1_000_000


def check_csv(bench: Bench) -> list[Figure]:
    """`dialer check` of growing CSV sheets, the largest beside the naive loop."""
    figures: list[Figure] = []
    peaks: dict[int, int] = {}
    for rows in bench.sizes.check_csv:
        sheet = bench.sheet(rows, kind="messy")
        measured = bench.race(_check(sheet), _naive(sheet) if rows == bench.sizes.check_csv[-1] else None)
        ours = measured["dialer check"]
        peaks[rows] = ours.peak_bytes
        if len(measured) > 1:
            figures += _beside(f"check {rows:,} CSV rows", rows, ours, measured, most=0.5)
        else:
            figures.append(_line(f"check {rows:,} CSV rows", "dialer check", rows, ours))
    *_, before, last = (peaks[bench.sizes.check_csv[0]], *peaks.values())
    figures.append(
        Figure(
            "... its memory",
            "dialer check",
            said=f"{last / _MB:.0f} MB, x {last / before:.2f} for the last step",
            target="< 200 MB, not growing",
            reached=last < 200 * _MB and last / before < 1.15,
        )
    )
    return figures


def check_xlsx(bench: Bench) -> list[Figure]:
    """`dialer check` of a workbook beside pandas, openpyxl and the same loop."""
    rows = bench.sizes.check_xlsx
    sheet = bench.sheet(rows, kind="messy", suffix="xlsx")
    measured = bench.race(_check(sheet), _naive(sheet))
    return _beside(f"check {rows:,} XLSX rows", rows, measured["dialer check"], measured, most=0.4)


def phones(bench: Bench) -> list[Figure]:
    """Phones alone, in the styles of a sheet and spread over all of America."""
    count, figures = bench.sizes.phones, []
    for way, said in (("", "as written in a sheet"), ("-spread", "in every exchange once")):
        names = (f"dialer{way}", f"phonenumbers{way}")
        measured = bench.race(
            *(Contestant(name, lambda _folder, way=name: own("parts.phones", way, count)) for name in names)
        )
        seconds = {
            name: sorted(as_json(run.output)["seconds"] for run in each.runs)[len(each.runs) // 2]
            for name, each in measured.items()
        }
        for name, each in seconds.items():
            ratio = each / seconds[names[1]]
            told = f"{each / count * 1e6:.1f} µs each" + (f", x {ratio:.2f}" if name == names[0] else "")
            label = "dialer" if name == names[0] else "phonenumbers: parse, valid, format"
            figures.append(Figure(f"{count:,} phones {said}", label, each, count, said=told))
    return figures


def report_xlsx(bench: Bench) -> list[Figure]:
    """A styled workbook handed back beside openpyxl and pandas."""
    rows = bench.sizes.report_xlsx
    sheet = bench.sheet(rows, kind="messy", suffix="xlsx")
    measured = bench.race(
        _write_back(sheet, rows, "out.xlsx"),
        Contestant(
            "openpyxl load + save",
            lambda folder: own("baselines.openpyxl_write_back", sheet, folder / "out.xlsx"),
        ),
        Contestant(
            "pandas read + write",
            lambda folder: own("baselines.pandas_write_back", sheet, folder / "out.xlsx"),
        ),
    )
    ours, theirs = measured["dialer"], measured["openpyxl load + save"]
    stage = f"write back {rows:,} styled XLSX rows"
    return _judged(
        stage, rows, ours, theirs, measured, target="<= 0.10 and < 100 MB", most=0.10, megabytes=100
    )


def report_csv(bench: Bench) -> list[Figure]:
    """A CSV handed back beside a plain streaming copy and pandas."""
    rows = bench.sizes.report_csv
    sheet = bench.sheet(rows, kind="messy")
    copy = "csv.reader to csv.writer, 3 columns"
    measured = bench.race(
        _write_back(sheet, rows, "out.csv"),
        Contestant(copy, lambda folder: own("baselines.csv_copy", sheet, folder / "out.csv")),
        Contestant(
            "pandas read + write",
            lambda folder: own("baselines.pandas_write_back", sheet, folder / "out.csv"),
        ),
    )
    stage = f"write back {rows:,} CSV rows"
    return _judged(
        stage, rows, measured["dialer"], measured[copy], measured, target="<= 2.0", most=2.0, megabytes=100
    )


def _check(sheet: Path) -> Contestant:
    return Contestant("dialer check", lambda _folder: dialer("check", sheet, "--region", "US", "--json"))


def _naive(sheet: Path) -> Contestant:
    name = "pandas + phonenumbers loop" if sheet.suffix == ".csv" else "pandas + openpyxl + phonenumbers loop"
    return Contestant(name, lambda _folder: own("baselines.pandas_phonenumbers", sheet))


def _write_back(sheet: Path, rows: int, name: str) -> Contestant:
    return Contestant("dialer", lambda folder: own("parts.write_back", sheet, folder / name, rows))


def _line(stage: str, name: str, rows: int, each: Measured) -> Figure:
    return Figure(stage, name, each.seconds, rows, each.cpu_seconds, each.peak_bytes)


def _beside(stage: str, rows: int, ours: Measured, all_: dict[str, Measured], *, most: float) -> list[Figure]:
    theirs = next(each for each in all_.values() if each is not ours)
    return _judged(stage, rows, ours, theirs, all_, target=f"<= {most:.2f}", most=most)


def _judged(
    stage: str,
    rows: int,
    ours: Measured,
    theirs: Measured,
    all_: dict[str, Measured],
    *,
    target: str,
    most: float,
    megabytes: float = float("inf"),
) -> list[Figure]:
    """A line for each program; ours says its share of the other's time."""
    ratio = ours.seconds / theirs.seconds
    figures = []
    for name, each in all_.items():
        if each is not ours:
            figures.append(_line(stage, name, rows, each))
            continue
        reached = ratio <= most and each.peak_bytes < megabytes * _MB
        line = _line(stage, name, rows, each)
        figures.append(
            Figure(
                stage,
                name,
                line.seconds,
                rows,
                line.cpu_seconds,
                line.peak_bytes,
                said=f"x {ratio:.2f} of the time",
                target=target,
                reached=reached,
            )
        )
    return figures
