"""Does the segment of the host want recoveries at all?"""

from __future__ import annotations

from recovery.policy.gate import Answer, Gate, admit, ignore
from recovery.policy.inputs import Inputs


def _enabled(inputs: Inputs) -> Answer:
    segment = inputs.segment
    if segment is None:
        return admit('the host is in no segment that anybody described')
    if segment.enabled:
        return admit(f'segment {segment.name} is enabled', segment=segment.name)
    return ignore(f'segment {segment.name} is disabled', segment=segment.name)


ENABLED = Gate(
    name='segment-enabled',
    question='Is the segment of the host enabled?',
    on_missing='open: a segment that nobody described has no record',
    decide=_enabled,
)
