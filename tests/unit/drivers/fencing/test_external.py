from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from drivers.clock import SystemClock
from drivers.contracts.errors import AccessDenied, DriverError, NotFound, Refused, Unreachable
from drivers.contracts.fencing import PowerState
from drivers.fencing.external import ExternalFencing

SECONDS = 10.0


class Command:
    """A site's command, and what it was told."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / 'fence'
        self.does('exit 1')

    def does(self, script: str) -> None:
        self.path.write_text(
            f'#!/bin/sh\ncat > {self.folder}/told\nprintf "%s\\n" "$@" > {self.folder}/argv\n'
            f'verb=$(tail -n 1 {self.folder}/argv)\n{script}\n'
        )
        self.path.chmod(0o755)

    def settings(self, **more: Any) -> dict[str, Any]:
        return {'command': [str(self.path)], 'plug': 'one', **more}

    def driver(self, **more: Any) -> ExternalFencing:
        return ExternalFencing.build(self.settings(**more))

    def objections(self, **more: Any) -> list[str]:
        found = ExternalFencing.objections(self.settings(**more), lab=False)
        return [one.sentence for one in found]


@pytest.fixture
def command(tmp_path: Path) -> Command:
    return Command(tmp_path)


@pytest.mark.parametrize(
    ('line', 'state'),
    [
        ('{"power": "on"}', PowerState.ON),
        ('{"power": "off"}', PowerState.OFF),
        ('noise\n{"power": "off"}\n\n', PowerState.OFF),
        ('{"power": "OFF"}', PowerState.UNKNOWN),
        ('{"power": "powering off"}', PowerState.UNKNOWN),
        ('{"power": null}', PowerState.UNKNOWN),
        ('{"power": ["off"]}', PowerState.UNKNOWN),
        ('{}', PowerState.UNKNOWN),
    ],
)
def test_power_state(command: Command, line: str, state: PowerState) -> None:
    command.does(f"cat <<'END'\n{line}\nEND")
    assert command.driver().power_state(timeout=SECONDS) is state


@pytest.mark.parametrize(
    'script',
    [
        'exit 0',
        'echo off',
        'echo "[]"',
        'echo "{"',
        'echo \'{"power": "off"}\'; echo done',
        'echo \'{"power": "off"}\'; exit 1',
        'echo \'{"power": "off"}\'; kill -9 $$',
        'exit 2',
    ],
)
def test_everything_else_is_no_answer(command: Command, script: str) -> None:
    command.does(script)
    for method in ('power_state', 'power_off', 'power_on', 'identity'):
        with pytest.raises(Unreachable):
            getattr(command.driver(), method)(timeout=SECONDS)


@pytest.mark.parametrize(
    ('script', 'error', 'text'),
    [
        ('echo no >&2; exit 3', Refused, 'fence: no (exit status 3)'),
        ('exit 4', AccessDenied, 'fence: no reason (exit status 4)'),
        ('exit 5', NotFound, 'fence: no reason (exit status 5)'),
        ('echo busy >&2; exit 1', Unreachable, 'fence: busy (exit status 1)'),
        ('echo \'{"error": "refused", "message": "no"}\'', Refused, 'fence: no'),
        ('echo \'{"error": "not-found"}\'; exit 1', NotFound, 'fence: no reason'),
        ('echo \'{"error": "odd", "message": "x"}\'', Unreachable, 'fence: x'),
    ],
)
def test_failures(command: Command, script: str, error: type[DriverError], text: str) -> None:
    command.does(script)
    with pytest.raises(error) as caught:
        command.driver().power_off(timeout=SECONDS)
    assert type(caught.value) is error
    assert str(caught.value) == text


def test_what_it_is_told_and_where(command: Command) -> None:
    command.does("echo '{}'")
    settings = command.settings(
        plug='compute-01', address='pdu-1', username='admin', password='hush!',
        options={'bank': 2}, secrets={'token': 'silent'},
    )  # fmt: skip
    settings['command'] += ['--pdu', '{address}', '--name={plug}']
    ExternalFencing.build(settings).power_off(timeout=SECONDS)
    argv = (command.folder / 'argv').read_text().splitlines()
    assert argv == ['--pdu', 'pdu-1', '--name=compute-01', 'power-off']
    assert json.loads((command.folder / 'told').read_text()) == {
        'verb': 'power-off', 'timeout': SECONDS, 'plug': 'compute-01', 'address': 'pdu-1',
        'username': 'admin', 'password': 'hush!', 'options': {'bank': 2},
        'secrets': {'token': 'silent'},
    }  # fmt: skip


def test_no_message_holds_a_secret(command: Command) -> None:
    command.does('echo "login with hush! and silent failed" >&2; exit 4')
    driver = command.driver(password='hush!', secrets={'token': 'silent'})
    with pytest.raises(AccessDenied) as caught:
        driver.power_state(timeout=SECONDS)
    assert str(caught.value) == 'fence: login with *** and *** failed (exit status 4)'
    assert 'hush' not in repr(driver)


def test_a_word_with_blanks_or_signs_is_one_argument(command: Command) -> None:
    command.does("echo '{}'")
    settings = command.settings(plug='a b; reboot $(x)')
    settings['command'].append('{plug}')
    ExternalFencing.build(settings).power_on(timeout=SECONDS)
    assert (command.folder / 'argv').read_text() == 'a b; reboot $(x)\npower-on\n'


@pytest.mark.parametrize('line', ['{"identity": null}', '{}', '{"identity": ""}'])
def test_it_may_have_no_identity(command: Command, line: str) -> None:
    command.does(f"echo '{line}'")
    assert command.driver().identity(timeout=SECONDS) is None


def test_a_command_that_hangs_is_ended(command: Command) -> None:
    command.does('sleep 60 & sleep 60')
    clock = SystemClock()
    before = clock.elapsed()
    with pytest.raises(Unreachable, match='no answer within 1 s'):
        command.driver().power_off(timeout=1.0)
    assert clock.elapsed() - before < 3.0


def test_nobody_is_asked_when_there_is_no_time(command: Command) -> None:
    with pytest.raises(Unreachable):
        command.driver().power_off(timeout=0.0)
    assert not (command.folder / 'told').exists()


def test_what_is_wrong_with_a_command(command: Command) -> None:
    assert command.objections() == []
    assert 'the path from the root' in command.objections(command=['fence'])[0]
    assert command.objections(command=['/nowhere/fence']) == ['there is no command /nowhere/fence']
    assert 'holds a secret' in command.objections(
        command=[str(command.path), '-phush!'], password='hush!'
    )[0]  # fmt: skip
    assert command.objections(command=[str(command.path), 'x'], password={'env': 'X'}) == []
    command.path.chmod(0o644)
    assert 'cannot be executed' in command.objections()[0]
    command.path.chmod(0o777)
    assert 'changed by everybody' in command.objections()[0]


def test_settings() -> None:
    schema = Draft202012Validator(ExternalFencing.SETTINGS_SCHEMA)
    assert schema.is_valid({'command': ['/x'], 'plug': '{host}'})
    wrongs: tuple[dict[str, Any], ...] = (
        {'command': []}, {'command': '/x y'}, {'plug': None}, {'verb': 'x'},
    )  # fmt: skip
    for wrong in wrongs:
        assert not schema.is_valid({'command': ['/x'], 'plug': 'a'} | wrong)
