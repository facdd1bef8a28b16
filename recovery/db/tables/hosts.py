"""Hosts, their segments, and what is known about both."""

from __future__ import annotations

import sqlalchemy as sa

from recovery.db.tables.base import ID, META, NAME, SCOPE, TIME, UUID, WORD, of_recovery

host = sa.Table(
    'host',
    META,
    sa.Column('name', NAME, primary_key=True),
    # The operator's maintenance and our mark are two things (H24).
    sa.Column('maintenance', sa.Boolean, nullable=False),
    sa.Column('maintenance_by', NAME),
    sa.Column('maintenance_reason', sa.Text),
    sa.Column('failed_by', UUID),
    sa.Column('carries', sa.JSON, nullable=False),
    sa.Column('identities', sa.JSON, nullable=False),
    sa.Column('proven_off_at', TIME),
    sa.Column('returned_at', TIME),
    sa.Column('segment', NAME),
)


window = sa.Table(
    'window',
    META,
    sa.Column('id', UUID, primary_key=True),
    sa.Column('scope', SCOPE, nullable=False),
    sa.Column('begins_at', TIME, nullable=False),
    sa.Column('ends_at', TIME, nullable=False, index=True),
    sa.Column('by', NAME, nullable=False),
    sa.Column('reason', sa.Text, nullable=False),
    sa.Column('at', TIME, nullable=False),
    sa.Column('closed_at', TIME),
    sa.Column('closed_by', NAME),
)


fence_path = sa.Table(
    'fence_path',
    META,
    sa.Column('host', NAME, primary_key=True),
    # NULL: could not be found out
    sa.Column('off_works', sa.Boolean),
    sa.Column('on_works', sa.Boolean),
    sa.Column('verdict', sa.Text, nullable=False),
    sa.Column('devices', sa.JSON, nullable=False),
    sa.Column('at', TIME, nullable=False),
    sa.Column('since', TIME, nullable=False),  # when the verdict last changed
)


# Masakari's segment. Its number is what clients page with; its name is what hosts carry.
segment = sa.Table(
    'segment',
    META,
    sa.Column('id', ID, primary_key=True, autoincrement=True),
    sa.Column('uuid', UUID, nullable=False, unique=True),
    sa.Column('name', NAME, nullable=False, unique=True),
    sa.Column('recovery_method', WORD, nullable=False),
    sa.Column('service_type', NAME, nullable=False),
    sa.Column('enabled', sa.Boolean, nullable=False),
    sa.Column('description', sa.Text),
    sa.Column('created_at', TIME, nullable=False),
    sa.Column('updated_at', TIME),
)


# A host of a segment, as Masakari's clients know it. Maintenance and our mark are in ``host``.
member = sa.Table(
    'member',
    META,
    sa.Column('id', ID, primary_key=True, autoincrement=True),
    sa.Column('uuid', UUID, nullable=False, unique=True),
    sa.Column(
        'segment',
        UUID,
        sa.ForeignKey('segment.uuid', ondelete='CASCADE'),
        nullable=False,
        index=True,
    ),
    sa.Column('name', NAME, nullable=False, unique=True),
    sa.Column('type', NAME),
    sa.Column('control_attributes', sa.Text),
    sa.Column('reserved', sa.Boolean, nullable=False),
    sa.Column('created_at', TIME, nullable=False),
    sa.Column('updated_at', TIME),
)


# A reserved host that a recovery took (H15): one recovery per spare.
spare = sa.Table(
    'spare',
    META,
    sa.Column('host', NAME, primary_key=True),
    of_recovery(),
    sa.Column('state', WORD, nullable=False),
    sa.Column('at', TIME, nullable=False),
    sa.Column('aggregates', sa.JSON, nullable=False),  # that we added it to
)
