"""The numbers of an evacuation, as the flow's builder got them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class EvacuationSettings:
    """See ``[evacuation]`` in recovery.conf for the meaning of each."""

    at_once: int
    senders: int
    poll_seconds: float
    unsettled_seconds: float
    absent_seconds: float
    attempts: int
    spread: str
    read_seconds: float
    write_seconds: float
