"""Records become one file for machines: CSV, JSON lines, an Excel workbook, or Parquet.

All but the workbook are written as the records come; openpyxl keeps a workbook's rows on disk until its end.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import fields
from datetime import datetime
from enum import StrEnum
from itertools import islice
from operator import attrgetter
from typing import TYPE_CHECKING, Any, BinaryIO

from dialer.errors import UsageError
from dialer.full_account import AccountRecord, AttemptRecord
from dialer.ledger import time_text
from dialer.result_table import ResultCell, harmless

if TYPE_CHECKING:
    import pyarrow as pa

COLUMNS = tuple(field.name for field in fields(AccountRecord))
ATTEMPT_COLUMNS = tuple(field.name for field in fields(AttemptRecord))

_ACCOUNT = attrgetter(*COLUMNS)
_ATTEMPT = attrgetter(*ATTEMPT_COLUMNS)
_LOG = "attempt_log"  # the last of the columns
_BATCH = 5000
_MOST_EXCEL_ROWS = 1_048_576
_BETWEEN_TAGS = ", "


class ExportFormat(StrEnum):
    """What the full account can be written as; the word is also the file's extension."""

    CSV = "csv"
    XLSX = "xlsx"
    JSONL = "jsonl"
    PARQUET = "parquet"


def check_format(export_format: ExportFormat) -> None:
    """Raises UsageError if this installation cannot write the format."""
    if export_format is ExportFormat.PARQUET:
        _pyarrow()


def write_records(
    out: BinaryIO, records: Callable[[], Iterable[AccountRecord]], export_format: ExportFormat
) -> int:
    """Writes a file of the records and says how many they are; `records` may be asked for twice.

    Raises UsageError for more of them than the format holds.
    """
    match export_format:
        case ExportFormat.CSV:
            return _write_csv(out, records())
        case ExportFormat.JSONL:
            return _write_jsonl(out, records())
        case ExportFormat.PARQUET:
            return _write_parquet(out, records())
        case ExportFormat.XLSX:
            return _write_workbook(out, records)


def _write_csv(out: BinaryIO, records: Iterable[AccountRecord]) -> int:
    """UTF-8, commas, RFC 4180; lists of tags are joined, the attempts are JSON in the last column."""
    text = io.TextIOWrapper(out, encoding="utf-8", newline="", write_through=True)
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    written = 0
    for record in records:
        cells = [_cell(value) for value in _ACCOUNT(record)[:-1]]
        writer.writerow([*cells, _AS_JSON(record.attempt_log) if record.attempt_log else ""])
        written += 1
    text.detach()
    return written


def _write_jsonl(out: BinaryIO, records: Iterable[AccountRecord]) -> int:
    written = 0
    for record in records:
        out.write(_AS_JSON(record).encode() + b"\n")
        written += 1
    return written


def _write_workbook(out: BinaryIO, records: Callable[[], Iterable[AccountRecord]]) -> int:
    """Two sheets, the account and the attempts; every text is text, whatever it begins with."""
    from dialer.new_workbook import write_tables  # noqa: PLC0415 - openpyxl takes long, and is seldom needed

    written = 0

    def account() -> Iterator[Sequence[ResultCell]]:
        nonlocal written
        yield COLUMNS[:-1]
        for record in records():
            written += 1
            yield [_excel_cell(value) for value in _ACCOUNT(record)[:-1]]

    def attempts() -> Iterator[Sequence[ResultCell]]:
        yield ("row", "phone", *ATTEMPT_COLUMNS)
        for record in records():
            for attempt in record.attempt_log:
                yield [record.row, record.phone, *(_excel_cell(value) for value in _ATTEMPT(attempt))]

    write_tables(out, (("account", _as_many_as_fit(account())), ("attempts", _as_many_as_fit(attempts()))))
    return written


def _as_many_as_fit(rows: Iterator[Sequence[ResultCell]]) -> Iterator[Sequence[ResultCell]]:
    for count, row in enumerate(rows, start=1):
        if count > _MOST_EXCEL_ROWS:
            raise UsageError(
                f"An Excel sheet holds {_MOST_EXCEL_ROWS:,} rows, and this account has more: choose "
                "--format csv, jsonl or parquet.",
                code="too_many_rows",
            )
        yield row


def _write_parquet(out: BinaryIO, records: Iterable[AccountRecord]) -> int:
    """Times are timestamps in UTC, tags a list, and attempts a list of structures."""
    pyarrow, parquet = _pyarrow()
    schema = _schema(pyarrow)
    stream = iter(records)
    written = 0
    with parquet.ParquetWriter(out, schema, compression="zstd") as writer:
        while batch := list(islice(stream, _BATCH)):
            writer.write_table(pyarrow.Table.from_pylist([_structure(record) for record in batch], schema))
            written += len(batch)
    return written


def _pyarrow() -> tuple[Any, Any]:
    try:
        import pyarrow  # noqa: PLC0415 - an extra that most installations lack
        import pyarrow.parquet  # noqa: PLC0415
    except ImportError:
        raise UsageError(
            "Parquet is written by pyarrow, which is not installed here: pip install "
            "'vozagent-dialer[parquet]', or choose --format csv, jsonl or xlsx.",
            code="parquet_missing",
        ) from None
    return pyarrow, pyarrow.parquet


def _schema(pyarrow: Any) -> pa.Schema:
    """The columns of `AccountRecord`, by the types of its fields."""
    types = {
        "str": pyarrow.string(),
        "int": pyarrow.int64(),
        "bool": pyarrow.bool_(),
        "float": pyarrow.float64(),
        "datetime": pyarrow.timestamp("us", tz="UTC"),
        "tuple[str, ...]": pyarrow.list_(pyarrow.string()),
    }

    def columns_of(record: type[AccountRecord | AttemptRecord]) -> list[Any]:
        told = {each.name: str(each.type).removesuffix(" | None") for each in fields(record)}
        return [pyarrow.field(name, types[of]) for name, of in told.items()]

    types["tuple[AttemptRecord, ...]"] = pyarrow.list_(pyarrow.struct(columns_of(AttemptRecord)))
    return pyarrow.schema(columns_of(AccountRecord))


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return harmless(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return time_text(value)
    return harmless(_BETWEEN_TAGS.join(value)) if isinstance(value, tuple) else str(value)


def _excel_cell(value: Any) -> ResultCell:
    if isinstance(value, tuple):
        return _BETWEEN_TAGS.join(value) or None
    told: ResultCell = time_text(value) if isinstance(value, datetime) else value
    return told


def _structure(record: AccountRecord) -> dict[str, Any]:
    told = dict(zip(COLUMNS, _ACCOUNT(record), strict=True))
    told[_LOG] = [dict(zip(ATTEMPT_COLUMNS, _ATTEMPT(each), strict=True)) for each in record.attempt_log]
    return told


def _for_json(value: object) -> object:
    match value:
        case AccountRecord():
            return dict(zip(COLUMNS, _ACCOUNT(value), strict=True))
        case AttemptRecord():
            return dict(zip(ATTEMPT_COLUMNS, _ATTEMPT(value), strict=True))
        case datetime():
            return time_text(value)
        case _:
            raise TypeError(f"{type(value).__name__} has no form in JSON")


_AS_JSON = json.JSONEncoder(ensure_ascii=False, default=_for_json).encode
