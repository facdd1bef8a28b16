"""Which answers are a definite no, and which say nothing."""

from __future__ import annotations

import pytest

from drivers.compute import answers
from drivers.contracts.errors import AccessDenied, NotFound, Refused, Unreachable

NOVA = b'{"itemNotFound": {"code": 404, "message": "Instance x could not be found."}}'
PLACEMENT = b'{"errors": [{"status": 409, "title": "Conflict", "detail": "a generation conflict"}]}'
HTML = b'<html><body>404 default backend</body></html>'


@pytest.mark.parametrize(
    ('status', 'content', 'kind', 'said'),
    [
        (400, NOVA, Refused, 'could not be found'),
        (401, HTML, AccessDenied, '401'),
        (403, NOVA, AccessDenied, '403'),
        (404, NOVA, NotFound, 'Instance x'),
        (404, HTML, Unreachable, '404'),
        (403, HTML, Unreachable, '403'),
        (409, PLACEMENT, Refused, 'a generation conflict'),
        (406, NOVA, Unreachable, '406'),
        (429, NOVA, Unreachable, '429'),
        (301, b'', Unreachable, '301'),
        (500, NOVA, Unreachable, '500'),
        (503, HTML, Unreachable, '503'),
    ],
)
def test_an_error_says_what_the_caller_may_do(
    status: int, content: bytes, kind: type[Exception], said: str
) -> None:
    error = answers.error('Nova', 'GET /x', status, content, 'req-1')
    assert type(error) is kind
    assert said in str(error)
    assert error is not None
    assert error.request_id == 'req-1'


def test_a_success_is_no_error() -> None:
    assert answers.error('Nova', 'GET /x', 202, b'', None) is None
    assert answers.decoded('Nova', 'POST /x', b'', None) is None
    assert answers.decoded('Nova', 'GET /x', b'{"a": 1}', None) == {'a': 1}


def test_a_page_of_html_is_no_answer() -> None:
    with pytest.raises(Unreachable, match='not JSON'):
        answers.decoded('Nova', 'GET /x', HTML, None)


def test_an_error_in_a_list_or_without_words_is_still_a_no() -> None:
    for content in (b'{}', b'{"badRequest": {}}', b'{"error": "no"}'):
        assert isinstance(answers.error('Nova', 'GET /x', 400, content, None), Refused)
    assert isinstance(answers.error('Nova', 'GET /x', 400, b'[]', None), Unreachable)
