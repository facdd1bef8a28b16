"""What happened in the world, in the order of its time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Event:
    """One thing that happened, with what was true at that moment."""

    when: float  #: seconds since the world began
    what: str  #: 'power.off', 'evacuate.accepted', 'guest.started', ...
    subject: str  #: a host's name or an instance's UUID
    detail: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        more = ' '.join(f'{key}={value}' for key, value in self.detail.items())
        return f'{self.when:9.3f} {self.what} {self.subject} {more}'.rstrip()


class Trace:
    """The list of events, and who wants to hear of them."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.listeners: list[Callable[[Event], None]] = []

    def add(self, event: Event) -> None:
        self.events.append(event)
        for listener in self.listeners:
            listener(event)

    def find(self, what: str, subject: str | None = None) -> Iterator[Event]:
        """Events of that kind (``'power.*'`` takes every kind of power event), oldest first."""
        family = what[:-1] if what.endswith('*') else None
        for event in self.events:
            if subject is not None and event.subject != subject:
                continue
            if event.what == what or (family is not None and event.what.startswith(family)):
                yield event

    def __str__(self) -> str:
        return '\n'.join(str(event) for event in self.events)


def spans(events: Iterable[Event], opens: str, closes: str) -> Iterator[tuple[str, float, float]]:
    """Subject, first and last place in the trace: times would not tell before from after."""
    begun: dict[str, float] = {}
    for place, event in enumerate(events):
        if event.what == opens:
            begun.setdefault(event.subject, place)
        elif event.what == closes and event.subject in begun:
            yield event.subject, begun.pop(event.subject), place
    for subject, begin in begun.items():
        yield subject, begin, float('inf')
