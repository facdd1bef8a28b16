"""The tables. Times are seconds since 1970 UTC; JSON columns hold small values for people.

TaskFlow keeps its own three tables beside these; ``recovery.book`` points into them.
"""

from recovery.db.tables.base import META, TIME
from recovery.db.tables.hosts import fence_path, host, member, segment, spare, window
from recovery.db.tables.intake import nonce, notification
from recovery.db.tables.processes import guard, job, witness, worker
from recovery.db.tables.recoveries import attempt, intent, item, proof, recovery
from recovery.db.tables.stories import alarm, decision, event

__all__ = [
    'META',
    'TIME',
    'alarm',
    'attempt',
    'decision',
    'event',
    'fence_path',
    'guard',
    'host',
    'intent',
    'item',
    'job',
    'member',
    'nonce',
    'notification',
    'proof',
    'recovery',
    'segment',
    'spare',
    'window',
    'witness',
    'worker',
]
