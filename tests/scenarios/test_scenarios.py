"""Every scenario ends as it says, breaks no rule, and is told as its neighbour ``.log`` has it."""

from __future__ import annotations

import os

import pytest

from tests.scenarios.player import FOLDER, load, names, perform

#: Plays of each scenario with seeds. The most dangerous ones ask for more in their file;
#: RECOVERY_REPLAYS asks for as many of all.
REPLAYS = 1


@pytest.mark.parametrize('name', names())
def test_it_ends_as_expected_and_the_same_in_any_order(name: str, accept: bool) -> None:
    scenario = load(name)
    first = perform(scenario)
    assert not first.complaints, '\n'.join([*first.complaints, '', first.log])
    if accept:
        scenario.log.write_text(first.log)
    assert scenario.log.exists(), f'{scenario.log.name} is missing: --accept writes it'
    assert first.log == scenario.log.read_text()
    for seed in range(1, _replays(scenario.replays) + 1):
        played = perform(scenario, seed)
        broken = [one for one in played.complaints if one.startswith('rule broken')]
        assert not broken, f'seed {seed}\n' + '\n'.join([*broken, played.log])
        assert played.end == first.end, f'seed {seed}\n{played.log}'


def test_every_log_has_its_scenario() -> None:
    logs = {path.stem for path in FOLDER.glob('*.log')}
    assert logs <= set(names())


def _replays(own: int | None) -> int:
    return int(os.environ.get('RECOVERY_REPLAYS', own or REPLAYS))
