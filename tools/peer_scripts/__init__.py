"""Real peers for tests: how each is installed, started on loopback, and stopped."""
