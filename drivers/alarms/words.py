"""Words of a message as they may be kept: short, and in characters that every database takes."""

from __future__ import annotations

import hashlib
import json
from typing import Any

SUBJECT = 255  #: characters of a host, as the table has them
KEY = 255
_ENTRIES, _LEVELS, _TEXT = 40, 4, 500
_NAMED, _DIGEST = 180, 32


class Unusable(ValueError):
    """A part of a message cannot be taken; the sentence says why."""


def subject(text: str) -> str:
    """The host, or an instance's UUID. Raises Unusable."""
    if not text:
        raise Unusable('it names no host')
    if len(text) > SUBJECT:
        raise Unusable(f'its host has {len(text)} characters; {SUBJECT} are allowed')
    if not text.isprintable():
        raise Unusable('its host has characters that cannot be printed')
    return text


def key(*parts: str) -> str:
    """The sender's identifier. A long one keeps its beginning and a digest of the whole."""
    whole = clean('@'.join(parts))
    if len(whole) <= KEY:
        return whole
    digest = hashlib.sha256(whole.encode()).hexdigest()[:_DIGEST]
    return f'{whole[:_NAMED]}#{digest}'


def small(value: Any, levels: int = _LEVELS) -> Any:
    """A value for people: what is too long or too deep is cut."""
    if isinstance(value, str):
        return clean(value[:_TEXT])
    if isinstance(value, dict):
        if not levels:
            return '...'
        return {clean(name[:_TEXT]): small(value[name], levels - 1) for name in [*value][:_ENTRIES]}
    if isinstance(value, list):
        return [small(one, levels - 1) for one in value[:_ENTRIES]] if levels else '...'
    if isinstance(value, int) and abs(value) >= 1 << 53:
        return str(float(value)) if abs(value) < 1 << 1000 else '...'
    return value


def clean(text: str) -> str:
    """Without halves of characters, which JSON can carry and UTF-8 cannot."""
    return text.encode('utf-8', 'replace').decode()


def as_sent(part: Any) -> str:
    """A part of the message, as text."""
    return json.dumps(part, separators=(',', ':'))
