"""What every step has in common."""

from __future__ import annotations

from typing import Any

from taskflow.task import Task

from flows.ports import Ledger


class Step(Task):
    """One verb of a flow. Built with a name and numbers only; drivers arrive as arguments.

    A step may be started again after it was interrupted anywhere: it observes first, records
    the intent, acts, reads back, and returns small JSON.
    """

    phase = ''  #: set by :func:`flows.patterns.phase`

    def __init__(self, name: str, **task: Any) -> None:
        super().__init__(name=name, **task)

    def begin(self, ledger: Ledger) -> None:
        """First statement of every step."""
        ledger.begin(self.phase, self.name)
