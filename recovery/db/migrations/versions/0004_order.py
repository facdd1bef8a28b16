"""What an attempt has to know of what was there before it: clocks can be set, ids cannot."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from recovery.db.migrations.columns import ID

revision = '0004'
down_revision = '0003'


def upgrade() -> None:
    # One by one: on MySQL what was stopped half-way is not rolled back.
    there = {column['name'] for column in sa.inspect(op.get_bind()).get_columns('attempt')}
    for name in ('after_proof', 'after_record'):
        if name not in there:
            op.add_column('attempt', sa.Column(name, ID))
