"""When something happened, in the forms in which senders write it."""

from __future__ import annotations

import datetime
import math
import re
from typing import Any

#: From here on a number counts milliseconds: as seconds it would be the year 5138.
MILLISECONDS = 1e11
LATEST = 253402300799.0  # the end of the year 9999
_DIGITS = re.compile(r'\d{1,16}(\.\d+)?')
#: Go writes nanoseconds, which Python's parser refuses.
_FRACTION = re.compile(r'(\.\d{6})\d+')


def moment(value: Any) -> float | None:
    """Seconds since 1970 UTC; None for what is no time, or may be one of any zone.

    Understands RFC 3339 and ISO 8601 with a zone, and numbers (also written as text) of seconds
    or milliseconds since 1970.
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        text = value.strip()[:64]
        return _number(float(text)) if _DIGITS.fullmatch(text) else _iso(text)
    if isinstance(value, int | float):
        try:
            return _number(float(value))
        except OverflowError:
            return None
    return None


def _number(value: float) -> float | None:
    if not math.isfinite(value):
        return None
    seconds = value / 1000 if value >= MILLISECONDS else value
    return seconds if 0 < seconds <= LATEST else None


def _iso(text: str) -> float | None:
    try:
        found = datetime.datetime.fromisoformat(_FRACTION.sub(r'\1', text))
        seconds = found.timestamp() if found.tzinfo is not None else 0.0
    except (ValueError, OverflowError):
        return None
    return seconds if 0 < seconds <= LATEST else None
