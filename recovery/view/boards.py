"""The board, as far as an operator looks at it."""

from __future__ import annotations

from typing import Any

from drivers.contracts.errors import Unreachable
from recovery.board.boards import BoardAway, Listed, open_board
from recovery.db.store import Store


def jobs(conf: Any, store: Store) -> tuple[Listed, ...]:
    """All jobs in the order of delivery.

    :raises Unreachable: the board does not answer.
    :raises recovery.board.boards.BadBoard: the options cannot work; a ValueError.
    """
    name = f'cli-{store.clock.new_token()}'
    board = open_board(conf.board, store, store.clock, name=name)
    try:
        return board.listing()
    except BoardAway as error:
        raise Unreachable(str(error)) from error
    finally:
        board.close()
