"""Values as Masakari writes and reads them."""

from __future__ import annotations

import datetime

import flask

from recovery.api.faults import Fault

TRUE = ('True', 'TRUE', 'true', '1', 'ON', 'On', 'on', 'YES', 'Yes', 'yes')
FALSE = ('False', 'FALSE', 'false', '0', 'OFF', 'Off', 'off', 'NO', 'No', 'no')
_WORDS = {word.lower(): value for words, value in ((TRUE, True), (FALSE, False)) for word in words}


def moment(seconds: float | None, *, whole: bool = True) -> str | None:
    """ISO 8601 in UTC, which Masakari leaves unsaid.

    :param whole: cut to seconds, as it keeps the times of its rows.
    """
    if seconds is None:
        return None
    found = datetime.datetime.fromtimestamp(seconds, tz=datetime.UTC).replace(tzinfo=None)
    return (found.replace(microsecond=0) if whole else found).isoformat(timespec='microseconds')


def seconds(text: str) -> float:
    """ISO 8601 as seconds since 1970 UTC; without a zone it is UTC.

    :raises ValueError: it is none, or before 1970.
    """
    found = datetime.datetime.fromisoformat(text.strip())
    if found.tzinfo is None:
        found = found.replace(tzinfo=datetime.UTC)
    try:
        value = found.timestamp()
        moment(value)
    except (OverflowError, OSError) as error:
        raise ValueError(f'{text} is no time') from error
    if value <= 0:
        raise ValueError(f'{text} is before 1970')
    return value


def flag(value: object) -> bool:
    """A value that the schema has let through as a bool."""
    return value if isinstance(value, bool) else _WORDS[str(value).lower()]


def asked_flag(name: str) -> bool | None:
    """A bool of the query; None: it is not given. Raises Fault (400)."""
    given = flask.request.args.get(name)
    if given is None:
        return None
    found = _WORDS.get(given.strip().lower())
    if found is None:
        raise Fault(400, f"Invalid value for {name}: '{given[:60]}'. It has to be true or false.")
    return found


def asked_texts(*names: str) -> dict[str, str]:
    """Those texts of the query that are given."""
    arguments = flask.request.args
    return {name: arguments[name] for name in names if name in arguments}
