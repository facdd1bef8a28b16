"""JSON into frozen dataclasses, by their type hints; what does not fit is named by its place."""

from __future__ import annotations

import collections.abc
import dataclasses
import enum
import functools
import re
import types
import typing
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from recovery.policy.inputs import Missing

T = TypeVar('T')
MISSING = '$missing'  #: the only key of a Missing
_NOT_FINITE = frozenset({'NaN', 'Infinity', '-Infinity'})

#: A reader takes a value, its place, and the notes that it may add to (a dict for its order).
Notes = dict[str, None]
Reader = Callable[[Any, str, Notes], Any]


class BadRecord(ValueError):
    """What was recorded cannot be read; the message says where, and what is wanted."""


def read(kind: type[T], value: Any, where: str) -> tuple[T, tuple[str, ...]]:
    """A dataclass from JSON, and where the two differ.

    :raises BadRecord: a value of a wrong type, or one missing that has no default.
    """
    notes: Notes = {}
    found: T = _fields(kind, value, where, notes)
    return found, tuple(notes)


@functools.cache
def reader(hint: Any) -> Reader:
    """How values of this type are read. Raises TypeError for one that nobody foresaw."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if hint is Any or hint is object:
        return lambda value, _where, _notes: value
    if hint in _SIMPLE:
        return functools.partial(_simple, *_SIMPLE[hint])
    if origin in (types.UnionType, typing.Union):
        return _union(arguments)
    if origin is tuple and len(arguments) == 2 and arguments[1] is Ellipsis:
        return functools.partial(_many, tuple, reader(arguments[0]))
    if origin in (frozenset, list):
        return functools.partial(_many, origin, reader(arguments[0]))
    if origin in (collections.abc.Mapping, dict) and arguments[0] is str:
        return functools.partial(_mapping, reader(arguments[1]))
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return functools.partial(_member, hint)
    if hint is Missing:
        return _missing
    if dataclasses.is_dataclass(hint):
        return functools.partial(_fields, hint)
    raise TypeError(f'recorded inputs cannot hold {hint!r}: say in {__name__} how it is read')


def _wanted(where: str, value: Any, what: str) -> BadRecord:
    said = repr(value)
    said = said if len(said) <= 60 else f'{said[:57]}...'
    return BadRecord(f'{where} is {said}; {what} is wanted')


def _simple(kinds: tuple[type, ...], what: str, value: Any, where: str, _notes: Notes) -> Any:
    if isinstance(value, kinds) and (bool in kinds or not isinstance(value, bool)):
        return value
    if float in kinds and isinstance(value, str) and value in _NOT_FINITE:
        return float(value)
    raise _wanted(where, value, what)


_SIMPLE: Mapping[Any, tuple[tuple[type, ...], str]] = {
    str: ((str,), 'a text'),
    bool: ((bool,), 'true or false'),
    int: ((int,), 'a whole number'),
    float: ((float, int), 'a number'),
    types.NoneType: ((types.NoneType,), 'null'),
}


def _many(make: Callable[[Any], Any], one: Reader, value: Any, where: str, notes: Notes) -> Any:
    if not isinstance(value, list):
        raise _wanted(where, value, 'a list')
    return make([one(each, f'{where}[{number}]', notes) for number, each in enumerate(value)])


def _mapping(one: Reader, value: Any, where: str, notes: Notes) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _wanted(where, value, 'an object')
    return {key: one(each, f'{where}.{key}', notes) for key, each in value.items()}


def _member(kind: type[enum.Enum], value: Any, where: str, _notes: Notes) -> enum.Enum:
    try:
        return kind(value)
    except ValueError:
        known = ', '.join(str(one.value) for one in kind)
        raise _wanted(where, value, f'one of {known}') from None


def _missing(value: Any, where: str, _notes: Notes) -> Missing:
    if not isinstance(value, dict) or set(value) != {MISSING}:
        raise _wanted(where, value, f'an object with the one key {MISSING}')
    return Missing(str(value[MISSING]))


def _union(arguments: tuple[Any, ...]) -> Reader:
    # Missing is the most particular; of two dataclasses the one that fits better is meant.
    members = [reader(one) for one in sorted(arguments, key=lambda one: one is not Missing)]

    def one_of(value: Any, where: str, notes: Notes) -> Any:
        found: list[tuple[int, Any, Notes]] = []
        errors: list[BadRecord] = []
        for member in members:
            said: Notes = {}
            try:
                answer = member(value, where, said)
            except BadRecord as error:
                errors.append(error)
                continue
            found.append((len(said), answer, said))
            if not said:
                break
        if not found:
            # The one that got furthest says most: a place inside beats the place itself.
            raise max(errors, key=lambda error: len(str(error).partition(' ')[0]))
        _, answer, said = min(found, key=lambda one: one[0])
        notes.update(said)
        return answer

    return one_of


def _fields(kind: Any, value: Any, where: str, notes: Notes) -> Any:
    if not isinstance(value, dict):
        raise _wanted(where, value, 'an object')
    readers, needed = _readers(kind)
    given = {}
    for name, one in value.items():
        if name in readers:
            given[name] = readers[name](one, f'{where}.{name}', notes)
        else:
            said = 'is not known to this release; it was not looked at'
            notes[f'{_place(where)}.{name} {said}'] = None
    for name in readers.keys() - value.keys():
        if name in needed:
            raise BadRecord(f'{where} has no {name}, without which nothing can be decided')
        notes[f'{_place(where)}.{name} was not recorded; its default is taken'] = None
    return kind(**given)


@functools.cache
def _readers(kind: Any) -> tuple[dict[str, Reader], frozenset[str]]:
    hints = typing.get_type_hints(kind)
    fields = [one for one in dataclasses.fields(kind) if one.init]
    none = dataclasses.MISSING
    needed = frozenset(
        one.name for one in fields if one.default is none and one.default_factory is none
    )
    return {one.name: reader(hints[one.name]) for one in fields}, needed


def _place(where: str) -> str:
    """A place without the numbers: one note for a thousand rows."""
    return re.sub(r'\[\d+\]', '[]', where)
