# Stop what cloud up started: recorded processes only.
cloud_down() {
  local services='nova-api scheduler conductor-super conductor-cell1 placement keystone stubs'
  local file name
  for file in "$RUN"/*.pid; do
    [ -e "$file" ] || continue
    name=$(basename "$file" .pid)
    case " $services rabbit epmd mariadb " in
      *" $name "*) ;;
      *) stop "$name" KILL & ;;  # computes: a crash is what they are for
    esac
  done
  wait
  for name in $services; do stop "$name" "${FAST:+KILL}" & done
  wait
  stop rabbit TERM 30
  stop epmd
  stop mariadb TERM 30
  if [ "${1:-}" = --wipe ]; then rm -rf "$STATE" "$ETC" "$RUN" "$LOGS"; fi
  echo down
}
