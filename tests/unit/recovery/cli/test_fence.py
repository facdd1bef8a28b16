"""fence status, fence test; and the verdict in host list and host show."""

from __future__ import annotations

import pytest

from tests.unit.recovery.cli.conftest import Site
from tests.unit.recovery.cli.site import Operator

HOST = 'compute-01'


def enrol(site: Site) -> None:
    for host in sorted(site.world.hosts):
        assert site.run('host', 'check', host, '--enrol', '--yes').code == 0


def stored(run: Operator, host: str = HOST, verdict: str = 'broken: off should not work') -> None:
    now = run.store.clock.now()
    device = {'level': 1, 'name': 'bmc', 'kind': 'ipmi', 'address': '10.0.0.1:623',
              'power': 'unknown', 'identity': None, 'enrolled': None, 'health': 'unreachable',
              'may_power_on': True, 'error': 'no answer'}  # fmt: skip
    run.add('fence_path', host=host, off_works=False, on_works=True, verdict=verdict,
            devices=[device], at=now - 60, since=now - 7200)  # fmt: skip


def test_all_well_is_0_and_switches_nothing(site: Site) -> None:
    enrol(site)
    done = site.run('fence', 'test', '--all', '-f', 'json')
    assert done.code == 0, done.err
    assert [(row['Host'], row['State'], row['Power']) for row in done.json] == [
        (host, 'ok', 'on') for host in ('compute-01', 'compute-02', 'compute-03')
    ]
    kinds = {one.kind for one in site.world.faults.requests if one.kind.startswith('bmc.')}
    assert kinds == {'bmc.power-state', 'bmc.identity'}
    screen = site.run('fence', 'test', HOST).out
    assert f'{HOST}: well: off should work, on should work' in screen
    assert 'level 1 bmc at' in screen


def test_silence_is_5_and_another_machine_is_1(site: Site) -> None:
    enrol(site)
    site.world.faults.add('bmc.*', 'drop', subject='compute-02')
    assert site.run('fence', 'test', HOST).code == 0
    done = site.run('fence', 'test', '--all')
    assert done.code == 5
    assert 'compute-02: broken: off should not work, on should not work; bmc at' in done.out
    site.world.faults.add('bmc.identity', 'lie', 'another', subject=HOST)
    done = site.run('fence', 'test', HOST)
    assert done.code == 1
    assert 'says it is another, and was' in done.out
    assert site.run('fence', 'test', '--all').code == 1  # the worse news


def test_a_host_without_a_device_is_1(site: Site) -> None:
    (site.run.folder / 'fencing.yaml').write_text('hosts: {}\n')
    done = site.run('fence', 'test', HOST, '-f', 'json')
    assert (done.code, done.json[0]['Error']) == (1, 'the inventory has no device for it')


@pytest.mark.parametrize(
    ('words', 'says'),
    [
        ([], 'give one or more hosts, or --all'),
        ([HOST, '--all'], 'give one or more hosts, or --all'),
        (['--all', '--at-once', '0'], '--at-once must be from 1 to 200'),
    ],
)
def test_what_cannot_be_meant_is_2(site: Site, words: list[str], says: str) -> None:
    done = site.run('fence', 'test', *words)
    assert done.code == 2
    assert says in done.err


def test_an_unknown_host_is_named(site: Site) -> None:
    done = site.run('fence', 'test', 'compute-77')
    assert done.code == 1
    assert 'compute-77' in done.err
    assert 'compute-01' in done.err


def test_without_nova_a_named_host_is_tested_all_the_same(site: Site) -> None:
    enrol(site)
    clouds = site.run.folder / 'clouds.yaml'
    url = clouds.read_text().split('auth_url: ')[1].split('/identity')[0]
    clouds.write_text(clouds.read_text().replace(url, 'http://127.0.0.1:9'))
    done = site.run('fence', 'test', HOST)
    assert done.code == 0, done.err
    assert 'Nova: ' in done.err
    assert site.run('fence', 'test', '--all').code == 5


def test_status_shows_what_is_stored(run: Operator) -> None:
    stored(run)
    stored(run, 'compute-02', '')
    found = run('fence', 'status', '-f', 'json').json
    assert [(row['Host'], row['Off'], row['On'], row['Verdict']) for row in found] == [
        (HOST, False, True, 'broken: off should not work'),
        ('compute-02', None, None, 'never checked'),
    ]
    assert found[0]['Since'] < found[0]['Checked']
    screen = run('fence', 'status').out
    assert 'broken: off should not work, checked 1 min 0 s ago' in screen
    assert 'SHOULD NOT WORK' in run('fence', 'status', '-c', 'Off').out


def test_status_of_a_host_shows_its_devices(run: Operator) -> None:
    stored(run)
    (device,) = run('fence', 'status', HOST, '-f', 'json').json
    assert (device['Device'], device['State'], device['Error']) == (
        'bmc', 'unreachable', 'no answer',
    )  # fmt: skip
    screen = run('fence', 'status', HOST).out
    assert 'level 1 bmc at 10.0.0.1:623: unreachable; no answer' in screen
    assert f'next: recovery fence test {HOST}' in screen
    assert run('fence', 'status', 'compute-77').code == 1


def test_status_of_nothing_says_who_checks(run: Operator) -> None:
    assert '[watcher] fence_check_seconds' in run('fence', 'status').out


def test_host_list_and_show_have_it(site: Site) -> None:
    stored(site.run)
    found = site.run('host', 'list', '-f', 'json').json
    assert [row['Path'] for row in found] == ['broken', '', '']
    shown = site.run('host', 'show', HOST, '-f', 'json').json
    assert shown['fence_path'] == 'broken: off should not work'
