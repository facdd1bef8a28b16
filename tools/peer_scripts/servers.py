"""Servers that are one process each, private, on loopback, and as quick as they can be."""

from __future__ import annotations

import getpass
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from peer_scripts.peer import Peer
from peer_scripts.processes import Failed, Process, wait_for_port
from peer_scripts.settings import Settings


class Server(Peer):
    """A peer that is one process with one port."""

    port: int
    patience = 30.0  # seconds to start, and to stop

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.process = Process(self.directory)

    def wait(self) -> None:
        wait_for_port(self.process, self.port, self.patience)

    def stop(self) -> None:
        self.process.stop(self.patience)

    def runs(self) -> bool:
        return self.process.pid() is not None


class Redis(Server):
    """Redis without persistence: a restart is a wiped Redis."""

    name = 'redis'
    packages = ('redis-server',)
    programs = ('redis-server',)

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.port = settings.redis_port

    def start(self) -> None:
        command = ['redis-server', '--bind', '127.0.0.1', '--port', str(self.port)]
        self.process.start([*command, '--save', '', '--appendonly', 'no'])

    def environment(self) -> Mapping[str, str]:
        return {'RECOVERY_TEST_REDIS_URL': f'redis://127.0.0.1:{self.port}/0'}


class MariaDB(Server):
    """MariaDB with an empty database, and a user who may do anything, make databases included."""

    name = 'mariadb'
    packages = ('mariadb-server',)
    programs = ('mariadbd', 'mariadb-install-db')

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.port = settings.mariadb_port
        self.data = self.directory / 'data'

    def start(self) -> None:
        if self.runs():
            return
        self.directory.mkdir(parents=True, exist_ok=True)
        if not (self.data / 'mysql').is_dir():
            self._make_data()
        first = self.directory / 'first.sql'
        first.write_text(self._first_statements())
        self.process.start(['mariadbd', *self._options(), f'--init-file={first}'])

    def _options(self) -> list[str]:
        return [
            '--no-defaults',
            f'--user={getpass.getuser()}',
            f'--datadir={self.data}',
            '--socket=socket',  # within the data: an absolute one may be longer than Unix allows
            '--skip-networking=0',
            '--bind-address=127.0.0.1',
            f'--port={self.port}',
            '--skip-name-resolve',
            '--skip-log-bin',
            '--character-set-server=utf8mb4',
            '--max-connections=400',
            '--performance-schema=OFF',
            '--innodb-buffer-pool-size=64M',
            '--innodb-log-file-size=32M',
            # Throw-away data: what would cost most of a test's time is a disk that answers.
            '--innodb-flush-log-at-trx-commit=0',
            '--innodb-doublewrite=0',
        ]

    def _make_data(self) -> None:
        shutil.rmtree(self.data, ignore_errors=True)
        made = subprocess.run(
            [
                'mariadb-install-db',
                *self._options()[:3],
                '--auth-root-authentication-method=normal',
                '--skip-test-db',
                '--skip-name-resolve',
            ],
            cwd=self.directory,
            capture_output=True,
            text=True,
        )
        if made.returncode:
            shutil.rmtree(self.data, ignore_errors=True)
            raise Failed(f'mariadb-install-db: {made.stderr.strip() or made.stdout.strip()}')

    def _first_statements(self) -> str:
        user = f"{self.settings.user}@'127.0.0.1'"
        return (
            'CREATE DATABASE IF NOT EXISTS recovery;\n'
            f"CREATE USER IF NOT EXISTS {user} IDENTIFIED BY '{self.settings.password}';\n"
            f'GRANT ALL ON *.* TO {user} WITH GRANT OPTION;\n'
        )

    def environment(self) -> Mapping[str, str]:
        login = f'{self.settings.user}:{self.settings.password}'
        address = f'{login}@127.0.0.1:{self.port}/recovery?charset=utf8mb4'
        return {'RECOVERY_TEST_MARIADB_URL': f'mysql+pymysql://{address}'}


class RabbitMQ(Server):
    """RabbitMQ as a node of its own. The wrapper of Debian's package is passed by: it changes the
    user and reads /etc."""

    name = 'rabbitmq'
    packages = ('rabbitmq-server',)
    programs = ('epmd', 'erl', 'rabbitmq-server')
    patience = 60.0

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.port = settings.rabbitmq_port
        self.mapper = Process(self.directory / 'epmd')

    def start(self) -> None:
        if self.runs():
            return
        self.directory.mkdir(parents=True, exist_ok=True)
        (self.directory / 'plugins').write_text('[].\n')
        (self.directory / 'rabbitmq.conf').write_text(
            f'listeners.tcp.1 = 127.0.0.1:{self.port}\n'
            'loopback_users = none\n'
            'vm_memory_high_watermark.absolute = 512MB\n'
            'disk_free_limit.absolute = 50MB\n'
        )
        programs = sorted(Path('/usr/lib/rabbitmq/lib').glob('rabbitmq_server-*/sbin'))
        # Left to itself RabbitMQ starts a port mapper that outlives it.
        _, epmd = self.settings.rabbitmq_own_ports
        self.mapper.start(['epmd', '-port', str(epmd), '-address', '127.0.0.1'])
        wait_for_port(self.mapper, epmd)
        self.process.start([programs[-1] / 'rabbitmq-server'], self._node())

    def stop(self) -> None:
        super().stop()
        self.mapper.stop()

    def _node(self) -> dict[str, str]:
        between_nodes, epmd = self.settings.rabbitmq_own_ports
        own = self.directory
        return {
            'HOME': str(own),  # the Erlang cookie
            'LANG': 'C.UTF-8',
            'ERL_EPMD_ADDRESS': '127.0.0.1',
            'ERL_EPMD_PORT': str(epmd),
            'RABBITMQ_NODENAME': 'peers@localhost',
            'RABBITMQ_MNESIA_BASE': str(own / 'mnesia'),
            'RABBITMQ_LOG_BASE': str(own / 'logs'),
            'RABBITMQ_CONFIG_FILE': str(own / 'rabbitmq'),
            'RABBITMQ_ENABLED_PLUGINS_FILE': str(own / 'plugins'),
            'RABBITMQ_CONF_ENV_FILE': '/dev/null',
            'RABBITMQ_DIST_PORT': str(between_nodes),
            'RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS': '-kernel inet_dist_use_interface {127,0,0,1}',
        }

    def environment(self) -> Mapping[str, str]:
        return {'RECOVERY_TEST_RABBITMQ_URL': f'amqp://guest:guest@127.0.0.1:{self.port}/'}


class Alertmanager(Server):
    """Prometheus' Alertmanager, which sends nothing until a test gives it another configuration and
    asks it to read that."""

    name = 'alertmanager'
    packages = ('prometheus-alertmanager',)
    programs = ('prometheus-alertmanager',)

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.port = settings.alertmanager_port
        self.config = self.directory / 'alertmanager.yml'

    def start(self) -> None:
        if self.runs():
            return
        self.directory.mkdir(parents=True, exist_ok=True)
        self.config.write_text('route: {receiver: nobody}\nreceivers: [{name: nobody}]\n')
        self.process.start(
            [
                'prometheus-alertmanager',
                f'--config.file={self.config}',
                f'--storage.path={self.directory / "data"}',
                f'--web.listen-address=127.0.0.1:{self.port}',
                '--cluster.listen-address=',  # it is alone
                '--log.level=debug',
            ]
        )

    def environment(self) -> Mapping[str, str]:
        return {
            'RECOVERY_TEST_ALERTMANAGER_URL': f'http://127.0.0.1:{self.port}',
            'RECOVERY_TEST_ALERTMANAGER_CONFIG': str(self.config),
        }
