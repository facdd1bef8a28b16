"""Agents for tests: scripts that describe themselves as real ones do, and do as they are told."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from drivers.fencing.agent import AgentFencing

OPTIONS = """
<parameter name="action" required="1"><getopt mixed="-o, --action=[action]"/>
  <content type="string" default="reboot"/></parameter>
<parameter name="ip" required="1" obsoletes="ipaddr"><getopt mixed="-a, --ip=[ip]"/>
  <content type="string"/></parameter>
<parameter name="ipaddr" required="1" deprecated="1"><content type="string"/></parameter>
<parameter name="ipport" required="0"><content type="integer" default="23"/></parameter>
<parameter name="username" required="0" obsoletes="login"><content type="string"/></parameter>
<parameter name="password" required="0" obsoletes="passwd"><content type="string"/></parameter>
<parameter name="password_script" required="0"><content type="string"/></parameter>
<parameter name="plug" required="1" obsoletes="port"><getopt mixed="-n, --plug=[id]"/>
  <content type="string"/></parameter>
<parameter name="method" required="0"><content type="select" default="onoff">
  <option value="onoff"/><option value="cycle"/></content></parameter>
<parameter name="ssl-insecure" required="0"><content type="boolean"/></parameter>
<parameter name="lanplus" required="0"><content type="boolean" default="1"/></parameter>
<parameter name="community" required="0"><content type="string"/></parameter>
<parameter name="missing_as_off" required="0"><content type="boolean"/></parameter>
<parameter name="disable_timeout" required="0"><content type="string"/></parameter>
<parameter name="power_timeout" required="0"><content type="second" default="20"/></parameter>
<parameter name="power_wait" required="0"><content type="second" default="0"/></parameter>
<parameter name="retry_on" required="0"><content type="integer" default="1"/></parameter>
"""
ACTIONS = '<action name="on" automatic="0"/>' + ''.join(
    f'<action name="{name}"/>' for name in ('off', 'reboot', 'status', 'monitor', 'list')
)

SCRIPT = """\
#!/bin/sh
# Keeps what it was told and how it was called; describes itself; does what the test says.
told=$(cat)
case "$told" in
    action=metadata*) echo metadata >> {folder}/asked
        cat {folder}/metadata; exit $(cat {folder}/metadata_code) ;;
esac
printf '%s\\n' "$told" > {folder}/told
printf '%s|' "$0" "$@" > {folder}/argv
env > {folder}/environment
action=$(printf '%s' "$told" | sed -n 's/^action=//p')
echo "$action" >> {folder}/actions
{script}
"""


class Agent:
    """A script in a folder of its own, and what it was told."""

    def __init__(self, folder: Path, name: str = 'fence_apc') -> None:
        self.folder = folder
        self.path = folder / name
        self.describe()
        self.does('exit 1')

    def describe(
        self, options: str = OPTIONS, actions: str = ACTIONS, *, text: str = '', code: int = 0
    ) -> None:
        whole = f'<?xml version="1.0"?><resource-agent name="x"><parameters>{options}</parameters>'
        whole += f'<actions>{actions}</actions></resource-agent>'
        (self.folder / 'metadata').write_text(text or whole)
        (self.folder / 'metadata_code').write_text(str(code))

    def does(self, script: str) -> None:
        """What it does for any action but metadata, in sh; $action is known."""
        new = self.path.with_name('new')
        new.write_text(SCRIPT.format(folder=self.folder, script=script))
        new.chmod(0o755)
        os.replace(new, self.path)

    def settings(self, **more: Any) -> dict[str, Any]:
        return {'agent': str(self.path), 'address': '192.0.2.1', 'plug': 3, **more}

    def driver(self, **more: Any) -> AgentFencing:
        return AgentFencing.build(self.settings(**more))

    def read(self, what: str) -> list[str]:
        file = self.folder / what
        return file.read_text().splitlines() if file.exists() else []

    def told(self) -> dict[str, str]:
        pairs = (line.partition('=') for line in self.read('told'))
        return {key: value for key, _, value in pairs}

    def objections(self, *, blocks: bool = True, lab: bool = False, **more: Any) -> list[str]:
        found = AgentFencing.objections(self.settings(**more), lab=lab)
        return [one.sentence for one in found if one.blocks is blocks]
