"""The last step: what became of it, in one sentence."""

from __future__ import annotations

from typing import Any

from flows.ports import Claim, Ledger
from flows.records import ItemState
from flows.stop import Waiting
from flows.tasks.step import Step

ENDED = (ItemState.MOVED, ItemState.LEFT, ItemState.FAILED)


class Report(Step):
    """Check that each item ended exactly once, and say how. Nothing to undo."""

    default_provides = 'outcome'

    def execute(self, evacuated: dict[str, int], claim: Claim, ledger: Ledger) -> dict[str, Any]:
        self.begin(ledger)
        items = ledger.items()
        open_ = [item for item in items if item.state not in ENDED]
        if open_:  # S21
            raise Waiting(
                f'{len(open_)} instance(s) have not ended, {open_[0].name} for one',
                code='items-open',
                verb=f'recovery rerun {claim.recovery_id}',
            )
        counts = {state.value: sum(item.state is state for item in items) for state in ENDED}
        sentence = ', '.join(f'{number} {state}' for state, number in counts.items() if number)
        ledger.note('outcome', counts)
        ledger.event(f'{claim.host} is recovered', sentence or 'it had no instances')
        return counts


class ReportReturn(Step):
    """Say that the host is back. Nothing to undo."""

    default_provides = 'outcome'

    def execute(self, opened: dict[str, Any], claim: Claim, ledger: Ledger) -> dict[str, Any]:
        self.begin(ledger)
        ledger.note('outcome', dict(opened))
        ledger.event(
            f'{claim.host} is back in service'
            if opened['enabled']
            else f'{claim.host} is back, and stays disabled: somebody else disabled it'
        )
        return dict(opened)
