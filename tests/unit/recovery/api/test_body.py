"""Bodies: bounded before they are read, and every bad one has a sentence of its own."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from recovery.api import body, rooms
from recovery.api.faults import Fault
from recovery.api.native import schemas
from tests.unit.recovery.api import asking
from tests.unit.recovery.api.conftest import Make

SCHEMA = {
    'type': 'object',
    'properties': {'name': {'type': 'string', 'minLength': 1}, 'more': {}},
    'required': ['name'],
}
EITHER = {'anyOf': [{'required': ['a']}, {'required': ['b']}], 'description': 'with a or b'}
JSON = 'application/json'


@pytest.fixture
def inside(make: Make, monkeypatch: pytest.MonkeyPatch) -> asking.Inside:
    plain = ('POST', '/toys', lambda: body.json_body(SCHEMA))
    keyed = ('POST', '/keyed', lambda: body.json_body(SCHEMA, key='toy'))
    hook = ('POST', '/hook', lambda: [body.parse_message(body.raw())])
    monkeypatch.setattr(rooms, 'ROOMS', (asking.room(plain, keyed, hook),))
    return asking.Inside(make(max_body=2000, max_depth=5, max_values=100))


def post(inside: asking.Inside, data: Any, path: str = '/toys', kind: str | None = JSON) -> Any:
    return inside.ask('POST', path, data=data, content_type=kind)


def test_what_fits_is_given_to_the_view(inside: asking.Inside) -> None:
    for kind in (
        JSON,
        'application/vnd.openstack.masakari+json',
        'application/json; charset=UTF-8',
    ):
        answer = post(inside, '{"name": "ä", "more": [1, 2.5, null, true]}', kind=kind)
        assert answer.status_code == 200, answer.text
        assert answer.get_json() == {'name': 'ä', 'more': [1, 2.5, None, True]}
    assert post(inside, '{"toy": {"name": "a"}}', '/keyed').get_json() == {'name': 'a'}


@pytest.mark.parametrize(
    ('data', 'words'),
    [
        (b'', 'The body is empty: send an object as JSON.'),
        (b'  \n', 'The body is empty'),
        (b'{', 'Malformed request body: Expecting property name'),
        (b'\xff\xfe', 'it is not UTF-8'),
        (b'[]', "[] is not of type 'object'"),
        (b'"x"', 'is not of type'),
        (b'{}', "'name' is a required property"),
        (b'{"name": 1}', "Invalid input for name: 1 is not of type 'string'"),
        (b'{"name": ""}', 'Invalid input for name'),
        (b'{"name": "\\u0000"}', 'U+0000'),
        (b'{"name": "\\ud800"}', 'half of a surrogate pair'),
        (b'{"\\ud800": 1, "name": "a"}', 'half of a surrogate pair'),
        (b'{"name": "a", "more": NaN}', 'NaN is no JSON'),
        (b'{"name": "a", "more": -Infinity}', '-Infinity is no JSON'),
        (b'{"name": "a", "more": 1e999}', 'a number is too large'),
        (b'{"name": "a", "more": 9223372036854775808}', 'does not fit into 64 bits'),
        (b'{"name": "a", "more": ' + b'9' * 1500 + b'}', 'does not fit into 64 bits'),
        (b'{"name": "a", "more": [[[[[1]]]]]}', 'more than 5 levels deep'),
        (b'[' * 1900, 'more than 5 levels deep'),
        (json.dumps({'name': 'a', 'more': list(range(100))}).encode(), 'more than 100 keys'),
        (json.dumps({f'k{n}': n for n in range(60)}).encode(), 'more than 100 keys'),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_named(inside: asking.Inside, data: bytes, words: str) -> None:
    answer = post(inside, data)
    name, message = asking.said(answer)
    assert (answer.status_code, name) == (400, 'badRequest')
    assert words in message
    assert len(message) < 400


@pytest.mark.parametrize(
    ('data', 'found'),
    [
        (b'\xef\xbb\xbf{"a": 1}', {'a': 1}),
        (b'["a\\u0000", "\\ud800b", {"\\udfff": 1}]', ['a\ufffd', '\ufffdb', {'\ufffd': 1}]),
        (b'[9223372036854775808, 1e999]', ['9223372036854775808', '1e999']),
        (b' ', None),
    ],
)
def test_what_a_database_does_not_take_is_replaced_in_webhooks(
    inside: asking.Inside, data: bytes, found: Any
) -> None:
    answer = post(inside, data, '/hook')
    assert (answer.status_code, answer.get_json()) == (200, [found])


@pytest.mark.parametrize(
    ('data', 'words'),
    [
        (b'{', 'Malformed request body: Expecting property name'),
        (b'\xff\xfe', 'it is not UTF-8'),
        (b'[NaN]', 'NaN is no JSON'),
        (b'[' * 1900, 'more than 5 levels deep'),
        (json.dumps(list(range(100))).encode(), 'more than 100 keys'),
    ],
)
def test_webhooks_have_the_same_limits(inside: asking.Inside, data: bytes, words: str) -> None:
    answer = post(inside, data, '/hook')
    assert answer.status_code == 400
    assert words in asking.said(answer)[1]


def test_brackets_in_texts_are_no_levels(inside: asking.Inside) -> None:
    assert post(inside, json.dumps({'name': '[[[[[[[["[[[\\"[[['})).status_code == 200


def test_a_body_that_is_too_long_is_413_whatever_it_is(inside: asking.Inside) -> None:
    answer = post(inside, b'x' * 2001)
    assert asking.said(answer) == (
        'overLimit', 'The body of the request is too long: see [api] max_body.'
    )  # fmt: skip
    assert answer.status_code == 413
    assert post(inside, json.dumps({'name': 'x' * 1900})).status_code == 200


@pytest.mark.parametrize('kind', ['text/plain', 'application/x-www-form-urlencoded', None, 'x'])
def test_another_content_type_is_415(inside: asking.Inside, kind: str | None) -> None:
    answer = post(inside, '{"name": "a"}', kind=kind)
    assert (answer.status_code, asking.said(answer)[0]) == (415, 'badMediaType')


def test_the_key_around_is_the_only_one(inside: asking.Inside) -> None:
    wrong = ('{"name": "a"}', '{"toy": {"name": "a"}, "x": 1}', '{"toy": null}', '{"toy": {}}')
    for data in wrong:
        assert post(inside, data, '/keyed').status_code == 400
    assert 'Invalid input for toy: ' in asking.said(post(inside, '{"toy": {}}', '/keyed'))[1]


@pytest.mark.parametrize(
    ('schema', 'good'),
    [
        (schemas.HOST, 'compute-01'),
        (schemas.ID, '1f6c02e9'),
        (schemas.NUMBER, '12'),
        (schemas.TIME, '2031-05-17T03:10:22Z'),
        (schemas.HAPPENED, '2031-05-17T03:10:22.5+02:00'),
        (schemas.SINCE, '2h'),
    ],
)
def test_a_newline_behind_what_fits_does_not(schema: schemas.Schema, good: str) -> None:
    body.check(good, schema)
    for bad in (f'{good}\n', f'\n{good}', f'{good}\r', good.replace('2', '\u0662')):
        if bad != good:
            with pytest.raises(Fault, match=re.escape(repr(bad)[1:-1])):
                body.check(bad, schema)


def test_what_may_have_lines_has_them() -> None:
    body.check('the rack\nwas moved\n', schemas.WHY)
    for bad in ('\n', '', ' \u00a0', 'a\0b'):
        with pytest.raises(Fault):
            body.check(bad, schemas.WHY)


@pytest.mark.parametrize(
    ('schema', 'bad', 'words'),
    [
        (schemas.SINCE, 'yesterday', "'yesterday' does not fit; it has to be a time with a zone"),
        (schemas.TIME, '2031-05-17 03:10:22', 'with a zone: 2031-05-17T03:10:22Z'),
        (schemas.HOST, 'a b', "'a b' does not fit; it has to be a host as Nova spells it"),
        (schemas.WHY, ' ', "' ' does not fit; it has to be a reason, in words"),
        (EITHER, {}, 'it has to be with a or b'),
        ({'not': {'required': ['a']}, 'description': 'without a'}, {'a': 1}, 'be without a'),
    ],
)
def test_a_complaint_says_what_would_be_right(
    schema: schemas.Schema, bad: object, words: str
) -> None:
    with pytest.raises(Fault, match='Invalid input: ') as raised:
        body.check(bad, schema)
    assert words in raised.value.message
    assert '^' not in raised.value.message
