"""The processes: workers run recoveries, watchers see to it that none is forgotten."""
