"""The document says all there is, and nothing that there is not."""

from __future__ import annotations

import jsonschema
import pytest

from recovery.api.native.openapi import document
from recovery.api.native.table import PREFIX, ROUTES
from tests.unit.recovery.api.native.conftest import Native

BESIDE = {'native.openapi'}  #: what is no route of the table


def test_it_is_served(native: Native) -> None:
    assert native.get('/openapi.json') == document()
    assert native.get('')['openapi'] == f'{PREFIX}/openapi.json'


def test_every_route_of_the_blueprint_is_in_it(native: Native) -> None:
    said = {
        (path, method.upper())
        for path, methods in document()['paths'].items()
        for method in methods
    }
    there = {
        (rule.rule.replace('<', '{').replace('>', '}'), method)
        for rule in native.inside.url_map.iter_rules()
        if rule.endpoint.startswith('native.') and rule.endpoint not in BESIDE
        for method in rule.methods or ()
        if method not in ('HEAD', 'OPTIONS')
    }
    assert said == there
    assert len(there) == len(ROUTES)


def test_names_are_unique() -> None:
    names = [route.name for route in ROUTES]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize('name', sorted(document()['components']['schemas']))
def test_every_component_is_a_schema_that_something_uses(name: str) -> None:
    said = document()
    jsonschema.Draft202012Validator.check_schema(said['components']['schemas'][name])
    used = str(said['paths']) + str(said['components'])
    assert f'#/components/schemas/{name}' in used


def test_what_it_refers_to_is_there() -> None:
    said = document()
    words = str(said).split("'")
    refs = {word for word in words if word.startswith('#/components/')}
    assert {ref.rpartition('/')[2] for ref in refs} <= set(said['components']['schemas'])
