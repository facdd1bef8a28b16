"""A fake hypervisor that outlives its nova-compute agent.

Loaded as nova.virt.labvirt.LabDriver (python/agents.py puts this folder on nova.virt's path).
What differs from nova.virt.fake.FakeDriver:

* the compute node's UUID is the one that Nova keeps in <state_path>/compute_id, as with libvirt
  (the stock driver draws a new one in each process, and a restarted agent refuses to start);
* the guests are in $HYPERVISORS/HOST.json: they outlive the agent, as virtual machines do, and
  can be judged from outside;
* $HYPERVISORS/HOST.delay, read while a spawn is under way, says how many seconds it lasts; a
  spawn that has begun shows as HOST.spawning.UUID.
"""

import contextlib
import json
import os
import time
import uuid
from pathlib import Path

from nova.compute import power_state
from nova.virt import fake, hardware, node

FOLDER = Path(os.environ['HYPERVISORS'])


class LabDriver(fake.FakeDriver):
    vcpus = int(os.environ.get('HOST_VCPUS', 64))
    memory_mb = int(os.environ.get('HOST_RAM_MB', 262144))
    local_gb = int(os.environ.get('HOST_DISK_GB', 4000))

    def init_host(self, host):
        super().init_host(host)
        try:
            saved = json.loads(self._file('json').read_text())
        except FileNotFoundError:
            saved = {}
        for uid, guest in saved.items():
            self.instances[uid] = fake.FakeInstance(guest['name'], guest['state'], uid)
            self.resources.claim(guest['vcpus'], guest['ram'], guest['disk'])
        self._sizes = {
            uid: (guest['vcpus'], guest['ram'], guest['disk']) for uid, guest in saved.items()
        }
        for begun in FOLDER.glob(f'{host}.spawning.*'):
            begun.unlink()
        self._save()

    def _file(self, kind):
        return FOLDER / f'{self._host}.{kind}'

    def _save(self):
        guests = {}
        for uid, guest in list(self.instances.items()):
            vcpus, ram, disk = self._sizes.get(uid, (0, 0, 0))
            guests[uid] = {
                'name': guest.name,
                'state': guest.state,
                'vcpus': vcpus,
                'ram': ram,
                'disk': disk,
            }
        new = self._file(f'new-{os.getpid()}-{uuid.uuid4().hex[:6]}')
        new.write_text(json.dumps(guests))
        new.replace(self._file('json'))

    # --- identity -------------------------------------------------------
    @staticmethod
    def _node_uuid(name):
        return node.get_local_node_uuid()

    def get_available_resource(self, nodename):
        resources = super().get_available_resource(nodename)
        if resources:
            resources['uuid'] = self._node_uuid(nodename)
        return resources

    def get_nodenames_by_uuid(self, refresh=False):
        return {self._node_uuid(name): name for name in self.get_available_nodes()}

    def get_host_ip_addr(self):
        return '127.0.0.1'

    # --- guests ---------------------------------------------------------
    def _delay(self):
        with contextlib.suppress(FileNotFoundError, ValueError):
            return float(self._file('delay').read_text())
        return float(os.environ.get('SPAWN_DELAY', 0))

    def spawn(self, context, instance, *args, **kwargs):
        begun = self._file(f'spawning.{instance.uuid}')
        begun.touch()
        try:
            started = time.monotonic()
            while time.monotonic() - started < self._delay():
                time.sleep(0.1)
            flavor = instance.flavor
            self._sizes[instance.uuid] = (flavor.vcpus, flavor.memory_mb, flavor.root_gb)
            super().spawn(context, instance, *args, **kwargs)
            self._save()
        finally:
            begun.unlink(missing_ok=True)

    def _set(self, instance, state):
        self.instances[instance.uuid].state = state
        self._save()

    def destroy(self, context, instance, *args, **kwargs):
        super().destroy(context, instance, *args, **kwargs)
        self._save()

    def power_off(self, instance, *args, **kwargs):
        super().power_off(instance, *args, **kwargs)
        self._save()

    def power_on(self, context, instance, *args, **kwargs):
        super().power_on(context, instance, *args, **kwargs)
        self._save()

    def pause(self, instance):
        self._set(instance, power_state.PAUSED)

    def unpause(self, instance):
        self._set(instance, power_state.RUNNING)

    def suspend(self, context, instance):
        self._set(instance, power_state.SUSPENDED)

    def resume(self, context, instance, *args, **kwargs):
        self._set(instance, power_state.RUNNING)

    def migrate_disk_and_power_off(self, context, instance, *args, **kwargs):
        self._set(instance, power_state.SHUTDOWN)

    def finish_revert_migration(self, *args, **kwargs):
        super().finish_revert_migration(*args, **kwargs)
        self._save()

    def get_info(self, instance, use_cache=True):
        return hardware.InstanceInfo(state=super().get_info(instance, use_cache).state)
