"""``recovery-simulated``: a simulated cloud with its BMCs, over HTTP on loopback."""

from __future__ import annotations

import argparse
import os
import signal
import threading
from pathlib import Path

from drivers.clock import SystemClock
from drivers.simulated.app import App, clouds_yaml
from drivers.simulated.server import Server
from drivers.simulated.world import Settings, small_world


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog='recovery-simulated', description=__doc__)
    parser.add_argument('--hosts', type=int, default=4, help='compute hosts')
    parser.add_argument('--spare', type=int, default=0, help='of those, disabled and empty ones')
    parser.add_argument('--instances', type=int, default=20, help='instances, spread over them')
    parser.add_argument('--rebuild-seconds', type=float, default=8.0, help='for one evacuation')
    parser.add_argument('--rebuilds-at-once', type=int, default=10, help='by one destination')
    parser.add_argument('--boot-seconds', type=float, default=30.0, help='from power to agent')
    parser.add_argument('--report-interval', type=float, default=10.0, help='of the agents')
    parser.add_argument('--service-down-time', type=float, default=60.0, help='as in nova.conf')
    parser.add_argument('--address', default='127.0.0.1', help='to listen on')
    parser.add_argument('--port', type=int, default=0, help='to listen on; 0: any that is free')
    parser.add_argument('--state-socket', help='also answer on this Unix socket')
    parser.add_argument(
        '--clouds-file', default='clouds.yaml', help="written, with a cloud named 'simulated'"
    )
    return parser


def main(argv: list[str] | None = None) -> int:
    """Serve until SIGINT or SIGTERM. Returns the exit code."""
    asked = _parser().parse_args(argv)
    clock = SystemClock()
    settings = Settings(
        rebuild_seconds=asked.rebuild_seconds,
        rebuilds_at_once=asked.rebuilds_at_once,
        boot_seconds=asked.boot_seconds,
        report_interval=asked.report_interval,
        service_down_time=asked.service_down_time,
    )
    world = small_world(clock, asked.hosts, asked.instances, settings, spare=asked.spare)
    app = App(world)
    servers = [Server(app, clock, (asked.address, asked.port))]
    if asked.state_socket:
        servers.append(Server(app, clock, asked.state_socket))
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    url = servers[0].url
    written = Path(asked.clouds_file)
    written.write_text(clouds_yaml(url))
    ended = [server.start() for server in servers]
    print(f'{asked.hosts} hosts with {asked.instances} instances at {url}', flush=True)
    print(f'OS_CLOUD=simulated OS_CLIENT_CONFIG_FILE={written.resolve()}', flush=True)
    while not clock.wait(stop, 60.0):
        pass
    for server, end in zip(servers, ended, strict=True):
        server.stop()
        clock.wait(end, 5.0)
    if asked.state_socket:
        os.unlink(asked.state_socket)
    return 0


if __name__ == '__main__':
    raise SystemExit(main())
