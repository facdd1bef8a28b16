"""Times as people write and read them."""

from __future__ import annotations

import time

import pytest

from recovery.view import times


@pytest.mark.parametrize(
    ('seconds', 'said'),
    [(None, ''), (-3, '0.0 s'), (0.42, '0.4 s'), (9.94, '9.9 s'), (12.9, '12 s'),
     (252, '4 min 12 s'), (11_100, '3 h 5 min'), (187_200, '2 d 4 h')],
)  # fmt: skip
def test_spans(seconds: float | None, said: str) -> None:
    assert times.span(seconds) == said


@pytest.mark.parametrize(
    ('text', 'before'), [('90', 90), ('15m', 900), ('2h', 7200), ('7d', 604_800), ('1.5h', 5400)]
)
def test_since(text: str, before: float) -> None:
    assert times.since(text, 1_000_000.0) == 1_000_000.0 - before


def test_moments_of_machines() -> None:
    assert times.precise(0.25) == '1970-01-01T00:00:00.250Z'
    assert times.at('1970-01-01T01:00:00+01:00') == 0.0
    assert times.at('12.5') == 12.5
    with pytest.raises(ValueError, match='ISO 8601'):
        times.at('soon')


@pytest.mark.parametrize('odd', [1760000000000.0, 1e300, -1e13])
def test_what_is_no_date_stays_a_number(odd: float) -> None:
    """Such as milliseconds that an earlier release has stored."""
    assert times.moment(odd) == times.precise(odd) == f'{odd:.3f}'
    assert times.parsed(times.precise(odd)) == odd
    assert times.moment(times.parsed(times.precise(odd))) == f'{odd:.3f}'


def test_the_last_day_of_all_has_no_local_time_in_the_east(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('TZ', 'Asia/Tokyo')
    time.tzset()
    try:
        assert times.moment(253402300799.0) == '253402300799.000'
    finally:
        monkeypatch.undo()
        time.tzset()


def test_a_stamp_is_read_back_to_the_millisecond() -> None:
    assert times.stamp(1747451422.123456) == '2025-05-17T03:10:22.123Z'
    assert times.parsed('2025-05-17T03:10:22.123Z') == 1747451422.123
    assert times.stamp(times.parsed('2025-05-17T03:10:22.123Z')) == '2025-05-17T03:10:22.123Z'
    assert (times.stamp(None), times.parsed(None), times.parsed('')) == (None, None, None)
