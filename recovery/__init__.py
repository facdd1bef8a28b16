"""WHEN AND BY WHOM: decides about alarms, keeps the record, and runs the flows."""
