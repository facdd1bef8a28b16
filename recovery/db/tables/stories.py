"""What was said, decided and done."""

from __future__ import annotations

import sqlalchemy as sa

from recovery.db.tables.base import BLOB, ID, META, NAME, TIME, UUID, WORD, of_recovery

alarm = sa.Table(
    'alarm',
    META,
    sa.Column('id', UUID, primary_key=True),
    sa.Column('source', NAME, nullable=False),
    sa.Column('key', NAME, nullable=False),
    sa.Column('kind', WORD, nullable=False),
    sa.Column('subject', NAME, nullable=False),
    sa.Column('at', TIME, nullable=False),
    sa.Column('arrived_at', TIME, nullable=False, index=True),
    sa.Column('evidence', sa.JSON, nullable=False),
    sa.Column('raw', sa.Text, nullable=False),
    sa.Column('requested_by', NAME, nullable=False),
    sa.Column('repeats', sa.Integer, nullable=False),
    # NULL until it was decided about: stored first, answered after.
    sa.Column('answer', WORD, index=True),
    sa.Column('reason', sa.Text),
    sa.Column('recovery', UUID, index=True),
    sa.UniqueConstraint('source', 'key'),
)


decision = sa.Table(
    'decision',
    META,
    sa.Column('id', ID, primary_key=True, autoincrement=True),
    of_recovery(nullable=True),
    sa.Column('alarm', UUID, index=True),
    sa.Column('stage', WORD, nullable=False),
    sa.Column('answer', WORD, nullable=False),
    sa.Column('gate', WORD, nullable=False),
    sa.Column('reason', sa.Text, nullable=False),
    sa.Column('gates', sa.JSON, nullable=False),
    sa.Column('at', TIME, nullable=False, index=True),
    # What the gates looked at, compressed, so that the decision can be made again.
    sa.Column('inputs', BLOB),
)


event = sa.Table(
    'event',
    META,
    sa.Column('id', ID, primary_key=True, autoincrement=True),
    of_recovery(nullable=True),
    sa.Column('at', TIME, nullable=False, index=True),
    sa.Column('who', NAME, nullable=False),
    sa.Column('what', sa.Text, nullable=False),
    sa.Column('why', sa.Text, nullable=False),
)
