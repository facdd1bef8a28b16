"""What the engine does, as sentences in the log."""

from __future__ import annotations

import logging
from typing import Any

from taskflow import states
from taskflow.types.notifier import Notifier

from recovery.claims.claim import Claim

LOG = logging.getLogger(__name__)

WORDS = {
    states.RUNNING: 'begins',
    states.SUCCESS: 'is done',
    states.FAILURE: 'failed',
    states.REVERTING: 'is being undone',
    states.REVERTED: 'is undone',
    states.REVERT_FAILURE: 'could not be undone',
}


def narrate(engine: Any, claim: Claim) -> None:
    """Log each change of a step, the host and the recovery first."""

    def say(state: str, details: dict[str, Any]) -> None:
        step = details.get('task_name')
        if step and state in WORDS:
            LOG.info('%s %s: %s %s', claim.host, claim.recovery_id, step, WORDS[state])

    engine.atom_notifier.register(Notifier.ANY, say)
