"""The driver in front of the simulated Ironic and Keystone, mounted inside its client."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from jsonschema import Draft202012Validator

from drivers.contracts.errors import AccessDenied, DriverError, NotFound, Refused, Unreachable
from drivers.contracts.fencing import PowerState
from drivers.fencing.ironic import IronicFencing, cloud, node
from drivers.simulated.app import App, clouds_yaml
from drivers.simulated.clock import VirtualClock
from drivers.simulated.transport import mount
from drivers.simulated.world import World, small_world

HOST = 'compute-01'
NODE = {
    'uuid': 'a-uuid',
    'power_state': 'power on',
    'target_power_state': None,
    'last_error': None,
    'maintenance': False,
    'maintenance_reason': None,
    'reservation': None,
}


class Site:
    """A simulated cloud on virtual time, and drivers of its nodes."""

    def __init__(self, clouds: Path) -> None:
        self.clock = VirtualClock()
        self.world: World = small_world(self.clock, 2, 0)
        self.app = App(self.world)
        self.clouds = clouds
        clouds.write_text(clouds_yaml())

    def driver(self, system: str = HOST, **settings: Any) -> IronicFencing:
        given = {'address': 'simulated', 'system': system, 'clouds_file': str(self.clouds)}

        def here(session: requests.Session) -> None:
            mount(session, self.app, self.clock)

        return IronicFencing(given | settings, mount=here, clock=self.clock)

    @property
    def asked(self) -> list[str]:
        return [one.kind for one in self.world.faults.requests]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    site = Site(tmp_path / 'clouds.yaml')
    yield site
    site.clock.close()


def test_a_power_off_is_off_when_ironic_has_seen_it(site: Site) -> None:
    driver = site.driver()
    driver.power_off(timeout=5)
    assert driver.power_state(timeout=5) is PowerState.UNKNOWN
    site.clock.wait(None, 1.5)
    assert driver.power_state(timeout=5) is PowerState.OFF
    driver.power_on(timeout=5)
    assert driver.power_state(timeout=5) is PowerState.UNKNOWN
    site.clock.wait(None, 1.5)
    assert driver.power_state(timeout=5) is PowerState.ON
    assert site.asked.count('bmc.power-off') == 1


def test_a_node_is_found_by_name_and_by_uuid(site: Site) -> None:
    uuid = site.world.hosts[HOST].provider
    assert site.driver(HOST).identity(timeout=5) == uuid
    assert site.driver(uuid).identity(timeout=5) == uuid
    with pytest.raises(NotFound, match='nobody'):
        site.driver('nobody').identity(timeout=5)


def test_one_token_serves_many_calls_and_is_renewed(site: Site) -> None:
    driver = site.driver()
    for _ in range(3):
        driver.power_state(timeout=5)
    assert site.asked.count('keystone.token') == 1
    site.app.tokens.revoke_all()
    assert driver.power_state(timeout=5) is PowerState.ON
    site.clock.wait(None, 4000)
    assert driver.power_state(timeout=5) is PowerState.ON
    assert site.asked.count('keystone.token') == 3


def test_a_locked_node_may_be_asked_again(site: Site) -> None:
    driver = site.driver()
    driver.power_off(timeout=5)
    with pytest.raises(Unreachable, match='locked') as caught:
        driver.power_on(timeout=5)
    assert not isinstance(caught.value, Refused)
    assert caught.value.request_id


def test_maintenance_is_no_reading(site: Site) -> None:
    site.world.hosts[HOST].node_maintenance = True
    with pytest.raises(Refused, match='maintenance'):
        site.driver().power_state(timeout=5)


def test_a_bmc_that_ironic_cannot_reach_is_unknown(site: Site) -> None:
    site.world.hosts[HOST].feeds = {'a': False}
    assert site.driver().power_state(timeout=5) is PowerState.UNKNOWN
    site.driver().power_off(timeout=5)
    assert site.world.hosts[HOST].node_error


@pytest.mark.parametrize(
    ('said', 'power'),
    [
        ({}, 'power on'),
        ({'power_state': 'power off'}, 'power off'),
        ({'power_state': 'power off', 'target_power_state': 'power on'}, None),
        ({'power_state': 'power off', 'target_power_state': 'power off'}, None),
        ({'power_state': 'power on', 'target_power_state': 'power off'}, None),
        ({'power_state': 'power off', 'reservation': 'conductor-1'}, None),
        ({'power_state': 'power on', 'last_error': 'timed out'}, 'power on'),
        ({'power_state': 'error'}, 'error'),
        ({'power_state': None}, None),
    ],
)
def test_power(said: dict[str, Any], power: str | None) -> None:
    assert node._power(NODE | said) == power


@pytest.mark.parametrize('field', node.FIELDS)
def test_an_off_with_anything_missing_is_unknown(field: str) -> None:
    off = NODE | {'power_state': 'power off'}
    assert node._power({key: value for key, value in off.items() if key != field}) is None


def test_an_off_after_a_failure_is_no_evidence() -> None:
    with pytest.raises(Unreachable, match='timed out'):
        node._power(NODE | {'power_state': 'power off', 'last_error': 'timed out'})


def response(status: int, body: Any) -> requests.Response:
    found = requests.Response()
    found.status_code = status
    found._content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return found


SAID = {'error_message': {'faultstring': 'No.'}}


@pytest.mark.parametrize(
    ('status', 'body', 'error'),
    [
        (400, SAID, Refused),
        (400, {'error_message': json.dumps({'faultstring': 'No.'})}, Refused),
        (400, {'error_message': 'No.'}, Refused),
        (403, SAID, AccessDenied),
        (404, SAID, NotFound),
        (404, b'<html>', Unreachable),
        (409, SAID, Unreachable),
        (429, SAID, Unreachable),
        (500, SAID, Unreachable),
        (503, b'<html>', Unreachable),
        (302, b'', Unreachable),
        (401, {'error': {'message': 'No.'}}, AccessDenied),
    ],
)
def test_errors_are_classed_by_what_may_be_done_next(
    status: int, body: Any, error: type[DriverError]
) -> None:
    found = cloud._of_status(response(status, body))
    assert type(found) is error
    assert isinstance(body, bytes) or 'No.' in str(found)


def test_no_record_excuses_a_refusal(site: Site) -> None:
    site.world.lose_power(HOST)
    site.driver().power_off(timeout=5)
    site.world.faults.add('bmc.power-off', 'refuse')
    with pytest.raises(Refused):
        site.driver().power_off(timeout=5)


def test_it_is_known_to_answer_from_a_record() -> None:
    assert IronicFencing.FROM_RECORD


def test_all_requests_of_a_call_share_its_time(site: Site) -> None:
    site.world.faults.add('keystone.token', 'slow-answer', 4.0)
    site.world.faults.add('bmc.power-state', 'slow-answer', 2.0)
    before = site.clock.elapsed()
    with pytest.raises(Unreachable):
        site.driver().power_state(timeout=5)
    assert site.clock.elapsed() - before <= 5


@pytest.mark.parametrize(
    ('text', 'sentence'),
    [('clouds: {}', 'simulated'), ('clouds: [', 'simulated')],
    ids=['no such cloud', 'no YAML'],
)
def test_what_is_wrong_with_clouds_yaml_is_said(site: Site, text: str, sentence: str) -> None:
    site.clouds.write_text(text)
    with pytest.raises(Refused, match=sentence):
        site.driver().power_state(timeout=5)


def test_a_cloud_without_ironic_is_refused(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(_catalogue(), 'baremetal')
    with pytest.raises(Refused, match='baremetal'):
        site.driver().power_state(timeout=5)


def _catalogue() -> dict[str, str]:
    from drivers.simulated.faces import keystone

    return keystone.CATALOGUE


def test_settings() -> None:
    schema = Draft202012Validator(IronicFencing.SETTINGS_SCHEMA)
    settings = {'address': 'prod', 'system': 'compute-01'}
    for right in ({}, {'clouds_file': '/c.yaml', 'region': 'one', 'interface': 'internal'}):
        assert schema.is_valid(settings | right)
    for wrong in ({'address': 'a/b'}, {'system': 'a/b'}, {'interface': 'any'}, {'password': 'x'}):
        assert not schema.is_valid(settings | wrong)
