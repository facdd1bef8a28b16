"""Asks the BMCs of a served world as somebody else's program would. Imports nothing of ours.

asks.py VERB            the command of the driver "external"
asks.py                 an agent of the driver "fence-agent", when called by its name
asks.py alive HOST URL  a channel of life
"""

from __future__ import annotations

import json
import sys
import urllib.request
from typing import Any, NoReturn

METADATA = """<?xml version="1.0"?><resource-agent name="fence_world"><parameters>
<parameter name="action" required="1"><content type="string" default="reboot"/></parameter>
<parameter name="ip" required="1"><content type="string"/></parameter>
<parameter name="ipport"><content type="integer" default="80"/></parameter>
<parameter name="plug" required="1"><content type="string"/></parameter>
</parameters><actions><action name="on" automatic="0"/><action name="off"/><action name="status"/>
<action name="metadata"/></actions></resource-agent>"""
LIFE, SILENT = 0, 1  #: exit codes of a channel
SECONDS = 20.0


def ask(url: str, path: str, question: dict[str, Any] | None = None) -> Any:
    """One request to the world."""
    data = None if question is None else json.dumps(question).encode()
    kind = {'Content-Type': 'application/json'}
    request = urllib.request.Request(url + path, data, kind)
    with urllib.request.urlopen(request, timeout=SECONDS) as answer:
        return json.load(answer)


def bmc(url: str, host: str, verb: str) -> str:
    """What a BMC answers."""
    question = {'host': host, 'outlet': None, 'verb': verb, 'password': None}
    return str(ask(url, '/_world/bmc', question)['answer'])


def external(verb: str) -> NoReturn:
    """As :mod:`drivers.fencing.external` wants it."""
    asked = json.load(sys.stdin)
    said = bmc(asked['address'], asked['plug'], verb)
    answers = {'power-state': {'power': said}, 'identity': {'identity': said}}
    print(json.dumps(answers.get(verb, {})))
    sys.exit(0)


def agent() -> NoReturn:
    """As ClusterLabs' FenceAgentAPI wants it."""
    told = dict(line.strip().split('=', 1) for line in sys.stdin if '=' in line)
    if told['action'] == 'metadata':
        print(METADATA)
        sys.exit(0)
    url = f'http://{told["ip"]}:{told["ipport"]}'
    if told['action'] != 'status':
        bmc(url, told['plug'], f'power-{told["action"]}')
        sys.exit(0)
    off = bmc(url, told['plug'], 'power-state') == 'off'
    print('Status: OFF' if off else 'Status: ON')
    sys.exit(2 if off else 0)


def alive(host: str, url: str) -> NoReturn:
    """Whether the kernel of a host runs. Also asks in the open, so that its asking is a request."""
    ask(url, '/redfish/v1/Systems')
    found = ask(url, '/_world')['hosts'][host]
    sys.exit(LIFE if found['powered'] and found['kernel'] == 'running' else SILENT)


if __name__ == '__main__':
    if sys.argv[1:2] == ['alive']:
        alive(*sys.argv[2:])
    elif sys.argv[1:]:
        external(sys.argv[1])
    else:
        agent()
