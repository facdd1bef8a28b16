"""A recovery, and what it remembers."""

from __future__ import annotations

import sqlalchemy as sa

from recovery.db.tables.base import ID, META, NAME, TIME, UUID, WORD, of_recovery

recovery = sa.Table(
    'recovery',
    META,
    sa.Column('id', UUID, primary_key=True),
    sa.Column('kind', WORD, nullable=False),
    sa.Column('subject', NAME, nullable=False, index=True),
    sa.Column('host', NAME, nullable=False, index=True),
    sa.Column('state', WORD, nullable=False, index=True),
    # One blocking recovery per subject (S6): 'host:NAME' or 'instance:UUID' while live, NULL
    # when ended. MariaDB has no partial index; NULLs never collide (H19).
    sa.Column('open_key', sa.String(300), unique=True),
    sa.Column('phase', WORD),
    sa.Column('code', WORD),
    sa.Column('reason', sa.Text),
    sa.Column('verb', NAME),
    sa.Column('alarm', UUID),
    sa.Column('arguments', sa.JSON, nullable=False),
    sa.Column('notes', sa.JSON, nullable=False),
    sa.Column('requested_by', NAME, nullable=False),
    sa.Column('approved_by', NAME),
    sa.Column('approved_reason', sa.Text),
    sa.Column('approved_gates', sa.JSON),
    sa.Column('round', sa.Integer, nullable=False),
    sa.Column('book', UUID),
    sa.Column('undoing', sa.Boolean, nullable=False),
    # Ownership: the token is the claim, the beats show that its holder lives.
    sa.Column('token', sa.String(32)),
    sa.Column('epoch', sa.Integer, nullable=False),
    sa.Column('beats', sa.BigInteger, nullable=False),
    sa.Column('worker', NAME),
    sa.Column('lease', TIME),
    sa.Column('claims', sa.Integer, nullable=False),
    sa.Column('next_check', TIME, index=True),
    sa.Column('expires_at', TIME),
    # What an operator asked the owner to do: 'undo' or 'leave'.
    sa.Column('wish', WORD),
    sa.Column('wish_by', NAME),
    sa.Column('wish_reason', sa.Text),
    sa.Column('superseded_by', UUID),
    sa.Column('created_at', TIME, nullable=False, index=True),
    sa.Column('updated_at', TIME, nullable=False),
    sa.Column('started_at', TIME),
    sa.Column('ended_at', TIME),
)


intent = sa.Table(
    'intent',
    META,
    sa.Column('id', ID, primary_key=True, autoincrement=True),
    of_recovery(),
    sa.Column('round', sa.Integer, nullable=False),
    sa.Column('epoch', sa.Integer, nullable=False),
    sa.Column('host', NAME, nullable=False, index=True),
    sa.Column('action', WORD, nullable=False),
    sa.Column('target', NAME, nullable=False),
    sa.Column('observed', sa.JSON, nullable=False),
    sa.Column('at', TIME, nullable=False, index=True),
    sa.Column('outcome', sa.Text),
    sa.Column('ended_at', TIME),
)


item = sa.Table(
    'item',
    META,
    sa.Column('id', ID, primary_key=True, autoincrement=True),
    of_recovery(),
    sa.Column('instance', UUID, nullable=False),
    sa.Column('name', NAME, nullable=False),
    sa.Column('source', NAME, nullable=False),
    sa.Column('state', WORD, nullable=False),
    sa.Column('reason', sa.Text, nullable=False),
    sa.Column('vm_state', WORD, nullable=False),
    sa.Column('keep_stopped', sa.Boolean, nullable=False),
    sa.Column('priority', sa.Integer, nullable=False),
    sa.Column('round', sa.Integer, nullable=False),
    sa.Column('destination', NAME),
    sa.Column('started_at', TIME),
    sa.Column('ended_at', TIME),
    sa.UniqueConstraint('recovery', 'instance'),
)


attempt = sa.Table(
    'attempt',
    META,
    sa.Column('id', ID, primary_key=True, autoincrement=True),
    of_recovery(),
    sa.Column('instance', UUID, nullable=False),
    sa.Column('round', sa.Integer, nullable=False),
    sa.Column('epoch', sa.Integer, nullable=False),
    sa.Column('state', WORD, nullable=False),
    sa.Column('target', NAME),
    sa.Column('destination', NAME),
    sa.Column('migration', sa.BigInteger),
    sa.Column('request_id', NAME),
    sa.Column('at', TIME, nullable=False),
    sa.Column('deadline_at', TIME, nullable=False),
    sa.Column('destination_seen_at', TIME),
    sa.Column('destination_sure', sa.Boolean, nullable=False),
    sa.Column('ended_at', TIME),
    sa.Column('reason', sa.Text, nullable=False),
    sa.Column('after_proof', ID),  # the newest of any host when it was recorded
    sa.Column('after_record', ID),  # Nova's newest of the instance that was known
)


proof = sa.Table(
    'proof',
    META,
    sa.Column('id', ID, primary_key=True, autoincrement=True),
    of_recovery(),
    sa.Column('round', sa.Integer, nullable=False),
    sa.Column('epoch', sa.Integer, nullable=False),
    sa.Column('host', NAME, nullable=False, index=True),
    sa.Column('kind', WORD, nullable=False),
    sa.Column('level', sa.Integer, nullable=False),
    sa.Column('observations', sa.JSON, nullable=False),
    sa.Column('by', NAME, nullable=False),
    sa.Column('statement', sa.Text, nullable=False),
    sa.Column('at', TIME, nullable=False),
    sa.Column('expires_at', TIME),
    sa.Column('void_reason', sa.Text),
    sa.Column('void_at', TIME),
)
