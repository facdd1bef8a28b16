"""The spine: recoveries and what they remember, alarms, hosts, guards, workers, jobs.

Written out: what tables.py says later must not change what this revision makes.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from recovery.db.migrations.columns import ID, NAME, TIME, UUID, WORD, create_table, of_recovery

revision = '0001'
down_revision = None


def upgrade() -> None:
    _alarm()
    _guard()
    _host()
    _job()
    _recovery()
    _worker()
    _attempt()
    _decision()
    _event()
    _intent()
    _item()
    _proof()


def _alarm() -> None:
    create_table(
        'alarm',
        sa.Column('id', UUID, nullable=False),
        sa.Column('source', NAME, nullable=False),
        sa.Column('key', NAME, nullable=False),
        sa.Column('kind', WORD, nullable=False),
        sa.Column('subject', NAME, nullable=False),
        sa.Column('at', TIME, nullable=False),
        sa.Column('arrived_at', TIME, nullable=False),
        sa.Column('evidence', sa.JSON, nullable=False),
        sa.Column('raw', sa.Text, nullable=False),
        sa.Column('requested_by', NAME, nullable=False),
        sa.Column('repeats', sa.Integer, nullable=False),
        sa.Column('answer', WORD),
        sa.Column('reason', sa.Text),
        sa.Column('recovery', UUID),
        sa.PrimaryKeyConstraint('id', name='pk_alarm'),
        sa.UniqueConstraint('source', 'key', name='uq_alarm_source'),
    )
    op.create_index('ix_alarm_arrived_at', 'alarm', ['arrived_at'])
    op.create_index('ix_alarm_answer', 'alarm', ['answer'])


def _guard() -> None:
    create_table(
        'guard',
        sa.Column('name', WORD, nullable=False),
        sa.Column('value', sa.JSON, nullable=False),
        sa.Column('by', NAME, nullable=False),
        sa.Column('reason', sa.Text, nullable=False),
        sa.Column('at', TIME, nullable=False),
        sa.PrimaryKeyConstraint('name', name='pk_guard'),
    )


def _host() -> None:
    create_table(
        'host',
        sa.Column('name', NAME, nullable=False),
        sa.Column('maintenance', sa.Boolean, nullable=False),
        sa.Column('maintenance_by', NAME),
        sa.Column('maintenance_reason', sa.Text),
        sa.Column('failed_by', UUID),
        sa.Column('carries', sa.JSON, nullable=False),
        sa.Column('identities', sa.JSON, nullable=False),
        sa.Column('proven_off_at', TIME),
        sa.Column('returned_at', TIME),
        sa.PrimaryKeyConstraint('name', name='pk_host'),
    )


def _job() -> None:
    create_table(
        'job',
        sa.Column('seq', ID, autoincrement=True, nullable=False),
        sa.Column('board', NAME, nullable=False),
        sa.Column('id', UUID, nullable=False),
        sa.Column('name', NAME, nullable=False),
        sa.Column('priority', sa.Integer, nullable=False),
        sa.Column('details', sa.JSON, nullable=False),
        sa.Column('book', UUID),
        sa.Column('book_name', NAME),
        sa.Column('owner', NAME),
        sa.Column('owned_until', TIME),
        sa.Column('not_before', TIME),
        sa.Column('trashed_at', TIME),
        sa.Column('created_at', TIME, nullable=False),
        sa.Column('updated_at', TIME, nullable=False),
        sa.PrimaryKeyConstraint('seq', name='pk_job'),
        sa.UniqueConstraint('board', 'id', name='uq_job_board'),
    )


def _ownership() -> list[sa.Column[Any]]:
    return [
        sa.Column('token', WORD),
        sa.Column('epoch', sa.Integer, nullable=False),
        sa.Column('beats', sa.BigInteger, nullable=False),
        sa.Column('worker', NAME),
        sa.Column('lease', TIME),
        sa.Column('claims', sa.Integer, nullable=False),
        sa.Column('next_check', TIME),
        sa.Column('expires_at', TIME),
        sa.Column('wish', WORD),
        sa.Column('wish_by', NAME),
        sa.Column('wish_reason', sa.Text),
    ]


def _recovery() -> None:
    create_table(
        'recovery',
        sa.Column('id', UUID, nullable=False),
        sa.Column('kind', WORD, nullable=False),
        sa.Column('subject', NAME, nullable=False),
        sa.Column('host', NAME, nullable=False),
        sa.Column('state', WORD, nullable=False),
        sa.Column('open_key', sa.String(300)),
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
        *_ownership(),
        sa.Column('superseded_by', UUID),
        sa.Column('created_at', TIME, nullable=False),
        sa.Column('updated_at', TIME, nullable=False),
        sa.Column('started_at', TIME),
        sa.Column('ended_at', TIME),
        sa.PrimaryKeyConstraint('id', name='pk_recovery'),
        sa.UniqueConstraint('open_key', name='uq_recovery_open_key'),
    )
    op.create_index('ix_recovery_host', 'recovery', ['host'])
    op.create_index('ix_recovery_state', 'recovery', ['state'])
    op.create_index('ix_recovery_next_check', 'recovery', ['next_check'])
    op.create_index('ix_recovery_created_at', 'recovery', ['created_at'])


def _worker() -> None:
    create_table(
        'worker',
        sa.Column('name', NAME, nullable=False),
        sa.Column('kind', WORD, nullable=False),
        sa.Column('host', NAME, nullable=False),
        sa.Column('pid', sa.Integer, nullable=False),
        sa.Column('version', WORD, nullable=False),
        sa.Column('started_at', TIME, nullable=False),
        sa.Column('seen_at', TIME, nullable=False),
        sa.PrimaryKeyConstraint('name', name='pk_worker'),
    )


def _attempt() -> None:
    create_table(
        'attempt',
        sa.Column('id', ID, autoincrement=True, nullable=False),
        of_recovery('attempt'),
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
        sa.PrimaryKeyConstraint('id', name='pk_attempt'),
    )
    op.create_index('ix_attempt_recovery', 'attempt', ['recovery'])


def _decision() -> None:
    create_table(
        'decision',
        sa.Column('id', ID, autoincrement=True, nullable=False),
        of_recovery('decision', nullable=True),
        sa.Column('alarm', UUID),
        sa.Column('stage', WORD, nullable=False),
        sa.Column('answer', WORD, nullable=False),
        sa.Column('gate', WORD, nullable=False),
        sa.Column('reason', sa.Text, nullable=False),
        sa.Column('gates', sa.JSON, nullable=False),
        sa.Column('at', TIME, nullable=False),
        sa.PrimaryKeyConstraint('id', name='pk_decision'),
    )
    op.create_index('ix_decision_recovery', 'decision', ['recovery'])
    op.create_index('ix_decision_alarm', 'decision', ['alarm'])
    op.create_index('ix_decision_at', 'decision', ['at'])


def _event() -> None:
    create_table(
        'event',
        sa.Column('id', ID, autoincrement=True, nullable=False),
        of_recovery('event', nullable=True),
        sa.Column('at', TIME, nullable=False),
        sa.Column('who', NAME, nullable=False),
        sa.Column('what', sa.Text, nullable=False),
        sa.Column('why', sa.Text, nullable=False),
        sa.PrimaryKeyConstraint('id', name='pk_event'),
    )
    op.create_index('ix_event_recovery', 'event', ['recovery'])
    op.create_index('ix_event_at', 'event', ['at'])


def _intent() -> None:
    create_table(
        'intent',
        sa.Column('id', ID, autoincrement=True, nullable=False),
        of_recovery('intent'),
        sa.Column('round', sa.Integer, nullable=False),
        sa.Column('epoch', sa.Integer, nullable=False),
        sa.Column('host', NAME, nullable=False),
        sa.Column('action', WORD, nullable=False),
        sa.Column('target', NAME, nullable=False),
        sa.Column('observed', sa.JSON, nullable=False),
        sa.Column('at', TIME, nullable=False),
        sa.Column('outcome', sa.Text),
        sa.Column('ended_at', TIME),
        sa.PrimaryKeyConstraint('id', name='pk_intent'),
    )
    op.create_index('ix_intent_recovery', 'intent', ['recovery'])
    op.create_index('ix_intent_host', 'intent', ['host'])
    op.create_index('ix_intent_at', 'intent', ['at'])


def _item() -> None:
    create_table(
        'item',
        sa.Column('id', ID, autoincrement=True, nullable=False),
        of_recovery('item'),
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
        sa.PrimaryKeyConstraint('id', name='pk_item'),
        sa.UniqueConstraint('recovery', 'instance', name='uq_item_recovery'),
    )
    op.create_index('ix_item_recovery', 'item', ['recovery'])


def _proof() -> None:
    create_table(
        'proof',
        sa.Column('id', ID, autoincrement=True, nullable=False),
        of_recovery('proof'),
        sa.Column('round', sa.Integer, nullable=False),
        sa.Column('epoch', sa.Integer, nullable=False),
        sa.Column('host', NAME, nullable=False),
        sa.Column('kind', WORD, nullable=False),
        sa.Column('level', sa.Integer, nullable=False),
        sa.Column('observations', sa.JSON, nullable=False),
        sa.Column('by', NAME, nullable=False),
        sa.Column('statement', sa.Text, nullable=False),
        sa.Column('at', TIME, nullable=False),
        sa.Column('expires_at', TIME),
        sa.Column('void_reason', sa.Text),
        sa.Column('void_at', TIME),
        sa.PrimaryKeyConstraint('id', name='pk_proof'),
    )
    op.create_index('ix_proof_recovery', 'proof', ['recovery'])
    op.create_index('ix_proof_host', 'proof', ['host'])
