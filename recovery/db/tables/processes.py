"""What processes share: guards, their own rows, the board."""

from __future__ import annotations

import sqlalchemy as sa

from recovery.db.tables.base import ID, META, NAME, SCOPE, TIME, UUID, WORD

# What each process sees of the witnesses: the quorum is counted over the newest rows.
witness = sa.Table(
    'witness',
    META,
    sa.Column('observer', NAME, primary_key=True),
    sa.Column('machine', NAME, nullable=False),
    sa.Column('answers', sa.JSON, nullable=False),
    sa.Column('reached', sa.Boolean, nullable=False),
    sa.Column('at', TIME, nullable=False),
)


guard = sa.Table(
    'guard',
    META,
    sa.Column('name', SCOPE, primary_key=True),
    sa.Column('value', sa.JSON, nullable=False),
    sa.Column('by', NAME, nullable=False),
    sa.Column('reason', sa.Text, nullable=False),
    sa.Column('at', TIME, nullable=False),
)


worker = sa.Table(
    'worker',
    META,
    sa.Column('name', NAME, primary_key=True),
    sa.Column('kind', WORD, nullable=False),
    sa.Column('host', NAME, nullable=False),
    sa.Column('pid', sa.Integer, nullable=False),
    sa.Column('version', WORD, nullable=False),
    sa.Column('started_at', TIME, nullable=False),
    sa.Column('seen_at', TIME, nullable=False),
    sa.Column('draining_at', TIME),
    sa.Column('draining_by', NAME),
)


job = sa.Table(
    'job',
    META,
    sa.Column('seq', ID, primary_key=True, autoincrement=True),
    sa.Column('board', NAME, nullable=False),
    sa.Column('id', UUID, nullable=False),
    sa.Column('name', NAME, nullable=False),
    sa.Column('priority', sa.Integer, nullable=False),  # 0 goes first
    sa.Column('details', sa.JSON, nullable=False),
    sa.Column('book', UUID),
    sa.Column('book_name', NAME),
    sa.Column('owner', NAME),
    sa.Column('owned_until', TIME),
    sa.Column('not_before', TIME),
    sa.Column('trashed_at', TIME),
    sa.Column('created_at', TIME, nullable=False),
    sa.Column('updated_at', TIME, nullable=False),
    sa.UniqueConstraint('board', 'id'),
)
