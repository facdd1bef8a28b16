"""What several of these tests need to wait for and to read."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from drivers.clock import SystemClock

CLOCK = SystemClock()
PATIENCE = 60.0  # seconds for what others do in their own time


def until(
    what: str, true: Callable[[], Any], seconds: float = PATIENCE, every: float = 0.25
) -> Any:
    """Wait for something that happens in its own time; what it was when it was true."""
    end = CLOCK.elapsed() + seconds
    while not (found := true()):
        assert CLOCK.elapsed() < end, f'not within {seconds:g} s: {what}'
        CLOCK.wait(None, every)
    return found


def free_address() -> str:
    """A port of this machine that nobody listens on, with its host."""
    with socket.create_server(('127.0.0.1', 0)) as probe:
        return f'127.0.0.1:{probe.getsockname()[1]}'


def answers(address: str) -> bool:
    """Whether somebody listens there."""
    host, _, port = address.partition(':')
    try:
        socket.create_connection((host, int(port)), 1).close()
    except OSError:
        return False
    return True


def not_over() -> str:
    """A time that no test outlives, as Masakari's monitors write it: ISO 8601, UTC, no zone."""
    return datetime.fromtimestamp(CLOCK.now() + 31536000, UTC).strftime('%Y-%m-%dT%H:%M:%S')


def documents(printed: str) -> list[Any]:
    """The JSON documents in what a session has printed."""
    found: list[Any] = []
    decoder, at = json.JSONDecoder(), 0
    while True:
        starts = [place for place in (printed.find('{', at), printed.find('[', at)) if place >= 0]
        if not starts:
            return found
        document, at = decoder.raw_decode(printed, min(starts))
        found.append(document)
