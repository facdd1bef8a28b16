from __future__ import annotations

import os
from pathlib import Path

import pytest

from drivers.contracts.errors import DriverError, Refused
from drivers.fencing.agent import metadata
from tests.unit.drivers.fencing.agents import OPTIONS, Agent


@pytest.fixture
def agent(tmp_path: Path) -> Agent:
    return Agent(tmp_path)


def test_what_an_agent_says_of_itself(agent: Agent) -> None:
    said = metadata.metadata(agent.path)
    assert said.actions == {'on', 'off', 'reboot', 'status', 'monitor', 'list'}
    assert not said.unfences
    assert said.options['method'].choices == ('onoff', 'cycle')
    assert said.options['ssl_insecure'].kind == 'boolean'
    assert said.options['plug'].required
    assert said.options['plug'].replaces == ('port',)
    assert said.options['ipaddr'].deprecated


def test_it_is_asked_once_until_its_file_changes(agent: Agent) -> None:
    for _ in range(3):
        metadata.metadata(agent.path)
    assert agent.read('asked') == ['metadata']
    agent.describe(OPTIONS + '<parameter name="new"><content type="string"/></parameter>')
    agent.does('exit 0')  # another file in its place
    assert 'new' in metadata.metadata(agent.path).options
    assert len(agent.read('asked')) == 2


def test_an_older_agent_in_its_place_is_another_file(agent: Agent, tmp_path: Path) -> None:
    metadata.metadata(agent.path)
    before = agent.path.stat()
    agent.does('exit 0')
    os.utime(agent.path, ns=(before.st_atime_ns, before.st_mtime_ns))
    metadata.metadata(agent.path)
    assert len(agent.read('asked')) == 2


@pytest.mark.parametrize('text', ['', 'no XML', '<resource-agent>', '{"a": 1}'])
def test_what_cannot_be_read_is_refused_and_not_asked_again_at_once(
    agent: Agent, text: str
) -> None:
    agent.describe(text=text or ' ')
    for _ in range(3):
        with pytest.raises(Refused, match='fence_apc describes itself in something else than XML'):
            metadata.metadata(agent.path)
    assert agent.read('asked') == ['metadata']


def test_an_agent_that_cannot_start_says_why(agent: Agent) -> None:
    """fence_ipmilan 4.12 under Python 3.13, where "pipes" is gone."""
    agent.path.write_text(
        '#!/bin/sh\necho "Traceback (most recent call last):" >&2\n'
        'echo "ModuleNotFoundError: No module named \'pipes\'" >&2\nexit 1\n'
    )
    with pytest.raises(DriverError) as caught:
        metadata.metadata(agent.path)
    assert str(caught.value) == (
        "fence_apc cannot describe itself: ModuleNotFoundError: No module named 'pipes' "
        '(exit status 1)'
    )


def test_find(agent: Agent, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert metadata.find(str(agent.path)) == agent.path
    monkeypatch.setattr(metadata, 'FOLDERS', ('/nowhere', str(tmp_path)))
    assert metadata.find('fence_apc') == agent.path
    with pytest.raises(Refused, match='no agent fence_apx in'):
        metadata.find('fence_apx')
    with pytest.raises(Refused, match='there is no agent /nowhere/fence_apc'):
        metadata.find('/nowhere/fence_apc')


@pytest.mark.parametrize(('mode', 'word'), [(0o644, 'executed'), (0o757, 'changed by everybody')])
def test_an_agent_must_be_ours(agent: Agent, mode: int, word: str) -> None:
    agent.path.chmod(mode)
    with pytest.raises(Refused, match=word):
        metadata.find(str(agent.path))
