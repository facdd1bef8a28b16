"""Rows that no request makes, since neither side has anybody who works: moves of instances."""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Mapping
from typing import Any

from compare_scripts.servers import Api

INSTANCE = '5eeded00-0000-4000-8000-000000000001'
BEGUN, ENDED = 1_700_000_000, 1_700_000_030
_BEGUN, _ENDED = '2023-11-14 22:13:20.000000', '2023-11-14 22:13:50.000000'


def put(api: Api, notification: str, saved: Mapping[str, Any]) -> dict[str, Any]:
    """A move of one instance, for a notification whose UUID was saved under that name.

    :returns: what a request may name: MOVE, its UUID.
    """
    connection = sqlite3.connect(api.database, timeout=10)
    try:
        with connection:
            name = saved[notification]
            if api.name == 'Masakari':
                return {'MOVE': _theirs(connection, name)}
            return {'MOVE': _ours(connection, name)}
    finally:
        connection.close()


def _theirs(connection: sqlite3.Connection, notification: str) -> str:
    name = str(uuid.uuid4())
    connection.execute(
        'INSERT INTO vmoves (created_at, uuid, notification_uuid, instance_uuid, instance_name,'
        ' source_host, dest_host, start_time, end_time, type, status, message, deleted)'
        " VALUES (?, ?, ?, ?, 'vm-1', 'compute-01', 'compute-02', ?, ?, 'evacuation',"
        " 'succeeded', NULL, 0)",
        (_BEGUN, name, notification, INSTANCE, _BEGUN, _ENDED),
    )
    return name


def _ours(connection: sqlite3.Connection, notification: str) -> str:
    (recovery,) = connection.execute(
        'SELECT alarm.recovery FROM notification JOIN alarm ON alarm.id = notification.alarm'
        ' WHERE notification.uuid = ?',
        (notification,),
    ).fetchone()
    connection.execute(
        'INSERT INTO item (recovery, instance, name, source, state, reason, vm_state,'
        ' keep_stopped, priority, round, destination, started_at, ended_at)'
        " VALUES (?, ?, 'vm-1', 'compute-01', 'moved', '', 'active', 0, 0, 1, 'compute-02', ?, ?)",
        (recovery, INSTANCE, BEGUN, ENDED),
    )
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f'{recovery} {INSTANCE}'))
