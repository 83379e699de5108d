"""Finds out how a text file is encoded, without ever guessing where the bytes themselves tell.

Order: byte-order mark, the zero bytes of UTF-16, strict UTF-8 over the whole file, Windows' western code
page where it reads plausibly, and only then charset-normalizer's opinion. What was found is shown to the
user (`TableInfo.encoding`), and `--encoding` overrides it.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from typing import BinaryIO

import charset_normalizer

from dialer.errors import UsageError

_CHUNK = 1 << 20
_SAMPLE = 1 << 16

# UTF-32's little-endian mark begins with UTF-16's, so it is looked for first.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)

# What sales teams' tools write. Without this list the detector answers with neighbours nobody uses.
_CODE_PAGES = [
    *("cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257"),
    *("cp932", "euc_jp", "gb18030", "big5", "euc_kr", "koi8_r", "mac_roman", "cp850"),
]

_WESTERN_LETTERS = "àáâãäåæçèéêëìíîïñòóôõöøœùúûüßÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÕÖØŒÙÚÛÜ"
_WESTERN_MARKS = "\u2018\u2019\u201a\u201c\u201d\u201e\u2013\u2014\u2026\u2022€£©®™°«»·§\u00b4ªº¿¡½¼²\xa0"
_IMPLAUSIBLE_WESTERN = re.compile(
    f"[^\\x00-\\x7f{_WESTERN_LETTERS}{_WESTERN_MARKS}]"  # a sign that western names and notes do not use
    "|[£°¿¡ªº½¼²€«»][a-zà-ÿ]|[a-z][£¿¡©®\u201e\u201a\u2013\u2014][a-z]"  # a sign inside a word
    f"|[{_WESTERN_LETTERS}]{{3}}"  # a whole word of accents: Cyrillic, Greek, Hebrew ...
)


@dataclass(frozen=True, slots=True)
class TextEncoding:
    """How the bytes of a text file become text."""

    name: str  # as shown to the user and accepted by `--encoding`, e.g. "utf-8-sig", "cp1252"
    codec: str  # the same without any mark, e.g. "utf-8", "utf-16-le"
    mark: bytes = b""  # the byte-order mark at the start of the file
    errors: str = "strict"  # "replace": a few damaged characters in an otherwise sound file

    @property
    def wide(self) -> bool:
        """True where a line end is more than one byte (UTF-16, UTF-32)."""
        return self.codec.startswith(("utf-16", "utf-32"))


def find_encoding(file: BinaryIO, *, asked: str | None = None) -> TextEncoding:
    """Tells the encoding of an open file, and leaves the file at its start.

    `asked` is the user's `--encoding`. Raises UsageError where no such encoding exists.
    """
    file.seek(0)
    start = file.read(_SAMPLE)
    marked = _marked(start)
    if asked is not None:
        found = _asked(asked, marked)
    elif marked is not None:
        found = TextEncoding(_marked_name(marked[1]), marked[1], mark=marked[0])
    else:
        found = _wide_without_mark(start) or _utf8(file) or _code_page(file)
    file.seek(0)
    return found


def as_characters(start: bytes) -> str:
    """The start of a file with one character for each that its encoding has, if only by its byte: enough to
    tell whether it is text at all."""
    marked = _marked(start)
    wide = _wide_without_mark(start)
    codec = marked[1] if marked else wide.codec if wide else "latin-1"
    return start[len(marked[0]) if marked else 0 :].decode(codec, "ignore")


def _marked(start: bytes) -> tuple[bytes, str] | None:
    """The byte-order mark and the encoding that it stands for."""
    return next(((mark, codec) for mark, codec in _MARKS if start.startswith(mark)), None)


def _marked_name(codec: str) -> str:
    return "utf-8-sig" if codec == "utf-8" else codec[:6]


def _asked(asked: str, marked: tuple[bytes, str] | None) -> TextEncoding:
    try:
        codec = codecs.lookup(asked).name
        line = '\r\n,"'.encode(codec)
    except (LookupError, ValueError) as error:
        raise UsageError(
            f'There is no encoding called "{asked}"; use for example --encoding utf-8, cp1252 or utf-16.',
            code="encoding_unknown",
        ) from error
    codec = codec.removesuffix("-sig")
    if codec in {"utf-16", "utf-32"} and not (marked and marked[1].startswith(codec)):
        codec += "-le"
    if marked is not None and marked[1].startswith(codec):
        return TextEncoding(_marked_name(marked[1]), marked[1], mark=marked[0])
    if not codec.startswith(("utf-16", "utf-32", "utf-8")) and line != b'\r\n,"':
        raise UsageError(
            f'Lines and commas cannot be told apart in the encoding "{asked}"; save the sheet as UTF-8.',
            code="encoding_unusable",
        )
    return TextEncoding(codec, codec)


def _wide_without_mark(start: bytes) -> TextEncoding | None:
    """UTF-16 without a mark shows by its zero bytes, all on one side of the pairs."""
    pairs = len(start) // 2
    low, high = start[0 : pairs * 2 : 2].count(0), start[1 : pairs * 2 : 2].count(0)
    if high * 10 > pairs and low * 20 <= high:
        return TextEncoding("utf-16-le", "utf-16-le")
    if low * 10 > pairs and high * 20 <= low:
        return TextEncoding("utf-16-be", "utf-16-be")
    return None


def _utf8(file: BinaryIO) -> TextEncoding | None:
    """UTF-8, if the whole file is; also if hardly any of its characters are damaged, because reading such
    a file in a code page would spoil every sound one."""
    file.seek(0)
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    sound = damaged = 0
    final = False
    while not final:
        chunk = file.read(_CHUNK)
        final = not chunk
        if chunk.isascii() and not decoder.getstate()[0]:
            continue
        text = decoder.decode(chunk, final)
        bad = text.count("\ufffd") - chunk.count(b"\xef\xbf\xbd")
        damaged += max(bad, 0)
        sound += sum(map(len, re.findall("[^\\x00-\\x7f]+", text))) - max(bad, 0)
    if damaged == 0:
        return TextEncoding("utf-8", "utf-8")
    if sound >= damaged * 4:
        return TextEncoding("utf-8", "utf-8", errors="replace")
    return None


def _code_page(file: BinaryIO) -> TextEncoding:
    sample = _telling_lines(file)
    try:
        western = sample.decode("cp1252")
    except UnicodeDecodeError:
        pass
    else:
        strange = sum(1 for _ in _IMPLAUSIBLE_WESTERN.finditer(western))
        accents = sum(1 for character in western if character > "\x7f")
        if strange * 20 <= accents:
            return TextEncoding("cp1252", "cp1252")
    best = charset_normalizer.from_bytes(sample, cp_isolation=_CODE_PAGES).best()
    if best is None:
        return TextEncoding("cp1252", "cp1252", errors="replace")
    return TextEncoding(best.encoding, best.encoding, errors="replace")


def _telling_lines(file: BinaryIO) -> bytes:
    """The first lines that are not plain ASCII, wherever in the file they stand."""
    file.seek(0)
    sample = bytearray()
    while len(sample) < _SAMPLE and (line := file.readline(_SAMPLE)):
        if not line.isascii():
            sample += line
    return bytes(sample)
