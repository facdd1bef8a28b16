"""Inputs survive being recorded; what another release recorded is read or refused in a sentence."""

from __future__ import annotations

import collections.abc
import dataclasses
import json
import types
import typing
import zlib
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from drivers.contracts.alarms import Alarm
from drivers.contracts.compute import Service
from recovery.policy import recorded
from recovery.policy.inputs import Inputs, Missing
from recovery.policy.reading import BadRecord, reader

NUMBERS = st.floats(allow_nan=False)
#: What comes as JSON has no infinity in it.
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
SIMPLE: dict[Any, st.SearchStrategy[Any]] = {
    str: st.text(max_size=12), bool: st.booleans(), int: st.integers(), Any: JSON,
    float: NUMBERS | st.integers(), types.NoneType: st.none(), object: JSON,
}  # fmt: skip


def of_type(hint: Any) -> st.SearchStrategy[Any]:
    """Any value that a type allows: of every field there is, also of those that come later."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if hint in SIMPLE:
        return SIMPLE[hint]
    if origin in (types.UnionType, typing.Union):
        return st.one_of([of_type(one) for one in arguments])
    if origin is tuple:
        return st.lists(of_type(arguments[0]), max_size=2).map(tuple)
    if origin is frozenset:
        return st.frozensets(of_type(arguments[0]), max_size=2)
    if origin is collections.abc.Mapping:
        return st.dictionaries(of_type(arguments[0]), of_type(arguments[1]), max_size=2)
    if dataclasses.is_dataclass(hint):
        hints = typing.get_type_hints(hint)
        parts = {one.name: of_type(hints[one.name]) for one in dataclasses.fields(hint)}
        make: Any = hint
        return st.builds(make, **parts)
    return st.from_type(hint)  # an enum


SERVICE = Service('s1', 'compute-01', True, 'up', False, None, 12.5, 'nova')
INPUTS = Inputs(
    'host-down', 'compute-01', 1000.0,
    alarm=Alarm('pager', '7', 'host-down', 'compute-01', 990.0, {'$missing': ['x', {'y': 1}]}),
    services=(SERVICE,), hypervisors=Missing('Nova does not answer'), devices=None,
)  # fmt: skip


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(inputs=of_type(Inputs), may_end=st.booleans())
def test_what_was_recorded_is_read_back(inputs: Inputs, may_end: bool) -> None:
    found = recorded.decode(recorded.encode(inputs, may_end=may_end))
    assert (found.inputs, found.may_end, found.notes) == (inputs, may_end, ())
    through_a_file = json.loads(
        json.dumps(recorded.as_json(inputs, may_end=may_end), allow_nan=False)
    )
    assert recorded.from_json(through_a_file).inputs.services == inputs.services


def test_types_survive_too() -> None:
    found = recorded.decode(recorded.encode(INPUTS, may_end=True)).inputs
    assert found == INPUTS
    assert isinstance(found.services, tuple)
    assert isinstance(found.hypervisors, Missing)
    assert found.devices is None
    assert isinstance(found.own.recoveries, frozenset)


def test_the_same_inputs_are_the_same_bytes() -> None:
    one = dataclasses.replace(
        INPUTS, own=dataclasses.replace(INPUTS.own, recoveries=frozenset({'b', 'a', 'c'}))
    )
    other = dataclasses.replace(
        INPUTS, own=dataclasses.replace(INPUTS.own, recoveries=frozenset({'c', 'b', 'a'}))
    )
    assert recorded.encode(one, may_end=True) == recorded.encode(other, may_end=True)


def test_a_field_that_may_be_missing_is_never_a_mapping() -> None:
    """Nothing could tell a Missing from a mapping with the one key that marks it."""
    for kind in _dataclasses(Inputs, set()):
        for name, hint in typing.get_type_hints(kind).items():
            arguments = typing.get_args(hint)
            origins = {typing.get_origin(one) for one in arguments}
            assert Missing not in arguments or collections.abc.Mapping not in origins, name


def _dataclasses(hint: Any, seen: set[Any]) -> set[Any]:
    if dataclasses.is_dataclass(hint) and hint not in seen:
        seen.add(hint)
        for one in typing.get_type_hints(hint).values():
            _dataclasses(one, seen)
    for one in typing.get_args(hint):
        _dataclasses(one, seen)
    return seen


def as_json() -> dict[str, Any]:
    return recorded.as_json(INPUTS, may_end=True)


def test_a_field_of_a_newer_release_is_noted() -> None:
    newer = as_json()
    newer['inputs']['moon'] = 'full'
    for service in newer['inputs']['services'] * 2:
        service['cell'] = 'cell1'
    found = recorded.from_json(newer)
    assert found.inputs == INPUTS
    assert sorted(found.notes) == [
        'inputs.moon is not known to this release; it was not looked at',
        'inputs.services[].cell is not known to this release; it was not looked at',
    ]


def test_a_field_that_an_older_release_did_not_record_takes_its_default() -> None:
    older = as_json()
    del older['inputs']['windows'], older['inputs']['limits']['attempts']
    found = recorded.from_json(older)
    assert found.inputs == INPUTS
    assert sorted(found.notes) == [
        'inputs.limits.attempts was not recorded; its default is taken',
        'inputs.windows was not recorded; its default is taken',
    ]


@pytest.mark.parametrize(
    ('change', 'said'),
    [
        (lambda one: one.pop('inputs'), 'no recorded inputs'),
        (lambda one: one.update(format=2), 'format 2; this release reads 1'),
        (lambda one: one.update(may_end='yes'), "may_end is 'yes'"),
        (lambda one: one.update(inputs=[]), 'inputs is []; an object is wanted'),
        (lambda one: one['inputs'].pop('subject'), 'inputs has no subject'),
        (lambda one: one['inputs'].update(now='noon'), "inputs.now is 'noon'; a number is wanted"),
        (lambda one: one['inputs'].update(now=True), 'inputs.now is True; a number is wanted'),
        (lambda one: one['inputs'].update(services={'x': 1}), 'inputs.services is'),
        (
            lambda one: one['inputs']['services'][0].update(enabled=1),
            'inputs.services[0].enabled is 1; true or false is wanted',
        ),
        (
            lambda one: one['inputs']['services'][0].pop('host'),
            'inputs.services[0] has no host',
        ),
    ],
)
def test_what_is_no_record_is_refused_in_a_sentence(change: Any, said: str) -> None:
    bad = as_json()
    change(bad)
    with pytest.raises(BadRecord) as caught:
        recorded.from_json(bad)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    'blob', [b'', b'x', zlib.compress(b'{'), zlib.compress(b'7'), zlib.compress(b'[' * 100000)]
)
def test_a_damaged_record_is_refused(blob: bytes) -> None:
    with pytest.raises(BadRecord):
        recorded.decode(blob)


def test_infinite_numbers_are_no_obstacle() -> None:
    odd = dataclasses.replace(INPUTS, now=float('inf'))
    text = json.dumps(recorded.as_json(odd, may_end=True), allow_nan=False)
    assert recorded.from_json(json.loads(text)).inputs == odd


def test_text_that_is_no_unicode_is_no_obstacle() -> None:
    odd = dataclasses.replace(INPUTS, subject='host-\ud800')
    assert recorded.decode(recorded.encode(odd, may_end=True)).inputs == odd


def test_a_type_that_nobody_foresaw_is_our_mistake() -> None:
    with pytest.raises(TypeError, match='say in'):
        reader(complex)
    with pytest.raises(TypeError, match='no form in JSON'):
        recorded.encode(dataclasses.replace(INPUTS, subject=typing.cast(Any, 1j)), may_end=True)
