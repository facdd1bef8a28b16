"""Orders about alarms: raise one, have one decided about now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from drivers.contracts.alarms import Alarm
from recovery.intake import Outcome, receive
from recovery.operate.alarm import decide
from recovery.view.ids import short

if TYPE_CHECKING:
    from recovery.site import Site

Done = dict[str, Any]


def raise_(site: Site, said: Mapping[str, Any], *, by: str, source: str) -> Done:
    """Take an alarm that a human or a program behind a token raises.

    :param said: ``kind``, ``subject``, and maybe ``source``, ``key``, ``at`` (seconds since 1970
        UTC) and ``evidence``.
    :param source: who says it, unless the alarm names one.
    :raises recovery.intake.BadAlarm: malformed; nothing was stored.
    """
    alarm = Alarm(
        source=said.get('source', source),
        key=said.get('key') or site.clock.new_id(),
        kind=said['kind'],
        subject=said['subject'],
        at=said.get('at') or site.clock.now(),
        evidence=said.get('evidence', {}),
        requested_by=by,
    )
    return answered(receive(site, alarm))


def decided(site: Site, identifier: str, *, by: str, reason: str) -> Done:
    """Have the gates asked about an alarm again; its whole id.

    :raises recovery.operate.refusal.Refusal: it led to a recovery, which has orders of its own.
    """
    return answered(decide(site, identifier, by=by, reason=reason))


def answered(outcome: Outcome) -> Done:
    """What became of an alarm or a wish."""
    again = ' (as before)' if outcome.repeated else ''
    said = [f'{outcome.answer}{again}: {outcome.reason}']
    if outcome.alarm:
        said.append(f'alarm {outcome.alarm}')
    if outcome.recovery:
        said.append(f'recovery {outcome.recovery}')
    verb = outcome.verb
    if not verb and outcome.answer == 'admit' and outcome.recovery:
        verb = f'recovery watch {short(outcome.recovery)}'
    return {
        'said': said,
        'next': verb,
        'answer': outcome.answer,
        'reason': outcome.reason,
        'gate': outcome.gate,
        'repeated': outcome.repeated,
        'alarm': outcome.alarm,
        'recovery': outcome.recovery,
    }
