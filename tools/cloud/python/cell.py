"""Take the database of cell1 away from Nova, and give it back.

usage: cell.py hang   hold a lock on its tables until killed: every query waits
       cell.py wait   wait until that lock is held
       cell.py lose   every query fails at once
       cell.py heal   undo lose
"""

import os
import signal
import sys
import time

import pymysql

GRANT = "ALL ON nova_cell1.* {} cell1@'127.0.0.1'"


def main() -> None:
    verb = sys.argv[1]
    database = pymysql.connect(
        host='127.0.0.1',
        port=int(os.environ['P_DB']),
        user='lab',
        password=os.environ['PASSWORD'],
        autocommit=True,
    )
    with database.cursor() as cursor:
        if verb == 'hang':
            cursor.execute(
                "SELECT table_name FROM information_schema.tables WHERE table_schema = 'nova_cell1'"
            )
            tables = ', '.join(f'nova_cell1.`{name}` WRITE' for (name,) in cursor.fetchall())
            cursor.execute(f'LOCK TABLES {tables}')
            signal.pause()
        elif verb == 'wait':
            wait_for_lock(cursor)
        elif verb == 'lose':
            cursor.execute('REVOKE ' + GRANT.format('FROM'))
            # Privileges are checked at each statement, except for what a session has open.
            cursor.execute("SELECT id FROM information_schema.processlist WHERE user = 'cell1'")
            for (session,) in cursor.fetchall():
                cursor.execute(f'KILL {session}')
        else:
            cursor.execute('GRANT ' + GRANT.format('TO'))


def wait_for_lock(cursor: pymysql.cursors.Cursor) -> None:
    for _ in range(100):
        cursor.execute(
            'SHOW OPEN TABLES FROM nova_cell1 WHERE In_use > 0 AND `Table` = %s', ('services',)
        )
        if cursor.fetchall():
            return
        time.sleep(0.1)
    sys.exit('the lock on cell1 was not obtained in 10 s')


if __name__ == '__main__':
    main()
