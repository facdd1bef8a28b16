"""An alarm: somebody outside says that a thing failed. And how a message becomes alarms."""

from __future__ import annotations

import abc
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self


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


@dataclass(frozen=True)
class Resolved:
    """A source says that what it raised is over. It may only have stopped looking."""

    source: str
    #: Of the alarm that is over, whole or up to an '@'; '': all that the source said of this kind
    #: and subject.
    key: str
    kind: str
    subject: str  #: as the sender spells it
    at: float


@dataclass(frozen=True)
class Post:
    """One message, as it came."""

    source: str
    payload: Any  #: parsed JSON, of any shape
    query: Mapping[str, str]  #: the arguments of the URL
    arrived_at: float  #: seconds since 1970 UTC, by our clock
    kind: str = 'host-down'  #: failure kind, where the message does not say which


@dataclass(frozen=True)
class Heard:
    """What a message says."""

    alarms: tuple[Alarm, ...] = ()
    resolved: tuple[Resolved, ...] = ()
    wrong: tuple[str, ...] = ()  #: a sentence for each part that could not be read
    passed: int = 0  #: parts that are no alarm by the settings of the source
    missing: int = 0  #: alarms that the sender says it left out


class BadPayload(ValueError):
    """Nothing in the message can be read: one sentence, what is wrong and what would be right."""


class AlarmDriver(abc.ABC):
    """Reads the messages of one kind of sender. Asks nobody and keeps nothing between messages."""

    #: A JSON schema of the settings; a description says what a setting is, for the sentence.
    SETTINGS_SCHEMA: ClassVar[Mapping[str, Any]]

    @classmethod
    @abc.abstractmethod
    def build(cls, settings: Mapping[str, Any]) -> Self:
        """A driver from settings that the schema accepts and that meet no objection."""

    @classmethod
    def objections(cls, settings: Mapping[str, Any]) -> Iterable[str]:
        """A sentence for each thing that is wrong with settings which the schema accepts."""
        return ()

    @abc.abstractmethod
    def read(self, post: Post) -> Heard:
        """What the message says. A part that cannot be read keeps no other one from being taken.

        :raises BadPayload: nothing of it can be read; and nothing else is ever raised.
        """
