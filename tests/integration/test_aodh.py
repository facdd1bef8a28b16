"""Aodh's own code posts to us, with the token that it gets for a trust."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from drivers.clock import SystemClock
from recovery.db import tables
from recovery.db.store import Store
from tests.crash.scenery import DATABASE
from tests.integration.masakari_site import PASSWORD, Here, aodh
from tests.integration.shared import until

HOST = 'compute-02'
SOURCES = 'sources: {aodh: {driver: aodh, keystone: true}}\n'

#: Runs in the environment of Aodh: what its notifier does with a message of its evaluator.
NOTIFIER = """
import json, sys, types
from keystoneauth1 import loading
from oslo_config import cfg
from aodh import keystone_client
from aodh.notifier import AlarmEndpoint, rest, trust

conf = cfg.ConfigOpts()
conf.register_opts(rest.OPTS)
keystone_client.register_keystoneauth_opts(conf)
conf([], project='aodh', default_config_files=[])
conf.register_opts(
    loading.get_auth_plugin_conf_options('password'), group=keystone_client.CFG_GROUP)
credentials, alarms = json.loads(sys.argv[1]), json.loads(sys.argv[2])
for name, value in credentials.items():
    conf.set_override(name, value, keystone_client.CFG_GROUP)
notifiers = {
    'http': types.SimpleNamespace(obj=rest.RestAlarmNotifier(conf)),
    'trust+http': types.SimpleNamespace(obj=trust.TrustRestAlarmNotifier(conf)),
}
for alarm in alarms:
    AlarmEndpoint._process_alarm(notifiers, alarm)
"""


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Here]:
    (tmp_path / 'sources.yaml').write_text(SOURCES)
    made = Here(tmp_path, {'sources.file': tmp_path / 'sources.yaml'})
    yield made
    made.close()


def alarm(action: str, current: str = 'alarm') -> dict[str, Any]:
    """What Aodh's evaluator hands to its notifier."""
    return {
        'actions': [action], 'alarm_id': '0ca2845e-c142-4d4b-a346-e495553628ce',
        'alarm_name': f'{HOST} is silent', 'severity': 'critical', 'previous': 'ok',
        'current': current, 'reason': 'Transition to alarm due to 3 samples outside threshold',
        'reason_data': {'type': 'threshold', 'disposition': 'outside', 'count': 3,
                        'most_recent': 0.0},
    }  # fmt: skip


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
        alarm(f'http://{url}/alarms/aodh?host=compute-01'),  # without a token: nobody
        alarm(f'trust+http://a-trust:delete@{url}/alarms/aodh?host={HOST}'),
    ]
    here.run(program, '-c', NOTIFIER, json.dumps(credentials), json.dumps(alarms))
    try:
        until('it is decided', lambda: [one for one in rows() if one['answer']])
        (found,) = rows()
    finally:
        store.close()
    assert (found['source'], found['kind'], found['subject']) == ('aodh', 'host-down', HOST)
    assert found['requested_by'] == 'monitor'
    assert found['recovery'] is not None, found['reason']
    assert found['evidence']['alarm_name'] == f'{HOST} is silent'
