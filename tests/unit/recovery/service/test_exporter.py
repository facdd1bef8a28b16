"""The port for Prometheus: answers, ends when told, and never ends its process."""

from __future__ import annotations

import logging
import re
import socket
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from prometheus_client import CollectorRegistry, Gauge

from drivers.clock import SystemClock
from recovery.service import exporter
from recovery.service.exporter import Exporter

CLOCK = SystemClock()
SECONDS = 30.0


@contextmanager
def serving(caplog: pytest.LogCaptureFixture, listen: str = '127.0.0.1:0') -> Iterator[str]:
    registry = CollectorRegistry()
    Gauge('answer', 'Of everything.', registry=registry).set(42)
    stop = threading.Event()
    with caplog.at_level(logging.INFO, exporter.LOG.name):
        ended = CLOCK.spawn('metrics', lambda: Exporter(CLOCK, listen, registry).run(stop))
        try:
            yield said(caplog, r'metrics at (http://\S+)/metrics')
        finally:
            stop.set()
            assert CLOCK.wait(ended, SECONDS)


def said(caplog: pytest.LogCaptureFixture, pattern: str) -> str:
    end = CLOCK.elapsed() + SECONDS
    while CLOCK.elapsed() < end:
        for record in caplog.records:
            if found := re.search(pattern, record.getMessage()):
                return found[1]
        CLOCK.wait(None, 0.02)
    raise AssertionError(caplog.text)


def read(url: str) -> str:
    with urllib.request.urlopen(url, timeout=SECONDS) as answer:
        text: bytes = answer.read()
    return text.decode()


def test_it_answers_for_metrics_and_nothing_else(caplog: pytest.LogCaptureFixture) -> None:
    with serving(caplog) as url:
        assert 'answer 42.0' in read(f'{url}/metrics')
        with pytest.raises(urllib.error.HTTPError, match='404'):
            read(f'{url}/etc/passwd')


def test_a_client_that_says_nothing_is_not_waited_for_long(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporter._Handler, 'timeout', 0.2)
    with serving(caplog) as url:
        host, port = url.removeprefix('http://').split(':')
        with socket.create_connection((host, int(port))):
            assert 'answer 42.0' in read(f'{url}/metrics')


def test_a_port_that_is_taken_is_tried_again(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporter, 'AGAIN_SECONDS', 0.05)
    with socket.create_server(('127.0.0.1', 0)) as taken:
        port = taken.getsockname()[1]

        def release() -> None:
            said(caplog, '(no metrics at)')
            taken.close()

        CLOCK.spawn('release', release)
        with serving(caplog, f'127.0.0.1:{port}') as url:
            assert url.endswith(f':{port}')
            assert 'answer 42.0' in read(f'{url}/metrics')


@pytest.mark.parametrize('listen', ['127.0.0.1:99999', 'no.such.host.invalid:9'])
def test_an_address_that_cannot_be_is_said(caplog: pytest.LogCaptureFixture, listen: str) -> None:
    stop = threading.Event()
    registry = CollectorRegistry()
    ended = CLOCK.spawn('metrics', lambda: Exporter(CLOCK, listen, registry).run(stop))
    said(caplog, '(no metrics at)')
    stop.set()
    assert CLOCK.wait(ended, SECONDS)


def test_ipv6(caplog: pytest.LogCaptureFixture) -> None:
    try:
        socket.create_server(('::1', 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip('this machine has no IPv6')
    registry = CollectorRegistry()
    server = Exporter(CLOCK, '[::1]:0', registry)._server()
    assert server.address_family == socket.AF_INET6
    server.server_close()
