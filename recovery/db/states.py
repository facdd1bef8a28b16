"""The legal states of a recovery and of an item, and how they may follow each other.

Checked on every write, drawn into the documentation by tools/draw_states.
"""

from __future__ import annotations

from collections.abc import Mapping

HELD, READY, RUNNING, WAITING = 'held', 'ready', 'running', 'waiting'
DONE, DONE_WITH_FAILURES, UNDONE = 'done', 'done-with-failures', 'undone'
CANCELLED, SUPERSEDED, EXPIRED = 'cancelled', 'superseded', 'expired'

MEANINGS: Mapping[str, str] = {
    HELD: 'a gate holds it; decided again at its next check, or released by approve',
    READY: 'wants a worker now',
    RUNNING: 'a worker owns it',
    WAITING: 'for a human or for a time; holds no worker',
    DONE: 'every item is where it should be',
    DONE_WITH_FAILURES: 'ended, but some items failed',
    UNDONE: 'ended above the line, everything given back',
    CANCELLED: 'ended by an operator',
    SUPERSEDED: 'a recovery that takes precedence took over its host',
    EXPIRED: 'nothing released it in time',
}

LIVE = frozenset({HELD, READY, RUNNING, WAITING})  # all of them block their host
ENDED = frozenset(MEANINGS) - LIVE
CLAIMABLE = frozenset({READY})  # what a worker may win
POSTED = frozenset({READY})  # what the reconcile loop puts on the board
DECIDED_AGAIN = frozenset({HELD, WAITING})  # what the watcher looks at when next_check is due

RECOVERY: Mapping[str, frozenset[str]] = {
    HELD: frozenset({READY, CANCELLED, EXPIRED, SUPERSEDED}),
    READY: frozenset({RUNNING, CANCELLED, SUPERSEDED}),
    RUNNING: frozenset({READY, WAITING, DONE, DONE_WITH_FAILURES, UNDONE, CANCELLED, SUPERSEDED}),
    WAITING: frozenset({READY, CANCELLED, SUPERSEDED}),
    # A rerun is a new round of the same recovery.
    DONE: frozenset({READY}),
    DONE_WITH_FAILURES: frozenset({READY}),
    UNDONE: frozenset({READY}),
    CANCELLED: frozenset({READY}),
    # The recovery of its host is over, and what this one began is not.
    SUPERSEDED: frozenset({HELD}),
    EXPIRED: frozenset({READY}),
}

ITEM: Mapping[str, frozenset[str]] = {
    'pending': frozenset({'started', 'moved', 'left', 'failed', 'unsettled'}),
    'started': frozenset({'pending', 'moved', 'left', 'failed', 'unsettled'}),
    'unsettled': frozenset({'pending', 'started', 'moved', 'left', 'failed'}),
    # Opened again by a rerun, because it is on the failed host again, or because the destination
    # failed too (H15).
    'moved': frozenset({'pending', 'unsettled'}),
    'left': frozenset({'pending', 'moved', 'failed'}),
    'failed': frozenset({'pending', 'moved', 'left', 'unsettled'}),
}

ITEM_ENDED = frozenset({'moved', 'left', 'failed'})


class IllegalTransition(ValueError):
    """A write that the table of states does not allow: a defect, never an operator's mistake."""


def check_recovery(old: str, new: str) -> None:
    """:raises IllegalTransition: ``new`` may not follow ``old``."""
    if new not in RECOVERY[old]:
        raise IllegalTransition(f'a recovery that is {old} cannot become {new}')


def check_item(old: str, new: str) -> None:
    """:raises IllegalTransition: ``new`` may not follow ``old``."""
    if new != old and new not in ITEM[old]:
        raise IllegalTransition(f'an item that is {old} cannot become {new}')
