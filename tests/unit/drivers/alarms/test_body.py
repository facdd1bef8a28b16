"""Bodies: JSON, or one sentence."""

from __future__ import annotations

import pytest

from drivers.alarms.body import parse
from drivers.contracts.alarms import BadPayload


def test_json_is_parsed() -> None:
    assert parse('{"host": "compute-ü"}'.encode()) == {'host': 'compute-ü'}
    assert parse(b'\xef\xbb\xbf[1]') == [1]


def test_what_a_database_does_not_take_is_replaced() -> None:
    assert parse(b'{"a\\u0000": ["b\\ud800", "\\ud83d\\ude00", {"c": 1.5}]}') == {
        'a\ufffd': ['b\ufffd', '\U0001f600', {'c': 1.5}]
    }


@pytest.mark.parametrize('digits', ['9223372036854775808', '-' + '9' * 5000, '1e999', '-1e999'])
def test_a_number_that_is_too_large_is_kept_as_text(digits: str) -> None:
    """Two that are not the same may be the keys of two failures."""
    assert parse(f'[{digits}, 9223372036854775807, 1e9]'.encode()) == [digits, 2**63 - 1, 1e9]


@pytest.mark.parametrize(
    ('raw', 'sentence'),
    [
        (b'', 'is empty'),
        (b'host=cmp-01', 'is not JSON'),
        (b'{"host": "\xff"}', 'is not UTF-8'),
        (b'{"at": NaN}', 'NaN is no number'),
        (b'[' * 40 + b']' * 40, 'deeper than 32'),
        (b'[' * 100000, 'deeper than 32|not JSON'),
    ],
)
def test_what_cannot_be_read_is_a_sentence(raw: bytes, sentence: str) -> None:
    with pytest.raises(BadPayload, match=sentence):
        parse(raw)
