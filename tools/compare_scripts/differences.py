"""What is not the same in two answers, and whether somebody has said why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import yaml

from compare_scripts.asking import Answer

FILE = Path(__file__).with_name('reasons.yaml')
NOT_THERE = '-'


@dataclass(frozen=True)
class Difference:
    """One thing in the answers to one request."""

    request: str
    what: str  #: 'status', a header's name, or a place in the body
    theirs: str
    ours: str

    @property
    def line(self) -> str:
        """What the patterns of reasons are held against."""
        return f'{self.request}: {self.what}: {self.theirs} -> {self.ours}'


@dataclass(frozen=True)
class Reason:
    """A row of the guide. ``where`` are patterns (with ``*``) of the lines that it explains."""

    what: str
    masakari: str
    here: str
    because: str
    where: tuple[str, ...]


def reasons() -> list[Reason]:
    """All, in the order of the guide."""
    entries: list[dict[str, Any]] = yaml.safe_load(FILE.read_text())
    return [Reason(**{**one, 'where': tuple(one['where'])}) for one in entries]


def differences(theirs: Mapping[str, Answer], ours: Mapping[str, Answer]) -> Iterator[Difference]:
    """Of all requests, in their order."""
    for name, answer in theirs.items():
        yield from _between(name, answer, ours[name])


def _between(name: str, theirs: Answer, ours: Answer) -> Iterator[Difference]:
    if theirs.status != ours.status:  # then everything else is to another effect
        yield Difference(name, 'status', str(theirs.status), str(ours.status))
        return
    yield from _of(name, theirs.headers, ours.headers)
    yield from _of(name, theirs.body, ours.body)


def _of(name: str, theirs: Mapping[str, str], ours: Mapping[str, str]) -> Iterator[Difference]:
    other: list[str] = []  #: lists of other lengths, whose rows are not held against each other
    for what in sorted({*theirs, *ours}):
        values = theirs.get(what, NOT_THERE), ours.get(what, NOT_THERE)
        if values[0] == values[1] or any(what.startswith(f'{one}.') for one in other):
            continue
        if any(value.endswith((' row', ' rows')) for value in values):
            other.append(what)
        yield Difference(name, what, *values)


def explained(
    found: Sequence[Difference], known: Sequence[Reason]
) -> tuple[dict[Difference, Reason], list[str]]:
    """The reason of each difference that has one, and patterns that explain nothing any more."""
    why: dict[Difference, Reason] = {}
    idle = []
    for reason in known:
        for pattern in reason.where:
            hits = [one for one in found if fnmatchcase(one.line, pattern)]
            for one in hits:
                why.setdefault(one, reason)
            if not hits:
                idle.append(f'{reason.what}: {pattern}')
    return why, idle
