"""A watcher's part in the bus: nothing unless asked for, and nothing that ends the watcher."""

from __future__ import annotations

import builtins
import logging
import threading
from typing import Any

import pytest

from recovery.bus import bus
from recovery.bus.bus import Bus, listen
from recovery.conf.reading import BadOptions
from recovery.db import tables
from recovery.service.rounds import every
from recovery.service.watcher import Watcher
from tests.stage import Stage


def test_not_asked_for_it_is_not_even_imported(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bus, '_open', lambda site: pytest.fail('opened'))
    made, stop = Bus(stage.site), threading.Event()
    actors = [*stage.clock.actors]
    made.start(stop, every)
    made.gone()
    assert [*stage.clock.actors] == actors


@pytest.mark.parametrize('stage', [{'bus.emit': True}], indirect=True)
def test_without_a_url_the_watcher_refuses_to_start(stage: Stage) -> None:
    with pytest.raises(BadOptions, match='name the bus, or switch off'):
        Watcher(stage.site)


@pytest.mark.parametrize('stage', [{'bus.alarms': True}], indirect=True)
def test_without_the_library_it_says_what_to_install(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = builtins.__import__

    def without(name: str, *more: Any, **named: Any) -> Any:
        if name == 'recovery.bus.wire':
            raise ImportError("No module named 'oslo_messaging'")
        return real(name, *more, **named)

    monkeypatch.setattr(builtins, '__import__', without)
    with pytest.raises(BadOptions, match=r'pip install openstack-recovery\[bus\]'):
        Bus(stage.site)


URL = 'rabbit://ann:hunter2@127.0.0.1:1/'


@pytest.mark.parametrize('stage', [{'bus.emit': True, 'bus.transport_url': URL}], indirect=True)
def test_a_broker_that_is_away_holds_nothing_up(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    """Virtual time does not pass while the library tries; that everything is told later, and
    nothing twice, is tests/unit/recovery/bus/test_emission.py."""
    with caplog.at_level(logging.WARNING, 'recovery'):
        stage.watcher()
        stage.run(3.0)
        stage.world.lose_power('compute-01')
        stage.run(70.0)
        stage.worker('w1')
        assert stage.alarm('compute-01').answer == 'admit'
        stage.until(stage.ended)
    assert stage.state() == 'done'
    assert 'the bus is away; what is to be told waits' in caplog.text
    assert 'Traceback' not in caplog.text
    assert 'hunter2' not in caplog.text
    assert any(row['name'] == 'duty:bus-emission' for row in stage.rows(tables.guard))


class Listener:
    """Fails to begin so often, and then begins."""

    def __init__(self, failures: int) -> None:
        self.failures = failures
        self.did: list[str] = []

    def start(self) -> None:
        self.did.append('start')
        if len(self.did) <= self.failures:
            raise RuntimeError('PRECONDITION_FAILED: inequivalent arg\nand more of it')

    def stop(self) -> None:
        self.did.append('stop')

    def wait(self) -> None:
        self.did.append('wait')


def test_a_listener_that_cannot_begin_tries_again_less_and_less(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    listener, stop = Listener(failures=4), threading.Event()
    stage.clock.spawn('listening', lambda: listen(stage.clock, lambda: listener, stop))
    stage.run(29.0)
    assert listener.did == ['start'] * 4
    stage.run(30.0)
    assert listener.did == ['start'] * 5
    assert caplog.text.count('the bus is not listened to: RuntimeError: PRECONDITION_FAILED') == 4
    assert 'and more of it' not in caplog.text
    stop.set()
    stage.run(1.0)
    assert listener.did[5:] == ['stop', 'wait']
