"""First run, resume after a crash and going on after a wait are one thing: the same book."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from flows.stop import NotNeeded, Waiting
from recovery.board.run import FlowFailed
from recovery.claims.claim import Claim
from tests.unit.recovery.board.toys import Killed, Theatre, kill, raising
from tests.unit.recovery.claims.scene import Scene


def died(theatre: Theatre, claim: Claim, step: Callable[[], Any]) -> Claim:
    """Run until the worker dies, and claim again."""
    with pytest.raises(Killed):
        step()
    theatre.play.at.clear()
    theatre.play.did.clear()
    return theatre.died(claim)


class TestForward:
    def test_each_step_once(self, theatre: Theatre) -> None:
        theatre.run(theatre.claimed()).forward()
        assert theatre.play.did == ['first', 'second']

    def test_a_resume_begins_with_the_interrupted_step(self, theatre: Theatre) -> None:
        claim = theatre.claimed()
        theatre.play.at['second'] = kill
        claim = died(theatre, claim, theatre.run(claim).forward)
        theatre.run(claim).forward()
        assert theatre.play.did == ['second']

    @pytest.mark.parametrize('step', ['first', 'second'])
    def test_a_stop_is_a_kill(self, theatre: Theatre, step: str) -> None:
        claim = theatre.claimed()
        theatre.play.at[step] = raising(Waiting('for a human', code='x'))
        with pytest.raises(Waiting):
            theatre.run(claim).forward()
        theatre.play.at.clear()
        theatre.play.did.clear()
        theatre.run(theatre.died(claim)).forward()
        assert theatre.play.did == ['first', 'second'][step == 'second' :]

    def test_what_had_finished_is_not_run_again(self, theatre: Theatre) -> None:
        """Its worker died before it could record the end."""
        claim = theatre.claimed()
        theatre.run(claim).forward()
        theatre.play.did.clear()
        theatre.run(theatre.died(claim)).forward()
        assert theatre.play.did == []

    def test_a_failure_reverts_nothing(self, theatre: Theatre) -> None:
        theatre.play.at['second'] = raising(KeyError('oh'))
        with pytest.raises(FlowFailed, match="KeyError: 'oh'"):
            theatre.run(theatre.claimed()).forward()
        assert theatre.play.did == ['first', 'second']

    def test_a_failure_whose_worker_died_is_found_and_not_tried_again(
        self, theatre: Theatre
    ) -> None:
        claim = theatre.claimed()
        theatre.play.at['second'] = raising(ValueError('oh'))
        with pytest.raises(FlowFailed):
            theatre.run(claim).forward()
        theatre.play.at.clear()
        theatre.play.did.clear()
        with pytest.raises(FlowFailed, match=r'^ValueError: oh$'):
            theatre.run(theatre.died(claim)).forward()
        assert theatre.play.did == []

    def test_so_is_a_failure_that_is_over(self, theatre: Theatre) -> None:
        claim = theatre.claimed()
        theatre.play.at['first'] = raising(NotNeeded('it is up'))
        for owner in (claim, theatre.died(claim)):
            with pytest.raises(NotNeeded, match='it is up'):
                theatre.run(theatre.died(owner)).forward()
        assert theatre.play.did == ['first']

    def test_tools_are_never_stored(self, here: Scene, theatre: Theatre) -> None:
        theatre.run(theatre.claimed()).forward()
        with here.store.read() as connection:
            for table in ('flowdetails', 'atomdetails', 'logbooks'):
                rows = connection.exec_driver_sql(f'SELECT * FROM {table}').all()
                assert rows
                assert 'Play(' not in str(rows)


class TestUndo:
    def test_in_reverse_order(self, theatre: Theatre) -> None:
        claim = theatre.claimed()
        theatre.play.at['second'] = kill
        claim = died(theatre, claim, theatre.run(claim).forward)
        theatre.run(claim).undo()
        assert theatre.play.did == ['-second', '-first']

    def test_steps_that_this_round_has_not_begun_too(self, theatre: Theatre) -> None:
        """An earlier round may have; and going forward would fence the host."""
        theatre.run(theatre.claimed()).undo()
        assert theatre.play.did == ['-second', '-first']

    def test_after_a_failure_that_is_over(self, theatre: Theatre) -> None:
        theatre.play.at['first'] = raising(NotNeeded('it is up'))
        run = theatre.run(theatre.claimed())
        with pytest.raises(NotNeeded):
            run.forward()
        theatre.play.did.clear()
        run.undo()
        assert theatre.play.did == ['-second', '-first']

    @pytest.mark.parametrize(
        ('at', 'rest'), [('-second', ['-second', '-first']), ('-first', ['-first'])]
    )
    def test_is_resumed_where_it_was_interrupted(
        self, theatre: Theatre, at: str, rest: list[str]
    ) -> None:
        claim = theatre.claimed()
        theatre.play.at[at] = kill
        claim = died(theatre, claim, theatre.run(claim).undo)
        theatre.run(claim).undo()
        assert theatre.play.did == rest

    def test_once_done_it_is_done(self, theatre: Theatre) -> None:
        claim = theatre.claimed()
        theatre.run(claim).undo()
        theatre.play.did.clear()
        theatre.run(theatre.died(claim)).undo()
        assert theatre.play.did == []

    def test_an_undo_that_fails_says_so(self, theatre: Theatre) -> None:
        theatre.play.at['-first'] = raising(KeyError('oh'))
        with pytest.raises(Exception, match='oh'):
            theatre.run(theatre.claimed()).undo()

    def test_a_stop_leaves_it_to_be_continued(self, theatre: Theatre) -> None:
        claim = theatre.claimed()
        theatre.play.at['-first'] = raising(Waiting('Nova is away', code='nova-away'))
        with pytest.raises(Waiting):
            theatre.run(claim).undo()
        theatre.play.at.clear()
        theatre.play.did.clear()
        theatre.run(theatre.died(claim)).undo()
        assert theatre.play.did == ['-first']
