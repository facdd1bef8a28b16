"""When an instance may be evacuated once more. Hazard H1, measured: Nova accepts a second
evacuate at any time, and then the instance runs twice; a record that says failed proves nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from flows.records import OPEN_ATTEMPTS, Attempt, AttemptState


def forbids(attempts: Sequence[Attempt], proven_off_since: Callable[[Attempt], bool]) -> str:
    """Why another evacuate of this instance is not safe; '' when it is.

    :param attempts: every earlier attempt for the instance, of all rounds.
    :param proven_off_since: whether the destination of an attempt was fenced after that attempt,
        with a proof of its own recovery.
    """
    for attempt in attempts:
        if attempt.state in OPEN_ATTEMPTS:
            return 'an earlier evacuation has not ended'
        if attempt.state is not AttemptState.FAILED:
            continue  # refused or absent: nothing was started anywhere
        if attempt.destination is None and attempt.destination_sure:
            continue  # the scheduler chose no host
        if attempt.destination is None:
            return 'an earlier evacuation was not followed to its end: nobody knows where it went'
        if attempt.destination_sure or proven_off_since(attempt):
            continue
        return (
            f'an earlier evacuation to {attempt.destination} failed, and that host was not seen '
            'up all the time: the instance may run there'
        )
    return ''
