"""Reading a database of Masakari: its segments and their hosts. Nothing is written to it."""

from __future__ import annotations

import configparser
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from recovery.db.engines import BadDatabase

CONNECT_SECONDS = 10

#: Of Masakari's tables, what there is in every release, and what an older one may lack.
SEGMENTS = ('uuid', 'name', 'recovery_method', 'service_type'), ('enabled', 'description')
HOSTS = (
    ('uuid', 'name', 'failover_segment_id', 'reserved', 'on_maintenance'),
    ('type', 'control_attributes'),
)


@dataclass(frozen=True)
class Segment:
    """A segment as Masakari has it."""

    uuid: str
    name: str
    recovery_method: str
    service_type: str
    enabled: bool
    description: str | None


@dataclass(frozen=True)
class Host:
    """A host as Masakari has it."""

    uuid: str
    name: str
    segment: str  #: UUID
    reserved: bool
    on_maintenance: bool  #: by an operator, or since a failure: Masakari does not tell which
    type: str | None
    control_attributes: str | None


@dataclass(frozen=True)
class Contents:
    """What is not deleted, in the order in which it was made."""

    segments: tuple[Segment, ...]
    hosts: tuple[Host, ...]


def read(connection: str) -> Contents:
    """What a database of Masakari holds.

    :param connection: a database URL without a password, or the path of a masakari.conf, whose
        ``[database] connection`` is taken: a password in argv is seen by everybody.
    :raises BadDatabase: it cannot be read, or is none of Masakari's; never holds a password.
    """
    try:
        engine = sa.create_engine(_url(connection), connect_args={})
    except ModuleNotFoundError as error:
        raise BadDatabase(f'reading that database needs the module {error.name}') from error
    try:
        with engine.connect() as opened:
            return Contents(
                tuple(_segment(row) for row in _rows(opened, 'failover_segments', *SEGMENTS)),
                tuple(_host(row) for row in _rows(opened, 'hosts', *HOSTS)),
            )
    except sa.exc.DBAPIError as error:
        raise BadDatabase(f'the database of Masakari cannot be read: {error.orig}') from error
    finally:
        engine.dispose()


def _url(connection: str) -> sa.URL:
    if '://' not in connection:
        return _parsed(_of_file(Path(connection)), connection)
    url = _parsed(connection, '--connection')
    if url.password is not None:
        raise BadDatabase(
            'a password on the command line is seen by everybody on this machine: give the path '
            'of the masakari.conf instead'
        )
    return url


def _parsed(text: str, where: str) -> sa.URL:
    try:
        url = sa.engine.make_url(text)
    except (sa.exc.ArgumentError, ValueError):
        raise BadDatabase(f'{where} holds no database URL') from None
    backend, path = url.get_backend_name(), url.database
    if backend not in ('sqlite', 'mysql', 'mariadb'):
        raise BadDatabase(f'{where}: a database of {backend} is not known; mysql and sqlite are')
    if backend == 'sqlite' and not Path(path or '').is_file():
        raise BadDatabase(f'there is no database {path}')
    if backend != 'sqlite':
        url = url.set(drivername='mysql+pymysql').update_query_dict(
            {'connect_timeout': str(CONNECT_SECONDS)}
        )
    return url


def _of_file(path: Path) -> str:
    parser = configparser.RawConfigParser(strict=False, allow_no_value=True)
    try:
        parser.read_string(path.read_text(encoding='utf-8'))
    except OSError as error:
        raise BadDatabase(f'{path} cannot be read: {error.strerror}') from error
    except (configparser.Error, UnicodeDecodeError) as error:
        raise BadDatabase(f'{path} is no configuration file') from error
    if not (found := parser.get('database', 'connection', fallback='')):
        raise BadDatabase(f'{path} has no [database] connection')
    return found


def _rows(
    connection: sa.Connection, name: str, needed: Sequence[str], more: Sequence[str]
) -> Sequence[Mapping[str, Any]]:
    inspector = sa.inspect(connection)
    if not inspector.has_table(name):
        raise BadDatabase(f'it is no database of Masakari: there is no table {name}')
    there = {column['name'] for column in inspector.get_columns(name)}
    if missing := sorted({*needed, 'id', 'deleted'} - there):
        raise BadDatabase(f'its table {name} has no {", ".join(missing)}: not one of Masakari')
    columns = [*needed, *(column for column in more if column in there)]
    table = sa.table(name, *(sa.column(column) for column in (*columns, 'id', 'deleted')))
    query = sa.select(*(table.c[column] for column in columns)).where(table.c.deleted == 0)
    return [dict(row) for row in connection.execute(query.order_by(table.c.id)).mappings()]


def _segment(row: Mapping[str, Any]) -> Segment:
    return Segment(
        uuid=row['uuid'],
        name=row['name'],
        recovery_method=row['recovery_method'],
        service_type=row['service_type'],
        enabled=bool(row.get('enabled', True)),
        description=row.get('description'),
    )


def _host(row: Mapping[str, Any]) -> Host:
    return Host(
        uuid=row['uuid'],
        name=row['name'],
        segment=row['failover_segment_id'],
        reserved=bool(row['reserved']),
        on_maintenance=bool(row['on_maintenance']),
        type=row.get('type'),
        control_attributes=row.get('control_attributes'),
    )
