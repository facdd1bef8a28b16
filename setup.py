"""Names, dependencies, and every entry point: the list of all that plugs in."""

from setuptools import find_packages, setup

PACKAGES = ['recovery', 'flows', 'drivers']  # never a bare find_packages(): it would take tests

REQUIRES = [
    'Flask>=3.0',  # the API, as Keystone does it
    'PyYAML>=6.0',  # the fencing inventory
    'SQLAlchemy>=2.0',  # our tables; also what TaskFlow's SQL persistence needs
    'WebOb>=1.8',  # requests and answers of keystonemiddleware
    'Werkzeug>=3.0',  # errors and statuses, below Flask
    'alembic>=1.13',  # migrations of our tables; TaskFlow imports it for its own
    'cliff>=4.7',  # commands with table, json, yaml, csv and value output for free
    'jmespath>=1.0',  # where in the payload of an alarm source its words stand; no code
    'jsonschema>=4.20',  # the inventory and alarm bodies, as OpenStack does it
    'keystonemiddleware>=10.6',  # tokens of those who call the API
    'keystoneauth1>=5.6',  # sessions and their errors, below openstacksdk
    'openstacksdk>=4.0',  # Nova, Placement, Keystone
    'oslo.config>=9.6',  # given; options with units, bounds and a generated sample
    'oslo.context>=5.0',  # the id of a request, in each line of the log
    'oslo.log>=6.0',  # log options that operators of OpenStack know
    'oslo.middleware>=6.1',  # request ids, size limit, health, proxies: as operators know them
    'oslo.policy>=4.3',  # who may give which order, in rules that operators of OpenStack know
    'oslo.utils>=7.0',  # importable names and times, as TaskFlow makes them
    'prometheus-client>=0.20',  # the format of metrics, and its WSGI application
    'pyghmi>=1.6',  # given; IPMI
    'requests>=2.31',  # the session below openstacksdk and sushy
    'rich>=13.0',  # trees and live views in the terminal
    'stevedore>=5.2',  # entry points, as oslo and cliff load them
    'sushy>=5.0',  # given; Redfish
    'taskflow>=6.0',  # given; flows, engines, jobboards, persistence
    'urllib3>=2.0',  # time limits and errors, below requests
    'waitress>=3.0',  # a WSGI server of threads, for standalone and where no other one runs
]

EMULATOR = [
    'bcrypt>=4.0',  # passwords of the Redfish emulator
    'cryptography>=42',  # certificates for the Redfish emulator
    'sushy-tools>=2.0',  # a Redfish BMC that nobody here wrote
]

RMCPPLUS = [
    'python-ipmi[rmcpplus]>=0.6.1',  # a second IPMI library, where pyghmi hangs; LGPL
]

EXTRAS = {
    'bus': ['oslo.messaging>=14.9'],  # given; alarms and notifications over RabbitMQ
    'mysql': ['PyMySQL>=1.1'],  # MariaDB and Galera
    'quickstart': EMULATOR,  # what tools/quickstart and tools/bench need besides
    'redis': ['redis>=8.0'],  # the redis jobboard; TaskFlow needs it this new
    'rmcpplus': RMCPPLUS,  # the fencing driver ipmi-rmcpplus
    'test': [
        *EMULATOR,
        *RMCPPLUS,
        'PyMySQL>=1.1',
        'build>=1.0',
        'coverage>=7.4',
        'etcd3gw>=2.4',  # TaskFlow's own board tests import every client
        'fixtures>=4.1',
        'gunicorn>=23.0',  # the WSGI server that the guide names beside our own
        'hypothesis>=6.100',
        'import-linter>=2.1',
        'kazoo>=2.10',  # likewise
        'mypy>=1.13',
        'networkx>=3.0',  # the shape tests walk the execution graph
        'oslo.messaging>=14.9',
        'oslotest>=5.0',  # TaskFlow's own board tests need these three
        'pre-commit>=3.7',
        'pysmi>=1.5',  # what snmpsim forgets to ask for
        'pytest>=8.2',
        'pytest-xdist>=3.6',
        'redis>=8.0',
        'reno>=4.1',
        'ruff>=0.8',
        'schemathesis>=4.0',  # asks our API what our OpenAPI document promises
        'snmpsim==1.2.2',  # a PDU that nobody here wrote
        'testscenarios>=0.5',
        'testtools>=2.7',
        'types-PyYAML',
        'types-jmespath',
        'types-jsonschema',
        'types-requests',
    ],
}

setup(
    name='openstack-recovery',
    version='0.1.0',
    description='Recovers OpenStack compute hosts: fences, proves, evacuates, returns',
    license='Apache-2.0',
    python_requires='>=3.11',
    packages=find_packages(include=PACKAGES + [f'{name}.*' for name in PACKAGES]),
    package_data={name: ['py.typed'] for name in PACKAGES}
    | {
        'recovery.api.page': ['templates/page/*.html', 'static/*'],
        'recovery.db': ['alembic.ini', 'migrations/*', 'migrations/versions/*.py'],
        'recovery.bus': ['notification.schema.json'],
        'recovery.view': ['bundle.schema.json'],
    },
    install_requires=REQUIRES,
    extras_require=EXTRAS,
    entry_points={
        'console_scripts': [
            'recovery = recovery.cli.main:main',
            'recovery-api = recovery.service.main:api',
            'recovery-worker = recovery.service.main:worker',
            'recovery-watcher = recovery.service.main:watcher',
            'recovery-simulated = drivers.simulated.__main__:main',
        ],
        'oslo.config.opts': ['recovery = recovery.conf:list_opts'],
        'taskflow.jobboards': ['sql = recovery.board.sql:SqlJobBoard'],
        'recovery.flows': [
            'host-down = flows.host_down:build_v2',
            'host-return = flows.host_return:build',
            'instance-down = flows.instance_down:build',
            'service-down = flows.service_down:build',
        ],
        'recovery.alarms': [
            'alertmanager = drivers.alarms.alertmanager:AlertmanagerAlarms',
            'aodh = drivers.alarms.aodh:AodhAlarms',
            'generic = drivers.alarms.generic:GenericAlarms',
            'grafana = drivers.alarms.alertmanager:GrafanaAlarms',
        ],
        'recovery.cli': [
            'alarm_decide = recovery.cli.alarm:Decide',
            'alarm_list = recovery.cli.alarm:List',
            'alarm_raise = recovery.cli.alarm:Raise',
            'alarm_show = recovery.cli.alarm:Show',
            'alarm_test = recovery.cli.trial:Test',
            'approve = recovery.cli.move:Approve',
            'arm = recovery.cli.service:Arm',
            'bundle = recovery.cli.bundle:Bundle',
            'cancel = recovery.cli.move:Cancel',
            'confirm-fenced = recovery.cli.move:ConfirmFenced',
            'db_check = recovery.cli.db:Check',
            'db_purge = recovery.cli.db:Purge',
            'db_upgrade = recovery.cli.db:Upgrade',
            'disarm = recovery.cli.service:Disarm',
            'doctor = recovery.cli.doctor:Doctor',
            'fence_status = recovery.cli.fence:Status',
            'fence_test = recovery.cli.fence:Test',
            'flow_list = recovery.cli.flow:List',
            'flow_show = recovery.cli.flow:Show',
            'graph = recovery.cli.history:Graph',
            'history = recovery.cli.history:History',
            'host_check = recovery.cli.host:Check',
            'host_list = recovery.cli.host:List',
            'host_maintenance = recovery.cli.host:Maintenance',
            'host_return = recovery.cli.host:Return',
            'host_set = recovery.cli.host:Set',
            'host_show = recovery.cli.host:Show',
            'import_masakari = recovery.cli.takeover:Masakari',
            'items = recovery.cli.recoveries:Items',
            'job_list = recovery.cli.job:List',
            'list = recovery.cli.recoveries:List',
            'pause = recovery.cli.service:Pause',
            'plan = recovery.cli.plan:Plan',
            'policy_list = recovery.cli.policy:List',
            'policy_test = recovery.cli.policy:Test',
            'reject = recovery.cli.move:Reject',
            'rerun = recovery.cli.move:Rerun',
            'settle = recovery.cli.move:Settle',
            'show = recovery.cli.recoveries:Show',
            'standalone = recovery.cli.standalone:Standalone',
            'unpause = recovery.cli.service:Unpause',
            'watch = recovery.cli.watch:Watch',
            'window_add = recovery.cli.window:Add',
            'window_close = recovery.cli.window:Close',
            'window_list = recovery.cli.window:List',
            'worker_drain = recovery.cli.worker:Drain',
            'worker_list = recovery.cli.worker:List',
        ],
        'recovery.compute': ['nova = drivers.compute.nova:NovaCompute'],
        'recovery.fencing': [
            'external = drivers.fencing.external:ExternalFencing',
            'fence-agent = drivers.fencing.agent:AgentFencing',
            'ipmi = drivers.fencing.ipmi:IpmiFencing',
            'ipmi-rmcpplus = drivers.fencing.rmcpplus:RmcpPlusFencing',
            'ironic = drivers.fencing.ironic:IronicFencing',
            'maas = drivers.fencing.maas:MaasFencing',
            'manual = drivers.fencing.manual:ManualFencing',
            'noop = drivers.fencing.noop:NoopFencing',
            'redfish = drivers.fencing.redfish:RedfishFencing',
            'simulated = drivers.simulated.bmc:SimulatedFencing',
        ],
        'recovery.life': [
            'command = drivers.life.command:CommandLife',
            'sim = drivers.simulated.witness:SimulatedLife',
            'ssh = drivers.life.ssh:SshLife',
            'tcp = drivers.life.tcp:TcpLife',
        ],
        'recovery.witnesses': [
            'http = drivers.witnesses.http:HttpWitness',
            'https = drivers.witnesses.http:HttpWitness',
            'sim = drivers.simulated.witness:SimulatedWitness',
            'tcp = drivers.witnesses.tcp:TcpWitness',
        ],
    },
)
