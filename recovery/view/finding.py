"""What a look at the service finds: how bad it is, and what to do."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Level(enum.StrEnum):
    """How bad it is."""

    OK = 'ok'
    WARN = 'warn'
    BAD = 'bad'
    AWAY = 'away'  #: it did not answer


@dataclass(frozen=True)
class Finding:
    """One line."""

    level: Level
    check: str
    finding: str
    todo: str = ''
