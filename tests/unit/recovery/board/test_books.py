"""The book of a round is found again, wherever its first owner died (H20)."""

from __future__ import annotations

import inspect

import pytest
import sqlalchemy as sa
from taskflow.persistence import models

from flows import host_down
from recovery.board.books import UnknownFlow, open_book, version_for
from recovery.board.persistence import BookPersistence
from recovery.board.run import read_row
from recovery.claims.claim import Claim
from recovery.db import states
from tests.unit.recovery.board import toys
from tests.unit.recovery.board.toys import Killed, Theatre
from tests.unit.recovery.claims.scene import Scene


def opened(here: Scene, claim: Claim, builder: object = toys.build) -> models.FlowDetail:
    row = read_row(claim)
    return open_book(BookPersistence(here.store, claim), claim, builder, row)  # type: ignore[arg-type]


def count(here: Scene, table: str) -> int:
    with here.store.read() as connection:
        query = sa.text(f'SELECT count(*) FROM {table}')
        return int(connection.execute(query).scalar_one())


def test_a_new_round_has_a_new_book(here: Scene, theatre: Theatre) -> None:
    claim = theatre.claimed()
    detail = opened(here, claim)
    assert here.row(claim.recovery_id)['book']
    assert detail.meta['factory'] == {
        'name': 'tests.unit.recovery.board.toys.build', 'args': [], 'kwargs': toys.ARGUMENTS,
    }  # fmt: skip
    book = here.row(claim.recovery_id)['book']
    claim.release(states.READY, round=2, book=None)
    opened(here, here.win(claim.recovery_id))
    assert here.row(claim.recovery_id)['book'] != book
    assert (count(here, 'logbooks'), count(here, 'flowdetails')) == (2, 2)


def test_the_same_round_has_the_same_book(here: Scene, theatre: Theatre) -> None:
    claim = theatre.claimed()
    first = opened(here, claim)
    again = opened(here, theatre.died(claim))
    assert again.uuid == first.uuid
    assert (count(here, 'logbooks'), count(here, 'flowdetails')) == (1, 1)


def test_it_is_continued_with_the_builder_that_began_it(here: Scene, theatre: Theatre) -> None:
    """A newer version has another builder for new rounds."""
    claim = theatre.claimed()
    opened(here, claim)
    again = opened(here, theatre.died(claim), toys.build_v2)
    assert again.meta['factory']['name'].endswith('.build')


@pytest.mark.parametrize('commit', [1, 2])
def test_a_death_at_each_commit_of_its_making(here: Scene, theatre: Theatre, commit: int) -> None:
    """After the row names the book; after the book is stored. There is no third."""
    claim = theatre.claimed()
    left, renew = [commit], claim._renew

    def die(sent: float) -> None:
        """Called right after each commit of the claim."""
        renew(sent)
        left[0] -= 1
        if not left[0]:
            raise Killed

    claim._renew = die  # type: ignore[method-assign]
    with pytest.raises(Killed):
        opened(here, claim)
    named = here.row(claim.recovery_id)['book']
    first = opened(here, theatre.died(claim))
    second = opened(here, theatre.died(claim))
    assert here.row(claim.recovery_id)['book'] == named
    assert first.uuid == second.uuid
    assert (count(here, 'logbooks'), count(here, 'flowdetails')) == (1, 1)


class TestUnknown:
    def test_a_builder_that_is_not_installed_here(self, here: Scene, theatre: Theatre) -> None:
        claim = theatre.claimed()
        opened(here, claim)
        with here.store.write() as connection:
            connection.exec_driver_sql(
                "UPDATE flowdetails SET meta = replace(meta, 'toys.build', 'toys.build_v9')"
            )
        with pytest.raises(UnknownFlow, match=r'toys\.build_v9 is not installed here'):
            opened(here, theatre.died(claim))

    def test_arguments_of_another_version(self, here: Scene, theatre: Theatre) -> None:
        claim = here.win(here.recovery(arguments={'size': 1, 'colour': 'red'}))
        with pytest.raises(UnknownFlow, match=r"takes other arguments: .*'colour'"):
            opened(here, claim)
        assert count(here, 'logbooks') == 0  # a worker that knows them begins the round


def test_arguments_of_an_older_version_find_its_builder() -> None:
    """A recovery that was admitted before an upgrade, and begins a round after it."""
    older = {
        name: one.annotation for name, one in inspect.signature(host_down.build).parameters.items()
    }
    given = {name: {'int': 1, 'float': 1.0, 'bool': False}.get(of, 'x')
             for name, of in older.items()}  # fmt: skip
    assert version_for(host_down.build_v2, given) is host_down.build
    newer = given | {'method': 'auto', 'ha_key': 'x', 'ha_mode': 'first', 'leave_in_error': False,
                     'exclude': '', 'spare_aggregates': False}  # fmt: skip
    assert version_for(host_down.build_v2, newer) is host_down.build_v2
    assert version_for(host_down.build_v2, {'unheard': 'of'}) is host_down.build_v2
