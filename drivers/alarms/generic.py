"""Any sender of JSON: its settings say where in a message the words of an alarm stand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Self

from drivers.alarms.expressions import Expression, Unreadable, problem
from drivers.alarms.mapping import PATHS, Words, gather
from drivers.contracts.alarms import AlarmDriver, BadPayload, Heard, Post

#: A message of more parts is no message of a monitor.
MOST = 10000


class GenericAlarms(AlarmDriver):
    """Parts are found by ``each``: a list of them, or one. Without it, the message is one part,
    or the list of them. The host is what ``host`` finds, or the argument ``host`` of the URL."""

    SETTINGS_SCHEMA: ClassVar[Mapping[str, Any]] = {
        'type': 'object',
        'additionalProperties': False,
        'properties': {
            'each': {**PATHS['match'], 'description': 'a JMESPath to the list of alarms'},
            **Words.SCHEMA,
        },
    }

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._each = Expression(settings.get('each', '@'))
        self._words = Words(settings)

    @classmethod
    def build(cls, settings: Mapping[str, Any]) -> Self:
        return cls(settings)

    @classmethod
    def objections(cls, settings: Mapping[str, Any]) -> Iterable[str]:
        wrong = problem(settings.get('each', '@'))
        if wrong:
            yield f'"each": {wrong}'
        yield from Words.objections(settings)

    def read(self, post: Post) -> Heard:
        try:
            found = self._each(post.payload)
        except Unreadable as error:
            raise BadPayload(str(error)) from error
        parts = found if isinstance(found, list) else [] if found is None else [found]
        if len(parts) > MOST:
            raise BadPayload(f'the message has {len(parts)} parts; {MOST} are allowed')
        return gather(parts, self._words, post)
