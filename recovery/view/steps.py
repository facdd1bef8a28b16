"""Where a recovery is: its phases and steps, in our words (never in TaskFlow's)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from recovery.db import states, tables
from recovery.db.store import Store
from recovery.view import books, shape
from recovery.view.ids import Unknown
from recovery.view.recoveries import Recovery

TO_DO, RUNNING, WAITS, INTERRUPTED, STOPPED = 'to do', 'running', 'waits', 'interrupted', 'stopped'
DONE, FAILED, SKIPPED = 'done', 'failed', 'skipped'
TO_UNDO, UNDOING, UNDONE, UNDO_FAILED = 'to undo', 'undoing', 'undone', 'undo failed'

GLYPHS = {
    TO_DO: '·', RUNNING: '▶', WAITS: '‖', INTERRUPTED: '↻', STOPPED: '■', DONE: '✔', FAILED: '✖',
    SKIPPED: '-', TO_UNDO: '↶', UNDOING: '↶', UNDONE: '↩', UNDO_FAILED: '✖',
}  # fmt: skip
PLAIN = {
    TO_DO: '.', RUNNING: '>', WAITS: '=', INTERRUPTED: '~', STOPPED: '#', DONE: '+', FAILED: 'x',
    SKIPPED: '-', TO_UNDO: '<', UNDOING: '<', UNDONE: '<', UNDO_FAILED: 'x',
}  # fmt: skip

_ATOM = {
    'PENDING': TO_DO,
    'SUCCESS': DONE,
    'FAILURE': FAILED,
    'REVERTING': UNDOING,
    'REVERTED': UNDONE,
    'REVERT_FAILURE': UNDO_FAILED,
    'IGNORE': SKIPPED,
}
_OPEN = {
    states.RUNNING: RUNNING,
    states.WAITING: WAITS,
    states.HELD: WAITS,
    states.READY: INTERRUPTED,
}
#: A phase is what the first of these is that one of its steps is.
_WEIGHT = (
    UNDO_FAILED, FAILED, UNDOING, RUNNING, WAITS, INTERRUPTED, STOPPED, TO_UNDO, UNDONE,
)  # fmt: skip


@dataclass(frozen=True)
class Step:
    """One step of the round under way, or of the last one."""

    phase: str
    name: str
    state: str
    started_at: float | None = None
    ended_at: float | None = None
    attempt: int = 1  #: how often a worker began the round, for the step it is in
    message: str = ''

    def duration(self, now: float) -> float | None:
        """Seconds; None while it has not begun."""
        if self.started_at is None:
            return None
        return (self.ended_at if self.ended_at is not None else now) - self.started_at


@dataclass(frozen=True)
class Phase:
    """Steps that people see as one."""

    name: str
    steps: tuple[Step, ...]

    @property
    def state(self) -> str:
        found = {step.state for step in self.steps}
        for state in _WEIGHT:
            if state in found:
                return state
        if found <= {DONE, SKIPPED}:
            return DONE if DONE in found else SKIPPED
        return RUNNING if DONE in found else TO_DO

    def duration(self, now: float) -> float | None:
        """Seconds from the start of the first step to the end of the last one."""
        begun = [step.started_at for step in self.steps if step.started_at is not None]
        if not begun:
            return None
        ended = [step.ended_at for step in self.steps if step.ended_at is not None]
        unfinished = any(step.started_at and step.ended_at is None for step in self.steps)
        return (now if unfinished or not ended else max(ended)) - min(begun)


def tree(store: Store, recovery: Recovery) -> tuple[Phase, ...]:
    """Phases and steps of the current round. Empty when this release does not know its flow."""
    with store.read() as connection:
        book = books.read(connection, recovery.row['book'])
        events = _events(connection, recovery, book)
    steps = _timed(recovery, book, _shapes(recovery, book), events)
    return tuple(
        Phase(name, tuple(step for step in steps if step.phase == name))
        for name in dict.fromkeys(step.phase for step in steps)
    )


def shapes(store: Store, recovery: Recovery) -> tuple[shape.StepShape, ...]:
    """The steps of the flow that the round was stored with, or would be."""
    with store.read() as connection:
        return _shapes(recovery, books.read(connection, recovery.row['book']))


def _shapes(recovery: Recovery, book: books.Book) -> tuple[shape.StepShape, ...]:
    try:
        if book.factory is not None:
            return shape.of_factory(book.factory)
        return shape.of_arguments(recovery.row['kind'], recovery.row['arguments'])
    except Unknown:  # a newer release stored it: the names of the steps are there all the same
        return tuple(shape.StepShape(name, '', (), (), False, '') for name in book.atoms)


def _timed(
    recovery: Recovery,
    book: books.Book,
    shapes: Sequence[shape.StepShape],
    events: Sequence[tuple[float, str]],
) -> list[Step]:
    """Steps run one after the other: each begins when the one before it ended."""
    row = recovery.row
    steps: list[Step] = []
    times = (row['notes'] or {}).get('steps', {}).get(str(row['round']), {})
    order = [each.name for each in shapes if each.name in times]
    for each in shapes:
        atom = book.atoms.get(each.name)
        state = _state(atom, recovery)
        message, started, ended = '', None, None
        if atom is not None and state != TO_DO:
            started = times.get(each.name)
            later = order[order.index(each.name) + 1 :] if each.name in order else []
            ended = times[later[0]] if later else row['ended_at'] or atom.changed_at
            if atom.state in ('RUNNING', 'REVERTING'):
                ended = None
            message = atom.failure or _last(events, started, ended)
        if state in (WAITS, STOPPED) and row['reason']:
            message = row['reason']
        attempt = row['claims'] if state in (RUNNING, WAITS, INTERRUPTED) else 1
        steps.append(Step(each.phase, each.name, state, started, ended, attempt, message))
    return steps


def _state(atom: books.Atom | None, recovery: Recovery) -> str:
    if atom is None:
        return TO_DO
    if atom.state == 'RUNNING':
        return _OPEN.get(recovery.state, STOPPED)
    if atom.state in ('SUCCESS', 'FAILURE') and atom.intention == 'REVERT':
        return TO_UNDO
    return _ATOM.get(atom.state, atom.state.lower())


def _events(
    connection: sa.Connection, recovery: Recovery, book: books.Book
) -> list[tuple[float, str]]:
    event = tables.event
    query = (
        sa.select(event.c.at, event.c.what)
        .where(event.c.recovery == recovery.id, event.c.at >= (book.created_at or 0.0))
        .order_by(event.c.id)
    )
    return [(at, what) for at, what in connection.execute(query)]


def _last(events: Sequence[tuple[float, str]], started: float | None, ended: float | None) -> str:
    """The last thing the story says of a stretch of time."""
    said = [
        what
        for at, what in events
        if (started is None or at > started) and (ended is None or at <= ended)
    ]
    return said[-1] if said else ''
