"""What an HTTP answer means to a caller: carried out, a definite no, or no usable answer."""

from __future__ import annotations

import json
from typing import Any

from drivers.contracts.errors import AccessDenied, DriverError, NotFound, Refused, Unreachable

#: 4xx that say nothing about what was asked: asking later may do.
LATER = frozenset({406, 408, 413, 425, 429})


def error(
    service: str, asked: str, status: int, content: bytes, request_id: str | None
) -> DriverError | None:
    """The error that the answer stands for; None when it is a success."""
    if 200 <= status < 300:
        return None
    said = _said(content)
    text = f'{service} answered {status} to {asked}' + (f': {said}' if said else '')
    if status == 401:
        return AccessDenied(text, status=status, request_id=request_id)
    # A load balancer speaks HTML. It knows nothing of instances: its 404 is no definite no.
    if said is None or status in LATER or not 400 <= status < 500:
        return Unreachable(text, request_id=request_id)
    kind = {403: AccessDenied, 404: NotFound}.get(status, Refused)
    return kind(text, status=status, request_id=request_id)


def decoded(service: str, asked: str, content: bytes, request_id: str | None) -> Any:
    """The answer's JSON; None for an empty answer. Raises Unreachable for anything else."""
    if not content:
        return None
    try:
        return json.loads(content)
    except ValueError as problem:
        raise Unreachable(
            f'{service} answered {asked} with something that is not JSON', request_id=request_id
        ) from problem


def _said(content: bytes) -> str | None:
    """The service's own words in an error document; None when no service wrote it."""
    try:
        document = json.loads(content)
    except ValueError:
        return None
    if not isinstance(document, dict):
        return None
    for value in document.values():
        first = value[0] if isinstance(value, list) and value else value
        if isinstance(first, dict):
            words = first.get('message') or first.get('detail') or first.get('title')
            if words:
                return ' '.join(str(words).split())
        elif isinstance(first, str):
            return ' '.join(first.split())
    return ''
