"""The tables. Times are seconds since 1970 UTC; JSON columns hold small values for people.

TaskFlow keeps its own three tables beside these; ``recovery.book`` points into them.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects import mysql

META = sa.MetaData(
    naming_convention={
        'ix': 'ix_%(table_name)s_%(column_0_name)s',
        'uq': 'uq_%(table_name)s_%(column_0_name)s',
        'fk': 'fk_%(table_name)s_%(column_0_name)s',
        'pk': 'pk_%(table_name)s',
    }
)

UUID = sa.String(36)
NAME = sa.String(255)
WORD = sa.String(32)
#: Up to 16 MiB, also where a BLOB holds 64 kB.
BLOB = sa.LargeBinary().with_variant(mysql.MEDIUMBLOB(), 'mysql', 'mariadb')
TIME: sa.Double[float] = sa.Double()  # microseconds survive on every database
SCOPE = sa.String(300)  # 'cloud', 'segment:NAME', 'host:NAME', maybe behind the name of a guard
ID = sa.BigInteger().with_variant(sa.Integer, 'sqlite')  # SQLite counts up only an INTEGER


def _of_recovery(nullable: bool = False) -> sa.Column[str]:
    key = sa.ForeignKey('recovery.id', ondelete='CASCADE')
    return sa.Column('recovery', UUID, key, nullable=nullable, index=True)


recovery = sa.Table(
    'recovery',
    META,
    sa.Column('id', UUID, primary_key=True),
    sa.Column('kind', WORD, nullable=False),
    sa.Column('subject', NAME, nullable=False),
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
    _of_recovery(),
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
    _of_recovery(),
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
    _of_recovery(),
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
)

proof = sa.Table(
    'proof',
    META,
    sa.Column('id', ID, primary_key=True, autoincrement=True),
    _of_recovery(),
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
    _of_recovery(nullable=True),
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
    _of_recovery(nullable=True),
    sa.Column('at', TIME, nullable=False, index=True),
    sa.Column('who', NAME, nullable=False),
    sa.Column('what', sa.Text, nullable=False),
    sa.Column('why', sa.Text, nullable=False),
)

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
