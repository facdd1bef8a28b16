"""What all tables share."""

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


def of_recovery(nullable: bool = False) -> sa.Column[str]:
    key = sa.ForeignKey('recovery.id', ondelete='CASCADE')
    return sa.Column('recovery', UUID, key, nullable=nullable, index=True)
