"""Each situation that the product can name is reached by a test here, or says why it is not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from recovery.policy import order
from tests.stuck.situation import DECLARED

TOP = Path(__file__).resolve().parents[2]
LEAST = 55  # situations; they may not fall

#: Code -> why no play gets there.
UNREACHED = {
    'capacity': 'only warns',
    'free': 'ends the alarm, and holds nothing',
    'handled': 'ends the alarm, and holds nothing',
    'over': 'ends the recovery, and holds nothing',
    'out-of-service': 'a return is refused at once, and never held',
    'segment-enabled': 'ends the alarm, or the recovery, and holds nothing',
    'records': 'a return is refused at once; "evacuations-open" is the same once it has begun',
    'held': 'stands for the gate that holds',
    'items-open': 'evacuate waits itself while an item is open; report makes sure (S21)',
    'not-forced-down': 'for two seconds, between a request that Nova took and what it shows of it',
    'undo-refused': 'an undo is refused when it is asked for; the worker makes sure',
    'cancelled': 'an end, and nothing is stuck',
    'in-hands': 'for the moment between a look and its act; the next look says what holds',
    'instance': 'holds an alarm, which is no recovery while nobody knows its host',
    'wanted': 'ends the alarm, and holds nothing',
    'restartable': 'ends the alarm, or the recovery, and holds nothing',
    'cell': 'says at the line what the gate "nova" says before; scenario cell-hangs-at-the-line',
    'closed': 'ends the alarm, or the recovery, and holds nothing',
    'host-recovery': 'ends with the recovery of the host, which has its own situations',
    'not-disabled': 'for seconds, between a request that Nova took and what it shows of it',
    'not-enabled': 'for seconds, between a request that Nova took and what it shows of it',
    'rejected': 'an end, and nothing is stuck',
}


def _codes() -> Iterator[str]:
    """Every code that a recovery may be stuck by."""
    for path in [*(TOP / 'flows').rglob('*.py'), *(TOP / 'recovery').rglob('*.py')]:
        yield from re.findall(r"\bcode='([a-z-]+)'", path.read_text())
    yield from (gate.name for gate in order.every_gate())


def test_every_code_is_reached_or_excused() -> None:
    for path in sorted(Path(__file__).parent.glob('test_*.py')):
        import_module(f'tests.stuck.{path.stem}')
    codes = set(_codes())
    for code in sorted(codes & DECLARED.keys()):
        print(f'{code}: {", ".join(DECLARED[code])}')
    assert codes - DECLARED.keys() - UNREACHED.keys() == set()
    assert DECLARED.keys() & UNREACHED.keys() == set(), 'reached, and excused all the same'
    assert (DECLARED.keys() | UNREACHED.keys()) - codes == set(), 'no such code any more'
    assert len(DECLARED) >= LEAST
