"""Which instances are to be evacuated at all, and which of them first: the site's own rules.

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

#: What a condition may look at; those that end with a colon are followed by a key.
FIELDS = ('name', 'project', 'flavor', 'flavor:', 'image', 'metadata:', 'tag')


@dataclass(frozen=True)
class Rule:
    """One rule: an instance that meets all conditions is left."""

    text: str  #: as the site wrote it
    conditions: tuple[tuple[str, str, str], ...]  #: field, key, pattern

    @classmethod
    def parse(cls, text: str) -> Rule:
        """``FIELD=PATTERN ...``. Raises ValueError with what is wrong and what would be right."""
        try:
            words = shlex.split(text)
        except ValueError as error:
            raise ValueError(f'the rule {text!r} cannot be read: {error}') from error
        if not words:
            raise ValueError('an empty rule: give FIELD=PATTERN')
        return cls(text, tuple(_condition(text, word) for word in words))

    def meets(self, instance: Instance) -> bool:
        """Whether it is this rule's."""
        return all(
            any(fnmatchcase(value, pattern) for value in _values(instance, field, key))
            for field, key, pattern in self.conditions
        )


@dataclass(frozen=True)
class Choice:
    """The rules of a site. A flow is built with them as text, and reads them when it runs."""

    ha_key: str = 'HA_Enabled'
    ha_mode: str = FIRST
    leave_in_error: bool = False
    exclude: str = ''  #: a rule in each line
    priority_key: str = ''

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """Raises ValueError."""
        return parse_rules(self.exclude)

    def plan(
        self, instance: Instance, migrations: Iterable[Migration], *, host: str, storage: Storage
    ) -> Plan:
        """What is to be done with one instance of a failed host: the table's word, and ours."""
        plan = classify(instance, migrations, host=host, storage=storage)
        why = '' if plan.action == 'leave' else self.why_left(instance)
        return replace(plan, action='leave', reason=why) if why else plan

    def why_left(self, instance: Instance) -> str:
        """Why an instance is left although it could be evacuated; '' when it is not."""
        for rule in self.rules:
            if rule.meets(instance):
                return f'left out by the rule {rule.text} ([evacuation] exclude)'
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


def parse_rules(text: str) -> tuple[Rule, ...]:
    """The rules of a text with one in each line. Raises ValueError."""
    return tuple(Rule.parse(line) for line in text.splitlines() if line.strip())


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
            f'the rule {text!r} has {word!r}; give name=PATTERN, project=ID, flavor=NAME, '
            'flavor:SPEC=VALUE, image=ID, metadata:KEY=VALUE or tag=TAG'
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
        'metadata:': instance.metadata.get(key),
    }[field]
    return () if found is None else (found,)
