"""What the hypervisors run, read from their files, past every API.

usage: guests.py [--json]    exit 1 if a guest runs on two hosts
       guests.py --off HOST  the host loses its power
"""

import collections
import contextlib
import json
import os
import sys
from pathlib import Path

FOLDER = Path(os.environ['HYPERVISORS'])
NAMES = {0: 'nostate', 1: 'running', 3: 'paused', 4: 'shutdown', 6: 'crashed', 7: 'suspended'}
SHUTDOWN = 4


def switch_off(host: str) -> None:
    file = FOLDER / f'{host}.json'
    for spawning in FOLDER.glob(f'{host}.spawning.*'):
        spawning.unlink()
    with contextlib.suppress(FileNotFoundError):
        guests = json.loads(file.read_text())
        for guest in guests.values():
            guest['state'] = SHUTDOWN
        new = file.with_suffix('.new')
        new.write_text(json.dumps(guests))
        new.replace(file)


def seen() -> dict[str, dict[str, str]]:
    """State of each guest, by host."""
    hosts: dict[str, dict[str, str]] = {}
    for file in sorted(FOLDER.glob('*.json')):
        guests = json.loads(file.read_text())
        hosts[file.stem] = {
            uuid: NAMES.get(guest['state'], '?') for uuid, guest in sorted(guests.items())
        }
    for file in FOLDER.glob('*.spawning.*'):
        host, _, uuid = file.name.split('.')
        hosts.setdefault(host, {}).setdefault(uuid, 'spawning')
    return hosts


def main() -> None:
    if sys.argv[1:2] == ['--off']:
        switch_off(sys.argv[2])
        return
    hosts = seen()
    running = collections.Counter(
        uuid for guests in hosts.values() for uuid, state in guests.items() if state == 'running'
    )
    twice = sorted(uuid for uuid, count in running.items() if count > 1)
    if '--json' in sys.argv:
        print(json.dumps({'hosts': hosts, 'running twice': twice}, indent=1))
    else:
        for host, guests in hosts.items():
            print(host, dict(collections.Counter(guests.values())))
        for uuid in twice:
            where = [host for host, guests in hosts.items() if guests.get(uuid) == 'running']
            print(f'runs twice: {uuid} on {" and ".join(where)}')
    sys.exit(1 if twice else 0)


if __name__ == '__main__':
    main()
