"""The HTTP API: Masakari's Instance HA v1, our own, webhooks, and the status page."""
