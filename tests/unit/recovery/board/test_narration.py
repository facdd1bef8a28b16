"""The log names host, recovery and step."""

from __future__ import annotations

import logging

import pytest

from recovery.board.run import FlowFailed
from tests.unit.recovery.board.toys import Theatre, raising


def test_each_change_of_a_step_is_a_sentence(
    theatre: Theatre, caplog: pytest.LogCaptureFixture
) -> None:
    theatre.play.at['second'] = raising(KeyError('oh'))
    claim = theatre.claimed()
    run = theatre.run(claim)
    with caplog.at_level(logging.INFO, 'recovery.board.narration'):
        with pytest.raises(FlowFailed):
            run.forward()
        run.undo()
    who = f'{claim.host} {claim.recovery_id}: '
    said = [
        one.getMessage().removeprefix(who)
        for one in caplog.records
        if one.name == 'recovery.board.narration'
    ]
    assert said == [
        'first begins', 'first is done', 'second begins', 'second failed',
        'second is being undone', 'second is undone', 'first is being undone', 'first is undone',
    ]  # fmt: skip
