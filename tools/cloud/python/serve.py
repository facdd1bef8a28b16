"""Serve one OpenStack WSGI application in one process (waitress, threads).

usage: serve.py MODULE PORT [THREADS]
The services parse sys.argv when their module is imported, so it is emptied first.
"""

import importlib
import logging
import os
import sys


def main():
    module, port = sys.argv[1], int(sys.argv[2])
    threads = int(sys.argv[3]) if len(sys.argv) > 3 else 8
    sys.argv = [module.rsplit('.', 1)[-1]]
    app = importlib.import_module(module).application
    if module.startswith('nova'):
        # How long a list waits for a cell before it comes back without it: written into Nova.
        from nova import context

        context.CELL_TIMEOUT = int(os.environ['CELL_TIMEOUT'])
    import waitress

    logging.getLogger('waitress.queue').setLevel(logging.ERROR)
    waitress.serve(
        app,
        host='127.0.0.1',
        port=port,
        threads=threads,
        ident=None,
        connection_limit=1000,
        channel_timeout=300,
        _quiet=True,
    )


if __name__ == '__main__':
    main()
