# One compute host: its power, its agent, the speed of its hypervisor.
cloud_host() {
  local verb=${1:-} host=${2:-}
  if [ ! -f "$ETC/$host.conf" ] || [ -z "$host" ]; then
    echo "cloud host: there is no host '$host'" >&2
    exit 2
  fi
  # A BMC may be asked for off and on at the same moment.
  exec 9> "$RUN/$host.lock"
  flock -w 60 9
  case "$verb" in
    on) echo on > "$HYPERVISORS/$host.power"; start "$host" "$PYTHON" "$HERE/python/agents.py" "$host" 9>&- ;;
    off) stop "$host" KILL; echo off > "$HYPERVISORS/$host.power"; "$PYTHON" -I "$HERE/python/guests.py" --off "$host" ;;
    get) cat "$HYPERVISORS/$host.power" 2> /dev/null || echo on ;;
    kill) stop "$host" KILL ;;
    freeze) signal_agent STOP "$host" ;;
    thaw) signal_agent CONT "$host" ;;
    slow) echo "${3:?seconds}" > "$HYPERVISORS/$host.delay" ;;
    hold) echo inf > "$HYPERVISORS/$host.delay" ;;
    release) rm -f "$HYPERVISORS/$host.delay" ;;
    *) echo "cloud host: there is no verb '$verb'; cloud help lists them" >&2; exit 2 ;;
  esac
}

signal_agent() {
  alive "$2" || { echo "cloud host: no agent runs on $2" >&2; exit 1; }
  kill "-$1" -- "-$(pid_of "$2")"
}
