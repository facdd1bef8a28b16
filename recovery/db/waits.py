"""The reason of a recovery that waits on the way to its end: why it ends, and what it waits for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

SO_FAR = '; this waits: '


def reason_of(row: Mapping[str, Any], reason: str) -> str:
    """The reason of a recovery that waits, with why it is to end if it is to."""
    ends = why_it_ends(row) if row['undoing'] else ''
    return f'{ends}{SO_FAR}{reason}' if ends else reason


def why_it_ends(row: Mapping[str, Any]) -> str:
    """Why it is undone, or left as it is; without what it waited for on the way there."""
    return str(row['reason'] or '').partition(SO_FAR)[0]
