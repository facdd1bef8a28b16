"""What the tests of webhooks share: secrets, sources, and looks at what is stored."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from werkzeug.test import TestResponse

from recovery.db import tables
from recovery.site import Site
from tests.unit.drivers.alarms import payloads

TOKEN, KEY = 'not-a-secret-token-1', 'not-a-secret-key-0001'
SEAL = 'not-a-secret-key-0002'  #: of another source
SOURCES = """
sources:
  am: {driver: alertmanager, token: {file: token}}
  ends: {driver: alertmanager, token: {file: token}, resolved: cancel-unstarted}
  sealed: {driver: alertmanager, hmac: {file: key2}, resolved: cancel-unstarted}
  signed: {driver: generic, hmac: {file: key}, settings: {host: host, evidence: text}}
  aodh: {driver: aodh, keystone: true}
  kinds: {driver: generic, token: {file: token}, settings: {each: parts, host: host, kind: kind}}
"""
BEARER = {'Authorization': f'Bearer {TOKEN}'}
Post = Callable[..., TestResponse]


def rows(here: Site, table: sa.Table) -> list[sa.RowMapping]:
    with here.store.read() as connection:
        return list(connection.execute(sa.select(table)).mappings())


def said(response: TestResponse) -> str:
    ((_, inner),) = response.get_json().items()
    return str(inner['message'])


def alert(host: str = 'compute-01', status: str = 'firing', **more: Any) -> dict[str, Any]:
    return payloads.alert(host, status, **more)


def state(here: Site) -> str:
    (row,) = rows(here, tables.recovery)
    return str(row['state'])
