"""What the policy remembers: scopes, windows, the health of fence paths, who drains, inputs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

from recovery.db.migrations.columns import NAME, TIME, WORD, create_table

revision = '0002'
down_revision = '0001'

SCOPE = sa.String(300)
BLOB = sa.LargeBinary().with_variant(mysql.MEDIUMBLOB(), 'mysql', 'mariadb')


def upgrade() -> None:
    _guard()
    _window()
    _fence_path()
    _witness()
    with op.batch_alter_table('host') as table:
        table.add_column(sa.Column('segment', NAME))
    with op.batch_alter_table('worker') as table:
        table.add_column(sa.Column('draining_at', TIME))
        table.add_column(sa.Column('draining_by', NAME))
    with op.batch_alter_table('decision') as table:
        table.add_column(sa.Column('inputs', BLOB))
    op.create_index('ix_alarm_recovery', 'alarm', ['recovery'])


def _guard() -> None:
    """Names of scopes are longer than the words they were."""
    with op.batch_alter_table('guard') as table:
        table.alter_column('name', existing_type=WORD, type_=SCOPE, existing_nullable=False)


def _window() -> None:
    create_table(
        'window',
        sa.Column('id', sa.String(36), nullable=False),
        sa.Column('scope', SCOPE, nullable=False),
        sa.Column('begins_at', TIME, nullable=False),
        sa.Column('ends_at', TIME, nullable=False),
        sa.Column('by', NAME, nullable=False),
        sa.Column('reason', sa.Text, nullable=False),
        sa.Column('at', TIME, nullable=False),
        sa.Column('closed_at', TIME),
        sa.Column('closed_by', NAME),
        sa.PrimaryKeyConstraint('id', name='pk_window'),
    )
    op.create_index('ix_window_ends_at', 'window', ['ends_at'])


def _fence_path() -> None:
    create_table(
        'fence_path',
        sa.Column('host', NAME, nullable=False),
        sa.Column('off_works', sa.Boolean),
        sa.Column('on_works', sa.Boolean),
        sa.Column('verdict', sa.Text, nullable=False),
        sa.Column('devices', sa.JSON, nullable=False),
        sa.Column('at', TIME, nullable=False),
        sa.Column('since', TIME, nullable=False),
        sa.PrimaryKeyConstraint('host', name='pk_fence_path'),
    )


def _witness() -> None:
    create_table(
        'witness',
        sa.Column('observer', NAME, nullable=False),
        sa.Column('machine', NAME, nullable=False),
        sa.Column('answers', sa.JSON, nullable=False),
        sa.Column('reached', sa.Boolean, nullable=False),
        sa.Column('at', TIME, nullable=False),
        sa.PrimaryKeyConstraint('observer', name='pk_witness'),
    )
