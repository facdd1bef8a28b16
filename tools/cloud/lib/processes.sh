# Our processes. RUN/NAME.pid holds "PID STARTTIME": a recycled pid is never taken for ours.
_start_of() { awk '{sub(/^.*\) /,""); print $20}' "/proc/$1/stat" 2>/dev/null; }
# a zombie (not yet reaped by pid 1) counts as gone
_living() { local s; s=$(awk '{sub(/^.*\) /,""); print $1}' "/proc/$1/stat" 2>/dev/null) && [ -n "$s" ] && [ "$s" != Z ]; }
_group_living() { local p; for p in $(ps -o pid= -s "$1" 2>/dev/null); do _living "$p" && return 0; done; return 1; }
alive() { # NAME -> is the recorded process still the one we started?
  local pid st; [ -s "$RUN/$1.pid" ] || return 1
  read -r pid st < "$RUN/$1.pid"
  [ -n "$pid" ] && _living "$pid" && [ "$(_start_of "$pid")" = "$st" ]
}
pid_of() { cut -d' ' -f1 "$RUN/$1.pid"; }
start() { # NAME CMD...   (own session, own log)
  local name=$1; shift
  alive "$name" && return 0
  setsid "$@" >> "$LOGS/$name.log" 2>&1 < /dev/null &
  local pid=$!; sleep 0.02
  echo "$pid $(_start_of "$pid")" > "$RUN/$name.pid"
}
stop() { # NAME [SIGNAL] [WAIT_S]   signals the recorded process's own group only
  local name=$1 sig=${2:-TERM} wait=${3:-4} pid i
  if alive "$name"; then
    pid=$(pid_of "$name")
    kill -"$sig" -- "-$pid" 2>/dev/null || kill -"$sig" "$pid" 2>/dev/null || true
    for ((i = 0; i < wait * 10; i++)); do _group_living "$pid" || break; sleep 0.1; done
    ! _group_living "$pid" || kill -KILL -- "-$pid" 2>/dev/null || true
  fi
  rm -f "$RUN/$name.pid"
}
wait_port() { # PORT SECONDS NAME
  local i
  for ((i = 0; i < $2 * 10; i++)); do
    (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null && return 0
    alive "$3" || { echo "$3 died; see $LOGS/$3.log" >&2; tail -5 "$LOGS/$3.log" >&2; return 1; }
    sleep 0.1
  done
  echo "$3 did not open port $1 in $2 s; see $LOGS/$3.log" >&2; return 1
}
memory() { # what runs, with its memory (PSS: a shared page counts once)
  local file name member kib all=0 total
  for file in "$RUN"/*.pid; do
    name=$(basename "$file" .pid)
    if ! alive "$name"; then printf '%-18s stopped\n' "$name"; continue; fi
    total=0
    for member in $(ps -o pid= -s "$(pid_of "$name")"); do
      kib=$(awk '/^Pss:/{print $2}' "/proc/$member/smaps_rollup" 2>/dev/null)
      total=$((total + ${kib:-0}))
    done
    printf '%-18s %5d MiB\n' "$name" $((total / 1024))
    all=$((all + total))
  done
  printf '%-18s %5d MiB\n' together $((all / 1024))
}
