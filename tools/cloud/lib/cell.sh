# The database of cell1, where all computes live: what Nova's lists say without it (H2).
cloud_cell() {
  case "${1:-}" in
    hang) start cell-lock "$PYTHON" "$HERE/python/cell.py" hang; "$PYTHON" "$HERE/python/cell.py" wait ;;
    lose) "$PYTHON" "$HERE/python/cell.py" lose ;;
    heal) stop cell-lock; "$PYTHON" "$HERE/python/cell.py" heal ;;
    *) echo "cloud cell: hang, lose or heal" >&2; exit 2 ;;
  esac
}
