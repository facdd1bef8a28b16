"""From an alarm to a decision and a recovery: stored first, answered after."""

from recovery.intake.admission import Outcome
from recovery.intake.plan import Plan, plan
from recovery.intake.receive import BadAlarm, receive
from recovery.intake.returning import request_return

__all__ = ['BadAlarm', 'Outcome', 'Plan', 'plan', 'receive', 'request_return']
