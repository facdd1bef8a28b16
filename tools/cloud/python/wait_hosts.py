"""Wait until N computes are up and mapped to the cell.

usage: wait_hosts.py N PREFIX NOVA_MANAGE NOVA_CONF
A host that was switched off is not waited for.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

import openstack

LIMIT = 60  # seconds


def switched_off(host):
    power = Path(os.environ['HYPERVISORS'], f'{host}.power')
    return power.exists() and power.read_text().strip() == 'off'


def main():
    count, prefix, manage, conf = int(sys.argv[1]), *sys.argv[2:]
    hosts = {f'{prefix}{i:02}' for i in range(1, count + 1)}
    wanted = {host for host in hosts if not switched_off(host)}
    compute = openstack.connect(cloud='lab').compute
    end = time.monotonic() + LIMIT

    def services_up():
        services = compute.services(binary='nova-compute')
        return {service.host for service in services if service.state == 'up'}

    def hypervisors():
        return {hypervisor.name for hypervisor in compute.hypervisors()}

    def poll(what, listing):
        while missing := wanted - listing():
            if time.monotonic() > end:
                sys.exit(f'{what} after {LIMIT} s: {sorted(missing)}')
            time.sleep(0.25)

    poll('services not up', services_up)
    if wanted - hypervisors():  # registered in the cell, not yet mapped at the API level
        subprocess.run(
            [manage, '--config-file', conf, 'cell_v2', 'discover_hosts', '--by-service'],
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    poll('not mapped', hypervisors)


if __name__ == '__main__':
    main()
