"""Remembers which column is which under the signature of a sheet's headers, in a file of the user's own."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from dialer.errors import SettingsError
from dialer.own_columns import find_own
from dialer.synonyms import key

_MOST_KEPT = 1000  # the oldest are dropped


@dataclass(frozen=True, slots=True)
class SavedMapping:
    """What was given with `--map` for the sheets of one signature."""

    mapping: tuple[str, ...]  # FIELD=COLUMN
    saved_on: date


def signature(headers: Sequence[str]) -> str | None:
    """The same for all header rows of the same words in the same order; None for a row without any.

    Case, accents, punctuation and dialer's own columns make no difference, so a report that is fed back has
    the signature of its sheet.
    """
    _, own = find_own(headers)
    words = [key(text) for column, text in enumerate(headers) if column not in own]
    while words and not words[-1]:
        words.pop()
    return hashlib.sha256("\x1f".join(words).encode()).hexdigest() if words else None


class SavedMappings:
    """The mappings of one user, in a JSON file that nobody else can read."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def all(self) -> dict[str, SavedMapping]:
        """Every mapping by its signature. Raises SettingsError for a file that cannot be understood."""
        try:
            content = self._path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return {}
        except (OSError, UnicodeDecodeError) as error:
            raise self._unusable(error) from error
        try:
            return {name: _from_json(entry) for name, entry in json.loads(content)["mappings"].items()}
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise self._unusable(error) from error

    def save(self, name: str, mapping: Sequence[str], *, today: date) -> None:
        """Remembers a mapping under a signature, in the place of one that is there."""
        kept = self.all()
        kept[name] = SavedMapping(tuple(mapping), today)
        newest = sorted(kept.items(), key=lambda entry: entry[1].saved_on)[-_MOST_KEPT:]
        self._write(dict(newest))

    def forget(self, name: str) -> bool:
        """Forgets the mapping of a signature; False if there was none."""
        kept = self.all()
        if kept.pop(name, None) is None:
            return False
        self._write(kept)
        return True

    def _write(self, mappings: dict[str, SavedMapping]) -> None:
        entries = {
            name: {"mapping": saved.mapping, "saved_on": saved.saved_on.isoformat()}
            for name, saved in mappings.items()
        }
        content = json.dumps({"mappings": entries}, ensure_ascii=False, indent=1)
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            # mkstemp gives the file to its owner alone (0600)
            descriptor, name = tempfile.mkstemp(dir=self._path.parent, prefix=f".{self._path.name}-")
            try:
                with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                    file.write(content + "\n")
                    file.flush()
                    os.fsync(file.fileno())
                Path(name).replace(self._path)
            except BaseException:
                with suppress(OSError):
                    Path(name).unlink()
                raise
        except OSError as error:
            raise SettingsError(
                f"The mapping cannot be remembered in {self._path} ({error.strerror}): mend that, or leave"
                " --save-mapping out.",
                code="mapping_not_saved",
            ) from error

    def _unusable(self, error: Exception) -> SettingsError:
        return SettingsError(
            f"The remembered mappings in {self._path} cannot be read ({type(error).__name__}): delete the"
            " file, or add --no-saved-mapping.",
            code="saved_mappings_unreadable",
        )


def _from_json(entry: Any) -> SavedMapping:
    mapping = entry["mapping"]
    if not isinstance(mapping, list) or not all(isinstance(each, str) for each in mapping):
        raise TypeError("a mapping is a list of texts")
    return SavedMapping(tuple(mapping), date.fromisoformat(entry["saved_on"]))
