"""Rows as Masakari's clients know them."""

from __future__ import annotations

from typing import Any

from recovery.api.masakari.words import moment
from recovery.db.members import Member
from recovery.db.notifications import Notification
from recovery.db.segments import Segment
from recovery.view.notifications import TYPE, Detail, Move

Shown = dict[str, Any]


def segment(row: Segment) -> Shown:
    """A segment."""
    return {
        'id': row.id,
        'uuid': row.uuid,
        'name': row.name,
        'service_type': row.service_type,
        'enabled': row.enabled,
        'description': row.description,
        'recovery_method': row.recovery_method,
        **_common(row.created_at, row.updated_at),
    }


def host(row: Member, owner: Segment) -> Shown:
    """A host, with its segment inside."""
    return {
        'id': row.id,
        'uuid': row.uuid,
        'name': row.name,
        'failover_segment_id': row.segment,
        'failover_segment': segment(owner),
        'type': row.type,
        'reserved': row.reserved,
        'control_attributes': row.control_attributes,
        'on_maintenance': row.on_maintenance,
        **_common(row.created_at, row.updated_at),
    }


def notification(row: Notification) -> Shown:
    """A notification, without the details of its workflow."""
    return {
        'id': row.id,
        'notification_uuid': row.uuid,
        'generated_time': moment(row.generated_at, whole=False),
        'source_host_uuid': row.member,
        'type': row.type,
        'payload': row.payload,
        'status': row.status,
        'failover_segment_uuid': row.segment,
        'message': row.message,
        **_common(row.created_at, row.updated_at),
    }


def detail(row: Detail) -> Shown:
    """A step of the workflow."""
    told = [
        {
            'timestamp': (moment(at, whole=False) or '').replace('T', ' '),
            'progress': str(progress),
            'message': message,
        }
        for at, progress, message in row.told
    ]
    return {
        'name': row.name,
        'progress': row.progress,
        'state': row.state,
        'progress_details': told,
    }


def vmove(row: Move, notification_uuid: str) -> Shown:
    """An instance on its way."""
    return {
        'id': row.id,
        'uuid': row.uuid,
        'notification_uuid': notification_uuid,
        'instance_uuid': row.instance,
        'instance_name': row.name,
        'source_host': row.source,
        'dest_host': row.destination,
        'start_time': moment(row.started_at, whole=False),
        'end_time': moment(row.ended_at, whole=False),
        'type': TYPE,
        'status': row.status,
        'message': row.message,
        **_common(row.created_at, row.updated_at),
    }


def _common(created: float, updated: float | None) -> Shown:
    """What all of them have. Nothing is kept that was deleted."""
    return {
        'created_at': moment(created),
        'updated_at': moment(updated),
        'deleted_at': None,
        'deleted': False,
    }
