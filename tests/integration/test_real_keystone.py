"""Tokens of a real Keystone: who may what with us, by the SDK and by our own command."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import openstack
import pytest
import yaml

from tests.integration.real_nova import Cloud
from tests.integration.real_operator import Operator
from tests.integration.real_site import Result, Site
from tests.integration.shared import answers, until
from tests.peers import BmcFarm

MakeSite = Callable[..., Site]
PASSWORD = 'not-a-secret'
HOST = 'compute-01'
STOPPED = {'event': 'STOPPED', 'host_status': 'NORMAL', 'cluster_status': 'OFFLINE'}
YES = ('--yes', '--reason', 'I said so')
LOOKED_AT = re.compile(r'^  "at": .*', re.MULTILINE)  #: the moment of the look itself


@pytest.fixture
def operator(cloud: Cloud, tmp_path: Path) -> Iterator[Operator]:
    """With an auditor of the whole system and a monitor beside her.

    A token of the system is of no project: Keystone shows it no URL that has one.
    """
    with ExitStack() as stack:
        made = Operator(cloud, path='/v1')
        stack.callback(made.close)
        identity = made.identity
        roles = {one.name: one for one in identity.roles()}
        users = {}
        for name in ('auditor', 'monitor'):
            users[name] = identity.create_user(name=name, password=PASSWORD, domain_id='default')
            stack.callback(identity.delete_user, users[name])
        identity.assign_system_role_to_user(users['auditor'], roles['reader'], 'all')
        project = identity.find_project('service', ignore_missing=False)
        identity.assign_project_role_to_user(project, users['monitor'], roles['service'])
        known = yaml.safe_load(made.clouds.read_text())
        for name, scope in (('auditor', {'system_scope': 'all'}),
                            ('monitor', {'project_name': 'service',
                                         'project_domain_id': 'default'})):  # fmt: skip
            login = {'username': name, 'password': PASSWORD, 'user_domain_id': 'default'}
            url = made.config.config['auth']['auth_url']
            known['clouds'][name] = {
                'auth': {'auth_url': url, **login, **scope},
                'region_name': 'RegionOne',
            }
        made.clouds = tmp_path / 'people.yaml'
        made.clouds.write_text(yaml.safe_dump(known))
        yield made


@pytest.fixture
def site(operator: Operator, make_site: MakeSite) -> Site:
    """Nobody works on what is asked for here."""
    made = make_site(**operator.options())
    made.start('api')
    until('the API answers', lambda: answers(operator.address))
    return made


def connect(operator: Operator, name: str) -> Any:
    config = openstack.config.OpenStackConfig(
        config_files=[str(operator.clouds)], load_envvars=False
    )
    found: Any = openstack.connection.Connection(config=config.get_one(name))
    return found.instance_ha


@pytest.mark.slow
def test_who_may_what(operator: Operator, site: Site) -> None:
    forbidden = openstack.exceptions.ForbiddenException
    admin, auditor, monitor, user = (
        connect(operator, name) for name in ('lab', 'auditor', 'monitor', 'lab-demo')
    )
    segment = admin.create_segment(name='hall', recovery_method='auto', service_type='COMPUTE')
    made = admin.create_host(segment.uuid, name=HOST, type='COMPUTE', control_attributes='x')

    assert [one.name for one in auditor.hosts(segment.uuid)] == [HOST]
    with pytest.raises(forbidden, match='recovery:host-set'):
        auditor.update_host(made.uuid, segment_id=segment.uuid, on_maintenance=True)
    with pytest.raises(forbidden, match='recovery:segment-set'):
        auditor.delete_segment(segment.uuid)
    failed = {'type': 'COMPUTE_HOST', 'hostname': HOST, 'generated_time': '2031-01-01T00:00:00'}
    with pytest.raises(forbidden, match='recovery:alarm-raise'):
        auditor.create_notification(**failed, payload=STOPPED)

    said = monitor.create_notification(**failed, payload=STOPPED)
    assert said.status == 'running', said  # held: Nova says that the host is well
    with pytest.raises(forbidden, match='recovery:read'):
        list(monitor.segments())
    with pytest.raises(forbidden, match='recovery:segment-set'):
        monitor.create_segment(name='x', recovery_method='auto', service_type='COMPUTE')

    with pytest.raises(forbidden, match='recovery:read'):
        list(user.segments())
    with pytest.raises(forbidden, match='recovery:alarm-raise'):
        user.create_notification(**failed, payload=STOPPED)
    assert [one.status for one in admin.notifications()] == ['running']


@pytest.mark.slow
def test_our_own_command(operator: Operator, site: Site) -> None:
    def ordered(*words: str, code: int = 0) -> None:
        done = operator.recovery(*words)
        assert done.code == code, f'{words}: {done}'

    def refused(*words: str, cloud: str = 'lab') -> str:
        done = operator.recovery(*words, cloud=cloud)
        assert (done.code, done.out) == (1, ''), f'{words}: {done}'
        return done.err

    assert 'recovery:disarm' in refused('disarm', *YES, cloud='auditor')
    ordered('disarm', *YES)
    ordered('arm', *YES)
    assert 'recovery:alarm-raise' in refused('alarm', 'raise', 'host-down', HOST, cloud='lab-demo')
    ordered('alarm', 'raise', 'host-down', HOST, code=4)  # held: the host lives
    recovery = site.newest('host-down', HOST)
    assert 'recovery:approve' in refused('approve', recovery, *YES, cloud='auditor')
    ordered('approve', recovery, *YES)
    same(operator, site, 'approve', recovery, *YES)
    ordered('cancel', recovery, '--undo', *YES)
    for words in (('list', '--all'), ('show', recovery), ('items', recovery),
                  ('history', recovery)):  # fmt: skip
        assert same(operator, site, *words, '-f', 'json').code == 0
    story = site.told('history', recovery)
    assert {one['Who'] for one in story if one['What'].startswith('approved')} == {'admin'}
    assert operator.recovery('show', recovery, cloud='auditor').code == 0


@contextmanager
def refusing(farms: Iterable[BmcFarm], host: str) -> Iterator[None]:
    """No BMC of the host obeys."""
    with ExitStack() as stack:
        for farm in farms:
            stack.callback(farm.fault, host, 'ok')
            farm.fault(host, 'refuse')
        yield


@pytest.mark.slow
def test_who_may_rerun_what_is_stuck(operator: Operator, make_site: MakeSite) -> None:
    site = make_site(**operator.options(), fencing={'attempts': 1, 'again_seconds': 600})
    site.start('api')
    until('the API answers', lambda: answers(operator.address))
    recovery = site.alarm(HOST)
    assert operator.recovery('approve', recovery, *YES).code == 0
    admin, auditor, monitor = (connect(operator, name) for name in ('lab', 'auditor', 'monitor'))
    path = f'http://{operator.address}/recovery/v1/recoveries/{recovery}/actions'

    def rerun(caller: Any) -> int:
        body = {'action': 'rerun', 'reason': 'the BMC is back', 'items': 'all'}
        return int(caller.session.post(path, json=body, raise_exc=False).status_code)

    with refusing(site.farms.values(), HOST):
        site.start('worker')
        stuck = site.until(recovery, {'waiting'})
        site.kill('worker')
    assert stuck['phase'] == 'fence', stuck
    refused = operator.recovery('rerun', recovery, *YES, cloud='auditor')
    assert refused.code == 1
    assert 'recovery:rerun' in refused.err
    assert (rerun(auditor), rerun(monitor)) == (403, 403)
    assert site.show(recovery)['state'] == 'waiting'

    assert rerun(admin) == 200
    assert rerun(admin) == 409  # it is about to run
    assert operator.recovery('cancel', recovery, '--leave', *YES).code == 0
    assert operator.recovery('rerun', recovery, *YES).code == 0
    assert site.show(recovery)['round'] == 3
    story = site.told('history', recovery)
    assert [one['Who'] for one in story if one['What'].startswith('rerun')] == ['admin'] * 2


def same(operator: Operator, site: Site, *words: str) -> Result:
    """What a command says at the database; fails if it says something else through Keystone."""
    here, there = site.cli(*words), operator.recovery(*words)
    assert (there.code, there.err) == (here.code, here.err)
    said = [LOOKED_AT.sub('', one.out) for one in (here, there)]
    assert said[0] == said[1]
    return here
