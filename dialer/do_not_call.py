"""The do-not-call list's words: how an entry is written, and which entries cover a number.

An entry is a number, the first digits of numbers, or a hash of a number for those whose number must not be
kept: keyed (HMAC-SHA256 with the ledger's own key), or plain SHA-256 of E.164 as other systems export it.
"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

from dialer.phones import Phone, read_phone

FORGOTTEN = "asked to be forgotten"  # the reason of a mark that `dialer forget` leaves behind
LONGEST_E164 = 16  # with its "+": ITU-T E.164, 6.1

_PLAIN = "sha256:"
_PREFIX = re.compile(r"\+([1-9][\d ().-]*)\*+")
_DIGEST = re.compile(r"(?:sha256:)?([0-9a-f]{64})")
_KEYED = re.compile(r"hmac-([0-9a-f]{8}):([0-9a-f]{64})")


class Kind(StrEnum):
    """What an entry holds."""

    NUMBER = "number"
    PREFIX = "prefix"
    HASH = "hash"


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the list as the ledger keeps it."""

    kind: Kind
    value: str  # E.164; the first digits of E.164 with "+"; `sha256:` and hex; or a keyed hash, bare hex


def read_entry(text: str, *, region: str | None, key: bytes) -> Entry | str:
    """The entry that a text writes, or the sentence that says why it is none; never raises.

    `region` (ISO 3166 alpha-2) is the country of numbers that name none, `key` the ledger's own.
    """
    written = text.strip().strip("'\"").strip()
    prefix = _PREFIX.fullmatch(written)
    if prefix:
        return Entry(Kind.PREFIX, "+" + re.sub(r"\D", "", prefix[1]))
    if "*" in written:
        return "First digits are written with + and the country code, as +1900*."
    digest = _DIGEST.fullmatch(written.lower())
    if digest:
        return Entry(Kind.HASH, _PLAIN + digest[1])
    keyed = _KEYED.fullmatch(written.lower())
    if keyed:
        if keyed[1] != key_mark(key):
            return "This hash was made with the key of another ledger: only that one can tell whose it is."
        return Entry(Kind.HASH, keyed[2])
    phone = read_phone(written, default_region=region)
    return Entry(Kind.NUMBER, phone.e164) if isinstance(phone, Phone) else phone.message


def write_entry(entry: Entry, *, key: bytes) -> str:
    """An entry as `read_entry` reads it."""
    match entry.kind:
        case Kind.NUMBER:
            return entry.value
        case Kind.PREFIX:
            return f"{entry.value}*"
        case Kind.HASH:
            plain = entry.value.startswith(_PLAIN)
            return entry.value if plain else f"hmac-{key_mark(key)}:{entry.value}"


def prefixes(e164: str) -> list[str]:
    """Every way in which the number begins, the whole number last."""
    return [e164[:end] for end in range(2, len(e164) + 1)]


def keyed_hash(e164: str, key: bytes) -> str:
    """The hash that stands for a number in the ledger with this key, in hex."""
    return hmac.digest(key, e164.encode(), "sha256").hex()


def plain_hash(e164: str) -> str:
    """The hash that stands for a number everywhere, as an entry's value."""
    return _PLAIN + sha256(e164.encode()).hexdigest()


def key_mark(key: bytes) -> str:
    """Tells two ledgers' keys apart, and says nothing of either."""
    return sha256(b"key of hashes" + key).hexdigest()[:8]
