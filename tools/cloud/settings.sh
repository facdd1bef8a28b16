# Everything that can be changed. Each value may be set in the environment.
: "${RECOVERY_CLOUD_DIR:=$(dirname "$(dirname "$HERE")")/.cloud}"
: "${RECOVERY_CLOUD_VENV:=$RECOVERY_CLOUD_DIR/venv}"
: "${BASE_PYTHON:=python3}"      # makes the venv; 3.11 or newer
# Below the range from which outgoing connections draw theirs (32768 on): one of those may hold it.
: "${PORT_BASE:=25000}"          # every port is PORT_BASE + something, all on 127.0.0.1
: "${PASSWORD:=labsecret}"
: "${HOST_PREFIX:=compute-}"
: "${REPORT_INTERVAL:=5}"        # seconds; Nova's default is 10
: "${SERVICE_DOWN_TIME:=20}"     # seconds; Nova's default is 60
: "${CELL_TIMEOUT:=5}"           # seconds; 60 is written into Nova
: "${NOVA_DEBUG:=false}"
: "${HOST_VCPUS:=64}"
: "${HOST_RAM_MB:=262144}"
: "${HOST_DISK_GB:=4000}"
: "${SPAWN_DELAY:=0}"            # seconds a spawn takes on every host; `cloud host slow` sets one
DIR=$(mkdir -p "$RECOVERY_CLOUD_DIR" && cd "$RECOVERY_CLOUD_DIR" && pwd)
VENV=$RECOVERY_CLOUD_VENV
PYTHON=$VENV/bin/python
ETC=$DIR/etc STATE=$DIR/state LOGS=$DIR/logs RUN=$DIR/run
HYPERVISORS=$STATE/hv
P_KEYSTONE=$((PORT_BASE + 0))
P_PLACEMENT=$((PORT_BASE + 1))
P_NOVA=$((PORT_BASE + 2))
P_GLANCE=$((PORT_BASE + 3))      # stub
P_NEUTRON=$((PORT_BASE + 4))     # stub
P_DB=$((PORT_BASE + 6))
P_AMQP=$((PORT_BASE + 7))
P_DIST=$((PORT_BASE + 8))        # erlang distribution
P_EPMD=$((PORT_BASE + 9))
export HERE DIR VENV ETC STATE LOGS RUN HYPERVISORS PASSWORD P_DB CELL_TIMEOUT SPAWN_DELAY
export HOST_VCPUS HOST_RAM_MB HOST_DISK_GB
export OS_CLIENT_CONFIG_FILE=$DIR/clouds.yaml PYTHONUNBUFFERED=1
unset PYENV_VERSION OS_CLOUD OS_AUTH_URL OS_USERNAME OS_PASSWORD OS_PROJECT_NAME
