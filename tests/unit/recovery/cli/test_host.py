"""host list, show, check, return, maintenance; plan; doctor."""

from __future__ import annotations

import pytest

from tests.unit.recovery.cli.conftest import Site
from tests.unit.recovery.cli.site import Operator

YES = ('--yes', '--reason', 'disk swap')


def test_list_joins_nova_inventory_and_memory(site: Site) -> None:
    live = site.run.recovery('compute-02', 'waiting')
    site.run('host', 'maintenance', 'compute-03', 'on', *YES)
    done = site.run('host', 'list', '-f', 'json')
    assert done.code == 0, done.err
    assert done.json == [
        {'Host': 'compute-01', 'Nova': 'up', 'Fencing': 'bmc', 'Path': '', 'Marks': '',
         'Recovery': '', 'State': ''},
        {'Host': 'compute-02', 'Nova': 'up', 'Fencing': 'bmc', 'Path': '', 'Marks': '',
         'Recovery': live, 'State': 'waiting'},
        {'Host': 'compute-03', 'Nova': 'up', 'Fencing': 'bmc', 'Path': '',
         'Marks': 'maintenance by bob', 'Recovery': '', 'State': ''},
    ]  # fmt: skip


def test_list_without_a_cloud_shows_what_we_know_and_says_what_is_away(run: Operator) -> None:
    run('host', 'maintenance', 'compute-03', 'on', *YES)
    done = run('host', 'list', '-f', 'json')
    assert done.code == 5
    assert 'Nova: ' in done.err
    assert [(row['Host'], row['Nova']) for row in done.json] == [('compute-03', 'unknown')]


def test_show_asks_the_devices(site: Site) -> None:
    found = site.run('host', 'show', 'compute-01', '-f', 'json').json
    assert (found['nova'], found['instances']) == ('up', {'active': 2})
    device = found['devices'][0]
    assert (device['name'], device['power'], device['verdict']) == ('bmc', 'on', 'not enrolled')
    assert 'level 1 bmc at' in site.run('host', 'show', 'compute-01').out
    unknown = site.run('host', 'show', 'compute-77')
    assert unknown.code == 1
    assert 'compute-01' in unknown.err


def test_check_enrols_and_notices_a_change(site: Site) -> None:
    assert (
        site.run('host', 'check', 'compute-01', '-f', 'json').json[0]['Verdict'] == 'not enrolled'
    )
    assert site.run.rows('host') == [], 'a look never writes'
    assert site.run('host', 'check', 'compute-01', '--enrol').code == 2
    assert site.run('host', 'check', 'compute-01', '--enrol', '--yes').code == 0
    assert site.run('host', 'check', 'compute-01', '-f', 'json').json[0]['Verdict'] == 'ok'
    site.world.swap_bmcs('compute-01', 'compute-02')
    done = site.run('host', 'check', 'compute-01', '-f', 'json')
    assert (done.code, done.json[0]['Verdict']) == (1, 'changed')


def test_check_of_a_device_that_does_not_answer_is_5(site: Site) -> None:
    with site.world:
        site.world.hosts['compute-01'].feeds = {'a': False}  # its BMC has no current
    done = site.run('host', 'check', 'compute-01', '-f', 'json')
    assert (done.code, done.json[0]['Verdict']) == (5, 'unreachable')


def test_check_without_an_inventory_entry_says_where_to_add_it(site: Site) -> None:
    done = site.run('host', 'check', 'other-01')
    assert done.code == 1
    assert 'fencing.yaml' in done.err


def test_a_broken_inventory_is_named(site: Site) -> None:
    (site.run.folder / 'fencing.yaml').write_text('patterns:\n  - match: [\n')
    done = site.run('host', 'check', 'compute-01')
    assert done.code == 2
    assert 'fencing.yaml' in done.err
    assert 'Traceback' not in done.err


def test_maintenance_needs_a_reason_and_is_set_once(run: Operator) -> None:
    assert run('host', 'maintenance', 'compute-01', 'on', '--yes').code == 2
    assert run('host', 'maintenance', 'compute-01', 'on', *YES).code == 0
    again = run('host', 'maintenance', 'compute-01', 'on', *YES)
    assert (again.code, 'already, by bob: disk swap' in again.err) == (1, True)
    assert run('host', 'maintenance', 'compute-01', 'off', '--yes').code == 0
    assert run('host', 'maintenance', 'compute-01', 'off', '--yes').code == 1


def test_return_of_a_host_under_recovery_names_it(site: Site) -> None:
    live = site.run.recovery('compute-01', 'waiting')
    done = site.run('host', 'return', 'compute-01', '--yes')
    assert done.code == 1
    assert live[:8] in done.out


def test_return_begins_a_recovery(site: Site) -> None:
    site.run.add('host', name='compute-01', maintenance=False, failed_by='x' * 36, carries=[],
                 identities={})  # fmt: skip
    refused = site.run('host', 'return', 'compute-01', *YES)
    assert refused.code == 1
    assert 'next: recovery host return compute-01 --accept-leftovers' in refused.out
    assert site.run('host', 'return', 'compute-01', '--accept-leftovers', '--yes').code == 2
    done = site.run('host', 'return', 'compute-01', '--accept-leftovers', *YES)
    assert done.code == 0, done.out + done.err
    row = site.run.rows('recovery')[0]
    assert (row['kind'], row['state'], row['requested_by']) == ('host-return', 'ready', 'bob')


def test_plan_asks_the_gates_and_writes_nothing(site: Site) -> None:
    done = site.run('plan', 'compute-01')
    assert done.code == 4, done.err
    assert 'An alarm host-down compute-01 now: hold' in done.out
    assert 'fence level 1: bmc at' in done.out
    assert '2 instances:' in done.out
    found = site.run('plan', 'compute-01', '-f', 'json').json
    assert (found['answer'], found['gate']) == ('hold', 'nova')
    for table in ('alarm', 'decision', 'event', 'recovery', 'host'):
        assert site.run.rows(table) == []
    assert site.run('plan', 'compute-77').code == 1
    assert site.run('plan', 'compute-01', '--kind', 'host-gone').code == 1


def test_doctor_of_a_sound_site(site: Site) -> None:
    now = site.run.store.clock.now()
    for kind in ('worker', 'watcher'):
        for host in ('ctl-1', 'ctl-2'):
            site.run.add('worker', name=f'{kind}-{host}', kind=kind, host=host, pid=1, version='1',
                         started_at=now, seen_at=now)  # fmt: skip
    for host in ('compute-01', 'compute-02', 'compute-03'):
        site.run('host', 'check', host, '--enrol', '--yes')
    done = site.run('doctor', '--devices', '-f', 'json')
    assert done.code == 0, done.out
    found = {(row['State'], row['Check']) for row in done.json}
    assert ('ok', 'nova') in found
    assert ('ok', 'inventory') in found
    assert ('ok', 'device of compute-03') in found
    assert ('warn', 'database') in found  # SQLite, and what that means


def test_doctor_says_what_to_do(run: Operator) -> None:
    run('disarm', '--yes', '--reason', 'restored from a backup')
    done = run('doctor')
    assert done.code == 1
    for words in (
        'none is alive',
        'start recovery-worker',
        '-> recovery arm',
        'fencing.yaml',
        '[compute] cloud',
    ):
        assert words in done.out, words  # fmt: skip


def test_doctor_names_what_dies_with_a_host(site: Site) -> None:
    now = site.run.store.clock.now()
    site.run.add('worker', name='w1', kind='standalone', host='compute-02', pid=1, version='1',
                 started_at=now, seen_at=now)  # fmt: skip
    found = site.run('doctor', '-f', 'json').json
    line = next(row for row in found if row['Check'] == 'if compute-02 dies')
    assert (line['State'], 'standalone w1' in line['Finding']) == ('bad', True)


@pytest.mark.parametrize('words', [['host', 'show', 'compute-01'], ['doctor'], ['host', 'list']])
def test_a_cloud_that_is_away_is_5(site: Site, words: list[str]) -> None:
    text = (site.run.folder / 'clouds.yaml').read_text()
    url = text.split('auth_url: ')[1].split('/identity')[0]
    dead = text.replace(url, 'http://127.0.0.1:9')
    (site.run.folder / 'clouds.yaml').write_text(dead)
    assert site.run(*words).code == 5


def test_wrong_credentials_are_a_sentence(site: Site) -> None:
    clouds = site.run.folder / 'clouds.yaml'
    clouds.write_text(clouds.read_text().replace('password: simulated', 'password: wrong'))
    done = site.run('doctor')
    assert done.code == 1
    assert 'wrong' not in done.out.replace('is wrong', '')
    assert 'the admin role is needed' in done.out
