"""Files that commands write and read: JSON, never over another file, mistakes as sentences."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from recovery.cli.exits import UsageError


def write(name: str, lines: Iterable[str]) -> None:
    """A new file, readable by its owner alone. Raises UsageError."""
    path = Path(name)
    try:
        path.touch(mode=0o600, exist_ok=False)
        path.write_text(''.join(f'{line}\n' for line in lines))
    except FileExistsError:
        raise UsageError(f'{name} is there already; name a file that is not') from None
    except OSError as error:
        raise UsageError(f'{name} cannot be written: {error.strerror}') from error


def read(name: str) -> Any:
    """JSON in a file. Raises UsageError."""
    try:
        text = Path(name).read_text()
    except OSError as error:
        raise UsageError(f'{name} cannot be read: {error.strerror}') from error
    except UnicodeDecodeError as error:
        raise UsageError(f'{name} is no text in UTF-8') from error
    try:
        return json.loads(text, parse_constant=_refused, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise UsageError(f'{name} is no JSON: {error}') from error


def _refused(word: str) -> Any:
    raise ValueError(f'{word} is no number')


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Two readers could take two members of one name differently."""
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = next(key for key in found if sum(key == one for one, _ in pairs) > 1)
        raise ValueError(f'the member {twice!r} is there twice')
    return found
