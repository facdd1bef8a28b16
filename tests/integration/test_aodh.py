"""Aodh's own code posts to us, with the token that it gets for a trust."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from drivers.clock import SystemClock
from recovery.db import tables
from recovery.db.store import Store
from tests.crash.scenery import DATABASE
from tests.integration.aodh_sender import Aodh, alarm
from tests.integration.masakari_site import PASSWORD, Here, aodh
from tests.integration.shared import until

HOST = 'compute-02'
SOURCES = 'sources: {aodh: {driver: aodh, keystone: true}}\n'
ALARM = '0ca2845e-c142-4d4b-a346-e495553628ce'


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Here]:
    (tmp_path / 'sources.yaml').write_text(SOURCES)
    made = Here(tmp_path, {'sources.file': tmp_path / 'sources.yaml'})
    yield made
    made.close()


def test_an_alarm_whose_action_is_a_trust(here: Here, tmp_path: Path) -> None:
    program, url = aodh(), here.url.removesuffix('/v1').removeprefix('http://')
    store = Store(f'sqlite:///{tmp_path / DATABASE}', SystemClock())

    def rows() -> list[sa.RowMapping]:
        with store.read() as connection:
            return list(connection.execute(sa.select(tables.alarm)).mappings())

    here.world.crash(HOST)
    credentials = {
        'auth_url': here.keystone, 'username': 'monitor', 'password': PASSWORD,
        'user_domain_name': 'Default',
    }  # fmt: skip
    alarms = [
        # Without a token it comes from nobody.
        alarm(f'http://{url}/alarms/aodh?host=compute-01', 'compute-01', ALARM),
        alarm(f'trust+http://a-trust:delete@{url}/alarms/aodh?host={HOST}', HOST, ALARM),
    ]
    Aodh(program, credentials)(*(('sent', [one]) for one in alarms))
    try:
        until('it is decided', lambda: [one for one in rows() if one['answer']])
        (found,) = rows()
    finally:
        store.close()
    assert (found['source'], found['kind'], found['subject']) == ('aodh', 'host-down', HOST)
    assert found['requested_by'] == 'monitor'
    assert found['recovery'] is not None, found['reason']
    assert found['evidence']['alarm_name'] == f'{HOST} is silent'
