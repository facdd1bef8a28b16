"""What a source may start: by the lines of ``[sources] authority``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

RANK = ('evidence', 'approve', 'start')


@dataclass(frozen=True)
class Rule:
    """One line."""

    source: str  #: a pattern
    authority: str
    kinds: frozenset[str] | None = None  #: None: of every kind
    segments: frozenset[str] | None = None  #: None: in every segment, and outside of all

    @classmethod
    def of(cls, line: str) -> Rule:
        """From a line that the option has accepted."""
        source, authority, *more = line.split()
        limits = dict(word.split('=', 1) for word in more)
        found = {name: frozenset(value.split(',')) for name, value in limits.items()}
        return cls(source, authority, found.get('kinds'), found.get('segments'))

    def fits(self, kind: str, segment: str | None) -> bool:
        """Whether it speaks of this kind of failure, in this segment."""
        if self.kinds is not None and kind not in self.kinds:
            return False
        return self.segments is None or segment in self.segments


def authority(
    lines: Sequence[str] | None, default: str, source: str, kind: str, segment: str | None
) -> str:
    """'start', 'approve' or 'evidence' of one source.

    Where lines name the source and none of them fits, it may start nothing: what was given for
    one kind or segment is not given for another.
    """
    named = [rule for rule in map(Rule.of, lines or ()) if fnmatchcase(source, rule.source)]
    if not named:
        return default
    fitting = (rule.authority for rule in named if rule.fits(kind, segment))
    return next(fitting, 'evidence')


def highest(found: Iterable[str]) -> str:
    """The most that any of several sources may."""
    return max(found, key=RANK.index, default='start')
