"""Aodh's own code, in the environment that tools/clients made, told what to do by JSON."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

#: What its API does with an alarm whose action is trust+http, and its notifier with what the
#: evaluator says. Prints one answer for each order: the ID of a trust, a token, or nothing.
PROGRAM = """
import json, sys, types
from keystoneauth1 import loading
from keystoneauth1.identity import v3
from oslo_config import cfg
from aodh import keystone_client
from aodh.notifier import AlarmEndpoint, rest, trust

told = json.load(sys.stdin)
conf = cfg.ConfigOpts()
conf.register_opts(rest.OPTS)
keystone_client.register_keystoneauth_opts(conf)
conf([], project='aodh', default_config_files=[])
conf.register_opts(
    loading.get_auth_plugin_conf_options('password'), group=keystone_client.CFG_GROUP)
conf.set_override('auth_type', 'password', keystone_client.CFG_GROUP)
for name, value in told['credentials'].items():
    conf.set_override(name, value, keystone_client.CFG_GROUP)
notifiers = {
    'http': types.SimpleNamespace(obj=rest.RestAlarmNotifier(conf)),
    'trust+http': types.SimpleNamespace(obj=trust.TrustRestAlarmNotifier(conf)),
}

def made(owner, roles):
    auth = v3.Password(**owner)
    access = auth.get_access(keystone_client.get_session(conf))
    return keystone_client.create_trust_id(conf, access.user_id, access.project_id, roles, auth)

def deleted(owner, trust_id):
    keystone_client.delete_trust_id(conf, trust_id, v3.Password(**owner))

def token(trust_id):
    return keystone_client.get_trusted_session(conf, trust_id).get_token()

def sent(alarm):
    AlarmEndpoint._process_alarm(notifiers, alarm)

for verb, words in told['orders']:
    print(json.dumps(globals()[verb](*words)))
"""

Order = tuple[str, Sequence[Any]]


class Aodh:
    """A service of that name.

    :param program: Python with its code.
    :param credentials: of its own user, as in its [service_credentials].
    """

    def __init__(self, program: Path, credentials: Mapping[str, str]) -> None:
        self._program = program
        self._credentials = dict(credentials)

    def __call__(self, *orders: Order) -> list[Any]:
        """Obey in one process: ``made`` (owner, roles) a trust, ``deleted`` (owner, trust) it,
        ``token`` (trust), and ``sent`` (alarm) to its actions. One answer for each."""
        told = {'credentials': self._credentials, 'orders': orders}
        done = subprocess.run(
            [self._program, '-W', 'ignore', '-c', PROGRAM], input=json.dumps(told),
            capture_output=True, text=True, timeout=120,
        )  # fmt: skip
        assert done.returncode == 0, f'{done.stdout}\n{done.stderr}'
        return [json.loads(line) for line in done.stdout.splitlines()]


def alarm(action: str, host: str, number: str) -> dict[str, Any]:
    """What Aodh's evaluator hands to its notifier.

    :param number: the ID of the alarm.
    """
    return {
        'actions': [action], 'alarm_id': number, 'alarm_name': f'{host} is silent',
        'severity': 'critical', 'previous': 'ok', 'current': 'alarm',
        'reason': 'Transition to alarm due to 3 samples outside threshold',
        'reason_data': {'type': 'threshold', 'disposition': 'outside', 'count': 3,
                        'most_recent': 0.0},
    }  # fmt: skip
