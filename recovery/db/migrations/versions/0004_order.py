"""What an attempt has to know of what was there before it: clocks can be set, ids cannot."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from recovery.db.migrations.columns import ID

revision = '0004'
down_revision = '0003'


def upgrade() -> None:
    op.add_column('attempt', sa.Column('after_proof', ID))
    op.add_column('attempt', sa.Column('after_record', ID))
