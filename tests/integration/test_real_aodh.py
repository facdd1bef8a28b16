"""Aodh's own code posts to us with the tokens of trusts, which a real Keystone makes and checks."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from drivers.clock import SystemClock
from recovery.db import tables
from recovery.db.store import Store
from tests.integration.aodh_sender import Aodh, alarm
from tests.integration.masakari_site import aodh
from tests.integration.real_nova import Cloud
from tests.integration.real_operator import Operator
from tests.integration.real_site import Site
from tests.integration.shared import answers, until

MakeSite = Callable[..., Site]
PASSWORD = 'not-a-secret'
SOURCES = 'sources: {aodh: {driver: aodh, keystone: true}}\n'
PATH = '/alarms/aodh'
HOST = 'compute-01'
FIRST, FORBIDDEN, LATE = 'a' * 32, 'b' * 32, 'c' * 32  #: alarms of Aodh
REMEMBERED = 2  #: seconds for which we believe a token that Keystone knew
#: Who has alarms at Aodh, and the role in the project that the trust is about.
OWNERS = {'watchman': ('service', 'service'), 'tenant': ('member', 'demo')}

Owners = Mapping[str, Mapping[str, str]]


@pytest.fixture
def operator(cloud: Cloud) -> Iterator[Operator]:
    made = Operator(cloud, path='/v1')
    yield made
    made.close()


@pytest.fixture
def owners(operator: Operator) -> Iterator[Owners]:
    """How each of them logs in; and Aodh's own user, which nobody gave a role."""
    identity = operator.identity
    roles = {one.name: one for one in identity.roles()}
    url = operator.config.config['auth']['auth_url']
    with ExitStack() as stack:
        found = {}
        for name in ('aodh', *OWNERS):
            user = identity.create_user(name=name, password=PASSWORD, domain_id='default')
            stack.callback(identity.delete_user, user)
            found[name] = {'auth_url': url, 'username': name, 'password': PASSWORD}
            if name not in OWNERS:
                found[name] |= {'user_domain_name': 'Default'}
                continue
            role, where = OWNERS[name]
            project = identity.find_project(where, ignore_missing=False)
            identity.assign_project_role_to_user(project, user, roles[role])
            found[name] |= {
                'user_domain_id': 'default', 'project_name': where, 'project_domain_id': 'default',
            }  # fmt: skip
        yield found


@pytest.fixture
def site(operator: Operator, make_site: MakeSite, tmp_path: Path) -> Site:
    """With an API, and nobody who works."""
    (tmp_path / 'sources.yaml').write_text(SOURCES)
    options: dict[str, dict[str, Any]] = {
        **operator.options(), 'sources': {'file': tmp_path / 'sources.yaml'},
    }  # fmt: skip
    options['keystone_authtoken']['token_cache_time'] = REMEMBERED
    made = make_site(**options)
    made.start('api')
    until('the API answers', lambda: answers(operator.address))
    return made


def taken(site: Site) -> list[dict[str, Any]]:
    """The alarms that are stored."""
    store = Store(site.database, SystemClock())
    try:
        with store.read() as connection:
            return [dict(row) for row in connection.execute(sa.select(tables.alarm)).mappings()]
    finally:
        store.close()


def shown(operator: Operator, token: str) -> int:
    """What somebody is answered who shows this token."""
    host, _, port = operator.address.partition(':')
    connection = http.client.HTTPConnection(host, int(port), timeout=30)
    try:
        headers = {'X-Auth-Token': token, 'Content-Type': 'application/json'}
        body = json.dumps(alarm('', HOST, FIRST))
        connection.request('POST', f'{PATH}?host={HOST}', body, headers)
        return connection.getresponse().status
    finally:
        connection.close()


@pytest.mark.slow
def test_a_trust_is_worth_what_its_owner_may(
    operator: Operator, owners: Owners, site: Site
) -> None:
    service = Aodh(aodh(), owners['aodh'])

    def url(trust: str) -> str:
        return f'trust+http://{trust}:delete@{operator.address}{PATH}?host={HOST}'

    allowed, not_allowed = service(
        *(('made', [owners[name], [role]]) for name, (role, _) in OWNERS.items())
    )
    service(('sent', [alarm(url(not_allowed), HOST, FORBIDDEN)]))
    assert taken(site) == []
    assert "'/alarms/aodh' is answered 403: " in site.logs()
    assert 'recovery:alarm-raise' in site.logs()

    token = service(
        ('sent', [alarm(url(allowed), HOST, FIRST)]),
        ('token', [allowed]),
    )[1]
    (found,) = taken(site)
    assert (found['source'], found['kind'], found['subject']) == ('aodh', 'host-down', HOST)
    assert found['requested_by'] == 'watchman'  # whose trust it is, not the user of Aodh
    assert found['answer'] == 'hold', found['reason']  # Nova says that the host is well

    assert shown(operator, token) == 202
    service(('deleted', [owners['watchman'], allowed]))
    until('the token is worth nothing', lambda: shown(operator, token) == 401)
    known = {one['id'] for one in taken(site)}
    service(('sent', [alarm(url(allowed), HOST, LATE)]))  # Keystone gives it no token
    assert {one['id'] for one in taken(site)} == known
