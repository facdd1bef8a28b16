"""Every scenario ends as it says, breaks no rule, and is told as its neighbour ``.log`` has it."""

from __future__ import annotations

import os

import pytest

from tests.scenarios.player import FOLDER, load, names, perform

#: Plays of each scenario with seeds. The most dangerous ones ask for more in their file;
#: RECOVERY_REPLAYS asks for as many of all.
REPLAYS = 1


@pytest.mark.parametrize('name', names())
def test_it_ends_as_expected(name: str, accept: bool) -> None:
    scenario = load(name)
    played = perform(scenario)
    assert not played.complaints, '\n'.join([*played.complaints, '', played.log])
    if accept:
        scenario.log.write_text(played.log)
    assert scenario.log.exists(), f'{scenario.log.name} is missing: --accept writes it'
    assert played.log == scenario.log.read_text()


@pytest.mark.slow
@pytest.mark.parametrize('name', names())
def test_it_is_the_same_play_each_time_and_ends_the_same_in_any_order(name: str) -> None:
    scenario = load(name)
    replays = _replays(scenario.replays)
    first = perform(scenario)
    # Played above too, in another process: the log is the same for both.
    assert first.log == scenario.log.read_text()
    for seed in range(1, replays + 1):
        played = perform(scenario, seed)
        broken = [one for one in played.complaints if one.startswith('rule broken')]
        assert not broken, f'seed {seed}\n' + '\n'.join([*broken, played.log])
        assert played.end == first.end, f'seed {seed}\n{played.log}'


def test_every_log_has_its_scenario() -> None:
    logs = {path.stem for path in FOLDER.glob('*.log')}
    assert logs <= set(names())


def _replays(own: int | None) -> int:
    return int(os.environ.get('RECOVERY_REPLAYS', own or REPLAYS))
