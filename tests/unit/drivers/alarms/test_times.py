"""Times as senders write them."""

from __future__ import annotations

from typing import Any

import pytest

from drivers.alarms.times import moment


@pytest.mark.parametrize(
    ('value', 'expected'),
    [
        ('2026-11-20T10:10:26.593869497Z', 1795169426.593869),
        ('2026-11-20T11:10:26+01:00', 1795169426.0),
        ('2026-11-20 10:10:26Z', 1795169426.0),
        ('1795169426', 1795169426.0),
        ('1795169426.5', 1795169426.5),
        (1795169426, 1795169426.0),
        (1795169426500, 1795169426.5),
    ],
)
def test_what_is_understood(value: Any, expected: float) -> None:
    assert moment(value) == pytest.approx(expected)


@pytest.mark.parametrize(
    'value',
    [None, True, '', 'now', '2026-11-20T10:10:26', '0001-01-01T00:00:00Z', -1, 0, 10**400,
     float('nan'), float('inf'), 10**17, [], '9' * 16],
)  # fmt: skip
def test_what_is_no_time_or_has_no_zone(value: Any) -> None:
    assert moment(value) is None
