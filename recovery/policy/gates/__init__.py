"""The gates, grouped by what they ask about. Their order is in :mod:`recovery.policy.order`."""
