"""A database as Masakari leaves it, as far as its segments and hosts go."""

from __future__ import annotations

import sqlite3
from pathlib import Path

RACK_1 = '11111111-0000-4000-8000-000000000001'
RACK_2 = '22222222-0000-4000-8000-000000000002'
GONE = '33333333-0000-4000-8000-000000000003'

SCHEMA = """
CREATE TABLE failover_segments (
    created_at DATETIME, updated_at DATETIME, deleted_at DATETIME, deleted INTEGER,
    id INTEGER PRIMARY KEY, uuid VARCHAR(36) NOT NULL, name VARCHAR(255) NOT NULL,
    service_type VARCHAR(255) NOT NULL, enabled BOOLEAN, description TEXT,
    recovery_method VARCHAR(20) NOT NULL
);
CREATE TABLE hosts (
    created_at DATETIME, updated_at DATETIME, deleted_at DATETIME, deleted INTEGER,
    id INTEGER PRIMARY KEY, uuid VARCHAR(36) NOT NULL, name VARCHAR(255) NOT NULL,
    reserved BOOLEAN, type VARCHAR(255) NOT NULL, control_attributes TEXT NOT NULL,
    on_maintenance BOOLEAN, failover_segment_id VARCHAR(36) NOT NULL
);
"""
#: deleted, id, uuid, name, service_type, enabled, description, recovery_method
SEGMENTS = [
    (0, 1, RACK_2, 'rack-2', 'COMPUTE', 0, None, 'rh_priority'),
    (0, 2, RACK_1, 'rack-1', 'COMPUTE', 1, 'by the door', 'auto'),
    (3, 3, GONE, 'rack-0', 'COMPUTE', 1, None, 'auto'),
]
#: deleted, id, uuid, name, reserved, type, control_attributes, on_maintenance, segment
HOSTS = [
    (0, 1, f'{RACK_2[:-1]}a', 'compute-02', 0, 'COMPUTE', 'SSH', 0, RACK_2),
    (0, 2, f'{RACK_1[:-1]}a', 'compute-01', 0, 'COMPUTE', 'SSH', 1, RACK_1),
    (3, 3, f'{RACK_1[:-1]}b', 'compute-08', 0, 'COMPUTE', 'SSH', 0, RACK_1),
    (0, 4, f'{RACK_1[:-1]}c', 'compute-09', 1, 'COMPUTE', 'SSH', 0, RACK_1),
]


def make(path: Path) -> Path:
    """Make the file."""
    with sqlite3.connect(path) as opened:
        opened.executescript(SCHEMA)
        opened.executemany(
            'INSERT INTO failover_segments (deleted, id, uuid, name, service_type, enabled, '
            'description, recovery_method) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
            SEGMENTS,
        )
        opened.executemany(
            'INSERT INTO hosts (deleted, id, uuid, name, reserved, type, control_attributes, '
            'on_maintenance, failover_segment_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)',
            HOSTS,
        )
    opened.close()
    return path
