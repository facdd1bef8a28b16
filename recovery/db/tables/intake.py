"""What comes in over HTTP."""

from __future__ import annotations

import sqlalchemy as sa

from recovery.db.tables.base import ID, META, NAME, TIME, UUID, WORD

# What a client of Masakari's API sent, and what it may ask about later.
notification = sa.Table(
    'notification',
    META,
    sa.Column('id', ID, primary_key=True, autoincrement=True),
    sa.Column('uuid', UUID, nullable=False, unique=True),
    sa.Column('type', WORD, nullable=False),
    sa.Column('host', NAME, nullable=False, index=True),
    sa.Column('member', UUID, nullable=False, index=True),
    sa.Column('segment', UUID),
    sa.Column('generated_at', TIME, nullable=False),
    sa.Column('payload', sa.JSON, nullable=False),
    # NULL when nothing was to be done: then ``answer`` says how it ended.
    sa.Column('alarm', UUID, index=True),
    sa.Column('answer', WORD),
    sa.Column('message', sa.Text),
    sa.Column('created_at', TIME, nullable=False, index=True),
    sa.Column('updated_at', TIME),
)


# Signatures that were accepted, so that a recorded request cannot be sent again.
nonce = sa.Table(
    'nonce',
    META,
    sa.Column('source', NAME, primary_key=True),
    sa.Column('digest', sa.String(64), primary_key=True),
    sa.Column('at', TIME, nullable=False, index=True),
)
