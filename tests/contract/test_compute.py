"""The compute contract, a test for each of its sentences, over a real Nova and the simulated."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from drivers.compute.nova import NovaCompute
from drivers.contracts.compute import Instance, Service
from drivers.contracts.errors import AccessDenied, DriverError, NotFound, Refused, Unreachable
from tests.contract.compute_peers import NOBODY, PEERS, Peer, every_question

SECONDS = 30.0
GRACE = 2.0  # what a loaded machine may add to a deadline


@pytest.fixture(scope='module', params=PEERS, ids=[kind.name for kind in PEERS])
def peer(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    found = request.param(tmp_path_factory.mktemp('clouds'))
    yield found
    found.close()


@pytest.fixture(scope='module')
def driver(peer: Peer) -> NovaCompute:
    return peer.driver()


@pytest.fixture
def made(peer: Peer) -> Iterator[Callable[..., str]]:
    """Makes instances that are gone after the test."""
    ids: list[str] = []

    def make(host: str | None = None, **fields: Any) -> str:
        ids.append(peer.add(host, **fields) if host else peer.add_foreign())
        return ids[-1]

    yield make
    for instance in ids:
        peer.delete(instance)


def service(driver: NovaCompute, host: str) -> Service:
    return next(one for one in driver.services(timeout=SECONDS) if one.host == host)


def provider(driver: NovaCompute, host: str) -> str:
    return next(one.id for one in driver.hypervisors(timeout=SECONDS) if one.host == host)


# --- services and hypervisors -------------------------------------------------------------------


def test_services_are_the_nova_computes_and_no_others(peer: Peer, driver: NovaCompute) -> None:
    found = driver.services(timeout=SECONDS)
    assert sorted(one.host for one in found) == sorted(peer.hosts)
    assert {(one.state, one.enabled, one.forced_down) for one in found} == {('up', True, False)}


def test_a_service_says_when_it_reported(peer: Peer, driver: NovaCompute) -> None:
    at = service(driver, peer.hosts[0]).updated_at
    assert at is not None
    peer.until('a later report', lambda: (service(driver, peer.hosts[0]).updated_at or 0) > at)


def test_each_service_has_a_hypervisor(peer: Peer, driver: NovaCompute) -> None:
    found = driver.hypervisors(timeout=SECONDS)
    assert sorted(one.host for one in found) == sorted(peer.hosts)
    assert {one.state for one in found} == {'up'}
    assert len({one.id for one in found}) == len(found)


def test_flags_are_changed_in_one_request(peer: Peer, driver: NovaCompute) -> None:
    before = service(driver, peer.hosts[1])
    sent = peer.sent['PUT']
    driver.set_service(
        before.id, enabled=False, disabled_reason='why', forced_down=True, timeout=SECONDS
    )
    assert peer.sent['PUT'] == sent + 1
    after = service(driver, peer.hosts[1])
    assert (after.enabled, after.disabled_reason, after.forced_down) == (False, 'why', True)
    assert after.state == 'down'

    driver.set_service(before.id, forced_down=False, timeout=SECONDS)
    after = service(driver, peer.hosts[1])
    assert (after.enabled, after.disabled_reason, after.forced_down) == (False, 'why', False)

    peer.until('up', lambda: service(driver, peer.hosts[1]).state == 'up')
    driver.set_service(before.id, enabled=True, timeout=SECONDS)
    after = service(driver, peer.hosts[1])
    assert (after.enabled, after.disabled_reason, after.forced_down) == (True, None, False)


def test_flags_of_no_service_are_not_found(driver: NovaCompute) -> None:
    with pytest.raises(NotFound, match='404'):
        driver.set_service(NOBODY, forced_down=True, timeout=SECONDS)


def test_no_flag_at_all_is_refused(peer: Peer, driver: NovaCompute) -> None:
    with pytest.raises(Refused, match='no flag'):
        driver.set_service(service(driver, peer.hosts[0]).id, timeout=SECONDS)


def test_a_disabled_host_has_its_trait(peer: Peer, driver: NovaCompute) -> None:
    host = peer.hosts[1]
    which, node = service(driver, host).id, provider(driver, host)

    def disabled() -> bool:
        return 'COMPUTE_STATUS_DISABLED' in driver.traits(node, timeout=SECONDS)

    assert not disabled()
    driver.set_service(which, enabled=False, timeout=SECONDS)
    peer.until('trait set', disabled)
    driver.set_service(which, enabled=True, timeout=SECONDS)
    peer.until('trait gone', lambda: not disabled())


# --- instances ----------------------------------------------------------------------------------


def test_instances_of_a_host_are_that_hosts(
    peer: Peer, driver: NovaCompute, made: Callable[..., str]
) -> None:
    here, there = made(peer.hosts[0]), made(peer.hosts[1])
    found = {one.id: one for one in driver.instances(host=peer.hosts[0], timeout=SECONDS)}
    assert here in found
    assert there not in found
    assert {one.host for one in found.values()} == {peer.hosts[0]}


def test_instances_of_all_projects_are_listed(
    peer: Peer, driver: NovaCompute, made: Callable[..., str]
) -> None:
    foreign = driver.instance(made(), timeout=SECONDS)
    assert foreign.host is not None
    listed = driver.instances(host=foreign.host, timeout=SECONDS)
    assert foreign.id in {one.id for one in listed}


def test_an_instance_says_all_that_is_promised(
    peer: Peer, driver: NovaCompute, made: Callable[..., str]
) -> None:
    found = driver.instance(made(peer.hosts[0], locked=True, priority='high'), timeout=SECONDS)
    assert (found.host, found.vm_state, found.task_state) == (peer.hosts[0], 'active', None)
    assert (found.power_state, found.locked) == (1, True)
    assert dict(found.metadata) == {'priority': 'high'}
    assert found.vcpus == 1
    assert found.ram_mb > 0
    assert found.disk_gb > 0
    assert (found.boot_from_volume, found.ephemeral_disk) == (False, False)
    assert found.project


def test_the_image_of_an_instance_shows_its_properties(
    peer: Peer, driver: NovaCompute, made: Callable[..., str]
) -> None:
    here, there = made(peer.hosts[0]), made(peer.hosts[1])
    found = driver.image_properties(host=peer.hosts[0], timeout=SECONDS)
    assert found is not None
    assert found[here]['os_distro'] == 'lab'
    assert there not in found


def test_one_instance_is_as_in_the_list(
    peer: Peer, driver: NovaCompute, made: Callable[..., str]
) -> None:
    which = made(peer.hosts[0], state='stopped')
    listed = {one.id: one for one in driver.instances(host=peer.hosts[0], timeout=SECONDS)}
    assert driver.instance(which, timeout=SECONDS) == listed[which]
    assert (listed[which].vm_state, listed[which].power_state) == ('stopped', 4)


def test_an_instance_is_stopped_and_started_where_it_is(
    peer: Peer, driver: NovaCompute, made: Callable[..., str]
) -> None:
    which = made(peer.hosts[0])

    def reads(vm_state: str, power_state: int) -> bool:
        one = driver.instance(which, timeout=SECONDS)
        there, idle = one.host == peer.hosts[0], one.task_state is None
        return there and idle and (one.vm_state, one.power_state) == (vm_state, power_state)

    with pytest.raises(Refused, match='409'):
        driver.start_instance(which, timeout=SECONDS)
    assert (driver.stop_instance(which, timeout=SECONDS) or '').startswith('req-')
    peer.until('stopped', lambda: reads('stopped', 4))
    with pytest.raises(Refused, match='409'):
        driver.stop_instance(which, timeout=SECONDS)
    assert (driver.start_instance(which, timeout=SECONDS) or '').startswith('req-')
    peer.until('running', lambda: reads('active', 1))


@pytest.mark.parametrize('which', [NOBODY, 'no-such-instance'])
def test_no_such_instance_is_not_found(driver: NovaCompute, which: str) -> None:
    for ask in (driver.stop_instance, driver.start_instance):
        with pytest.raises(NotFound, match='404'):
            ask(which, timeout=SECONDS)
    with pytest.raises(NotFound) as caught:
        driver.instance(which, timeout=SECONDS)
    assert caught.value.status == 404
    assert (caught.value.request_id or '').startswith('req-')


def test_a_host_without_instances_has_none(driver: NovaCompute) -> None:
    assert driver.instances(host='no-such-host', timeout=SECONDS) == ()


def test_changed_instances_include_the_deleted(peer: Peer, driver: NovaCompute) -> None:
    began = peer.clock.now() - 5
    kept, gone = peer.add(peer.hosts[0]), peer.add(peer.hosts[0])
    peer.delete(gone)
    found = {one.id: one for one in driver.instances_changed(since=began, timeout=SECONDS)}
    assert found[kept].vm_state == 'active'
    assert found[gone].vm_state == 'deleted'
    peer.delete(kept)


def test_instances_unchanged_since_are_left_out(
    peer: Peer, driver: NovaCompute, made: Callable[..., str]
) -> None:
    made(peer.hosts[0])
    assert driver.instances_changed(since=peer.clock.now() + 3600, timeout=SECONDS) == ()


def test_lists_are_paged_to_the_end(
    peer: Peer, driver: NovaCompute, made: Callable[..., str]
) -> None:
    wanted = {made(peer.hosts[0]) for _ in range(4)}
    # The simulated Nova lists 3 at once; a real one is asked for that.
    real = {} if peer.simulated else {'limit': '3'}
    deadline = _deadline(peer)
    sent = peer.sent['GET']
    found = driver._nova.pages(
        '/servers/detail',
        {'all_tenants': '1', 'host': peer.hosts[0], **real},
        ((2, 47), (2, 68)),
        deadline,
        lambda record: str(record['id']),
        lambda record: record,
    )
    assert set(found) >= wanted
    assert peer.sent['GET'] >= sent + 2


def _deadline(peer: Peer) -> Any:
    from drivers.compute.http import Deadline

    return Deadline(peer.clock, SECONDS)


# --- placement ----------------------------------------------------------------------------------


def test_consumers_of_a_host_are_its_instances(
    peer: Peer, driver: NovaCompute, made: Callable[..., str]
) -> None:
    here, there = made(peer.hosts[0]), made(peer.hosts[1])
    found = driver.consumers(provider(driver, peer.hosts[0]), timeout=SECONDS)
    assert here in found
    assert there not in found


def test_no_such_provider_is_not_found(driver: NovaCompute) -> None:
    with pytest.raises(NotFound):
        driver.traits(NOBODY, timeout=SECONDS)


def test_capacity_shrinks_with_an_instance(
    peer: Peer, driver: NovaCompute, made: Callable[..., str]
) -> None:
    before = {one.host: one for one in driver.capacities(timeout=SECONDS)}
    assert sorted(before) == sorted(peer.hosts)
    taken = driver.instance(made(peer.hosts[0]), timeout=SECONDS)
    after = {one.host: one for one in driver.capacities(timeout=SECONDS)}
    one, other = before[peer.hosts[0]], after[peer.hosts[0]]
    assert one.free_ram_mb - other.free_ram_mb == taken.ram_mb
    assert one.free_vcpus - other.free_vcpus == taken.vcpus
    assert one.free_disk_gb - other.free_disk_gb == taken.disk_gb
    assert one.provider == provider(driver, peer.hosts[0])
    assert one.traits == driver.traits(one.provider, timeout=SECONDS)


# --- who may, and how ---------------------------------------------------------------------------


def test_access_is_checked_in_a_sentence(driver: NovaCompute) -> None:
    said = driver.check_access(timeout=SECONDS)
    assert 'Nova speaks 2.1 to 2.' in said
    assert 'Placement speaks 1.0 to 1.' in said


def test_an_ordinary_user_is_denied_access(peer: Peer) -> None:
    with pytest.raises(AccessDenied, match='403') as caught:
        peer.driver(user='demo').check_access(timeout=SECONDS)
    assert caught.value.status == 403


def test_a_wrong_password_is_denied_and_never_shown(peer: Peer) -> None:
    wrong = peer.driver(password='wrong-secret')
    with pytest.raises(AccessDenied) as caught:
        wrong.services(timeout=SECONDS)
    shown: BaseException | None = caught.value
    while shown is not None:
        assert 'wrong-secret' not in f'{shown} {shown!r}'
        shown = shown.__cause__
    assert 'wrong-secret' not in repr(wrong)


def test_a_cloud_that_is_not_described_is_refused(tmp_path: Any) -> None:
    clouds = tmp_path / 'clouds.yaml'
    clouds.write_text('clouds: {one: {auth: {}}}\n')
    with pytest.raises(Refused, match='nowhere'):
        NovaCompute(cloud='nowhere', client_config_file=str(clouds))


def test_an_expired_token_is_renewed_once(peer: Peer) -> None:
    fresh = peer.driver()
    fresh.services(timeout=SECONDS)
    tokens = peer.sent['token']
    peer.expire_token(fresh)
    assert fresh.services(timeout=SECONDS)
    assert peer.sent['token'] == tokens + 1


def test_many_threads_share_one_token(peer: Peer) -> None:
    fresh = peer.driver()
    tokens = peer.sent['token']
    found: list[int] = []

    def ask() -> None:
        found.extend(len(fresh.services(timeout=SECONDS)) for _ in range(3))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [len(peer.hosts)] * 24
    assert peer.sent['token'] == tokens + 1


# --- what goes wrong ------------------------------------------------------------------------------


@pytest.fixture
def broken(peer: Any) -> Iterator[Callable[..., None]]:
    """Breaks a simulated cloud until the test is over."""
    if not peer.simulated:
        pytest.skip('by design: nobody breaks the connection to the real Nova')
    yield lambda kind, effect, value=None: peer.world.faults.add(kind, effect, value)
    peer.world.faults.clear()


@pytest.mark.parametrize('kind', ['*', 'nova.*,placement.*'])
def test_silence_ends_at_the_deadline(peer: Peer, broken: Callable[..., None], kind: str) -> None:
    fresh = peer.driver()
    if kind != '*':  # signed in already
        fresh.capacities(timeout=SECONDS)
    for each in kind.split(','):
        broken(each, 'hang')
    for ask in every_question(fresh, peer):
        began = peer.clock.elapsed()
        with pytest.raises(Unreachable):
            ask(0.2)
        assert peer.clock.elapsed() - began < 0.2 + GRACE


@pytest.mark.parametrize(
    ('effect', 'value'),
    [('drop', None), ('cut', None), ('noise', None), ('error', 503), ('error', 500),
     ('error', 429), ('error', 502)],
)  # fmt: skip
def test_no_usable_answer_is_unreachable(
    peer: Peer, driver: NovaCompute, broken: Callable[..., None], effect: str, value: int | None
) -> None:
    driver.capacities(timeout=SECONDS)
    broken('nova.*', effect, value)
    broken('placement.*', effect, value)
    for ask in every_question(driver, peer):
        try:
            answer = ask(SECONDS)
        except Unreachable:
            continue
        except DriverError as error:
            # What was cut off after its 404 had been decided upon is no success either.
            raise AssertionError(f'{effect}: {error!r}') from error
        raise AssertionError(f'{effect}: taken for an answer: {answer!r}')


def test_a_flag_may_be_set_although_the_call_failed(
    peer: Peer, driver: NovaCompute, broken: Callable[..., None]
) -> None:
    which = service(driver, peer.hosts[2]).id
    broken('nova.set-service', 'mute')
    with pytest.raises(Unreachable):
        driver.set_service(which, enabled=False, timeout=0.3)
    assert not service(driver, peer.hosts[2]).enabled
    peer.world.faults.clear()  # type: ignore[attr-defined]
    driver.set_service(which, enabled=True, timeout=SECONDS)


def test_a_hung_cell_shows_in_its_services(
    peer: Peer, driver: NovaCompute, made: Callable[..., str]
) -> None:
    which, node = made(peer.hosts[0]), provider(driver, peer.hosts[0])
    peer.hang_cell(True)
    try:
        found = driver.services(timeout=SECONDS)
        assert sorted(one.host for one in found) == sorted(peer.hosts)
        assert {one.state for one in found} == {'unknown'}
        # The lie that callers must know of: the host has an instance.
        assert driver.instances(host=peer.hosts[0], timeout=SECONDS) == ()
        with pytest.raises(Unreachable):
            driver.instance(which, timeout=SECONDS)
        # Placement knows better (H2).
        assert which in driver.consumers(node, timeout=SECONDS)
    finally:
        peer.hang_cell(False)
    peer.until('up', lambda: service(driver, peer.hosts[0]).state == 'up')


# --- evacuate: one failed host for all that follows -----------------------------------------------


@dataclass
class Failed:
    """A host that lost its power, forced down, and what was on it."""

    host: str
    service: str
    running: str
    kept_stopped: str
    stopped: str
    paused: str
    held: str
    in_error: str
    reset: str


@pytest.fixture(scope='module')
def failed(peer: Peer, driver: NovaCompute) -> Iterator[Failed]:
    host = peer.hosts[0]
    which = service(driver, host).id
    names = [peer.add(host, state=state) for state in
             ('active', 'active', 'stopped', 'paused', 'active', 'error', 'suspended')]  # fmt: skip
    with pytest.raises(Refused, match=r'in use|400'):
        driver.evacuate(names[0], target=None, keep_stopped=False, timeout=SECONDS)
    peer.power(host, False)
    driver.set_service(
        which, enabled=False, disabled_reason='dead', forced_down=True, timeout=SECONDS
    )
    yield Failed(host, which, *names)
    for instance in names:
        peer.until('open rebuilds end', lambda one=instance: not _open(driver, one))  # type: ignore[misc]
    peer.power(host, True)
    peer.until('cleaned up', lambda: _cleared(driver, which))
    peer.until('up', lambda: service(driver, host).state == 'up')
    driver.set_service(which, enabled=True, timeout=SECONDS)
    for instance in names:
        peer.delete(instance)


def _open(driver: NovaCompute, instance: str) -> bool:
    found = driver.migrations(instance=instance, timeout=SECONDS)
    return any(one.status in ('accepted', 'pre-migrating') for one in found)


def _cleared(driver: NovaCompute, which: str) -> bool:
    try:
        driver.set_service(which, forced_down=False, timeout=SECONDS)
    except Refused:
        return False
    return True


def settled(peer: Peer, driver: NovaCompute, instance: str, source: str) -> Instance:
    def moved() -> bool:
        found = driver.instance(instance, timeout=SECONDS)
        return found.host != source and found.task_state is None

    peer.until(f'{instance} moved', moved)
    return driver.instance(instance, timeout=SECONDS)


def test_a_running_instance_comes_back_running_where_it_was_sent(
    peer: Peer, driver: NovaCompute, failed: Failed
) -> None:
    target = peer.hosts[2]
    asked = driver.evacuate(failed.running, target=target, keep_stopped=False, timeout=SECONDS)
    assert (asked or '').startswith('req-')
    found = settled(peer, driver, failed.running, failed.host)
    assert (found.host, found.vm_state) == (target, 'active')
    assert peer.guests()[target][failed.running] == 'running'


def test_a_running_instance_can_be_left_stopped(
    peer: Peer, driver: NovaCompute, failed: Failed
) -> None:
    driver.evacuate(failed.kept_stopped, target=None, keep_stopped=True, timeout=SECONDS)
    found = settled(peer, driver, failed.kept_stopped, failed.host)
    assert found.vm_state == 'stopped'
    assert found.host is not None
    assert peer.guests()[found.host][failed.kept_stopped] == 'shutdown'


def test_a_stopped_instance_stays_stopped(peer: Peer, driver: NovaCompute, failed: Failed) -> None:
    driver.evacuate(failed.stopped, target=None, keep_stopped=False, timeout=SECONDS)
    assert settled(peer, driver, failed.stopped, failed.host).vm_state == 'stopped'


def test_an_instance_in_error_is_started_however_it_is_asked(
    peer: Peer, driver: NovaCompute, failed: Failed
) -> None:
    driver.evacuate(failed.in_error, target=None, keep_stopped=True, timeout=SECONDS)
    assert settled(peer, driver, failed.in_error, failed.host).vm_state == 'active'


def test_a_suspended_instance_can_be_left_stopped_once_it_is_reset(
    peer: Peer, driver: NovaCompute, failed: Failed
) -> None:
    driver.reset_to_active(failed.reset, timeout=SECONDS)
    driver.evacuate(failed.reset, target=None, keep_stopped=True, timeout=SECONDS)
    assert settled(peer, driver, failed.reset, failed.host).vm_state == 'stopped'


def test_what_cannot_be_evacuated_is_refused(driver: NovaCompute, failed: Failed) -> None:
    with pytest.raises(Refused, match='paused') as caught:
        driver.evacuate(failed.paused, target=None, keep_stopped=False, timeout=SECONDS)
    assert caught.value.status == 409
    assert (caught.value.request_id or '').startswith('req-')


def test_an_unknown_target_is_refused(driver: NovaCompute, failed: Failed) -> None:
    with pytest.raises(Refused, match='nowhere'):
        driver.evacuate(failed.paused, target='nowhere', keep_stopped=False, timeout=SECONDS)


def test_an_unknown_instance_is_not_found(driver: NovaCompute) -> None:
    with pytest.raises(NotFound):
        driver.evacuate(NOBODY, target=None, keep_stopped=False, timeout=SECONDS)


def test_a_record_is_seen_as_soon_as_it_is_made(
    peer: Peer, driver: NovaCompute, failed: Failed
) -> None:
    target = peer.hosts[3]
    peer.hold(target, True)
    try:
        began = peer.clock.now() - 2
        driver.evacuate(failed.held, target=target, keep_stopped=False, timeout=SECONDS)
        since = driver.migrations(host=failed.host, since=began, timeout=SECONDS)
        mine = [one for one in since if one.instance == failed.held]
        assert len(mine) == 1
        assert (mine[0].type, mine[0].source) == ('evacuation', failed.host)
        assert mine[0].status in ('accepted', 'pre-migrating')
    finally:
        peer.hold(target, False)
    settled(peer, driver, failed.held, failed.host)


def test_records_are_found_by_host_by_instance_and_by_time(
    peer: Peer, driver: NovaCompute, failed: Failed
) -> None:
    everything = driver.migrations(timeout=SECONDS)
    assert [one.id for one in everything] == [
        one.id for one in sorted(everything, key=lambda one: (one.created_at, one.id))
    ][::-1]
    mine = driver.migrations(instance=failed.running, timeout=SECONDS)
    assert {one.instance for one in mine} == {failed.running}
    record = mine[0]
    assert (record.type, record.source, record.destination) == (
        'evacuation', failed.host, peer.hosts[2],
    )  # fmt: skip
    for host in (failed.host, peer.hosts[2]):
        assert record in driver.migrations(host=host, timeout=SECONDS)
    assert record not in driver.migrations(host=peer.hosts[1], timeout=SECONDS)
    assert record in driver.migrations(since=record.created_at, timeout=SECONDS)
    assert driver.migrations(since=peer.clock.now() + 3600, timeout=SECONDS) == ()


def test_an_evacuated_instance_still_holds_the_source(driver: NovaCompute, failed: Failed) -> None:
    source = provider(driver, failed.host)
    assert failed.running in driver.consumers(source, timeout=SECONDS)
