"""The one shape of errors, and Retry-After where it is worth asking again."""

from __future__ import annotations

import flask
import pytest

from recovery.api.faults import Fault, render


@pytest.mark.parametrize(
    ('status', 'name'),
    [
        (400, 'badRequest'), (401, 'unauthorized'), (403, 'forbidden'), (404, 'itemNotFound'),
        (405, 'badMethod'), (406, 'masakariFault'), (409, 'conflictingRequest'),
        (413, 'overLimit'), (415, 'badMediaType'), (429, 'overLimit'), (500, 'masakariFault'),
        (501, 'notImplemented'), (503, 'serviceUnavailable'),
    ],
)  # fmt: skip
def test_the_name_follows_from_the_status(status: int, name: str) -> None:
    with flask.Flask(__name__).app_context():
        answer = render(Fault(status, 'A sentence.'))
    assert answer.status_code == status
    assert answer.get_json() == {name: {'code': status, 'message': 'A sentence.'}}
    assert ('Retry-After' in answer.headers) == (status == 503)


def test_when_to_ask_again_is_a_whole_number_of_seconds() -> None:
    with flask.Flask(__name__).app_context():
        answers = [render(Fault(429, '', retry_after=some)) for some in (0.01, 1.2)]
    assert [answer.headers['Retry-After'] for answer in answers] == ['1', '2']
