# Writes every configuration file into $ETC.
write_config() {
local db=mysql+pymysql://lab:$PASSWORD@127.0.0.1:$P_DB mq=rabbit://lab:$PASSWORD@127.0.0.1:$P_AMQP
local auth="auth_type = password
auth_url = http://127.0.0.1:$P_KEYSTONE/v3
username = nova
password = $PASSWORD
project_name = service
user_domain_id = default
project_domain_id = default
region_name = RegionOne"
mkdir -p "$ETC" "$HYPERVISORS" "$LOGS" "$RUN"

cat > "$ETC/mariadb.cnf" <<C
[mariadbd]
user = mysql
datadir = $STATE/mysql
socket = $RUN/mysql.sock
bind-address = 127.0.0.1
port = $P_DB
init-file = $ETC/mariadb-init.sql
skip-name-resolve
max_connections = 400
innodb_flush_log_at_trx_commit = 0
innodb_doublewrite = 0
innodb_buffer_pool_size = 256M
innodb_log_file_size = 64M
performance_schema = off
C
{ for d in keystone placement nova_api nova_cell0 nova_cell1; do echo "CREATE DATABASE IF NOT EXISTS $d CHARACTER SET utf8mb3;"; done
  echo "CREATE USER IF NOT EXISTS lab@'127.0.0.1' IDENTIFIED BY '$PASSWORD';"
  echo "GRANT ALL ON *.* TO lab@'127.0.0.1' WITH GRANT OPTION;"
  # The API reaches cell1 as a user of its own, so that cell1 alone can be taken away from it.
  echo "CREATE USER IF NOT EXISTS cell1@'127.0.0.1' IDENTIFIED BY '$PASSWORD';"
  echo "GRANT ALL ON nova_cell1.* TO cell1@'127.0.0.1';"; } > "$ETC/mariadb-init.sql"

cat > "$ETC/rabbitmq.conf" <<C
listeners.tcp.1 = 127.0.0.1:$P_AMQP
load_definitions = $ETC/rabbit-definitions.json
log.console = true
log.console.level = warning
disk_free_limit.absolute = 50MB
vm_memory_high_watermark.absolute = 2GB
C
"$PYTHON" "$HERE/python/rabbit_definitions.py" > "$ETC/rabbit-definitions.json"
: > "$ETC/rabbit-plugins"; echo '[].' > "$ETC/rabbit-plugins"

cat > "$ETC/keystone.conf" <<C
[database]
connection = $db/keystone
[token]
provider = fernet
expiration = 86400
[fernet_tokens]
key_repository = $STATE/fernet
[credential]
key_repository = $STATE/credential
[identity]
password_hash_rounds = 4
[cache]
enabled = true
backend = dogpile.cache.memory
[oslo_messaging_notifications]
driver = noop
C
cat > "$ETC/placement.conf" <<C
[placement_database]
connection = $db/placement
[api]
auth_strategy = keystone
[keystone_authtoken]
www_authenticate_uri = http://127.0.0.1:$P_KEYSTONE/v3
service_token_roles_required = true
$auth
C

cat > "$STATE/nova-common" <<C
[DEFAULT]
debug = $NOVA_DEBUG
log_options = false
my_ip = 127.0.0.1
state_path = $STATE/nova
report_interval = $REPORT_INTERVAL
service_down_time = $SERVICE_DOWN_TIME
rpc_response_timeout = 60
cell_worker_thread_pool_size = 64
heal_instance_info_cache_interval = -1
allow_resize_to_same_host = false
shelved_offload_time = -1
[api]
auth_strategy = keystone
[conductor]
workers = 1
[scheduler]
workers = 1
discover_hosts_in_cells_interval = 15
[filter_scheduler]
track_instance_changes = false
shuffle_best_same_weighed_hosts = true
[quota]
driver = nova.quota.NoopQuotaDriver
[keystone_authtoken]
www_authenticate_uri = http://127.0.0.1:$P_KEYSTONE/v3
service_token_roles_required = true
$auth
[service_user]
send_service_user_token = true
$auth
[placement]
$auth
[neutron]
endpoint_override = http://127.0.0.1:$P_NEUTRON
$auth
[cinder]
$auth
[glance]
endpoint_override = http://127.0.0.1:$P_GLANCE
[oslo_concurrency]
lock_path = $STATE/nova/lock
[oslo_messaging_notifications]
driver = noop
[oslo_messaging_rabbit]
rabbit_quorum_queue = false
rabbit_transient_quorum_queue = false
rabbit_stream_fanout = false
amqp_durable_queues = false
[vnc]
enabled = false
[database]
max_pool_size = 10
C
mkdir -p "$STATE/nova/lock"
# super level: API, scheduler, super conductor, nova-manage
{ sed "s|^\[DEFAULT\]|&\ntransport_url = $mq/super\nhost = control|; s|^\[database\]|&\nconnection = $db/nova_cell0|" "$STATE/nova-common"
  printf '[api_database]\nconnection = %s/nova_api\nmax_pool_size = 10\n' "$db"; } > "$ETC/nova.conf"
# cell level: its conductor
sed "s|^\[DEFAULT\]|&\ntransport_url = $mq/cell1\nhost = cell1|; s|^\[database\]|&\nconnection = $db/nova_cell1|" "$STATE/nova-common" > "$ETC/nova-cell1.conf"
# cell level: the computes (no database at all)
sed "s|^\[DEFAULT\]|&\ntransport_url = $mq/cell1\ncompute_driver = labvirt.LabDriver|" "$STATE/nova-common" > "$ETC/nova-compute.conf"
cp -f "$VENV/etc/nova/api-paste.ini" "$ETC/api-paste.ini"

cat > "$DIR/clouds.yaml" <<C
clouds:
  lab:
    auth: {auth_url: "http://127.0.0.1:$P_KEYSTONE/v3", username: admin, password: "$PASSWORD", project_name: admin, user_domain_id: default, project_domain_id: default}
    region_name: RegionOne
  lab-demo:
    auth: {auth_url: "http://127.0.0.1:$P_KEYSTONE/v3", username: demo, password: "$PASSWORD", project_name: demo, user_domain_id: default, project_domain_id: default}
    region_name: RegionOne
C
chmod 600 "$DIR/clouds.yaml"
# OS_USERNAME and the like would win over what OS_CLOUD selects.
cat > "$DIR/env.sh" <<C
unset OS_AUTH_URL OS_USERNAME OS_PASSWORD OS_PROJECT_NAME OS_USER_DOMAIN_ID OS_PROJECT_DOMAIN_ID
export OS_CLIENT_CONFIG_FILE=$DIR/clouds.yaml OS_CLOUD=lab
export RECOVERY_TEST_CLOUD=$DIR/clouds.yaml
export PATH=\$PATH:$VENV/bin
C
}
write_host() { # HOST
mkdir -p "$STATE/nova/$1"
printf '[DEFAULT]\nhost = %s\nstate_path = %s/nova/%s\n' "$1" "$STATE" "$1" > "$ETC/$1.conf"
}
