"""The steps from one schema to the next. There is no way down: restore a backup instead."""

#: TaskFlow migrates its tables in the same database and calls its own one alembic_version.
VERSION_TABLE = 'recovery_version'
