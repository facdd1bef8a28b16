"""A gate: one named question that lets a recovery pass, holds it, or ends it."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from recovery.policy.inputs import Inputs

FOUND = 'found'  #: the finding of a gate that has only one, beside not knowing
UNKNOWN = 'unknown'  #: it could not look
ENDED = 'ended'  #: it would end what must not end any more, so that a human is asked


class Word(enum.StrEnum):
    """The three answers."""

    ADMIT = 'admit'
    HOLD = 'hold'  #: not now; asked again until it admits, is approved, or expires
    IGNORE = 'ignore'  #: never for this alarm: only a definite answer may say so


@dataclass(frozen=True)
class Answer:
    """What one gate says."""

    word: Word
    reason: str  #: a sentence
    verb: str = ''  #: the command that releases a hold
    again_in: float | None = None  #: seconds until the answer may differ, where that is known
    seen: Mapping[str, Any] = field(default_factory=dict)  #: the inputs used, for the record
    finding: str = ''  #: of what kind a hold is: an approval of one kind passes no other
    #: How much of it, by name. An approval passes no more of anything than was there, and nothing
    #: that was not.
    extent: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Gate:
    """One question. ``decide`` is pure: the same inputs give the same answer."""

    name: str
    question: str
    on_missing: str  #: what it answers, and why, when it could not be asked
    decide: Callable[[Inputs], Answer]
    needs: frozenset[str] = frozenset()  #: fields of Inputs that somebody outside must be asked for
    approvable: bool = True  #: whether a human's approval lets a recovery pass it


def admit(reason: str, /, **seen: Any) -> Answer:
    """The gate is open."""
    return Answer(Word.ADMIT, reason, seen=seen)


def hold(
    reason: str,
    verb: str,
    /,
    again_in: float | None = None,
    *,
    finding: str = FOUND,
    extent: Mapping[str, float] | None = None,
    **seen: Any,
) -> Answer:
    """The gate is closed for now; ``verb`` is what opens it."""
    return Answer(Word.HOLD, reason, verb, again_in, seen, finding, extent or {})


def unknown(reason: str, verb: str, /, **seen: Any) -> Answer:
    """The gate is closed because it could not look: whoever approves that has seen nothing."""
    return hold(reason, verb, finding=UNKNOWN, **seen)


def ignore(reason: str, /, **seen: Any) -> Answer:
    """The alarm leads nowhere."""
    return Answer(Word.IGNORE, reason, seen=seen)
