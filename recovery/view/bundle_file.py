"""A bundle as a file: its digest, its layout, and whether it is still what was written."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Iterator, Mapping
from importlib import resources
from typing import Any

FORMAT = 'openstack-recovery bundle'
SCHEMA = 1  #: raised when a reader of the one before would misread it
ALGORITHM = 'sha256'


class BadBundle(ValueError):
    """It is no bundle, or one of another release; the message says which."""


def sealed(body: Mapping[str, Any]) -> dict[str, Any]:
    """A body with the digests of its sections and of the whole."""
    return {
        'format': FORMAT,
        'schema': SCHEMA,
        'digest': {
            'algorithm': ALGORITHM,
            'whole': digest(body),
            'sections': {name: digest(section) for name, section in sorted(body.items())},
        },
        'body': dict(body),
    }


def digest(value: Any) -> str:
    """SHA-256 of the canonical JSON of a value."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()


def canonical(value: Any) -> str:
    """JSON with sorted keys, without spaces, in ASCII: the same value is the same text."""
    return json.dumps(value, sort_keys=True, separators=(',', ':'), allow_nan=False)


def text(document: Mapping[str, Any]) -> Iterator[str]:
    """The lines of the file: one record a line, so that it can be searched and compared."""
    head = {key: document[key] for key in ('format', 'schema', 'digest')}
    yield canonical(head)[:-1] + ',"body":{'
    sections = sorted(document['body'].items())
    for number, (name, section) in enumerate(sections, 1):
        end = '' if number == len(sections) else ','
        if not isinstance(section, list) or not section:
            yield f'{canonical(name)}:{canonical(section)}{end}'
            continue
        yield f'{canonical(name)}:['
        for place, one in enumerate(section, 1):
            yield canonical(one) + ('' if place == len(section) else ',')
        yield f']{end}'
    yield '}}'


def opened(document: Any) -> dict[str, Any]:
    """The body of a document. Raises BadBundle."""
    if not isinstance(document, dict) or document.get('format') != FORMAT:
        raise BadBundle('it is no proof bundle: "recovery bundle ID" writes one')
    if document.get('schema') != SCHEMA:
        raise BadBundle(
            f'it is a bundle of schema {document.get("schema")!r}; this release reads {SCHEMA}'
        )
    body, seal = document.get('body'), document.get('digest')
    if not isinstance(body, dict) or not isinstance(seal, dict):
        raise BadBundle('it is a bundle without a body or without a digest')
    if seal.get('algorithm') != ALGORITHM or not isinstance(seal.get('sections'), dict):
        raise BadBundle(f'its digest is of an unknown form; {ALGORITHM} with sections is wanted')
    return body


def differences(document: Any) -> list[str]:
    """What is no longer as it was written, or not as a bundle has to be; [] when all is well.

    :raises BadBundle: it cannot be looked at at all.
    """
    body = opened(document)
    seal = document['digest']
    found = [f'section {name} was {what}' for name, what in _compared(seal['sections'], body)]
    if seal.get('whole') != digest(body) and not found:
        found.append('the digests of the sections were changed, or that of the whole')
    return [*found, *_misshapen(document)]


def against(body: Mapping[str, Any], stored: Mapping[str, Any]) -> list[str]:
    """Which sections of a body are not what the database says now."""
    but = {'made'}
    now = {name: digest(section) for name, section in stored.items() if name not in but}
    then = {name: section for name, section in body.items() if name not in but}
    return [f'the database has another {name}' for name, _ in _compared(now, then)]


def _compared(then: Mapping[str, str], body: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name in sorted({*then, *body}):
        if name not in body:
            yield name, 'taken out'
        elif name not in then:
            yield name, 'added'
        elif then[name] != digest(body[name]):
            yield name, 'changed'


def _misshapen(document: Any) -> Iterator[str]:
    import jsonschema

    validator = jsonschema.Draft202012Validator(schema())
    for error in sorted(validator.iter_errors(document), key=lambda one: one.json_path):
        said = error.message if len(error.message) < 200 else f'{error.message[:197]}...'
        yield f'{error.json_path} does not follow the schema: {said}'


@functools.cache
def schema() -> Any:
    """The JSON schema of a bundle, as it is shipped."""
    return json.loads(resources.files(__package__).joinpath('bundle.schema.json').read_text())
