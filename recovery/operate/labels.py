"""What a host is labelled with: its segment, and what it carries beside instances (H14)."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from recovery.db import hosts, members, segments
from recovery.db.store import Store
from recovery.operate.change import tell
from recovery.operate.refusal import Refusal

#: What dies with a host, and what that is to us.
CARRIES = {
    'bus': 'RabbitMQ',
    'database': 'our database, or that of Nova',
    'fencing-controller': 'what switches the power of others: MAAS, Ironic, a PDU gateway',
    'nova-api': 'the control plane that we ask',
    'storage': 'a storage monitor or server',
}


def label(
    store: Store,
    host: str,
    *,
    segment: str | None = None,
    carries: Sequence[str] | None = None,
    by: str,
    reason: str,
) -> str:
    """Set labels of a host; what is None stays as it is. Returns what changed, as a sentence.

    :param segment: '' takes it out of its segment.
    :raises Refusal: no such label, nothing that would change, or the segment of a member.
    """
    unknown = sorted(set(carries or ()) - CARRIES.keys())
    if unknown:
        raise Refusal(
            f'a host cannot carry {", ".join(unknown)}; there are: {", ".join(sorted(CARRIES))}'
        )

    def work(connection: sa.Connection) -> str:
        known = hosts.get(connection, host)
        values: dict[str, object] = {}
        said = []
        if segment is not None and (segment or None) != known.segment:
            _refuse_member(connection, host)
            values['segment'] = segment or None
            said.append(f'is in segment {segment}' if segment else 'is in no segment')
        wanted = tuple(sorted(set(carries or ())))
        if carries is not None and wanted != tuple(sorted(known.carries)):
            values['carries'] = list(wanted)
            said.append(f'carries {", ".join(wanted)}' if wanted else 'carries nothing of ours')
        if not values:
            raise Refusal(f'{host} is labelled so already', f'recovery host show {host}')
        hosts.put(connection, host, **values)
        what = f'host {host} {" and ".join(said)}'
        tell(connection, None, store.clock.now(), by=by, what=what, why=reason)
        return what

    return store.transact(work)


def _refuse_member(connection: sa.Connection, host: str) -> None:
    """The label of a member is the name of its segment: two truths would be two policies."""
    member = members.of_host(connection, host)
    if member is None:
        return
    owner = segments.get(connection, member.segment)
    name = owner.name if owner is not None else member.segment
    raise Refusal(
        f'{host} is a member of segment {name}: take it out there first',
        f'openstack segment host delete {name} {host}',
    )
