"""The body of a request: bounded before it is read, checked before it is used."""

from __future__ import annotations

import functools
import json
import math
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import flask
import jsonschema
from jsonschema.exceptions import ValidationError, best_match

from drivers.alarms import body as lenient
from recovery.api.faults import Fault

TYPES = frozenset({'application/json', 'application/vnd.openstack.masakari+json'})
MESSAGE = 300  #: characters of a complaint; it may repeat what was sent
NUMBER = 2**63  #: what a column of the database holds


def json_body(schema: Mapping[str, Any], *, key: str | None = None) -> dict[str, Any]:
    """The body of this request, as an object that fits the schema.

    :param schema: JSON schema of the object.
    :param key: the one key of the body that holds the object, as in ``{"segment": {...}}``; None:
        the body is the object.
    :raises Fault: 413 too long, 415 no JSON by its content type, 400 anything else.
    """
    kind = flask.request.mimetype
    data = raw()
    if kind not in TYPES and (data or kind):
        raise Fault(415, 'The body has to be JSON: send Content-Type: application/json.')
    value = parse(data)
    if not data.strip():
        wanted = f'an object {{"{key}": {{...}}}}' if key else 'an object'
        raise Fault(400, f'The body is empty: send {wanted} as JSON.')
    if key is not None:
        schema = {
            'type': 'object',
            'properties': {key: schema},
            'required': [key],
            'additionalProperties': False,
        }
    check(value, schema)
    found: dict[str, Any] = value if key is None else value[key]
    return found


def raw() -> bytes:
    """The bytes of the body, for signatures over them. Raises Fault (413)."""
    # Werkzeug reads no further than the limit of the application, and says 413.
    return flask.request.get_data(cache=True)


def parse(data: bytes) -> Any:
    """JSON within the limits; None when there is no body at all. Raises Fault (400)."""
    value = _loads(data, 'utf-8', _whole, _real)
    for one in _parts(value):
        if isinstance(one, str):
            _refuse_text(one)
    return value


def parse_message(data: bytes) -> Any:
    """Likewise for webhooks: what a database does not take is replaced, and not refused, since
    one bad character would lose all alarms of the message."""
    value = _loads(data, 'utf-8-sig', lenient.whole, lenient.real)
    for _ in _parts(value):
        pass
    return lenient.mended(value)


def _loads(
    data: bytes, encoding: str, whole: Callable[[str], Any], real: Callable[[str], Any]
) -> Any:
    if not data.strip():
        return None
    _refuse_deep(data, flask.current_app.config['RECOVERY_MAX_DEPTH'])
    try:
        return json.loads(
            data.decode(encoding), parse_constant=_constant, parse_int=whole, parse_float=real
        )
    except UnicodeDecodeError as error:
        raise Fault(400, f'Malformed request body: it is not UTF-8 ({error.reason}).') from error
    except json.JSONDecodeError as error:
        where = f'line {error.lineno} column {error.colno}'
        raise Fault(400, f'Malformed request body: {error.msg} at {where}.') from error
    except (ValueError, RecursionError) as error:
        raise Fault(400, f'Malformed request body: {error}.') from error


@functools.cache
def _ending(pattern: str) -> re.Pattern[str]:
    """As ECMA-262 means it, in whose words schemas are written: no newline may follow ``$``."""
    return re.compile(f'{pattern[:-1]}\\Z' if pattern.endswith('$') else pattern)


def _matches(
    _validator: Any, pattern: str, value: Any, _schema: Mapping[str, Any]
) -> Iterator[ValidationError]:
    if isinstance(value, str) and not _ending(pattern).search(value):
        yield ValidationError(f'{value!r} does not match {pattern!r}')


_Validator = jsonschema.validators.extend(  # type: ignore[no-untyped-call]
    jsonschema.Draft202012Validator, {'pattern': _matches}
)


def check(value: Any, schema: Mapping[str, Any]) -> None:
    """Compare with a schema. Raises Fault (400), naming the part that does not fit."""
    validator = _Validator(schema, format_checker=_Validator.FORMAT_CHECKER)
    error = best_match(validator.iter_errors(value))
    if error is None:
        return
    where = '.'.join(str(part) for part in error.absolute_path)
    said = _complaint(error)
    said = said if len(said) <= MESSAGE else f'{said[:MESSAGE]}...'
    raise Fault(400, f'Invalid input for {where}: {said}' if where else f'Invalid input: {said}')


def _complaint(error: ValidationError) -> str:
    """In our words where the schema has some: people read no regular expressions."""
    schema = error.schema if isinstance(error.schema, Mapping) else {}
    if error.validator not in ('anyOf', 'not', 'pattern') or 'description' not in schema:
        return error.message
    if isinstance(error.instance, str):
        return f'{error.instance!r} does not fit; it has to be {schema["description"]}'
    return f'it has to be {schema["description"]}'


def _refuse_deep(data: bytes, most: int) -> None:
    """Count brackets before a parser does: it would use a frame of the stack for each."""
    depth, inside, escaped = 0, False, False
    for byte in data:
        if inside:
            if escaped:
                escaped = False
            elif byte == 0x5C:
                escaped = True
            elif byte == 0x22:
                inside = False
        elif byte == 0x22:
            inside = True
        elif byte in b'[{':
            depth += 1
            if depth > most:
                raise Fault(400, f'Malformed request body: more than {most} levels deep.')
        elif byte in b']}':
            depth -= 1


def _parts(value: Any) -> Iterator[Any]:
    """Each key and value, and no more than anybody needs. Raises Fault (400)."""
    most = flask.current_app.config['RECOVERY_MAX_VALUES']
    left, seen = [value], 0
    while left:
        one = left.pop()
        seen += 1
        yield one
        if isinstance(one, dict):
            left += [*one, *one.values()]
        elif isinstance(one, list):
            left += one
        if seen + len(left) > most:
            raise Fault(400, f'Malformed request body: more than {most} keys and values.')


def _refuse_text(text: str) -> None:
    if '\0' in text:
        raise Fault(400, 'Malformed request body: a text with the character U+0000.')
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise Fault(400, 'Malformed request body: half of a surrogate pair.') from error


def _constant(name: str) -> Any:
    raise ValueError(f'{name} is no JSON')


def _whole(digits: str) -> int:
    if len(digits) > 20 or not -NUMBER <= int(digits) < NUMBER:
        raise ValueError('a number does not fit into 64 bits')
    return int(digits)


def _real(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise ValueError('a number is too large')
    return value
