"""What alarms from everyone need: segments, their hosts, notifications, spares, signatures."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from recovery.db.migrations.columns import ID, NAME, TIME, UUID, WORD, create_table, of_recovery

revision = '0003'
down_revision = '0002'


def upgrade() -> None:
    _segment()
    _member()
    _spare()
    _notification()
    _nonce()
    op.create_index('ix_recovery_subject', 'recovery', ['subject'])


def _segment() -> None:
    create_table(
        'segment',
        sa.Column('id', ID, autoincrement=True, nullable=False),
        sa.Column('uuid', UUID, nullable=False),
        sa.Column('name', NAME, nullable=False),
        sa.Column('recovery_method', WORD, nullable=False),
        sa.Column('service_type', NAME, nullable=False),
        sa.Column('enabled', sa.Boolean, nullable=False),
        sa.Column('description', sa.Text),
        sa.Column('created_at', TIME, nullable=False),
        sa.Column('updated_at', TIME),
        sa.PrimaryKeyConstraint('id', name='pk_segment'),
        sa.UniqueConstraint('uuid', name='uq_segment_uuid'),
        sa.UniqueConstraint('name', name='uq_segment_name'),
    )


def _member() -> None:
    key = sa.ForeignKey('segment.uuid', name='fk_member_segment', ondelete='CASCADE')
    create_table(
        'member',
        sa.Column('id', ID, autoincrement=True, nullable=False),
        sa.Column('uuid', UUID, nullable=False),
        sa.Column('segment', UUID, key, nullable=False),
        sa.Column('name', NAME, nullable=False),
        sa.Column('type', NAME),
        sa.Column('control_attributes', sa.Text),
        sa.Column('reserved', sa.Boolean, nullable=False),
        sa.Column('created_at', TIME, nullable=False),
        sa.Column('updated_at', TIME),
        sa.PrimaryKeyConstraint('id', name='pk_member'),
        sa.UniqueConstraint('uuid', name='uq_member_uuid'),
        sa.UniqueConstraint('name', name='uq_member_name'),
    )
    op.create_index('ix_member_segment', 'member', ['segment'])


def _spare() -> None:
    create_table(
        'spare',
        sa.Column('host', NAME, nullable=False),
        of_recovery('spare'),
        sa.Column('state', WORD, nullable=False),
        sa.Column('at', TIME, nullable=False),
        sa.Column('aggregates', sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint('host', name='pk_spare'),
    )
    op.create_index('ix_spare_recovery', 'spare', ['recovery'])


def _notification() -> None:
    create_table(
        'notification',
        sa.Column('id', ID, autoincrement=True, nullable=False),
        sa.Column('uuid', UUID, nullable=False),
        sa.Column('type', WORD, nullable=False),
        sa.Column('host', NAME, nullable=False),
        sa.Column('member', UUID, nullable=False),
        sa.Column('segment', UUID),
        sa.Column('generated_at', TIME, nullable=False),
        sa.Column('payload', sa.JSON, nullable=False),
        sa.Column('alarm', UUID),
        sa.Column('answer', WORD),
        sa.Column('message', sa.Text),
        sa.Column('created_at', TIME, nullable=False),
        sa.Column('updated_at', TIME),
        sa.PrimaryKeyConstraint('id', name='pk_notification'),
        sa.UniqueConstraint('uuid', name='uq_notification_uuid'),
    )
    for column in ('host', 'member', 'alarm', 'created_at'):
        op.create_index(f'ix_notification_{column}', 'notification', [column])


def _nonce() -> None:
    create_table(
        'nonce',
        sa.Column('source', NAME, nullable=False),
        sa.Column('digest', sa.String(64), nullable=False),
        sa.Column('at', TIME, nullable=False),
        sa.PrimaryKeyConstraint('source', 'digest', name='pk_nonce'),
    )
    op.create_index('ix_nonce_at', 'nonce', ['at'])
