"""Which instances are to be evacuated at all, and which of them first: the site's own exclusions.

Pure. What the state table (:mod:`flows.evacuation.table`) leaves is left whatever these say.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import cached_property

from drivers.contracts.compute import Instance, Migration
from flows.evacuation.table import Plan, Storage, classify

FIRST, ONLY, IGNORE = 'first', 'only', 'ignore'  #: what the mark of an instance means
TRUE = frozenset({'1', 'true', 't', 'yes', 'y', 'on'})  # what OpenStack takes for true

IMAGE = 'image:'
#: What a condition may look at; those that end with a colon are followed by a key.
FIELDS = ('name', 'project', 'flavor', 'flavor:', 'image', IMAGE, 'metadata:', 'tag')


@dataclass(frozen=True)
class Exclusion:
    """One exclusion: an instance that meets all conditions is left."""

    text: str  #: as the site wrote it
    conditions: tuple[tuple[str, str, str], ...]  #: field, key, pattern

    @classmethod
    def parse(cls, text: str) -> Exclusion:
        """``FIELD=PATTERN ...``. Raises ValueError with what is wrong and what would be right."""
        try:
            words = shlex.split(text)
        except ValueError as error:
            raise ValueError(f'the exclusion {text!r} cannot be read: {error}') from error
        if not words:
            raise ValueError('an empty exclusion: give FIELD=PATTERN')
        return cls(text, tuple(_condition(text, word) for word in words))

    def meets(self, instance: Instance) -> bool:
        """Whether it is this exclusion's."""
        return all(
            any(fnmatchcase(value, pattern) for value in _values(instance, field, key))
            for field, key, pattern in self.conditions
        )


@dataclass(frozen=True)
class Choice:
    """What a site chose. A flow is built with it as text, and reads it when it runs."""

    ha_key: str = 'HA_Enabled'
    ha_mode: str = FIRST
    leave_in_error: bool = False
    exclude: str = ''  #: an exclusion in each line
    priority_key: str = ''

    @cached_property
    def exclusions(self) -> tuple[Exclusion, ...]:
        """Raises ValueError."""
        return parse_exclusions(self.exclude)

    @cached_property
    def looks_at_images(self) -> bool:
        """Whether any exclusion asks for a property of an image, which is one more question."""
        return any(
            field == IMAGE for one in self.exclusions for field, _key, _pattern in one.conditions
        )

    def plan(
        self, instance: Instance, migrations: Iterable[Migration], *, host: str, storage: Storage
    ) -> Plan:
        """What is to be done with one instance of a failed host: the table's word, and ours."""
        plan = classify(instance, migrations, host=host, storage=storage)
        why = '' if plan.action == 'leave' else self.why_left(instance)
        return replace(plan, action='leave', reason=why) if why else plan

    def why_left(self, instance: Instance) -> str:
        """Why an instance is left although it could be evacuated; '' when it is not."""
        for exclusion in self.exclusions:
            if exclusion.meets(instance):
                return f'left out by the exclusion {exclusion.text} ([evacuation] exclude)'
        if self.leave_in_error and instance.vm_state == 'error':
            return 'it was in error before its host failed ([evacuation] leave_in_error)'
        if self.ha_mode == ONLY and not self.marked(instance):
            return f'it has no {self.ha_key}=true in its metadata ([evacuation] ha_mode)'
        return ''

    def priority(self, instance: Instance) -> int:
        """Higher goes first: the number of its own, or else 1 for one that is marked."""
        own = number(instance.metadata, self.priority_key)
        if own is not None:
            return own
        return int(self.ha_mode == FIRST and self.marked(instance))

    def marked(self, instance: Instance) -> bool:
        """Whether its owner asked for high availability."""
        return instance.metadata.get(self.ha_key, '').strip().lower() in TRUE


def parse_exclusions(text: str) -> tuple[Exclusion, ...]:
    """The exclusions of a text with one in each line. Raises ValueError."""
    return tuple(Exclusion.parse(line) for line in text.splitlines() if line.strip())


def number(metadata: Mapping[str, str], key: str) -> int | None:
    """The whole number that the metadata hold below a key; None when there is none."""
    try:
        return int(metadata[key])
    except (KeyError, ValueError):
        return None


def _condition(text: str, word: str) -> tuple[str, str, str]:
    name, equals, pattern = word.partition('=')
    field, colon, key = name.partition(':')
    if not equals or not pattern or field + colon not in FIELDS or (colon and not key):
        raise ValueError(
            f'the exclusion {text!r} has {word!r}; give name=PATTERN, project=ID, flavor=NAME, '
            'flavor:SPEC=VALUE, image=ID, image:PROPERTY=VALUE, metadata:KEY=VALUE or tag=TAG'
        )
    return field + colon, key, pattern


def _values(instance: Instance, field: str, key: str) -> Iterable[str]:
    if field == 'tag':
        return sorted(instance.tags)
    found = {
        'name': instance.name,
        'project': instance.project,
        'flavor': instance.flavor,
        'flavor:': instance.flavor_specs.get(key),
        'image': instance.image,
        IMAGE: instance.image_properties.get(key),
        'metadata:': instance.metadata.get(key),
    }[field]
    return () if found is None else (found,)
