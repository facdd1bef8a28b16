"""Version documents, asked before anything else."""

from __future__ import annotations

import pytest

from recovery.site import Site
from tests.unit.recovery.api.masakari.conftest import PROJECT, Masakari

BASE = 'http://localhost'


def test_the_root(ask: Masakari) -> None:
    answer = ask('GET', '/')
    assert answer.status_code == 200
    assert answer.get_json() == {
        'versions': [
            {
                'id': 'v1.0',
                'status': 'CURRENT',
                'version': '1.3',
                'min_version': '1.0',
                'updated': '2016-07-01T11:33:21Z',
                'links': [{'rel': 'self', 'href': f'{BASE}/v1/'}],
            }
        ]
    }


@pytest.mark.parametrize('path', ['/v1', '/v1/'])
def test_one_version(ask: Masakari, path: str) -> None:
    version = ask('GET', path).get_json()['version']
    assert (version['id'], version['version'], version['min_version']) == ('v1.0', '1.3', '1.0')
    assert version['links'][0] == {'rel': 'self', 'href': f'{BASE}/v1/'}
    assert version['links'][1]['rel'] == 'describedby'
    assert version['media-types'][0]['type'] == 'application/vnd.openstack.masakari+json;version=1'


def test_choices(ask: Masakari) -> None:
    answer = ask('GET', '/some/where')
    assert answer.status_code == 300
    (choice,) = answer.get_json()['choices']
    assert choice['links'] == [{'rel': 'self', 'href': f'{BASE}/v1/some/where'}]
    assert choice['id'] == 'v1.0'


@pytest.mark.parametrize('path', ['/v1/nothing', f'/v1/{PROJECT}/nothing', '/recovery/v1/nothing',
                                  '/alarms/a/nothing', '/ui/nothing'])  # fmt: skip
def test_what_is_unknown_elsewhere_is_unknown(ask: Masakari, path: str) -> None:
    ask.refused('GET', path, status=404)


def test_links_of_a_site_behind_another_url(ask: Masakari, site: Site) -> None:
    site.conf.set_override('link_prefix', 'https://cloud.example/ha/', 'api')
    (version,) = ask('GET', '/').get_json()['versions']
    assert version['links'][0]['href'] == 'https://cloud.example/ha/v1/'
