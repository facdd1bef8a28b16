"""What a source may start: the first line that fits; what is not given is not there."""

from __future__ import annotations

import pytest

from recovery.intake.authority import authority, highest

LINES = [
    'alertmanager start kinds=host-down segments=prod,stage',
    'alertmanager approve kinds=host-down',
    'vmha-* evidence',
    'poller start segments=prod',
]


@pytest.mark.parametrize(
    ('source', 'kind', 'segment', 'wanted'),
    [
        ('alertmanager', 'host-down', 'prod', 'start'),
        ('alertmanager', 'host-down', 'stage', 'start'),
        ('alertmanager', 'host-down', 'lab', 'approve'),
        ('alertmanager', 'host-down', None, 'approve'),
        ('alertmanager', 'host-return', 'prod', 'evidence'),
        ('vmha-rack1', 'host-down', 'prod', 'evidence'),
        ('poller', 'host-down', 'prod', 'start'),
        ('poller', 'host-down', None, 'evidence'),
        ('stranger', 'host-down', 'prod', 'approve'),
    ],
)
def test_lines(source: str, kind: str, segment: str | None, wanted: str) -> None:
    assert authority(LINES, 'approve', source, kind, segment) == wanted


def test_without_lines_the_default_counts() -> None:
    assert authority(None, 'start', 'anybody', 'host-down', None) == 'start'


def test_several_sources() -> None:
    assert highest(['evidence', 'approve']) == 'approve'
    assert highest(['approve', 'start', 'evidence']) == 'start'
    assert highest([]) == 'start'
