"""What snmpsim asks for the value of an outlet, and tells of a request to switch it.

A variation module: snmpsim executes this file. A record says ``DIRECTORY,NAME``, and the machine
behind it is the one of ipmi_sim's chassis script.
"""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

from pysnmp.proto.rfc1902 import Integer32
from pysnmp.smi.error import GenError, NotWritableError

SAID = {'on': 1, 'off': 2}  # of an APC rack PDU
ODD = 3  # neither on nor off


def init(**_: Any) -> None:
    """Nothing to prepare."""


def variate(oid: Any, tag: str, value: str, **context: Any) -> tuple[Any, str, Any]:
    """Answer one question, or do what one request says."""
    chassis, directory, name = value.split(',')
    fault = Path(directory, 'fault').read_text().strip()
    if not context['nextFlag'] and not context['exactMatch']:
        return context['origOid'], tag, context['errorStatus']
    if context['setFlag']:
        asked = context['origValue']
        wanted = next((word for word, number in SAID.items() if number == int(asked)), '')
        if not wanted:
            raise GenError(name=oid, idx=0)
        if ran([chassis, directory, name, '-', 'set', 'power', '1' if wanted == 'on' else '0']):
            raise NotWritableError(name=oid, idx=0)
        return oid, tag, asked
    said = ran_for([chassis, directory, name, '-', 'get', 'power'])
    if fault == 'busy':
        raise GenError(name=oid, idx=0)
    state = SAID['on' if said == 'power:1' else 'off']
    return oid, tag, Integer32(ODD if fault == 'odd' else state)


def ran(command: list[str]) -> int:
    return subprocess.run(command, stdout=subprocess.DEVNULL).returncode


def ran_for(command: list[str]) -> str:
    return subprocess.run(command, stdout=subprocess.PIPE, text=True).stdout.strip()


def record(**_: Any) -> None:
    """Recording is not for us."""


def shutdown(**_: Any) -> None:
    """Nothing to leave behind."""
