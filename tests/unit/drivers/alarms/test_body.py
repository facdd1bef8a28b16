"""Bodies: JSON, or one sentence."""

from __future__ import annotations

import pytest

from drivers.alarms.body import parse
from drivers.contracts.alarms import BadPayload


def test_json_is_parsed() -> None:
    assert parse('{"host": "compute-ü"}'.encode()) == {'host': 'compute-ü'}
    assert parse(b'\xef\xbb\xbf[1]') == [1]


@pytest.mark.parametrize(
    ('raw', 'sentence'),
    [
        (b'', 'is empty'),
        (b'host=cmp-01', 'is not JSON'),
        (b'{"host": "\xff"}', 'is not UTF-8'),
        (b'{"at": NaN}', 'NaN is no number'),
        (b'[' * 40 + b']' * 40, 'deeper than 32'),
        (b'[' * 100000, 'deeper than 32|not JSON'),
        (b'{"at": ' + b'9' * 5000 + b'}', 'is not JSON'),
    ],
)
def test_what_cannot_be_read_is_a_sentence(raw: bytes, sentence: str) -> None:
    with pytest.raises(BadPayload, match=sentence):
        parse(raw)
