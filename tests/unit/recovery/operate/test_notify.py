"""What a report says, and what makes two of them the same."""

from __future__ import annotations

import pytest

from recovery.operate.notify import Failure, Report, Settled, reading

INSTANCE = '943c2f6d-5be6-44e2-92c1-3d8fbbc2b466'
VM = {'instance_uuid': INSTANCE.replace('-', '').upper()}


def report(kind: str, **payload: str) -> Report:
    return Report(kind, 'c1', 1000.0, payload, 'ann')


@pytest.mark.parametrize(
    ('said', 'expected'),
    [
        (report('COMPUTE_HOST', event='STOPPED'), Failure('host-down', 'c1')),
        (
            report('VM', event='LIFECYCLE', vir_domain_event='STOPPED_FAILED', **VM),
            Failure('instance-down', INSTANCE),
        ),
        (
            report('PROCESS', event='STOPPED', process_name='nova-compute'),
            Failure('service-down', 'c1'),
        ),
    ],
)
def test_failures(said: Report, expected: Failure) -> None:
    assert reading(said) == expected


@pytest.mark.parametrize(
    ('said', 'status'),
    [
        (report('COMPUTE_HOST', event='STARTED'), 'finished'),
        (report('PROCESS', event='STARTED', process_name='nova-compute'), 'finished'),
        (report('PROCESS', event='STOPPED', process_name='libvirtd'), 'finished'),
        (report('VM', event='LIFECYCLE', vir_domain_event='STOPPED_SHUTDOWN', **VM), 'ignored'),
        (report('VM', event='IO_ERROR', vir_domain_event='STOPPED_FAILED', **VM), 'ignored'),
    ],
)
def test_what_nothing_is_done_about(said: Report, status: str) -> None:
    found = reading(said)
    assert isinstance(found, Settled)
    assert found.status == status
    assert found.message


def test_the_same_report_has_the_same_key_whoever_sends_it() -> None:
    one = Report('COMPUTE_HOST', 'c1', 1000.0, {'event': 'STOPPED', 'host_status': 'NORMAL'}, 'a')
    same = Report('COMPUTE_HOST', 'c1', 1000.0, {'host_status': 'NORMAL', 'event': 'STOPPED'}, 'b')
    assert one.key == same.key
    assert len(one.key) <= 255
    others = [
        Report('COMPUTE_HOST', 'c2', 1000.0, one.payload, 'a'),
        Report('COMPUTE_HOST', 'c1', 1000.5, one.payload, 'a'),
        Report('COMPUTE_HOST', 'c1', 1000.0, {'event': 'STOPPED'}, 'a'),
        Report('PROCESS', 'c1', 1000.0, one.payload, 'a'),
    ]
    assert len({one.key, *(each.key for each in others)}) == 5
