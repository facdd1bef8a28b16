"""Credentials by value, by the name of an environment variable, or from a file."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from drivers.contracts.inventory import InventoryError

READABLE_BY_OTHERS = 0o044
REFERENCE = {
    'type': 'object',
    'minProperties': 1,
    'maxProperties': 1,
    'additionalProperties': False,
    'description': '{env: NAME} or {file: PATH}',
    'properties': {'env': {'type': 'string'}, 'file': {'type': 'string'}},
}


def credential_keys(schema: Mapping[str, Any]) -> set[str]:
    """Settings that may be given by reference."""
    properties = schema.get('properties', {})
    return {key for key, part in properties.items() if 'credential' in part or 'secret' in part}


def secret_keys(schema: Mapping[str, Any]) -> set[str]:
    """Settings that nobody else may read."""
    return {key for key, part in schema.get('properties', {}).items() if 'secret' in part}


def with_references(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A driver's schema as the file may fill it: a reference in place of any credential."""
    properties = dict(schema.get('properties', {}))
    for key in credential_keys(schema):
        part = properties[key]
        if part.get('type') == 'object':  # a mapping of secrets, each of them text or a reference
            each = _or_reference(part['additionalProperties'])
            properties[key] = {**part, 'additionalProperties': each}
        else:
            properties[key] = _or_reference(part)
    return {**schema, 'properties': properties}


def _or_reference(part: Mapping[str, Any]) -> dict[str, Any]:
    return {
        'if': {'type': 'object'},
        'then': REFERENCE,
        'else': part,
        'description': 'text, {env: NAME} or {file: PATH}',
    }


def resolved(settings: Mapping[str, Any], schema: Mapping[str, Any], near: Path) -> dict[str, Any]:
    """The settings with every reference replaced by what it stands for.

    :param near: the directory that relative file names start from.
    :raises InventoryError: a variable that is not set, or a file that cannot be read.
    """
    keys = credential_keys(schema)
    found = {}
    for key, value in settings.items():
        if key in keys and _is_mapping_of_secrets(key, schema):
            found[key] = {name: _resolved(name, one, near) for name, one in value.items()}
        else:
            found[key] = _resolved(key, value, near) if key in keys else value
    return found


def _is_mapping_of_secrets(key: str, schema: Mapping[str, Any]) -> bool:
    return bool(schema['properties'][key].get('type') == 'object')


def _resolved(key: str, value: Any, near: Path) -> Any:
    return _value(key, value, near) if isinstance(value, dict) else value


def _value(key: str, reference: Mapping[str, str], near: Path) -> str:
    if 'env' in reference:
        name = reference['env']
        if not os.environ.get(name):
            raise InventoryError(
                f'"{key}" comes from the environment variable {name}, which is not set'
            )
        return os.environ[name]
    file = near / reference['file']
    try:
        text = file.read_text(encoding='utf-8').rstrip('\r\n')
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, 'strerror', None) or 'it is not UTF-8 text'
        raise InventoryError(
            f'"{key}" comes from {file}, which cannot be read: {reason}'
        ) from error
    if not text:
        raise InventoryError(f'"{key}" comes from {file}, which is empty')
    return text


def exposed(
    settings: Mapping[str, Any], schema: Mapping[str, Any], inventory: Path
) -> Iterator[str]:
    """A sentence for each secret of these settings that other users can read."""
    for key, value in sorted(_secrets(settings, schema), key=lambda pair: pair[0]):
        if isinstance(value, str):
            if _readable(inventory):
                yield f'"{key}" can be read by others: chmod 600 {inventory}'
        elif isinstance(value, dict) and 'file' in value:
            file = inventory.parent / value['file']
            if _readable(file):
                yield f'"{key}" can be read by others: chmod 600 {file}'


def _secrets(settings: Mapping[str, Any], schema: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for key in secret_keys(schema) & settings.keys():
        if _is_mapping_of_secrets(key, schema):
            yield from settings[key].items()
        else:
            yield key, settings[key]


def _readable(file: Path) -> bool:
    try:
        return bool(file.stat().st_mode & READABLE_BY_OTHERS)
    except OSError:
        return False
