"""Nobody does what the rules do not give her, on whatever route."""

from __future__ import annotations

import pytest

from recovery.api import rooms
from recovery.api.caller import allow, caller, needs
from recovery.operate.callers import Caller
from tests.unit.recovery.api import asking
from tests.unit.recovery.api.conftest import Make

ADMIN = Caller('ann', ('admin',), 'p1', 'u1')
READER = Caller('ray', ('reader',), None, 'u2', system=True)
SENDER = Caller('sam', ('service',), 'p2', 'u3')
NOBODY = Caller('eve', ('reader',), 'p3', 'u4')


def approve(host: str) -> dict[str, str]:
    allow('approve', host=host, segment='rack-1')
    return {'by': caller().name}


@needs('alarm-raise')
def raising() -> dict[str, str]:
    return {}


@needs('')
def document() -> dict[str, str]:
    return {}


@pytest.fixture
def inside(make: Make, monkeypatch: pytest.MonkeyPatch) -> asking.Inside:
    views = [
        ('GET', '/v1/toys', lambda: {}),
        ('POST', '/v1/toys/<host>', approve),
        ('POST', '/v1/alarms', raising),
        ('GET', '/v1', document),
        ('POST', '/alarms/<source>', lambda source: {}),
    ]
    monkeypatch.setattr(rooms, 'ROOMS', (asking.room(*views),))  # type: ignore[arg-type]
    return asking.Inside(make(auth='keystone'), by=None)


@pytest.mark.parametrize(
    ('method', 'path', 'statuses'),
    [
        ('GET', '/v1/toys', (401, 200, 200, 403, 403)),
        ('HEAD', '/v1/toys', (401, 200, 200, 403, 403)),
        ('POST', '/v1/toys/c1', (401, 200, 403, 403, 403)),
        ('POST', '/v1/alarms', (401, 200, 403, 200, 403)),
        ('GET', '/v1', (401, 200, 200, 200, 200)),
        ('POST', '/alarms/x', (200, 200, 200, 200, 200)),
    ],
)
def test_who_may_what(
    inside: asking.Inside, method: str, path: str, statuses: tuple[int, ...]
) -> None:
    found = [
        inside.ask(method, path, by=who).status_code
        for who in (None, ADMIN, READER, SENDER, NOBODY)
    ]
    assert tuple(found) == statuses


def test_a_refusal_names_the_rule_and_where_it_is_changed(inside: asking.Inside) -> None:
    assert asking.said(inside.ask('POST', '/v1/toys/c1', by=READER)) == (
        'forbidden',
        'the rule recovery:approve asks for role:operator, and ray has reader in segment rack-1: '
        'see [access] keystone',
    )


def test_the_view_knows_who_calls(inside: asking.Inside) -> None:
    assert inside.ask('POST', '/v1/toys/c1', by=ADMIN).get_json() == {'by': 'ann'}
