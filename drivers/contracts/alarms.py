"""An alarm: somebody outside says that a thing failed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Alarm:
    """What was said, by whom, about what. Immutable; stored before it is answered."""

    source: str  #: who says it: 'cli', 'alertmanager', ...
    key: str  #: the source's own identifier; (source, key) is one alarm however often it is sent
    kind: str  #: failure kind, such as 'host-down'
    subject: str  #: the host as the sender spells it, or an instance UUID
    at: float  #: when it happened, by the source's clock; seconds since 1970 UTC
    evidence: Mapping[str, Any] = field(default_factory=dict)  #: small JSON, for people
    raw: str = ''  #: the message as it came, cut to 64 kB
    requested_by: str = ''  #: the human or service behind it
