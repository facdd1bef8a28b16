"""The library's log, on one line each."""

from __future__ import annotations

import logging

import pytest

from recovery.bus.brief import LOGGERS, be_brief


@pytest.mark.parametrize('name', LOGGERS)
def test_an_exception_is_a_sentence(name: str, caplog: pytest.LogCaptureFixture) -> None:
    be_brief()
    be_brief()
    log = logging.getLogger(name)
    try:
        raise ValueError('found twice:\n  100% of 7')
    except ValueError:
        log.exception('ignoring message %s', '42')
    log.warning('%d left', 3)
    said = [logging.Formatter('%(message)s').format(one) for one in caplog.records]
    assert said == ['ignoring message 42 (ValueError: found twice: 100% of 7)', '3 left']
