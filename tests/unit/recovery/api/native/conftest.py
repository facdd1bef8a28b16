"""A site with a simulated cloud, and somebody who calls its native API."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from werkzeug.test import Client, TestResponse

from drivers.clock import SystemClock
from recovery import plugins
from recovery.api import app
from recovery.api.caller import ENVIRON
from recovery.api.native.openapi import document
from recovery.api.native.table import PREFIX
from recovery.cli import options
from recovery.operate.callers import Caller
from recovery.site import Site
from tests.unit.recovery.cli.site import Operator, cloud, operator

OPERATOR = ('operator,reader,sender',)


def strict(schema: Any) -> Any:
    """The schema of an answer, so that what it does not name is an error."""
    if isinstance(schema, list):
        return [strict(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    found = {key: strict(value) for key, value in schema.items()}
    if 'properties' in found and found.get('type') == 'object':
        found.setdefault('additionalProperties', False)
    return found


class Native:
    """A caller of the API, whose every answer is compared with the OpenAPI document."""

    def __init__(self, site: Site, run: Operator) -> None:
        self.site = site
        self.run = run
        self.said = document()
        self.inside = app.inner(site)
        self.caller = Caller('carol', ('admin',))

    def __call__(
        self, method: str, path: str, body: Any = None, *, status: int = 0, **query: Any
    ) -> Any:
        """What is answered: JSON, or text. Fails when it is not as documented."""
        client = Client(self.inside)
        answer = client.open(
            PREFIX + path,
            method=method,
            query_string=query,
            json=body,
            environ_overrides={ENVIRON: self.caller},
        )
        found = answer.get_json() if answer.is_json else answer.text
        assert not status or answer.status_code == status, found
        self._conform(method, path, answer, found)
        return found

    def get(self, path: str, *, status: int = 200, **query: Any) -> Any:
        return self('GET', path, status=status, **query)

    def post(self, path: str, body: Any, *, status: int = 200) -> Any:
        return self('POST', path, body, status=status)

    def _conform(self, method: str, path: str, answer: TestResponse, found: Any) -> None:
        adapter = self.inside.url_map.bind('localhost')
        rule, _ = adapter.match(PREFIX + path, method=method, return_rule=True)
        name = rule.rule.replace('<', '{').replace('>', '}')
        if name not in self.said['paths']:
            return
        documented = self.said['paths'][name][method.lower()]['responses']
        assert str(answer.status_code) in documented, (answer.status_code, found)
        content = documented[str(answer.status_code)]['content']
        assert answer.mimetype in content
        if answer.is_json:
            schema = content['application/json']['schema']
            whole = strict({**schema, 'components': self.said['components']})
            jsonschema.Draft202012Validator(whole).validate(found)


@pytest.fixture
def native(tmp_path: Path) -> Iterator[Native]:
    with cloud(tmp_path) as (_world, more), operator(tmp_path, more) as run:
        conf = options.load([str(run.config)], [], {})
        clock = SystemClock()
        site = plugins.open_site(conf, clock, run.store)
        yield Native(site, run)
