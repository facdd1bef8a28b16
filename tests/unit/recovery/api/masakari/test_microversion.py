"""Microversions, by their header."""

from __future__ import annotations

import pytest

from recovery.api.faults import Fault
from recovery.api.masakari.microversion import LEAST, MOST, Version, asked
from tests.unit.recovery.api.masakari.conftest import Masakari

HEADER = 'OpenStack-API-Version'


@pytest.mark.parametrize(
    ('header', 'expected'),
    [
        (None, LEAST),
        ('', LEAST),
        ('instance-ha 1.0', LEAST),
        ('instance-ha 1.2', Version(1, 2)),
        ('INSTANCE-HA  1.2 ', Version(1, 2)),
        ('instance-ha latest', MOST),
        ('compute 2.95', LEAST),
        ('compute 2.95, instance-ha 1.1', Version(1, 1)),
    ],
)
def test_which_is_asked_for(header: str | None, expected: Version) -> None:
    assert asked(header) == expected


@pytest.mark.parametrize(
    ('header', 'status'),
    [
        ('instance-ha 1.4', 406),
        ('instance-ha 0.9', 400),
        ('instance-ha 2.0', 406),
        ('instance-ha 1', 400),
        ('instance-ha 1.x', 400),
        ('instance-ha 1.01', 400),
        ('instance-ha', 400),
        ('instance-ha 1.1 1.2', 400),
        ('instance-ha 1.99999999999', 400),
    ],
)
def test_what_is_turned_down(header: str, status: int) -> None:
    with pytest.raises(Fault) as caught:
        asked(header)
    assert caught.value.status == status


def test_what_a_client_is_told(ask: Masakari) -> None:
    answer = ask('GET', '/v1/segments', headers={HEADER: 'instance-ha 1.1'})
    assert answer.headers[HEADER] == 'instance-ha 1.1'
    assert HEADER in answer.headers['Vary']
    assert ask('GET', '/v1/segments', headers={HEADER: ''}).headers[HEADER] == 'instance-ha 1.0'
    answer = ask('GET', '/v1/segments/no-uuid', headers={HEADER: 'instance-ha latest'})
    assert (answer.status_code, answer.headers[HEADER]) == (404, 'instance-ha 1.3')


def test_an_unsupported_one(ask: Masakari) -> None:
    answer = ask('GET', '/v1/segments', headers={HEADER: 'instance-ha 1.4'})
    assert answer.status_code == 406
    fault = answer.get_json()['masakariFault']
    assert fault['code'] == 406
    assert 'Minimum is 1.0 and maximum is 1.3' in fault['message']
    assert HEADER not in answer.headers
    assert HEADER in answer.headers['Vary']
    answer = ask('GET', '/v1/segments', headers={HEADER: 'instance-ha one'})
    assert (answer.status_code, list(answer.get_json())) == (400, ['badRequest'])


def test_other_paths_have_none(ask: Masakari) -> None:
    answer = ask('GET', '/', headers={HEADER: 'instance-ha 9.9'})
    assert answer.status_code == 200
    assert HEADER not in answer.headers
