# MariaDB and RabbitMQ from apt, the OpenStack services from PyPI into a venv of their own.
cloud_install() {
  local missing=() package
  mkdir -p "$LOGS"
  for package in mariadb-server rabbitmq-server; do
    dpkg -s "$package" > /dev/null 2>&1 || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] || install_packages "${missing[@]}"
  [ -x "$PYTHON" ] || "$BASE_PYTHON" -m venv "$VENV"
  if ! "$PYTHON" -m pip install -q --no-input -c "$HERE/constraints.txt" \
      -r "$HERE/requirements.txt" > "$LOGS/pip.log" 2>&1; then
    tail -5 "$LOGS/pip.log" >&2
    return 1
  fi
  # So that the first start does not pay for it.
  "$PYTHON" -m compileall -q -j 2 "$VENV/lib" > /dev/null 2>&1 || true
  echo "installed in $VENV"
}

install_packages() {
  local policy=/usr/sbin/policy-rc.d made=
  # Packages must not start daemons; a policy that is already there is left alone.
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' > "$policy"
    chmod 755 "$policy"
    made=yes
  fi
  apt-get -q update > "$LOGS/apt.log" 2>&1 || true
  DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300 install -y \
    --no-install-recommends "$@" >> "$LOGS/apt.log" 2>&1 || { tail -5 "$LOGS/apt.log" >&2; exit 1; }
  [ -z "$made" ] || rm -f "$policy"
}
