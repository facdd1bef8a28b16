"""Times and durations as people read them."""

from __future__ import annotations

import datetime
import re

MINUTE, HOUR, DAY = 60, 3600, 86400
_PLAIN = re.compile(r'-?\d+(\.\d+)?')
_NO_DATE = (ValueError, OverflowError, OSError)  #: such as a time in milliseconds


def moment(seconds: float | None) -> str:
    """Local date and time; '' for None; the number where no date can be made of it."""
    if seconds is None:
        return ''
    try:
        local = datetime.datetime.fromtimestamp(seconds, tz=datetime.UTC).astimezone()
    except _NO_DATE:
        return _plain(seconds)
    return local.strftime('%Y-%m-%d %H:%M:%S')


def precise(seconds: float | None) -> str:
    """ISO 8601 in UTC, with milliseconds, for machines; '' for None; the number as above."""
    if seconds is None:
        return ''
    try:
        utc = datetime.datetime.fromtimestamp(seconds, tz=datetime.UTC)
    except _NO_DATE:
        return _plain(seconds)
    return utc.isoformat(timespec='milliseconds').replace('+00:00', 'Z')


def stamp(seconds: float | None) -> str | None:
    """As :func:`precise`, and None for None: as JSON says it."""
    return precise(seconds) or None


def parsed(text: str | None) -> float | None:
    """What :func:`stamp` wrote, as seconds since 1970 UTC."""
    if text and _PLAIN.fullmatch(text):
        return float(text)
    return datetime.datetime.fromisoformat(text).timestamp() if text else None


def _plain(seconds: float) -> str:
    return f'{seconds:.3f}'


def clock_time(seconds: float) -> str:
    """Local time of day, with tenths of a second."""
    local = datetime.datetime.fromtimestamp(seconds, tz=datetime.UTC).astimezone()
    return f'{local:%H:%M:%S}.{local.microsecond // 100000}'


def span(seconds: float | None) -> str:
    """'0.4 s', '12 s', '4 min 12 s', '3 h 5 min', '2 d 4 h'; '' for None."""
    if seconds is None:
        return ''
    seconds = max(0.0, seconds)
    if seconds < 10:
        return f'{seconds:.1f} s'
    whole = int(seconds)
    if whole < MINUTE:
        return f'{whole} s'
    if whole < HOUR:
        return f'{whole // MINUTE} min {whole % MINUTE} s'
    if whole < DAY:
        return f'{whole // HOUR} h {whole % HOUR // MINUTE} min'
    return f'{whole // DAY} d {whole % DAY // HOUR} h'


_UNITS = {'s': 1, 'm': MINUTE, 'h': HOUR, 'd': DAY}


def since(text: str, now: float) -> float:
    """'90', '15m', '2h', '7d' before now, or an ISO 8601 time, as seconds since 1970 UTC.

    :raises ValueError: it is neither.
    """
    number, unit = (text[:-1], text[-1]) if text[-1:] in _UNITS else (text, 's')
    try:
        return now - float(number) * _UNITS[unit]
    except ValueError:
        pass
    return at(text)


def lasting(text: str) -> float:
    """'90', '15m', '2h', '7d' as seconds.

    :raises ValueError: it is none of that, or not more than nothing.
    """
    number, unit = (text[:-1], text[-1]) if text[-1:] in _UNITS else (text, 's')
    try:
        seconds = float(number) * _UNITS[unit]
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < 1e9:
        raise ValueError(f'{text!r} is no duration: give seconds, or such as 90m, 2h, 1d')
    return seconds


def at(text: str) -> float:
    """Seconds since 1970 UTC, or an ISO 8601 time (local, unless it says otherwise).

    :raises ValueError: it is neither.
    """
    try:
        return float(text)
    except ValueError:
        pass
    try:
        return datetime.datetime.fromisoformat(text).timestamp()
    except ValueError:
        raise ValueError(
            f'{text!r} is no time: give seconds since 1970 or ISO 8601, such as 2031-05-17T03:10:22'
        ) from None
