"""Where the words of an alarm stand in one part of a message, as the settings of a source say."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar, Self

from drivers.alarms import words
from drivers.alarms.expressions import Expression, Unreadable, problem
from drivers.alarms.times import moment
from drivers.alarms.words import Unusable
from drivers.contracts.alarms import Alarm, BadPayload, Heard, Post, Resolved

_PATH = {'type': 'string', 'minLength': 1, 'maxLength': 2000}

#: Each is a JMESPath that is asked of one part of a message.
PATHS: dict[str, Any] = {
    'match': {**_PATH, 'description': 'a JMESPath: other parts than where it finds true are none'},
    'resolved': {**_PATH, 'description': 'a JMESPath: where it finds true, the failure is over'},
    'host': {**_PATH, 'description': 'a JMESPath to the host, or to the UUID of an instance'},
    'key': {**_PATH, 'description': 'a JMESPath to what the sender calls this failure'},
    'at': {**_PATH, 'description': 'a JMESPath to the time of the failure'},
    'kind': {**_PATH, 'description': 'a JMESPath to the failure kind'},
    'evidence': {**_PATH, 'description': 'a JMESPath to what people should see of it'},
}
HOST_REGEX = {
    'type': 'string',
    'minLength': 1,
    'maxLength': 500,
    'description': 'a regular expression; its group "host", or its first one, is the host',
}

HOST = 'host'  #: an argument of the URL, for senders that cannot name the host


class Words:
    """One set of such expressions."""

    SCHEMA: ClassVar[Mapping[str, Any]] = {**PATHS, 'host_regex': HOST_REGEX}

    #: Whether ``key`` names one failure for ever, or the same thing each time that it fails.
    ONE_FAILURE: ClassVar[bool] = False

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._paths = {name: Expression(settings[name]) for name in PATHS if name in settings}
        regex = settings.get('host_regex')
        self._regex = re.compile(regex) if regex else None

    @classmethod
    def of(cls, settings: Mapping[str, Any], **defaults: str) -> Self:
        """From settings, with expressions for what they do not say."""
        return cls({**defaults, **settings})

    @classmethod
    def objections(cls, settings: Mapping[str, Any]) -> Iterator[str]:
        """A sentence for each expression that cannot be used."""
        for name in PATHS:
            wrong = problem(settings[name]) if name in settings else ''
            if wrong:
                yield f'"{name}": {wrong}'
        try:
            re.compile(settings.get('host_regex', ''))
        except (re.error, RecursionError) as error:
            yield f'"host_regex" is no regular expression: {error}'

    def read(self, part: Any, post: Post) -> Alarm | Resolved | None:
        """What one part says; None: it is no alarm. Raises Unusable."""
        try:
            if 'match' in self._paths and not _true(self._paths['match'](part)):
                return None
            return self._said(part, post)
        except Unreadable as error:
            raise Unusable(str(error)) from error

    def _said(self, part: Any, post: Post) -> Alarm | Resolved:
        subject = self.subject(self.text('host', part) or post.query.get(HOST, '').strip())
        kind = words.clean(self.text('kind', part)) or post.kind
        name, at = self.text('key', part), self.text('at', part)
        found = moment(at)
        when = post.arrived_at if found is None else found
        if 'resolved' in self._paths and _true(self._paths['resolved'](part)):
            return Resolved(post.source, words.key(name) if name else '', kind, subject, when)
        evidence = self._evidence(part)
        if at and found is None:
            evidence['time as sent'] = words.clean(at[:100])
        key = self._key(name, at, subject, post)
        return Alarm(post.source, key, kind, subject, when, evidence, words.as_sent(part))

    def _key(self, name: str, at: str, subject: str, post: Post) -> str:
        if name:
            return words.key(name, at) if at and not self.ONE_FAILURE else words.key(name)
        # Without a name and a time of its own each message is an alarm: what is sent twice is then
        # sorted out by the recovery that is open already.
        return words.key(subject, at or f'{post.arrived_at:.3f}')

    def subject(self, text: str) -> str:
        """The host within what was found. Raises Unusable."""
        if self._regex is None or not text:
            return words.subject(text)
        fitting = self._regex.search(words.subject(text))
        if fitting is None:
            raise Unusable(f'its host {text!r} does not fit "host_regex"')
        named = fitting.groupdict().get('host')
        return words.subject((named or (fitting.group(1) if fitting.re.groups else None)
                              or fitting.group(0)).strip())  # fmt: skip

    def text(self, name: str, part: Any) -> str:
        """What the expression of that name finds; "" without one. Raises Unreadable."""
        return self._paths[name].text_of(part) if name in self._paths else ''

    def _evidence(self, part: Any) -> dict[str, Any]:
        try:
            found = self._paths['evidence'](part) if 'evidence' in self._paths else None
        except Unreadable as error:  # for people only: no reason to lose the alarm
            found = str(error)
        if found is None:
            return {}
        kept = words.small(found if isinstance(found, dict) else {'said': found})
        return dict(kept)


def _true(found: Any) -> bool:
    return found not in (None, False, '', [], {})


def gather(parts: Iterable[Any], words_of: Words, post: Post, *, missing: int = 0) -> Heard:
    """What all parts say.

    :raises BadPayload: there are parts, and none of them can be read.
    """
    alarms: list[Alarm] = []
    resolved: list[Resolved] = []
    wrong: list[str] = []
    passed = 0
    for number, part in enumerate(parts, start=1):
        try:
            found = words_of.read(part, post)
        except Unusable as error:
            wrong.append(words.clean(f'alarm {number}: {error}'))
            continue
        if isinstance(found, Alarm):
            alarms.append(found)
        elif isinstance(found, Resolved):
            resolved.append(found)
        else:
            passed += 1
    if wrong and not (alarms or resolved or passed):
        raise BadPayload('; '.join(wrong[:3]))
    return Heard(tuple(alarms), tuple(resolved), tuple(wrong), passed, missing)
