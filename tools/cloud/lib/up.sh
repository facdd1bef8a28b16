# Start, or complete, the cloud; safe to run again, also to add computes.
. "$HERE/lib/configuration.sh"

cloud_up() {
  local count=${1:-4}
  [ -x "$VENV/bin/nova-compute" ] || { echo 'cloud up: run cloud install first' >&2; exit 1; }
  [ "$(id -u)" = 0 ] || { echo 'cloud up: must be root, MariaDB changes to a user of its own' >&2; exit 1; }
  SECONDS=0
  write_config
  export OS_KEYSTONE_CONFIG_DIR=$ETC OS_KEYSTONE_CONFIG_FILES=keystone.conf
  export OS_PLACEMENT_CONFIG_DIR=$ETC OS_NOVA_CONFIG_DIR=$ETC
  start_database
  start_broker
  wait_port "$P_DB" 60 mariadb
  [ -e "$STATE/synced" ] || make_schemas
  start stubs "$PYTHON" "$HERE/python/stubs.py" "$P_GLANCE" "$P_NEUTRON"
  start_catalogue
  wait_port "$P_PLACEMENT" 60 placement
  wait_port "$P_AMQP" 60 rabbit
  start conductor-super "$VENV/bin/nova-conductor" --config-file "$ETC/nova.conf"
  start conductor-cell1 "$VENV/bin/nova-conductor" --config-file "$ETC/nova-cell1.conf"
  start scheduler "$VENV/bin/nova-scheduler" --config-file "$ETC/nova.conf"
  start nova-api "$PYTHON" "$HERE/python/serve.py" nova.wsgi.osapi_compute "$P_NOVA" 16
  start_computes "$count"
  wait_port "$P_NOVA" 60 nova-api
  [ -e "$STATE/flavors" ] || { "$PYTHON" "$HERE/python/flavors.py"; touch "$STATE/flavors"; }
  "$PYTHON" "$HERE/python/wait_hosts.py" "$count" "$HOST_PREFIX" "$VENV/bin/nova-manage" "$ETC/nova.conf"
  echo "$count computes up after $SECONDS s; eval \"\$($HERE/cloud env)\" to use them; logs in $LOGS"
}

start_database() {
  if [ ! -d "$STATE/mysql/mysql" ]; then
    rm -rf "$STATE/mysql"
    mkdir -p "$STATE/mysql"
    chown mysql "$STATE/mysql"
    mariadb-install-db --no-defaults --user=mysql --datadir="$STATE/mysql" --skip-test-db \
      --auth-root-authentication-method=normal > "$LOGS/mariadb-install.log" 2>&1
  fi
  chown mysql "$RUN"
  start mariadb mariadbd --defaults-file="$ETC/mariadb.cnf"
}

start_broker() {
  mkdir -p "$STATE/rabbit"
  start epmd epmd -port "$P_EPMD" -address 127.0.0.1
  wait_port "$P_EPMD" 10 epmd
  start rabbit env HOME="$STATE/rabbit" ERL_EPMD_PORT="$P_EPMD" ERL_EPMD_ADDRESS=127.0.0.1 \
    RABBITMQ_CONF_ENV_FILE=/dev/null RABBITMQ_NODENAME="lab$PORT_BASE@localhost" \
    RABBITMQ_DIST_PORT="$P_DIST" RABBITMQ_CONFIG_FILE="$ETC/rabbitmq.conf" \
    RABBITMQ_ENABLED_PLUGINS_FILE="$ETC/rabbit-plugins" RABBITMQ_MNESIA_BASE="$STATE/rabbit" \
    RABBITMQ_LOGS=- RABBITMQ_PID_FILE="$RUN/rabbit.own" ERL_CRASH_DUMP="$STATE/rabbit/erl_crash.dump" \
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS="+S 2:2 +sbwt none +sbwtdcpu none -kernel inet_dist_use_interface {127,0,0,1}" \
    /usr/lib/rabbitmq/bin/rabbitmq-server
}

# Nova's services read the catalogue once, when they first need Placement: it must be complete then.
start_catalogue() {
  start keystone "$PYTHON" "$HERE/python/serve.py" keystone.wsgi.api "$P_KEYSTONE"
  start placement "$PYTHON" "$HERE/python/serve.py" placement.wsgi.api "$P_PLACEMENT"
  wait_port "$P_KEYSTONE" 60 keystone
  [ -e "$STATE/bootstrapped" ] && return
  "$PYTHON" "$HERE/python/bootstrap.py" "$P_PLACEMENT" "$P_NOVA" "$P_GLANCE" "$P_NEUTRON"
  touch "$STATE/bootstrapped"
}

make_schemas() {
  local first second
  keystone_schemas > "$LOGS/sync-keystone-placement.log" 2>&1 & first=$!
  nova_schemas > "$LOGS/sync-nova.log" 2>&1 & second=$!
  wait $first || { echo "the schemas of Keystone and Placement failed, see $LOGS/sync-keystone-placement.log" >&2; exit 1; }
  start_catalogue
  wait $second || { echo "the schemas of Nova failed, see $LOGS/sync-nova.log" >&2; exit 1; }
  touch "$STATE/synced"
}

keystone_schemas() {
  local url=http://127.0.0.1:$P_KEYSTONE/v3
  keystone_manage() { "$VENV/bin/keystone-manage" --config-file "$ETC/keystone.conf" "$@"; }
  set -e
  keystone_manage db_sync
  keystone_manage fernet_setup --keystone-user root --keystone-group root
  keystone_manage credential_setup --keystone-user root --keystone-group root
  OS_BOOTSTRAP_PASSWORD=$PASSWORD keystone_manage bootstrap --bootstrap-region-id RegionOne \
    --bootstrap-public-url "$url" --bootstrap-internal-url "$url" --bootstrap-admin-url "$url"
  "$VENV/bin/placement-manage" --config-file "$ETC/placement.conf" db sync
}

nova_schemas() {
  local database=mysql+pymysql://lab:$PASSWORD@127.0.0.1:$P_DB
  # Longer than Nova waits for a cell: its list is then without the cell, and no error (H2).
  local cell1=mysql+pymysql://cell1:$PASSWORD@127.0.0.1:$P_DB/nova_cell1?read_timeout=$((CELL_TIMEOUT + 2))
  nova_manage() { local file=$1; shift; "$VENV/bin/nova-manage" --config-file "$ETC/$file" "$@"; }
  set -e
  nova_manage nova.conf api_db sync
  nova_manage nova.conf db sync --local_cell
  nova_manage nova-cell1.conf db sync --local_cell
  nova_manage nova.conf cell_v2 map_cell0 --database_connection "$database/nova_cell0"
  nova_manage nova.conf cell_v2 create_cell --name cell1 \
    --database_connection "$cell1" \
    --transport-url "rabbit://lab:$PASSWORD@127.0.0.1:$P_AMQP/cell1"
}

start_computes() {
  local new=() host i
  for ((i = 1; i <= $1; i++)); do
    host=$(printf '%s%02d' "$HOST_PREFIX" "$i")
    write_host "$host"
    # A host that was switched off stays off.
    [ "$(cat "$HYPERVISORS/$host.power" 2> /dev/null || echo on)" = off ] && continue
    alive "$host" || new+=("$host")
  done
  [ ${#new[@]} -eq 0 ] && return
  setsid "$PYTHON" "$HERE/python/agents.py" "${new[@]}" >> "$LOGS/agents.log" 2>&1 < /dev/null
}
