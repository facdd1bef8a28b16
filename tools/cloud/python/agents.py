"""Start nova-compute agents.

usage: agents.py HOST [HOST...]
One HOST: becomes that agent.  Several: imports Nova once, then forks one child per host and
exits; every child is an ordinary process of its own (own pid, own log, killable by itself) that
shares the imported code with its siblings by copy-on-write.
Needs ETC, LOGS, RUN, HERE and HYPERVISORS in the environment.
"""

import gc
import os
import sys

ETC, LOGS, RUN, HERE = (os.environ[name] for name in ('ETC', 'LOGS', 'RUN', 'HERE'))


def load():
    import nova.virt
    from nova.cmd import compute  # selects the threading backend on import

    nova.virt.__path__.append(os.path.join(HERE, 'hypervisor'))
    # what the agent would otherwise import for itself later on
    import nova.compute.manager
    import nova.virt.labvirt
    import oslo_messaging._drivers.impl_rabbit  # noqa: F401

    return compute


def redirect(path):
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(fd, 1)
    os.dup2(fd, 2)
    os.close(fd)


def become(compute, host):
    sys.argv = [
        'nova-compute',
        '--config-file',
        ETC + '/nova-compute.conf',
        '--config-file',
        f'{ETC}/{host}.conf',
    ]
    sys.exit(compute.main())


def main():
    hosts = sys.argv[1:]
    sys.argv = ['nova-compute']
    compute = load()
    if len(hosts) == 1:
        become(compute, hosts[0])
    gc.collect()
    gc.freeze()
    for host in hosts:
        pid = os.fork()
        if pid:
            with open(f'/proc/{pid}/stat') as f:
                born = f.read().rsplit(') ', 1)[1].split()[19]
            with open(f'{RUN}/{host}.pid', 'w') as f:
                f.write(f'{pid} {born}\n')
            continue
        os.setsid()
        redirect(f'{LOGS}/{host}.log')
        become(compute, host)


if __name__ == '__main__':
    main()
