"""limit, marker, sort_key, sort_dir: Masakari's meanings, and 400 for all else."""

from __future__ import annotations

import flask
import pytest

from recovery.api.faults import Fault
from recovery.api.paging import number, page

KEYS = ('id', 'name', 'created_at')
APP = flask.Flask(__name__)


def test_nothing_asked_for_is_the_newest_first() -> None:
    with APP.test_request_context('/'):
        found = page(KEYS, most=7)
    assert (found.limit, found.marker) == (7, None)
    assert found.order == (('created_at', True), ('id', True))


def test_what_is_asked_for() -> None:
    url = '/?limit=3&marker=12&sort_key=name&sort_dir=asc&sort_key=id&sort_dir=desc'
    with APP.test_request_context(url):
        found = page(KEYS, most=7)
    assert (found.limit, found.marker) == (3, 12)
    assert found.order == (('name', False), ('id', True), ('created_at', False))


def test_zero_rows_and_too_many() -> None:
    with APP.test_request_context('/?limit=0'):
        assert page(KEYS, most=7).limit == 0
    with APP.test_request_context(f'/?limit={"9" * 5000}'):
        assert page(KEYS, most=7).limit == 7


@pytest.mark.parametrize(
    'query',
    [
        'limit=-1', 'limit=x', 'limit=', 'limit=1.5', 'limit=--1', 'limit=²', 'limit=0x1',
        'marker=x', 'marker=9223372036854775808', f'marker={"9" * 5000}', f'marker=-{"9" * 5000}',
        'sort_key=secret', 'sort_dir=up', 'sort_key=id&sort_dir=asc&sort_dir=asc',
        'sort_dir=asc&sort_dir=desc',
    ],
)  # fmt: skip
def test_nonsense_is_400(query: str) -> None:
    with APP.test_request_context(f'/?{query}'), pytest.raises(Fault) as caught:
        page(KEYS, most=7)
    assert caught.value.status == 400
    assert len(caught.value.message) < 200


def test_a_number_within_bounds() -> None:
    with APP.test_request_context('/?n=+7&m=8'):
        assert number('n', least=7, most=7) == 7
        assert number('none') is None
        with pytest.raises(Fault, match='m has to be 7 or less'):
            number('m', most=7)
        with pytest.raises(Fault, match='m has to be 9 or more'):
            number('m', least=9)
